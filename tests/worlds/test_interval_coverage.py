"""Intervals hold a known truth about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

import peil
from peil.errors import DefinitionError
from peil.measures.measure import Measure
from peil.methods import interval
from peil.methods.moments import gather
from peil.methods.ratio import ratio
from peil.methods.student import student
from peil.terms import Better, Label, Unit

# Wide enough for 2,000 draws (two standard errors are a point) and for what few answers allow.
LOOSE = (0.92, 0.99)
DRAWS = 2_000
SHAPES = ((0.60, 0.10), (0.35, 0.25), (0.20, 0.50))


def draw(shape, *, clusters, rho, sizes, seed):
    """Return promoters, detractors and each row's draw and cluster."""
    rng = np.random.default_rng(seed)
    p, d = shape
    if rho:
        chance = rng.dirichlet(np.array([p, d, 1 - p - d]) * (1 - rho) / rho, size=DRAWS * clusters)
    else:
        chance = np.tile([p, d, 1 - p - d], (DRAWS * clusters, 1))
    cluster = np.repeat(np.arange(DRAWS * clusters), rng.choice(sizes, size=DRAWS * clusters))
    u = rng.random(cluster.size)
    return u < chance[cluster, 0], u > 1 - chance[cluster, 1], cluster // clusters, cluster


def estimates(shape, **design):
    promoter, detractor, sample, cluster = draw(shape, **design)
    return [
        ratio(gather(of=1.0 * of, group=sample, stratum=sample, cluster=cluster), DRAWS)
        for of in (100.0 * promoter - 100.0 * detractor, promoter, detractor)
    ]


