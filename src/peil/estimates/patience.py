"""How long customers are willing to wait: from those who hung up and those who were answered before they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import special

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.lasting import Bounded, Lasting, Survivals, TimeTo
from peil.estimates.survival import survival
from peil.methods.hazards import Hazards, hazards
from peil.methods.log_rank import LogRank
from peil.methods.survival import Curve, Kind
from peil.terms import Label

PATIENCE = TimeTo(
    name="patience",
    label=Label("Patience", "Geduld"),
    where="offered and wait_ms > 0",
    after="wait_ms",
    event="abandoned",
    others=(("answered", "answered"), ("called_back", "called_back and not answered")),
)
# Seconds at which the shares still waiting are shown.
SHOWN = (30.0, 60.0, 120.0, 180.0, 300.0)
EDGES = (0.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0, 900.0, 1800.0, 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patience:
    """What is known of the patience of one group, and the two numbers that are taken for it.

    Parameters:
        lasting: the curve of those still willing to wait, with its restricted mean.
        median: seconds after which half would have left.
        hazards: how many leave per second of those still there, in stretches of time.
        abandoned: who left; every other was answered or called back first, and would have waited longer.
        naive: mean waiting of those who left: of the impatient only, and only as long as nobody answered.
        exponential: all waiting over those who left: patience, if nobody grew more or less patient while waiting.
    """

    lasting: Lasting
    median: Bounded
    hazards: Hazards
    abandoned: int
    naive: float
    exponential: Bounded

    @property
    def curve(self) -> Curve:
        """The curve itself."""
        return self.lasting.curve

    @property
    def group(self) -> tuple[tuple[str, object], ...]:
        """Pairs of name and value."""
        return self.lasting.group


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patiences:
    """The patience of all groups.

    Parameters:
        groups: one a group, in order.
        test: whether all groups are equally patient; None of one group.
        method: how the intervals were made.
        level: of the intervals.
        gap: the restricted mean of the second group less that of the first, where there are two.
    """

    groups: tuple[Patience, ...]
    test: LogRank | None
    method: str
    level: float
    gap: Bounded | None = None


def patience(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    *,
    by: Sequence[str] = (),
    within: Sequence[str] = (),
    split_on: date | None = None,
    where: str = "true",
    times: Sequence[float] = SHOWN,
    until: float | None = None,
    clustered: bool = True,
    level: float = 0.95,
    kind: Kind = "log",
) -> Patiences:
    """Return how long customers are willing to wait, from everybody who waited at all.

    Somebody who was answered after 40 seconds is patient for at least 40; somebody who hung up then, for 40. Both count,
    as the method of Kaplan and Meier has it; a customer who chose to be called back is counted as one who was answered.

    Parameters:
        data: the tables.
        by: groups, such as ``["month"]`` or ``["queue"]``.
        within: columns within which groups are compared, so that a change of mix is no change of patience.
        split_on: a day; contacts from it on are another group (``since``) than those before.
        where: row-level SQL that chooses contacts.
        times: seconds at which shares still waiting are wanted.
        until: where the restricted mean is cut off.
        clustered: whether contacts of one person are kept together.
        level: how often intervals are to hold the truth.
        kind: on which scale intervals of the curve are symmetric.

    Raises:
        DefinitionError: a name is unknown.
        EvidenceError: nobody waited, or nobody hung up.

    Example:
        >>> from peil.made import made
        >>> found = patience(made(), where="channel = 'call'").groups[0]
        >>> found.naive < found.lasting.mean.value < found.exponential.value
        True
    """
    found = survival(
        data,
        PATIENCE,
        by=by,
        within=within,
        split_on=split_on,
        where=where,
        times=times,
        until=until,
        clustered=clustered,
        level=level,
        kind=kind,
    )
    if not sum(each.curve.n_events for each in found.curves):
        raise EvidenceError(
            "nobody who waited hung up, so nothing shows where patience ends",
            remedy="choose a longer period, or queues with longer waiting",
        )
    return Patiences(
        groups=tuple(_patience(each, level) for each in found.curves),
        test=found.test,
        method=found.method,
        level=level,
        gap=found.gap,
    )


def compared(found: Survivals | Patiences) -> LogRank:
    """Return the test whether groups differ.

    Raises:
        EvidenceError: there is one group only.
    """
    if found.test is None:
        raise EvidenceError(
            "there is one group, and nothing to compare it with", remedy="ask by period or by queue, or load more"
        )
    return found.test


def _patience(lasting: Lasting, level: float) -> Patience:
    curve = lasting.curve
    events, waited, tail = float(curve.events.sum()), curve.waited, (1 - level) / 2
    left = float(curve.time @ curve.events)
    edges = [each for each in EDGES if each < curve.time[-1]] + [float(curve.time[-1])]
    return Patience(
        lasting=lasting,
        median=lasting.quantile(0.5),
        hazards=hazards(curve, edges, level=level),
        abandoned=int(events),
        naive=left / events if events else float("nan"),
        exponential=Bounded(
            value=waited / events if events else float("inf"),
            low=waited / float(special.gammaincinv(events + 1, 1 - tail)),
            high=waited / float(special.gammaincinv(events, tail)) if events else float(np.inf),
        ),
    )
