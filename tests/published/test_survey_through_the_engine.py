"""R survey's printed figures, from the file through the door, the store and one query."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import peil
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not beside the project (../shared/data)"),
]
# Weights are kept in billionths: that is as near as 11 digits.
CLOSE = 1e-9
CONFIG = """
name: api
organisation: California
zone: UTC
sources:
  - kind: table
    name: strat
    table: answers
    files: ["{data}/r_survey_api/apistrat.csv.gz"]
    columns:
      survey: "'strat'"
      response_id: cds
      question: "'api00'"
      answered_at: "'2000-01-01 12:00:00'"
      value_milli: {{of: api00, times: 1000}}
      weight_ppb: {{of: pw, times: 1000000000}}
      stratum: stype
      population_n: fpc
      channel: "\\"comp.imp\\""
  - kind: table
    name: clus1
    table: answers
    files: ["{data}/r_survey_api/apiclus1.csv.gz"]
    columns:
      survey: "'clus1'"
      response_id: cds
      question: "'api00'"
      answered_at: "'2000-01-01 12:00:00'"
      value_milli: {{of: api00, times: 1000}}
      weight_ppb: {{of: pw, times: 1000000000}}
      stratum: "'clus1'"
      cluster: dnum
      population_n: fpc
      channel: "\\"comp.imp\\""
measures:
  - name: api_mean
    label: {{en: Mean, nl: Gemiddelde}}
    unit: score
    population: responses
    where: value_milli is not null
    of: value_milli
    per: "1000"
  - name: api_nps
    label: {{en: Recoded, nl: Omgecodeerd}}
    unit: points
    population: responses
    where: score is not null
    of: case when score >= 700 then 100 when score < 600 then -100 else 0 end
""" + "".join(
    f"""
  - name: api_quantile_{percent}
    label: {{{{en: Quantile, nl: Kwantiel}}}}
    unit: score
    population: responses
    where: value_milli is not null
    of: score
    estimator: quantile
    quantile: 0.{percent}"""
    for percent in (25, 50, 75)
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> peil.Project:
    folder = tmp_path_factory.mktemp("api")
    (folder / "peil.yaml").write_text(CONFIG.format(data=SHARED), encoding="utf-8")
    made = peil.open(folder)
    assert not made.load().refused
    return made


@pytest.mark.parametrize(
    ("measure", "survey", "value", "se"),
    [
        ("api_mean", "strat", 662.2873631593, 9.4089408028),
        ("api_mean", "clus1", 644.1693989071, 23.5422406938),
        ("api_nps", "strat", 7.7589600, 6.5247651),
        ("api_nps", "clus1", -1.6393443, 18.5297146),
    ],
)
def test_r_survey_prints_the_same(project: peil.Project, measure: str, survey: str, value: float, se: float) -> None:
    """R survey 4.1-1, apistrat and apiclus1 (Lumley), means and the recoded score with their standard errors."""
    found = project.estimate(measure, where=f"survey = '{survey}'").only()
    assert found.value == pytest.approx(value, rel=1e-7 if measure == "api_nps" else CLOSE)
    assert found.se == pytest.approx(se, rel=1e-7 if measure == "api_nps" else CLOSE)


@pytest.mark.parametrize(
    ("survey", "percent", "printed"),
    [
        ("strat", 25, (565, 535, 597, 15.71945)),
        ("strat", 50, (668, 642, 694, 13.18406)),
        ("strat", 75, (756, 726, 778, 13.18406)),
        ("clus1", 25, (552, 492, 627, None)),
        ("clus1", 50, (652, 561, 714, 35.66788)),
        ("clus1", 75, (719, 696, 777, None)),
    ],
)
def test_weighted_quartiles_have_the_printed_bounds(
    project: peil.Project, survey: str, percent: int, printed: tuple[float, float, float, float | None]
) -> None:
    """svyquantile(~api00, c(.25, .5, .75)) of R survey 4.1-1 on apistrat and apiclus1, with SE."""
    found = project.estimate(f"api_quantile_{percent}", by=["survey"])
    (one,) = [each for each in found if each.group == (("survey", survey),)]
    assert (one.value, one.low, one.high) == printed[:3]
    assert printed[3] is None or one.se == pytest.approx(printed[3], abs=1e-5)


def test_two_stages_and_a_rule_for_lone_strata_reach_measures(project: peil.Project) -> None:
    """The second stage adds (1 - f) of what schools vary within districts; a contrast of one design keeps its parts."""
    drawn = project.data.designs["responses"]
    measure, clus1 = project.measure("api_mean"), "survey = 'clus1'"
    plain = estimate(measure, project.data, where=clus1)[0].only()
    # every school of a district was taken, so that naming none of them as a unit changes nothing
    whole = estimate(measure, project.data, where=clus1, design=replace(drawn, unit="unit"))[0].only()
    assert whole.se == pytest.approx(plain.se, rel=1e-12)
    schools = replace(drawn, unit="response_id", singleton="certainty")
    sampled = estimate(measure, project.data, where=clus1, design=schools)[0].only()
    assert sampled.value == pytest.approx(plain.value, rel=1e-14)
    assert sampled.se > plain.se
    sides = [Side(measure=measure, where=f"{clus1} and channel = '{each}'") for each in ("No", "Yes")]
    gaps = [difference(project.data, *sides, design=each) for each in (None, replace(drawn, unit="unit"))]
    assert gaps[0].se == pytest.approx(gaps[1].se, rel=1e-9)
    assert gaps[0].correlation == pytest.approx(gaps[1].correlation, abs=1e-9)


def test_the_gap_of_two_domains_has_their_covariance(project: peil.Project) -> None:
    """R survey 4.1-1: apistrat, recoded score by comp.imp, 24.091242 (13.46728)."""
    effect = project.compare("api_nps", "channel", "No", "Yes", where="survey = 'strat'").effect
    assert effect.value == pytest.approx(24.091242, abs=1e-6)
    assert effect.se == pytest.approx(13.46728, abs=1e-5)
