"""What holds of every measure in the catalogue and of every estimate made with it, whatever the rows."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peil.dataset import DESIGNS, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.engines.subset import columns_read, is_indicator
from peil.errors import DefinitionError
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate
from peil.estimates.groups import grouping, rows_from
from peil.estimates.moments import Quantity, counted
from peil.made import made
from peil.measures.catalogue import CATALOGUE, family_named, measure_named
from peil.measures.measure import NPS_OF, POPULATIONS, Measure, comparable
from peil.sources.load import load
from peil.sources.source import Record, drafts
from peil.sources.tables import ANSWERS, LEGS
from peil.surveys.design import Design
from peil.terms import Better, Label, Unit

MEASURES = tuple(CATALOGUE.values())
RATIOS = tuple(each for each in MEASURES if each.estimator == "ratio")
COUNTED = tuple(each for each in MEASURES if each.estimator != "quantile")
CONTACTS = tuple(each for each in COUNTED if each.population == "contacts")
NAMES = [each.name for each in MEASURES]
# One sum of a few thousand doubles, added in another order.
CLOSE = 1e-9
# The same word in both languages, on purpose.
SAME_IN_BOTH = {"Service level", "CSAT", "NPS"}
ROWS_ALIKE = {
    "contacts": "channel",
    "responses": "construct",
    "agent_states": "team",
    "intervals": "channel",
    "invitations": "survey",
    "journeys": "channel",
    "orders": "product",
}


@pytest.fixture(scope="module", params=["nasty", "simulated"])
def data(request):
    # every simulated agent answers; said, since a survey of respondents only has no response rate
    everyone = {"staff": "census"}
    return replace(made(), panels=everyone) if request.param == "simulated" else request.getfixturevalue("nasty_data")


def _askable(data, measures):
    """The measures whose population has rows in this world: a simulated centre has no interval reports and no orders."""
    found = [
        each
        for each in measures
        if data.engine.rows(f"select count(*) as n from {each.population}").to_pylist()[0]["n"]
    ]
    assert {each.population for each in measures} - {each.population for each in found} <= {"intervals", "orders"}
    return found


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_a_measure_reads_only_declared_columns(measure):
    assert set(measure.reads) <= set(POPULATIONS[measure.population].names)
    assert measure.reads or measure.of == "1"
    for part in ("where", "of", "per"):
        assert columns_read(getattr(measure, part), part) <= set(measure.reads)


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_a_measure_has_a_label_in_both_languages_a_standard_and_no_customer_column(measure):
    assert measure.label.en.strip()
    assert measure.label.nl.strip()
    assert measure.label.en != measure.label.nl or measure.label.en in SAME_IN_BOTH
    assert measure.standard.strip()
    if measure.note is not None:
        assert measure.note.en.strip() != measure.note.nl.strip()
    assert not [each for each in measure.reads if POPULATIONS[measure.population].column(each).handle]


def test_names_and_labels_are_unique():
    assert len({each.name for each in MEASURES}) == len(MEASURES)
    for language in ("en", "nl"):
        read = [each.label.read(language) for each in MEASURES]
        assert sorted({each for each in read if read.count(each) > 1}) == []


@pytest.mark.parametrize("name", sorted({each.family for each in MEASURES if each.family}))
def test_measures_of_one_family_differ_in_definition_or_authority(name):
    family = family_named(name)
    told = {(each.where, each.of, each.per, each.estimator, each.quantile, each.standard) for each in family}
    assert len(told) == len(family)


def test_of_and_per_are_never_null_where_a_measure_holds_and_per_never_below_nought(data):
    for population in POPULATIONS:
        measures = [each for each in MEASURES if each.population == population]
        if not measures:
            continue
        broken = (f"({each.of}) is null or ({each.per}) is null or ({each.per}) < 0" for each in measures)
        asked = ", ".join(
            f"sum(case when ({each.where}) and ({broke}) then 1 else 0 end) as {each.name}"
            for each, broke in zip(measures, broken, strict=True)
        )
        row = data.engine.rows(f"select {asked} from {population}").to_pylist()[0]
        assert {name for name, n in row.items() if n} == set()


def test_a_share_is_nought_or_one_in_every_row(data):
    for population in POPULATIONS:
        measures = [each for each in MEASURES if each.population == population and each.is_share]
        if not measures:
            continue
        assert all(is_indicator(each.of) for each in measures)
        asked = ", ".join(
            f"sum(case when ({each.where}) and ({each.of}) not in (0, 1) then 1 else 0 end) as {each.name}"
            for each in measures
        )
        row = data.engine.rows(f"select {asked} from {population}").to_pylist()[0]
        assert {name for name, n in row.items() if n} == set()


def _by_population(data, measures):
    """Populations with their measures: those of one are asked together, in one query."""
    found = {}
    for each in _askable(data, measures):
        found.setdefault(each.population, []).append(each)
    return found.items()


def _totals(data, population, measures, by):
    """Rows, denominator and numerator over all groups, a row a measure."""
    schema = POPULATIONS[population]
    groups = grouping(by, schema)
    source = rows_from(data.tables[population].name, schema, groups, "true")
    asked = [Quantity(where=each.where, of=each.of, per=each.per) for each in measures]
    found = [each.moments for each in counted(data.engine, asked, data.designs[population], groups, source)]
    return np.array([[each.rows.sum(), each.x.sum(), each.y.sum()] for each in found])


def test_groups_add_up_to_the_whole(data):
    for population, measures in _by_population(data, COUNTED):
        whole = _totals(data, population, measures, [])
        assert whole.any()
        weighted = data.designs[population].weight
        alike = ROWS_ALIKE[population]
        for by in (["month"], [alike], ["weekday", alike]):
            parts = _totals(data, population, measures, by)
            np.testing.assert_allclose(parts, whole, rtol=1e-12 if weighted else 0, err_msg=f"{population} by {by}")


def test_groups_of_a_total_add_up_and_of_a_ratio_average_to_the_whole(data):
    for population, measures in _by_population(data, COUNTED):
        # customers and staff have no response rate together
        where = "audience = 'customer'" if population == "invitations" else "true"
        wholes = estimate(measures, data, where=where)
        groups = estimate(measures, data, by=[ROWS_ALIKE[population]], where=where)
        for measure, found, parts in zip(measures, wholes, groups, strict=True):
            whole = found.only()
            assert sum(parts.n) == whole.n, measure.name
            if measure.estimator == "total":
                assert sum(parts.value) == whole.value, measure.name
            elif whole.n:
                known = parts.value[~np.isnan(parts.value)]
                within = CLOSE * (1 + abs(whole.value))
                assert known.min() - within <= whole.value <= known.max() + within, measure.name


@pytest.fixture(scope="module")
def weighing(nasty_data):
    """Survey answers whose weights can be multiplied: the weight is a column of a step over the same rows."""

    def by(factor):
        schema = nasty_data.tables["responses"].schema
        columns = ", ".join(
            "weight_ppb * " + str(factor) + " as weight_ppb" if each == "weight_ppb" else each for each in schema.names
        )
        table = nasty_data.engine.step("weighed", f"select {columns} from responses", schema)
        return replace(nasty_data, tables={**nasty_data.tables, "responses": table})

    return by


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(factor=st.integers(2, 1_000))
def test_weights_scale_out(nasty_data, weighing, factor):
    measures = [each for each in RATIOS if each.population == "responses"]
    assert len(measures) > 8
    for one, other in zip(estimate(measures, nasty_data), estimate(measures, weighing(factor)), strict=True):
        assert one.only().value == pytest.approx(other.only().value, rel=CLOSE, nan_ok=True)
        for part in ("se", "low", "high", "n_eff"):
            assert getattr(one.only(), part) == pytest.approx(
                getattr(other.only(), part), rel=CLOSE, abs=CLOSE, nan_ok=True
            )
        assert one.only().n == other.only().n


def _shuffled(store, folder, seed):
    """The same loads, the rows of every part in another order."""
    dice = np.random.default_rng(seed)
    for each in store.loads():
        target = folder / "loads" / each.load_id
        target.mkdir(parents=True)
        (target / "load.json").write_bytes((each.folder / "load.json").read_bytes())
        for part in each.folder.glob("*.parquet"):
            rows = pq.read_table(part)
            pq.write_table(rows.take(dice.permutation(rows.num_rows)), target / part.name)
    return Store(folder)


@pytest.mark.parametrize("seed", [1])
def test_the_order_of_rows_is_nothing(nasty, nasty_store, nasty_data, tmp_path, seed):
    engine = DuckEngine(Limits(memory="1GB"))
    other = nasty.built(_shuffled(nasty_store, tmp_path, seed), engine)
    assert _shown(nasty_data, "contacts") == _shown(other, "contacts")
    assert _shown(nasty_data, "responses") == _shown(other, "responses")
    for by in ([], ["channel", "month"]):
        askable = [each for each in MEASURES if set(by) <= {*POPULATIONS[each.population].names, "month"}]
        for one, same in zip(estimate(askable, nasty_data, by=by), estimate(askable, other, by=by), strict=True):
            assert one.groups == same.groups
            weighted = nasty_data.designs[one.measure.population].weight
            np.testing.assert_allclose(one.value, same.value, rtol=1e-12 if weighted else 0, err_msg=one.measure.name)
            np.testing.assert_allclose(one.se, same.se, rtol=CLOSE, err_msg=one.measure.name)
    engine.close()


def _shown(data, table):
    schema = data.tables[table].schema
    rows = data.engine.rows(f"select {', '.join(schema.names)} from {table}").to_pylist()
    return sorted(rows, key=lambda row: tuple(row[each] for each in schema.key))


def test_the_same_exports_loaded_again_change_nothing(nasty, nasty_data, tmp_path):
    store = nasty.loaded(tmp_path)
    before = len(store.loads())
    nasty.loaded(tmp_path)
    assert len(store.loads()) == before == 2
    engine = DuckEngine(Limits(memory="1GB"))
    assert _shown(nasty.built(store, engine), "contacts") == _shown(nasty_data, "contacts")
    engine.close()


@pytest.mark.parametrize(
    "by",
    [[], ["week"], ["month", "channel"]],
    ids=lambda by: " ".join(by) or "ungrouped",
)
def test_rows_alone_in_their_cluster_are_summed_as_the_general_path_sums_them(data, by):
    quick = DESIGNS["contacts"]
    general = replace(quick, alone=None, first=None)
    assert quick.alone is not None
    for one, other in zip(
        estimate(CONTACTS, data, by=by), estimate(CONTACTS, data, by=by, design=general), strict=True
    ):
        name = one.measure.name
        assert one.groups == other.groups, name
        np.testing.assert_array_equal(one.value, other.value, err_msg=name)
        np.testing.assert_array_equal(one.n, other.n, err_msg=name)
        np.testing.assert_array_equal(one.clusters, other.clusters, err_msg=name)
        np.testing.assert_allclose(one.se, other.se, rtol=CLOSE, err_msg=name)


def _defined(**parts):
    defaults = {
        "name": "own", "label": Label("Own", "Eigen"), "unit": Unit.SECONDS, "better": Better.LOWER, "where": "answered",
        "of": "wait_ms", "standard": "ours",
    }  # fmt: skip
    return Measure(**{**defaults, **parts})


@pytest.mark.parametrize("part", ["where", "of", "per"])
@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("avg(wait_ms)", "avg"),
        ("mean(wait_ms)", "(avg|mean)"),
        ("sum(wait_ms)", "sum"),
        ("count(*)", "count"),
        ("wait_ms / 2", "div"),
        ("wait_ms // 2", "intdiv"),
        ("wait_ms % 2", "mod"),
        ("wait_ms * 0.5", r"0\.5 is not a whole number"),
        ("wait_ms + 1e3", "1e3 is not a whole number"),
        ("round(wait_ms)", "round"),
        ("cast(wait_ms as double)", "cast"),
        ("upper(queue)", "upper"),
        ("queue like 'a%'", "like"),
        ("queue || 'x'", "dpipe"),
        ("date_trunc('week', started_at)", "trunc"),
        ("ended_at - started_at", "an interval on another"),
        ("row_number() over (order by wait_ms)", "(window|rownumber)"),
        ("(select max(wait_ms) from contacts)", "(subquery|select)"),
        ("random()", "rand"),
        ("msbetween(started_at, ended_at)", r"msbetween\(\) is not on the allow-list"),
        ("wait_ms +", "cannot be read as SQL"),
        ("wait_ms; drop table contacts", "(block|cannot be read as SQL)"),
        ("waits_ms", "'waits_ms' is no column of 'contacts'"),
    ],
)  # fmt: skip
def test_a_construct_that_engines_read_differently_is_refused_by_name(part, sql, named):
    with pytest.raises(DefinitionError, match=rf"own\.{part}: .*(?i:{named})"):
        _defined(**{part: sql})


@settings(max_examples=40)
@given(name=st.sampled_from(sorted(CATALOGUE)), place=st.integers(0, 40), letter=st.sampled_from("xyz"))
def test_a_misspelled_measure_names_its_neighbours(name, place, letter):
    at = place % (len(name) + 1)
    misspelled = name[:at] + letter + name[at:]
    with pytest.raises(DefinitionError, match=f"no measure is named '{misspelled}'") as fault:
        measure_named(misspelled)
    assert f"'{name}'" in fault.value.remedy or (len(name) < 6 and fault.value.remedy) or _crowded(name)
    assert set(_quoted(fault.value.remedy)) <= set(CATALOGUE)


def _quoted(remedy):
    return remedy.split("'")[1::2]


def _crowded(name):
    """Whether so many measures have nearly the same name that three neighbours need not hold it."""
    return sum(each.rsplit("_", 2)[0] == name.rsplit("_", 2)[0] or each.startswith(name[:6]) for each in CATALOGUE) > 3


def test_a_misspelled_column_group_and_population_name_their_neighbours(nasty_data):
    with pytest.raises(DefinitionError, match=r"'wait_s' is no column of 'contacts'\n.*did you mean 'wait_ms'"):
        _defined(of="wait_s")
    with pytest.raises(DefinitionError, match=r"there is no population 'contact'\n.*'contacts'"):
        _defined(population="contact")
    with pytest.raises(
        DefinitionError, match=r"'chanel' is nothing to group 'contacts' by\n.*'channel'.*'extra\.chanel'"
    ):
        estimate(measure_named("volume"), nasty_data, by=["chanel"])
    with pytest.raises(DefinitionError, match="'customer_id' tells customers apart"):
        estimate(measure_named("volume"), nasty_data, by=["customer_id"])


@pytest.mark.parametrize(
    "of",
    [
        "score",
        "case when score >= 4 then 1 else -1 end",
        "case when score = 5 then 100 when score = 4 then 50 else -100 end",
    ],
)
def test_points_that_are_no_promoters_less_detractors_are_refused_where_they_are_defined(of):
    with pytest.raises(DefinitionError, match="as a net promoter score does"):
        _defined(population="responses", unit=Unit.POINTS, where="construct = 'csat' and score is not null", of=of)


class _Survey:
    """A survey with both scales."""

    name = "survey"
    organisation = "o"
    zone = "UTC"
    files = ()
    provides = (ANSWERS, LEGS)

    def __repr__(self):
        return "a survey with both scales"

    def read(self, export):
        del export
        asked = {
            "survey": "s",
            "question": "q",
            "construct": "nps",
            "answered_at": "2020-01-01T00:00:00Z",
            "scale_low": 0,
        }
        for number, high in enumerate((10, 10, 5, 10, 5)):
            row = {**asked, "response_id": str(number), "scale_high": high, "value_milli": 5000, "cluster": str(number)}
            yield from drafts([Record(schema=ANSWERS, line=number + 1, values=row)])


def test_a_net_promoter_score_of_five_points_is_kept_aside_where_it_is_loaded(tmp_path):
    store = Store(tmp_path)
    told = load((_Survey(),), store, root=Path(), limits=Limits(memory="1GB"), key=b"k").new[0].tables["answers"]
    assert (told.good, told.rejected, told.rules) == (3, 2, {"nps_needs_0_to_10": 2})
    engine = DuckEngine(Limits(memory="1GB"))
    found = estimate(measure_named("nps"), build(store, engine))[0].only()
    assert (found.n, found.value) == (3, -100.0)
    engine.close()


def test_every_measure_in_points_counts_promoters_less_detractors():
    points = [each for each in MEASURES if each.unit is Unit.POINTS]
    assert {each.name for each in points} == {"nps", "nps_believed", "enps"}
    assert {each.of for each in points} == {NPS_OF}


@pytest.mark.parametrize("first", RATIOS, ids=[each.name for each in RATIOS])
def test_measures_of_two_units_have_no_difference(first):
    for second in MEASURES:
        if first.unit is second.unit:
            comparable(first, second)
        else:
            with pytest.raises(DefinitionError, match="their difference means nothing"):
                comparable(first, second)


def test_a_share_less_a_score_is_refused_before_anything_is_counted(nasty_data):
    with pytest.raises(DefinitionError, match="'promoter_share' is a share and 'nps' is points"):
        difference(nasty_data, Side(measure=measure_named("promoter_share")), Side(measure=measure_named("nps")))
    with pytest.raises(DefinitionError, match="speak of different rows"):
        difference(nasty_data, Side(measure=measure_named("abandonment")), Side(measure=measure_named("csat_top2")))


def test_every_estimate_lies_in_its_interval_and_a_share_between_nought_and_one(data):
    found = [
        one
        for population, measures in _by_population(data, RATIOS)
        for one in estimate(measures, data, by=["month", "survey"] if population == "invitations" else ["month"])
    ]
    for one in found:
        for each in one:
            if math.isnan(each.value) or math.isnan(each.low):
                continue
            assert each.low <= each.value <= each.high, each.measure.name
            assert each.se >= 0, each.measure.name
            if each.measure.is_share:
                assert 0 <= each.low <= each.high <= 1, each.measure.name


def test_another_design_changes_how_sure_and_never_what(data):
    measures = [each for each in CONTACTS if each.estimator == "ratio"]
    lone = Design(cluster="source || ' ' || contact_id")
    for one, other in zip(estimate(measures, data), estimate(measures, data, design=lone), strict=True):
        np.testing.assert_array_equal(one.value, other.value, err_msg=one.measure.name)
        assert other.only().clusters == other.only().n >= one.only().clusters, one.measure.name
