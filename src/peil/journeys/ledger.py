"""The customer's time: every millisecond of a contact put under one head, and under no second one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peil.contacts.fold import CONTACTS
from peil.engines.engine import Engine
from peil.engines.schema import Column, Kind, Schema, Table
from peil.terms import Label

# In the order in which a clock that is too short for all is given away.
PARTS: Mapping[str, Label] = {
    "talking_ms": Label("talking", "praten"),
    "typing_ms": Label("typing and reading", "typen en lezen"),
    "repeating_ms": Label("telling it again", "opnieuw vertellen"),
    "on_hold_ms": Label("on hold", "in de wacht"),
    "transferring_ms": Label("being transferred", "doorverbonden worden"),
    "in_queue_ms": Label("waiting in the queue", "wachten in de rij"),
    "in_menu_ms": Label("in menus and with bots", "in keuzemenu's en met bots"),
    "awaiting_ms": Label("waiting for an answer", "wachten op antwoord"),
    "own_turn_ms": Label("the customer's own turn", "de klant is aan zet"),
    "untold_ms": Label("not told by the source", "niet door de bron verteld"),
}
ATTENDED = tuple(list(PARTS)[:7])
"""Parts in which the customer has to be there."""

LIVE = "channel in ('call', 'chat', 'video', 'desk', 'callback', 'bot')"
_WRITTEN = "channel in ('chat', 'bot')"

PARTS_OF_CONTACTS: tuple[Column, ...] = tuple(
    Column(name=name, kind=Kind.INTEGER, says=f"the customer's time in it: {label.en}") for name, label in PARTS.items()
)
CLOCK = Column(
    name="customer_ms",
    kind=Kind.INTEGER,
    says="what the contact took the customer on the clock, the sum of its parts; null while it is open",
)
_RAW = ("queued", "transfer", "menu", "talk", "typed", "hold", "parked", "slow", "unknown")
_TOLD = ("again_talk", "again_typed", "open_talk", "open_typed")
LEDGER = Schema(
    name="ledger",
    one_row_is="a contact of several legs, its legs laid on one clock",
    key=("source", "contact_id"),
    columns=(
        CONTACTS.column("source"),
        CONTACTS.column("contact_id"),
        Column(name="clock", kind=Kind.INTEGER, says="from the beginning of the first leg to the end of the last"),
        *(Column(name=each, kind=Kind.INTEGER, says=f"of which: {each}") for each in (*_RAW, *_TOLD)),
    ),
)
TURNS = Schema(
    name="turns",
    one_row_is="a contact of which the turns are told",
    key=("source", "contact_id"),
    columns=(
        CONTACTS.column("source"),
        CONTACTS.column("contact_id"),
        Column(name="answering", kind=Kind.INTEGER, says="from a customer's turn to the answer"),
        Column(name="own", kind=Kind.INTEGER, says="until the customer's next turn"),
    ),
)

_LEGS = """
select l.source, l.contact_id, l.leg_id, l.channel, l.ended_how,
  case when l.ended_how = 'ignored' then 'ignored' else l.handler end as acts,
  millis(l.started_at) as began, l.ended_at is null and l.ended_how = 'open' as is_open,
  coalesce(l.wait_ms, 0) as waited,
  case when l.handler in ('agent', 'bot', 'ivr') then coalesce(l.talk_ms, 0) else 0 end as said,
  case when l.handler = 'agent' then coalesce(l.hold_ms, 0) else 0 end as held,
  case when l.handler = 'agent' then coalesce(l.park_ms, 0) else 0 end as put_by,
  millis(l.ended_at) as ended
from {legs} as l
where exists (select 1 from {contacts} as c where c.source = l.source and c.contact_id = l.contact_id and c.n_legs > 1)
"""
# Of two legs at once the clock counts one: each leg has what the legs before it left over.
_PLACED = """
select legs.*, coalesce(ended, began + waited + said + held + put_by) as until_at_ms,
  max(coalesce(ended, began + waited + said + held + put_by)) over (partition by source, contact_id
    order by began, leg_id rows between unbounded preceding and 1 preceding) as reached,
  coalesce(max(case when acts = 'agent' then 1 else 0 end) over (partition by source, contact_id
    order by began, leg_id rows between unbounded preceding and 1 preceding), 0) as after_agent,
  coalesce(max(case when acts = 'bot' then 1 else 0 end) over (partition by source, contact_id
    order by began, leg_id rows between unbounded preceding and 1 preceding), 0) as after_bot,
  lag(ended_how) over (partition by source, contact_id order by began, leg_id) as before_ended
from {legs} as legs
"""
_CLOCKED_LEGS = """
select placed.*,
  greatest(until_at_ms - greatest(began, coalesce(reached, began)), 0) as clock,
  greatest(began - coalesce(reached, began), 0) as gap
