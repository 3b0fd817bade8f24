"""A made contact centre, loaded and built: where examples and tests start."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.sources.load import load
from peil.sources.simulated import SimulatedBenchmark, SimulatedCentre, SimulatedHomeWorking, SimulatedStaffFirst

# A simulated customer has no privacy to protect; with a fixed key two makings are the same to the byte.
KEY = b"simulated customers only"


@lru_cache(maxsize=4)
def made(
    world: SimulatedCentre | SimulatedBenchmark | SimulatedHomeWorking | SimulatedStaffFirst | None = None,
) -> Dataset:
    """Return a simulated world as a dataset, the same one for the same parameters.

    Parameters:
        world: what to simulate; 4,000 contacts of one centre if left out.

    Example:
        >>> sorted(made().tables)
        ['agent_states', 'contacts', 'intervals', 'invitations', 'journeys', 'orders', 'questions', 'responses', 'roster']
    """
    store = Store(Path(tempfile.mkdtemp(prefix="peil-made-")))
    chosen = world or SimulatedCentre(name="centre", organisation="Centre (simulated)", contacts=4_000)
    load((chosen,), store, root=store.folder, limits=Limits(memory="1GB"), key=KEY)
    return build(store, DuckEngine(Limits(memory="1GB")))
