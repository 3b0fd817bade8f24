"""The ways in which uncertain records may belong together, and how likely each is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy import special

from peil.errors import EvidenceError
from peil.methods.compiled import compiled
from peil.methods.moments import Floats, Integers

EXACT = 6  # records of a component of which every way is looked at: 203 ways for six
DRAWS = 40  # ways drawn for a larger component
SWEEPS = 5  # of Gibbs between two draws
NEGLIGIBLE = 1e-9
CERTAIN = 1e3  # log odds of a pair that is, or is not, one person for sure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenarios:
    """Ways to part each component of records into persons.

    Parameters:
        component: the component of each scenario, from 0.
        pairs: uncertain pairs that it holds to be one person.
        odds: the sum of their log odds.
        fixed: what no recalibration changes.
        apart: whether every record is a person of its own.
        records: how many records its component has.
        member_scenario, member_record, member_block: in long form, which records it puts together; a block is a person
            within the scenario.
        n_components: how many components there are.
    """

    component: Integers
    pairs: Floats
    odds: Floats
    fixed: Floats
    apart: NDArray[np.bool_]
    records: Integers
    member_scenario: Integers
    member_record: Integers
    member_block: Integers
    n_components: int

    def likely(self, intercept: float = 0.0, slope: float = 1.0) -> Floats:
        """Return how likely each scenario is where log odds are really ``intercept + slope`` times what was said."""
        weight = self.fixed + intercept * self.pairs + slope * self.odds
        most = np.full(self.n_components, -np.inf)
        np.maximum.at(most, self.component, weight)
        weight = np.exp(weight - most[self.component])
        likely: Floats = weight / np.bincount(self.component, weight, minlength=self.n_components)[self.component]
        return likely

    def scaled(self, likely: Floats, times: float) -> Floats:
        """Return weights in which what links add to all records being apart counts so many times."""
        return likely * times + np.where(self.apart, 1 - times, 0.0)


def scenarios(a: ArrayLike, b: ArrayLike, probability: ArrayLike, *, seed: int = 1) -> Scenarios:
    """Return the scenarios of records with uncertain pairs.

    Components of up to six records have all their scenarios; for larger ones scenarios are drawn (Gibbs).

    Parameters:
        a, b: records, as whole numbers from 0; a pair given twice counts with its last probability.
        probability: that they are one person; 0 and 1 are taken as known.
        seed: of what is drawn.

    Raises:
        EvidenceError: a probability is missing or beyond 0 and 1, or a record is paired with itself.

    Example:
        >>> three = scenarios([0, 1], [1, 2], [0.5, 0.8])
        >>> three.likely().round(2).tolist()
        [0.4, 0.1, 0.4, 0.1]
    """
    one, other, said = _pairs(a, b, probability)
    if not one.size:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Scenarios(component=none, pairs=nothing, odds=nothing, fixed=nothing, apart=np.zeros(0, dtype=bool), records=none,
            member_scenario=none, member_record=none, member_block=none, n_components=0)  # fmt: skip
    names, place = np.unique(np.concatenate([one, other]), return_inverse=True)
    one, other = place[: one.size], place[one.size :]
    graph = scipy.sparse.coo_array((np.ones(one.size), (one, other)), shape=(names.size, names.size))
    n_components, of_record = scipy.sparse.csgraph.connected_components(graph, directed=False)
    order = np.argsort(of_record, kind="stable")
    begins = np.searchsorted(of_record[order], np.arange(n_components + 1))
    within = np.empty(names.size, dtype=np.int64)
    within[order] = np.arange(names.size) - begins[of_record[order]]
    sizes = np.diff(begins)
    certain = (said <= 0) | (said >= 1)
    inside = np.clip(said, 1e-300, 1 - 1e-16)
    odds = np.where(certain, 0.0, special.logit(inside))
    fixed = np.where(certain, np.where(said >= 1, CERTAIN, -CERTAIN), 0.0)
    parts = []
    of_pair = of_record[one]
    for size in np.unique(sizes).tolist():
        here = np.flatnonzero(sizes == size)
        slot = np.full(n_components, -1)
        slot[here] = np.arange(here.size)
        mine = np.flatnonzero(slot[of_pair] >= 0)
        matrices = np.zeros((4, here.size, size, size))
        first, second = (np.take(within, each[mine]) for each in (one, other))
        first, second = np.minimum(first, second), np.maximum(first, second)
        for matrix, values in zip(matrices, (~certain, odds, fixed, said > 0), strict=True):
            matrix[slot[of_pair[mine]], first, second] = values[mine]
        records = names[order[begins[here][:, None] + np.arange(size)]]
        if size <= EXACT:
            parts.append(_all_ways(here, records, matrices))
        else:
            rng = np.random.default_rng([seed, size])
            parts += [_drawn(each, records[nth], matrices[:, nth], rng) for nth, each in enumerate(here.tolist())]
    return _together(parts, n_components)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Scenarios of components of one size: labels are (scenario, record)."""

    component: Integers
    records: Integers
    labels: Integers
    sums: Floats  # pairs, odds, fixed: one row each


