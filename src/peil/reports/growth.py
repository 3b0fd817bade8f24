"""The chapters on strategy and growth, and on what investments brought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from peil.config.growth import CaseConfig, GrowthConfig, InvestmentConfig
from peil.estimates.difference import Side
from peil.measures.catalogue import measure_named
from peil.measures.measure import Measure
from peil.methods.agreement import Ranged
from peil.methods.stated import Stated
from peil.reports import dots, notes, numbers, sentences
from peil.reports.asked import Asked
from peil.reports.figures import Figure
from peil.reports.rows import row
from peil.reports.scatter import Line, scatter
from peil.reports.tables import Cell, Table, figures, words
from peil.reports.theme import WIDE
from peil.reports.topic import Topic
from peil.reports.wording import UNITS
from peil.studies.organisations import Booked, Growth, Said, Seen
from peil.studies.return_on_investment import (
    KNOWN_LABELS,
    Case,
    Investment,
    Judged,
    ReturnOnInvestment,
    return_on_investment,
)
from peil.studies.strategy_and_growth import Earlier, StrategyAndGrowth, strategy_and_growth
from peil.terms import Label, Language, Unit

_PLACES = 2
_GROWTH = Label("growth", "groei")


def growth_topic(asked: Asked, wanted: Sequence[GrowthConfig]) -> Topic | None:
    """Return whether strategy and growth go together; None where it was not asked.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's questions.

    Raises:
        DefinitionError: a measure or column is unknown.
        EvidenceError: too few organisations have both sides.
    """
    if not wanted:
        return None
    drawn: list[Figure] = []
    tables: list[Table] = []
    findings = []
    for each in wanted:
        strategy = Side(measure=measure_named(each.strategy, asked.catalogue), where=each.where)
        growth = _growth(asked, each, strategy.measure)
        earlier = Earlier(growth=Booked(column=each.earlier, measure=strategy.measure)) if each.earlier else None
        found = strategy_and_growth(
            asked.data,
            strategy,
            growth,
            by=each.by,
            held=each.held,
            earlier=earlier,
            level=asked.level,
            matters=each.matters,
        )
        findings.append((found.finding, _facts(asked, found)))
        if len(found.organisations) >= asked.minimum_n:
            drawn.append(_scattered(asked, found, strategy.measure, growth))
        else:
            tables.append(_slopes(asked, found))
    return Topic(
        key="growth",
        title=asked.say("Strategy and growth", "Strategie en groei"),
        facts=(
            asked.say(
                "Organisations are the units and count alike; what goes together is not what causes what.",
                "Organisaties zijn de eenheden en tellen even zwaar; samenhang zegt niet wat de oorzaak is.",
            ),
        ),
        figures=tuple(drawn),
        tables=tuple(tables),
        findings=tuple(findings),
    )


def _growth(asked: Asked, wanted: GrowthConfig, strategy: Measure) -> Growth:
    if wanted.said is not None:
        return Said(measure=measure_named(wanted.said, asked.catalogue))
    if wanted.seen is not None and wanted.before is not None and wanted.after is not None:
        return Seen(measure=measure_named(wanted.seen, asked.catalogue), before=wanted.before, after=wanted.after)
    return Booked(column=str(wanted.booked), measure=strategy, by_respondent=wanted.booked_by_respondent)


def _facts(asked: Asked, found: StrategyAndGrowth) -> tuple[str, ...]:
    language, strong = asked.language, found.robustness
    en, nl = (
        [numbers.value_text(each, Unit.SHARE, one, digits=0) for each in (strong.value, strong.clear)]
        for one in ("en", "nl")
    )
    told = [
        Label(
            f"Correlation {_ranged(found.correlation, 'en')}, of ranks {_ranged(found.rank, 'en')}.",
            f"Correlatie {_ranged(found.correlation, 'nl')}, van rangordes {_ranged(found.rank, 'nl')}.",
        ),
        Label(
            f"An unseen common cause would have to explain {en[0]} of what is left of both sides to undo the slope, "
            f"and {en[1]} to bring its interval to nought.",
            f"Een onbekende gemeenschappelijke oorzaak zou {nl[0]} van wat er van beide kanten over is moeten verklaren "
            f"om de helling weg te nemen, en {nl[1]} om het interval tot nul te laten reiken.",
        ),
        _e_value(found),
    ]
    if found.alone:
        n = numbers.count(found.alone, language)
        told.append(
            Label(
                f"{n} organisations have one side only, or miss a fact, and are not counted.",
                f"{n} organisaties hebben maar één kant, of missen een gegeven, en tellen niet mee.",
            )
        )
    return tuple(each.read(language) for each in told)


def _e_value(found: StrategyAndGrowth) -> Label:
    of = found.e_value
    en, nl = ([numbers.number(each, one, places=_PLACES) for each in (of.value, of.clear)] for one in ("en", "nl"))
    return Label(
        f"E-value {en[0]}, of its interval {en[1]}: so strongly, as a risk ratio, that cause would have to go with both sides.",
        f"E-waarde {nl[0]}, van het interval {nl[1]}: zo sterk, als risicoverhouding, moet die oorzaak met beide kanten samengaan.",
    )


def _ranged(of: Ranged, lang: Language) -> str:
    value, low, high = (numbers.number(each, lang, places=_PLACES) for each in (of.value, of.low, of.high))
    to = Label("to", "tot").read(lang)
    return f"{value} ({low} {to} {high})"


def _scattered(asked: Asked, found: StrategyAndGrowth, strategy: Measure, growth: Growth) -> Figure:
    language, slope = asked.language, found.slope
    cases = [(each.strategy, each.growth) for each in found.organisations]
    middle = (sum(each[0] for each in cases) / len(cases), sum(each[1] for each in cases) / len(cases))
    line = Line(x=middle[0], y=middle[1], slope=slope.value, low=slope.low, high=slope.high)
    names = (strategy.label.read(language), _GROWTH.read(language))
    title = sentences.title(found.finding, language)
    drawn = [
        scatter(cases, line, (strategy.unit, growth.unit), names, language, narrow=narrow) for narrow in (False, True)
    ]
    held = ", ".join(each.removeprefix("extra.") for each in found.held)
    level = numbers.number(asked.level * 100, language)
    told = [
        asked.say(f"n = {asked.count(len(cases))} organisations.", f"n = {asked.count(len(cases))} organisaties."),
        asked.say(
            f"Line and band: the slope and its {level}% interval, through the mean.",
            f"Lijn en band: de helling met haar {level}%-interval, door het gemiddelde.",
        ),
    ]
    if held:
        told.append(asked.say(f"The slope holds constant: {held}.", f"De helling houdt constant: {held}."))
    return Figure(
        key="growth",
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=asked.say(
            f"{names[0]} ({UNITS[strategy.unit].en}) across, growth ({UNITS[growth.unit].en}) upward, "
            f"one dot an organisation, {notes.days(asked)}.",
            f"{names[0]} ({UNITS[strategy.unit].nl}) naar rechts, groei ({UNITS[growth.unit].nl}) omhoog, "
            f"één punt per organisatie, {notes.days(asked)}.",
        ),
        note=tuple(told),
        measures=(strategy,) if isinstance(growth, Booked) else (strategy, growth.measure),
        spec_wide=drawn[0],
        spec_narrow=drawn[1],
        table=_slopes(asked, found),
    )


def _slopes(asked: Asked, found: StrategyAndGrowth) -> Table:
    """Numbers about all organisations together: single ones are not for every reader."""
    language, effect = asked.language, found.finding.effect
    rows: list[tuple[Cell, ...]] = []

    def told(name: str, value: float, low: float, high: float, n: int) -> None:
        cells = [figures(numbers.number(each, language, places=3), each) for each in (value, low, high)]
        rows.append((words(name), *cells, figures(asked.count(n), n)))

    told(
        asked.say("growth per step of strategy", "groei per stap in strategie"),
        effect.value,
        effect.low,
        effect.high,
        found.slope.n,
    )
    for name, each in (
        (asked.say("correlation", "correlatie"), found.correlation),
        (asked.say("correlation of ranks", "correlatie van rangordes"), found.rank),
    ):
        told(name, each.value, each.low, each.high, found.slope.n)
    if found.reverse is not None:
        back = found.reverse
        told(
            asked.say("strategy per unit of earlier growth", "strategie per eenheid eerdere groei"),
            back.value,
            back.low,
            back.high,
            back.n,
        )
    return Table(
        caption=asked.say("How strategy and growth go together", "Hoe strategie en groei samengaan"),
        head=(
            asked.say("number", "getal"),
            asked.say("value", "waarde"),
            asked.say("low", "laag"),
            asked.say("high", "hoog"),
            "n",
        ),
        names=("number", "value", "low", "high", "n"),
        rows=tuple(rows),
        file="strategy-and-growth.csv",
    )


def investments_topic(asked: Asked, wanted: Sequence[InvestmentConfig]) -> Topic | None:
    """Return what investments brought beside their business case; None where none is told.

    Parameters:
        asked: what every figure shares.
        wanted: the configuration's investments.
    """
    if not wanted:
        return None
    found = return_on_investment([_investment(each) for each in wanted], level=asked.level)
    judged = [each for each in found.judged if each.gap is not None]
    return Topic(
        key="investments",
        title=asked.say("Investments and what they brought", "Investeringen en wat ze opbrachten"),
        facts=_editions(asked, found),
        figures=(_returns(asked, found, judged),),
        tables=(_cases(asked, found.judged),),
        findings=((found.finding, ()),),
    )


def _investment(told: InvestmentConfig) -> Investment:
    return Investment(
        name=told.name,
        edition=told.edition,
        before=_case(told.before),
        after=_case(told.after) if told.after else None,
        known=told.known,
    )


def _case(told: CaseConfig) -> Case:
    cost, yearly = (
        Stated(low=each.low, likely=each.likely, high=each.high, held=each.held) for each in (told.cost, told.yearly)
    )
    return Case(cost=cost, yearly=yearly, years=told.years, discount=told.discount)


def _editions(asked: Asked, found: ReturnOnInvestment) -> tuple[str, ...]:
    told = []
    for each in found.editions:
        share = [numbers.value_text(one, Unit.SHARE, asked.language, digits=0) for one in (each.sound.value, each.sound.low, each.sound.high)]  # fmt: skip
        name = f"{each.name}: " if each.name else ""
        told.append(
            asked.say(
                f"{name}{each.n} business case{'s' if each.n != 1 else ''}, {share[0]} ({share[1]} to {share[2]}) likelier than not worth their cost.",
                f"{name}{each.n} businesscase{'s' if each.n != 1 else ''}, {share[0]} ({share[1]} tot {share[2]}) eerder wel dan niet hun kosten waard.",
            )
        )
    return tuple(told)


def _returns(asked: Asked, found: ReturnOnInvestment, judged: Sequence[Judged]) -> Figure:
    language, title = asked.language, sentences.title(found.finding, asked.language)
    rows = [
        row(each.investment.name, each.gap, n=1)
        for each in sorted(judged, key=lambda one: -one.gap.value if one.gap else 0.0)
        if each.gap is not None
    ]
    level = numbers.number(asked.level * 100, language)
    return Figure(
        key="investments",
        title=title,
        finding=sentences.sentence(found.finding, language),
        subtitle=asked.say(
            f"Result less business case, for each euro that was spent; bar: {level}% of the draws.",
            f"Resultaat min businesscase, per uitgegeven euro; balk: {level}% van de trekkingen.",
        ),
        note=tuple(each.says.read(language) for each in found.finding.checks if not each.passed),
        spec_wide=dots.above(rows, Unit.SHARE, language, colour="customers", shape="circle", width=WIDE),
        spec_narrow=dots.above(rows, Unit.SHARE, language, colour="customers", shape="circle"),
        table=replace(_cases(asked, judged), file="investments-with-result.csv"),
    )


def _euros(value: float, asked: Asked) -> Cell:
    shown = numbers.number(value, asked.language, places=_PLACES, signed=True) if math.isfinite(value) else ""
    return figures(shown, value)


def _cases(asked: Asked, judged: Sequence[Judged]) -> Table:
    language = asked.language
    rows = []
    for each in judged:
        cells: list[Cell] = []
        for one in (each.before.per_euro, each.after.per_euro if each.after else None, each.gap):
            for value in (one.value, one.low, one.high) if one else (float("nan"),) * 3:
                cells.append(_euros(value, asked))  # noqa: PERF401  # two loops read better
        known = KNOWN_LABELS[each.investment.known].read(language) if each.after else ""
        rows.append((words(each.investment.name), *cells, words(known)))
    before, after, gap = (
        asked.say("business case", "businesscase"),
        asked.say("result", "resultaat"),
        asked.say("gap", "verschil"),
    )
    low, high = asked.say("low", "laag"), asked.say("high", "hoog")
    return Table(
        caption=asked.say("Today's worth in euros for each euro of cost, less that euro", "Contante waarde in euro per euro kosten, min die euro"),
        head=(asked.say("investment", "investering"), before, low, high, after, low, high, gap, low, high, asked.say("known", "bekend")),
        names=("investment", "before", "before_low", "before_high", "after", "after_low", "after_high", "gap", "gap_low", "gap_high", "known"),
        rows=tuple(rows),
        file="investments.csv",
    )  # fmt: skip