from {placed} as placed
"""
# What is told is taken from the clock in turn; it never gives more than it has.
_TAKEN = """
select s.*, least(waited, clock) as t_wait,
  least(waited + said, clock) - least(waited, clock) as t_said,
  least(waited + said + held, clock) - least(waited + said, clock) as t_held,
  least(waited + said + held + put_by, clock) - least(waited + said + held, clock) as t_parked,
  clock - least(waited + said + held + put_by, clock) as rest
from {stretches} as s
"""
_CLASSED = {
    "queued": "case when after_agent = 0 then t_wait + case when acts = 'none' and {live} then rest else 0 end else 0 end",
    "transfer": "case when after_agent = 1 then t_wait + case when acts = 'none' and {live} then rest else 0 end else 0 end",
    "menu": "case when acts in ('bot', 'ivr') then t_said + case when {live} then rest else 0 end else 0 end",
    "talk": "case when acts = 'agent' and {live} and not {written} then t_said else 0 end",
    "typed": "case when acts = 'agent' and {live} and {written} then t_said else 0 end",
    "hold": "t_held",
    "parked": "t_parked",
    "slow": "case when {live} then 0 else rest + case when acts in ('bot', 'ivr') then 0 else t_said end end",
    "unknown": "case when {live} and acts not in ('none', 'bot', 'ivr') then rest + case when acts = 'agent' then 0 else t_said end else 0 end",
}
_GAPS = {
    "parked": "case when before_ended in ('callback', 'voicemail') then gap else 0 end",
    "slow": "case when {live} or before_ended in ('callback', 'voicemail') then 0 else gap end",
    "transfer": "case when after_agent = 1 and {live} and before_ended not in ('callback', 'voicemail') then gap else 0 end",
    "queued": "case when after_agent = 0 and {live} and before_ended not in ('callback', 'voicemail') then gap else 0 end",
}
_TURNS = """
select source, contact_id,
  cast(sum(case when author in ('agent', 'bot') and before_author = 'customer' then took else 0 end) as bigint) as answering,
  cast(sum(case when author = 'customer' then took else 0 end) as bigint) as own
from (
  select source, contact_id, author, lag(author) over (partition by source, contact_id order by turn) as before_author,
    coalesce(greatest(millis(sent_at) - max(millis(sent_at)) over (partition by source, contact_id order by turn
      rows between unbounded preceding and 1 preceding), 0), 0) as took
  from {messages} where author <> 'system'
) as said
group by source, contact_id
"""


# A contact of one leg is a stretch of its own; without an end on the clock it lasts what is told of it.
_ALONE = """
select c.*, l.clock as l_clock, {laid}, t.answering, t.own,
  case when c.n_legs = 1 then coalesce(c.lasted_ms, case when c.ended_how <> 'open' then
    coalesce(c.wait_ms, 0) + coalesce(c.talk_ms, c.bot_ms, 0) + coalesce(c.hold_ms, 0) + coalesce(c.park_ms, 0) end) end as clock,
  case when c.ended_how = 'ignored' then 'ignored' else c.handler end as acts,
  coalesce(c.wait_ms, 0) as waited, coalesce(c.talk_ms, c.bot_ms, 0) as said,
  coalesce(c.hold_ms, 0) as held, coalesce(c.park_ms, 0) as put_by, 0 as after_agent, 0 as after_bot
from {contacts} as c
left join {ledger} as l on c.source = l.source and c.contact_id = l.contact_id
left join {turns} as t on c.source = t.source and c.contact_id = t.contact_id
"""
_SPLIT = """
select c.*, case when answering is not null then least(answering, slow) when response_ms is not null then least(response_ms, slow)
    else slow end as slow_answer,
  case when answering is not null then least(greatest(answering - slow, 0), typed) else 0 end as typed_answer
from {chosen} as c
"""
_TOLD_AGAIN = {
    kind: f"again_{kind} + case when coalesce({{told_before}}, 0) = 1 then open_{kind} else 0 end"
    for kind in ("talk", "typed")
}


def classed(retell_ms: int) -> str:
    """Return SQL that puts a stretch's clock under its heads, from the columns that ``_TAKEN`` makes."""
    live, written = f"({LIVE})", f"({_WRITTEN})"
    told = {name: sql.format(live=live, written=written) for name, sql in _CLASSED.items()}
    spoken = {kind: f"least({told[kind]}, {retell_ms})" for kind in ("talk", "typed")}
    again = "after_agent = 1 or after_bot = 1"
    told |= {f"again_{kind}": f"case when {again} then {sql} else 0 end" for kind, sql in spoken.items()}
    told |= {f"open_{kind}": f"case when {again} then 0 else {sql} end" for kind, sql in spoken.items()}
    return ", ".join(f"{sql} as h_{name}" for name, sql in told.items())


