"""Which days a report looks at for a trend break, and what it finds there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from peil.config import TrendBreakConfig
from peil.errors import EvidenceError
from peil.estimates.difference import Side
from peil.measures.catalogue import measure_named
from peil.reports.asked import Asked
from peil.studies.change_log import DefinitionChange
from peil.studies.trend.exposure import Control
from peil.studies.trend_break import NETHERLANDS_CLOSED_ON, TrendBreak, trend_break

# What the pandemic is said to have changed, where the data reach far enough to both sides of it.
_ASKED = ("digital_share",)
_BEFORE, _AFTER = timedelta(days=730), timedelta(days=200)


def trend_findings(
    asked: Asked, wanted: Sequence[TrendBreakConfig] | None, change_log: Sequence[DefinitionChange] | None
) -> tuple[TrendBreak, ...]:
    """Return what is found on each day asked for; on the day the Netherlands closed, where nothing was asked.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's questions; None where it leaves them open.
        change_log: when definitions changed.

    Raises:
        DefinitionError: a measure or column is unknown.
    """
    found = []
    for each in _open(asked) if wanted is None else wanted:
        try:
            found.append(
                trend_break(
                    asked.data,
                    measure_named(each.measure, asked.catalogue),
                    broke_on=each.broke_on,
                    period=each.period,
                    where=each.where,
                    controls=_controls(asked, each),
                    matters=each.matters,
                    level=asked.level,
                    change_log=change_log,
                )
            )
        except EvidenceError:
            if wanted is not None:
                raise
    return tuple(found)


def _controls(asked: Asked, wanted: TrendBreakConfig) -> tuple[Control, ...]:
    return tuple(
        Control(side=Side(measure=measure_named(each.measure, asked.catalogue), where=each.where), dose=each.exposure)
        for each in wanted.controls
    )


def _open(asked: Asked) -> tuple[TrendBreakConfig, ...]:
    first, last = asked.data.period
    if not _reaches(first, last):
        return ()
    return tuple(TrendBreakConfig(measure=each) for each in _ASKED if each in asked.catalogue)


def _reaches(first: date, last: date) -> bool:
    return first + _BEFORE <= NETHERLANDS_CLOSED_ON <= last - _AFTER
