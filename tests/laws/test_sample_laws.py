"""What holds of every sample, whatever its rows are read from and however it was drawn."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.cluster_totals import cluster_totals
from peil.estimates.contrast import Linearised, independent
from peil.estimates.estimate import estimate
from peil.estimates.moments import BILLION, Quantity
from peil.estimates.sample import sample
from peil.estimates.sampled_rows import Sample
from peil.estimates.variables import grouped
from peil.made import made
from peil.measures.catalogue import measure_named

# sums of doubles in another order
ORDER = 1e-11
DESIGN = {"weight": "w", "stratum": "h", "cluster": "c"}


def drawn(seed=1, rows=400):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 24, rows)
    score = rng.integers(0, 11, rows)
    return pd.DataFrame(
        {
            "h": np.array(["north", "south", "west"])[cluster % 3],
            "c": cluster,
            "u": cluster * 100 + rng.integers(0, 6, rows),
            "w": rng.uniform(0.5, 4, rows),
            "score": score,
            "spent": np.where(rng.random(rows) < 0.1, np.nan, rng.gamma(2, 30, rows)),
            "visits": rng.integers(1, 9, rows),
            "told": rng.random(rows) < 0.4,
            "group": np.array(["a", "b", None], dtype=object)[rng.integers(0, 3, rows)],
            "wave": rng.integers(1, 3, rows),
        }
    )


def by_hand(y, x, rows, *, inside=True):
    """Return the linearised variance of Σy/Σx over clusters in strata, reckoned cluster by cluster."""
    y, x = (np.where(inside, each * rows["w"], 0.0) for each in (y, x))
    z = (y - y.sum() / x.sum() * x) / x.sum()
    variance = 0.0
    for h in rows["h"].unique():
        here = (rows["h"] == h).to_numpy()
        clusters = pd.Series(z[here]).groupby(rows["c"].to_numpy()[here]).sum()
        variance += len(clusters) / (len(clusters) - 1) * ((clusters - clusters.mean()) ** 2).sum()
    return y.sum() / x.sum(), math.sqrt(variance)


def columns(readings):
    return np.stack([getattr(readings, each) for each in ("value", "se", "low", "high", "n", "n_eff", "deff", "df")])


def test_every_kind_of_table_gives_the_same_numbers(tmp_path):
    rows = drawn()
    rows["kind"] = rows["h"].astype("category")
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    pq.write_table(arrow, tmp_path / "rows.parquet")
    whole = columns(sample(rows, **DESIGN).mean(["score", "spent"], by="kind"))
    others = [
        arrow,
        pl.DataFrame(rows.drop(columns="kind")).with_columns(kind=pl.Series(rows["h"], dtype=pl.Categorical)),
    ]
    others += [tmp_path / "rows.parquet", str(tmp_path / "rows.parquet"), arrow.to_pydict()]
    for each in others:
        np.testing.assert_allclose(
            columns(sample(each, **DESIGN).mean(["score", "spent"], by="kind")), whole, rtol=ORDER
        )


def test_the_same_rows_give_the_same_digits():
    rows = drawn(rows=5_000)
    first, second = (columns(sample(rows, **DESIGN).mean(["score", "spent"], by="group")) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_order_of_rows_is_nothing():
    rows = drawn()
    one, other = (
        sample(each, **DESIGN).nps("score", by=["h", "group"]) for each in (rows, rows.sample(frac=1, random_state=3))
    )
    assert one.groups == other.groups
    np.testing.assert_allclose(columns(one), columns(other), rtol=ORDER)


@pytest.mark.parametrize("cluster", ["c", None])
def test_weights_scale_out_of_means_and_into_totals(cluster):
    rows = drawn()
    once, tenfold = (
        sample(each, weight="w", stratum="h", cluster=cluster) for each in (rows, rows.assign(w=rows["w"] * 10))
    )
    np.testing.assert_allclose(columns(once.mean("spent", by="h")), columns(tenfold.mean("spent", by="h")), rtol=ORDER)
    np.testing.assert_allclose(10 * once.total("spent").se, tenfold.total("spent").se, rtol=ORDER)


def test_a_missing_value_leaves_the_row_in_the_design():
    rows = drawn()
    design = sample(rows, **DESIGN)
    found, filtered = design.mean("spent").only(), design.mean("spent", where="spent is not null").only()
    value, se = by_hand(rows["spent"].fillna(0).to_numpy(), np.ones(len(rows)), rows, inside=rows["spent"].notna())
    assert (found.value, found.se) == (pytest.approx(value, rel=ORDER), pytest.approx(se, rel=ORDER))
    assert filtered.se == pytest.approx(found.se, rel=ORDER)
    assert found.n == int(rows["spent"].notna().sum())


def test_not_a_number_is_missing_and_infinity_is_refused():
    scores = pl.DataFrame({"score": [1.0, float("nan"), 3.0, None]})
    assert sample(scores).mean("score").only().n == 2
    with pytest.raises(EvidenceError, match="'score' has 1 infinite values"):
        sample(scores.with_columns(score=pl.Series([1.0, float("nan"), float("inf"), 2.0]))).mean("score")


@given(seed=st.integers(0, 10_000), group=st.sampled_from(["a", "b"]))
@settings(max_examples=10)
def test_ratios_of_domains_are_those_reckoned_by_hand(seed, group):
    rows = drawn(seed, rows=150)
    found = sample(rows, **DESIGN).ratio("score", "visits", by="group").at("score / visits", group)
    value, se = by_hand(
        rows["score"].to_numpy(), rows["visits"].to_numpy(), rows, inside=(rows["group"] == group).to_numpy()
    )
    assert (found.value, found.se) == (pytest.approx(value, rel=ORDER), pytest.approx(se, rel=ORDER))


def test_totals_of_groups_add_up_to_the_whole():
    design = sample(drawn(), **DESIGN)
    assert design.total("visits", by=["group", "wave"]).value.sum() == pytest.approx(
        design.total("visits").only().value
    )


@pytest.mark.parametrize("design", [DESIGN, {"weight": "w", "stratum": "h"}, {}], ids=["clusters", "rows", "no design"])
def test_scores_and_shares_are_means_of_what_they_count(design):
    made_of = sample(drawn(), **design)
    for found, mean in [
        (
            made_of.nps("score", by="h"),
            made_of.mean("case when score >= 9 then 100 when score <= 6 then -100 else 0 end", by="h"),
        ),
        (made_of.share("told", by="h"), made_of.mean("case when told then 1 else 0 end", by="h")),
    ]:
        for each in ("value", "se", "n", "n_eff", "deff", "df"):
            np.testing.assert_allclose(getattr(found, each), getattr(mean, each), rtol=ORDER, err_msg=each)


def test_shares_of_a_columns_values_add_up_to_one():
    found = sample(drawn(), **DESIGN).share("group")
    assert found.variables == ("group = a", "group = b")
    assert found.value.sum() == pytest.approx(1)


def test_rows_as_clusters_are_rows_without_clusters():
    rows = drawn()
    rows["row"] = np.arange(len(rows))
    one = sample(rows, weight="w", stratum="h", cluster="row")
    other = sample(rows, weight="w", stratum="h")
    np.testing.assert_allclose(
        columns(one.mean("spent", by="group")), columns(other.mean("spent", by="group")), rtol=ORDER
    )
    gaps = [each.difference("spent", "group", "a", "b", where="score > 2").only() for each in (one, other)]
    assert (gaps[0].value, gaps[0].se) == (
        pytest.approx(gaps[1].value, rel=ORDER),
        pytest.approx(gaps[1].se, rel=ORDER),
    )


def test_clusters_outside_the_filter_stay_in_the_design():
    rows = drawn()
    design = sample(rows, **DESIGN)
    totals = cluster_totals(
        design.engine, [Quantity(where="true", of="score")], design.design, grouped(["group"], design.table.schema),
        f"from {design.table.name} as t where (c < 3)", one=1.0,
    )  # fmt: skip
    assert totals.stratum.size == totals.strata.clusters.sum() == 24
    assert set(totals.stratum[totals.cluster]) <= {0, 1, 2}
    expected = (rows["w"] * rows["score"])[rows["c"] < 3].sum()
    assert totals.dense("y", 0).sum() == pytest.approx(expected)


def test_taking_every_unit_is_one_stage():
    rows = drawn()
    rows["N"] = 60
    rows["M"] = rows.groupby("c")["u"].transform("nunique")
    one = sample(rows, **DESIGN, population="N").mean("score", by="group")
    both = sample(rows, **DESIGN, population="N", unit="u", unit_population="M").mean("score", by="group")
    np.testing.assert_allclose(one.se, both.se, rtol=ORDER)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_the_second_stage_adds_the_variance_reckoned_by_hand(seed):
    rows = drawn(seed, rows=300)
    rows["N"], rows["M"] = 16, 30
    y = rows["w"] * rows["visits"]
    first = sample(rows, **DESIGN, population="N").total("visits").only()
    both = sample(rows, **DESIGN, population="N", unit="u", unit_population="M").total("visits").only()
    added = 0.0
    for _, cluster in rows.assign(y=y).groupby("c"):
        units = cluster.groupby("u")["y"].sum()
        m, drawn_of_16 = len(units), rows[rows["h"] == cluster["h"].iloc[0]]["c"].nunique() / 16
        added += drawn_of_16 * (1 - m / 30) * m / (m - 1) * ((units - units.mean()) ** 2).sum()
    assert both.se**2 - first.se**2 == pytest.approx(added, rel=1e-9)


def test_the_waves_of_a_panel_share_their_persons():
    rng = np.random.default_rng(5)
    person = rng.normal(7, 2, 60)
    panel = pd.DataFrame(
        {
            "who": np.tile(np.arange(60), 2),
            "wave": np.repeat([1, 2], 60),
            "score": np.tile(person, 2) + rng.normal(0, 0.5, 120),
        }
    )
    gap = sample(panel, cluster="who").contrast({("score", 2): 1, ("score", 1): -1}, by="wave")
    own = panel[panel["wave"] == 2]["score"].to_numpy() - panel[panel["wave"] == 1]["score"].to_numpy()
    assert gap.value == pytest.approx(own.mean())
    assert gap.se == pytest.approx(own.std(ddof=1) / math.sqrt(60))
    apart = independent(*(sample(panel[panel["wave"] == each]).mean("score") for each in (1, 2))).only()
    assert gap.se < apart.se / 3


def test_a_contrast_is_its_terms_with_their_covariance():
    design = sample(drawn(), **DESIGN)
    totals = design.totals(["score", "spent"], by="wave")
    parts = Linearised(totals, "mean")
    cells = [(0, 0), (0, 1), (1, 0)]
    coefficients = np.array([2.0, -1.0, 0.5])
    found = design.contrast({("score", 1): 2, ("score", 2): -1, ("spent", 1): 0.5}, by="wave")
    assert found.se**2 == pytest.approx(coefficients @ parts.covariance(cells) @ coefficients, rel=1e-10)
    means = design.mean(["score", "spent"], by="wave")
    assert np.sqrt(np.diag(parts.covariance(cells)))[0] == pytest.approx(means.at("score", 1).se, rel=ORDER)


def test_quantiles_are_the_smallest_values_that_reach_the_probability():
    rows = drawn()
    found = sample(rows, **DESIGN).quantile(["score", "spent"], 0.3, by="group")
    for variable in ("score", "spent"):
        for group in ("a", "b"):
            here = rows[(rows["group"] == group) & rows[variable].notna()].sort_values(variable)
            reached = here["w"].cumsum() >= 0.3 * here["w"].sum() - 1e-9
            one = found.at(variable, group)
            assert one.value == here[variable][reached].iloc[0]
            assert one.low <= one.value <= one.high
            assert one.n == len(here)


def test_a_sample_of_a_dataset_says_what_its_measures_say():
    data = made()
    responses = Sample(data.engine, data.tables["responses"], data.designs["responses"], one=BILLION)
    found = responses.nps("score", by="channel", where="construct = 'nps' and audience = 'customer'")
    (measured,) = estimate(measure_named("nps"), data, by=["channel"])
    shown = {each.group[0][1]: each for each in measured}
    assert len(found) == len(shown) > 3
    for each in found:
        other = shown[each.group[0][1]]
        assert (each.value, each.se, each.low, each.n_eff) == pytest.approx(
            (other.value, other.se, other.low, other.n_eff), rel=ORDER
        )


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"w": 0.0}, EvidenceError, "1 of 400 rows have a weight of zero or less"),
        ({"w": -1.0}, EvidenceError, "1 of 400 rows have a weight of zero or less"),
        ({"w": np.nan}, EvidenceError, "1 of 400 rows have no weight"),
        ({"w": np.inf}, EvidenceError, "1 of 400 rows have an infinite weight"),
        ({"h": None}, EvidenceError, "1 of 400 rows have no stratum"),
        ({"c": None}, EvidenceError, "1 of 400 rows have no cluster"),
        ({"N": None}, EvidenceError, "1 of 400 rows have no population"),
        ({"N": 70.0}, EvidenceError, "has populations from 60 to 70"),
        ({"h": "alone"}, EvidenceError, "stratum 'alone' has a single cluster"),
    ],
)
def test_a_design_that_cannot_be_is_refused_with_how_many_and_what_to_do(change, kind, says):
    rows = drawn().assign(N=60.0)
    for column, value in change.items():
        rows[column] = rows[column].astype(object)
        rows.loc[7, column] = value
        rows[column] = rows[column].infer_objects()
    with pytest.raises(kind, match=says) as told:
        sample(rows, **DESIGN, population="N").mean("score")
    assert told.value.remedy


@pytest.mark.parametrize(("design", "population"), [(DESIGN, 7), ({"weight": "w", "stratum": "h"}, 100)])
def test_a_population_smaller_than_the_sample_is_refused(design, population):
    with pytest.raises(EvidenceError, match=r"stratum '(north|south|west)' has .*population"):
        sample(drawn().assign(N=population), **design, population="N").mean("score")


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda rows: sample(rows, weight="wieght"), "weight: there is no column 'wieght'"),
        (lambda rows: sample(rows, weight="h"), "weight: 'h' holds no numbers"),
        (lambda rows: sample(rows, unit="u"), "a second stage needs a first"),
        (lambda rows: sample(rows, cluster="c", unit_population="w"), "'unit_population' is given without 'unit'"),
        (lambda rows: sample(rows).mean("scores"), "there is no column 'scores'"),
        (lambda rows: sample(rows).mean("h"), "'h' holds no numbers"),
        (lambda rows: sample(rows).mean("score", where="avg(score) > 3"), "where: avg"),
        (lambda rows: sample(rows).mean("score", by="grp"), "there is no column 'grp'"),
        (lambda rows: sample(rows.assign(N=4_000), population="N").total("visits"), "a total needs weights"),
        (lambda rows: sample(rows).contrast({("score", 9): 1}, by="wave"), r"there is no 'score' for \(9,\)"),
        (
            lambda rows: independent(sample(rows).mean("score"), sample(rows).nps("score")),
            "their difference means nothing",
        ),
        (lambda _: sample([1, 2, 3]), "cannot be read from a list"),
        (lambda _: sample("rows.csv"), "'rows.csv' is no Parquet file"),
    ],
)
def test_a_question_that_is_not_well_defined_names_what_is_wrong(ask, says):
    with pytest.raises(DefinitionError, match=says):
        ask(drawn())


def test_a_scale_that_holds_eleven_is_refused():
    rows = drawn()
    rows.loc[[3, 9], "score"] = 11
    with pytest.raises(EvidenceError, match="'score' has 2 answers outside 0 to 10"):
        sample(rows).nps("score")


def test_a_share_of_more_than_two_values_is_refused():
    with pytest.raises(EvidenceError, match=r"'visits' has \d+ values other than 0 and 1"):
        sample(drawn()).share("visits")


def test_a_filter_that_leaves_nothing_says_so():
    with pytest.raises(EvidenceError, match="no row is left"):
        sample(drawn(), **DESIGN).mean("score", where="score > 10")


def test_what_is_read_can_be_shown():
    found = sample(drawn(), **DESIGN).mean(["score", "spent"], by="group")
    frame = found.to_frame()
    assert list(frame["variable"]) == ["score"] * 3 + ["spent"] * 3
    assert frame["value"].tolist() == found.value.tolist()
    assert found.plain()[0]["group"] == "a"
    assert found.at("spent", None).plain()["group"] is None
    with pytest.raises(EvidenceError, match="no mean of 'score' for 'z'"):
        found.at("score", "z")
    with pytest.raises(DefinitionError, match="6 numbers"):
        found.only()
