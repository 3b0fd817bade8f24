"""A made survey of three rounds as a survey system exports it, with what drifts between rounds: where the survey tutorial starts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

AGES = ("18-34", "35-54", "55+")
# Of all customers; younger ones answer less, and are less pleased.
AGE_SHARES = (0.35, 0.40, 0.25)
_ANSWER = {"2022": (0.30, 0.45, 0.60), "2023": (0.28, 0.45, 0.62), "2024": (0.20, 0.42, 0.66)}
_OPINION = {"2022": 0.0, "2023": 0.45, "2024": 0.45}
_OF_AGE = (-0.45, 0.0, 0.45)
_SEGMENTS = ("home", "business")
_BUSINESS, _STAY, _HELD, _DUTCH, _BREAK_OFF, _REFUSE = 0.3, 0.3, 0.7, 0.8, 0.06, 0.08
# Opinion, a standard normal number, to an answer: up to the first it is the lowest, and so on.
_RECOMMEND = (-2.4, -2.1, -1.9, -1.7, -1.5, -1.2, -0.9, -0.35, 0.35, 0.95)
_SATISFIED = (-1.9, -1.3, -0.6, 0.7)
_EASY = (-2.0, -1.5, -1.1, -0.6, 0.0, 0.9)
# Asked of getting help instead of solving a problem, the same people say one more often that it was easy.
_EASIER = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What the export of one round calls its columns."""

    number: str
    sent: str
    finished: str
    status: str
    language: str
    age: str
    segment: str
    recommend: str
    satisfied: str
    easy: str

    def row(self) -> list[str]:
        """Return the first row of the file."""
        return [getattr(self, name) for name in self.__slots__]


HEADS: Mapping[str, Heads] = {
    "2022": Heads(number="number", sent="sent_on", finished="finished_on", status="status", language="lang", age="age",
                  segment="segment", recommend="Q3", satisfied="Q7", easy="Q9"),
    "2023": Heads(number="number", sent="sent_on", finished="finished_on", status="status", language="lang", age="age",
                  segment="segment", recommend="Q4_NPS", satisfied="Q8", easy="Q10"),
    "2024": Heads(number="number", sent="sent_on", finished="finished_on", status="status", language="lang", age="age",
                  segment="segment", recommend="Q4_NPS", satisfied="Q8", easy="Q11"),
}  # fmt: skip


def write_exports(folder: Path, *, invited: int = 900, seed: int = 7) -> tuple[Path, ...]:
    """Write one file a round: everybody who was invited, with the answers of those who answered.

    From 2022 to 2023 opinion rises and from 2023 to 2024 it stands still; who answers shifts all the while, so that plain
    figures move where opinion does not. In 2024 the question on ease has other words. Three in ten of a round are asked
    again in the next. The file of 2024 holds an 11 on a scale of 0 to 10, a response delivered twice, and an answer that
    is no number.

    Parameters:
        folder: where to; made when it is not there.
        invited: how many people are asked each round.
        seed: of the random numbers.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [each.name for each in write_exports(Path(folder), invited=100)]
        ['round-2022.csv', 'round-2023.csv', 'round-2024.csv']
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    people, made = _People.drawn(rng, invited, first=1), []
    for place, (wave, heads) in enumerate(HEADS.items()):
        if place:
            people = people.again(rng, invited)
        rows = list(_rows(rng, wave, people))
        if wave == "2024":
            rows = _spoilt(rows)
        path = folder / f"round-{wave}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([heads.row(), *rows])
        made.append(path)
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _People:
    """Customers: who they are, and what they think whatever the round."""

    number: np.ndarray
    age: np.ndarray
    business: np.ndarray
    mind: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, n: int, *, first: int) -> _People:
        return cls(
            number=np.arange(first, first + n),
            age=rng.choice(len(AGES), n, p=AGE_SHARES),
            business=rng.random(n) < _BUSINESS,
            mind=rng.standard_normal(n),
        )

    def again(self, rng: np.random.Generator, n: int) -> _People:
        """Return a new sample, some of whom were asked before."""
        kept = np.sort(rng.choice(self.number.size, int(_STAY * n), replace=False))
        new = _People.drawn(rng, n - kept.size, first=int(self.number.max()) + 1)
        return _People(
            number=np.concatenate([self.number[kept], new.number]),
            age=np.concatenate([self.age[kept], new.age]),
            business=np.concatenate([self.business[kept], new.business]),
            mind=np.concatenate([self.mind[kept], new.mind]),
        )


def _rows(rng: np.random.Generator, wave: str, people: _People) -> Iterator[list[str]]:
    n = people.number.size
    chance = np.array(_ANSWER[wave])[people.age]
    fresh = rng.standard_normal((3, n))
    base = _OPINION[wave] + np.array(_OF_AGE)[people.age]
    mind = base + np.sqrt(_HELD) * people.mind + np.sqrt(1 - _HELD) * fresh
    easy = mind[2] + (_EASIER if wave == "2024" else 0.0)
    scores = [np.digitize(mind[0], _RECOMMEND), 1 + np.digitize(mind[1], _SATISFIED), 1 + np.digitize(easy, _EASY)]
    answers, breaks, refuses, dutch = (rng.random(n) for _ in range(4))
    days = rng.integers(6, 27, n)
    for place in range(n):
        answered = answers[place] < chance[place]
        status = "partial" if answered and breaks[place] < _BREAK_OFF else "complete" if answered else (
            "refused" if refuses[place] < _REFUSE else "no_contact"
        )  # fmt: skip
        told = [str(each[place]) for each in scores] if answered else ["", "", ""]
        if status == "partial":
            told[1:] = ["", ""]
        # a code for "no opinion"
        if answered and rng.random() < 0.03:  # noqa: PLR2004  # three in a hundred
            told[0] = "99"
        yield [
            str(people.number[place]), f"{wave}-05-02 09:00", f"{wave}-05-{days[place]:02d} 12:00" if answered else "",
            status, "nl" if dutch[place] < _DUTCH else "en", AGES[people.age[place]],
            _SEGMENTS[int(people.business[place])], *told,
        ]  # fmt: skip


def _spoilt(rows: Sequence[list[str]]) -> list[list[str]]:
    """Put in what goes wrong in real exports: off the scale, delivered twice, no number."""
    made = [list(each) for each in rows]
    complete = [place for place, each in enumerate(made) if each[3] == "complete"]
    made[complete[3]][7] = "11"
    made[complete[5]][8] = "good"
    return [*made, list(made[complete[8]])]
