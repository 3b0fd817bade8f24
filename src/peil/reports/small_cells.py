"""The chapter on small cells: what a model says of every cell of a crossing, beside what its own answers say."""

from __future__ import annotations

from collections.abc import Sequence

from peil.config.small_cells import SmallCellsConfig
from peil.estimates.population import population_told
from peil.estimates.small_cells import POPULATION, SmallCells, small_cells
from peil.measures.catalogue import measure_named
from peil.reports import dots, labels, notes, numbers
from peil.reports.asked import Asked
from peil.reports.figures import Figure
from peil.reports.heat_map import Tile, heat_map
from peil.reports.rows import Row
from peil.reports.small_cells_tables import cells_table, errors_table, margin_table, name_of, named, spread_table
from peil.reports.tables import Table
from peil.reports.topic import Topic
from peil.reports.wording import UNITS
from peil.terms import Unit

# More columns than this leave no room for colours, and more rows make a figure longer than anybody reads.
MOST_COLUMNS, MOST_ROWS = 20, 60
_CROSSED = 2


def small_cells_topic(asked: Asked, wanted: Sequence[SmallCellsConfig]) -> Topic | None:
    """Return what a model says of small cells; None where it was not asked.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's questions.

    Raises:
        DefinitionError: a measure, a column or a population is not what it should be.
        EvidenceError: too few cells have answers.
    """
    if not wanted:
        return None
    drawn: list[Figure] = []
    tables: list[Table] = []
    facts: list[str] = []
    for each in wanted:
        found = modelled(asked, each)
        facts += told_of(asked, found)
        drawn += cell_figures(asked, found, each.where)
        tables += [errors_table(asked, found), spread_table(asked, found)]
        if not any(one.table.file == "cells.csv" for one in drawn):
            tables.append(cells_table(asked, found))
    return Topic(
        key="small-cells",
        title=asked.say("Small cells, as a model sees them", "Kleine cellen, zoals een model ze ziet"),
        facts=tuple(facts),
        figures=tuple(drawn),
        tables=tuple(tables),
    )


def modelled(asked: Asked, wanted: SmallCellsConfig, *, seed: int = 0) -> SmallCells:
    """Return the model of one crossing that was asked for.

    Parameters:
        asked: what every figure shares.
        wanted: the crossing.
        seed: of the draws that places are made from.
    """
    return small_cells(
        measure_named(wanted.measure, asked.catalogue),
        asked.data,
        by=wanted.by,
        where=wanted.where,
        population=population_told(wanted.population, asked.data, wanted.by),
        level=asked.level,
        minimum_n=asked.minimum_n,
        seed=seed,
    )


def told_of(asked: Asked, found: SmallCells) -> tuple[str, ...]:
    """Return what is to be known of a model before its values are read, a sentence each.

    Parameters:
        asked: what every figure shares.
        found: the model.
    """
    name, count = found.measure.label.read(asked.language), asked.count
    filled = sum(each.n > 0 for each in found)
    few = sum(not each.shown for each in found)
    cells, least = count(len(found)), count(found.minimum_n)
    told = [
        asked.say(
            f"{name}, {named(asked, found.by)}: of {cells} cells {count(filled)} have answers and {count(few)} have fewer than {least}.",
            f"{name}, {named(asked, found.by)}: van {cells} cellen hebben er {count(filled)} antwoorden en {count(few)} minder dan {least}.",
        ),
        asked.say(
            "The values are a model's, not a measurement: each cell is drawn to its row, its column and the whole, more so the fewer its answers.",
            "De waarden zijn van een model, geen meting: elke cel is naar zijn rij, zijn kolom en het geheel getrokken, sterker naarmate hij minder antwoorden heeft.",
        )
        if len(found.by) > 1
        else asked.say(
            "The values are a model's, not a measurement: each group is drawn to the whole, more so the fewer its answers.",
            "De waarden zijn van een model, geen meting: elke groep is naar het geheel getrokken, sterker naarmate hij minder antwoorden heeft.",
        ),
    ]
    if found.speaks_of is POPULATION:
        told.append(asked.say("Averages are weighted to the population given.", "Gemiddelden zijn gewogen naar de opgegeven populatie."))  # fmt: skip
    else:
        told.append(
            asked.say(
                "In averages every cell counts alike: they speak of the average cell, not of the population.",
                "In gemiddelden telt elke cel even zwaar: ze gaan over de gemiddelde cel, niet over de populatie.",
            )
        )
    for by in found.by:
        unseen = [name_of(asked, each) for each in found.margins[by] if not each.n]
        if unseen:
            column = labels.column(by, asked.language)
            told.append(
                asked.say(
                    f"Nobody answered from {column} {', '.join(unseen)}: all that is said of it is the model's.",
                    f"Niemand antwoordde uit {column} {', '.join(unseen)}: alles wat erover staat komt van het model.",
                )
            )
    if found.left_out:
        n, lacking = count(found.left_out), [labels.column(each, asked.language) for each in found.by]
        told.append(
            asked.say(
                f"{n} answers without {' or '.join(lacking)} are in no cell.",
                f"{n} antwoorden zonder {' of '.join(lacking)} zitten in geen cel.",
            )
        )
    return tuple(told)


