"""A folder with ``peil.yaml``, opened: it loads, and builds what can be counted."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from peil.config import Configuration, MeasureConfig
from peil.dataset import Dataset, build
from peil.engines.choose import open_engine
from peil.engines.door import Limits
from peil.engines.engine import Engine
from peil.engines.store import Store
from peil.journeys.rule import JourneyRule
from peil.measures.catalogue import extended, measure_named
from peil.measures.measure import Measure
from peil.persons.desk import Desk, organisations_of, person_rules
from peil.persons.register import PersonRules
from peil.sources.load import Handles, Loaded, Progress, Refused, load, refused_files, secret, silent
from peil.sources.simulated import Planted
from peil.studies.change_log import DefinitionChange, read_changes
from peil.surveys.quality import Rules
from peil.terms import Better, Label, Unit


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


class Opened:
    """A folder that was opened: its configuration, its store, what was loaded, and what can be counted.

    Parameters:
        root: the folder.
        settings: its configuration, checked.

    Example:
        >>> import peil, tempfile
        >>> project = peil.demo_project(tempfile.mkdtemp(), contacts=2_000)
        >>> project.load().refused
        ()
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

    @property
    def changes(self) -> tuple[DefinitionChange, ...] | None:
        """When definitions, routing or counting changed; None where the project keeps no change log.

        Raises:
            DefinitionError: the file has a fault.
        """
        told = self.settings.change_log
        return read_changes(self.root / told, known=self.measures) if told else None

    def close(self) -> None:
        """Let go of the engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
            self.__dict__.pop("data", None)
