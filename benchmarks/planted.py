"""Does a 95 % interval hold what was planted 95 times in 100? Simulates centres, and writes the coverage to the docs."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from page import put
from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.estimates.estimate import estimate
from peil.made import KEY
from peil.measures.catalogue import measure_named
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.source import Draft, Export, Fault

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "planted-truths.md"
BEGIN = "<!-- made by benchmarks/planted.py -->"
# measure, rows it is asked of, the planted truth
ASKED: Sequence[tuple[str, str, str]] = (
    ("service_level_20_answered_offered", "channel = 'call'", "service_level_20"),
    ("waiting_all", "channel in ('call', 'chat')", "mean_wait"),
    ("repeat_7d", "true", "repeat_7d"),
    ("repeat_7d", "channel = 'bot'", "repeat_7d_bot"),
    ("containment", "channel = 'bot'", "handover"),
    ("digital_share", "started_on < date '2020-03-16'", "digital_before"),
    ("digital_share", "started_on >= date '2020-03-16'", "digital_after"),
    ("nps", "channel = 'call'", "nps_call"),
    ("nps", "channel = 'mail'", "nps_mail"),
    ("nps", "channel = 'bot'", "nps_bot"),
    ("csat_top2", "channel = 'call'", "csat_call"),
    ("ces_2_mean", "channel = 'call'", "ces_2_call"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How often the intervals of one question held the truth."""

    measure: str
    where: str
    truth: float
    draws: int
    held: float
    bias: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyCentres:
    """Many draws of one centre as one source: each its own organisation, all in one load."""

    name: str = "draws"
    organisation: str = "draws"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()
    draws: int
    contacts: int
    seed: int

    @property
    def provides(self) -> tuple[Schema, ...]:
        """What a centre delivers."""
        return SimulatedCentre().provides

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield every draw, its identifiers made its own."""
        del export
        for place in range(self.draws):
            centre = SimulatedCentre(contacts=self.contacts, seed=self.seed + place)
            for draft in centre.read(centre.export):
                if draft.schema.name in {"legs", "answers"}:
                    yield Draft(schema=draft.schema, rows=_named(draft.rows, f"d{place:04d}"))


def _named(rows: pa.RecordBatch, draw: str) -> pa.RecordBatch:
    columns = {name: rows.column(name) for name in rows.schema.names}
    for each in ("contact_id", "response_id", "customer_id"):
        if each in columns:
            columns[each] = pc.binary_join_element_wise(draw, columns[each].cast(pa.string()), "-")
    columns["organisation"] = pa.array([draw] * rows.num_rows)
    return pa.RecordBatch.from_pydict(columns)


def worlds(draws: int, contacts: int, seed: int = 0) -> tuple[Dataset, Mapping[str, float]]:
    """Return a dataset with one organisation a draw, and what was planted in each."""
    store = Store(Path(tempfile.mkdtemp(prefix="peil-planted-")))
    limits = Limits(memory="3GB", folder=store.spill_folder)
    made = load(
        [ManyCentres(draws=draws, contacts=contacts, seed=seed)], store, root=store.folder, limits=limits, key=KEY
    )
    if made.refused:
        raise RuntimeError(made.refused[0].says)
    planted = SimulatedCentre(contacts=contacts).truth()
    truths = {name: each.value for name, each in planted.items() if isinstance(each.value, float)}
    # what a bot keeps is what it does not hand over
    truths["handover"] = 1 - truths["handover"]
    return build(store, DuckEngine(limits)), truths


def covered(data: Dataset, truths: Mapping[str, float]) -> list[Covered]:
    """Ask every question of every draw."""
    found = []
    for measure, where, name in ASKED:
        made = estimate(measure_named(measure), data, by=["organisation"], where=where)[0]
        truth = truths[name]
        held = (made.low <= truth) & (truth <= made.high)
        found.append(
            Covered(
                measure=measure,
                where=where,
                truth=truth,
                draws=len(made),
                held=float(np.mean(held)),
                bias=float(np.mean(made.value) - truth),
                width=float(np.mean(made.high - made.low)),
            )
        )
    return found


def main() -> None:
    """Run the proof and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--contacts", type=int, default=1_500)
    asked = parser.parse_args()
    found = covered(*worlds(asked.draws, asked.contacts))
    lines = [
        f"{asked.draws} draws of {asked.contacts:,} contacts each, {date.today():%d %B %Y}.",  # noqa: DTZ011  # a day on a page
        "",
        "| measure | of | planted | mean error | mean width | held |",
        "|---|---|---|---|---|---|",
        *(
            f"| `{each.measure}` | `{each.where}` | {each.truth:.3f} | {each.bias:+.3f} | {each.width:.3f} | {each.held:.1%} |"
            for each in found
        ),
        "",
        f"All together: {np.mean([each.held for each in found]):.1%} of {sum(each.draws for each in found):,} intervals held the truth.",
    ]
    put(PAGE, BEGIN, lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
