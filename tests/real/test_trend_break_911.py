"""Real series: emergency calls in Kansas City, too short to tell, and British drivers before and after the seat belt law."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import peil
from peil.dataset import Run
from peil.errors import EvidenceError
from peil.estimates.series import Series, series
from peil.measures.catalogue import measure_named
from peil.reports.interrupted import interrupted_figure
from peil.studies.trend.judged import Known, judged
from peil.studies.trend_break import trend_break
from peil.terms import Label, Unit

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data are not beside the project (../shared/data)"),
]
POLICE = "queue = 'police' and threshold_ms = 15000"
IN_TIME = measure_named("interval_service_level")


@pytest.fixture(scope="module")
def kansas_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peil.Project]:
    folder = tmp_path_factory.mktemp("kcmo")
    text = (ROOT / "examples" / "kcmo_911" / "peil.yaml").read_text(encoding="utf-8")
    (folder / "peil.yaml").write_text(text.replace("../../../shared/data", str(SHARED)), encoding="utf-8")
    project = peil.open(folder)
    assert not project.load().refused
    yield project
    project.close()


def test_kansas_city_is_a_series_of_twenty_whole_months_that_adds_up_to_the_golden_figures(
    kansas_city: peil.Project,
) -> None:
    """Kansas City 911, January 2019 to August 2020: golden.csv of the data set holds January to August of both years."""
    months = series(kansas_city.data, IN_TIME, period="month", where=POLICE)
    volume = series(kansas_city.data, measure_named("interval_volume"), period="month", where=POLICE)
    assert (months.starts[0], months.ends, len(months)) == (date(2019, 1, 1), date(2020, 9, 1), 20)
    assert months.gaps == ()
    with (SHARED / "kcmo_911" / "golden.csv").open(encoding="utf-8", newline="") as file:
        golden = {row["id"]: float(row["value"]) for row in csv.DictReader(file)}
    for year in (2019, 2020):
        here = [place for place, start in enumerate(months.starts) if start.year == year and start.month <= 8]
        assert volume.value[here].sum() == golden[f"pd_vol_{year}"]
        share = 100 * np.average(months.value[here], weights=volume.value[here])
        assert share == pytest.approx(golden[f"pd_15s_{year}"], abs=1e-4)


def test_fourteen_months_before_the_pandemic_cannot_tell_a_season_from_a_change(kansas_city: peil.Project) -> None:
    """The published comparison of 2019 with 2020 (74.5 % against 79.8 % in time) has no trend to be a break of."""
    found = trend_break(kansas_city.data, IN_TIME, period="month", where=POLICE)
    failed = {each.name: each.says for each in found.finding.checks if not each.passed}
    assert (found.finding.verdict, found.kind) == ("unclear", "cannot_tell")
    assert set(failed) == {"enough_before"}
    assert failed["enough_before"].en.startswith("14 months lie before the date; 24 are asked for")
    assert found.finding.settles is not None
    assert found.finding.settles.nl == "2 jaar aan gegevens vóór de datum."
    figure = interrupted_figure(found, "nl", "kc")
    assert "geen trendbreuk aan te tonen" in figure.title
    assert len(figure.table.rows) == 20


def test_a_day_before_the_first_call_is_refused(kansas_city: peil.Project) -> None:
    with pytest.raises(EvidenceError, match="2018-03-16 lies outside the series"):
        trend_break(kansas_city.data, IN_TIME, period="month", where=POLICE, broke_on=date(2018, 3, 16))


def test_the_seat_belt_law_broke_the_series_of_injured_drivers() -> None:
    """Road casualties in Great Britain 1969-84, law of 31 January 1983 (Harvey and Durbin 1986).

    A structural series with a stochastic level gives -21.0 % (standard error .045), one with a deterministic level -17.9 %
    (.025), both with the petrol price; without it, the interval must hold the range between them.
    """
    with (SHARED / "strucchange_series" / "seatbelts.csv").open(encoding="utf-8", newline="") as file:
        drivers = np.array([float(row["drivers"]) for row in csv.DictReader(file)])
    n = drivers.size
    made = Series(
        name=Label("Drivers killed or injured", "Gedode of gewonde bestuurders"), unit=Unit.COUNT, period="month",
        starts=tuple(date(1969 + each // 12, each % 12 + 1, 1) for each in range(n)), value=drivers,
        variance=np.zeros(n), n=drivers, counted=True,
    )  # fmt: skip
    found = judged(made, date(1983, 2, 1), Known(run=Run(inputs={}, version="0", engine="none")))
    assert (found.finding.verdict, found.kind) == ("yes", "lasting")
    assert found.evidence is not None
    step = found.evidence.known.step
    assert step.low < np.log(1 - 0.21) < step.high
    assert step.low < np.log(1 - 0.179) < step.high
    assert step.high < 0
    assert found.evidence.curve.same_sign == 1.0
    effect = found.finding.effect
    assert effect.low < effect.value < effect.high < 0
