"""Slopes within cells beside least squares with a column for every cell."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from peil.methods.moments import Strata
from peil.methods.slopes import Slopes, Sums, slopes


def fitted(x, y, cluster, cell, side) -> Slopes:
    """The slopes of rows, each its own entry."""
    clusters = int(cluster.max()) + 1
    return slopes(
        Sums(
            w=np.ones(x.size), x=x, y=y, xx=x * x, xy=x * y, cluster=cluster, cell=cell, side=side,
            stratum=np.zeros(clusters, dtype=np.int64), strata=Strata(clusters=np.array([float(clusters)])),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def waits():
    """Sixty answers of as many people, in six cells of which three are on either side; most waits are short."""
    dice = np.random.default_rng(3)
    x, cell = dice.exponential(2.0, 60), np.arange(60) % 6
    return x, 4 - 0.2 * x + dice.normal(0, 0.5 + 0.3 * x), cell, np.arange(6) // 3


def columns(x, cell, side):
    """A column for each cell and one for the wait on each side."""
    own = np.eye(6)[cell]
    return np.column_stack([own, *(np.where(side[cell] == each, x, 0.0) for each in (0, 1))])


def test_where_everybody_answered_once_the_spread_is_that_of_hc2(waits):
    """statsmodels 0.15: OLS(...).fit(cov_type="HC2"), times 60/59 for a sample of people."""
    x, y, cell, side = waits
    found = fitted(x, y, np.arange(60), cell, side)
    model = sm.OLS(y, columns(x, cell, side)).fit(cov_type="HC2")
    assert found.slope == pytest.approx(model.params[6:])
    # scores grown by leverage need not add up to nought, as the raw ones do
    assert found.se == pytest.approx(model.bse[6:] * np.sqrt(60 / 59), rel=2e-3)


def test_an_interval_rests_on_fewer_where_few_waited_long(waits):
    """Bell and McCaffrey (2002) with every residual's part in every other; the diagonal alone is told."""
    x, y, cell, side = waits
    found = fitted(x, y, np.arange(60), cell, side)
    design = columns(x, cell, side)
    hat = design @ np.linalg.pinv(design)
    for each in (0, 1):
        pull = np.linalg.pinv(design)[6 + each] / np.sqrt(1 - np.diag(hat))
        g = pull[:, None] * (np.eye(60) - hat)
        spread = g @ g.T
        exact = np.trace(spread) ** 2 / np.sum(spread**2)
        assert found.freedom[each] == pytest.approx(exact, rel=0.25)
        assert found.freedom[each] < 0.6 * 30
    between = found.freedom_between(0, 1)
    assert found.freedom.min() <= between <= found.freedom.sum()


def test_one_who_decides_a_slope_alone_is_counted_and_does_not_break_it():
    x, y = np.array([0.0, 0.0, 0.0, 5.0]), np.array([3.0, 4.0, 5.0, 1.0])
    found = fitted(x, y, np.arange(4), np.zeros(4, dtype=np.int64), np.zeros(1, dtype=np.int64))
    assert found.slope[0] == pytest.approx(-0.6)
    assert np.isfinite(found.se[0])
    assert 1 <= found.freedom[0] < 2


def test_a_cell_that_is_weighted_to_nothing_changes_nothing(waits):
    x, y, cell, side = waits
    w = np.where(cell == 2, 0.0, 1.0)
    kept = w > 0
    design = {"stratum": np.zeros(60, dtype=np.int64), "strata": Strata(clusters=np.array([60.0]))}
    whole, part = (
        slopes(
            Sums(
                w=each, x=x[at] * each, y=y[at] * each, xx=x[at] ** 2 * each, xy=x[at] * y[at] * each,
                cluster=np.flatnonzero(at), cell=cell[at], side=side, **design,
            )
        )
        for at, each in ((np.ones(60, dtype=bool), w), (kept, w[kept]))
    )  # fmt: skip
    assert whole.slope == pytest.approx(part.slope)
    assert whole.se == pytest.approx(part.se)
