"""What customer records leave unsure is carried into repeat contact, from the export to the command and the audit."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.handles import SAID
from peil.engines.store import Store
from peil.errors import EvidenceError
from peil.estimates.estimate import estimate
from peil.estimates.linked import linked, linked_whole
from peil.measures.catalogue import measure_named
from peil.measures.claims import CLAIM_RETURNED, PEOPLE_RETURNED
from peil.persons.doubt import DOUBT_FROM, SURE_FROM, doubts
from peil.persons.register import Override, PersonRules, Register
from peil.persons.simulated import CustomerFile
from peil.project import Project, open_project
from peil.studies.automation_failure import automation_failure
from peil.studies.automation_links import Links, links, who_is_who
from peil.studies.finding import Effect
from peil.terms import Label, Unit

REPEAT = measure_named("repeat_7d")
LIMITS = Limits(memory="1GB")
BEGAN = datetime(2024, 4, 1, 9)  # noqa: DTZ001  # as an export writes it
WEEK = 7.0
CONFIGURATION = f"""name: kust
organisation: Kust
zone: Europe/Amsterdam
key_file: key
sources:
  - {{kind: table, name: crm, table: customers, files: [crm.csv], columns: {{customer_id: id, {", ".join(f"{each}: {each}" for each in SAID)}}}}}
  - kind: table
    name: desk
    table: legs
    files: [calls.csv]
    columns: {{contact_id: id, leg_id: id, channel: channel, direction: "'inbound'", handler: handler, bot_outcome: bot, started_at: started,
      answered_at: started, ended_at: ended, ended_how: "'completed'", phone: phone, mail: mail, customer_id: customer, reason: "'bill'"}}
