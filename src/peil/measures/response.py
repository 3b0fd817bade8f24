"""What became of the invitations: response, cooperation, refusal and contact rates, and those of an opt-in panel."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

_STANDARD = "AAPOR Standard Definitions (10th ed. 2023)"
_COMPLETE = "disposition = 'complete'"
_INTERVIEWED = "disposition in ('complete', 'partial')"
_REFUSED = "disposition = 'refused'"
_REACHED = "disposition in ('complete', 'partial', 'refused', 'other')"
_COOPERATING = "disposition in ('complete', 'partial', 'refused')"
# An invitation on offer went to somebody with a contact, so who is eligible, and nothing shows that it was seen.
_ELIGIBLE = "disposition in ('complete', 'partial', 'refused', 'no_contact', 'offered', 'other')"
_PERHAPS = "disposition <> 'not_eligible'"
_ONE_SURVEY = Label(
    "Of one survey: rates of several surveys are not pooled, so ask by survey and wave. An unanswered offer counts as non-contact.",
    "Van één enquête: cijfers van verschillende enquêtes horen niet opgeteld, vraag dus per enquête en ronde. "
    "Een aanbod zonder reactie telt als niet bereikt.",
)
_OPT_IN = Label(
    "For a panel of volunteers. It is no response rate: nobody knows who could have volunteered.",
    "Voor een panel van vrijwilligers. Het is geen respons: niemand weet wie zich had kunnen aanmelden.",
)


def _rate(
    name: str, en: str, nl: str, *, of: str, where: str, standard: str, better: Better = Better.HIGHER
) -> Measure:
    return Measure(
        name=name,
        label=Label(en, nl),
        unit=Unit.SHARE,
        better=better,
        family=name.rpartition("_")[0],
        population="invitations",
        where=where,
        of=f"case when {of} then 1 else 0 end",
        standard=f"{_STANDARD}, {standard}",
        note=_ONE_SURVEY,
    )


RESPONSE = (
    _rate(
        "response_rate_1", "Response rate 1 (complete, of all)", "Respons 1 (volledig, van allen)", of=_COMPLETE, where=_PERHAPS,
        standard="RR1: I / (I + P + R + NC + O + UH + UO). The least it can be: all of unknown eligibility count.",
    ),
    _rate(
        "response_rate_2", "Response rate 2 (complete or partial, of all)", "Respons 2 (volledig of deels, van allen)",
        of=_INTERVIEWED, where=_PERHAPS, standard="RR2: (I + P) / (I + P + R + NC + O + UH + UO).",
    ),
    _rate(
        "response_rate_5", "Response rate 5 (complete, of the eligible)", "Respons 5 (volledig, van wie meetelt)", of=_COMPLETE,
        where=_ELIGIBLE, standard="RR5: I / (I + P + R + NC + O). The most it can be: right only where none of the unknown is eligible.",
    ),
    _rate(
        "response_rate_6", "Response rate 6 (complete or partial, of the eligible)", "Respons 6 (volledig of deels, van wie meetelt)",
        of=_INTERVIEWED, where=_ELIGIBLE, standard="RR6: (I + P) / (I + P + R + NC + O).",
    ),
    _rate(
        "cooperation_rate_1", "Cooperation rate 1 (complete, of those reached)", "Medewerking 1 (volledig, van wie bereikt is)",
        of=_COMPLETE, where=_REACHED, standard="COOP1: I / (I + P + R + O).",
    ),
    _rate(
        "cooperation_rate_2", "Cooperation rate 2 (complete or partial, of those reached)",
        "Medewerking 2 (volledig of deels, van wie bereikt is)", of=_INTERVIEWED, where=_REACHED,
        standard="COOP2: (I + P) / (I + P + R + O).",
    ),
    _rate(
        "cooperation_rate_3", "Cooperation rate 3 (complete, of those able)", "Medewerking 3 (volledig, van wie kon)", of=_COMPLETE,
        where=_COOPERATING, standard="COOP3: I / (I + P + R). Who could not take part is left out.",
    ),
    _rate(
        "cooperation_rate_4", "Cooperation rate 4 (complete or partial, of those able)", "Medewerking 4 (volledig of deels, van wie kon)",
        of=_INTERVIEWED, where=_COOPERATING, standard="COOP4: (I + P) / (I + P + R).",
    ),
    _rate(
        "refusal_rate_1", "Refusal rate 1 (of all)", "Weigering 1 (van allen)", of=_REFUSED, where=_PERHAPS, better=Better.LOWER,
        standard="REF1: R / (I + P + R + NC + O + UH + UO).",
    ),
    _rate(
        "refusal_rate_3", "Refusal rate 3 (of the eligible)", "Weigering 3 (van wie meetelt)", of=_REFUSED, where=_ELIGIBLE,
        better=Better.LOWER, standard="REF3: R / (I + P + R + NC + O).",
    ),
    _rate(
        "contact_rate_1", "Contact rate 1 (reached, of all)", "Bereik 1 (bereikt, van allen)", of=_REACHED, where=_PERHAPS,
        standard="CON1: (I + P + R + O) / (I + P + R + NC + O + UH + UO).",
    ),
    _rate(
        "contact_rate_3", "Contact rate 3 (reached, of the eligible)", "Bereik 3 (bereikt, van wie meetelt)", of=_REACHED,
        where=_ELIGIBLE, standard="CON3: (I + P + R + O) / (I + P + R + NC + O).",
    ),
    Measure(
        name="participation_rate", label=Label("Participation rate (opt-in panel)", "Deelname (panel van vrijwilligers)"), unit=Unit.SHARE,
        better=Better.HIGHER, population="invitations", of=f"case when {_INTERVIEWED} then 1 else 0 end",
        standard=f"{_STANDARD} and ISO 20252 (formerly 26362): usable responses over all personal invitations, those to the ineligible included.",
        note=_OPT_IN,
    ),
    Measure(
        name="completion_rate", label=Label("Completion rate (opt-in panel)", "Afronding (panel van vrijwilligers)"), unit=Unit.SHARE,
        better=Better.HIGHER, population="invitations", where=_INTERVIEWED,
        of=f"case when {_COMPLETE} then 1 else 0 end",
        standard="Share of those who gave a usable response that finished: I / (I + P). The field has other completion rates, such as "
        "that of Callegaro and DiSogra 2008, which is over the invited.",
        note=_OPT_IN,
    ),
)  # fmt: skip
