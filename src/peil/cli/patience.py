"""Commands about time: how long customers are willing to wait, and what a minute of waiting costs."""

from __future__ import annotations

import math
from typing import Any

import click

from peil.cli.output import as_json_option, chosen_language, table, tell

LANGUAGES = click.Choice(["en", "nl"])
_MOMENTS = (30.0, 60.0, 120.0, 300.0)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


@click.command()
@click.option("--by", multiple=True, help="Group by a column or a period, such as queue or month; repeat for more.")
@click.option("--within", multiple=True, help="Compare groups within a column, so that a change of mix is none.")
@click.option("--since", "split_on", help="A day: what is before it and what is since are two groups.")
@click.option("--where", default="channel = 'call'", show_default=True, help="Choose contacts, as row-level SQL.")
@click.option("--until", type=float, help="Where the mean is cut off, in seconds.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def patience(
    path: str | None,
    by: tuple[str, ...],
    within: tuple[str, ...],
    split_on: str | None,
    where: str,
    until: float | None,
    language: str,
    as_json: bool,
) -> None:
    """Say how long customers are willing to wait, from those who left and those who were answered before they did."""
    from peil.estimates.patience import patience as estimated
    from peil.project import open_project
    from peil.terms import Label

    project = open_project(path)
    try:
        day = _day(split_on) if split_on else None
        found = estimated(project.data, by=by, within=within, split_on=day, where=where, times=_MOMENTS, until=until)
    finally:
        project.close()
    lang = chosen_language(language)
    told: dict[str, Any] = {
        "method": found.method,
        "level": found.level,
        "groups": [_group(each) for each in found.groups],
    }
    if found.test is not None:
        told["test"] = {"name": "log-rank", "chi2": found.test.chi2, "df": found.test.df, "p": found.test.p}
    if found.gap is not None:
        told["mean_gap"] = _bounded(found.gap)
    if as_json:
        tell(told, as_json=True)
        return
    heads = (
        Label("group", "groep"),
        Label("waited", "gewacht"),
        Label("left", "afgehaakt"),
        Label("still after 1 min", "nog na 1 min"),
        Label("median", "mediaan"),
        Label("mean up to", "gemiddeld tot"),
        Label("(not patience) mean of leavers", "(geen geduld) gemiddelde afhakers"),
        Label("(if exponential)", "(indien exponentieel)"),
    )
    table([each.read(lang) for each in heads], [_row(each, lang) for each in found.groups], right=range(1, len(heads)))
    if found.test is not None:
        p = "< 0.001" if found.test.p < 0.001 else f"= {found.test.p:.3f}"  # noqa: PLR2004  # three places
        click.echo(
            Label(f"one curve for all (log-rank test): p {p}", f"één kromme voor alle (lograngtoets): p {p}").read(lang)
        )
    dutch = "Kaplan-Meier in hele seconden, contacten van één persoon bij elkaar"
    click.echo(Label(found.method, dutch).read(lang))


def _day(text: str) -> Any:  # noqa: ANN401  # dates are imported late
    from datetime import date

    from peil.errors import DefinitionError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DefinitionError(f"'{text}' is no day", remedy="write it as 2020-03-16") from None


def _bounded(one: Any) -> dict[str, float | None]:  # noqa: ANN401  # numerics are imported late
    return {"value": _number(one.value), "low": _number(one.low), "high": _number(one.high)}


def _group(each: Any) -> dict[str, Any]:  # noqa: ANN401  # numerics are imported late
    lasting = each.lasting
    return {
        "group": dict(each.group),
        "n": each.curve.n,
        "persons": lasting.clusters,
        "abandoned": each.abandoned,
        "still_waiting": {f"{second:g}": _bounded(lasting.share(second)) for second in _MOMENTS},
        "median_s": _bounded(each.median),
        "mean_s": _bounded(lasting.mean),
        "mean_until_s": lasting.until,
        "naive_mean_of_leavers_s": _number(each.naive),
        "if_exponential_s": _bounded(each.exponential),
    }


def _row(each: Any, language: Any) -> tuple[str, ...]:  # noqa: ANN401  # numerics are imported late
    from peil.reports.numbers import count, group_text, interval_text, value_text
    from peil.terms import Unit

    def seconds(one: Any) -> str:  # noqa: ANN401  # a number with its interval
        if not math.isfinite(one.value):
            return "–"  # a dash stands for no number
        size = max(one.value, 100.0)
        ends = interval_text(one.low, one.high, Unit.SECONDS, language, size=size)
        return f"{value_text(one.value, Unit.SECONDS, language, size=size)} {ends}"

    minute = each.lasting.share(60.0)
    still = value_text(minute.value, Unit.SHARE, language)
    until = value_text(each.lasting.until, Unit.SECONDS, language, size=max(each.lasting.until, 100.0))
    return (
        " · ".join(group_text(by, value, language) for by, value in each.group) or "–",  # a dash stands for no group
        count(each.curve.n, language),
        count(each.abandoned, language),
        f"{still} {interval_text(minute.low, minute.high, Unit.SHARE, language)}",
        seconds(each.median),
        f"{until}: {seconds(each.lasting.mean)}",
        value_text(each.naive, Unit.SECONDS, language),
        seconds(each.exponential),
    )


@click.command()
@click.argument("measure")
@click.option("--on", "changed_on", default="2020-03-16", show_default=True, help="First day that counts as since.")
@click.option("--period", type=click.Choice(["month", "quarter", "year"]), default="year", show_default=True)
@click.option("--where", default="true", help="Choose answers, as row-level SQL.")
@click.option("--matters", type=float, default=0.0, help="The smallest change of the price of a minute that matters.")
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@as_json_option
@click.pass_obj
def waiting(
    path: str | None,
    measure: str,
    changed_on: str,
    period: str,
    where: str,
    matters: float,
    language: str,
    as_json: bool,
) -> None:
    """Say what a minute of waiting does to MEASURE, and whether that changed on a day."""
    from peil.project import open_project
    from peil.reports.sentences import VERDICTS, sentence
    from peil.studies.time_as_currency import time_as_currency

    project = open_project(path)
    try:
        found = time_as_currency(
            project.data,
            project.measure(measure),
            changed_on=_day(changed_on),
            period=period,
            where=where,
            matters=matters,
        )
    finally:
        project.close()
    finding, slopes, lang = found.finding, found.slopes, chosen_language(language)
    told: dict[str, Any] = {
        "verdict": finding.verdict,
        "says": {"en": finding.says.en, "nl": finding.says.nl},
        "change_per_minute": _bounded(slopes.change),
        "before": {"per_minute": _bounded(slopes.before.slope), "n": slopes.before.n, "persons": slopes.before.persons},
        "since": {"per_minute": _bounded(slopes.since.slope), "n": slopes.since.n, "persons": slopes.since.persons},
        "periods": [
            {"starts": each.starts, "per_minute": _bounded(each.slope), "n": each.n} for each in slopes.periods
        ],
        "one_price_p": slopes.alike[2] if slopes.alike else None,
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in finding.checks],
    }
    lines = [f"{VERDICTS[finding.verdict].read(lang)}: {sentence(finding, lang)}"]
    lines += [f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}" for each in finding.checks]
    if finding.settles:
        lines.append(f"  {finding.settles.read(lang)}")
    tell(told, as_json=as_json, text="\n".join(lines))


COMMANDS = (patience, waiting)
