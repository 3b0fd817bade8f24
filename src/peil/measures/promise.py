"""What was promised and what came: lead times of orders by the clock, by opening hours and by working days."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

_EVENING = 18 * 60
_TWO_HOURS = 2 * 3_600_000
_DAY_MS = 86_400_000
_LATE = Label(
    "Orders that are not there and whose promise has passed count as broken; those whose promise still runs do not count.",
    "Bestellingen die er nog niet zijn en waarvan de belofte verstreken is, tellen als gebroken; lopende beloften tellen niet mee.",
)

PROMISE = (
    Measure(
        name="promise_kept", label=Label("Delivered as promised", "Geleverd zoals beloofd"), unit=Unit.SHARE, better=Better.HIGHER,
        family="promise", population="orders", where="kept is not null", of="case when kept then 1 else 0 end",
        standard="A promise is a moment, else so much opening time, else so many working days, of the order's own calendar.", note=_LATE,
    ),
    Measure(
        name="promise_kept_delivered", label=Label("Delivered as promised, of what was delivered", "Geleverd zoals beloofd, van wat geleverd is"),
        unit=Unit.SHARE, better=Better.HIGHER, family="promise", population="orders", where="kept is not null and delivered",
        of="case when kept then 1 else 0 end",
        standard="What carriers report: orders that never came are outside the base, so it is never lower than promise_kept.",
    ),
    Measure(
        name="lead_time", label=Label("Lead time", "Levertijd"), unit=Unit.HOURS, better=Better.LOWER, family="lead_time", population="orders",
        where="lead_ms is not null", of="lead_ms", standard="From order to delivery on the clock, nights and Sundays counted.",
    ),
    Measure(
        name="lead_time_median", label=Label("Lead time, median", "Levertijd, mediaan"), unit=Unit.HOURS, better=Better.LOWER,
        family="lead_time", population="orders", where="lead_ms is not null", of="lead_ms", estimator="quantile", standard="Median of the same.",
    ),
    Measure(
        name="lead_time_open", label=Label("Lead time in opening hours", "Levertijd in openingsuren"), unit=Unit.HOURS, better=Better.LOWER,
        family="lead_time", population="orders", where="lead_open_ms is not null", of="lead_open_ms",
        standard="The same, counting only hours in which the order's calendar is open: evenings and Sundays where it says so.",
    ),
    Measure(
        name="lead_time_days", label=Label("Lead time in working days", "Levertijd in werkdagen"), unit=Unit.COUNT, better=Better.LOWER,
        family="lead_time", population="orders", where="lead_days is not null", of="lead_days",
        standard="Working days of the order's calendar after the day of the order, through the day of delivery.",
    ),
    Measure(
        name="promised_lead_time", label=Label("Promised lead time", "Beloofde levertijd"), unit=Unit.HOURS, better=Better.LOWER,
        family="lead_time", population="orders", where="promise_lead_ms is not null", of="promise_lead_ms",
        standard="From order to the moment promised, where a moment was promised.",
    ),
    Measure(
        name="later_than_promised", label=Label("Later than promised", "Later dan beloofd"), unit=Unit.HOURS, better=Better.LOWER,
        population="orders", where="late_ms is not null", of="late_ms",
        standard="From the moment promised to the delivery, below nought where it came before; delivered orders.",
    ),
    Measure(
        name="same_day_share", label=Label("Delivered on the day of the order", "Geleverd op de dag van bestellen"), unit=Unit.SHARE,
        better=Better.HIGHER, family="delivery_moment", population="orders", where="delivered",
        of="case when delivered_on = ordered_on then 1 else 0 end", standard="The same local day.",
    ),
    Measure(
        name="within_two_hours_share", label=Label("Delivered within two hours", "Binnen twee uur geleverd"), unit=Unit.SHARE,
        better=Better.HIGHER, family="delivery_moment", population="orders", where="delivered",
        of=f"case when lead_ms <= {_TWO_HOURS} then 1 else 0 end", standard="On the clock.",
    ),
    Measure(
        name="evening_delivery_share", label=Label("Delivered in the evening", "'s Avonds geleverd"), unit=Unit.SHARE, better=Better.NEITHER,
        family="delivery_moment", population="orders", where="delivered",
        of=f"case when delivered_minute >= {_EVENING} then 1 else 0 end", standard="From six o'clock local time.",
    ),
    Measure(
        name="sunday_delivery_share", label=Label("Delivered on Sunday", "Op zondag geleverd"), unit=Unit.SHARE, better=Better.NEITHER,
        family="delivery_moment", population="orders", where="delivered",
        of="case when delivered_weekday = 7 then 1 else 0 end", standard="By the local day.",
    ),
    Measure(
        name="contacted_after_order_7d", label=Label("In touch within 7 days of the order", "Contact binnen 7 dagen na de bestelling"),
        unit=Unit.SHARE, better=Better.LOWER, population="orders", where=f"followed_ms >= {7 * _DAY_MS}",
        of=f"case when next_contact_ms <= {7 * _DAY_MS} then 1 else 0 end",
        standard="Orders after which the same customer was in touch, in any channel and about anything; orders followed for 7 days.",
    ),
)  # fmt: skip
