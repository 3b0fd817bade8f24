"""How fast the customer got through: service level in every published variant, waiting, abandonment."""

from __future__ import annotations

from peil.measures.measure import Measure
from peil.terms import Better, Label, Unit

# contacts that waited in line; a mail or ticket has a response time instead
_QUEUED = "offered and wait_ms is not null"
_ANSWERED = "answered and wait_ms <= 20000"
_GONE = "abandoned and wait_ms <= 20000"
_SHORT = "abandoned and wait_ms <= 5000"


def _one_if(condition: str) -> str:
    return f"case when {condition} then 1 else 0 end"


def _level(name: str, en: str, nl: str, *, where: str, of: str, standard: str) -> Measure:
    return Measure(
        name=name, label=Label(en, nl), unit=Unit.SHARE, better=Better.HIGHER, family="service_level",
        where=where, of=of, standard=standard,
    )  # fmt: skip


SERVICE_LEVELS = (
    _level(
        "service_level_20_answered_offered", "Answered within 20 seconds, of all offered", "Beantwoord binnen 20 seconden, van al het aanbod",
        where=_QUEUED, of=_one_if(_ANSWERED),
        standard="COPC-derived; ISO 18295-1 asks for the KPI but sets no formula. Abandoned contacts stay in the base.",
    ),
    _level(
        "service_level_20_answered_answered", "Answered within 20 seconds, of those answered", "Beantwoord binnen 20 seconden, van wat beantwoord is",
        where=f"{_QUEUED} and answered", of=_one_if(_ANSWERED),
        standard="Widely used; leaves everybody who gave up out of sight.",
    ),
    _level(
        "service_level_20_excluding_early_abandons", "Answered within 20 seconds, early leavers left out", "Beantwoord binnen 20 seconden, vroege afhakers niet meegeteld",
        where=f"{_QUEUED} and not ({_GONE})", of=_one_if(_ANSWERED),
        standard="Contacts abandoned within the threshold leave the base.",
    ),
    _level(
        "service_level_20_crediting_early_abandons", "Answered or gone within 20 seconds, of all offered", "Beantwoord of afgehaakt binnen 20 seconden, van al het aanbod",
        where=_QUEUED, of=_one_if(f"({_ANSWERED}) or ({_GONE})"),
        standard="Contacts abandoned within the threshold count as served.",
    ),
    _level(
        "service_level_20_excluding_short_abandons", "Answered within 20 seconds, hang-ups under 5 seconds left out", "Beantwoord binnen 20 seconden, ophangers binnen 5 seconden niet meegeteld",
        where=f"{_QUEUED} and not ({_SHORT})", of=_one_if(_ANSWERED),
        standard="Contacts abandoned within 5 seconds leave the base.",
    ),
    _level(
        "service_level_20_crediting_short_abandons", "Answered within 20 seconds or hung up within 5", "Beantwoord binnen 20 seconden of opgehangen binnen 5",
        where=_QUEUED, of=_one_if(f"({_ANSWERED}) or ({_SHORT})"),
        standard="Contacts abandoned within 5 seconds count as served.",
    ),
    _level(
        "service_level_20_amazon_connect", "Out of the queue within 20 seconds, of all queued", "Binnen 20 seconden uit de wachtrij, van alles in de wachtrij",
        where=_QUEUED, of=_one_if("wait_ms <= 20000 and (answered or abandoned or called_back)"),
        standard="Amazon Connect SERVICE_LEVEL: removed from the queue within X (answered, abandoned or moved to a callback) of all queued.",
    ),
    _level(
        "service_level_20_genesys", "Genesys service level, 20 seconds", "Genesys-serviceniveau, 20 seconden",
        where=_QUEUED, of=_one_if(_ANSWERED),
        standard="Genesys Cloud with its switches as delivered: abandons in the base.",
    ),
    _level(
        "service_level_20_genesys_without_short", "Genesys service level, 20 seconds, short abandons off", "Genesys-serviceniveau, 20 seconden, zonder korte afhakers",
        where=f"{_QUEUED} and not ({_SHORT})", of=_one_if(_ANSWERED),
        standard="Genesys Cloud with short abandons (5 seconds) switched out.",
    ),
    _level(
        "service_level_20_genesys_without_abandons", "Genesys service level, 20 seconds, abandons off", "Genesys-serviceniveau, 20 seconden, zonder afhakers",
        where=f"{_QUEUED} and not abandoned", of=_one_if(_ANSWERED),
        standard="Genesys Cloud with all abandons switched out.",
    ),
)  # fmt: skip

