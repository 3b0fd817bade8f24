"""The configuration: one ``peil.yaml`` (YAML 1.2), checked, with every fault told as file:line:column."""

from peil.config.configuration import Configuration, EngineConfig, MeasureConfig
from peil.config.part import Text
from peil.config.reading import FILE_NAME, ConfigurationError, find, json_schema, read, read_text
from peil.config.report import CompareConfig, FigureConfig, ReportConfig, TrendBreakConfig
from peil.config.survey import MarginConfig, SurveyConfig, WeightsConfig

__all__ = [
    "FILE_NAME",
    "CompareConfig",
    "Configuration",
    "ConfigurationError",
    "EngineConfig",
    "FigureConfig",
    "MarginConfig",
    "MeasureConfig",
    "ReportConfig",
    "SurveyConfig",
    "Text",
    "TrendBreakConfig",
    "WeightsConfig",
    "find",
    "json_schema",
    "read",
    "read_text",
]
