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

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.estimates.frame import INBOUND
from peil.made import KEY
from peil.measures.catalogue import measure_named
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.source import Draft, Export, Fault
from peil.studies.nonresponse import NonResponse, nonresponse

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "who-does-not-answer.md"
BEGIN, END = "<!-- made by benchmarks/nonresponse.py -->", "<!-- end -->"
# every supposed difference in odds; the last is the one that was planted
GAMMAS = (1.0, 1.5, 2.0, 2.5)
WORLDS = {
    "at random": SimulatedCentre(answering="at_random", hardship=1.2, months=12),
    "by wait and outcome": SimulatedCentre(answering="wait_and_outcome", months=12),
    "by the score itself": SimulatedCentre(answering="score", promoter_odds=2.5, months=12),
}

TOGETHER = 20
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


def main() -> None:
    """Run the proof and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--contacts", type=int, default=4_000)
    given = parser.parse_args()
    found = [told(name, centres(world, given.draws, given.contacts, 1)) for name, world in WORLDS.items()]
    lines = [
        BEGIN,
        f"{given.draws} draws of {given.contacts:,} contacts in each world, {date.today():%d %B %Y}. Mean over draws, in points.",  # noqa: DTZ011  # a day on a page
        "",
        HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {each.world} | {each.answers:.0f} | {each.r:.2f} | {each.truth:.1f} | {each.naive_off:+.1f} | {each.adjusted_off:+.1f}"
            f" | {each.naive_held:.1%} | {each.adjusted_held:.1%} | {each.bounds_held:.1%} | {each.claimed:.1%} |"
            for each in found
        ),
        END,
    ]
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + "\n".join(lines) + rest.split(END)[1], encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
