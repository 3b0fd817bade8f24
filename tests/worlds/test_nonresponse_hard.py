"""Harder worlds of silence: facts that only together make people fall silent, rare answers, and exports that tell less."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import replace

import numpy as np
import pytest

import nonresponse as proof
from peil.errors import DefinitionError, PeilError
from peil.estimates.frame_readiness import FEWEST_IN_CLASS, with_readiness
from peil.estimates.frame_weights import weigh
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.methods import interval
from peil.project import open_project
from peil.sources.simulated import SimulatedCentre
from peil.sources.tables import INVITATIONS
from peil.studies.frame_checks import MOST_ON_FEW
from peil.studies.nonresponse import nonresponse

NPS = measure_named("nps")
WORLD = SimulatedCentre(contacts=3_000, months=12, seed=3, answering="wait_and_outcome")


def held(world, draws, *, readiness):
    """How far off weighted figures are on average, and how often their intervals hold the truth."""
    dice, found = np.random.default_rng(1), []
    for _ in range(draws):
        frame, truth = world.draw(dice)
        n = frame.rows.sum()
        made_of = weigh(frame, readiness=readiness)
        se = np.sqrt(frame.rows @ made_of.adjusted**2 * n / (n - 1))
        low, high = interval.mean(made_of.value, se, n - 1, level=0.95)
        found.append((made_of.value - truth, low <= truth <= high))
    return np.mean(found, axis=0)


def test_where_only_two_facts_together_decide_margins_alone_never_hold_the_truth_and_classes_do():
    world = proof.Hard(rate=0.3, exchanged=True, contacts=6_000)
    off, share = held(world, 20, readiness=False)
    assert off > 5
    assert share <= 0.1
    off, share = held(world, 20, readiness=True)
    assert abs(off) < 1.5
    # 17 of 20: two and a half standard errors below 95 %
    assert share >= 0.85


def test_where_answering_has_nothing_to_do_with_the_contact_classes_cost_little():
    world = proof.Hard(rate=0.1, even=True, contacts=6_000)
    dice, ses = np.random.default_rng(2), []
    for _ in range(8):
        frame, _ = world.draw(dice)
        ses.append([np.sqrt(frame.rows @ weigh(frame, readiness=each).adjusted ** 2) for each in (False, True)])
    without, with_classes = np.mean(ses, axis=0)
    assert 1 <= with_classes / without < 1.12


def test_where_few_answers_have_to_speak_for_many_contacts_it_shows():
    """One in fifty answers: where that is by chance ten answers are of few contacts, where it is not, of many."""
    dice = np.random.default_rng(6)
    found = {each.together: [weigh(each.draw(dice)[0]).seldom for _ in range(5)] for each in (
        proof.Hard(rate=0.02, together=1.0), proof.Hard(rate=0.1, even=True, together=2.0))}  # fmt: skip
    assert min(share for share, _ in found[1.0]) > MOST_ON_FEW > max(share for share, _ in found[2.0])
    assert all(FEWEST_IN_CLASS <= answers < 2 * FEWEST_IN_CLASS for each in found.values() for _, answers in each)


def test_a_study_of_which_few_answers_speak_for_many_contacts_is_unclear_and_says_so():
    data = made(
        SimulatedCentre(
            contacts=3_000, months=12, seed=3, answering="wait_and_outcome", response_rate=0.06, reluctance=2.5
        )
    )
    found = nonresponse(data, measure=NPS)
    check = next(each for each in found.finding.checks if each.name == "few_do_not_speak_for_many")
    assert not check.passed
    assert found.finding.verdict == "unclear"
    assert "seldom answer" in found.finding.settles.en


def test_every_class_has_ten_answers_and_the_seldomer_the_answers_the_lower_the_class():
    frame, _ = proof.Hard(rate=0.05, together=1.0).draw(np.random.default_rng(4))
    classed = with_readiness(frame, frame.contacts)
    number = classed.kind[:, -1]
    answers = np.bincount(number[frame.cell], frame.rows)
    assert answers.min() >= FEWEST_IN_CLASS
    share = answers / np.bincount(number, frame.contacts)
    assert share[0] < share[-1] / 3
    # nearly in order throughout: neighbours may change places by chance, classes two apart do not
    assert all(one < other for one, other in zip(share, share[2:], strict=False))
    assert classed.levels[:-1] == frame.levels


def test_classes_do_not_depend_on_the_order_in_which_an_engine_tells_the_cells():
    frame, _ = proof.Hard(rate=0.1, exchanged=True, contacts=2_000).draw(np.random.default_rng(5))
    turned = np.arange(frame.contacts.size)[::-1]
    other = replace(
        frame,
        kind=frame.kind[turned],
        contacts=frame.contacts[turned],
        asked=frame.asked[turned],
        answered=frame.answered[turned],
        cell=turned[frame.cell],
    )
    one, two = (with_readiness(each, each.contacts).kind[:, -1] for each in (frame, other))
    assert (one == two[turned]).all()
    assert weigh(frame).value == pytest.approx(weigh(other).value, abs=1e-9)


def invited(data, where):
    """The same data with some of the invitations only."""
    columns = ", ".join(INVITATIONS.names)
    table = data.engine.step("some_invitations", f"select {columns} from invitations where {where}", INVITATIONS)
    return replace(data, tables={**data.tables, "invitations": table})


def test_an_export_of_respondents_only_does_not_make_everybody_a_respondent():
    """Its invitations are the answers themselves: taken for all who were asked, nobody would have stayed silent."""
    data = made(WORLD)
    only = nonresponse(invited(data, "disposition = 'complete'"), measure=NPS)
    none = nonresponse(invited(data, "false"), measure=NPS)
    assert [(each.low, each.high) for each in only.bounds] == [(each.low, each.high) for each in none.bounds]
    assert only.bounds[0].high - only.bounds[0].low > 100
    assert only.representative.rate < 0.5
    assert "everybody counts as asked" in only.finding.assumptions[1].en


def test_a_second_invitation_about_one_contact_asks_nobody_twice():
    data = made(WORLD)
    columns = ", ".join(
        f"invitation_id || ' again' as {each}" if each == "invitation_id" else each for each in INVITATIONS.names
    )
    plain = ", ".join(INVITATIONS.names)
    twice = data.engine.step(
        "invited_twice", f"select {plain} from invitations union all select {columns} from invitations", INVITATIONS
    )
    again = nonresponse(replace(data, tables={**data.tables, "invitations": twice}), measure=NPS)
    once = nonresponse(data, measure=NPS)
    assert again.adjusted.value == once.adjusted.value
    assert [each.asked for each in again.rates] == [each.asked for each in once.rates]
    assert again.representative == once.representative


def test_customers_who_are_not_asked_again_within_thirty_days_are_weighted_back():
    """A rule against survey fatigue leaves out contacts of those who came before, who are of another mind."""
    data = made(SimulatedCentre(contacts=6_000, months=12, seed=4, answering="wait_and_outcome"))
    again = "previous_ms <= 2592000000"
    rested = replace(
        invited(data, f"contact_id not in (select contact_id from contacts where {again})"),
        designs=data.designs,
    )
    answers = data.tables["responses"]
    kept = data.engine.step(
        "answers_rested",
        f"select {', '.join(answers.schema.names)} from {answers.name} where contact_id is null or contact_id not in "
        f"(select contact_id from contacts where {again} and previous_ms > 604800000)",
        answers.schema,
    )
    found = nonresponse(replace(rested, tables={**rested.tables, "responses": kept}), measure=NPS)
    truth = SimulatedCentre(contacts=6_000, months=12, seed=4, answering="wait_and_outcome").truth()["nps"].value
    assert found.naive.low > truth
    assert found.adjusted.low < truth < found.adjusted.high


@pytest.mark.parametrize("gamma", [0.5, 0.0, -1.0, float("nan"), float("inf")])
def test_odds_that_cannot_be_apart_so_are_refused(gamma):
    with pytest.raises(DefinitionError, match="times apart"):
        nonresponse(made(), measure=NPS, gammas=(gamma,))


def test_bounds_widen_with_every_step_of_the_odds():
    found = nonresponse(made(WORLD), measure=NPS, gammas=(1.0, 1.01, 2.0, 10.0, 1_000.0))
    worst, *steps = found.bounds
    for one, two in itertools.pairwise([*steps, worst]):
        assert two.low <= one.low + 1e-9
        assert two.high >= one.high - 1e-9


# --- the command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A loaded project of a simulated centre."""
    made_in = tmp_path_factory.mktemp("centre")
    (made_in / "peil.yaml").write_text(
        "name: centre\norganisation: Centre\nsimulated: true\nsources:\n"
        "  - {kind: simulated, name: centre, contacts: 2500, months: 12, answering: wait_and_outcome}\n",
        encoding="utf-8",
    )
    project = open_project(made_in)
    project.load()
    project.close()
    return made_in


