"""A project: a folder with ``peil.yaml``; it loads, counts, explains and reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from peil import config as configuration
from peil.dataset import current
from peil.estimates.estimate import Estimates, estimate
from peil.measures.catalogue import family_named
from peil.project.studied import Studied
from peil.reports.asked import Asked
from peil.reports.journeys import JourneyChapter, journey_chapter
from peil.reports.pages import explained
from peil.reports.report import Report, write_report
from peil.reports.survey_chapter import Chapter, chapters
from peil.reports.trend_register import RegisterChapter, register_chapter
from peil.sources.load import Progress, silent
from peil.sources.survey_tables import ANSWERS
from peil.studies.trend_register.kept import FILE, kept
from peil.studies.trend_register.ledger import LEDGER, latest
from peil.studies.trend_register.scoreboard import scoreboard
from peil.studies.trend_register.settling import own_share
from peil.surveys.triple_s import write_triple_s
from peil.terms import Language


class Project(Studied):
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

    def explain(self, measure: str, language: Language = "en") -> str:
        """Return what a measure means: definition, formula, authority, disputes."""
        return explained(self.measure(measure), language)

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

    def journeys(self, language: Language = "en", *, top: int = 10) -> JourneyChapter | None:
        """Return the ways customers went, where they gave up, and what it took of their time.

        Parameters:
            language: ``en`` or ``nl``.
            top: how many ways are listed.

        Returns:
            None where too few journeys lie in the data from beginning to end.
        """
        return journey_chapter(self.asked(language), self.journey_rule, top=top)

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
