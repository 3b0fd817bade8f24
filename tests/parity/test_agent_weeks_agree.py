"""Weeks of agents, months of teams and the sums of a mixed model are the same from DuckDB and from Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from peil.contacts.agent_weeks import agent_weeks
from peil.dataset import build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.estimates.drawn import table_of
from peil.estimates.mixed import mixed
from peil.estimates.staff_months import staff_rows
from peil.sources.load import load
from peil.sources.simulated import SimulatedHomeWorking, SimulatedStaffFirst
from peil.studies.home_working import home_working

pytestmark = [pytest.mark.spark, pytest.mark.slow]
LIMITS = Limits(memory="2GB", threads=2)
TEAMS = SimulatedStaffFirst(teams=4, per_team=6, months=3, contacts=8)
WORLD = SimulatedHomeWorking(agents=40, teams=4, weeks=12, per_week=12.0, hanging_up=1)
# Sums of doubles are added in another order by every engine.
SUMMED = 1e-9


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    engines = [open_engine(name, LIMITS) for name in ("duckdb", "spark")]
    store = Store(tmp_path_factory.mktemp("home"))
    load((WORLD, TEAMS), store, root=store.folder, limits=LIMITS, key=b"simulated")
    yield tuple(build(store, each) for each in engines)
    for each in engines:
        each.close()


def test_weeks_of_agents_are_the_same_on_both_engines(both):
    rows = []
    for data in both:
        tables = (data.tables[each] for each in ("contacts", "agent_states", "roster"))
        weeks = agent_weeks(data.engine, *tables)
        found = data.engine.rows(f"select * from {weeks.name} order by organisation, agent_id, week_on")
        rows.append(found.to_pylist())
    assert len(rows[0]) == 480
    assert rows[0] == rows[1]
    assert sum(row["n_short"] for row in rows[0]) > 0


def test_the_study_is_the_same_on_both_engines(both):
    one, other = (home_working(each, agents=True) for each in both)
    assert one.parts.keys() == other.parts.keys()
    for name, part in one.parts.items():
        theirs = other.parts[name]
        assert (part.value, part.low, part.high) == pytest.approx((theirs.value, theirs.low, theirs.high), abs=SUMMED)
    assert one.finding.checks == other.finding.checks
    assert (one.finding.verdict, one.left_out, one.reported) == (other.finding.verdict, other.left_out, other.reported)
    effects = [[each.apart for each in found.teams.teams] for found in (one, other)]
    assert len(effects[0]) > 1
    assert effects[1] == pytest.approx(effects[0], abs=SUMMED)
    stands = [[(each.name, each.flagged) for each in found.people.agents] for found in (one, other)]
    assert stands[0] == stands[1]
    assert [each.value for each in one.people.agents] == pytest.approx(
        [each.value for each in other.people.agents], abs=1e-6
    )


def test_months_of_teams_are_the_same_on_both_engines(both):
    one, other = (staff_rows(each, customer="csat") for each in both)
    assert one.panel.teams == other.panel.teams
    assert one.panel.mean.keys() == other.panel.mean.keys()
    assert one.panel.lasting == other.panel.lasting
    for name, mean in one.panel.mean.items():
        assert np.array_equal(mean, other.panel.mean[name], equal_nan=True), name
        assert np.array_equal(one.panel.n[name], other.panel.n[name]), name
    for name, scale in one.scales.items():
        assert scale.sums.sum(axis=0) == pytest.approx(other.scales[name].sums.sum(axis=0), rel=SUMMED)
    assert one.people.team == other.people.team
    assert np.array_equal(one.people.until, other.people.until, equal_nan=True)


def test_a_mixed_model_is_the_same_on_both_engines(both):
    rng = np.random.default_rng(1)
    agent = np.repeat(np.arange(30), 10)
    rows = {
        "agent": agent.tolist(),
        "team": (agent % 5).tolist(),
        "home": np.tile([0, 1], 150).tolist(),
        "y": (rng.normal(size=30)[agent] + rng.normal(size=300)).tolist(),
    }
    found = [
        mixed(each.engine, table_of(each.engine, rows), y="y", x=["home"], agent="agent", team="team", varying=["home"])
        for each in both
    ]
    assert found[0].agents == found[1].agents
    assert found[0].model.beta == pytest.approx(found[1].model.beta, rel=SUMMED)
    assert found[0].model.criterion == pytest.approx(found[1].model.criterion, rel=SUMMED)
