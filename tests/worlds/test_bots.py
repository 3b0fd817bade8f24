"""What a bot did is folded into its contact, and what was planted about it is counted, under every definition."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from peil.contacts.fold import CONTACTS
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import SourceError
from peil.estimates.estimate import estimate
from peil.made import made
from peil.measures.automation import AUTOMATION
from peil.measures.catalogue import family_named, measure_named
from peil.sources.delimited import DelimitedTable
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.tables import BOT_FAILURES, BOT_OUTCOMES, STEPS

WORLD = SimulatedCentre(name="bots", organisation="Bots (simulated)", contacts=12_000, digital_before=0.9, seed=11)
# measure, rows, planted value: of the bot's own contacts
ASKED = (
    ("containment_confirmed", "bot_confirmed"),
    ("containment_self_served", "self_served"),
    ("containment_outcome", "self_served"),
    ("containment_vendor", "vendor_resolved"),
    ("bot_handover", "handover"),
    ("bot_gave_up", "bot_gave_up"),
    ("automated_identify", "bot_identified"),
    ("automated_act", "bot_acted"),
    ("automated_answer", "self_served"),
    *((f"bot_failed_{each}", f"bot_failed_{each}") for each in BOT_FAILURES),
)
# Standard errors that a planted value may lie away: of 14 questions, 1 in 1,100 draws would fail.
FAR = 4.0
COLUMNS = ("contact", "leg", "handler", "at", "how", "outcome", "failure", "asked", "billed", "identified", "answered")
NO_BOT = ("a", 1, "agent", "09:00", "completed", "", "", "", "", "agent", "agent")
FOLDED: dict[str, tuple[tuple[Any, ...], ...]] = {
    "only a bot": ((1, "bot", "09:00", "completed", "resolved_assumed", "", "", "true", "bot", "bot"),),
    "handed over": (
        (1, "bot", "09:00", "transferred", "handed_over", "misunderstanding", "09:01", "false", "bot", ""),
        (2, "agent", "09:02", "completed", "", "", "", "", "agent", "agent"),
    ),
    "billed and handed over": (
        (1, "bot", "09:00", "completed", "resolved_assumed", "", "", "true", "", "bot"),
        (2, "agent", "09:02", "completed", "", "", "", "", "", "agent"),
    ),
    "two bots, the last one helped": (
        (1, "bot", "09:00", "completed", "gave_up", "no_content", "09:00", "false", "none", "none"),
        (2, "bot", "09:05", "completed", "resolved_confirmed", "", "09:06", "true", "none", "bot"),
    ),
    "a bot of which nobody knows": ((1, "bot", "09:00", "completed", "", "", "", "", "", ""),),
    "a test": ((1, "bot", "09:00", "ignored", "gave_up", "", "", "", "", ""),),
}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return made(WORLD)


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("bots")
    with (folder / "legs.csv").open("w", encoding="utf-8", newline="") as export:
        writer = csv.writer(export)
        writer.writerow(COLUMNS)
        writer.writerow(NO_BOT)
        for name, legs in FOLDED.items():
            writer.writerows((name, *each) for each in legs)
    text = (folder / "legs.csv").read_text(encoding="utf-8").replace(",09:", ",2024-03-04T09:")
    (folder / "legs.csv").write_text(text, encoding="utf-8")
    columns = {"contact_id": "contact", "leg_id": "leg", "handler": "handler", "started_at": "at", "ended_how": "how"}
    columns |= {"bot_outcome": "outcome", "bot_failure": "failure", "asked_human_at": "asked", "channel": "'chat'"}
    columns |= {"vendor_resolved": "billed", "identified_by": "identified", "answered_by": "answered"}
    source = DelimitedTable(
        name="log", organisation="demo", files=("*.csv",), table="legs", zone="UTC", columns=columns
    )
    store, limits = Store(folder / "store"), Limits(memory="500MB")
    loaded = load((source,), store, root=folder, limits=limits, key=b"key")
    assert [each.tables["legs"].rejected for each in loaded.new] == [0]
    engine = DuckEngine(limits)
    contacts = build(store, engine).tables["contacts"].name
    rows = engine.rows(f"select {', '.join(CONTACTS.names)} from {contacts}").to_pylist()
    engine.close()
    return {each["contact_id"]: each for each in rows}


@pytest.mark.parametrize(("measure", "truth"), ASKED)
def test_what_was_planted_about_the_bot_is_counted(data: Dataset, measure: str, truth: str) -> None:
    (found,) = estimate([measure_named(measure)], data, where="with_bot")
    planted = WORLD.truth()[truth].value
    assert isinstance(planted, float)
    assert abs(float(found.value[0]) - planted) < FAR * float(found.se[0]), (measure, planted, found.value)


def test_of_those_who_ask_for_a_person_as_many_get_one_as_were_planted(data: Dataset) -> None:
    (found,) = estimate([measure_named("bot_handover")], data, where="asked_human_at is not null")
    planted = WORLD.truth()["reached_after_asking"].value
    assert isinstance(planted, float)
    assert abs(float(found.value[0]) - planted) < FAR * float(found.se[0])


def test_every_definition_of_containment_stands_beside_the_others(data: Dataset) -> None:
    found = {
        each.measure.name: float(each.value[0])
        for each in estimate(family_named("containment"), data, where="with_bot")
    }
    assert len(found) == len(family_named("containment")) == 15
    assert (
        found["containment_confirmed"]
        < found["containment_outcome"]
        < found["containment_vendor"]
        < found["containment"]
    )
    assert found["containment"] == pytest.approx(1 - found["bot_handover"])
    assert found["containment_confirmed"] + found["containment_assumed"] == pytest.approx(found["containment_outcome"])
    assert found["containment_no_contact_7d"] < found["containment_no_contact_3d"] < found["containment_no_contact_1d"]
    # 70 in 100 stay with the bot, and 52 of them need nothing more within a week
    assert found["containment"] - found["containment_no_contact_7d"] > 0.15


def test_the_causes_of_failure_add_up_to_one(data: Dataset) -> None:
    causes = [measure_named(f"bot_failed_{each}") for each in BOT_FAILURES]
    assert sum(float(each.value[0]) for each in estimate(causes, data)) == pytest.approx(1)


def test_every_measure_of_automation_has_a_base_in_a_made_centre(data: Dataset) -> None:
    assert min(float(each.n[0]) for each in estimate(AUTOMATION, data)) > 0


def test_a_contact_takes_what_the_last_bot_that_tells_it_says(folded: dict[str, dict[str, Any]]) -> None:
    outcomes = {name: each["bot_outcome"] for name, each in folded.items()}
    assert outcomes == {
        "a": None,
        "only a bot": "resolved_assumed",
        "handed over": "handed_over",
        "billed and handed over": "handed_over",
        "two bots, the last one helped": "resolved_confirmed",
        "a bot of which nobody knows": None,
        "a test": "gave_up",
    }
    assert set(outcomes.values()) - {None} <= set(BOT_OUTCOMES)


def test_what_the_vendor_bills_is_kept_whoever_took_over(folded: dict[str, dict[str, Any]]) -> None:
    assert folded["billed and handed over"]["vendor_resolved"] is True
    assert folded["handed over"]["vendor_resolved"] is False
    assert folded["a"]["vendor_resolved"] is None


def test_a_person_was_asked_for_when_it_was_first_asked(folded: dict[str, dict[str, Any]]) -> None:
    assert folded["two bots, the last one helped"]["asked_human_at"].isoformat() == "2024-03-04T09:00:00"
    assert folded["handed over"]["asked_human_at"].isoformat() == "2024-03-04T09:01:00"


def test_a_step_that_an_agent_did_again_is_the_agents(folded: dict[str, dict[str, Any]]) -> None:
    assert (folded["handed over"]["identified_by"], folded["handed over"]["answered_by"]) == ("agent", "agent")
    assert folded["only a bot"]["identified_by"] == "bot"
    # a bot before nobody
    assert folded["two bots, the last one helped"]["answered_by"] == "bot"
    assert {each for row in folded.values() for each in (row[step] for step in STEPS)} <= {"agent", "bot", "none", None}


@pytest.mark.parametrize(
    "wrong", [{"failures": {"boredom": 1.0}}, {"failures": {}}, {"confirmed": 1.2}, {"billed_anyway": -0.1}]
)
def test_a_bot_that_cannot_be_made_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match=f"out of bounds: {next(iter(wrong))}"):
        SimulatedCentre(**wrong)
