"""What the command line prints: text for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import click

USAGE = 2
INTERNAL = 70
RUN_FILE = "peil-run.json"


def wants_json() -> bool:
    """Return whether the caller asked for JSON, wherever the option stands."""
    return "--json" in sys.argv


def fail(what: str, remedy: str, code: int) -> None:
    """Say what is wrong and what to do: on stderr, or as an object on stdout where JSON was asked for."""
    if wants_json():
        click.echo(
            json.dumps({"ok": False, "error": {"what": what, "remedy": remedy, "exit_code": code}}, ensure_ascii=False)
        )
        return
    click.echo(f"{click.style('error', fg='red', bold=True)}: {what}", err=True)
    if remedy:
        click.echo(f"  remedy: {remedy}", err=True)


def tell(told: Mapping[str, Any], *, as_json: bool, text: str = "") -> None:
    """Print one object, or the text."""
    if as_json:
        click.echo(json.dumps({"ok": True, **told}, ensure_ascii=False, default=str))
    elif text:
        click.echo(text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), title: str = "") -> None:
    """Print a table that fits the terminal; on a pipe as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if title:
        click.secho(title, bold=True)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        drawn.add_column(head, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(each) for each in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(drawn)


class Teller:
    """Tells how far long work is: a bar on a terminal, plain lines elsewhere, always on stderr."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._began = time.monotonic()
        self._last = ""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show ``done`` of ``total`` under ``label``."""
        if self._quiet:
            return
        if sys.stderr.isatty():
            self._draw(label, done, total)
        elif label != self._last:
            click.echo(f"[{time.monotonic() - self._began:5.1f} s] {label} ({done}/{total})", err=True)
        self._last = label

    def _draw(self, label: str, done: int, total: int) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (BarColumn(bar_width=30), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(label, total=total)
        self._bar.update(self._task, description=label, completed=done, total=max(total, 1))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def remember(root: Path, command: str, told: Mapping[str, Any]) -> None:
    """Leave a record of the run beside the project: versions, inputs, timings, row counts."""
    record = {"command": command, **told}
    made = root / f".{RUN_FILE}"
    made.write_text(json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    made.replace(root / RUN_FILE)


def chosen_language(text: str) -> Literal["en", "nl"]:
    """Return the language that was asked for, as the type that the rest of Peil speaks."""
    return "nl" if text == "nl" else "en"


def as_json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)
