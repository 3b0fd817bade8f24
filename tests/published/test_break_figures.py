"""Breaks, their dates and their tests as they were printed for the Nile, the real interest rate and road deaths.

Sources: Bai & Perron (2003), Journal of Applied Econometrics 18; Zeileis, Kleiber, Krämer & Hornik (2003), Computational
Statistics & Data Analysis 44, and the figures of strucchange 1.5-3 under R 4.2.2; Andrews (2003), Econometrica 71,
corrected critical values of sup-F (as Stock and Watson tabulate them, divided by the number of coefficients); Bai
(1997), Review of Economics and Statistics 79. The Nile's yearly flow at Aswan is that of Cobb (1978), Biometrika 65.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from peil.errors import EvidenceError
from peil.methods.break_dates import bai_cdf, bai_quantile, dated
from peil.methods.break_limits import largest_p
from peil.methods.break_tests import f_statistics, mosum, ols_cusum, recursive_cusum
from peil.methods.breakpoints import many_partitions, partitions

NILE = np.array([
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
    781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
    744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
], dtype=float)  # fmt: skip
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "strucchange_series"
PRINTED = 5e-7  # relative: six digits and more were printed
ANDREWS = {
    1: (7.12, 8.68, 12.16), 2: (5.00, 5.86, 7.78), 3: (4.09, 4.71, 6.02), 4: (3.59, 4.09, 5.12), 5: (3.26, 3.66, 4.53),
    6: (3.02, 3.37, 4.12), 7: (2.84, 3.15, 3.82), 8: (2.69, 2.98, 3.57), 9: (2.58, 2.84, 3.38), 10: (2.48, 2.71, 3.23),
}  # fmt: skip
ANDREWS_DATES = 2_520  # he drew walks of 3,600 steps and looked at the middle 70 %


def shared_series(name: str) -> np.ndarray:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the shared reference series are not beside the project")
    with path.open(encoding="utf-8") as lines:
        return np.array([float(row["value"]) for row in csv.DictReader(lines)])


@pytest.fixture(scope="module")
def real_interest() -> np.ndarray:
    return shared_series("realint.csv")


@pytest.fixture(scope="module")
def road_deaths() -> tuple[np.ndarray, np.ndarray]:
    logs = np.log10(shared_series("uk_driver_deaths.csv"))
    return logs[12:], np.column_stack([np.ones(logs.size - 12), logs[11:-1], logs[:-12]])


# --- the Nile


def test_the_niles_sums_of_squares_and_criteria_are_those_of_bai_and_perrons_programme():
    found = partitions(NILE)
    assert found.trimming == 15
    assert found.rss == pytest.approx(
        [2835156.75, 1597457.19, 1552923.62, 1538096.51, 1507888.48, 1659993.50], rel=1e-8
    )
    assert found.bic[:3] == pytest.approx([1318.242, 1270.084, 1276.467], abs=5e-4)
    assert found.chosen == 1
    assert found.at(1) == (28,)
    assert found.at(2) == (28, 83)


def test_the_nile_fell_in_1898_between_1895_and_1902():
    found = dated(NILE, [28])
    (date,) = found.dates
    assert tuple(1870 + each for each in (date.low, date.at, date.high)) == (1895, 1898, 1902)
    assert found.coefficients.ravel() == pytest.approx([1097.75, 849.972222], rel=1e-9)


def test_a_weak_second_break_of_the_nile_has_an_interval_that_says_so():
    first, second = dated(NILE, [28, 83]).dates
    assert (first.low, first.high) == (25, 31)
    assert (second.low, second.high) == (33, 130)


def test_the_niles_statistics_for_an_unknown_date_are_the_printed_ones():
    found = f_statistics(NILE)
    assert found.at == 28
    assert found.largest.value == pytest.approx(75.929769, rel=PRINTED)
    assert found.average.value == pytest.approx(21.21467, rel=PRINTED)
    assert found.exponential.value == pytest.approx(33.75897, rel=PRINTED)
    assert max(found.largest.p, found.average.p, found.exponential.p) < 1e-7


def test_the_niles_cumulated_and_moving_sums_are_the_printed_ones():
    cumulated, recursive, moving = ols_cusum(NILE), recursive_cusum(NILE), mosum(NILE)
    assert cumulated.value == pytest.approx(2.9517661, rel=PRINTED)
    assert cumulated.p == pytest.approx(5.409e-8, rel=1e-3)
    assert recursive.value == pytest.approx(2.066921, rel=PRINTED)
    assert recursive.p == pytest.approx(7.487e-8, rel=1e-3)
    assert moving.value == pytest.approx(1.530927, rel=PRINTED)
    # strucchange prints .01, the least that its table holds
    assert 0.0005 < moving.p < 0.01


# --- the real interest rate


def test_the_real_interest_rate_broke_in_1972_and_1980(real_interest):
    found = partitions(real_interest, trimming=15)
    assert found.rss[:4] == pytest.approx([1214.922, 644.996, 455.950, 445.182], abs=5e-4)
    assert found.bic[:4] == pytest.approx([555.7445, 499.7952, 473.3381, 480.1458], abs=5e-5)
    assert found.chosen == 2
    assert found.at(2) == (47, 79)
    # Bai and Perron's third: 1966(4)
    assert found.at(3) == (24, 47, 79)
    assert f_statistics(real_interest).largest.value == pytest.approx(89.2449, abs=5e-5)


@pytest.mark.parametrize(("errors", "bounds"), [("iid", [(39, 49), (77, 81)]), ("hac", [(37, 48), (77, 81)])])
def test_the_dates_of_the_real_interest_rate_have_the_printed_intervals(real_interest, errors, bounds):
    found = dated(real_interest, [47, 79], errors=errors)
    assert [(each.low, each.high) for each in found.dates] == bounds
    assert found.coefficients.ravel() == pytest.approx([1.35503723, -1.79613844, 5.64288958], abs=5e-9)


# --- road deaths: a regression on what was before


def test_criterion_and_test_disagree_on_road_deaths_as_printed(road_deaths):
    y, x = road_deaths
    found = partitions(y, x, most=8, trimming=0.1)
    assert found.bic[:4] == pytest.approx([-602.8611, -601.0539, -598.9042, -594.8774], abs=5e-5)
    assert found.rss[[0, 1, 2, 8]] == pytest.approx([0.3297082, 0.2967377, 0.2675731, 0.2231045], abs=5e-8)
    assert found.chosen == 0
    assert found.at(2) == (46, 157)
    tests = f_statistics(y, x, trimming=0.1)
    assert tests.at == 46
    assert tests.largest.value == pytest.approx(19.333112, rel=PRINTED)
    # Hansen's approximation gives .0067, .0146 and .0081; these are the limits themselves
    assert tests.largest.p == pytest.approx(0.0067, abs=0.002)
    assert tests.average.p == pytest.approx(0.0146, abs=0.002)
    assert tests.exponential.p == pytest.approx(0.0081, abs=0.0025)


def test_the_segments_of_road_deaths_have_the_printed_coefficients_and_intervals(road_deaths):
    y, x = road_deaths
    found = dated(y, [46, 157], x)
    assert found.coefficients == pytest.approx(
        np.array([[0.633098, 0.117323, 0.694480], [0.666300, 0.218214, 0.572330], [0.732610, 0.548609, 0.214166]]),
        abs=5e-7,
    )
    assert [(each.low, each.high) for each in found.dates] == [(33, 56), (144, 171)]
    robust = dated(y, [46, 157], x, errors="hac")
    assert [(each.low, each.high) for each in robust.dates] == [(20, 55), (150, 193)]


def test_fluctuation_tests_of_road_deaths_have_the_printed_chances(road_deaths):
    y, x = road_deaths
    assert ols_cusum(y, x).p == pytest.approx(0.02407, abs=5e-6)
    assert recursive_cusum(y, x).p == pytest.approx(0.008572, abs=5e-7)
    # from simulated tables there and here
    assert mosum(y, x).p == pytest.approx(0.04795, abs=0.004)


# --- limits


@pytest.mark.parametrize("changing", ANDREWS)
def test_each_number_of_changing_coefficients_has_critical_values_of_its_own(changing):
    for chance, value in zip((0.10, 0.05, 0.01), ANDREWS[changing], strict=True):
        found = largest_p(value * changing, changing, 0.15, dates=ANDREWS_DATES)
        # his are simulated, and printed to two decimals
        assert found == pytest.approx(chance, rel=0.05)


def test_bais_distribution_has_the_printed_quantiles_and_the_moments_of_a_simulation():
    """Bai (1997) prints 7.7 and 11 for 90 and 95 %; the general case is held against walks."""
    assert bai_quantile(0.95) == pytest.approx(7.7, abs=0.05)
    assert bai_quantile(0.975) == pytest.approx(11.0, abs=0.05)
    xi, phi = 1.6, 2.5
    rng = np.random.default_rng(7)
    step, reach, many = 0.02, 4_000, 4_000
    left = np.cumsum(rng.normal(scale=np.sqrt(step), size=(many, reach)) - step / 2, axis=1)
    right = np.cumsum(rng.normal(scale=np.sqrt(xi * phi * step), size=(many, reach)) - xi * step / 2, axis=1)
    later = np.maximum(right.max(axis=1), 0) > np.maximum(left.max(axis=1), 0)
    place = np.where(later, right.argmax(axis=1), -left.argmax(axis=1)) * step
    for at in (-8.0, -2.0, 2.0, 8.0):
        assert float(bai_cdf(at, xi=xi, phi=phi)) == pytest.approx(float((place <= at).mean()), abs=0.025)


def test_bais_distribution_mirrors_when_before_and_after_change_places():
    at = np.linspace(-20, 20, 41)
    xi, phi = 1.6, 2.5
    turned = 1 - bai_cdf(-at * xi / phi, xi=1 / xi, phi=1 / phi)
    assert bai_cdf(at, xi=xi, phi=phi) == pytest.approx(turned, abs=1e-12)


# --- the programme itself


def every_partition(y, x, h, number):
    """Return the best of all partitions, each tried."""
    n = y.size

    def cost(a, b):
        return float(np.sum((y[a:b] - x[a:b] @ np.linalg.lstsq(x[a:b], y[a:b], rcond=None)[0]) ** 2))

    def best(start, left):
        if not left:
            return cost(start, n), ()
        tried = []
        for end in range(start + h, n - left * h + 1):
            rest, breaks = best(end, left - 1)
            tried.append((cost(start, end) + rest, (end, *breaks)))
        return min(tried)

    return best(0, number)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_programme_finds_what_trying_every_partition_finds(columns):
    rng = np.random.default_rng(columns)
    n = 26
    x = np.column_stack([np.ones(n), np.arange(n), rng.normal(size=n)])[:, :columns]
    y = rng.normal(size=n) + 2 * (np.arange(n) >= 9) - (np.arange(n) >= 17)
    found = partitions(y, x if columns > 1 else None, most=3, trimming=5)
    for number in range(4):
        cost, breaks = every_partition(y, x, 5, number)
        assert found.rss[number] == pytest.approx(cost, rel=1e-10)
        assert found.at(number) == breaks


def test_many_series_at_once_give_what_each_gives_alone():
    rng = np.random.default_rng(3)
    y = rng.normal(size=(4, 80)) + np.outer([0, 1, 2, 3], np.arange(80) >= 30)
    x = np.column_stack([np.ones(80), np.arange(80)])
    for regressors in (None, x):
        many = many_partitions(y, regressors, trimming=0.1)
        for place, row in enumerate(y):
            alone = partitions(row, regressors, trimming=0.1)
            assert many.rss[place] == pytest.approx(alone.rss, rel=1e-12)
            assert many.breaks[place].tolist() == alone.breaks.tolist()
            assert many.chosen[place] == alone.chosen


def test_a_large_level_or_another_unit_moves_no_break():
    plain = partitions(NILE, trimming=0.1)
    moved = partitions(1e9 + 1e-3 * NILE, trimming=0.1)
    assert moved.breaks.tolist() == plain.breaks.tolist()
    assert moved.rss == pytest.approx(1e-6 * plain.rss, rel=1e-3)


# --- what cannot be answered


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: partitions(np.ones(50)), "same value throughout"),
        (lambda: partitions([*NILE[:50], np.nan, *NILE[51:]]), "1 gaps, the first in row 50"),
        (lambda: partitions(NILE[:9]), "cannot carry"),
        (lambda: partitions(NILE, trimming=51), "two segments of 51 rows do not fit"),
        (lambda: partitions(NILE).at(6), "do not fit into 100 rows"),
        (lambda: partitions(NILE, np.ones((100, 2))), "explained by the others"),
        (lambda: partitions(NILE, np.ones((99, 1))), "99 rows of regressors do not fit"),
        (lambda: partitions(NILE, most=0), "nothing to look for"),
        (lambda: dated(NILE, [99]), "leave a segment"),
        (lambda: f_statistics(NILE, changing=[1]), "are not among the 1"),
        (lambda: mosum(NILE, width=0.01), "no table for a window"),
        (lambda: largest_p(3.0, 1, 0.5), "have no distribution"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(call, says):
    with pytest.raises(EvidenceError, match=says):
        call()
