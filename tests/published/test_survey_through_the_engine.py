"""R survey's printed figures, from the file through the door, the store and one query."""

from __future__ import annotations

from pathlib import Path

import pytest

import peil

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
"""


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


def test_the_gap_of_two_domains_has_their_covariance(project: peil.Project) -> None:
    """R survey 4.1-1: apistrat, recoded score by comp.imp, 24.091242 (13.46728)."""
    effect = project.compare("api_nps", "channel", "No", "Yes", where="survey = 'strat'").effect
    assert effect.value == pytest.approx(24.091242, abs=1e-6)
    assert effect.se == pytest.approx(13.46728, abs=1e-5)
