"""How much of it: a planted dose is found, noise and switches are not called one, and controls that moved cap the verdict."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peil.config import ReportConfig, TrendBreakConfig
from peil.config.dose import ControlConfig, DoseConfig, DoseRowConfig
from peil.dataset import Dataset, Run
from peil.errors import DefinitionError, EvidenceError, SourceError
from peil.estimates.series import Series
from peil.made import made
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.reports.asked import Asked
from peil.reports.dose_response import dose_figure, dose_topic, drawable
from peil.reports.interrupted import interrupted_figure
from peil.reports.trends import trend_findings
from peil.studies.change_log import entries
from peil.studies.dose_response import dose_response
from peil.studies.trend.dose_table import dose_table, read_dose
from peil.studies.trend.dosed import Dosed, Units, Wanted, dosed_series, dosed_units
from peil.studies.trend.exposure import bias
from peil.studies.trend.judged import Judged, Known, judged
from peil.terms import Label, Language, Unit

KNOWN = Known(run=Run(inputs={}, version="0", engine="none"))
STRICT = Label("strictness", "strengheid")
BEGINS, WEEKS, BEFORE, SWING = date(2017, 11, 27), 170, 110, 0.03
BROKE_ON = BEGINS + timedelta(days=7 * BEFORE)
# as few draws as make a defect plain; benchmarks/dose.py has hundreds
DRAWS = 8
ABANDONMENT, DIGITAL = measure_named("abandonment"), measure_named("digital_share")
MONTHS = [{"date": f"2020-{month:02}", "dose": 0.1 * dose} for month, dose in enumerate((0, 0, 5, 9, 7, 4, 3, 3, 5, 7, 6, 8), 1)]  # fmt: skip


def waves(n: int = WEEKS, at: int = BEFORE) -> np.ndarray:
    since = np.arange(n) - at
    return np.where(
        since >= 0, 0.2 + 0.7 * np.exp(-(((since - 8) / 10) ** 2)) + 0.5 * np.exp(-(((since - 40) / 8) ** 2)), 0
    )


def lingering(rng: np.random.Generator, shape: tuple[int, ...], rho: float = 0.5) -> np.ndarray:
    noise = rng.normal(size=shape)
    for row in range(1, shape[-1]):
        noise[..., row] = rho * noise[..., row - 1] + np.sqrt(1 - rho**2) * noise[..., row]
    return noise


def weekly(seed: int, change: np.ndarray | float = 0.0, *, rho: float = 0.5, counted: bool = False) -> Series:
    """Return a share by week, or a count: a season, noise that lingers, and a change in swings."""
    swings = (
        lingering(np.random.default_rng(seed), (WEEKS,), rho) + change + np.cos(2 * np.pi * np.arange(WEEKS) / 52.18)
    )
    value = np.rint(900 * np.exp(SWING * swings)) if counted else 0.5 + SWING * swings
    return Series(
        name=Label("Answered in time", "Op tijd beantwoord"), unit=Unit.COUNT if counted else Unit.SHARE, period="week",
        starts=tuple(BEGINS + timedelta(days=7 * each) for each in range(WEEKS)), value=value, variance=np.zeros(WEEKS),
        n=np.full(WEEKS, 400.0), counted=counted,
    )  # fmt: skip


def sites(seed: int, slope: float, *, units: int = 10, months: int = 36) -> tuple[Units, np.ndarray]:
    """Return a share by month and site, and the share of each site that worked from home."""
    rng = np.random.default_rng(seed)
    dose = np.linspace(0.1, 0.9, units)[:, None] * waves(months, 18)
    common = np.cumsum(rng.normal(size=months))
    value = 0.5 + SWING * (lingering(rng, dose.shape) + slope * dose + common + rng.normal(size=(units, 1)))
    starts = tuple(date(2018 + month // 12, 1 + month % 12, 1) for month in range(months))
    return Units(
        name=Label("Answered in time", "Op tijd beantwoord"), unit=Unit.SHARE, period="month", starts=starts,
        names=tuple(f"site {each}" for each in range(units)), value=value,
    ), dose  # fmt: skip


def failed(found: Dosed | Judged) -> set[str]:
    return {each.name for each in found.finding.checks if not each.passed}


def asked(slope: float, *, matters: float = 0.0, rho: float = 0.5, draws: int = DRAWS) -> list[Dosed]:
    wanted = Wanted(label=STRICT, matters=matters * SWING)
    return [dosed_series(weekly(seed, slope * waves(), rho=rho), waves(), KNOWN, wanted) for seed in range(draws)]


def test_a_planted_dose_is_found_and_its_interval_holds_it() -> None:
    found = asked(5)
    assert Counter(each.finding.verdict for each in found)["yes"] >= 0.75 * DRAWS
    held = sum(each.finding.effect.low <= 5 * SWING <= each.finding.effect.high for each in found)
    assert held >= 0.8 * DRAWS
    told = next(each.finding.says for each in found if each.finding.verdict == "yes")
    assert told.nl == "Op tijd beantwoord: stijgt bij meer strengheid"


def test_noise_is_not_taken_for_a_dose_and_no_is_said_only_within_what_matters() -> None:
    noise = Counter(each.finding.verdict for each in asked(0, rho=0.8))
    assert noise["no"] == 0
    assert noise["yes"] <= 1
    assert {each.finding.verdict for each in asked(0, matters=4, rho=0.2, draws=3)} == {"no"}


def test_a_dose_that_is_on_or_off_tells_no_more_than_the_date() -> None:
    switch = 1.0 * (np.arange(WEEKS) >= BEFORE)
    found = dosed_series(weekly(1, 5 * switch), switch, KNOWN, Wanted(label=STRICT))
    assert found.finding.verdict == "unclear"
    assert failed(found) == {"more_than_a_date"}
    assert found.finding.settles is not None
    assert "a dose that differs between units" in found.finding.settles.en.lower()


def test_what_moved_before_the_dose_is_not_its_effect() -> None:
    early = dosed_series(weekly(2, 5 * np.roll(waves(), -6), rho=0.2), waves(), KNOWN, Wanted(label=STRICT))
    assert early.finding.verdict == "unclear"
    assert "not_before_the_dose" in failed(early)


def test_a_dose_acts_on_counts_as_a_share() -> None:
    found = dosed_series(weekly(3, -10 * waves(), rho=0.2, counted=True), waves(), KNOWN, Wanted(label=STRICT))
    effect = found.finding.effect
    assert (found.relative, effect.unit, effect.relative) == (True, Unit.SHARE, True)
    assert effect.low < np.expm1(-0.3) < effect.high < 0


def test_units_with_doses_of_their_own_are_compared_within_a_period() -> None:
    found = dosed_units(*sites(1, 5), KNOWN, Wanted(label=STRICT))
    assert found.finding.verdict == "yes"
    assert found.finding.effect.low < 5 * SWING < found.finding.effect.high
    assert any("strong parallel trends" in each.en for each in found.finding.assumptions)
    nothing = dosed_units(*sites(2, 0), KNOWN, Wanted(label=STRICT))
    assert nothing.finding.verdict == "unclear"
    assert dosed_units(*sites(2, 0), KNOWN, Wanted(label=STRICT, matters=8 * SWING)).finding.verdict == "no"


def test_four_units_cannot_tell_however_strong_the_effect() -> None:
    found = dosed_units(*sites(1, 20, units=4), KNOWN, Wanted(label=STRICT))
    assert found.finding.verdict == "unclear"
    assert "enough_units" in failed(found)


def test_units_without_some_months_are_compared_all_the_same() -> None:
    units, dose = sites(1, 5)
    units.value[3, 4:9] = np.nan
    assert dosed_units(units, dose, KNOWN, Wanted(label=STRICT)).finding.verdict == "yes"


@pytest.mark.parametrize(
    ("value", "missing"),
    [(np.full(WEEKS, 0.4), "varies"), (np.where(np.arange(WEEKS) == 50, np.nan, weekly(1).value), "no_gaps")],
)
def test_a_series_that_cannot_tell_says_what_is_missing(value: np.ndarray, missing: str) -> None:
    of = weekly(1)
    series = Series(
        name=of.name, unit=of.unit, period="week", starts=of.starts, value=value, variance=of.variance, n=of.n
    )
    found = dosed_series(series, waves(), KNOWN, Wanted(label=STRICT))
    assert found.finding.verdict == "unclear"
    assert failed(found) == {missing}
    assert np.isnan(found.finding.effect.value)
    assert found.finding.settles is not None


# Controls that were reached themselves.


def compared(seed: int, moved: float, **told: object) -> Judged:
    """Return a step of 4 swings against three controls, of which the first moved by so many."""
    step = 1.0 * (np.arange(WEEKS) >= BEFORE)
    controls = [weekly(seed + 100 + each, (moved if each == 0 else 0.0) * step, rho=0.3) for each in range(3)]
    measure = weekly(seed, 4 * step, rho=0.3)
    return judged(measure, BROKE_ON, KNOWN, controls=controls, with_curve=False, **told)  # type: ignore[arg-type]  # settings, each of its own kind


def test_a_contaminated_control_is_found_its_bias_told_and_the_verdict_capped() -> None:
    found = compared(1, 2.5)
    assert found.evidence is not None
    first, *others = found.evidence.exposed
    assert first.state == "contaminated"
    assert {each.state for each in others} == {"clean"}
    assert first.bias.low <= 2.5 * SWING * first.weight <= first.bias.high
    assert first.bias.value == pytest.approx(first.weight * first.change.value)
    assert bias(found.evidence.exposed).value == pytest.approx(first.bias.value)
    assert found.finding.verdict == "unclear"
    assert {"controls_not_exposed"} <= failed(found) <= {"controls_not_exposed", "controls_agree"}
    says = next(each.says for each in found.finding.checks if each.name == "controls_not_exposed")
    assert "The effect against the controls understates by" in says.en
    assert "is het effect onderschat met" in says.nl
    assert found.finding.settles is not None
    assert "how much of it reached whom" in found.finding.settles.en


def test_a_control_that_went_the_other_way_overstates_the_effect() -> None:
    says = next(each.says for each in compared(1, -2.5).finding.checks if each.name == "controls_not_exposed")
    assert "overstates by" in says.en


def test_clean_controls_leave_a_yes_and_noisy_ones_cannot_be_told() -> None:
    found = compared(1, 0.0)
    assert found.evidence is not None
    assert [each.state for each in found.evidence.exposed] == ["clean"] * 3
    assert found.finding.verdict == "yes"
    strict = compared(1, 0.0, matters=0.001)
    assert strict.evidence is not None
    assert {each.state for each in strict.evidence.exposed} == {"cannot_tell"}
    assert strict.finding.verdict == "yes"


def test_a_declared_dose_counts_unless_the_control_is_shown_to_have_stayed() -> None:
    found = compared(1, 0.0, doses=(0.4, None, 0.0), matters=0.001)
    assert found.evidence is not None
    assert [each.state for each in found.evidence.exposed] == ["contaminated", "cannot_tell", "cannot_tell"]
    assert "had a dose of the event" in next(each.says.en for each in found.finding.checks if not each.passed)
    stayed = compared(1, 0.0, doses=(0.4, 0.0, 0.0))
    assert stayed.evidence is not None
    assert [each.state for each in stayed.evidence.exposed] == ["cannot_tell", "clean", "clean"]
    with pytest.raises(DefinitionError, match="2 doses do not fit 3 controls"):
        compared(1, 0.0, doses=(0.1, 0.2))
    with pytest.raises(DefinitionError, match="the dose of a control lies below nought"):
        compared(1, 0.0, doses=(-0.1, 0.2, 0.0))


# The table, and the whole way.


def test_a_dose_table_is_read_from_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "date,dose,unit\n2020-03,0.4,A\n2020-W20,0.6,A\n2020-03-02,0.2,B\n", encoding="utf-8"
    )
    made_ = read_dose(tmp_path / "a.csv", label=STRICT, otherwise=0)
    assert made_.units == ("A", "B")
    assert made_.over([date(2020, month, 1) for month in (2, 3, 5)], "month", "A").tolist() == [0.0, 0.4, 0.6]
    pq.write_table(
        pa.table({"period": [date(2020, 3, 1), date(2020, 3, 15)], "dose": [1.0, 3.0]}), tmp_path / "b.parquet"
    )
    assert read_dose(tmp_path / "b.parquet").over([date(2020, 3, 1)], "month").tolist() == [2.0]
    with pytest.raises(SourceError, match=r"there is no dose table c\.csv"):
        read_dose(tmp_path / "c.csv")
    (tmp_path / "d.parquet").write_text("date,dose\n", encoding="utf-8")
    with pytest.raises(SourceError, match="is no table of doses"):
        read_dose(tmp_path / "d.parquet")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"date": "2020-03-01", "dose": -1}], "row 1 of the dose table has a dose below nought"),
        ([{"date": "2020-03-01"}], "row 1 of the dose table has no dose"),
        ([{"date": "march", "dose": 1}], "row 1 of the dose table has no day"),
        ([{"date": "2020-03-01", "dosis": 1}], "no column 'dosis'"),
        ([{"date": "2020-03", "dose": 1}, {"date": "2020-03-01", "dose": 2}], "the dose table has a second row for 1 of its days"),
        ([{"date": "2020-03", "dose": 1}, {"date": "2020-03", "dose": 2, "unit": "A"}], "1 of 2 doses name no unit"),
        ([], "the dose table has no rows"),
    ],
)  # fmt: skip
def test_a_fault_in_a_dose_table_is_told(rows: list[dict[str, object]], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        dose_table(rows)


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A simulated centre of three years."""
    return made()


