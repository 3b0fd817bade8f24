"""Strategy and growth: a planted association is found, noise is called noise, and what spoils a claim is named."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from peil.dataset import Dataset, build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.difference import Side
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.methods.adjusted import slope
from peil.methods.correlation import correlated, partial, ranked
from peil.sources.delimited import DelimitedTable, Mapped
from peil.sources.load import load
from peil.studies.organisations import Booked, Said, Seen
from peil.studies.strategy_and_growth import Earlier, StrategyAndGrowth, strategy_and_growth
from peil.terms import Better, Label, Unit


def answer(construct: str) -> Measure:
    return Measure(
        name=construct,
        label=Label(construct, construct),
        unit=Unit.SCORE,
        better=Better.NEITHER,
        population="responses",
        where=f"construct = '{construct}' and audience = 'organisation' and score is not null",
        of="score",
        standard="made for this test",
    )


STRATEGY, GROWTH = Side(measure=answer("strategy")), Said(measure=answer("growth"))
BOOKED = Booked(column="extra.revenue", measure=STRATEGY.measure)
# what intervals of 95 % may hold of so many draws
LEAST, MOST, DRAWS = 0.93, 0.97, 2_000
ANSWERED = {"2020": "2020-05-01T10:00:00Z", "2021": "2021-05-01T10:00:00Z"}


def loaded(folder: Path, tables: dict[str, list[list[object]]]) -> Dataset:
    """Load answers, and contacts where there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    answers = DelimitedTable(
        name="survey", organisation="sector", files=("answers.csv",), table="answers", zone="UTC",
        columns={"response_id": "id", "audience": "'organisation'", "construct": "what", "question": "what", "survey": "'s'",
                 "value_milli": Mapped(of="score", times=1000), "scale_low": "'1'", "scale_high": "'9'", "wave": "wave",
                 "answered_at": Mapped(of="wave", values=ANSWERED)},
    )  # fmt: skip
    legs = DelimitedTable(
        name="calls", organisation="sector", files=("legs.csv",), table="legs", zone="UTC",
        columns={"contact_id": "id", "leg_id": "'1'", "channel": "'call'", "handler": "'agent'", "started_at": "began"},
    )  # fmt: skip
    store = Store(folder / "store")
    made = load(
        (answers, legs) if "legs" in tables else (answers,), store, root=folder, limits=Limits(memory="1GB"), key=b"test"
    )  # fmt: skip
    assert not made.refused
    return build(store, DuckEngine(Limits(memory="1GB")))


def world(
    folder: Path, n: int, *, effect: float, behind: float = 0.0, one_source: bool = False, first: float = 0.0, seed: int = 1
) -> Dataset:  # fmt: skip
    """Make a sector: strategy from 1 to 5, growth from 1 to 9, revenue growth, and size behind both."""
    rng = np.random.default_rng(seed)
    size, before = rng.normal(size=n), rng.normal(size=n)
    strategy = np.clip(np.rint(3 + behind * size + first * before + rng.normal(size=n)), 1, 5).astype(int)
    growth = effect * (strategy - 3) + 1.5 * behind * size + rng.normal(size=n)
    ticked = np.clip(np.rint(5 + growth), 1, 9).astype(int)
    ticked_before = np.clip(np.rint(5 + before), 1, 9).astype(int)
    rows: list[list[object]] = [["id", "org", "what", "score", "wave", "sector", "staff", "revenue"]]
    for each in range(n):
        facts = [["bank", "shop", "care"][each % 3], f"{size[each]:.4f}", f"{growth[each] / 20:.5f}"]
        teller = f"r{each}" if one_source else f"s{each}"
        rows.append([f"r{each}", f"o{each}", "strategy", strategy[each], "2021", *facts])
        rows.append([teller, f"o{each}", "growth", ticked[each], "2021", *facts])
        rows.append([f"b{each}", f"o{each}", "growth", ticked_before[each], "2020", *facts])
    return loaded(folder, {"answers": rows})


