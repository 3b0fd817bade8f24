"""Commands that ask: measures, explain, estimate, variants, compare, report."""

from __future__ import annotations

import time
from typing import Any

import click

from peil.cli.output import Teller, as_json_option, chosen_language, remember, table, tell

LANGUAGES = click.Choice(["en", "nl"])
_BY = click.option(
    "--by",
    multiple=True,
    help="Group by a column, by day, week, month, quarter, year, weekday or hour, or by extra.NAME; repeat for more.",
)
_WHERE = click.option(
    "--where", default="true", help="Choose rows, such as: channel = 'call' and started_on >= date '2020-03-16'."
)
_LANG = click.option(
    "--lang", "language", type=LANGUAGES, default="en", show_default=True, help="Language of what is printed."
)


@click.command()
@click.option("--family", help="Only the definitions of one word, such as service_level.")
@_LANG
@as_json_option
@click.pass_obj
def measures(path: str | None, family: str | None, language: str, as_json: bool) -> None:
    """List every measure that can be estimated."""
    from peil.errors import SourceError
    from peil.measures.catalogue import CATALOGUE, family_named
    from peil.project import open_project

    try:
        known = open_project(path).measures
    except SourceError:
        if path:
            raise
        known = CATALOGUE
    chosen = family_named(family, known) if family else tuple(known.values())
    told = [
        {
            "name": each.name,
            "label": {"en": each.label.en, "nl": each.label.nl},
            "unit": each.unit.value,
            "better": each.better.value,
            "family": each.family,
            "population": each.population,
        }
        for each in chosen
    ]
    if as_json:
        tell({"measures": told}, as_json=True)
        return
    rows = [(each.name, each.label.read(chosen_language(language)), each.unit.value, each.family) for each in chosen]
    table(("measure", "label", "unit", "family"), rows)
    click.echo(f"{len(rows)} measures; 'peil explain MEASURE' tells what one means")


@click.command()
@click.argument("measure")
@_LANG
@as_json_option
@click.pass_obj
def explain(path: str | None, measure: str, language: str, as_json: bool) -> None:
    """Tell what a measure means: definition, formula, authority, disputes."""
    from peil.errors import SourceError
    from peil.measures.catalogue import CATALOGUE, measure_named
    from peil.project import open_project
    from peil.reports.pages import explained

    try:
        known = open_project(path).measures
    except SourceError:
        if path:
            raise
        known = CATALOGUE
    chosen = measure_named(measure, known)
    text = explained(chosen, chosen_language(language))
    told = {
        "name": chosen.name,
        "label": {"en": chosen.label.en, "nl": chosen.label.nl},
        "unit": chosen.unit.value,
        "better": chosen.better.value,
        "population": chosen.population,
        "where": chosen.where,
        "of": chosen.of,
        "per": chosen.per,
        "estimator": chosen.estimator,
        "standard": chosen.standard,
        "family": chosen.family,
        "reads": list(chosen.reads),
    }
    tell(told, as_json=as_json, text=text)


@click.command()
@click.argument("names", metavar="MEASURE...", nargs=-1, required=True)
@_BY
@_WHERE
@click.option("--level", type=click.FloatRange(0.5, 0.999), help="Confidence level; the project's if left out.")
@click.option("--linked", is_flag=True, help="Count the doubt about which customer records are of one person, too.")
@_LANG
@as_json_option
@click.pass_obj
def estimate(
    path: str | None,
    names: tuple[str, ...],
    by: tuple[str, ...],
    where: str,
    level: float | None,
    linked: bool,
    language: str,
    as_json: bool,
) -> None:
    """Estimate measures, with base, n and interval."""
    from peil.project import open_project

    project = open_project(path)
    try:
        asked = project.linked if linked else project.estimates
        found = asked(names, by=by, where=where, level=level)
        if as_json:
            tell({"estimates": [each.plain() for one in found for each in one], "run": _run(project)}, as_json=True)
            return
        for each in found:
            _printed(each, language)
    finally:
        project.close()


@click.command()
@click.argument("family", default="service_level")
@_WHERE
@_LANG
@as_json_option
@click.pass_obj
def variants(path: str | None, family: str, where: str, language: str, as_json: bool) -> None:
    """Same calls, every definition: one word under all its published definitions."""
    from peil.project import open_project
    from peil.reports.labels import POPULATIONS
    from peil.reports.numbers import interval_text, value_text

    project = open_project(path)
    try:
        found = [each.only() for each in project.variants(family, where=where)]
    finally:
        project.close()
    # points less a share are neither
    alike = [each.value for each in found if each.n and each.measure.unit is found[0].measure.unit]
    spread = max(alike) - min(alike) if alike else float("nan")
    if as_json:
        tell({"family": family, "variants": [each.plain() for each in found], "spread": spread}, as_json=True)
        return
    lang = chosen_language(language)
    rows = [
        (
            each.measure.name,
            value_text(each.value, each.measure.unit, lang, digits=2),
            interval_text(each.low, each.high, each.measure.unit, lang),
            f"{each.n:,}",
        )
        for each in found
    ]
    table(("definition", "value", f"{found[0].level:.0%} interval", "n"), rows, right=(1, 2, 3))
    if len(alike) > 1:
        same = POPULATIONS[found[0].measure.population].en
        click.echo(
            f"spread on the same {same}: {value_text(spread, found[0].measure.unit, lang, digits=2, difference=True)}"
        )


