"""A stratified cluster sample with a stratum drawn whole and weights of all sizes, calibrated as R's survey does it.

Source: survey 4.1-1 under R 4.2.2, options(survey.drop.replicates = FALSE), on rows made below:
d = svydesign(ids = ~cl, strata = ~st, weights = ~w, fpc = ~fpc, data = x); the calls stand beside their figures.
"""

from __future__ import annotations

import numpy as np
import pytest

from peil.estimates.sample import sample

DIGITS = 5e-9
A, B = {"x": 210, "y": 110, "z": 80}, {"p": 230, "q": 170}
CROSSED = {("x", "p"): 120, ("y", "p"): 60, ("z", "p"): 50, ("x", "q"): 90, ("y", "q"): 50, ("z", "q"): 30}
AGE = {"age": 16_200}


@pytest.fixture(scope="module")
def rows():
    """Return what R makes of i = 0:89 with %% and %/%."""
    i = np.arange(90)
    a = np.array(list("xyzx"))[(i * 5 + i // 7) % 4]
    cl, age = (i % 3) * 100 + (i * 7 + i // 11) % 5, 20 + (i * 17) % 41
    y = 3 + 2 * (a == "x") + age / 20 + ((i * 29) % 11) / 4 + cl % 100 / 3
    return {
        "st": i % 3,
        "cl": cl,
        "a": a.tolist(),
        "b": np.array(list("pq"))[(i * 3 + i // 5) % 2].tolist(),
        "g": np.array(list("uvuw"))[(i + i // 9) % 4].tolist(),
        "w": 1 + (i * 13) % 7 / 2 + i % 3,
        "age": age,
        "y": y,
        "z": 1 + y / 2 + ((i * 31) % 13) / 3,
        "fpc": np.array([5, 9, 12])[i % 3],
        "u": (i * 11) % 5,
        "fpc2": 6 + cl % 4,
    }


@pytest.fixture(scope="module")
def drawn(rows):
    return sample(rows, weight="w", stratum="st", cluster="cl", population="fpc")


@pytest.fixture(scope="module")
def drawn_twice(rows):
    """Return svydesign(ids = ~cl + u, strata = ~st, weights = ~w, fpc = ~fpc + fpc2, data = x, nest = TRUE)."""
    return sample(rows, weight="w", stratum="st", cluster="cl", population="fpc", unit="u", unit_population="fpc2")


MADE = {
    "rake": lambda of: of.rake({"a": A, "b": B}),
    "linear": lambda of: of.calibrate({"a": A, "b": B}, totals=AGE),
    "rake_number": lambda of: of.calibrate({"a": A, "b": B}, totals=AGE, method="rake"),
    "narrow": lambda of: of.calibrate({"a": A, "b": B}, method="bounded", bounds=(0.6, 1.6)),
    "bounded": lambda of: of.calibrate({"a": A, "b": B}, method="bounded", bounds=(0.4, 2.5)),
    "cells": lambda of: of.poststratify(("a", "b"), CROSSED),
}


def told(of):
    """Return value and standard error of svymean(~y), svytotal(~z), svyratio(~z, ~age) and svyby(~y, ~g, svymean)."""
    plain = (of.mean("y").only(), of.total("z").only(), of.ratio("z", "age").only())
    groups = sorted(of.mean("y", by="g"), key=lambda each: str(each.group))
    return [number for each in (*plain, *groups) for number in (each.value, each.se)]


def figures(text):
    return pytest.approx([float(each) for each in text.split()], rel=DIGITS)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        # by calibrate(d, ~a + b, c(400, 110, 80, 170), calfun = "raking"). rake() itself has the same weights and other
        # standard errors (0.157400843262 of the mean): its residuals are of a regression without base weights.
        ("rake", """7.97302345043 0.156149670638 2804.7801989 45.8006615823 0.175954620145 0.00601640788753
         7.99771336948 0.151607648266 7.55458281781 0.289662663397 8.29430212616 0.310827698031"""),
        # by calibrate(d, ~a + b + age, c(400, 110, 80, 170, 16200), calfun = "linear")
        ("linear", """8.01767840145 0.0842905375295 2810.77734663 40.1890046256 0.173504774484 0.00248080275467
         8.04680605363 0.0974692657837 7.58968888859 0.270976288271 8.33525675936 0.254696779765"""),
        # the same with calfun = "raking"
        ("rake_number", """8.01423998075 0.0837192651687 2811.37018323 40.199921776 0.173541369335 0.00248147665284
         8.04590011923 0.0959212339845 7.57790621302 0.274405043529 8.33501603913 0.255010261079"""),
        # weights scaled to add up to 400; calibrate(..., calfun = "logit", bounds = c(.6, 1.6))
        ("narrow", """7.97352816852 0.155846341756 2804.08445598 45.7868733213 0.175866507998 0.00601825647713
         7.99764849475 0.151620983452 7.55746396774 0.288509014848 8.29367087027 0.311422916895"""),
        # the same with bounds = c(.4, 2.5)
        ("bounded", """7.97309596449 0.156086225566 2804.67614682 45.8056815228 0.175936716174 0.00601527779787
         7.99775663946 0.151608539717 7.55501725526 0.289338293939 8.29405157544 0.310912263892"""),
        # postStratify(d, ~a + b, the crossed counts)
        ("cells", """7.97287548858 0.153953904549 2804.40443249 46.8243935096 0.175240710327 0.00596662688104
         8.00513214027 0.150235983108 7.55670431186 0.260666466626 8.27167948095 0.311101377328"""),
    ],
)  # fmt: skip
def test_residual_errors_of_every_method(drawn, made, expected):
    assert told(MADE[made](drawn)) == figures(expected)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        # the calls are those of one stage
        ("rake", """7.97302345043 0.165276117366 2804.7801989 55.4014751435 0.175954620145 0.00640199051741
         7.99771336948 0.177346854012 7.55458281781 0.311024957763 8.29430212616 0.333647502782"""),
        ("linear", """8.01767840145 0.0965860367035 2810.77734663 50.5689803335 0.173504774484 0.0031215419959
         8.04680605363 0.127170883579 7.58968888859 0.292986835966 8.33525675936 0.282008869398"""),
        ("bounded", """7.97309596446 0.165214509416 2804.67614689 55.4036766104 0.175936716173 0.00640061929786
         7.99775663943 0.177344933171 7.55501725521 0.310732224214 8.29405157544 0.33374615961"""),
        ("cells", """7.97287548858 0.163343304388 2804.40443249 56.1435711146 0.175240710327 0.00632077037242
         8.00513214027 0.177369525169 7.55670431186 0.284763475921 8.27167948095 0.334562981716"""),
    ],
)  # fmt: skip
def test_residual_errors_of_units_drawn_from_clusters(drawn_twice, made, expected):
    assert told(MADE[made](drawn_twice)) == figures(expected)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("rake", (-0.443130551673, 0.37673029422)),
        ("linear", (-0.457117165046, 0.356080361086)),
        ("cells", (-0.448427828407, 0.352864171389)),
    ],
)
def test_a_contrast_of_calibrated_groups_whose_units_were_drawn_too(drawn_twice, made, expected):
    """The total of zz = 1(g = v) (y - mean_v) / n_v - 1(g = u) (y - mean_u) / n_u has its error: SE(svytotal(~zz, k))."""
    found = MADE[made](drawn_twice).contrast({("y", "v"): 1, ("y", "u"): -1}, by="g")
    assert (found.value, found.se) == pytest.approx(expected, rel=DIGITS)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        # r = as.svrepdesign(d, type = "JKn"); rake(r, list(~a, ~b), ...). Where R drops the rows of the stratum drawn whole
        # from replicates, as it does by default, their new weights are forgotten: 60.0810612459 for the total.
        ("rake", """7.97302345043 0.159981092896 2804.7801989 46.7180413464 0.175954620145 0.00607858846343
         7.99771336948 0.15385171356 7.55458281781 0.31145710465 8.29430212616 0.334976079154"""),
        # by calibrate(r, ~a + b + age, ..., calfun = "linear")
        ("linear", """8.01767840145 0.0911312821618 2810.77734663 42.3647656386 0.173504774484 0.00261510899004
         8.04680605363 0.0975987143318 7.58968888859 0.301485103695 8.33525675936 0.298935385846"""),
        # the same with calfun = "raking"
        ("rake_number", """8.01423998075 0.0946687771533 2811.37018323 42.1967820461 0.173541369335 0.00260473963247
         8.04590011923 0.0973628786837 7.57790621302 0.300446298892 8.33501603913 0.299350198144"""),
        # of the scaled weights; calfun = "logit", bounds = c(.4, 2.5)
        ("bounded", """7.97309596449 0.159872392241 2804.67614682 46.82695118 0.175936716174 0.0060864811595
         7.99775663946 0.153693095062 7.55501725526 0.310938633272 8.29405157544 0.334969342034"""),
    ],
)  # fmt: skip
def test_every_replicate_is_calibrated_again(drawn, made, expected):
    assert told(MADE[made](drawn).replicated(kind="jkn")) == figures(expected)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("average", (0.960901720146695, 0.925531194842705, 0.714014340637701)),
        ("certainty", (0.784572969107347, 0.755693056131022, 0.714014340637701 * (2 / 3) ** 0.5)),
    ],
)
def test_a_stratum_of_one_is_averaged_over_all_that_the_margins_explain(rule, expected):
    """options(survey.lonely.psu = rule); k = calibrate(d, ~sex + age, ...); SE(svyby(~y, ~sex, k, svymean)), svymean(~y, k).

    The men have no row in the stratum of one, and the women there help to tell what age explains of the men.
    """
    rows = {
        "h": [1] * 5 + [2] * 5 + [3, 2],
        "sex": list("fmfmfmfmmffm"),
        "age": list("oyyoyoyoyoyo"),
        "y": [9, 3, 7, 5, 8, 2, 10, 6, 4, 7, 1, 8],
        "w": [1, 2, 1, 2, 1, 2, 2, 1, 1, 2, 1, 1],
    }
    made = sample(rows, weight="w", stratum="h", singleton=rule)
    made = made.calibrate({"sex": {"f": 11, "m": 9}, "age": {"o": 9, "y": 11}}, method="linear")
    errors = [each.se for each in made.mean("y", by="sex")] + [made.mean("y").only().se]
    assert errors == pytest.approx(expected, rel=1e-11)