def lay(engine: Engine, legs: Table, contacts: Table, retell_ms: int) -> Table:
    """Return contacts of several legs with their legs laid on one clock.

    Parameters:
        engine: where the rows are.
        legs: the current legs.
        contacts: folded contacts.
        retell_ms: what telling it again takes of a conversation with somebody new.

    Returns:
        A table of schema ``LEDGER``: the parts add up to ``clock``, however the legs overlap; the clock is null where a
        leg is still open.
    """
    made = engine.step("ledger_legs", _LEGS.format(legs=legs.name, contacts=contacts.name), LEDGER)
    placed = engine.step("ledger_placed", _PLACED.format(legs=made.name), LEDGER)
    clocked = engine.step("ledger_clocked", _CLOCKED_LEGS.format(placed=placed.name), LEDGER)
    taken = engine.step("ledger_taken", _TAKEN.format(stretches=clocked.name), LEDGER)
    gaps = ", ".join(f"{sql.format(live=f'({LIVE})')} as g_{name}" for name, sql in _GAPS.items())
    heads = engine.step("ledger_heads", f"select t.*, {classed(retell_ms)}, {gaps} from {taken.name} as t", LEDGER)
    sums = ", ".join(
        f"cast(sum(h_{each}{f' + g_{each}' if each in _GAPS else ''}) as bigint) as {each}" for each in (*_RAW, *_TOLD)
    )
    sql = (
        f"select source, contact_id, case when max(case when is_open then 1 else 0 end) = 0 "
        f"then cast(sum(clock + gap) as bigint) end as clock, {sums} from {heads.name} group by source, contact_id"
    )
    return engine.step("ledger", sql, LEDGER)


def take_turns(engine: Engine, messages: Table) -> Table:
    """Return how long answers took, and the customer's own turns, of contacts whose turns are told.

    Parameters:
        engine: where the rows are.
        messages: the current turns; a clock that runs backwards gives no time back.
    """
    return engine.step("turns", _TURNS.format(messages=messages.name), TURNS)


def clock(engine: Engine, contacts: Table, ledger: Table, turns: Table, retell_ms: int) -> Table:
    """Return contacts with their clock put under raw heads, as ``parts`` takes them.

    Parameters:
        engine: where the rows are.
        contacts: contacts with persons.
        ledger: those of several legs, on one clock.
        turns: how long answers took, where turns are told.
        retell_ms: what telling it again takes of a conversation with somebody new.
    """
    laid = ", ".join(f"l.{each} as l_{each}" for each in (*_RAW, *_TOLD))
    sql = _ALONE.format(contacts=contacts.name, ledger=ledger.name, turns=turns.name, laid=laid)
    alone = engine.step("contacts_alone", sql, LEDGER)
    taken = engine.step("contacts_taken", _TAKEN.format(stretches=alone.name), LEDGER)
    heads = engine.step("contacts_heads", f"select t.*, {classed(retell_ms)} from {taken.name} as t", LEDGER)
    chosen = ", ".join(f"case when n_legs = 1 then h_{each} else l_{each} end as {each}" for each in (*_RAW, *_TOLD))
    whole = "case when n_legs = 1 then clock else l_clock end as customer_ms"
    names = ", ".join(contacts.schema.names)
    sql = f"select {names}, person_key, followed_ms, answering, own, {whole}, {chosen} from {heads.name}"
    either = engine.step("contacts_either", sql, LEDGER)
    return engine.step("contacts_clocked", _SPLIT.format(chosen=either.name), LEDGER)


def parts(told_before: str) -> Mapping[str, str]:
    """Return SQL for every part of a contact's time, over a row of ``clock``.

    Parameters:
        told_before: SQL that is 1 where somebody was told about it in an earlier contact.
    """
    talk, typed = (_TOLD_AGAIN[kind].format(told_before=told_before) for kind in ("talk", "typed"))
    typed = f"least({typed}, c.typed - c.typed_answer)"
    # least() passes nulls over
    own = "case when c.own is not null then least(c.own, c.slow - c.slow_answer) else 0 end"
    made = {
        "talking_ms": f"c.talk - ({talk})",
        "typing_ms": f"c.typed - c.typed_answer - {typed}",
        "repeating_ms": f"{talk} + {typed}",
        "on_hold_ms": "c.hold",
        "transferring_ms": "c.transfer",
        "in_queue_ms": "c.queued",
        "in_menu_ms": "c.menu",
        "awaiting_ms": "c.parked + c.slow_answer + c.typed_answer",
        "own_turn_ms": own,
        "untold_ms": f"c.unknown + c.slow - c.slow_answer - {own}",
    }
    return {name: f"case when c.customer_ms is not null then {sql} end" for name, sql in made.items()}


def capped(amounts: Sequence[str], cap: str) -> tuple[str, ...]:
    """Return SQL for amounts taken in turn from ``cap``, so that together they are never more.

    Parameters:
        amounts: SQL of each, none below nought.
        cap: SQL of what there is.

    Example:
        >>> capped(["a", "b"], "c")
        ('least(a, c)', 'least(a + b, c) - least(a, c)')
    """
    sums = [" + ".join(amounts[: place + 1]) for place in range(len(amounts))]
    held = [f"least({each}, {cap})" for each in sums]
    return (held[0], *(f"{held[place]} - {held[place - 1]}" for place in range(1, len(held))))
