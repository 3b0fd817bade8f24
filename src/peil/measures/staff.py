"""What staff says of its work, and the mandate it has: what is settled without a transfer or somebody's approval."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

_ALONE = "n_transfers = 0 and not coalesce(needed_approval, false)"
_WEEK_MS = 7 * 86_400_000
_NOTE = Label(
    "Where a source does not tell of approvals, only transfers count against it.",
    "Waar een bron geen akkoorden vastlegt, tellen alleen doorverbindingen.",
)


def _scale(name: str, construct: str, label: Label, asks: str) -> Measure:
    return Measure(
        name=name,
        label=label,
        unit=Unit.SCORE,
        better=Better.HIGHER,
        population="responses",
        where=f"construct = '{construct}' and audience = 'staff' and score is not null and scale_high > scale_low",
        of="10 * (score - scale_low)",
        per="scale_high - scale_low",
        ends=(0, 10),
        standard=f"{asks} Every question between the ends of its own scale, from 0 to 10; all answers of staff together.",
    )


STAFF = (
    Measure(
        name="settled_alone", label=Label("Settled without transfer or approval", "Zelf afgerond, zonder doorverbinden of akkoord"),
        unit=Unit.SHARE, better=Better.HIGHER, family="measured_mandate", where="answered and not ignored",
        of=f"case when {_ALONE} then 1 else 0 end",
        standard="Handled contacts that stayed with one agent, who asked nobody's approval: mandate as it is used, whether or not it was solved.",
        note=_NOTE,
    ),
    Measure(
        name="solved_alone_7d",
        label=Label("Solved without transfer or approval (no repeat within 7 days)", "Zelf opgelost, zonder doorverbinden of akkoord (geen herhaling in 7 dagen)"),
        unit=Unit.SHARE, better=Better.HIGHER, family="measured_mandate",
        where=f"answered and not ignored and person_key is not null and reason is not null and followed_ms >= {_WEEK_MS}",
        of=f"case when {_ALONE} and (next_same_reason_ms is null or next_same_reason_ms > {_WEEK_MS}) then 1 else 0 end",
        standard="The same, and the customer did not come back about the same reason within 7 days; of known persons whose next 7 days are in the data.",
        note=_NOTE,
    ),
    _scale(
        "staff_satisfaction", "staff_satisfaction", Label("Staff satisfaction (0 to 10)", "Medewerkerstevredenheid (0 tot 10)"),
        "How satisfied staff is with its work.",
    ),
    _scale(
        "job_impact", "job_impact", Label("Impact of the job (0 to 10)", "Impact van de job (0 tot 10)"),
        "Whether staff thinks that its work matters to customers.",
    ),
    _scale(
        "staff_development", "development", Label("Development of staff (0 to 10)", "Ontwikkeling van medewerkers (0 tot 10)"),
        "Whether staff gets training and a change of work.",
    ),
    _scale(
        "felt_mandate", "mandate", Label("Mandate as staff feels it (0 to 10)", "Ervaren mandaat (0 tot 10)"),
        "Whether staff may settle what a customer asks without asking others.",
    ),
)  # fmt: skip
