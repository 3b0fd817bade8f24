"""Reference pages that are written from the program itself each time the documentation is built."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from peil.cli import commands
from peil.config import json_schema
from peil.engines.schema import Column, Kind, Schema
from peil.measures.measure import Measure
from peil.sources.tables import CANONICAL

Node = Mapping[str, Any]
DEEPEST = 3
TYPES = {
    "array": "a list",
    "object": "names with values",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "date": "a day (`2024-12-24`)",
}
# What sources hold.
OF_SOURCES = {
    "A column of a table source": "Mapped",
    "Who answered, in a survey source": "Respondent",
    "A question of a survey source": "Question",
    "A fact about respondents, in a survey source": "Fact",
}
# What every source has.
OF_A_SOURCE = {
    "name": "how the source is called; part of every key",
    "organisation": "whose customer contact it is",
    "zone": "IANA time zone of local days",
    "files": "a simulated source reads none",
}
# What the model itself does not say.
SAYS = {
    "Configuration": {
        "name": "what the project is called, in reports and in messages",
        "organisation": "whose customer contact it is; needed where a source does not say",
        "zone": "IANA time zone, for sources that do not say",
        "country": "two-letter code of the country whose public holidays the calendar knows",
        "store": "folder of the loaded rows, beside this file",
        "simulated": "the report says that nothing in it is about a real organisation",
        "engine": "what counts, and what it may use",
        "calendars": "business calendars, for times in opening hours",
        "surveys": "surveys: who could be in them, and how their answers are weighted",
        "measures": "measures of your own, beside the catalogue's",
        "report": "what the report shows",
    },
    "EngineConfig": {"name": "`spark` needs Java 17 and the extra", "threads": "cores"},
    "ReportConfig": {
        "title": "heading of the report",
        "subtitle": "line under it",
        "headlines": "measures at the top, each in one sentence",
        "figures": "figures, in order",
        "compare": "pairs of groups of which the report says whether they differ",
        "variants": "words of which every definition is shown on the same contacts",
        "level": "how often intervals are to hold the truth",
    },
    "FigureConfig": {
        "measure": "name of the measure",
        "by": "what to group by: columns, periods, `extra.NAME`",
        "where": "which rows, as row-level SQL",
        "title": "heading; what is found, if left out",
    },
    "CompareConfig": {
        "measure": "name of the measure",
        "by": "the column that tells the two groups apart",
        "first": "the group that is compared with",
        "second": "the group that is compared",
        "where": "which rows, as row-level SQL",
    },
    "TrendBreakConfig": {"measure": "name of the measure", "where": "which rows, as row-level SQL"},
    "InvestmentConfig": {
        "name": "what was invested in",
        "before": "the business case",
        "after": "what came of it, where that is known",
        "known": "whether the result was asked in retrospect, or measured in the books",
    },
    "CaseConfig": {"cost": "what it costs, now", "years": "for how long"},
    "StatedConfig": {
        "low": "the lowest that is likely",
        "likely": "it is as often above as below",
        "high": "the highest that is likely",
    },
    "Text": {"en": "in English", "nl": "in Dutch"},
}


def write_all(folder: Path) -> None:
    """Write the pages on settings, commands and tables into ``folder``."""
    pages = {"configuration.md": configuration, "command-line.md": command_line, "tables.md": tables}
    for name, page in pages.items():
        path, text = folder / name, "\n".join(page()).rstrip() + "\n"
        # An unchanged page keeps its age, so that Sphinx does not read it again.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(each.replace('|', chr(92) + '|').replace(chr(10), ' ') for each in row)} |"
    yield ""


# --- the configuration


def configuration() -> Iterator[str]:
    """Yield the page of every setting of ``peil.yaml``."""
    schema = json_schema()
    kinds = _kinds(schema)
    yield "# Configuration"
    yield ""
    yield "Every setting of `peil.yaml`, written from the model that checks it. The file is YAML 1.2 in UTF-8. A setting that is not"
    yield "on this page is refused, with its line and column and the nearest name that exists. `peil check` reads the file, the bridges it"
    yield "names, and no data."
    yield ""
    yield from _settings("The project", {**schema, "title": "Configuration"}, schema, skip={"sources"})
    for name in (
        "EngineConfig",
        "BusinessCalendar",
        "SurveyConfig",
        "WeightsConfig",
        "MarginConfig",
        "DoubtfulConfig",
        "PersonsConfig",
        "JourneysConfig",
        "MeasureConfig",
        "ReportConfig",
        "FigureConfig",
        "CompareConfig",
        "TrendBreakConfig",
        "ControlConfig",
        "DoseConfig",
        "DoseRowConfig",
        "BotsConfig",
        "GrowthConfig",
        "InvestmentConfig",
        "CaseConfig",
        "StatedConfig",
        "TrialConfig",
        "Text",
    ):
        node = schema["$defs"][name]
        yield from _settings(_heading(name, schema), node, schema, says=_first(node))
    yield "## sources"
    yield ""
    yield "A list. Each has a `kind`, which says what other settings it has."
    yield ""
    for kind, node in kinds.items():
        yield from _settings(f"sources: kind {kind}", node, schema, says=_first(node))
    for heading, name in OF_SOURCES.items():
        yield from _settings(heading, schema["$defs"][name], schema, says=_first(schema["$defs"][name]))


def _heading(name: str, schema: Node) -> str:
    """Name a part by where it stands in the file: `report.figures[]`."""
    return next(iter(_places(name, schema, schema, "")), name)


def _places(name: str, node: Node, schema: Node, path: str) -> Iterator[str]:
    for setting, each in node.get("properties", {}).items():
        if setting == "sources":
            continue
        inside = [each, *each.get("anyOf", [])]
        for inner, suffix in (*((one, "") for one in inside), *((one.get("items", {}), "[]") for one in inside)):
            if "$ref" not in inner:
                continue
            here = f"{path}{setting}{suffix}"
            found = inner["$ref"].rsplit("/", 1)[-1]
            if found == name:
                yield "a text" if name == "Text" else here
            elif here.count(".") < DEEPEST:
                yield from _places(name, schema["$defs"][found], schema, f"{here}.")


def _kinds(schema: Node) -> dict[str, Node]:
    found = {}
    for each in schema["$defs"].values():
        kind = each.get("properties", {}).get("kind", {})
        if "const" in kind:
            found[str(kind["const"])] = each
    return dict(sorted(found.items()))


def _plain(text: str) -> str:
    return text.replace("``", "`").removesuffix(".")


def _first(node: Node) -> str:
    return str(node.get("description", "")).split("\n\n", maxsplit=1)[0].replace("\n", " ")


def _said(node: Node) -> dict[str, str]:
    """Return what the docstring says of each setting: the lines under ``Parameters:``."""
    found: dict[str, str] = {}
    names: list[str] = []
    listed = str(node.get("description", "")).partition("Parameters:\n")[2].split("\n\n", maxsplit=1)[0]
    for line in listed.splitlines():
        head, colon, rest = line.strip().partition(": ")
        if colon and len(line) - len(line.lstrip()) == 4 and all(each.isidentifier() for each in head.split(", ")):  # noqa: PLR2004  # names stand four blanks in
            names = head.split(", ")
            found |= dict.fromkeys(names, rest)
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _settings(heading: str, node: Node, schema: Node, *, says: str = "", skip: set[str] | None = None) -> Iterator[str]:
    required, told = set(node.get("required", [])), {**SAYS.get(str(node.get("title")), OF_A_SOURCE), **_said(node)}
    if node.get("title") == "MeasureConfig":
        told |= _said({"description": inspect.getdoc(Measure)})
    rows = []
    for name, each in node.get("properties", {}).items():
        if name in (skip or set()) or "const" in each:
            continue
        default = "required" if name in required else _default(each)
        rows.append(
            (f"`{name}`", _type(each, schema), default, _plain(each.get("description", "") or told.get(name, "")))
        )
    yield f"## {heading}"
    yield ""
    if says:
        yield says
        yield ""
    if rows:
        yield from _table(("setting", "holds", "if left out", "what it is"), rows)


def _default(node: Node) -> str:
    if "default" not in node:
        return "as below" if "$ref" in node else "nothing"
    value = node["default"]
    if value is None or value in ("", [], {}, ()):
        return "nothing"
    if isinstance(value, dict):
        return "as below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{value}`"


def _type(node: Node, schema: Node) -> str:
    if "$ref" in node:
        return "a text in both languages" if node["$ref"].endswith("/Text") else "settings, below"
    if "enum" in node:
        return "one of " + ", ".join(f"`{each}`" for each in node["enum"])
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_type(each, schema) for each in node["anyOf"] if each.get("type") != "null"))
    inner = node.get("items") or node.get("additionalProperties")
    if isinstance(inner, dict):
        return f"{'a list' if node['type'] == 'array' else 'names with values'}: {_type(inner, schema)}"
    return TYPES.get(str(node.get("format") or node.get("type")), "text")


# --- the command line


def command_line() -> Iterator[str]:
    """Yield the page of every command with its options."""
    yield "# Command line"
    yield ""
    yield str(commands.help)
    yield ""
    yield "With `--json` a command prints one JSON object on standard output; words and progress go to standard error. What the"
    yield "exit codes mean stands in [Read JSON output](../how-to/read-json-output.md)."
    yield ""
    yield from _options(commands)
    for name, command in _of_group(commands):
        arguments = " ".join(
            each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
        )
        yield f"## peil {name}"
        yield ""
        yield f"`peil {name}{' [OPTIONS]' if len(command.params) > len(arguments.split()) else ''}{' ' + arguments if arguments else ''}`"
        yield ""
        yield str(command.help)
        yield ""
        yield from _options(command)


def _of_group(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield commands by name, each group followed by its own."""
    for name, command in group.commands.items():
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _of_group(command, f"{before}{name} ")


