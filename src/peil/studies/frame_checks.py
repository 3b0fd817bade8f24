"""Whether a figure weighted to the contact frame can be relied on: the checks that go with it."""

from __future__ import annotations

from peil.estimates.difference import Difference
from peil.estimates.frame import Frame
from peil.estimates.frame_weights import Weighted
from peil.studies.finding import Check
from peil.terms import Label, Unit

FEWEST_CLUSTERS = 30
MOST_UNHEARD = 0.05
MOST_LOOSE = 0.10
MOST_DEFF = 3.0
MOST_ON_FEW = 0.25


def shown(value: float, unit: Unit) -> Label:
    """Return a figure in both languages.

    Example:
        >>> shown(0.125, Unit.SHARE).nl
        '12,5%'
    """
    times, mark = (100.0, " %") if unit is Unit.SHARE else (1.0, "")
    text = f"{value * times:.1f}".replace("-", "\N{MINUS SIGN}")
    return Label(text + mark.strip(), text.replace(".", ",") + mark.strip())


def checks_of(effect: Difference, counts: Frame, weighted: Weighted) -> tuple[Check, ...]:
    """Return what has to be so before a shift may be claimed.

    Parameters:
        effect: the weighted figure less the plain one.
        counts: contacts and answers by cell.
        weighted: the weights.
    """
    clusters, deff = effect.first.clusters, weighted.raked.diagnosis.deff
    unheard = weighted.answers.unheard / float(counts.contacts.sum())
    answers = float(counts.rows.sum())
    loose = counts.loose / (counts.loose + answers)
    share = shown(unheard, Unit.SHARE)
    apart = shown(loose, Unit.SHARE)
    of_seldom, most_seldom = shown(weighted.seldom[0], Unit.SHARE), shown(MOST_ON_FEW, Unit.SHARE)
    answers_seldom = weighted.seldom[1]
    return (
        Check(
            name="enough_clusters",
            passed=clusters >= FEWEST_CLUSTERS,
            says=Label(
                f"{clusters} independent units answered; {FEWEST_CLUSTERS} are asked for.",
                f"{clusters} onafhankelijke eenheden antwoordden; {FEWEST_CLUSTERS} zijn nodig.",
            ),
        ),
        Check(
            name="every_kind_asked",
            passed=unheard <= MOST_UNHEARD,
            says=Label(
                f"Of the contacts, {share.en} are of a kind that nobody was asked about: no weight speaks for them.",
                f"Van de contacten is {share.nl} van een soort waarover niemand is gevraagd: geen gewicht spreekt voor hen.",
            ),
        ),
        Check(
            name="weights_not_wild",
            passed=deff <= MOST_DEFF,
            says=Label(
                f"Unequal weights make the variance {deff:.1f} times as large; up to {MOST_DEFF:g} is accepted.",
                f"Ongelijke gewichten maken de variantie {_dutch(deff)} keer zo groot; tot {MOST_DEFF:g} is aanvaardbaar.",
            ),
        ),
        Check(
            name="few_do_not_speak_for_many",
            passed=weighted.seldom[0] <= MOST_ON_FEW,
            says=Label(
                f"For the {of_seldom.en} of the contacts that most seldom answer, {answers_seldom:.0f} answers speak; "
                f"they may stand for {most_seldom.en} at most.",
                f"Voor de {of_seldom.nl} van de contacten die het minst antwoorden, spreken {answers_seldom:.0f} antwoorden; "
                f"die mogen voor hooguit {most_seldom.nl} staan.",
            ),
        ),
        Check(
            name="answers_name_contacts",
            passed=loose <= MOST_LOOSE,
            says=Label(
                f"Of the answers, {apart.en} name no contact of the frame, and are left out of both figures.",
                f"Van de antwoorden noemt {apart.nl} geen contact uit het kader; zij tellen in geen van beide cijfers mee.",
            ),
        ),
    )


def _dutch(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
