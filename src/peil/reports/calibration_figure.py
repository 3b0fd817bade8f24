"""The calibration figure: what was said against what came, with intervals, and the diagonal on which the two are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peil.methods.forecast_calibration import Bin
from peil.reports import numbers
from peil.reports import vega as alt
from peil.reports.axes import across, finished, scale, upward
from peil.reports.figures import Figure
from peil.reports.rows import Spec
from peil.reports.tables import Cell, Table, figures
from peil.reports.theme import LIGHT, NARROW, SMALL, WIDE, config, ink_width
from peil.terms import Label, Language, Unit

_HEIGHT_WIDE, _HEIGHT_NARROW = 340, 270
_LEFT, _BELOW, _ABOVE, _RIGHT = 12, 44, 24, 26
_SAID = Label("said", "gezegd")
_CAME = Label("share that came", "deel dat uitkwam")
_LEAST, _MOST = 40.0, 260.0


def calibration_figure(bins: Sequence[Bin], language: Language, key: str, *, level: float, enough: bool) -> Figure:
    """Return the figure of what came of forecasts that said about the same.

    Parameters:
        bins: forecasts by what they said.
        language: of the texts.
        key: tells it from the other figures on a page.
        level: of the intervals.
        enough: whether there are enough forecasts to judge by.

    Example:
        >>> from peil.methods.forecast_calibration import table
        >>> figure = calibration_figure(table([0.3, 0.3, 0.7, 0.7], [0, 1, 1, 1]), "nl", "c1", level=0.95, enough=False)
        >>> figure.title
        'Te weinig voorspellingen om te zien of kansen uitkomen'
    """
    n, holds = sum(each.n for each in bins), sum(each.holds for each in bins)
    told = numbers.number(level * 100, language)
    title = (
        Label("Whether chances come true as often as they say", "Of kansen zo vaak uitkomen als ze zeggen")
        if enough
        else Label(
            "Too few forecasts to see whether chances come true",
            "Te weinig voorspellingen om te zien of kansen uitkomen",
        )
    )
    finding = Label(
        f"In {holds} of {len(bins)} groups the {told}% interval of what came holds what was said.",
        f"In {holds} van {len(bins)} groepen bevat het {told}%-interval van wat uitkwam wat er gezegd was.",
    )
    drawn = [_drawn(bins, language, narrow=narrow) for narrow in (False, True)]
    return Figure(
        key=key,
        title=title.read(language),
        finding=finding.read(language),
        subtitle=Label(
            f"Share of forecasts that came, by the chance that was given; {numbers.count(n, language)} forecasts.",
            f"Deel van de voorspellingen dat uitkwam, naar de gegeven kans; {numbers.count(n, language)} voorspellingen.",
        ).read(language),
        note=(
            Label(
                "On the broken line what is said to be seven in ten comes seven times in ten. Larger dots: more forecasts.",
                "Op de onderbroken lijn komt uit wat er gezegd is: zeven van de tien is zeven van de tien. Grotere stip: meer voorspellingen.",
            ).read(language),
        ),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=_table(bins, language, caption=title.read(language)),
    )


def _drawn(bins: Sequence[Bin], language: Language, *, narrow: bool) -> Spec:
    height = _HEIGHT_NARROW if narrow else _HEIGHT_WIDE
    made = scale([0.0, 1.0], Unit.SHARE, language, room=(NARROW if narrow else WIDE) / 2)
    left = max(ink_width(each, SMALL) for each in made.labels) + _LEFT
    width = (NARROW if narrow else WIDE * 0.72) - left - _RIGHT
    most = max((each.n for each in bins), default=1)
    values = [
        {"said": each.said, "came": each.came, "low": each.low, "high": each.high,
         "size": _LEAST + (_MOST - _LEAST) * each.n / most}
        for each in bins
    ]  # fmt: skip
    data = alt.Chart(alt.Data(values=values))
    line = alt.Chart(alt.Data(values=[{"said": 0, "came": 0}, {"said": 1, "came": 1}]))
    x, colour = across("said", made), LIGHT["customers"]
    layers: list[Any] = [
        line.mark_line(color=LIGHT["line"], strokeWidth=1.4, strokeDash=[5, 4]).encode(x=x, y=upward("came", made)),
        data.mark_rule(color=colour, strokeWidth=6, strokeCap="round", opacity=0.25).encode(
            x=x, y=upward("low", made), y2=alt.Y2("high:Q")
        ),
        data.mark_point(color=colour, filled=True, opacity=1, stroke=LIGHT["paper"], strokeWidth=1.2).encode(
            x=x, y=upward("came", made), size=alt.Size("size:Q", scale=None, legend=None)
        ),
        _word(_CAME.read(language), 0, -_ABOVE / 2, "left"),
        _word(_SAID.read(language), width, height + _BELOW - 6, "right"),
    ]
    padding = {"left": left, "right": _RIGHT, "top": _ABOVE, "bottom": _BELOW}
    return finished(layers, width=width, height=height, padding=padding, look=config())


def _word(text: str, x: float, y: float, align: str) -> Any:  # noqa: ANN401  # Altair is untyped
    mark = alt.Chart(alt.Data(values=[{"text": text}])).mark_text(align=align, fontSize=SMALL, color=LIGHT["muted"])
    return mark.encode(x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("text:N"))


def _table(bins: Sequence[Bin], language: Language, *, caption: str) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            *(
                figures(numbers.value_text(one, Unit.SHARE, language), one)
                for one in (each.said, each.came, each.low, each.high)
            ),
            figures(numbers.count(each.n, language), each.n),
        )
        for each in bins
    ]
    heads = (_SAID, _CAME, Label("low", "laag"), Label("high", "hoog"), Label("n", "n"))
    return Table(
        caption=caption, head=tuple(each.read(language) for each in heads), names=("said", "came", "low", "high", "n"),
        rows=tuple(rows), file="calibration.csv",
    )  # fmt: skip
