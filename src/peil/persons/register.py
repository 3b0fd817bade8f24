"""The register: which records are of which person, kept from load to load, joined by new records, and undone by hand."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from peil.engines.door import Limits
from peil.engines.handles import FIELDS
from peil.engines.store import publish_file
from peil.errors import DefinitionError
from peil.persons.clusters import clusters
from peil.persons.comparisons import STANDARD, keyed
from peil.persons.identifiers import identifiers
from peil.persons.linking import LEAST_TO_LEARN, PAIRS, evidence, link, threshold
from peil.persons.model import Judgement, LinkModel

KEY = ("source", "customer_id")
Key = tuple[str, str]
# When more of the records are new than this, looking at every pair costs no more.
MOSTLY_NEW = 0.5
# A file that has grown so many times teaches other values than the one that the model was made on.
OUTGROWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRules:
    """When records and contacts are taken to be of one person.

    Parameters:
        wrong_merge: what it costs to take two persons for one; only its ratio to ``missed_merge`` matters.
        missed_merge: what it costs to take one person for two.
        shared_by: a mailbox or number of more persons than this says nothing of who it is.
        most_contacts: a mailbox or number with more contacts than this is nobody's own.
        own_handles: pseudonyms of the organisation's own numbers and mailboxes.
        learn: Splink learns from the records what agreement is worth.
        limits: memory and cores.
    """

    wrong_merge: float = 20.0
    missed_merge: float = 1.0
    shared_by: int = 8
    most_contacts: int = 1_000
    own_handles: tuple[str, ...] = ()
    learn: bool = True
    limits: Limits = field(default_factory=Limits)

    @property
    def threshold(self) -> float:
        """The probability from which records are joined."""
        return threshold(self.wrong_merge, self.missed_merge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person decided about records, against or before the weights; taken back by removing it.

    Parameters:
        kind: ``never_link`` keeps two records apart; ``split`` keeps one record apart from all others.
        records: (source, customer_id) of the records, customer_id as the store has it.
        why: in the words of who decided.
    """

    kind: Literal["never_link", "split"]
    records: tuple[Key, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a register holds.

    Parameters:
        records, persons: how many.
        joined: records of a person who has more than one.
        unsure: pairs that are neither clearly one person nor clearly two (probability 0.05 up to the threshold).
        kept_apart: pairs likely by weight but of one household.
        shared: mailboxes and numbers set aside because too many persons use them, by field.
        new: records scored in the last round.
        left_out: blocking rules that looked at too many pairs.
    """

    records: int = 0
    persons: int = 0
    joined: int = 0
    unsure: int = 0
    kept_apart: int = 0
    shared: Mapping[str, int] = field(default_factory=dict)
    new: int = 0
    left_out: tuple[str, ...] = ()


class Register:
    """The persons of one organisation.

    Parameters:
        folder: where it is kept; made when first written.
        organisation: whose customers they are.
    """

    def __init__(self, folder: Path, organisation: str) -> None:
        self.organisation = organisation
        self.folder = folder / hashlib.sha256(organisation.encode()).hexdigest()[:16]

    @property
    def state(self) -> dict[str, Any]:
        """What was linked last; empty before the first time."""
        path = self.folder / "state.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @property
    def tally(self) -> Tally:
        """What it holds."""
        told = self.state.get("tally", {})
        return Tally(**(told | {"left_out": tuple(told.get("left_out", ()))}))

    @property
    def model(self) -> LinkModel | None:
        """What weighs its records; None before the first time."""
        path = self.folder / f"model-{self.state.get('round')}.json"
        return LinkModel.read(path.read_text(encoding="utf-8")) if path.is_file() else None

    def records(self) -> pa.Table | None:
        """Return its records: ``source``, ``customer_id``, ``person_id`` and the fields that are compared."""
        path = self.folder / f"records-{self.state.get('round')}.parquet"
        return pq.read_table(path) if path.is_file() else None

    def pairs(self) -> pa.Table:
        """Return the pairs that were weighed: places in ``records()``, probability and veto; see ``linking.Links``."""
        rows = self.records()
        return PAIRS.empty_table() if rows is None else self._kept_pairs(rows)[0]

    def overrides(self) -> tuple[Override, ...]:
        """Return what was decided by hand."""
        path = self.folder / "overrides.json"
        told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        return tuple(
            Override(kind=each["kind"], records=tuple((one, two) for one, two in each["records"]), why=each["why"])
            for each in told
        )

    def decide(self, *overrides: Override) -> None:
        """Replace what was decided by hand; the next round heeds it.

        Parameters:
            overrides: all that hold from now on; leave one out to take it back.
        """
        self._write("overrides.json", json.dumps([asdict(each) for each in overrides], indent=1))

    def forget(self) -> None:
        """Let the next round learn and compare everything anew."""
        (self.folder / f"model-{self.state.get('round')}.json").unlink(missing_ok=True)

    def update(self, customers: pa.Table, rules: PersonRules, *, relink: bool = False) -> pa.Table:
        """Bring the register up to date with the records there are.

        Parameters:
            customers: ``source``, ``customer_id``, and the link fields of every record of the organisation.
            rules: costs and limits.
            relink: learn and compare everything anew; identifiers stay where they can.

        Returns:
            ``records()``, up to date.
        """
        before = self.records()
        rows = _numbered(customers, before)
        grown = rules.learn and rows.num_rows >= max(LEAST_TO_LEARN, OUTGROWN * self.state.get("made_on", 0))
        known = before is not None and not relink and not grown and self.model is not None
        fresh = np.asarray(rows["fresh"]) if known else np.ones(rows.num_rows, bool)
        told = [repr(replace(rules, limits=Limits())), [asdict(each) for each in self.overrides()]]
        decided = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        if (
            before is not None
            and known
            and not fresh.any()
            and before.num_rows == rows.num_rows
            and self.state["decided"] == decided
        ):
            return before
        model = self.model if known else None
        base = model or (keyed() if _are_keyed(rows) else STANDARD)
        pairs, aside, left_out = self._kept_pairs(rows) if known else (PAIRS.empty_table(), {}, ())
        if fresh.any():
            some = bool(fresh.mean() < MOSTLY_NEW)
            found = link(
                rows, base, learn=rules.learn and model is None, new=fresh.tolist() if some else None,
                shared_by=rules.shared_by, limits=rules.limits,
            )  # fmt: skip
            pairs = pa.concat_tables([pairs, found.pairs]) if some else found.pairs
            base, aside, left_out = found.model, found.aside, tuple(" and ".join(each) for each in found.left_out)
        labels = self._labels(rows, pairs, rules)
        ids = identifiers(labels, rows, self.organisation)
        made = rows.drop_columns(["fresh", "was"]).append_column("person_id", pa.array(ids, pa.string()))
        persons, sizes = np.unique(labels, return_counts=True)
        likely = np.asarray(pairs["probability"])
        vetoed = np.asarray(pc.not_equal(pairs["veto"], ""))
        tally = Tally(
            records=rows.num_rows,
            persons=len(persons),
            joined=int(sizes[sizes > 1].sum()),
            unsure=int(((likely >= 0.05) & (likely < rules.threshold) & ~vetoed).sum()),  # noqa: PLR2004  # documented above
            kept_apart=int(((likely >= rules.threshold) & vetoed).sum()),
            shared=aside,
            new=int(fresh.sum()),
            left_out=left_out,
        )
        made_on = self.state["made_on"] if known else rows.num_rows
        self._keep(made, pairs, base, {"decided": decided, "made_on": made_on, "tally": asdict(tally)})
        return made

    def explain(self, one: Key, two: Key, rules: PersonRules) -> tuple[Judgement, bool]:
        """Return why two records are taken to be of one person, or not, and whether they are.

        Parameters:
            one, two: (source, customer_id) of the records, customer_id as the store has it.
            rules: costs and limits.

        Raises:
            DefinitionError: the register has no such record.
        """
        rows, model = self.records(), self.model
        if rows is None:
            raise DefinitionError("no customer records were linked yet", remedy="load a 'customers' table first")
        places = {key: place for place, key in enumerate(_keys(rows))}
        for each in (one, two):
            if each not in places:
                raise DefinitionError(
                    f"source '{each[0]}' has no such customer record", remedy="give records as 'source:customer_id'"
                )
        told = evidence(rows, shared_by=rules.shared_by, limits=rules.limits)
        left, right = (told.slice(places[each], 1).to_pylist()[0] for each in (one, two))
        ids = rows["person_id"]
        return (model or STANDARD).judge(left, right), ids[places[one]].as_py() == ids[places[two]].as_py()

    def _kept_pairs(self, rows: pa.Table) -> tuple[pa.Table, dict[str, int], tuple[str, ...]]:
        """Return the pairs of records that are there and unchanged, by their places now."""
        pairs = pq.read_table(self.folder / f"pairs-{self.state['round']}.parquet")
        numbers = np.asarray(rows["record"])
        order = np.argsort(numbers)
        ends = {}
        there = np.ones(pairs.num_rows, bool)
        for each in ("left", "right"):
            asked = np.asarray(pairs[each])
            at = np.minimum(np.searchsorted(numbers[order], asked), max(len(numbers) - 1, 0))
            there &= numbers[order][at] == asked if len(numbers) else False
            ends[each] = order[at] if len(numbers) else asked
        placed = pairs.set_column(0, "left", pa.array(np.minimum(ends["left"], ends["right"])))
        placed = placed.set_column(1, "right", pa.array(np.maximum(ends["left"], ends["right"])))
        tally = self.tally
        return placed.filter(pa.array(there)), dict(tally.shared), tally.left_out

    def _labels(self, rows: pa.Table, pairs: pa.Table, rules: PersonRules) -> np.ndarray[Any, np.dtype[np.int64]]:
        left, right = (np.asarray(pairs[each], np.int64) for each in ("left", "right"))
        vetoed = np.asarray(pc.not_equal(pairs["veto"], ""))
        apart = set(zip(left[vetoed].tolist(), right[vetoed].tolist(), strict=True))
        alone = np.zeros(rows.num_rows, bool)
        overrides = self.overrides()
        if overrides:
            places = {key: place for place, key in enumerate(_keys(rows))}
            for each in overrides:
                found = [places[key] for key in each.records if key in places]
                if each.kind == "split":
                    alone[found] = True
                elif len(found) > 1:
                    apart.add((min(found), max(found)))
        ok = (np.asarray(pairs["probability"]) >= rules.threshold) & ~vetoed & ~alone[left] & ~alone[right]
        return clusters(rows.num_rows, left[ok], right[ok], np.asarray(pairs["weight"])[ok], apart=apart)

    def _keep(self, records: pa.Table, pairs: pa.Table, model: LinkModel, told: dict[str, Any]) -> None:
        """Write everything under a new number; the state, written last, is what readers follow."""
        before = self.state.get("round")
        now = (before or 0) + 1
        numbers = np.asarray(records["record"])
        for place, each in enumerate(("left", "right")):
            pairs = pairs.set_column(place, each, pa.array(numbers[np.asarray(pairs[each], np.int64)], pa.int64()))
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, table in (("records", records), ("pairs", pairs)):
            made = self.folder / f".{name}-{uuid.uuid4().hex[:8]}"
            pq.write_table(table, made, compression="zstd")
            publish_file(made, self.folder / f"{name}-{now}.parquet")
        self._write(f"model-{now}.json", model.told())
        ids = records.select([*KEY, "person_id"]).to_pydict()
        digest = hashlib.sha256(repr(ids).encode()).hexdigest()[:24]
        self._write("state.json", json.dumps({"round": now, "digest": digest, **told}, indent=1))
        for name in (f"records-{before}.parquet", f"pairs-{before}.parquet", f"model-{before}.json"):
            (self.folder / name).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        made = self.folder / f".{name}-{uuid.uuid4().hex[:8]}"
        made.write_text(text, encoding="utf-8")
        publish_file(made, self.folder / name)


def _keys(rows: pa.Table) -> list[Key]:
    return list(zip(*(rows[each].to_pylist() for each in KEY), strict=True))


def _are_keyed(rows: pa.Table) -> bool:
    """Whether the fields are hashes; a birth date in clear has hyphens, and so on for each."""
    values = [
        each
        for field_name in ("born", "postcode", "mail", "phone", "surname")
        for each in rows[field_name].drop_null()[:50].to_pylist()
    ]
    hashed = [len(each) == 16 and set(each) <= set("0123456789abcdef") for each in values]  # noqa: PLR2004  # as the door writes them
    if values and any(hashed) and not all(hashed):
        raise DefinitionError(
            "some customer records are in clear text and some are not", remedy="load the customers again: 'peil load'"
        )
    return bool(values) and all(hashed)


def _numbered(customers: pa.Table, before: pa.Table | None) -> pa.Table:
    """Return the records with a number that stays, whether they are new or changed, and whose they were."""
    rows = customers.select([*KEY, *FIELDS]).sort_by([(each, "ascending") for each in KEY])
    content = _content(rows)
    known: dict[Key, tuple[int, bytes, str]] = {}
    if before is not None:
        told = zip(
            _keys(before),
            before["record"].to_pylist(),
            before["content"].to_pylist(),
            before["person_id"].to_pylist(),
            strict=True,
        )
        known = {key: (number, was, person) for key, number, was, person in told}
    after = max((number for number, _, _ in known.values()), default=-1) + 1
    numbers, fresh, was = [], [], []
    for place, (key, digest) in enumerate(zip(_keys(rows), content, strict=True)):
        number, old, person = known.get(key, (-1, b"", ""))
        same = old == digest
        numbers.append(number if same else after + place)
        fresh.append(not same)
        was.append(person)
    return (
        rows.append_column("content", pa.array(content, pa.binary()))
        .append_column("record", pa.array(numbers, pa.int64()))
        .append_column("fresh", pa.array(fresh, pa.bool_()))
        .append_column("was", pa.array(was, pa.string()))
    )


def _content(rows: pa.Table) -> Sequence[bytes]:
    joined = pc.binary_join_element_wise(
        *(rows[each] for each in FIELDS), "\x1f", null_handling="replace", null_replacement="\x00"
    )
    return [hashlib.blake2b(each.encode(), digest_size=8).digest() for each in joined.to_pylist()]
