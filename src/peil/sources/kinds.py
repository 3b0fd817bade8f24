"""Every kind of source that ``peil.yaml`` may name."""

from __future__ import annotations

from peil.sources.amazon_connect import AmazonConnect
from peil.sources.asterisk import Asterisk
from peil.sources.delimited import DelimitedTable
from peil.sources.formbricks import Formbricks
from peil.sources.genesys import Genesys
from peil.sources.limesurvey import LimeSurvey
from peil.sources.qualtrics import Qualtrics
from peil.sources.simulated import SimulatedBenchmark, SimulatedCentre
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
    | Formbricks
    | SurveyMonkey
    | Spss
    | TripleS
    | SimulatedCentre
    | SimulatedBenchmark
)
KINDS: tuple[type, ...] = AnySource.__args__
