"""Outcome rates from counted dispositions: those of AAPOR, with the eligible share of the unknown, and those of a panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.methods import interval
from peil.methods.student import student
from peil.surveys.dispositions import DISPOSITIONS, LETTERS, Dispositions
from peil.terms import Label

Floats = NDArray[np.float64]
Panel = Literal["probability", "opt_in", "census"]
Unknown = Literal["count", "share", "leave"]

_UNKNOWN = ("UH", "UO")
_ELIGIBLE = ("I", "P", "R", "NC", "O")


@dataclass(frozen=True, slots=True)
class _Formula:
    """A rate: letters over letters, and what becomes of those whose eligibility is unknown."""

    over: tuple[str, ...]
    under: tuple[str, ...]
    unknown: Unknown = "leave"

    @property
    def told(self) -> str:
        """The formula as the standard writes it."""
        unknown = {"count": " + UH + UO", "share": " + e(UH + UO)", "leave": ""}[self.unknown]
        over, under = " + ".join(self.over), " + ".join(self.under)
        return f"{over if len(self.over) == 1 else f'({over})'} / ({under}{unknown})"


_REACHED = ("I", "P", "R", "O")
_ABLE = ("I", "P", "R")
AAPOR: Mapping[str, _Formula] = {
    "RR1": _Formula(("I",), _ELIGIBLE, "count"),
    "RR2": _Formula(("I", "P"), _ELIGIBLE, "count"),
    "RR3": _Formula(("I",), _ELIGIBLE, "share"),
    "RR4": _Formula(("I", "P"), _ELIGIBLE, "share"),
    "RR5": _Formula(("I",), _ELIGIBLE),
    "RR6": _Formula(("I", "P"), _ELIGIBLE),
    "COOP1": _Formula(("I",), _REACHED),
    "COOP2": _Formula(("I", "P"), _REACHED),
    "COOP3": _Formula(("I",), _ABLE),
    "COOP4": _Formula(("I", "P"), _ABLE),
    "REF1": _Formula(("R",), _ELIGIBLE, "count"),
    "REF2": _Formula(("R",), _ELIGIBLE, "share"),
    "REF3": _Formula(("R",), _ELIGIBLE),
    "CON1": _Formula(_REACHED, _ELIGIBLE, "count"),
    "CON2": _Formula(_REACHED, _ELIGIBLE, "share"),
    "CON3": _Formula(_REACHED, _ELIGIBLE),
}
OF_A_PANEL: Mapping[str, _Formula] = {
    "participation_rate": _Formula(("I", "P"), (*_ELIGIBLE, *_UNKNOWN, "NE")),
    "completion_rate": _Formula(("I",), ("I", "P")),
}
_FAMILIES = {"response_rate": "RR", "cooperation_rate": "COOP", "refusal_rate": "REF", "contact_rate": "CON"}
DESIGNED = Label("from the sample design", "op grond van de steekproef")
EVERYBODY = Label(
    "everybody was asked, so nothing is left to drawing: what another round like this could have given",
    "iedereen is bevraagd, dus het lot speelde geen rol: wat zo'n ronde ook had kunnen geven",
)
MODELLED = Label(
    "model-based: no margin of error, for it holds only if the volunteers answer as others like them would",
    "op grond van een model: geen foutmarge, want het klopt alleen als de vrijwilligers antwoorden zoals anderen als zij",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One outcome rate.

    Parameters:
        name: as the standard calls it.
        value: the share; nan where there is nothing to divide by.
        se: its standard error.
        low, high: its interval.
        n: invitations in the base; those of unknown eligibility count for their eligible share.
        formula: letters over letters.
    """

    name: str
    value: float
    se: float
    low: float
    high: float
    n: float
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRates:
    """The outcome rates of one survey.

    Parameters:
        rates: by name.
        eligible_share: e, the share of the unknown that is taken to be eligible; nan where no rate needs it.
        estimated: whether e was estimated from these counts, and the intervals hold its uncertainty.
        level: how often intervals hold the truth.
        interval: what the intervals rest on.
        notes: what the reader has to know.
    """

    rates: Mapping[str, Rate]
    eligible_share: float
    estimated: bool
    level: float
    interval: Label
    notes: tuple[Label, ...] = field(default=())

    def __getitem__(self, name: str) -> Rate:
        return self.rates[name]


