"""Weigh a survey: its answers are brought to agree with what is known of its population, or with every contact there was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from peil.config import MarginConfig, SurveyConfig, WeightsConfig
from peil.engines.engine import Engine
from peil.engines.fields import refuse_unknown_fields
from peil.engines.quoting import quoted
from peil.engines.schema import Table
from peil.engines.subset import columns_read, fields_read
from peil.errors import DefinitionError, EvidenceError
from peil.methods.diagnosis import Diagnosis, recalled
from peil.surveys.calibrated import calibrated
from peil.surveys.counted import counted
from peil.surveys.design import SURVEY, Calibration, Design, Margin, Singleton
from peil.surveys.factors import Weighing, factors_table
from peil.surveys.levels import levels_of, numbers_of, readable

# Columns that tell the answers of one respondent apart: weights are of respondents.
OF_AN_ANSWER = frozenset(
    {"question", "construct", "scale_low", "scale_high", "value_milli", "score", "first_answer", "weight_ppb"}
)
# Targets that add up to 1 are shares.
ONE_APART = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """How one survey was weighted.

    Parameters:
        survey: its name.
        calibration: what it was weighted to.
        diagnosis: what that did.
    """

    survey: str
    calibration: Calibration
    diagnosis: Diagnosis

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        known = self.calibration
        return {
            "survey": self.survey,
            "margins": [
                [list(each.by), [[list(level), n] for level, n in each.targets.items()]] for each in known.margins
            ],
            "method": known.method,
            "bounds": known.bounds,
            "trim": known.trim,
            "base": known.base,
            "weight": known.weight,
            "diagnosis": self.diagnosis.plain(),
        }


def remembered(text: str) -> tuple[Weighting, ...]:
    """Return weightings from the JSON that was kept beside the tables.

    Parameters:
        text: a list of what ``Weighting.plain`` returned.

    Example:
        >>> remembered("[]")
        ()
    """
    found = []
    for each in json.loads(text):
        margins = tuple(
            Margin(by=tuple(by), targets={tuple(level): n for level, n in told}) for by, told in each["margins"]
        )
        calibration = Calibration(
            margins=margins,
            method=each["method"],
            bounds=tuple(each["bounds"]) if each["bounds"] else None,
            trim=each["trim"],
            base=each["base"],
            weight=each["weight"],
        )
        found.append(Weighting(survey=each["survey"], calibration=calibration, diagnosis=recalled(each["diagnosis"])))
    return tuple(found)


def weigh(
    engine: Engine, drawn: Table, contacts: Table, surveys: Sequence[SurveyConfig]
) -> tuple[Table, tuple[Weighting, ...]]:
    """Weigh the surveys that have weights of their own; the others keep theirs.

    Parameters:
        engine: where the rows are.
        drawn: the responses, under another name than ``responses``.
        contacts: the contacts, counted where they are what a survey is weighted to.
        surveys: the settings.

    Returns:
        The responses, with ``weight_ppb`` calibrated and ``design_weight_ppb`` as it was; and what was done.

    Raises:
        DefinitionError: a level has respondents and no target, or a target and no respondents; the survey is named.
        EvidenceError: there are no respondents, or the targets cannot be met together.
    """
    found, joins = [], []
    for place, survey in enumerate(each for each in surveys if each.weights):
        assert survey.weights is not None  # noqa: S101  # chosen so
        rows = f"t.survey = {quoted(survey.name)}"
        try:
            calibration = _calibration(engine, contacts, survey.weights, rows)
            if survey.weights.per_round:
                calibration = _by_round(engine, drawn, calibration)
            sample = counted(engine, drawn, calibration)
            made = calibrated(sample, calibration)
            factors = factors_table(engine, f"weights_{place}", sample, made, calibration)
        except (DefinitionError, EvidenceError) as fault:
            _known_fields(engine, drawn, survey)
            raise type(fault)(f"survey '{survey.name}': {fault.what}", remedy=fault.remedy) from None
        joins.append((factors, rows))
        found.append(Weighting(survey=survey.name, calibration=calibration, diagnosis=made.diagnosis))
    weigh = Weighing(table=drawn, base="design_weight_ppb", into="weight_ppb", joins=tuple(joins))
    for place, weighting in enumerate(found):
        _one_cell_a_respondent(engine, weigh, place, weighting.survey)
    return engine.step("responses", weigh.sql(), drawn.schema), tuple(found)


def _known_fields(engine: Engine, drawn: Table, survey: SurveyConfig) -> None:
    """Refuse a margin of a field that no answer has: told by that name, and not by levels that are missing."""
    fields: list[str] = []
    for margin in survey.weights.margins if survey.weights else ():
        for sql in margin.by:
            with suppress(DefinitionError):  # what cannot be read has its own message
                fields += fields_read(sql)
    refuse_unknown_fields(engine, [drawn.name], dict.fromkeys(fields), f"survey '{survey.name}': ")


def singleton_of(surveys: Sequence[SurveyConfig]) -> Singleton:
    """Return the rule for strata of one respondent that the surveys name.

    Raises:
        DefinitionError: two surveys name different rules.

    Example:
        >>> singleton_of((SurveyConfig(name="a"), SurveyConfig(name="b", singleton="average")))
        'average'
    """
    named = sorted({each.singleton for each in surveys} - {"refuse"})
    if len(named) > 1:
        raise DefinitionError(
            f"surveys name different rules for strata of one respondent: {', '.join(named)}",
            remedy="answers have one design: name the same 'singleton' for all surveys",
        )
    return named[0] if named else "refuse"


def design_of(weightings: Sequence[Weighting], *, two_stages: bool = False, singleton: Singleton = "refuse") -> Design:
    """Return the design of responses, some of whose surveys are calibrated.

    Parameters:
        weightings: one a calibrated survey.
        two_stages: whether any answer names the unit that was drawn within its cluster.
        singleton: what to do with a stratum of one respondent.

    Example:
        >>> design_of((), two_stages=True).unit
        'unit'
    """
    drawn = replace(SURVEY, singleton=singleton)
    if two_stages:
        drawn = replace(drawn, unit="unit", unit_population="unit_population_n")
    if not weightings:
        return drawn
    margins = []
    for each in weightings:
        for margin in each.calibration.margins:
            if () in margin.targets:
                of = f"case when survey = {quoted(each.survey)} then {margin.by[0]} else 0 end"
                margins.append(Margin(by=(of,), targets=margin.targets))
            else:
                targets = {(each.survey, *level): n for level, n in margin.targets.items()}
                margins.append(Margin(by=("survey", *margin.by), targets=targets))
    names = ", ".join(quoted(each.survey) for each in weightings)
    first = weightings[0].calibration
    return replace(
        drawn,
        calibration=replace(first, margins=tuple(margins), base=f"first_answer and survey in ({names})"),
    )


def _calibration(engine: Engine, contacts: Table, weights: WeightsConfig, rows: str) -> Calibration:
    for margin in weights.margins:
        for sql in margin.by:
            wrong = sorted(columns_read(sql, "by") & OF_AN_ANSWER)
            if wrong:
                raise DefinitionError(
                    f"'{sql}' is of one answer and not of a respondent: '{wrong[0]}' differs between the answers of one response",
                    remedy="weight by what holds of the whole response; put a background question in 'extra' when loading",
                )
    return Calibration(
        margins=tuple(_margin(engine, contacts, each) for each in weights.margins),
        method=weights.method,
        bounds=weights.bounds if weights.method == "bounded" else None,
        trim=weights.trim,
        base=f"first_answer and {rows}",
        weight="design_weight_ppb",
    )


def _by_round(engine: Engine, drawn: Table, calibration: Calibration) -> Calibration:
    """Cross every margin with the round: shares are of each round's respondents, counts of the population every time."""
    counted_rows = engine.rows(
        f"select wave, count(*) as n from {drawn.name} as t where ({calibration.base}) group by wave order by wave"
    ).to_pylist()
    if any(row["wave"] is None for row in counted_rows):
        raise DefinitionError("some answers name no round", remedy="give each source its 'wave:', or drop 'per_round'")
    n, whole = {str(row["wave"]): int(row["n"]) for row in counted_rows}, sum(int(row["n"]) for row in counted_rows)
    margins = []
    for margin in calibration.margins:
        shares = abs(sum(margin.targets.values()) - 1) < ONE_APART
        targets = {
            (wave, *level): target * (n[wave] / whole if shares else 1.0)
            for wave in n
            for level, target in margin.targets.items()
        }
        margins.append(Margin(by=("wave", *margin.by), targets=targets))
    return replace(calibration, margins=tuple(margins))


