"""Do published figures agree with themselves? Each check names one way in which a figure says more than it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from peil.evidence.figure import KIND_LABELS, Figure, Kind
from peil.terms import Label

SCORES = frozenset({"nps", "net promoter score", "enps", "score", "points"})
COUNTED = frozenset({"share", "score", "points"})
# how far two numbers that are called the same may lie apart: rounding, and more where one says 'about'
ROUNDED, ROUGHLY = 0.5, 5.0
# from one edition to the next: fewer percentage points than this happen, and chance is thought of first
JUMP, BEYOND_CHANCE, ASSUMED_N = 15.0, 3.0, 1_000

ISSUE_LABELS: dict[str, Label] = {
    "two_bases_in_one_claim": Label("Two bases in one claim", "Twee bases in één bewering"),
    "share_called_score": Label("A share called a score", "Een aandeel dat een score heet"),
    "recall_called_wave": Label("Recall told as an earlier round", "Herinnering verteld als eerdere meting"),
    "no_sample": Label("No sample", "Geen steekproef"),
    "perceived_as_fact": Label("Perception told as fact", "Indruk verteld als feit"),
    "forecast_as_fact": Label("Expectation told as fact", "Verwachting verteld als feit"),
    "self_report_on_both_sides": Label("Self-report on both sides", "Zelfrapportage aan beide kanten"),
    "implausible_jump": Label("A jump too large to take as it is", "Een sprong te groot om zo aan te nemen"),
    "missing_n_or_base": Label("No base, or no number of answers", "Geen basis, of geen aantal antwoorden"),
}
ARTEFACT = Label("artefact not excluded", "artefact niet uitgesloten")
_TOLD_WRONG: dict[tuple[Kind, Kind], str] = {
    ("recall", "wave"): "recall_called_wave",
    ("perceived", "measured"): "perceived_as_fact",
    ("forecast", "measured"): "forecast_as_fact",
    ("forecast", "wave"): "forecast_as_fact",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Something that is wrong with one figure, or with several together.

    Parameters:
        name: which check raised it.
        figures: identifiers of the figures.
        says: what is wrong.
        verdict: what may be concluded, where that is anything.
    """

    name: str
    figures: tuple[str, ...]
    says: Label
    verdict: Label | None = None


def check_figures(figures: Iterable[Figure], *, assumed_n: int = ASSUMED_N) -> tuple[Issue, ...]:
    """Return what is wrong with figures, in the order of the checks and then of the figures.

    Parameters:
        figures: as they were published.
        assumed_n: answers to reckon a jump with where nobody says how many there were; it is said.

    Returns:
        Nothing for figures that tell question, base and sample, and that are what they are told as.

    Example:
        >>> from peil.terms import Label
        >>> promoters = Figure(id="p", claim="p", about=Label("promoters", "promotors"), audience="customer", kind="wave",
        ...                    sort="share", called="nps", value=33, base="customers", n=400, source="press")
        >>> [each.name for each in check_figures([promoters])]
        ['share_called_score', 'no_sample']
    """
    known = tuple(figures)
    by_id = {each.id: each for each in known}
    rules: tuple[Callable[[], Iterator[Issue]], ...] = (
        lambda: _two_bases(known),
        lambda: _share_called_score(known),
        lambda: _told_wrong(known),
        lambda: _no_sample(known),
        lambda: _self_report(known, by_id),
        lambda: _jumps(known, assumed_n),
        lambda: _missing(known),
    )
    return tuple(issue for rule in rules for issue in rule())


