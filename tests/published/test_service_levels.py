"""The worked example of service level: the same calls under every published definition."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

import peil

EXAMPLE = Path(__file__).parents[2] / "examples" / "same_calls"
# In per cent, to the two decimals in which they are printed.
WORKED = {
    "service_level_20_answered_offered": 81.13,
    "service_level_20_answered_answered": 86.00,
    "service_level_20_excluding_early_abandons": 82.69,
    "service_level_20_crediting_early_abandons": 83.02,
    "service_level_20_excluding_short_abandons": 81.90,
    "service_level_20_crediting_short_abandons": 82.08,
    "service_level_20_amazon_connect": 83.02,
    "service_level_20_genesys": 81.13,
    "service_level_20_genesys_without_short": 81.90,
    "service_level_20_genesys_without_abandons": 86.00,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> peil.Project:
    folder = tmp_path_factory.mktemp("same_calls")
    shutil.copy(EXAMPLE / "peil.yaml", folder)
    spec = importlib.util.spec_from_file_location("same_calls", EXAMPLE / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.write(folder / "calls.csv") == 1060
    made = peil.open(folder)
    assert not made.load().refused
    return made


def test_the_same_calls_give_every_published_service_level(project: peil.Project) -> None:
    """Worked example of ICMI and Call Centre Helper: 1,000 answered, 860 within 20 s; 60 abandoned, 20 within 20 s, 10 within 5 s."""
    found = {each.measure.name: round(100 * each.only().value, 2) for each in project.variants("service_level")}
    assert found == WORKED


def test_the_definitions_lie_4_87_points_apart_on_the_same_calls(project: peil.Project) -> None:
    values = [100 * each.only().value for each in project.variants("service_level")]
    assert round(max(values) - min(values), 2) == 4.87


def test_the_interval_of_each_definition_holds_its_value(project: peil.Project) -> None:
    for each in project.variants("service_level"):
        one = each.only()
        assert one.low < one.value < one.high
        assert one.clusters == one.n
