"""A second, quicker way to a number gives the number that the plain way gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from peil.calendars.hours import OPENINGS, BusinessCalendar, openings
from peil.contacts import fold as folding
from peil.contacts.fold import CONTACTS, fold
from peil.dataset import current
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.estimates.estimate import estimate
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.sources.load import load
from peil.sources.simulated import SimulatedCentre
from peil.sources.tables import LEGS, MESSAGES
from peil.surveys.design import PERSONS_IN_CONTACTS

NUMBERS = ("value", "se", "low", "high", "n", "clusters", "n_eff", "df")


@pytest.fixture(scope="module")
def legs(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("fast"))
    centre = SimulatedCentre(name="centre", contacts=3_000, transfers=0.3)
    load((centre,), store, root=Path(store.folder), limits=Limits(memory="1GB"), key=b"test")
    engine = DuckEngine(Limits(memory="1GB"))
    loads = store.loads()
    always = openings(
        BusinessCalendar(name="none", zone="UTC", hours={"daily": "00:00-24:00"}), centre.begins, centre.begins
    )
    fold(engine, current(engine, LEGS, loads), current(engine, MESSAGES, loads), engine.small(OPENINGS, always), None)
    yield engine, current(engine, LEGS, loads)
    engine.close()


def test_contacts_of_one_leg_fold_as_all_the_others_do(legs):
    engine, table = legs
    everything = folding._ACTING.format(legs=table.name, those="true or exists", several=table.name)
    acting = engine.step("plain_acting", everything, LEGS)
    ordered = engine.step("plain_order", folding._ORDERED.format(acting=acting.name), LEGS)
    grouped = engine.step("plain_grouped", folding._FOLDED.format(ordered=ordered.name), CONTACTS)
    telling = engine.step("plain_telling", folding._TOLD.format(acting=acting.name), LEGS)
    bots = engine.step("plain_bots", folding._BOTS.format(told=telling.name), CONTACTS)
    plain = engine.step("plain_folded", folding._WITH_BOTS.format(grouped=grouped.name, bots=bots.name), CONTACTS)
    by = "order by source, contact_id"
    quick, slow = (engine.rows(f"select * from {each} {by}") for each in ("contacts_folded", plain.name))
    alone = engine.rows("select count(*) as n from legs_alone").to_pylist()[0]["n"]
    assert 0 < alone < quick.num_rows == slow.num_rows
    differ = [name for name in quick.column_names if quick.column(name) != slow.column(name)]
    assert differ == []


def test_every_leg_has_the_place_in_its_contact_that_ordering_all_legs_gives(legs):
    engine, table = legs
    everything = folding._ACTING.format(legs=table.name, those="true or exists", several=table.name)
    acting = engine.step("plain_acting", everything, LEGS)
    ordered = engine.step("plain_order", folding._ORDERED.format(acting=acting.name), LEGS)
    columns = "source, contact_id, calendar, started_at, place_from_end, next_began_at"
    quick, slow = (
        engine.rows(f"select {columns} from {each} order by source, contact_id, place_from_end").to_pylist()
        for each in ("legs_placed", ordered.name)
    )
    assert len(quick) > 3_000
    assert quick == slow


@pytest.mark.parametrize("by", [(), ("channel",), ("channel", "week"), ("queue", "month"), ("weekday", "month")])
def test_persons_alone_in_a_period_are_counted_as_by_grouping_all_rows(by):
    data = made()
    asked = [each for each in CATALOGUE.values() if each.population == "contacts" and each.estimator != "quantile"]
    plain = replace(PERSONS_IN_CONTACTS, alone=None, first=None)
    made_quick, made_slow = estimate(asked, data, by=by), estimate(asked, data, by=by, design=plain)
    assert any(np.any(each.clusters < each.n) for each in made_quick), "no person is twice in a group: nothing is tried"
    for quick, slow in zip(made_quick, made_slow, strict=True):
        assert quick.groups == slow.groups
        for number in NUMBERS:
            np.testing.assert_array_equal(
                getattr(quick, number), getattr(slow, number), f"{quick.measure.name} {number}"
            )
