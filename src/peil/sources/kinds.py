"""Every kind of source that ``peil.yaml`` may name."""

from __future__ import annotations

from peil.sources.amazon_connect import AmazonConnect
from peil.sources.asterisk import Asterisk
from peil.sources.delimited import DelimitedTable
from peil.sources.genesys import Genesys
from peil.sources.simulated import SimulatedBenchmark, SimulatedCentre
from peil.sources.zendesk import Zendesk

AnySource = DelimitedTable | AmazonConnect | Asterisk | Genesys | Zendesk | SimulatedCentre | SimulatedBenchmark
KINDS: tuple[type, ...] = AnySource.__args__