@click.command()
@click.argument("measure")
@click.argument("first")
@click.argument("second")
@click.option("--by", required=True, help="The column that tells the two groups apart.")
@_WHERE
@_LANG
@as_json_option
@click.pass_obj
def compare(
    path: str | None, measure: str, first: str, second: str, by: str, where: str, language: str, as_json: bool
) -> None:
    """Say whether group SECOND differs from group FIRST, with the interval of the difference."""
    from peil.project import open_project
    from peil.reports.labels import POPULATIONS, group, units
    from peil.reports.numbers import count
    from peil.reports.sentences import VERDICTS, sentence
    from peil.reports.sentences import told as told_value
    from peil.reports.wording import WORDS

    project = open_project(path)
    try:
        found = project.compare(measure, by, first, second, where=where)
        unit = units(project.data, found.effect.first.measure.population)
    finally:
        project.close()
    effect = found.effect
    told = {
        "verdict": found.verdict,
        "says": {"en": found.says.en, "nl": found.says.nl},
        "difference": effect.value,
        "low": effect.low,
        "high": effect.high,
        "level": effect.level,
        "first": effect.first.plain(),
        "second": effect.second.plain(),
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in found.checks],
        "assumptions": [each.en for each in found.assumptions],
    }
    lang = chosen_language(language)
    rows = POPULATIONS[effect.first.measure.population].read(lang)
    lines = [f"{VERDICTS[found.verdict].read(lang)}: {sentence(found, lang)}"]
    lines += [
        f"  {group(by, name, lang)}: {told_value(each, lang)}, n = {count(each.n, lang)} {rows}, {count(each.clusters, lang)} {unit.read(lang)}"
        for name, each in ((first, effect.first), (second, effect.second))
    ]
    lines += [f"  {'ok ' if each.passed else 'not'} {each.says.read(lang)}" for each in found.checks]
    if found.study == "wave_change":
        lines += [f"  {WORDS['assumption'].read(lang)}: {each.read(lang)}" for each in found.assumptions]
    if found.settles:
        lines.append(f"  {found.settles.read(lang)}")
    tell(told, as_json=as_json, text="\n".join(lines))


@click.command()
@click.option("--lang", "language", type=LANGUAGES, default="en", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False), help="Where to; report.LANG.html in the project if left out.")
@as_json_option
@click.pass_obj
def report(path: str | None, language: str, out: str | None, as_json: bool) -> None:
    """Write the report: one HTML file, every number with its definition, base, n and interval."""
    from pathlib import Path

    from peil.project import open_project

    project = open_project(path)
    teller = Teller(quiet=as_json)
    began = time.monotonic()
    try:
        made = project.report(chosen_language(language), Path(out) if out else None, teller)
        run = _run(project)
    finally:
        teller.close()
        project.close()
    told = {
        "report": str(made.path),
        "headlines": list(made.headlines),
        "seconds": round(time.monotonic() - began, 2),
        "run": run,
    }
    remember(project.root, "report", told)
    lines = "\n".join(f"  • {each}" for each in made.headlines)
    tell(told, as_json=as_json, text=f"{lines}\nreport: {made.path}")


def _run(project: Any) -> dict[str, object]:  # noqa: ANN401  # peil.project.Project, imported late
    from peil.dataset import described

    return described(project.data.run)


def _printed(found: Any, language: str) -> None:  # noqa: ANN401  # peil.estimates.estimate.Estimates, imported late
    from peil.reports.numbers import group_text, interval_text, value_text

    measure = found.measure
    lang = chosen_language(language)
    rows = [
        (
            *(group_text(name, value, lang) for name, value in each.group),
            value_text(each.value, measure.unit, lang),
            interval_text(each.low, each.high, measure.unit, lang),
            f"{each.n:,}",
            f"{each.clusters:,}",
        )
        for each in found
    ]
    n = len(found.by)
    heads = (*found.by, measure.unit.value, f"{found.level:.0%} interval", "n", "clusters")
    table(heads, rows, right=range(n, n + 4), title=measure.label.read(lang))
    click.echo(f"{found.method}\n")


COMMANDS = (measures, explain, estimate, variants, compare, report)
