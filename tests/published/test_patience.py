"""Patience from the calls of a bank, through the file, the engine and the numbers alone; and what bad input does."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

import peil
from peil.calendars.days import CALENDAR, days
from peil.cli import commands
from peil.dataset import Dataset, Run
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.lasting import TimeTo
from peil.estimates.patience import PATIENCE, compared, patience
from peil.estimates.survival import survival
from peil.measures.measure import POPULATIONS
from peil.methods.survival import kaplan_meier, log_survival_scores, quantile
from peil.terms import Label

ROOT = Path(__file__).parents[2]
BANK = ROOT.parent / "shared" / "data" / "anonymous_bank"
real = [
    pytest.mark.real,
    pytest.mark.skipif(not BANK.is_dir(), reason="the calls of the bank are not beside the project (../shared/data)"),
]
JOURNEYS = POPULATIONS["contacts"]
MOMENTS = (30, 60, 120, 180, 300)
MONDAY = date(2024, 3, 4)


def golden():
    with (BANK / "golden.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def waits():
    """Waits and who hung up, read straight from the file: those who queued, phantom calls left out."""
    with gzip.open(BANK / "january1999.txt.gz", "rt", encoding="latin-1", newline="") as file:
        rows = [(int(row["q_time"]), row["outcome"]) for row in csv.DictReader(file, delimiter="\t")]
    kept = [(wait, outcome == "HANG") for wait, outcome in rows if wait > 0 and outcome != "PHANTOM"]
    return np.array([each[0] for each in kept]), np.array([each[1] for each in kept])


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """January, loaded as the example has it."""
    folder = tmp_path_factory.mktemp("bank")
    text = (ROOT / "examples" / "anonymous_bank" / "peil.yaml").read_text(encoding="utf-8")
    text = text.replace("../../../shared/data/anonymous_bank/*1999.txt.gz", str(BANK / "january1999.txt.gz"))
    (folder / "peil.yaml").write_text(text, encoding="utf-8")
    project = peil.open(folder)
    project.load()
    yield project.data
    project.close()
    shutil.rmtree(folder)


class TestTheBank:
    """Anonymous Bank, January 1999 (Guedj and Mandelbaum 2000); R survival 4.2.2 in golden.csv of the data set."""

    pytestmark = real

    def test_the_numbers_alone_give_the_golden_curve(self, waits):
        seconds, at = np.unique(waits[0], return_inverse=True)
        gone = np.bincount(at, waits[1])
        curve = kaplan_meier(seconds, gone, np.bincount(at) - gone)
        self.check(curve.at(MOMENTS), curve.se[curve.places(MOMENTS)], quantile(curve, 0.5), curve)

    def test_the_engine_gives_the_golden_curve(self, bank):
        found = survival(bank, PATIENCE, times=MOMENTS, clustered=False).curves[0]
        se = found.curve.se[found.curve.places(MOMENTS)]
        median = found.quantile(0.5)
        self.check(
            [found.share(each).value for each in MOMENTS], se, (median.value, median.low, median.high), found.curve
        )

    def check(self, shares, se, median, curve):
        row = golden()["jan_km"]
        expected = [float(each) for each in row["value"].split(";")]
        assert list(shares) == pytest.approx(expected, abs=float(row["tolerance"]))
        printed = row["source"].split("SE ")[1].split(";")
        assert list(se) == pytest.approx([float(each) for each in printed[:5]], abs=1e-8)
        assert (curve.n, curve.n_events) == (16_665, 3_080)
        assert median == (311, 299, 380)

    def test_the_naive_mean_and_the_exponential_estimate_are_shown_beside_the_curve(self, bank):
        found = patience(bank).groups[0]
        row = golden()["jan_exp_patience"]
        assert found.exponential.value == pytest.approx(float(row["value"]), abs=float(row["tolerance"]))
        assert found.naive == pytest.approx(61.14, abs=0.005)
        assert found.exponential.low < float(row["value"]) < found.exponential.high
        # half of those asked to wait would stay for five minutes; those seen to leave left within one, on average
        assert found.naive * 5 < found.median.value < found.exponential.value

    def test_callers_who_come_back_widen_the_interval(self, bank):
        """Rows of one identified customer together, from the rows themselves; the engine must say the same."""
        rows = bank.engine.rows(
            "select coalesce(cast(person_key as varchar), contact_id) as who, wait_ms, abandoned from contacts "
            "where offered and wait_ms > 0"
        ).to_pydict()
        seconds, at = np.unique(np.array(rows["wait_ms"]) // 1000, return_inverse=True)
        gone = np.array(rows["abandoned"])
        curve = kaplan_meier(seconds, np.bincount(at, gone), np.bincount(at, ~gone))
        scores = log_survival_scores(curve, [60])
        own = np.where(gone, scores.event[at, 0], scores.censored[at, 0])
        _, person = np.unique(rows["who"], return_inverse=True)
        variance = (np.bincount(person, own) ** 2).sum()
        found = survival(bank, PATIENCE, times=[60]).curves[0]
        assert found.log_variance[found.curve.places([60])[0]] == pytest.approx(variance, rel=1e-9)
        assert variance > curve.log_variance[curve.places([60])[0]]
        assert found.clusters == person.max() + 1

    def test_patience_differs_between_the_kinds_of_callers(self, bank):
        found = patience(bank, by=["queue"], where="queue in ('PS', 'NE', 'NW')")
        assert compared(found).df == 2
        assert compared(found).p < 1e-6
        stock = {each.group[0][1]: each for each in found.groups}["NE"]
        assert stock.lasting.share(60).low > found.groups[1].lasting.share(60).high

    def test_ends_of_the_queue_add_up_to_everybody(self, bank):
        ends = patience(bank).groups[0].lasting.ends
        assert ends is not None
        assert ends.share[-1].sum() == pytest.approx(1)
        assert ends.share[-1, 0] == pytest.approx(3_080 / 16_665)


def data_of(waits, gone, *, on=None, person=None, called_back=None):
    """Contacts that waited, as a dataset."""
    n = len(waits)
    gone = np.asarray(gone, dtype=bool)
    back = np.zeros(n, dtype=bool) if called_back is None else np.asarray(called_back, dtype=bool)
    columns = {
        "source": ["made"] * n, "organisation": ["Made"] * n, "contact_id": [f"c{each}" for each in range(n)],
        "channel": ["call"] * n, "wait_ms": waits, "offered": [True] * n, "abandoned": gone, "answered": ~gone & ~back,
        "called_back": back, "started_on": [MONDAY] * n if on is None else on,
        "person_key": range(n) if person is None else person,
    }  # fmt: skip
    whose = list(columns["person_key"])
    if len(set(whose)) < n:
        # the built contacts tell who has others, and when: here it matters only that they do
        times = Counter(whose)
        columns["next_any_ms"] = [1 if times[each] > 1 else None for each in whose]
    engine = DuckEngine(Limits(memory="1GB", threads=2))
    engine.small(CALENDAR, days(MONDAY - timedelta(days=40), MONDAY + timedelta(days=400), "NL"))
    made = {name: pa.array(columns[name]) if name in columns else pa.nulls(n) for name in JOURNEYS.names}
    contacts = engine.small(JOURNEYS, pa.table(made))
    run = Run(inputs={}, version="0", engine="duckdb")
    return Dataset(engine=engine, tables={"contacts": contacts}, run=run, period=(MONDAY, MONDAY + timedelta(days=60)))


def test_nobody_hung_up_so_patience_is_not_known():
    with pytest.raises(EvidenceError, match="nobody who waited hung up"):
        patience(data_of([1_000, 5_000, 9_000], [False] * 3))


def test_everybody_hung_up_so_patience_is_the_mean_wait():
    found = patience(data_of([1_000, 5_000, 9_000], [True] * 3), until=9).groups[0]
    assert found.lasting.mean.value == pytest.approx(5)
    assert found.naive == found.exponential.value == 5
    assert found.median.value == 5
    assert found.lasting.share(60).value == 0
    assert np.isnan(found.lasting.share(60).low)


def test_nobody_waited_so_there_is_nothing_to_count():
    with pytest.raises(EvidenceError, match="no row is left"):
        patience(data_of([0, 0, 0], [True, False, True]))


def test_waits_of_nought_are_at_nought_where_they_are_asked_for():
    at_once = TimeTo(name="answer", label=Label("Until answered", "Tot beantwoord"), after="wait_ms", event="answered")
    found = survival(data_of([0, 0, 0, 0], [True, False, True, False]), at_once).curves[0]
    assert found.share(0).value == 0.5
    assert np.isnan(found.mean.value)


def test_one_period_has_nothing_to_compare_it_with():
    found = patience(data_of([1_000, 5_000, 9_000], [True, False, True]), by=["month"])
    assert len(found.groups) == 1
    with pytest.raises(EvidenceError, match="one group"):
        compared(found)


def test_a_second_that_was_begun_is_a_second_waited():
    found = patience(data_of([59_001, 60_000, 60_001, 90_000], [True, True, True, False])).groups[0]
    assert found.curve.time.tolist() == [60, 61, 90]
    assert found.lasting.share(60).value == pytest.approx(0.5)
    assert found.lasting.share(59.9).value == 1


def test_who_was_called_back_counts_as_answered_and_has_an_end_of_its_own():
    found = patience(data_of([10_000, 20_000, 30_000], [True, False, False], called_back=[False, True, False])).groups[
        0
    ]
    assert (found.abandoned, found.curve.n) == (1, 3)
    assert found.lasting.ends is not None
    assert found.lasting.ends.share[-1] == pytest.approx([1 / 3] * 3)


def test_contacts_of_one_person_are_no_more_evidence_than_one():
    waits, gone = [5_000, 10_000, 20_000, 40_000] * 25, [True, False, True, False] * 25
    one = patience(data_of(waits, gone)).groups[0].lasting
    four = patience(data_of(waits * 4, gone * 4, person=list(range(100)) * 4)).groups[0].lasting
    assert (four.curve.n, four.clusters) == (400, 100)
    assert (four.share(60).low, four.share(60).high) == pytest.approx(
        (one.share(60).low, one.share(60).high), nan_ok=True
    )
    assert four.mean_se == pytest.approx(one.mean_se)


def test_a_change_of_patience_is_found_and_persons_on_both_sides_do_not_blur_it():
    dice = np.random.default_rng(4)
    on = np.array([MONDAY + timedelta(days=int(each)) for each in dice.integers(0, 60, 3_000)])
    split = MONDAY + timedelta(days=30)
    patient = dice.exponential(np.where(on >= split, 400, 200))
    needed = dice.exponential(120, 3_000)
    waits = np.rint(1_000 * np.minimum(patient, needed)).astype(int) + 1
    person = dice.integers(0, 1_500, 3_000)
    found = patience(data_of(waits, patient < needed, on=list(on), person=person), split_on=split)
    assert [each.group[0] for each in found.groups] == [("since", False), ("since", True)]
    assert compared(found).p < 1e-6
    assert found.gap is not None
    assert found.gap.low > 0
    for each, truth in zip(found.groups, (200, 400), strict=True):
        until = each.lasting.until
        assert each.lasting.mean.low < truth * (1 - np.exp(-until / truth)) < each.lasting.mean.high
        assert each.exponential.low < truth < each.exponential.high


def test_a_change_of_mix_is_no_change_of_patience():
    dice = np.random.default_rng(8)
    late = dice.random(4_000) < 0.5
    hasty = dice.random(4_000) < np.where(late, 0.8, 0.2)
    patient = dice.exponential(np.where(hasty, 60, 600))
    needed = dice.exponential(90, 4_000)
    waits = np.rint(1_000 * np.minimum(patient, needed)).astype(int) + 1
    on = [MONDAY + timedelta(days=40 if each else 0) for each in late]
    data = data_of(waits, patient < needed, on=on)
    columns = ", ".join("case when contact_id in (select contact_id from hasty) then 'hasty' else 'calm' end as queue" if each == "queue" else each for each in JOURNEYS.names)  # fmt: skip
    data.engine.small(
        JOURNEYS.__class__(name="hasty", one_row_is="", key=(), columns=(JOURNEYS.column("contact_id"),)),
        pa.table({"contact_id": [f"c{place}" for place in np.flatnonzero(hasty)]}),
    )
    tables = {"contacts": data.engine.step("with_queue", f"select {columns} from contacts", JOURNEYS)}
    mixed = Dataset(engine=data.engine, tables=tables, run=data.run, period=data.period)
    assert compared(patience(mixed, by=["month"])).p < 1e-6
    assert compared(patience(mixed, by=["month"], within=["queue"])).p > 0.01


def test_a_definition_that_names_no_column_is_refused():
    with pytest.raises(DefinitionError, match="'waited' is no column of 'contacts'"):
        TimeTo(name="x", label=Label("x", "x"), after="waited", event="abandoned")
    with pytest.raises(DefinitionError, match="there is no population"):
        TimeTo(name="x", label=Label("x", "x"), after="wait_ms", event="abandoned", population="calls")


def test_the_command_line_tells_patience_and_the_price_of_a_minute_as_json(tmp_path):
    (tmp_path / "peil.yaml").write_text(
        "name: centre\norganisation: Centre\nsources:\n  - {kind: simulated, name: centre, contacts: 3000}\n",
        encoding="utf-8",
    )
    project = peil.open(tmp_path)
    project.load()
    project.close()

    def told(*words):
        made = CliRunner().invoke(commands, ["--config", str(tmp_path), *words, "--json"], standalone_mode=False)
        if made.exception:
            raise made.exception
        return json.loads(made.output)

    found = told("patience", "--by", "channel", "--where", "channel in ('call', 'chat')")
    assert [each["group"] for each in found["groups"]] == [{"channel": "call"}, {"channel": "chat"}]
    assert found["test"]["df"] == 1
    for each in found["groups"]:
        assert each["naive_mean_of_leavers_s"] < each["mean_s"]["value"] < each["if_exponential_s"]["high"]
        assert each["persons"] <= each["n"]
    price = told("waiting", "csat_mean")
    assert price["verdict"] in {"no", "unclear"}
    assert price["change_per_minute"]["low"] < 0 < price["change_per_minute"]["high"]
    with pytest.raises(DefinitionError, match="'monday' is no day"):
        told("patience", "--since", "monday")
