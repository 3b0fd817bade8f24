"""Doubtful responses: answered too fast, always the same, twice, or like another's; flagged with the rule, never removed."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Column, Kind, Schema, Table
from peil.errors import DefinitionError, neighbours
from peil.sources.tables import ANSWERS
from peil.terms import Label

FLAGS = ("duplicate", "same_answers", "speeder", "straight_liner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a response is flagged.

    Parameters:
        speeder_share: a response is too fast below this share of the median duration of its survey and wave. Greszki,
            Meyer and Schoen (2015) compare cuts of half down to 30 % of the median; a third is in between.
        speeder_least_n: durations that have to be known before a median is trusted.
        straight_least_items: a respondent who gave one and the same value to all items of one scale is a straight-liner
            from so many items (Kim and others 2019: nondifferentiation). Values are compared as they were ticked, so
            where some items were put the other way round, consistent answers are no straight line.
        duplicate_per_contact: answers of one person about different contacts are different answers. With ``False`` a
            second response of one person to one survey and wave is a duplicate whatever it is about.
        same_least_items: two responses are alike from so many items with a scale, all of them answered the same (Kuriakose
            and Robbins 2016 look at 85 % and more; here it is all).
        same_within_ms: and only where they came one after the other within this time.

    Raises:
        DefinitionError: a threshold cannot be.

    Example:
        >>> Rules().speeder_share
        Fraction(1, 3)
    """

    speeder_share: Fraction = Fraction(1, 3)
    speeder_least_n: int = 20
    straight_least_items: int = 5
    duplicate_per_contact: bool = True
    same_least_items: int = 8
    same_within_ms: int = 600_000

    def __post_init__(self) -> None:
        """Check the thresholds where they are set."""
        if not 0 < self.speeder_share < 1:
            raise DefinitionError(
                f"a response cannot be too fast at {self.speeder_share} of the median",
                remedy="give a share between 0 and 1",
            )
        least = {"speeder_least_n": 1, "straight_least_items": 2, "same_least_items": 2, "same_within_ms": 0}
        for name, at_least in least.items():
            if getattr(self, name) < at_least:
                raise DefinitionError(f"{name} is {getattr(self, name)}", remedy=f"give {at_least} or more")

    def told(self) -> Mapping[str, Label]:
        """Return each flag's rule as a sentence."""
        share = f"{self.speeder_share.numerator}/{self.speeder_share.denominator}"
        minutes = f"{self.same_within_ms / 60_000:g}"
        about = (" about the same contact", " over hetzelfde contact") if self.duplicate_per_contact else ("", "")
        return {
            "duplicate": Label(
                f"A later response of one person to the same survey and wave{about[0]}; the first is not flagged",
                f"Een latere reactie van één persoon op dezelfde enquête en ronde{about[1]}; de eerste is niet gemarkeerd",
            ),
            "same_answers": Label(
                f"All answers, {self.same_least_items} or more, equal to those of another response within {minutes} minutes",
                f"Alle antwoorden, {self.same_least_items} of meer, gelijk aan die van een andere reactie binnen {minutes} minuten",
            ),
            "speeder": Label(
                f"Took less than {share} of the median time of the survey and wave, where {self.speeder_least_n} times or more are known",
                f"Duurde korter dan {share} van de mediaan van enquête en ronde, waar {self.speeder_least_n} tijden of meer bekend zijn",
            ),
            "straight_liner": Label(
                f"The same value ticked on all items of one scale, {self.straight_least_items} or more",
                f"Dezelfde waarde aangekruist bij alle vragen van één schaal, {self.straight_least_items} of meer",
            ),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """How many responses of a survey and wave have a flag.

    Parameters:
        survey, wave: which; an empty wave where none is named.
        flag: what was found.
        rule: the rule, as a sentence.
        n: responses with the flag.
        of: responses in all.
    """

    survey: str
    wave: str
    flag: str
    rule: Label
    n: int
    of: int


_DOUBTFUL = Schema(
    name="responses_doubtful",
    one_row_is="a response with a flag",
    key=("source", "response_id"),
    columns=(
        ANSWERS.column("source"),
        ANSWERS.column("response_id"),
        Column(name="flags", kind=Kind.TEXT, says="what was found, separated by spaces"),
    ),
)

# Parts of one query. Only a member of staff is told by an agent: in other surveys the agent is whom it is about. A list
# of yes and no is no scale, and ticking nothing there is an answer.
_EACH = """
select source, response_id, min(organisation) as organisation, min(survey) as survey, coalesce(min(wave), '') as wave,
  min(contact_id) as contact_id, min(customer_id) as customer_id, min(agent_id) as agent_id,
  max(duration_ms) as duration_ms, min(answered_at) as answered_at,
  sum(case when scale_low is not null and scale_high is not null then n_values else 0 end) as n_items,
  max(case when n_values >= {straight} and least = most and scale_high >= scale_low + 2 then 1 else 0 end) as straight
from (
  select source, response_id, scale_low, scale_high, min(organisation) as organisation, min(survey) as survey, min(wave) as wave,
    min(contact_id) as contact_id, min(customer_id) as customer_id,
    min(case when audience = 'staff' then agent_id end) as agent_id,
    max(duration_ms) as duration_ms, min(answered_at) as answered_at,
    count(value_milli) as n_values, min(value_milli) as least, max(value_milli) as most
  from {answers}
  group by source, response_id, scale_low, scale_high
) as of_scales
group by source, response_id
"""
# The lower median from counted durations: whole numbers, and exact.
_MEDIANS = """
select organisation, survey, wave, min(duration_ms) as median_ms
from (
  select organisation, survey, wave, duration_ms,
    sum(n) over (partition by organisation, survey, wave order by duration_ms) as upto,
    sum(n) over (partition by organisation, survey, wave) as n_known
  from (
    select organisation, survey, wave, duration_ms, count(*) as n
    from each_response
    where duration_ms is not null
    group by organisation, survey, wave, duration_ms
  ) as counted
) as summed
where n_known >= {fast} and upto * 2 >= n_known
group by organisation, survey, wave
"""
_PLACES = """
select survey, question, row_number() over (partition by survey order by question) as place
from (
  select distinct a.survey, a.question
  from {answers} as a
  join long_responses as r on a.source = r.source and a.response_id = r.response_id
) as asked
"""
_ITEMS = """
select a.source, a.response_id, a.question, a.value_milli, r.organisation, r.survey, r.wave, r.answered_at, r.n_items, p.place
from {answers} as a
join long_responses as r on a.source = r.source and a.response_id = r.response_id
join places as p on p.survey = a.survey and p.question = a.question
where a.value_milli is not null and a.scale_low is not null and a.scale_high is not null
"""
# Three sums bring responses together that may be alike; the answers themselves decide.
_NEIGHBOURS = """
select source, response_id, n_items, before_source, before_id
from (
  select source, response_id, n_items, answered_at,
    lag(source) over (partition by organisation, survey, wave, n_items, one, two, three order by answered_at, source, response_id) as before_source,
    lag(response_id) over (partition by organisation, survey, wave, n_items, one, two, three order by answered_at, source, response_id) as before_id,
    lag(answered_at) over (partition by organisation, survey, wave, n_items, one, two, three order by answered_at, source, response_id) as before_at
  from (
    select source, response_id, organisation, survey, wave, n_items, answered_at,
      sum(cast(value_milli as decimal(19, 0))) as one,
      sum(cast(value_milli as decimal(19, 0)) * place) as two,
      sum(cast(value_milli as decimal(19, 0)) * place * place) as three
    from items
    group by source, response_id, organisation, survey, wave, n_items, answered_at
  ) as summed
) as placed
where before_id is not null and ms_between(before_at, answered_at) <= {within}
"""
_ALIKE = """
select n.source, n.response_id, n.before_source, n.before_id
from neighbours as n
join items as a on a.source = n.source and a.response_id = n.response_id
join items as b on b.source = n.before_source and b.response_id = n.before_id and b.question = a.question and b.value_milli = a.value_milli
group by n.source, n.response_id, n.before_source, n.before_id, n.n_items
having count(*) = n.n_items
"""
_PERSONS = """
select e.source, e.response_id, e.organisation, e.survey, e.wave, e.contact_id, e.duration_ms, e.answered_at, e.straight,
  coalesce('person ' || cast(c.person_key as varchar), 'customer ' || e.customer_id, 'agent ' || e.agent_id) as person
from each_response as e
left join {known} as k on e.organisation = k.organisation and e.contact_id = k.contact_id
left join {contacts} as c on c.organisation = k.organisation and c.source = k.source and c.contact_id = k.contact_id
"""
_LOOKED = """
select e.source, e.response_id,
  case when e.person is not null and row_number() over (
    partition by e.organisation, e.survey, e.wave, e.person, {about} order by e.answered_at, e.source, e.response_id
  ) > 1 then 'duplicate' end as twice,
  case when l.response_id is not null then 'same_answers' end as alike,
  case when e.duration_ms * {under} < m.median_ms * {over} then 'speeder' end as fast,
  case when e.straight = 1 then 'straight_liner' end as straight
from persons as e
left join medians as m on m.organisation = e.organisation and m.survey = e.survey and m.wave = e.wave
left join (
  select source, response_id from alike union select before_source as source, before_id as response_id from alike
) as l on l.source = e.source and l.response_id = e.response_id
"""
_PAIRED = """
select source, response_id,
  case when twice is null then alike when alike is null then twice else twice || ' ' || alike end as of_others,
  case when fast is null then straight when straight is null then fast else fast || ' ' || straight end as of_itself
from looked
where twice is not null or alike is not null or fast is not null or straight is not null
"""
_DOUBTFUL_SQL = f"""
with each_response as ({_EACH}), medians as ({_MEDIANS}),
long_responses as (select * from each_response where n_items >= {{same}}), places as ({_PLACES}), items as ({_ITEMS}),
neighbours as ({_NEIGHBOURS}), alike as ({_ALIKE}), persons as ({_PERSONS}), looked as ({_LOOKED}), paired as ({_PAIRED})
select source, response_id,
  case when of_others is null then of_itself when of_itself is null then of_others else of_others || ' ' || of_itself end as flags
from paired
"""


def doubtful(engine: Engine, answers: Table, known: Table, contacts: Table, rules: Rules) -> Table:
    """Return the flags of every response that has one.

    Parameters:
        engine: where the rows are.
        answers: the current answers.
        known: for each contact that an answer is about, its source.
        contacts: contacts with persons.
        rules: when a response is flagged.

    Returns:
        One row for each flagged response: its key and its flags, in the order of ``FLAGS``.
    """
    sql = _DOUBTFUL_SQL.format(
        answers=answers.name,
        known=known.name,
        contacts=contacts.name,
        straight=rules.straight_least_items,
        fast=rules.speeder_least_n,
        same=rules.same_least_items,
        within=rules.same_within_ms,
        about="coalesce(e.contact_id, '')" if rules.duplicate_per_contact else "''",
        over=rules.speeder_share.numerator,
        under=rules.speeder_share.denominator,
    )
    return engine.step("responses_doubtful", sql, _DOUBTFUL)


def flagged(engine: Engine, responses: Table, rules: Rules | None = None) -> tuple[Flagged, ...]:
    """Count the flagged responses of every survey and wave, flag by flag, for the report.

    Parameters:
        engine: where the rows are.
        responses: the responses.
        rules: the rules they were flagged by.

    Returns:
        Every flag of every survey and wave, also where nothing was found: a rule that was looked at says so.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> found = flagged(data.engine, data.tables["responses"])
        >>> sorted({each.flag for each in found})
        ['duplicate', 'same_answers', 'speeder', 'straight_liner']
    """
    counts = ", ".join(f"count(case when flags in ({_with(each)}) then 1 end) as {each}" for each in FLAGS)
    told = (rules or Rules()).told()
    rows = engine.rows(
        f"select survey, coalesce(wave, '') as wave, count(*) as n, {counts} from {responses.name} "
        "where first_answer group by survey, coalesce(wave, '')"
    ).to_pylist()
    return tuple(
        Flagged(survey=row["survey"], wave=row["wave"], flag=each, rule=told[each], n=row[each], of=row["n"])
        for row in sorted(rows, key=lambda row: (row["survey"], row["wave"]))
        for each in FLAGS
    )


def without(*flags: str) -> str:
    """Return the filter that leaves out responses with any of these flags; with any flag at all if none is named.

    Parameters:
        flags: which.

    Raises:
        DefinitionError: there is no such flag.

    Example:
        >>> without()
        'flags is null'
        >>> from peil.estimates.estimate import estimate
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> found = estimate(measure_named("nps"), made(), where=without("speeder", "duplicate"))[0].only()
        >>> found.n <= estimate(measure_named("nps"), made())[0].only().n
        True
    """
    for each in flags:
        if each not in FLAGS:
            raise DefinitionError(f"no flag is named '{each}'", remedy=neighbours(each, FLAGS))
    return f"(flags is null or flags not in ({_with(*flags)}))" if flags else "flags is null"


def _with(*flags: str) -> str:
    """Every text of flags that holds one of these: a list can be asked of any engine, a part of a text cannot."""
    sets = itertools.chain.from_iterable(itertools.combinations(FLAGS, length) for length in range(1, len(FLAGS) + 1))
    return ", ".join(quoted(" ".join(each)) for each in sets if set(each) & set(flags))
