"""Run the benchmarks of surveys, and write what was measured to ``benchmarks/results-surveys.md``.

``python benchmarks/surveys.py`` counts a million respondents beside svy, weightipy and, where it is installed, R;
``--small`` counts 20,000 and tells whether all still runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from run import machine

HERE = Path(__file__).parent
RESULTS = HERE / "results-surveys.md"
PROGRAMS = {
    "survey_statistics.py": (["--rows", "100000", "1000000"], ["--rows", "20000"]),
    "raking.py": (["--rows", "1000000"], ["--rows", "20000"]),
    "replicates.py": (["--rows", "20000", "1000000"], ["--rows", "20000"]),
}


def printed(program: str, flags: list[str]) -> str:
    """Return what a benchmark prints; one that finds another answer than its peer's ends here."""
    done = subprocess.run([sys.executable, HERE / program, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{program}: {done.stderr or done.stdout}")
    return done.stdout.strip()


def main() -> None:
    """Measure, and write the page; a small run only prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    began = os.getloadavg()[0]
    told = [printed(program, flags[asked.small]) for program, flags in PROGRAMS.items()]
    told[1] = f"## Raking\n\n{told[1]}"
    load = (
        f"Load average {began:.1f} at the start and {os.getloadavg()[0]:.1f} at the end; processor seconds are the ones "
        "to trust where others used the machine."
    )
    page = "\n\n".join(
        [
            "# What was measured of surveys",
            f"{datetime.now(UTC).date()}, {machine()}. {load}",
            *told,
        ]
    )
    if asked.small:
        print(page)
    else:
        RESULTS.write_text(page + "\n", encoding="utf-8")
        print(f"wrote {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
