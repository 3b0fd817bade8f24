"""Whatever a checker is told to overlook, and every test that may be skipped, says why beside it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "benchmarks", "docs", "examples")
FILES = sorted(
    path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "_build" not in path.relative_to(ROOT).parts
)
OVERLOOKED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover|mypy:\s*ignore|pylint:\s*disable)\b")
# codes, and then a comment of its own
WITH_A_REASON = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s+# \S.{2,}")
SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def unexplained(text: str) -> list[int]:
    """Return the lines that overlook something, or may skip a test, without a code and a reason."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline) if OVERLOOKED.search(text) else ()
    found = [
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT and OVERLOOKED.search(token.string) and not WITH_A_REASON.search(token.string)
    ]
    for node in ast.walk(ast.parse(text)) if any(f"{each}(" in text for each in SKIPS) else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SKIPS:
            told = {each.arg for each in node.keywords}
            spoken = node.func.attr == "skip" and bool(node.args)
            if ast.unparse(node.func).startswith("pytest.") and "reason" not in told and not spoken:
                found.append(node.lineno)
    return sorted(found)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("x = 1  # no" + "qa", True),
        ("x = 1  # no" + "qa: S101", True),
        ("x = 1  # no" + "qa: S101, C901  # the caller has looked", False),
        ("x = 1  # type" + ": ignore", True),
        ("x = 1  # type" + ": ignore[index]", True),
        ("x = 1  # type" + ": ignore[index]  # a period is a day", False),
        ("pytest.skip()", True),
        ("pytest.skip('no Java here')", False),
        ("pytest.mark.skipif(True)", True),
        ("pytest.mark.xfail(reason='an open question')", False),
    ],
)
def test_a_reason_is_seen_where_it_is_and_missed_where_it_is_not(line, wrong):
    assert bool(unexplained(line + "\n")) is wrong


def test_every_exception_says_why():
    assert len(FILES) > 500
    without = {
        str(path.relative_to(ROOT)): lines for path in FILES if (lines := unexplained(path.read_text(encoding="utf-8")))
    }
    assert without == {}