def asked(data: Dataset, **more: object) -> StrategyAndGrowth:
    settings: dict[str, object] = {"by": "extra.org", "held": ("extra.sector", "extra.staff")} | more
    growth = settings.pop("growth", Said(measure=GROWTH.measure, where="wave = '2021'"))
    return strategy_and_growth(data, STRATEGY, growth, **settings)  # type: ignore[arg-type]  # settings of several kinds


def test_a_planted_association_is_found_with_its_size_and_without_a_cause(tmp_path):
    found = asked(world(tmp_path, 80, effect=0.8))
    assert found.finding.verdict == "yes"
    assert found.finding.effect.low < 0.8 < found.finding.effect.high
    assert found.finding.effect.unit is Unit.SCORE
    assert found.finding.says.en == "A better worked-out strategy goes with more growth; what causes what is not known"
    assert found.finding.says.nl.startswith("Een verder uitgewerkte strategie gaat samen met meer groei")
    assert found.correlation.low > 0.3
    assert found.rank.low > 0.3
    assert 0 < found.robustness.clear < found.robustness.value < 1
    assert found.one_source == 0
    assert "Which came first is not known" in found.finding.assumptions[1].en
    assert len(found.organisations) == 80
    assert found.alone == 0


def test_a_slope_that_is_nought_is_no_where_it_was_said_what_matters(tmp_path):
    data = world(tmp_path, 120, effect=0.0)
    assert asked(data).finding.verdict == "unclear"
    assert asked(data, matters=0.5).finding.verdict == "no"


def test_a_dozen_organisations_cannot_tell(tmp_path):
    found = asked(world(tmp_path, 12, effect=0.4), held=())
    assert found.finding.verdict == "unclear"
    assert not next(each for each in found.finding.checks if each.name == "enough_organisations").passed
    assert "times as many organisations" in found.finding.settles.en or "More organisations" in found.finding.settles.en


def test_what_lies_behind_both_goes_away_where_it_is_held_constant(tmp_path):
    data = world(tmp_path, 150, effect=0.0, behind=0.8)
    assert asked(data, held=()).finding.verdict == "yes"
    found = asked(data)
    assert found.finding.verdict == "unclear"
    assert found.held == ("extra.sector", "extra.staff")
    assert "Beyond sector, staff" in found.finding.assumptions[0].en


def test_one_respondent_who_gave_both_sides_is_never_a_yes(tmp_path):
    data = world(tmp_path, 80, effect=0.9, one_source=True)
    found = asked(data)
    assert found.finding.verdict == "unclear"
    assert found.finding.effect.clear
    assert found.one_source == 80
    assert found.finding.settles.en.startswith("Take growth from the books")
    assert asked(data, growth=BOOKED).finding.verdict == "yes"
    told = asked(data, growth=Booked(column="extra.revenue", measure=STRATEGY.measure, by_respondent=True))
    assert told.finding.verdict == "unclear"


def test_growth_that_came_first_is_seen_and_no_claim_is_made(tmp_path):
    earlier = Earlier(growth=Said(measure=GROWTH.measure, where="wave = '2020'"))
    after = asked(world(tmp_path / "after", 80, effect=0.8), earlier=earlier)
    assert after.finding.verdict == "yes"
    assert not after.reverse.clear
    first = asked(world(tmp_path / "first", 80, effect=0.8, first=0.8), earlier=earlier)
    assert first.finding.verdict == "unclear"
    assert first.reverse.clear
    assert "Follow organisations over several rounds" in first.finding.settles.en


