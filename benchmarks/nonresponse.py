"""Do weights made of the contact frame bring the truth back? Simulates worlds of which everybody's answer is known.

Run it with ``python benchmarks/nonresponse.py``; it writes its table into ``docs/explanation/who-does-not-answer.md``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import brentq

from page import printed, put
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.estimates.frame import INBOUND, Frame
from peil.estimates.frame_weights import weigh
from peil.made import KEY
from peil.measures.catalogue import measure_named
from peil.methods import interval
from peil.methods.moments import Floats, Integers
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.source import Draft, Export, Fault
from peil.studies.nonresponse import FACTS, NonResponse, nonresponse

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "who-does-not-answer.md"
BEGIN = "<!-- made by benchmarks/nonresponse.py -->"
BEGIN_HARD = "<!-- harder worlds, made by benchmarks/nonresponse.py -->"
# every supposed difference in odds; the last is the one that was planted
GAMMAS = (1.0, 1.5, 2.0, 2.5)
WORLDS = {
    "at random": SimulatedCentre(answering="at_random", hardship=1.2, months=12),
    "by wait and outcome": SimulatedCentre(answering="wait_and_outcome", months=12),
    "by the score itself": SimulatedCentre(answering="score", promoter_odds=2.5, months=12),
}

TOGETHER = 20
Flags = NDArray[np.bool_]
HEAD = (
    "| who answers | answers | R | truth | answers alone off by | weighted off by | alone holds the truth | weighted holds it"
    " | bounds at 2.5 hold it | says that weighting shifts it |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Many draws of one centre as one source: each its own organisation, all in one load."""

    name: str = "draws"
    organisation: str = "draws"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()
    centres: tuple[SimulatedCentre, ...]

    @property
    def provides(self) -> tuple[Schema, ...]:
        """What a centre delivers."""
        return self.centres[0].provides

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield every draw, its identifiers made its own."""
        del export
        for place, centre in enumerate(self.centres):
            for draft in centre.read(centre.export):
                if draft.schema.name in {"legs", "answers", "invitations"}:
                    yield Draft(schema=draft.schema, rows=_named(draft.rows, called(place)))


def called(place: int) -> str:
    """Return the name of a draw."""
    return f"d{place:04d}"


def _named(rows: pa.RecordBatch, draw: str) -> pa.RecordBatch:
    columns = {name: rows.column(name) for name in rows.schema.names}
    for each in ("contact_id", "response_id", "customer_id", "invitation_id"):
        if each in columns:
            columns[each] = pc.binary_join_element_wise(draw, columns[each].cast(pa.string()), "-")
    columns["organisation"] = pa.array([draw] * rows.num_rows)
    return pa.RecordBatch.from_pydict(columns)


def centres(world: SimulatedCentre, draws: int, contacts: int, seed: int) -> tuple[SimulatedCentre, ...]:
    """Return the draws of one world."""
    return tuple(replace(world, contacts=contacts, seed=seed + place) for place in range(draws))


def built(drawn: Sequence[SimulatedCentre]) -> Dataset:
    """Return all draws as one dataset, an organisation each."""
    store = Store(Path(tempfile.mkdtemp(prefix="peil-nonresponse-")))
    limits = Limits(memory="2GB", folder=store.spill_folder)
    made = load([Draws(centres=tuple(drawn))], store, root=store.folder, limits=limits, key=KEY)
    if made.refused:
        raise RuntimeError(made.refused[0].says)
    return build(store, DuckEngine(limits))


def asked(data: Dataset, place: int) -> NonResponse:
    """Ask the study about one draw."""
    here = f"organisation = '{called(place)}'"
    return nonresponse(data, measure=measure_named("nps"), frame=f"{INBOUND} and {here}", survey=here, gammas=GAMMAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the study said of the draws of one world, beside the truth of each."""

    world: str
    truth: float
    naive_off: float
    adjusted_off: float
    naive_held: float
    adjusted_held: float
    bounds_held: float
    claimed: float
    answers: float
    r: float


