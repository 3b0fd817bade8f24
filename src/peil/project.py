"""A project: a folder with ``peil.yaml``; it loads, counts, explains and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from peil import config as configuration
from peil.config import Configuration, MeasureConfig
from peil.dataset import Dataset, build, current
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.store import Store
from peil.errors import DefinitionError, neighbours
from peil.estimates.cell_table import Predictor
from peil.estimates.difference import Difference, Side
from peil.estimates.estimate import Estimates, estimate
from peil.estimates.frame import INBOUND, Fact
from peil.estimates.population import population_told
from peil.estimates.series import SeriesPeriod
from peil.estimates.small_cells import SmallCells, small_cells
from peil.journeys.rule import JourneyRule
from peil.measures.catalogue import extended, family_named, measure_named
from peil.measures.measure import Measure
from peil.persons.desk import Desk, organisations_of, person_rules
from peil.persons.register import PersonRules
from peil.reports.asked import Asked
from peil.reports.journeys import JourneyChapter, journey_chapter
from peil.reports.pages import explained
from peil.reports.report import Report, write_report
from peil.reports.survey_chapter import Chapter, chapters
from peil.reports.trend_register import RegisterChapter, register_chapter
from peil.sources.load import Handles, Loaded, Progress, Refused, load, refused_files, secret, silent
from peil.sources.simulated import Planted
from peil.sources.survey_tables import ANSWERS
from peil.studies.change_log import DefinitionChange, read_changes
from peil.studies.dose_response import DoseResponse, dose_response
from peil.studies.finding import Finding
from peil.studies.group_gap import group_gap
from peil.studies.nonresponse import FACTS, GAMMAS, NonResponse, nonresponse
from peil.studies.scale_quality import ScaleQuality, scale_quality
from peil.studies.trend.dose_table import read_dose
from peil.studies.trend_break import NETHERLANDS_CLOSED_ON, TrendBreak, trend_break
from peil.studies.trend_register.kept import FILE, kept
from peil.studies.trend_register.ledger import LEDGER, latest
from peil.studies.trend_register.scoreboard import scoreboard
from peil.studies.trend_register.settling import own_share
from peil.studies.wave_change import wave_change
from peil.surveys.quality import Rules
from peil.surveys.scale_versions import CES_SPEED_1, questions_of
from peil.surveys.triple_s import write_triple_s
from peil.terms import CHANNEL_LABELS, Better, Label, Language, Unit


def _measure(told: MeasureConfig) -> Measure:
    return Measure(
        name=told.name,
        label=Label(told.label.en, told.label.nl),
        unit=Unit(told.unit),
        better=Better(told.better),
        population=told.population,
        where=told.where,
        of=told.of,
        per=told.per,
        standard=told.standard,
        estimator=told.estimator,
        quantile=told.quantile,
        ends=told.ends,
    )


def _called(by: str, value: str) -> Label:
    """What to call a group in the middle of a sentence."""
    known = CHANNEL_LABELS.get(value) if by == "channel" else None
    return Label(known.en.lower(), known.nl.lower()) if known else Label(value, value)


class Project:
    """A folder with a configuration, its store and its measures.

    Parameters:
        root: the folder.
        settings: its configuration, checked.

    Example:
        >>> import peil, tempfile
        >>> project = peil.demo_project(tempfile.mkdtemp(), contacts=2_000)
        >>> project.estimate("abandonment").only().n > 1_000
        True
    """

    def __init__(self, root: Path, settings: Configuration) -> None:
        self.root = root
        self.settings = settings
        self.store = Store(root / settings.store)
        self._engine: Engine | None = None

    def __repr__(self) -> str:
        return f"<Peil project '{self.settings.name}', {len(self.store.loads())} loads>"

    @property
    def limits(self) -> Limits:
        """Memory, cores and spill folder."""
        engine = self.settings.engine
        return Limits(memory=engine.memory, threads=engine.threads, folder=self.store.spill_folder)

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """The catalogue and the project's own measures, by name."""
        return extended(_measure(each) for each in self.settings.measures)

    @cached_property
    def data(self) -> Dataset:
        """The tables that can be counted; built when first asked for.

        Raises:
            EvidenceError: nothing was loaded yet.
        """
        if self._engine is None:
            self._engine = open_engine(self.settings.engine.name, self.limits)
        if self.settings.calendar:
            self.settings.calendar_named(self.settings.calendar)
        return build(
            self.store,
            self._engine,
            calendars=self.settings.calendars,
            calendar=self.settings.calendar,
            country=self.settings.country,
            sources={each.name for each in self.settings.sources},
            surveys=self.settings.surveys,
            journeys=self.journey_rule,
            persons=self.person_rules,
            doubtful=self.doubtful,
        )

    @property
    def doubtful(self) -> Rules:
        """When a response is flagged as doubtful."""
        told = self.settings.doubtful.model_dump()
        share, minutes = told.pop("speeder_share"), told.pop("same_within_minutes")
        # a third is a third, and not 0.3333333333333333
        return Rules(
            speeder_share=Fraction(share).limit_denominator(1_000), same_within_ms=round(minutes * 60_000), **told
        )

    @property
    def person_rules(self) -> PersonRules:
        """When records and contacts are taken to be of one person."""
        return person_rules(self.settings, self._secret, self.limits)

    @property
    def desk(self) -> Desk:
        """Where to ask about persons."""
        return Desk(self.store.folder, organisations_of(self.settings), self.person_rules, self._secret())

    def _secret(self) -> bytes:
        key_file = self.root / self.settings.key_file if self.settings.key_file else None
        return secret(self.settings.name, key_file)

    @property
    def journey_rule(self) -> JourneyRule:
        """What makes contacts parts of one journey."""
        return JourneyRule(**self.settings.journeys.model_dump())

    def load(self, progress: Progress = silent) -> Loaded:
        """Load every export that is new, and forget what was built from the old ones.

        Parameters:
            progress: told (label, done, total) as the work goes on.
        """
        made = load(
            self.settings.sources,
            self.store,
            root=self.root,
            limits=self.limits,
            key=self._secret(),
            handles=Handles(region=self.settings.country, clear_text=self.settings.persons.clear_text),
            progress=progress,
        )
        self.__dict__.pop("data", None)
        return made

    def measure(self, name: str) -> Measure:
        """Return the measure called ``name``.

        Raises:
            DefinitionError: there is none; names its neighbours.
        """
        return measure_named(name, self.measures)

    def estimate(
        self, measure: str, *, by: Sequence[str] = (), where: str = "true", level: float | None = None
    ) -> Estimates:
        """Estimate a measure in groups.

        Parameters:
            measure: its name.
            by: what to group by: columns, ``day`` to ``year``, ``weekday``, ``hour``, ``extra.NAME``.
            where: row-level SQL that chooses rows.
            level: how often the intervals are to hold the truth; the report's level if left out.
        """
        return self.estimates([measure], by=by, where=where, level=level)[0]

    def estimates(
        self, measures: Sequence[str], *, by: Sequence[str] = (), where: str = "true", level: float | None = None
    ) -> list[Estimates]:
        """Estimate several measures in one pass over the rows; see ``estimate``."""
        chosen = [self.measure(each) for each in measures]
        return estimate(chosen, self.data, by=by, where=where, level=level or self.settings.report.level)

    def linked(
        self, measures: Sequence[str], *, by: Sequence[str] = (), where: str = "true", level: float | None = None
    ) -> list[Estimates]:
        """Estimate measures of persons, with the doubt about who is who in the interval; see ``estimates.linked``."""
        from peil.estimates.linked import linked  # few ask, and all would wait for what it needs

        chosen = [self.measure(each) for each in measures]
        return linked(chosen, self.data, by=by, where=where, level=level or self.settings.report.level)

    def variants(self, family: str, *, where: str = "true") -> list[Estimates]:
        """Return the same contacts under every definition of one word, such as ``service_level``."""
        chosen = family_named(family, self.measures)
        return estimate(chosen, self.data, where=where, level=self.settings.report.level)

    def compare(self, measure: str, by: str, first: str, second: str, *, where: str = "true") -> Finding[Difference]:
        """Say whether two groups differ on a measure; of two rounds of a survey, whether anything but opinion changed too.

        Parameters:
            measure: its name.
            by: the column that tells the groups apart.
            first: the value that is compared with.
            second: the value that is compared.
            where: row-level SQL that chooses rows.
        """
        chosen = self.measure(measure)
        if by == "wave" and chosen.population == "responses":
            return wave_change(self.data, chosen, first, second, where=where, level=self.settings.report.level)
        sides = [
            Side(measure=chosen, where=f"({where}) and {by} = '{value.replace(chr(39), chr(39) * 2)}'")
            for value in (first, second)
        ]
        named = [_called(by, value) for value in (first, second)]
        return group_gap(self.data, sides[0], sides[1], named=(named[0], named[1]), level=self.settings.report.level)

    def explain(self, measure: str, language: Language = "en") -> str:
        """Return what a measure means: definition, formula, authority, disputes."""
        return explained(self.measure(measure), language)

    def rejected(self) -> list[dict[str, Any]]:
        """Return every row kept aside, with file, line, rule, column and masked value."""
        found: list[dict[str, Any]] = []
        for each in self.store.loads():
            rows = pq.read_table(each.folder / "rejected.parquet").to_pylist()
            found += [{"source": each.source, "file": each.file, **row} for row in rows]
        return found

    def refused(self) -> tuple[Refused, ...]:
        """Return the files of which nothing was loaded in the last round."""
        return refused_files(self.store)

    def truths(self) -> Mapping[str, Planted] | None:
        """Return what was planted, when every source is simulated."""
        told = [each.truth() for each in self.settings.sources if hasattr(each, "truth")]
        return told[0] if told and len(told) == len(self.settings.sources) else None

    def report(self, language: Language = "en", path: Path | None = None, progress: Progress = silent) -> Report:
        """Write the report as one self-contained HTML file.

        Parameters:
            language: ``en`` or ``nl``.
            path: where to; ``report.LANGUAGE.html`` in the project if left out.
            progress: told (label, done, total) as the work goes on.
        """
        truths = self.truths()
        return write_report(
            self.data,
            self.settings.report.within(self.root),
            catalogue=self.measures,
            language=language,
            path=path or self.root / f"report.{language}.html",
            title_name=self.settings.name,
            simulated=truths is not None or self.settings.simulated,
            truths=truths,
            refused=self.refused(),
            rejected=self.rejected(),
            surveys=self.settings.surveys,
            change_log=self.changes,
            register=self._register(language),
            journeys=self.journey_rule,
            progress=progress,
        )

    def _register(self, language: Language) -> RegisterChapter | None:
        """The chapter on trends, where the project keeps a register or settled one."""
        if not any((self.root / each).is_file() for each in (FILE, LEDGER)):
            return None
        found = kept(self.root, catalogue=self.measures)
        today = self.data.period[1]  # the data's own last day: the same data give the same report
        board = scoreboard(
            found.register, latest(found.lines), self.data.run, today=today, level=self.settings.report.level
        )
        shares = {each.id: own_share(each, self.data, catalogue=self.measures) for each in found.register.trends}
        own = {name: each for name, each in shares.items() if each is not None}
        return register_chapter(board, found.register, language, catalogue=self.measures, own=own)

    @property
    def changes(self) -> tuple[DefinitionChange, ...] | None:
        """When definitions, routing or counting changed; None where the project keeps no change log.

        Raises:
            DefinitionError: the file has a fault.
        """
        told = self.settings.change_log
        return read_changes(self.root / told, known=self.measures) if told else None

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

    def asked(self, language: Language = "en") -> Asked:
        """Return what every figure and table shares: the data, the language, and how it is shown.

        Parameters:
            language: ``en`` or ``nl``.
        """
        report = self.settings.report
        return Asked(
            data=self.data,
            catalogue=self.measures,
            language=language,
            minimum_n=report.minimum_n,
            level=report.level,
            surveys={each.name: each for each in self.settings.surveys},
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

    def surveys(
        self, language: Language = "en", *, name: str | None = None, progress: Progress = silent
    ) -> tuple[Chapter, ...]:
        """Return of each survey who was asked, who answered, how it is weighted, what changed, and the questions.

        Parameters:
            language: ``en`` or ``nl``.
            name: one survey only.
            progress: told (label, done, total) as the work goes on.
        """
        progress(name or self.settings.name, 0, 1)
        found = chapters(self.asked(language), only=name)
        progress(name or self.settings.name, 1, 1)
        return found

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

    def journeys(self, language: Language = "en", *, top: int = 10) -> JourneyChapter | None:
        """Return the ways customers went, where they gave up, and what it took of their time.

        Parameters:
            language: ``en`` or ``nl``.
            top: how many ways are listed.

        Returns:
            None where too few journeys lie in the data from beginning to end.
        """
        report = self.settings.report
        asked = Asked(
            data=self.data,
            catalogue=self.measures,
            language=language,
            minimum_n=report.minimum_n,
            level=report.level,
        )
        return journey_chapter(asked, self.journey_rule, top=top)

    def export(self, survey: str, folder: Path, *, fixed: bool = False) -> Path:
        """Write a survey's answers as Triple-S 2.0, with labels, multiples and weights.

        Parameters:
            survey: its name.
            folder: where the description (.sss) and the answers go; made if it is not there.
            fixed: fixed columns (.asc) instead of a .csv.

        Returns:
            The description's path.

        Raises:
            EvidenceError: there are no answers to it.
        """
        engine, tables = self.data.engine, self.data.tables
        folder.mkdir(parents=True, exist_ok=True)
        answers = current(engine, ANSWERS, self.store.loads())
        return write_triple_s(
            engine, tables["responses"], tables["questions"], survey, folder, fixed=fixed, chosen=answers
        )

    def figure(self, estimates: Estimates, language: Language = "en") -> str:
        """Return a figure of the estimates as SVG."""
        from peil.reports.figures import drawn

        return drawn(estimates, language)

    def close(self) -> None:
        """Let go of the engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
            self.__dict__.pop("data", None)


def open_project(path: str | Path | None = None) -> Project:
    """Open the project at ``path``, or the nearest one upward.

    Parameters:
        path: a folder or its ``peil.yaml``.

    Raises:
        SourceError: there is no configuration.
        ConfigurationError: it has faults.
    """
    found = configuration.find(Path(path) if path is not None else None)
    return Project(found.resolve().parent, configuration.read(found))
