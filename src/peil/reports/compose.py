"""From a question of the configuration to a figure: estimates, a title that they carry, notes and a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from peil.config import FigureConfig
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side, difference
from peil.estimates.estimate import Estimate, Estimates
from peil.estimates.groups import PERIODS
from peil.measures.catalogue import family_named, measure_named
from peil.measures.measure import POPULATIONS, Measure
from peil.reports import comparability, dots, labels, notes, numbers, sentences, waves
from peil.reports.asked import Asked
from peil.reports.conditions import both, condition
from peil.reports.figures import Figure, ranked, specification
from peil.reports.rows import Row, Spec, rows_of, table_of
from peil.reports.theme import WIDE
from peil.reports.wording import UNITS
from peil.studies.wave_change import wave_change
from peil.terms import Label

_FEWEST_GROUPS = 2
_RECORDS = Label("records", "gegevens")
_SAME = {each: labels.POPULATIONS[each] for each in ("contacts", "responses")}


def asked_figure(asked: Asked, wanted: FigureConfig, key: str, *, say_where: bool = True) -> Figure | None:
    """Return the figure of one question; None where no group has enough rows.

    Parameters:
        asked: what every figure shares.
        wanted: the question.
        key: tells it from the others.
        say_where: whether the note tells which rows were chosen; a chapter on one survey has said so.

    Raises:
        DefinitionError: it names an unknown measure, group or column.
    """
    measure = measure_named(wanted.measure, asked.catalogue)
    try:
        found = asked.estimates(measure, wanted.by, wanted.where)
        whole = asked.estimates(measure, where=wanted.where).only()
    except EvidenceError:
        return None
    rows = rows_of(found, asked.language, minimum_n=asked.minimum_n)
    over_time = bool(wanted.by) and wanted.by[-1] in PERIODS
    rows, partial = _whole_periods(rows, wanted.by, asked.data.period) if over_time else (rows, 0)
    if not any(each.shown for each in rows):
        return None
    in_rounds = wanted.by == ("wave",) and measure.population == "responses"
    if in_rounds:
        rows = comparability.ordered(asked, measure, wanted.where, rows)
    drawing, broken = _drawing(asked, wanted, measure, rows, found)
    title = _change(asked, measure, wanted, rows) if over_time else _spread(asked, measure, wanted, rows)
    chosen = (wanted.title.nl if asked.language == "nl" else wanted.title.en) if wanted.title else title
    by = ", ".join(labels.column(each, asked.language) for each in wanted.by)
    name = measure.label.read(asked.language)
    ordered = (
        rows if over_time or in_rounds else [*ranked_all(rows, wanted.by), *(each for each in rows if not each.shown)]
    )
    return Figure(
        key=key,
        title=chosen,
        finding=title if title != chosen else "",
        subtitle=notes.subtitle(asked, measure, wanted.by, wanted.where),
        note=(
            *notes.basis(asked, whole, wanted.where),
            *notes.left_out(asked, rows, wanted.by, partial),
            *broken,
            *(notes.only_where(asked, wanted.where) if say_where else ()),
        ),
        measures=(measure,),
        alt=f"{name}: {title}",
        spec_wide=drawing[0],
        spec_narrow=drawing[1],
        table=table_of(
            ordered,
            measure.unit,
            asked.language,
            caption=f"{name} ({by})" if by else name,
            head=by or name,
            file="-".join([measure.name, *wanted.by]) + ".csv",
        ),
    )


def ranked_all(rows: Sequence[Row], by: tuple[str, ...]) -> list[Row]:
    """Return every row that may be shown, those drawn first."""
    drawn_rows = ranked(list(rows), by)
    return [*drawn_rows, *(each for each in rows if each.shown and each not in drawn_rows)]


def family_figure(asked: Asked, family: str, key: str) -> Figure | None:
    """Return one word in every definition on the same rows; None where fewer than two have rows.

    Parameters:
        asked: what every figure shares.
        family: the word.
        key: tells it from the others.

    Raises:
        DefinitionError: there is no such family.
    """
    members = family_named(family, asked.catalogue)
    made: list[tuple[Measure, Estimate]] = []
    for each in members:
        if each.unit is members[0].unit:
            try:
                made.append((each, asked.estimates(each).only()))
            except EvidenceError:
                continue
    kept = [(measure, one) for measure, one in made if one.n >= asked.minimum_n]
    if len(kept) < _FEWEST_GROUPS:
        return None
    rows = [
        Row(
            name=measure.label.read(asked.language),
            value=one.value, low=one.low, high=one.high, n=one.n, clusters=one.clusters,
        )
        for measure, one in sorted(kept, key=lambda pair: pair[1].value)
    ]  # fmt: skip
    unit, by_name = members[0].unit, {measure.name: measure for measure, _ in kept}
    size = max(abs(each.value) for each in rows)
    low, high = (numbers.value_text(each.value, unit, asked.language, size=size) for each in (rows[0], rows[-1]))
    title = sentences.definitions_title(low, high, asked.language, rows=_SAME.get(members[0].population, _RECORDS))
    spread = numbers.value_text(rows[-1].value - rows[0].value, unit, asked.language, difference=True)
    population = labels.POPULATIONS[members[0].population].read(asked.language)
    left = len(members) - len(kept)
    told = [
        asked.say(
            f"Spread between definitions: {spread.lstrip('+')}.",
            f"Spreiding tussen de definities: {spread.lstrip('+')}.",
        ),
        asked.say(
            f"Each definition stands under Definitions; the table tells how many {population} each counts.",
            f"Elke definitie staat onder Definities; de tabel zegt hoeveel {population} elke definitie telt.",
        ),
        notes.as_sentence(labels.method(kept[0][1].method, asked.language)),
    ]
    if left:
        told.append(asked.say(f"{left} definitions of another unit or with too few rows are not drawn.",
                               f"{left} definities met een andere eenheid of te weinig rijen zijn niet getekend."))  # fmt: skip
    return Figure(
        key=key,
        title=title,
        subtitle=asked.say(
            f"{UNITS[unit].en.capitalize()}, the same {population}, {len(rows)} definitions, {notes.days(asked)}.",
            f"{UNITS[unit].nl.capitalize()}, dezelfde {population}, {len(rows)} definities, {notes.days(asked)}.",
        ),
        note=tuple(told),
        measures=tuple(by_name.values()),
        spec_wide=dots.above(rows, unit, asked.language, colour="customers", shape="circle", width=WIDE),
        spec_narrow=dots.above(rows, unit, asked.language, colour="customers", shape="circle"),
        table=table_of(
            rows, unit, asked.language, caption=title, head=asked.say("definition", "definitie"), file=f"{family}.csv"
        ),
    )


def _whole_periods(rows: Sequence[Row], by: Sequence[str], covered: tuple[date, date]) -> tuple[list[Row], int]:
    """Drop periods that begin before the data or end after them."""
    kept = []
    for each in rows:
        begins = each.at[-1]
        if isinstance(begins, date) and begins >= covered[0] and _last_day(begins, by[-1]) <= covered[1]:
            kept.append(each)
    return (kept, len(rows) - len(kept)) if kept else (list(rows), 0)


def _last_day(begins: date, by: str) -> date:
    months = {"month": 1, "quarter": 3, "year": 12}.get(by)
    if months is None:
        return begins + timedelta(days=PERIODS[by][1] - 1)
    after = begins.month - 1 + months
    return date(begins.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _drawing(
    asked: Asked, wanted: FigureConfig, measure: Measure, rows: list[Row], found: Estimates
) -> tuple[tuple[Spec, Spec], list[str]]:
    """Draw the rows wide and narrow; a line stops where the question was put otherwise, and the note says so."""
    by, language = wanted.by, asked.language
    if by == ("wave",) and measure.population == "responses":
        places = comparability.between_rounds(asked, measure, wanted.where, rows)
        told = {f"{rows[place - 1].name} → {rows[place].name}": what for place, what in places.items()}
        believed = measure.name == "nps_believed"
        colour, shape = ("organisations", "diamond") if believed else ("customers", "circle")
        wide, narrow = (
            waves.in_rounds(rows, places, measure.unit, language, colour=colour, shape=shape, narrow=each)
            for each in (False, True)
        )
        return (wide, narrow), comparability.told(told, asked)
    days: dict[date, str] = {}
    if by and by[-1] in PERIODS and measure.population == "responses":
        days = comparability.between_periods(asked, measure, by[-1], wanted.where)
        days = {begins: what for begins, what in days.items() if begins in {each.at[-1] for each in rows}}
    told = {labels.group(by[-1], begins, language): what for begins, what in days.items()}
    wide, narrow = (specification(rows, found, language, narrow=each, breaks=days) for each in (False, True))
    return (wide, narrow), comparability.told(told, asked)


def _between_rounds(asked: Asked, measure: Measure, wanted: FigureConfig, rows: Sequence[Row]) -> str:
    """Title a figure of survey rounds: the last against the first, unless the question was put otherwise."""
    named = [str(each.at[0]) for each in rows if each.shown and each.at[0] is not None]
    if measure.estimator != "ratio" or len(named) < _FEWEST_GROUPS:
        return sentences.change_title(measure.label, None, asked.language)
    moved = comparability.between_rounds(asked, measure, wanted.where, rows)
    if moved:
        return sentences.no_trend_title(measure.label, comparability.together(moved.values()), asked.language)
    found = wave_change(asked.data, measure, named[0], named[-1], where=wanted.where, level=asked.level)
    return sentences.title(found, asked.language)


def _spread(asked: Asked, measure: Measure, wanted: FigureConfig, rows: Sequence[Row]) -> str:
    """Title a ranking; the highest and lowest were picked out, so their difference is held to a stricter level."""
    if wanted.by == ("wave",) and measure.population == "responses":
        return _between_rounds(asked, measure, wanted, rows)
    shown = sorted((each for each in rows if each.shown), key=lambda each: each.value)
    groups = " · ".join(labels.columns(each, asked.language) for each in wanted.by)
    extremes: Difference | None = None
    if measure.estimator == "ratio" and len(shown) >= _FEWEST_GROUPS:
        pairs = len(shown) * (len(shown) - 1) / 2
        extremes = _between(asked, measure, wanted, shown[0], shown[-1], level=1 - (1 - asked.level) / pairs)
    ends = (shown[0].name, shown[-1].name)
    if not wanted.by:
        return sentences.spread_title(measure.label, labels.EVERYTHING.read(asked.language), None, ends, asked.language)
    by = " · ".join(labels.column(each, asked.language) for each in wanted.by)
    return sentences.spread_title(measure.label, groups, extremes, ends, asked.language, by=by)


def _change(asked: Asked, measure: Measure, wanted: FigureConfig, rows: Sequence[Row]) -> str:
    shown = [each for each in rows if each.shown]
    if len(wanted.by) > 1 or measure.estimator != "ratio" or len(shown) < _FEWEST_GROUPS:
        return sentences.change_title(measure.label, None, asked.language)
    ordered = sorted(shown, key=lambda each: str(each.at[-1]))
    if measure.population == "responses":
        moved = comparability.between_periods(asked, measure, wanted.by[-1], wanted.where)
        if moved:
            return sentences.no_trend_title(measure.label, comparability.together(moved.values()), asked.language)
    return sentences.change_title(
        measure.label, _between(asked, measure, wanted, ordered[0], ordered[-1], level=asked.level), asked.language
    )


def _between(asked: Asked, measure: Measure, wanted: FigureConfig, one: Row, other: Row, *, level: float) -> Difference:
    schema = POPULATIONS[measure.population]
    sides = []
    for row in (one, other):
        where = wanted.where
        for by, value in zip(wanted.by, row.at, strict=True):
            where = both(where, condition(by, value, schema))
        sides.append(Side(measure=measure, where=where))
    return difference(asked.data, sides[0], sides[1], level=level)
