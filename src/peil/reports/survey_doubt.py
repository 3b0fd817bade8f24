"""What doubtful responses do to the figures: with them, without them, and the difference with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from peil.estimates.doubted import Doubted
from peil.measures.measure import Measure
from peil.reports import numbers
from peil.reports.asked import Asked
from peil.reports.survey_tables import FLAGS
from peil.reports.tables import Cell, Table, figures, several, words


def doubted_told(asked: Asked, found: Sequence[tuple[Measure, Sequence[Doubted]]]) -> str:
    """Return whether leaving out what is flagged moves any figure.

    Parameters:
        asked: the language.
        found: each measure, and what its flags do to it.
    """
    moved = [
        measure.label.read(asked.language)
        for measure, flags in found
        if any(each.shift is not None and each.shift.clear for each in flags)
    ]
    if not moved:
        return asked.say(
            "Leaving out doubtful responses moves no figure by more than chance would.",
            "Twijfelachtige reacties weglaten verschuift geen cijfer meer dan toeval.",
        )
    names = ", ".join(moved)
    return asked.say(
        f"Leaving out doubtful responses moves: {names}. A flag is no proof; say which figure you report.",
        f"Twijfelachtige reacties weglaten verschuift: {names}. Een markering is geen bewijs; zeg welk cijfer u geeft.",
    )


def doubted_table(asked: Asked, found: Sequence[tuple[Measure, Sequence[Doubted]]]) -> Table:
    """Return each figure with all responses, without those flagged, and the difference.

    Parameters:
        asked: the language.
        found: each measure, and what its flags do to it.
    """
    rows: list[tuple[Cell, ...]] = []
    for measure, flags in found:
        for each in flags:
            flag = FLAGS[each.flag].read(asked.language) if each.flag else asked.say("any flag", "welke dan ook")
            named = words(f"{measure.label.read(asked.language)}: {flag}")
            left = figures(asked.count(each.left_out), each.left_out)
            nothing = Cell(shown="–", stored="", numeric=True)
            if each.shift is None:
                rows.append((named, left, *(nothing,) * 4))
                continue
            unit, shift = measure.unit, each.shift
            both = [
                figures(numbers.value_text(one.value, unit, asked.language), one.value)
                for one in (shift.first, shift.second)
            ]
            gap = numbers.value_text(shift.value, unit, asked.language, difference=True)
            between = numbers.interval_text(shift.low, shift.high, unit, asked.language, difference=True)
            rows.append(
                (named, left, *both, figures(gap, shift.value), several(between, low=shift.low, high=shift.high))
            )
    return Table(
        caption=asked.say("With and without doubtful responses", "Met en zonder twijfelachtige reacties"),
        head=(
            asked.say("measure and flag", "maat en markering"),
            asked.say("left out", "weggelaten"),
            asked.say("with", "met"),
            asked.say("without", "zonder"),
            asked.say("difference", "verschil"),
            "interval",
        ),
        names=("measure_and_flag", "left_out", "with", "without", "difference", "interval"),
        rows=tuple(rows),
        file="doubted.csv",
    )
