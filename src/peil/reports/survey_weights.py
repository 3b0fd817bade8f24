"""Weights in a survey chapter: margins before and after, how weights spread, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from peil.methods.diagnosis import Diagnosis, Fit, diagnosis
from peil.reports import labels, numbers
from peil.reports.asked import Asked
from peil.reports.figures import Figure
from peil.reports.headed import Line, under_headings
from peil.reports.tables import Cell, Table, figures, words
from peil.terms import Label, Unit

METHODS = {
    "cell": Label("cell weights", "celweging"),
    "rake": Label("raking", "raking"),
    "linear": Label("linear calibration", "lineaire kalibratie"),
    "bounded": Label("bounded calibration", "begrensde kalibratie"),
}
_DELIVERED = "delivered"
_WEIGHTS = """
select coalesce(wave, '') as wave, weight_ppb, count(*) as n
from {responses}
where first_answer and ({where})
group by coalesce(wave, ''), weight_ppb
order by coalesce(wave, ''), weight_ppb
"""
_NEVER_ONE = 1_000_000_000
_LONGEST = 24


def delivered(asked: Asked, where: str) -> dict[str, Diagnosis]:
    """Return how the weights of each round spread, as they were delivered; empty where all are 1.

    Parameters:
        asked: what every figure shares.
        where: row-level SQL that chooses the answers of one survey.
    """
    rows = asked.data.engine.rows(_WEIGHTS.format(responses=asked.data.tables["responses"].name, where=where))
    held: dict[str, list[tuple[float, float]]] = {}
    for row in rows.to_pylist():
        held.setdefault(row["wave"], []).append((float(row["weight_ppb"]), float(row["n"])))
    found = {}
    for wave, these in held.items():
        weight, n = np.array(these).T
        if np.any(weight != _NEVER_ONE):
            found[wave] = diagnosis(_DELIVERED, (), weight=weight / _NEVER_ONE, rows=n)
    return found


def weights_told(asked: Asked, found: Diagnosis) -> Iterator[str]:
    """Yield how the weights were made, how they spread, and what that costs."""
    method = METHODS[found.method]
    mean = found.population / found.respondents
    least, most = (numbers.number(each / mean, asked.language, places=2) for each in (found.least, found.most))
    deff, n_eff = numbers.number(found.deff, asked.language, places=2), asked.count(found.n_eff)
    n = asked.count(found.respondents)
    skip = [int(len(_columns(fit)) > 1 and _columns(fit)[0] == "wave") for fit in found.fits]
    margins = ", ".join(
        dict.fromkeys(_margin(fit, asked, skip=each) for fit, each in zip(found.fits, skip, strict=True))
    )
    if any(skip):
        margins += asked.say(", each round by itself", ", elke ronde apart")
    yield asked.say(
        f"Weighted by {method.en} to {margins}: {least} to {most} times the mean weight. Design effect {deff}: "
        f"{n} answers say as much as {n_eff} that count alike.",
        f"Gewogen met {method.nl} naar {margins}: {least} tot {most} keer het gemiddelde gewicht. Designeffect {deff}: "
        f"{n} antwoorden zeggen evenveel als {n_eff} die even zwaar tellen.",
    )
    if found.trimmed:
        cut = asked.count(found.trimmed)
        yield asked.say(f"{cut} weights were cut at the cap.", f"{cut} gewichten zijn afgetopt.")


def margins_figure(asked: Asked, found: Diagnosis) -> Figure:
    """Return every level of every margin: its share of respondents, its share when weighted, and the target."""
    lines = []
    for each in _levels(asked, found):
        told = [numbers.value_text(share, Unit.SHARE, asked.language) for share in (each.before, each.after)]
        lines.append(
            Line(
                heading=each.margin, name=each.name, value=each.after, before=each.before, target=each.target,
                told=f"{told[0]} → {told[1]}",
            )
        )  # fmt: skip
    title = asked.say("What weighting changed in who counts", "Wat wegen verandert aan wie meetelt")
    return Figure(
        key="margins",
        title=title,
        subtitle=asked.say(
            "Share of each group: open dot before weighting, filled dot after, upright line the target.",
            "Aandeel van elke groep: open stip vóór weging, dichte stip erna, streepje het doel.",
        ),
        note=(
            asked.say(
                f"n = {asked.count(found.respondents)} respondents, weighted to a population of {asked.count(found.population)}.",
                f"n = {asked.count(found.respondents)} respondenten, gewogen naar een populatie van {asked.count(found.population)}.",
            ),
        ),
        spec_wide=under_headings(lines, Unit.SHARE, asked.language, narrow=False, nought=True),
        spec_narrow=under_headings(lines, Unit.SHARE, asked.language, narrow=True, nought=True),
        table=margins_table(asked, found),
    )


def margins_table(asked: Asked, found: Diagnosis) -> Table:
    """Return every margin: respondents, what weights came to before and after, and the target."""
    rows: list[tuple[Cell, ...]] = [
        (
            words(f"{each.margin}: {each.name}"),
            figures(asked.count(each.rows), each.rows),
            *(
                figures(numbers.value_text(share, Unit.SHARE, asked.language), share)
                for share in (each.before, each.after, each.target)
            ),
        )
        for each in _levels(asked, found)
    ]
    return Table(
        caption=asked.say("Weighting: margins before and after", "Weging: randtotalen voor en na"),
        head=(
            asked.say("level", "niveau"),
            asked.say("respondents", "respondenten"),
            asked.say("before", "voor"),
            asked.say("after", "na"),
            asked.say("target", "doel"),
        ),
        names=("level", "respondents", "before", "after", "target"),
        rows=tuple(rows),
        file="weights.csv",
    )


def spread_figure(asked: Asked, found: Mapping[str, Diagnosis], *, made: bool) -> Figure:
    """Return how weights spread about their mean, and how many equal weights would say as much.

    Parameters:
        asked: what every figure shares.
        found: what they are the weights of, to how they spread.
        made: whether they were calibrated here; delivered with the answers otherwise.
    """
    lines = []
    for name, each in found.items():
        mean = each.population / each.respondents
        least, low, middle, high, most = (
            value / mean for value in (each.least, each.quarter, each.middle, each.three_quarters, each.most)
        )
        deff = numbers.number(each.deff, asked.language, places=2)
        lines.append(
            Line(
                heading="", name=name or asked.say("all answers", "alle antwoorden"),
                value=middle, low=low, high=high, least=least, most=most,
                told=f"deff {deff}",
                rest=f"{asked.count(each.respondents)} ≈ {asked.count(each.n_eff)}",
            )
        )  # fmt: skip
    title = asked.say("What unequal weights cost", "Wat ongelijke gewichten kosten")
    whose = (
        asked.say("Calibrated weights", "Gekalibreerde gewichten")
        if made
        else asked.say("Weights as delivered", "Gewichten zoals aangeleverd")
    )
    return Figure(
        key="spread",
        title=title,
        subtitle=asked.say(
            f"{whose}, in times their mean. Line: least to most; bar: middle half; dot: median.",
            f"{whose}, in keren hun gemiddelde. Lijn: kleinste tot grootste; balk: middelste helft; stip: mediaan.",
        ),
        note=(
            asked.say(
                "deff is the design effect of the weights (Kish 1965): so many answers, 1,000 ≈ 800, say as much as the second number that count alike.",
                "deff is het designeffect van de gewichten (Kish 1965): zoveel antwoorden, 1.000 ≈ 800, zeggen evenveel als het tweede aantal dat even zwaar telt.",
            ),
        ),
        spec_wide=under_headings(lines, Unit.SCORE, asked.language, narrow=False, nought=True),
        spec_narrow=under_headings(lines, Unit.SCORE, asked.language, narrow=True, nought=True),
        table=_spread_table(asked, lines, list(found.values())),
    )


def _spread_table(asked: Asked, lines: Sequence[Line], found: Sequence[Diagnosis]) -> Table:
    rows = []
    for line, each in zip(lines, found, strict=True):
        five = (line.least, line.low, line.value, line.high, line.most, each.deff)
        rows.append(
            (
                words(line.name),
                figures(asked.count(each.respondents), each.respondents),
                *(figures(numbers.number(value, asked.language, places=2), value) for value in five),
                figures(asked.count(each.n_eff), each.n_eff),
            )
        )
    return Table(
        caption=asked.say(
            "How weights spread, in times their mean", "Spreiding van gewichten, in keren het gemiddelde"
        ),
        head=(
            labels.column("wave", asked.language),
            "n",
            asked.say("least", "kleinste"),
            asked.say("quarter", "kwart"),
            asked.say("median", "mediaan"),
            asked.say("three quarters", "driekwart"),
            asked.say("most", "grootste"),
            "deff",
            asked.say("effective n", "effectieve n"),
        ),
        names=("round", "n", "least", "quarter", "median", "three_quarters", "most", "deff", "n_eff"),
        rows=tuple(rows),
        file="weights-spread.csv",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """One level of a margin, as shares of the population; of the round's, where each round was weighted by itself."""

    margin: str
    name: str
    rows: float
    before: float
    after: float
    target: float


