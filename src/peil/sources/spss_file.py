"""An SPSS file as it stands: its variables with labels and missing values, and its rows as text."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from peil.errors import SourceError

MAGIC = (b"$FL2", b"$FL3")
# Values held in memory at once, whatever the number of variables.
AT_ONCE = 2_000_000
EPOCH = datetime(1582, 10, 14)  # noqa: DTZ001  # SPSS counts from here, in no zone
DAYS = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR")
MOMENTS = ("DATETIME", "YMDHMS")
TIMES = ("TIME", "DTIME", "MTIME")
Holds = Literal["number", "text", "day", "moment", "time"]
# Of the header: where the layout code and the number of the weight variable stand, and how long it is.
LAYOUT_AT, WEIGHT_AT, HEADER = 64, 76, 176
VARIABLE, NUMERIC = 2, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of an SPSS file.

    Parameters:
        name: as the file has it.
        label: the question as it was put; empty where there is none.
        holds: what stands in it.
        measure: nominal, ordinal, scale or unknown.
        labels: code to label.
        missing: codes that mean that there is no answer.
        missing_ranges: lowest and highest of the numbers that mean so.
    """

    name: str
    label: str = ""
    holds: Holds = "number"
    measure: str = "unknown"
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    missing_ranges: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleSet:
    """Variables that are one question with several answers.

    Parameters:
        name: of the set.
        label: the question as it was put.
        counted: the value that means that an answer was given; None where each variable holds a code.
        variables: in order.
    """

    name: str
    label: str
    counted: str | None
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an SPSS file says about itself.

    Parameters:
        label: of the file.
        variables: in order.
        sets: multiple-response sets.
        weight: the variable by which the file says that it is weighted.
        encoding: given when the file's own is wrong.
    """

    label: str
    variables: tuple[Variable, ...]
    sets: tuple[MultipleSet, ...] = ()
    weight: str | None = None
    encoding: str | None = None


def contents(path: Path, name: str, *, encoding: str | None = None) -> Contents:
    """Return what is in an SPSS file, its rows left alone.

    Parameters:
        path: a ``.sav`` or ``.zsav`` file.
        name: how to call it in messages.
        encoding: of its texts, where the file's own word is wrong.

    Raises:
        SourceError: it is no SPSS file, or a damaged one.
    """
    with path.open("rb") as file:
        if not file.read(4).startswith(MAGIC):
            raise SourceError(f"{name}: this is no SPSS file", remedy="a .sav file begins with $FL2, a .zsav with $FL3")
    _, told = _read(path, name, encoding=encoding, metadataonly=True)
    variables = tuple(
        _variable(each, label, told) for each, label in zip(told.column_names, told.column_labels, strict=True)
    )
    return Contents(
        label=told.file_label or "",
        variables=variables,
        sets=tuple(
            MultipleSet(
                name=each,
                label=found["label"] or "",
                counted=str(found["counted_value"]) if found["is_dichotomy"] else None,
                variables=tuple(found["variable_list"]),
            )
            for each, found in told.mr_sets.items()
        ),
        weight=_weight(path, variables),
        encoding=encoding,
    )


def rows(path: Path, name: str, inside: Contents, *, at_once: int = 0) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield each row, numbered from 1, as text; what the file calls missing by a range of numbers is None.

    Parameters:
        path: the file.
        name: how to call it in messages.
        inside: what it says about itself.
        at_once: rows held in memory; as many as fit for so many variables if left out.

    Raises:
        SourceError: the file is cut off or damaged.
    """
    chunk = at_once or max(1_000, AT_ONCE // max(1, len(inside.variables)))
    done = 0
    while True:
        columns, _ = _read(path, name, encoding=inside.encoding, row_offset=done, row_limit=chunk)
        texts = [[_text(each, value) for value in columns[each.name]] for each in inside.variables]
        count = len(texts[0]) if texts else 0
        names = [each.name for each in inside.variables]
        for row in zip(*texts, strict=True):
            done += 1
            yield done, dict(zip(names, row, strict=True))
        if count < chunk:
            return


def _read(path: Path, name: str, **how: Any) -> tuple[dict[str, list[Any]], Any]:  # noqa: ANN401  # as pyreadstat takes it
    import pyreadstat

    try:
        columns, told = pyreadstat.read_sav(
            str(path), user_missing=True, disable_datetime_conversion=True, output_format="dict", **how
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as wrong:
        said = str(wrong).split("\n")[0][:80].rstrip(".")
        raise SourceError(
            f"{name}: the SPSS file is damaged, cut off or in another encoding ({said})",
            remedy="fetch it again, or name its encoding in the configuration; nothing of it was loaded",
        ) from None
    return dict(columns), told


def _variable(name: str, label: str | None, told: Any) -> Variable:  # noqa: ANN401  # pyreadstat's own class
    form = (told.original_variable_types.get(name) or "").rstrip("0123456789.")
    holds: Holds = "number"
    if told.readstat_variable_types.get(name) == "string":
        holds = "text"
    elif form in DAYS:
        holds = "day"
    elif form in MOMENTS:
        holds = "moment"
    elif form in TIMES:
        holds = "time"
    missing, ranges = [], []
    for each in told.missing_ranges.get(name, ()):
        low, high = (each["lo"], each["hi"]) if isinstance(each, dict) else (each, each)
        if low == high:
            missing.append(number(low) if isinstance(low, float | int) else low)
        else:
            ranges.append((float(low), float(high)))
    labels = told.variable_value_labels.get(name, {})
    return Variable(
        name=name,
        label=label or "",
        holds=holds,
        measure=told.variable_measure.get(name, "unknown"),
        labels={
            number(code) if isinstance(code, float | int) else str(code): str(text) for code, text in labels.items()
        },
        missing=tuple(missing),
        missing_ranges=tuple(ranges),
    )


def _weight(path: Path, variables: tuple[Variable, ...]) -> str | None:
    """Return the variable by which the file is weighted.

    The header counts stretches of eight bytes, of which a long text has many; so the numeric variables before it
    are counted, which stand in the same order everywhere.
    """
    with path.open("rb") as file:
        header = file.read(HEADER)
        order = "<" if header[LAYOUT_AT] else ">"
        (place,) = struct.unpack_from(f"{order}i", header, WEIGHT_AT)
        numeric = -1
        for _ in range(place):
            record = struct.unpack(f"{order}5i", file.read(32)[:20])
            if record[0] != VARIABLE:
                return None
            numeric += record[1] == NUMERIC
            if record[2]:
                (length,) = struct.unpack(f"{order}i", file.read(4))
                file.seek(-(-length // 4) * 4, 1)
            file.seek(8 * abs(record[3]), 1)
        if place < 1 or record[1] != NUMERIC:
            return None
    numbers = [each.name for each in variables if each.holds != "text"]
    return numbers[numeric] if numeric < len(numbers) else None


def number(value: float) -> str:
    """Return a number as text, without decimals that say nothing.

    Example:
        >>> number(9.0), number(1.5)
        ('9', '1.5')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004  # whole to the last digit


def _text(variable: Variable, value: Any) -> str | None:  # noqa: ANN401  # a number or a text
    if isinstance(value, str):
        return value.strip() or None
    if value is None or any(low <= value <= high for low, high in variable.missing_ranges):
        return None
    plain = number(value)
    return plain if variable.holds == "number" or plain in variable.missing else _moment(variable, value, plain)


def _moment(variable: Variable, value: float, plain: str) -> str:
    if variable.holds == "time":
        return str(timedelta(seconds=round(value)))
    try:
        found = EPOCH + timedelta(seconds=value)
    except OverflowError:
        return plain
    return found.date().isoformat() if variable.holds == "day" else found.isoformat(timespec="seconds")
