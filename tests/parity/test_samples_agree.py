"""A sample of any rows says the same on DuckDB and on Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.estimates.sample import sample

# doubles, added in another order by every engine
CLOSE = 1e-10

pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(
        shutil.which("java") is None and not os.environ.get("JAVA_HOME"), reason="Spark needs Java, which is not here"
    ),
]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    cluster = rng.integers(0, 24, 400)
    return pd.DataFrame(
        {
            "area": np.array(["north", "south", None], dtype=object)[rng.integers(0, 3, 400)],
            "h": np.array(["a", "b"])[cluster % 2],
            "c": cluster,
            "u": cluster * 100 + rng.integers(0, 6, 400),
            "w": rng.uniform(0.5, 4, 400),
            "N": 60,
            "M": 30,
            "score": rng.integers(0, 11, 400),
            "size": np.where(np.arange(400) % 3 == 0, np.nan, np.arange(400) % 2 + 0.5),
            "spent.eur": np.where(rng.random(400) < 0.1, np.nan, rng.gamma(2, 30, 400)),
        }
    )


@pytest.fixture(scope="module")
def spark():
    engine = open_engine("spark", Limits(memory="1GB"))
    yield engine
    engine.close()


def columns(readings):
    return np.stack([getattr(readings, each) for each in ("value", "se", "low", "high", "n", "n_eff", "deff", "df")])


STAGES = {"weight": "w", "stratum": "h", "cluster": "c", "population": "N", "unit": "u", "unit_population": "M"}


@pytest.mark.parametrize(
    ("design", "weigh"),
    [
        (STAGES, lambda of: of),
        ({"weight": "w", "stratum": "h"}, lambda of: of),
        (STAGES, lambda of: of.trim(1.5).rake({"h": {"a": 900, "b": 600}})),
    ],
    ids=["two stages", "rows", "trimmed, raked, two stages"],
)
def test_both_engines_say_the_same_of_a_sample(rows, spark, design, weigh):
    one, other = weigh(sample(rows, **design)), weigh(sample(rows, **design, engine=spark))
    for ask in (
        lambda of: of.mean(["score", "spent.eur"], by="area", where="score > 1"),
        lambda of: of.nps("score"),
        lambda of: of.quantile("spent.eur", 0.3, by="area"),
        lambda of: of.quantile("score", 0.5, by="size"),
        lambda of: of.difference("score", "area", "north", "south"),
    ):
        here, there = ask(one), ask(other)
        assert (here.variables, here.groups) == (there.variables, there.groups)
        np.testing.assert_allclose(columns(here), columns(there), rtol=CLOSE)