def test_a_dose_without_some_months_or_without_variation_is_refused(data: Dataset) -> None:
    with pytest.raises(EvidenceError, match="the dose has no value for 24 of 36 months, the first from 2018-01-01"):
        dose_response(data, ABANDONMENT, dose_table(MONTHS), period="month")
    same = [{"date": "2020-01", "dose": 3}]
    with pytest.raises(EvidenceError, match="the dose is the same throughout"):
        dose_response(data, ABANDONMENT, dose_table(same, otherwise=3), period="month")


def test_a_dose_of_units_that_are_not_there_is_refused(data: Dataset) -> None:
    rows = [{**each, "unit": name} for each in MONTHS for name in ("call", "chatt")]
    with pytest.raises(DefinitionError, match="1 of 2 units of the dose table are not among the"):
        dose_response(data, ABANDONMENT, dose_table(rows, otherwise=0), by="channel", period="month")
    alone = [{**each, "unit": "call"} for each in MONTHS]
    with pytest.raises(EvidenceError, match="1 unit over 36 periods"):
        dose_response(data, ABANDONMENT, dose_table(alone, otherwise=0), by="channel", period="month")


def test_channels_with_doses_of_their_own_are_compared_and_the_others_left_out(data: Dataset) -> None:
    rows = [
        {**each, "dose": each["dose"] * share, "unit": name}
        for each in MONTHS
        for name, share in (("call", 1.0), ("chat", 0.2), ("mail", 0.5))
    ]
    told = dose_table(rows, label=STRICT, otherwise=0)
    found = dose_response(data, measure_named("repeat_7d"), told, by="channel", period="month")
    assert found.units == ("call", "chat", "mail")
    assert found.dose.shape == (3, 36)
    assert found.response is not None
    assert found.response.units == 3
    assert found.finding.verdict == "unclear"
    assert any("Units without a dose are left out" in each.en for each in found.finding.assumptions)
    assert "enough_units" in {each.name for each in found.finding.checks if not each.passed}


