"""Run Peil as ``python -m peil``."""

from __future__ import annotations

from peil.cli import main

if __name__ == "__main__":
    main()
