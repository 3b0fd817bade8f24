"""A promise is kept or broken by its own calendar: evenings and Sundays count where it says so."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from peil.calendars.hours import BusinessCalendar
from peil.estimates.estimate import estimate
from peil.measures.catalogue import measure_named
from peil.sources.tables import ORDERS

ZONE = ZoneInfo("Europe/Amsterdam")
HOUR = 3_600_000
CALENDARS = (
    BusinessCalendar(name="weekdays", zone="Europe/Amsterdam", hours={"mon-fri": "08:00-18:00"}, holidays="NL"),
    BusinessCalendar(name="evenings", zone="Europe/Amsterdam", hours={"daily": "08:00-22:00"}),
    BusinessCalendar(name="every_day", zone="Europe/Amsterdam", hours={"daily": "00:00-24:00"}),
)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2024, month, day, hour, minute, tzinfo=ZONE)


# 1 March 2024 is a Friday; 29 March is Good Friday, 1 April Easter Monday; clocks go forward on 31 March.
ORDERED = {
    "two_days": {"ordered_at": at(1, 20), "delivered_at": at(5, 10), "promised_days": 2, "calendar": "weekdays"},
    "two_days_every": {"ordered_at": at(1, 20), "delivered_at": at(5, 10), "promised_days": 2, "calendar": "every_day"},
    "sunday": {"ordered_at": at(1, 20), "delivered_at": at(3, 10), "promised_days": 2, "calendar": "every_day"},
    "easter": {
        "ordered_at": at(28, 12),
        "delivered_at": at(2, 12, month=4),
        "promised_days": 2,
        "calendar": "weekdays",
    },
    "same_day": {"ordered_at": at(4, 9), "delivered_at": at(4, 21), "promised_days": 0, "calendar": "weekdays"},
    "two_hours": {
        "ordered_at": at(4, 21, 30),
        "delivered_at": at(5, 9, 15),
        "promised_ms": 2 * HOUR,
        "calendar": "evenings",
    },
    "two_hours_late": {
        "ordered_at": at(4, 21, 30),
        "delivered_at": at(5, 9, 45),
        "promised_ms": 2 * HOUR,
        "calendar": "evenings",
    },
    "clock": {"ordered_at": at(30, 22), "delivered_at": at(31, 22), "promised_ms": 23 * HOUR, "calendar": "every_day"},
    "moment": {"ordered_at": at(4, 9), "delivered_at": at(4, 19), "promised_at": at(4, 18)},
    "never": {"ordered_at": at(4, 9), "promised_at": at(4, 18)},
    "never_days": {"ordered_at": at(4, 9), "promised_days": 1, "calendar": "weekdays"},
    "runs": {"ordered_at": at(5, 9, month=4), "promised_at": at(30, 9, month=4)},
    "default": {"ordered_at": at(1, 20), "delivered_at": at(4, 10), "promised_days": 1},
    "unpromised": {"ordered_at": at(4, 9), "delivered_at": at(4, 10)},
}


@pytest.fixture(scope="module")
def orders(centre, telling):
    rows = [
        telling.row(ORDERS, order_id=name, product=name, customer_id=f"c {name}", **told)
        for name, told in ORDERED.items()
    ]
    contact = telling.leg("x", 4 * 24 * 60, customer_id="c moment")
    return centre([*rows, contact, *telling.edges()], calendars=CALENDARS, calendar="weekdays")


@pytest.fixture(scope="module")
def found(orders):
    rows = orders.engine.rows(
        "select product, kept, delivered, lead_ms, lead_open_ms, lead_days, late_ms, promise_lead_ms, delivered_minute, delivered_weekday, "
        "next_contact_ms from orders"
    )
    return {row["product"]: row for row in rows.to_pylist()}


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ("two_days", True),  # Friday evening to Tuesday: Monday and Tuesday
        ("two_days_every", False),  # by a calendar of every day the same wait is four days
        ("sunday", True),
        ("easter", True),  # Thursday to Tuesday: Good Friday is a working day, Easter Monday is none
        ("same_day", True),
        ("two_hours", True),  # half an hour before closing, and an hour and a quarter the next morning
        ("two_hours_late", False),
        ("clock", True),  # the day has 23 hours
        ("moment", False),
        ("never", False),
        ("never_days", False),
        ("runs", None),
        ("default", True),
        ("unpromised", None),
    ],
)
def test_a_promise_is_kept_or_broken_by_its_own_calendar(found, order, kept):
    assert found[order]["kept"] is kept


def test_lead_times_by_the_clock_in_opening_hours_and_in_working_days(found):
    assert found["two_days"]["lead_ms"] == 86 * HOUR
    assert found["two_days"]["lead_days"] == 2
    assert found["two_days"]["lead_open_ms"] == 12 * HOUR
    assert found["two_days_every"]["lead_days"] == 4
    assert found["easter"]["lead_days"] == 2
    assert found["clock"]["lead_ms"] == found["clock"]["lead_open_ms"] == 23 * HOUR
    assert found["moment"]["late_ms"] == HOUR
    assert found["moment"]["promise_lead_ms"] == 9 * HOUR
    assert [found["never"][each] for each in ("lead_ms", "lead_days", "late_ms")] == [None, None, None]


def test_an_order_that_never_came_breaks_its_promise_but_not_the_carriers_figure(orders):
    kept, carrier = (
        estimate(measure_named(name), orders, where="product in ('moment', 'never', 'sunday')")[0].only()
        for name in ("promise_kept", "promise_kept_delivered")
    )
    assert (kept.n, round(kept.value, 6)) == (3, 0.333333)
    assert (carrier.n, carrier.value) == (2, 0.5)


def test_evening_sunday_and_same_day_deliveries_go_by_the_local_clock(orders, found):
    assert found["same_day"]["delivered_minute"] == 21 * 60
    assert found["sunday"]["delivered_weekday"] == 7
    shares = {
        name: estimate(measure_named(name), orders, where="product in ('same_day', 'sunday', 'unpromised', 'moment')")[
            0
        ].only()
        for name in ("same_day_share", "evening_delivery_share", "sunday_delivery_share", "within_two_hours_share")
    }
    assert {name: (each.n, each.value) for name, each in shares.items()} == {
        "same_day_share": (4, 0.75),
        "evening_delivery_share": (4, 0.5),
        "sunday_delivery_share": (4, 0.25),
        "within_two_hours_share": (4, 0.25),
    }


def test_only_an_order_of_somebody_who_was_in_touch_has_a_contact_after_it(found):
    assert found["moment"]["next_contact_ms"] == 24 * HOUR
    assert {row["next_contact_ms"] for name, row in found.items() if name != "moment"} == {None}


def test_an_order_delivered_before_it_was_made_is_kept_aside(centre, telling):
    bad = telling.row(ORDERS, order_id="bad", ordered_at=10, delivered_at=5)
    good = telling.row(ORDERS, order_id="good", ordered_at=5, delivered_at=10)
    data = centre([bad, good])
    assert data.engine.rows("select order_id from orders").to_pylist() == [{"order_id": "good"}]
    assert data.loads[0].tables["orders"].rejected == 1
