"""The command about small cells: what a model says of groups with few answers, beside what their own answers say."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.argument("measure", required=False)
@click.option(
    "--by", multiple=True, help="What cells are crossed by: a column or extra.NAME; once, twice or three times."
)
@click.option(
    "--population",
    help="What averages are weighted to: contacts, or a CSV or Parquet file in the project with the columns of --by and population.",
)
@click.option("--where", help="Choose rows, as row-level SQL.")
@click.option("--margins", is_flag=True, help="Leave the cells themselves out.")
@click.option("--out", type=click.Path(dir_okay=False), help="Write the cells to this file as CSV, too.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def cells(  # noqa: PLR0917  # a crossing is agreed on in this many terms
    path: str | None,
    measure: str | None,
    by: tuple[str, ...],
    population: str | None,
    where: str | None,
    margins: bool,
    out: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Give every cell of a crossing a model's value; asks what peil.yaml asks under report.small_cells, if no MEASURE is named."""
    from pathlib import Path

    from peil.dataset import described
    from peil.project import open_project
    from peil.reports.asked import Asked
    from peil.reports.small_cells import modelled, told_of
    from peil.reports.small_cells_tables import cells_table, errors_table, margin_table, spread_table

    project = open_project(path)
    report = project.settings.report
    try:
        asked = Asked(
            data=project.data,
            catalogue=project.measures,
            language=chosen_language(language),
            minimum_n=report.minimum_n,
            level=report.level,
        )
        wanted = [each.within(project.root) for each in _wanted(report, measure, by, population, where)]
        if out and len(wanted) > 1:
            raise click.UsageError(f"peil.yaml asks for {len(wanted)} crossings: name the one to write")
        found = [modelled(asked, each) for each in wanted]
    finally:
        project.close()
    every = [cells_table(asked, each) for each in found]
    if out:
        Path(out).write_text(every[0].csv, encoding="utf-8", newline="")
    if as_json:
        tell({"small_cells": [each.plain() for each in found], "run": described(found[0].run)}, as_json=True)
        return
    for place, one in enumerate(found):
        for fact in told_of(asked, one):
            click.echo(fact)
        tables = [errors_table(asked, one), spread_table(asked, one)]
        tables += [margin_table(asked, one, name) for name in one.by if len(one.by) > 1]
        for each in tables if margins else [*tables, every[place]]:
            click.echo()
            _shown(each)
    if out:
        click.echo(f"\nwritten: {out}")


def _wanted(
    report: Any,  # noqa: ANN401  # peil.config.ReportConfig, imported late
    measure: str | None,
    by: tuple[str, ...],
    population: str | None,
    where: str | None,
) -> tuple[Any, ...]:
    """Return what was asked for here, or else what the configuration asks for."""
    from peil.config.small_cells import SmallCellsConfig

    given = {"by": by, "population": population, "where": where}
    named = {name: value for name, value in given.items() if value}
    if measure is not None:
        if not 1 <= len(by) <= 3:  # noqa: PLR2004  # what a model crosses
            raise click.UsageError("say what cells are crossed by: --by ROW --by COLUMN, three times at most")
        return (SmallCellsConfig(measure=measure, **named),)
    if not report.small_cells:
        raise click.UsageError(
            "name a MEASURE and what cells are crossed by, or list them under report.small_cells in peil.yaml"
        )
    if named:
        raise click.UsageError("name the MEASURE as well: these options go with it")
    return tuple(report.small_cells)


def _shown(one: Any) -> None:  # noqa: ANN401  # peil.reports.tables.Table, imported late
    rows = [[cell.shown for cell in row] for row in one.rows]
    right = [place for place, cell in enumerate(one.rows[0]) if cell.numeric] if one.rows else []
    table(one.head, rows, right=right, title=one.caption)


COMMANDS = (cells,)
