"""Reference pages that are written from the program name everything that there is, and links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import click
import pytest

from peil.cli import commands
from peil.config import json_schema
from peil.sources.tables import CANONICAL

ROOT = Path(__file__).resolve().parents[2]
LINKED = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "examples").rglob("*.md")),
]


def beside_the_documentation(name: str) -> ModuleType:
    """Return a module that lies in the folder of the documentation."""
    found = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def written() -> ModuleType:
    """Return the module that writes the pages."""
    return beside_the_documentation("written")


@pytest.fixture(scope="module")
def folder(written: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the pages."""
    made: Path = tmp_path_factory.mktemp("reference")
    written.write_all(made)
    return made


def settings() -> Iterator[str]:
    """Yield every setting that the configuration allows, but for the constant that names a kind."""
    schema = json_schema()
    for node in (schema, *schema["$defs"].values()):
        yield from (name for name, each in node.get("properties", {}).items() if "const" not in each)


def test_every_setting_stands_on_the_page_of_the_configuration_with_what_it_is(folder: Path) -> None:
    page = (folder / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page, re.MULTILINE)
    assert {name for name, _ in rows} == set(settings()) - {"sources"}
    assert [name for name, says in rows if not says.strip()] == []


def test_every_kind_of_source_has_its_settings_on_the_page(folder: Path) -> None:
    page = (folder / "configuration.md").read_text(encoding="utf-8")
    kinds = {
        each["properties"]["kind"]["const"]
        for each in json_schema()["$defs"].values()
        if "kind" in each.get("properties", {})
    }
    assert set(re.findall(r"^## sources: kind (\w+)$", page, re.MULTILINE)) == kinds
    assert "table" in kinds


def test_every_command_and_option_stands_on_the_page_of_the_command_line(folder: Path) -> None:
    page = (folder / "command-line.md").read_text(encoding="utf-8")
    assert re.findall(r"^## peil ([\w-]+)$", page, re.MULTILINE) == list(commands.commands)
    for command in (commands, *commands.commands.values()):
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert f"`{option.opts[0]}`" in page


def test_every_column_of_every_table_stands_on_the_page_of_tables(folder: Path) -> None:
    page = (folder / "tables.md").read_text(encoding="utf-8")
    for schema in CANONICAL.values():
        part = page.split(f"\n## {schema.name}\n", 1)[1].split("\n## ", 1)[0]
        assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == list(schema.names)


def test_a_page_that_has_not_changed_is_not_written_again(written: ModuleType, folder: Path) -> None:
    ages = {each: each.stat().st_mtime_ns for each in folder.iterdir()}
    written.write_all(folder)
    assert {each: each.stat().st_mtime_ns for each in folder.iterdir()} == ages


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inside = [each for each in targets if not each.startswith("http")]
    assert [each for each in inside if not (page.parent / each).exists()] == []


def test_the_picture_is_small_and_follows_the_colours_of_its_reader() -> None:
    picture = ROOT / "docs" / "picture.svg"
    assert picture.stat().st_size < 200_000
    assert "prefers-color-scheme: dark" in picture.read_text(encoding="utf-8")


def test_the_picture_can_be_made_again() -> None:
    maker = beside_the_documentation("make_picture")
    made = ET.fromstring(maker.picture(maker.figure(contacts=6_000)))  # noqa: S314  # our own drawing
    said = " ".join(made.itertext())
    assert "Organisations think" in said
    assert "Simulated data" in said
