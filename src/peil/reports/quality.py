"""What became of every row that came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from peil.engines.store import Load
from peil.reports.numbers import count
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.wording import WORDS
from peil.terms import Language


class KeptAside(NamedTuple):
    """Rows of one table and source that broke one rule.

    Parameters:
        table: the canonical table.
        rule: the rule's name.
        source: which source delivered them.
        rows: how many.
        file: where an example stands.
        line: the example's line in it.
    """

    table: str
    rule: str
    source: str
    rows: int
    file: str = ""
    line: int | None = None


def rows_table(loads: Sequence[Load], language: Language) -> Table:
    """Return the rows of every load, by source and table.

    Parameters:
        loads: the ledger.
        language: of the heads.
    """
    parts = ("rows_in", "good", "rejected", "delivered_again", "superseded")
    sums: dict[tuple[str, str], list[int]] = {}
    for load in loads:
        for table, became in load.tables.items():
            here = sums.setdefault((load.source, table), [0] * len(parts))
            for place, part in enumerate(parts):
                here[place] += getattr(became, part)
    rows: list[tuple[Cell, ...]] = [
        (words(source), words(table), *(figures(count(value, language), value) for value in numbers))
        for (source, table), numbers in sorted(sums.items())
    ]
    heads = ("source", "table_name", "rows_in", "good", "rejected", "again", "superseded")
    return Table(
        caption=WORDS["rows"].read(language),
        head=tuple(WORDS[each].read(language) for each in heads),
        names=("source", "table", *parts),
        rows=tuple(rows),
        file="rows.csv",
    )


def aside_table(rejected: Sequence[KeptAside], language: Language) -> Table:
    """Return the rows that were kept aside, by rule, each rule with the file and line of an example.

    Parameters:
        rejected: what was kept aside.
        language: of the heads.
    """
    rows: list[tuple[Cell, ...]] = []
    for each in rejected:
        line = f"{each.file}:{each.line}" if each.line is not None else each.file
        rows.append(
            (
                words(each.rule),
                words(each.table),
                words(each.source),
                figures(count(each.rows, language), each.rows),
                words(line),
            )
        )
    heads = ("rule", "table_name", "source", "rule_count", "example")
    return Table(
        caption=WORDS["kept_aside"].read(language),
        head=tuple(WORDS[each].read(language) for each in heads),
        names=("rule", "table", "source", "rows", "example"),
        rows=tuple(rows),
        file="kept-aside.csv",
    )


def by_rule(rejected: Sequence[Mapping[str, Any]]) -> tuple[KeptAside, ...]:
    """Return rows kept aside, counted by table, rule and source, the first of each as its example.

    Parameters:
        rejected: one mapping a fault, with table, rule, source, file and line, and count where it stands for several.

    Example:
        >>> by_rule([{"table": "legs", "rule": "ends_before_it_starts", "source": "pbx", "file": "may.csv", "line": 7}])[0].line
        7
    """
    found: dict[tuple[str, str, str], KeptAside] = {}
    for each in rejected:
        key = (str(each["table"]), str(each["rule"]), str(each["source"]))
        so_far = found.get(key)
        more = int(each.get("count", 1))
        found[key] = (
            so_far._replace(rows=so_far.rows + more)
            if so_far
            else KeptAside(*key, more, str(each.get("file", "")), each.get("line"))
        )
    return tuple(found[key] for key in sorted(found))
