"""From the sums of one question about a sample to values, standard errors and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from peil.estimates.moments import Counted
from peil.methods import interval
from peil.methods.moments import Floats, Moments
from peil.methods.ratio import Ratios, ratio, total
from peil.surveys.design import Design

METHODS = {
    "mean": "ratio of totals, Taylor-linearised; Student's interval",
    "ratio": "ratio of totals, Taylor-linearised; Student's interval",
    "total": "total; Student's interval",
    "share": "ratio of totals, Taylor-linearised; Wilson score interval on the effective n",
    "logit": "ratio of totals, Taylor-linearised; Student's interval of the log odds",
    "nps": "ratio of totals, Taylor-linearised; adjusted Wald interval (Rocks 2016) on the effective n",
}


def inferred(
    statistic: str, sums: Counted, design: Design, level: float, method: str, *, deff: bool
) -> Mapping[str, Floats]:
    """Return value, se, low, high, n, n_eff, deff and df of each group.

    Parameters:
        statistic: ``total``, or any other for a ratio.
        sums: what was counted.
        design: how the rows were drawn.
        level: how often the intervals are to hold the truth.
        method: which of ``METHODS`` makes the interval.
        deff: whether squares over rows were summed too, of which design effects are made.
    """
    m, n_groups, rule = sums.moments, len(sums.groups), design.singleton
    # weights of a finite population add up to it; of others only their proportions mean something
    weights: Literal["expansion", "relative"] = "expansion" if design.weight and design.population else "relative"
    made = ratio(m, n_groups, singleton=rule, weights=weights, level=level)
    unknown = np.full(n_groups, np.nan)
    shown: dict[str, Any] = {"value": made.value, "se": made.se, "n": made.n, "df": made.df_here}
    shown |= {"n_eff": made.n_eff if deff else unknown, "deff": made.deff if deff else unknown}
    if statistic == "total":
        whole = total(m, n_groups, singleton=rule, weights=weights)
        # nobody answered: the total is not nought, it is not known
        shown |= {name: np.where(made.n > 0, each, np.nan) for name, each in (("value", whole.value), ("se", whole.se))}
        shown |= {"deff": whole.deff if deff else unknown, "n_eff": unknown}
    low, high = _interval(method, shown, made, m, level)
    return {**shown, "low": low, "high": high}


def _interval(
    method: str, shown: Mapping[str, Floats], made: Ratios, moments: Moments, level: float
) -> tuple[Floats, Floats]:
    value, se, df = shown["value"], shown["se"], shown["df"]
    if method == "share":
        return interval.share(value, made.n_eff, level=level)
    if method == "logit":
        return interval.share_logit(value, se, df, level=level)
    if method == "nps":
        weights, squares = (np.bincount(moments.group, each, minlength=value.size) for each in (moments.w, moments.wyy))
        extreme = squares / np.where(weights > 0, weights, np.nan) / 10_000
        promoters, detractors = (extreme + value / 100) / 2, (extreme - value / 100) / 2
        return interval.points(promoters, detractors, made.n_eff, level=level)
    return interval.mean(value, se, df, level=level)
