"""The calendar table knows its weeks, its holidays and its seasons."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from peil.calendars.days import CALENDAR, days
from peil.calendars.dutch_days import SEASONS
from peil.calendars.public_holidays import public_holidays
from peil.errors import DefinitionError

NEVER_ON = ("Good Friday", "Goede vrijdag")


def row(day: date, country: str = "NL") -> dict[str, object]:
    (found,) = days(day, day + timedelta(days=1), country).to_pylist()
    return found


@pytest.mark.parametrize(
    ("day", "iso_year", "iso_week", "weekday", "week_on"),
    [
        (date(2020, 12, 31), 2020, 53, 4, date(2020, 12, 28)),
        (date(2021, 1, 3), 2020, 53, 7, date(2020, 12, 28)),
        (date(2021, 1, 4), 2021, 1, 1, date(2021, 1, 4)),
        (date(2018, 12, 31), 2019, 1, 1, date(2018, 12, 31)),
        (date(2024, 2, 29), 2024, 9, 4, date(2024, 2, 26)),
    ],
)
def test_a_day_belongs_to_the_iso_week_of_its_thursday(
    day: date, iso_year: int, iso_week: int, weekday: int, week_on: date
) -> None:
    found = row(day)
    assert (found["iso_year"], found["iso_week"], found["weekday"], found["week_on"]) == (
        iso_year,
        iso_week,
        weekday,
        week_on,
    )


def test_every_day_stands_once_and_periods_begin_on_their_first_day() -> None:
    table = days(date(2019, 1, 1), date(2025, 1, 1))
    rows = table.to_pylist()
    assert tuple(table.column_names) == CALENDAR.names
    assert [each["day_on"] for each in rows] == [date(2019, 1, 1) + timedelta(days=n) for n in range(2192)]
    for each in rows:
        day = each["day_on"]
        assert each["year_on"] == date(day.year, 1, 1)
        assert each["month_on"] == date(day.year, day.month, 1)
        assert each["quarter_on"] == date(day.year, {1: 1, 2: 4, 3: 7, 4: 10}[(day.month + 2) // 3], 1)
        assert each["week_on"] == date.fromisocalendar(each["iso_year"], each["iso_week"], 1)
    for required in (each.name for each in CALENDAR.columns if each.required):
        assert table.column(required).null_count == 0


@pytest.mark.parametrize(
    ("day", "holiday", "holiday_nl"),
    [
        (date(2025, 4, 26), "King's Day", "Koningsdag"),
        (date(2025, 4, 27), None, None),
        (date(2014, 4, 26), "King's Day", "Koningsdag"),
        (date(2024, 4, 27), "King's Day", "Koningsdag"),
        (date(2013, 4, 30), "Queen's Day", "Koninginnedag"),
        (date(2024, 3, 29), None, None),
        (date(2024, 4, 1), "Easter Monday", "Tweede paasdag"),
        (date(2024, 5, 5), None, None),
        (date(2025, 5, 5), "Liberation Day", "Bevrijdingsdag"),
        (date(2020, 5, 5), "Liberation Day", "Bevrijdingsdag"),
        (date(2005, 5, 5), "Ascension Day; Liberation Day", "Bevrijdingsdag; Hemelvaartsdag"),
        (date(2016, 5, 5), "Ascension Day", "Hemelvaartsdag"),
        (date(2024, 12, 26), "Second Day of Christmas", "Tweede kerstdag"),
    ],
)
def test_dutch_holidays_are_the_days_that_most_employers_give(
    day: date, holiday: str | None, holiday_nl: str | None
) -> None:
    found = row(day)
    assert (found["holiday"], found["holiday_nl"]) == (holiday, holiday_nl)


@pytest.mark.parametrize("year", range(1990, 2041))
def test_good_friday_is_worked_and_liberation_day_is_off_once_in_five_years(year: int) -> None:
    english, dutch = public_holidays("NL", year), public_holidays("NL", year, "nl")
    assert english.keys() == dutch.keys()
    assert not [name for name in (*english.values(), *dutch.values()) if any(never in name for never in NEVER_ON)]
    assert ("Liberation Day" in english.get(date(year, 5, 5), "")) == (year % 10 in (0, 5))
    assert ("Bevrijdingsdag" in dutch.get(date(year, 5, 5), "")) == (year % 10 in (0, 5))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 3, 29), True),
        (date(2024, 4, 1), False),
        (date(2024, 3, 30), False),
        (date(2024, 12, 25), False),
        (date(2024, 12, 27), True),
        (date(2025, 4, 28), True),
    ],
)
def test_a_working_day_is_a_weekday_without_a_holiday(day: date, *, working: bool) -> None:
    assert row(day)["working"] is working


def test_insurers_are_busy_from_12_november_to_new_year() -> None:
    rows = days(date(2023, 1, 1), date(2025, 1, 1)).to_pylist()
    busy = [each["day_on"] for each in rows if each["season"] == "insurer switching season"]
    assert busy == [date(year, 11, 12) + timedelta(days=n) for year in (2023, 2024) for n in range(50)]
    assert row(date(2016, 12, 1))["season"] is None
    assert row(date(2024, 12, 1), "BE")["season"] is None
    assert all(each.source for each in SEASONS)


def test_school_holidays_are_the_governments_dates_by_region() -> None:
    """Summer of 2024: Noord 20 July to 1 September, Midden 13 July to 25 August, Zuid 6 July to 18 August.

    Source: rijksoverheid.nl, Overzicht schoolvakanties 2023-2024.
    """
    rows = {row["day_on"]: row for row in days(date(2024, 7, 1), date(2024, 9, 10)).to_pylist()}
    counts = [(date(2024, 7, 5), 0), (date(2024, 7, 6), 1), (date(2024, 7, 13), 2), (date(2024, 7, 20), 3)]
    counts += [(date(2024, 8, 18), 3), (date(2024, 8, 19), 2), (date(2024, 8, 26), 1), (date(2024, 9, 2), 0)]
    assert [(day, rows[day]["school_regions"]) for day, _ in counts] == counts
    assert rows[date(2024, 7, 6)]["school_holiday"] == "Summer Break"
    assert rows[date(2024, 7, 5)]["school_holiday"] is None


def test_no_school_holiday_is_made_up() -> None:
    for years, country in (((2012, 2013), "NL"), ((2024, 2025), "BE")):
        made = days(date(years[0], 1, 1), date(years[1], 1, 1), country)
        assert made.column("school_holiday").null_count == made.num_rows
        assert made.column("school_regions").null_count == made.num_rows


def test_other_countries_keep_their_own_holidays() -> None:
    assert row(date(2024, 7, 21), "BE")["holiday_nl"] == "Nationale feestdag"
    german = row(date(2024, 3, 29), "DE")
    assert (german["holiday"], german["holiday_nl"], german["working"]) == ("Good Friday", None, False)
    assert row(date(2024, 8, 5), "IE")["holiday"] == "August Bank Holiday"
    assert row(date(2021, 12, 31), "US")["holiday"] == "New Year's Day (observed)"


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"country 'NLD' are not known\n.*'NL'"):
        days(date(2024, 1, 1), date(2024, 1, 2), "NLD")


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DefinitionError, match="ends before it begins"):
        days(date(2024, 1, 2), date(2024, 1, 1))
