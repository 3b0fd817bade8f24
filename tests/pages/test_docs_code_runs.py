"""Every block of code in the README and the documentation runs as it stands on the page."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import peil
import peil.config

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
# Written when the documentation is built; not kept, and so not tested here.
GENERATED = tuple(REFERENCE / each for each in ("configuration.md", "command-line.md", "tables.md", "measures"))
NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>\S.*?)\s*-->", re.DOTALL)
OUTPUT = re.compile(r"<!--\s*output\s*-->")
FILE = re.compile(r"<!--\s*file:\s*(?P<path>\S+?)(?:\s+as\s+(?P<encoding>\S+))?\s*-->")
EMPTY_FOLDER = re.compile(r"<!--\s*begins in an empty folder\s*-->")
LANGUAGES = ("python", "yaml", "console")
RUN = ("python", "console", "file", "output")
LONGEST_COMMAND_SECONDS = 300
SHELL = re.compile(r"[|<;&]|\d>|\$[A-Z(]")
REFRESH = "PEIL_REFRESH_PAGES" in os.environ
# Neither a person's folder nor how long the machine took is part of what a page promises.
HOME = "/home/you"
SECONDS = (
    (re.compile(r"\bin \d+(\.\d+)? s\b"), "in ... s"),
    (re.compile(r"\(\d+(\.\d+)? s\)"), "(... s)"),
    (re.compile(r'"(seconds|made_at)": ("[^"]*"|[\d.]+)'), r'"\1": ...'),
)

# The project in which every page's code runs: simulated, so that each page can be followed by anyone.
PROJECT = """\
name: docs
organisation: Centre
simulated: true
sources:
  - kind: simulated
    name: centre
    contacts: 2000
    seed: 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page; ``line`` is where its code begins (1-based).

    Its language is ``output`` where it shows what the block before it prints, and ``file`` where it is to be written
    to ``path``.
    """

    language: str
    code: str
    line: int
    path: str = ""
    encoding: str = "utf-8"


def blocks_of(text: str) -> list[Block]:
    """Return the blocks that are to be run, in the order of the page.

    A comment ``<!-- not run: reason -->`` leaves out the block right after it or, before all else on the page, the page.
    After ``<!-- output -->`` comes what the block before it prints; after ``<!-- file: PATH as ENCODING -->`` a file.
    """
    tokens = [token for token in MarkdownIt("commonmark").parse(text) if token.nesting >= 0]
    comments = [token.type == "html_block" and NOT_RUN.search(token.content) is not None for token in tokens]
    if comments and comments[0] and (len(tokens) == 1 or tokens[1].type != "fence"):
        return []
    found = []
    for place, token in enumerate(tokens):
        language = token.info.split(maxsplit=1)[0] if token.type == "fence" and token.info.strip() else ""
        if not language or token.map is None or (place > 0 and comments[place - 1]):
            continue
        said = tokens[place - 1].content if place > 0 and tokens[place - 1].type == "html_block" else ""
        block = Block(language=language, code=token.content, line=token.map[0] + 2)
        if file := FILE.search(said):
            found.append(replace(block, language="file", path=file["path"], encoding=file["encoding"] or "utf-8"))
        if OUTPUT.search(said):
            found.append(replace(block, language="output"))
        elif language in LANGUAGES and not (file and language == "python"):
            found.append(block)
    return [block for block in found if block.language != "yaml" or is_configuration(block.code)]


def is_configuration(code: str) -> bool:
    """Tell whether a YAML block is a whole configuration: its first line that is no comment begins with ``name:``."""
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith(("#", "---"))]
    return bool(lines) and lines[0].startswith("name:")


def commands_of(code: str) -> list[str]:
    """Return the ``$ peil ...`` and ``$ cd ...`` commands of a console block, continued lines joined."""
    joined = code.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if re.match(r"\$ (peil|cd)(\s|$)", line)]


def pages() -> dict[str, list[Block]]:
    """Return every page that has something to run, by its path from the project's root."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    kept = [file for file in files if "_build" not in file.parts and not {file, *file.parents} & set(GENERATED)]
    found = {file.relative_to(ROOT).as_posix(): blocks_of(file.read_text(encoding="utf-8")) for file in kept}
    return {page: blocks for page, blocks in found.items() if blocks}


PAGES = pages()


def of_language(page: str, *languages: str) -> list[Block]:
    """Return the blocks of a page in one of the languages."""
    return [block for block in PAGES[page] if block.language in languages]


