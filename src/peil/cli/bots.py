"""The command about bots: what "resolved" is worth, under every definition, and whether a person can be reached."""

from __future__ import annotations

import math
from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])


@click.command()
@click.option("--price-cents", type=click.IntRange(min=0), help="What one resolution is billed at, in cents.")
@click.option("--days", type=click.Choice(["1", "3", "7"]), default="7", show_default=True, help="The window.")
@click.option(
    "--any-reason", is_flag=True, help="Whatever the customer came back for counts, not the same reason only."
)
@click.option("--by", default="reason", show_default=True, help="What an intent is: a column, or extra.NAME.")
@click.option(
    "--promised",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="The share of those who ask for a person that ought to reach one.",
)
@click.option("--within", "within_s", type=click.FloatRange(0, min_open=True), help="Within how many seconds.")
@click.option("--where", default="true", help="Choose contacts, as row-level SQL.")
@click.option("--matters", type=float, default=0.0, help="The smallest excess over people that matters, as a share.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def bots(  # noqa: PLR0917  # an audit is agreed on in this many terms
    path: str | None,
    price_cents: int | None,
    days: str,
    any_reason: bool,
    by: str,
    promised: float,
    within_s: float | None,
    where: str,
    matters: float,
    language: str,
    as_json: bool,
) -> None:
    """Audit the bot: who came back after "resolved", containment under every definition, and who reaches a person."""
    from peil.errors import EvidenceError
    from peil.project import open_project
    from peil.reports.asked import Asked
    from peil.reports.bots import facts, intents_table, windows_table
    from peil.reports.numbers import interval_text, value_text
    from peil.reports.reaching import reach_figure
    from peil.reports.sentences import VERDICTS, sentence
    from peil.studies.automation_failure import automation_failure
    from peil.studies.human_reachability import human_reachability
    from peil.terms import Unit

    lang = chosen_language(language)
    project = open_project(path)
    try:
        data = project.data
        audit = automation_failure(
            data,
            days=int(days),
            same_reason=not any_reason,
            by=by,
            price_cents=price_cents,
            where=where,
            matters=matters,
        )
        try:
            reached = human_reachability(data, promised=promised, within_s=within_s, where=where)
        except EvidenceError:  # a bot that never hands over, and nobody who asked
            reached = None
        asked = Asked(data=data, catalogue=project.measures, language=lang, minimum_n=1, level=0.95)
        tables = [windows_table(asked, audit), intents_table(asked, audit)]
        if reached is not None:
            tables.append(reach_figure(asked, reached, "reach").table)
        told = facts(asked, audit)
    finally:
        project.close()
    if as_json:
        tell(_told(audit, reached), as_json=True)
        return
    for finding in (audit.finding, *((reached.finding,) if reached else ())):
        click.echo(f"{VERDICTS[finding.verdict].read(lang)}: {sentence(finding, lang)}")
        for each in finding.checks:
            click.echo(f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}")
        if finding.settles:
            click.echo(f"  {finding.settles.read(lang)}")
    for line in told:
        click.echo(line)
    for one in tables:
        rows = [[cell.shown for cell in row] for row in one.rows]
        right = [place for place, cell in enumerate(one.rows[0]) if cell.numeric] if one.rows else []
        table(one.head, rows, right=right, title=one.caption)
    rows = [
        [
            each.measure.label.read(lang),
            value_text(each.value, Unit.SHARE, lang),
            interval_text(each.low, each.high, Unit.SHARE, lang),
            f"{each.n:,}",
        ]
        for each in audit.containment
    ]
    names = (
        ("definition", "share", "95% interval", "n") if lang == "en" else ("definitie", "aandeel", "95%-interval", "n")
    )
    table(
        names, rows, right=(1, 2, 3), title="Containment" if lang == "en" else "Door de bot afgehandeld, per definitie"
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _finding(finding: Any) -> dict[str, Any]:  # noqa: ANN401  # peil.studies.finding.Finding, imported late
    effect = finding.effect
    return {
        "verdict": finding.verdict,
        "says": {"en": finding.says.en, "nl": finding.says.nl},
        "effect": _number(effect.value),
        "low": _number(effect.low),
        "high": _number(effect.high),
        "level": effect.level,
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in finding.checks],
        "assumptions": [each.en for each in finding.assumptions],
        "settles": finding.settles.en if finding.settles else None,
    }


def _told(audit: Any, reached: Any) -> dict[str, Any]:  # noqa: ANN401  # findings of two studies, imported late
    return {
        "audit": {
            **_finding(audit.finding),
            "claims": audit.claims,
            "known": audit.known,
            "windows": [
                {
                    "days": each.days,
                    "same_reason": each.same_reason,
                    "failed": each.failed.plain() if each.failed else None,
                    "people": each.people.plain() if each.people else None,
                    "all_claims_least": each.low,
                    "all_claims_most": each.high,
                }
                for each in audit.windows
            ],
            "intents": [
                {
                    "intent": each.name,
                    "claims": each.claims,
                    "failed": each.failed.plain() if each.failed else None,
                    "people": each.people.plain() if each.people else None,
                    "overbilled": _bill(each.overbilled),
                }
                for each in audit.intents
            ],
            "overbilled": _bill(audit.overbilled),
            "containment": [each.plain() for each in audit.containment],
        },
        "reach": None
        if reached is None
        else {
            **_finding(reached.finding),
            "channels": [
                {"channel": each.channel, "reached": each.reached.plain(), "median_s": _number(each.median.value)}
                for each in (reached.whole, *reached.ways)
            ],
            "hours": [
                {
                    "channel": each.channel,
                    "hour": each.hour,
                    "reached": each.reached.plain(),
                    "median_s": _number(each.median),
                }
                for each in reached.hours
            ],
        },
    }


def _bill(bill: Any) -> dict[str, Any] | None:  # noqa: ANN401  # an Overbilled, imported late
    if bill is None:
        return None
    names = ("value", "low", "high", "least", "most", "excess", "excess_low", "excess_high")
    return {"price_cents": bill.price, "claims": bill.claims, "billed_cents": bill.billed, "seen_cents": bill.seen,
            **{f"{name}_cents": _number(getattr(bill, name)) for name in names}}  # fmt: skip


COMMANDS = (bots,)
