"""``peil`` commands, each in a process of its own that has Peil in memory already: importing it anew takes seconds."""

from __future__ import annotations

import multiprocessing
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PRELOADED = [
    "peil.cli",
    "peil.project",
    "altair",
    "scipy.stats",
    "scipy.optimize",
    "scipy.sparse.linalg",
    "rich.console",
]
# A text, because the process cannot import a module that lies beside the tests.
CHILD = """
import os, sys
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
for descriptor, path in ((1, out), (2, err)):
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
sys.stdin, sys.stdout, sys.stderr = (
    open(number, mode, encoding="utf-8", closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
)
sys.argv = ["peil", *args]
from peil.cli import main
main()
"""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(PRELOADED)


def peil(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run ``peil ARGS`` and return what it said, as ``subprocess.run`` does."""
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept) / "out", Path(kept) / "err"
        names = {"folder": str(cwd), "environment": dict(env), "out": str(out), "err": str(err), "args": list(args)}
        process = context.Process(target=exec, args=(CHILD, {**names, "__name__": "peil_command"}))
        process.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()
            raise TimeoutError(f"peil {' '.join(args)} took over {seconds} seconds")
        said = [each.read_text(encoding="utf-8") if each.exists() else "" for each in (out, err)]
    return subprocess.CompletedProcess(["peil", *args], process.exitcode or 0, *said)
