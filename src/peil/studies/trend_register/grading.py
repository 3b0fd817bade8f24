"""How far evidence can be trusted: where a figure comes from in the end, and what may bias it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from peil.evidence.figure import KIND_LABELS
from peil.studies.trend_register.entry import Evidence, Register, Source
from peil.terms import Label

Risk = Literal["low", "some", "high"]
RISK_LABELS: dict[Risk, Label] = {
    "low": Label("low", "laag"),
    "some": Label("some", "enig"),
    "high": Label("high", "hoog"),
}
# How a figure came about, and what that alone risks.
_OF_KIND: Mapping[str, Risk] = {
    "measured": "low",
    "wave": "low",
    "recall": "high",
    "perceived": "high",
    "forecast": "high",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What may bias one figure.

    Parameters:
        risk: of bias, all together: the worst of its reasons.
        reasons: what it is for.
        origin: the vendor of whoever counted; figures of one origin are one voice.
    """

    risk: Risk
    reasons: tuple[Label, ...]
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceIssue:
    """Something that is wrong with where figures come from.

    Parameters:
        name: ``cites_itself`` or ``circular``.
        sources: identifiers.
        says: what it is.
    """

    name: str
    sources: tuple[str, ...]
    says: Label


def source_issues(sources: Mapping[str, Source]) -> tuple[SourceIssue, ...]:
    """Return sources that cite themselves, or one another in a circle.

    Example:
        >>> one, two = (Source(id=a, title=a, vendor=a, cites=(b,)) for a, b in (("x", "y"), ("y", "x")))
        >>> [each.name for each in source_issues({"x": one, "y": two})]
        ['circular']
    """
    found = [
        SourceIssue(
            name="cites_itself",
            sources=(each.id,),
            says=Label(
                f"'{each.title}' gives itself as its source: nobody counted.",
                f"'{each.title}' noemt zichzelf als bron: niemand heeft geteld.",
            ),
        )
        for each in sources.values()
        if each.id in each.cites
    ]
    seen: set[frozenset[str]] = set()
    for each in sources.values():
        ring = _ring(each.id, sources)
        if len(ring) > 1 and frozenset(ring) not in seen:
            seen.add(frozenset(ring))
            names = ", ".join(f"'{sources[one].title}'" for one in ring)
            found.append(
                SourceIssue(
                    name="circular",
                    sources=ring,
                    says=Label(
                        f"{names} cite one another: none of them counted.",
                        f"{names} citeren elkaar: geen van hen heeft geteld.",
                    ),
                )
            )
    return tuple(found)


def _ring(start: str, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Return the shortest circle of citations through a source; nothing where there is none."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while paths:
        path = paths.pop(0)
        for cited in sources[path[-1]].cites if path[-1] in sources else ():
            if cited == start and len(path) > 1:
                return path
            if cited not in seen:
                seen.add(cited)
                paths.append((*path, cited))
    return ()


def origins(source: str, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Return the sources that counted in the end; none where citations go round in a circle.

    Example:
        >>> paper = Source(id="paper", title="A paper", vendor="press", cites=("survey",))
        >>> origins("paper", {"paper": paper, "survey": Source(id="survey", title="A survey", vendor="firm")})
        ('survey',)
    """
    found: list[str] = []
    waiting, seen = [source], {source}
    while waiting:
        here = waiting.pop(0)
        cites = sources[here].cites if here in sources else ()
        if not cites:
            found.append(here)
        for each in cites:
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return tuple(dict.fromkeys(found))


def grade(evidence: Evidence, sources: Mapping[str, Source]) -> Grade:
    """Return what may bias one figure, and whose it is.

    Recall, perception and expectation stand in for a measurement: a high risk. So does a figure that nobody counted. A
    base, a question or a number of answers that is not told, a vendor that sells what its figures recommend, and a figure
    from hearsay are some risk each.

    Parameters:
        evidence: the figure.
        sources: by identifier.

    Example:
        >>> firm = Source(id="firm", title="A report", vendor="firm", sells=True)
        >>> figure = Evidence(source="firm", kind="wave", sort="share", value=60, base="users", question="pleased?", n=90)
        >>> found = grade(figure, {"firm": firm})
        >>> found.risk, [each.en for each in found.reasons]
        ('some', ['the vendor sells what it recommends'])
    """
    told = sources.get(evidence.source)
    roots = origins(evidence.source, sources)
    reasons: list[Label] = []
    risk = _OF_KIND[evidence.kind]
    if risk == "high":
        reasons.append(KIND_LABELS[evidence.kind])
    if not roots or (told and told.id in told.cites):
        risk = "high"
        reasons.append(Label("nobody counted: sources cite one another", "niemand telde: bronnen citeren elkaar"))
    minor: list[Label] = []
    if evidence.n is None:
        minor.append(Label("number of answers not told", "aantal antwoorden niet vermeld"))
    if not evidence.base:
        minor.append(Label("base not told", "basis niet vermeld"))
    if not evidence.question:
        minor.append(Label("question not told", "vraag niet vermeld"))
    if roots and roots != (evidence.source,):
        minor.append(Label("at second hand", "uit de tweede hand"))
    if any(sources[each].sells for each in (*roots, evidence.source) if each in sources):
        minor.append(Label("the vendor sells what it recommends", "de aanbieder verkoopt wat hij aanbeveelt"))
    if minor and risk == "low":
        risk = "some"
    vendor = "+".join(sorted({sources[each].vendor for each in roots if each in sources}))
    return Grade(risk=risk, reasons=(*reasons, *minor), origin=vendor or (told.vendor if told else evidence.source))


def vendors(register: Register) -> Mapping[str, int]:
    """Return how many figures each origin has in a register, most first."""
    held: dict[str, int] = {}
    for trend in register.trends:
        for each in trend.evidence:
            name = grade(each, register.sources).origin
            held[name] = held.get(name, 0) + 1
    return dict(sorted(held.items(), key=lambda one: (-one[1], one[0])))
