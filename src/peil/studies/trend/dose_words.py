"""Checks and sentences of the dose-response study, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from peil.methods.dose import Response
from peil.studies.finding import Check, Effect, Verdict
from peil.studies.trend.words import amount, chance, day
from peil.terms import Label


def question(name: Label, dose: Label) -> Label:
    """Return what was asked."""
    return Label(f"{name.en}: does it move with the {dose.en}?", f"{name.nl}: beweegt dit mee met de {dose.nl}?")


def per_unit(dose: Label) -> Label:
    """Return what the effect is."""
    return Label(f"change per unit of {dose.en}", f"verandering per eenheid {dose.nl}")


def says(name: Label, dose: Label, verdict: Verdict, *, up: bool) -> Label:
    """Return the finding in one sentence; a claim word only for what is shown.

    Parameters:
        name: of the measure.
        dose: what the dose is.
        verdict: of the study.
        up: whether the effect is above nought.
    """
    if verdict == "yes":
        en, nl = ("rises", "stijgt") if up else ("falls", "daalt")
        return Label(f"{name.en}: {en} with more {dose.en}", f"{name.nl}: {nl} bij meer {dose.nl}")
    if verdict == "no":
        return Label(
            f"{name.en}: no effect of {dose.en} that matters", f"{name.nl}: geen effect van {dose.nl} van betekenis"
        )
    return Label(f"{name.en}: no effect of {dose.en} shown", f"{name.nl}: geen effect van {dose.nl} aan te tonen")


def placebo(p: float, tried: int, *, units: bool, level: float) -> Check:
    """Return whether the dose path stands out among others that were not."""
    told = chance(p)
    among = (
        Label(
            f"{tried} ways to deal the doses out otherwise", f"{tried} andere verdelingen van de doses over de eenheden"
        )
        if units
        else Label(
            f"{tried} paths of the same dose begun at another time",
            f"{tried} keer hetzelfde verloop op een ander moment",
        )
    )
    return Check(
        name="placebo_dose",
        passed=p <= 1 - level,
        says=Label(
            f"Among {among.en} the rank of this one gives p = {told.en}.",
            f"De rang onder {among.nl} geeft p = {told.nl}.",
        ),
    )


def beyond_a_date(*, one_date: bool) -> Check:
    """Return whether the dose tells more than one date would."""
    return Check(
        name="more_than_a_date",
        passed=not one_date,
        says=Label(
            "The dose goes on or off at one date and hardly differs otherwise: it tells no more than the date."
            if one_date
            else "The dose differs by more than one date at which it goes on or off.",
            "De dosis gaat op één datum aan of uit en verschilt verder nauwelijks: ze zegt niet meer dan de datum."
            if one_date
            else "De dosis verschilt meer dan één datum waarop ze aan of uit gaat.",
        ),
    )


def no_jump(began: date, *, passed: bool) -> Check:
    """Return whether nothing is left to a step where the dose begins."""
    on = day(began)
    return Check(
        name="no_jump",
        passed=passed,
        says=Label(
            "Where the dose begins, nothing changed that the dose does not tell."
            if passed
            else f"Since {on.en} there is a change of level beside the dose: more or less of it hardly told.",
            "Waar de dosis begint, veranderde niets dat de dosis niet zegt."
            if passed
            else f"Sinds {on.nl} is er een verandering van niveau naast de dosis: hoeveel ervan maakte weinig uit.",
        ),
    )


def one_way(*, turns: bool) -> Check:
    """Return whether more dose does not do the opposite from some dose on."""
    return Check(
        name="one_way",
        passed=not turns,
        says=Label(
            "At low doses the measure goes one way and at high doses the other: no one slope tells it."
            if turns
            else "It is not shown that the direction turns round at higher doses.",
            "Bij lage doses gaat de meetwaarde de ene kant op en bij hoge de andere: één helling zegt het niet."
            if turns
            else "Dat de richting bij hogere doses omkeert, is niet aangetoond.",
        ),
    )


def not_before(*, passed: bool) -> Check:
    """Return whether the dose of later periods does nothing yet."""
    return Check(
        name="not_before_the_dose",
        passed=passed,
        says=Label(
            "Before the dose came nothing moved along with it."
            if passed
            else "The measure moved along with a dose that was still to come: something else was under way.",
            "Voordat de dosis kwam, bewoog er niets mee."
            if passed
            else "De meetwaarde bewoog al mee met een dosis die nog moest komen: er was iets anders gaande.",
        ),
    )


def single(*, steady: bool) -> Check:
    """Return whether no single unit carries the slope."""
    return Check(
        name="no_single_unit",
        passed=steady,
        says=Label(
            "The sign holds whichever unit is left out." if steady else "Without one unit the sign turns round.",
            "Het teken blijft gelijk, welke eenheid ook wegblijft."
            if steady
            else "Zonder één van de eenheden keert het teken om.",
        ),
    )


def assumptions(
    found: Response | None, dose: Label, lags: int, *, staggered: bool, without_dose: int
) -> tuple[Label, ...]:
    """Return what is taken for granted.

    Parameters:
        found: the response; None where nothing could be reckoned.
        dose: what the dose is.
        lags: how many were tried.
        staggered: whether units got their first dose at different times.
        without_dose: units that were left out.
    """
    told = [
        Label(
            f"Nothing else moved along with the {dose.en}: a dose is no experiment.",
            f"Verder bewoog er niets met de {dose.nl} mee: een dosis is geen proef.",
        ),
        Label(
            "It works within the same period." if not lags else f"It works within {lags} periods.",
            "Ze werkt binnen dezelfde periode." if not lags else f"Ze werkt binnen {lags} perioden.",
        ),
    ]
    if found is not None and found.curvature is not None and found.curvature.clear:
        told.append(
            Label(
                "The slope is a mean over all doses: it is not the same at low and at high ones.",
                "De helling is een gemiddelde over alle doses: bij lage is ze anders dan bij hoge.",
            )
        )
    else:
        told.append(
            Label(
                "Each unit of dose does as much as the one before.", "Elke eenheid dosis doet evenveel als de vorige."
            )
        )
    if found is not None and found.steady is not None:
        told.append(
            Label(
                "Units with much dose would have answered any dose as those with little do (strong parallel trends; Callaway, "
                "Goodman-Bacon and Sant'Anna 2024): otherwise the slope holds a part of who got which dose.",
                "Eenheden met veel dosis hadden op elke dosis gereageerd zoals eenheden met weinig (sterke parallelle trends; "
                "Callaway, Goodman-Bacon en Sant'Anna 2024): anders zit in de helling ook wie welke dosis kreeg.",
            )
        )
        if staggered:
            told.append(
                Label(
                    "Doses began at different times: one slope weighs them well only if the effect is the same everywhere and "
                    "comes at once.",
                    "De doses begonnen op verschillende momenten: één helling weegt ze alleen goed als het effect overal gelijk "
                    "is en meteen komt.",
                )
            )
    elif found is not None:
        told.append(
            Label(
                "Without the dose the series would have gone on along its trend and season.",
                "Zonder de dosis was de reeks haar trend en seizoen blijven volgen.",
            )
        )
    if without_dose:
        told.append(
            Label(
                f"Units without a dose are left out: {without_dose}.",
                f"Eenheden zonder dosis zijn weggelaten: {without_dose}.",
            )
        )
    return tuple(told)


_MISSING: Mapping[str, Label] = {
    "varies": Label("A look at whether it was measured at all.", "Nagaan of er wel gemeten is."),
    "enough_periods": Label("A longer series.", "Een langere reeks."),
    "no_gaps": Label("The missing periods, or longer ones.", "De ontbrekende perioden, of langere perioden."),
    "enough_units": Label(
        "More units with doses of their own, or more periods.", "Meer eenheden met een eigen dosis, of meer perioden."
    ),
    "same_definition": Label(
        "Count both ways side by side for a while.", "Tel een tijd op beide manieren naast elkaar."
    ),
    "same_question": Label("Periods in which the question was the same.", "Perioden waarin de vraag gelijk was."),
    "same_mix": Label(
        "Measure within one channel, system or organisation.", "Meet binnen één kanaal, systeem of organisatie."
    ),
    "more_than_a_date": Label(
        "A dose that differs between units, or that rose and fell; until then, ask whether it changed at the date.",
        "Een dosis die tussen eenheden verschilt, of die op en neer ging; vraag tot dan of er op de datum iets veranderde.",
    ),
    "no_jump": Label(
        "Ask whether it changed at the date; of the dose, units that had more and less of it at one time.",
        "Vraag of er op de datum iets veranderde; en voor de dosis eenheden die er tegelijk meer en minder van hadden.",
    ),
    "one_way": Label("A look at low and at high doses apart.", "Lage en hoge doses apart bekijken."),
    "not_before_the_dose": Label("What began before the dose did.", "Wat er begon voordat de dosis kwam."),
    "no_single_unit": Label("More units.", "Meer eenheden."),
}


def settles(failed: Sequence[str], least: float | None, effect: Effect, dose: Label) -> Label:
    """Return what would settle it.

    Parameters:
        failed: names of the checks that did not pass.
        least: the least effect that would have been found four times in five; None where it is not known.
        effect: that was found.
        dose: what the dose is.
    """
    told = next((_MISSING[each] for each in failed if each in _MISSING), None)
    if told is not None:
        return told
    if least is None:
        return Label("A longer series.", "Een langere reeks.")
    size = amount(least, effect.unit)
    return Label(
        f"More periods or units: here an effect of {size.en} per unit of {dose.en} would have been found four times in five.",
        f"Meer perioden of eenheden: hier was een effect van {size.nl} per eenheid {dose.nl} vier van de vijf keer gevonden.",
    )
