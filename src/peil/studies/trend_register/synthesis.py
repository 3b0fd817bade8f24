"""Evidence taken together: shares of several sources as random effects on the log-odds scale, always with a prediction interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.errors import EvidenceError
from peil.estimates.estimate import Estimate
from peil.methods import interval
from peil.methods.meta import Meta, together
from peil.methods.meta_groups import grouped, log_odds, robust
from peil.studies.trend_register.entry import Evidence, Source, Trend
from peil.studies.trend_register.grading import Grade, grade
from peil.terms import Label, Unit

OWN = "own"
_SHARE = 100.0
_LOW = Grade(risk="low", reasons=(), origin=OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One figure in a synthesis.

    Parameters:
        name: of its source.
        share: 0 to 1.
        low, high: its interval; nan where nobody tells how many answered.
        n: answers, or effective ones; None where it is not told.
        grade: what may bias it.
        weight: its part in what is taken together, 0 to 1; nought where it cannot be weighed.
        y, v: log odds and their variance.
    """

    name: str
    share: float
    low: float
    high: float
    n: float | None
    grade: Grade
    weight: float
    y: float
    v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Shares taken together, back on their own scale.

    Parameters:
        share, low, high: the mean and its interval.
        predicted_low, predicted_high: where the true share of another source lies; nan where it is not reckoned.
        voices: independent origins.
    """

    share: float
    low: float
    high: float
    predicted_low: float
    predicted_high: float
    voices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """What several sources say together.

    Parameters:
        item: what they were asked.
        voices: the figures, with weights.
        taken: one voice an origin; None where there are fewer than two.
        meta: the same on the scale of log odds.
        as_if_independent: every figure as a voice of its own.
        clustered: every figure kept, with the spread of the origins.
        low_risk: without figures of a high risk of bias; None where fewer than two origins are left.
        level: of the intervals.
        says: what it comes to, in a sentence.
    """

    item: str
    voices: tuple[Voice, ...]
    taken: Taken | None
    meta: Meta | None
    as_if_independent: Taken | None
    clustered: Taken | None
    low_risk: Taken | None
    level: float
    says: Label


def poolable(trend: Trend) -> Mapping[str, tuple[Evidence, ...]]:
    """Return a claim's shares by item, in the order of the register."""
    held: dict[str, list[Evidence]] = {}
    for each in trend.evidence:
        if each.sort == "share":
            held.setdefault(each.item or trend.id, []).append(each)
    return {name: tuple(these) for name, these in held.items()}


def synthesis(
    evidence: Sequence[Evidence],
    sources: Mapping[str, Source],
    *,
    own: Estimate | None = None,
    item: str = "",
    level: float = 0.95,
) -> Synthesis:
    """Take shares of several sources together.

    Figures of one origin are averaged first and count as one, for they share a panel, a questionnaire and an interest.
    Beside that stand every figure as if it were independent, every figure with the spread of the origins, and what is left
    without figures of a high risk of bias.

    Parameters:
        evidence: shares that were asked the same.
        sources: by identifier.
        own: the project's own estimate of the same share, as one more voice.
        item: what they were asked.
        level: of the intervals.

    Raises:
        EvidenceError: there is no share among them.

    Example:
        >>> sources = {each: Source(id=each, title=each, vendor=each) for each in "abc"}
        >>> figures = [Evidence(source=each, kind="wave", sort="share", value=value, n=400) for each, value in zip("abc", (60, 70, 65))]
        >>> found = synthesis(figures, sources)
        >>> found.taken.voices, found.taken.predicted_low < found.taken.low
        (3, True)
    """
    voices = [_voice(each, sources, level) for each in evidence if each.sort == "share"]
    if own is not None:
        voices.insert(0, _own(own))
    if not voices:
        raise EvidenceError("there is no share to take together", remedy="evidence needs sort 'share' and a value")
    weighed = [each for each in voices if np.isfinite(each.v)]
    meta, taken = _grouped(weighed, level)
    shares = _weights(weighed, meta)
    voices = [_with(each, shares.get(id(each), 0.0)) for each in voices]
    independent = _independent(weighed, level) if len(weighed) > 1 else None
    clustered = None
    if meta is not None and taken is not None and taken.voices < len(weighed):
        y, v, group = ([getattr(each, name) for each in weighed] for name in ("y", "v", "name"))
        group = [each.grade.origin for each in weighed]
        found = robust(y, v, group, tau2=meta.tau2, level=level)
        ends = [float(special.expit(each)) for each in (found.value, found.low, found.high)]
        clustered = Taken(
            share=ends[0], low=ends[1], high=ends[2], predicted_low=np.nan, predicted_high=np.nan, voices=found.groups
        )  # fmt: skip
    sound = [each for each in weighed if each.grade.risk != "high"]
    low_risk = _grouped(sound, level)[1] if len(sound) < len(weighed) else None
    return Synthesis(
        item=item, voices=tuple(voices), taken=taken, meta=meta, as_if_independent=independent, clustered=clustered,
        low_risk=low_risk, level=level, says=_says(voices, weighed, taken),
    )  # fmt: skip


