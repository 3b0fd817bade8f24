"""Journeys of the callers of a bank: who is known, and who is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import peil
from peil.journeys.identification import identification
from peil.journeys.journey import BETWEEN
from peil.journeys.ledger import PARTS

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not beside the project (../shared/data)"),
]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peil.Project]:
    folder = tmp_path_factory.mktemp("bank")
    text = (ROOT / "examples" / "anonymous_bank" / "peil.yaml").read_text(encoding="utf-8")
    (folder / "peil.yaml").write_text(text.replace("../../../shared/data", str(SHARED)), encoding="utf-8")
    project = peil.open(folder)
    assert not project.load().refused
    yield project
    project.close()


def test_customers_are_known_only_where_they_queued_and_the_bias_is_told(bank: peil.Project) -> None:
    """Anonymous Bank (Guedj & Mandelbaum 2000): the number of the customer is recorded for callers who queued."""
    found = identification(bank.data.engine, bank.data.tables["contacts"])
    assert found.biased
    assert found.sides[0].kind.en == "contacts that waited in the queue"
    assert (found.sides[0].known, found.sides[0].n) == (25_796, 34_693)
    assert (found.sides[0].known_others, found.sides[0].n_others) == (992, 29_732)
    chapter = bank.journeys("en")
    assert chapter is not None
    assert "what is said of journeys holds for one kind more than for the other" in chapter.facts[2]


def test_repeats_of_known_callers_stay_as_published(bank: peil.Project) -> None:
    """jan_repeat7 of the data set's golden.csv: 0.611 of 9,606 identified answered calls before 25 January."""
    one = bank.estimate("repeat_7d", where="answered and started_on < date '1999-01-25'").only()
    mirror = bank.estimate("fcr_no_repeat_7d", where="answered and started_on < date '1999-01-25'").only()
    assert one.n == mirror.n == 9606
    assert one.value == pytest.approx(0.611, abs=0.0005)
    assert one.value + mirror.value == pytest.approx(1)


def test_the_ledger_adds_up_where_a_source_tells_durations_and_no_end(bank: peil.Project) -> None:
    parts = " + ".join(PARTS)
    rows = bank.data.engine.rows(
        f"select count(*) as n, count(customer_ms) as told, sum(case when customer_ms <> {parts} then 1 else 0 end) as wrong, "
        "sum(case when customer_ms <> coalesce(wait_ms, 0) + coalesce(talk_ms, 0) then 1 else 0 end) as others "
        "from contacts where answered"
    ).to_pylist()[0]
    assert rows["n"] == rows["told"] > 50_000
    assert (rows["wrong"], rows["others"]) == (0, 0)
    parts = " + ".join((*PARTS, *BETWEEN))
    (wrong,) = bank.data.engine.rows(f"select count(*) as n from journeys where lasted_ms <> {parts}").to_pylist()
    assert wrong["n"] == 0
