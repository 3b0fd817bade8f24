"""The survey chapter of a report: for each survey who was asked, what, how it was weighted, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from peil.config import FigureConfig
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.difference import Difference
from peil.estimates.doubted import doubted
from peil.measures.measure import Measure
from peil.reports import questions, scale_tables, survey_answering, survey_doubt, survey_tables, survey_weights
from peil.reports.asked import Asked
from peil.reports.compose import asked_figure
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.surveyed import Surveyed, facts_of, language_named, surveyed
from peil.reports.tables import Table
from peil.studies.finding import Finding
from peil.studies.nonresponse import nonresponse
from peil.studies.scale_quality import scale_quality
from peil.studies.wave_change import wave_changes
from peil.surveys.dispositions import SILENT, Dispositions, dispositions
from peil.surveys.instrument_words import AUDIENCES, named
from peil.surveys.outcomes import rates_for
from peil.surveys.quality import flagged
from peil.surveys.scale_versions import CES_SPEED_1, questions_of

# What a survey of each audience is read for, most telling first.
READ: Mapping[str, tuple[str, ...]] = {
    "customer": ("nps", "csat_top2", "ces_2_easy", "ces_1_mean"),
    "organisation": ("nps_believed",),
    "staff": ("enps",),
}
_BY: Mapping[str, tuple[str, ...]] = {
    "customer": ("channel", "organisation", "team"),
    "organisation": ("organisation",),
    "staff": ("team", "organisation"),
}
_MOST_MEASURES, _FEWEST_GROUPS, _MOST_FACTS = 3, 2, 2
# What a scale is held to foretell, the first that was asked.
_FORETOLD = ("csat", "nps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What the report says of one survey.

    Parameters:
        survey: the questionnaire.
        audience: who was asked.
        title: both, as a heading.
        facts: sample, mode, dates and weights, as sentences.
        tables: rounds, outcomes, weights, flags and questions.
        figures: the measures by group.
        findings: of the rounds compared.
        numbers: of its figures, counted through the report.
    """

    survey: str
    audience: str
    title: str
    facts: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding[Difference], ...] = ()
    numbers: tuple[int, ...] = ()


def chapters(
    asked: Asked,
    *,
    drawn: Collection[tuple[str, tuple[str, ...]]] | None = None,
    first: int = 1,
    only: str | None = None,
) -> tuple[Chapter, ...]:
    """Return a chapter for every survey; of one with too few respondents it says that and no more.

    Parameters:
        asked: what every figure shares.
        drawn: measure and groups of figures that the report has already; None for chapters without figures.
        first: number of the first figure.
        only: one survey's name.

    Raises:
        DefinitionError: no survey is called ``only``.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import CATALOGUE
        >>> asked = Asked(data=made(), catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95)
        >>> [each.title for each in chapters(asked)]
        ['Customers: survey “customer”', 'Staff: survey “staff”']
    """
    known = surveyed(asked)
    if only is not None and only not in {each.survey for each in known}:
        raise DefinitionError(
            f"there are no answers to a survey '{only}'", remedy=neighbours(only, [each.survey for each in known])
        )
    made: list[Chapter] = []
    for each in known:
        if only not in {None, each.survey}:
            continue
        enough = each.responses >= asked.minimum_n
        made.append(_chapter(asked, each, drawn, first) if enough else _too_few(asked, each))
        first += len(made[-1].figures)
    return tuple(made)


def _too_few(asked: Asked, of: Surveyed) -> Chapter:
    least = asked.count(asked.minimum_n)
    says = asked.say(
        f"Fewer than {least} respondents: nothing is shown of their answers.",
        f"Minder dan {least} respondenten: van hun antwoorden wordt niets getoond.",
    )
    return Chapter(survey=of.survey, audience=of.audience, title=_title(asked, of), facts=(says,), tables=())


def _title(asked: Asked, of: Surveyed) -> str:
    audience = AUDIENCES[of.audience].read(asked.language).capitalize()
    return asked.say(f"{audience}: survey “{of.survey}”", f"{audience}: enquête “{of.survey}”")


