"""The examples, fed the real data, reproduce every figure of their golden.csv."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import peil

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not beside the project (../shared/data)"),
]
# Patience has tests of its own, in tests/published/test_patience.py.
LATER = {"jan_km", "jan_exp_patience"}
JANUARY = "started_on < date '1999-02-01'"
FEBRUARY = "started_on >= date '1999-02-01'"
SERVED = "talk_ms > 0 and talk_ms <= 3600000"


def golden(name: str) -> dict[str, dict[str, str]]:
    with (SHARED / name / "golden.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def opened(name: str, folder: Path) -> peil.Project:
    text = (ROOT / "examples" / name / "peil.yaml").read_text(encoding="utf-8")
    assert "../../../shared/data" in text
    (folder / "peil.yaml").write_text(text.replace("../../../shared/data", str(SHARED)), encoding="utf-8")
    project = peil.open(folder)
    made = project.load()
    assert not made.refused
    return project


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peil.Project]:
    folder = tmp_path_factory.mktemp("bank")
    project = opened("anonymous_bank", folder)
    yield project
    project.close()
    shutil.rmtree(folder)


def count(project: peil.Project, where: str) -> int:
    rows = project.data.engine.rows(f"select count(*) as n from contacts where {where}")
    return int(rows.to_pylist()[0]["n"])


def value(project: peil.Project, measure: str, where: str) -> float:
    return project.estimate(measure, where=where).only().value


def bank_figures(bank: peil.Project) -> dict[str, float]:
    records = {each.file: each.tables["legs"].rows_in for each in bank.store.loads()}
    return {
        "rows_jan": records["january1999.txt.gz"],
        "rows_feb": records["february1999.txt.gz"],
        "jan_outcome_agent": count(bank, f"{JANUARY} and answered"),
        "jan_outcome_hang": count(bank, f"{JANUARY} and abandoned"),
        "jan_outcome_phantom": count(bank, f"{JANUARY} and ignored"),
        "jan_type_PS": count(bank, f"{JANUARY} and queue = 'PS'"),
        "jan_type_AA": count(bank, f"{JANUARY} and queue = 'AA'"),
        "jan_aht": value(bank, "handle_time", JANUARY),
        "jan_asa": value(bank, "speed_of_answer", JANUARY),
        "jan_sl20_answered": value(bank, "service_level_20_answered_answered", JANUARY),
        "jan_sl20_offered": value(bank, "service_level_20_answered_offered", JANUARY),
        "jan_abandon_offered": value(bank, "abandonment", JANUARY),
        "jan_abandon_queued": value(bank, "hung_up_of_queued", JANUARY),
        "jan_serv_pos_mean": value(bank, "talk_time", f"{JANUARY} and {SERVED}"),
        "jan_serv_lt10": value(bank, "under_10_seconds", JANUARY),
        "jan_repeat7": value(bank, "repeat_7d", "answered and started_on < date '1999-01-25'"),
        "feb_serv_pos_mean": value(bank, "talk_time", f"{FEBRUARY} and {SERVED}"),
        "feb_serv_lt10": value(bank, "under_10_seconds", FEBRUARY),
        "feb_abandon_queued": value(bank, "hung_up_of_queued", FEBRUARY),
        "feb_wait_queued": bank_wait(bank),
    }


def bank_wait(bank: peil.Project) -> float:
    """Mean wait of every record that queued, phantom calls in the base as published."""
    rows = bank.data.engine.rows(
        f"select sum(wait_ms) as total, count(*) as n from contacts where wait_ms > 0 and {FEBRUARY}"
    )
    row = rows.to_pylist()[0]
    return float(row["total"]) / row["n"] / 1000


def test_the_bank_reproduces_every_row_of_its_golden_figures(bank: peil.Project) -> None:
    """Anonymous Bank, January and February 1999 (Guedj & Mandelbaum 2000); golden.csv of the data set."""
    expected, found = golden("anonymous_bank"), bank_figures(bank)
    assert set(expected) - LATER - {"missing_days_jan"} == set(found)
    wrong = {
        each: (found[each], expected[each]["value"])
        for each in found
        if abs(found[each] - float(expected[each]["value"])) > float(expected[each]["tolerance"])
    }
    assert wrong == {}


def test_the_bank_misses_the_two_days_that_its_documentation_says_it_misses(bank: peil.Project) -> None:
    rows = bank.data.engine.rows(
        f"select distinct started_on from contacts where {JANUARY} order by started_on"
    ).to_pylist()
    there = {row["started_on"].isoformat() for row in rows}
    missing = [f"1999-01-{day:02d}" for day in range(1, 32) if f"1999-01-{day:02d}" not in there]
    assert ";".join(missing) == golden("anonymous_bank")["missing_days_jan"]["value"]


def test_no_first_name_of_an_agent_of_the_bank_is_left(bank: peil.Project) -> None:
    rows = bank.data.engine.rows("select distinct agent_id from contacts where agent_id is not null").to_pylist()
    assert len(rows) > 20
    assert all(len(row["agent_id"]) == 32 for row in rows)


def test_kansas_city_weights_shares_by_volume(tmp_path: Path) -> None:
    """Kansas City 911, January to August of 2019 and 2020; golden.csv of the data set."""
    project, expected = opened("kcmo_911", tmp_path), golden("kcmo_911")
    for year in ("2019", "2020"):
        where = f"queue = 'police' and threshold_ms = 15000 and started_on >= date '{year}-01-01' and started_on < date '{year}-09-01'"
        assert value(project, "interval_volume", where) == float(expected[f"pd_vol_{year}"]["value"])
        share = 100 * value(project, "interval_service_level", where)
        assert share == pytest.approx(
            float(expected[f"pd_15s_{year}"]["value"]), abs=float(expected[f"pd_15s_{year}"]["tolerance"])
        )
    project.close()


def test_twitter_keeps_every_conversation_turn_company_and_split(tmp_path: Path) -> None:
    """IBM twitter-customer-care-document-prediction, dev and test; golden.csv of the data set."""
    project, expected = opened("twitter_care_timing", tmp_path), golden("twitter_care_timing")
    good = {name: counts.good for each in project.store.loads() for name, counts in each.tables.items()}
    companies = project.estimate("volume", by=["organisation"])
    assert f"{good['legs']};{good['messages']};{len(companies)}" == expected["rows"]["value"]
    split = {each.group[0][1]: int(each.value) for each in project.estimate("volume", by=["extra.split"])}
    assert f"{split['dev']};{split['test']}" == expected["split"]["value"]
    assert project.estimate("resolution_time").only().n == 1025 - 39
    project.close()


@pytest.mark.parametrize("name", ["anonymous_bank", "kcmo_911", "twitter_care_timing"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_each_example_writes_its_report(name: str, language: str, tmp_path: Path) -> None:
    project = opened(name, tmp_path)
    made = project.report(language)
    text = made.path.read_text(encoding="utf-8")
    assert f'<html lang="{language}"' in text
    assert text.count("<figure") >= 2
    project.close()
