"""The page on the architecture says what the code is: its folders, layers, sources, measures and studies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import peil.studies
from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import POPULATIONS
from peil.sources.kinds import KINDS
from peil.sources.tables import CANONICAL

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "peil"
# A folder or file at the top of the package that is not a stage.
NO_STAGE = {"__init__.py", "__pycache__", "py.typed"}
ALONE = "of its own"


def section(heading: str) -> str:
    """Return what stands under a heading of the page, up to the next of the same rank or higher."""
    rank = heading.split(maxsplit=1)[0]
    rest = PAGE.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(rank)}}} ", rest, maxsplit=1)[0]


def named_in(heading: str) -> list[str]:
    """Return the names in code type under a heading, in order."""
    return re.findall(r"`(\w+)`", section(heading))


def tree() -> list[str]:
    """Return the folders and files of the tree on the page, in order."""
    return re.findall(r"^  (\w+(?:\.py|/)) ", PAGE.split("src/peil/\n", 1)[1].split("```", 1)[0], re.MULTILINE)


def layers() -> list[list[str]]:
    """Return the layers that the import contracts name, lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (found,) = [each["layers"] for each in contracts if each["type"] == "layers"]
    return [[name.strip() for name in layer.split("|")] for layer in reversed(found)]


def test_the_tree_names_every_folder_and_file_of_the_package() -> None:
    there = {f"{each.name}/" if each.is_dir() else each.name for each in SOURCE.iterdir() if each.name not in NO_STAGE}
    assert set(tree()) == there


def test_the_tree_is_in_the_order_in_which_imports_may_point() -> None:
    place = {name: depth for depth, layer in enumerate(layers()) for name in layer}
    depths = [place[name.removesuffix("/").removesuffix(".py")] for name in tree()]
    assert depths == sorted(depths)
    assert len(depths) == len(place)


def test_the_inventory_names_every_kind_of_source() -> None:
    assert named_in("### Sources") == sorted(each.__dataclass_fields__["kind"].default for each in KINDS)


def test_the_inventory_names_every_canonical_table() -> None:
    assert named_in("### Canonical tables") == sorted(CANONICAL)


def test_the_inventory_names_every_population() -> None:
    assert named_in("### Populations") == sorted(POPULATIONS)


def test_the_inventory_names_every_study() -> None:
    folder = Path(peil.studies.__file__).parent
    studies = sorted(
        each.stem for each in folder.glob("*.py") if f"def {each.stem}(" in each.read_text(encoding="utf-8")
    )
    assert named_in("### Studies") == studies


def test_the_inventory_names_every_measure_under_its_family() -> None:
    told = {}
    for family, names in re.findall(r"^\| ([\w ]+) \| (`.*`) \|$", section("### Measures"), re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", names), family)
    assert told == {name: each.family or ALONE for name, each in CATALOGUE.items()}


def test_a_name_that_the_page_speaks_of_exists() -> None:
    files = re.findall(r"`((?:sources|measures|contacts|journeys|engines|studies|tests/pages)/[\w/]+\.py)`", PAGE)
    assert len(files) > 5
    assert [each for each in files if not (SOURCE / each).is_file() and not (ROOT / each).is_file()] == []