def told(world: str, drawn: Sequence[SimulatedCentre]) -> Told:
    """Ask the study about every draw of a world."""
    # a few draws at a time: every question reads all the rows of its dataset
    found: list[NonResponse] = []
    for begin in range(0, len(drawn), TOGETHER):
        part = drawn[begin : begin + TOGETHER]
        data = built(part)
        found += [asked(data, place) for place in range(len(part))]
        data.engine.close()
    truths = np.array([float(str(each.truth()["nps"].value)) for each in drawn])

    def held(low: Sequence[float], high: Sequence[float]) -> float:
        return float(np.mean((np.array(low) <= truths) & (truths <= np.array(high))))

    naive, adjusted = [each.naive for each in found], [each.adjusted for each in found]
    last = [each.bounds[-1] for each in found]
    return Told(
        world=world,
        truth=float(truths.mean()),
        naive_off=float(np.mean([each.value for each in naive] - truths)),
        adjusted_off=float(np.mean([each.value for each in adjusted] - truths)),
        naive_held=held([each.low for each in naive], [each.high for each in naive]),
        adjusted_held=held([each.low for each in adjusted], [each.high for each in adjusted]),
        bounds_held=held([each.lowest for each in last], [each.highest for each in last]),
        claimed=float(np.mean([each.finding.verdict == "yes" for each in found])),
        answers=float(np.mean([each.n for each in naive])),
        r=float(np.mean([each.representative.r for each in found])),
    )


# --- what one margin a fact cannot see: drawn as counts by kind, so that many draws cost little


@dataclass(frozen=True, slots=True, kw_only=True)
class Hard:
    """A world in which what two facts do together decides who answers.

    Parameters:
        together: how much falling silent, and discontent, grow where a long wait and a bad outcome meet.
        rate: share of the contacts that are answered about.
        contacts: how many.
        exchanged: only that: who waited once, or came back at once, answers and is content; the others are neither.
        even: answering has nothing to do with the contact.
    """

    rate: float
    together: float = 0.0
    contacts: int = 8_000
    exchanged: bool = False
    even: bool = False

    def draw(self, dice: np.random.Generator) -> tuple[Frame, float]:
        """Return the contacts and the answers of one draw, and what all would have said."""
        n = self.contacts
        wait, channel = np.minimum(dice.geometric(0.35, n) - 1, 6), dice.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])
        outcome = np.where(dice.random(n) < 0.15 + 0.05 * wait * (wait > 2), dice.integers(1, 5, n), 0)  # noqa: PLR2004  # what the world is made of
        again = (dice.random(n) < 0.2).astype(np.int64)  # noqa: PLR2004  # what the world is made of
        burden, both = (wait - 1.5) / 1.5 + 2 * (outcome > 0), self.together * (wait > 2) * (outcome > 0)  # noqa: PLR2004  # what the world is made of
        if self.exchanged:
            at_ease = (wait > 1) == (again == 1)
            hidden = np.where(at_ease, 0.5, -0.5)
            odds = np.where(at_ease, 1.1, 0.0)
        else:
            hidden = 0.55 - 0.35 * (burden + 3 * both) - 0.2 * again
            odds = -(0.5 * (burden + 3 * both) + 0.3 * again)
        noisy = hidden + dice.normal(size=n)
        score = np.where(noisy > 0.6, 100.0, np.where(noisy < -0.35, -100.0, 0.0))  # noqa: PLR2004  # what the world is made of
        odds = odds * (not self.even)
        begin = brentq(lambda at: float((1 / (1 + np.exp(-at - odds))).mean()) - self.rate, -20, 20)
        says = dice.random(n) < 1 / (1 + np.exp(-begin - odds))
        return framed(np.column_stack([channel, wait, outcome, again]), score, says), float(score.mean())

    @property
    def told(self) -> str:
        """What decides who answers."""
        if self.even:
            return "nothing"
        if self.exchanged:
            return "only what wait and repeat are together"
        return "wait and outcome" + (", and far more where both are bad" if self.together else ", each by itself")


