"""What a visitor brings in at every length between the shortest and the longest that were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peil.errors import EvidenceError
from peil.methods.moments import Floats
from peil.methods.trial import Learned, Terms, best_length, best_lengths, flat_region, learned, profit
from peil.studies.trial_counts import Sums


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """What a visitor brings in at every length between the shortest and the longest that were tried.

    Parameters:
        model: who keeps, and how fast they find out.
        terms: margin and costs.
        days: lengths.
        worth: euros a visitor at each.
        best, low, high: the best length and its interval.
        flat: lengths that bring in nearly as much as the best.
    """

    model: Learned
    terms: Terms
    days: Floats
    worth: Floats
    best: float
    low: float
    high: float
    flat: tuple[float, float]


def curve_of(days: Sequence[int], sums: Sums, daily_cost: float, *, level: float) -> tuple[Curve | None, str]:
    """Return the curve between the lengths, or what was lacking.

    Parameters:
        days: lengths that were tried, rising.
        sums: counts.
        daily_cost: euros a day in which something is out, already part of the costs.
        level: of the interval of the best length.
    """
    lengths = np.array(days, dtype=np.float64)
    try:
        model = learned(lengths, sums.taken, sums.days, sums.arm, sums.kept)
    except EvidenceError as fault:
        return None, fault.what
    terms = Terms(
        margin=sums.margin_kept / 100 + daily_cost * sums.days_kept,
        return_cost=max(sums.cost_returned / 100 - daily_cost * sums.days_returned, 0.0),
        daily_cost=daily_cost,
    )
    least, most = float(lengths[0]), float(lengths[-1])
    took, offered = sums.taken, sums.offered

    def uptake(days: Floats, dice: np.random.Generator | None = None) -> Floats:
        share = (took + 0.5) / (offered + 1)
        if dice is not None:
            share = dice.beta(took + 0.5, offered - took + 0.5)
        return np.asarray(np.interp(days, lengths, share), dtype=np.float64)

    def worth(days: Floats) -> Floats:
        return np.asarray(uptake(days) * profit(days, model.share, model.hazard, terms), dtype=np.float64)

    best = best_length(worth, least=least, most=most)
    drawn = best_lengths(model, terms, uptake, least=least, most=most)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    grid = np.linspace(least, most, 101)
    return (
        Curve(
            model=model, terms=terms, days=grid, worth=worth(grid), best=best, low=min(float(low), best),
            high=max(float(high), best), flat=flat_region(worth, best, least=least, most=most),
        ),
        "",
    )  # fmt: skip
