"""The survey chapter of a report: for each survey who was asked, what, how it was weighted, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from peil.config import FigureConfig
from peil.engines.quoting import quoted
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.difference import Difference
from peil.measures.measure import Measure
from peil.reports import questions, survey_tables
from peil.reports.asked import Asked
from peil.reports.compose import asked_figure
from peil.reports.dates import day
from peil.reports.figures import Figure
from peil.reports.tables import Table
from peil.studies.finding import Finding
from peil.studies.nonresponse import nonresponse
from peil.studies.wave_change import wave_change
from peil.surveys.dispositions import dispositions
from peil.surveys.outcomes import rates_for
from peil.surveys.quality import flagged
from peil.terms import Label

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
_MOST_MEASURES, _FEWEST_GROUPS = 3, 2
AUDIENCES: Mapping[str, Label] = {
    "customer": Label("customers", "klanten"),
    "organisation": Label("organisations", "organisaties"),
    "staff": Label("staff", "medewerkers"),
}
MODES: Mapping[str, Label] = {
    "web": Label("online", "online"),
    "mail": Label("by mail", "per mail"),
    "phone": Label("by phone", "telefonisch"),
    "ivr": Label("by phone menu", "via het keuzemenu"),
    "chat": Label("by chat", "via chat"),
    "paper": Label("on paper", "op papier"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """One survey of one audience.

    Parameters:
        survey: the questionnaire.
        audience: who was asked.
        responses: respondents.
        answers: answered questions.
        first, last: days of the first and the last answer.
        modes, languages: how it was asked, most used first.
    """

    survey: str
    audience: str
    responses: int
    answers: int
    first: str
    last: str
    modes: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def where(self) -> str:
        """Row-level SQL that chooses its answers."""
        return f"survey = {quoted(self.survey)} and audience = {quoted(self.audience)}"


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


_SURVEYS = """
select survey, audience, mode, language, sum(case when first_answer then 1 else 0 end) as responses, count(*) as answers,
  min(answered_on) as first_on, max(answered_on) as last_on
from {responses}
group by survey, audience, mode, language
"""


def surveyed(asked: Asked) -> tuple[Surveyed, ...]:
    """Return the surveys in the data, by audience and name."""
    rows = asked.data.engine.rows(_SURVEYS.format(responses=asked.data.tables["responses"].name)).to_pylist()
    held: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in rows:
        held.setdefault((str(row["audience"]), str(row["survey"])), []).append(row)
    found = []
    for (audience, survey), these in sorted(held.items()):
        responses = sum(int(str(each["responses"])) for each in these)
        found.append(
            Surveyed(
                survey=survey,
                audience=audience,
                responses=responses,
                answers=sum(int(str(each["answers"])) for each in these),
                first=str(min(str(each["first_on"]) for each in these)),
                last=str(max(str(each["last_on"]) for each in these)),
                modes=_most(these, "mode"),
                languages=_most(these, "language"),
            )
        )
    return tuple(found)


def _most(rows: Sequence[Mapping[str, object]], column: str) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for row in rows:
        if row[column] is not None:
            counts[str(row[column])] = counts.get(str(row[column]), 0) + int(str(row["responses"]))
    return tuple(sorted(counts, key=lambda each: (-counts[each], each)))


def chapters(
    asked: Asked,
    *,
    drawn: Collection[tuple[str, tuple[str, ...]]] | None = None,
    first: int = 1,
    only: str | None = None,
) -> tuple[Chapter, ...]:
    """Return a chapter for every survey with enough respondents to show.

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
        if each.responses >= asked.minimum_n and only in {None, each.survey}:
            made.append(_chapter(asked, each, drawn, first))
            first += len(made[-1].figures)
    return tuple(made)


def _chapter(asked: Asked, of: Surveyed, drawn: Collection[tuple[str, tuple[str, ...]]] | None, first: int) -> Chapter:
    read = tuple(_answered(asked, of))
    shown = () if drawn is None else tuple(_drawn(asked, of, read, drawn))
    found = tuple(_rounds(asked, of, read))
    facts, tables = list(_facts(asked, of)), []
    for told, table in _asked_of(asked, of, read):
        facts += told
        tables += table
    if found:
        tables.append(survey_tables.rounds_table(asked, found))
    tables.append(survey_tables.questions_table(asked, of.where, read))
    audience = AUDIENCES[of.audience].read(asked.language).capitalize()
    return Chapter(
        survey=of.survey,
        audience=of.audience,
        title=asked.say(f"{audience}: survey “{of.survey}”", f"{audience}: enquête “{of.survey}”"),
        facts=tuple(facts),
        tables=tuple(tables),
        figures=tuple(replace(each, key=f"f{first + place}") for place, each in enumerate(shown)),
        findings=tuple(each for _, each in found),
        numbers=tuple(range(first, first + len(shown))),
    )


