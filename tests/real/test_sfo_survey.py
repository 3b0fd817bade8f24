"""Eight years of an airport's passenger survey, each with its own names and codes, give the published figures."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import peil
from peil.estimates.estimate import Estimate, estimate
from peil.measures.catalogue import measure_named
from peil.surveys.design import Design

ROOT = Path(__file__).parents[2]
SHARED = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not beside the project (../shared/data)"),
]
WEIGHTED = ("2010", "2013", "2014", "2015", "2016", "2017")
SRS = Design(cluster="cluster")
EXACT = 1e-9


@pytest.fixture(scope="module")
def golden() -> dict[str, tuple[list[float], float]]:
    with (SHARED / "sfo_survey" / "golden.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["id"]: ([float(each) for each in row["value"].split(";")], float(row["tolerance"])) for row in rows}


@pytest.fixture(scope="module")
def airport(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peil.Project]:
    folder = tmp_path_factory.mktemp("sfo")
    text = (ROOT / "examples" / "sfo_survey" / "peil.yaml").read_text(encoding="utf-8")
    assert "../../../shared/data" in text
    (folder / "peil.yaml").write_text(text.replace("../../../shared/data", str(SHARED)), encoding="utf-8")
    shutil.copy(ROOT / "examples" / "sfo_survey" / "bridge.yaml", folder)
    project = peil.open(folder)
    made = project.load()
    assert [each.says for each in made.refused] == []
    yield project
    project.close()
    shutil.rmtree(folder)


def by_group(project: peil.Project, measure: str, by: str, where: str = "true") -> dict[str, Estimate]:
    return {each.group[0][1]: each for each in project.estimate(measure, by=[by], where=where)}


def unweighted(project: peil.Project) -> Estimate:
    [found] = estimate(measure_named("nps"), project.data, where="wave = '2017'", design=SRS)
    return found.only()


def test_the_recommendation_of_2017_is_that_of_r_with_weights_and_without(airport, golden):
    """R survey 4.1-1, svydesign(id=~1, strata=~STRATA, weights=~WEIGHT); unweighted 39.8398 with SE 1.3344."""
    found = airport.estimate("nps", where="wave = '2017'").only()
    assert found.n == 2746
    assert found.value == pytest.approx(golden["nps2017_w"][0][0], abs=golden["nps2017_w"][1])
    assert found.se == pytest.approx(golden["nps2017_se"][0][0], abs=golden["nps2017_se"][1])
    plain = unweighted(airport)
    assert plain.value == pytest.approx(golden["nps2017_u"][0][0], abs=golden["nps2017_u"][1])
    assert plain.se == pytest.approx(1.3344, abs=5e-4)


def test_a_blank_that_is_written_as_eleven_is_no_promoter(airport, golden):
    wrong = golden["nps2017_trap"][0][0]
    found = unweighted(airport).value
    assert abs(found - wrong) > 1.5
    [row] = airport.data.engine.rows(
        "select max(value_milli) as highest, count(*) as n from responses where question = 'recommend'"
    ).to_pylist()
    assert (row["highest"], row["n"]) == (10_000, 2746)


def test_an_eleven_that_nobody_declared_is_kept_aside_and_not_counted(tmp_path, golden):
    for each in ("peil.yaml", "bridge.yaml"):
        text = (ROOT / "examples" / "sfo_survey" / each).read_text(encoding="utf-8")
        text = text.replace("../../../shared/data", str(SHARED)).replace('missing: ["11"]', "missing: []")
        (tmp_path / each).write_text(text, encoding="utf-8")
    project = peil.open(tmp_path)
    project.load()
    [load] = [each for each in project.store.loads() if each.source == "sfo_2017"]
    assert load.tables["answers"].rules == {"off_the_scale": 84}
    found = unweighted(project)
    assert found.value == pytest.approx(golden["nps2017_u"][0][0], abs=golden["nps2017_u"][1])
    project.close()


def test_strata_and_gender_give_the_figures_of_r(airport, golden):
    """R survey 4.1-1: standard errors 2.4448, 2.3719, 2.6852 by stratum and 2.1030, 2.0477 by gender."""
    strata = by_group(airport, "nps", "extra.departs", "wave = '2017'")
    found = [strata[each] for each in ("before 11 am", "11 am to 5 pm", "after 5 pm")]
    values, tolerance = golden["nps2017_strata"]
    assert [each.value for each in found] == pytest.approx(values, abs=tolerance)
    assert [each.se for each in found] == pytest.approx([2.4448, 2.3719, 2.6852], abs=5e-4)
    gender = by_group(airport, "nps", "extra.gender", "wave = '2017'")
    values, tolerance = golden["nps2017_gender"]
    assert [gender[each].value for each in ("male", "female")] == pytest.approx(values, abs=tolerance)
    assert [gender[each].se for each in ("male", "female")] == pytest.approx([2.1030, 2.0477], abs=5e-4)


def test_one_question_with_four_names_gives_one_series(airport, golden):
    """R survey 4.1-1, weighted means and top-two shares of the airport as a whole; golden.csv holds 2018 as well."""
    means = by_group(airport, "csat_mean", "wave")
    values, tolerance = golden["q7all_w"]
    assert [means[each].value for each in WEIGHTED] == pytest.approx(values[:6], abs=tolerance)
    errors = [0.013518, 0.013263, 0.016133, 0.015679, 0.014923, 0.014909]
    assert [means[each].se for each in WEIGHTED] == pytest.approx(errors, abs=1e-6)
    tops = by_group(airport, "csat_top2", "wave")
    values, tolerance = golden["q7all_top2"]
    assert [tops[each].value for each in WEIGHTED] == pytest.approx(values[:6], abs=tolerance)


def test_the_loss_by_weighting_is_that_of_kish(airport, golden):
    rows = airport.data.engine.rows(
        "select wave, count(*) as n, sum(weight_ppb) as total, sum(cast(weight_ppb as double) * weight_ppb) as squares "
        "from responses where construct = 'csat' group by wave"
    ).to_pylist()
    found = {row["wave"]: row["n"] * row["squares"] / float(row["total"]) ** 2 for row in rows}
    values, tolerance = golden["kish"]
    assert [found[each] for each in WEIGHTED] == pytest.approx(values[:6], abs=tolerance)
    assert [found[each] for each in ("2011", "2012")] == pytest.approx([1, 1], abs=EXACT)


def test_years_without_weights_load_unweighted_and_every_passenger_is_there(airport):
    good = {each.source: each.tables["invitations"].good for each in airport.store.loads()}
    assert good == {
        "sfo_2010": 3234, "sfo_2011": 3872, "sfo_2012": 3521, "sfo_2013": 3535,
        "sfo_2014": 2818, "sfo_2015": 2958, "sfo_2016": 3087, "sfo_2017": 2831,
    }  # fmt: skip
    assert all(not counts.rejected for each in airport.store.loads() for counts in each.tables.values())
    means = by_group(airport, "csat_mean", "wave")
    assert means["2011"].value == pytest.approx((4 * 1978 + 3 * 827 + 5 * 807 + 2 * 66 + 16) / 3694, abs=EXACT)
    assert means["2012"].n == 1856 + 782 + 639 + 64 + 7


def test_the_questionnaire_of_each_wave_is_kept_with_the_column_it_came_from(airport):
    rows = airport.data.engine.rows(
        "select wave, asked_as, text, codes from questions where question = 'airport_as_a_whole' order by wave"
    ).to_pylist()
    assert [row["asked_as"] for row in rows] == ["Q6N", "Q8N", "Q8N_WHOLE", "Q7O_WHOLE", *["Q7ALL"] * 4]
    assert {row["text"] for row in rows} == {"SFO Airport as a whole"}
    assert json.loads(rows[0]["codes"])["5"] == "Outstanding"


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_survey_writes_its_report(airport, language):
    text = airport.report(language).path.read_text(encoding="utf-8")
    assert f'<html lang="{language}"' in text
    assert text.count("<figure") >= 2
