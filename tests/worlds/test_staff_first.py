"""Staff and customers: worlds of which the truth is known, and data that cannot carry an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from peil.dataset import Run
from peil.errors import DisclosureError, EvidenceError, SourceError
from peil.estimates.estimate import estimate
from peil.estimates.staff_months import staff_rows
from peil.estimates.team_months import CUSTOMER, STAFF, People, Scale, StaffRows
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.methods.reliability import products
from peil.sources.simulated import SimulatedStaffFirst
from peil.sources.simulated.staff_months import staff_months
from peil.studies.staff.links import link
from peil.studies.staff.needed import needed
from peil.studies.staff.staying import staying
from peil.studies.staff_first import of_rows, staff_first

RUN = Run(inputs={}, version="test", engine="none")
SMALL = SimulatedStaffFirst(teams=7, per_team=8, months=8, contacts=20, seed=2, organisation="North")
DRAWS = 8
# chances of 1 in 300 and less that a test falls though all is well
FEWEST_HELD = 6


def drawn(**world):
    chosen = SimulatedStaffFirst(**world)
    return StaffRows.of(*staff_months(chosen), same_source=chosen.common_method)


def asked(matters=0.1, **world):
    return of_rows(drawn(**world), run=RUN, matters=matters, draws=50, beside=False)


def changed(column, where=None, **world):
    """Return the tables of a world with the column ``team``, ``total`` or ``squares`` of some rows changed, or rows left out."""
    sums, people, again, items, stays = staff_months(SimulatedStaffFirst(**world))
    rows = sums.to_pylist()
    rows = [column(row) if where is None or where(row) else row for row in rows]
    rows = [row for row in rows if row is not None]
    return StaffRows.of(pa.Table.from_pylist(rows, schema=sums.schema), people, again, items, stays)


def test_staff_that_goes_before_customers_is_a_yes_with_the_planted_effect_in_its_interval():
    found = asked(seed=3)
    assert found.finding.verdict == "yes"
    assert found.finding.effect.low <= 0.5 <= found.finding.effect.high
    assert found.links[0].found.direction == "x_leads"
    assert not found.links[0].behind.clear
    assert found.finding.says.en.endswith("are more satisfied")
    assert all(each.passed for each in found.finding.checks)


def test_no_link_in_many_teams_is_a_no():
    found = asked(seed=1, teams=40, months=36, staff_to_customer=0.0)
    assert found.finding.verdict == "no"
    assert -0.1 < found.finding.effect.low < found.finding.effect.high < 0.1


def test_a_few_teams_and_months_cannot_tell_and_say_what_would():
    found = asked(seed=1, teams=7, months=6)
    assert found.finding.verdict == "unclear"
    assert {each.name for each in found.finding.checks if not each.passed} == {"enough_teams", "enough_months"}
    assert found.finding.settles is not None


def test_customers_that_go_before_staff_are_no_staff_first():
    found = asked(seed=1, staff_to_customer=0.0, customer_to_staff=0.6)
    assert found.finding.verdict != "yes"
    assert found.links[0].found.direction == "y_leads"
    assert found.links[0].behind.low > 0
    assert "time_order" in {each.name for each in found.finding.checks if not each.passed}


def test_staff_that_answers_for_customers_is_never_a_yes():
    found = asked(seed=1, common_method=True)
    assert found.finding.effect.clear
    assert found.finding.verdict == "unclear"
    assert [each.name for each in found.finding.checks if not each.passed] == ["two_sources"]
    assert "customers themselves" in found.finding.settles.en


def test_a_mandate_that_does_customers_no_good_is_told_with_its_sign():
    found = asked(seed=1, staff_to_customer=-0.5, mandate_to_customer=-0.5)
    assert found.finding.verdict == "yes"
    assert found.finding.effect.high < 0
    assert found.finding.says.nl.endswith("minder tevreden")
    assert found.links[0].unwelcome
    mandate = link(drawn(seed=1, staff_to_customer=-0.5, mandate_to_customer=-0.5).panel, "mandate", level=0.98)
    assert mandate.unwelcome
    assert mandate.ahead.low <= -0.5 <= mandate.ahead.high


def test_a_ceiling_is_found_and_a_slope_is_no_ceiling():
    ceiling = needed(drawn(seed=1, ceiling=True).panel, level=0.95, permutations=120, seed=0, fewest=5)
    assert (ceiling.verdict, ceiling.found.claimed) == ("yes", True)
    assert ceiling.found.ce_fdh.effect > 0.1
    slope = needed(
        drawn(seed=1, staff_to_customer=1.0, month_spread=0.25).panel, level=0.95, permutations=120, seed=0, fewest=5
    )
    assert slope.found.p_independent < 0.05 < slope.found.p
    assert slope.verdict != "yes"


def test_intervals_hold_what_was_planted_though_a_part_of_staff_is_asked_in_turn():
    ahead = behind = 0
    for seed in range(DRAWS):
        found = link(drawn(seed=seed, teams=16, months=14).panel, STAFF, level=0.95)
        ahead += found.ahead.low <= 0.5 <= found.ahead.high
        behind += found.behind.low <= 0 <= found.behind.high
    assert min(ahead, behind) >= FEWEST_HELD


def test_a_part_of_staff_that_is_most_of_the_team_leaves_little_to_chance():
    whole, part = (drawn(seed=1, teams=8, months=8, rotation=each, responding=1.0).panel for each in (1, 4))
    assert whole.lasting[STAFF] == pytest.approx(part.lasting[STAFF], abs=0.1)
    alone = whole.spread[STAFF] / np.sqrt(20)
    assert np.nanmean(whole.se[STAFF]) < 0.6 * alone
    assert np.nanmean(part.se[STAFF]) > 0.8 * part.spread[STAFF] / np.sqrt(5)


@pytest.fixture(scope="module")
def through_the_door():
    return made(SMALL)


def test_counted_and_drawn_teams_by_months_are_the_same(through_the_door):
    counted = staff_rows(through_the_door, customer="csat")
    straight = StaffRows.of(*staff_months(SMALL))
    assert counted.panel.teams == straight.panel.teams == tuple(("North", f"team {each}") for each in range(1, 8))
    assert counted.panel.months == straight.panel.months
    for name, mean in straight.panel.mean.items():
        assert np.array_equal(counted.panel.mean[name], mean, equal_nan=True), name
        assert np.allclose(counted.panel.se[name], straight.panel.se[name], equal_nan=True), name
    assert np.array_equal(counted.panel.people, straight.panel.people)
    for name, scale in straight.scales.items():
        assert counted.scales[name].persons == scale.persons
        assert np.allclose(counted.scales[name].sums.sum(axis=0), scale.sums.sum(axis=0)), name
    assert np.array_equal(counted.people.until, straight.people.until, equal_nan=True)
    assert len(counted.scales[STAFF].questions) == 4


def test_measures_of_staff_and_mandate_say_what_the_study_counts(through_the_door):
    panel = staff_rows(through_the_door, customer="csat").panel
    names = ("settled_alone", "transfer_share", "staff_satisfaction", "felt_mandate", "solved_alone_7d")
    value = {name: estimate(CATALOGUE[name], through_the_door)[0].only().value for name in names}
    share = np.nansum(panel.mean["alone"] * panel.n["alone"]) / panel.n["alone"].sum() / 10
    assert value["settled_alone"] == pytest.approx(share, abs=1e-6)
    assert value["transfer_share"] < 1 - value["settled_alone"]  # the rest took approval
    assert value["staff_satisfaction"] == pytest.approx(panel.of_months(STAFF)[0].mean(), abs=0.2)
    assert 0 < value["felt_mandate"] < 10
    assert value["solved_alone_7d"] <= value["settled_alone"] + 0.05


def test_rows_through_the_door_give_an_answer_that_names_nobody(through_the_door):
    found = staff_first(through_the_door, permutations=100, draws=100)
    assert [each.name for each in found.links] == [STAFF, "job_impact", "development", "mandate"]
    assert found.reliability[STAFF].low < found.reliability[STAFF].value < found.reliability[STAFF].high
    assert found.mandate.teams == 7
    assert found.mandate.together.low < found.mandate.together.value < found.mandate.together.high
    assert len(found.pulse.months) == 8
    assert found.staying.left == int((staff_rows(through_the_door, customer="csat").people.until > 0).sum())
    assert found.staying.at_risk.min() >= 5
    shown = {name: getattr(found, name) for name in ("finding", "teams", "mandate", "staying", "pulse", "needed")}
    assert "s0000" not in repr(shown)
    with pytest.raises(EvidenceError, match="no customer answered"):
        staff_first(through_the_door, customer="nps")


def test_who_leaves_sooner_where_teams_are_less_satisfied_is_seen():
    stay = staying(drawn(seed=1, teams=40, team_spread=0.5), level=0.95, fewest=5)
    planted = SimulatedStaffFirst().truth()["hazard_ratio"].value
    assert stay.ratio.low <= planted <= stay.ratio.high < 1
    assert stay.year.low < stay.year.value < stay.year.high
    assert np.all(np.diff(stay.share) <= 0)
    rows = drawn(seed=1, leaving=0.0, teams=6, months=6)
    assert staying(rows, level=0.95, fewest=5) is None


def test_one_who_leaves_in_the_first_days_with_nobody_beside_does_not_take_the_curve_along():
    rows = drawn(seed=1, teams=8, months=8)
    people = rows.people
    early = people.begun == people.begun.min()
    # of those hired since the beginning only one is seen, and leaves after three days
    one = np.flatnonzero(~early)[:1]
    kept = np.concatenate([np.flatnonzero(early & (people.hired < people.begun - 60)), one])
    until = people.until.copy()
    until[one] = people.hired[one] + 2
    few = People(
        team=tuple(people.team[each] for each in kept),
        hired=people.hired[kept],
        begun=people.begun[kept],
        until=until[kept],
    )
    stay = staying(replace(rows, people=few), level=0.95, fewest=5)
    assert stay.since >= 3 / 31
    assert stay.share[0] > 0.8
    assert stay.months[0] > stay.since
    assert stay.year is None


def test_one_team_one_month_and_answers_that_never_differ_are_refused():
    with pytest.raises(EvidenceError, match="there is one team"):
        asked(teams=1)
    with pytest.raises(EvidenceError, match="teams"):
        asked(teams=3)
    one = changed(lambda _: None, lambda row: row["what"] != CUSTOMER and row["month_on"].month > 1, months=6)
    with pytest.raises(EvidenceError, match="asked in one month"):
        of_rows(one, run=RUN)
    same = changed(lambda row: {**row, "total": 7_000 * row["n"]}, lambda row: row["what"] == STAFF, teams=8, months=8)
    with pytest.raises(EvidenceError, match="staff satisfaction or of customers are the same everywhere"):
        of_rows(same, run=RUN)


def test_answers_without_a_team_are_left_out_and_counted_and_refused_where_all_are():
    def lost(what):
        return lambda row: row["what"] == what and row["month_on"].month == 2

    rows = changed(lambda row: {**row, "team": None}, lost(STAFF), teams=8, months=8)
    assert rows.panel.left_out == {"staff": pytest.approx(8 * 8, abs=12), "customers": 0, "elsewhere": 0}
    assert not rows.panel.n[STAFF][:, 1].any()
    rows = changed(lambda row: {**row, "team": None}, lost(CUSTOMER), teams=8, months=8)
    assert rows.panel.left_out["customers"] == pytest.approx(8 * 24, abs=40)
    rows = changed(lambda _: None, lambda row: row["what"] == STAFF and row["team"] == "team 4", teams=8, months=8)
    assert rows.panel.left_out["elsewhere"] == pytest.approx(8 * 24, abs=40)
    assert len(rows.panel.teams) == 7
    with pytest.raises(EvidenceError, match="no answer of staff can be put to a team"):
        changed(lambda row: {**row, "team": None}, lambda row: row["what"] == STAFF, teams=3, months=3)
    with pytest.raises(EvidenceError, match="no answer of a customer can be put to a team"):
        changed(lambda row: {**row, "team": None}, lambda row: row["what"] == CUSTOMER, teams=3, months=3)
    with pytest.raises(EvidenceError, match="no member of staff said"):
        changed(lambda _: None, lambda row: row["what"] == STAFF, teams=3, months=3)


def test_small_teams_are_not_shown_nor_what_would_give_one_away():
    with pytest.raises(DisclosureError, match="no team has 5 members of staff"):
        asked(per_team=3, leaving=0.0)
    rows = drawn(teams=8, months=8, seed=1)
    rows.panel.people[2] = 4
    found = of_rows(rows, run=RUN, draws=50, beside=False)
    assert (len(found.teams), found.hidden) == (6, 2)
    assert "team 3" not in {each.name for each in found.teams}
    assert min(each.people for each in found.teams) > 4


def test_a_scale_of_one_question_or_of_one_answer_does_not_carry_a_yes():
    rows = drawn(seed=3)
    items = np.tile([0.5, 0.7], (200, 1)) + np.column_stack([np.zeros(200), np.arange(200) % 2 / 10])
    for scale in (
        Scale(questions=("only",), sums=rows.scales[STAFF].sums[:, :2, :2], n=200, persons=200),
        Scale(questions=("same", "other"), sums=products(items), n=200, persons=200, varies=False),
    ):
        found = of_rows(
            StaffRows(panel=rows.panel, scales={STAFF: scale}, people=rows.people, ends_on=rows.ends_on),
            run=RUN,
            beside=False,
        )
        assert found.reliability == {STAFF: None}
        assert found.finding.verdict == "unclear"
        assert [each.name for each in found.finding.checks if not each.passed] == ["reliable_scale"]


def test_a_stay_of_several_rows_is_one_stay():
    stays = staff_months(SMALL)[4]
    first = stays.slice(0, 1).to_pylist()[0]
    later = {**first, "from_on": first["from_on"].replace(month=4), "team": "team 2", "hired_on": None}
    known = People.of([{**first, "until_on": first["from_on"].replace(month=3)}, {**later, "until_on": None}])
    assert (known.team, len(known.begun)) == ((("North", "team 2"),), 1)
    assert np.isnan(known.until[0])
    assert pc.min(stays.column("hired_on")).as_py() <= first["hired_on"]


def test_a_world_that_cannot_be_is_refused():
    with pytest.raises(SourceError, match="cannot be made"):
        SimulatedStaffFirst(months=1)
    with pytest.raises(SourceError, match="cannot be made"):
        SimulatedStaffFirst(persistence=1.2)
