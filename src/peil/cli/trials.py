"""The command about trying before buying: how long a trial brings in most."""

from __future__ import annotations

import math
from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command("trials")
@click.option("--where", help="Choose visitors, such as those of one product, as row-level SQL over orders.")
@click.option(
    "--by-lot/--chosen",
    "by_lot",
    default=None,
    help="Whether chance decided who was offered which length, or they did.",
)
@click.option("--decided", help="Field with the day of the trial on which it was kept for good.")
@click.option("--segment", help="Column that tells visitors apart before the trial, for a length of their own.")
@click.option("--daily-cost", type=click.FloatRange(min=0), help="Euros a day in which something is out.")
@click.option("--later", help="Measure of orders that says what visitors brought in afterwards.")
@click.option(
    "--matters", type=click.FloatRange(min=0), help="Euros a visitor below which a difference does not matter."
)
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def trials(path: str | None, /, language: str, *, as_json: bool, **told: Any) -> None:  # noqa: ANN401  # click's own types
    """Say which length of trial brings in most per visitor; asks what peil.yaml asks under report.trials, if it does."""
    from peil.config.trials import TrialConfig
    from peil.project import open_project
    from peil.studies.trial_length import trial_length

    given = {name: value for name, value in told.items() if value is not None}
    project = open_project(path)
    found: list[Any] = []
    try:
        for one in project.settings.report.trials or (TrialConfig(),):
            asked = one.model_copy(update=given).model_dump()
            later = asked.pop("later")
            found.append(
                trial_length(
                    project.data,
                    later=project.measure(later) if later else None,
                    level=project.settings.report.level,
                    **asked,
                )
            )
    finally:
        project.close()
    if as_json:
        tell({"trials": [_plain(each) for each in found]}, as_json=True)
        return
    for place, each in enumerate(found):
        if place:
            click.echo()
        _shown(each, chosen_language(language))


def _shown(found: Any, lang: Any) -> None:  # noqa: ANN401  # peil.studies.trial_length.TrialLength, imported late
    from peil.cli.plotted import curve, intervals
    from peil.reports.sentences import VERDICTS, sentence
    from peil.reports.trial_length import trial_notes, trial_table
    from peil.terms import Label

    finding = found.finding
    click.echo(f"{VERDICTS[finding.verdict].read(lang)}: {sentence(finding, lang)}")
    for each in finding.checks:
        click.echo(f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}")
    made = trial_table(found, lang, caption="")
    table(made.head, [[cell.shown for cell in row] for row in made.rows], right=range(len(made.head)))
    rows = [(each.margin.low, each.margin.value, each.margin.high) for each in found.arms]
    if all(math.isfinite(end) for row in rows for end in row):
        click.echo(Label("margin per visitor:", "marge per bezoeker:").read(lang))
        for line in intervals([str(each.days) for each in found.arms], rows):
            click.echo(f"  {line}")
    if found.curve is not None:
        first, last = (f"{each:.0f}" for each in (found.curve.days[0], found.curve.days[-1]))
        between = Label(f"from {first} to {last} days", f"van {first} tot {last} dagen").read(lang)
        click.echo(f"  {between}: {curve(found.curve.worth.tolist())}")
    failed = {each.says for each in finding.checks if not each.passed}
    for note in trial_notes(found):
        if note not in failed:
            click.echo(f"  {note.read(lang)}")
    if math.isfinite(found.arms[0].low):
        for arm in found.arms:
            click.echo(
                Label(
                    f"  everybody at {arm.days} days: between {arm.low:.2f} and {arm.high:.2f} euros",
                    f"  iedereen {arm.days} dagen: tussen {arm.low:.2f} en {arm.high:.2f} euro".replace(".", ","),
                ).read(lang)
            )
    if finding.settles:
        click.echo(f"  {finding.settles.read(lang)}")


def _plain(found: Any) -> dict[str, object]:  # noqa: ANN401  # peil.studies.trial_length.TrialLength, imported late
    finding, curve, personal = found.finding, found.curve, found.personal
    return {
        "verdict": finding.verdict,
        "says": {"en": finding.says.en, "nl": finding.says.nl},
        "best_days": found.best,
        "lead": _bounded(finding.effect),
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in finding.checks],
        "settles": finding.settles.en if finding.settles else None,
        "arms": [
            {
                "days": each.days,
                "visitors": each.margin.n,
                "margin": _bounded(each.margin),
                "revenue": _bounded(each.revenue),
                "uptake": _bounded(each.uptake),
                "returns": _bounded(each.returns),
                "later": _bounded(each.later),
                "everybody": {"low": _number(each.low), "high": _number(each.high)},
            }
            for each in found.arms
        ],
        "curve": None
        if curve is None
        else {
            "best_days": curve.best,
            "low": curve.low,
            "high": curve.high,
            "within_one_percent": list(curve.flat),
            "days": curve.days.tolist(),
            "worth": curve.worth.tolist(),
        },
        "why_no_curve": found.why_no_curve or None,
        "personal": None
        if personal is None
        else {
            "rule": dict(personal.rule),
            "personal": _bounded(personal.personal),
            "uniform": _bounded(personal.uniform),
            "gain": _bounded(personal.gain),
        },
        "log_hazard_ratios": None
        if found.ratios is None
        else {name: {"value": value, "se": se} for name, (value, se) in found.ratios.items()},
        "level": found.level,
    }


def _bounded(one: Any) -> dict[str, float | None] | None:  # noqa: ANN401  # an estimate, a difference or a worth
    return None if one is None else {name: _number(getattr(one, name)) for name in ("value", "low", "high")}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


COMMANDS = (trials,)
