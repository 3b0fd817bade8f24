"""What people say: net promoter score, satisfaction and effort of customers, and the same of organisations and staff."""

from __future__ import annotations

from peil.measures.measure import NPS_OF, Measure
from peil.terms import Better, Label, Unit

_NPS = "construct = 'nps' and audience = 'customer' and score is not null"
_CSAT = "construct = 'csat' and audience = 'customer' and score is not null and scale_low = 1 and scale_high = 5"
_CES_1 = "construct = 'ces_1' and audience = 'customer' and score is not null and scale_low = 1 and scale_high = 5"
_CES_2 = "construct = 'ces_2' and audience = 'customer' and score is not null and scale_low = 1 and scale_high = 7"

VOICE = (
    Measure(
        name="nps", label=Label("Net promoter score", "NPS"), unit=Unit.POINTS, better=Better.HIGHER, family="nps", population="responses",
        where=_NPS, of=NPS_OF,
        standard="Reichheld 2003: share of 9-10 minus share of 0-6 on the 0 to 10 scale, in points; other scales are refused.",
    ),
    Measure(
        name="promoter_share", label=Label("Promoters", "Promotors"), unit=Unit.SHARE, better=Better.HIGHER, family="nps", population="responses",
        where=_NPS, of="case when score >= 9 then 1 else 0 end", standard="Share of 9-10 on the 0 to 10 scale. Not a net promoter score.",
    ),
    Measure(
        name="detractor_share", label=Label("Detractors", "Criticasters"), unit=Unit.SHARE, better=Better.LOWER, family="nps",
        population="responses", where=_NPS, of="case when score <= 6 then 1 else 0 end", standard="Share of 0-6 on the 0 to 10 scale.",
    ),
    Measure(
        name="nps_believed", label=Label("Net promoter score, as organisations believe", "NPS volgens organisaties"), unit=Unit.POINTS,
        better=Better.NEITHER, family="nps", population="responses",
        where="construct = 'nps_believed' and audience = 'organisation' and score is not null", of=NPS_OF,
        standard="Professionals answer the 0 to 10 question as they believe a customer would: another sample, another question.",
    ),
    Measure(
        name="enps", label=Label("Employee net promoter score", "eNPS"), unit=Unit.POINTS, better=Better.HIGHER, family="nps",
        population="responses", where="construct = 'enps' and audience = 'staff' and score is not null", of=NPS_OF,
        standard="The same arithmetic over staff who were asked about their employer.",
    ),
    Measure(
        name="csat_top2", label=Label("Satisfied (top two of five)", "Tevreden (hoogste twee van vijf)"), unit=Unit.SHARE, better=Better.HIGHER,
        family="csat", population="responses", where=_CSAT, of="case when score >= 4 then 1 else 0 end",
        standard="Top-two-box on the 1 to 5 scale.",
    ),
    Measure(
        name="csat_top1", label=Label("Very satisfied (top one of five)", "Zeer tevreden (hoogste van vijf)"), unit=Unit.SHARE, better=Better.HIGHER,
        family="csat", population="responses", where=_CSAT, of="case when score = 5 then 1 else 0 end", standard="Top box on the 1 to 5 scale.",
    ),
    Measure(
        name="csat_mean", label=Label("Satisfaction, mean (1 to 5)", "Klanttevredenheid, gemiddeld (1 tot 5)"), unit=Unit.SCORE,
        better=Better.HIGHER, family="csat", population="responses", where=_CSAT, of="score", ends=(1, 5), standard="Mean on the 1 to 5 scale.",
    ),
    Measure(
        name="csat_good_bad", label=Label("Rated good", "Goed beoordeeld"), unit=Unit.SHARE, better=Better.HIGHER, family="csat",
        population="responses", where="construct = 'csat' and audience = 'customer' and score is not null and scale_low = 0 and scale_high = 1",
        of="case when score = 1 then 1 else 0 end",
        standard="Zendesk: good over good plus bad; offered but unanswered, and never offered, are outside the base.",
    ),
    Measure(
        name="ces_1_mean", label=Label("Customer effort 1.0, mean (1 little, 5 much)", "Klantinspanning 1.0, gemiddeld (1 weinig, 5 veel)"),
        unit=Unit.SCORE, better=Better.LOWER, family="ces", population="responses", where=_CES_1, of="score", ends=(1, 5),
        standard="Dixon, Freeman & Toman 2010: 'how much effort', 1 to 5; low is good.",
    ),
    Measure(
        name="ces_2_mean", label=Label("Customer effort 2.0, mean (7 easy)", "Klantinspanning 2.0, gemiddeld (7 makkelijk)"), unit=Unit.SCORE,
        better=Better.HIGHER, family="ces", population="responses", where=_CES_2, of="score", ends=(1, 7),
        standard="CEB 2013: 'made it easy for me to handle my issue', 1 to 7 agree; high is good.",
    ),
    Measure(
        name="ces_2_easy", label=Label("Found it easy (5 to 7 of 7)", "Vond het makkelijk (5 tot 7 van 7)"), unit=Unit.SHARE, better=Better.HIGHER,
        family="ces", population="responses", where=_CES_2, of="case when score >= 5 then 1 else 0 end", standard="Top-three-box of CES 2.0.",
    ),
    Measure(
        name="ces_2_net", label=Label("Easy minus hard (CES 2.0)", "Makkelijk min moeilijk (CES 2.0)"), unit=Unit.SCORE, better=Better.HIGHER,
        family="ces", population="responses", where=_CES_2, of="case when score >= 6 then 100 when score <= 3 then -100 else 0 end",
        standard="Share of 6-7 minus share of 1-3, times 100. No net promoter score.",
    ),
)  # fmt: skip
