"""Legs, messages and orders written in a test, loaded through the door and built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.schema import Schema
from peil.engines.store import Store
from peil.sources.load import load
from peil.sources.source import Draft, Export, Fault, Record, drafts
from peil.sources.tables import ANSWERS, LEGS, MESSAGES, ORDERS

BEGIN = datetime(2024, 3, 1, 8, tzinfo=UTC)  # a Friday
LIMITS = Limits(memory="500MB", threads=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Rows as a test tells them."""

    rows: tuple[tuple[Schema, Mapping[str, object]], ...]
    name: str = "told"
    organisation: str = "Told"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ("*.txt",)
    provides: ClassVar[tuple[Schema, ...]] = (LEGS, MESSAGES, ORDERS, ANSWERS)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the rows, in the order in which they were told."""
        del export
        yield from drafts(
            Record(schema=schema, line=line, values=values) for line, (schema, values) in enumerate(self.rows, start=1)
        )


def instant(value: object) -> object:
    """Return minutes since the beginning as an instant; anything else as it is."""
    if isinstance(value, (int, float)):
        return (BEGIN + timedelta(minutes=value)).isoformat()
    return value.isoformat() if isinstance(value, datetime) else value


def row(schema: Schema, **values: object) -> tuple[Schema, Mapping[str, object]]:
    """Return a row; instants may be minutes since the beginning."""
    return schema, {name: instant(each) if name.endswith("_at") else each for name, each in values.items()}


def leg(contact: str, at: float, minutes: float | None = 5, **values: object) -> tuple[Schema, Mapping[str, object]]:
    """Return a leg of an agent by phone that begins ``at`` minutes and lasts ``minutes``, unless told otherwise."""
    told = {
        "contact_id": contact, "leg_id": "1", "channel": "call", "handler": "agent", "customer_id": "p1", "reason": "bill",
        "started_at": at, "ended_at": None if minutes is None else at + minutes,
    }  # fmt: skip
    return row(LEGS, **{**told, **values})


def edges() -> list[tuple[Schema, Mapping[str, object]]]:
    """Return contacts of somebody else long before and after, so that what lies between is whole."""
    far = 60 * 24 * 60
    return [leg(name, at, customer_id=f"edge {name}") for name, at in (("before", -far), ("after", far))]


def scenes(
    told: Mapping[str, Sequence[tuple[Schema, Mapping[str, object]]]],
) -> list[tuple[Schema, Mapping[str, object]]]:
    """Return the rows of several scenes, whose contacts, orders and customers know nothing of one another."""
    named = ("contact_id", "customer_id", "order_id")
    rows = [
        (
            schema,
            {key: f"{scene} {each}" if key in named and each is not None else each for key, each in values.items()},
        )
        for scene, held in told.items()
        for schema, values in held
    ]
    return [*rows, *edges()]


class Telling:
    """How rows are told, and how what became of a scene is read."""

    leg, row, scenes, edges = staticmethod(leg), staticmethod(row), staticmethod(scenes), staticmethod(edges)

    @staticmethod
    def of(scene: str) -> str:
        """Return the condition that chooses the contacts of a scene."""
        return f"contact_id > '{scene} ' and contact_id < '{scene}!'"

    @staticmethod
    def read(data, scene: str, columns: str, table: str = "journeys") -> list[dict[str, object]]:
        """Return columns of a scene's journeys or contacts, in the order of their contacts."""
        return data.engine.rows(
            f"select {columns} from {table} where {Telling.of(scene)} order by contact_id"
        ).to_pylist()


@pytest.fixture(scope="session")
def telling():
    """Return how rows are told: a leg, any row, and scenes of them."""
    return Telling


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    """Return what loads rows and builds their tables."""
    opened = []

    def made(rows: Sequence[tuple[Schema, Mapping[str, object]]], **settings: object):
        folder = tmp_path_factory.mktemp("told")
        (folder / "export.txt").write_text("rows are told by the test", encoding="utf-8")
        store = Store(folder)
        loaded = load((Told(rows=tuple(rows)),), store, root=folder, limits=LIMITS, key=b"told")
        assert not loaded.refused
        engine = DuckEngine(LIMITS)
        opened.append(engine)
        return build(store, engine, **settings)

    yield made
    for each in opened:
        each.close()