def framed(kind: Integers, score: Floats, says: Flags) -> Frame:
    """Return contacts as counts by kind, and the answers of those who give one."""
    found, cell = np.unique(kind, axis=0, return_inverse=True)
    size = len(found)
    of, place, rows = np.unique(
        np.column_stack([cell[says], score[says]]), axis=0, return_inverse=True, return_counts=True
    )
    del place
    contacts = np.bincount(cell, minlength=size).astype(np.float64)
    return Frame(
        facts=FACTS,
        levels=tuple(tuple(str(each) for each in range(top + 1)) for top in found.max(axis=0)),
        names=(),
        kind=found,
        contacts=contacts,
        asked=contacts,
        answered=np.bincount(cell[says], minlength=size).astype(np.float64),
        invited=True,
        cell=of[:, 0].astype(np.int64),
        value=of[:, 1],
        rows=rows.astype(np.float64),
        weight=rows.astype(np.float64),
        loose=0,
        scale=(-100.0, 100.0),
    )


HARD = tuple(
    Hard(rate=rate, contacts=contacts, **more)
    for rate, contacts in ((0.02, 8_000), (0.1, 8_000), (0.3, 8_000), (0.9, 4_000))
    for more in ({"even": True}, {}, {"together": 1.0}, {"exchanged": True})
)
HARD_HEAD = (
    (
        "| share that answers | answers | what decides who answers | answers alone off by | margins off by | hold the truth |"
        " with classes off by | hold the truth |"
    ),
    "|---|---|---|---|---|---|---|---|",
)


def hard(of: Hard, draws: int, seed: int) -> str:
    """Return a row of the table: margins alone, and with classes by the chance of an answer."""
    dice, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        frame, truth = of.draw(dice)
        n, row = frame.rows.sum(), []
        for readiness in (False, True):
            made = weigh(frame, readiness=readiness)
            se = np.sqrt(frame.rows @ made.adjusted**2 * n / (n - 1))
            low, high = interval.mean(made.value, se, n - 1, level=0.95)
            row += [made.value - truth, float(low <= truth <= high)]
        rows.append([n, made.plain - truth, *row])
    n, alone, margins, held, classes, held_too = np.mean(rows, axis=0)
    return f"| {of.rate:.0%} | {n:,.0f} | {of.told} | {alone:+.1f} | {margins:+.1f} | {held:.0%} | {classes:+.1f} | {held_too:.0%} |"


def main() -> None:
    """Run the proof and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--contacts", type=int, default=4_000)
    parser.add_argument("--hard", type=int, default=400, help="draws of each of the harder worlds")
    given = parser.parse_args()
    found = [told(name, centres(world, given.draws, given.contacts, 1)) for name, world in WORLDS.items()]
    lines = [
        f"{given.draws} draws of {given.contacts:,} contacts in each world, {date.today():%d %B %Y}. Mean over draws, in points.",  # noqa: DTZ011  # a day on a page
        "",
        HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {each.world} | {each.answers:.0f} | {each.r:.2f} | {each.truth:.1f} | {each.naive_off:+.1f} | {each.adjusted_off:+.1f}"
            f" | {each.naive_held:.1%} | {each.adjusted_held:.1%} | {each.bounds_held:.1%} | {each.claimed:.1%} |"
            for each in found
        ),
    ]
    put(PAGE, BEGIN, printed(lines))
    day = f"{date.today():%d %B %Y}"  # noqa: DTZ011  # a day on a page
    rows = (hard(each, given.hard, 1) for each in HARD)
    put(
        PAGE,
        BEGIN_HARD,
        printed([f"{given.hard} draws of each world, {day}. Mean over draws, in points.", "", *HARD_HEAD, *rows]),
    )


if __name__ == "__main__":
    main()