def cell_figures(asked: Asked, found: SmallCells, where: str = "true") -> list[Figure]:
    """Return the map of the cells where they are crossed by two things, and each margin with its intervals.

    Parameters:
        asked: what every figure shares.
        found: the model.
        where: which rows were chosen.
    """
    base = asked.estimates(found.measure, where=where).only()
    direct = notes.as_sentence(labels.method(base.method, asked.language))
    note = [each for each in notes.basis(asked, base, where) if each != direct] + notes.only_where(asked, where)
    made = []
    if len(found.by) == _CROSSED:
        rows, columns = sorted(found.by, key=lambda each: -len(found.margins[each]))
        if len(found.margins[columns]) <= MOST_COLUMNS and len(found.margins[rows]) <= MOST_ROWS:
            made.append(_map(asked, found, rows, columns, note))
    made += [_margin(asked, found, by, note) for by in found.by if 1 < len(found.margins[by]) <= MOST_ROWS]
    return made


def _subtitle(asked: Asked, found: SmallCells, by: Sequence[str]) -> str:
    name, unit = found.measure.label.read(asked.language), UNITS[found.measure.unit].read(asked.language)
    model = asked.say("values of a model", "waarden van een model")
    return f"{name} ({unit}), {model}, per {named(asked, by)}, {notes.days(asked)}."


def _map(asked: Asked, found: SmallCells, rows: str, columns: str, note: Sequence[str]) -> Figure:
    down, across = ({each.group[0][1]: place for place, each in enumerate(found.margins[by])} for by in (rows, columns))
    middle = found.whole.value
    furthest = max(abs(each.value - middle) for each in found) or 1.0
    tiles = [
        Tile(
            row=down[dict(each.group)[rows]],
            column=across[dict(each.group)[columns]],
            told=_short(asked, each.value, found.measure.unit),
            deep=(each.value - middle) / furthest,
            kind="own" if each.shown else "few" if each.n else "none",
        )
        for each in found
    ]
    left, top = ([name_of(asked, each) for each in found.margins[by]] for by in (rows, columns))
    title = asked.say(
        f"{found.measure.label.en}, {named(asked, (rows, columns))}: a model's value for every cell",
        f"{found.measure.label.nl}, {named(asked, (rows, columns))}: een modelwaarde voor elke cel",
    )
    clear = sum(each.low > middle or each.high < middle for each in found)
    least, mean = asked.count(found.minimum_n), numbers.value_text(middle, found.measure.unit, asked.language)
    reading = asked.say(
        f"Blue lies above the mean of all cells ({mean}), orange below it. Bold: {least} answers of its own or more; dashed: none. "
        f"The interval of each cell stands in the table; {asked.count(clear)} of {asked.count(len(found))} leave that mean out.",
        f"Blauw ligt boven het gemiddelde van alle cellen ({mean}), oranje eronder. Vet: {least} eigen antwoorden of meer; gestippeld: geen. "
        f"Het interval van elke cel staat in de tabel; {asked.count(clear)} van de {asked.count(len(found))} bevatten dat gemiddelde niet.",
    )
    return Figure(
        key="cells",
        title=title,
        subtitle=_subtitle(asked, found, (rows, columns)),
        note=(reading, *note, _method(asked)),
        measures=(found.measure,),
        spec_wide=heat_map(left, top, tiles, narrow=False),
        spec_narrow=heat_map(left, top, tiles, narrow=True),
        table=cells_table(asked, found),
    )


def _margin(asked: Asked, found: SmallCells, by: str, note: Sequence[str]) -> Figure:
    ranked = sorted(found.margins[by], key=lambda each: (each.rank or 0, -each.value))
    rows = [
        Row(
            name=name_of(asked, each),
            value=each.value,
            low=each.low,
            high=each.high,
            n=each.n,
            clusters=each.n,
            at=(each.group[0][1],),
        )
        for each in ranked
    ]
    title = asked.say(
        f"{found.measure.label.en} per {labels.column(by, 'en')}: a model's value",
        f"{found.measure.label.nl} per {labels.column(by, 'nl')}: een modelwaarde",
    )
    unit = found.measure.unit
    return Figure(
        key=f"margin-{by}",
        title=title,
        subtitle=f"{_subtitle(asked, found, (by,))} {notes.bar(asked)}",
        note=(*note, _method(asked)),
        measures=(found.measure,),
        spec_wide=dots.beside(rows, unit, asked.language, level=found.level, colour="customers", shape="circle"),
        spec_narrow=dots.above(rows, unit, asked.language, colour="customers", shape="circle"),
        table=margin_table(asked, found, by),
    )


def _method(asked: Asked) -> str:
    return asked.say(
        "Multilevel model of cell means with the variances integrated over a grid; posterior intervals.",
        "Multiniveaumodel van celgemiddelden, de varianties geïntegreerd over een rooster; a-posteriori-intervallen.",
    )


def _short(asked: Asked, value: float, unit: Unit) -> str:
    return numbers.value_text(value, unit, asked.language, digits=0 if unit is Unit.SHARE else None)
