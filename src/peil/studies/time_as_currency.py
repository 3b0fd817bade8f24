"""Is time the currency, and has its price changed? What a minute of waiting costs in satisfaction, before and since a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from peil.dataset import Dataset
from peil.errors import EvidenceError
from peil.estimates.patience import Patiences, patience
from peil.estimates.waiting_slopes import WaitingSlopes, waiting_slopes
from peil.measures.measure import Measure
from peil.studies.finding import Check, Effect, Finding, Verdict
from peil.terms import Better, Label

NETHERLANDS_CLOSED_ON = date(2020, 3, 16)
FEWEST_PERSONS = 100
MOST_ASKED_OTHERWISE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeAsCurrency:
    """What the study finds.

    Parameters:
        finding: verdict, change of the price of a minute, checks.
        measure: of the answers.
        slopes: the price before and since, period by period, and the answers by wait.
        patience: how long customers were willing to wait before and since; None where nobody hung up or nobody waited.
        split_on: first day that counts as since.
    """

    finding: Finding[Effect]
    measure: Measure
    slopes: WaitingSlopes
    patience: Patiences | None
    split_on: date


def time_as_currency(  # noqa: PLR0913  # a question has this many sides
    data: Dataset,
    measure: Measure,
    *,
    changed_on: date = NETHERLANDS_CLOSED_ON,
    period: str = "year",
    within: Sequence[str] = ("channel",),
    where: str = "true",
    contacts: str = "true",
    matters: float = 0.0,
    level: float = 0.95,
) -> TimeAsCurrency:
    """Say whether customers have come to mind waiting less, or more, since a day.

    The price of a minute is the slope of the answer on the wait of the contact that it is about, among contacts of one
    channel in one period; its change is the effect. Beside it stands whether those who waited were willing to wait longer,
    from the contacts themselves.

    Parameters:
        data: the tables; answers have to name their contacts.
        measure: satisfaction or effort, as a mean, a share or a net score.
        changed_on: first day that counts as since.
        period: of the series of prices.
        within: columns of answers and contacts within which waits are compared.
        where: row-level SQL that chooses answers.
        contacts: row-level SQL that chooses contacts, for patience.
        matters: the smallest change of the price of a minute that matters, in the measure's unit.
        level: how often intervals are to hold the truth.

    Returns:
        ``no`` where the interval of the change lies within what matters and every check passes; ``yes`` where it leaves
        nought out and every check passes; else ``unclear``.

    Raises:
        DefinitionError: the measure is not of answers, or a column is unknown.
        EvidenceError: one side of the day has no answers with a wait, or waits that do not vary.

    Example:
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> time_as_currency(made(), measure_named("csat_mean")).finding.verdict
        'unclear'
    """
    found = waiting_slopes(data, measure, changed_on, period=period, within=within, where=where, level=level)
    effect = Effect(
        label=Label("change of what a minute of waiting does", "verandering van wat een minuut wachten doet"),
        unit=measure.unit,
        value=found.change.value,
        low=found.change.low,
        high=found.change.high,
        level=level,
        n=found.before.n + found.since.n,
    )
    checks = (_enough(found), _same_waits(found), _asked_alike(data, measure, changed_on, where))
    sound = all(each.passed for each in checks)
    negligible = -matters < effect.low and effect.high < matters
    verdict: Verdict = "no" if negligible and sound else "yes" if effect.clear and sound else "unclear"
    try:
        waited = patience(data, split_on=changed_on, within=within, where=contacts, level=level)
    except EvidenceError:
        waited = None
    finding = Finding(
        study="time_as_currency",
        question=Label(
            f"{measure.label.en}: has a minute of waiting come to cost more or less since {changed_on.isoformat()}?",
            f"{measure.label.nl}: is een minuut wachten meer of minder gaan kosten sinds {changed_on.isoformat()}?",
        ),
        verdict=verdict,
        says=_says(measure, effect, claim=verdict == "yes"),
        effect=effect,
        checks=checks,
        assumptions=_ASSUMPTIONS,
        settles=_settles(effect, matters) if verdict == "unclear" else None,
        run=data.run,
    )
    return TimeAsCurrency(finding=finding, measure=measure, slopes=found, patience=waited, split_on=changed_on)


def _enough(found: WaitingSlopes) -> Check:
    fewest = min(found.before.persons, found.since.persons)
    return Check(
        name="enough_persons",
        passed=fewest >= FEWEST_PERSONS,
        says=Label(
            f"The smaller side has answers of {fewest} persons; {FEWEST_PERSONS} are asked for.",
            f"De kleinste kant heeft antwoorden van {fewest} personen; {FEWEST_PERSONS} zijn nodig.",
        ),
    )


def _same_waits(found: WaitingSlopes) -> Check:
    held = found.change.low <= found.same_waits <= found.change.high
    return Check(
        name="same_waits",
        passed=bool(held),
        says=Label(
            "With the waits of both sides made alike, the change stays within its interval."
            if held
            else "With the waits of both sides made alike, the change is another: waits became longer or shorter, and the first "
            "minute does not cost what the fifth does.",
            "Met gelijk gemaakte wachttijden blijft de verandering binnen haar interval."
            if held
            else "Met gelijk gemaakte wachttijden is de verandering een andere: er werd langer of korter gewacht, en de eerste "
            "minuut kost iets anders dan de vijfde.",
        ),
    )


_ASKED = """
select coalesce(survey, '') as survey, coalesce(mode, '') as mode, coalesce(language, '') as language,
  sum(case when answered_on < date '{day}' then 1 else 0 end) as n_before,
  sum(case when answered_on >= date '{day}' then 1 else 0 end) as n_since