def _two_bases(figures: Sequence[Figure]) -> Iterator[Issue]:
    groups: dict[tuple[str, str], list[Figure]] = {}
    for each in figures:
        if each.sort in COUNTED:
            groups.setdefault((each.claim, each.edition), []).append(each)
    for (claim, _), group in groups.items():
        bases = {each.base for each in group if each.base}
        questions = {each.question for each in group if each.question}
        if len(bases) > 1 or len(questions) > 1 or any(_contradict(a, b) for a, b in combinations(group, 2)):
            en, nl = (
                ", ".join(dict.fromkeys(told for each in group if (told := each.told.read(language))))
                for language in ("en", "nl")
            )
            yield Issue(
                name="two_bases_in_one_claim",
                figures=tuple(each.id for each in group),
                says=Label(
                    f"One claim ({claim}) has figures that cannot all rest on one question and one base: {en}.",
                    f"Eén bewering ({claim}) heeft cijfers die niet alle op één vraag en één basis kunnen rusten: {nl}.",
                ),
            )


def _contradict(one: Figure, other: Figure) -> bool:
    if one.value is None or other.value is None or one.sort != other.sort:
        return False
    bounds = {one.bound, other.bound}
    if bounds <= {"exactly", "about"}:
        return abs(one.value - other.value) > (ROUGHLY if "about" in bounds else ROUNDED)
    room = ROUGHLY if "about" in bounds else 0.0
    for edge, number in ((one, other), (other, one)):
        if edge.bound == "above" and number.bound != "above" and number.value is not None and edge.value is not None:
            return number.value + room <= edge.value
        if edge.bound == "below" and number.bound != "below" and number.value is not None and edge.value is not None:
            return number.value - room >= edge.value
    return False


def _share_called_score(figures: Sequence[Figure]) -> Iterator[Issue]:
    for each in figures:
        if each.sort == "share" and each.called.lower() in SCORES:
            yield Issue(
                name="share_called_score",
                figures=(each.id,),
                says=Label(
                    f"{each.about.en}: a share called {each.called}; a score takes detractors off, and may be below nought.",
                    f"{each.about.nl}: een aandeel dat {each.called} heet; een score trekt criticasters af en kan onder nul liggen.",
                ),
            )


def _told_wrong(figures: Sequence[Figure]) -> Iterator[Issue]:
    for each in figures:
        held = each.sample.editions if each.sample else ()
        never_asked = each.presented == "wave" and bool(held) and bool(each.edition) and each.edition not in held
        name = "recall_called_wave" if never_asked else _TOLD_WRONG.get((each.kind, each.presented))
        if not name:
            continue
        came, told = (
            Label("asked in retrospect", "achteraf gevraagd") if never_asked else KIND_LABELS[each.kind],
            KIND_LABELS[each.presented],
        )
        first = f" The sample was asked in {', '.join(held)}." if never_asked else ""
        eerste = f" De steekproef is ondervraagd in {', '.join(held)}." if never_asked else ""
        yield Issue(
            name=name,
            figures=(each.id,),
            says=Label(
                f"{each.about.en}: {came.en}, and told as {told.en}.{first}",
                f"{each.about.nl}: {came.nl}, en verteld als {told.nl}.{eerste}",
            ),
        )


def _no_sample(figures: Sequence[Figure]) -> Iterator[Issue]:
    for each in figures:
        if each.sort not in COUNTED:
            continue
        if each.sample is None or each.sample.audience != each.answered_by:
            asked = {"customer": Label("customers", "klanten"), "organisation": Label("organisations", "organisaties"),
                     "staff": Label("staff", "medewerkers")}[each.answered_by]  # fmt: skip
            yield Issue(
                name="no_sample",
                figures=(each.id,),
                says=Label(
                    f"{each.about.en}: no sample of {asked.en} is described.",
                    f"{each.about.nl}: er is geen steekproef van {asked.nl} beschreven.",
                ),
            )


def _self_report(figures: Sequence[Figure], by_id: dict[str, Figure]) -> Iterator[Issue]:
    for each in figures:
        sides = [by_id[name] for name in each.relates if name in by_id]
        samples = {side.sample.id if side.sample else "" for side in sides}
        if len(sides) > 1 and all(side.self_report for side in sides) and len(samples) == 1:
            yield Issue(
                name="self_report_on_both_sides",
                figures=(each.id, *each.relates),
                says=Label(
                    f"{each.about.en}: the same respondents told both sides about their own organisation.",
                    f"{each.about.nl}: dezelfde respondenten vertelden beide kanten over hun eigen organisatie.",
                ),
            )


