"""The chapter on a dose: what a measure does at each dose, the slope through it, and what else would look like it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from peil.config import TrendBreakConfig
from peil.config.dose import DoseConfig
from peil.measures.catalogue import measure_named
from peil.methods.dose import Term
from peil.reports import numbers, sentences
from peil.reports import vega as alt
from peil.reports.asked import Asked
from peil.reports.axes import across, finished, scale, upward, zero_line
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.rows import Spec
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.reports.topic import Topic
from peil.reports.wording import UNITS
from peil.studies.change_log import DefinitionChange
from peil.studies.dose_response import DoseResponse, dose_response
from peil.studies.trend.dose_table import DoseTable, dose_table, read_dose
from peil.studies.trend.words import PERIODS, chance
from peil.terms import Label, Language, Unit

_ALL_TICKS = 1e6
_HEIGHT_WIDE, _HEIGHT_NARROW, _STEPS, _RIGHT = 280, 240, 24, 16


def dose_topic(
    asked: Asked, wanted: Sequence[TrendBreakConfig] | None, change_log: Sequence[DefinitionChange] | None
) -> Topic | None:
    """Return what measures do at each dose of an event; None where no dose is told.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's questions.
        change_log: when definitions changed.

    Raises:
        DefinitionError: a measure or a unit is unknown, or the table has a fault.
        EvidenceError: the dose lacks periods, or is the same throughout.
    """
    found = [
        dose_response(
            asked.data,
            measure_named(each.measure, asked.catalogue),
            told_dose(each.dose),
            by=each.dose.by,
            period=each.period,
            where=each.where,
            lags=each.dose.lags,
            matters=each.dose.matters,
            level=asked.level,
            change_log=change_log,
        )
        for each in wanted or ()
        if each.dose is not None
    ]
    if not found:
        return None
    return Topic(
        key="dose",
        title=asked.say("How much of it: dose and response", "Hoeveel ervan: dosis en effect"),
        facts=(
            asked.say(
                "Where an event reached everybody, how much of it there was takes the place of whether there was any.",
                "Waar een gebeurtenis iedereen raakte, komt hoeveel ervan in de plaats van of ze er was.",
            ),
        ),
        figures=tuple(dose_figure(each, asked.language, "dose") for each in found if drawable(each)),
        findings=tuple((each.finding, tuple(one.read(asked.language) for one in dose_facts(each))) for each in found),
    )


def told_dose(wanted: DoseConfig) -> DoseTable:
    """Return the dose table that the configuration tells of.

    Parameters:
        wanted: where it is, or the rows themselves.
    """
    label = Label(wanted.label.en, wanted.label.nl)
    if wanted.file is not None:
        return read_dose(Path(wanted.file), label=label, otherwise=wanted.otherwise)
    return dose_table(
        [{"date": each.date, "dose": each.dose, "unit": each.unit} for each in wanted.rows],
        label=label,
        otherwise=wanted.otherwise,
    )


def drawable(found: DoseResponse) -> bool:
    """Return whether there is anything to draw."""
    return found.response is not None and len(found.response.bins) > 1


def dose_figure(found: DoseResponse, language: Language, key: str) -> Figure:
    """Return the figure of a dose: dots with their intervals, and the slope with its band.

    Parameters:
        found: what the study found; ``drawable``.
        language: of the texts.
        key: tells it from the other figures on a page.
    """
    title, unit = found.finding.says.read(language), found.finding.effect.unit
    many, measure = PERIODS[found.period].read(language), found.measure.label.read(language)
    first, last = day(found.starts[0], language), day(found.starts[-1], language)
    dose = found.label.read(language)
    until = Label("to", "t/m").read(language)
    drawn = [_drawn(found, language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=Label(
            f"{measure} ({UNITS[unit].en}) less that at the lowest {dose}, by {dose}; {many}, {first} {until} {last}.",
            f"{measure} ({UNITS[unit].nl}) min die bij de laagste {dose}, naar {dose}; {many}, {first} {until} {last}.",
        ).read(language),
        note=tuple(each.read(language) for each in _notes(found)),
        measures=(found.measure,),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=dose_table_told(found, language, caption=title),
    )


def dose_facts(found: DoseResponse) -> tuple[Label, ...]:
    """Return what belongs to a finding beside its checks: the least effect that would have been found, and each lag.

    Parameters:
        found: what the study found.
    """
    response, unit = found.response, found.finding.effect.unit
    if response is None:
        return ()
    least, p = _shown(found, response.detectable), chance(response.placebo_p)
    en, nl = (numbers.value_text(least, unit, one, difference=True).lstrip("+") for one in ("en", "nl"))
    told = [
        Label(
            f"An effect of {en} per unit of {found.label.en} would have been found four times in five.",
            f"Een effect van {nl} per eenheid {found.label.nl} was vier van de vijf keer gevonden.",
        ),
        Label(f"Rank of this dose path: p = {p.en}.", f"Rang van dit dosisverloop: p = {p.nl}."),
    ]
    many = PERIODS[found.period]
    for each in response.lags if len(response.lags) > 1 else ():
        ends = [_between(found, each.effect, one) for one in ("en", "nl")]
        told.append(
            Label(
                f"Dose of {each.lag} {many.en} before: {ends[0]}.", f"Dosis van {each.lag} {many.nl} eerder: {ends[1]}."
            )
        )
    return tuple(told)


def dose_table_told(found: DoseResponse, language: Language, *, caption: str) -> Table:
    """Return the numbers under the figure: each dose, and the slope.

    Parameters:
        found: what the study found; ``drawable``.
        language: of the texts.
        caption: of the table.
    """
    unit, response = found.finding.effect.unit, found.response
    rows: list[tuple[Cell, ...]] = []
    for each in response.bins if response else ():
        ends = [_shown(found, one) for one in (each.effect.value, each.effect.low, each.effect.high)]
        cells = [figures(numbers.value_text(one, unit, language, difference=True), one) for one in ends]
        rows.append((words(_dose(each.dose, language)), *cells, figures(numbers.count(each.n, language), each.n)))
    effect = found.finding.effect
    slope = [
        figures(numbers.value_text(one, unit, language, difference=True), one)
        for one in (effect.value, effect.low, effect.high)
    ]
    per = Label("per unit", "per eenheid").read(language)
    rows.append((words(per), *slope, figures(numbers.count(effect.n, language), effect.n)))
    return Table(
        caption=caption,
        head=tuple(
            each.read(language)
            for each in (
                found.label,
                Label("effect", "effect"),
                Label("low", "laag"),
                Label("high", "hoog"),
                Label("n", "n"),
            )
        ),
        names=("dose", "effect", "low", "high", "n"),
        rows=tuple(rows),
        file=f"{found.measure.name}-dose.csv",
    )


def _drawn(found: DoseResponse, language: Language, *, narrow: bool) -> Spec:
    response, effect = found.response, found.finding.effect
    bins = response.bins if response else ()
    rest, most = bins[0].dose, max(each.dose for each in bins)
    dots = [
        {
            "dose": each.dose,
            **{end: _shown(found, getattr(each.effect, end)) for end in ("value", "low", "high")},
        }
        for each in bins
    ]
    shown = [each[end] for each in dots for end in ("value", "low", "high")]
    room = max(shown) - min(shown)
    ends = (effect.value, effect.low, effect.high)
    band = []
    for place in range(_STEPS + 1):
        dose = rest + (most - rest) * place / _STEPS
        line, low, high = (
            _shown(found, (float(np.log1p(each)) if found.relative else each) * (dose - rest)) for each in ends
        )
        kept = (min(max(each, min(shown) - room / 2), max(shown) + room / 2) for each in (low, high))
        band.append({"dose": dose, "line": line, **dict(zip(("low", "high"), kept, strict=True))})
    upright = scale(
        [*shown, *(each[end] for each in band for end in ("line", "low", "high"))],
        effect.unit,
        language,
        room=_ALL_TICKS,
    )
    left = max(ink_width(each, SMALL) for each in upright.labels) + 14
    width = (NARROW if narrow else WIDE) - left - _RIGHT
    flat = scale([rest, most], Unit.COUNT, language, room=width)
    x, height = across("dose", flat, grid=False), _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    path, seen = alt.Chart(alt.Data(values=band)), alt.Chart(alt.Data(values=dots))
    layers: list[Any] = [
        *zero_line(upright, upward("zero", upright)),
        path.mark_area(color=LIGHT["organisations"], opacity=0.16).encode(
            x=x, y=upward("low", upright), y2=alt.Y2("high:Q")
        ),
        path.mark_line(color=LIGHT["organisations"], strokeWidth=2).encode(x=x, y=upward("line", upright)),
        seen.mark_rule(color=LIGHT["customers"], strokeWidth=7, strokeCap="round", opacity=0.28).encode(
            x=x, y=upward("low", upright), y2=alt.Y2("high:Q")
        ),
        seen.mark_point(color=LIGHT["customers"], filled=True, opacity=1, size=46).encode(
            x=x, y=upward("value", upright)
        ),
    ]
    name = textwrap.shorten(found.label.read(language), 40 if narrow else 80, placeholder="…")
    layers.append(
        alt.Chart(alt.Data(values=[{"told": name}]))
        .mark_text(align="right", fontSize=SMALL, color=LIGHT["muted"])
        .encode(x=alt.XValue(width), y=alt.YValue(height + 34), text=alt.Text("told:N"))
    )
    padding = {"left": left, "right": _RIGHT, "top": 14, "bottom": 46}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _notes(found: DoseResponse) -> list[Label]:
    effect = found.finding.effect
    en, nl = (numbers.number(effect.level * 100, one) for one in ("en", "nl"))
    if found.units:
        base = Label(
            f"n = {len(found.units)} units over {len(found.starts)} {PERIODS[found.period].en}.",
            f"n = {len(found.units)} eenheden over {len(found.starts)} {PERIODS[found.period].nl}.",
        )
    else:
        base = Label(f"n = {effect.n} {PERIODS[found.period].en}.", f"n = {effect.n} {PERIODS[found.period].nl}.")
    return [
        base,
        Label(
            f"Dots: periods with about the same dose, with their {en}% interval; line and band: the slope and its interval.",
            f"Stippen: perioden met ongeveer dezelfde dosis, met hun {nl}%-interval; lijn en band: de helling en haar interval.",
        ),
        *dose_facts(found),
        *(each.says for each in found.finding.checks if not each.passed),
    ]


def _shown(found: DoseResponse, value: float) -> float:
    """Return an effect as it is shown: of counts, a share."""
    return float(np.expm1(value)) if found.relative else value


def _between(found: DoseResponse, of: Term, language: Language) -> str:
    value, low, high = (
        numbers.value_text(_shown(found, each), found.finding.effect.unit, language, difference=True)
        for each in (of.value, of.low, of.high)
    )
    return f"{value} ({low} {Label('to', 'tot').read(language)} {high})"


def _dose(value: float, language: Language) -> str:
    places = 0 if abs(value) >= 10 else 2  # noqa: PLR2004  # an index of 0 to 100, or a share
    return numbers.number(value, language, places=places) if math.isfinite(value) else ""