def _options(command: click.Command) -> Iterator[str]:
    rows = []
    for each in command.params:
        if not isinstance(each, click.Option):
            continue
        names = ", ".join(f"`{name}`" for name in each.opts)
        takes = (
            ""
            if each.is_flag
            else f" {each.type.name.upper() if not isinstance(each.type, click.Choice) else '/'.join(each.type.choices)}"
        )
        says = " ".join((each.help or "").split())
        if each.show_default and each.default is not None:
            says = f"{says} If left out: `{each.default}`.".strip()
        if each.required:
            says = f"{says} Required.".strip()
        rows.append((names + takes, says))
    if rows:
        yield from _table(("option", "what it does"), rows)


# --- the tables


def tables() -> Iterator[str]:
    """Yield the page of every canonical table."""
    yield "# Tables"
    yield ""
    yield "What a source may deliver, written from the schemas that the door checks. A row that breaks a rule is kept aside with its line"
    yield "and the rule; it is counted and shown, and the load goes on."
    yield ""
    yield "Instants are stored in UTC, to the millisecond; `_on` is a day in the source's own time zone; `_ms` and `_cents` are whole"
    yield "numbers. Columns marked *pseudonym* hold a keyed hash by the time that they are stored, and columns marked *masked* are never"
    yield "shown in a list of rows kept aside."
    yield ""
    for schema in CANONICAL.values():
        yield from _schema(schema)