def _margin(engine: Engine, contacts: Table, margin: MarginConfig) -> Margin:
    """Return the margin's targets, counted over the contacts where that is what was asked."""
    if margin.levels is not None:
        return Margin(by=margin.by, targets=margin.levels)
    if isinstance(margin.total, float):
        return Margin(by=margin.by, targets={(): margin.total})
    where = margin.where or "not ignored"
    for sql in (*margin.by, where):
        readable(sql, contacts.schema)
    if margin.total is not None:
        whole = engine.rows(f"select sum({margin.by[0]}) as whole from {contacts.name} as t where ({where})")
        return Margin(by=margin.by, targets={(): float(np.nan_to_num(numbers_of(whole.column("whole"))[0]))})
    listed = ", ".join(f"{sql} as k{place}" for place, sql in enumerate(margin.by))
    rows = engine.rows(
        f"select {listed}, count(*) as n from {contacts.name} as t where ({where}) group by {', '.join(margin.by)}"
    )
    if not rows.num_rows:
        raise EvidenceError(f"no contact is left where {where}", remedy="widen 'where', or load the contacts")
    read = [levels_of(rows.column(f"k{place}")) for place in range(len(margin.by))]
    targets: dict[tuple[str, ...], float] = {}
    for place, n in enumerate(rows.column("n").to_pylist()):
        level = tuple(texts[codes[place]] for codes, texts in read)
        targets[level] = targets.get(level, 0.0) + float(n)
    return Margin(by=margin.by, targets=targets)


def _one_cell_a_respondent(engine: Engine, weigh: Weighing, place: int, survey: str) -> None:
    """Refuse a survey of which some answers are of another kind than the first of their response."""
    _, where = weigh.joins[place]
    lost = engine.rows(f"select count(*) as n {weigh.rows()} where ({where}) and f{place}.factor is null")
    n = lost.column("n").to_pylist()[0]
    if n:
        raise DefinitionError(
            f"survey '{survey}': {n} answers have no weight: the answers of one response differ in what they are weighted by",
            remedy="weight by what holds of the whole response",
        )
