"""One case of a benchmark, in a process of its own: wall time, processor time and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a case took; the machine may be shared, so processor seconds are the number to trust."""

    wall: float
    cpu: float
    rss_mb: int
    parts: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        return f"{self.wall:.2f} | {self.cpu:.2f} | {self.rss_mb:,}"


class Clock:
    """Times named parts of a case; prints them as one line of JSON for the parent."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[float, float]] = {}
        self._peak = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.parts[name] = (time.perf_counter() - wall, time.process_time() - cpu)
        # the peak of this process alone, before anything that only checks the answers
        self._peak = int(_status("VmHWM") / 1024)

    def tell(self) -> None:
        print(json.dumps({"parts": self.parts, "rss_mb": self._peak}))


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measured(program: str, *arguments: object) -> Cost:
    """Run a case of a benchmark program in a child process.

    Raises:
        RuntimeError: the case failed.
    """
    done = subprocess.run(
        [sys.executable, program, "--case", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{Path(program).name} {' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    parts = {name: (wall, cpu) for name, (wall, cpu) in told["parts"].items()}
    return Cost(
        wall=sum(wall for wall, _ in parts.values()),
        cpu=sum(cpu for _, cpu in parts.values()),
        rss_mb=told["rss_mb"],
        parts=parts,
    )
