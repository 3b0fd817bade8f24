"""Settling claims that have come due: by a measure of the project where the rule says so, by a figure read elsewhere otherwise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from peil.dataset import DAY_COLUMN, Dataset
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.difference import Side, difference
from peil.estimates.estimate import Estimate, estimate
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.measures.measure import Measure
from peil.studies.trend_register.entry import HOLDS_LABELS, MOVES, Holds, Register, Rule, Trend
from peil.studies.trend_register.ledger import Outcome, Resolution
from peil.terms import Label, Unit

State = Literal["settled", "undecided", "due", "open"]
STATE_LABELS: Mapping[State, Label] = {
    "settled": Label("settled", "afgerond"),
    "undecided": Label("undecided", "onbeslist"),
    "due": Label("due", "vervallen, nog niet afgerond"),
    "open": Label("open", "open"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one claim stands on a day.

    Parameters:
        trend: the claim.
        state: ``open`` until it is due; then ``due`` until it is settled or found undecided.
        resolution: the last word on it, if any.
        changed: whether claim, rule or probability were changed after it was settled.
    """

    trend: Trend
    state: State
    resolution: Resolution | None = None
    changed: bool = False


def standings(register: Register, held: Mapping[str, Resolution], today: date) -> tuple[Standing, ...]:
    """Return where every claim stands.

    Parameters:
        register: the claims.
        held: the last word on each, by identifier.
        today: the day.
    """
    found = []
    for each in register.trends:
        word = held.get(each.id)
        state: State = "due" if each.due_on <= today else "open"
        if word is not None:
            state = "undecided" if word.came is None else "settled"
        found.append(
            Standing(trend=each, state=state, resolution=word, changed=word is not None and word.claim != each.digest)
        )
    return tuple(found)


def rule_told(rule: Rule, catalogue: Mapping[str, Measure] = CATALOGUE) -> Label:
    """Return a rule as a reader reads it.

    Parameters:
        rule: what settles a claim.
        catalogue: measures by name.

    Example:
        >>> days = (date(2021, 1, 1), date(2021, 12, 31))
        >>> rule_told(Rule(measure="digital_share", holds="above", than=0.5, during=days)).nl
        'Via digitale kanalen: ligt boven 0,5 (2021-01-01 t/m 2021-12-31)'
    """
    what = (
        catalogue[rule.measure].label if rule.measure in catalogue else rule.figure or Label(rule.measure, rule.measure)
    )
    other = catalogue[rule.against].label if rule.against in catalogue else None
    number = f"{rule.threshold:g}".replace("-", "−")
    than = Label(f" {number}", f" {number.replace('.', ',')}")
    if other and rule.than is None:
        than = Label(f" {other.en}", f" {other.nl}")
    holds = HOLDS_LABELS[rule.holds]
    if rule.holds in MOVES and not rule.threshold:
        holds, than = MOVES[rule.holds], Label("", "")
    days = [
        Label(f"{one.isoformat()} to {two.isoformat()}", f"{one.isoformat()} t/m {two.isoformat()}")
        for one, two in (each for each in (rule.before, rule.during) if each)
    ]
    en, nl = (" → ".join(each.read(language) for each in days) or rule.publisher for language in ("en", "nl"))
    return Label(
        f"{what.en}: {holds.en}{than.en}" + (f" ({en})" if en else ""),
        f"{what.nl}: {holds.nl}{than.nl}" + (f" ({nl})" if nl else ""),
    )


def own_share(
    trend: Trend, data: Dataset, *, catalogue: Mapping[str, Measure] = CATALOGUE, level: float = 0.95
) -> Estimate | None:
    """Return the project's own share where a claim's rule measures one, to take together with the figures of others.

    Parameters:
        trend: the claim.
        data: the tables.
        catalogue: measures by name.
        level: of the interval.

    Returns:
        None where the rule measures no share, compares two periods or two measures, or the data do not reach.
    """
    rule = trend.rule
    if not rule.measure or rule.during is None or rule.before or rule.against:
        return None
    measure = measure_named(rule.measure, catalogue)
    first, last = data.period
    if measure.unit is not Unit.SHARE or rule.during[0] < first or rule.during[1] > last:
        return None
    try:
        return estimate(measure, data, where=_where(rule, measure, rule.during), level=level)[0].only()
    except EvidenceError:  # nobody answered: others speak alone
        return None


def outcome_of(holds: Holds, than: float, value: float, low: float, high: float) -> Outcome:
    """Return whether a rule holds, given a number with its interval; undecided while the interval holds the threshold.

    Parameters:
        holds: what has to be so.
        than: the threshold: a level, or the smallest change.
        value: the number, or the change.
        low, high: its interval; both the value itself where the value alone decides.

    Example:
        >>> outcome_of("falls", 0.0, -0.1, -0.2, -0.05), outcome_of("falls", 0.0, -0.1, -0.2, 0.05), outcome_of("above", 5, 4, 4, 4)
        ('yes', 'undecided', 'no')
    """
    if not math.isfinite(value):
        return "undecided"
    if holds in {"falls", "below"}:
        value, low, high = -value, -high, -low
        than = than if holds == "falls" else -than
    if low > than:
        return "yes"
    if high <= than:
        return "no"
    return "undecided"


