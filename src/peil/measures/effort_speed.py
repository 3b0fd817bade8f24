"""Customer effort with speed: a scale of its own beside customer effort 2.0, and never added to it."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.surveys.scale_versions import CES_SPEED_1
from peil.terms import Better, Label, Unit

_PACE = CES_SPEED_1.of("ces_speed_1_pace")

EFFORT_SPEED = (
    Measure(
        name="ces_speed_1",
        label=Label(
            "Customer effort with speed 1, mean (7 easy and fast)",
            "Klantinspanning met snelheid 1, gemiddeld (7 makkelijk en snel)",
        ),
        unit=Unit.SCORE,
        better=Better.HIGHER,
        family="ces_speed",
        population="responses",
        where=CES_SPEED_1.where,
        of="score",
        ends=(1, 7),
        standard="Ours, version 1: mean of the answers to two items, little effort and fast enough, 1 to 7 agree. Another scale than "
        "CES 1.0 and 2.0, and in one series with neither.",
    ),
    Measure(
        name="ces_speed_1_pace",
        label=Label("Fast enough, mean (speed item of 1)", "Snel genoeg, gemiddeld (snelheidsvraag van 1)"),
        unit=Unit.SCORE,
        better=Better.HIGHER,
        family="ces_speed",
        population="responses",
        where=_PACE,
        of="score",
        ends=(1, 7),
        standard="Ours, version 1: the speed item alone, 1 to 7 agree.",
    ),
    Measure(
        name="ces_speed_1_fast",
        label=Label("Found it fast enough (5 to 7 of 7)", "Vond het snel genoeg (5 tot 7 van 7)"),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        family="ces_speed",
        population="responses",
        where=_PACE,
        of="case when score >= 5 then 1 else 0 end",
        standard="Ours, version 1: top-three-box of the speed item.",
    ),
)
