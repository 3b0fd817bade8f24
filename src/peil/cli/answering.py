"""Commands about answers: whether those who answer speak for all, and whether a scale is worth its questions."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.argument("measure", default="nps")
@click.option("--survey", help="Only this survey, of several.")
@click.option(
    "--frame", help="For which contacts the figure is to speak, as row-level SQL; all inbound ones if left out."
)
@click.option(
    "--fact", "facts", multiple=True, metavar="NAME=SQL", help="Something more that is known of every contact."
)
@click.option(
    "--gamma", "gammas", type=float, multiple=True, help="For the bounds: how far apart the odds to answer are."
)
@click.option("--matters", type=float, default=0.0, help="The smallest shift that matters, in the measure's unit.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def nonresponse(  # noqa: PLR0917  # an argument an option
    path: str | None,
    measure: str,
    survey: str | None,
    frame: str | None,
    facts: tuple[str, ...],
    gammas: tuple[float, ...],
    matters: float,
    language: str,
    as_json: bool,
) -> None:
    """Say whether those who answered speak for every contact: MEASURE (nps) as answered, weighted, and its bounds."""
    from peil.project import open_project
    from peil.reports import sentences, survey_answering

    lang = chosen_language(language)
    project = open_project(path)
    try:
        found = project.nonresponse(
            measure, survey=survey, frame=frame, facts=dict(map(_fact, facts)), gammas=gammas, matters=matters
        )
        asked = project.asked(lang)
    finally:
        project.close()
    finding = found.finding
    answering = survey_answering.answering_figure(asked, found)
    shown = [survey_answering.bounds_table(asked, found), *([answering.table] if answering else [])]
    if as_json:
        told = {
            "measure": measure,
            "verdict": finding.verdict,
            "says": {"en": found.says.en, "nl": found.says.nl},
            "answers": found.naive.plain(),
            "weighted": found.adjusted.plain(),
            "shift": {"value": finding.effect.value, "low": finding.effect.low, "high": finding.effect.high},
            "level": finding.effect.level,
            "bounds": [
                {
                    "odds_apart": each.gamma,
                    **{name: getattr(each, name) for name in ("low", "high", "lowest", "highest")},
                }
                for each in found.bounds
            ],
            "r_indicator": {
                "value": found.representative.r,
                "low": found.representative.r_low,
                "high": found.representative.r_high,
            },
            "most_off": found.most_off,
            "checks": _checks(finding),
            "assumptions": [each.en for each in finding.assumptions],
            "who_answers": answering.table.records if answering else [],
        }
        tell(told, as_json=True)
        return
    click.secho(finding.question.read(lang), bold=True)
    click.echo(
        f"{sentences.VERDICTS[finding.verdict].read(lang)}: {finding.says.read(lang)} ({sentences.gap_told(finding.effect, lang)})"
    )
    _say(finding, lang)
    for each in shown:
        _show(each)


@click.command()
@click.argument("items", nargs=-1)
@click.option("--speed", multiple=True, help="Of those items the ones about time: named, they are what is added.")
@click.option("--beside", default="ces_2", show_default=True, help="The construct that the scale is held against.")
@click.option("--outcome", default="csat", show_default=True, help="The construct to foretell, or repeat_7d.")
@click.option("--survey", help="Only this survey, of several.")
@click.option("--where", default="true", help="Choose answers, as row-level SQL.")
@click.option("--matters", type=float, default=0.01, show_default=True, help="The smallest gain in R² that matters.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def scale(  # noqa: PLR0917  # an argument an option
    path: str | None,
    items: tuple[str, ...],
    speed: tuple[str, ...],
    beside: str,
    outcome: str,
    survey: str | None,
    where: str,
    matters: float,
    language: str,
    as_json: bool,
) -> None:
    """Say how reliable the scale of the questions ITEMS is, and what it tells beyond one question on effort.

    Without ITEMS it is the scale on effort and speed of Peil's own.
    """
    from peil.project import open_project
    from peil.reports import scale_tables, sentences

    lang = chosen_language(language)
    project = open_project(path)
    try:
        found = project.scale_quality(
            items, speed=speed, beside=beside, outcome=outcome, survey=survey, where=where, matters=matters
        )
        asked = project.asked(lang)
    finally:
        project.close()
    finding, kept = found.finding, found.reliability
    if as_json:
        told = {
            "verdict": finding.verdict,
            "says": {"en": finding.says.en, "nl": finding.says.nl},
            "n": found.n,
            "persons": found.persons,
            "incomplete": found.incomplete,
            "level": kept.level,
            "coefficient": kept.method,
            "reliability": {"value": _number(kept.value), "low": _number(kept.low), "high": _number(kept.high)},
            "alpha": {"value": _number(kept.alpha), "low": _number(kept.alpha_low), "high": _number(kept.alpha_high)},
            "items": [
                {"question": each.question, **{name: _number(getattr(each, name)) for name in _OF_ITEM}}
                for each in found.items
            ],
            "gain": {"value": finding.effect.value, "low": finding.effect.low, "high": finding.effect.high},
            "r2_before": found.scale_gain.before,
            "checks": _checks(finding),
            "assumptions": [each.en for each in finding.assumptions],
        }
        tell(told, as_json=True)
        return
    click.secho(finding.question.read(lang), bold=True)
    click.echo(f"{sentences.VERDICTS[finding.verdict].read(lang)}: {finding.says.read(lang)}")
    for line in scale_tables.told(asked, found):
        click.echo(f"  {line}")
    _say(finding, lang)
    _show(scale_tables.items_table(asked, found))


_OF_ITEM = ("mean", "item_rest", "loading", "alpha_without")


def _fact(told: str) -> tuple[str, str]:
    name, equals, sql = told.partition("=")
    if not (name.strip() and equals and sql.strip()):
        raise click.BadParameter(f"'{told}' is no fact; write it as reason=reason, a name and row-level SQL")
    return name.strip(), sql.strip()


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124  # JSON has no nan


def _checks(finding: Any) -> list[dict[str, object]]:  # noqa: ANN401  # peil.studies.finding.Finding, imported late
    return [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in finding.checks]


def _say(finding: Any, lang: Any) -> None:  # noqa: ANN401  # the same
    for each in finding.checks:
        click.echo(f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}")
    for each in finding.assumptions:
        click.echo(f"  -   {each.read(lang)}")
    if finding.settles:
        click.echo(f"  {finding.settles.read(lang)}")


def _show(one: Any) -> None:  # noqa: ANN401  # peil.reports.tables.Table, imported late
    right = [place for place, cell in enumerate(one.rows[0]) if cell.numeric] if one.rows else []
    table(one.head, [[cell.shown for cell in row] for row in one.rows], right=right, title=one.caption)


COMMANDS = (nonresponse, scale)