def _jumps(figures: Sequence[Figure], assumed_n: int) -> Iterator[Issue]:
    claims: dict[str, list[Figure]] = {}
    for each in figures:
        if each.sort == "share" and each.value is not None and each.edition and each.kind in {"wave", "measured"}:
            claims.setdefault(each.claim, []).append(each)
    for group in claims.values():
        # of several figures for one edition the first counts: that they differ is told elsewhere
        editions = {each.edition: each for each in reversed(group)}
        for before, after in pairwise(editions[name] for name in sorted(editions)):
            issue = _jump(before, after, assumed_n)
            if issue:
                yield issue


def _jump(before: Figure, after: Figure, assumed_n: int) -> Issue | None:
    one, two = before.value or 0.0, after.value or 0.0
    if abs(two - one) < JUMP:
        return None
    n = [each.answers or assumed_n for each in (before, after)]
    assumed = any(
        each.answers is None or (each.n is None and each.sample and each.sample.n_assumed) for each in (before, after)
    )
    share = (one * n[0] + two * n[1]) / sum(n) / 100
    se = (share * (1 - share) * (1 / n[0] + 1 / n[1])) ** 0.5 * 100
    z = abs(two - one) / se if se > 0 else float("inf")
    may_differ = _may_differ(before, after)
    if z < BEYOND_CHANCE or not may_differ:
        return None
    said = (
        Label(", the number of answers partly assumed", ", het aantal antwoorden deels aangenomen")
        if assumed
        else Label("", "")
    )
    what = [", ".join(each.read(language) for each in may_differ) for language in ("en", "nl")]
    return Issue(
        name="implausible_jump",
        figures=(before.id, after.id),
        says=Label(
            f"{after.about.en}: from {before.told.en} in {before.edition} to {after.told.en} in {after.edition} (z {z:.1f}{said.en}). "
            f"Not chance; but not shown to be the same: {what[0]}.",
            f"{after.about.nl}: van {before.told.nl} in {before.edition} naar {after.told.nl} in {after.edition} "
            f"(z {z:.1f}{said.nl}). Geen toeval; maar niet aangetoond dat dit gelijk bleef: {what[1]}.".replace(
                f"z {z:.1f}", f"z {z:.1f}".replace(".", ",")
            ),
        ),
        verdict=ARTEFACT,
    )


def _may_differ(before: Figure, after: Figure) -> list[Label]:
    """Return what was not shown to be the same in both editions."""
    sides = [
        (
            each.question,
            each.base,
            each.sample.frame if each.sample else "",
            each.sample.composition if each.sample else "",
        )
        for each in (before, after)
    ]
    names = (
        Label("wording", "formulering"),
        Label("base", "basis"),
        Label("frame", "steekproefkader"),
        Label("composition", "samenstelling"),
    )
    return [name for name, one, two in zip(names, *sides, strict=True) if not one or one != two]


def _missing(figures: Sequence[Figure]) -> Iterator[Issue]:
    for each in figures:
        if each.sort not in COUNTED:
            continue
        lacking = []
        if each.answers is None and each.sample is not None:
            lacking.append(Label("the number of answers", "het aantal antwoorden"))
        if not each.base:
            lacking.append(Label("the base", "de basis"))
        if lacking:
            yield Issue(
                name="missing_n_or_base",
                figures=(each.id,),
                says=Label(
                    f"{each.about.en}: not told: {', '.join(one.en for one in lacking)}.",
                    f"{each.about.nl}: niet vermeld: {', '.join(one.nl for one in lacking)}.",
                ),
            )
