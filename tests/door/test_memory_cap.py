"""Data larger than the memory that Peil may use is loaded, built and counted, slower but alive."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.estimate import estimate_all
from peil.measures.catalogue import CATALOGUE
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load

CAP = 300
# Python, Arrow and the libraries, which the engine's cap does not count.
ALLOWANCE = 250