def _levels(asked: Asked, found: Diagnosis) -> list[_Level]:
    made = []
    for fit in found.fits:
        by_round = len(_columns(fit)) > 1 and _columns(fit)[0] == "wave"
        for place, level in enumerate(fit.levels):
            beside = [other for other, each in enumerate(fit.levels) if not by_round or each[0] == level[0]]
            whole = sum(fit.targets[other] for other in beside) if by_round else found.population
            before, after, target = (each[place] / whole for each in (fit.before, fit.after, fit.targets))
            if by_round:
                started = sum(fit.before[other] for other in beside)
                before = fit.before[place] / started if started else before
            made.append(
                _Level(
                    margin=f"{level[0]} · {_margin(fit, asked, skip=1)}" if by_round else _margin(fit, asked),
                    name=_level(fit, level, asked, skip=int(by_round)),
                    rows=fit.rows[place], before=before, after=after, target=target,
                )
            )  # fmt: skip
    return made


def _columns(fit: Fit) -> list[str]:
    """What a margin is made of."""
    return [each.strip() for each in fit.name.split(",")]


def _margin(fit: Fit, asked: Asked, *, skip: int = 0) -> str:
    """What a margin is called: its columns; a longer expression has no name of its own."""
    if len(fit.name) > _LONGEST and fit.name.lower().startswith("case"):
        return asked.say("other groups", "andere groepen")
    return " · ".join(labels.column(each, asked.language) for each in _columns(fit)[skip:])


def _level(fit: Fit, level: Sequence[str], asked: Asked, *, skip: int = 0) -> str:
    columns = _columns(fit)
    named = columns if len(columns) == len(level) else [""] * len(level)
    told = [labels.group(by, each or None, asked.language) for by, each in zip(named, level, strict=True)]
    return " · ".join(told[skip:]) or asked.say("total", "totaal")