def test_growth_is_seen_in_the_contacts_of_each_organisation(tmp_path):
    rng = np.random.default_rng(3)
    answers: list[list[object]] = [["id", "org", "what", "score", "wave"]]
    legs: list[list[object]] = [["id", "org", "began"]]
    for each in range(30):
        strategy = each % 5 + 1
        answers.append([f"r{each}", f"o{each}", "strategy", strategy, "2021"])
        for year, n in (("2020", 60), ("2021", 60 + 8 * strategy + int(rng.integers(-6, 7)))):
            legs += [
                [f"{each}-{year}-{one}", f"o{each}", f"{year}-03-{one % 28 + 1:02d}T10:00:00Z"] for one in range(n)
            ]
    grown = Seen(
        measure=measure_named("volume"),
        before="started_on < date '2021-01-01'",
        after="started_on >= date '2021-01-01'",
    )
    found = asked(loaded(tmp_path, {"answers": answers, "legs": legs}), growth=grown, held=())
    assert found.finding.verdict == "yes"
    assert found.finding.effect.unit is Unit.SHARE
    assert found.finding.effect.low < 8 / 60 < found.finding.effect.high


def test_one_organisation_says_nothing(tmp_path):
    with pytest.raises(EvidenceError, match=r"1 case leaves too little.*\n  remedy: at least 4 are needed"):
        asked(world(tmp_path, 1, effect=1), held=())


def test_answers_that_are_all_alike_say_nothing(tmp_path):
    rows: list[list[object]] = [["id", "org", "what", "score", "wave"]]
    for each in range(20):
        rows.append([f"r{each}", f"o{each}", "strategy", 4, "2021"])
        rows.append([f"s{each}", f"o{each}", "growth", each % 9 + 1, "2021"])
    with pytest.raises(EvidenceError, match="is the same for all 20"):
        asked(loaded(tmp_path, {"answers": rows}), held=())


def test_growth_that_nobody_told_is_an_error_with_a_remedy(tmp_path):
    data = world(tmp_path, 20, effect=1)
    with pytest.raises(EvidenceError, match="no organisation has both a strategy and a growth"):
        asked(data, growth=Said(measure=GROWTH.measure, where="wave = '1999'"))
    with pytest.raises(EvidenceError, match="holds something else than numbers"):
        asked(data, growth=Booked(column="extra.sector", measure=STRATEGY.measure))
    with pytest.raises(DefinitionError, match="nobody said it"):
        asked(data, growth=Said(measure=measure_named("volume")))


def test_facts_that_explain_the_strategy_leave_nothing_to_judge(tmp_path):
    data = world(tmp_path, 20, effect=1)
    with pytest.raises(EvidenceError, match="leave too little"):
        asked(data, held=("extra.org",))


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(("n", "k"), [(8, 0), (15, 2), (40, 2)])
def test_intervals_of_the_adjusted_slope_hold_their_truth(n, k, uneven):
    rng = np.random.default_rng(n + uneven)
    held = drawn = 0
    while drawn < DRAWS:
        z = rng.normal(size=(n, k))
        x = np.clip(np.rint(3 + rng.normal(size=n) + 0.5 * z.sum(axis=1)), 1, 5)
        if np.unique(x).size < 3:
            continue
        spread = 0.5 + 0.4 * np.abs(x - 3) if uneven else 1.0
        y = 0.3 * x + 0.4 * z.sum(axis=1) + spread * rng.normal(size=n)
        found = slope(x, y, z)
        held += found.low <= 0.3 <= found.high
        drawn += 1
    assert LEAST <= held / DRAWS <= MOST


@pytest.mark.parametrize(("n", "rho"), [(4, 0.0), (5, 0.8), (12, 0.5)])
def test_intervals_of_a_correlation_hold_their_truth(n, rho):
    rng = np.random.default_rng(n)
    draws, held = 400, 0
    for _ in range(draws):
        x = rng.normal(size=n)
        r, worth = partial(x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n))
        found = correlated(r, worth)
        held += found.low <= rho <= found.high
    assert abs(held / draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)


@pytest.mark.parametrize(("n", "rho"), [(15, 0.0), (15, 0.5), (60, 0.7)])
def test_intervals_of_a_rank_correlation_hold_their_truth(n, rho):
    rng = np.random.default_rng(n)
    truth = 6 / np.pi * np.arcsin(rho / 2)
    held = 0
    for _ in range(DRAWS):
        x = rng.normal(size=n)
        found = ranked(*partial(x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n), ranks=True))
        held += found.low <= truth <= found.high
    assert LEAST <= held / DRAWS <= MOST
