"""What a report shows when the configuration leaves it open: the questions that the data can answer."""

from __future__ import annotations

from collections.abc import Sequence

from peil.config import CompareConfig, FigureConfig
from peil.errors import EvidenceError
from peil.reports.asked import Asked

_HEADLINES = (
    "nps",
    "service_level_20_answered_offered",
    "fcr_no_repeat_7d",
    "csat_top2",
    "speed_of_answer",
    "handle_time",
    "interval_service_level",
    "abandonment",
    "response_time",
    "volume",
)
_MOST_FIGURES, _MOST_HEADLINES, _FEWEST_GROUPS = 5, 3, 2
_BY_GROUP = (
    ("nps", ("channel", "team", "queue")),
    ("service_level_20_answered_offered", ("organisation", "queue", "site")),
    ("repeat_7d", ("channel", "reason")),
    ("handle_time", ("channel", "queue")),
    ("csat_top2", ("channel", "team")),
    ("response_time", ("channel", "queue")),
    ("enps", ("team",)),
    ("interval_service_level", ("queue", "weekday")),
)
_OVER_TIME = ("digital_share", "service_level_20_answered_offered", "volume", "interval_service_level", "nps")
_WEEKS_BELOW_DAYS, _QUARTERS_FROM_DAYS = 240, 2_400


def headlines(asked: Asked) -> tuple[str, ...]:
    """Return up to three measures with rows, most telling first."""
    return tuple(each for each in _HEADLINES if _groups(asked, each, ()))[:_MOST_HEADLINES]


def figures(asked: Asked) -> tuple[FigureConfig, ...]:
    """Return figures that have at least two groups to show: one over time, the others by group."""
    made: list[FigureConfig] = []
    for measure, choices in _BY_GROUP:
        by = next((each for each in choices if _groups(asked, measure, (each,)) >= _FEWEST_GROUPS), None)
        if by:
            made.append(FigureConfig(measure=measure, by=(by,)))
    span = (asked.data.period[1] - asked.data.period[0]).days
    period = "week" if span < _WEEKS_BELOW_DAYS else "quarter" if span >= _QUARTERS_FROM_DAYS else "month"
    over = next((each for each in _OVER_TIME if _groups(asked, each, (period,)) > _FEWEST_GROUPS), None)
    if over:
        made.insert(1, FigureConfig(measure=over, by=(period,)))
    return tuple(made[:_MOST_FIGURES])


def compares(asked: Asked) -> tuple[CompareConfig, ...]:
    """Return comparisons worth making: belief against voice, and the bot (else the second channel) against the phone."""
    made: list[CompareConfig] = []
    if _groups(asked, "nps", ()) and _groups(asked, "nps_believed", ()):
        made.append(CompareConfig(measure="nps", by="organisation", first="", second="", against="nps_believed"))
    for measure in ("nps", "repeat_7d"):
        ranked = _largest(asked, measure, "channel")
        if len(ranked) >= _FEWEST_GROUPS:
            first, second = ("call", "bot") if {"call", "bot"} <= set(ranked) else (ranked[0], ranked[1])
            made.append(CompareConfig(measure=measure, by="channel", first=first, second=second))
    return tuple(made)


def _groups(asked: Asked, measure: str, by: Sequence[str]) -> int:
    """How many groups have enough rows."""
    if measure not in asked.catalogue:
        return 0
    try:
        found = asked.estimates(asked.catalogue[measure], by)
    except EvidenceError:
        return 0
    return sum(each.n >= asked.minimum_n and (not by or each.group[0][1] is not None) for each in found)


def _largest(asked: Asked, measure: str, by: str) -> list[str]:
    try:
        found = asked.estimates(asked.catalogue[measure], [by])
    except EvidenceError:
        return []
    ranked = sorted(found, key=lambda each: -each.n)
    return [str(each.group[0][1]) for each in ranked if each.n >= asked.minimum_n and each.group[0][1] is not None]
