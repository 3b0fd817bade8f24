"""What Asterisk's queue_log tells: the legs that callers went through and the states that agents were in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from peil.engines.schema import Schema
from peil.sources.source import Fault, Record, instant
from peil.sources.tables import AGENT_STATES, LEGS, STATES

NOBODY = frozenset({"", "NONE", "REALTIME"})
REMEMBERED = 10_000
DIGITS = 9

# event -> (how the leg ended, where holdtime or waittime stands, where calltime stands)
ENDS: Mapping[str, tuple[str, int, int | None]] = {
    "ABANDON": ("abandoned", 2, None),
    "EXITEMPTY": ("overflowed", 2, None),
    "EXITWITHTIMEOUT": ("timeout", 2, None),
    "EXITWITHKEY": ("overflowed", 3, None),
    "COMPLETEAGENT": ("completed", 0, 1),
    "COMPLETECALLER": ("completed", 0, 1),
    "BLINDTRANSFER": ("transferred", 2, 3),
    "ATTENDEDTRANSFER": ("transferred", 2, 3),
    "TRANSFER": ("transferred", 2, 3),
    "AGENTDUMP": ("error", 9, None),
    "SYSCOMPAT": ("error", 9, None),
}
NAMES: Mapping[str, tuple[str, ...]] = {
    "ENTERQUEUE": ("url", "", "origposition"),
    "CONNECT": ("", "bridgedchanneluniqueid", "ringtime"),
    "ABANDON": ("position", "origposition"),
    "EXITEMPTY": ("position", "origposition"),
    "EXITWITHTIMEOUT": ("position", "origposition"),
    "EXITWITHKEY": ("key", "position", "origposition"),
    "COMPLETEAGENT": ("", "", "origposition"),
    "COMPLETECALLER": ("", "", "origposition"),
    "BLINDTRANSFER": ("extension", "context", "", "", "origposition"),
    "ATTENDEDTRANSFER": ("method", "method_data", "", "", "origposition"),
    "TRANSFER": ("extension", "context", "", "", "origposition"),
}
AGENT_EVENTS = frozenset(
    {
        "AGENTLOGIN",
        "AGENTCALLBACKLOGIN",
        "ADDMEMBER",
        "AGENTLOGOFF",
        "AGENTCALLBACKLOGOFF",
        "REMOVEMEMBER",
        "PAUSE",
        "PAUSEALL",
        "UNPAUSE",
        "UNPAUSEALL",
    }
)
UNANSWERED = frozenset({"RINGNOANSWER", "RINGCANCELED"})
HOUSEKEEPING = frozenset({"CONFIGRELOAD", "QUEUESTART", "MEMBERPENALTY", "PENALTY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of queue_log."""

    line: int
    at: float
    callid: str
    queue: str
    agent: str
    name: str
    params: tuple[str, ...]

    def param(self, place: int) -> str | None:
        """Return a parameter, or None where it is absent or empty."""
        return (self.params[place] or None) if place < len(self.params) else None


def whole(text: str | None) -> int | None:
    """Return a plausible count of seconds or milliseconds, else None.

    Example:
        >>> whole("30"), whole("thirty"), whole("9" * 30)
        (30, None, None)
    """
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def milliseconds(seconds: str | None) -> str | None:
    """Return seconds in milliseconds; what is no number stays as it stood, for the door to keep aside.

    Example:
        >>> milliseconds("30"), milliseconds("half")
        ('30000', 'half')
    """
    number = whole(seconds)
    return seconds if number is None else str(number * 1000)


def number(caller: str | None) -> str | None:
    """Return a caller's number; ``anonymous`` and its like are nobody, and would make one person of many.

    Example:
        >>> number("+31201234567"), number("anonymous")
        ('+31201234567', None)
    """
    return caller if caller and any(each.isdigit() for each in caller) else None


@dataclass(slots=True, kw_only=True)
class _Leg:
    line: int
    contact: str
    queue: str
    entered: float
    answered: float | None = None
    phone: str | None = None
    agent: str | None = None
    wait: str | None = None
    ring_ms: int | None = None
    extra: dict[str, object] = field(default_factory=dict)

    def record(self, *, at: float, how: str, code: str, talk: str | None = None, ended: bool = True) -> Record:
        """Return the leg as it stood at ``at``."""
        taken = self.answered is not None or how == "transferred"
        values: dict[str, object] = {
            "contact_id": self.contact,
            "leg_id": f"{self.queue}-{self.entered:.0f}",
            "channel": "call",
            "direction": "inbound",
            "queue": self.queue,
            "handler": "agent" if taken else "none",
            "agent_id": self.agent,
            "started_at": instant(self.entered),
            "queued_at": instant(self.entered),
            "answered_at": None if self.answered is None else instant(self.answered),
            "ended_at": instant(at) if ended else None,
            "updated_at": instant(at),
            "wait_ms": milliseconds(self.wait),
            "ring_ms": self.ring_ms,
            "talk_ms": milliseconds(talk),
            "ended_how": how,
            "ended_code": code or None,
            "phone": self.phone,
        }
        return Record(schema=LEGS, line=self.line, values=values, extra=self.extra)