def _chapter(asked: Asked, of: Surveyed, drawn: Collection[tuple[str, tuple[str, ...]]] | None, first: int) -> Chapter:
    read, faults = _answered(asked, of)
    found = wave_changes(asked.data, read, where=of.where, level=asked.level, least=asked.minimum_n)
    with_figures = drawn is not None
    facts = [*_facts(asked, of), *faults]
    tables: list[Table] = []
    shown = list(_drawn(asked, of, read, drawn)) if drawn is not None else []
    if found:
        facts.append(survey_tables.rounds_told(asked, found))
        tables += survey_tables.rounds_tables(asked, found)
    for part in (
        _outcomes(asked, of),
        _weights(asked, of),
        _flags(asked, of, read),
        _unheard(asked, of, read),
        _scale(asked, of),
    ):
        for told, figure, table in part:
            facts += told if not (figure and with_figures and figure.finding) else []
            shown += [figure] if figure and with_figures else []
            tables += [table] if table and not (figure and with_figures) else []
    put = survey_tables.questions_table(asked, of.where, read)
    tables += [put] if put.rows else []
    return Chapter(
        survey=of.survey,
        audience=of.audience,
        title=_title(asked, of),
        facts=tuple(facts),
        tables=tuple(tables),
        figures=tuple(replace(each, key=f"f{first + place}") for place, each in enumerate(shown)),
        findings=tuple(each.finding for each in found),
        numbers=tuple(range(first, first + len(shown))),
    )


def _drawn(
    asked: Asked, of: Surveyed, read: Sequence[Measure], drawn: Collection[tuple[str, tuple[str, ...]]]
) -> Iterator[Figure]:
    """Yield each measure by round and by the first group that its answers tell, unless the report has it already.

    The first measure is told apart by what is known of respondents as well.
    """
    facts = facts_of(asked, of)
    for place, measure in enumerate(read[:_MOST_MEASURES]):
        chosen = [next((each for each in choices if _groups(asked, of, measure, each)), None)
                  for choices in (("wave",), (*_BY[of.audience], *facts))]  # fmt: skip
        if not place:
            chosen += [each for each in facts if _groups(asked, of, measure, each)][:_MOST_FACTS]
        for by in dict.fromkeys(chosen):
            if by is None or (measure.name, (by,)) in drawn:
                continue
            wanted = FigureConfig(measure=measure.name, by=(by,), where=of.where)
            figure = asked_figure(asked, wanted, "figure", say_where=False)
            if figure:
                yield figure


def _groups(asked: Asked, of: Surveyed, measure: Measure, by: str) -> bool:
    found = asked.estimates(measure, (by,), of.where)
    return sum(each.n >= asked.minimum_n and each.group[0][1] is not None for each in found) >= _FEWEST_GROUPS


def _facts(asked: Asked, of: Surveyed) -> Iterator[str]:
    n, answers = asked.count(of.responses), asked.count(of.answers)
    first, last = (day(date.fromisoformat(each), asked.language) for each in (of.first, of.last))
    days = first if first == last else asked.say(f"{first} to {last}", f"{first} t/m {last}")
    yield asked.say(
        f"{n} respondents gave {answers} answers, {days}.",
        f"{n} respondenten gaven {answers} antwoorden, {days}.",
    )
    if not of.measured:
        yield asked.say(
            "None of its questions says what it measures, so nothing of them is counted: give those that are to be a 'construct' and a 'scale' where the export is loaded.",
            "Geen van de vragen zegt wat hij meet, dus er wordt niets van geteld: geef de vragen die meetellen een 'construct' en een 'scale' waar de export geladen wordt.",
        )
    if of.modes:
        modes = ", ".join(named(each).read(asked.language) for each in of.modes)
        yield asked.say(f"Asked {modes}.", f"Gevraagd: {modes}.")
    if of.languages:
        told = ", ".join(language_named(each, asked.language) for each in of.languages)
        yield asked.say(f"Languages: {told}.", f"Talen: {told}.")


def _answered(asked: Asked, of: Surveyed) -> tuple[list[Measure], list[str]]:
    """Return the measures with enough answers, and what keeps one that has answers from being estimated."""
    found, faults = [], []
    for name in READ[of.audience]:
        measure = asked.catalogue.get(name)
        if measure is None:
            continue
        try:
            one = asked.estimates(measure, where=of.where).only()
        except EvidenceError as fault:
            if questions.rounds(asked, measure, of.where):
                faults.append(f"{fault.what} ({fault.remedy})")
            continue
        if one.n >= asked.minimum_n:
            found.append(measure)
    told = list(dict.fromkeys(faults))
    return found, [
        asked.say(f"No figures are given: {each}.", f"Er worden geen cijfers gegeven: {each}.") for each in told
    ]


Part = Iterator[tuple[list[str], Figure | None, Table | None]]


