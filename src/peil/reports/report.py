"""The report: one HTML file, in Dutch or English, that holds everything and asks nothing of the network."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from peil.config import ReportConfig, SurveyConfig
from peil.dataset import Dataset
from peil.estimates.difference import Difference
from peil.journeys.rule import JourneyRule
from peil.measures.measure import Measure
from peil.reports import defaults, labels, numbers, theme, vega
from peil.reports.asked import Asked
from peil.reports.compared import gap_figure
from peil.reports.comparisons import ORGANISATION, Compared, compared_as, comparison_told
from peil.reports.compose import asked_figure, family_figure
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.findings import finding_told
from peil.reports.headlines import headlines_of
from peil.reports.held import Held, held, not_estimated, same_question
from peil.reports.interrupted import interrupted_figure
from peil.reports.quality import aside_table, by_rule, rows_table
from peil.reports.survey_chapter import chapters
from peil.reports.topics import topics
from peil.reports.trend_register import RegisterChapter
from peil.reports.trends import trend_findings
from peil.reports.wording import BETTER, UNITS, WORDS
from peil.sources.load import Progress, Refused, silent
from peil.sources.simulated.planted import Planted
from peil.studies.change_log import DefinitionChange
from peil.studies.finding import Effect, Finding
from peil.studies.trend_break import TrendBreak
from peil.terms import Label, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that was written.

    Parameters:
        path: where it is.
        headlines: its headline findings as sentences, in its language.
        findings: of its comparisons.
        planted: for each finding, the planted values that answer the same question; empty where nothing was planted.
    """

    path: Path
    headlines: tuple[str, ...]
    findings: tuple[Finding[Difference | Effect], ...]
    planted: tuple[tuple[Held, ...], ...] = ()


