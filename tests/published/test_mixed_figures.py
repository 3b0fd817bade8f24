"""Mixed models by restricted maximum likelihood give the figures that lme4 prints."""

from __future__ import annotations

import numpy as np
import pytest

from peil.engines.duck import DuckEngine
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.drawn import table_of
from peil.estimates.mixed import mixed
from peil.methods.imputation import imputed
from peil.methods.mixed import fit, grouped
from peil.methods.mixed_predicted import predicted

# Reaction time in ms on days 0 to 9 without enough sleep, 18 drivers: Belenky et al. 2003, as lme4's sleepstudy.
# fmt: off
SLEEP = np.array([
    249.56, 258.7047, 250.8006, 321.4398, 356.8519, 414.6901, 382.2038, 290.1486, 430.5853, 466.3535,
    222.7339, 205.2658, 202.9778, 204.707, 207.7161, 215.9618, 213.6303, 217.7272, 224.2957, 237.3142,
    199.0539, 194.3322, 234.32, 232.8416, 229.3074, 220.4579, 235.4208, 255.7511, 261.0125, 247.5153,
    321.5426, 300.4002, 283.8565, 285.133, 285.7973, 297.5855, 280.2396, 318.2613, 305.3495, 354.0487,
    287.6079, 285, 301.8206, 320.1153, 316.2773, 293.3187, 290.075, 334.8177, 293.7469, 371.5811,
    234.8606, 242.8118, 272.9613, 309.7688, 317.4629, 309.9976, 454.1619, 346.8311, 330.3003, 253.8644,
    283.8424, 289.555, 276.7693, 299.8097, 297.171, 338.1665, 332.0265, 348.8399, 333.36, 362.0428,
    265.4731, 276.2012, 243.3647, 254.6723, 279.0244, 284.1912, 305.5248, 331.5229, 335.7469, 377.299,
    241.6083, 273.9472, 254.4907, 270.8021, 251.4519, 254.6362, 245.4523, 235.311, 235.7541, 237.2466,
    312.3666, 313.8058, 291.6112, 346.1222, 365.7324, 391.8385, 404.2601, 416.6923, 455.8643, 458.9167,
    236.1032, 230.3167, 238.9256, 254.922, 250.7103, 269.7744, 281.5648, 308.102, 336.2806, 351.6451,
    256.2968, 243.4543, 256.2046, 255.5271, 268.9165, 329.7247, 379.4445, 362.9184, 394.4872, 389.0527,
    250.5265, 300.0576, 269.8939, 280.5891, 271.8274, 304.6336, 287.7466, 266.5955, 321.5418, 347.5655,
    221.6771, 298.1939, 326.8785, 346.8555, 348.7402, 352.8287, 354.4266, 360.4326, 375.6406, 388.5417,
    271.9235, 268.4369, 257.2424, 277.6566, 314.8222, 317.2135, 298.1353, 348.1229, 340.28, 366.5131,
    225.264, 234.5235, 238.9008, 240.473, 267.5373, 344.1937, 281.1481, 347.5855, 365.163, 372.2288,
    269.8804, 272.4428, 277.8989, 281.7895, 279.1705, 284.512, 259.2658, 304.6306, 350.7807, 369.4692,
    269.4117, 273.474, 297.5968, 310.6316, 287.1726, 329.6076, 334.4818, 343.2199, 369.1417, 364.1236,
]).reshape(18, 10)
# Yield of dyestuff, five preparations of each of six batches: Davies and Goldsmith 1972, as lme4's Dyestuff.
DYESTUFF = np.array([
    1545, 1440, 1440, 1520, 1580,
    1540, 1555, 1490, 1560, 1495,
    1595, 1550, 1605, 1510, 1560,
    1445, 1440, 1595, 1465, 1545,
    1595, 1630, 1515, 1635, 1625,
    1520, 1455, 1450, 1480, 1445,
], float).reshape(6, 5)
# fmt: on
DRIVER = np.repeat(np.arange(18), 10)
DAYS = np.tile(np.arange(10.0), 18)
X = np.column_stack([np.ones(180), DAYS])
# lme4 1.1-31 stops where the criterion hardly changes: at its usual tolerance variances have five digits.
USUAL, TIGHT = 2e-5, 1e-8


def sleepstudy():
    return grouped(SLEEP.ravel(), X, DRIVER)


