"""A survey that names the unit drawn within a cluster is counted in two stages, without being asked to."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from peil.config import MarginConfig, SurveyConfig, WeightsConfig
from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import estimate
from peil.estimates.sample import sample
from peil.made import made
from peil.measures.catalogue import measure_named
from peil.reports.labels import units
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load

NPS = measure_named("nps")
SPOKEN = {"nl": 0.7, "en": 0.3}


@pytest.mark.parametrize("weighted", [False, True], ids=["as drawn", "raked"])
def test_answers_that_name_a_unit_are_counted_in_two_stages(tmp_path, weighted):
    rng = np.random.default_rng(5)
    rows = [
        (f"{branch}-{who}", f"b{branch}", f"c{who}", int(np.clip(rng.normal(6 + branch % 3, 2), 0, 10)), language)
        for branch in range(8)
        for who, language in enumerate(rng.choice(list(SPOKEN), 6))
    ]
    names = ("id", "branch", "customer", "score", "language")
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    source = DelimitedTable(
        name="a", organisation="Shop", files=("a.csv",), table="answers", zone="UTC",
        columns={"response_id": "id", "survey": "'s'", "question": "'q'", "construct": "'nps'", "scale_low": "'0'",
                 "scale_high": "'10'", "value_milli": Mapped(of="score", times=1000), "answered_at": "'2024-05-01T10:00:00Z'",
                 "cluster": "branch", "population_n": "'20'", "unit": "customer", "unit_population_n": "'30'",
                 "weight_ppb": "'12500000000'", "language": "language"},
    )  # fmt: skip
    store = Store(tmp_path / "store")
    assert not load((source,), store, root=tmp_path, limits=Limits(memory="1GB"), key=b"test").refused
    weights = WeightsConfig(margins=(MarginConfig(by=("language",), targets=SPOKEN),)) if weighted else None
    data = build(store, DuckEngine(Limits(memory="1GB")), surveys=(SurveyConfig(name="s", weights=weights),))
    assert data.designs["responses"].unit == "unit"
    assert (units(data, "responses").en, units(made(), "responses").en) == ("clusters", "respondents")
    found = estimate(NPS, data)[0].only()
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns |= {"w": [12.5] * len(rows), "n": [20] * len(rows), "m": [30] * len(rows)}
    first = {"weight": "w", "cluster": "branch", "population": "n"}
    one_stage, both = sample(columns, **first), sample(columns, **first, unit="customer", unit_population="m")
    if weighted:
        one_stage, both = (each.rake({"language": SPOKEN}) for each in (one_stage, both))
    told = both.nps("score").only()
    assert found.value == pytest.approx(told.value, rel=1e-8 if weighted else 1e-12)
    assert found.se == pytest.approx(told.se, rel=1e-7 if weighted else 1e-9)
    assert found.se > one_stage.nps("score").only().se
    gap = difference(data, *(Side(measure=NPS, where=f"language = '{each}'") for each in SPOKEN))
    beside = both.difference("score", "language", *SPOKEN, statistic="nps").only()
    assert (gap.value, gap.se) == pytest.approx((beside.value, beside.se), rel=1e-7)