def outcome_rates(
    counts: Mapping[str, float] | Dispositions, eligible_share: float | None = None, *, level: float = 0.95
) -> OutcomeRates:
    """Return every outcome rate of AAPOR's Standard Definitions (10th ed. 2023).

    The intervals are Wilson's, on as many invitations as would give the linearised standard error. With an estimated e
    that standard error holds the uncertainty of e. With an e that is given, e is taken as certain.

    Parameters:
        counts: disposition to invitations, or what ``dispositions`` counted, so that invitations of one person are not
            taken to be independent.
        eligible_share: e; if left out, the eligible share among those whose eligibility is known (the CASRO method).
        level: how often intervals are to hold the truth.

    Returns:
        RR1 to RR6, COOP1 to COOP4, REF1 to REF3 and CON1 to CON3.

    Raises:
        DefinitionError: a disposition or e is not what it can be.
        EvidenceError: nothing was counted, or e is needed and cannot be estimated.

    Example:
        >>> made = outcome_rates({"complete": 4, "partial": 2, "refused": 1, "no_contact": 1, "other": 1,
        ...                       "unknown_household": 1, "unknown_other": 1, "not_eligible": 1})
        >>> round(made.eligible_share, 2), round(made["RR3"].value, 3)
        (0.9, 0.37)
    """
    told = counts if isinstance(counts, Dispositions) else Dispositions(counts=counts)
    return _rates(told, AAPOR, eligible_share, level, DESIGNED)


def rates_for(
    panel: Panel,
    counts: Mapping[str, float] | Dispositions,
    names: Iterable[str] | None = None,
    *,
    eligible_share: float | None = None,
    level: float = 0.95,
) -> OutcomeRates:
    """Return the rates that a survey may report: a panel of volunteers has no response rate.

    Parameters:
        panel: ``probability`` where everybody had a known chance to be asked; ``opt_in`` for volunteers; ``census``
            where all were asked.
        counts: disposition to invitations, or what ``dispositions`` counted.
        names: which rates (``RR1`` or ``response_rate_1``); all that the panel may report if left out.
        eligible_share: e, for the rates that need it.
        level: how often intervals are to hold the truth.

    Raises:
        DefinitionError: a rate is unknown, or is a response rate of volunteers.

    Example:
        >>> counts = {"complete": 300, "partial": 20, "no_contact": 680}
        >>> round(rates_for("opt_in", counts)["participation_rate"].value, 2)
        0.32
        >>> rates_for("opt_in", counts, ["RR1"])
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: a panel of volunteers has no response rate, so no 'RR1': nobody knows who could have volunteered
          remedy: report participation_rate and completion_rate, with model-based intervals
    """
    everything = {**AAPOR, **OF_A_PANEL}
    allowed = OF_A_PANEL if panel == "opt_in" else AAPOR
    chosen = {name: everything[name] for name in (reportable(panel, each) for each in names or allowed)}
    told = counts if isinstance(counts, Dispositions) else Dispositions(counts=counts)
    rests_on = {"probability": DESIGNED, "opt_in": MODELLED, "census": EVERYBODY}[panel]
    return _rates(told, chosen, eligible_share, level, rests_on)


def reportable(panel: Panel, name: str) -> str:
    """Return the standard's name of a rate that may be reported of this kind of survey.

    Parameters:
        panel: how people came to be asked.
        name: a rate, as the standard or as the catalogue calls it.

    Raises:
        DefinitionError: the rate is unknown, or is a response rate of volunteers.

    Example:
        >>> reportable("probability", "response_rate_1")
        'RR1'
    """
    family, _, number = name.rpartition("_")
    found = _FAMILIES[family] + number if family in _FAMILIES else name
    if found not in {**AAPOR, **OF_A_PANEL}:
        raise DefinitionError(
            f"no outcome rate is named '{name}'", remedy=neighbours(found.upper(), [*AAPOR, *OF_A_PANEL])
        )
    if panel == "opt_in" and found not in OF_A_PANEL:
        raise DefinitionError(
            f"a panel of volunteers has no response rate, so no '{name}': nobody knows who could have volunteered",
            remedy="report participation_rate and completion_rate, with model-based intervals",
        )
    return found


def is_response_rate(name: str) -> bool:
    """Return whether a measure says what share of those who could be asked answered, refused or was reached.

    Parameters:
        name: of a measure.

    Example:
        >>> is_response_rate("response_rate_1"), is_response_rate("participation_rate")
        (True, False)
    """
    return name.rpartition("_")[0] in _FAMILIES


