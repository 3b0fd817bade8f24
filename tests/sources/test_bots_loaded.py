"""The logs of five bots side by side in one store: every row passes the door, and one taxonomy counts them all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.estimate import estimate
from peil.measures.catalogue import measure_named
from peil.sources.chatwoot import Chatwoot
from peil.sources.dialogflow import DialogflowCx
from peil.sources.intercom import Intercom
from peil.sources.lex import LexV2
from peil.sources.load import load
from peil.sources.rasa import Rasa

GOLDEN = Path(__file__).parent / "golden"
SOURCES = (
    Rasa(name="rasa", organisation="demo", files=("rasa.jsonl",), resolved_intents=("thanks",)),
    DialogflowCx(name="cx", organisation="demo", files=("dialogflow_cx.jsonl",)),
    LexV2(name="lex", organisation="demo", files=("lex_v2.jsonl",)),
    Chatwoot(name="woot", organisation="demo", files=("chatwoot.jsonl",)),
    Intercom(name="fin", organisation="demo", files=("intercom.json",)),
)
# source: confirmed, assumed, handed over, given up, not known
OUTCOMES = {
    "rasa": (1, 0, 1, 2, 0),
    "cx": (1, 1, 1, 1, 0),
    "lex": (1, 2, 1, 2, 0),
    "woot": (0, 1, 1, 0, 1),
    "fin": (1, 1, 1, 2, 0),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    folder = tmp_path_factory.mktemp("bots")
    for source in SOURCES:
        shutil.copy(GOLDEN / source.files[0], folder)
    store, limits = Store(folder / "store"), Limits(memory="500MB")
    found = load(SOURCES, store, root=folder, limits=limits, key=b"key")
    assert not found.refused
    told = {(each.source, name): counts.rejected for each in found.new for name, counts in each.tables.items()}
    assert len(told) == 12
    assert {key for key, rejected in told.items() if rejected} == set()
    again = load(SOURCES, store, root=folder, limits=limits, key=b"key")
    assert not again.new
    engine = DuckEngine(limits)
    yield build(store, engine)
    engine.close()


def test_outcomes_of_every_bot_are_counted_in_the_same_words(data: Dataset) -> None:
    rows = data.engine.rows(
        f"select source, bot_outcome, count(*) as n from {data.tables['contacts'].name} "
        "where with_bot and not ignored group by source, bot_outcome"
    ).to_pylist()
    counted = {(each["source"], each["bot_outcome"]): each["n"] for each in rows}
    names = ("resolved_confirmed", "resolved_assumed", "handed_over", "gave_up", None)
    assert {source: tuple(counted.get((source, name), 0) for name in names) for source in OUTCOMES} == OUTCOMES


def test_turns_with_intent_and_confidence_come_along(data: Dataset) -> None:
    (row,) = data.engine.rows(
        f"select count(*) as n from {data.tables['contacts'].name} where n_messages is not null"
    ).to_pylist()
    # every conversation of the five
    assert row["n"] == 5 + 4 + 6 + 4 + 6


def test_what_vendors_count_and_what_is_confirmed_lie_far_apart(data: Dataset) -> None:
    measures = [measure_named(each) for each in ("containment_confirmed", "containment_outcome", "containment_vendor")]
    confirmed, resolved, vendor = (each.only() for each in estimate(measures, data))
    assert confirmed.value == pytest.approx(4 / 21)
    assert resolved.value == pytest.approx(9 / 21)
    assert vendor.value == pytest.approx(11 / 21)
