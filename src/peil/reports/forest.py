"""The forest plot of evidence: every source with its interval, what they say together, and where another source would lie."""

from __future__ import annotations

from peil.reports import dots, numbers
from peil.reports.figures import Figure
from peil.reports.rows import Row
from peil.reports.tables import Cell, Table, figures, words
from peil.studies.trend_register.entry import Register
from peil.studies.trend_register.grading import RISK_LABELS
from peil.studies.trend_register.synthesis import OWN, Synthesis, Taken, poolable
from peil.terms import Label, Language, Unit

_OWN = Label("our own measurement", "onze eigen meting")
_TAKEN = Label("taken together", "samengenomen")
_NEXT = Label("another source (prediction)", "een volgende bron (voorspelling)")
_NONE = Label("not told", "niet vermeld")


def forest_figure(found: Synthesis, about: Label, language: Language, key: str) -> Figure:
    """Return the figure of what several sources say.

    Parameters:
        found: of ``synthesis``.
        about: what they were asked, in words.
        language: of the texts.
        key: tells it from the other figures on a page.

    Example:
        >>> from peil.studies.trend_register.entry import Evidence, Source
        >>> from peil.studies.trend_register.synthesis import synthesis
        >>> sources = {each: Source(id=each, title=f"Report {each}", vendor=each) for each in "abc"}
        >>> shares = zip("abc", (60, 70, 65))
        >>> told = synthesis([Evidence(source=a, kind="wave", sort="share", value=b, n=400) for a, b in shares], sources)
        >>> forest_figure(told, Label("wants a person", "wil een mens"), "en", "e1").table.rows[-1][0].shown
        'another source (prediction)'
    """
    rows = [
        Row(
            name=_OWN.read(language) if each.name == OWN else each.name,
            value=each.share,
            low=each.low,
            high=each.high,
            n=int(each.n or 0),
            clusters=0,
        )
        for each in found.voices
    ]
    if found.taken is not None:
        rows += _together(found.taken, language)
    level = numbers.number(found.level * 100, language)
    title = about.read(language)
    colour, shape = "organisations", "diamond"
    return Figure(
        key=key,
        title=title,
        finding=taken_told(found, language),
        subtitle=Label(
            f"Share in percent, with {level}% intervals. {found.says.en}",
            f"Aandeel in procenten, met {level}%-intervallen. {found.says.nl}",
        ).read(language),
        note=tuple(_notes(found, language)),
        spec_wide=dots.beside(rows, Unit.SHARE, language, level=found.level, colour=colour, shape=shape),
        spec_narrow=dots.above(rows, Unit.SHARE, language, colour=colour, shape=shape),
        table=_table(found, rows, language, caption=title),
    )


def _together(taken: Taken, language: Language) -> list[Row]:
    return [
        Row(name=_TAKEN.read(language), value=taken.share, low=taken.low, high=taken.high, n=0, clusters=0),
        Row(
            name=_NEXT.read(language), value=taken.share, low=taken.predicted_low, high=taken.predicted_high, n=0, clusters=0
        ),
    ]  # fmt: skip


def _told(share: float, low: float, high: float, language: Language) -> str:
    return f"{numbers.value_text(share, Unit.SHARE, language)} {numbers.interval_text(low, high, Unit.SHARE, language)}"


def taken_told(found: Synthesis, language: Language) -> str:
    """Return what sources say together and where another would lie, as a sentence.

    Parameters:
        found: of ``synthesis``.
        language: of the sentence.
    """
    taken = found.taken
    if taken is None:
        return found.says.read(language)
    mean = _told(taken.share, taken.low, taken.high, language)
    ahead = numbers.interval_text(taken.predicted_low, taken.predicted_high, Unit.SHARE, language)
    return Label(
        f"Together {mean}; another source would lie in {ahead}.",
        f"Samen {mean}; een volgende bron zou liggen in {ahead}.",
    ).read(language)


def not_drawn(register: Register, drawn: int) -> Label | None:
    """Return why items have no forest plot: what one origin says is one voice; None where there is no share at all.

    Parameters:
        register: the claims with their evidence.
        drawn: how many items were drawn.

    Example:
        >>> from peil.studies.trend_register.reading import shipped
        >>> print(not_drawn(shipped(), 0).en)
        Items with a share: 17; with figures of two independent origins that tell how many answered: none. Only those are taken together and drawn.
    """
    items = sum(len(poolable(each)) for each in register.trends)
    if items <= drawn:
        return None
    some = Label(str(drawn) if drawn else "none", str(drawn) if drawn else "geen")
    return Label(
        f"Items with a share: {items}; with figures of two independent origins that tell how many answered: {some.en}. "
        "Only those are taken together and drawn.",
        f"Onderwerpen met een aandeel: {items}; met cijfers van twee onafhankelijke bronnen die vermelden hoeveel mensen "
        f"antwoordden: {some.nl}. Alleen die zijn samengenomen en getekend.",
    )


def _notes(found: Synthesis, language: Language) -> list[str]:
    told = [
        Label(
            "Random effects on log odds (REML, Knapp-Hartung). Figures of one origin are averaged first and count as one.",
            "Random effects op log-odds (REML, Knapp-Hartung). Cijfers van één herkomst zijn eerst gemiddeld en tellen als één.",
        )
    ]
    beside = (
        (found.as_if_independent, Label("every figure as if independent", "elk cijfer alsof het onafhankelijk is")),
        (found.clustered, Label("every figure, spread of the origins", "elk cijfer, spreiding van de herkomsten")),
        (found.low_risk, Label("without a high risk of bias", "zonder hoog risico op vertekening")),
    )
    for each, name in beside:
        if each is not None:
            en, nl = (_told(each.share, each.low, each.high, one) for one in ("en", "nl"))
            told.append(Label(f"Beside it, {name.en}: {en}.", f"Daarnaast, {name.nl}: {nl}."))
    return [each.read(language) for each in told]


def _table(found: Synthesis, rows: list[Row], language: Language, *, caption: str) -> Table:
    made: list[tuple[Cell, ...]] = []
    for place, row in enumerate(rows):
        voice = found.voices[place] if place < len(found.voices) else None
        numbers_of = [
            figures(numbers.value_text(each, Unit.SHARE, language), each) for each in (row.value, row.low, row.high)
        ]
        n = figures(numbers.count(row.n, language), row.n) if row.n else words(_NONE.read(language) if voice else "")
        weight = figures(numbers.value_text(voice.weight, Unit.SHARE, language), voice.weight) if voice else words("")
        risk = words(
            "" if voice is None
            else f"{RISK_LABELS[voice.grade.risk].read(language)}: {', '.join(each.read(language) for each in voice.grade.reasons)}"
            if voice.grade.reasons else RISK_LABELS[voice.grade.risk].read(language)
        )  # fmt: skip
        made.append((words(row.name), *numbers_of, n, weight, risk, words(voice.grade.origin if voice else "")))
    heads = (
        Label("source", "bron"),
        Label("share", "aandeel"),
        Label("low", "laag"),
        Label("high", "hoog"),
        Label("n", "n"),
        Label("weight", "gewicht"),
        Label("risk of bias", "risico op vertekening"),
        Label("origin", "herkomst"),
    )
    return Table(
        caption=caption,
        head=tuple(each.read(language) for each in heads),
        names=("source", "share", "low", "high", "n", "weight", "risk", "origin"),
        rows=tuple(made),
        file=f"evidence-{found.item or 'shares'}.csv",
    )
