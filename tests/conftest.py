"""Worlds that several tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

import commands
import nasty as nasty_module
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine

# the same examples each time, and a busy machine is no fault of what is tested
settings.load_profile("ci")


@pytest.fixture(scope="session")
def nasty():
    """The module ``nasty.py``."""
    return nasty_module


@pytest.fixture(scope="session")
def peil_command():
    """Run a command of Peil in a process of its own; see ``commands.py``."""
    return commands.peil


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
