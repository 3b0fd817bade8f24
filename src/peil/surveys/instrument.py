"""How a question was put in each round: words, scale, mode, who was asked and from which list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import scipy

from peil.engines.engine import Engine
from peil.engines.schema import Table
from peil.surveys.instrument_words import AUDIENCES, MODES, THE_ASPECTS, UNWEIGHTED, WEIGHTED, Aspect, listed, named
from peil.terms import CHANNEL_LABELS, Label

# A mix (of modes, of channels asked about) that moved by more than this share is another mix.
MOVED = 0.1
BY_CHANCE = 0.01
_MOST_NAMED = 3
ASPECTS: tuple[Aspect, ...] = ("wording", "scale", "mode", "base", "frame")


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How one measure's question was put in one round.

    Parameters:
        wave: the round; empty where none is named.
        n: answers.
        texts: language to the texts, as they were put; empty where no questionnaire was delivered.
        scales: lowest and highest value, and whether the scale ran the other way round.
        modes: how it was asked, with answers.
        channels: the channel asked about, with answers.
        audiences: who was asked.
        organisations: whose customers or staff.
        strata: strata of the sample, the round's name left out.
        weighted: whether answers carry weights other than 1.
        names: what the exports call it.
        days: of the first and the last answer; none where no answer has a day.
    """

    wave: str
    n: int = 0
    texts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scales: frozenset[tuple[int | None, int | None, bool]] = frozenset()
    modes: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)
    audiences: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    strata: frozenset[str] = frozenset()
    weighted: bool = False
    names: frozenset[str] = frozenset()
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is not the same in two rounds.

    Parameters:
        aspect: wording, scale, mode, base or frame.
        before, after: what it was and what it became, in few words.
    """

    aspect: Aspect
    before: Label
    after: Label

    @property
    def told(self) -> Label:
        """What changed, as a sentence.

        Example:
            >>> Change(aspect="frame", before=WEIGHTED, after=UNWEIGHTED).told.nl
            'Het steekproefkader is veranderd: van “gewogen” naar “ongewogen”.'
        """
        the = THE_ASPECTS[self.aspect]
        return Label(
            f"{the.en.capitalize()} changed: from “{self.before.en}” to “{self.after.en}”.",
            f"{the.nl.capitalize()} is veranderd: van “{self.before.nl}” naar “{self.after.nl}”.",
        )


_ANSWERED = """
select coalesce(t.wave, '') as wave, t.survey, t.question, t.scale_low, t.scale_high, t.mode, t.audience, t.channel,
  t.organisation, t.stratum, count(*) as n, min(t.answered_on) as first_on, max(t.answered_on) as last_on,
  max(case when t.weight_ppb <> 1000000000 then 1 else 0 end) as weighted
from {responses} as t
where {where}
group by coalesce(t.wave, ''), t.survey, t.question, t.scale_low, t.scale_high, t.mode, t.audience, t.channel,
  t.organisation, t.stratum