SPEED = (
    *SERVICE_LEVELS,
    Measure(
        name="speed_of_answer", label=Label("Average speed of answer", "Gemiddelde wachttijd"), unit=Unit.SECONDS, better=Better.LOWER,
        family="waiting", where=f"{_QUEUED} and answered", of="wait_ms",
        standard="COPC: waiting of answered contacts over answered contacts, from the queue; menus left out.",
    ),
    Measure(
        name="waiting_all", label=Label("Average waiting, answered or not", "Gemiddelde wachttijd, ook van afhakers"), unit=Unit.SECONDS,
        better=Better.LOWER, family="waiting", where=_QUEUED, of="wait_ms",
        standard="Ours: everybody who waited, whether answered or not.",
    ),
    Measure(
        name="waiting_median", label=Label("Median waiting", "Mediane wachttijd"), unit=Unit.SECONDS, better=Better.LOWER, family="waiting",
        where=f"{_QUEUED} and answered", of="wait_ms", estimator="quantile", quantile=0.5,
        standard="ContactBabel publishes mean and median side by side: they differ by a factor of 1.7.",
    ),
    Measure(
        name="waiting_p90", label=Label("Waiting, 9 in 10 waited less", "Wachttijd, 9 van de 10 korter"), unit=Unit.SECONDS, better=Better.LOWER,
        family="waiting", where=f"{_QUEUED} and answered", of="wait_ms", estimator="quantile", quantile=0.9,
        standard="90th percentile of waiting of answered contacts.",
    ),
    Measure(
        name="abandonment", label=Label("Abandonment", "Afhaakpercentage"), unit=Unit.SHARE, better=Better.LOWER, family="abandonment",
        where=_QUEUED, of=_one_if("abandoned"),
        standard="Abandoned of offered; callbacks are not abandoned (Amazon Connect, Google CCAI).",
    ),
    Measure(
        name="abandonment_without_short", label=Label("Abandonment, short ones left out", "Afhaakpercentage, zonder korte"), unit=Unit.SHARE,
        better=Better.LOWER, family="abandonment", where=f"{_QUEUED} and not ({_SHORT})", of=_one_if("abandoned"),
        standard="Abandoned within 5 seconds leave both sides (ICMI practice).",
    ),
    Measure(
        name="abandonment_waited", label=Label("Abandonment of those who had to wait", "Afhaakpercentage van wie moest wachten"), unit=Unit.SHARE,
        better=Better.LOWER, family="abandonment", where="offered and wait_ms > 0", of=_one_if("abandoned"),
        standard="Queueing literature: abandoned of those who queued at all.",
    ),
    Measure(
        name="response_time", label=Label("First response", "Reactietijd"), unit=Unit.HOURS, better=Better.LOWER, family="response",
        where="offered and response_ms is not null", of="response_ms",
        standard="Zendesk first reply time, calendar: from the customer's first word to the first answer of a person.",
    ),
    Measure(
        name="response_time_median", label=Label("First response, median", "Reactietijd, mediaan"), unit=Unit.HOURS, better=Better.LOWER,
        family="response", where="offered and response_ms is not null", of="response_ms", estimator="quantile",
        standard="Median of the same: a few forgotten mails move the mean.",
    ),
    Measure(
        name="response_time_business", label=Label("First response in opening hours", "Reactietijd in openingsuren"), unit=Unit.HOURS,
        better=Better.LOWER, family="response", where="offered and response_business_ms is not null", of="response_business_ms",
        standard="Opening hours of every calendar the contact was under, each while it was (as dbt_zendesk counts).",
    ),
    Measure(
        name="response_time_business_last", label=Label("First response in opening hours, last calendar", "Reactietijd in openingsuren, laatste rooster"),
        unit=Unit.HOURS, better=Better.LOWER, family="response", where="offered and response_business_last_ms is not null",
        of="response_business_last_ms", standard="Opening hours of the last calendar alone (as Zendesk reports).",
    ),
    Measure(
        name="resolution_time", label=Label("Time to resolution", "Oplostijd"), unit=Unit.HOURS, better=Better.LOWER, family="resolution_time",
        where="not ignored and resolution_ms is not null", of="resolution_ms",
        standard="Zendesk full resolution time, calendar: from the beginning to the last time it was marked as resolved.",
    ),
    Measure(
        name="resolution_time_business", label=Label("Time to resolution in opening hours", "Oplostijd in openingsuren"), unit=Unit.HOURS,
        better=Better.LOWER, family="resolution_time", where="not ignored and resolution_business_ms is not null", of="resolution_business_ms",
        standard="The same in opening hours of every calendar the contact was under.",
    ),
    Measure(
        name="interval_service_level", label=Label("Answered in time, from interval reports", "Op tijd beantwoord, uit intervalrapporten"),
        unit=Unit.SHARE, better=Better.HIGHER, population="intervals", where="within_ppm is not null and n_offered > 0",
        of="n_offered * within_ppm", per="n_offered * 1000000",
        standard="Shares that a source counted itself, weighted by volume: the mean of monthly shares is another, wrong number.",
    ),
    Measure(
        name="interval_volume", label=Label("Offered, from interval reports", "Aanbod, uit intervalrapporten"), unit=Unit.COUNT, better=Better.NEITHER,
        population="intervals", where="true", of="n_offered", estimator="total", standard="A plain count by the source.",
    ),
)  # fmt: skip
