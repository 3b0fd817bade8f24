"""Every kind of source that ``peil.yaml`` may name."""

from __future__ import annotations

from peil.sources.amazon_connect import AmazonConnect
from peil.sources.asterisk import Asterisk
from peil.sources.chatwoot import Chatwoot
from peil.sources.delimited import DelimitedTable
from peil.sources.dialogflow import DialogflowCx
from peil.sources.formbricks import Formbricks
from peil.sources.genesys import Genesys
from peil.sources.intercom import Intercom
from peil.sources.lex import LexV2
from peil.sources.limesurvey import LimeSurvey
from peil.sources.qualtrics import Qualtrics
from peil.sources.rasa import Rasa
from peil.sources.simulated import SimulatedBenchmark, SimulatedCentre, SimulatedHomeWorking, SimulatedStaffFirst
from peil.sources.spss import Spss
from peil.sources.survey_table import SurveyTable
from peil.sources.surveymonkey import SurveyMonkey
from peil.sources.triple_s import TripleS
from peil.sources.zendesk import Zendesk

AnySource = (
    DelimitedTable
    | SurveyTable
    | Qualtrics
    | LimeSurvey
    | AmazonConnect
    | Asterisk
    | Genesys
    | Zendesk
    | Chatwoot
    | Intercom
    | Rasa
    | DialogflowCx
    | LexV2
    | Formbricks
    | SurveyMonkey
    | Spss
    | TripleS
    | SimulatedCentre
    | SimulatedBenchmark
    | SimulatedHomeWorking
    | SimulatedStaffFirst
)
KINDS: tuple[type, ...] = AnySource.__args__
