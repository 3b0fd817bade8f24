"""Did it really change: planted steps are found and measured, and swings, trends, artefacts and short series are not called breaks."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from peil.dataset import Dataset, Run, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError, SourceError
from peil.estimates.difference import Side
from peil.estimates.series import Series, regressors, series
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.reports.interrupted import interrupted_figure
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.studies.change_log import entries, read_changes, touching
from peil.studies.trend.judged import Judged, Known, judged
from peil.studies.trend_break import trend_break, trend_breaks
from peil.terms import Label, Unit

RUN = Run(inputs={}, version="0", engine="none")
NOTHING_KNOWN = Known(run=RUN)
BEGINS, WEEKS, BEFORE = date(2017, 11, 27), 208, 120
BROKE_ON = BEGINS + timedelta(days=7 * BEFORE)
SWING, SEASON = 0.03, 0.05
# as few draws as make a defect plain; benchmarks/trend_break.py has hundreds
DRAWS = 40
DIGITAL, NPS, ABANDONMENT = measure_named("digital_share"), measure_named("nps"), measure_named("abandonment")


def weekly(
    seed: int, change: np.ndarray | float = 0.0, *, rho: float = 0.6, trend: float = 0.0, n: int = WEEKS
) -> Series:
    """Return a share by week: a season, a trend a year, noise that lingers, and a change."""
    rng = np.random.default_rng(seed)
    noise = np.empty(n)
    noise[0] = SWING * rng.normal()
    for week in range(1, n):
        noise[week] = rho * noise[week - 1] + SWING * np.sqrt(1 - rho**2) * rng.normal()
    t = np.arange(n)
    value = 0.5 + SEASON * np.cos(2 * np.pi * t / 52.18) + trend * (t - n / 2) / 52.18 + noise + change
    return of(value)


def of(value: np.ndarray) -> Series:
    n = value.size
    return Series(
        name=Label("Answered in time", "Op tijd beantwoord"), unit=Unit.SHARE, period="week",
        starts=tuple(BEGINS + timedelta(days=7 * each) for each in range(n)), value=value, variance=np.zeros(n), n=np.full(n, 400.0),
    )  # fmt: skip


def since(n: int = WEEKS, at: int = BEFORE) -> np.ndarray:
    return np.arange(n) - at


def failed(found: Judged) -> set[str]:
    return {each.name for each in found.finding.checks if not each.passed}


def many(change: np.ndarray | float, **told: float) -> list[Judged]:
    return [judged(weekly(seed, change, **told), BROKE_ON, NOTHING_KNOWN, with_curve=False) for seed in range(DRAWS)]  # type: ignore[arg-type]  # settings, each of its own kind


def test_a_planted_step_is_found_and_its_interval_holds_it():
    found = many(0.08 * (since() >= 0))
    assert sum(each.finding.verdict == "yes" for each in found) >= 0.7 * DRAWS
    held = sum(each.finding.effect.low <= 0.08 <= each.finding.effect.high for each in found)
    assert held >= 0.85 * DRAWS
    assert all(each.kind == "lasting" for each in found if each.finding.verdict == "yes")


def test_noise_that_lingers_is_hardly_ever_called_a_break():
    found = many(0.0)
    assert sum(each.finding.verdict == "yes" for each in found) <= 0.1 * DRAWS
    assert not any(each.finding.verdict == "no" for each in found)  # nothing was said to matter


def test_a_trend_that_was_under_way_is_no_break():
    rising = many(0.0, trend=0.08)
    assert sum(each.finding.verdict == "yes" for each in rising) <= 0.1 * DRAWS
    ramp = many(0.12 * np.clip((since() + 40) / 80, 0, 1), rho=0.3)
    assert sum(each.finding.verdict == "yes" for each in ramp) <= 0.15 * DRAWS
    assert sum(each.kind in {"under_way", "another_date"} for each in ramp) >= 0.5 * DRAWS


def test_a_dip_that_passed_is_called_temporary():
    dip = many(-0.12 * ((since() >= 0) & (since() < 26)))
    shaped = [each.evidence.shapes.likeliest.name for each in dip if each.evidence and each.evidence.shapes]
    assert shaped.count("temporary") >= 0.8 * DRAWS
    assert not any(each.kind == "lasting" for each in dip)
    told = [each for each in dip if each.finding.verdict == "yes"]
    assert all("for a time" in each.finding.says.en for each in told)
    assert sum(each.finding.effect.low <= -0.12 <= each.finding.effect.high for each in dip) >= 0.8 * DRAWS


def test_a_step_at_another_date_is_not_the_event():
    found = many(0.12 * (since() >= -52))
    assert not any(each.finding.verdict == "yes" for each in found)
    assert sum(each.kind == "another_date" for each in found) >= 0.8 * DRAWS


def test_no_change_is_said_only_within_what_matters():
    calm = weekly(3, rho=0.2)
    assert judged(calm, BROKE_ON, NOTHING_KNOWN, matters=0.06, with_curve=False).finding.verdict == "no"
    assert judged(calm, BROKE_ON, NOTHING_KNOWN, matters=0.001, with_curve=False).finding.verdict == "unclear"


def test_an_unclear_verdict_says_whether_more_weeks_or_more_answers_would_help():
    calm = weekly(7)
    few = replace(calm, variance=np.full(WEEKS, 0.9 * SWING**2))
    weeks, answers = (judged(each, BROKE_ON, NOTHING_KNOWN, with_curve=False).finding for each in (calm, few))
    assert weeks.settles is not None
    assert weeks.settles.en.startswith("A longer or less noisy series")
    assert answers.settles is not None
    assert answers.settles.en.startswith("More answers or contacts in each period")


def test_at_least_twenty_models_are_tried_and_agree_on_a_plain_step():
    found = judged(weekly(1, 0.1 * (since() >= 0)), BROKE_ON, NOTHING_KNOWN)
    assert found.evidence is not None
    curve = found.evidence.curve
    assert len(curve.models) >= 20
    assert len({(each.level_model, each.harmonics, each.trend, each.scale, each.window) for each in curve.models}) >= 20
    assert curve.same_sign == 1.0
    assert {each.level_model for each in curve.models} == {"ar1", "ar2", "wandering"}
    assert found.finding.verdict == "yes"


def test_what_moved_the_controls_as_well_is_not_claimed():
    change = 0.1 * (since() >= 0)
    controls = [weekly(seed, change) for seed in (11, 12, 13)]
    found = judged(weekly(10, change), BROKE_ON, NOTHING_KNOWN, controls=controls, with_curve=False)
    assert found.finding.verdict == "unclear"
    assert "controls_agree" in failed(found)
    apart = judged(
        weekly(10, change), BROKE_ON, NOTHING_KNOWN, controls=[weekly(seed) for seed in (11, 12, 13)], with_curve=False
    )
    assert "controls_agree" not in failed(apart)
    assert apart.evidence is not None
    assert apart.evidence.against is not None
    assert apart.evidence.against.value == pytest.approx(0.1, abs=0.04)
    alone = judged(weekly(10, change), BROKE_ON, NOTHING_KNOWN, controls=[weekly(11)], with_curve=False)
    assert "controls_agree" not in failed(alone)


def test_a_control_without_some_periods_is_refused():
    with pytest.raises(EvidenceError, match="has no value for 8 of the 208 periods"):
        judged(weekly(1), BROKE_ON, NOTHING_KNOWN, controls=[weekly(2, n=200)])


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        (np.full(WEEKS, 0.4), "varies"),
        (np.zeros(WEEKS), "varies"),
        (np.where(np.arange(WEEKS) == 50, np.nan, weekly(1).value), "no_gaps"),
        (weekly(1, n=BEFORE + 5).value, "enough_after"),
    ],
)
def test_a_series_that_cannot_tell_says_what_is_missing(value, missing):
    found = judged(of(value), BROKE_ON, NOTHING_KNOWN)
    assert found.finding.verdict == "unclear"
    assert missing in failed(found)
    assert found.finding.settles is not None
    assert np.isnan(found.finding.effect.value)


@pytest.mark.parametrize(("step", "odd"), [(0.0, False), (0.2, True)])
def test_a_few_weeks_after_the_day_are_held_against_stretches_before_it_and_claim_nothing(step, odd):
    after = 6
    found = judged(weekly(4, step * (since(BEFORE + after) >= 0), n=BEFORE + after), BROKE_ON, NOTHING_KNOWN)
    assert (found.finding.verdict, found.kind, found.evidence) == ("unclear", "cannot_tell", None)
    (check,) = [each for each in found.finding.checks if each.name == "odd_at_the_end"]
    assert check.passed is odd
    assert "115 stretches" in check.says.en
    assert "115 stukken" in check.says.nl


def test_too_few_weeks_before_cannot_tell_a_season_from_a_change():
    found = judged(weekly(1, 0.2 * (since(at=60) >= 0)), BEGINS + timedelta(days=7 * 60), NOTHING_KNOWN)
    assert found.finding.verdict == "unclear"
    assert failed(found) == {"enough_before"}


def test_a_day_outside_the_series_is_refused():
    with pytest.raises(EvidenceError, match="2035-01-01 lies outside the series"):
        judged(weekly(1), date(2035, 1, 1), NOTHING_KNOWN)


def test_a_changed_definition_is_an_artefact_that_is_not_excluded():
    log = entries(
        [{"on": "2020-04-06", "what": {"en": "abandons under 5 s left out", "nl": "korte afhakers tellen niet"}}]
    )
    found = judged(weekly(1, 0.1 * (since() >= 0)), BROKE_ON, replace(NOTHING_KNOWN, changes=log, log_kept=True))
    assert (found.finding.verdict, found.kind) == ("unclear", "artefact")
    assert failed(found) == {"same_definition"}
    assert found.finding.says.nl == "Op tijd beantwoord: artefact niet uitgesloten, ook de definitie veranderde"


def test_an_old_change_of_definition_only_shortens_the_series():
    log = entries([{"on": "2018-02-05", "what": "new telephone exchange"}])
    told = replace(NOTHING_KNOWN, changes=log, log_kept=True)
    jump = 0.3 * (since(at=10) >= 0)
    found = judged(weekly(1, 0.1 * (since() >= 0) + jump), BROKE_ON, told, with_curve=False)
    assert found.finding.effect.n == WEEKS - 10
    assert found.finding.verdict == "yes"


def test_a_change_log_is_checked_where_it_is_read(tmp_path):
    path = tmp_path / "changes.yaml"
    path.write_text(
        "changes:\n  - {on: 2020-06-01, what: new exchange, measures: [nps, abandonment]}\n  - {on: 2019-01-01, what: x}\n"
    )
    log = read_changes(path)
    assert [each.on.year for each in log] == [2019, 2020]
    assert [
        each.what.en for each in touching(log, "promoter_share", date(2018, 1, 1), date(2021, 1, 1), family="nps")
    ] == ["x", "new exchange"]
    assert touching(log, "volume", date(2019, 6, 1), date(2021, 1, 1)) == ()
    with pytest.raises(DefinitionError, match="no measure or family is named 'abandonmant'"):
        entries([{"on": "2020-06-01", "what": "x", "measures": ["abandonmant"]}])
    with pytest.raises(DefinitionError, match="entry 1 of the change log has no day"):
        entries([{"what": "x"}])
    with pytest.raises(DefinitionError, match="does not say what changed"):
        entries([{"on": "2020-06-01"}])
    with pytest.raises(SourceError, match="there is no file"):
        read_changes(tmp_path / "none.yaml")


# The whole way: exports, tables, estimates, series, verdict.


@pytest.fixture(scope="module")
def shifted() -> Dataset:
    """A centre of five years in which digital channels win from one day to the next."""
    return made(SimulatedCentre(name="shifted", contacts=40_000, months=60, begins=date(2017, 1, 1), seed=3))


@pytest.fixture(scope="module")
def steady() -> Dataset:
    """A centre in which digital channels grow all along, and nothing breaks."""
    return made(
        SimulatedCentre(
            name="steady", contacts=40_000, months=60, begins=date(2017, 1, 1), digital_before=0.25, digital_after=0.25,
            drift=0.06, seed=4,
        )
    )  # fmt: skip


def test_a_planted_shift_is_found_from_the_exports_on(shifted):
    found = trend_break(shifted, DIGITAL)
    truth = SimulatedCentre().digital_after - SimulatedCentre().digital_before
    effect = found.finding.effect
    assert (found.finding.verdict, found.kind) == ("yes", "lasting")
    assert effect.low < truth < effect.high
    assert found.finding.says.nl == "Via digitale kanalen: hoger sinds 16 maart 2020 dan voorspeld"
    assert found.finding.run.digest == shifted.run.digest


def test_a_drift_is_not_called_a_break(steady):
    found = trend_break(steady, DIGITAL, matters=0.05)
    assert found.finding.verdict in {"no", "unclear"}
    assert not found.finding.effect.clear


def test_another_mix_of_channels_is_an_artefact_that_is_not_excluded(shifted):
    found = trend_break(shifted, NPS, period="month")
    assert (found.finding.verdict, found.kind) == ("unclear", "artefact")
    assert [each.column for each in found.mixes] == ["channel"]
    assert "artefact niet uitgesloten" in found.finding.says.nl


def test_within_one_channel_no_mix_has_moved(shifted):
    found = trend_break(shifted, NPS, period="month", where="channel = 'call'")
    assert found.mixes == ()
    assert found.kind != "artefact"


def test_a_year_of_data_cannot_tell():
    short = made(SimulatedCentre(name="short", contacts=3_000, months=12, begins=date(2019, 9, 1)))
    found = trend_break(short, DIGITAL)
    assert found.finding.verdict == "unclear"
    assert found.finding.settles is not None
    assert "2 years" in found.finding.settles.en
    assert found.evidence is None


def test_months_that_foretell_nothing_yet_cannot_tell():
    short = made(SimulatedCentre(name="short", contacts=8_000, months=31, begins=date(2018, 3, 1)))
    found = trend_break(short, DIGITAL, period="month")
    assert found.finding.verdict == "unclear"
    assert {each.name for each in found.finding.checks if not each.passed} == {"foretold_well"}
    assert found.finding.settles is not None
    assert found.finding.settles.en.startswith("A longer past")


def test_a_series_has_whole_periods_with_the_calendar_beside_them(shifted):
    weeks = series(shifted, DIGITAL)
    assert all(each.isoweekday() == 1 for each in weeks.starts)
    assert set(np.diff([each.toordinal() for each in weeks.starts])) == {7}
    assert weeks.starts[0] == date(2017, 1, 2)
    christmas = weeks.starts.index(date(2018, 12, 24))
    assert weeks.calendar["working"][christmas] == 3
    assert weeks.calendar["holidays"][christmas] == 2
    assert weeks.calendar["school"][christmas] == 7
    names, columns = regressors(weeks)
    assert names == ("wave 1 cosine", "wave 1 sine", "wave 2 cosine", "wave 2 sine", "working", "school")
    assert columns.shape == (len(weeks), 6)
    assert np.all(weeks.variance > 0)


def test_a_series_without_rows_in_a_week_has_a_gap(shifted):
    holed = series(shifted, DIGITAL, where="started_on < date '2019-01-07' or started_on >= date '2019-01-21'")
    assert holed.gaps == (date(2019, 1, 7), date(2019, 1, 14))
    found = trend_break(shifted, DIGITAL, where="started_on < date '2019-01-07' or started_on >= date '2019-01-21'")
    assert found.finding.verdict == "unclear"


def test_measures_of_another_unit_are_no_controls(shifted):
    with pytest.raises(DefinitionError, match="their difference means nothing"):
        trend_break(shifted, DIGITAL, controls=[Side(measure=NPS)])


def test_of_many_measures_only_those_that_stand_are_claimed(shifted):
    asked = [DIGITAL, ABANDONMENT, measure_named("transfer_share"), measure_named("repeat_7d")]
    found = trend_breaks(shifted, asked, where="channel <> 'bot'", period="month")
    assert [each.measure.name for each in found.breaks] == [each.name for each in asked]
    assert found.discoveries.tests == 4
    assert found.shrunken is not None
    assert found.shrunken.real[0] > 0.95
    assert found.shrunken.real.size == 4
    assert 0.25 <= found.real_share <= 1
    assert found.discoveries.adjusted[0] < 0.05
    assert all(
        each.finding.verdict != "yes" or stands
        for each, stands in zip(found.breaks, found.discoveries.found, strict=True)
    )
    assert all(each.finding.checks[-1].name == "stands_among_many" for each in found.breaks)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_figure_shows_the_series_the_old_path_and_the_day(shifted, language):
    figure = interrupted_figure(trend_break(shifted, DIGITAL, period="month"), language, "t1")
    drawn = figure.spec_wide["layer"]
    bands = [each for each in drawn if each["mark"]["type"] == "area"]
    assert len(bands) == 1
    values = bands[0]["data"]["values"]
    assert min(each["day"] for each in values) == (date(2020, 3, 1) - date(1970, 1, 1)).days
    assert all(each["low"] <= each["expected"] <= each["high"] for each in values)
    assert figure.spec_narrow["width"] < figure.spec_wide["width"]
    assert len(figure.table.rows) == 60
    assert ("16 maart 2020" if language == "nl" else "16 March 2020") in figure.svg
    assert any(("Onderbroken lijn" if language == "nl" else "Broken line") in each for each in figure.note)


# Rounds of a survey.


def asked_in_rounds(folder: Path, last: float, *, mode: str = "web", rounds: int = 4) -> Dataset:
    """Return a survey of some rounds whose promoters are 40 % until the last round, and then ``last``."""
    rng = np.random.default_rng(5)
    rows = []
    for place in range(rounds):
        for construct, low, high in (("nps", 0, 10), ("csat", 1, 5), ("ces_2", 1, 7)):
            share = last if place == rounds - 1 and construct == "nps" else 0.4
            for person in range(400):
                up = rng.random() < share
                value = high if up else int(rng.integers(low, high - 1))
                day = f"{2017 + place}-05-{1 + person % 20:02d}T10:00:00Z"
                rows.append(
                    [
                        f"{place}-{person}",
                        construct,
                        2017 + place,
                        value,
                        low,
                        high,
                        mode if place == rounds - 1 else "web",
                        day,
                    ]
                )
    with (folder / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "what", "wave", "score", "low", "high", "mode", "at"], *rows])
    source = DelimitedTable(
        name="survey", organisation="o", files=("a.csv",), table="answers", zone="UTC",
        columns={"response_id": "id", "audience": "'customer'", "construct": "what", "question": "what", "wave": "wave",
                 "value_milli": Mapped(of="score", times=1000), "survey": "'s'", "scale_low": "low", "scale_high": "high",
                 "mode": "mode", "answered_at": "at"},
    )  # fmt: skip
    store = Store(folder / "store")
    result = load((source,), store, root=folder, limits=Limits(memory="1GB"), key=b"test")
    assert not result.refused
    return build(store, DuckEngine(Limits(memory="1GB")))


def test_a_round_far_from_the_others_is_out_of_the_ordinary_and_no_break_is_tested(tmp_path):
    found = trend_break(asked_in_rounds(tmp_path, 0.75), measure_named("promoter_share"))
    assert found.series is None
    assert found.rounds is not None
    assert (len(found.rounds.rounds), found.rounds.before) == (4, 3)
    assert (found.finding.verdict, found.kind) == ("yes", "out_of_the_ordinary")
    assert "cannot show a break" in found.finding.assumptions[0].en
    with pytest.raises(EvidenceError, match="asked in rounds"):
        interrupted_figure(found, "en", "t1")


def test_a_round_like_the_others_claims_nothing(tmp_path):
    found = trend_break(asked_in_rounds(tmp_path, 0.41), measure_named("promoter_share"))
    assert found.finding.verdict == "unclear"
    near = trend_break(asked_in_rounds_again(tmp_path), measure_named("promoter_share"), matters=0.5)
    assert near.finding.verdict == "no"


def asked_in_rounds_again(folder: Path) -> Dataset:
    again = folder / "again"
    again.mkdir()
    return asked_in_rounds(again, 0.41)


def test_a_round_asked_in_another_way_is_an_artefact_that_is_not_excluded(tmp_path):
    found = trend_break(asked_in_rounds(tmp_path, 0.75, mode="phone"), measure_named("promoter_share"))
    assert (found.finding.verdict, found.kind) == ("unclear", "artefact")
    assert "same_question" in {each.name for each in found.finding.checks if not each.passed}


def test_two_rounds_bear_no_course(tmp_path):
    found = trend_break(
        asked_in_rounds(tmp_path, 0.75, rounds=2), measure_named("promoter_share"), broke_on=date(2018, 1, 1)
    )
    assert found.finding.verdict == "unclear"
    assert "enough_rounds" in {each.name for each in found.finding.checks if not each.passed}
