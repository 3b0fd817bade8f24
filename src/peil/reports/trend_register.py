"""The chapter on the trend register: a public scoreboard, whether chances come true, the claims, and the evidence for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peil.estimates.estimate import Estimate
from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import Measure
from peil.methods.score import FEWEST, Scored
from peil.reports import numbers, sentences
from peil.reports.calibration_figure import calibration_figure
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.forest import forest_figure, not_drawn
from peil.reports.tables import Cell, Table, figures, words
from peil.studies.finding import Effect, Finding
from peil.studies.trend_register.entry import SET_BY_LABELS, Register
from peil.studies.trend_register.grading import RISK_LABELS, grade, source_issues
from peil.studies.trend_register.scoreboard import Scoreboard
from peil.studies.trend_register.settling import STATE_LABELS, rule_told
from peil.studies.trend_register.synthesis import Synthesis, poolable, synthesis
from peil.terms import Label, Language, Unit

_TITLE = Label("Trends: what was forecast, and what came", "Trends: wat is voorspeld, en wat kwam uit")
OUTCOME_LABELS = {"yes": Label("yes", "ja"), "no": Label("no", "nee"), "undecided": Label("undecided", "onbeslist")}
_NEVER = Label("infinite", "oneindig")
_PLACES = 3
_FEWEST_VOICES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChapter:
    """What the report says of the trend register.

    Parameters:
        title: its heading.
        facts: the scores as sentences.
        finding: whether the forecasts say more than the base rate.
        figures: calibration, and a forest plot for every item with several sources.
        tables: scores, claims and evidence.
    """

    title: str
    facts: tuple[str, ...]
    finding: Finding[Effect]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]


def register_chapter(
    board: Scoreboard,
    register: Register,
    language: Language,
    *,
    catalogue: Mapping[str, Measure] = CATALOGUE,
    own: Mapping[str, Estimate] | None = None,
    key: str = "trends",
) -> RegisterChapter:
    """Return the chapter.

    Parameters:
        board: the scores.
        register: the claims.
        language: of the texts.
        catalogue: measures by name, for the rules.
        own: the project's own share for a claim, by identifier, to take together with the figures of others.
        key: tells its figures from others on the page.

    Example:
        >>> from datetime import date
        >>> from peil.made import made
        >>> from peil.studies.trend_register.reading import shipped
        >>> from peil.studies.trend_register.scoreboard import scoreboard
        >>> board = scoreboard(shipped(), {}, made().run, today=date(2024, 1, 1))
        >>> register_chapter(board, shipped(), "nl").title
        'Trends: wat is voorspeld, en wat kwam uit'
    """
    drawn: list[Figure] = []
    if board.bins:
        drawn.append(
            calibration_figure(board.bins, language, f"{key}c", level=board.level, enough=board.enough)
        )  # fmt: skip
    plots = 0
    for found, about in syntheses(register, own=own, level=board.level):
        if found.taken is not None:
            drawn.append(forest_figure(found, about, language, f"{key}e{len(drawn)}"))
            plots += 1
    alone = not_drawn(register, plots)
    tables = [each for each in (score_table(board, language),) if each.rows]
    tables += [claims_table(board, language, catalogue=catalogue), evidence_table(register, language)]
    issues = tuple(each.says.read(language) for each in source_issues(register.sources))
    return RegisterChapter(
        title=_TITLE.read(language),
        facts=(*facts(board, language), *issues, *((alone.read(language),) if alone else ())),
        finding=board.finding,
        figures=tuple(drawn),
        tables=tuple(tables),
    )


def syntheses(
    register: Register, *, own: Mapping[str, Estimate] | None = None, level: float = 0.95
) -> tuple[tuple[Synthesis, Label], ...]:
    """Return what several sources say of one item, with what they were asked, for every item with more than one figure.

    Parameters:
        register: the claims.
        own: the project's own share for a claim, by identifier.
        level: of the intervals.
    """
    made = []
    for trend in register.trends:
        for item, evidence in poolable(trend).items():
            ours = (own or {}).get(trend.id) if item == trend.id else None
            if len(evidence) + (ours is not None) < _FEWEST_VOICES:
                continue
            about = next((each.about for each in evidence if each.about), trend.claim)
            made.append((synthesis(evidence, register.sources, own=ours, item=item, level=level), about))
    return tuple(made)


def facts(board: Scoreboard, language: Language) -> tuple[str, ...]:
    """Return the scores as sentences.

    Parameters:
        board: the scores.
        language: of the sentences.
    """
    effect, n = board.finding.effect, len(board.scores)
    verdict = sentences.VERDICTS[board.finding.verdict].read(language)
    says = board.finding.says.read(language)
    told = [Label(f"Answer: {verdict}. {says}.", f"Antwoord: {verdict}. {says}.")]
    if n < FEWEST:
        told.append(
            Label(
                f"Settled forecasts: {n}; below {FEWEST} scores are shown with their intervals and nothing is concluded.",
                f"Afgeronde voorspellingen: {n}; onder de {FEWEST} staan er scores met hun intervallen en volgt er geen oordeel.",
            )
        )
    for name, each in (
        (Label("Brier score (nought is perfect)", "Brierscore (nul is volmaakt)"), board.brier),
        (Label("Logarithmic score", "Logaritmische score"), board.log),
        (Label("CRPS of numbers", "CRPS van getallen"), board.crps),
        (Label("Skill against the base rate", "Winst ten opzichte van het basispercentage"), board.against_base),
        (Label("Skill against 'no change'", "Winst ten opzichte van 'er verandert niets'"), board.against_nothing),
        (
            Label("Skill of numbers against 'no change'", "Winst van getallen ten opzichte van 'er verandert niets'"),
            board.crps_skill,
        ),
    ):
        if each is not None:
            en, nl = (_scored(each, one) for one in ("en", "nl"))
            told.append(Label(f"{name.en}: {en}.", f"{name.nl}: {nl}."))
    if board.fit is not None and board.enough:
        en, nl = (numbers.number(board.fit.p, one, places=_PLACES) for one in ("en", "nl"))
        told.append(
            Label(
                f"Were every chance true, outcomes as far off or further would be seen with p = {en}.",
                f"Als elke kans klopte, zou een afwijking als deze of groter voorkomen met p = {nl}.",
            )
        )
    told += [each.says for each in board.finding.checks if not each.passed and each.name != "enough_forecasts"]
    if board.finding.settles is not None and math.isnan(effect.value) is False:
        told.append(board.finding.settles)
    return tuple(each.read(language) for each in told)


def _scored(each: Scored, language: Language) -> str:
    if each.infinite:
        return Label(
            f"infinite: {each.infinite} of {each.n} ruled out what came",
            f"oneindig: {each.infinite} van {each.n} sloten uit wat gebeurde",
        ).read(language)
    value, low, high = (numbers.number(one, language, places=_PLACES) for one in (each.value, each.low, each.high))
    to = Label("to", "tot").read(language)
    return f"{value} ({low} {to} {high}), n = {numbers.count(each.n, language)}"


def score_table(board: Scoreboard, language: Language) -> Table:
    """Return the scoreboard: every settled forecast, in order of the day."""
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(board.scores, key=lambda one: (one.standing.trend.due_on, one.standing.trend.id)):
        trend, word = each.standing.trend, each.standing.resolution
        log = (
            Cell(shown=_NEVER.read(language), stored="", numeric=True)
            if math.isinf(each.log)
            else figures(numbers.number(each.log, language, places=_PLACES), each.log)
        )
        rows.append(
            (
                words(trend.claim.read(language)),
                words(day(trend.due_on, language)),
                figures(numbers.value_text(each.said, Unit.SHARE, language, digits=0), each.said),
                words(OUTCOME_LABELS[word.outcome].read(language) if word else ""),
                figures(numbers.number(each.brier, language, places=_PLACES), each.brier),
                log,
                words(word.source if word else ""),
            )
        )
    heads = (
        Label("forecast", "voorspelling"),
        Label("due", "vervaldag"),
        Label("chance", "kans"),
        Label("came", "uitgekomen"),
        Label("Brier", "Brier"),
        Label("logarithmic", "logaritmisch"),
        Label("settled by", "afgerond met"),
    )
    return Table(
        caption=Label("Scoreboard of forecasts", "Scorebord van voorspellingen").read(language),
        head=tuple(each.read(language) for each in heads),
        names=("forecast", "due", "chance", "came", "brier", "log", "source"),
        rows=tuple(rows),
        file="forecasts.csv",
    )


def claims_table(board: Scoreboard, language: Language, *, catalogue: Mapping[str, Measure] = CATALOGUE) -> Table:
    """Return every claim, how it came about, what settles it, and where it stands."""
    rows: list[tuple[Cell, ...]] = []
    for each in board.standings:
        trend = each.trend
        chance = (
            "" if trend.probability is None else numbers.value_text(trend.probability, Unit.SHARE, language, digits=0)
        )
        if trend.is_forecast:
            chance = f"{chance}, {SET_BY_LABELS[trend.set_by].read(language)}"
        state = STATE_LABELS[each.state].read(language)
        if each.resolution is not None:
            state = (
                f"{state}: {OUTCOME_LABELS[each.resolution.outcome].read(language)}"
                if each.state == "settled"
                else state
            )
        rows.append(
            (
                words(trend.claim.read(language)),
                words(trend.kind_label.read(language)),
                words(chance),
                words(day(trend.due_on, language)),
                words(rule_told(trend.rule, catalogue).read(language)),
                words(state),
            )
        )
    heads = (
        Label("claim", "bewering"),
        Label("how it came about", "hoe ontstaan"),
        Label("chance", "kans"),
        Label("due", "vervaldag"),
        Label("what settles it", "wat uitsluitsel geeft"),
        Label("state", "stand"),
    )
    return Table(
        caption=Label("Claims in the register", "Beweringen in het register").read(language),
        head=tuple(each.read(language) for each in heads),
        names=("claim", "kind", "chance", "due", "rule", "state"),
        rows=tuple(rows),
        file="trends.csv",
    )


def evidence_table(register: Register, language: Language) -> Table:
    """Return the evidence, with what may bias it and whose it is."""
    none = Label("not told", "niet vermeld").read(language)
    rows: list[tuple[Cell, ...]] = []
    for trend in register.trends:
        for each in trend.evidence:
            found = grade(each, register.sources)
            reasons = ", ".join(one.read(language) for one in found.reasons)
            risk = RISK_LABELS[found.risk].read(language)
            rows.append(
                (
                    words((each.about or trend.claim).read(language)),
                    words(each.told.read(language)),
                    words(each.edition),
                    words(each.base or none),
                    figures(numbers.count(each.n, language), each.n) if each.n is not None else words(none),
                    words(register.sources[each.source].title),
                    words(found.origin),
                    words(f"{risk}: {reasons}" if reasons else risk),
                )
            )
    heads = (
        Label("about", "waarover"),
        Label("figure", "cijfer"),
        Label("edition", "editie"),
        Label("base", "basis"),
        Label("n", "n"),
        Label("source", "bron"),
        Label("origin", "herkomst"),
        Label("risk of bias", "risico op vertekening"),
    )
    return Table(
        caption=Label("Evidence for the claims", "Onderbouwing van de beweringen").read(language),
        head=tuple(each.read(language) for each in heads),
        names=("about", "figure", "edition", "base", "n", "source", "origin", "risk"),
        rows=tuple(rows),
        file="evidence.csv",
    )


def plain(board: Scoreboard) -> dict[str, Any]:
    """Return the scoreboard as plain data."""
    scores: Sequence[tuple[str, Scored | None]] = (
        ("brier", board.brier),
        ("log", board.log),
        ("crps", board.crps),
        ("skill_against_base_rate", board.against_base),
        ("skill_against_no_change", board.against_nothing),
        ("crps_skill_against_no_change", board.crps_skill),
    )
    parts = board.parts
    return {
        "verdict": board.finding.verdict,
        "says": {"en": board.finding.says.en, "nl": board.finding.says.nl},
        "n": len(board.scores),
        "level": board.level,
        **{name: None if each is None else _plain(each) for name, each in scores},
        "murphy": None
        if parts is None
        else {
            "reliability": parts.reliability,
            "resolution": parts.resolution,
            "uncertainty": parts.uncertainty,
            "within": parts.within,
            "base_rate": parts.base_rate,
        },
        "calibration": [
            {"said": each.said, "came": each.came, "low": each.low, "high": each.high, "n": each.n}
            for each in board.bins
        ],
        "checks": [{"name": each.name, "passed": each.passed, "says": each.says.en} for each in board.finding.checks],
        "settles": board.finding.settles.en if board.finding.settles else None,
        "forecasts": [
            {
                "trend": each.standing.trend.id,
                "probability": each.said,
                "came": each.came,
                "brier": each.brier,
                "log": each.log if math.isfinite(each.log) else "infinite",
                "crps": each.crps,
            }
            for each in board.scores
        ],
    }


def _plain(each: Scored) -> dict[str, Any]:
    told = {"value": each.value, "low": each.low, "high": each.high}
    shown: dict[str, Any] = {name: number if math.isfinite(number) else None for name, number in told.items()}
    if each.infinite:
        shown["value"] = "infinite" if each.value > 0 else "minus infinite"
    return {**shown, "n": each.n, "blocks": each.blocks, "ruled_out": each.infinite}
