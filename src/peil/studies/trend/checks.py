"""The named checks of the trend-break study: what must hold for a verdict to stand."""

from __future__ import annotations

from collections.abc import Sequence

from peil.errors import EvidenceError
from peil.estimates.series import PER_YEAR, Series
from peil.methods.end_of_sample import end_of_sample
from peil.methods.placebo import LeftOut
from peil.methods.step_tables import FEWEST
from peil.studies.change_log import DefinitionChange
from peil.studies.finding import Check
from peil.studies.trend.curve import FEWEST_MODELS, Curve
from peil.studies.trend.evidence import Evidence, Size, passes
from peil.studies.trend.fitting import FEWEST_AFTER_YEARS, FEWEST_YEARS, fitting, is_flat
from peil.studies.trend.mix import Moved
from peil.studies.trend.words import COLUMNS, PERIODS, amount, chance, day, percent
from peil.surveys.instrument import Change
from peil.terms import Label

END_SHARE = 0.1
"""Nearer to either end than this share of the series, a change of level cannot be told from a last swing."""
LEAST_COVERAGE = 0.75
AGREE, AGREE_BEYOND = 0.9, 0.75
LEAD_SHARE = 0.2
"""Of the chance of a false alarm that a whole study may have, as much goes to a drift before the date."""
ARTEFACTS = ("same_definition", "same_question", "same_mix")
STRUCTURE = ("varies", "enough_before", "enough_after", "no_gaps")


def structure(series: Series, at: int) -> tuple[Check, ...]:
    """Return whether a series is long enough, without gaps, and varies."""
    n, year, many = len(series), PER_YEAR[series.period], PERIODS[series.period]
    before = round(FEWEST_YEARS * year)
    after = max(round(FEWEST_AFTER_YEARS * year), round(END_SHARE * n), FEWEST - before)
    gaps = series.gaps
    first = day(gaps[0]) if gaps else Label("", "")
    return (
        Check(
            name="varies",
            passed=not is_flat(series),
            says=Label("The series varies.", "De reeks varieert.")
            if not is_flat(series)
            else Label("The series has the same value throughout.", "De reeks heeft overal dezelfde waarde."),
        ),
        Check(
            name="enough_before",
            passed=at >= before,
            says=Label(
                f"{at} {many.en} lie before the date; {before} are asked for, to tell a season from a change.",
                f"Er liggen {at} {many.nl} vóór de datum; {before} zijn nodig om een seizoen van een verandering te onderscheiden.",
            ),
        ),
        Check(
            name="enough_after",
            passed=n - at >= after,
            says=Label(
                f"{n - at} {many.en} lie after the date; {after} are asked for, since at the end of a series a swing looks like a break.",
                f"Er liggen {n - at} {many.nl} na de datum; {after} zijn nodig, want aan het eind lijkt een uitschieter op een breuk.",
            ),
        ),
        Check(
            name="no_gaps",
            passed=not gaps,
            says=Label(
                f"{len(gaps)} {many.en} have no data, the first from {first.en}.",
                f"{len(gaps)} {many.nl} hebben geen gegevens, de eerste vanaf {first.nl}.",
            )
            if gaps
            else Label("No period is missing.", "Er ontbreekt geen periode."),
        ),
    )


def ending(series: Series, at: int, level: float) -> tuple[Check, ...]:
    """Return whether periods after the date that are too few for more lie off the path; nothing where that cannot be told."""
    model, many = fitting(series, at), PERIODS[series.period]
    try:
        found = end_of_sample(model.y, at, model.columns)
    except EvidenceError:
        return ()
    told = chance(found.p)
    return (
        Check(
            name="odd_at_the_end",
            passed=found.p <= 1 - level,
            says=Label(
                f"Held against {found.stretches} stretches before the date, the last {found.last} {many.en} give p = {told.en}; "
                "what kind of change it would be, so few do not tell.",
                f"Naast {found.stretches} stukken van vóór de datum geven de laatste {found.last} {many.nl} p = {told.nl}; "
                "wat voor verandering het zou zijn, zeggen er zo weinig niet.",
            ),
        ),
    )


