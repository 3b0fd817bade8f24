"""Commands about surveys: who was asked, who answered, how answers are weighted, and what changed from round to round."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import Teller, as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.option("--name", help="Only this survey.")
@click.option(
    "--lang", "language", type=LANGUAGES, default="en", show_default=True, help="Language of what is printed."
)
@as_json_option
@click.pass_obj
def survey(path: str | None, name: str | None, language: str, as_json: bool) -> None:
    """Tell of each survey who was asked, outcome rates, weights, rounds compared, and the questions as they were put."""
    from peil.project import open_project

    project = open_project(path)
    teller = Teller(quiet=as_json)
    try:
        chapters = project.surveys(chosen_language(language), name=name, progress=teller)
    finally:
        teller.close()
        project.close()
    if as_json:
        tell({"surveys": [_plain(each) for each in chapters]}, as_json=True)
        return
    if not chapters:
        click.echo("there are no answers to any survey")
    for each in chapters:
        click.secho(each.title, bold=True)
        for fact in each.facts:
            click.echo(f"  {fact}")
        for one in each.tables:
            rows = [[cell.shown for cell in row] for row in one.rows]
            right = [place for place, cell in enumerate(one.rows[0]) if cell.numeric] if one.rows else []
            table(one.head, rows, right=right, title=one.caption)
        click.echo("")


@click.command()
@click.argument("name", metavar="SURVEY")
@click.option(
    "--out", type=click.Path(file_okay=False), default=".", show_default=True, help="Folder for the two files."
)
@click.option("--fixed", is_flag=True, help="Fixed columns (.asc) instead of a .csv.")
@as_json_option
@click.pass_obj
def export(path: str | None, name: str, out: str, fixed: bool, as_json: bool) -> None:
    """Write a survey as Triple-S 2.0: a description (.sss) and the answers beside it."""
    from pathlib import Path

    from peil.project import open_project

    project = open_project(path)
    try:
        made = project.export(name, Path(out), fixed=fixed)
    finally:
        project.close()
    tell({"survey": name, "description": str(made)}, as_json=as_json, text=f"written: {made}")


def _plain(chapter: Any) -> dict[str, object]:  # noqa: ANN401  # peil.reports.survey_chapter.Chapter, imported late
    return {
        "survey": chapter.survey,
        "audience": chapter.audience,
        "facts": list(chapter.facts),
        "tables": {one.file.removesuffix(".csv").replace("-", "_"): one.records for one in chapter.tables},
    }


COMMANDS = (survey, export)
