"""The command about staff and customers."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, tell
from peil.terms import Label

LANGUAGES = click.Choice(["en", "nl"])
NEEDED = Label("customers need satisfied staff", "klanten hebben tevreden medewerkers nodig")


@click.command("staff")
@click.option("--customer", default="csat", show_default=True, help="The construct that customers answer.")
@click.option(
    "--matters",
    type=float,
    default=0.1,
    show_default=True,
    help="The smallest effect that matters, in points of 0 to 10.",
)
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def staff(
    path: str | None, customer: str, matters: float, language: str, as_json: bool
) -> None:  # click gives flags so
    """Say whether satisfied staff goes before satisfied customers; mandate, the pulse and who leaves beside it."""
    from peil.project import open_project
    from peil.reports.sentences import VERDICTS, sentence
    from peil.reports.staff_first import beside, chapter
    from peil.studies.staff_first import staff_first as study

    project = open_project(path)
    try:
        found = study(project.data, customer=customer, matters=matters)
    finally:
        project.close()
    lang = chosen_language(language)
    lines = [f"{VERDICTS[found.finding.verdict].read(lang)}: {sentence(found.finding, lang)}"]
    lines += [f"  {_line(effect, lang)}" for each in found.links for effect in (each.ahead, each.behind)]
    lines += [f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}" for each in found.finding.checks]
    lines += [f"  {each}" for each in chapter(found, lang).facts]
    lines += [f"  {each.read(lang)}" for each in beside(found)]
    if found.needed is not None:
        lines.append(f"  {VERDICTS[found.needed.verdict].read(lang)}: {NEEDED.read(lang)}")
    if found.finding.settles:
        lines.append(f"  {found.finding.settles.read(lang)}")
    tell(_plain(found), as_json=as_json, text="\n".join(lines))


def _line(effect: Any, language: Any) -> str:  # noqa: ANN401  # peil.studies.finding.Effect, imported late
    from peil.reports.sentences import gap_told

    return f"{effect.label.read(language)}: {gap_told(effect, language)}"


def _plain(found: Any) -> dict[str, object]:  # noqa: ANN401  # peil.studies.staff_first.StaffFirst, imported late
    need, told, stay, pulse = found.needed, found.mandate, found.staying, found.pulse
    return {
        "verdict": found.finding.verdict,
        "says": {"en": found.finding.says.en, "nl": found.finding.says.nl},
        "effect": _effect(found.finding.effect),
        "links": [
            {
                "scale": each.name,
                "ahead": _effect(each.ahead),
                "behind": _effect(each.behind),
                "direction": each.found.direction,
                "unwelcome": each.unwelcome,
            }
            for each in found.links
        ],
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in found.finding.checks],
        "reliability": {
            name: {part: _number(getattr(each, part)) for part in ("value", "low", "high", "alpha")} if each else None
            for name, each in found.reliability.items()
        },
        "needed": {
            "verdict": need.verdict,
            "effect": need.found.ce_fdh.effect,
            "p_independent": need.found.p_independent,
            "p": need.found.p,
            "n": need.found.n,
        }
        if need
        else None,
        "mandate": {name: _effect(getattr(told, name)) for name in ("measured", "felt", "together")} if told else None,
        "pulse": [
            {
                "month": month.isoformat(),
                "value": _number(float(pulse.chart.value[place])),
                "low": _number(float(pulse.chart.low[place])),
                "high": _number(float(pulse.chart.high[place])),
                "signals": [each.rule for each in pulse.chart.signals if each.at == place],
            }
            for place, month in enumerate(pulse.months)
        ]
        if pulse
        else [],
        "staying": {"people": stay.people, "left": stay.left, "year": _effect(stay.year), "ratio": _effect(stay.ratio)}
        if stay
        else None,
        "teams": [
            {"name": each.name, "people": each.people, "staff": each.staff, "customers": each.customers}
            for each in found.teams
        ],
        "teams_not_shown": found.hidden,
        "left_out": dict(found.panel.left_out),
        "same_source": found.panel.same_source,
    }


def _effect(each: Any) -> dict[str, object] | None:  # noqa: ANN401  # peil.studies.finding.Effect, imported late
    if each is None:
        return None
    return {name: _number(getattr(each, name)) for name in ("value", "low", "high", "level")} | {"n": each.n}


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124  # nan is no JSON


COMMANDS = (staff,)