def _rates(
    told: Dispositions, formulas: Mapping[str, _Formula], eligible_share: float | None, level: float, rests_on: Label
) -> OutcomeRates:
    counts = _checked(told.counts)
    if eligible_share is not None and not 0 <= eligible_share <= 1:
        raise DefinitionError(
            f"e is the eligible share of the unknown, and cannot be {eligible_share}", remedy="give a share from 0 to 1"
        )
    eligible, ineligible, unknown = (float(counts @ _letters(each)) for each in (_ELIGIBLE, ("NE",), _UNKNOWN))
    asked = unknown > 0 and any(each.unknown == "share" for each in formulas.values())
    if asked and eligible_share is None and not eligible + ineligible:
        raise EvidenceError(
            "the eligible share of the unknown cannot be estimated: of no invitation it is known",
            remedy="give eligible_share",
        )
    estimated = eligible_share is None and eligible + ineligible > 0
    share = (
        eligible / (eligible + ineligible) if estimated else float("nan") if eligible_share is None else eligible_share
    )
    # how e moves with each count; nought where it is given
    moves = np.zeros(len(DISPOSITIONS))
    if estimated:
        moves = (_letters(_ELIGIBLE) * ineligible - _letters(("NE",)) * eligible) / (eligible + ineligible) ** 2
    made = {name: _rate(name, each, told, counts, (share, moves), level) for name, each in formulas.items()}
    notes = []
    if asked and estimated and not ineligible:
        notes.append(
            Label(
                "Nobody was found not to be eligible, so all of unknown eligibility count as eligible.",
                "Niemand bleek niet mee te tellen, dus iedereen van wie dat onbekend is telt mee.",
            )
        )
    return OutcomeRates(
        rates=made, eligible_share=share, estimated=estimated, level=level, interval=rests_on, notes=tuple(notes)
    )


def _checked(counts: Mapping[str, float]) -> Floats:
    for each in counts:
        if each not in LETTERS:
            raise DefinitionError(f"'{each}' is no disposition", remedy=neighbours(each, DISPOSITIONS))
    found = np.array([float(counts.get(each, 0)) for each in DISPOSITIONS])
    if not np.all(np.isfinite(found)) or np.any(found < 0):
        raise EvidenceError("a count of invitations is negative or no number", remedy="count every disposition from 0")
    if not found.any():
        raise EvidenceError("no invitation was counted", remedy="load the invitations, or widen the filter")
    return found


def _letters(chosen: Sequence[str]) -> Floats:
    return np.array([1.0 if LETTERS[each] in chosen else 0.0 for each in DISPOSITIONS])


def _rate(
    name: str, formula: _Formula, told: Dispositions, counts: Floats, e: tuple[float, Floats], level: float
) -> Rate:
    share, moves = e
    over, under, unknown = _letters(formula.over), _letters(formula.under), _letters(_UNKNOWN)
    if formula.unknown == "count":
        under = under + unknown
    elif formula.unknown == "share" and counts @ unknown:
        under = under + share * unknown
    base = float(counts @ under)
    if base <= 0:
        nothing = float("nan")
        return Rate(name=name, value=nothing, se=nothing, low=nothing, high=nothing, n=0.0, formula=formula.told)
    value = float(counts @ over) / base
    moved = float(counts @ unknown) * moves if formula.unknown == "share" else 0.0
    slope = (over - value * (under + moved)) / base
    if told.products is None or told.clusters is None:
        variance = float(slope @ (counts * slope))
    else:
        variance = float(slope @ told.products @ slope) * told.clusters / max(told.clusters - 1, 1)
    # what never varies is taken for as many invitations as there are
    n_eff = base
    if variance > 0 and 0 < value < 1:
        n_eff = value * (1 - value) / variance
        if told.clusters is not None and told.clusters > 1 and base > 1:
            # as the estimator has it: a simple sample keeps its n, and few persons tell less of the spread (Korn, Graubard 1998)
            knows = student([base - 1, told.clusters - 1], level)
            n_eff *= base / (base - 1) * float(knows[0] / knows[1]) ** 2
            n_eff = n_eff if formula.unknown == "share" else min(n_eff, base)
    low, high = interval.share([value], [n_eff], level=level)
    return Rate(
        name=name,
        value=value,
        se=float(np.sqrt(max(variance, 0.0))),
        low=float(low[0]),
        high=float(high[0]),
        n=base,
        formula=formula.told,
    )
