"""Which records may or may not be of one person: what a measure of persons is to be unsure about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from peil.methods.moments import Floats, Integers
from peil.persons.clusters import clusters
from peil.persons.people import People
from peil.persons.register import KEY, Register
from peil.persons.resolve import LINKED_RECORDS

# From here on a pair is one person, and below it is not: what is between is counted both ways.
SURE_FROM = 0.999
DOUBT_FROM = 0.05
# A probability that a model says is never beyond doubt.
MOST = 1 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Records that are surely of one person, taken together, and which of those may be one person.

    Parameters:
        pairs: columns ``a``, ``b``: two values of ``record``, and ``probability`` that they are one person; 0 where
            something keeps them apart whatever else agrees.
        records: a table of schema ``LINKED_RECORDS``.
    """

    pairs: pa.Table
    records: pa.Table


def doubts(people: People) -> Doubts:
    """Return what the registers are not sure about.

    Parameters:
        people: which record is of which person.
    """
    linked = pq.read_table(people.linked)
    pairs, records = [], []
    for nth, organisation in enumerate(sorted(pc.unique(linked["organisation"]).to_pylist())):
        own = linked.filter(pc.equal(linked["organisation"], organisation))
        register = Register(people.linked.parent, organisation)
        made, unsure = _of(register, f"{nth}-")
        records.append(own.join(made, list(KEY)))
        pairs.append(unsure)
    return Doubts(pairs=pa.concat_tables(pairs), records=pa.concat_tables(records).select(list(LINKED_RECORDS.names)))


def _of(register: Register, prefix: str) -> tuple[pa.Table, pa.Table]:
    """Return of one register which records are surely of one person, and the pairs that are not sure."""
    rows = register.records()
    if rows is None:
        nothing = pa.array([], pa.string())
        return pa.table(dict.fromkeys([*KEY, "record"], nothing)), _told(nothing, nothing, np.zeros(0))
    person = rows["person_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    pairs = register.pairs()
    left, right = (np.asarray(pairs[each], np.int64) for each in ("left", "right"))
    likely = np.asarray(pairs["probability"])
    never = np.asarray(pc.not_equal(pairs["veto"], "")) | _by_hand(register, rows, left, right)
    joined = person[left] == person[right]
    sure = (likely >= SURE_FROM) & joined & ~never
    whole = clusters(rows.num_rows, left[sure], right[sure], likely[sure])
    a, b = np.minimum(whole[left], whole[right]), np.maximum(whole[left], whole[right])
    other = a != b
    ends, place = np.unique(np.stack([a[other], b[other]]), axis=1, return_inverse=True)
    most = np.zeros(ends.shape[1])
    np.maximum.at(most, place, np.where(never, 0.0, np.minimum(likely, MOST))[other])
    kept_apart, together = np.zeros(most.size, bool), np.zeros(most.size, bool)
    np.logical_or.at(kept_apart, place, never[other])
    np.logical_or.at(together, place, joined[other])
    open_ = ~kept_apart & ((most >= DOUBT_FROM) | together)
    near = clusters(rows.num_rows, ends[0, open_], ends[1, open_], most[open_])
    # what is kept apart matters only where other records would bring it together
    told = open_ | (kept_apart & (near[ends[0]] == near[ends[1]]))
    names = pa.array([f"{prefix}{each}" for each in whole.tolist()], pa.string())
    one, two = (names.take(pa.array(each)) for each in ends[:, told])
    made = rows.select(list(KEY)).append_column("record", names)
    return made, _told(one, two, np.where(kept_apart, 0.0, most)[told])


def _told(a: pa.Array, b: pa.Array, probability: Floats) -> pa.Table:
    return pa.table({"a": a, "b": b, "probability": probability})


def _by_hand(
    register: Register, rows: pa.Table, left: Integers, right: Integers
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which pairs somebody decided are not of one person."""
    overrides = register.overrides()
    apart = np.zeros(left.size, bool)
    if not overrides:
        return apart
    places = {key: place for place, key in enumerate(zip(*(rows[each].to_pylist() for each in KEY), strict=True))}
    for each in overrides:
        found = [places[key] for key in each.records if key in places]
        ends = np.isin(left, found), np.isin(right, found)
        apart |= ends[0] | ends[1] if each.kind == "split" else ends[0] & ends[1]
    return apart
