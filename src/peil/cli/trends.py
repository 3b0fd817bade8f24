"""Commands of the trend register: what is claimed, what has come due, settling it, and how good the forecasts were."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])
_LANG = click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
_FILE = click.option(
    "--file",
    type=click.Path(dir_okay=False),
    help="A register elsewhere; trends.yaml in the project, or the shipped one, if left out.",
)
_TODAY = click.option("--today", help="The day to look from, such as 2024-01-01; the clock's if left out.")


@click.group(invoke_without_command=True)
@_FILE
@_TODAY
@_LANG
@as_json_option
@click.pass_context
def trends(ctx: click.Context, file: str | None, today: str | None, language: str, as_json: bool) -> None:
    """List the claims and forecasts of the register; 'due', 'resolve' and 'score' settle and score them."""
    if ctx.invoked_subcommand is None:
        _listed(ctx.obj, file, today, language, as_json=as_json, only_due=False)


@trends.command()
@_FILE
@_TODAY
@_LANG
@as_json_option
@click.pass_obj
def due(path: str | None, file: str | None, today: str | None, language: str, as_json: bool) -> None:
    """List what has come due and is not settled, and what would settle it."""
    _listed(path, file, today, language, as_json=as_json, only_due=True)


@trends.command()
@click.argument("ids", metavar="[TREND]...", nargs=-1)
@click.option("--value", type=float, help="The figure that was read; the rule then decides.")
@click.option("--outcome", type=click.Choice(["yes", "no", "undecided"]), help="What came, where there is no figure.")
@click.option("--source", default="", help="Where the figure was read.")
@click.option("--because", default="", help="Why what was settled before is put right.")
@_FILE
@_TODAY
@_LANG
@as_json_option
@click.pass_obj
def resolve(
    path: str | None,
    ids: tuple[str, ...],
    *,
    value: float | None,
    outcome: str | None,
    source: str,
    because: str,
    file: str | None,
    today: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Settle TREND by the project's own measure, or by a figure given by hand; all that are due if none is named."""
    from dataclasses import replace

    from peil.errors import DefinitionError, PeilError
    from peil.studies.trend_register.ledger import add, latest
    from peil.studies.trend_register.settling import named, settle, settle_by_hand, standings

    by_hand = value is not None or outcome is not None
    if by_hand and len(ids) != 1:
        raise DefinitionError("a figure settles one trend", remedy="name the one it is about")
    project, found, day = _opened(path, file, today)
    held = latest(found.lines)
    waiting = [each.trend for each in standings(found.register, held, day) if each.state in {"due", "undecided"}]
    chosen = (
        named(found.register, ids)
        if ids
        else tuple(each for each in waiting if each.rule.measure and each.due_on <= day)
    )
    told: list[dict[str, Any]] = []
    try:
        for each in chosen:
            try:
                if by_hand:
                    made = settle_by_hand(
                        each, today=day, source=source, value=value, outcome=_outcome(outcome), because=because
                    )
                else:
                    level = project.settings.report.level if project else 0.95
                    made = settle(each, _data(project), catalogue=_catalogue(project), today=day, level=level)
                    made = replace(made, because=because)
                if not ids and each.id in held and held[each.id].outcome == made.outcome:
                    continue  # still undecided: nothing new to write down
                told.append(add(found.ledger, each, made).plain())
            except PeilError as fault:
                if ids:
                    raise
                told.append({"trend": each.id, "outcome": "not settled", "says": fault.what, "remedy": fault.remedy})
    finally:
        if project:
            project.close()
    if as_json:
        tell({"resolutions": told, "ledger": found.ledger.name}, as_json=True)
        return
    _settled(told, language)


@trends.command()
@click.option("--matters", type=click.FloatRange(0, 1), default=0.0, help="The smallest skill that matters, 0 to 1.")
@_FILE
@_TODAY
@_LANG
@as_json_option
@click.pass_obj
def score(path: str | None, matters: float, file: str | None, today: str | None, language: str, as_json: bool) -> None:
    """Score the forecasts that were settled: Brier, logarithmic and CRPS, with intervals, skill and calibration."""
    from peil.reports.trend_register import facts, plain, score_table
    from peil.studies.trend_register.ledger import latest
    from peil.studies.trend_register.scoreboard import scoreboard

    project, found, day = _opened(path, file, today)
    level = project.settings.report.level if project else 0.95
    board = scoreboard(found.register, latest(found.lines), _run(project), today=day, level=level, matters=matters)
    lang = chosen_language(language)
    if as_json:
        tell(plain(board), as_json=True)
        return
    for each in facts(board, lang):
        click.echo(each)
    made = score_table(board, lang)
    if made.rows:
        table(made.head, [[cell.shown for cell in row] for row in made.rows], right=(2, 4, 5))


@trends.command()
@_FILE
@_LANG
@as_json_option
@click.pass_obj
def evidence(path: str | None, file: str | None, language: str, as_json: bool) -> None:
    """Show the evidence with what may bias it, and take together what several sources were asked alike."""
    from dataclasses import asdict

    from peil.reports.forest import taken_told
    from peil.reports.trend_register import evidence_table, syntheses

    _, found, _ = _opened(path, file, None)
    lang = chosen_language(language)
    made, together = evidence_table(found.register, lang), syntheses(found.register)
    if as_json:
        rows = made.records
        said = [
            {
                "item": one.item,
                "about": about.en,
                "says": one.says.en,
                "taken": asdict(one.taken) if one.taken else None,
            }
            for one, about in together
        ]
        tell({"evidence": rows, "together": said}, as_json=True)
        return
    table(made.head, [[cell.shown for cell in row] for row in made.rows])
    for one, about in together:
        click.echo(f"{about.read(lang)}: {one.says.read(lang)}")
        if one.taken:
            click.echo(f"  {taken_told(one, lang)}")


