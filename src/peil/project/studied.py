"""What a project is asked that has a verdict, or rests on a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from peil.engines.quoting import quoted
from peil.engines.subset import field
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.estimates.cell_table import Predictor
from peil.estimates.difference import Difference, Side
from peil.estimates.estimate import estimate
from peil.estimates.frame import INBOUND, Fact
from peil.estimates.population import population_told
from peil.estimates.series import SeriesPeriod
from peil.estimates.small_cells import SmallCells, small_cells
from peil.project.opened import Opened
from peil.studies.dose_response import DoseResponse, dose_response
from peil.studies.finding import Finding
from peil.studies.group_gap import group_gap
from peil.studies.nonresponse import FACTS, GAMMAS, NonResponse, nonresponse
from peil.studies.scale_quality import ScaleQuality, scale_quality
from peil.studies.trend.dose_table import read_dose
from peil.studies.trend_break import NETHERLANDS_CLOSED_ON, TrendBreak, trend_break
from peil.studies.wave_change import wave_change
from peil.surveys.scale_versions import CES_SPEED_1, questions_of
from peil.terms import CHANNEL_LABELS, Label


def _called(by: str, value: str) -> Label:
    """What to call a group in the middle of a sentence."""
    known = CHANNEL_LABELS.get(value) if by == "channel" else None
    return Label(known.en.lower(), known.nl.lower()) if known else Label(value, value)


class Studied(Opened):
    """A folder that was opened, and the studies that it answers."""

    def compare(self, measure: str, by: str, first: str, second: str, *, where: str = "true") -> Finding[Difference]:
        """Say whether two groups differ on a measure; of two rounds of a survey, whether anything but opinion changed too.

        Parameters:
            measure: its name.
            by: the column that tells the groups apart.
            first: the value that is compared with.
            second: the value that is compared.
            where: row-level SQL that chooses rows.

        Raises:
            DefinitionError: the measure or the column is not there.
            EvidenceError: a group has no rows.
        """
        chosen = self.measure(measure)
        if by == "wave" and chosen.population == "responses":
            return wave_change(self.data, chosen, first, second, where=where, level=self.settings.report.level)
        # a field's name is written as SQL has it, unless it came so
        own = by.startswith("extra.") and not by.startswith('extra."')
        column = field(by.removeprefix("extra.")) if own else by
        sides = [Side(measure=chosen, where=f"({where}) and {column} = {quoted(value)}") for value in (first, second)]
        named = [_called(by, value) for value in (first, second)]
        try:
            return group_gap(
                self.data, sides[0], sides[1], named=(named[0], named[1]), level=self.settings.report.level
            )
        except EvidenceError:
            (found,) = estimate(chosen, self.data, by=[by], where=where)
            held = {str(value) for each in found if each.n for _, value in each.group}
            if {first, second} <= held:
                raise
            empty = second if first in held else first
            raise EvidenceError(
                f"'{measure}' has no rows where {by} is '{empty}'",
                remedy=f"see which groups there are: peil estimate {measure} --by {by}",
            ) from None

    def trend_break(
        self,
        measure: str,
        *,
        broke_on: date = NETHERLANDS_CLOSED_ON,
        period: SeriesPeriod = "month",
        where: str = "true",
        matters: float = 0.0,
    ) -> TrendBreak:
        """Say whether a measure changed on a day; see ``studies.trend_break``.

        Parameters:
            measure: its name.
            broke_on: first day that counts as after.
            period: ``week`` or ``month``.
            where: row-level SQL that chooses rows.
            matters: the smallest change that matters, in the measure's unit.
        """
        return trend_break(
            self.data,
            self.measure(measure),
            broke_on=broke_on,
            period=period,
            where=where,
            matters=matters,
            level=self.settings.report.level,
            change_log=self.changes,
        )

    def dose_response(
        self,
        measure: str,
        file: str | Path,
        *,
        otherwise: float | None = None,
        by: str = "organisation",
        period: SeriesPeriod = "month",
        where: str = "true",
        matters: float = 0.0,
    ) -> DoseResponse:
        """Say whether a measure moves with a dose; see ``studies.dose_response``.

        Parameters:
            measure: its name.
            file: the dose table, a CSV or Parquet file in the project.
            otherwise: the dose of periods without a row.
            by: what names the units of the dose.
            period: ``week`` or ``month``.
            where: row-level SQL that chooses rows.
            matters: the smallest effect per unit of dose that matters, in the measure's unit.
        """
        return dose_response(
            self.data,
            self.measure(measure),
            read_dose(self.root / file, otherwise=otherwise),
            by=by,
            period=period,
            where=where,
            matters=matters,
            level=self.settings.report.level,
            change_log=self.changes,
        )

    def nonresponse(
        self,
        measure: str = "nps",
        *,
        survey: str | None = None,
        frame: str | None = None,
        facts: Mapping[str, str] | None = None,
        gammas: Sequence[float] = (),
        matters: float = 0.0,
    ) -> NonResponse:
        """Say whether those who answered speak for every contact; see ``studies.nonresponse``.

        Parameters:
            measure: what each answer says.
            survey: one survey only.
            frame: row-level SQL over contacts; all inbound ones if left out.
            facts: what else is known of every contact, name to row-level SQL.
            gammas: for the bounds, how far apart the odds to answer may be.
            matters: the smallest shift that matters, in the measure's unit.
        """
        told = [Fact(name=name, label=Label(name, name), by=(sql,)) for name, sql in (facts or {}).items()]
        return nonresponse(
            self.data,
            measure=self.measure(measure),
            facts=(*FACTS, *told),
            gammas=tuple(gammas) or GAMMAS,
            frame=frame or INBOUND,
            survey=self._of_survey(survey),
            matters=matters,
            level=self.settings.report.level,
        )

    def scale_quality(
        self,
        items: Sequence[str] = (),
        *,
        speed: Sequence[str] = (),
        beside: str = "ces_2",
        outcome: str = "csat",
        survey: str | None = None,
        where: str = "true",
        matters: float = 0.01,
    ) -> ScaleQuality:
        """Say whether a scale is worth its questions; see ``studies.scale_quality``.

        Parameters:
            items: its questions; those of Peil's own scale on effort and speed if left out.
            speed: those of them that are about time.
            beside: the construct that it is held against.
            outcome: the construct to foretell, or ``repeat_7d``.
            survey: one survey only.
            where: row-level SQL that chooses answers.
            matters: the smallest gain in R² that matters.
        """
        here = f"({self._of_survey(survey)}) and ({where})"
        if not items:
            items = questions_of(self.data.engine, self.data.tables["responses"], CES_SPEED_1, here)
            speed = speed or [one for one, each in zip(items, CES_SPEED_1.items, strict=True) if each.speed]
        return scale_quality(
            self.data,
            items,
            speed=speed,
            beside=beside,
            outcome=outcome,
            where=here,
            matters=matters,
            level=self.settings.report.level,
        )

    def _of_survey(self, name: str | None) -> str:
        if name is None:
            return "true"
        rows = self.data.engine.rows(f"select distinct survey from {self.data.tables['responses'].name}").to_pylist()
        known = [str(each["survey"]) for each in rows]
        if name not in known:
            raise DefinitionError(f"there are no answers to a survey '{name}'", remedy=neighbours(name, known))
        return f"survey = {quoted(name)}"

    def small_cells(
        self,
        measure: str,
        *,
        by: Sequence[str],
        population: Mapping[tuple[object, ...], float] | str | None = None,
        where: str = "true",
        level: float | None = None,
        minimum_n: int | None = None,
        predictors: Sequence[Predictor] = (),
        seed: int = 0,
    ) -> SmallCells:
        """Give every cell of a crossing a model's value, beside its own mean; see ``estimates.small_cells``.

        Parameters:
            measure: its name.
            by: one to three things to cross, such as ``extra.country`` and ``extra.sector``.
            population: what margins are weighted to: ``contacts`` counts them, another text is a CSV or Parquet file in
                the project, and a mapping tells it in place; without it every cell counts alike.
            where: row-level SQL that chooses rows.
            level: how often the intervals are to hold the truth; the report's level if left out.
            minimum_n: answers that a cell needs for its own mean to be shown; the report's if left out.
            predictors: what is known of cells, rows or columns.
            seed: of the draws that places are made from.
        """
        report = self.settings.report
        return small_cells(
            self.measure(measure),
            self.data,
            by=by,
            population=population_told(population, self.data, by, folder=self.root),
            predictors=predictors,
            where=where,
            level=level or report.level,
            minimum_n=minimum_n or report.minimum_n,
            seed=seed,
        )