def test_sleepstudy_is_lme4s():
    """lmer(Reaction ~ Days + (Days | Subject)): as printed with lme4's usual stopping rule."""
    found = fit(sleepstudy(), (0, 1))
    assert found.beta == pytest.approx([251.405105, 10.467286], abs=1e-6)
    assert found.se == pytest.approx([6.824597, 1.545790], rel=USUAL)
    assert np.diag(found.agents) == pytest.approx([612.1002, 35.0717], rel=USUAL)
    assert found.agents[0, 1] / np.sqrt(found.agents[0, 0] * found.agents[1, 1]) == pytest.approx(0.0656, abs=5e-5)
    assert found.residual == pytest.approx(654.9400, rel=USUAL)
    assert found.criterion == pytest.approx(1743.62827, abs=5e-6)


def test_sleepstudy_is_lme4s_to_eight_digits_once_lme4_goes_on_to_the_optimum():
    """The same with tolerances of 1e-14 (lme4 1.1-31, R 4.2.2, run for this test)."""
    found = fit(sleepstudy(), (0, 1))
    assert found.beta == pytest.approx([251.40510485, 10.46728596], rel=TIGHT)
    assert found.se == pytest.approx([6.824556262, 1.545788893], rel=1e-7)
    assert np.diag(found.agents) == pytest.approx([612.089870222, 35.071660239], rel=3e-7)
    assert found.residual == pytest.approx(654.941032800, rel=TIGHT * 10)


def test_sleepstudy_by_plain_maximum_likelihood_has_lme4s_deviance():
    """REML = FALSE: 1751.93934."""
    assert fit(sleepstudy(), (0, 1), restricted=False).criterion == pytest.approx(1751.93934, abs=6e-6)


def test_drivers_are_predicted_as_lme4_predicts_them():
    """ranef(): drivers 308 and 309, intercept and slope."""
    groups = sleepstudy()
    found = predicted(groups, fit(groups, (0, 1)))
    assert found.agents[0, 1:] == pytest.approx([2.25856617, 9.19897178], abs=2e-5)
    assert found.agents[1, 1:] == pytest.approx([-40.39857928, -8.61970283], abs=2e-5)


def test_dyestuff_is_lme4s():
    """lmer(Yield ~ 1 + (1 | Batch)): 1527.5; variances 1764.05 and 2451.25, which are exact as the batches are even."""
    batch = np.repeat(np.arange(6), 5)
    found = fit(grouped(DYESTUFF.ravel(), np.ones((30, 1)), batch))
    assert found.beta == pytest.approx([1527.5])
    assert found.agents[0, 0] == pytest.approx(1764.05, rel=TIGHT)
    assert found.residual == pytest.approx(2451.25, rel=TIGHT)


def test_batches_that_do_not_differ_have_a_variance_of_nought():
    """As lme4's Dyestuff2: the optimum lies on the edge, and the fit says nought instead of a small number."""
    rng = np.random.default_rng(4)
    y = rng.normal(size=(6, 5))
    y -= y.mean(axis=1, keepdims=True)
    found = fit(grouped(y.ravel(), np.ones((30, 1)), np.repeat(np.arange(6), 5)))
    assert found.agents[0, 0] == 0.0
    assert found.residual == pytest.approx((y**2).sum() / 29)


def test_rows_in_the_engine_give_the_same_as_rows_at_hand():
    """One grouped query; with teams, a slope and a row that lacks its outcome."""
    rng = np.random.default_rng(5)
    agent, days = np.repeat(np.arange(40), 12), np.tile(np.arange(12.0), 40)
    team = np.arange(40) % 5
    y = rng.normal(0, 1, 5)[team][agent] + rng.normal(0, 1, 40)[agent] + (2 + rng.normal(0, 0.5, 40))[agent] * days
    y += rng.normal(0, 1, 480)
    groups = grouped(y, np.column_stack([np.ones(480), days]), agent, team)
    model = fit(groups, (0, 1))
    engine = DuckEngine()
    table = {
        "who": [*(f"{each:02d}" for each in agent), "99"],
        "team": [*(f"t{each}" for each in team[agent]), "t1"],
        "days": [*days, 3.0],
        "done": [*y, None],
    }
    found = mixed(engine, table_of(engine, table), y="done", x=["days"], agent="who", team="team", varying=["days"])
    assert found.model.criterion == pytest.approx(model.criterion, abs=1e-7)
    assert found.model.beta == pytest.approx(model.beta, rel=1e-8)
    assert found.model.team == pytest.approx(model.team, rel=1e-5)
    order = [found.agents.index(f"{each:02d}") for each in range(40)]
    assert found.predicted.agents[order] == pytest.approx(predicted(groups, model).agents, abs=1e-5)
    with pytest.raises(DefinitionError, match="no column 'dayz'"):
        mixed(engine, table_of(engine, table), y="done", x=["dayz"], agent="who")
    with pytest.raises(DefinitionError, match="'team' holds no numbers"):
        mixed(engine, table_of(engine, table), y="done", x=["team"], agent="who")


