"""The figure of a length of trial: what a visitor brings in at each length, those that were tried, and where it hardly matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from peil.config.trials import TrialConfig
from peil.measures.catalogue import measure_named
from peil.reports import numbers, sentences
from peil.reports import vega as alt
from peil.reports.asked import Asked
from peil.reports.axes import Scale, across, finished, scale, upward, zero_line
from peil.reports.figures import Figure
from peil.reports.rows import Spec
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.reports.topic import Topic
from peil.studies.trial_arms import MARGIN
from peil.studies.trial_curve import Curve
from peil.studies.trial_length import TrialLength, trial_length
from peil.terms import Label, Language, Unit

_HEIGHT_WIDE, _HEIGHT_NARROW, _ABOVE, _BELOW, _RIGHT = 270, 230, 26, 44, 26
_DAYS = Label("days of trial", "dagen proef")
_ROOM = 1e6


def trial_figure(found: TrialLength, language: Language, key: str) -> Figure:
    """Return the figure of what visitors bring in by the length of their trial.

    Parameters:
        found: what the study found.
        language: of the texts.
        key: tells it from the other figures on a page.
    """
    title = found.finding.says.read(language)
    drawn = [_drawn(found, language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=Label(
            "Margin per visitor in euros, by days of trial; dots are the lengths that were tried.",
            "Marge per bezoeker in euro, naar dagen proef; stippen zijn de geprobeerde lengtes.",
        ).read(language),
        note=tuple(each.read(language) for each in trial_notes(found)),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=trial_table(found, language, caption=title),
    )


def trial_topic(asked: Asked, wanted: Sequence[TrialConfig]) -> Topic | None:
    """Return how long people should be allowed to try; None where it was not asked.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's questions.

    Raises:
        EvidenceError: fewer than two lengths were tried, or no trial tells whether it came back.
    """
    found = [
        trial_length(
            asked.data,
            where=each.where,
            by_lot=each.by_lot,
            decided=each.decided,
            segment=each.segment,
            daily_cost=each.daily_cost,
            later=measure_named(each.later, asked.catalogue) if each.later else None,
            matters=each.matters,
            level=asked.level,
        )
        for each in wanted
    ]
    if not found:
        return None
    return Topic(
        key="trials",
        title=asked.say("Try before you buy", "Eerst proberen, dan kopen"),
        figures=tuple(trial_figure(each, asked.language, f"trials{place or ''}") for place, each in enumerate(found)),
        findings=tuple((each.finding, ()) for each in found),
    )


def trial_notes(found: TrialLength) -> list[Label]:
    """Return what stands under the figure: checks that failed, the best between the lengths, and a length for each.

    Parameters:
        found: what the study found.
    """
    told = [each.says for each in found.finding.checks if not each.passed]
    curve = found.curve
    if curve is None:
        why = Label(
            f"No curve: {found.why_no_curve}.",
            "Geen curve: de tellingen laten niet zien hoe snel mensen ontdekken of ze het willen houden.",
        )
        return [*told, why]
    told.append(_best_told(curve, found.level))
    if found.personal is not None:
        gain = found.personal.gain
        en, nl = (
            [numbers.value_text(each, Unit.EUROS, one) for each in (gain.value, gain.low, gain.high)]
            for one in ("en", "nl")
        )
        told.append(
            Label(
                f"A length for each segment instead of one for all: {en[0]} a visitor ({en[1]} to {en[2]}).",
                f"Een eigen lengte per segment in plaats van één voor iedereen: {nl[0]} per bezoeker ({nl[1]} tot {nl[2]}).",
            )
        )
    return told


def _best_told(curve: Curve, level: float) -> Label:
    ends = (curve.best, curve.low, curve.high, *curve.flat)
    en, nl = ([numbers.number(each, one, places=1) for each in ends] for one in ("en", "nl"))
    sure = [numbers.number(level * 100, one) for one in ("en", "nl")]
    return Label(
        f"Between the lengths tried the best is {en[0]} days ({sure[0]}% interval {en[1]} to {en[2]}); "
        f"from {en[3]} to {en[4]} days nothing is lost but one percent.",
        f"Tussen de geprobeerde lengtes is {nl[0]} dagen het beste ({sure[1]}%-interval {nl[1]} tot {nl[2]}); "
        f"van {nl[3]} tot {nl[4]} dagen kost hooguit één procent.",
    )


def _drawn(found: TrialLength, language: Language, *, narrow: bool) -> Spec:
    arms = [
        {"days": each.days, "value": each.margin.value, "low": each.margin.low, "high": each.margin.high}
        for each in found.arms
    ]
    curve = found.curve
    line = [] if curve is None else [
        {"days": float(day), "value": float(value)} for day, value in zip(curve.days, curve.worth, strict=True)
    ]  # fmt: skip
    values = [float(each[name]) for each in arms for name in ("low", "high")] + [each["value"] for each in line]
    y = scale([each for each in values if np.isfinite(each)], Unit.EUROS, language, room=_ROOM)
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    left = max(ink_width(each, SMALL) for each in y.labels) + 12
    width = (NARROW if narrow else WIDE) - left - _RIGHT
    made = scale([0.0, float(found.arms[-1].days)], Unit.COUNT, language, room=width)
    x, colour = across("days", made, grid=False), LIGHT["customers"]
    layers: list[Any] = [*zero_line(y, upward("zero", y)), *_flat(curve, made, height)]
    if line:
        layers.append(
            alt.Chart(alt.Data(values=line))
            .mark_line(color=LIGHT["organisations"], strokeWidth=2)
            .encode(x=x, y=upward("value", y))
        )
    data = alt.Chart(alt.Data(values=arms))
    layers += [
        data.mark_rule(color=colour, strokeWidth=6, strokeCap="round", opacity=0.28).encode(
            x=x, y=upward("low", y), y2=alt.Y2("high:Q")
        ),
        data.mark_point(color=colour, filled=True, opacity=1, size=95, stroke=LIGHT["paper"], strokeWidth=1.5).encode(
            x=x, y=upward("value", y)
        ),
        alt.Chart(alt.Data(values=[{"text": _DAYS.read(language)}]))
        .mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"])
        .encode(x=alt.XValue(width), y=alt.YValue(height + _BELOW - 6), text=alt.Text("text:N")),
    ]
    padding = {"left": left, "right": _RIGHT, "top": _ABOVE, "bottom": _BELOW}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _flat(curve: Curve | None, made: Scale, height: float) -> list[Any]:
    if curve is None:
        return []
    data = alt.Chart(alt.Data(values=[{"days": curve.flat[0], "until": curve.flat[1]}]))
    band = data.mark_rect(color=LIGHT["organisations"], opacity=0.12)
    return [
        band.encode(x=across("days", made, grid=False), x2=alt.X2("until:Q"), y=alt.YValue(0), y2=alt.Y2Value(height))
    ]


def trial_table(found: TrialLength, language: Language, *, caption: str) -> Table:
    """Return the lengths that were tried, one a row.

    Parameters:
        found: what the study found.
        language: of the texts.
        caption: above the table.
    """
    rows: list[tuple[Cell, ...]] = []
    later = all(each.later for each in found.arms)
    for each in found.arms:
        shares = [
            figures(numbers.value_text(one.value, Unit.SHARE, language), one.value) if one else words(numbers.NOTHING)
            for one in (each.uptake, each.returns)
        ]
        euros = [
            figures(numbers.value_text(one, Unit.EUROS, language), one)
            for one in (each.margin.value, each.margin.low, each.margin.high, each.revenue.value)
        ]
        after = (
            [figures(numbers.value_text(each.later.value, each.later.measure.unit, language), each.later.value)]
            if later and each.later
            else []
        )
        rows.append(
            (
                words(str(each.days)),
                *euros,
                *shares,
                *after,
                figures(numbers.count(each.margin.n, language), each.margin.n),
            )
        )
    heads = (
        _DAYS,
        MARGIN.label,
        Label("low", "laag"),
        Label("high", "hoog"),
        Label("revenue", "omzet"),
        Label("took it", "nam de proef"),
        Label("sent back", "teruggestuurd"),
        *((Label("afterwards", "daarna"),) if later else ()),
        Label("visitors", "bezoekers"),
    )
    return Table(
        caption=caption,
        head=tuple(each.read(language) for each in heads),
        names=("days", "margin", "low", "high", "revenue", "uptake", "returns", *(("later",) if later else ()), "n"),
        rows=tuple(rows),
        file="trial-length.csv",
    )
