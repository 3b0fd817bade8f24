"""A made benchmark: several organisations, their customers, their staff, and what they believe of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa

from peil.engines.schema import Schema
from peil.errors import SourceError
from peil.sources.simulated.centre import NPS, PROVIDES, SimulatedCentre, fingerprint, nothing_to_open, rows
from peil.sources.simulated.frames import numbered
from peil.sources.simulated.planted import Planted, planted, planted_day
from peil.sources.simulated.scales import nps_shares
from peil.sources.simulated.surveys import BELIEVED, questionnaire, recommendation
from peil.sources.simulated.truths import overall_nps, repeat_share, service_level, truths
from peil.sources.simulated.world import World, periods
from peil.sources.source import Draft, Export, Fault
from peil.sources.tables import ANSWERS, INVITATIONS, QUESTIONS
from peil.terms import Label, Unit

SECTORS = ("energy", "insurance", "telecom", "retail")
MOST_ORGANISATIONS = 26
_STATE_DAYS = 10
_SIZE_STEP, _NPS_STEP, _DIGITAL_STEP, _ANSWERED_STEP = 0.12, 1.5, 0.01, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedBenchmark:
    """Organisations that differ by known amounts, and whose professionals overestimate them by a known amount.

    Parameters:
        seed: the same seed and parameters always give the same rows.
        organisations: how many, at most 26, in four sectors; the sector stands in ``extra``.
        contacts: how many contacts all together, exactly; organisations differ in size.
        months, begins: the period.
        shift_on: first day of the new channel mix.
        digital_before, digital_after: share of contacts that do not come by phone in the middle organisation.
        answered, mean_wait_s: service in the middle organisation.
        repeat, repeat_bot: chance of a repeat within 7 days; see `SimulatedCentre`.
        best: place of the organisation that is truly better, from 0.
        better: by how many points of recommendation it is, on every channel.
        overestimate: how many points above the truth professionals believe their customers' score to be.
        professionals: how many professionals of each organisation are asked.

    Raises:
        SourceError: a parameter is out of bounds.

    Example:
        >>> benchmark = SimulatedBenchmark(contacts=2_000)
        >>> benchmark.truth()["best_organisation"].value
        'Org C (simulated)'
        >>> benchmark.truth()["perception_gap"].says.nl
        'Professionals schatten de NPS van hun klanten 28,0 punten te hoog in.'
    """

    kind: Literal["simulated_benchmark"] = "simulated_benchmark"
    name: str = "simulated_benchmark"
    organisation: str = "Benchmark (simulated)"
    zone: str = "Europe/Amsterdam"
    files: tuple[str, ...] = ()
    seed: int = 0
    organisations: int = 8
    contacts: int = 300_000
    months: int = 36
    begins: date = date(2018, 1, 1)
    shift_on: date = date(2020, 3, 16)
    digital_before: float = 0.38
    digital_after: float = 0.55
    answered: float = 0.92
    mean_wait_s: float = 30.0
    repeat: float = 0.12
    repeat_bot: float = 0.26
    best: int = 2
    better: float = 15.0
    overestimate: float = 28.0
    professionals: int = 60

    def __post_init__(self) -> None:
        if not (
            1 <= self.organisations <= MOST_ORGANISATIONS
            and 0 <= self.best < self.organisations
            and self.contacts >= self.organisations
            and self.professionals >= 1
        ):
            raise SourceError(
                f"the simulated benchmark '{self.name}' cannot be made",
                remedy="ask for 1 to 26 organisations, a best one among them, and a contact for each",
            )
        highest = max(overall_nps(each) for each in self.worlds()) + self.overestimate
        if not -100 <= highest <= 100:  # noqa: PLR2004  # the bounds of a net promoter score
            raise SourceError(
                f"professionals of '{self.name}' would believe a score of {highest:.0f}",
                remedy="a net promoter score lies from -100 to 100: overestimate by less",
            )

    @property
    def provides(self) -> tuple[Schema, ...]:
        """The canonical tables it delivers."""
        return PROVIDES

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the rows; stands where a file's hash would."""
        return fingerprint(self.kind, asdict(self))

    @property
    def export(self) -> Export:
        """What to read: there is no file, so the parameters' hash stands for it."""
        return nothing_to_open(self.fingerprint)

    @property
    def names(self) -> tuple[str, ...]:
        """The organisations."""
        return tuple(f"Org {chr(ord('A') + each)} (simulated)" for each in range(self.organisations))

    def centres(self) -> tuple[SimulatedCentre, ...]:
        """Return the contact centre of each organisation; they differ in size, service, mix and score."""
        places = np.arange(self.organisations)
        middle = places - (self.organisations - 1) / 2
        sizes = np.exp(_SIZE_STEP * middle)
        # the mix goes out and back over the places, so that better organisations are no more digital than others:
        # then the gap between channels is the same pooled as within each organisation
        mix = 2 * (np.abs(middle) - np.abs(middle).mean())
        reached = np.rint(np.cumsum(sizes) / sizes.sum() * self.contacts).astype(int)
        return tuple(
            SimulatedCentre(
                seed=self.seed,
                name=self.name,
                organisation=name,
                zone=self.zone,
                contacts=max(1, int(count)),
                months=self.months,
                begins=self.begins,
                shift_on=self.shift_on,
                digital_before=self.digital_before + _DIGITAL_STEP * more,
                digital_after=self.digital_after + _DIGITAL_STEP * more,
                answered=self.answered + _ANSWERED_STEP * off,
                mean_wait_s=self.mean_wait_s,
                repeat=self.repeat,
                repeat_bot=self.repeat_bot,
                state_days=_STATE_DAYS,
                nps={channel: nps + shift for channel, nps in NPS.items()},
            )
            for name, count, off, more, shift in zip(
                self.names, np.diff(reached, prepend=0), middle.tolist(), mix.tolist(), self._shifts(), strict=True
            )
        )

    def worlds(self) -> tuple[World, ...]:
        """Return what each organisation's rows are drawn from; no two share a customer, an agent or a number."""
        found: list[World] = []
        first = (1, 1)
        for index, centre in enumerate(self.centres()):
            extra = json.dumps({"sector": SECTORS[index % len(SECTORS)]})
            found.append(centre.world(organisation=centre.organisation, extra=extra, index=index, first=first))
            first = (first[0] + found[-1].contacts, first[1] + found[-1].people)
        return tuple(found)

    def read(self, export: Export) -> Iterator[Draft | Fault]:
        """Yield the rows in batches; ``export`` names no file and is not opened."""
        del export
        yield from numbered(self._rows())

    def truth(self) -> Mapping[str, Planted]:
        """Return every planted value by name, each with a sentence; an organisation's begin with its letter."""
        worlds = self.worlds()
        weight = np.array([each.contacts for each in worlds], np.float64)
        nps = [overall_nps(each) for each in worlds]
        of_one = truths(worlds[self.best])
        channels = {
            f"nps_{channel}": planted(
                value + float(np.mean(self._shifts())),
                Unit.POINTS,
                f"The net promoter score of '{channel}' is {{value}}, each organisation counted once.",
                f"De NPS van '{channel}' is {{value}}, elke organisatie een keer geteld.",
            )
            for channel, value in NPS.items()
        }
        return {
            **channels,
            **{
                f"{name[4]}_{key}": each
                for place, name in enumerate(self.names)
                for key, each in self._of(worlds[place], name)
            },
            "shift_on": planted_day(
                self.shift_on,
                "From {value} more contacts of every organisation come through digital channels.",
                "Vanaf {value} komen bij elke organisatie meer contacten digitaal binnen.",
            ),
            "digital_jump": planted(
                self.digital_after - self.digital_before,
                Unit.SHARE,
                "At the shift the digital share of every organisation jumps by {value} of all contacts.",
                "Bij de omslag springt het digitale aandeel van elke organisatie met {value} van alle contacten.",
            ),
            "bot_gap": planted(
                NPS["bot"] - NPS["call"],
                Unit.POINTS,
                "In every organisation the net promoter score of the bot less that of the phone is {value}.",
                "Bij elke organisatie is de NPS van de bot min die van de telefoon {value}.",
            ),
            "perception_gap": planted(
                self.overestimate,
                Unit.POINTS,
                "Professionals put the net promoter score of their customers {value} too high.",
                "Professionals schatten de NPS van hun klanten {value} te hoog in.",
            ),
            "nps": planted(
                float(np.mean(nps)),
                Unit.POINTS,
                "The net promoter score of all customers who were served is {value}, each organisation counted once.",
                "De NPS van alle klanten die zijn geholpen is {value}, elke organisatie een keer geteld.",
            ),
            "repeat_7d": planted(
                float(np.average([repeat_share(each) for each in worlds], weights=weight)),
                Unit.SHARE,
                "Of all contacts, {value} are followed within 7 days by the same customer about the same reason.",
                "Op {value} van alle contacten volgt binnen 7 dagen dezelfde klant met dezelfde contactreden.",
            ),
            "repeat_7d_bot": of_one["repeat_7d_bot"],
            "repeat_7d_other": of_one["repeat_7d_other"],
            "service_level_20": planted(
                float(np.average([service_level(each, 20) for each in worlds], weights=_calls(worlds))),
                Unit.SHARE,
                "Of all calls offered, {value} are answered within 20 seconds, abandoned calls included.",
                "Van alle aangeboden gesprekken wordt {value} binnen 20 seconden beantwoord, afhakers meegeteld.",
            ),
            "best_organisation": Planted(
                value=self.names[self.best],
                unit=None,
                says=Label(
                    f"{self.names[self.best]} is truly better: {self.better:g} points above its place on every channel.",
                    f"{self.names[self.best]} is echt beter: {self.better:g} punten boven zijn plaats op elk kanaal.",
                ),
            ),
        }

    def _shifts(self) -> tuple[float, ...]:
        """Return what each organisation adds to every channel's score."""
        middle = (self.organisations - 1) / 2
        return tuple(
            _NPS_STEP * (each - middle) + (self.better if each == self.best else 0.0)
            for each in range(self.organisations)
        )

    def _of(self, world: World, name: str) -> Iterator[tuple[str, Planted]]:
        yield (
            "nps",
            planted(
                overall_nps(world),
                Unit.POINTS,
                f"{name}: the true score is {{value}}.",
                f"{name}: de ware NPS is {{value}}.",
            ),
        )
        yield (
            "nps_believed",
            planted(
                overall_nps(world) + self.overestimate,
                Unit.POINTS,
                f"{name}: its professionals believe the score is {{value}}.",
                f"{name}: de professionals denken dat de NPS {{value}} is.",
            ),
        )
        all_of = truths(world)
        for key in ("answered", "service_level_20", "repeat_7d", "digital_before", "digital_after"):
            each = all_of[key]
            yield (
                key,
                Planted(
                    value=each.value, unit=each.unit, says=Label(f"{name}: {each.says.en}", f"{name}: {each.says.nl}")
                ),
            )

    def _rows(self) -> Iterator[tuple[Schema, pa.RecordBatch]]:
        for world in self.worlds():
            yield from rows(world)
            below = np.cumsum(nps_shares(overall_nps(world) + self.overestimate))[:-1]
            values = (world.generator(3).random(self.professionals)[:, None] >= below).sum(axis=1)
            batches = recommendation(
                world,
                audience="organisation",
                construct="nps_believed",
                wave=str(world.ends.year - 1),
                asked_on=world.ends - timedelta(days=45),
                values=values,
                agents=np.full(self.professionals, -1),
            )
            yield from zip((INVITATIONS, ANSWERS), batches, strict=True)
            yield QUESTIONS, questionnaire(world, BELIEVED)


def _calls(worlds: tuple[World, ...]) -> list[float]:
    return [sum(float(each.contacts * each.mix[0]) for each in periods(world)) for world in worlds]