@pytest.fixture(scope="module")
def project(folder):
    """That project, opened."""
    opened = open_project(folder)
    yield opened
    opened.close()


@pytest.fixture
def told(folder, peil_command):
    """Run a command in that project."""

    def run(*args):
        return peil_command(args, cwd=folder, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"})

    return run


def test_the_command_tells_what_the_study_finds(told, project):
    done = told("nonresponse", "nps", "--gamma", "2", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    study = project.nonresponse("nps", gammas=(2.0,))
    assert found["verdict"] == study.finding.verdict == "yes"
    assert found["weighted"]["value"] == pytest.approx(study.adjusted.value)
    assert [each["odds_apart"] for each in found["bounds"]] == [None, 2.0]
    assert {each["name"] for each in found["checks"]} == {each.name for each in study.finding.checks}
    assert len(found["who_answers"]) > 5
    assert all(0 <= each["low"] <= each["share"] <= each["high"] <= 1 for each in found["who_answers"])
    assert all(each["answered"] <= each["asked"] <= each["contacts"] for each in found["who_answers"])


def test_the_command_reads_as_a_finding_with_its_bounds(told):
    done = told("nonresponse", "--lang", "nl")
    assert done.returncode == 0
    for each in ("ja: NPS is lager gewogen", "Niets verondersteld", "grenzen, geen interval", "Wie antwoordt"):
        assert each in done.stdout


@pytest.mark.parametrize(
    ("measure", "given", "says"),
    [
        ("nps", {"survey": "custmer"}, "did you mean 'customer'"),
        ("nps", {"facts": {"reason": "raeson"}}, "did you mean 'reason'"),
        ("nps", {"gammas": (0.5,)}, "give 1"),
        ("waiting_all", {}, "is not what each answer says"),
        ("nps", {"frame": "channel = 'desk'"}, "names a contact of the frame"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(project, measure, given, says):
    with pytest.raises(PeilError, match=says):
        project.nonresponse(measure, **given)


def test_a_fact_without_a_name_is_refused_by_the_command(told):
    done = told("nonresponse", "--fact", "reason")
    assert done.returncode == 2
    assert "write it as reason=reason" in done.stdout + done.stderr