"""
_HELD = """
select coalesce(t.wave, '') as wave, t.answered_on, count(*) as n
from {responses} as t
where {where}
group by coalesce(t.wave, ''), t.answered_on
order by coalesce(t.wave, ''), t.answered_on
"""
_QUESTIONS = "select organisation, survey, wave, question, language, text, reversed, asked_as from {questions}"


def rounds(engine: Engine, responses: Table, where: str) -> tuple[str, ...]:
    """Return the rounds with answers in the order in which they were held; those of one day in the order of their names.

    A round was held on the middle day of its answers, so that a stray date moves none.

    Parameters:
        engine: where the rows are.
        responses: the answers.
        where: row-level SQL that chooses them.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> found = rounds(data.engine, data.tables["responses"], "construct = 'nps'")
        >>> found == tuple(sorted(found))
        True
    """
    days: dict[str, list[tuple[str, int]]] = {}
    for row in engine.rows(_HELD.format(responses=responses.name, where=where)).to_pylist():
        days.setdefault(row["wave"], []).append((str(row["answered_on"]), _whole(row["n"])))
    return tuple(sorted(days, key=lambda wave: (_middle(days[wave]), wave)))


def _middle(days: list[tuple[str, int]]) -> str:
    half, reached = sum(n for _, n in days) / 2, 0
    for day, n in days:
        reached += n
        if reached >= half:
            return day
    return ""


def put(engine: Engine, responses: Table, questions: Table, where: str) -> dict[str, Put]:
    """Return how the question behind some answers was put, round by round.

    Parameters:
        engine: where the rows are.
        responses: the answers.
        questions: the questionnaires.
        where: row-level SQL that chooses the answers, such as a measure's own.

    Returns:
        The rounds in the order in which they were held; those without answers are left out.

    Example:
        >>> from peil.made import made
        >>> data = made()
        >>> found = put(data.engine, data.tables["responses"], data.tables["questions"], "construct = 'nps'")
        >>> next(iter(found.values())).scales
        frozenset({(0, 10, False)})
    """
    answered = engine.rows(_ANSWERED.format(responses=responses.name, where=where)).to_pylist()
    asked: dict[tuple[str, str, str], list[dict[str, object]]] = {}
    for row in engine.rows(_QUESTIONS.format(questions=questions.name)).to_pylist():
        asked.setdefault((row["organisation"], row["survey"], row["question"]), []).append(row)
    held: dict[str, list[dict[str, object]]] = {}
    for row in answered:
        held.setdefault(row["wave"], []).append(row)
    return {wave: _put(wave, held[wave], asked) for wave in rounds(engine, responses, where)}


def _put(
    wave: str, rows: list[dict[str, object]], asked: Mapping[tuple[str, str, str], list[dict[str, object]]]
) -> Put:
    texts: dict[str, set[str]] = {}
    names: set[str] = set()
    turned: set[tuple[object, object, bool]] = set()
    for row in rows:
        key = (str(row["organisation"]), str(row["survey"]), str(row["question"]))
        known = [each for each in asked.get(key, ()) if each["wave"] in {wave, "", None}]
        for each in known:
            if each["text"]:
                texts.setdefault(str(each["language"] or ""), set()).add(" ".join(str(each["text"]).split()))
            if each["asked_as"]:
                names.add(str(each["asked_as"]))
        turned.add((row["scale_low"], row["scale_high"], any(bool(each["reversed"]) for each in known)))
    return Put(
        wave=wave,
        n=sum(_whole(row["n"]) for row in rows),
        texts={language: frozenset(told) for language, told in sorted(texts.items())},
        scales=frozenset((_maybe(low), _maybe(high), reverse) for low, high, reverse in turned),
        modes=_counted(rows, "mode"),
        channels=_counted(rows, "channel"),
        audiences=_held(rows, "audience"),
        organisations=_held(rows, "organisation"),
        strata=frozenset(each.removeprefix(f"{wave} ") for each in _held(rows, "stratum")),
        weighted=any(row["weighted"] for row in rows),
        names=frozenset(names),
        days=_days(rows),
    )


def _days(rows: list[dict[str, object]]) -> tuple[date, ...]:
    told = [str(row[each]) for row in rows for each in ("first_on", "last_on") if row[each] is not None]
    return (date.fromisoformat(min(told)), date.fromisoformat(max(told))) if told else ()


def _whole(value: object) -> int:
    return int(str(value))


def _maybe(value: object) -> int | None:
    return None if value is None else _whole(value)


def _counted(rows: list[dict[str, object]], column: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row[column] is not None:
            found[str(row[column])] = found.get(str(row[column]), 0) + _whole(row["n"])
    return dict(sorted(found.items()))


def _held(rows: list[dict[str, object]], column: str) -> frozenset[str]:
    return frozenset(str(row[column]) for row in rows if row[column] not in {None, ""})


def changes(before: Put, after: Put) -> tuple[Change, ...]:
    """Return everything that keeps two rounds from being compared as if nothing but opinion had moved.

    Texts are compared in the languages that both rounds know; where either round has none it is not known whether
    the wording is the same, and nothing is said of it here (``wording_known``).

    Example:
        >>> one, two = Put(wave="1", modes={"web": 90, "phone": 10}), Put(wave="2", modes={"web": 50, "phone": 50})
        >>> [each.aspect for each in changes(one, two)]
        ['mode']
    """
    found: list[Change] = []
    for language in sorted(before.texts.keys() & after.texts.keys()):
        if before.texts[language] != after.texts[language]:
            found.append(_change("wording", _plain(before.texts[language]), _plain(after.texts[language])))
            break
    if before.scales != after.scales:
        old, new = (_plain(_scale(*each) for each in one.scales) for one in (before, after))
        found.append(_change("scale", old, new))
    if _moved(before.modes, after.modes):
        found.append(_change("mode", _mix(before.modes, MODES), _mix(after.modes, MODES)))
    if before.audiences != after.audiences:
        found.append(_change("base", _called(before.audiences), _called(after.audiences)))
    elif _moved(before.channels, after.channels):
        found.append(_change("base", _mix(before.channels, CHANNEL_LABELS), _mix(after.channels, CHANNEL_LABELS)))
    if before.organisations != after.organisations:
        gone = sorted(before.organisations - after.organisations)
        come = sorted(after.organisations - before.organisations)
        found.append(_change("frame", _more(gone), _more(come)))
    elif before.strata != after.strata:
        found.append(_change("frame", _plain(before.strata), _plain(after.strata)))
    elif before.weighted != after.weighted:
        found.append(Change(aspect="frame", before=_weighted(before), after=_weighted(after)))
    return tuple(found)


def mode_known(before: Put, after: Put) -> bool:
    """Return whether both rounds tell how they were asked."""
    return bool(before.modes) and bool(after.modes)


def wording_known(before: Put, after: Put) -> bool:
    """Return whether both rounds tell their texts in one language at least."""
    return bool(before.texts.keys() & after.texts.keys())


def _change(aspect: Aspect, before: list[Label], after: list[Label]) -> Change:
    return Change(aspect=aspect, before=listed(before), after=listed(after))


def _plain(texts: Iterable[str]) -> list[Label]:
    return [Label(each, each) for each in sorted(texts)]


def _called(names: Iterable[str]) -> list[Label]:
    return [named(each, AUDIENCES) for each in sorted(names)]


def _scale(low: int | None, high: int | None, turned: bool) -> str:  # noqa: FBT001  # a pair of ends and its way round
    ends = f"{low}–{high}"
    return f"{ends} ↔" if turned else ends


def _moved(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Return whether a mix moved by more than a tenth, and by more than so few answers would by chance."""
    if _distance(before, after) <= MOVED:
        return False
    names = sorted(before.keys() | after.keys())
    table = [[each.get(name, 0) for name in names] for each in (before, after)]
    return bool(scipy.stats.contingency.chi2_contingency(table).pvalue < BY_CHANCE)


def _distance(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Half the summed difference of shares; nought where either has none."""
    one, two = sum(before.values()), sum(after.values())
    if not one or not two:
        return 0.0
    return sum(abs(before.get(each, 0) / one - after.get(each, 0) / two) for each in before.keys() | after.keys()) / 2


def _mix(counts: Mapping[str, int], known: Mapping[str, Label]) -> list[Label]:
    whole = sum(counts.values())
    made = []
    for name, n in sorted(counts.items(), key=lambda each: -each[1]):
        label, share = named(name, known), f"{100 * n / whole:.0f}%"
        made.append(Label(f"{label.en} {share}", f"{label.nl} {share}"))
    return made


def _more(names: list[str]) -> list[Label]:
    shown = [Label(each, each) for each in names[:_MOST_NAMED]]
    rest = len(names) - len(shown)
    return [*shown, Label(f"+{rest}", f"+{rest}")] if rest else shown


def _weighted(of: Put) -> Label:
    return WEIGHTED if of.weighted else UNWEIGHTED
