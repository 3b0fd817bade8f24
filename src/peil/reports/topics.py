"""Which subjects a report has a heading for: those that the data can answer, or those that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from peil.config import ReportConfig
from peil.config.report import ChapterName
from peil.journeys.rule import JourneyRule
from peil.reports.asked import Asked
from peil.reports.bots import bots_topic
from peil.reports.dose_response import dose_topic
from peil.reports.growth import growth_topic, investments_topic
from peil.reports.home_working import home_topic
from peil.reports.journeys import journey_chapter
from peil.reports.patience import time_topic
from peil.reports.small_cells import small_cells_topic
from peil.reports.staff_first import staff_topic
from peil.reports.topic import Topic, numbered
from peil.reports.trend_register import RegisterChapter
from peil.reports.trial_length import trial_topic
from peil.studies.change_log import DefinitionChange


def topics(
    asked: Asked,
    config: ReportConfig,
    journeys: JourneyRule | None,
    register: RegisterChapter | None,
    *,
    first: int,
    change_log: Sequence[DefinitionChange] | None = None,
) -> tuple[Topic, ...]:
    """Return the subjects of a report, in the order of the page, their figures numbered.

    Parameters:
        asked: what every figure shares.
        config: which subjects, and what is asked of organisations.
        journeys: what makes contacts parts of one journey; None for no chapter on them.
        register: the chapter on the trend register; None where the project keeps none.
        first: number of the first figure.
        change_log: when definitions changed; None where none is kept.
    """
    made: Mapping[ChapterName, Callable[[], Topic | None]] = {
        "journeys": lambda: _journeys(asked, journeys),
        "time": lambda: time_topic(asked),
        "bots": lambda: bots_topic(asked, price_cents=config.bots.price_cents, promised=config.bots.promised),
        "home_working": lambda: home_topic(asked),
        "staff_first": lambda: staff_topic(asked),
    }
    chosen = made if config.chapters is None else config.chapters
    found = [made[each]() for each in chosen]
    found += [
        small_cells_topic(asked, config.small_cells),
        dose_topic(asked, config.trend_breaks, change_log),
        trial_topic(asked, config.trials),
        growth_topic(asked, config.growth),
        investments_topic(asked, config.investments),
        _trends(register),
    ]
    return numbered([each for each in found if each], first=first)


def _journeys(asked: Asked, rule: JourneyRule | None) -> Topic | None:
    found = journey_chapter(asked, rule) if rule else None
    if found is None:
        return None
    title = asked.say("Journeys and the customer's time", "Klantreizen en de tijd van de klant")
    return Topic(key="journeys", title=title, facts=found.facts, figures=found.figures, tables=found.tables)


def _trends(register: RegisterChapter | None) -> Topic | None:
    if register is None:
        return None
    return Topic(
        key="trends",
        title=register.title,
        facts=register.facts,
        figures=register.figures,
        tables=register.tables,
        findings=((register.finding, ()),),
    )
