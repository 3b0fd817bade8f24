"""Made contact centres with a known truth: where tests, tutorials and the demonstration start."""

from __future__ import annotations

from peil.sources.simulated.benchmark import SimulatedBenchmark
from peil.sources.simulated.centre import SimulatedCentre
from peil.sources.simulated.home_working import SimulatedHomeWorking
from peil.sources.simulated.planted import Planted
from peil.sources.simulated.staff_first import SimulatedStaffFirst

__all__ = ["Planted", "SimulatedBenchmark", "SimulatedCentre", "SimulatedHomeWorking", "SimulatedStaffFirst"]
