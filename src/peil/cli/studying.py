"""Commands that study: whether a measure changed on a day, and what is wrong with figures that others published."""

from __future__ import annotations

from typing import Literal

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.argument("measure")
@click.option("--on", "broke_on", default="2020-03-16", show_default=True, help="First day that counts as after.")
@click.option("--period", type=click.Choice(["week", "month"]), default="month", show_default=True)
@click.option("--where", default="true", help="Choose rows, as row-level SQL.")
@click.option("--matters", type=float, default=0.0, help="The smallest change that matters, in the measure's unit.")
@click.option("--dose", help="CSV or Parquet of how much of the event there was, by date (and unit): ask that instead.")
@click.option("--otherwise", type=float, help="The dose of periods that are not in that file.")
@click.option("--by", default="organisation", show_default=True, help="What names the units of the dose.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def trend(  # noqa: PLR0917  # an argument an option
    path: str | None,
    measure: str,
    broke_on: str,
    period: str,
    where: str,
    matters: float,
    dose: str | None,
    otherwise: float | None,
    by: str,
    language: str,
    as_json: bool,
) -> None:
    """Say whether MEASURE changed on a day: a break, a trend under way, another date, or noise."""
    from datetime import date

    from peil.errors import DefinitionError
    from peil.project import open_project
    from peil.reports.sentences import VERDICTS, sentence

    try:
        day = date.fromisoformat(broke_on)
    except ValueError:
        raise DefinitionError(f"'{broke_on}' is no day", remedy="write it as 2020-03-16") from None
    project = open_project(path)
    try:
        length: Literal["week", "month"] = "week" if period == "week" else "month"
        if dose:
            answer = project.dose_response(
                measure, dose, otherwise=otherwise, by=by, period=length, where=where, matters=matters
            )
            finding, kind = answer.finding, "dose"
        else:
            broken = project.trend_break(measure, broke_on=day, period=length, where=where, matters=matters)
            finding, kind = broken.finding, broken.kind
    finally:
        project.close()
    effect, lang = finding.effect, chosen_language(language)
    told = {
        "verdict": finding.verdict,
        "kind": kind,
        "says": {"en": finding.says.en, "nl": finding.says.nl},
        "change": effect.value if effect.value == effect.value else None,
        "low": effect.low if effect.low == effect.low else None,
        "high": effect.high if effect.high == effect.high else None,
        "level": effect.level,
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in finding.checks],
    }
    lines = [f"{VERDICTS[finding.verdict].read(lang)}: {sentence(finding, lang)}"]
    lines += [f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}" for each in finding.checks]
    if finding.settles:
        lines.append(f"  {finding.settles.read(lang)}")
    tell(told, as_json=as_json, text="\n".join(lines))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
def evidence(file: str, language: str, as_json: bool) -> None:
    """Tell what is wrong with the published figures in FILE: two bases in one claim, a share called a score, and more."""
    from pathlib import Path

    from peil.evidence.checks import check_figures
    from peil.evidence.reading import read
    from peil.evidence.table import issue_table

    figures = read(Path(file))
    issues = check_figures(figures)
    made, lang = issue_table(issues), chosen_language(language)
    heads = [each.read(lang) for each in made.head]
    rows = [[each.read(lang) for each in row] for row in made.rows]
    if as_json:
        tell({"figures": len(figures), "issues": [dict(zip(heads, row, strict=True)) for row in rows]}, as_json=True)
        return
    if rows:
        table(heads, rows)
    click.echo(f"{len(figures)} figures, {len(issues)} issues")


COMMANDS = (trend, evidence)
