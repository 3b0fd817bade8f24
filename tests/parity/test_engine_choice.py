"""Naming an engine opens it, and an engine that is not there says what to install."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.errors import DefinitionError

ASKS_FOR_SPARK = """
import sys
{before}
import peil.dataset, peil.made, peil.estimates.estimate
from peil.engines.choose import open_engine
from peil.errors import PeilError
assert "pyspark" not in sys.modules or sys.modules["pyspark"] is None
try:
    open_engine("spark")
except PeilError as fault:
    print(fault)
"""


def _told(before="", **environment):
    asked = [sys.executable, "-c", ASKS_FOR_SPARK.format(before=before)]
    made = subprocess.run(asked, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return made.stdout


def test_the_configuration_names_the_engine():
    engine = open_engine("duckdb", Limits(memory="512MB"))
    assert engine.name == "duckdb"
    assert engine.rows("select 1 as one").to_pylist() == [{"one": 1}]
    engine.close()


def test_a_misspelled_engine_names_its_neighbour():
    with pytest.raises(DefinitionError, match=r"no engine is named 'duckbd'\n.*did you mean 'duckdb'"):
        open_engine("duckbd")


def test_without_pyspark_peil_imports_and_says_what_to_install():
    told = _told("sys.modules['pyspark'] = None")
    assert "pyspark is not installed" in told
    assert "pip install 'peil[spark]'" in told
    assert "Java 17" in told


@pytest.mark.spark
def test_without_java_peil_says_what_to_install(tmp_path):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("Spark is not here: it needs the extra 'spark'")
    told = _told(JAVA_HOME=str(tmp_path))
    assert "there is no Java" in told
    assert "openjdk-17" in told
