"""Every kind of source that ``peil.yaml`` may name."""

from __future__ import annotations

from peil.sources.delimited import DelimitedTable
AnySource = DelimitedTable
