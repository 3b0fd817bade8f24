"""What a mixed model makes of each agent and each team: drawn towards the middle as far as chance asks for, with its error.

The best linear unbiased prediction and the variance of its error (Henderson 1975). The error takes in that the
regressors' coefficients are estimated; that the variances are, it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peil.methods.mixed import Groups, Mixed

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Each agent's and team's departure from what the regressors say.

    Parameters:
        agents: (agents, 1 + q): what the agent's team shares, then what varies by agent, in the order of ``varying``.
        agent_errors: (agents, 1 + q, 1 + q) covariance of the errors of these.
        teams, team_variances: what each team shares, and the variance of its error.
        teams_plain, team_plain_variances: the same without being drawn towards the middle.
    """

    agents: Floats
    agent_errors: Floats
    teams: Floats
    team_variances: Floats
    teams_plain: Floats
    team_plain_variances: Floats

    def level(self) -> tuple[Floats, Floats]:
        """Return each agent's level, team and own part together, with its standard error."""
        pick = np.zeros(self.agents.shape[1])
        pick[:2] = 1
        return self.agents @ pick, np.asarray(np.sqrt(pick @ self.agent_errors @ pick), np.float64)


def predicted(of: Groups, model: Mixed) -> Predicted:
    """Return the predictions of a fitted model.

    Parameters:
        of: the cross-products that it was fitted to.
        model: the fit.

    Example:
        >>> from peil.methods.mixed import fit, grouped
        >>> y, agent = np.array([1.0, 2.0, 1.5, 4.0, 5.0, 4.5]), np.array([0, 0, 0, 1, 1, 1])
        >>> made = grouped(y, np.ones((6, 1)), agent)
        >>> levels, errors = predicted(made, fit(made)).level()
        >>> levels.round(2).tolist()
        [-1.47, 1.47]
    """
    q, p = len(model.varying), len(model.beta)
    varying = list(model.varying)
    ratio = model.team / model.residual
    spread = model.factor @ model.factor.T
    rows = of.cross[:, varying]
    inside = np.eye(q) + rows[:, :, varying] @ spread
    weighed = np.linalg.solve(inside, rows)
    team = of.team if of.team is not None else np.zeros(len(of.rows), np.int64)
    ones = of.cross[:, 0] - np.einsum("aq,aqk->ak", (of.cross[:, 0, varying] @ spread), weighed)
    shared = np.zeros((int(team.max()) + 1, p + 1))
    np.add.at(shared, team, ones)
    weight = 1 + ratio * shared[:, 0]

    # of the one of each team and the varying ones of each agent, after weighing by the whole team
    first = shared / weight[:, None]
    own = weighed - ratio * weighed[:, :, :1] * first[team][:, None, :]
    both = np.concatenate([first[team][:, None, :], own], axis=1)
    inner = np.empty((len(team), 1 + q, 1 + q))
    inner[:, 0, 0] = first[team, 0]
    inner[:, 0, 1:] = inner[:, 1:, 0] = own[:, :, 0]
    lead = weighed[:, :, 0]
    inner[:, 1:, 1:] = (
        weighed[:, :, varying] - np.einsum("ai,aj->aij", lead, lead) * (ratio / weight[team])[:, None, None]
    )

    prior = np.zeros((1 + q, 1 + q))
    prior[0, 0] = ratio
    prior[1:, 1:] = spread
    left = both[:, :, -1] - both[:, :, :-1] @ model.beta
    pull = prior @ both[:, :, :-1]
    fixed = model.covariance / model.residual
    errors = prior - prior @ inner @ prior + pull @ fixed @ np.swapaxes(pull, 1, 2)
    of_team = ratio - ratio**2 * first[:, 0] + ratio**2 * np.einsum("ti,ij,tj->t", first[:, :-1], fixed, first[:, :-1])
    seen = np.maximum(shared[:, 0], np.finfo(float).tiny)
    return Predicted(
        agents=left @ prior,
        agent_errors=model.residual * errors,
        teams=ratio * (first[:, -1] - first[:, :-1] @ model.beta),
        team_variances=model.residual * np.maximum(of_team, 0.0),
        teams_plain=(shared[:, -1] - shared[:, :-1] @ model.beta) / seen,
        team_plain_variances=model.residual / seen,
    )