def _pairs(a: ArrayLike, b: ArrayLike, probability: ArrayLike) -> tuple[Integers, Integers, Floats]:
    one, other = (np.asarray(each, dtype=np.int64) for each in (a, b))
    said = np.asarray(probability, dtype=np.float64)
    wrong = int(np.sum(~((said >= 0) & (said <= 1))))
    if wrong:
        raise EvidenceError(f"{wrong} pairs have no probability from 0 to 1", remedy="give each pair its own")
    itself = int(np.sum(one == other))
    if itself:
        raise EvidenceError(f"{itself} records are paired with themselves", remedy="leave these pairs out")
    one, other = np.minimum(one, other), np.maximum(one, other)
    # of a pair given twice the last counts
    _, last = np.unique(np.stack([one, other])[:, ::-1], axis=1, return_index=True)
    keep = one.size - 1 - last
    return one[keep], other[keep], said[keep]


@lru_cache(maxsize=EXACT)
def _ways(size: int) -> Integers:
    """Return every way to part ``size`` records, as labels; the first holds all together, the last none."""

    def grown(labels: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(labels) == size:
            yield labels
            return
        for label in range(max(labels) + 2):
            yield from grown((*labels, label))

    return np.array(list(grown((0,))), dtype=np.int64)


def _all_ways(components: Integers, records: Integers, matrices: Floats) -> _Part:
    size = records.shape[1]
    ways = _ways(size)
    first, second = np.triu_indices(size, 1)
    same = (ways[:, first] == ways[:, second]).astype(np.float64)
    sums = np.stack([matrix[:, first, second] @ same.T for matrix in matrices[:3]])
    weight = np.where(_reached(matrices[3], ways), sums[1] + sums[2], -np.inf)
    share = np.exp(weight - weight.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    keep = share > NEGLIGIBLE
    keep[:, -1] = True
    at, way = np.nonzero(keep)
    return _Part(component=components[at], records=records[at], labels=ways[way], sums=sums[:, at, way])


def _reached(near: Floats, ways: Integers) -> NDArray[np.bool_]:
    """Return of which ways every person's records hang together by pairs that were given: (component, way)."""
    size = ways.shape[1]
    given = (near + near.transpose(0, 2, 1) + np.eye(size)) > 0
    same = ways[:, :, None] == ways[:, None, :]
    reached = given[:, None] & same[None]
    for _ in range(max(size - 1, 1).bit_length()):
        reached = np.matmul(reached.astype(np.uint8), reached.astype(np.uint8)) > 0
    found: NDArray[np.bool_] = (reached == same[None]).all(axis=(2, 3))
    return found


def _drawn(component: int, records: Integers, matrices: Floats, rng: np.random.Generator) -> _Part:
    """Draw scenarios of one large component, and add the one in which all are apart, which weighs nothing."""
    size = records.size
    pairs, odds, fixed, near = (matrix + matrix.T for matrix in matrices)
    weight = odds + fixed
    labels = scipy.sparse.csgraph.connected_components(
        scipy.sparse.csr_array((weight > 0) & (near > 0)), directed=False
    )[1]
    kept = np.empty((DRAWS + 1, size), dtype=np.int64)
    for draw in range(DRAWS):
        labels = moved(labels.astype(np.int64), weight, near > 0, rng.random((SWEEPS, size)))
        kept[draw] = labels
    kept[DRAWS] = np.arange(size)
    same = (kept[:, :, None] == kept[:, None, :]) / 2
    n_pairs, of_odds = ((matrix * same).sum(axis=(1, 2)) for matrix in (pairs, odds))
    # drawn as they are likely, so what was said of them weighs no more
    rest = -of_odds
    rest[DRAWS] = -CERTAIN * CERTAIN
    return _Part(
        component=np.full(DRAWS + 1, component),
        records=np.broadcast_to(records, kept.shape),
        labels=kept,
        sums=np.stack([n_pairs, of_odds, rest]),
    )


@compiled
def hang_together(labels: Integers, mine: int, near: NDArray[np.bool_]) -> bool:
    """Return whether the records of one person are joined by pairs that were given; no record at all is."""
    size = labels.size
    reached = np.zeros(size, dtype=np.bool_)
    stack = np.empty(size, dtype=np.int64)
    n_others, n_reached, top = 0, 0, 0
    for other in range(size):
        if labels[other] == mine:
            n_others += 1
            if n_others == 1:
                stack[0], top, reached[other] = other, 1, True
    while top:
        top -= 1
        here = stack[top]
        n_reached += 1
        for other in range(size):
            if labels[other] == mine and near[here, other] and not reached[other]:
                reached[other] = True
                stack[top] = other
                top += 1
    return n_reached == n_others


@compiled
def gains(labels: Integers, record: int, weight: Floats, near: NDArray[np.bool_]) -> Floats:
    """Return the log odds of every person that a record can join, and nought for a person of its own."""
    size = labels.size
    gain = np.full(size, -np.inf)
    free = -1
    for label in range(size):
        found, total, used = False, 0.0, False
        for other in range(size):
            if labels[other] == label:
                used = True
                total += weight[record, other]
                found = found or near[record, other]
        if found:
            gain[label] = total
        elif not used and free < 0:
            free = label
    gain[free] = 0.0
    return gain


@compiled
def moved(labels: Integers, weight: Floats, near: NDArray[np.bool_], uniform: Floats) -> Integers:
    """Return labels after Gibbs' sweeps: each record joins others that it has a pair with, or is on its own.

    Parameters:
        labels: the person of each record, below the number of records.
        weight: (n, n), log odds.
        near: (n, n), whether a pair was given.
        uniform: (sweeps, n), random numbers.
    """
    size = labels.size
    labels = labels.copy()
    for sweep in range(uniform.shape[0]):
        for record in range(size):
            mine = labels[record]
            labels[record] = -1
            if not hang_together(labels, mine, near):
                labels[record] = mine
                continue
            gain = gains(labels, record, weight, near)
            most = gain.max()
            left = uniform[sweep, record] * np.exp(gain - most).sum()
            chosen = int(np.argmax(gain))
            for label in range(size):
                left -= np.exp(gain[label] - most)
                if left <= 0:
                    chosen = label
                    break
            labels[record] = chosen
    return labels


def _together(parts: list[_Part], n_components: int) -> Scenarios:
    counts = [each.component.size for each in parts]
    begins = np.concatenate([[0], np.cumsum(counts)])
    member = [
        (
            np.repeat(np.arange(begin, begin + each.component.size), each.records.shape[1]),
            each.records.ravel(),
            each.labels.ravel(),
        )
        for begin, each in zip(begins, parts, strict=False)
    ]
    pairs, odds, fixed = np.concatenate([each.sums for each in parts], axis=1)
    apart = np.concatenate([each.labels.max(axis=1) == each.labels.shape[1] - 1 for each in parts])
    scenario, record, block = (np.concatenate(each).astype(np.int64) for each in zip(*member, strict=True))
    return Scenarios(
        component=np.concatenate([each.component for each in parts]).astype(np.int64),
        pairs=pairs,
        odds=odds,
        fixed=fixed,
        apart=apart,
        records=np.concatenate([np.full(each.component.size, each.records.shape[1]) for each in parts]),
        member_scenario=scenario,
        member_record=record,
        member_block=block,
        n_components=n_components,
    )
