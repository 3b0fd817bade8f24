"""Does a better worked-out strategy go with more growth? Organisations side by side, and what that cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.difference import Difference, Side
from peil.estimates.groups import grouping, rows_from
from peil.measures.measure import POPULATIONS
from peil.methods.adjusted import EValue, Robustness, Slope, e_value_of, robustness, slope
from peil.methods.agreement import Ranged
from peil.methods.correlation import correlated, partial, ranked
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.studies.organisations import Booked, Growth, Said, Seen, facts, per_organisation, realised
from peil.terms import Label

# with fewer, only correlations above a half can be seen, and one organisation weighs too much
FEWEST_ORGANISATIONS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was known before the strategy was asked about.

    Parameters:
        growth: the growth of an earlier period.
        strategy: the strategy in an earlier round, held constant where there is one.
    """

    growth: Growth
    strategy: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One organisation.

    Parameters:
        name: its name.
        strategy: how far its strategy is.
        growth: how much it grew.
    """

    name: str
    strategy: float
    growth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyAndGrowth:
    """What the study finds.

    Parameters:
        finding: verdict, slope, checks.
        organisations: those with both sides, by name.
        slope: growth for each step of strategy, with the facts held constant.
        correlation: of the two, with the facts held constant; exact for normal values.
        rank: of their ranks, with the facts held constant.
        robustness: how strong an unseen common cause would have to be.
        e_value: the same as risk ratios, for a rise of the strategy by its standard deviation.
        one_source: organisations of which one respondent gave both sides.
        reverse: strategy for each unit of earlier growth; None where nothing earlier is known.
        held: the facts held constant.
        alone: organisations with one side only, or without a fact.
    """

    finding: Finding[Difference | Effect]
    organisations: tuple[Organisation, ...]
    slope: Slope
    correlation: Ranged
    rank: Ranged
    robustness: Robustness
    e_value: EValue
    one_source: int
    reverse: Slope | None
    held: tuple[str, ...]
    alone: int


def strategy_and_growth(
    data: Dataset,
    strategy: Side,
    growth: Growth,
    *,
    by: str = "organisation",
    held: tuple[str, ...] = (),
    earlier: Earlier | None = None,
    level: float = 0.95,
    matters: float = 0.0,
) -> StrategyAndGrowth:
    """Say whether organisations with a better worked-out strategy grew more.

    Organisations are the units and count alike. What is found is an association: it says nothing of what caused what,
    and how strong an unseen common cause would have to be is told beside it.

    Parameters:
        data: the tables.
        strategy: a measure of how far the strategy is, such as the mean of an ordinal answer.
        growth: ``Said`` by the organisation, ``Seen`` in its records, or ``Booked`` in a field of its answers.
        by: what names the organisation, in answers and records alike.
        held: facts about organisations to hold constant: columns, or ``extra.NAME``; numbers as they are, words as
            groups.
        earlier: growth before the strategy was asked about: does it foretell the strategy?
        level: of the intervals.
        matters: the smallest slope that matters, in units of growth for each step of strategy; ``no`` means that the
            whole interval is nearer to zero than that, even where it leaves zero out.

    Returns:
        ``yes`` where the interval of the slope leaves zero out and every check passes: enough organisations, no
        respondent who gave both sides, no single organisation that carries it, and no sign that growth came first.

    Raises:
        DefinitionError: something said is no answer, or a column is unknown.
        EvidenceError: too few organisations have both sides, or they do not differ.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> from peil.sources.simulated import SimulatedBenchmark
        >>> data = made(SimulatedBenchmark(contacts=20_000))
        >>> found = strategy_and_growth(data, Side(measure=measure_named("nps_believed")), Said(measure=measure_named("nps")))
        >>> len(found.organisations), found.finding.verdict
        (8, 'unclear')
    """
    sides = per_organisation(data, strategy, by), realised(data, growth, by)
    known = facts(data, strategy, by, held)
    shared = sorted(name for name in sides[0].keys() & sides[1].keys() if name in known.rows)
    if not shared:
        raise EvidenceError(
            "no organisation has both a strategy and a growth",
            remedy=f"both sides must name organisations alike in '{by}', and tell every fact held constant",
        )
    x, y = (np.array([side[name] for name in shared]) for side in sides)
    z = known.columns(shared)
    found = slope(x, y, z, level=level)
    plain, worth = partial(x, y, z)
    ranks, _ = partial(x, y, z, ranks=True)
    one_source = _one_source(data, strategy, growth, by, set(shared))
    reverse = _reverse(data, sides[0], known.rows, earlier, by, level) if earlier else None
    effect = Effect(
        label=Label("growth for each step of strategy", "groei per stap in strategie"),
        unit=growth.unit,
        value=found.value,
        low=found.low,
        high=found.high,
        level=level,
        n=found.n,
    )
    checks = _checks(found, one_source, growth, reverse)
    return StrategyAndGrowth(
        finding=_finding(data, effect, checks, growth, matters, reverse=reverse, held=held),
        organisations=tuple(
            Organisation(name=name, strategy=float(a), growth=float(b)) for name, a, b in zip(shared, x, y, strict=True)
        ),
        slope=found,
        correlation=correlated(plain, worth, level=level),
        rank=ranked(ranks, worth, level=level),
        robustness=robustness(found.t, found.residual_df, level=level),
        e_value=e_value_of(found, x, y),
        one_source=one_source,
        reverse=reverse,
        held=tuple(held),
        alone=len(sides[0].keys() | sides[1].keys()) - len(shared),
    )


def _one_source(data: Dataset, strategy: Side, growth: Growth, by: str, names: set[str]) -> int:
    """Return the organisations of which one response holds both sides."""
    if isinstance(growth, Booked):
        return len(names) if growth.by_respondent else 0
    if isinstance(growth, Seen) or strategy.measure.population != "responses":
        return 0
    schema, table = POPULATIONS["responses"], data.tables["responses"]
    groups = grouping([by], schema)
    one, two = (
        f"max(case when ({side.measure.where}) and ({side.where}) then 1 else 0 end)" for side in (strategy, growth)
    )
    inner = (
        f"select {groups.columns[0]} as g0, t.source as s, t.response_id as r, {one} as a, {two} as b "
        f"{rows_from(table.name, schema, groups, 'true')} group by {groups.columns[0]}, t.source, t.response_id"
    )
    rows = data.engine.rows(f"select g0 from ({inner}) as answered where a = 1 and b = 1 group by g0")
    return len({str(each) for each in rows.column("g0").to_pylist()} & names)


def _reverse(
    data: Dataset,
    strategy: dict[str, float],
    rows: Mapping[str, tuple[float, ...]],
    earlier: Earlier,
    by: str,
    level: float,
) -> Slope:
    before = realised(data, earlier.growth, by)
    past = per_organisation(data, earlier.strategy, by) if earlier.strategy else None
    names = [each for each in sorted(strategy.keys() & before.keys() & rows.keys()) if past is None or each in past]
    held = np.array([[*rows[each], *(() if past is None else (past[each],))] for each in names])
    return slope([before[each] for each in names], [strategy[each] for each in names], held.reshape(len(names), -1),
                 level=level)  # fmt: skip


def _checks(found: Slope, one_source: int, growth: Growth, reverse: Slope | None) -> tuple[Check, ...]:
    checks = [
        Check(
            name="enough_organisations",
            passed=found.n >= FEWEST_ORGANISATIONS,
            says=Label(
                f"{found.n} organisations have both sides; {FEWEST_ORGANISATIONS} are asked for.",
                f"{found.n} organisaties hebben beide kanten; {FEWEST_ORGANISATIONS} zijn nodig.",
            ),
        ),
        Check(
            name="no_common_source",
            passed=one_source == 0,
            says=Label(
                f"Of {one_source} organisations one respondent gave both sides: a cheerful one gives both high."
                if one_source
                else "Nobody gave both sides." if isinstance(growth, Said) else "Growth was not asked of those who told the strategy.",
                f"Bij {one_source} organisaties gaf één respondent beide kanten: wie optimistisch is, geeft beide hoog."
                if one_source
                else "Niemand gaf beide kanten." if isinstance(growth, Said) else "De groei is niet gevraagd aan wie over de strategie antwoordde.",
            ),
        ),
        Check(
            name="no_single_organisation",
            passed=found.steady,
            says=Label(
                "The sign holds whichever organisation is left out."
                if found.steady
                else "Leaving out a single organisation turns the sign round.",
                "Het teken blijft gelijk, welke organisatie ook wegblijft."
                if found.steady
                else "Laat één organisatie weg en het teken keert om.",
            ),
        ),
    ]  # fmt: skip
    if reverse is not None:
        checks.append(
            Check(
                name="growth_not_first",
                passed=not reverse.clear,
                says=Label(
                    f"Earlier growth foretells the strategy ({reverse.n} organisations): growth may have come first."
                    if reverse.clear
                    else f"Earlier growth was not shown to foretell the strategy ({reverse.n} organisations).",
                    f"Eerdere groei voorspelt de strategie ({reverse.n} organisaties): de groei kan er het eerst zijn geweest."
                    if reverse.clear
                    else f"Dat eerdere groei de strategie voorspelt, is niet aangetoond ({reverse.n} organisaties).",
                ),
            )
        )
    return tuple(checks)


def _finding(
    data: Dataset,
    effect: Effect,
    checks: tuple[Check, ...],
    growth: Growth,
    matters: float,
    *,
    reverse: Slope | None,
    held: tuple[str, ...],
) -> Finding[Difference | Effect]:
    failed = {each.name for each in checks if not each.passed}
    within = -matters < effect.low and effect.high < matters
    # a common source or a growth that came first makes two things go together, and cannot hide that they do not
    enough = "enough_organisations" not in failed
    verdict: Verdict = "no" if within and enough else "yes" if effect.clear and not failed else "unclear"
    return Finding(
        study="strategy_and_growth",
        question=Label(
            "Did organisations with a better worked-out strategy grow more?",
            "Groeiden organisaties met een verder uitgewerkte strategie meer?",
        ),
        verdict=verdict,
        says=_says(effect, verdict),
        effect=effect,
        checks=checks,
        assumptions=_assumptions(growth, reverse, held),
        settles=_settles(effect, failed, matters) if verdict == "unclear" else None,
        run=data.run,
    )


def _says(effect: Effect, verdict: Verdict) -> Label:
    if verdict == "no":
        return Label(
            "Strategy and growth go together less than matters, if at all",
            "Strategie en groei hangen minder samen dan ertoe doet, als ze al samenhangen",
        )
    if verdict == "unclear":
        return Label(
            "Not shown that strategy and growth go together", "Niet aangetoond dat strategie en groei samenhangen"
        )
    en, nl = ("more", "meer") if effect.value > 0 else ("less", "minder")
    return Label(
        f"A better worked-out strategy goes with {en} growth; what causes what is not known",
        f"Een verder uitgewerkte strategie gaat samen met {nl} groei; wat oorzaak is en wat gevolg, is niet bekend",
    )


def _assumptions(growth: Growth, reverse: Slope | None, held: tuple[str, ...]) -> tuple[Label, ...]:
    names = ", ".join(each.removeprefix("extra.") for each in held)
    told = [
        Label(
            f"Beyond {names}, nothing that lies behind both was held constant: an association is no cause."
            if held
            else "Nothing that lies behind both, such as sector or size, was held constant: an association is no cause.",
            f"Behalve {names} is niets constant gehouden dat achter beide kan zitten: samenhang is geen oorzaak."
            if held
            else "Niets dat achter beide kan zitten, zoals sector of omvang, is constant gehouden: samenhang is geen oorzaak.",
        )
    ]
    if reverse is None:
        told.append(
            Label(
                "Which came first is not known: nothing earlier was given.",
                "Wat er het eerst was, is niet bekend: er zijn geen eerdere gegevens.",
            )
        )
    if isinstance(growth, Said):
        told.append(
            Label(
                "Growth is what organisations say it was.",
                "De groei is wat organisaties er zelf over zeggen.",
            )
        )
    return tuple(told)


def _settles(effect: Effect, failed: set[str], matters: float) -> Label:
    if "no_common_source" in failed:
        return Label(
            "Take growth from the books, or ask another respondent of the same organisation.",
            "Haal de groei uit de boeken, of vraag er een andere respondent van dezelfde organisatie naar.",
        )
    if "growth_not_first" in failed:
        return Label(
            "Follow organisations over several rounds: does growth change after the strategy did?",
            "Volg organisaties over meer rondes: verandert de groei nadat de strategie veranderde?",
        )
    target, reach = max(abs(effect.value), matters), (effect.high - effect.low) / 2
    times = (reach / target) ** 2 if target > 0 else np.inf
    if not np.isfinite(times) or times < 2:  # noqa: PLR2004  # less than twice as many is just 'more'
        return Label("More organisations with both sides.", "Meer organisaties met beide kanten.")
    return Label(
        f"About {times:.0f} times as many organisations, if the association is as strong as it seems.",
        f"Ongeveer {times:.0f} keer zoveel organisaties, als de samenhang zo sterk is als hij lijkt.",
    )
