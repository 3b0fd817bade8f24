"""Outcome rates, flags and scales are the same from DuckDB and from Spark."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from peil.dataset import build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.store import Store
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.surveys.dispositions import dispositions
from peil.surveys.quality import flagged
from peil.surveys.scales import question, repeated, side_by_side

pytestmark = [pytest.mark.spark, pytest.mark.slow]

LIMITS = Limits(memory="1GB", threads=2)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if importlib.util.find_spec("pyspark") is None or java is None:
        pytest.skip("Spark is not here: it needs the extra 'spark' and Java 17")
    store = Store(tmp_path_factory.mktemp("simulated"))
    load((SimulatedCentre(contacts=1_500),), store, root=store.folder, limits=LIMITS, key=b"simulated")
    engines = [open_engine(name, LIMITS) for name in ("duckdb", "spark")]
    yield [build(store, each) for each in engines]
    for each in engines:
        each.close()


def test_dispositions_and_their_products_are_the_same(both):
    one, other = (dispositions(each.engine, each.tables["invitations"], by=["survey", "wave"]) for each in both)
    assert len(one) == len(other) > 3
    for here, there in zip(one, other, strict=True):
        assert (here.group, here.counts, here.clusters) == (there.group, there.counts, there.clusters)
        np.testing.assert_array_equal(here.products, there.products)


def test_flags_are_the_same(both):
    one, other = (flagged(each.engine, each.tables["responses"]) for each in both)
    assert one == other
    assert len(one) > 8


def test_answers_side_by_side_are_the_same(both):
    found = []
    for each in both:
        table = each.tables["responses"]
        asked = [question(each.engine, table, name, by="construct") for name in ("csat", "ces_2", "nps")]
        asked.append(repeated(7, each.period[1]))
        found.append(side_by_side(each.engine, table, asked))
    one, other = found
    assert (one.n, one.persons, one.incomplete) == (other.n, other.persons, other.incomplete)
    assert one.n > 100
    np.testing.assert_allclose(one.sums, other.sums, rtol=1e-12)
