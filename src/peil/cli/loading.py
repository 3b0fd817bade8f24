"""Commands that set a project up and fill it: init, check, schema, load, rejected, demo, doctor."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from peil.cli.output import Teller, as_json_option, chosen_language, remember, table, tell


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False))
@click.option("--name", help="The project's name; the folder's if left out.")
@click.option("--table", "own", is_flag=True, help="Begin with a CSV mapping to fill in, not with a simulated centre.")
@click.option("--survey", "rounds", is_flag=True, help="Begin with a survey of three rounds, exports and all.")
@as_json_option
def init(folder: str, name: str | None, own: bool, rounds: bool, as_json: bool) -> None:
    """Make a project: a peil.yaml to edit, and the schema editors check it with."""
    from peil.examples import starter_project, survey_project

    if rounds and own:
        raise click.UsageError("a project begins with --table or with --survey, not with both")
    path = survey_project(folder, name=name) if rounds else starter_project(folder, name=name, simulated=not own)
    place = "" if folder == "." else f"cd {folder} && "
    tell({"config": str(path)}, as_json=as_json, text=f"made {path}\nnext: {place}peil load && peil report")


@click.command()
@as_json_option
@click.pass_obj
def check(path: str | None, as_json: bool) -> None:
    """Check the configuration and the bridges it names, without reading any data."""
    from peil.project import open_project
    from peil.sources.bridge import check_bridges

    project = open_project(path)
    check_bridges(project.settings.sources, project.root)
    measures = len(project.measures)
    told = {"project": project.settings.name, "sources": len(project.settings.sources), "measures": measures}
    tell(told, as_json=as_json, text=f"peil.yaml is right: {told['sources']} sources, {measures} measures")


@click.command()
def schema() -> None:
    """Print the JSON Schema of peil.yaml, for editors."""
    from peil.config import json_schema

    click.echo(json.dumps(json_schema(), indent=1))


@click.command()
@as_json_option
@click.pass_obj
@click.pass_context
def load(ctx: click.Context, path: str | None, as_json: bool) -> None:
    """Load every export that is new; bad rows are kept aside and counted."""
    from peil.dataset import described
    from peil.project import open_project

    project = open_project(path)
    teller = Teller(quiet=as_json)
    began = time.monotonic()
    try:
        made = project.load(teller)
        run = None
        if project.store.loads():
            teller("building contacts, persons and journeys", len(made.new), len(made.new) + 1)
            run = described(project.data.run)
    finally:
        teller.close()
        project.close()
    tables: dict[str, dict[str, int]] = {}
    for each in made.new:
        for name, counts in each.tables.items():
            row = tables.setdefault(
                name or "(no table)", dict.fromkeys(("rows_in", "good", "rejected", "delivered_again", "superseded"), 0)
            )
            for what in row:
                row[what] += getattr(counts, what)
    told = {
        "new": [each.file for each in made.new],
        "unchanged": list(made.unchanged),
        "refused": [{"file": each.file, "says": each.says, "remedy": each.remedy} for each in made.refused],
        "tables": tables,
        "seconds": round(time.monotonic() - began, 2),
        "run": run,
    }
    remember(project.root, "load", told)
    if as_json:
        tell(told, as_json=True)
    else:
        click.echo(
            f"{len(made.new)} new, {len(made.unchanged)} unchanged, {len(made.refused)} refused, in {told['seconds']} s"
        )
        if tables:
            heads = ("table", "rows in", "good", "kept aside", "delivered again", "superseded")
            table(
                heads,
                [(name, *(f"{each:,}" for each in row.values())) for name, row in tables.items()],
                right=range(1, 6),
            )
        for file in made.refused:
            click.echo(
                f"{click.style('refused', fg='red')} {file.file}: {file.says}\n  remedy: {file.remedy}", err=True
            )
        if any(row["rejected"] for row in tables.values()):
            click.echo("see the rows kept aside, with file and line: peil rejected")
    if made.refused:
        ctx.exit(max(each.exit_code for each in made.refused))


@click.command()
@click.option("--limit", default=50, show_default=True, help="Rows to print; JSON has them all.")
@as_json_option
@click.pass_obj
def rejected(path: str | None, limit: int, as_json: bool) -> None:
    """Show the rows kept aside: file, line, rule, column and value (personal ones masked)."""
    from peil.project import open_project

    project = open_project(path)
    rows, refused = project.rejected(), project.refused()
    if as_json:
        tell({"rejected": rows, "refused": [{"file": each.file, "says": each.says} for each in refused]}, as_json=True)
        return
    for each in refused:
        click.echo(f"refused whole: {each.file}: {each.says}")
    if not rows:
        click.echo("no row is kept aside")
        return
    table(
        ("file", "line", "table", "rule", "value"),
        [(row["file"], str(row["line"]), row["table"] or "", row["rule"], _as_delivered(row)) for row in rows[:limit]],
        right=(1,),
    )
    if len(rows) > limit:
        click.echo(f"… and {len(rows) - limit:,} more: --limit or --json")


def _as_delivered(row: dict[str, Any]) -> str:
    """Return the value as the export has it: answers are stored in thousandths."""
    column, value = str(row.get("column") or ""), str(row["value"] or "")
    if column.endswith("_milli") and value.lstrip("-").isdigit():
        return f"{int(value) / 1000:g}"
    return value


@click.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False))
@click.option("--contacts", default=300_000, show_default=True, help="Contacts over three years.")
@click.option("--lang", "language", type=click.Choice(["en", "nl"]), default="en", show_default=True)
@as_json_option
def demo(folder: str, contacts: int, language: str, as_json: bool) -> None:
    """Simulate a benchmark of eight organisations and write its report."""
    from peil.examples import demo_project
    from peil.reports.sentences import sentence

    teller = Teller(quiet=as_json)
    began = time.monotonic()
    try:
        teller("simulating and loading", 0, 3)
        project = demo_project(folder, contacts=contacts)
        teller("building contacts, persons and journeys", 1, 3)
        _ = project.data
        teller("estimating and drawing", 2, 3)
        report = project.report(chosen_language(language))
    finally:
        teller.close()
    seconds = round(time.monotonic() - began, 1)
    findings = [
        {
            "says": sentence(finding, chosen_language(language)),
            "planted": [{"says": each.says, "held": each.holds} for each in planted],
        }
        for finding, planted in zip(report.findings, report.planted, strict=True)
    ]
    told = {"report": str(report.path), "headlines": list(report.headlines), "findings": findings, "seconds": seconds}
    remember(project.root, "demo", told)
    project.close()
    lines = ["Simulated from beginning to end; no figure is about a real organisation.", ""]
    for each in zip(report.findings, report.planted, strict=True):
        lines.append(f"  • {sentence(each[0], chosen_language(language))}")
        lines += [f"      planted: {one.says} {_HELD[one.holds]}" for one in each[1]]
    lines += ["", f"report: {Path(report.path).resolve()}  ({seconds} s)"]
    tell(told, as_json=as_json, text="\n".join(lines))


_HELD = {True: "The interval holds it.", False: "The interval misses it, as about 5 in 100 do."}


@click.command()
@as_json_option
@click.pass_obj
@click.pass_context
def doctor(ctx: click.Context, path: str | None, as_json: bool) -> None:
    """Look whether everything is in order: Python, libraries, engine, configuration, store."""
    from peil.doctor import examined

    found = examined(path)
    if as_json:
        tell(
            {
                "checks": [
                    {"name": each.name, "state": each.state, "says": each.says, "remedy": each.remedy} for each in found
                ]
            },
            as_json=True,
        )
    else:
        marks = {
            "ok": click.style("ok  ", fg="green"),
            "note": click.style("note", fg="yellow"),
            "bad": click.style("bad ", fg="red"),
        }
        for each in found:
            click.echo(
                f"{marks[each.state]}  {each.name}: {each.says}"
                + (f"\n      remedy: {each.remedy}" if each.remedy else "")
            )
    if any(each.state == "bad" for each in found):
        ctx.exit(1)


COMMANDS = (init, check, load, rejected, demo, doctor, schema)