def covered(bounds, truth):
    low, high = bounds
    return float(np.mean((low <= truth) & (truth <= high)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "design",
    [
        {"clusters": 10, "rho": 0.0, "sizes": [1]},
        {"clusters": 50, "rho": 0.0, "sizes": [1]},
        {"clusters": 20, "rho": 0.2, "sizes": [1, 2, 3, 5, 8]},
    ],
    ids=["10 answers", "50 answers", "20 clusters"],
)
def test_net_promoter_and_share_intervals_hold_the_truth(shape, design):
    nps, promoters, detractors = estimates(shape, seed=11, **design)
    p, d = shape
    points = interval.points(promoters.value, detractors.value, nps.n_eff)
    score = interval.points_score(promoters.value, detractors.value, nps.n_eff)
    share = interval.share(promoters.value, promoters.n_eff)
    for bounds, truth in ((points, 100 * (p - d)), (score, 100 * (p - d)), (share, p)):
        assert LOOSE[0] <= covered(bounds, truth) <= LOOSE[1]


def test_the_plain_interval_misses_the_truth_where_ours_does_not():
    nps, promoters, detractors = estimates((0.9, 0.02), clusters=10, rho=0.0, sizes=[1], seed=3)
    plain = covered((nps.value - 1.96 * nps.se, nps.value + 1.96 * nps.se), 88)
    ours = covered(interval.points(promoters.value, detractors.value, nps.n_eff), 88)
    assert plain < 0.75
    assert ours > 0.9


def test_an_interval_that_takes_clustered_answers_for_separate_ones_misses_the_truth():
    shape = (0.35, 0.25)
    nps, promoters, detractors = estimates(shape, clusters=20, rho=0.4, sizes=[5, 10], seed=5)
    naive = covered(interval.points(promoters.value, detractors.value, nps.n), 10)
    ours = covered(interval.points(promoters.value, detractors.value, nps.n_eff), 10)
    assert naive < 0.75
    assert ours > 0.92


def test_the_interval_of_a_gap_holds_the_gap():
    first, second = (
        estimates(shape, clusters=15, rho=0.0, sizes=[1], seed=seed)[1]
        for shape, seed in (((0.2, 0.5), 7), ((0.6, 0.1), 8))
    )
    bounds = interval.gap(
        *((each.value, *interval.share(each.value, each.n_eff)) for each in (first, second)),
    )
    assert LOOSE[0] <= covered(bounds, 0.4) <= LOOSE[1]


def test_five_answers_of_two_or_three_customers_who_nearly_all_agree():
    """The correction for few clusters by itself leaves less than one answer, and misses here one time in four."""
    shape, answers = (0.9, 0.02), [2, 3]
    nps, promoters, detractors = estimates(shape, clusters=2, rho=0.2, sizes=answers, seed=17)
    ours = covered(interval.points(promoters.value, detractors.value, nps.n_eff), 88)
    assert ours > 0.88
    deff = np.where(nps.deff > 0, nps.deff, np.nan)
    plain = np.where(np.isnan(deff), nps.n_eff, nps.n / deff * (student(nps.n - 1, 0.95) / student(1, 0.95)) ** 2)
    assert covered(interval.points(promoters.value, detractors.value, np.minimum(plain, nps.n)), 88) < ours - 0.1


@pytest.mark.parametrize(
    "chance", [(0.05, 0.05, 0.15, 0.45, 0.30), (0.35, 0.10, 0.10, 0.10, 0.35), (0.65, 0.2, 0.1, 0.03, 0.02)]
)
def test_a_mean_on_a_scale_holds_the_truth_from_five_answers_on(chance):
    rng = np.random.default_rng(23)
    truth = float(np.dot(chance, np.arange(1, 6)))
    for n in (5, 20):
        answer = 1.0 + rng.choice(5, size=(DRAWS, n), p=chance)
        found = interval.scale(answer.mean(axis=1), answer.var(axis=1, ddof=1), n, least=1, most=5)
        assert LOOSE[0] <= covered(found, truth) <= LOOSE[1]
        assert np.all((found[0] >= 1) & (found[1] <= 5) & (found[1] > found[0]))


ANSWERS = """
name: few
organisation: Kust
zone: UTC
sources:
  - kind: table
    name: answers
    table: answers
    files: ["answers.csv"]
    columns:
      survey: "'few'"
      response_id: id
      audience: audience
      question: construct
      construct: construct
      scale_low: low
      scale_high: high
      value_milli: {of: score, times: 1000}
      answered_at: "'2024-03-04 09:00:00'"
measures:
  - name: grade
    label: {en: Grade, nl: Cijfer}
    unit: score
    better: higher
    population: responses
    where: construct = 'grade' and score is not null
    of: score
    ends: [1, 10]
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five customers for whom it was easy, five who give a grade of ten, and eight of staff on a scale of five."""
    folder = tmp_path_factory.mktemp("few")
    rows = [("customer", "ces_2", 1, 7, 7)] * 5 + [("customer", "grade", 1, 10, 10)] * 5
    rows += [("staff", "staff_satisfaction", 1, 5, score) for score in (5, 5, 4, 5, 3, 5, 5, 4)]
    rows += [("staff", "mandate", 1, 5, 5)] * 5
    lines = [",".join(map(str, (place, *row))) for place, row in enumerate(rows)]
    text = "\n".join(["id,audience,construct,low,high,score", *lines]) + "\n"
    (folder / "answers.csv").write_text(text, encoding="utf-8")
    (folder / "peil.yaml").write_text(ANSWERS, encoding="utf-8")
    made = peil.open(folder)
    assert not made.load().refused
    yield made
    made.close()


@pytest.mark.parametrize(
    ("measure", "value", "method"),
    [
        ("ces_2_net", 100, "adjusted Wald"),
        ("ces_2_mean", 7, "two answers added"),
        ("ces_2_easy", 1, "Wilson"),
        ("felt_mandate", 10, "two answers added"),
        ("grade", 10, "two answers added"),
    ],
)
def test_five_equal_answers_are_no_certainty_whatever_they_are_counted_as(few, measure, value, method):
    found = few.estimate(measure).only()
    assert found.value == found.high == pytest.approx(value)
    assert found.low < value - 0.2 * abs(value)
    assert method in found.method


def test_a_scale_from_nought_to_ten_has_the_interval_of_the_answers_it_is_made_of(few):
    """Staff answers from 1 to 5 are shown from 0 to 10: the interval moves along."""
    answers = np.array([5, 5, 4, 5, 3, 5, 5, 4])
    low, high = interval.scale([answers.mean()], [answers.var()], [8], least=1, most=5)
    found = few.estimate("staff_satisfaction").only()
    assert found.value == pytest.approx(2.5 * (answers.mean() - 1))
    assert (found.low, found.high) == pytest.approx((2.5 * (low[0] - 1), 2.5 * (high[0] - 1)))


def test_a_scale_that_ends_before_it_begins_is_refused():
    with pytest.raises(DefinitionError, match="grade: a scale cannot go from 10 to 1"):
        Measure(
            name="grade",
            label=Label("Grade", "Cijfer"),
            unit=Unit.SCORE,
            better=Better.HIGHER,
            population="responses",
            of="score",
            standard="ours",
            ends=(10, 1),
        )