def _schema(schema: Schema) -> Iterator[str]:
    derived = {day for _, day in schema.local} | {f"{at.removesuffix('_at')}_minute" for at, _ in schema.local}
    yield f"## {schema.name}"
    yield ""
    newer = f" Of two deliveries the one with the later `{schema.version}` counts." if schema.version else ""
    yield f"One row is {schema.one_row_is}. Rows are told apart by {', '.join(f'`{each}`' for each in schema.key)}.{newer}"
    yield ""
    rows = [(f"`{each.name}`", _holds(each), _marks(each, derived), each.says) for each in schema.columns]
    yield from _table(("column", "holds", "", "what it is"), rows)
    if schema.rules:
        yield "Kept aside as well: " + "; ".join(f"{each.says} (`{each.name}`)" for each in schema.rules) + "."
        yield ""


def _holds(column: Column) -> str:
    if column.codes:
        return "one of " + ", ".join(f"`{each}`" for each in column.codes)
    words = {
        Kind.TEXT: "text",
        Kind.INTEGER: "whole number",
        Kind.INSTANT: "instant",
        Kind.DAY: "day",
        Kind.FLAG: "true or false",
        Kind.JSON: "JSON",
    }
    return words.get(column.kind, column.kind.value)


def _marks(column: Column, derived: set[str]) -> str:
    if column.name in {"source", "organisation"}:
        return "filled in"
    if column.name in derived:
        return "derived"
    marks = [
        "required" if column.required and column.default is None else "",
        f"else {column.default}" if column.default else "",
        "pseudonym" if column.handle else "masked" if column.personal else "",
    ]
    return ", ".join(each for each in marks if each)