@pytest.fixture(scope="session")
def loaded_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of which the simulated exports are loaded and built; pages work on copies of it."""
    folder = tmp_path_factory.mktemp("docs") / "project"
    folder.mkdir()
    (folder / "peil.yaml").write_text(PROJECT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PEIL_KEY", "a key for pages")
        opened = peil.open(folder / "peil.yaml")
        opened.load()
        assert opened.data.period[0] < opened.data.period[1]
        opened.close()
    return folder


@pytest.fixture
def project(loaded_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a page's own copy of the project, and stand in it."""
    folder = tmp_path / "project"
    shutil.copytree(loaded_project, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PEIL_KEY", "a key for pages")
    return folder


def run_python(block: Block, page: str, namespace: dict[str, object]) -> str:
    """Run a block of Python and return what it prints; a session with prompts must print what the page shows."""
    if not block.code.lstrip().startswith(">>>"):
        code = compile("\n" * (block.line - 1) + block.code, page, "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)  # noqa: S102  # the documentation's own code is what is under test
        return printed.getvalue()
    session = doctest.DocTestParser().get_doctest(block.code, namespace, page, page, block.line - 1)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    failed = runner.run(session, out=said.append, clear_globs=False).failed
    namespace.update(session.globs)
    assert failed == 0, "".join(said)
    return ""


def run_console(block: Block, page: str, peil_command: Callable[..., subprocess.CompletedProcess[str]]) -> str:
    """Run each ``$ peil`` command, in a shell where it needs one; return what they print."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    printed: list[str] = []
    for command in commands_of(block.code):
        if command.startswith("cd "):
            os.chdir(command.removeprefix("cd ").strip())  # the fixture goes back
            continue
        if SHELL.search(command):
            done = subprocess.run(
                ["sh", "-c", command],
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_COMMAND_SECONDS,
            )
        else:
            args = shlex.split(command)[1:]
            done = peil_command(args, cwd=Path.cwd(), env=os.environ, seconds=LONGEST_COMMAND_SECONDS)
        printed.append(done.stdout)
        assert done.returncode == 0, f"{page}:{block.line}: $ {command}\n{done.stdout}{done.stderr}"
    return "".join(printed)


def as_shown(printed: str, folder: Path) -> str:
    """Return what was printed without what differs between machines."""
    text = "\n".join(line.rstrip() for line in printed.replace(str(folder), HOME).strip("\n").splitlines()) + "\n"
    for pattern, instead in SECONDS:
        text = pattern.sub(instead, text)
    return text


def refreshed(text: str, printed: dict[Block, str]) -> str:
    """Return a page with what was printed in place of what it showed."""
    lines = text.splitlines(keepends=True)
    for shown in sorted(printed, key=lambda block: -block.line):
        lines[shown.line - 1 : shown.line - 1 + len(shown.code.splitlines())] = [printed[shown]]
    return "".join(lines)


@pytest.mark.parametrize("document", [page for page in PAGES if of_language(page, *RUN)])
def test_the_code_on_a_page_runs_and_prints_what_the_page_shows(
    document: str, project: Path, tmp_path: Path, peil_command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    folder = project
    if EMPTY_FOLDER.search((ROOT / document).read_text(encoding="utf-8")):
        folder = tmp_path / "empty"
        folder.mkdir()
        os.chdir(folder)  # the fixture goes back
    said = ""
    printed: dict[Block, str] = {}
    for block in of_language(document, *RUN):
        if block.language == "python":
            said = run_python(block, document, namespace)
        elif block.language == "console":
            said = run_console(block, document, peil_command)
        elif block.language == "file":
            Path(block.path).parent.mkdir(parents=True, exist_ok=True)
            Path(block.path).write_bytes(block.code.encode(block.encoding))
        else:
            printed[block] = as_shown(said, folder)
    if REFRESH:
        page = ROOT / document
        page.write_text(refreshed(page.read_text(encoding="utf-8"), printed), encoding="utf-8")
        return
    checker = doctest.OutputChecker()
    for shown, got in printed.items():
        differs = checker.output_difference(
            doctest.Example("", shown.code), got, doctest.ELLIPSIS | doctest.REPORT_NDIFF
        )
        told = f"{document}:{shown.line}: PEIL_REFRESH_PAGES=1 writes what is printed now\n{differs}"
        assert checker.check_output(shown.code, got, doctest.ELLIPSIS), told


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
    shown = "$ make demo\n$ cd shop\n$ peil load \\\n    --since 2026-01-01\nloaded 3 parts\n$ peilstok\n$ peil\n"
    assert [command.split() for command in commands_of(shown)] == [
        ["cd", "shop"],
        ["peil", "load", "--since", "2026-01-01"],
        ["peil"],
    ]


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


def test_output_that_differs_from_what_a_block_printed_is_told_apart(tmp_path: Path) -> None:
    page = "```python\nprint(6 * 7)\n```\n\n<!-- output -->\n```text\n41\n```\n"
    code, shown = blocks_of(page)
    assert (code.language, shown.language, shown.code) == ("python", "output", "41\n")
    assert as_shown(run_python(code, "page", {}), tmp_path) == "42\n"


def test_a_file_on_a_page_is_written_in_the_encoding_it_names() -> None:
    page = "<!-- file: exports/old.csv as cp1252 -->\n```text\nname\nZo\N{LATIN SMALL LETTER E WITH DIAERESIS}\n```\n"
    (block,) = blocks_of(page)
    assert (block.language, block.path, block.encoding) == ("file", "exports/old.csv", "cp1252")


def test_a_configuration_that_is_a_file_is_checked_and_written() -> None:
    page = "<!-- file: peil.yaml -->\n```yaml\nname: shop\n```\n"
    assert [block.language for block in blocks_of(page)] == ["file", "yaml"]


def test_what_a_machine_decides_is_not_part_of_what_is_shown(tmp_path: Path) -> None:
    printed = f"1 new, in 0.42 s  \nreport: {tmp_path}/report.en.html  (3.1 s)\nwait 12.3 s\n"
    assert as_shown(printed, tmp_path) == "1 new, in ... s\nreport: /home/you/report.en.html  (... s)\nwait 12.3 s\n"


def test_refreshing_a_page_changes_nothing_but_what_is_shown() -> None:
    page = "# A page\n\n```python\nprint(1)\n```\n\n<!-- output -->\n```text\n0\n0\n```\n\n<!-- output -->\n```text\n```\nThe end.\n"
    _, first, second = blocks_of(page)
    assert refreshed(page, {first: "1\n", second: "2\n"}) == page.replace("0\n0\n", "1\n").replace(
        "```text\n```", "```text\n2\n```"
    )
