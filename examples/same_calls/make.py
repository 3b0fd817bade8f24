"""Write the calls of the worked example: 1,060 offered, of which 1,000 answered, 860 of them within 20 seconds."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

# (how many, outcome, seconds waited), as ICMI and Call Centre Helper work it out
CALLS = ((860, "answered", 12), (140, "answered", 45), (10, "lost", 4), (10, "lost", 15), (40, "lost", 70))


def write(path: Path) -> int:
    """Write the calls as CSV and return how many there are."""
    number = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["call_id", "started", "wait_seconds", "outcome"])
        for times, outcome, waited in CALLS:
            for _ in range(times):
                number += 1
                minute, second = divmod(number * 20, 60)
                out.writerow(
                    [number, f"2024-03-04 {8 + minute // 60:02d}:{minute % 60:02d}:{second:02d}", waited, outcome]
                )
    return number


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "calls.csv")
    sys.stdout.write(f"{write(target)} calls written to {target}\n")
