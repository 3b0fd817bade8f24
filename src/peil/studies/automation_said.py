"""What the audit of a bot checks, takes for granted and says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from peil.estimates.estimate import Estimate
from peil.estimates.matched import Matched
from peil.studies.finding import Check, Effect, Verdict
from peil.terms import Label

FEWEST_PERSONS = 30
FEWEST_KNOWN = 0.5
FEWEST_ALIKE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What became of the claims within a window.

    Parameters:
        days: how long after the contact began.
        same_reason: whether only a contact about the same reason counts as coming back.
        failed: of the claims that can be followed, the share that came back; None where none can.
        people: the same after people.
        low, high: the share of all claims, whatever those who cannot be followed did.
    """

    days: int
    same_reason: bool
    failed: Estimate | None
    people: Estimate | None
    low: float
    high: float


def checks_of(claims: int, known: int, window: Window, excess: Matched | None) -> tuple[Check, ...]:
    """Return what has to hold: enough persons, most of them known, and like contacts of people.

    Parameters:
        claims: contacts called resolved.
        known: those that can be followed.
        window: what became of them.
        excess: over people; None where there are none to compare with.
    """
    fewest = min(each.clusters if each else 0 for each in (window.failed, window.people))
    alike = excess.n / (excess.n + excess.alone) if excess else 0.0
    return (
        Check(
            name="enough_persons",
            passed=fewest >= FEWEST_PERSONS,
            says=Label(
                f"The smaller side has {fewest} persons who can be followed; {FEWEST_PERSONS} are asked for.",
                f"De kleinste kant heeft {fewest} klanten die te volgen zijn; {FEWEST_PERSONS} zijn nodig.",
            ),
        ),
        Check(
            name="persons_known",
            passed=known >= FEWEST_KNOWN * claims,
            says=Label(
                f"Of {claims:,} claims {known:,} can be followed; at least half is asked for.",
                f"Van {_nl(claims)} claims zijn er {_nl(known)} te volgen; minstens de helft is nodig.",
            ),
        ),
        Check(
            name="like_with_like",
            passed=alike >= FEWEST_ALIKE,
            says=Label(
                f"{alike:.0%} of the claims followed have like contacts of people; {FEWEST_ALIKE:.0%} is asked for.",
                f"{alike:.0%} van de gevolgde claims heeft vergelijkbare contacten van medewerkers; {FEWEST_ALIKE:.0%} is nodig.",
            ),
        ),
    )


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def told(verdict: Verdict) -> Label:
    """Return the answer in words."""
    if verdict == "yes":
        return Label(
            "More comes back of what the bot calls resolved than of what people dealt with",
            "Van wat de bot opgelost noemt komt meer terug dan van wat medewerkers afhandelden",
        )
    if verdict == "no":
        return Label(
            "No more than matters comes back of what the bot calls resolved, beside people",
            "Van wat de bot opgelost noemt komt niet noemenswaardig meer terug dan bij medewerkers",
        )
    return Label(
        "Not shown that more comes back of what the bot calls resolved than after people",
        "Niet aangetoond dat van wat de bot opgelost noemt meer terugkomt dan na medewerkers",
    )


def taken_for_granted(claims: int, known: int, window: Window) -> tuple[Label, ...]:
    """Return what no data of this kind can show; the parameters are those of ``checks_of``."""
    told = [
        Label(
            "Who does not come back is taken to be helped: those who gave up for good are not seen, so the failures are a floor.",
            "Wie niet terugkomt, geldt als geholpen: wie het voorgoed opgaf, is niet te zien; de uitkomst is een ondergrens.",
        ),
        Label(
            "People get harder questions within a reason; if so, their contacts come back more and the excess is too small.",
            "Medewerkers krijgen binnen een contactreden moeilijker vragen; dan komen die vaker terug en is het meerdere te klein.",
        ),
        Label(
            "Only a contact that the customer began counts as coming back; what the organisation sends or calls does not.",
            "Alleen een contact dat de klant begon telt als terugkomen; wat de organisatie stuurt of belt telt niet.",
        ),
    ]
    if known < claims:
        told.append(
            Label(
                f"{claims - known:,} claims cannot be followed; whatever they did, between {window.low:.1%} and {window.high:.1%} "
                "of all claims came back.",
                f"{_nl(claims - known)} claims zijn niet te volgen; wat die klanten ook deden, tussen {_dutch(window.low)} en "
                f"{_dutch(window.high)} van alle claims kwam terug.",
            )
        )
    return tuple(told)


def _dutch(share: float) -> str:
    return f"{share:.1%}".replace(".", ",")


def settling(checks: Sequence[Check], effect: Effect) -> Label:
    """Return what would settle an unclear answer.

    Parameters:
        checks: those that were made.
        effect: the excess, as far as it is known.
    """
    failed = {each.name for each in checks if not each.passed}
    if "persons_known" in failed:
        return Label(
            "Ask the bot's visitors who they are, or link its sessions to accounts.",
            "Laat bezoekers van de bot zich bekendmaken, of koppel sessies aan accounts.",
        )
    if "who_is_who" in failed:
        return Label(
            "Check a hundred doubtful pairs of customer records by hand, or get one customer number into every system.",
            "Controleer honderd twijfelachtige paren klantrecords met de hand, of breng één klantnummer in elk systeem.",
        )
    if "like_with_like" in failed:
        return Label(
            "Contacts of people about the reasons that the bot deals with: let a share by lot go to people.",
            "Contacten van medewerkers over de redenen die de bot afhandelt: laat een deel door loting naar medewerkers gaan.",
        )
    reach = (effect.high - effect.low) / 2
    times = (reach / effect.value) ** 2 if effect.value else math.inf
    if not math.isfinite(times) or times < 2:  # noqa: PLR2004  # less than twice as many is just 'more'
        return Label("More contacts that can be followed.", "Meer contacten die te volgen zijn.")
    return Label(
        f"About {times:.0f} times as many contacts, if the excess is as large as it seems.",
        f"Ongeveer {times:.0f} keer zoveel contacten, als het meerdere zo groot is als het lijkt.",
    )
