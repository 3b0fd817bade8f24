"""Every block of code in the README and the documentation runs as it stands on the page."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import peil
import peil.config

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "docs" / "reference" / "measures"
NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>\S.*?)\s*-->", re.DOTALL)
LANGUAGES = ("python", "yaml", "console")
LONGEST_COMMAND_SECONDS = 300

# The project in which every page's code runs: simulated, so that each page can be followed by anyone.
PROJECT = """\
name: docs
simulated: true
sources:
  - kind: simulated
    name: centre
    contacts: 2000
    seed: 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page; ``line`` is where its code begins (1-based)."""

    language: str
    code: str
    line: int


def blocks_of(text: str) -> list[Block]:
    """Return the blocks that are to be run, in the order of the page.

    A comment ``<!-- not run: reason -->`` leaves out the block right after it or, before all else on the page, the page.
    """
    tokens = [token for token in MarkdownIt("commonmark").parse(text) if token.nesting >= 0]
    comments = [token.type == "html_block" and NOT_RUN.search(token.content) is not None for token in tokens]
    if comments and comments[0] and (len(tokens) == 1 or tokens[1].type != "fence"):
        return []
    found = []
    for place, token in enumerate(tokens):
        language = token.info.split(maxsplit=1)[0] if token.type == "fence" and token.info.strip() else ""
        left_out = place > 0 and comments[place - 1]
        if language in LANGUAGES and not left_out and token.map is not None:
            found.append(Block(language=language, code=token.content, line=token.map[0] + 2))
    return [block for block in found if block.language != "yaml" or is_configuration(block.code)]


def is_configuration(code: str) -> bool:
    """Tell whether a YAML block is a whole configuration: its first line that is no comment begins with ``name:``."""
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith(("#", "---"))]
    return bool(lines) and lines[0].startswith("name:")


def commands_of(code: str) -> list[str]:
    """Return the ``$ peil ...`` commands of a console block, continued lines joined."""
    joined = code.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if re.match(r"\$ peil(\s|$)", line)]


def pages() -> dict[str, list[Block]]:
    """Return every page that has something to run, by its path from the project's root."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    kept = [file for file in files if "_build" not in file.parts and GENERATED not in file.parents]
    found = {file.relative_to(ROOT).as_posix(): blocks_of(file.read_text(encoding="utf-8")) for file in kept}
    return {page: blocks for page, blocks in found.items() if blocks}


PAGES = pages()


def of_language(page: str, *languages: str) -> list[Block]:
    """Return the blocks of a page in one of the languages."""
    return [block for block in PAGES[page] if block.language in languages]


@pytest.fixture(scope="session")
def loaded_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of which the simulated exports are loaded; pages work on copies of it."""
    folder = tmp_path_factory.mktemp("docs") / "project"
    folder.mkdir()
    (folder / "peil.yaml").write_text(PROJECT, encoding="utf-8")
    peil.open(folder / "peil.yaml").load()
    return folder


@pytest.fixture
def project(loaded_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a page's own copy of the project, and stand in it."""
    folder = tmp_path / "project"
    shutil.copytree(loaded_project, folder)
    monkeypatch.chdir(folder)
    return folder


def run_python(block: Block, page: str, namespace: dict[str, object]) -> None:
    """Run a block of Python; where it is a session with prompts, what it prints must be what the page shows."""
    if not block.code.lstrip().startswith(">>>"):
        code = compile("\n" * (block.line - 1) + block.code, page, "exec")
        exec(code, namespace)  # noqa: S102 - the documentation's own code is what is under test
        return
    session = doctest.DocTestParser().get_doctest(block.code, namespace, page, page, block.line - 1)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    failed = runner.run(session, out=said.append, clear_globs=False).failed
    namespace.update(session.globs)
    assert failed == 0, "".join(said)


def run_console(block: Block, page: str, folder: Path) -> None:
    """Run each ``$ peil`` command of a block with the ``peil`` that is installed beside this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in commands_of(block.code):
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"{page}:{block.line}: $ {command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("document", [page for page in PAGES if of_language(page, "python", "console")])
def test_the_code_on_a_page_runs_from_top_to_bottom(document: str, project: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in of_language(document, "python", "console"):
        if block.language == "python":
            run_python(block, document, namespace)
        else:
            run_console(block, document, project)


@pytest.mark.parametrize("document", [page for page in PAGES if of_language(page, "yaml")])
def test_a_configuration_on_a_page_is_one_that_peil_accepts(document: str) -> None:
    for block in of_language(document, "yaml"):
        name = block.code.split("name:", 1)[1].splitlines()[0].strip(" \"'")
        assert peil.config.read_text(block.code, f"{document}:{block.line}").name == name


def test_a_block_is_left_out_only_by_a_comment_with_a_reason() -> None:
    page = "# A page\n\n<!-- not run: needs a printer -->\n```python\n1 / 0\n```\n\n<!-- not run: -->\n```python\nx = 1\n```\n"
    assert [(block.code, block.line) for block in blocks_of(page)] == [("x = 1\n", 10)]


def test_a_page_is_left_out_only_by_a_comment_before_all_else() -> None:
    comment, rest = "<!-- not run: a sketch -->\n\n", "# A page\n\n```python\nx = 1\n```\n"
    assert blocks_of(comment + rest) == []
    assert len(blocks_of(rest + "\n" + comment)) == 1


def test_yaml_is_checked_only_where_it_is_a_whole_configuration() -> None:
    whole, part = "# ours\nname: shop\n", "sources:\n  - name: shop\n"
    page = f"```yaml\n{whole}```\n\n```yaml\n{part}```\n"
    assert [block.code for block in blocks_of(page)] == [whole]


def test_only_the_commands_of_peil_are_run_from_a_console() -> None:
    shown = "$ make demo\n$ peil load \\\n    --since 2026-01-01\nloaded 3 parts\n$ peilstok\n$ peil\n"
    assert [command.split() for command in commands_of(shown)] == [["peil", "load", "--since", "2026-01-01"], ["peil"]]


def test_a_session_on_a_page_must_print_what_the_page_shows() -> None:
    namespace: dict[str, object] = {}
    run_python(Block(language="python", code=">>> x = 1\n>>> x + 1\n2\n", line=1), "page", namespace)
    assert namespace["x"] == 1
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        run_python(Block(language="python", code=">>> x + 1\n3\n", line=1), "page", namespace)


def test_a_fault_on_a_page_is_reported_with_the_line_of_the_page() -> None:
    with pytest.raises(ZeroDivisionError) as fault:
        run_python(Block(language="python", code="\n1 / 0\n", line=7), "docs/page.md", {})
    assert fault.traceback[-1].lineno + 1 == 8
