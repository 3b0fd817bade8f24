"""What an entry of the register is: a claim with a rule that settles it, a day, a probability, and the evidence for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.evidence.figure import BOUND_LABELS, KIND_LABELS, Bound, Kind
from peil.terms import Label

Holds = Literal["rises", "falls", "above", "below"]
Sort = Literal["share", "mean_share", "points", "score", "seconds", "count", "direction"]
SetBy = Literal["stated", "median", "words", "register"]

HOLDS_LABELS: dict[Holds, Label] = {
    "rises": Label("rises by more than", "stijgt met meer dan"),
    "falls": Label("falls by more than", "daalt met meer dan"),
    "above": Label("is above", "ligt boven"),
    "below": Label("is below", "ligt onder"),
}
MOVES: dict[Holds, Label] = {"rises": Label("rises", "stijgt"), "falls": Label("falls", "daalt")}
SET_BY_LABELS: dict[SetBy, Label] = {
    "stated": Label("given by the forecaster", "gegeven door de voorspeller"),
    "median": Label("a point forecast, read as its median", "een puntvoorspelling, gelezen als mediaan"),
    "words": Label("read from the forecaster's words", "afgeleid uit de woorden van de voorspeller"),
    "register": Label("set by the register", "gekozen door het register"),
}
_STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
NO_RULE = "nothing is measured: name a 'measure' of the catalogue, or a 'figure' with the 'publisher' who counts it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says so.

    Parameters:
        id: how evidence refers to it.
        title: what was published.
        vendor: who published or paid for it; figures of one vendor are not independent.
        sells: whether the vendor sells what its figures recommend.
        cites: where its figures come from, as identifiers; none means that it counted itself.
        published: when.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: str
    title: str
    vendor: str
    sells: bool = False
    cites: tuple[str, ...] = ()
    published: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A figure that speaks for or against a claim.

    Parameters:
        source: identifier of the source.
        kind: how it came about.
        sort: what sort of number it is: a ``share`` of the answers; a ``mean_share``, where each answer was a share itself,
            as with a rate per organisation; a ``direction`` has no number.
        value: a share in percent, or a number in its unit; None where only a direction is told.
        bound: whether the number is exact.
        about: what it says, in our own words; the claim itself, if left out.
        item: figures of one item asked the same thing, and may be taken together; the claim's own, if left out.
        question: as it was put; empty where it is not told.
        base: of whom it is a share or mean; empty where it is not told.
        n: answers in the base; None where it is not told.
        edition: the round or year.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    source: str
    kind: Kind
    sort: Sort
    value: float | None = None
    bound: Bound = "exactly"
    about: Label | None = None
    item: str = ""
    question: str = ""
    base: str = ""
    n: int | None = None
    edition: str = ""

    def __post_init__(self) -> None:
        """Refuse a number that its sort cannot have."""
        if (self.sort == "direction") != (self.value is None):
            raise ValueError("a direction, and nothing else, has no value")
        if self.sort.endswith("share") and self.value is not None and not 0 <= self.value <= 100:  # noqa: PLR2004  # percent
            raise ValueError(f"{self.value:g} is no share; it lies between 0 and 100")
        if self.n is not None and self.n < 1:
            raise ValueError("n: a figure rests on one answer at least")

    @property
    def told(self) -> Label:
        """The number as it is written; empty where only a direction is told."""
        if self.value is None:
            return Label("", "")
        sign = {"share": "%", "mean_share": "%", "seconds": " s"}.get(self.sort, "")
        text = f"{self.value:,g}{sign}".replace("-", "−")
        bound = BOUND_LABELS[self.bound]
        return Label(bound.en + text, bound.nl + text.translate(str.maketrans(",.", ".,")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What settles a claim; one of a measure of the project, or a figure that somebody counts.

    Parameters:
        holds: what has to be so: ``rises`` and ``falls`` from ``before`` to ``during``; ``above`` and ``below`` the number
            in ``than``, or the measure in ``against``.
        than: the number, or the smallest change; in the measure's unit, a share between 0 and 1.
        measure: a measure of the catalogue.
        where: row-level SQL that chooses rows.
        against: a measure of the same unit that it is compared with.
        before: first and last day of the period that is compared with.
        during: first and last day of the period that settles it.
        decided_by: ``interval``: undecided while the interval holds the threshold; ``value``: the value alone.
        figure: what is read, where nobody can measure it in the project.
        publisher: who publishes it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    holds: Holds
    than: float | None = None
    measure: str = ""
    where: str = "true"
    against: str = ""
    before: tuple[date, date] | None = None
    during: tuple[date, date] | None = None
    decided_by: Literal["interval", "value"] = "interval"
    figure: Label | None = None
    publisher: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be settled."""
        moves = self.holds in {"rises", "falls"}
        if bool(self.measure) == (self.figure is not None) or (self.figure is not None and not self.publisher.strip()):
            raise ValueError(NO_RULE)
        if self.measure and not self.during:
            raise ValueError("'during' is needed: the first and last day of the period that settles it")
        if self.measure and moves and not self.before:
            raise ValueError(f"'before' is needed: a measure {self.holds} from one period to another")
        if self.than is None and not self.against and (not moves or not self.measure):
            raise ValueError(f"'than' is needed: {self.holds}, compared with which number?")
        for name, days in (("before", self.before), ("during", self.during)):
            if days and days[0] > days[1]:
                raise ValueError(f"'{name}' ends before it begins")
        if self.before and self.during and self.before[1] >= self.during[0]:
            raise ValueError("'before' has to end before 'during' begins")

    @property
    def threshold(self) -> float:
        """The number that it is compared with; nought where none is given."""
        return self.than or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A forecast of a number.

    Parameters:
        quantiles: level to value; a point forecast is one, at 0.5.
        now: the number when it was made, which *no change* forecasts; None where it is not known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    quantiles: Mapping[float, float]
    now: float | None = None

    def __post_init__(self) -> None:
        """Refuse quantiles that do not rise."""
        levels = sorted(self.quantiles)
        values = [self.quantiles[each] for each in levels]
        if not levels or not all(0 < each < 1 for each in levels) or values != sorted(values):
            raise ValueError("quantiles: levels lie between 0 and 1, and values rise with them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One entry of the register.

    Parameters:
        id: its name.
        claim: what is said, in our own words.
        kind: how the claim came about; a ``forecast`` has a probability and is scored.
        source: who made it.
        made_on: when.
        due_on: when it is settled, at the latest.
        rule: what settles it.
        probability: that the rule will hold; None for what is no forecast.
        set_by: where the probability comes from: ``stated`` by the forecaster, the ``median`` of a point forecast, read from
            ``words``, or set by the ``register``.
        if_nothing_changes: what somebody would say who expects no change: 0 where the rule asks for one.
        expects: a forecast of the number itself.
        evidence: figures for or against it.
        luck: forecasts with the same word stand or fall together; each its own, if left out.
        phrase: where it stands in the publication.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: str
    claim: Label
    kind: Kind
    source: str
    made_on: date
    due_on: date
    rule: Rule
    probability: float | None = None
    set_by: SetBy = "stated"
    if_nothing_changes: float = 0.0
    expects: Expected | None = None
    evidence: tuple[Evidence, ...] = ()
    luck: str = ""
    phrase: str = ""

    def __post_init__(self) -> None:
        """Refuse a forecast that cannot be scored."""
        if self.kind == "forecast" and self.probability is None:
            raise ValueError("'probability' is needed: a forecast says how likely, between 0 and 1")
        for name, each in (("probability", self.probability), ("if_nothing_changes", self.if_nothing_changes)):
            if each is not None and not 0 <= each <= 1:
                raise ValueError(f"{name}: {each:g} lies outside 0 and 1; write 70 % as 0.7")
        if self.due_on <= self.made_on:
            raise ValueError("'due_on' has to come after 'made_on': what is known already is no forecast")
        if self.rule.during and self.due_on < self.rule.during[1]:
            raise ValueError("'due_on' comes before the last day of 'during': it could not be settled by then")

    @property
    def is_forecast(self) -> bool:
        """Whether it is scored."""
        return self.kind == "forecast"

    @property
    def kind_label(self) -> Label:
        """How it came about, in words."""
        return KIND_LABELS[self.kind]

    @property
    def digest(self) -> str:
        """A hash of what was promised: claim, rule, day, probability and number; evidence may grow."""
        told = {
            "claim": asdict(self.claim),
            "rule": asdict(self.rule),
            "due_on": self.due_on,
            "probability": self.probability,
            "if_nothing_changes": self.if_nothing_changes,
            "expects": None if self.expects is None else [sorted(self.expects.quantiles.items()), self.expects.now],
        }
        return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Entries with their sources.

    Parameters:
        trends: in the order of the file.
        sources: by identifier.
        name: of the file.
    """

    trends: tuple[Trend, ...]
    sources: Mapping[str, Source] = field(default_factory=dict)
    name: str = "register"
