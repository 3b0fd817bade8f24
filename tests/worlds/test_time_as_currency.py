"""Worlds in which a minute of waiting came to cost less, costs the same, or was asked of too few to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from peil.calendars.days import CALENDAR, days
from peil.dataset import Dataset, Run
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import estimate
from peil.estimates.patience import patience
from peil.estimates.waiting_slopes import waiting_slopes
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.measures.measure import POPULATIONS
from peil.reports.asked import Asked
from peil.reports.findings import finding_told
from peil.reports.patience import patience_figure, time_topic
from peil.studies.time_as_currency import time_as_currency
from peil.surveys.responses import RESPONSES
from peil.surveys.scale_versions import CES_SPEED_1, questions_of, scale_version

JOURNEYS = POPULATIONS["contacts"]
FIRST, CHANGED, DAYS = date(2019, 4, 1), date(2020, 3, 16), 700
CSAT, EFFORT = measure_named("csat_mean"), measure_named("ces_1_mean")


def table(engine, schema, columns, n):
    made = {each: pa.array(columns[each]) if each in columns else pa.nulls(n) for each in schema.names}
    return engine.small(schema, pa.table(made))


def data_of(contacts, responses):
    engine = DuckEngine(Limits(memory="1GB", threads=2))
    engine.small(CALENDAR, days(FIRST - timedelta(days=40), FIRST + timedelta(days=DAYS + 400), "NL"))
    tables = {
        schema.name: table(engine, schema, columns, len(next(iter(columns.values()))))
        for schema, columns in ((JOURNEYS, contacts), (RESPONSES, responses))
    }
    run = Run(inputs={}, version="0", engine="duckdb")
    return Dataset(engine=engine, tables=tables, run=run, period=(FIRST, FIRST + timedelta(days=DAYS)))


def world(n=4_000, *, prices=(0.25, 0.1), seed=1, waits=(2.0, 2.0), surveys=("after", "after"), construct="csat"):
    """Answers of persons who come back, and what a minute costs before and since; whoever waited longest may hang up."""
    dice = np.random.default_rng(seed)
    on = dice.integers(0, DAYS, n)
    since = (FIRST + timedelta(days=0) - CHANGED).days + on >= 0
    person, call = dice.integers(0, n // 2, n), dice.random(n) < 0.7
    wait = np.minimum(dice.exponential(np.where(since, waits[1], waits[0])), 8.0)
    mean = 4.3 - 0.3 * call - np.where(since, prices[1], prices[0]) * wait + dice.uniform(-0.4, 0.4, n)[person]
    score = 1 + dice.binomial(4, (mean - 1) / 4)
    if construct == "ces_1":
        score = 6 - score
    gone = dice.random(n) < 0.1
    day = [FIRST + timedelta(days=int(each)) for each in on]
    both = {
        "channel": np.where(call, "call", "chat"),
        "wait_ms": np.rint(wait * 60_000).astype(int),
        "person_key": person,
    }
    contacts = {
        **both, "source": ["made"] * n, "organisation": ["Made"] * n, "contact_id": [f"c{each}" for each in range(n)],
        "started_on": day, "offered": [True] * n, "abandoned": gone, "answered": ~gone, "called_back": [False] * n,
    }  # fmt: skip
    responses = {
        **both, "source": ["made"] * n, "organisation": ["Made"] * n, "response_id": [f"r{each}" for each in range(n)],
        "question": ["q"] * n, "construct": [construct] * n, "audience": ["customer"] * n, "survey": np.where(since, surveys[1], surveys[0]),
        "mode": ["web"] * n, "language": ["nl"] * n, "scale_low": [1] * n, "scale_high": [5] * n, "score": score,
        "answered_on": day, "weight_ppb": [1_000_000_000] * n, "stratum": [""] * n, "cluster": [f"p{each}" for each in person],
        "first_answer": [True] * n,
    }  # fmt: skip
    return contacts, responses


@pytest.fixture(scope="module")
def cheaper():
    return data_of(*world())


def test_where_a_minute_came_to_cost_less_the_study_says_yes(cheaper):
    found = time_as_currency(cheaper, CSAT)
    assert found.finding.verdict == "yes"
    assert found.finding.effect.low < 0.15 < found.finding.effect.high
    assert found.slopes.before.slope.low < -0.25 < found.slopes.before.slope.high
    assert found.slopes.since.slope.low < -0.1 < found.slopes.since.slope.high
    assert "costs less" in found.finding.says.en
    assert "kost minder" in found.finding.says.nl
    assert found.slopes.alike is not None
    assert found.slopes.alike[2] < 0.01


def test_where_a_minute_costs_the_same_the_study_says_no():
    found = time_as_currency(data_of(*world(12_000, prices=(0.2, 0.2), seed=5)), CSAT, matters=0.08)
    assert found.finding.verdict == "no"
    assert found.finding.settles is None


def test_where_few_answered_the_study_cannot_tell_and_says_what_would():
    found = time_as_currency(data_of(*world(300, prices=(0.2, 0.17), seed=6)), CSAT, matters=0.02)
    assert found.finding.verdict == "unclear"
    assert found.finding.settles is not None
    assert "no change shown" in found.finding.says.en


def test_on_a_scale_where_low_is_good_a_smaller_slope_is_still_less_cost():
    found = time_as_currency(data_of(*world(construct="ces_1")), EFFORT)
    assert found.finding.effect.value < 0
    assert "costs less" in found.finding.says.en


def test_the_slopes_are_least_squares_within_channel_and_period(cheaper):
    rows = cheaper.engine.rows("select * from responses").to_pylist()
    cells = {}
    for row in rows:
        key = (row["answered_on"] >= CHANGED, row["answered_on"].year, row["channel"])
        cells.setdefault(key, []).append((row["wait_ms"] / 60_000, row["score"]))
    for since in (False, True):
        parts = [np.array(each) for key, each in cells.items() if key[0] is since]
        centred = np.vstack([each - each.mean(axis=0) for each in parts])
        slope = (centred[:, 0] @ centred[:, 1]) / (centred[:, 0] @ centred[:, 0])
        found = waiting_slopes(cheaper, CSAT, CHANGED)
        assert (found.since if since else found.before).slope.value == pytest.approx(slope, abs=1e-12)


def test_persons_on_both_sides_tie_the_slopes_together():
    """Rows are doubled within each person: the interval must not become narrower by a factor of the root of two."""
    contacts, responses = world(800)
    twice = {name: np.repeat(np.asarray(each), 2) for name, each in responses.items()}
    twice["response_id"] = [f"r{each}" for each in range(1_600)]
    one, two = (waiting_slopes(data_of(contacts, each), CSAT, CHANGED).change for each in (responses, twice))
    assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high), abs=1e-9)


def test_a_survey_that_was_replaced_on_the_day_is_not_taken_for_a_change():
    found = time_as_currency(data_of(*world(surveys=("old", "new"))), CSAT)
    assert found.finding.verdict == "unclear"
    assert [each.name for each in found.finding.checks if not each.passed] == ["asked_alike"]


def test_longer_waits_on_a_curve_are_not_taken_for_another_price():
    contacts, responses = world(8_000, prices=(0.2, 0.2), waits=(0.4, 3.0), seed=3)
    minutes = np.asarray(responses["wait_ms"]) / 60_000
    dice = np.random.default_rng(0)
    mean = 4.5 - 1.2 * np.sqrt(minutes)
    responses["score"] = 1 + dice.binomial(4, np.clip((mean - 1) / 4, 0.02, 0.98))
    found = time_as_currency(data_of(contacts, responses), CSAT)
    assert found.finding.effect.clear
    assert found.finding.verdict == "unclear"
    assert "same_waits" in [each.name for each in found.finding.checks if not each.passed]


def test_patience_before_and_since_stands_beside_it(cheaper):
    found = time_as_currency(cheaper, CSAT).patience
    assert found is not None
    assert [each.group for each in found.groups] == [(("since", False),), (("since", True),)]
    assert found.gap is not None
    assert found.gap.low < found.gap.value < found.gap.high


def test_answers_by_wait_add_up_to_all_answers(cheaper):
    found = waiting_slopes(cheaper, CSAT, CHANGED)
    assert sum(each.n for each in found.waited) == found.before.n + found.since.n == 4_000
    assert [each.above for each in found.waited if not each.since] == [0, 15, 30, 60, 120, 180, 300]
    first, last = found.waited[0], [each for each in found.waited if not each.since][-1]
    assert first.mean.value > last.mean.value


def test_a_day_outside_the_data_is_refused(cheaper):
    with pytest.raises(EvidenceError, match="on one side of the day there are no answers"):
        time_as_currency(cheaper, CSAT, changed_on=date(2010, 1, 1))


def test_waits_that_are_all_alike_have_no_price():
    contacts, responses = world(400)
    responses["wait_ms"] = [0] * 400
    with pytest.raises(EvidenceError, match="none that tell waits apart"):
        time_as_currency(data_of(contacts, responses), CSAT)


def test_one_period_has_no_series_but_still_a_before_and_a_since():
    contacts, responses = world(2_000)
    one = [date(2020, 3, 2) + timedelta(days=place % 28) for place in range(2_000)]
    found = time_as_currency(data_of(contacts, {**responses, "answered_on": one}), CSAT)
    assert len(found.slopes.periods) == 1
    assert found.slopes.alike is None


def test_a_measure_of_contacts_is_refused(cheaper):
    with pytest.raises(DefinitionError, match="no score of single answers"):
        time_as_currency(cheaper, measure_named("waiting_all"))
    with pytest.raises(DefinitionError, match="is no period"):
        time_as_currency(cheaper, CSAT, period="fortnight")


def test_the_finding_reads_in_both_languages(cheaper):
    found = time_as_currency(cheaper, CSAT).finding
    for language, verdict in (("en", "yes"), ("nl", "ja")):
        told = finding_told(found, language)
        assert told["verdict_told"] == verdict
        assert len(told["checks"]) == 3


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_chapter_draws_patience_and_answers_by_wait_in_both_languages(cheaper, language):
    asked = Asked(data=cheaper, catalogue=CATALOGUE, language=language, minimum_n=10, level=0.95)
    topic = time_topic(asked)
    assert topic is not None
    assert topic.title == {"en": "Time and patience", "nl": "Tijd en geduld"}[language]
    assert [each.table.file for each in topic.figures] == ["patience.csv", "csat_mean-by-wait.csv"]
    assert [finding.verdict for finding, _ in topic.findings] == ["yes"]
    for figure in topic.figures:
        assert figure.svg.count("<svg") == 2
        assert figure.table.rows
    naive = {"en": "mean wait of those who left", "nl": "gemiddelde wachttijd van afhakers"}[language]
    assert naive in topic.figures[0].svg


@pytest.mark.parametrize("rule", ["average", "grand_mean"])
def test_a_design_that_slopes_do_not_know_leaves_the_chapter_with_patience_and_says_so(cheaper, rule):
    designs = {**cheaper.designs, "responses": replace(cheaper.designs["responses"], singleton=rule)}
    data = replace(cheaper, designs=designs)
    with pytest.raises(DefinitionError, match=f"no rule '{rule}'"):
        time_as_currency(data, CSAT)
    topic = time_topic(Asked(data=data, catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95))
    assert topic is not None
    assert [each.table.file for each in topic.figures] == ["patience.csv"]
    assert "What a minute of waiting costs is not told" in topic.facts[-1]


def test_groups_of_patience_are_drawn_with_their_names(cheaper):
    asked = Asked(data=cheaper, catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
    figure = patience_figure(asked, patience(cheaper, by=["channel"], split_on=CHANGED), "p")
    for name in ("ervoor · Telefoon", "sindsdien · Chat"):
        assert name in figure.svg
    assert "lograngtoets" in " ".join(figure.note)
    with pytest.raises(EvidenceError, match="cannot be told apart"):
        patience_figure(asked, patience(cheaper, by=["month"]), "p")


def test_where_nobody_left_there_is_no_chapter():
    contacts, responses = world(400)
    contacts["abandoned"] = [False] * 400
    responses["wait_ms"] = [0] * 400
    asked = Asked(data=data_of(contacts, responses), catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95)
    assert time_topic(asked) is None


def test_effort_with_speed_is_a_scale_of_its_own_and_never_part_of_effort():
    contacts, responses = world(600)
    pace = np.arange(600) % 2 == 0
    responses |= {"scale_high": [7] * 600, "construct": np.where(pace, "ces_speed_1_pace", "ces_speed_1_effort")}
    responses |= {"question": np.where(pace, "q2", "q1"), "survey": np.where(pace, "after", "after")}
    data = data_of(contacts, responses)
    scores = np.asarray(responses["score"])
    found = estimate(measure_named("ces_speed_1"), data)[0].only()
    assert (found.value, found.n) == (pytest.approx(scores.mean()), 600)
    assert estimate(measure_named("ces_speed_1_pace"), data)[0].only().value == pytest.approx(scores[pace].mean())
    assert estimate(measure_named("ces_2_mean"), data)[0].only().n == 0
    assert questions_of(data.engine, data.tables["responses"], CES_SPEED_1) == ("q1", "q2")
    with pytest.raises(EvidenceError, match="no answer is to 'ces_speed_1_effort'"):
        questions_of(data.engine, data.tables["responses"], CES_SPEED_1, "question = 'q2'")


def test_no_measure_reads_answers_of_two_versions_of_effort():
    of = ("'ces_1'", "'ces_2'", "'ces_speed_1_")
    for each in CATALOGUE.values():
        assert sum(construct in each.where for construct in of) <= 1


def test_a_version_that_does_not_exist_names_those_that_do():
    assert scale_version("ces_speed", 1) is CES_SPEED_1
    with pytest.raises(DefinitionError, match="in version 2"):
        scale_version("ces_speed", 2)
