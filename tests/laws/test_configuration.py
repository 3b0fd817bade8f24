"""The configuration says where a fault is, and what was probably meant."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from peil.config import ConfigurationError, json_schema, read, read_text

ROOT = Path(__file__).parents[2]
GOOD = """\
name: shop
organisation: Shop
zone: Europe/Amsterdam
country: NO
calendars:
  - name: office
    zone: Europe/Amsterdam
    hours: {mon-fri: "9:30-17:30"}
calendar: office
sources:
  - kind: simulated
    name: centre
    contacts: 100
"""


def test_a_country_called_no_is_norway_and_half_past_nine_is_a_time() -> None:
    made = read_text(GOOD.replace('"9:30-17:30"', "9:30-17:30"))
    assert made.country == "NO"
    assert made.calendars[0].hours["mon-fri"] == "9:30-17:30"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("country: NO", "cuntry: NO", r"peil\.yaml:4:1: cuntry: there is no such setting; did you mean 'country'\?"),
        (
            "zone: Europe/Amsterdam\ncountry",
            "zone: Europe/Amsterdm\ncountry",
            r"peil\.yaml:3:1: zone: .*did you mean 'Europe/Amsterdam'",
        ),
        (
            "kind: simulated",
            "kind: simulatd",
            r"peil\.yaml:11:\d+: sources\.0\.kind: 'simulatd' is no kind of source; did you mean 'simulated",
        ),
        (
            "contacts: 100",
            "contact: 100",
            r"peil\.yaml:13:5: sources\.0.*contact: there is no such setting; did you mean 'contacts'\?",
        ),
        ("contacts: 100", "contacts: many", r"peil\.yaml:13:5: sources\.0.*contacts: should be a whole number"),
        ("name: shop\n", "", r"peil\.yaml:1:1: name: is needed here"),
        ("country: NO", "country: NO\ncountry: NL", r"peil\.yaml:5:1: found duplicate key"),
        ("country: NO", "country: [NO", r"peil\.yaml:\d+:\d+: "),
        ("mon-fri", "mon-vrij", "calendar 'office'"),
        ("calendar: office", "engine: {name: duckbd}", r"peil\.yaml:9:10: engine\.name: should be 'duckdb' or 'spark'"),
        ("calendar: office", "engine: {memory: lots}", r"peil\.yaml:9:10: engine\.memory: "),
        (
            "    name: centre\n",
            "    name: centre\n    zone: Mars/Phobos\n",
            r"peil\.yaml:13:5: sources\.0\.zone: 'Mars/Phobos' is not a time zone",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_a_remedy(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=says):
        read_text(GOOD.replace(old, new, 1))


TABLE = """\
name: shop
organisation: Shop
sources:
  - kind: table
    name: shop
    table: answers
    files: [a.csv]
    columns:
      value_milli: {of: score, times: 1000}
surveys:
  - name: shop
    weights: {margins: [{by: [sex], targets: {f: 1}}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # 'table' is the kind of the source, and one of its settings as well
        ("times:", "tmes:", "9:32: sources.0.columns.value_milli.tmes: there is no such setting; did you mean 'times'?"),
        ("of: score, ", "", "9:7: sources.0.columns.value_milli.of: is needed here"),
        ("{of: score, times: 1000}", "[a, b]", "9:7: sources.0.columns.value_milli: should be text, or settings by name, as {name: value}"),
        ("table: answers", "table: anwers", "6:5: sources.0.table: should be 'legs', 'messages', 'answers', "),
        ("    table: answers\n", "", "4:5: sources.0.table: is needed here"),
        ("[a.csv]", "5", "7:5: sources.0.files: should be a list, as [one, another]"),
        ("  - kind: table\n    name", "  - name", "4:5: sources.0.kind: is needed here; choose one of: amazon_connect, "),
        # a list that has a wrong entry is not too short as well
        ("{f: 1}", "contact", "12:37: surveys.0.weights.margins.0.targets: should be 'contacts', or settings by name, as {name: value}"),
        ("{f: 1}", "{f: few}", "12:47: surveys.0.weights.margins.0.targets.f: should be a number"),
        ("[sex]", "sex", "12:26: surveys.0.weights.margins.0.by: should be a list, as [one, another]"),
    ],
)  # fmt: skip
def test_a_setting_that_may_be_several_things_is_told_once_and_where_it_stands(old: str, new: str, says: str) -> None:
    assert read_text(TABLE).sources
    assert old in TABLE
    with pytest.raises(ConfigurationError) as told:
        read_text(TABLE.replace(old, new, 1))
    assert str(told.value).startswith(f"peil.yaml:{says}")
    assert "\n" not in str(told.value)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as told:
        read_text(GOOD.replace("country: NO", "country: Norway").replace("contacts: 100", "contacts: many"))
    assert str(told.value).count("peil.yaml:") == 2


def test_two_sources_of_one_name_are_refused() -> None:
    twice = GOOD + "  - {kind: simulated, name: centre}\n"
    with pytest.raises(ConfigurationError, match="two sources are called 'centre'"):
        read_text(twice)


def test_a_file_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "peil.yaml"
    path.write_bytes("name: café\n".encode("cp1252"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read(path)


@pytest.mark.parametrize("example", sorted(each.parent.name for each in (ROOT / "examples").glob("*/peil.yaml")))
def test_each_example_is_a_right_configuration(example: str) -> None:
    made = read(ROOT / "examples" / example / "peil.yaml")
    assert made.sources
    assert made.name == example


def test_the_published_schema_knows_every_kind_of_source() -> None:
    told = json.dumps(json_schema())
    for kind in ("table", "amazon_connect", "genesys", "asterisk", "zendesk", "simulated", "simulated_benchmark"):
        assert f'"const": "{kind}"' in told


def test_no_module_reads_yaml_with_the_library_that_takes_norway_for_false() -> None:
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert "yaml" not in {name.split(".")[0] for name in names}, path
