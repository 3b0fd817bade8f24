"""A survey weighted to every contact has the same weights and the same estimates on DuckDB and on Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from peil.config import read_text
from peil.dataset import build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate
from peil.made import KEY
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.surveys.design import SURVEY
from peil.terms import Better, Label, Unit

pytestmark = [pytest.mark.spark, pytest.mark.slow]
LIMITS = Limits(memory="2GB", threads=2)
# Weighted sums are doubles, added in another order by every engine.
SQUARED = 1e-9
SURVEYS = """
name: x
organisation: y
surveys:
  - name: customer
    weights:
      margins:
        - {by: [channel], targets: contacts, where: "not ignored and handler <> 'none'"}
        - by: ["case when coalesce(wait_ms, 0) > 30000 then 'long' else 'short' end"]
          targets: contacts
          where: "not ignored and handler <> 'none'"
        - {by: [answered], targets: contacts, where: "not ignored and handler <> 'none'"}
      trim: 1.71
"""
WEIGHTS = "select response_id, question, weight_ppb, design_weight_ppb, first_answer from responses order by response_id, question"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    store = Store(tmp_path_factory.mktemp("weights"))
    load(
        (SimulatedCentre(name="centre", organisation="Centre", contacts=2_000),),
        store,
        root=store.folder,
        limits=LIMITS,
        key=KEY,
    )
    surveys = read_text(SURVEYS).surveys
    spark = open_engine("spark", LIMITS)
    yield tuple(build(store, engine, surveys=surveys) for engine in (DuckEngine(LIMITS), spark))
    spark.close()


def test_weights_are_the_same_to_the_billionth(both):
    duck, spark = (data.engine.rows(WEIGHTS).to_pylist() for data in both)
    assert duck == spark
    assert len({each["weight_ppb"] for each in duck}) > 4
    assert both[0].weighting == both[1].weighting
    assert both[0].weighting["customer"].trimmed > 0


def test_estimates_and_differences_are_the_same(both):
    nps = measure_named("nps")
    duck, spark = (list(estimate(nps, data, by=["channel"])[0]) for data in both)
    assert [each.group for each in duck] == [each.group for each in spark]
    for one, other in zip(duck, spark, strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-12)
        assert other.se == pytest.approx(one.se, rel=SQUARED)
    sides = Side(measure=nps, where="channel = 'call'"), Side(measure=nps, where="channel = 'mail'")
    one, other = (difference(data, *sides) for data in both)
    assert other.se == pytest.approx(one.se, rel=SQUARED)
    assert other.correlation == pytest.approx(one.correlation, abs=SQUARED)


@pytest.mark.parametrize("design", [None, SURVEY], ids=["calibrated", "weights as they are"])
def test_quantiles_of_a_weighted_survey_are_the_same(both, design):
    label = Label("Low answer", "Laag antwoord")
    low = Measure(
        name="low_answer", label=label, unit=Unit.SCORE, better=Better.HIGHER, population="responses", standard="ours",
        where="construct = 'nps' and score is not null", of="score", estimator="quantile", quantile=0.3,
    )  # fmt: skip
    duck, spark = (list(estimate(low, data, by=["channel"], design=design)[0]) for data in both)
    assert [each.group for each in duck] == [each.group for each in spark]
    assert len(duck) > 2
    for one, other in zip(duck, spark, strict=True):
        assert (other.value, other.low, other.high, other.n) == (one.value, one.low, one.high, one.n)
        assert (other.se, other.n_eff) == pytest.approx((one.se, one.n_eff), rel=SQUARED)
