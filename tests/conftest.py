"""Worlds that several tests share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from peil.engines.door import Limits
from peil.engines.duck import DuckEngine


def _module(name):
    """Load a module that lies beside the tests: with importlib as import mode they are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="session")
def nasty():
    """The module ``nasty.py``."""
    return _module("nasty")


@pytest.fixture(scope="session")
def peil_command():
    """Run a command of Peil in a process of its own; see ``commands.py``."""
    return _module("commands").peil


@pytest.fixture(scope="session")
def nasty_store(nasty, tmp_path_factory):
    """Both nasty deliveries, loaded."""
    return nasty.loaded(tmp_path_factory.mktemp("nasty"))


@pytest.fixture(scope="session")
def nasty_data(nasty, nasty_store):
    """The nasty rows on DuckDB."""
    engine = DuckEngine(Limits(memory="1GB"))
    yield nasty.built(nasty_store, engine)
    engine.close()
