"""The made contact centres keep every rule of their tables, and every planted value is in the rows."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from peil.engines.schema import STORED, Kind, Schema
from peil.errors import SourceError
from peil.sources.simulated import Planted, SimulatedBenchmark, SimulatedCentre
from peil.sources.simulated.centre import rows
from peil.sources.source import Draft, Source
from peil.sources.tables import AGENT_STATES, ANSWERS, CANONICAL, INVITATIONS, LEGS, QUESTIONS, ROSTER
from peil.terms import CHANNELS, Unit

FAR = 4.0
"""Standard errors between a planted value and its estimate that would be too many: 1 in 16,000."""

CLUSTERED = 1.5
"""Answers of one person resemble one another; with at most a few a person this bounds the inflation."""

LARGE = 300_000
ADMITTED_BYTES = 200 * 2**20
WEEK_MS = 7 * 86_400_000

Tables = dict[str, pa.Table]


def gathered(source: SimulatedCentre | SimulatedBenchmark) -> Tables:
    parts: dict[str, list[pa.RecordBatch]] = {}
    for draft in source.read(source.export):
        assert isinstance(draft, Draft)
        assert isinstance(draft.rows, pa.RecordBatch)
        parts.setdefault(draft.schema.name, []).append(draft.rows)
    return {name: pa.Table.from_batches(batches) for name, batches in parts.items()}


def digest(source: SimulatedCentre | SimulatedBenchmark) -> str:
    found = hashlib.sha256()
    for draft in source.read(source.export):
        assert isinstance(draft, Draft)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, draft.rows.schema) as writer:
            writer.write_batch(draft.rows)
        found.update(sink.getvalue())
    return found.hexdigest()


@pytest.fixture(scope="module")
def centre() -> SimulatedCentre:
    return SimulatedCentre(contacts=200_000, seed=5, agents=400, state_days=5)


@pytest.fixture(scope="module")
def tables(centre: SimulatedCentre) -> Tables:
    return gathered(centre)


@pytest.fixture(scope="module")
def benchmark() -> SimulatedBenchmark:
    return SimulatedBenchmark(seed=3)


@pytest.fixture(scope="module")
def peers(benchmark: SimulatedBenchmark) -> Tables:
    return gathered(benchmark)


@pytest.fixture(scope="module", params=["centre", "benchmark"])
def made(request: pytest.FixtureRequest) -> Tables:
    found: Tables = request.getfixturevalue({"centre": "tables", "benchmark": "peers"}[request.param])
    return found


def column(table: pa.Table, name: str) -> np.ndarray:
    """A column as numbers (instants in ms, missing -1) or as objects."""
    found = table.column(name).combine_chunks()
    if pa.types.is_timestamp(found.type):
        found = found.cast(pa.int64())
    if pa.types.is_integer(found.type):
        return found.fill_null(-1).to_numpy(zero_copy_only=False)
    return found.to_numpy(zero_copy_only=False)


def first_legs(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["leg_id"], "1"))


def near(value: np.ndarray, truth: Planted, *, inflated: float = 1.0) -> None:
    """Assert that the mean of ``value`` is within sampling error of the truth."""
    assert isinstance(truth.value, float)
    error = inflated * float(np.std(value)) / np.sqrt(len(value))
    assert error > 0
    assert abs(float(np.mean(value)) - truth.value) < FAR * error, truth.says.en


def points(scores: np.ndarray) -> np.ndarray:
    return np.where(scores >= 9_000, 100.0, np.where(scores <= 6_000, -100.0, 0.0))


def repeated(legs: pa.Table) -> np.ndarray:
    """Whether each contact is followed within seven days by the same person about the same reason, from the rows."""
    contacts = first_legs(legs)
    matter = pc.binary_join_element_wise(contacts["customer_id"], contacts["reason"], "/").combine_chunks()
    code = matter.dictionary_encode().indices.to_numpy()
    started = column(contacts, "started_at")
    order = np.lexsort((started, code))
    soon = (np.diff(code[order]) == 0) & (np.diff(started[order]) <= WEEK_MS)
    found = np.zeros(len(order), bool)
    found[order[:-1]] = soon
    return found


def scores(table: pa.Table, construct: str, channel: str | None = None) -> np.ndarray:
    chosen = pc.equal(table["construct"], construct)
    if channel is not None:
        chosen = pc.and_(chosen, pc.equal(table["channel"], channel))
    return column(table.filter(chosen), "value_milli")


# --- the same every time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SimulatedCentre, SimulatedBenchmark])
def test_the_same_seed_gives_the_same_bytes(kind: type[SimulatedCentre | SimulatedBenchmark]) -> None:
    assert digest(kind(contacts=3_000, seed=7)) == digest(kind(contacts=3_000, seed=7))


@pytest.mark.parametrize("kind", [SimulatedCentre, SimulatedBenchmark])
def test_another_seed_gives_other_bytes(kind: type[SimulatedCentre | SimulatedBenchmark]) -> None:
    assert digest(kind(contacts=3_000, seed=7)) != digest(kind(contacts=3_000, seed=8))


def test_the_fingerprint_follows_every_parameter_and_nothing_else() -> None:
    plain = SimulatedCentre()
    assert plain.fingerprint == SimulatedCentre().fingerprint
    others = [SimulatedCentre(seed=1), SimulatedCentre(answered=0.9), SimulatedCentre(queues=("one",))]
    assert len({plain.fingerprint, SimulatedBenchmark().fingerprint, *(each.fingerprint for each in others)}) == 5
    assert plain.export.sha256 == plain.fingerprint


def test_both_are_sources() -> None:
    found: tuple[Source, ...] = (SimulatedCentre(), SimulatedBenchmark())
    assert [each.files for each in found] == [(), ()]
    assert all(set(each.provides) == {LEGS, INVITATIONS, ANSWERS, QUESTIONS, ROSTER, AGENT_STATES} for each in found)


def test_organisations_share_no_random_numbers() -> None:
    legs = gathered(SimulatedBenchmark(contacts=4_000, organisations=2, best=0))["legs"]
    waits = [
        column(legs.filter(pc.equal(legs["organisation"], name)), "talk_ms")[:500]
        for name in ("Org A (simulated)", "Org B (simulated)")
    ]
    assert np.mean(waits[0] == waits[1]) < 0.1


# --- tables keep their rules -------------------------------------------------------------------------------------


def test_every_table_that_is_promised_is_delivered(made: Tables) -> None:
    assert set(made) == {each.name for each in SimulatedCentre().provides}


def test_columns_have_the_declared_names_and_types(made: Tables) -> None:
    arrow = {
        "varchar": pa.string(),
        "bigint": pa.int64(),
        "timestamp": pa.timestamp("ms"),
        "date": pa.date32(),
        "boolean": pa.bool_(),
    }
    for name, table in made.items():
        schema = CANONICAL[name]
        assert set(schema.names) - set(table.column_names) <= {"source", "organisation"}
        for each in table.column_names:
            expected = pa.int64() if each == "line" else arrow[STORED[schema.column(each).kind]]
            assert table.schema.field(each).type == expected, (name, each)


def test_keys_are_unique(made: Tables) -> None:
    for name, table in made.items():
        # a centre leaves its organisation to the door
        key = [each for each in CANONICAL[name].key if each in table.column_names]
        assert table.group_by(key).aggregate([]).num_rows == table.num_rows, name


def test_line_numbers_are_unique_over_all_tables(made: Tables) -> None:
    lines = np.sort(np.concatenate([column(table, "line") for table in made.values()]))
    assert np.array_equal(lines, np.arange(1, len(lines) + 1))


def test_required_columns_are_filled_and_codes_and_bounds_hold(made: Tables) -> None:
    checked = 0
    for name, table in made.items():
        for each in CANONICAL[name].columns:
            if each.name not in table.column_names:
                continue
            values = table[each.name]
            assert not each.required or values.null_count == 0, (name, each.name)
            if each.codes:
                assert set(pc.unique(values.drop_null()).to_pylist()) <= set(each.codes), (name, each.name)
            if each.kind is Kind.INTEGER and values.null_count < len(values):
                least, most = pc.min_max(values).as_py().values()
                assert each.least is None or least >= each.least, (name, each.name)
                assert each.most is None or most <= each.most, (name, each.name)
            checked += 1
    assert checked > 80


def holds(schema: Schema, rule: str, table: pa.Table) -> np.ndarray:
    """Each rule of the canonical tables over again, over plain arrays; a missing value passes."""

    def ordered(earlier: str, later: str) -> np.ndarray:
        one, two = (column(table, each) for each in (earlier, later))
        return (one < 0) | (two < 0) | (one <= two)

    if schema is ROSTER:
        from_on, until_on = table["from_on"].cast(pa.int32()), table["until_on"].cast(pa.int32())
        return pc.fill_null(pc.greater_equal(until_on, from_on), fill_value=True).to_numpy()
    if rule == "off_the_scale":
        value, low, high = (column(table, each) for each in ("value_milli", "scale_low", "scale_high"))
        return (value >= 1_000 * low) & (value <= 1_000 * high)
    if rule == "nps_needs_0_to_10":
        score = np.isin(column(table, "construct").astype(str), ["nps", "nps_believed", "enps"])
        return ~score | ((column(table, "scale_low") == 0) & (column(table, "scale_high") == 10))
    return {
        "ends_before_it_starts": lambda: ordered("started_at", "ended_at"),
        "answered_before_it_starts": lambda: ordered("started_at", "answered_at"),
        "responded_before_it_starts": lambda: ordered("started_at", "responded_at"),
        "resolved_before_it_starts": lambda: ordered("started_at", "resolved_at"),
        "asked_human_before_it_starts": lambda: ordered("started_at", "asked_human_at"),
        "queued_after_it_ends": lambda: ordered("queued_at", "ended_at"),
    }[rule]()


def test_every_rule_of_every_table_holds(made: Tables) -> None:
    checked = 0
    for name, table in made.items():
        for rule in CANONICAL[name].rules:
            assert holds(CANONICAL[name], rule.name, table).all(), (name, rule.name)
            checked += 1
    assert checked >= 7


def test_durations_and_instants_are_whole_seconds(made: Tables) -> None:
    for name in ("legs", "agent_states"):
        for each in made[name].column_names:
            if each.endswith(("_ms", "_at")):
                values = column(made[name], each)
                assert (values[values >= 0] % 1_000 == 0).all(), each


def test_the_clock_of_a_live_leg_adds_up(made: Tables) -> None:
    legs = made["legs"]
    table = legs.filter(
        pc.and_(pc.is_in(legs["channel"], pa.array(["call", "chat"])), pc.equal(legs["handler"], "agent"))
    )
    queued, answered, ended = (column(table, each) for each in ("queued_at", "answered_at", "ended_at"))
    wait, talk, hold, wrap = (column(table, f"{each}_ms") for each in ("wait", "talk", "hold", "wrap"))
    promised = queued < 0
    assert 0 < promised.mean() < 0.05
    assert np.array_equal(answered[~promised], (queued + wait)[~promised])
    assert np.array_equal(ended, answered + talk + hold)
    assert (talk > 0).all()
    assert (column(table, "updated_at") >= ended + wrap).all()


def test_an_abandoned_leg_has_a_wait_and_nobody(made: Tables) -> None:
    gone = made["legs"].filter(pc.equal(made["legs"]["ended_how"], "abandoned"))
    assert gone.num_rows > 1_000
    assert set(gone["handler"].unique().to_pylist()) == {"none"}
    assert gone["agent_id"].null_count == gone["answered_at"].null_count == gone.num_rows
    assert np.array_equal(column(gone, "ended_at"), column(gone, "queued_at") + column(gone, "wait_ms"))


def test_written_contacts_have_answers_instead_of_waits(made: Tables) -> None:
    written = made["legs"].filter(pc.is_in(made["legs"]["channel"], pa.array(["mail", "message"])))
    assert written["wait_ms"].null_count == written["queued_at"].null_count == written.num_rows
    responded, resolved = column(written, "responded_at"), column(written, "resolved_at")
    assert (responded > column(written, "started_at")).all()
    assert (resolved >= responded).all()


def test_a_second_leg_follows_the_leg_that_says_so(made: Tables) -> None:
    legs = made["legs"]
    second = legs.filter(pc.equal(legs["leg_id"], "2"))
    onward = pc.is_in(legs["ended_how"], pa.array(["transferred", "callback"]))
    before = legs.filter(onward)
    assert before["contact_id"].to_pylist() == second["contact_id"].to_pylist()
    gap = column(second, "started_at") - column(before, "ended_at")
    called_back = column(before, "ended_how") == "callback"
    assert called_back.any()
    assert (gap[~called_back] == 0).all()
    assert (gap[called_back] >= 600_000).all()
    call = (column(before, "channel") == "call") & ~called_back
    assert (column(second, "queue")[call] != column(before, "queue")[call]).all()
    assert set(column(before, "channel")[~call & ~called_back]) == {"bot"}


def test_invitations_and_answers_name_contacts_and_one_another(made: Tables) -> None:
    invitations = made["invitations"].filter(pc.equal(made["invitations"]["audience"], "customer"))
    answers = made["answers"].filter(pc.equal(made["answers"]["audience"], "customer"))
    contacts = made["legs"]["contact_id"].combine_chunks()
    assert pc.all(pc.is_in(invitations["contact_id"], contacts)).as_py()
    complete = invitations.filter(pc.equal(invitations["disposition"], "complete"))
    assert complete["response_id"].null_count == 0
    assert invitations["response_id"].null_count == invitations.num_rows - complete.num_rows
    assert set(complete["response_id"].to_pylist()) == set(answers["response_id"].to_pylist())
    assert answers.num_rows == 3 * complete.num_rows


def test_agent_states_follow_one_another_without_a_gap(tables: Tables) -> None:
    states = tables["agent_states"].filter(pc.equal(tables["agent_states"]["agent_id"], "a001"))
    started, ended = column(states, "started_at"), column(states, "ended_at")
    gaps = started[1:] - ended[:-1]
    assert (gaps == 0).sum() == len(gaps) - 4
    assert np.array_equal(ended - started, column(states, "duration_ms"))


# --- counts and calendar -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("contacts", [1, 7, 1_000, 61_234])
def test_there_are_exactly_as_many_contacts_as_asked_for(contacts: int) -> None:
    legs = gathered(SimulatedCentre(contacts=contacts))["legs"]
    assert first_legs(legs).num_rows == contacts == pc.count_distinct(legs["contact_id"]).as_py()


def local(table: pa.Table) -> pa.ChunkedArray:
    utc = pc.assume_timezone(table["started_at"], "UTC")
    return pc.local_timestamp(utc.cast(pa.timestamp("ms", "Europe/Amsterdam")))


def test_contacts_lie_within_the_period_and_reach_both_ends(centre: SimulatedCentre, tables: Tables) -> None:
    days = pc.cast(local(first_legs(tables["legs"])), pa.date32(), safe=False)
    assert pc.min_max(days).as_py() == {"min": centre.begins, "max": date(2020, 12, 31)}


def test_phones_are_answered_in_opening_hours_and_seldom_at_weekends(tables: Tables) -> None:
    legs = first_legs(tables["legs"])
    clock = local(legs.filter(pc.equal(legs["channel"], "call")))
    hours = pc.hour(clock).to_numpy()
    assert hours.min() == 8
    assert hours.max() == 19
    weekend = (pc.day_of_week(clock).to_numpy() >= 5).mean()
    assert 0.05 < weekend < 0.15


def test_winter_is_busier_than_summer(tables: Tables) -> None:
    months = pc.month(local(first_legs(tables["legs"]))).to_numpy()
    assert np.isin(months, [12, 1]).sum() > 1.25 * np.isin(months, [6, 7]).sum()


def test_persons_are_as_many_as_planted_and_come_back(centre: SimulatedCentre, tables: Tables) -> None:
    counts = column(first_legs(tables["legs"]).group_by("customer_id").aggregate([([], "count_all")]), "count_all")
    assert len(counts) == centre.truth()["people"].value == 90_000
    assert counts.max() > 8


def test_an_identifier_has_the_same_length_in_every_batch() -> None:
    world = SimulatedCentre(contacts=30_000).world(first=(9_990_000, 995_000), index=60)
    for schema, batch in rows(world):
        for name in ("contact_id", "customer_id", "agent_id"):
            if name in batch.schema.names and (batch[name].null_count < batch.num_rows):
                lengths = pc.unique(pc.utf8_length(batch[name].drop_null())).to_pylist()
                assert lengths == [{"contact_id": 9, "customer_id": 8, "agent_id": 5}[name]], (schema.name, name)


# --- planted truths are in the rows ------------------------------------------------------------------------------


def test_the_digital_share_jumps_by_what_was_planted(centre: SimulatedCentre, tables: Tables) -> None:
    legs = first_legs(tables["legs"])
    digital = column(legs, "channel") != "call"
    after = pc.greater_equal(pc.cast(local(legs), pa.date32(), safe=False), pa.scalar(centre.shift_on)).to_numpy()
    near(digital[~after], centre.truth()["digital_before"])
    near(digital[after], centre.truth()["digital_after"])


def test_without_a_shift_nothing_changes_and_drift_changes_slowly() -> None:
    def yearly(centre: SimulatedCentre) -> list[float]:
        legs = first_legs(gathered(centre)["legs"])
        digital, year = column(legs, "channel") != "call", pc.year(local(legs)).to_numpy()
        return [float(digital[year == each].mean()) for each in (2018, 2019, 2020)]

    flat = yearly(SimulatedCentre(contacts=60_000, digital_after=0.38))
    assert max(flat) - min(flat) < 0.02
    drifting = yearly(SimulatedCentre(contacts=60_000, digital_after=0.38, drift=0.05))
    assert all(0.03 < later - earlier < 0.07 for earlier, later in pairwise(drifting))


def test_queue_truths_are_in_the_rows(centre: SimulatedCentre, tables: Tables) -> None:
    truth = centre.truth()
    legs = first_legs(tables["legs"])
    queued = legs.filter(pc.is_in(legs["channel"], pa.array(["call", "chat"])))
    wait = column(queued, "wait_ms") / 1_000
    gone = column(queued, "ended_how") == "abandoned"
    near(~gone, truth["answered"])
    near(wait, truth["mean_wait"])
    calls = column(queued, "channel") == "call"
    answered = column(queued, "answered_at") >= 0
    near((answered & (wait <= 20))[calls], truth["service_level_20"])
    near((column(queued, "ended_how") == "transferred")[calls & answered], truth["transfers"])
    patience = wait.sum() / gone.sum()
    expected = truth["mean_patience"].value
    assert isinstance(expected, float)
    assert abs(patience / expected - 1) < FAR / np.sqrt(gone.sum())


def test_repeats_are_as_frequent_as_planted(centre: SimulatedCentre, tables: Tables) -> None:
    truth = centre.truth()
    again = repeated(tables["legs"])
    bot = column(first_legs(tables["legs"]), "channel") == "bot"
    near(again, truth["repeat_7d"])
    near(again[bot], truth["repeat_7d_bot"])
    near(again[~bot], truth["repeat_7d_other"])


def test_nobody_comes_back_where_no_repeat_is_planted() -> None:
    assert not repeated(gathered(SimulatedCentre(contacts=50_000, repeat=0.0, repeat_bot=0.0))["legs"]).any()


def test_bots_serve_and_hand_over_as_planted(centre: SimulatedCentre, tables: Tables) -> None:
    bots = tables["legs"].filter(pc.equal(tables["legs"]["handler"], "bot"))
    near(column(bots, "self_served").astype(bool), centre.truth()["self_served"])
    near(column(bots, "ended_how") == "transferred", centre.truth()["handover"])


@pytest.mark.parametrize("channel", ["call", "chat", "mail", "message", "bot"])
def test_what_customers_say_of_a_channel_is_what_was_planted(
    centre: SimulatedCentre, tables: Tables, channel: str
) -> None:
    truth, answers = centre.truth(), tables["answers"]
    near(points(scores(answers, "nps", channel)), truth[f"nps_{channel}"], inflated=CLUSTERED)
    near(scores(answers, "csat", channel) >= 4_000, truth[f"csat_{channel}"], inflated=CLUSTERED)
    near(scores(answers, "ces_2", channel) / 1_000, truth[f"ces_2_{channel}"], inflated=CLUSTERED)
    legs = first_legs(tables["legs"])
    talk = column(legs.filter(pc.equal(legs["channel"], channel)), "talk_ms")
    near(talk[talk >= 0] / 1_000, truth[f"talk_{channel}"])


def test_the_overall_score_and_the_response_rate_are_what_was_planted(centre: SimulatedCentre, tables: Tables) -> None:
    near(points(scores(tables["answers"], "nps")), centre.truth()["nps"], inflated=CLUSTERED)
    asked = tables["invitations"].filter(pc.equal(tables["invitations"]["audience"], "customer"))
    near(column(asked, "disposition") == "complete", centre.truth()["response_rate"])


def test_a_planted_step_in_the_score_is_in_the_answers() -> None:
    centre = SimulatedCentre(contacts=80_000, nps_step=20.0, digital_after=0.38)
    answers = gathered(centre)["answers"]
    calls = answers.filter(pc.and_(pc.equal(answers["construct"], "nps"), pc.equal(answers["channel"], "call")))
    limit = pa.scalar(centre.shift_on, pa.date32()).cast(pa.timestamp("ms"))
    late = pc.greater(calls["answered_at"], limit).to_numpy()
    found = points(column(calls, "value_milli"))
    step = float(found[late].mean() - found[~late].mean())
    error = CLUSTERED * float(np.hypot(found[late].std() / np.sqrt(late.sum()), found.std() / np.sqrt((~late).sum())))
    assert abs(step - 20) < FAR * error < 15


def alike(share: float) -> float:
    """How much two answers of one person about different contacts resemble one another."""
    answers = gathered(SimulatedCentre(contacts=60_000, person_share=share, team_effect=0.0))["answers"]
    calls = answers.filter(pc.and_(pc.equal(answers["construct"], "nps"), pc.equal(answers["channel"], "call")))
    person = column(calls, "customer_id").astype(str)
    order = np.argsort(person, kind="stable")
    value = column(calls, "value_milli")[order].astype(float)
    pair = person[order][1:] == person[order][:-1]
    return float(np.corrcoef(value[1:][pair], value[:-1][pair])[0, 1])


def test_answers_of_one_person_resemble_one_another_as_much_as_planted() -> None:
    assert abs(alike(0.0)) < 0.08
    assert 0.4 < alike(0.6) < 0.65


def test_a_team_that_staff_recommend_is_one_that_customers_recommend(centre: SimulatedCentre, tables: Tables) -> None:
    answers = tables["answers"]
    by_team = []
    for team in range(1, centre.teams + 1):
        chosen = answers.filter(pc.equal(answers["team"], f"team {team}"))
        near(points(scores(chosen, "enps")), centre.truth()[f"enps_team_{team}"])
        by_team.append(points(scores(chosen, "nps", "call")).mean())
    assert by_team == sorted(by_team)
    assert by_team[-1] - by_team[0] > 10


def test_agents_are_as_occupied_as_planted(centre: SimulatedCentre, tables: Tables) -> None:
    states = tables["agent_states"]
    state, length = column(states, "state"), column(states, "duration_ms").astype(float)
    busy = length[np.isin(state, ["on_contact", "wrap"])].sum()
    expected = centre.truth()["occupancy"].value
    assert isinstance(expected, float)
    assert abs(busy / (busy + length[state == "ready"].sum()) - expected) < 0.005


def test_agents_move_home_on_the_day_of_the_shift(centre: SimulatedCentre, tables: Tables) -> None:
    roster = tables["roster"]
    home = roster.filter(pc.equal(roster["workplace"], "home"))
    assert abs(home.num_rows / centre.agents - centre.home_share) < FAR * 0.5 / np.sqrt(centre.agents)
    assert set(home["from_on"].to_pylist()) == {centre.shift_on}
    assert set(roster["until_on"].drop_null().to_pylist()) == {centre.shift_on - timedelta(days=1)}


@pytest.mark.parametrize("source", [SimulatedCentre(), SimulatedBenchmark(contacts=4_000)])
def test_every_truth_has_a_sentence_in_both_languages(source: SimulatedCentre | SimulatedBenchmark) -> None:
    truth = source.truth()
    assert len(truth) > 30
    for name, each in truth.items():
        assert each.says.en.endswith("."), name
        assert each.says.nl.endswith("."), name
        assert each.says.en != each.says.nl, name
        assert "{" not in each.says.en + each.says.nl, name
        assert "-0" not in each.says.en, name
        assert isinstance(each.value, float) == (each.unit is not None), name


# --- the benchmark -----------------------------------------------------------------------------------------------


def test_the_benchmark_has_its_contacts_organisations_and_sectors(peers: Tables) -> None:
    legs = peers["legs"]
    assert first_legs(legs).num_rows == LARGE
    names = legs["organisation"].unique().to_pylist()
    assert names == [f"Org {letter} (simulated)" for letter in "ABCDEFGH"]
    assert {json.loads(each)["sector"] for each in legs["extra"].unique().to_pylist()} == {
        "energy",
        "insurance",
        "telecom",
        "retail",
    }
    shared = legs.group_by("customer_id").aggregate([("organisation", "count_distinct")])
    assert pc.max(shared["organisation_count_distinct"]).as_py() == 1


@pytest.fixture(scope="module")
def by_organisation(peers: Tables) -> dict[str, Tables]:
    names = peers["legs"]["organisation"].unique().to_pylist()
    return {
        name: {key: table.filter(pc.equal(table["organisation"], name)) for key, table in peers.items()}
        for name in names
    }


def test_each_organisation_has_what_was_planted_in_it(
    benchmark: SimulatedBenchmark, by_organisation: dict[str, Tables]
) -> None:
    truth = benchmark.truth()
    for name, own in by_organisation.items():
        letter = name[4]
        near(points(scores(own["answers"], "nps")), truth[f"{letter}_nps"], inflated=CLUSTERED)
        near(points(scores(own["answers"], "nps_believed")), truth[f"{letter}_nps_believed"])
        near(repeated(own["legs"]), truth[f"{letter}_repeat_7d"])
        legs = first_legs(own["legs"])
        late = pc.greater_equal(pc.cast(local(legs), pa.date32(), safe=False), pa.scalar(benchmark.shift_on)).to_numpy()
        digital = column(legs, "channel") != "call"
        near(digital[~late], truth[f"{letter}_digital_before"])
        near(digital[late], truth[f"{letter}_digital_after"])
        calls = legs.filter(pc.equal(legs["channel"], "call"))
        quick = (column(calls, "answered_at") >= 0) & (column(calls, "wait_ms") <= 20_000)
        near(quick, truth[f"{letter}_service_level_20"])


def test_professionals_overestimate_by_what_was_planted(
    benchmark: SimulatedBenchmark, by_organisation: dict[str, Tables]
) -> None:
    believed = [points(scores(own["answers"], "nps_believed")) for own in by_organisation.values()]
    felt = [points(scores(own["answers"], "nps")) for own in by_organisation.values()]
    gap = float(np.mean([one.mean() - two.mean() for one, two in zip(believed, felt, strict=True)]))
    error = float(np.std(np.concatenate(believed))) / np.sqrt(sum(map(len, believed)))
    assert abs(gap - benchmark.overestimate) < FAR * error
    assert gap > 2 * FAR


def test_the_best_organisation_is_truly_better_and_bots_are_far_worse_than_phones(
    benchmark: SimulatedBenchmark, by_organisation: dict[str, Tables]
) -> None:
    truth = benchmark.truth()
    means = {name: points(scores(own["answers"], "nps")).mean() for name, own in by_organisation.items()}
    assert max(means, key=lambda name: float(means[name])) == truth["best_organisation"].value == benchmark.names[2]
    gaps = [
        points(scores(own["answers"], "nps", "bot")).mean() - points(scores(own["answers"], "nps", "call")).mean()
        for own in by_organisation.values()
    ]
    assert truth["bot_gap"].value == -50.0
    assert abs(float(np.mean(gaps)) + 50) < 4


def test_the_pooled_truths_of_the_benchmark_are_in_its_rows(benchmark: SimulatedBenchmark, peers: Tables) -> None:
    truth = benchmark.truth()
    near(repeated(peers["legs"]), truth["repeat_7d"])
    legs = first_legs(peers["legs"])
    calls = legs.filter(pc.equal(legs["channel"], "call"))
    near((column(calls, "answered_at") >= 0) & (column(calls, "wait_ms") <= 20_000), truth["service_level_20"])
    assert truth["digital_jump"].unit is Unit.SHARE


# --- memory ------------------------------------------------------------------------------------------------------


def streamed(source: SimulatedCentre) -> Iterator[tuple[int, int]]:
    """The rows of each batch, and the bytes that Arrow and numpy hold while it is there."""
    before = pa.total_allocated_bytes()
    for draft in source.read(source.export):
        assert isinstance(draft, Draft)
        yield draft.rows.num_rows, pa.total_allocated_bytes() - before + tracemalloc.get_traced_memory()[1]


def test_a_long_history_is_streamed_in_batches_that_fit_in_memory() -> None:
    tracemalloc.start()
    seen = list(streamed(SimulatedCentre(contacts=2 * LARGE)))
    tracemalloc.stop()
    assert max(count for count, _ in seen) <= 200_000
    assert len(seen) > 10
    assert max(held for _, held in seen) < ADMITTED_BYTES


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"answered": 1.2}, "answered"),
        ({"self_served": 0.8, "handover": 0.4}, r"self_served \+ handover"),
        ({"nps": {"call": 10.0}}, "nps"),
        ({"nps_step": 95.0}, "nps"),
        ({"contacts": 0}, "contacts"),
        ({"begins": date(2018, 1, 31)}, "begins"),
        ({"agents": 10, "teams": 4}, "agents"),
        ({"repeat": 1.0}, "repeat"),
        ({"mix": {"pigeon": 1.0}}, "mix"),
        ({"zone": "Europe/Nowhere"}, "zone"),
    ],
)
def test_a_parameter_out_of_bounds_is_named(parameters: dict[str, object], named: str) -> None:
    with pytest.raises(SourceError, match=f"out of bounds: {named}"):
        SimulatedCentre(**parameters)  # type: ignore[arg-type]  # wrong parameters on purpose


def test_a_benchmark_that_cannot_be_made_says_why() -> None:
    with pytest.raises(SourceError, match="cannot be made"):
        SimulatedBenchmark(organisations=4, best=4)
    with pytest.raises(SourceError, match="would believe a score of"):
        SimulatedBenchmark(overestimate=95.0)


def test_every_channel_of_the_centre_is_in_the_vocabulary() -> None:
    assert set(SimulatedCentre().nps) <= set(CHANNELS)