from {responses} as t
where ({where}) and ({measure}) and wait_ms is not null
group by coalesce(survey, ''), coalesce(mode, ''), coalesce(language, '')
"""


def _asked_alike(data: Dataset, measure: Measure, changed_on: date, where: str) -> Check:
    sql = _ASKED.format(
        day=changed_on.isoformat(), responses=data.tables["responses"].name, where=where, measure=measure.where
    )
    rows = data.engine.rows(sql).to_pylist()
    shares = np.array([[float(each["n_before"]), float(each["n_since"])] for each in rows])
    shares = shares / np.maximum(shares.sum(axis=0), 1.0)
    apart = float(np.abs(shares[:, 0] - shares[:, 1]).sum() / 2)
    moved = round(100 * apart)
    return Check(
        name="asked_alike",
        passed=apart <= MOST_ASKED_OTHERWISE,
        says=Label(
            f"{moved}% of the answers came in by another survey, mode or language than before; up to "
            f"{round(100 * MOST_ASKED_OTHERWISE)}% is let pass.",
            f"{moved}% van de antwoorden kwam via een andere enquête, weg of taal binnen dan ervoor; tot "
            f"{round(100 * MOST_ASKED_OTHERWISE)}% mag.",
        ),
    )


_ASSUMPTIONS = (
    Label(
        "Contacts of one channel and period that waited longer are otherwise like those that waited less.",
        "Contacten van één kanaal en periode die langer wachtten lijken verder op contacten die korter wachtten.",
    ),
    Label(
        "Only customers who were asked and answered count; who hung up is seldom asked, and is in the patience instead.",
        "Alleen klanten die gevraagd zijn en antwoordden tellen; wie ophing wordt zelden gevraagd, en zit wel in het geduld.",
    ),
)


def _says(measure: Measure, effect: Effect, *, claim: bool) -> Label:
    name = (measure.label.en.split(" (", 1)[0], measure.label.nl.split(" (", 1)[0])
    if not claim:
        return Label(
            f"{name[0]}: no change shown in what a minute of waiting costs",
            f"{name[1]}: geen aantoonbare verandering in wat een minuut wachten kost",
        )
    cheaper = (effect.value > 0) == (measure.better is not Better.LOWER)
    if cheaper:
        return Label(
            f"{name[0]}: a minute of waiting costs less than before",
            f"{name[1]}: een minuut wachten kost minder dan ervoor",
        )
    return Label(
        f"{name[0]}: a minute of waiting costs more than before", f"{name[1]}: een minuut wachten kost meer dan ervoor"
    )


def _settles(effect: Effect, matters: float) -> Label:
    target, reach = max(abs(effect.value), matters), (effect.high - effect.low) / 2
    times = (reach / target) ** 2 if target > 0 else np.inf
    if not np.isfinite(times) or times < 2 or times > 1_000:  # noqa: PLR2004  # 'more' says it as well
        return Label(
            "More answers with waits on both sides of the day, put alike.",
            "Meer antwoorden met wachttijd aan beide kanten van de dag, op dezelfde manier gevraagd.",
        )
    return Label(
        f"About {times:.0f} times as many answers, if the change is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel antwoorden, als de verandering zo groot is als zij lijkt.",
    )
