"""Working from home: worlds of which the truth is known, and data that cannot carry an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from peil.calendars.days import CALENDAR, days
from peil.contacts.agent_weeks import AGENT_WEEKS, agent_weeks
from peil.contacts.fold import CONTACTS
from peil.dataset import Run
from peil.engines.duck import DuckEngine
from peil.errors import DefinitionError, DisclosureError, EvidenceError, SourceError
from peil.estimates.agent_panel import agent_panel, panel_of
from peil.made import made
from peil.methods.imputation import imputed
from peil.methods.standing import standing
from peil.sources.simulated import SimulatedHomeWorking
from peil.sources.simulated.home_weeks import home_weeks
from peil.sources.tables import AGENT_STATES, ROSTER
from peil.studies.home.teams import team_effects
from peil.studies.home_working import home_working, of_panel

RUN = Run(inputs={}, version="test", engine="none")
LARGE = {"agents": 120, "teams": 12, "weeks": 40, "per_week": 150.0, "moves": "one_day"}
NOISE = {**LARGE, "agents": 60, "teams": 6, "weeks": 24, "home_effect": 0.0, "tools_effect": 0.0, "selection": 0.0,
         "agent_spread": 0.0, "team_spread": 0.0, "effect_spread": 0.0}  # fmt: skip
SMALL = SimulatedHomeWorking(agents=48, teams=6, weeks=16, per_week=25.0, moves="one_day", seed=1)
DRAWS = 30
# chances of 1 in 300 and less that a test falls though all is well
FEWEST_HELD, MOST_FLAGGED = 25, 6


def asked(matters=0.0, named=False, **world):  # noqa: FBT002  # as the study's own
    panel = panel_of(home_weeks(SimulatedHomeWorking(**world)))
    return of_panel(panel, run=RUN, matters=matters, agents=named)


def test_a_gap_of_twelve_falls_apart_into_four_of_home_and_eight_of_who_went():
    found = asked(**LARGE)
    assert found.finding.verdict == "yes"
    assert found.finding.says.en.startswith("Less work is done in an hour at home")
    for name, truth in {"raw": -0.12, "treatment": -0.04, "selection": -0.08}.items():
        part = found.parts[name]
        assert part.low <= truth <= part.high, name
        assert part.clear
    values = {name: part.value for name, part in found.parts.items()}
    assert values["raw"] == pytest.approx(values["treatment"] + values["selection"], abs=1e-12)
    assert values["calls"] == pytest.approx(values["raw"] + values["case_mix"], abs=1e-12)
    assert found.events.times.tolist() == [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4]
    assert found.events.values[found.events.times >= 0].mean() < -0.02


def test_the_same_world_without_an_effect_of_home_says_no_though_the_raw_gap_is_clear():
    found = asked(matters=0.03, **{**LARGE, "home_effect": 0.0, "tools_effect": 0.0})
    assert found.finding.verdict == "no"
    assert found.parts["raw"].high < 0
    assert found.parts["selection"].high < 0


def test_a_few_agents_and_weeks_cannot_tell_and_say_what_would():
    found = asked(agents=24, teams=4, weeks=12, per_week=20.0)
    assert found.finding.verdict == "unclear"
    assert found.finding.settles is not None
    assert not all(each.passed for each in found.finding.checks)


def test_a_gap_that_widens_from_week_to_week_is_no_effect_of_home():
    found = asked(**{**LARGE, "drift": -0.003})
    failed = [each.name for each in found.finding.checks if not each.passed]
    assert (found.finding.verdict, failed) == ("unclear", ["parallel_paths"])
    assert found.placebo.clear
    assert "before the move" in found.finding.settles.en


def test_intervals_hold_the_truth_when_agents_move_at_different_times():
    held = 0
    for seed in range(DRAWS):
        panel = panel_of(home_weeks(SimulatedHomeWorking(seed=seed, agents=60, weeks=24, per_week=60.0)))
        low, high = imputed(panel.pace, panel.agent, panel.week, panel.home).treatment.interval()
        held += low <= -0.04 <= high
    assert held >= FEWEST_HELD


def apart(by, *, seed=0, **world):
    """Return a centre in which home does something else in each team, and what it does there."""
    panel = panel_of(home_weeks(SimulatedHomeWorking(**{**LARGE, "weeks": 24, "seed": seed, **world})))
    shift = by(np.random.default_rng(seed), len(panel.teams))
    moved = replace(panel, work=panel.work * np.exp(shift[panel.team_of[panel.agent]] * panel.home))
    return of_panel(moved, run=RUN), dict(zip(panel.teams, -0.04 + shift, strict=True))


def test_what_home_does_in_each_team_is_drawn_towards_the_whole_and_holds_its_truth():
    found, truth = apart(lambda dice, teams: 0.08 * dice.normal(size=teams))
    teams, whole = found.teams.teams, found.finding.effect.value
    assert len(teams) + found.teams.hidden == 12
    assert all(each.agents >= 5 for each in teams)
    assert sum(each.low <= truth[each.name] <= each.high for each in teams) >= len(teams) - 1
    assert np.mean([(each.value - truth[each.name]) ** 2 for each in teams]) < np.mean(
        [(whole - truth[each.name]) ** 2 for each in teams]
    )
    assert 0 < found.teams.between.low < 0.08 < found.teams.between.high
    assert found.teams.between.next_low < found.finding.effect.low
    assert found.teams.agents.low < np.hypot(0.03, 0.02) < found.teams.agents.high


def test_one_team_in_which_home_does_harm_is_named_and_no_other_is_named_below():
    found, _ = apart(lambda _, teams: np.where(np.arange(teams) == 0, -0.25, 0.0), agents=240, movers=0.7)
    low = min(found.teams.teams, key=lambda each: each.value)
    assert low.flagged
    assert low.chance > 0.99
    assert low.apart_high < 0
    assert [each.name for each in found.teams.teams if each.flagged and each.apart < 0] == [low.name]


def test_teams_in_which_home_does_the_same_are_hardly_ever_named():
    named = held = 0
    for seed in range(10):
        panel = panel_of(home_weeks(SimulatedHomeWorking(**{**LARGE, "weeks": 24, "seed": seed, "moves": "staggered"})))
        found = team_effects(
            panel, imputed(panel.pace, panel.agent, panel.week, panel.home), level=0.95, matters=0.0, fewest=5
        )
        named += any(each.flagged for each in found.teams)
        held += all(each.low <= -0.04 <= each.high for each in found.teams)
    assert named <= 3
    assert held >= 7


def test_too_few_teams_with_movers_have_no_effects_of_their_own():
    assert asked(agents=48, teams=2, weeks=16, moves="one_day").teams is None
    small = asked(agents=40, teams=20, weeks=16, moves="one_day")
    assert small.teams.teams == ()
    assert small.teams.hidden > 10


def test_pure_noise_calls_hardly_anybody_low():
    flagged = alike = 0
    for seed in range(DRAWS):
        panel = panel_of(home_weeks(SimulatedHomeWorking(**{**NOISE, "seed": seed})))
        found = standing(panel.pace, panel.agent, panel.week, panel.home, panel.team_of)
        flagged += bool(found.agents.flagged.any())
        alike += found.model.agents[0, 0] < 0.01**2
    assert flagged <= MOST_FLAGGED
    assert alike >= DRAWS // 2


def test_who_is_truly_low_is_found_and_drawn_towards_the_middle():
    found = asked(matters=0.05, named=True, **{**LARGE, "agent_spread": 0.12})
    low = [each for each in found.people.agents if each.flagged]
    assert low
    assert all(each.value < -0.05 and each.chance > 0.95 for each in low)
    assert found.people.between_agents == pytest.approx(0.12, abs=0.03)


def test_agents_who_hang_up_on_customers_are_found_out_and_gain_nothing():
    found = asked(named=True, **{**LARGE, "hanging_up": 6})
    assert found.hanging_up.n == 6
    assert found.hanging_up.calls > 0.2
    assert found.hanging_up.work < 0.05
    assert set(found.hanging_up.agents) <= {each.name for each in found.people.agents}
    assert found.hanging_up.share > 0.1 > found.hanging_up.usual


def test_nobody_is_named_unless_that_is_switched_on():
    found = asked(**{**LARGE, "hanging_up": 6})
    assert found.people.agents == ()
    assert found.hanging_up.agents == ()
    assert "a0001" not in repr(found.finding)


@pytest.fixture(scope="module")
def through_the_door():
    return made(SMALL)


def test_rows_through_the_door_give_the_planted_parts_and_what_staff_and_managers_say(through_the_door):
    found = home_working(through_the_door)
    for name, truth in {"raw": "raw_gap", "treatment": "home_effect", "selection": "selection"}.items():
        part, planted = found.parts[name], SMALL.truth()[truth].value
        assert part.low <= planted <= part.high, name
    assert found.parts["case_mix"].value < 0  # contacts at home are harder by a fifth
    assert found.reported.n == 40
    assert found.reported.slower.value > 0.5
    assert found.tools.apart.low <= SMALL.tools_effect <= found.tools.apart.high
    assert found.tools.through.value == pytest.approx(found.tools.apart.value * found.tools.lacking.value, abs=0.02)
    assert any("tool" in each.en for each in found.finding.assumptions)
    assert found.finding.run is through_the_door.run


def test_counted_and_drawn_agent_weeks_are_alike(through_the_door):
    counted = agent_panel(through_the_door)
    drawn = panel_of(home_weeks(SMALL))
    assert (len(counted), counted.weeks[0], len(counted.teams)) == (len(drawn), drawn.weeks[0], len(drawn.teams))
    assert counted.home.sum() == drawn.home.sum()
    assert counted.contacts.mean() == pytest.approx(drawn.contacts.mean(), rel=0.03)
    assert counted.pace.std() == pytest.approx(drawn.pace.std(), rel=0.1)
    with pytest.raises(DefinitionError, match="no column 'teem'"):
        agent_panel(through_the_door, where="teem = 'team 1'")
    assert len(agent_panel(through_the_door, where="team = 'team 1'").agents) == 8


def test_everyone_moved_on_one_day_is_told_in_so_many_words():
    found = asked(moves="everyone")
    assert (found.finding.verdict, found.parts, found.events) == ("unclear", {}, None)
    assert np.isnan(found.finding.effect.value)
    assert [each.name for each in found.finding.checks] == ["somebody_stayed"]
    assert "stay in the office" in found.finding.settles.en
    assert found.people is not None
    assert found.weeks == 1_800


def test_nobody_at_home_and_hardly_anybody_at_home_are_refused():
    with pytest.raises(EvidenceError, match="nobody works at home"):
        asked(moves="nobody")
    with pytest.raises(DisclosureError, match="3 agents work at home"):
        asked(agents=30, movers=0.1)


def test_teams_of_one_are_not_shown_and_do_no_harm():
    found = asked(agents=30, teams=30, weeks=20)
    assert found.people.teams == ()
    assert found.people.hidden == 30
    assert np.isnan(found.people.between_teams)
    some = asked(agents=34, teams=8, weeks=20)
    assert (len(some.people.teams), some.people.hidden) == (2, 6)


def test_weeks_that_cannot_be_compared_are_counted_by_reason():
    rows = home_weeks(SimulatedHomeWorking(agents=20, teams=2, weeks=10, movers=1.0, moves="one_day", seed=1))
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names}
    last = date(2020, 3, 9)
    for place, (agent, week) in enumerate(zip(columns["agent_id"], columns["week_on"], strict=True)):
        if agent == "a0001" and week == last:
            columns["n_home"][place], columns["n_office"][place] = 0, 5
        if agent == "a0002" and week == last:
            columns["n_home"][place], columns["n_office"][place] = 2, 3
        if agent == "a0003" and week == last:
            columns["n_clashes"][place] = 1
        if agent == "a0004" and week == last:
            columns["n_home"][place], columns["n_office"][place], columns["n_unknown"][place] = 0, 0, 5
        if agent == "a0005" and week == last:
            columns["worked_ms"][place] = 3_600_000
        if agent == "a0006" and week == last:
            columns["standard_ms"][place] = 0
    panel = panel_of(pa.table(columns))
    assert panel.left_out == dict.fromkeys(panel.left_out, 1)
    assert len(panel) == 194
    with pytest.raises(EvidenceError, match="nobody's hours are known"):
        panel_of(rows.slice(0, 0))
    with pytest.raises(EvidenceError, match="of nobody where they worked"):
        panel_of(pa.table({**columns, "n_home": [0] * 200, "n_office": [0] * 200}))


def empty(schema):
    kinds = {"bigint": pa.int64(), "varchar": pa.string(), "date": pa.date32(), "boolean": pa.bool_()}
    from peil.engines.schema import STORED

    return pa.schema([(each.name, kinds.get(STORED[each.kind], pa.timestamp("ms"))) for each in schema.columns])


def lent(engine, schema, *rows):
    return engine.lent(schema, pa.Table.from_pylist([dict(each) for each in rows], schema=empty(schema)))


def test_an_agent_in_two_places_at_once_is_seen_and_a_move_within_a_week_is_counted_by_day():
    engine = DuckEngine()
    engine.small(CALENDAR, days(date(2020, 1, 1), date(2020, 2, 1), "NL"))
    whose = {"source": "s", "organisation": "o"}
    worked = [
        {
            **whose,
            "agent_id": agent,
            "team": "t",
            "state": state,
            "started_on": date(2020, 1, day),
            "duration_ms": 3_600_000,
        }
        for agent in ("a", "b")
        for day in range(6, 11)
        for state in ("ready", "break")
    ]
    places = [
        {**whose, "agent_id": "a", "from_on": date(2020, 1, 1), "team": "u", "site": "n", "workplace": "office"},
        {**whose, "agent_id": "a", "from_on": date(2020, 1, 9), "team": "u", "site": "n", "workplace": "home"},
        {**whose, "agent_id": "b", "from_on": date(2020, 1, 1), "until_on": date(2020, 1, 7), "workplace": "office"},
        {**whose, "agent_id": "b", "from_on": date(2020, 1, 8), "workplace": "home"},
    ]
    called = {**whose, "agent_id": "b", "started_on": date(2020, 1, 7), "channel": "call", "ignored": False}
    contacts = [
        {**called, "contact_id": "1", "started_minute": 600, "reason": "x", "talk_ms": 200_000, "handle_ms": 240_000},
        {**called, "contact_id": "2", "started_minute": 610, "reason": "x", "talk_ms": 100_000, "handle_ms": 120_000},
        {**called, "contact_id": "3", "started_minute": 620, "reason": "x", "talk_ms": 5_000, "handle_ms": 5_000},
    ]
    tables = lent(engine, CONTACTS, *contacts), lent(engine, AGENT_STATES, *worked), lent(engine, ROSTER, *places)
    found = agent_weeks(engine, *tables)
    rows = engine.rows(f"select * from {found.name} order by agent_id").to_pylist()
    picked = ("agent_id", "team", "n_days", "n_home", "n_office", "n_clashes", "worked_ms", "n_contacts", "n_short")
    assert [tuple(row[each] for each in picked) for row in rows] == [
        ("a", "u", 5, 0, 3, 2, 18_000_000, 0, 0),
        ("b", "t", 5, 3, 2, 0, 18_000_000, 3, 1),
    ]
    assert (rows[1]["handle_ms"], rows[1]["standard_ms"], rows[1]["week_on"]) == (360_000, 360_000, date(2020, 1, 6))


def test_nothing_that_is_read_of_staff_is_what_they_feel():
    """Regulation (EU) 2024/1689, article 5(1)(f): no inference of emotions at work."""
    felt = ("emotion", "mood", "sentiment", "stress", "voice", "tone", "attention")
    for schema in (AGENT_WEEKS, AGENT_STATES, ROSTER):
        for column in schema.columns:
            assert not any(word in f"{column.name} {column.says}".lower().replace("_", " ").split() for word in felt), (
                column.name
            )


def test_a_made_world_out_of_bounds_is_refused():
    with pytest.raises(SourceError, match="cannot be made"):
        SimulatedHomeWorking(agents=4, teams=5)
    with pytest.raises(SourceError, match="cannot be made"):
        SimulatedHomeWorking(begins=date(2020, 1, 7))


def test_the_same_world_twice_is_the_same_to_the_last_row():
    one, other = (home_weeks(SimulatedHomeWorking(agents=20, teams=2, weeks=8)) for _ in range(2))
    assert one.equals(other)
    assert (
        pc.sum(one.column("n_contacts")).as_py()
        != pc.sum(home_weeks(SimulatedHomeWorking(agents=20, teams=2, weeks=8, seed=1)).column("n_contacts")).as_py()
    )
