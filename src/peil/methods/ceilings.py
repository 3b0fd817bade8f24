"""Ceilings over points: the steps along the highest ones, the line through these, and how much of the scope is empty above."""

from __future__ import annotations

import numpy as np

from peil.methods.moments import Floats

Scope = tuple[float, float, float, float]


def effects(x: Floats, y: Floats, box: Scope | None = None) -> Floats:
    """Return d of the steps and of the line, (2, draws), of each row of ``y``."""
    order = np.argsort(x, kind="stable")
    at, values = x[order], y[:, order]
    top = np.maximum.accumulate(values, axis=1)
    left, right = (at[0], at[-1]) if box is None else box[:2]
    low, high = (values.min(axis=1), top[:, -1]) if box is None else (np.full(len(y), each) for each in box[2:])
    size = (right - left) * (high - low)
    under = (top[:, :-1] - low[:, None]) @ np.diff(at) + (top[:, -1] - low) * (right - at[-1])
    # a point is a corner of the steps where it is higher than all to its left, and the highest of its x
    last = np.append(np.diff(at) > 0, True)
    best = np.where(last, top, -np.inf)
    before = np.full_like(best, -np.inf)
    np.maximum.accumulate(best[:, :-1], axis=1, out=before[:, 1:])
    corner = best > before
    count = corner.sum(axis=1)
    mean_x = corner @ at / count
    mean_y = np.sum(corner * top, axis=1) / count
    far = corner * (at - mean_x[:, None])
    spread = np.sum(far * far, axis=1)
    slope = np.divide(np.sum(far * top, axis=1), spread, out=np.zeros_like(spread), where=spread > 0)
    begin = mean_y + slope * (left - mean_x) - low
    beneath = _area(begin, slope, right - left, high - low)
    line = np.where(count > 1, 1 - beneath / size, 0.0)
    return np.vstack([1 - under / size, line])


def _area(begin: Floats, slope: Floats, width: float, height: Floats) -> Floats:
    """Return the area beneath a rising line and within a box."""

    def reached(at: Floats) -> Floats:
        inside = np.clip(at, 0.0, height)
        return np.asarray(inside**2 / 2 + height * np.maximum(at - height, 0.0), dtype=np.float64)

    level = np.clip(begin, 0.0, height) * width
    rise = reached(begin + slope * width) - reached(begin)
    return np.where(slope > 0, np.divide(rise, slope, out=np.zeros_like(rise), where=slope > 0), level)


def corners_of(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the points that are higher than all to their left, from left to right."""
    order = np.lexsort((-y, x))
    top = np.maximum.accumulate(y[order])
    new = np.append(True, np.diff(top) > 0)
    return x[order][new], top[new]


def line_of(x: Floats, y: Floats) -> tuple[float, float]:
    """Return where the line through the corners begins at x = 0, and its slope; nan for one corner."""
    if x.size == 1:
        return float("nan"), float("nan")
    slope, begin = np.polyfit(x, y, 1)
    return float(begin), float(slope)
