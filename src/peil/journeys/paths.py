"""Paths as whole numbers: a step is five bits, so eleven contacts and an order are one number that is quick to sum and to group by."""

from __future__ import annotations

from dataclasses import dataclass

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.terms import CHANNEL_LABELS, CHANNELS, Label

BITS = 5
MOST_STEPS = 11
"""Contacts that a path holds beside the order before them; later ones are counted but not shown."""

ORDER = 2 * len(CHANNELS) + 1
GAVE_UP = (
    "c.ended_how in ('abandoned', 'timeout', 'error') and not c.answered and not c.called_back "
    "and not coalesce(c.self_served, false)"
)
"""Row-level SQL: the customer left with nothing, and nobody is to come back to them."""

_BASE = 1 << BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a path.

    Parameters:
        channel: how the customer was in touch; ``order`` for an order.
        gave_up: whether the customer left with nothing.
    """

    channel: str
    gave_up: bool = False

    @property
    def code(self) -> int:
        """How a path holds it.

        Example:
            >>> [each.code for each in (Step(channel="call"), Step(channel="call", gave_up=True), Step(channel="order"))]
            [1, 2, 25]
        """
        return ORDER if self.channel == "order" else 2 * CHANNELS.index(self.channel) + 1 + self.gave_up

    @property
    def label(self) -> Label:
        """What it is called in a table."""
        if self.channel == "order":
            return Label("Order", "Bestelling")
        name = CHANNEL_LABELS[self.channel]
        return Label(f"{name.en} (gave up)", f"{name.nl} (opgegeven)") if self.gave_up else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One path and the journeys that took it.

    Parameters:
        steps: what happened, in order.
        more: whether journeys went on after the last step that a path holds.
        n: journeys.
        persons: persons who took it.
        gave_up: journeys that ended with the customer giving up.
        attended_ms, lasted_ms: the customer's time in them, and from beginning to end, summed; over ``timed`` journeys.
        timed: journeys of which the time is known.
    """

    steps: tuple[Step, ...]
    more: bool
    n: int
    persons: int
    gave_up: int
    attended_ms: int
    lasted_ms: int
    timed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step down the journeys: who got there, and who went no further.

    Parameters:
        place: the step, from 1.
        reached: journeys that have it.
        went_on: journeys that have a step after it.
        gave_up: journeys that end there with the customer giving up.
    """

    place: int
    reached: int
    went_on: int
    gave_up: int


def step_code(channel: str, gave_up: str) -> str:
    """Return SQL for the code of a step.

    Parameters:
        channel: SQL of the channel.
        gave_up: SQL of whether the customer gave up.
    """
    cases = " ".join(f"when '{name}' then {2 * place + 1}" for place, name in enumerate(CHANNELS))
    return f"case {channel} {cases} else 0 end + case when {gave_up} then 1 else 0 end"


def path_sum(code: str, place: str) -> str:
    """Return SQL that sums steps into a path.

    Parameters:
        code: SQL of the step's code.
        place: SQL of its place, from 1; later places add nothing.
    """
    powers = " ".join(f"when {each + 1} then {_BASE**each}" for each in range(MOST_STEPS))
    return f"sum({code} * case {place} {powers} else 0 end)"


def decoded(path: int) -> tuple[Step, ...]:
    """Return the steps of a path.

    Example:
        >>> [(each.channel, each.gave_up) for each in decoded(2 + 32 * 1)]
        [('call', True), ('call', False)]
    """
    steps = []
    while path:
        path, code = divmod(path, _BASE)
        if code == ORDER:
            steps.append(Step(channel="order"))
        else:
            place, left = divmod(code - 1, 2)
            steps.append(Step(channel=CHANNELS[place], gave_up=bool(left)))
    return tuple(steps)


_VARIANTS = """
select path, n_contacts > {most} as more, count(*) as n, count(distinct person_key) as persons,
  sum(case when gave_up then 1 else 0 end) as gave_up,
  sum(case when n_open = 0 then attended_ms else 0 end) as attended_ms, sum(case when n_open = 0 then lasted_ms else 0 end) as lasted_ms,
  sum(case when n_open = 0 then 1 else 0 end) as timed
from {journeys} where {where}
group by path, n_contacts > {most}
order by n desc, path
limit {top}
"""
_STAGES = """
select n_contacts, count(*) as n, sum(case when gave_up then 1 else 0 end) as gave_up
from {journeys} where {where}
group by n_contacts
"""


def variants(engine: Engine, journeys: Table, *, top: int = 10, where: str = "whole") -> tuple[Variant, ...]:
    """Return the paths that most journeys took, most first.

    Parameters:
        engine: where the rows are.
        journeys: one row a journey.
        top: how many paths.
        where: row-level SQL; journeys that the data hold from beginning to end, if left out.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> variants(data.engine, data.tables["journeys"], top=1)[0].steps
        (Step(channel='call', gave_up=False),)
    """
    sql = _VARIANTS.format(journeys=journeys.name, where=where, top=int(top), most=MOST_STEPS)
    return tuple(
        Variant(
            steps=decoded(int(row["path"])),
            more=row["more"],
            **{name: int(row[name]) for name in ("n", "persons", "gave_up", "attended_ms", "lasted_ms", "timed")},
        )
        for row in engine.rows(sql).to_pylist()
    )


def drop_off(engine: Engine, journeys: Table, *, where: str = "whole") -> tuple[Stage, ...]:
    """Return for each step how many journeys reached it, went on, and ended there with the customer giving up.

    Parameters:
        engine: where the rows are.
        journeys: one row a journey.
        where: row-level SQL; journeys that the data hold from beginning to end, if left out.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> first = drop_off(data.engine, data.tables["journeys"])[0]
        >>> first.reached > first.went_on > 0
        True
    """
    rows = engine.rows(_STAGES.format(journeys=journeys.name, where=where)).to_pylist()
    ends = {int(row["n_contacts"]): (int(row["n"]), int(row["gave_up"])) for row in rows}
    made = []
    for place in range(1, max(ends, default=0) + 1):
        reached = sum(n for length, (n, _) in ends.items() if length >= place)
        ended, gave_up = ends.get(place, (0, 0))
        made.append(Stage(place=place, reached=reached, went_on=reached - ended, gave_up=gave_up))
    return tuple(made)
