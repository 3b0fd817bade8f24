"""What a published figure is: a number with the question, the base and the sample that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from pydantic import ConfigDict

from peil.terms import Label

Audience = Literal["customer", "organisation", "staff"]
Kind = Literal["wave", "recall", "measured", "perceived", "forecast"]
Sort = Literal["share", "score", "points", "count", "association"]
Bound = Literal["exactly", "about", "above", "below"]

KIND_LABELS: dict[Kind, Label] = {
    "wave": Label("asked in its own round", "gevraagd in een eigen meting"),
    "recall": Label("asked in retrospect", "achteraf gevraagd"),
    "measured": Label("measured", "gemeten"),
    "perceived": Label("as respondents see it", "volgens respondenten"),
    "forecast": Label("expected", "verwacht"),
}
BOUND_LABELS: dict[Bound, Label] = {
    "exactly": Label("", ""),
    "about": Label("about ", "ongeveer "),
    "above": Label("more than ", "meer dan "),
    "below": Label("less than ", "minder dan "),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Those who were asked.

    Parameters:
        id: how figures refer to it.
        audience: who they are.
        n: how many answered.
        n_assumed: whether that number is a guess.
        editions: the rounds in which they were asked.
        frame: the list that they were drawn from.
        composition: countries, sectors and whatever else it is made up of.
        source: where that is told.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: str
    audience: Audience
    n: int | None = None
    n_assumed: bool = False
    editions: tuple[str, ...] = ()
    frame: str = ""
    composition: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published figure.

    Parameters:
        id: its name.
        claim: what it is to support; figures of one claim and one edition are about the same thing.
        about: what it says, in our own words.
        audience: whom it is about.
        kind: how it came about.
        sort: what sort of number it is; an association has the figures that go together in ``relates``.
        source: who published it.
        told_as: how it is presented; as it came about, if left out.
        called: what it is called, such as ``nps``.
        question: the question, or its identifier; empty where it is not told.
        base: of whom, or of what, it is a share or mean; empty where it is not told.
        value: the number: a share in percent; None where only a direction is told.
        bound: whether the number is exact.
        edition: the round or period that it speaks of.
        n: answers in the base; the sample's, if left out.
        sample: those who were asked.
        respondent: who answered; those it is about, if left out.
        self_report: whether respondents speak of their own organisation.
        relates: identifiers of the figures that an association joins.
        published: day of publication.
        primary_source: who counted, where that is somebody else.

    Example:
        >>> Figure(id="owner", claim="owner", about=Label("board owns it", "bestuur is eigenaar"), audience="organisation",
        ...        kind="wave", sort="share", source="press", value=75).told
        Label(en='75%', nl='75%')
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: str
    claim: str
    about: Label
    audience: Audience
    kind: Kind
    sort: Sort
    source: str
    told_as: Kind | None = None
    called: str = ""
    question: str = ""
    base: str = ""
    value: float | None = None
    bound: Bound = "exactly"
    edition: str = ""
    n: int | None = None
    sample: Sample | None = None
    respondent: Audience | None = None
    self_report: bool = False
    relates: tuple[str, ...] = ()
    published: date | None = None
    primary_source: str = ""

    def __post_init__(self) -> None:
        """Refuse a number that its sort cannot have."""
        least, most = {"share": (0, 100), "points": (-100, 100)}.get(self.sort, (None, None))
        if self.value is not None and least is not None and most is not None and not least <= self.value <= most:
            raise ValueError(f"{self.value:g} is no {self.sort}; it lies between {least} and {most}")
        if (self.sort == "association") != bool(self.relates):
            raise ValueError("an association, and nothing else, names in 'relates' the figures that it joins")

    @property
    def answers(self) -> int | None:
        """How many answers it rests on, where that is known."""
        return self.n if self.n is not None else self.sample.n if self.sample else None

    @property
    def answered_by(self) -> Audience:
        """Who answered."""
        return self.respondent or self.audience

    @property
    def presented(self) -> Kind:
        """How it is presented."""
        return self.told_as or self.kind

    @property
    def told(self) -> Label:
        """The number as it is written; empty where there is none."""
        if self.value is None:
            return Label("", "")
        sign = "%" if self.sort == "share" else ""
        text = f"{self.value:,g}{sign}".replace("-", "−")
        dutch = text.translate(str.maketrans(",.", ".,"))
        return Label(BOUND_LABELS[self.bound].en + text, BOUND_LABELS[self.bound].nl + dutch)
