"""Scales of several questions, each version with its wording: another wording is another version, never the same series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peil.engines.engine import Engine
from peil.engines.quoting import quoted
from peil.engines.schema import Table
from peil.errors import DefinitionError, EvidenceError, neighbours
from peil.terms import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a scale.

    Parameters:
        construct: what an answer to it is called in the tables: the scale, its version and the item.
        text: the question.
        speed: whether it is about time.
    """

    construct: str
    text: Label
    speed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleVersion:
    """One version of a scale.

    Parameters:
        name: of the scale.
        version: raised whenever a word, an item or an end of the scale changes.
        label: its name in both languages.
        items: its questions, all on one scale.
        low, high: the ends of that scale.
        ends: what the ends say.
        beside: the construct of the one question that it is to be held against, and is never added to.

    Example:
        >>> CES_SPEED_1.constructs
        ('ces_speed_1_effort', 'ces_speed_1_pace')
    """

    name: str
    version: int
    label: Label
    items: tuple[Item, ...]
    low: int
    high: int
    ends: tuple[Label, Label]
    beside: str

    @property
    def constructs(self) -> tuple[str, ...]:
        """What answers to its items are called."""
        return tuple(each.construct for each in self.items)

    @property
    def where(self) -> str:
        """Row-level SQL of the answers that count: to its own items, on its own scale."""
        return self.of(*self.constructs)

    def of(self, *constructs: str) -> str:
        """Return row-level SQL of the answers to some of its items."""
        listed = ", ".join(quoted(each) for each in constructs)
        return (
            f"construct in ({listed}) and audience = 'customer' and score is not null "
            f"and scale_low = {self.low} and scale_high = {self.high}"
        )


CES_SPEED_1 = ScaleVersion(
    name="ces_speed",
    version=1,
    label=Label("Customer effort with speed, version 1", "Klantinspanning met snelheid, versie 1"),
    items=(
        Item(
            construct="ces_speed_1_effort",
            text=Label("Getting this done took me little effort.", "Dit regelen kostte mij weinig moeite."),
        ),
        Item(
            construct="ces_speed_1_pace",
            text=Label("It went as fast as I needed.", "Het ging zo snel als ik nodig had."),
            speed=True,
        ),
    ),
    low=1,
    high=7,
    ends=(Label("disagree entirely", "helemaal mee oneens"), Label("agree entirely", "helemaal mee eens")),
    beside="ces_2",
)
VERSIONS: tuple[ScaleVersion, ...] = (CES_SPEED_1,)


def scale_version(name: str, version: int, known: Sequence[ScaleVersion] = VERSIONS) -> ScaleVersion:
    """Return one version of a scale.

    Raises:
        DefinitionError: there is none.

    Example:
        >>> scale_version("ces_speed", 1).high
        7
    """
    for each in known:
        if (each.name, each.version) == (name, version):
            return each
    raise DefinitionError(
        f"no scale is named '{name}' in version {version}",
        remedy=neighbours(f"{name} {version}", [f"{each.name} {each.version}" for each in known]),
    )


def questions_of(engine: Engine, responses: Table, scale: ScaleVersion, where: str = "true") -> tuple[str, ...]:
    """Return the identifiers under which the items of a scale were put, in the order of its items.

    They are what ``scale_quality`` is told, to hold the scale against the one question it stands beside.

    Parameters:
        engine: where the rows are.
        responses: the responses.
        scale: which version.
        where: row-level SQL that chooses answers, one survey say.

    Raises:
        EvidenceError: an item was not put, or not on the scale of this version.
        DefinitionError: an item was put as several questions.
    """
    found = []
    for each in scale.items:
        rows = engine.rows(
            f"select distinct question from {responses.name} where {scale.of(each.construct)} and ({where})"
        ).to_pylist()
        if not rows:
            raise EvidenceError(
                f"no answer is to '{each.construct}' on a scale of {scale.low} to {scale.high}",
                remedy="name the construct and the ends of the scale where the survey is loaded",
            )
        if len(rows) > 1:
            raise DefinitionError(
                f"'{each.construct}' was put as {len(rows)} questions", remedy="choose one survey with 'where'"
            )
        found.append(str(rows[0]["question"]))
    return tuple(found)