def _voice(each: Evidence, sources: Mapping[str, Source], level: float) -> Voice:
    share = float(each.value or 0.0) / _SHARE
    title = sources[each.source].title if each.source in sources else each.source
    y = v = low = high = np.nan
    if each.n is not None:
        low, high = (float(end[0]) for end in interval.share([share], [each.n], level=level))
        y, v = (float(one) for one in log_odds(share, each.n))
    name = f"{title}, {each.edition}" if each.edition and each.edition not in title else title
    return Voice(
        name=name, share=share, low=low, high=high, n=each.n, grade=grade(each, sources), weight=0.0, y=y, v=v
    )  # fmt: skip


def _own(found: Estimate) -> Voice:
    if found.measure.unit is not Unit.SHARE or not np.isfinite(found.value) or not found.n_eff > 0:
        raise EvidenceError(
            f"'{found.measure.name}' gives no share to take together with others",
            remedy="name a measure that is a share",
        )
    y, v = (float(each) for each in log_odds(found.value, found.n_eff))
    return Voice(
        name=OWN, share=found.value, low=found.low, high=found.high, n=found.n_eff, grade=_LOW, weight=0.0, y=y, v=v
    )  # fmt: skip


def _with(each: Voice, weight: float) -> Voice:
    return Voice(
        name=each.name, share=each.share, low=each.low, high=each.high, n=each.n, grade=each.grade, weight=weight, y=each.y,
        v=each.v,
    )  # fmt: skip


def _grouped(voices: Sequence[Voice], level: float) -> tuple[Meta | None, Taken | None]:
    if not voices:
        return None, None
    held = grouped([each.y for each in voices], [each.v for each in voices], [each.grade.origin for each in voices])
    if len(held.names) < 2:  # noqa: PLR2004  # one voice shows no spread
        return None, None
    meta = together(held.y, held.v, level=level)
    return meta, _taken(meta)


def _independent(voices: Sequence[Voice], level: float) -> Taken:
    return _taken(together([each.y for each in voices], [each.v for each in voices], level=level))


def _taken(meta: Meta) -> Taken:
    ends = (meta.value, meta.low, meta.high, meta.predicted_low, meta.predicted_high)
    share, low, high, least, most = (float(special.expit(each)) for each in ends)
    return Taken(share=share, low=low, high=high, predicted_low=least, predicted_high=most, voices=meta.n)


def _weights(voices: Sequence[Voice], meta: Meta | None) -> Mapping[int, float]:
    if meta is None:
        return {}
    held = grouped([each.y for each in voices], [each.v for each in voices], [each.grade.origin for each in voices])
    weight = 1 / (held.v + meta.tau2)
    part = dict(zip(held.names, weight / weight.sum() / held.size, strict=True))
    return {id(each): float(part[each.grade.origin]) for each in voices}


def _says(voices: Sequence[Voice], weighed: Sequence[Voice], taken: Taken | None) -> Label:
    lost = len(voices) - len(weighed)
    left = (
        Label(
            f" {lost} of {len(voices)} figures do not tell how many answered and cannot be weighed.",
            f" {lost} van {len(voices)} cijfers vermelden niet hoeveel mensen antwoordden en zijn niet te wegen.",
        )
        if lost
        else Label("", "")
    )
    if taken is None:
        return Label(
            f"Too few independent origins to take together.{left.en}",
            f"Te weinig onafhankelijke bronnen om samen te nemen.{left.nl}",
        )
    return Label(
        f"{len(weighed)} figures of {taken.voices} independent origins, taken together.{left.en}",
        f"{len(weighed)} cijfers van {taken.voices} onafhankelijke bronnen, samengenomen.{left.nl}",
    )
