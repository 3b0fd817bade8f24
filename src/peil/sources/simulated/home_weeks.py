"""The agent-weeks of a made centre with work at home, drawn at once: the contacts behind them are counted, not made."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from peil.sources.simulated.home_working import (
    HANDLE_S,
    HOURS,
    MORE_CALLS,
    SHARES,
    SimulatedHomeWorking,
    drawn,
    mixes,
    paces,
)


def home_weeks(world: SimulatedHomeWorking) -> pa.Table:
    """Return one row an agent and week, as they would be counted from the rows of the same world.

    The columns are those of ``contacts.agent_weeks``. Usual times are the true ones.

    Example:
        >>> rows = home_weeks(SimulatedHomeWorking(agents=12, teams=3, weeks=8))
        >>> rows.num_rows, sorted(set(rows.column("n_home").to_pylist()))
        (96, [0, 5])
    """
    rng = np.random.default_rng([world.seed, 2])
    staff = drawn(world, rng)
    parts: dict[str, list[np.ndarray]] = {}
    for week in range(world.weeks):
        home = week >= staff.first
        pace, mix = paces(world, staff, week, rng), mixes(world, home=home)
        harder = (mix @ HANDLE_S) / (SHARES @ HANDLE_S)
        taken = rng.poisson(world.per_week * np.exp(pace) / harder)
        reasons = rng.multinomial(taken, mix)
        short = rng.poisson(MORE_CALLS * world.per_week * staff.hangs_up * home)
        standard = reasons @ HANDLE_S
        made = {
            "week": np.full(world.agents, week),
            "n_home": np.where(home, 5, 0),
            "n_contacts": taken + short,
            "n_short": short,
            "standard_ms": np.rint(1_000 * standard).astype(np.int64),
            "handle_ms": np.rint(1_000 * standard * np.exp(-pace)).astype(np.int64),
            "worked_ms": np.rint(3_600_000 * HOURS * 5 * rng.uniform(0.96, 1.04, world.agents)).astype(np.int64),
        }
        for name, values in made.items():
            parts.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    weeks = whole.pop("week")
    agents = np.tile(np.arange(world.agents), world.weeks)
    rows = len(weeks)
    return pa.table(
        {
            "organisation": [world.organisation] * rows,
            "agent_id": [f"a{each + 1:04d}" for each in agents],
            "week_on": [world.begins + timedelta(days=7 * int(each)) for each in weeks],
            "team": [f"team {each % world.teams + 1}" for each in agents],
            "n_days": np.full(rows, 5),
            "n_office": 5 - whole["n_home"],
            "n_clashes": np.zeros(rows, np.int64),
            "n_unknown": np.zeros(rows, np.int64),
            **whole,
        }
    )