@vega.unchecked()
def write_report(  # noqa: PLR0913  # a report is told everything that stands in it
    data: Dataset,
    config: ReportConfig,
    *,
    catalogue: Mapping[str, Measure],
    language: Language,
    path: Path,
    title_name: str,
    simulated: bool,
    truths: Mapping[str, Planted] | None,
    refused: Sequence[Refused] = (),
    rejected: Sequence[Mapping[str, Any]] = (),
    surveys: Sequence[SurveyConfig] = (),
    change_log: Sequence[DefinitionChange] | None = None,
    register: RegisterChapter | None = None,
    journeys: JourneyRule | None = None,
    progress: Progress = silent,
) -> Report:
    """Write the report of a dataset as one HTML file.

    Two reports of one digest have the same bytes, but for the line that says when.

    Parameters:
        data: the tables.
        config: what to show; what it leaves empty is chosen from what the data can answer.
        catalogue: measures by name.
        language: ``en`` or ``nl``.
        path: where to.
        title_name: the project's name.
        simulated: whether a banner says that nothing in it is real.
        truths: what was planted in simulated data, to print beside the findings.
        refused: files of which nothing was loaded.
        rejected: rows kept aside, each with table, rule, source, file and line.
        surveys: who could be in each survey, and how it is weighted.
        change_log: when definitions changed; None where none is kept.
        register: the chapter on the trend register; None where the project keeps none.
        journeys: what makes contacts parts of one journey; without it there is no chapter on journeys.
        progress: told (label, done, total) as the work goes on.

    Raises:
        DefinitionError: the configuration names an unknown measure, family or column.

    Example:
        >>> import tempfile
        >>> from peil.config import FigureConfig
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> config = ReportConfig(headlines=("nps",), figures=(FigureConfig(measure="nps", by=("channel",)),), variants=())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     report = write_report(made(), config, catalogue=CATALOGUE, language="nl", path=Path(folder) / "report.html",
        ...         title_name="Centre", simulated=True, truths=None)
        ...     report.path.read_text().startswith("<!doctype html>")
        True
    """
    asked = Asked(
        data=data,
        catalogue=catalogue,
        language=language,
        minimum_n=config.minimum_n,
        level=config.level,
        surveys={each.name: each for each in surveys},
    )
    progress(_SAY["choosing"].read(language), 0, 4)
    compared = [
        each for each in (compared_as(asked, one) for one in config.compare or defaults.compares(asked)) if each
    ]
    progress(_SAY["figures"].read(language), 1, 4)
    broken = trend_findings(asked, config.trend_breaks, change_log)
    figures = _figures(asked, config, compared, broken)
    shown = {(each.measure, each.by) for each in config.figures or defaults.figures(asked)}
    told = chapters(asked, drawn=shown, first=len(figures) + 1)
    progress(_SAY["truths"].read(language), 2, 4)
    planted = held(truths, asked) if truths else ()
    cards = headlines_of(asked, config, compared)
    progress(_SAY["writing"].read(language), 3, 4)
    every = (*figures, *(figure for chapter in told for figure in chapter.figures))
    subjects = topics(asked, config, journeys, register, first=len(every) + 1, change_log=change_log)
    every = (*every, *(figure for topic in subjects for figure in topic.figures))
    used = _used(asked, config, every, compared)
    page = _page(
        asked,
        {
            "title": (config.title.nl if language == "nl" else config.title.en),
            "subtitle": (config.subtitle.nl if language == "nl" else config.subtitle.en) if config.subtitle else "",
            "project": title_name,
            "simulated": simulated,
            "cards": cards,
            "figures": figures,
            "chapters": told,
            "findings": [
                *(finding_told(each.finding, language) for each in broken),
                *(comparison_told(each, planted, language) for each in compared),
                *(finding_told(one, language, facts=facts) for topic in subjects for one, facts in topic.findings),
            ],
            "topics": subjects,
            "planted": planted,
            "planted_told": _held_told(asked, planted),
            "not_estimated": not_estimated(truths, planted, language) if truths else (),
            "rows_table": rows_table(data.loads, language),
            "aside_table": aside_table(by_rule(rejected), language),
            "refused": refused,
            "definitions": used,
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", newline="\n")
    progress(_SAY["writing"].read(language), 4, 4)
    return Report(
        path=path,
        headlines=tuple(each.says for each in cards),
        findings=(
            *(each.finding for each in broken),
            *(each.finding for each in compared),
            *(one for topic in subjects for one, _ in topic.findings),
        ),
        planted=(
            *(() for _ in broken),
            *(tuple(one for one in planted if same_question(one.name, each.sides)) for each in compared),
            *(() for topic in subjects for _ in topic.findings),
        ),
    )


_SAY: Mapping[str, Label] = {
    "choosing": Label("comparing", "vergelijken"),
    "figures": Label("drawing figures", "figuren tekenen"),
    "truths": Label("checking planted truths", "ingebouwde waarheden nagaan"),
    "writing": Label("writing the report", "rapport schrijven"),
}


def _figures(
    asked: Asked, config: ReportConfig, compared: Sequence[Compared], broken: Sequence[TrendBreak]
) -> tuple[Figure, ...]:
    drawn = (*_broken(asked, broken), *_drawn(asked, config, compared))
    return tuple(replace(each, key=f"f{place}") for place, each in enumerate(drawn, start=1))


def _broken(asked: Asked, broken: Sequence[TrendBreak]) -> Iterator[Figure]:
    for each in broken:
        if each.series is not None:
            yield interrupted_figure(each, asked.language, "break")


def _drawn(asked: Asked, config: ReportConfig, compared: Sequence[Compared]) -> Iterator[Figure]:
    for each in compared:
        if each.sides[0].measure.name != each.sides[1].measure.name:
            made = gap_figure(asked, each.finding, each.sides, each.by, "gap")
            if made is None and each.by != ORGANISATION:
                made = gap_figure(asked, each.finding, each.sides, ORGANISATION, "gap")
            if made:
                yield made
    for wanted in config.figures or defaults.figures(asked):
        figure = asked_figure(asked, wanted, "figure")
        if figure:
            yield figure
    for family in config.variants:
        figure = family_figure(asked, family, "family")
        if figure:
            yield figure


def _held_told(asked: Asked, planted: Sequence[Held]) -> str:
    holds, all_of = sum(each.holds for each in planted), len(planted)
    level = numbers.number(asked.level * 100, asked.language)
    return asked.say(
        f"{holds} of {all_of} intervals hold their truth; made this way, about {level} in 100 do.",
        f"{holds} van {all_of} intervallen bevatten hun waarheid; zo gemaakt doen ongeveer {level} van de 100 dat.",
    )


def _used(
    asked: Asked, config: ReportConfig, figures: Sequence[Figure], compared: Sequence[Compared]
) -> tuple[dict[str, Any], ...]:
    """Every measure that a number on the page speaks of, defined."""
    names = [each.name for figure in figures for each in figure.measures]
    names += [side.measure.name for each in compared for side in each.sides]
    names += config.headlines or defaults.headlines(asked)
    chosen = sorted(
        {name: asked.catalogue[name] for name in names}.values(),
        key=lambda each: each.label.read(asked.language).lower(),
    )
    return tuple(
        {
            "measure": each,
            "label": each.label.read(asked.language),
            "unit": UNITS[each.unit].read(asked.language),
            "better": BETTER[each.better].read(asked.language),
            "population": labels.POPULATIONS[each.population].read(asked.language),
            "quantile": numbers.number(each.quantile, asked.language, places=2) if each.estimator == "quantile" else "",
            "note": each.note.read(asked.language) if each.note else "",
        }
        for each in chosen
    )


@cache
def _template() -> Any:  # noqa: ANN401  # a Jinja template
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files("peil.reports").joinpath("report.html.j2").read_text(encoding="utf-8"))


def _page(asked: Asked, told: Mapping[str, Any]) -> str:
    style = theme.variables() + files("peil.reports").joinpath("report.css").read_text(encoding="utf-8")
    run, language = asked.data.run, asked.language
    first, last = (day(each, language) for each in asked.data.period)
    return str(
        _template().render(
            **told,
            language=language,
            words={name: label.read(language) for name, label in WORDS.items()},
            style=style,
            style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            run=run,
            seed=numbers.count(run.seed, language),
            period=asked.say(f"{first} to {last}", f"{first} t/m {last}"),
            level_told=WORDS["level_intro"]
            .read(language)
            .replace("{level}", numbers.number(asked.level * 100, language)),
        )
    )
