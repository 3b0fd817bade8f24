"""The command about working from home."""

from __future__ import annotations

from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command("home-working")
@click.option(
    "--where", default="true", help="Choose weeks of agents, as row-level SQL over organisation, team and more."
)
@click.option("--matters", type=float, default=0.0, help="The smallest relative change that matters, such as 0.05.")
@click.option("--agents", is_flag=True, help="Name single agents; takes a purpose and the works council's consent.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def home_working(
    path: str | None, where: str, matters: float, agents: bool, language: str, as_json: bool
) -> None:  # click gives flags so
    """Say whether working from home changes the work done in an hour, and how much of the gap was so before."""
    from peil.project import open_project
    from peil.reports.home_working import chapter
    from peil.reports.sentences import VERDICTS, sentence
    from peil.studies.home_working import home_working as study

    project = open_project(path)
    try:
        found = study(project.data, where=where, matters=matters, agents=agents)
    finally:
        project.close()
    lang = chosen_language(language)
    lines = [f"{VERDICTS[found.finding.verdict].read(lang)}: {sentence(found.finding, lang)}"]
    lines += [f"  {_line(each, lang)}" for each in found.parts.values()]
    lines += [f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}" for each in found.finding.checks]
    lines += [f"  {each}" for each in chapter(found, lang).facts]
    if found.finding.settles:
        lines.append(f"  {found.finding.settles.read(lang)}")
    tell(_plain(found), as_json=as_json, text="\n".join(lines))


def _line(effect: Any, language: Any) -> str:  # noqa: ANN401  # peil.studies.finding.Effect, imported late
    from peil.reports.sentences import gap_told

    return f"{effect.label.read(language)}: {gap_told(effect, language)}"


def _plain(found: Any) -> dict[str, object]:  # noqa: ANN401  # peil.studies.home_working.HomeWorking, imported late
    people = found.people
    return {
        "verdict": found.finding.verdict,
        "says": {"en": found.finding.says.en, "nl": found.finding.says.nl},
        "parts": {name: _effect(each) for name, each in found.parts.items()},
        "placebo": _effect(found.placebo),
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in found.finding.checks],
        "movers": found.movers,
        "others": found.others,
        "agent_weeks": found.weeks,
        "left_out": dict(found.left_out),
        "bears": _number(found.events.bears) if found.events else None,
        "teams": [_stands(each) for each in people.teams] if people else [],
        "teams_not_shown": people.hidden if people else 0,
        "team_effects": _team_effects(found.teams),
        "agents": [_stands(each) for each in people.agents] if people else [],
        "hanging_up": {"agents": found.hanging_up.n, "of": found.hanging_up.of, "names": list(found.hanging_up.agents)},
        "tools": {
            name: _effect(getattr(found.tools, name)) for name in ("lacking", "without", "complete", "apart", "through")
        }
        if found.tools
        else None,
        "reported": {"slower": _effect(found.reported.slower), "faster": _effect(found.reported.faster)}
        if found.reported
        else None,
    }


def _team_effects(found: Any) -> dict[str, object] | None:  # noqa: ANN401  # peil.studies.home.teams.TeamEffects
    from dataclasses import asdict

    return None if found is None else {**asdict(found), "teams": [asdict(each) for each in found.teams]}


def _effect(each: Any) -> dict[str, object] | None:  # noqa: ANN401  # peil.studies.finding.Effect, imported late
    if each is None:
        return None
    return {name: _number(getattr(each, name)) for name in ("value", "low", "high", "level")} | {"n": each.n}


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124  # nan is no JSON


def _stands(each: Any) -> dict[str, object]:  # noqa: ANN401  # peil.studies.home.people.Stands, imported late
    return {name: getattr(each, name) for name in ("name", "agents", "value", "low", "high", "chance", "flagged")}


COMMANDS = (home_working,)
