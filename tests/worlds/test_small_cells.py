"""Small cells: the model is nearer to a known truth than what it replaces, and its intervals hold that truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special
from statsmodels.regression.mixed_linear_model import MixedLM

import peil
import small_cells as simulation
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.cell_table import Predictor
from peil.estimates.estimate import estimate
from peil.estimates.small_cells import small_cells
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.methods.moments import gather
from peil.methods.pooled import pooled
from peil.methods.small_cells import share_out
from peil.methods.variance_grid import Cells, CrossedEffects
from peil.sources.simulated import SimulatedCentre
from peil.surveys.design import Design
from peil.terms import Better, Label, Unit

DRAWS, SEED = 12, 9_000
# 12 draws: cells 5,700 and countries 408, of which those of one draw err together. Some three standard errors.
HELD_CELLS, HELD_COUNTRIES = (0.92, 0.985), (0.89, 0.99)
# what the optimiser of the oracle and ours agree to
REML = 2e-4


@pytest.mark.slow
@pytest.mark.parametrize("world", [0, 4], ids=["as in practice", "weighted answers of colleagues"])
def test_the_model_is_nearer_than_own_means_and_one_mean_and_its_intervals_hold(world):
    found = simulation.told(simulation.WORLDS[world], DRAWS, SEED)
    assert found.model < 0.85 * found.one_mean < 0.5 * found.direct
    assert found.model_empty < found.one_mean
    assert found.country < 0.8 * found.country_direct
    # the bar (statistics: 34 countries by 14 sectors, 1,359 answers): 15.7 and 18.6 points, and 11.7 for countries
    assert found.model < 17.5
    assert found.model_empty < 21.5
    assert found.country < 14.5
    for held in (found.held_filled, found.held_empty):
        assert HELD_CELLS[0] <= held <= HELD_CELLS[1]
    for held in (found.held_country, found.held_rank):
        assert HELD_COUNTRIES[0] <= held <= HELD_COUNTRIES[1]
    assert found.seconds < 2


def table(shape=(8, 5), rows=4, seed=4, spread=(1.5, 1.2, 0.8, 1.0)):
    """Return balanced answers, (row, column, answer)."""
    rng = np.random.default_rng(seed)
    row, column, cell, answer = spread
    means = 3 + rng.normal(0, row, shape[0])[:, None] + rng.normal(0, column, shape[1]) + rng.normal(0, cell, shape)
    return means[..., None] + rng.normal(0, answer, (*shape, rows))


def cells_of(value, n, squares, *, sizes=None, predictors=None, freedom=None):
    """Return cells of a full table."""
    value, n = np.asarray(value, dtype=float), np.broadcast_to(np.asarray(n, dtype=float), np.shape(value))
    sizes = value.shape if sizes is None else sizes
    codes = np.stack([each.ravel() for each in np.indices(value.shape)]) if sizes else np.zeros((0, value.size), int)
    return Cells(
        value=value.ravel(),
        n=n.ravel(),
        squares=float(squares),
        freedom=float(np.maximum(n - 1, 0).sum()) if freedom is None else freedom,
        codes=codes,
        sizes=sizes,
        predictors=np.zeros((value.size, 0)) if predictors is None else predictors,
    )


def likeliest(answers):
    """Return the components at the mode of the restricted likelihood (row, column, cell, answer), and the mean."""
    means = answers.mean(axis=-1)
    squares = ((answers - means[..., None]) ** 2).sum()
    model = CrossedEffects(cells_of(means, answers.shape[-1], squares))
    found = optimize.minimize(
        lambda logs: -model.log_posterior(np.exp(logs)[None], prior=False)[0],
        np.zeros(3),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 5_000},
    )
    ratios = np.exp(found.x)
    solved = model._solve(ratios[2], ratios[None, :2])
    answer = (solved.rss[0] + squares) / model.degrees(prior=False)
    return np.append(ratios**2, 1) * answer, np.sqrt(answer * solved.inverse[0][0, 0])


def test_the_restricted_likelihood_is_that_of_statsmodels():
    """MixedLM of statsmodels 0.15, REML, on rows; ours sees the means of cells and one sum of squares."""
    answers = table()
    rows = pd.DataFrame([(*at, value) for at, value in np.ndenumerate(answers)], columns=["a", "b", "k", "y"])
    rows["all"] = 1
    parts = {"a": "0+C(a)", "b": "0+C(b)", "cell": "0+C(a):C(b)"}
    fit = MixedLM.from_formula("y ~ 1", rows, groups="all", vc_formula=parts, re_formula="0").fit(reml=True)
    theirs = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    ours, se = likeliest(answers)
    np.testing.assert_allclose(ours, [theirs["a"], theirs["b"], theirs["cell"], fit.scale], rtol=REML)
    np.testing.assert_allclose(se, fit.bse_fe.iloc[0], rtol=REML)


def uneven():
    """Return the answers of 9 by 6 cells, none to five each, and which row and column each is of."""
    found = [
        (
            i,
            j,
            10 * np.sin(1.7 * i)
            + 6 * np.cos(2.3 * j)
            + 5 * np.sin(5 * i + 3 * j)
            + 8 * np.sin(11 * i + 7 * j + 13 * k),
        )
        for i in range(9)
        for j in range(6)
        for k in range((3 * i + 5 * j + i * j) % 6)
    ]
    return np.array(found)


def uneven_cells(rows):
    cell = (rows[:, 0] * 6 + rows[:, 1]).astype(int)
    n = np.bincount(cell, minlength=54).astype(float)
    value = np.bincount(cell, rows[:, 2], minlength=54) / np.maximum(n, 1)
    squares = ((rows[:, 2] - value[cell]) ** 2).sum()
    return cells_of(value.reshape(9, 6), n.reshape(9, 6), squares)


def test_with_uneven_and_empty_cells_variances_mean_and_its_error_are_those_of_lme4():
    """R 4.2, lme4 1.1-31: lmer(y ~ 1 + (1|i) + (1|j) + (1|i:j), REML = TRUE), bobyqa with rhoend 1e-10."""
    cells = uneven_cells(uneven())
    model = CrossedEffects(cells)
    found = optimize.minimize(
        lambda logs: -model.log_posterior(np.exp(logs)[None], prior=False)[0],
        np.full(3, -1.0),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 5_000},
    )
    ratios = np.exp(found.x)
    solved = model._solve(ratios[2], ratios[None, :2])
    answer = (solved.rss[0] + cells.squares) / model.degrees(prior=False)
    ours = [*(ratios**2 * answer), answer, model._mean + solved.rest[0][0], np.sqrt(answer * solved.inverse[0][0, 0])]
    theirs = [70.2552821, 15.0879536, 50.7884581, 7.4392145, 0.73982957, 3.40345083]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_the_whole_posterior_is_that_of_brute_force():
    """Covariance matrices of all cells at 16³ ratios even in their logarithm: nothing of it is shared with the model."""
    rng = np.random.default_rng(12)
    n = rng.poisson(1.5, (7, 5)).astype(float)
    n[0] = 0
    value = rng.normal(0, 15, (7, 1)) + rng.normal(0, 15, 5) + rng.normal(0, 80, (7, 5)) / np.sqrt(np.maximum(n, 1))
    cells = cells_of(np.where(n > 0, value, 0), n, 80**2 * np.maximum(n - 1, 0).sum())
    found = share_out(cells).cells
    here, y, rows = cells.filled, cells.value[cells.filled], cells.n[cells.filled]
    steps = np.linspace(-6, 2, 16)
    logs = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    squares = np.exp(2 * logs)
    alike = [*(np.equal.outer(codes, codes).astype(float) for codes in cells.codes), np.eye(here.size)]
    prior = np.tensordot(squares, np.stack(alike), axes=1)
    inverse = np.linalg.inv(prior[:, here][:, :, here] + np.diag(1 / rows))
    weights = inverse.sum(axis=2)
    mean = weights @ y / weights.sum(axis=1)
    left = y - mean[:, None]
    around = np.average(y, weights=rows)
    one = (cells.squares + rows @ (y - around) ** 2) / (cells.freedom + y.size - 1)
    rss = ((inverse @ left[:, :, None])[:, :, 0] * left).sum(axis=1) + cells.squares + one
    df = cells.freedom + y.size
    height = 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * np.log(weights.sum(axis=1)) - 0.5 * df * np.log(rss)
    # a half-Cauchy prior of scale 0.5 on each ratio, as a density of its logarithm
    height += (logs - np.log1p(squares / 0.5**2)).sum(axis=1)
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    kept = prior[:, :, here] @ inverse
    centre = mean[:, None] + (kept @ left[:, :, None])[:, :, 0]
    apart = np.einsum("gii->gi", prior) - np.einsum("gij,gij->gi", kept, prior[:, :, here])
    apart += (1 - kept.sum(axis=2)) ** 2 / weights.sum(axis=1)[:, None]
    scale = np.sqrt(rss[:, None] / df * apart)
    expected = weight @ centre
    sd = np.sqrt(weight @ (scale**2 * df / (df - 2) + (centre - expected) ** 2))
    # both grids are coarse: they agree to a few hundredths of a standard deviation
    np.testing.assert_allclose(found.value, expected, atol=0.02 * sd.max())
    np.testing.assert_allclose(found.sd, sd, rtol=0.03)
    for chance, ends in ((0.025, found.low), (0.975, found.high)):
        below = weight @ special.stdtr(df, (ends - centre) / scale)
        np.testing.assert_allclose(below, chance, atol=0.003)


def test_in_a_balanced_table_the_mode_is_the_analysis_of_variance():
    """Expected mean squares of the two-way table with interaction: Searle, Casella and McCulloch 1992, table 4.7."""
    answers = table()
    rows, columns, n = answers.shape
    means = answers.mean(axis=-1)
    own = means - means.mean(axis=1, keepdims=True) - means.mean(axis=0) + means.mean()
    error = ((answers - means[..., None]) ** 2).sum() / (rows * columns * (n - 1))
    cell = n * (own**2).sum() / ((rows - 1) * (columns - 1))
    row = columns * n * means.mean(axis=1).var(ddof=1)
    column = rows * n * means.mean(axis=0).var(ddof=1)
    expected = [(row - cell) / (columns * n), (column - cell) / (rows * n), (cell - error) / n, error]
    np.testing.assert_allclose(likeliest(answers)[0], expected, rtol=REML)


def test_cells_of_many_answers_keep_their_own_means_and_cells_of_none_get_those_of_their_neighbours():
    answers = table(rows=400)
    means = answers.mean(axis=-1)
    n = np.full(means.shape, 400.0)
    n[0, 0] = 0
    found = share_out(cells_of(means, n, ((answers - means[..., None]) ** 2).sum()))
    np.testing.assert_allclose(found.cells.value[1:], means.ravel()[1:], atol=0.05)
    neighbours = means[0, 1:].mean() + means[1:, 0].mean() - means[1:, 1:].mean()
    assert found.cells.value[0] == pytest.approx(neighbours, abs=0.3)
    assert found.cells.sd[0] > 5 * found.cells.sd[1]


def test_where_cells_do_not_differ_they_are_drawn_to_the_common_mean():
    rng = np.random.default_rng(2)
    means = rng.normal(0, 80 / np.sqrt(3), (20, 10))
    found = share_out(cells_of(means, 3, 400 * 80.0**2))
    assert found.cells.value.std() < 0.2 * means.std()
    assert found.model_error < 0.3 * found.direct_error


def test_a_predictor_carries_to_rows_without_answers():
    rng = np.random.default_rng(5)
    wealth = rng.normal(0, 1, 30)
    truth = 20 * wealth[:, None] + rng.normal(0, 2, (30, 8))
    n = np.full((30, 8), 6.0)
    n[20:] = 0
    means = truth + rng.normal(0, 60 / np.sqrt(6), (30, 8))
    cells = cells_of(means, n, 60**2 * 800, freedom=800.0)
    plain, told = share_out(cells), share_out(replace(cells, predictors=np.repeat(wealth, 8)[:, None]))
    empty = n.ravel() == 0
    errors = [np.sqrt(np.mean((each.cells.value - truth.ravel())[empty] ** 2)) for each in (plain, told)]
    assert errors[1] < 0.4 * errors[0]


def test_cells_that_nothing_crosses_are_drawn_to_their_common_mean_by_how_few_they_are():
    found = share_out(cells_of([40.0, 40.0, -10.0, 0.0, 10.0, 5.0], [2, 200, 50, 50, 50, 50], 80.0**2 * 390, sizes=()))
    middle = found.whole.value[0]
    assert middle < found.cells.value[0] < found.cells.value[1] < 40


def test_three_factors_add_up():
    rng = np.random.default_rng(6)
    truth = (
        rng.normal(0, 20, 12)[:, None, None]
        + rng.normal(0, 15, 6)[:, None]
        + rng.normal(0, 15, 5)
        + np.zeros((12, 6, 5))
    )
    n = rng.poisson(3, truth.shape)
    means = truth + rng.normal(0, 60, truth.shape) / np.sqrt(np.maximum(n, 1))
    found = share_out(cells_of(means, n, 60**2 * np.maximum(n - 1, 0).sum()))
    error = np.sqrt(np.mean((found.cells.value - truth.ravel()) ** 2))
    held = np.mean((found.cells.low <= truth.ravel()) & (truth.ravel() <= found.cells.high))
    assert error < 0.5 * found.direct_error
    assert held > 0.9


def test_where_every_cell_has_one_answer_the_model_still_says_how_sure_it_is():
    rng = np.random.default_rng(7)
    truth = rng.normal(0, 20, 12)[:, None] + rng.normal(0, 20, 9)
    found = share_out(cells_of(truth + rng.normal(0, 60, truth.shape), 1, 0))
    held = np.mean((found.cells.low <= truth.ravel()) & (truth.ravel() <= found.cells.high))
    assert 0.9 <= held <= 1
    assert np.all(found.cells.high - found.cells.low < 2 * 1.96 * 60)


def test_values_and_intervals_keep_to_the_scale():
    found = share_out(cells_of([[100.0, 100, 100], [100, 90, 100], [100, 100, 80]], 3, 500), bounds=(-100, 100))
    assert found.cells.high.max() == 100
    assert np.all(found.cells.low <= found.cells.value)
    assert np.all(found.cells.value <= found.cells.high)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (cells_of([[1.0, 2, 3], [4, 5, 6]], [[9, 0, 0], [0, 0, 0]], 8), "1 of 6 cells have answers: too few"),
        (cells_of([[1.0, 2, 3], [4, 5, 6]], 0, 0), "0 of 6 cells have answers: too few"),
        (cells_of([[5.0, 5, 5], [5, 5, 5]], 4, 0), "every answer is the same"),
        (cells_of([[1.0, 2, 3], [4, 5, 6]], 4, 9, predictors=np.ones((6, 1))), "do not tell the filled cells apart"),
    ],
    ids=["one cell", "no cell", "no variance", "a constant predictor"],
)
def test_what_no_model_can_learn_from_is_refused(cells, says):
    with pytest.raises(EvidenceError, match=says):
        share_out(cells)


def test_answers_that_only_agree_within_their_cells_are_no_error():
    found = share_out(cells_of([[1.0, 2, 3], [4, 5, 6]], 2, 0))
    assert np.all(np.isfinite(found.cells.low))
    assert np.all(found.cells.low < found.cells.high)


def test_a_single_row_or_column_is_no_factor():
    answers = table((1, 9))
    means, squares = answers.mean(axis=-1), answers.var(axis=-1).sum() * 4
    one = share_out(cells_of(means, 4, squares, sizes=()))
    assert len(one.spread.value) == 1
    assert one.cells.value.shape == (9,)


def test_one_spread_and_one_correlation_are_learnt_from_all_cells():
    rng = np.random.default_rng(8)
    clusters = rng.integers(1, 5, 600)
    cell = np.repeat(np.arange(600), clusters)
    sizes = rng.integers(1, 6, cell.size)
    group, cluster = np.repeat(cell, sizes), np.repeat(np.arange(cell.size), sizes)
    value = 50 * (
        np.sqrt(0.4) * rng.standard_normal(cell.size)[cluster] + np.sqrt(0.6) * rng.standard_normal(group.size)
    )
    weight = rng.uniform(0.3, 3, group.size)
    moments = gather(of=value, weight=weight, group=group, cluster=cluster)
    found = pooled(moments, 600, squared_weights=np.bincount(group, weight**2))
    assert found.correlation == pytest.approx(0.4, abs=0.1)
    assert np.sqrt(found.squares / found.freedom) == pytest.approx(50, rel=0.06)
    # what the means do is what their effective answers say
    assert np.mean(found.value**2 * found.n_eff) == pytest.approx(50**2, rel=0.15)


CONFIG = """
name: benchmark
organisation: Kust
zone: UTC
sources:
  - kind: table
    name: survey
    table: answers
    files: ["answers.csv"]
    columns:
      survey: "'benchmark'"
      response_id: id
      audience: "'organisation'"
      question: "'recommend'"
      construct: "'nps_believed'"
      scale_low: "'0'"
      scale_high: "'10'"
      value_milli: {of: score, times: 1000}
      answered_at: "'2024-03-04 09:00:00'"
      weight_ppb: {of: weight, times: 1000000000}
      cluster: firm