def definitions(after: Sequence[DefinitionChange], before: Sequence[DefinitionChange], *, kept: bool) -> Check:
    """Return whether definitions stayed the same near the date and after it.

    Parameters:
        after: entries of the change log near the date or after it.
        before: older entries; the series begins at the last of them.
        kept: whether a change log was handed over at all.
    """
    if after:
        first = after[0]
        on = day(first.on)
        return Check(
            name="same_definition",
            passed=False,
            says=Label(
                f"The definition changed on {on.en}: {first.what.en}.",
                f"De definitie is veranderd op {on.nl}: {first.what.nl}.",
            ),
        )
    if before:
        told = Label(
            f"The series is used from the last older change of definition on, {day(before[-1].on).en}.",
            f"De reeks is gebruikt vanaf de laatste eerdere definitiewijziging, {day(before[-1].on).nl}.",
        )
    elif kept:
        told = Label(
            "The change log names no change of definition.", "Het wijzigingslog noemt geen definitiewijziging."
        )
    else:
        told = Label(
            "No change log was given: nothing is known of changed definitions.",
            "Er is geen wijzigingslog gegeven: van definitiewijzigingen is niets bekend.",
        )
    return Check(name="same_definition", passed=True, says=told)


def question(found: Sequence[Change]) -> Check:
    """Return whether the question behind the measure was put in the same way all the while."""
    if not found:
        return Check(
            name="same_question",
            passed=True,
            says=Label("The question was put in the same way.", "De vraag is op dezelfde manier gesteld."),
        )
    return Check(name="same_question", passed=False, says=found[0].told)


def mixes(found: Sequence[Moved]) -> Check:
    """Return whether the mix behind the measure stayed the same."""
    if not found:
        return Check(
            name="same_mix",
            passed=True,
            says=Label(
                "The mix of organisations, systems and channels behind it stayed the same, as far as it is counted.",
                "De mix van organisaties, systemen en kanalen erachter bleef gelijk, voor zover geteld.",
            ),
        )
    first = max(found, key=lambda each: each.share)
    name, old, new = (
        COLUMNS.get(first.column, Label(first.column, first.column)),
        percent(first.before),
        percent(first.after),
    )
    return Check(
        name="same_mix",
        passed=False,
        says=Label(
            f"The mix of {name.en} changed: “{first.name}” went from {old.en} to {new.en}.",
            f"De mix van {name.nl} is veranderd: “{first.name}” ging van {old.nl} naar {new.nl}.",
        ),
    )


def forecasts(found: Evidence) -> Check:
    """Return whether forecasts from before held true before."""
    made = found.foretold.tried
    many = PERIODS[found.model.series.period]
    if made is None:
        return Check(
            name="foretold_well",
            passed=False,
            says=Label(
                "Too few periods lie before the date to try forecasts on.",
                "Er liggen te weinig perioden vóór de datum om voorspellingen op te beproeven.",
            ),
        )
    size = amount(made.error, found.model.series.unit)
    return Check(
        name="foretold_well",
        passed=made.coverage >= LEAST_COVERAGE,
        says=Label(
            f"Forecasts up to {made.ahead} {many.en} ahead, tried before the date, were off by {size.en} on average; "
            f"{percent(made.coverage).en} of {made.periods} periods lay within their {percent(made.level).en} interval.",
            f"Voorspellingen tot {made.ahead} {many.nl} vooruit zaten er vóór de datum gemiddeld {size.nl} naast; "
            f"{percent(made.coverage).nl} van {made.periods} perioden lag binnen het {percent(made.level).nl}-interval.",
        ),
    )


