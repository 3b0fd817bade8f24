"""The canonical tables of surveys: answers, who was asked, and the questions."""

from __future__ import annotations

from peil.engines.schema import Column, Kind, Rule, Schema
from peil.sources.columns import EXTRA, ORIGIN, at, code, flag, ms, n, on, text

AUDIENCES = ("customer", "organisation", "staff")

ANSWERS = Schema(
    name="answers",
    one_row_is="one answered question of one response",
    key=("source", "response_id", "question"),
    version="updated_at",
    local=(("answered_at", "answered_on"),),
    columns=(
        *ORIGIN,
        text("survey", "the questionnaire", required=True),
        text("response_id", "the response it belongs to", required=True),
        code("audience", AUDIENCES, "who was asked", required=True, default="'customer'"),
        text("wave", "the round in which it was asked"),
        text("question", "the question's identifier", required=True),
        text("construct", "what the question measures: nps, csat, ces_1, ces_2 …"),
        n("scale_low", "lowest value on the scale", least=None),
        n("scale_high", "highest value on the scale", least=None),
        flag("reversed", "the scale ran the other way round; value is as answered"),
        n("value_milli", "the value answered, in thousandths: a 9 is 9000", least=None),
        text("value_text", "the answer in words", personal=True),
        at("answered_at", "when it was answered", required=True),
        at("updated_at", "when the record last changed; newer wins"),
        text("contact_id", "the contact it is about"),
        text("customer_id", "the customer who answered", personal=True, handle=True),
        text("agent_id", "the agent it is about, or who answered", personal=True),
        text("team", "the team it is about"),
        text("channel", "the channel it is about, where no contact is named"),
        code("mode", ("web", "mail", "phone", "ivr", "chat", "paper"), "how it was asked"),
        text("language", "language of the questionnaire"),
        n("weight_ppb", "survey weight, in billionths: 1.5 is 1500000000; never nought", least=1),
        text("stratum", "stratum of the sample design"),
        text("cluster", "primary sampling unit"),
        n("population_n", "primary units in the stratum: the finite population", least=1),
        text("unit", "second-stage sampling unit, within the primary one"),
        n("unit_population_n", "second-stage units in the primary one", least=1),
        ms("duration_ms", "how long the whole response took"),
        EXTRA,
        on("answered_on", "local day on which it was answered"),
    ),
    rules=(
        Rule(
            name="off_the_scale",
            holds="value_milli between scale_low * 1000 and scale_high * 1000",
            column="value_milli",
            says="an answer lies outside its scale",
        ),
        Rule(
            name="nps_needs_0_to_10",
            holds="construct is null or construct not in ('nps', 'nps_believed', 'enps') or coalesce(scale_low = 0 and scale_high = 10, false)",
            column="construct",
            says="a net promoter score needs the 0 to 10 scale",
        ),
    ),
)

INVITATIONS = Schema(
    name="invitations",
    one_row_is="one person, organisation or member of staff asked",
    key=("source", "invitation_id"),
    version="updated_at",
    local=(("invited_at", "invited_on"),),
    columns=(
        *ORIGIN,
        text("invitation_id", "the invitation", required=True),
        text("survey", "the questionnaire", required=True),
        code("audience", AUDIENCES, "who was asked", required=True, default="'customer'"),
        text("wave", "the round"),
        text("contact_id", "the contact it is about"),
        text("response_id", "the response it led to"),
        text("customer_id", "who was asked", personal=True, handle=True),
        at("invited_at", "when it was sent", required=True),
        at("updated_at", "when the record last changed; newer wins"),
        code(
            "disposition",
            (
                "complete",
                "partial",
                "refused",
                "no_contact",
                "other",
                "unknown_household",
                "unknown_other",
                "not_eligible",
                "offered",
            ),
            "how it ended (AAPOR Standard Definitions)",
            required=True,
            default="'no_contact'",
        ),
        EXTRA,
        on("invited_on", "local day on which it was sent"),
    ),
)

QUESTIONS = Schema(
    name="questions",
    one_row_is="a question of a questionnaire, as it was put in one round and one language",
    key=("source", "organisation", "survey", "wave", "question", "language"),
    columns=(
        *ORIGIN,
        text("survey", "the questionnaire", required=True),
        Column(name="wave", kind=Kind.TEXT, says="the round; empty where it was put alike in all", default="''"),
        text("question", "the question's identifier, as answers carry it", required=True),
        Column(name="language", kind=Kind.TEXT, says="language of the text; empty where nobody said", default="''"),
        n("place", "where it stands in the questionnaire, from 1", least=1),
        text("text", "the question as it was put"),
        text("construct", "what it measures: nps, csat, ces_1, ces_2 …"),
        code("sort", ("single", "multiple", "number", "text", "date"), "what kind of answer it takes"),
        n("scale_low", "lowest value on the scale", least=None),
        n("scale_high", "highest value on the scale", least=None),
        flag("reversed", "the scale ran the other way round"),
        Column(name="codes", kind=Kind.JSON, says="code to label of its answers, as a JSON object"),
        code("mode", ("web", "mail", "phone", "ivr", "chat", "paper"), "how it was asked"),
        text("asked_as", "what the export calls it"),
        EXTRA,
    ),
)