def _drawn(
    asked: Asked, of: Surveyed, read: Sequence[Measure], drawn: Collection[tuple[str, tuple[str, ...]]]
) -> Iterator[Figure]:
    """Yield each measure by round and by the first group that its answers tell, unless the report has it already."""
    for measure in read[:_MOST_MEASURES]:
        for choices in (("wave",), _BY[of.audience]):
            by = next((each for each in choices if _groups(asked, of, measure, each) >= _FEWEST_GROUPS), None)
            if by is None or (measure.name, (by,)) in drawn:
                continue
            figure = asked_figure(asked, FigureConfig(measure=measure.name, by=(by,), where=of.where), "figure")
            if figure:
                yield figure


def _groups(asked: Asked, of: Surveyed, measure: Measure, by: str) -> int:
    found = asked.estimates(measure, (by,), of.where)
    return sum(each.n >= asked.minimum_n and each.group[0][1] is not None for each in found)


def _facts(asked: Asked, of: Surveyed) -> Iterator[str]:
    n, answers = asked.count(of.responses), asked.count(of.answers)
    first, last = (day(_date(each), asked.language) for each in (of.first, of.last))
    yield asked.say(
        f"{n} respondents gave {answers} answers, {first} to {last}.",
        f"{n} respondenten gaven {answers} antwoorden, {first} t/m {last}.",
    )
    if of.modes:
        modes = ", ".join(MODES[each].read(asked.language) for each in of.modes)
        yield asked.say(f"Asked {modes}.", f"Gevraagd: {modes}.")
    if of.languages:
        yield asked.say(f"Languages: {', '.join(of.languages)}.", f"Talen: {', '.join(of.languages)}.")


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _answered(asked: Asked, of: Surveyed) -> Iterator[Measure]:
    """Yield the measures with enough answers."""
    for name in READ[of.audience]:
        measure = asked.catalogue.get(name)
        if measure is None:
            continue
        try:
            found = asked.estimates(measure, where=of.where).only()
        except EvidenceError:
            continue
        if found.n >= asked.minimum_n:
            yield measure


def _rounds(asked: Asked, of: Surveyed, read: Sequence[Measure]) -> Iterator[tuple[str, Finding[Difference]]]:
    """Compare each round with the one before; the level is made stricter for so many comparisons of one measure."""
    for measure in read:
        known = [wave for wave in questions.rounds(asked, measure, of.where) if wave]
        enough = [
            str(each.group[0][1])
            for each in asked.estimates(measure, ("wave",), of.where)
            if each.n >= asked.minimum_n and each.group[0][1] in known
        ]
        pairs = list(pairwise(sorted(enough)))
        for before, after in pairs:
            found = wave_change(
                asked.data, measure, before, after, where=of.where, level=1 - (1 - asked.level) / len(pairs)
            )
            yield f"{before} → {after}", found


def _asked_of(asked: Asked, of: Surveyed, read: Sequence[Measure]) -> Iterator[tuple[list[str], list[Table]]]:
    """Yield who answered, how answers are weighted, which are doubtful, and who does not answer."""
    data = asked.data
    settings = asked.surveys.get(of.survey)
    panel = settings.panel if settings else "probability"
    told = dispositions(data.engine, data.tables["invitations"], where=of.where)
    if told and panel != "census":
        share = settings.eligible_share if settings else None
        # an export of respondents alone does not tell how many were asked
        only = all(not n for name, n in told[0].counts.items() if name not in {"complete", "partial"})
        rates = rates_for(
            "opt_in" if only else panel,
            told[0],
            ["completion_rate"] if only else None,
            eligible_share=share,
            level=asked.level,
        )
        if only:
            says = [
                asked.say(
                    "The export holds respondents only: how many were asked is not known, so there is no response rate.",
                    "De export bevat alleen respondenten: hoeveel mensen gevraagd zijn is niet bekend, dus er is geen respons te geven.",
                )
            ]
        else:
            rests = rates.interval.read(asked.language)
            says = [asked.say(f"Intervals of the rates: {rests}.", f"Intervallen van de respons: {rests}.")]
            says += [f"{each.read(asked.language)}." for each in rates.notes]
        yield says, [survey_tables.outcomes_table(asked, rates)]
    if of.survey in data.weighting:
        diagnosis = data.weighting[of.survey]
        yield list(survey_tables.weights_told(asked, diagnosis)), [survey_tables.weights_table(asked, diagnosis)]
    flags = [each for each in flagged(data.engine, data.tables["responses"]) if each.survey == of.survey]
    if any(each.n for each in flags):
        yield [], [survey_tables.flags_table(asked, flags)]
    if of.audience == "customer" and read:
        try:
            found = nonresponse(data, measure=read[0], survey=of.where, level=asked.level)
        except EvidenceError:
            return
        yield (
            [found.says.read(asked.language)],
            [survey_tables.answering_table(asked, found), survey_tables.bounds_table(asked, found)],
        )