def dates(found: Evidence, level: float) -> Check:
    """Return whether the largest step of the whole series, looked for without knowing the date, may lie at the date."""
    series, at, unknown = found.model.series, found.model.at, found.unknown
    if unknown is None or unknown.p >= 1 - level:
        return Check(
            name="dated_here",
            passed=True,
            says=Label(
                "Looked for without knowing the date, no step stands out at any other date.",
                "Zonder de datum te kennen springt geen enkele andere datum eruit.",
            ),
        )
    low, high = (max(0, min(each, len(series) - 1)) for each in (unknown.low, unknown.high))
    first, last = day(series.starts[low]), day(series.starts[high])
    ending = passes(found.shapes) and unknown.low > at
    inside = unknown.low <= at <= unknown.high or ending
    where = Label(f"between {first.en} and {last.en}", f"tussen {first.nl} en {last.nl}")
    return Check(
        name="dated_here",
        passed=inside,
        says=Label(
            f"Looked for without knowing the date, the largest step lies {where.en}"
            + (
                ": where a change that passed ended."
                if ending
                else ": that holds the date."
                if inside
                else ": that is another date."
            ),
            f"Zonder de datum te kennen ligt de grootste stap {where.nl}"
            + (
                ": waar een tijdelijke verandering eindigde."
                if ending
                else ": daar valt de datum in."
                if inside
                else ": dat is een andere datum."
            ),
        ),
    )


def lead(found: Evidence, level: float) -> Check:
    """Return whether nothing was moving in the half year before the date."""
    passed = found.lead.p >= (1 - level) * LEAD_SHARE
    return Check(
        name="not_under_way",
        passed=passed,
        says=Label(
            "In the half year before the date the series was on its old path."
            if passed
            else "In the half year before the date the series had already left its old path.",
            "In het halve jaar vóór de datum lag de reeks op haar oude pad."
            if passed
            else "In het halve jaar vóór de datum had de reeks haar oude pad al verlaten.",
        ),
    )


def controls(against: Size, effect: Size) -> Check:
    """Return whether the effect stays when what moved series that the event did not reach is taken off."""
    passed = against.clear and (against.value > 0) == (effect.value > 0)
    return Check(
        name="controls_agree",
        passed=passed,
        says=Label(
            "Against the controls the change stays clear."
            if passed
            else "Against the controls no change is shown: what moved the series may have moved them as well.",
            "Afgezet tegen de controlereeksen blijft de verandering staan."
            if passed
            else "Afgezet tegen de controlereeksen is geen verandering aan te tonen: misschien bewogen die mee.",
        ),
    )


def models(found: Curve) -> Check:
    """Return whether nearly all admissible models agree in sign, and most in size."""
    n = len(found.models)
    passed = n >= FEWEST_MODELS and found.same_sign >= AGREE and found.beyond >= AGREE_BEYOND
    sign, beyond = percent(found.same_sign), percent(found.beyond)
    return Check(
        name="models_agree",
        passed=passed,
        says=Label(
            f"Of {n} admissible models {sign.en} agree on the direction and {beyond.en} on a size that matters.",
            f"Van {n} toelaatbare modellen is {sign.nl} het eens over de richting en {beyond.nl} over een omvang die ertoe doet.",
        ),
    )


def placebo(p: float, tried: int, level: float) -> Check:
    """Return whether the date stands out among dates at which nothing happened."""
    told = chance(p)
    return Check(
        name="placebo_in_time",
        passed=p <= 1 - level,
        says=Label(
            f"Among {tried} dates at which nothing happened the rank of this one gives p = {told.en}.",
            f"Tussen {tried} data waarop niets gebeurde geeft de rang van deze p = {told.nl}.",
        ),
    )


def years(found: LeftOut) -> Check:
    """Return whether the change keeps its direction whichever year is left out."""
    return Check(
        name="no_year_alone",
        passed=found.one_sign,
        says=Label(
            f"Left out in turn, none of {len(found.years)} years turns the direction round."
            if found.one_sign
            else f"Without {found.leans_on} the direction is not the same: one year carries the change.",
            f"Om de beurt weggelaten keert geen van {len(found.years)} jaren de richting om."
            if found.one_sign
            else f"Zonder {found.leans_on} is de richting anders: één jaar draagt de verandering.",
        ),
    )
