"""Trials are counted alike by DuckDB and by Spark, and the study of their length says the same."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from peil.calendars.days import CALENDAR, days
from peil.dataset import Dataset, Run
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.schema import STORED
from peil.journeys.orders import ORDERED
from peil.studies.trial_counts import ratios, sums_of
from peil.studies.trial_length import trial_length

pytestmark = [pytest.mark.spark, pytest.mark.slow]
LIMITS = Limits(memory="1GB", threads=2)
KINDS = {
    "bigint": pa.int64(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
}
# Spark and DuckDB add doubles in another order.
SUMMED = 1e-9


def orders(n=600):
    dice = np.random.default_rng(1)
    for each in range(n):
        length, took, finds = int(dice.choice([7, 14, 30])), dice.random() < 0.6, int(np.ceil(dice.exponential(8)))
        kept = bool(took and finds <= length)
        extra = {"kind": "ab"[each // 3 % 2], **({"decided_days": str(finds)} if kept else {})}
        yield {
            "source": "shop", "organisation": "shop", "order_id": str(each), "customer_id": str(each // 2),
            "ordered_at": datetime(2021, 5, 1, 10, tzinfo=UTC).replace(tzinfo=None), "ordered_on": date(2021, 5, 1),
            "ordered_minute": int(dice.integers(1440)), "trial_days": length, "returned": (not kept) if took else None,
            "revenue_cents": (20_000 if kept else 0) if took else None,
            "cost_cents": 90 * length + (0 if kept else 1_500) if took else None,
            "extra": "{" + ", ".join(f'"{name}": "{value}"' for name, value in extra.items()) + "}",
        }  # fmt: skip


@pytest.fixture(scope="module")
def both():
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    kinds = pa.schema([(each.name, KINDS.get(STORED[each.kind], pa.timestamp("us"))) for each in ORDERED.columns])
    rows = pa.Table.from_pylist(list(orders()), schema=kinds)
    made = []
    for name in ("duckdb", "spark"):
        engine = open_engine(name, LIMITS)
        engine.small(CALENDAR, days(date(2021, 4, 1), date(2021, 6, 1), "NL"))
        run = Run(inputs={}, version="test", engine=name)
        period = (date(2021, 5, 1), date(2021, 5, 1))
        made.append(Dataset(engine=engine, tables={"orders": engine.lent(ORDERED, rows)}, run=run, period=period))
    yield made
    for each in made:
        each.engine.close()


def test_counts_and_sums_of_trials_are_the_same(both):
    one, other = (sums_of(each, where="true", decided="extra.decided_days", segment="extra.kind") for each in both)
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name == "squares":
            assert theirs == pytest.approx(mine, rel=SUMMED)
        else:
            assert np.array_equal(mine, theirs), field.name
    assert one.visitors.sum() == 600
    assert one.kept.sum() > 100
    assert np.array_equal(ratios(one)[1].value, ratios(other)[1].value)


def test_the_study_is_the_same(both):
    one, other = (trial_length(each, segment="extra.kind", daily_cost=0.9) for each in both)
    assert (one.finding.verdict, one.best, one.finding.checks) == (
        other.finding.verdict,
        other.best,
        other.finding.checks,
    )
    assert other.finding.effect.low == pytest.approx(one.finding.effect.low, rel=SUMMED)
    for mine, theirs in zip(one.arms, other.arms, strict=True):
        for part in ("margin", "revenue", "uptake", "returns"):
            ends = [(getattr(each, part).value, getattr(each, part).low) for each in (mine, theirs)]
            assert ends[1] == pytest.approx(ends[0], rel=SUMMED)
    assert other.curve.best == one.curve.best
    assert other.personal.gain.value == pytest.approx(one.personal.gain.value, rel=SUMMED)