def test_predictions_and_their_errors_solve_hendersons_equations():
    """Teams, agents within them and slopes, beside the inverse of the whole system written out."""
    rng = np.random.default_rng(3)
    agents, weeks, teams = 12, 7, 4
    agent, team = np.repeat(np.arange(agents), weeks), np.arange(agents) % teams
    slope = rng.normal(size=agents * weeks)
    y = 1 + rng.normal(size=teams)[team][agent] + rng.normal(size=agents)[agent]
    y += (0.5 + rng.normal(0, 0.6, agents))[agent] * slope + rng.normal(0, 0.8, len(y))
    x = np.column_stack([np.ones(len(y)), slope])
    groups = grouped(y, x, agent, team)
    model = fit(groups, (0, 1))
    found = predicted(groups, model)
    own = np.zeros((len(y), 2 * agents))
    own[np.arange(len(y)), 2 * agent], own[np.arange(len(y)), 2 * agent + 1] = 1, slope
    z = np.hstack([np.eye(teams)[team[agent]], own])
    spread = np.zeros((z.shape[1],) * 2)
    spread[:teams, :teams] = model.team * np.eye(teams)
    for each in range(agents):
        here = slice(teams + 2 * each, teams + 2 * each + 2)
        spread[here, here] = model.agents
    system = np.block([[x.T @ x, x.T @ z], [z.T @ x, z.T @ z]]) / model.residual
    system[2:, 2:] += np.linalg.inv(spread)
    inverse = np.linalg.inv(system)
    solved = inverse @ np.concatenate([x.T @ y, z.T @ y]) / model.residual
    assert found.teams == pytest.approx(solved[2 : 2 + teams], abs=1e-9)
    assert found.agents[:, 1:].ravel() == pytest.approx(solved[2 + teams :], abs=1e-9)
    assert found.team_variances == pytest.approx(np.diag(inverse)[2 : 2 + teams], abs=1e-9)
    for each in range(agents):
        here = [2 + team[each], 2 + teams + 2 * each, 3 + teams + 2 * each]
        assert found.agent_errors[each] == pytest.approx(inverse[np.ix_(here, here)], abs=1e-9)


def test_what_cannot_be_told_apart_is_refused():
    """One agent, one row each, and two regressors that are the same."""
    with pytest.raises(EvidenceError, match="1 agents with 3 rows"):
        fit(grouped(np.arange(3.0), np.ones((3, 1)), np.zeros(3, np.int64)))
    with pytest.raises(EvidenceError, match="3 agents with 3 rows"):
        fit(grouped(np.arange(3.0), np.ones((3, 1)), np.arange(3)))
    with pytest.raises(EvidenceError, match="tell the same"):
        fit(grouped(SLEEP.ravel(), np.column_stack([X, DAYS]), DRIVER))


def test_leaving_out_that_home_does_not_do_the_same_to_everybody_makes_the_error_a_quarter_too_small():
    """10,000 agents over 60 weeks with effects that vary by 0.3: 0.0052 beside 0.0068, 23 % too small; here a tenth of them."""
    rng = np.random.default_rng(7)
    agents, weeks = 1_000, 60
    agent, week = np.repeat(np.arange(agents), weeks), np.tile(np.arange(weeks), agents)
    home = ((agent % 2 == 0) & (week >= weeks // 2)).astype(float)
    effect = 0.232 + 0.3 * rng.normal(size=agents)
    y = 0.6 * rng.normal(size=agents)[agent] + effect[agent] * home + rng.normal(size=agents * weeks)
    groups = grouped(y, np.column_stack([np.ones(len(y)), home, week >= weeks // 2]), agent)
    varying, alike = fit(groups, (0, 1)), fit(groups, (0,))
    assert alike.se[1] / varying.se[1] == pytest.approx(1 - 0.23, abs=0.06)
    found = imputed(y, agent, week, home > 0)
    assert found.treatment.se == pytest.approx(varying.se[1], rel=0.35)
    assert found.treatment.se > alike.se[1]