persons: {{learn: false}}
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """A project of which the truth is known.

    Parameters:
        project: loaded.
        moments: of every contact, whose it is and when, in days.
    """

    project: Project
    moments: dict[str, tuple[int, float]] = field(default_factory=dict)

    def truth(self, data: Dataset) -> float:
        """Return the repeat rate over the same contacts, by the persons who really called."""
        rows = data.engine.rows(
            f"select contact_id, case when {REPEAT.where} then 1 else 0 end as counts from contacts where person_key is not null"
        ).to_pylist()
        told = sorted((*self.moments[row["contact_id"]], row["counts"]) for row in rows)
        after = [*told[1:], (-1, 0.0, 0)]
        again = [
            one[0] == two[0] and two[1] - one[1] <= WEEK for one, two in zip(told, after, strict=True) if one[2] == 1
        ]
        return float(np.mean(again))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A shop that knows 500 persons by some 900 records, who call, and are helped by a bot now and then."""
    folder = tmp_path_factory.mktemp("kust")
    said, truth = CustomerFile(persons=500, typos=0.12, missing=0.35, seed=2).drawn()
    records = said.to_pylist()
    rng = np.random.default_rng(2)
    with (folder / "crm.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", *SAID])
        lines.writerows([f"{n:06}", *(row[each] or "" for each in SAID)] for n, row in enumerate(records))
    of: dict[int, list[int]] = {}
    for place, person in enumerate(truth):
        of.setdefault(person, []).append(place)
    moments: dict[str, tuple[int, float]] = {}
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "channel", "handler", "bot", "started", "ended", "phone", "mail", "customer"])
        for person, own in of.items():
            day = rng.uniform(0, 20)
            while day < 60:
                record = own[int(rng.integers(len(own)))]
                how, bot = rng.random(), bool(rng.random() < 0.4)
                handles = (
                    records[record]["phone"] or "" if 0.6 <= how < 0.8 else "",
                    records[record]["mail"] or "" if how >= 0.8 else "",
                    f"{record:06}" if how < 0.6 else "",
                )
                begun = BEGAN + timedelta(days=day)
                kind = ("bot", "bot", "resolved_confirmed") if bot else ("call", "agent", "")
                contact = f"k{len(moments):05}"
                times = (f"{each:%Y-%m-%d %H:%M:%S}" for each in (begun, begun + timedelta(minutes=5)))
                lines.writerow([contact, *kind, *times, *handles])
                moments[contact] = (person, day)
                day += rng.exponential(3) if rng.random() < (0.5 if bot else 0.2) else rng.exponential(30)
    (folder / "key").write_text("simulated customers only, and a long key too", encoding="utf-8")
    (folder / "peil.yaml").write_text(CONFIGURATION, encoding="utf-8")
    project = open_project(str(folder))
    assert not project.load().refused
    yield World(project=project, moments=moments)
    project.close()


def test_the_figure_comes_nearer_to_the_truth_and_tells_what_the_doubt_adds(world: World) -> None:
    data = world.project.data
    plain = estimate(REPEAT, data)[0].only()
    found = world.project.linked(["repeat_7d"])[0].only()
    truth = world.truth(data)
    assert found.n == plain.n
    (again, doubt), *_ = linked_whole([REPEAT], data)
    assert again.only().se == found.se
    assert 0 < doubt < found.se
    assert found.low < truth < found.high
    assert abs(found.value - truth) < abs(plain.value - truth)


def test_groups_and_filters_are_those_of_an_estimate(world: World) -> None:
    parts = world.project.linked(["repeat_7d", "fcr_no_repeat_7d"], by=["channel"], where="handler = 'agent'")
    plain = world.project.estimates(["repeat_7d", "fcr_no_repeat_7d"], by=["channel"], where="handler = 'agent'")
    for one, other in zip(parts, plain, strict=True):
        assert [(each.group, each.n) for each in one] == [(each.group, each.n) for each in other]


def test_where_records_were_joined_too_freely_they_come_apart_again(world: World, tmp_path: Path) -> None:
    """Whatever the threshold made of the records, the same doubt is left, and the same figure."""
    data = world.project.data
    store = Store(tmp_path / "store")
    shutil.copytree(world.project.store.folder, store.folder)
    rules = PersonRules(wrong_merge=0.06, learn=False, limits=LIMITS)
    engine = DuckEngine(LIMITS)
    freely = build(store, engine, persons=rules)
    counts = [estimate(REPEAT, each)[0].only().value for each in (data, freely)]
    found = [linked(REPEAT, each)[0].only().value for each in (data, freely)]
    assert counts[1] - counts[0] > 0.002
    assert found[1] == pytest.approx(found[0], abs=1e-9)
    engine.close()


def test_doubtful_pairs_stand_between_never_and_surely(world: World) -> None:
    people = world.project.data.people
    assert people is not None
    told = doubts(people)
    likely = told.pairs["probability"].to_numpy()
    assert likely.size > 20
    assert (((likely >= DOUBT_FROM) & (likely < SURE_FROM)) | (likely == 0)).mean() > 0.9
    persons = pq.read_table(people.linked)
    assert told.records.num_rows == persons.num_rows
    assert len(set(told.records["record"].to_pylist())) > len(set(persons["person_id"].to_pylist()))
    known = set(told.records["record"].to_pylist())
    assert {*told.pairs["a"].to_pylist(), *told.pairs["b"].to_pylist()} <= known


def test_what_was_decided_by_hand_is_not_in_doubt(world: World, tmp_path: Path) -> None:
    people = world.project.data.people
    assert people is not None
    home = tmp_path / "persons"
    shutil.copytree(people.linked.parent, home)
    here = replace(people, linked=home / people.linked.name)
    told = doubts(here)
    open_ = [row for row in told.pairs.to_pylist() if row["probability"] > 0]
    first = {row["record"]: (row["source"], row["customer_id"]) for row in reversed(told.records.to_pylist())}
    one = open_[0]["a"]
    alone = [row for row in told.records.to_pylist() if row["record"] == one]
    Register(home, "Kust").decide(
        *(Override(kind="split", records=((row["source"], row["customer_id"]),)) for row in alone)
    )
    after = doubts(here)
    names = {(row["source"], row["customer_id"]): row["record"] for row in after.records.to_pylist()}
    kept = [row for row in after.pairs.to_pylist() if row["probability"] > 0]
    assert len(kept) < len(open_)
    assert names[first[one]] not in {row[each] for row in kept for each in ("a", "b")}


def test_the_command_counts_the_doubt_when_asked(world: World) -> None:
    words = ["--config", str(world.project.root), "estimate", "repeat_7d", "--linked", "--json"]
    made = CliRunner().invoke(commands, words)
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)["estimates"][0]
    found = world.project.linked(["repeat_7d"])[0].only()
    assert (told["low"], told["high"]) == pytest.approx((found.low, found.high), abs=1e-9)
    assert "who is who" in told["method"]


def test_the_audit_says_whether_links_would_change_its_answer(world: World) -> None:
    found = automation_failure(world.project.data)
    assert found.linked is not None
    assert found.window.failed is not None
    (_, doubt), _ = linked_whole([CLAIM_RETURNED[7, True], PEOPLE_RETURNED[7, True]], world.project.data)
    assert 0 < doubt < found.linked.se
    assert found.linked.n == found.window.failed.n
    check = next(each for each in found.finding.checks if each.name == "who_is_who")
    assert check.passed
    assert f"{found.linked.value:.1%}" in check.says.en
    assert links(replace(world.project.data, people=None), (7, True), "true", 0.95) is None


def test_an_answer_that_hangs_on_links_is_none(world: World) -> None:
    failed = estimate(REPEAT, world.project.data)[0].only()
    effect = Effect(
        label=Label("excess", "meerdere"), unit=Unit.SHARE, value=0.03, low=0.01, high=0.05, level=0.95, n=100
    )
    steady = Links(plain=failed, failed=failed, shift=0.0, se=0.0)
    assert steady.moved(effect) == pytest.approx((0.01, 0.05))
    assert who_is_who(steady, effect, 0.0).passed
    for shaken in (replace(steady, se=0.02), replace(steady, shift=-0.02)):
        told = who_is_who(shaken, effect, 0.0)
        assert not told.passed
        assert "would change" in told.says.en
    assert not who_is_who(replace(steady, shift=0.05), effect, 0.06).passed


def test_without_customer_records_there_is_no_doubt_to_count(world: World) -> None:
    data = replace(world.project.data, people=None)
    with pytest.raises(EvidenceError, match="no customer records were linked"):
        linked(REPEAT, data)
