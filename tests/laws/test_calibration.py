"""What holds of calibrated weights whatever the sample: margins, bounds, caps, and the faults that are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.config import ConfigurationError, MarginConfig, read_text
from peil.dataset import build
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate
from peil.estimates.sample import sample
from peil.made import KEY, Limits, load
from peil.measures.catalogue import measure_named
from peil.methods.calibrate import bounded, cell, linear, rake, trim
from peil.methods.cells import Amount, cells, known
from peil.sources.simulated import SimulatedCentre

# Margins are met to 1e-10 of the population.
MET = 1e-9


@st.composite
def samples(draw):
    """Respondents with two margins in which every combination occurs, unequal weights, and targets that can be met."""
    a, b = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    first, second = np.repeat(np.arange(a), b), np.tile(np.arange(b), a)
    more = rng.integers(0, a * b, 40)
    first, second = np.concatenate([first, first[more]]), np.concatenate([second, second[more]])
    weight = rng.uniform(0.5, 3.0, first.size)
    truth = weight * rng.uniform(0.5, 2.0, first.size)
    one = known("a", [f"a{each}" for each in first], {f"a{at}": float(truth[first == at].sum()) for at in range(a)})
    two = known("b", [f"b{each}" for each in second], {f"b{at}": float(truth[second == at].sum()) for at in range(b)})
    return cells(weight), [one, two]


def met(made):
    return made.diagnosis.largest <= MET


@given(samples())
@settings(max_examples=30)
def test_raked_and_linear_weights_meet_every_margin(drawn):
    base, margins = drawn
    assert met(rake(base, margins))
    assert met(
        rake(base, margins, amounts=[Amount(name="n", of=np.ones(base.weight.size), target=margins[0].targets.sum())])
    )


@given(samples())
@settings(max_examples=30)
def test_raking_by_newton_gives_the_weights_of_proportional_fitting(drawn):
    base, margins = drawn
    whole = Amount(name="n", of=np.ones(base.weight.size), target=float(margins[0].targets.sum()))
    assert rake(base, margins, amounts=[whole]).g == pytest.approx(rake(base, margins).g, rel=1e-6)


@given(samples())
@settings(max_examples=30)
def test_weights_that_meet_the_margins_already_stay_as_they_are(drawn):
    base, margins = drawn
    once = rake(base, margins)
    again = rake(replace(base, weight=base.weight * once.g), margins)
    assert again.g == pytest.approx(np.ones(base.weight.size), rel=1e-7)


@given(samples(), st.floats(0.01, 100))
@settings(max_examples=30)
def test_the_scale_of_the_base_weights_is_nothing(drawn, size):
    base, margins = drawn
    other = rake(replace(base, weight=base.weight * size), margins)
    assert other.g * size == pytest.approx(rake(base, margins).g, rel=1e-9)


@given(samples())
@settings(max_examples=30)
def test_shares_give_the_weights_of_counts_at_the_size_of_the_sample(drawn):
    base, margins = drawn
    size = margins[0].targets.sum()
    shares = rake(base, [replace(each, targets=each.targets / size) for each in margins])
    assert shares.diagnosis.population == pytest.approx(base.total.sum(), rel=1e-9)
    assert shares.g * size / base.total.sum() == pytest.approx(rake(base, margins).g, rel=1e-7)


def test_respondents_counted_in_cells_weigh_what_they_weigh_one_by_one():
    one_by_one = [known("a", list("xxyyy"), {"x": 60, "y": 40}), known("b", list("pqppq"), {"p": 50, "q": 50})]
    together = [known("a", list("xxyy"), {"x": 60, "y": 40}), known("b", list("pqpq"), {"p": 50, "q": 50})]
    made = rake(cells(np.ones(5)), one_by_one)
    assert made.g[[0, 1, 2, 4]] == pytest.approx(rake(cells(np.ones(4), rows=[1, 1, 2, 1]), together).g, rel=1e-9)
    assert made.g[2] == made.g[3]


def test_on_one_margin_all_methods_are_cell_weights():
    base, margin = cells([1.0, 2.0, 1.0, 1.0]), known("a", list("xxyy"), {"x": 30, "y": 20})
    expected = cell(base, margin).g
    assert expected.tolist() == [10, 10, 10, 10]
    assert rake(base, [margin]).g == pytest.approx(expected)
    assert linear(base, [margin]).g == pytest.approx(expected)
    assert bounded(base, [margin], bounds=(0.1, 5)).g == pytest.approx(expected)


@given(samples())
@settings(max_examples=30)
def test_bounded_weights_stay_within_their_bounds(drawn):
    base, margins = drawn
    made = bounded(base, margins, bounds=(0.2, 6))
    factor = made.g * base.total.sum() / made.diagnosis.population
    assert met(made)
    assert factor.min() >= 0.2
    assert factor.max() <= 6


@given(samples())
@settings(max_examples=30)
def test_trimmed_weights_meet_cap_and_margins(drawn):
    base, margins = drawn
    plain = rake(base, margins)
    limit = 1 + 0.9 * (plain.diagnosis.most / (plain.diagnosis.population / base.weight.size) - 1)
    made = trim(base, margins, rake, limit)
    assert met(made)
    assert made.diagnosis.cap is not None
    assert made.diagnosis.most <= made.diagnosis.cap * (1 + 1e-6)
    assert made.diagnosis.most < plain.diagnosis.most
    assert made.diagnosis.trimmed >= 1


def refused(fault, match, method, *arguments, **more):
    with pytest.raises(fault, match=match):
        method(*arguments, **more)


def test_a_level_without_a_target_is_named():
    one = known("channel", ["call", "fax"], {"call": 10})
    refused(DefinitionError, "'channel' = 'fax' has respondents and no target", rake, cells([1, 1]), [one])


def test_a_target_without_respondents_is_named():
    one = known("channel", ["call", "call"], {"call": 10, "chat": 5})
    refused(DefinitionError, "'channel' = 'chat' has a target and no respondents", rake, cells([1, 1]), [one])


def test_a_target_of_nought_with_respondents_is_refused():
    one = known("channel", ["call", "chat"], {"call": 10, "chat": 0})
    refused(
        DefinitionError, "'channel' = 'chat' has respondents and a target that is not above", rake, cells([1, 1]), [one]
    )


@pytest.mark.parametrize("target", [-3.0, np.inf])
def test_a_target_that_is_negative_or_infinite_is_refused(target):
    one = known("a", ["x", "y"], {"x": 10, "y": target})
    refused(DefinitionError, "'a' = 'y' has", rake, cells([1, 1]), [one])


def test_margins_of_populations_of_different_size_are_refused():
    one, two = known("a", ["x", "y"], {"x": 6, "y": 4}), known("b", ["p", "q"], {"p": 6, "q": 5})
    refused(DefinitionError, "targets of 'a' add up to 10 and those of 'b' to 11", rake, cells([1, 1]), [one, two])


@pytest.mark.parametrize("method", [rake, linear])
def test_targets_that_cannot_be_met_together_name_margin_and_level(method):
    one, two = known("a", ["x", "y"], {"x": 6, "y": 4}), known("b", ["p", "q"], {"p": 5, "q": 5})
    refused(
        EvidenceError,
        r"cannot be met together: after \d+ rounds '[ab]' = '[xypq]' has",
        method,
        cells([1, 1]),
        [one, two],
    )


def test_bounds_too_narrow_for_the_targets_are_refused():
    one = known("a", list("xxxy"), {"x": 2, "y": 2})
    refused(EvidenceError, "cannot be met together", bounded, cells(np.ones(4)), [one], bounds=(0.9, 1.1))


def test_bounds_without_one_between_them_are_refused():
    one = known("a", list("xy"), {"x": 1, "y": 1})
    refused(DefinitionError, "do not have 1 between them", bounded, cells(np.ones(2)), [one], bounds=(1.1, 2))


def test_linear_weights_below_nought_are_refused():
    age = Amount(name="age", of=np.array([1.0, 2.0, 30.0]), target=100.0)
    everybody = known("all", list("xxx"), {"x": 3.0})
    refused(
        EvidenceError,
        "gives 2 of 3 respondents a weight of nought or less",
        linear,
        cells(np.ones(3)),
        [everybody],
        amounts=[age],
    )


def test_a_cap_that_the_targets_do_not_allow_names_the_level():
    one = known("a", list("xxxxxxxxxy"), {"x": 5, "y": 5})
    refused(EvidenceError, "'a' = 'y' needs more", trim, cells(np.ones(10)), [one], rake, 3)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_a_base_weight_that_is_none_is_refused(weight):
    refused(EvidenceError, "nought, negative, missing or infinite in 1 of 2 cells", cells, [1.0, weight])


def test_what_the_margins_explain_wholly_is_certain():
    people = sample({"sex": list("ffmmm"), "tall": [0, 0, 1, 1, 1], "x": [1, 2, 3, 4, 9]})
    made = people.rake({"sex": {"f": 0.5, "m": 0.5}})
    assert made.mean("tall").only().value == pytest.approx(0.5)
    assert made.mean("tall").only().se == 0
    assert made.mean("x").only().se > 0


def test_rows_that_are_named_clusters_have_the_standard_errors_of_rows():
    rng = np.random.default_rng(3)
    rows = {
        "a": rng.choice(list("xyz"), 300).tolist(),
        "b": rng.choice(list("pq"), 300).tolist(),
        "g": rng.choice(list("uv"), 300).tolist(),
        "w": rng.uniform(1, 3, 300),
        "y": rng.normal(size=300),
        "id": [f"r{each}" for each in range(300)],
    }
    margins = {"a": {"x": 0.2, "y": 0.3, "z": 0.5}, "b": {"p": 0.6, "q": 0.4}}
    alone = sample(rows, weight="w").rake(margins)
    named = sample(rows, weight="w", cluster="id").rake(margins)
    for question in ({}, {"by": "g"}, {"by": "g", "where": "a <> 'z'"}):
        one, other = alone.mean("y", **question), named.mean("y", **question)
        assert one.se == pytest.approx(other.se, rel=1e-10)
        assert (one.se > 0).all()
    one, other = (each.difference("y", "g", "u", "v").only() for each in (alone, named))
    assert one.se == pytest.approx(other.se, rel=1e-10)


def test_clusters_of_several_kinds_are_looked_at_one_by_one():
    """The same sums by the formula: e = w (y - x'B) per row, added up per cluster."""
    rng = np.random.default_rng(4)
    n = 200
    a, who = rng.integers(0, 3, n), rng.integers(0, 40, n)
    y, d = rng.normal(size=n) + a, rng.uniform(1, 3, n)
    made = sample(
        {"a": [f"a{each}" for each in a], "who": [f"c{each}" for each in who], "y": y, "d": d},
        weight="d",
        cluster="who",
    )
    made = made.rake({"a": {"a0": 0.5, "a1": 0.3, "a2": 0.2}})
    g = np.array([0.5, 0.3, 0.2]) * d.sum() / np.bincount(a, d)
    w = g[a] * d
    mean = w @ y / w.sum()
    u = (y - mean) / w.sum()
    e = np.bincount(who, w * (u - (np.bincount(a, d * u) / np.bincount(a, d))[a]), minlength=40)
    se = np.sqrt(40 / 39 * (np.sum(e**2) - e.sum() ** 2 / 40))
    assert made.mean("y").only().value == pytest.approx(mean, rel=1e-9)
    assert made.mean("y").only().se == pytest.approx(se, rel=1e-8)


def test_weights_are_calibrated_once():
    people = sample({"sex": list("ffm"), "x": [1, 2, 3]}).rake({"sex": {"f": 0.5, "m": 0.5}})
    with pytest.raises(DefinitionError, match="calibrated already"):
        people.rake({"sex": {"f": 0.4, "m": 0.6}})


@pytest.mark.parametrize(
    ("units", "more"), [(2, False), (9, True), (None, True)], ids=["all drawn", "some drawn", "no end to them"]
)
def test_a_second_stage_adds_to_calibrated_weights_what_is_left_of_each_cluster(units, more):
    rows = {
        "sex": list("ffmmfmfm"), "x": [1, 2, 3, 4, 6, 2, 8, 1], "c": list("aabbccdd"), "u": list("pqrstvwy"),
        "N": [8] * 8, "M": [units or 0] * 8, "g": list("kkklllkl"),
    }  # fmt: skip
    first = {"cluster": "c", "population": "N"}
    second = {"unit": "u"} | ({"unit_population": "M"} if units else {})
    one, two = (sample(rows, **each).rake({"sex": {"f": 0.4, "m": 0.6}}) for each in (first, {**first, **second}))
    for by in ((), "g"):
        here, there = one.mean("x", by=by), two.mean("x", by=by)
        assert here.value.tolist() == there.value.tolist()
        assert np.all(there.se > here.se) if more else np.allclose(there.se, here.se, rtol=1e-12)


CONFIG = """
name: x
organisation: y
surveys:
  - name: customer
    weights:
      margins:
        - {by: [channel], targets: contacts, where: "not ignored"}
        - {by: ["case when coalesce(wait_ms, 0) > 30000 then 'long' else 'short' end"], targets: contacts, where: "not ignored"}
      trim: 5
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = Store(tmp_path_factory.mktemp("weights"))
    centre = SimulatedCentre(name="centre", organisation="Centre", contacts=3_000)
    load((centre,), made, root=made.folder, limits=Limits(memory="1GB"), key=KEY)
    return made


def built(store, text=CONFIG):
    return build(store, DuckEngine(Limits(memory="1GB")), surveys=read_text(text).surveys)


def test_the_weights_of_a_survey_add_up_to_every_contact(store):
    data = built(store)
    weighed = (
        "select sum(case when first_answer then weight_ppb else 0 end) as w from responses where survey = 'customer'"
    )
    contacts = data.engine.rows("select count(*) as n from contacts where not ignored").to_pylist()[0]["n"]
    assert float(data.engine.rows(weighed).to_pylist()[0]["w"]) / 1e9 == pytest.approx(contacts, rel=1e-9)
    told = data.weighting["customer"]
    assert told.population == pytest.approx(contacts, rel=1e-9)
    assert {level[0] for level in told.fits[0].levels} == {"bot", "call", "chat", "mail", "message"}
    assert told.fits[0].after == pytest.approx(told.fits[0].targets, rel=1e-8)
    assert told.fits[0].before != pytest.approx(told.fits[0].targets, rel=1e-3)


def test_one_respondent_has_one_weight_and_the_first_is_kept(store):
    data = built(store)
    rows = data.engine.rows(
        "select response_id, max(weight_ppb) - min(weight_ppb) as spread, max(design_weight_ppb) as drawn from responses group by response_id"
    )
    assert set(rows.column("spread").to_pylist()) == {0}
    assert set(rows.column("drawn").to_pylist()) == {1_000_000_000}


def test_weights_that_were_kept_are_told_again(store):
    first, second = built(store), built(store)
    assert second.weighting == first.weighting
    assert second.designs["responses"] == first.designs["responses"]
    assert second.run.digest == first.run.digest


def test_other_weights_are_another_build(store):
    plain = build(store, DuckEngine(Limits(memory="1GB")))
    assert plain.weighting == {}
    assert plain.designs["responses"].calibration is None
    assert plain.run.digest != built(store).run.digest
    assert built(store, CONFIG.replace("trim: 5", "trim: 4")).run.digest != built(store).run.digest


def test_estimates_of_a_dataset_are_those_of_the_formula(store):
    data = built(store)
    nps = measure_named("nps")
    found = estimate(nps, data)[0].only()
    rows = data.engine.rows(
        "select channel, coalesce(wait_ms, 0) > 30000 as waited, cluster, weight_ppb, "
        "case when score >= 9 then 100 when score <= 6 then -100 else 0 end as y "
        "from responses where construct = 'nps' and survey = 'customer' and score is not null"
    ).to_pandas()
    w = rows.weight_ppb.to_numpy() / 1e9
    y = rows.y.to_numpy().astype(float)
    mean = w @ y / w.sum()
    x = np.column_stack(
        [(rows.channel == each).to_numpy(float) for each in sorted(rows.channel.unique())]
        + [rows.waited.to_numpy(float)]
    )
    u = (y - mean) / w.sum()
    e = w * (u - x @ np.linalg.lstsq(x, u, rcond=None)[0])
    by_cluster = rows.assign(e=e).groupby("cluster").e.sum().to_numpy()
    everybody = data.engine.rows(
        "select count(*) as n from (select cluster from responses group by cluster) as c"
    ).to_pylist()[0]["n"]
    variance = everybody / (everybody - 1) * (by_cluster @ by_cluster - by_cluster.sum() ** 2 / everybody)
    assert found.value == pytest.approx(mean, rel=1e-8)
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-6)
    groups = {each.group[0][1]: each for each in estimate(nps, data, by=["channel"])[0]}
    gap = difference(data, Side(measure=nps, where="channel = 'bot'"), Side(measure=nps, where="channel = 'call'"))
    assert gap.value == pytest.approx(groups["call"].value - groups["bot"].value, rel=1e-9)
    assert gap.se == pytest.approx(np.hypot(groups["call"].se, groups["bot"].se), rel=0.05)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("by: [channel]", "by: [ended_how]", "survey 'customer': 'ended_how' = '.*' has a target and no respondents"),
        ("by: [channel]", "by: [score]", "'score' differs between the answers of one response"),
        ("by: [channel]", "by: [chanel]", "'chanel' is no column of 'contacts'"),
        (
            'by: [channel], targets: contacts, where: "not ignored"',
            "by: [channel], targets: {call: 1}",
            "has respondents and no target",
        ),
        ('where: "not ignored"}\n        - {by: ["case', 'where: "answered"}\n        - {by: ["case', "add up to"),
    ],
)
def test_a_survey_that_cannot_be_weighted_is_named(store, old, new, match):
    assert old in CONFIG
    with pytest.raises(DefinitionError, match=match):
        built(store, CONFIG.replace(old, new))


def test_a_survey_without_answers_is_named(store):
    with pytest.raises(EvidenceError, match="survey 'custommer': there is no respondent to weight"):
        built(store, CONFIG.replace("name: customer", "name: custommer"))


def test_a_level_with_a_comma_stands_in_quotes_where_columns_are_crossed():
    crossed = MarginConfig(by=("city", "sex"), targets={'"The Hague, centre", f': 2, "Delft , m": 3})
    assert crossed.levels == {("The Hague, centre", "f"): 2, ("Delft", "m"): 3}
    alone = MarginConfig(by=("city",), targets={"The Hague, centre": 1})
    assert alone.levels == {("The Hague, centre",): 1}


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("targets: contacts, where", "where", "give 'targets' for levels, or 'total'"),
        (
            'targets: contacts, where: "not ignored"}\n      ',
            'targets: {a: 1}, where: "not ignored"}\n      ',
            "'where' chooses contacts",
        ),
        ("trim: 5", "trim: 0.5", "greater than 1"),
        ("trim: 5", "method: cell", "cell weights have one margin"),
        ("trim: 5", "method: bounded", "give 'bounds'"),
        ("trim: 5", "bounds: [1.2, 3]", "have 1 between them"),
        ("trim: 5", "methud: rake", "there is no such setting; did you mean 'method'"),
        ("by: [channel]", "by: [channel, queue]", "targets"),
    ],
)
def test_settings_that_cannot_be_are_told_with_their_place(old, new, match):
    assert old in CONFIG
    text = CONFIG.replace(old, new)
    if "queue" in new:
        text = text.replace('targets: contacts, where: "not ignored"}', "targets: {call: 1}}", 1)
        match = "'call' has 1 parts where 2 are crossed"
    with pytest.raises(ConfigurationError, match=match) as told:
        read_text(text)
    assert "peil.yaml:" in str(told.value)