def test_a_changed_definition_is_an_artefact_for_a_dose_as_well(data: Dataset) -> None:
    log = entries([{"on": "2020-05-01", "what": "abandons under 5 s left out", "measures": ["abandonment"]}])
    found = dose_response(data, ABANDONMENT, dose_table(MONTHS, otherwise=0), period="month", change_log=log)
    assert found.finding.verdict == "unclear"
    assert "same_definition" in {each.name for each in found.finding.checks if not each.passed}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_chapter_draws_each_dose_and_tells_the_least_effect(
    data: Dataset, language: Language, tmp_path: Path
) -> None:
    lines = [f"{each['date']},{each['dose']}" for each in MONTHS]
    (tmp_path / "strict.csv").write_text("\n".join(["date,dose", *lines]), encoding="utf-8")
    config = ReportConfig(
        trend_breaks=(
            TrendBreakConfig(
                measure="digital_share",
                dose=DoseConfig(file="strict.csv", otherwise=0.0, lags=1),
            ),
        )
    ).within(tmp_path)
    told = Asked(data=data, catalogue=CATALOGUE, language=language, minimum_n=10, level=0.95)
    topic = dose_topic(told, config.trend_breaks, None)
    assert topic is not None
    (figure,) = topic.figures
    assert [row[0].shown for row in figure.table.rows][-1] == {"en": "per unit", "nl": "per eenheid"}[language]
    assert len(figure.table.rows) >= 4
    assert "<svg" in str(figure.svg)
    assert any("four times in five" in each or "vier van de vijf" in each for each in figure.note)
    ((finding, facts),) = topic.findings
    assert finding.study == "dose_response"
    assert sum("before" in each or "eerder" in each for each in facts) == 2


