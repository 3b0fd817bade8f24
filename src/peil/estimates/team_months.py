"""Teams by months: means of scales with their sampling errors, how long staff stays, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from peil.errors import EvidenceError
from peil.methods.moments import Floats, Integers
from peil.methods.reliability import products
from peil.terms import Label

STAFF, CUSTOMER = "staff_satisfaction", "customer"
_MILLI = 1_000.0

LEFT_OUT: Mapping[str, Label] = {
    "staff": Label("answers of staff without a team", "antwoorden van medewerkers zonder team"),
    "customers": Label(
        "answers of customers about no team's contact", "antwoorden van klanten over geen contact van een team"
    ),
    "elsewhere": Label(
        "answers of customers about teams of which no staff answered",
        "antwoorden van klanten over teams waarvan geen medewerker antwoordde",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeamMonths:
    """Teams by months.

    Parameters:
        teams: organisation and name of each.
        months: first days, one after another.
        mean: of each scale, teams by months, from 0 to 10; nan where nobody answered.
        se: sampling errors of the means; spread within a team and month is taken to be alike everywhere. Of staff, what
            tells one person from another is no error so far as the whole team answered (Cochran 1977, 10.3).
        n: how many each mean rests on.
        spread: standard deviation within a team and month.
        lasting: share of that variance that tells persons apart from month to month; of scales of staff.
        people: members of staff of each team who answered.
        left_out: answers without a team, by who gave them.
        same_source: whether staff answered for customers too.
    """

    teams: tuple[tuple[str, str], ...]
    months: tuple[date, ...]
    mean: Mapping[str, Floats]
    se: Mapping[str, Floats]
    n: Mapping[str, Floats]
    spread: Mapping[str, float]
    lasting: Mapping[str, float]
    people: Integers
    left_out: Mapping[str, int]
    same_source: bool

    def of_teams(self, name: str) -> Floats:
        """Return the mean of each team over all months, every answer counted alike; nan where there is none."""
        n = self.n[name]
        total, many = np.nansum(self.mean[name] * n, axis=1), n.sum(axis=1)
        return np.asarray(np.divide(total, many, out=np.full(len(self.teams), np.nan), where=many > 0), np.float64)

    def of_months(self, name: str) -> tuple[Floats, Floats]:
        """Return the mean of each month over all teams, and its sampling error."""
        n = self.n[name]
        total, many = np.nansum(self.mean[name] * n, axis=0), n.sum(axis=0)
        mean = np.divide(total, many, out=np.full(len(self.months), np.nan), where=many > 0)
        return mean, self.spread[name] / np.sqrt(np.where(many > 0, many, np.nan))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """The questions of one scale.

    Parameters:
        questions: by identifier.
        sums: sums of products, persons by persons (``methods.reliability.products``).
        n: responses that answered all of them.
        persons: who gave these.
        varies: whether every question got different answers.
    """

    questions: tuple[str, ...]
    sums: Floats
    n: int
    persons: int
    varies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Members of staff, one a place: never shown, only counted.

    Parameters:
        team: organisation and name of the last team.
        hired, begun, until: first day with the organisation, first day in the roster, last day; days since 1970, nan where
            it lasts.
    """

    team: tuple[tuple[str, str | None], ...]
    hired: Floats
    begun: Floats
    until: Floats

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> People:
        """Return the stays of a roster, its rows in order of organisation, agent and first day."""
        stays: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            stays.setdefault((row["organisation"], row["agent_id"]), []).append(row)
        known = list(stays.values())
        untils = [
            None if any(row["until_on"] is None for row in each) else max(row["until_on"] for row in each)
            for each in known
        ]
        firsts = [each[0]["from_on"] for each in known]
        hired = [
            min([row["hired_on"] for row in each if row["hired_on"]], default=each[0]["from_on"]) for each in known
        ]
        return cls(
            team=tuple((each[-1]["organisation"], each[-1]["team"]) for each in known),
            hired=_days([min(one, other) for one, other in zip(hired, firsts, strict=True)]),
            begun=_days(firsts),
            until=_days(untils),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StaffRows:
    """What the study of staff and customers rests on.

    Parameters:
        panel: teams by months.
        scales: the questions of each scale of the staff survey.
        people: how long everybody stayed.
        ends_on: last day that was seen.
    """

    panel: TeamMonths
    scales: Mapping[str, Scale]
    people: People
    ends_on: date

    @classmethod
    def of(
        cls,
        sums: pa.Table,
        people: pa.Table,
        again: pa.Table,
        items: Mapping[str, Floats],
        stays: pa.Table,
        *,
        same_source: bool = False,
    ) -> StaffRows:
        """Return the same from tables that are at hand.

        Parameters:
            sums: columns of ``TEAM_MONTHS``.
            people: organisation, team and how many members of staff answered.
            again: of each scale, pairs of answers of one person, and how far they go together.
            items: of each scale the answers from 0 to 1, one column a question, with the number of who gave them before.
            stays: the roster, in order of organisation, agent and first day.
            same_source: whether staff answered for customers too.

        Example:
            >>> from peil.sources.simulated import SimulatedStaffFirst
            >>> from peil.sources.simulated.staff_months import staff_months
            >>> rows = StaffRows.of(*staff_months(SimulatedStaffFirst(teams=6, months=8)))
            >>> rows.panel.months[0].isoformat(), rows.scales["mandate"].questions
            ('2023-01-01', ('mandate 1', 'mandate 2', 'mandate 3'))
        """
        known = People.of(stays.to_pylist())
        panel = panel_of(sums, people, again, known, same_source=same_source)
        scales = {}
        for name, each in items.items():
            by_person = products(each[:, 1:], cluster=each[:, 0])
            scales[name] = Scale(
                questions=tuple(f"{name} {place}" for place in range(1, each.shape[1])),
                sums=by_person,
                n=len(each),
                persons=len(by_person),
                varies=bool((np.ptp(each[:, 1:], axis=0) > 0).all()),
            )
        last = panel.months[-1]
        after = date(last.year + last.month // 12, last.month % 12 + 1, 1)
        return cls(
            panel=panel,
            scales=scales,
            people=known,
            ends_on=date.fromordinal(after.toordinal() - 1),
        )


def _days(values: Sequence[date | None]) -> Floats:
    begin = date(1970, 1, 1).toordinal()
    return np.array([np.nan if each is None else each.toordinal() - begin for each in values], np.float64)


def panel_of(
    rows: pa.Table,
    people: pa.Table,
    again: pa.Table,
    stays: People,
    *,
    renamed: Mapping[str, str] | None = None,
    same_source: bool = False,
) -> TeamMonths:
    """Return counted sums as teams by months.

    Parameters:
        rows: columns of ``TEAM_MONTHS``.
        people: organisation, team and how many members of staff answered.
        again: of each scale, pairs of answers of one person, and how far they go together.
        stays: how long everybody stayed: who might have answered.
        renamed: scales that go by another name here.
        same_source: whether staff answered for customers too.

    Raises:
        EvidenceError: nobody of staff or no customer answered, none can be put to a team, or there is one team or one month.
    """
    whats = [(renamed or {}).get(each, each) for each in rows.column("what").to_pylist()]
    known = rows.column("team").is_valid().to_numpy(zero_copy_only=False)
    counts = rows.column("n").to_numpy().astype(np.float64)
    what = np.array(whats, object)
    left_out = {"staff": 0, "customers": 0}
    for side, name in (("staff", STAFF), ("customers", CUSTOMER)):
        said = what == name
        left_out[side] = int(counts[said & ~known].sum())
        _told(side, name, said=bool(said.any()), placed=bool((said & known).any()))
    placed = np.flatnonzero(known)
    keys = list(zip(rows.column("organisation").to_pylist(), rows.column("team").to_pylist(), strict=True))
    teams = sorted({keys[each] for each in placed if what[each] == STAFF})
    at = {each: place for place, each in enumerate(teams)}
    elsewhere = [each for each in placed if what[each] == CUSTOMER and keys[each] not in at]
    left_out["elsewhere"] = int(counts[elsewhere].sum())
    days = rows.column("month_on").to_pylist()
    months = _months([days[each] for each in placed if keys[each] in at and what[each] in {STAFF, CUSTOMER}])
    when = {each: place for place, each in enumerate(months)}
    shape = (len(teams), len(months))
    names = sorted({whats[each] for each in placed})
    sums = {name: np.zeros((3, *shape)) for name in names}
    numbers = [rows.column(each).to_numpy().astype(np.float64) for each in ("n", "total", "squares")]
    for each in placed:
        if keys[each] in at and days[each] in when:
            sums[whats[each]][:, at[keys[each]], when[days[each]]] += [column[each] for column in numbers]
    counted = {(row["organisation"], row["team"]): row["n"] for row in people.to_pylist()}
    answered = np.array([counted.get(each, 0) for each in teams], np.int64)
    members = _members(stays, teams, months, answered)
    pairs = {
        (renamed or {}).get(row["what"], row["what"]): (row["pairs"], row["together"]) for row in again.to_pylist()
    }
    mean, se, spread, lasting = {}, {}, {}, {}
    for name, (n, total, squares) in sums.items():
        mean[name] = np.divide(total, n, out=np.full(shape, np.nan), where=n > 0) / _MILLI
        free = float((n - 1)[n > 0].sum())
        within = float((squares / _MILLI**2 - np.nan_to_num(mean[name]) ** 2 * n)[n > 0].sum())
        spread[name] = float(np.sqrt(max(within, 0.0) / free)) if free else float("nan")
        kept = np.where(n > 0, n, np.nan)
        part = np.zeros(shape)
        if name in pairs:
            lasting[name] = _lasting(*pairs[name], spread[name], float(np.nanmean(kept)))
            part = lasting[name] * np.nan_to_num(np.minimum(kept / np.maximum(members, 1), 1.0))
        se[name] = spread[name] * np.sqrt((1 - part) / kept)
    return TeamMonths(
        teams=tuple(teams),
        months=months,
        mean=mean,
        se=se,
        n={name: each[0] for name, each in sums.items()},
        spread=spread,
        lasting=lasting,
        people=answered,
        left_out=left_out,
        same_source=same_source,
    )


def _lasting(pairs: int, together: int, spread: float, typical: float) -> float:
    """Return the share of the variance within a team and month that is the same person again.

    Parameters:
        pairs: of answers of one person in two months.
        together: their products added up, each answer less the mean of its team and month, in thousandths.
        spread: standard deviation within a team and month.
        typical: answers of a team and month: means that hold the answer itself take so much from the products.
    """
    if not pairs or not spread > 0 or typical <= 1:
        return 0.0
    shared = together / pairs / _MILLI**2 * typical / (typical - 1)
    return float(np.clip(shared / spread**2, 0.0, 1.0))


def _members(stays: People, teams: Sequence[tuple[str, str]], months: Sequence[date], answered: Integers) -> Floats:
    """Return how many members of staff each team had in the middle of each month; who answered, where no roster tells."""
    middle = _days([each.replace(day=15) for each in months])
    at = {each: place for place, each in enumerate(teams)}
    made = np.zeros((len(teams), len(months)))
    until = np.where(np.isfinite(stays.until), stays.until, np.inf)
    for place, (organisation, team) in enumerate(stays.team):
        row = at.get((organisation, team or ""))
        if row is not None:
            made[row] += (stays.begun[place] <= middle) & (until[place] >= middle)
    return np.where(made.sum(axis=1, keepdims=True) > 0, made, answered[:, None])


def _told(side: str, name: str, *, said: bool, placed: bool) -> None:
    if not said:
        raise EvidenceError(
            "no member of staff said how satisfied they are" if side == "staff" else "no customer answered",
            remedy=f"load answers whose construct is '{STAFF}', of audience 'staff'"
            if side == "staff"
            else "load answers of customers, or name the construct that they answered",
        )
    if not placed:
        raise EvidenceError(
            "no answer of staff can be put to a team"
            if name == STAFF
            else "no answer of a customer can be put to a team",
            remedy="say the team in the answers or in the roster"
            if name == STAFF
            else "say in the answers which contact they are about, and in the contacts which team took it",
        )


def _months(days: Sequence[date]) -> tuple[date, ...]:
    first, last = min(days), max(days)
    start, stop = first.year * 12 + first.month - 1, last.year * 12 + last.month
    return tuple(date(place // 12, place % 12 + 1, 1) for place in range(start, stop))