def settle(
    trend: Trend,
    data: Dataset,
    *,
    catalogue: Mapping[str, Measure] = CATALOGUE,
    today: date,
    level: float = 0.95,
) -> Resolution:
    """Settle a claim by the measure that its rule names.

    Parameters:
        trend: the claim.
        data: the tables.
        catalogue: measures by name.
        today: the day of settling.
        level: of the interval that decides.

    Raises:
        DefinitionError: the rule asks for a figure that the project does not measure, or the claim is not due yet.
        EvidenceError: the data do not reach over the periods of the rule, or hold no rows there.
    """
    rule = trend.rule
    _is_due(trend, today)
    if not rule.measure or rule.during is None:
        raise DefinitionError(
            f"'{trend.id}' is settled by a figure that the project does not measure",
            remedy=f"read it ({rule.publisher}) and give it: --value with --source",
        )
    for name, days in (("before", rule.before), ("during", rule.during)):
        first, last = data.period
        if days and (days[0] < first or days[1] > last):
            raise EvidenceError(
                f"'{trend.id}': data reach from {first.isoformat()} to {last.isoformat()}, and '{name}' asks for "
                f"{days[0].isoformat()} to {days[1].isoformat()}",
                remedy="load that period, or change the rule before it comes due",
            )
    measure = measure_named(rule.measure, catalogue)
    here = Side(measure=measure, where=_where(rule, measure, rule.during))
    there = None
    if rule.holds in {"rises", "falls"} and rule.before:
        there = Side(measure=measure, where=_where(rule, measure, rule.before))
    elif rule.against:
        other = measure_named(rule.against, catalogue)
        there = Side(measure=other, where=_where(rule, other, rule.during))
    if there is None:
        found = estimate(measure, data, where=here.where, level=level)[0].only()
        value, low, high, n = found.value, found.low, found.high, found.n
    else:
        gap = difference(data, there, here, level=level)
        value, low, high, n = gap.value, gap.low, gap.high, gap.first.n + gap.second.n
    ends = (low, high) if rule.decided_by == "interval" else (value, value)
    return Resolution(
        trend=trend.id,
        outcome=outcome_of(rule.holds, rule.threshold, value, *ends),
        resolved_on=today,
        by="measure",
        value=value,
        low=low,
        high=high,
        level=level,
        n=n,
        source=measure.name,
        run=data.run.digest,
    )


def settle_by_hand(
    trend: Trend,
    *,
    today: date,
    source: str,
    value: float | None = None,
    outcome: Outcome | None = None,
    because: str = "",
) -> Resolution:
    """Settle a claim by a figure that somebody else counted.

    Parameters:
        trend: the claim.
        today: the day of settling.
        source: where the figure was read.
        value: the figure; the rule then decides.
        outcome: what came, where there is no figure.
        because: why an earlier resolution is put right.

    Raises:
        DefinitionError: there is no source, neither figure nor outcome, or they contradict the rule; or it is not due.
    """
    _is_due(trend, today)
    if not source.strip():
        raise DefinitionError(f"'{trend.id}': a figure without a source settles nothing", remedy="say where: --source")
    if value is None and outcome is None:
        raise DefinitionError(f"'{trend.id}': there is nothing to settle it by", remedy="give --value or --outcome")
    decided = outcome or "undecided"
    if value is not None:
        value = float(value)
        decided = outcome_of(trend.rule.holds, trend.rule.threshold, value, value, value)
        if outcome is not None and outcome != decided:
            raise DefinitionError(
                f"'{trend.id}': {value:g} makes it '{decided}' by its rule, not '{outcome}'",
                remedy="leave --outcome out",
            )
    return Resolution(
        trend=trend.id, outcome=decided, resolved_on=today, by="hand", value=value, low=value, high=value, source=source,
        because=because,
    )  # fmt: skip


def named(register: Register, ids: Sequence[str]) -> tuple[Trend, ...]:
    """Return the claims with these identifiers.

    Raises:
        DefinitionError: there is none of that name; names its neighbours.
    """
    held = {each.id: each for each in register.trends}
    for each in ids:
        if each not in held:
            raise DefinitionError(f"no trend is named '{each}'", remedy=neighbours(each, held))
    return tuple(held[each] for each in ids)


def _is_due(trend: Trend, today: date) -> None:
    if today < trend.due_on:
        raise DefinitionError(
            f"'{trend.id}' comes due on {trend.due_on.isoformat()}",
            remedy="wait; a forecast that is settled early is settled by whoever likes the moment",
        )


def _where(rule: Rule, measure: Measure, days: tuple[date, date]) -> str:
    column = DAY_COLUMN[measure.population]
    return f"({rule.where}) and {column} >= date '{days[0].isoformat()}' and {column} <= date '{days[1].isoformat()}'"
