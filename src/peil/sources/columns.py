"""The kinds of column that canonical tables are made of."""

from __future__ import annotations

from peil.engines.schema import Column, Kind


def text(name: str, says: str, *, required: bool = False, personal: bool = False, handle: bool = False) -> Column:
    """Return a column of text."""
    return Column(name=name, kind=Kind.TEXT, says=says, required=required, personal=personal, handle=handle)


def code(name: str, codes: tuple[str, ...], says: str, *, required: bool = False, default: str | None = None) -> Column:
    """Return a column with a closed list."""
    return Column(name=name, kind=Kind.CODE, says=says, codes=codes, required=required, default=default)


def at(name: str, says: str, *, required: bool = False) -> Column:
    """Return an instant in UTC."""
    return Column(name=name, kind=Kind.INSTANT, says=says, required=required)


def on(name: str, says: str, *, required: bool = False) -> Column:
    """Return a local day."""
    return Column(name=name, kind=Kind.DAY, says=says, required=required)


def ms(name: str, says: str) -> Column:
    """Return a length of time in whole milliseconds."""
    return Column(name=name, kind=Kind.INTEGER, says=says, least=0, most=10 * 366 * 86_400_000)


def n(name: str, says: str, *, required: bool = False, least: int | None = 0, most: int | None = None) -> Column:
    """Return a whole number."""
    return Column(name=name, kind=Kind.INTEGER, says=says, required=required, least=least, most=most)


def flag(name: str, says: str) -> Column:
    """Return a column of true and false."""
    return Column(name=name, kind=Kind.FLAG, says=says)


ORIGIN = (
    text("source", "the source that delivered the row", required=True),
    text("organisation", "whose customer contact it is", required=True),
)
EXTRA = Column(name="extra", kind=Kind.JSON, says="fields of the export that have no column here, as a JSON object")