@dataclass(slots=True, kw_only=True)
class _Agent:
    line: int = 0
    member_of: set[str] = field(default_factory=set)
    paused_in: set[str] = field(default_factory=set)
    reason: str = ""
    on_contact: bool = False
    state: str | None = None
    since: float = 0.0
    code: str = ""


@dataclass(slots=True, kw_only=True)
class QueueLog:
    """Follows one queue_log from its first line to its last.

    Parameters:
        links: channel's uniqueid to the linkedid of its call, where the file tells.
        pauses: reason of a pause to the state it stands for.
        key_exit: what leaving a queue with a key means.

    Example:
        >>> log = QueueLog()
        >>> seen = Event(line=1, at=100, callid="1.2", queue="q", agent="NONE", name="ABANDON", params=("1", "1", "40"))
        >>> [leg] = log.follow(seen)
        >>> leg.values["ended_how"], leg.values["wait_ms"]
        ('abandoned', '40000')
    """

    links: Mapping[str, str] = field(default_factory=dict)
    pauses: Mapping[str, str] = field(default_factory=dict)
    key_exit: str = "overflowed"
    open: dict[str, _Leg] = field(default_factory=dict)
    closed: OrderedDict[str, float] = field(default_factory=OrderedDict)
    agents: dict[str, _Agent] = field(default_factory=dict)
    last: float = 0.0

    def follow(self, event: Event) -> Iterator[Record | Fault]:
        """Yield what one line completes."""
        self.last = max(self.last, event.at)
        if event.name in AGENT_EVENTS:
            yield from self._agent(event)
        elif event.name == "QUEUESTART":
            yield from self._restart(event)
        elif event.name in HOUSEKEEPING:
            return
        elif event.callid in NOBODY:
            yield Fault(line=event.line, rule="asterisk.no_callid", value=event.name, column="contact_id", table="legs")
        else:
            yield from self._call(event)

    def _call(self, event: Event) -> Iterator[Record | Fault]:
        leg = self.open.get(event.callid)
        if event.name in ENDS:
            yield from self._end(event)
        elif event.name == "ENTERQUEUE":
            yield from self._enter(event)
        elif event.name == "CONNECT":
            yield from self._connect(event)
        elif event.name in UNANSWERED:
            if leg is not None:
                leg.ring_ms = (leg.ring_ms or 0) + (whole(event.param(0)) or 0)
        elif leg is not None:
            leg.extra[event.name.lower()] = "|".join(event.params)
        else:
            yield Fault(line=event.line, rule="asterisk.unknown_event", value=event.name, table="legs")

    def finish(self) -> Iterator[Record]:
        """Yield the legs that were still going on at the last line."""
        for leg in self.open.values():
            yield leg.record(at=max(leg.entered, self.last), how="open", code="", ended=False)
        self.open.clear()

    def _enter(self, event: Event) -> Iterator[Record]:
        before = self.open.get(event.callid)
        if before is not None:
            if (before.queue, before.entered) == (event.queue, event.at):
                return
            how = "overflowed" if before.answered is None else "transferred"
            yield from self._close(event.callid, at=event.at, how=how, code=event.name)
            yield from self._busy(before.agent or "", event, on_contact=False)
        leg = self._start(event, event.at)
        leg.phone = number(event.param(1))
        leg.extra.update(_named(event))
        self.open[event.callid] = leg

    def _connect(self, event: Event) -> Iterator[Record]:
        leg = self.open.get(event.callid)
        if leg is None:
            leg = self.open[event.callid] = self._start(event, event.at - (whole(event.param(0)) or 0))
        leg.answered, leg.agent, leg.wait = event.at, event.agent, event.param(0)
        leg.extra.update(_named(event))
        yield from self._busy(event.agent, event, on_contact=True)

    def _end(self, event: Event) -> Iterator[Record]:
        how, held, called = ENDS[event.name]
        if event.name == "EXITWITHKEY":
            how = self.key_exit
        wait, talk = event.param(held), None if called is None else event.param(called)
        entered = event.at - (whole(wait) or 0) - (whole(talk) or 0)
        leg = self.open.get(event.callid)
        if leg is None:
            if abs(self.closed.get(event.callid, -10.0) - entered) <= 1:
                return
            leg = self.open[event.callid] = self._start(event, entered)
        leg.extra.update(_named(event))
        leg.wait = leg.wait or wait
        if event.agent not in NOBODY:
            leg.agent = event.agent
        if called is not None and leg.answered is None:
            leg.answered = event.at - (whole(talk) or 0)
        yield from self._close(event.callid, at=event.at, how=how, code=event.name, talk=talk)
        if leg.agent is not None:
            yield from self._busy(leg.agent, event, on_contact=False)

    def _start(self, event: Event, entered: float) -> _Leg:
        contact = self.links.get(event.callid, event.callid)
        return _Leg(line=event.line, contact=contact, queue=event.queue, entered=entered)

    def _close(self, callid: str, *, at: float, how: str, code: str, talk: str | None = None) -> Iterator[Record]:
        leg = self.open.pop(callid)
        self.closed[callid] = leg.entered
        self.closed.move_to_end(callid)
        if len(self.closed) > REMEMBERED:
            self.closed.popitem(last=False)
        yield leg.record(at=at, how=how, code=code, talk=talk)

    def _restart(self, event: Event) -> Iterator[Record]:
        # Asterisk came up anew: the calls it held are gone, and when they went is not known.
        for leg in self.open.values():
            yield leg.record(at=event.at, how="error", code=event.name, ended=False)
        self.open.clear()
        self.agents.clear()

    def _busy(self, name: str, event: Event, *, on_contact: bool) -> Iterator[Record]:
        agent = self.agents.get(name)
        if agent is not None:
            agent.on_contact = on_contact
            yield from self._change(name, agent, event)

    def _agent(self, event: Event) -> Iterator[Record | Fault]:
        if event.agent in NOBODY:
            yield Fault(line=event.line, rule="asterisk.no_agent", value=event.name, table="agent_states")
            return
        agent = self.agents.setdefault(event.agent, _Agent())
        everywhere = event.queue in NOBODY
        match event.name:
            case "AGENTLOGIN" | "AGENTCALLBACKLOGIN" | "ADDMEMBER":
                agent.member_of.add(event.queue)
            case "AGENTLOGOFF" | "AGENTCALLBACKLOGOFF":
                agent.member_of.clear()
                agent.paused_in.clear()
            case "REMOVEMEMBER":
                agent.member_of.discard(event.queue)
                agent.paused_in.discard(event.queue)
            case "PAUSE" | "PAUSEALL":
                # PAUSEALL follows the pauses of the single queues and is one with them.
                if not (everywhere and agent.paused_in):
                    agent.paused_in.add(event.queue)
                agent.reason = event.param(0) or agent.reason
            case _:
                agent.paused_in = set() if everywhere else agent.paused_in - {event.queue, "NONE"}
                agent.reason = agent.reason if agent.paused_in else ""
        yield from self._change(event.agent, agent, event)

    def _change(self, name: str, agent: _Agent, event: Event) -> Iterator[Record]:
        state, code = self._state(agent)
        if (state, code) == (agent.state, agent.code):
            return
        if agent.state is not None and event.at > agent.since:
            values: dict[str, object] = {
                "agent_id": name,
                "state": agent.state,
                "state_code": agent.code or None,
                "started_at": instant(agent.since),
                "ended_at": instant(event.at),
                "duration_ms": round((event.at - agent.since) * 1000),
            }
            yield Record(schema=AGENT_STATES, line=agent.line, values=values)
        if event.at > agent.since or agent.state is None:
            agent.since, agent.line = event.at, event.line
        agent.state, agent.code = state, code

    def _state(self, agent: _Agent) -> tuple[str | None, str]:
        if agent.on_contact and agent.member_of:
            return "on_contact", "CONNECT"
        if agent.paused_in:
            said = agent.reason.strip()
            return self.pauses.get(said, said.lower() if said.lower() in STATES else "break"), said or "PAUSE"
        return ("ready", "") if agent.member_of else (None, "")


def _named(event: Event) -> dict[str, object]:
    named = zip(NAMES.get(event.name, ()), event.params, strict=False)
    return {name: value for name, value in named if name and value}


PROVIDES: tuple[Schema, ...] = (LEGS, AGENT_STATES)