def _listed(
    path: str | None, file: str | None, today: str | None, language: str, *, as_json: bool, only_due: bool
) -> None:
    from peil.studies.trend_register.grading import source_issues
    from peil.studies.trend_register.ledger import latest
    from peil.studies.trend_register.settling import STATE_LABELS, rule_told, standings

    project, found, day = _opened(path, file, today)
    lang, catalogue = chosen_language(language), _catalogue(project)
    shown = [
        each
        for each in standings(found.register, latest(found.lines), day)
        if not only_due or (each.state in {"due", "undecided"} and each.trend.due_on <= day)
    ]
    issues = source_issues(found.register.sources)
    if as_json:
        told = [
            {
                "id": each.trend.id,
                "claim": {"en": each.trend.claim.en, "nl": each.trend.claim.nl},
                "kind": each.trend.kind,
                "source": each.trend.source,
                "due_on": each.trend.due_on.isoformat(),
                "probability": each.trend.probability,
                "set_by": each.trend.set_by if each.trend.is_forecast else None,
                "state": each.state,
                "rule": rule_told(each.trend.rule, catalogue).en,
                "measure": each.trend.rule.measure or None,
                "outcome": each.resolution.outcome if each.resolution else None,
            }
            for each in shown
        ]
        said = [{"name": each.name, "sources": list(each.sources), "says": each.says.en} for each in issues]
        tell({"register": found.register.name, "trends": told, "source_issues": said}, as_json=True)
        return
    rows = [
        (
            each.trend.id,
            each.trend.kind_label.read(lang),
            each.trend.due_on.isoformat(),
            "" if each.trend.probability is None else f"{each.trend.probability:.0%}",
            STATE_LABELS[each.state].read(lang),
            rule_told(each.trend.rule, catalogue).read(lang) if only_due else each.trend.claim.read(lang),
        )
        for each in shown
    ]
    last = "rule" if only_due else "claim"
    if rows:
        table(("trend", "kind", "due", "chance", "state", last), rows, right=(3,))
    click.echo(f"{len(rows)} of {len(found.register.trends)} claims in {found.register.name}")
    for issue in issues:
        click.echo(f"  {issue.says.read(lang)}")


def _settled(told: list[dict[str, Any]], language: str) -> None:
    from peil.reports import numbers
    from peil.reports.trend_register import OUTCOME_LABELS
    from peil.terms import Label

    if not told:
        click.echo("nothing was settled; 'peil trends due' lists what waits for a figure")
        return
    lang = chosen_language(language)
    for each in told:
        if "says" in each:
            click.echo(f"{each['trend']}: not settled: {each['says']}\n  remedy: {each['remedy']}")
            continue
        places = 3 if each["by"] == "measure" or each["value"] is None else _places(each["value"])
        number = "" if each["value"] is None else f", {numbers.number(each['value'], lang, places=places)}"
        ends = [each["low"], each["high"]]
        if each["by"] == "measure" and None not in ends:
            low, high = (numbers.number(one, lang, places=places) for one in ends)
            number += f" ({low} {Label('to', 'tot').read(lang)} {high})"
        click.echo(f"{each['trend']}: {OUTCOME_LABELS[each['outcome']].read(lang)}{number}; {each['source']}")


def _places(value: float) -> int:
    return len(f"{value:g}".partition(".")[2])


def _opened(path: str | None, file: str | None, today: str | None) -> tuple[Any, Any, Any]:
    from datetime import UTC, date, datetime
    from pathlib import Path

    from peil.errors import DefinitionError, SourceError

    try:
        day = date.fromisoformat(today) if today else datetime.now(UTC).date()
    except ValueError:
        raise DefinitionError(f"'{today}' is no day", remedy="write it as 2024-01-01") from None
    from peil.project import open_project
    from peil.studies.trend_register.kept import kept

    try:
        project = open_project(path)
    except SourceError:
        if path:
            raise
        project = None
    folder = project.root if project else Path()
    return project, kept(folder, file=Path(file) if file else None, catalogue=_catalogue(project)), day


def _catalogue(project: Any) -> Any:  # noqa: ANN401  # peil.project.Project, imported late
    from peil.measures.catalogue import CATALOGUE

    return project.measures if project else CATALOGUE


def _data(project: Any) -> Any:  # noqa: ANN401  # peil.project.Project, imported late
    from peil.errors import SourceError

    if project is None:
        raise SourceError(
            "there is no project here to measure with", remedy="run it in a project, or give --value and --source"
        )
    return project.data


def _run(project: Any) -> Any:  # noqa: ANN401  # peil.project.Project, imported late
    from importlib.metadata import version

    from peil.dataset import Run
    from peil.errors import EvidenceError

    try:
        if project is not None:
            return project.data.run
    except EvidenceError:  # nothing was loaded: forecasts settled by hand are scored all the same
        pass
    finally:
        if project is not None:
            project.close()
    return Run(inputs={}, version=version("peil"), engine="none")


def _outcome(told: str | None) -> Any:  # noqa: ANN401  # one of the ledger's outcomes
    return told


COMMANDS = (trends,)
