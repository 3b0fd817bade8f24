"""Who is who is not sure: intervals hold the truth all the same, and those that take links for granted do not."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special

import linkage_error as bench
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import estimate
from peil.estimates.linked import linked
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.methods import link_scenarios
from peil.methods.link_scenarios import scenarios
from peil.methods.linkage_error import ScenarioSums, audited_share, linked_ratio
from peil.methods.moments import gather
from peil.methods.odds_calibration import calibrate

REPEAT = measure_named("repeat_7d")
# 95 % of 40 draws, less three standard errors
LEAST = 0.84
DRAWS = 40


@pytest.mark.parametrize(
    ("world", "naive_at_most"),
    [("merged too little; probabilities right", 0.75), ("merged too freely; probabilities too high", 0.4)],
)
def test_intervals_hold_the_truth_where_those_of_a_threshold_do_not(world, naive_at_most):
    held = bench.coverage(bench.WORLDS[world], DRAWS, 5, rubin=False, long=40)[1][:, 0] / 100
    by = dict(zip(bench.METHODS, held, strict=True))
    assert by["audited"] >= LEAST
    assert by["threshold"] <= naive_at_most


def test_pairs_that_were_never_compared_are_counted_on():
    held = (
        bench.coverage(bench.WORLDS["one true pair in four never compared"], DRAWS, 6, rubin=False, long=40)[1][:, 0]
        / 100
    )
    by = dict(zip(bench.METHODS, held, strict=True))
    assert by["audited"] >= LEAST
    assert by["as said"] <= 0.5


def test_three_records_are_parted_in_the_ways_that_do_not_contradict_themselves():
    p = np.array([0.5, 0.8, 0.3])
    found = scenarios([0, 1, 0], [1, 2, 2], p)
    odds = p / (1 - p)
    # all together; one pair and one alone, three times; all apart
    weights = sorted([odds.prod(), *odds, 1.0])
    assert np.sort(found.likely()) == pytest.approx(np.array(weights) / sum(weights))


def test_records_without_a_pair_are_one_person_only_by_way_of_others():
    found = scenarios([0, 1], [1, 2], [0.5, 0.8])
    blocks = {}
    for scenario, record, block in zip(found.member_scenario, found.member_record, found.member_block, strict=True):
        blocks.setdefault(scenario, {})[record] = block
    assert all(each[1] == each[0] for each in blocks.values() if each[0] == each[2])


def test_scenarios_drawn_of_a_large_component_agree_with_all_of_them(monkeypatch):
    a, b, p = [0, 1, 2, 3, 0], [1, 2, 3, 4, 2], [0.5, 0.8, 0.3, 0.6, 0.4]

    def together(found, first, second, **bent):
        likely, total = found.likely(**bent), 0.0
        where = {
            (s, r): k for s, r, k in zip(found.member_scenario, found.member_record, found.member_block, strict=True)
        }
        for scenario in range(likely.size):
            total += likely[scenario] * (where[scenario, first] == where[scenario, second])
        return total

    every = scenarios(a, b, p)
    monkeypatch.setattr(link_scenarios, "EXACT", 2)
    monkeypatch.setattr(link_scenarios, "DRAWS", 1_500)
    drawn = scenarios(a, b, p)
    for first, second in [(0, 1), (1, 2), (0, 4)]:
        for bent in ({}, {"intercept": 0.5, "slope": 0.8}):
            # three standard errors of 1,500 draws that hang together
            assert together(drawn, first, second, **bent) == pytest.approx(
                together(every, first, second, **bent), abs=0.06
            )


def test_a_long_audit_is_logistic_regression():
    rng = np.random.default_rng(2)
    p = special.expit(rng.normal(0, 2, 4_000))
    same = rng.random(p.size) < special.expit(-0.6 + 0.7 * special.logit(p))
    found = calibrate(p, same, doubt=(100.0, 100.0))
    oracle = sm.Logit(same.astype(float), sm.add_constant(special.logit(p))).fit(disp=0)
    assert (found.intercept, found.slope) == pytest.approx(tuple(oracle.params), abs=1e-4)
    assert found.covariance == pytest.approx(oracle.cov_params(), rel=1e-3)


def test_more_doubt_and_a_shorter_audit_make_wider_intervals():
    ways = scenarios(np.arange(0, 200, 2), np.arange(1, 200, 2), np.linspace(0.2, 0.8, 100))
    rng = np.random.default_rng(0)
    n = ways.component.size
    rows = np.full(n, 4.0)
    y = np.where(ways.apart, 1.0, 2.0 + rng.integers(0, 2, n))
    sums = ScenarioSums(scenario=np.arange(n), group=np.zeros(n, int), rows=rows, x=rows, y=y, xx=rows, xy=y, yy=y)
    certain = gather(of=rng.random(300) < 0.3)
    audited = calibrate([0.2, 0.8] * 100, ([False, True] * 4 + [True, False]) * 20)
    se = [
        linked_ratio(certain, 1, sums, ways, each).links_se[0]
        for each in (audited, calibrate(), calibrate(doubt=(1.5, 0.5)))
    ]
    assert se[0] < se[1] < se[2]


def test_an_audit_of_repeats_gives_the_published_prevalence():
    """23 of 150 tested, sensitivity 0.96, specificity 0.89: 5.1 in 100 (R package epiR, example of epi.prev)."""
    assert audited_share(23 / 150, 150, (96, 100), (89, 100))[0] == pytest.approx(0.051, abs=5e-4)


def test_an_audit_no_better_than_chance_gives_no_share():
    assert np.isnan(audited_share(0.3, 500, (40, 100), (60, 100))).all()


@pytest.fixture(scope="module")
def pairs():
    """Two hundred pairs of customers of the simulated centre."""
    first = np.arange(1, 400, 2)
    return {"a": first, "b": first + 1, "probability": np.full(first.size, 0.5)}


def test_links_that_are_surely_none_change_no_figure(pairs):
    plain = estimate(REPEAT, made())[0].only()
    found = linked(REPEAT, made(), {**pairs, "probability": np.zeros(200)})[0].only()
    assert (found.value, found.n) == pytest.approx((plain.value, plain.n), abs=1e-12)
    # two customers in one cluster change the spread a little
    assert found.se == pytest.approx(plain.se, rel=0.05)


def test_sure_links_count_as_if_both_were_one_customer(pairs):
    data = made()
    found = linked(REPEAT, data, {**pairs, "probability": np.ones(200)})[0].only()
    rows = data.engine.rows(
        f"select person_key, started_at, source, contact_id, case when {REPEAT.where} then 1 else 0 end as counts "
        f"from {data.tables['contacts'].name} where person_key is not null and not ignored"
    ).to_pandas()
    merged = rows.assign(person_key=rows.person_key.where(rows.person_key > 400, (rows.person_key + 1) // 2 * 2))
    merged = merged.sort_values(["person_key", "started_at", "source", "contact_id"])
    gap = merged.groupby("person_key").started_at.shift(-1) - merged.started_at
    again = (gap.dt.total_seconds() <= 7 * 86_400) & (merged.counts == 1)
    assert found.value == pytest.approx(again.sum() / merged.counts.sum(), abs=1e-12)
    assert found.n == merged.counts.sum()


def test_doubtful_links_widen_the_interval_and_lie_between(pairs):
    plain = estimate(REPEAT, made())[0].only()
    sure = linked(REPEAT, made(), {**pairs, "probability": np.ones(200)})[0].only()
    doubtful = linked(REPEAT, made(), pairs)[0].only()
    assert plain.value < doubtful.value < sure.value
    assert doubtful.high - doubtful.low > plain.high - plain.low


def test_first_contact_resolution_is_what_repeat_leaves(pairs):
    repeat, fcr = (one.only() for one in linked([REPEAT, measure_named("fcr_no_repeat_7d")], made(), pairs))
    assert repeat.value + fcr.value == pytest.approx(1.0, abs=1e-3)


def test_groups_add_up_to_the_whole(pairs):
    whole = linked(REPEAT, made(), {**pairs, "probability": np.ones(200)})[0].only()
    parts = list(linked(REPEAT, made(), {**pairs, "probability": np.ones(200)}, by=["channel"])[0])
    assert sum(each.n for each in parts) == whole.n
    assert sum(each.n * each.value for each in parts) / whole.n == pytest.approx(whole.value, abs=1e-12)


def test_no_pairs_at_all_change_nothing():
    plain = estimate(REPEAT, made())[0].only()
    found = linked(REPEAT, made(), {"a": [], "b": [], "probability": []})[0].only()
    assert (found.value, found.se) == pytest.approx((plain.value, plain.se), rel=1e-9)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"a": [1], "b": [2]}, "no column 'probability'"),
        ({"a": [1], "b": [2], "probability": [1.2]}, "1 pairs have no probability from 0 to 1"),
        ({"a": [1], "b": [1], "probability": [0.5]}, "1 records are paired with themselves"),
        ({"a": [1], "b": [None], "probability": [0.5]}, "1 pairs name only one record"),
        ({"a": [-1], "b": [-2], "probability": [0.5]}, "none of the records in the pairs has a contact"),
        (7, "cannot be read as a table"),
    ],
)
def test_pairs_that_cannot_be_are_refused(given, match):
    with pytest.raises(EvidenceError, match=match):
        linked(REPEAT, made(), given)


def test_a_person_given_in_part_is_refused():
    handles = (
        made()
        .engine.rows(
            "select contact_id as one from contacts where person_key in (select person_key from contacts group by person_key "
            "having count(*) > 2) and not ignored order by contact_id limit 2"
        )["one"]
        .to_pylist()
    )
    with pytest.raises(EvidenceError, match="persons have records in the pairs and others that are not"):
        linked(REPEAT, made(), {"a": handles[:1], "b": handles[1:], "probability": [0.5]}, identity="contact_id")


@pytest.mark.parametrize(
    ("name", "match"), [("nps", "no share or mean over contacts"), ("waiting_median", "no share or mean")]
)
def test_measures_of_another_kind_are_refused(name, match):
    with pytest.raises(DefinitionError, match=match):
        linked(measure_named(name), made(), {"a": [1], "b": [2], "probability": [0.5]})


def test_nobody_compared_is_refused():
    with pytest.raises(EvidenceError, match="of 10 known pairs 0 were compared"):
        linked(REPEAT, made(), {"a": [1], "b": [2], "probability": [0.5]}, compared=(0, 10))
