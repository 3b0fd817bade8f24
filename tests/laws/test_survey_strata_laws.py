"""Surveys of one project were drawn apart: what one says does not hang on the others beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

import peil

ANSWERS = """id,region,in_region,answered,weight,recommend
1,north,40,2024-03-04 09:00,10,9
2,north,40,2024-03-04 09:10,10,6
3,north,40,2024-03-04 09:20,10,10
4,north,40,2024-03-04 09:30,10,8
5,south,600,2024-03-04 09:40,150,3
6,south,600,2024-03-04 09:50,150,7
7,south,600,2024-03-04 10:00,150,9
8,south,600,2024-03-04 10:10,150,5
"""
STAFF = "id,region,answered,recommend\n" + "".join(
    f"{100 + each},{('north', 'south')[each % 2]},2024-03-05 09:{each:02},{each % 11}\n" for each in range(50)
)
SOURCE = """
  - kind: table
    name: {name}
    table: answers
    files: ["{name}.csv"]
    columns:
      survey: "'{name}'"
      response_id: id
      question: "'recommend'"
      construct: "'nps'"
      scale_low: "'0'"
      scale_high: "'10'"
      value_milli: {{of: recommend, times: 1000}}
      answered_at: {{of: answered, parse: "%Y-%m-%d %H:%M"}}
      stratum: region
"""
DRAWN = """      weight_ppb: {of: weight, times: 1000000000}
      population_n: in_region
"""


def opened(folder: Path, *, staff: bool) -> peil.Project:
    folder.mkdir()
    (folder / "customers.csv").write_text(ANSWERS, encoding="utf-8")
    (folder / "staff.csv").write_text(STAFF, encoding="utf-8")
    sources = SOURCE.format(name="customers") + DRAWN + (SOURCE.format(name="staff") if staff else "")
    config = f"name: two\norganisation: Kust\nzone: UTC\nsources:{sources}"
    (folder / "peil.yaml").write_text(config, encoding="utf-8")
    made = peil.open(folder)
    assert not made.load().refused
    return made


def test_a_survey_says_the_same_whatever_other_survey_has_strata_of_the_same_name(tmp_path: Path) -> None:
    """Four of 40 in the north: the staff who live there are no clusters of that stratum, nor more of its population."""
    alone, beside = (
        opened(tmp_path / str(staff), staff=staff).estimate("nps", where="survey = 'customers'").only()
        for staff in (False, True)
    )
    assert beside.se == pytest.approx(alone.se, rel=1e-12)
    assert (beside.value, beside.low, beside.high) == pytest.approx((alone.value, alone.low, alone.high), rel=1e-12)
    assert (beside.n, beside.clusters, beside.df) == (8, 8, 6)
