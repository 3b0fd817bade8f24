"""Days, amounts and sentences of the trend-break study, in both languages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal

from peil.estimates.series import SeriesPeriod
from peil.terms import Label, Unit

Kind = Literal[
    "lasting", "temporary", "under_way", "another_date", "no_change", "artefact", "cannot_tell", "out_of_the_ordinary"
]
KINDS: Mapping[Kind, Label] = {
    "lasting": Label("a lasting change", "een blijvende verandering"),
    "temporary": Label("a change that passed", "een verandering die voorbijging"),
    "under_way": Label("already under way before", "al eerder gaande"),
    "another_date": Label("the largest step lies at another date", "de grootste stap ligt op een andere datum"),
    "no_change": Label("no change that matters", "geen verandering van betekenis"),
    "artefact": Label("an artefact is not excluded", "een artefact is niet uitgesloten"),
    "cannot_tell": Label("cannot tell", "niet te zeggen"),
    "out_of_the_ordinary": Label("a round out of the ordinary", "een ronde buiten het gewone"),
}
PERIODS: Mapping[SeriesPeriod, Label] = {"week": Label("weeks", "weken"), "month": Label("months", "maanden")}
SHAPES: Mapping[str, Label] = {
    "none": Label("no change", "geen verandering"),
    "level": Label("another level", "een ander niveau"),
    "slope": Label("another slope", "een andere helling"),
    "both": Label("another level and slope", "een ander niveau en een andere helling"),
    "temporary": Label("for a time", "tijdelijk"),
    "temporary_and_level": Label("for a time, and then another level", "tijdelijk, en daarna een ander niveau"),
}
COLUMNS: Mapping[str, Label] = {
    "organisation": Label("organisations", "organisaties"),
    "source": Label("source systems", "bronsystemen"),
    "channel": Label("channels", "kanalen"),
    "queue": Label("queues", "wachtrijen"),
    "mode": Label("ways of asking", "manieren van vragen"),
    "language": Label("languages", "talen"),
    "audience": Label("people asked", "ondervraagden"),
}
_LOCALES = ("en_GB", "nl_NL")
_UNITS: Mapping[Unit, tuple[str, str]] = {
    Unit.SHARE: (" percentage points", " procentpunt"),
    Unit.POINTS: (" points", " punten"),
    Unit.SECONDS: (" s", " s"),
    Unit.MINUTES: (" min", " min"),
    Unit.HOURS: (" h", " uur"),
    Unit.EUROS: (" euros", " euro"),
}


def day(value: date) -> Label:
    """Return a day in full.

    Example:
        >>> day(date(2020, 3, 16)).nl
        '16 maart 2020'
    """
    return Label(*(str(format_date(value, "d MMMM y", locale=each)) for each in _LOCALES))


def amount(value: float, unit: Unit) -> Label:
    """Return the size of a difference, without its sign.

    Example:
        >>> amount(-0.0312, Unit.SHARE).nl, amount(4.21, Unit.POINTS).en
        ('3,1 procentpunt', '4.2 points')
    """
    if not math.isfinite(value):
        return Label("–", "–")  # a dash stands for no number
    size = abs(value) * (100 if unit is Unit.SHARE else 1)
    places = 0 if size >= 100 else 1 if size >= 1 else 2  # noqa: PLR2004  # three figures
    marks = "#,##0" + ("." + "0" * places if places else "")
    told = [str(format_decimal(round(size, places), format=marks, locale=each)) for each in _LOCALES]
    units = _UNITS.get(unit, ("", ""))
    return Label(told[0] + units[0], told[1] + units[1])


def percent(share: float) -> Label:
    """Return a share in whole percents.

    Example:
        >>> percent(0.931).en
        '93%'
    """
    told = f"{100 * share:.0f}%"
    return Label(told, told)


def chance(p: float) -> Label:
    """Return a p-value.

    Example:
        >>> chance(0.0321).nl, chance(0.0001).en
        ('0,032', 'less than 0.001')
    """
    if p < 0.001:  # noqa: PLR2004  # three places
        return Label("less than 0.001", "minder dan 0,001")
    return Label(f"{p:.3f}", f"{p:.3f}".replace(".", ","))


def says(name: Label, on: Label, kind: Kind, *, up: bool, because: Label | None = None) -> Label:
    """Return the finding in one sentence; a claim word only for what is shown.

    Parameters:
        name: of the measure.
        on: the day.
        kind: what was found.
        up: whether the effect is above zero.
        because: what an artefact would come from.
    """
    en, nl = ("higher", "hoger") if up else ("lower", "lager")
    told: Mapping[Kind, tuple[str, str]] = {
        "lasting": (f"{en} since {on.en} than foretold", f"{nl} sinds {on.nl} dan voorspeld"),
        "temporary": (f"{en} for a time after {on.en}", f"tijdelijk {nl} na {on.nl}"),
        "under_way": (f"already moving before {on.en}", f"al in beweging vóór {on.nl}"),
        "another_date": (
            f"the largest step lies at another date than {on.en}",
            f"de grootste stap ligt op een andere datum dan {on.nl}",
        ),
        "no_change": (f"no change that matters on {on.en}", f"geen verandering van betekenis op {on.nl}"),
        "cannot_tell": (f"no break shown on {on.en}", f"geen trendbreuk aan te tonen op {on.nl}"),
        "out_of_the_ordinary": (
            f"{en} after {on.en} than earlier rounds foretold",
            f"{nl} na {on.nl} dan eerdere rondes voorspelden",
        ),
        "artefact": (
            f"artefact not excluded, {because.en} changed as well" if because else "artefact not excluded",
            f"artefact niet uitgesloten, ook {because.nl} veranderde" if because else "artefact niet uitgesloten",
        ),
    }
    return Label(f"{name.en}: {told[kind][0]}", f"{name.nl}: {told[kind][1]}")