"""


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(11)
    country, sector = (
        rng.choice(list("ABCDEF"), 300, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04]),
        rng.choice(list("uvwxy"), 300),
    )
    push = pd.Series(country).map(dict(zip("ABCDEF", (-1.5, -0.5, 0, 0.5, 1, 1.5), strict=True))).to_numpy()
    score = np.clip(np.rint(7 + push + 2 * rng.standard_normal(300)), 0, 10).astype(int)
    rows = pd.DataFrame({"id": range(300), "country": country, "sector": sector, "score": score, "firm": range(300)})
    rows["weight"] = np.round(rng.uniform(0.5, 2, 300), 3)
    rows["firm"] = rows["firm"] // 2
    rows.loc[:4, "sector"] = ""
    return rows


@pytest.fixture(scope="module")
def project(survey, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    (folder / "peil.yaml").write_text(CONFIG, encoding="utf-8")
    survey.to_csv(folder / "answers.csv", index=False)
    made = peil.open(folder)
    assert not made.load().refused
    return made


@pytest.fixture(scope="module")
def nps(project):
    return project.measure("nps_believed")


BY = ("extra.country", "extra.sector")


def test_cells_come_with_their_own_weighted_means_and_margins_with_theirs(project, survey, nps):
    found = small_cells(nps, project.data, by=BY)
    rows = survey[survey.sector != ""].assign(
        nps=lambda all_: np.select([all_.score >= 9, all_.score <= 6], [100, -100], 0) * all_.weight
    )
    for names, cells in ((["country", "sector"], found.cells), (["country"], found.margin("extra.country"))):
        sums = rows.groupby(names)[["nps", "weight"]].sum()
        told = {tuple(value for _, value in each.group): each for each in cells}
        for key, row in sums.iterrows():
            cell = told[key if isinstance(key, tuple) else (key,)]
            assert cell.direct == pytest.approx(row.nps / row.weight)
            assert 0 < cell.n_eff <= cell.n
    assert sum(each.n for each in found) == 295
    assert found.left_out == 5
    assert found.design_effect > 1.05


def test_the_model_finds_the_order_of_countries_and_says_how_sure_it_is(project, nps):
    found = small_cells(nps, project.data, by=BY)
    margin = found.margin("extra.country")
    assert [dict(each.group)["extra.country"] for each in margin] == list("ABCDEF")
    assert margin[0].value < margin[2].value < margin[4].value
    assert all(each.rank_low <= each.rank <= each.rank_high for each in margin)
    assert margin[0].rank == 6
    assert [each.of for each in found.spread] == [*BY, "cell"]
    assert found.spread[0].value > found.spread[1].value
    assert found.errors.model < min(found.errors.one_mean, found.errors.direct)


def test_a_measure_that_should_be_low_ranks_from_the_lowest(project, nps):
    less = replace(nps, name="less", better=Better.LOWER)
    places = [
        [each.rank for each in small_cells(measure, project.data, by=BY).margin("extra.country")]
        for measure in (nps, less)
    ]
    assert [one + other for one, other in zip(*places, strict=True)] == pytest.approx([7] * 6, abs=1)
    assert places[1][0] == 1


def test_own_means_of_few_answers_are_marked_and_left_out_of_what_is_written(project, nps):
    found = small_cells(nps, project.data, by=BY, minimum_n=8)
    few = [each for each in found if each.n < 8]
    assert few
    assert not any(each.shown for each in few)
    frame = found.to_frame()
    assert frame.direct.notna().sum() == sum(each.n >= 8 for each in found)
    assert frame.value.notna().all()
    assert found.plain()["minimum_n"] == 8


def test_without_a_population_the_words_say_so_and_with_one_margins_are_weighted_to_it(project, nps):
    plain = small_cells(nps, project.data, by=BY)
    assert plain.speaks_of.en == "the average cell, not the population"
    assert "every cell counts alike" in plain.method
    counts = {(country, sector): (9.0 if country == "A" else 1.0) for country in "ABCDEF" for sector in "uvwxy"}
    weighted = small_cells(nps, project.data, by=BY, population=counts)
    assert weighted.speaks_of.nl == "de opgegeven populatie"
    assert "weighted to the population given" in weighted.method
    assert weighted.whole.value < plain.whole.value
    assert weighted.margin("extra.country")[0].share == pytest.approx(9 / 14)


def test_a_country_that_only_the_population_names_gets_a_value_with_a_wide_interval(project, nps):
    counts = {(country, sector): 1.0 for country in "ABCDEFZ" for sector in "uvwxy"}
    found = small_cells(nps, project.data, by=BY, population=counts)
    unseen, seen = found.margin("extra.country")[-1], found.margin("extra.country")[0]
    assert unseen.n == 0
    assert np.isnan(unseen.direct)
    assert unseen.high - unseen.low > 1.5 * (seen.high - seen.low)
    assert unseen.low < found.whole.value < unseen.high


def test_what_only_answers_to_other_questions_have_is_no_row_of_the_table():
    data = made(SimulatedCentre(contacts=1_500))
    found = small_cells(measure_named("csat_top2"), data, by=("construct", "channel"))
    assert [dict(each.group)["construct"] for each in found.margin("construct")] == ["csat"]
    assert all(each.n for each in found.margin("channel"))
    assert found.left_out == 0


def test_weights_and_clusters_come_from_the_design_that_is_named(project, nps):
    simple = small_cells(nps, project.data, by=BY, design=Design(cluster="response_id"))
    assert simple.design_effect == pytest.approx(1)
    assert simple.correlation == 0
    assert "the design's clusters" in simple.method


def test_scores_keep_to_the_scale_of_their_question(project):
    score = Measure(
        name="score",
        label=Label("Score", "Score"),
        unit=Unit.SCORE,
        better=Better.HIGHER,
        population="responses",
        where="score is not null",
        of="score",
        standard="ours",
    )
    found = small_cells(score, project.data, by=BY, where="score >= 9", level=0.999)
    highs = [each.high for each in found]
    assert max(highs) == pytest.approx(10, abs=1e-9)


def test_one_thing_alone_can_be_asked_and_its_levels_are_ranked(project, nps):
    found = small_cells(nps, project.data, by=("extra.country",))
    direct = estimate(nps, project.data, by=["extra.country"])[0]
    for cell, margin, own in zip(found, found.margin("extra.country"), direct, strict=True):
        assert margin.value == pytest.approx(cell.value)
        assert cell.direct == pytest.approx(own.value)
        assert abs(cell.value - found.whole.value) < abs(cell.direct - found.whole.value) + 5
    assert [each.of for each in found.spread] == ["cell"]


def test_a_crossing_with_a_column_of_one_value_is_that_of_the_other(project, nps):
    one = small_cells(nps, project.data, by=("extra.country", "survey"))
    other = small_cells(nps, project.data, by=("extra.country",))
    assert [each.value for each in one] == pytest.approx([each.value for each in other])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": ()}, "one to three different things, not by nothing"),
        ({"by": ("survey", "survey")}, "one to three different things"),
        ({"by": ("extra.country", "sectr")}, "'sectr' is nothing to group"),
        ({"population": {("A", "u"): 1.0}}, "cells have answers and are not in the population"),
        ({"population": {"A": 1.0}}, "the population names 'A', where cells are told by"),
        ({"population": {(a, b): -1.0 for a in "ABCDEF" for b in "uvwxy"}}, "negative or no number"),
        (
            {"population": {(a, b): float(a != "B") for a in "ABCDEF" for b in "uvwxy"}},
            "nobody in extra.country B",
        ),
        (
            {"predictors": [Predictor(name="gdp", by=("extra.country",), values={("A",): 1.0})]},
            "predictor 'gdp' has no number for B, C, D, E, F",
        ),
        ({"predictors": [Predictor(name="gdp", by=("wave",), values={})]}, "predictor 'gdp' is told by wave"),
    ],
)
def test_what_does_not_fit_the_cells_is_refused(project, nps, asked, says):
    with pytest.raises(DefinitionError, match=says):
        small_cells(nps, project.data, **{"by": BY} | asked)


def test_only_means_of_rows_have_a_model(project):
    with pytest.raises(DefinitionError, match="'waiting_p90' is no mean of rows"):
        small_cells(project.measure("waiting_p90"), project.data, by=("channel", "queue"))


def test_where_no_row_is_left_the_error_says_so(project, nps):
    with pytest.raises(EvidenceError, match="no row"):
        small_cells(nps, project.data, by=BY, where="channel = 'mail'")


def test_the_same_seed_gives_the_same_ranks(project, nps):
    one, same = (small_cells(nps, project.data, by=BY, seed=3) for _ in range(2))
    assert one.plain() == same.plain()
    assert one.run.seed == 3
