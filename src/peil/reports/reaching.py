"""Who asks for a person, gets one: rising curves by channel, and the table of channels under them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from peil.measures.reach import REACHED
from peil.reports import labels, numbers
from peil.reports import vega as alt
from peil.reports.asked import Asked
from peil.reports.axes import Scale, across, finished, scale, upward
from peil.reports.figures import Figure
from peil.reports.rows import Spec
from peil.reports.steps import MOST_LINES, STYLES
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.studies.human_reachability import HumanReachability, Way
from peil.terms import Language, Unit

MOMENTS = (30.0, 60.0, 300.0)
# What takes longer is no waiting on the line, and would leave the others no room.
_LIVE_S = 600.0
_HEIGHT_WIDE, _HEIGHT_NARROW, _STEP, _MOST_STEPS, _ALL_TICKS = 270, 230, 17, 300, 1e6
_NEARLY = 0.95


def reach_figure(asked: Asked, found: HumanReachability, key: str) -> Figure:
    """Return the figure of reaching a person: the share that has one by each second since asking, by channel.

    Parameters:
        asked: what every figure shares.
        found: what the study found.
        key: tells it from the other figures.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> from peil.studies.human_reachability import human_reachability
        >>> asked = Asked(data=made(), catalogue=CATALOGUE, language="nl", minimum_n=10, level=0.95)
        >>> reach_figure(asked, human_reachability(made()), "r1").table.rows[0][0].shown
        'Alle kanalen'
    """
    ways = [each for each in (found.whole, *found.ways) if each.reached.n >= asked.minimum_n]
    live = [each for each in ways if each.channel and each.median.value <= _LIVE_S][:MOST_LINES] or [found.whole]
    until = max(_settled(each) for each in live)
    drawn = [rising(live, until, asked.language, names=[_name(asked, each) for each in live], narrow=narrow)
             for narrow in (False, True)]  # fmt: skip
    title = asked.say("Who asks for a person, gets one?", "Wie om een medewerker vraagt, krijgt er een?")
    left = [_name(asked, each) for each in ways if each.channel and each not in live]
    notes = [
        asked.say(
            "Of those who asked: the share that had a person by then. Who gave up or was sent away never gets one.",
            "Van wie erom vroeg: het aandeel dat dan een medewerker had. Wie afhaakte of is weggestuurd krijgt er nooit een.",
        ),
        asked.say(
            "The median in the table supposes that nobody gives up.",
            "De mediaan in de tabel neemt aan dat niemand afhaakt.",
        ),
    ]
    if left:
        names = ", ".join(left)
        notes.append(
            asked.say(
                f"Written channels take hours and stand in the table only: {names}.",
                f"Schriftelijke kanalen duren uren en staan alleen in de tabel: {names}.",
            )
        )
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            f"Share that reached a person, by time since asking (seconds, or minutes:seconds), {asked.count(found.whole.reached.n)} contacts.",
            f"Aandeel dat een medewerker kreeg, naar tijd sinds de vraag (seconden, of minuten:seconden), {asked.count(found.whole.reached.n)} contacten.",
        ),
        note=tuple(notes),
        measures=(REACHED,),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=_table(asked, ways, title, level=asked.level),
    )


def _settled(way: Way) -> float:
    share = way.ends.share[:, 0]
    return float(way.ends.time[int(np.argmax(share >= _NEARLY * share[-1]))])


def _name(asked: Asked, way: Way) -> str:
    if way.channel is None:
        return asked.say("All channels", "Alle kanalen")
    return labels.group("channel", way.channel, asked.language)


def rising(ways: Sequence[Way], until: float, language: Language, *, names: Sequence[str], narrow: bool) -> Spec:
    """Return the curves up to a second.

    Parameters:
        ways: at most four.
        until: the last second that is drawn.
        language: of the labels.
        names: of the curves.
        narrow: for a telephone.
    """
    drawn = [_points(each, until) for each in ways]
    made = scale(
        [0.0, max(point["share"] for points in drawn for point in points)], Unit.SHARE, language, room=_ALL_TICKS
    )
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    left = max(ink_width(each, SMALL) for each in made.labels) + 12
    right = max(ink_width(each, bold=True) for each in names) + 14
    width = (NARROW if narrow else WIDE) - left - right
    seconds = scale([0.0, until], Unit.SECONDS, language, room=width)
    layers: list[Any] = []
    for place, points in enumerate(drawn):
        colour, dash = LIGHT[STYLES[place][0]], STYLES[place][1]
        layers.append(
            alt.Chart(alt.Data(values=points))
            .mark_line(color=colour, strokeWidth=2.2, strokeDash=dash, interpolate="step-after")
            .encode(x=across("second", seconds, grid=False, flush=True), y=upward("share", made))
        )
    layers += _ends(drawn, names, made, width=width, height=height)
    padding = {"left": left, "right": right, "top": 14, "bottom": 28}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _points(way: Way, until: float) -> list[dict[str, float]]:
    time, share = way.ends.time, way.ends.share[:, 0]
    inside = np.flatnonzero(time <= until)
    grain = max(until / _MOST_STEPS, 1.0)
    kept = inside[np.unique(np.floor(time[inside] / grain), return_index=True)[1]]
    points = [{"second": 0.0, "share": 0.0}]
    points += [{"second": float(time[place]), "share": float(share[place])} for place in kept]
    return [*points, {"second": until, "share": float(share[inside[-1]]) if inside.size else 0.0}]


def _ends(
    drawn: Sequence[Sequence[dict[str, float]]], names: Sequence[str], made: Scale, *, width: float, height: float
) -> list[Any]:
    ends: list[dict[str, Any]] = [
        {"told": name, "y": height * (made.high - points[-1]["share"]) / (made.high - made.low), "colour": LIGHT[STYLES[place][0]]}
        for place, (points, name) in enumerate(zip(drawn, names, strict=True))
    ]  # fmt: skip
    ends.sort(key=lambda each: float(each["y"]))
    for upper, lower in pairwise(ends):
        lower["y"] = max(lower["y"], upper["y"] + _STEP)
    return [
        alt.Chart(alt.Data(values=[each]))
        .mark_text(align="left", fontWeight="bold", color=each["colour"], dx=9)
        .encode(x=alt.XValue(width), y=alt.YValue(each["y"]), text=alt.Text("told:N"))
        for each in ends
    ]


def _table(asked: Asked, ways: Sequence[Way], caption: str, *, level: float) -> Table:
    language = asked.language
    moments = [numbers.value_text(each, Unit.SECONDS, language, digits=0) for each in MOMENTS]
    head = (
        asked.say("channel", "kanaal"),
        *(asked.say(f"in {each}", f"binnen {each}") for each in moments),
        asked.say("ever", "ooit"),
        asked.say("low", "laag"),
        asked.say("high", "hoog"),
        asked.say("median if nobody gave up", "mediaan als niemand afhaakt"),
        "n",
    )
    rows: list[tuple[Cell, ...]] = []
    for each in ways:
        shares = [each.within(moment, level=level).value for moment in MOMENTS]
        shares += [each.reached.value, each.reached.low, each.reached.high]
        median = each.median.value
        rows.append(
            (
                words(_name(asked, each)),
                *(figures(numbers.value_text(one, Unit.SHARE, language), one) for one in shares),
                figures(numbers.value_text(median, Unit.SECONDS, language) if math.isfinite(median) else "", median),
                figures(asked.count(each.reached.n), each.reached.n),
            )
        )
    names = ("channel", *(f"within_{each:g}s" for each in MOMENTS), "reached", "low", "high", "median_s", "n")
    return Table(caption=caption, head=head, names=names, rows=tuple(rows), file="human-reachability.csv")
