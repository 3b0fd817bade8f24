"""Commands about journeys: the ways customers went, where they gave up, and what it took of their time."""

from __future__ import annotations

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.option("--top", type=click.IntRange(1, 200), default=10, show_default=True, help="How many ways to list.")
@click.option(
    "--lang", "language", type=LANGUAGES, default="en", show_default=True, help="Language of what is printed."
)
@as_json_option
@click.pass_obj
def journeys(path: str | None, top: int, language: str, as_json: bool) -> None:
    """Tell which ways customers went, where they gave up, and what it took of their time, minute by minute."""
    from peil.errors import EvidenceError
    from peil.project import open_project

    project = open_project(path)
    try:
        found = project.journeys(chosen_language(language), top=top)
        rule = project.journey_rule
    finally:
        project.close()
    if found is None:
        raise EvidenceError(
            "too few journeys lie in the data from beginning to end",
            remedy="load more months, give 'journeys.window_days' fewer days, or map a handle of the customer",
        )
    if as_json:
        rows = {
            one.file.removesuffix(".csv").replace("-", "_"): one.records
            for one in (*found.tables, *(figure.table for figure in found.figures))
        }
        window = {"window_days": rule.window_days, "reason": rule.reason, "retell_seconds": rule.retell_seconds}
        tell({"rule": window, "facts": list(found.facts), **rows}, as_json=True)
        return
    for fact in found.facts:
        click.echo(fact)
    for one in found.tables:
        click.echo("")
        right = [place for place, cell in enumerate(one.rows[0]) if cell.numeric]
        table(one.head, [[cell.shown for cell in row] for row in one.rows], right=right, title=one.caption)


COMMANDS = (journeys,)