def _outcomes(asked: Asked, of: Surveyed) -> Part:
    """Yield who answered, of all that were asked."""
    settings = asked.surveys.get(of.survey)
    panel = settings.panel if settings else "probability"
    told = dispositions(asked.data.engine, asked.data.tables["invitations"], where=of.where)
    if not told:
        return
    # an export of respondents alone does not tell how many were asked
    if panel != "census" and not dispositions(
        asked.data.engine, asked.data.tables["invitations"], where=f"({of.where}) and {SILENT}"
    ):
        yield from _respondents_only(asked, told[0])
        return
    share = settings.eligible_share if settings else None
    rates = rates_for(panel, told[0], None, eligible_share=share, level=asked.level)
    rests = rates.interval.read(asked.language)
    says = [asked.say(f"Intervals of the rates: {rests}.", f"Intervallen van de respons: {rests}.")]
    says += [f"{each.read(asked.language)}." for each in rates.notes]
    yield says, None, survey_tables.outcomes_table(asked, rates)
    rate = "participation_rate" if panel == "opt_in" else "response_rate_2"
    if rate in asked.catalogue and _groups(asked, of, asked.catalogue[rate], "wave"):
        wanted = FigureConfig(measure=rate, by=("wave",), where=of.where)
        yield [], asked_figure(asked, wanted, "figure", say_where=False), None


def _respondents_only(asked: Asked, told: Dispositions) -> Part:
    says = asked.say(
        "The export holds respondents only: how many were asked is not known, so there is no response rate.",
        "De export bevat alleen respondenten: hoeveel mensen gevraagd zijn is niet bekend, dus er is geen respons te geven.",
    )
    if not told.counts.get("partial"):
        yield [says], None, None
        return
    rates = rates_for("opt_in", told, ["completion_rate"], level=asked.level)
    yield [says], None, survey_tables.outcomes_table(asked, rates)


def _weights(asked: Asked, of: Surveyed) -> Part:
    """Yield how answers are weighted, and what that costs."""
    if of.survey in asked.data.weighting:
        diagnosis = asked.data.weighting[of.survey]
        margins = survey_weights.margins_figure(asked, diagnosis)
        yield list(survey_weights.weights_told(asked, diagnosis)), margins, margins.table
        spread = survey_weights.spread_figure(asked, {"": diagnosis}, made=True)
        yield [], spread, None
        return
    found = survey_weights.delivered(asked, of.where)
    if not found:
        yield [asked.say("Every answer counts alike.", "Elk antwoord telt even zwaar.")], None, None
        return
    says = asked.say("Weights are those of the export.", "De gewichten zijn die van de export.")
    spread = survey_weights.spread_figure(asked, found, made=False)
    yield [says], spread, spread.table


def _flags(asked: Asked, of: Surveyed, read: Sequence[Measure]) -> Part:
    """Yield which responses are doubtful, and what leaving them out would do to the figures."""
    data = asked.data
    found = flagged(data.engine, data.tables["responses"], data.doubtful)
    flags = [each for each in found if each.survey == of.survey]
    if not any(each.n for each in flags):
        return
    yield [], None, survey_tables.flags_table(asked, flags)
    moved = [(measure, doubted(data, measure, where=of.where, level=asked.level)) for measure in read]
    moved = [(measure, each) for measure, each in moved if each]
    if moved:
        yield [survey_doubt.doubted_told(asked, moved)], None, survey_doubt.doubted_table(asked, moved)


def _unheard(asked: Asked, of: Surveyed, read: Sequence[Measure]) -> Part:
    """Yield who does not answer, where the survey is about contacts."""
    if of.audience != "customer" or not read:
        return
    try:
        found = nonresponse(asked.data, measure=read[0], survey=of.where, level=asked.level)
    except EvidenceError:
        return
    figure = survey_answering.answering_figure(asked, found)
    yield [found.says.read(asked.language)], figure, figure.table if figure else None
    # whoever reads the figure has to know what it lacks
    yield [each.says.read(asked.language) for each in found.finding.checks if not each.passed], None, None
    yield [], None, survey_answering.bounds_table(asked, found)


def _scale(asked: Asked, of: Surveyed) -> Part:
    """Yield how reliable the scale on effort and speed is, where it was asked, and what it adds."""
    engine, responses = asked.data.engine, asked.data.tables["responses"]
    rows = engine.rows(f"select count(*) as n from {responses.name} where {CES_SPEED_1.where} and ({of.where})")
    if rows.to_pylist()[0]["n"] < asked.minimum_n:
        return
    for outcome in _FORETOLD:
        try:
            items = questions_of(engine, responses, CES_SPEED_1, of.where)
            speed = [name for name, each in zip(items, CES_SPEED_1.items, strict=True) if each.speed]
            found = scale_quality(
                asked.data,
                items,
                speed=speed,
                beside=CES_SPEED_1.beside,
                outcome=outcome,
                where=of.where,
                level=asked.level,
            )
        except (DefinitionError, EvidenceError):
            continue
        label = CES_SPEED_1.label.read(asked.language)
        says = [f"{label}: {each}" for each in scale_tables.told(asked, found)]
        yield [*says, f"{found.finding.says.read(asked.language)}."], None, scale_tables.items_table(asked, found)
        return