def test_a_control_of_the_configuration_is_named_with_its_group_and_held_to_the_test(data: Dataset) -> None:
    told = Asked(data=data, catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
    calls = ControlConfig(measure="transfer_share", where="channel = 'call'", exposure=0.5)
    (broken,) = trend_findings(told, (TrendBreakConfig(measure="digital_share", controls=(calls,)),), None)
    assert broken.evidence is not None
    (control,) = broken.evidence.exposed
    assert control.name.en.endswith("(channel = 'call')")
    assert (control.dose, control.weight) == (0.5, 1.0)
    assert any(each.startswith("Controlereeks") for each in interrupted_figure(broken, "nl", "t").note)


def test_without_a_dose_there_is_no_chapter_and_without_variation_no_figure(data: Dataset) -> None:
    told = Asked(data=data, catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95)
    assert dose_topic(told, (TrendBreakConfig(measure="nps"),), None) is None
    found = dose_response(data, ABANDONMENT, dose_table(MONTHS, label=STRICT, otherwise=0), period="month")
    assert drawable(found)
    assert "naar strengheid; maanden, 1 januari 2018 t/m" in dose_figure(found, "nl", "d").subtitle
    with pytest.raises(ValueError, match="give one of 'file' and 'rows'"):
        DoseConfig(file="a.csv", rows=(DoseRowConfig(date="2020-03", dose=1),))


def test_a_step_where_the_dose_begins_is_not_taken_for_the_dose():
    found = [dosed_series(weekly(seed, 4.0 * (waves() > 0)), waves(), KNOWN, Wanted(label=STRICT)) for seed in range(4)]
    assert {each.finding.verdict for each in found} == {"unclear"}
    for each in found:
        (jump,) = [check for check in each.finding.checks if check.name == "no_jump"]
        assert not jump.passed
        assert "Since 6 January 2020 there is a change of level" in jump.says.en
        assert each.finding.settles is not None
