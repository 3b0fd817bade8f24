"""How far a figure shifts when answers are weighted to every contact, both sides being the same answers."""

from __future__ import annotations

import numpy as np

from peil.estimates.difference import Difference
from peil.estimates.estimate import Estimate
from peil.estimates.frame import Frame
from peil.estimates.frame_spread import Spread
from peil.estimates.frame_weights import Weighted
from peil.measures.measure import Measure
from peil.methods import interval
from peil.methods.moments import Floats
from peil.methods.student import student


def shift(measure: Measure, counts: Frame, weighted: Weighted, spread: Spread, level: float) -> Difference:
    """Return the weighted figure less the plain one.

    Parameters:
        measure: what was asked.
        counts: contacts and answers by cell.
        weighted: both figures.
        spread: how much ``naive``, ``adjusted`` and ``moved``, their difference, vary.
        level: how often intervals are to hold the truth.
    """
    ses = {name: spread.se(name) for name in ("naive", "adjusted", "moved")}
    first = _estimate(
        measure, counts, weighted.plain, np.ones_like(weighted.factor), ses["naive"], spread, level, "as they are"
    )
    second = _estimate(
        measure,
        counts,
        weighted.value,
        weighted.factor,
        ses["adjusted"],
        spread,
        level,
        "raked to all contacts, residual standard error",
    )
    shift = weighted.value - weighted.plain
    low, high = (float(each) for each in interval.mean(shift, ses["moved"], spread.df, level=level))
    product = 2 * ses["naive"] * ses["adjusted"]
    shared = ses["naive"] ** 2 + ses["adjusted"] ** 2 - ses["moved"] ** 2
    scale = measure.scale
    return Difference(
        first=first,
        second=second,
        value=shift * scale,
        se=ses["moved"] * scale,
        low=low * scale,
        high=high * scale,
        level=level,
        correlation=float(np.clip(shared / product, -1, 1)) if product > 0 else 0.0,
    )


def _estimate(
    measure: Measure, counts: Frame, value: float, factor: Floats, se: float, spread: Spread, level: float, how: str
) -> Estimate:
    mass = counts.weight * factor
    mass = mass / mass.sum()
    n, df = float(counts.rows.sum()), spread.df
    simple = float(mass @ (counts.value - value) ** 2) / max(n - 1, 1)
    known_of = (float(student(n - 1, level)) / float(student(df, level))) ** 2 if n > 1 and df > 0 else 1.0
    n_eff = min(n, n * simple / se**2 * known_of) if se > 0 else n
    if measure.is_share:
        low, high = interval.share(value, n_eff, level=level)
        made = "Wilson score interval on the effective n"
    elif measure.is_net:
        promoters, detractors = (float(mass @ (counts.value * side > 0)) for side in (1, -1))
        low, high = interval.points(promoters, detractors, n_eff, level=level)
        made = "adjusted Wald interval (Rocks 2016) on the effective n"
    elif measure.ends and measure.per == "1":
        least, most = measure.ends
        low, high = interval.scale(value, simple * max(n - 1, 1), n_eff, least=least, most=most, level=level)
        made = "interval with two answers added (after Agresti and Coull 1998) on the effective n"
    else:
        low, high = interval.mean(value, se, df, level=level, least=counts.scale[0], most=counts.scale[1])
        made = "Student's interval"
    scale = measure.scale
    return Estimate(
        measure=measure,
        group=(),
        value=value * scale,
        se=se * scale,
        low=float(low) * scale,
        high=float(high) * scale,
        level=level,
        n=int(n),
        clusters=spread.clusters,
        n_eff=n_eff,
        df=df,
        method=f"answers {how}, over the survey's clusters; {made}",
    )
