"""Figures and what is wrong with them, as tables for a report or a screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peil.evidence.checks import ISSUE_LABELS, Issue
from peil.evidence.figure import KIND_LABELS, Figure
from peil.terms import Label

_SAME = Label("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows in both languages.

    Parameters:
        title: what it shows.
        head: names of the columns.
        rows: one label a cell.
    """

    title: Label
    head: tuple[Label, ...]
    rows: tuple[tuple[Label, ...], ...]


def issue_table(issues: Iterable[Issue]) -> Table:
    """Return what is wrong, one row an issue.

    Example:
        >>> from peil.evidence.checks import check_figures
        >>> from peil.evidence.reading import articles
        >>> issue_table(check_figures(articles())).rows[0][0].nl
        'Twee bases in één bewering'
    """
    return Table(
        title=Label("What these figures cannot carry", "Wat deze cijfers niet kunnen dragen"),
        head=(
            Label("Issue", "Bevinding"),
            Label("Figures", "Cijfers"),
            Label("Why", "Waarom"),
            Label("Verdict", "Oordeel"),
        ),
        rows=tuple(
            (ISSUE_LABELS[each.name], _plain(", ".join(each.figures)), each.says, each.verdict or _SAME)
            for each in issues
        ),
    )


def figure_table(figures: Iterable[Figure]) -> Table:
    """Return figures with what they rest on, one row a figure.

    Example:
        >>> from peil.evidence.reading import articles
        >>> [each.nl for each in figure_table(articles()).head]
        ['Cijfer', 'Waarover', 'Waarde', 'Hoe ontstaan', 'Basis', 'n', 'Editie', 'Bron']
    """
    return Table(
        title=Label("Figures of others", "Cijfers van anderen"),
        head=(
            Label("Figure", "Cijfer"),
            Label("About", "Waarover"),
            Label("Value", "Waarde"),
            Label("How it came about", "Hoe ontstaan"),
            Label("Base", "Basis"),
            Label("n", "n"),
            Label("Edition", "Editie"),
            Label("Source", "Bron"),
        ),
        rows=tuple(
            (
                _plain(each.id),
                each.about,
                each.told,
                KIND_LABELS[each.kind],
                _plain(each.base),
                _n(each),
                _plain(each.edition),
                _plain(each.primary_source or each.source),
            )
            for each in figures
        ),
    )


def _plain(text: str) -> Label:
    return Label(text, text)


def _n(figure: Figure) -> Label:
    if figure.answers is None:
        return Label("not told", "niet vermeld")
    guess = figure.n is None and figure.sample is not None and figure.sample.n_assumed
    en, nl = (" (assumed)", " (aangenomen)") if guess else ("", "")
    return Label(f"{figure.answers:,}{en}", f"{figure.answers:,}".replace(",", ".") + nl)
