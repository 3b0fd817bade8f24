"""The dose table: how much of an event there was in each period, or in each period and unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from peil.errors import DefinitionError, EvidenceError, SourceError, neighbours
from peil.estimates.series import SeriesPeriod, following
from peil.methods.moments import Floats
from peil.terms import Label

DOSE = Label("dose", "dosis")
_WHEN = ("date", "period", "on")
_COLUMNS = (*_WHEN, "dose", "unit")
_MONTH, _WEEK = re.compile(r"^(\d{4})-(\d{2})$"), re.compile(r"^(\d{4})-?W(\d{2})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseTable:
    """How much of an event there was, dated.

    Parameters:
        label: what the dose is, such as an index of how strict measures were, or the share that worked from home.
        rows: (day, unit, dose), each once; the unit is empty where the dose was the same for everybody.
        otherwise: the dose of periods without a row; None where that is not known, which is then a fault.
    """

    label: Label
    rows: tuple[tuple[date, str, float], ...]
    otherwise: float | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """Names of the units; none where the dose was the same for everybody."""
        return tuple(sorted({unit for _, unit, _ in self.rows if unit}))

    def over(self, starts: Sequence[date], period: SeriesPeriod, unit: str = "") -> Floats:
        """Return the dose of each period: the mean of its rows.

        Parameters:
            starts: first day of each period.
            period: how long they are.
            unit: whose; empty for everybody.

        Raises:
            EvidenceError: a period has no dose, and nothing says what it was otherwise.
        """
        own = [(on, dose) for on, name, dose in self.rows if name == unit]
        days = np.array([on.toordinal() for on, _ in own])
        doses = np.array([dose for _, dose in own])
        edges = np.array([start.toordinal() for start in starts] + [following(starts[-1], period).toordinal()])
        place = np.searchsorted(edges, days, side="right") - 1
        inside = (place >= 0) & (place < len(starts))
        many = np.bincount(place[inside], minlength=len(starts))
        total = np.bincount(place[inside], doses[inside], minlength=len(starts))
        held = many > 0
        missing = np.flatnonzero(~held)
        if missing.size and self.otherwise is None:
            raise EvidenceError(
                f"the dose has no value for {missing.size} of {len(starts)} {period}s, the first from {starts[missing[0]]}",
                remedy="add them to the table, or say with 'otherwise' what the dose was where nothing stands",
            )
        rest = math.nan if self.otherwise is None else self.otherwise
        return np.where(held, total / np.maximum(many, 1), rest)


def dose_table(rows: Iterable[Mapping[str, Any]], *, label: Label = DOSE, otherwise: float | None = None) -> DoseTable:
    """Return a dose table from plain data.

    Parameters:
        rows: a mapping each: ``date`` (or ``period``, or ``on``) a day, a month as ``2020-03`` or a week as ``2020-W12``; ``dose``
            a number, 0 or more; ``unit`` a name where units differ.
        label: what the dose is.
        otherwise: the dose of periods without a row.

    Raises:
        DefinitionError: a row has no day or dose, a dose lies below nought, a day stands there twice, or some rows name a unit
            and others do not.

    Example:
        >>> told = dose_table([{"date": "2020-03", "dose": 0.4}, {"date": "2020-04", "dose": 0.8}], otherwise=0)
        >>> told.over([date(2020, month, 1) for month in (2, 3, 4)], "month").tolist()
        [0.0, 0.4, 0.8]
    """
    made = tuple(sorted(_row(place, each) for place, each in enumerate(rows, 1)))
    if not made:
        raise DefinitionError("the dose table has no rows", remedy="give a date and a dose in each row")
    named = sum(bool(unit) for _, unit, _ in made)
    if 0 < named < len(made):
        raise DefinitionError(
            f"{len(made) - named} of {len(made)} doses name no unit", remedy="name the unit in all rows, or in none"
        )
    twice = len(made) - len({(on, unit) for on, unit, _ in made})
    if twice:
        raise DefinitionError(
            f"the dose table has a second row for {twice} of its days", remedy="keep one dose a day and unit"
        )
    if otherwise is not None and not 0 <= otherwise < math.inf:
        raise DefinitionError("the dose otherwise lies below nought", remedy="count from no exposure at all upward")
    return DoseTable(label=label, rows=made, otherwise=otherwise)


def read_dose(path: Path, *, label: Label = DOSE, otherwise: float | None = None) -> DoseTable:
    """Return the dose table kept in a CSV or Parquet file with the columns of ``dose_table``.

    Parameters:
        path: the file.
        label: what the dose is.
        otherwise: the dose of periods without a row.

    Raises:
        SourceError: the file is not there, or is neither CSV nor Parquet.
        DefinitionError: as in ``dose_table``.
    """
    try:
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
        else:
            with path.open("rb") as opened:
                names = opened.readline().decode("utf-8-sig").strip().replace('"', "").split(",")
            # text as it stands: a month such as 2020-03 is no day yet
            kept = pc.ConvertOptions(column_types={each: pa.string() for each in names}, strings_can_be_null=True)
            rows = pc.read_csv(path, convert_options=kept).to_pylist()
    except FileNotFoundError:
        raise SourceError(f"there is no dose table {path.name}", remedy="make one, or leave it out") from None
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise SourceError(
            f"{path.name} is no table of doses", remedy="write a CSV in UTF-8 with columns 'date', 'dose' and 'unit'"
        ) from None
    return dose_table(rows, label=label, otherwise=otherwise)


def _row(place: int, told: Mapping[str, Any]) -> tuple[date, str, float]:
    for key in told:
        if key not in _COLUMNS:
            raise DefinitionError(f"the dose table has no column '{key}'", remedy=neighbours(str(key), _COLUMNS))
    when = next((told[each] for each in _WHEN if told.get(each) is not None), None)
    try:
        dose = float(told["dose"])
    except (KeyError, TypeError, ValueError):
        dose = math.nan
    if not math.isfinite(dose):
        raise DefinitionError(f"row {place} of the dose table has no dose", remedy="write a number; 0 for none")
    if dose < 0:
        raise DefinitionError(
            f"row {place} of the dose table has a dose below nought", remedy="count from no exposure at all upward"
        )
    return _day(place, when), str(told.get("unit") or "").strip(), dose


def _day(place: int, told: object) -> date:
    if isinstance(told, datetime):
        return told.date()
    if isinstance(told, date):
        return told
    text = str(told or "").strip()
    month, week = _MONTH.match(text), _WEEK.match(text)
    try:
        if month:
            return date(int(month[1]), int(month[2]), 1)
        if week:
            return date.fromisocalendar(int(week[1]), int(week[2]), 1)
        return date.fromisoformat(text)
    except ValueError:
        raise DefinitionError(
            f"row {place} of the dose table has no day", remedy="write 2020-03-16, 2020-03 or 2020-W12 under 'date'"
        ) from None
