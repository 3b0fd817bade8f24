# ruff: noqa: PLR2004  # the shares of a made world stand where they act
"""A made customer file with a known truth: households, moves, typing errors, shared lines and what systems fill in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from peil.engines.handles import SAID, folded

_WOMEN = (  # noqa: SIM905  # a list of words reads better so
    "Maria Anna Johanna Elisabeth Sophie Emma Julia Lotte Femke Sanne Anouk Iris Eva Lisa Noa Fleur Roos Marieke Ingrid Petra Monique Karin "
    "Esther Linda Wilma Greetje Ria Hennie Truus Corrie Fatima Aylin Nadia Samira Ewa Agnieszka Priya Mei Chantal Daniëlle Renée Zoë "
    "Aaltje Britt Catharina Denise Dorien Evelien Froukje Gerda Hanneke Irma Jacqueline Jolanda Kim Klaske Laura Leonie Loes Manon Margriet Marloes "
    "Mirjam Nicole Nienke Olga Patricia Paula Rianne Romy Saskia Silvia Simone Stephanie Suzanne Tamara Tineke Trijntje Ursula Vera Willemijn Yvonne"
).split()
_MEN = (  # noqa: SIM905  # a list of words reads better so
    "Johannes Jan Cornelis Hendrik Willem Pieter Daan Sem Lucas Levi Finn Bram Luuk Thijs Jeroen Mark Erik Bas Rob Peter Marcel Edwin "
    "Patrick Dennis Kees Henk Piet Wim Gerard Theo Mohammed Ahmed Mehmet Yusuf Piotr Tomasz Ravi Wei Stijn Jelle Sjoerd Jorrit René "
    "Aart Albert Arjan Bart Bernard Casper Coen Dirk Douwe Eelco Ferdinand Floris Frank Gijs Guus Harm Hugo Ivo Jacob Jasper Joost Jurgen Koen Lars "
    "Leo Martijn Maurits Michiel Nico Olaf Pascal Quinten Reinier Ruben Sander Simon Sybren Teun Tjeerd Ulrich Victor Vincent Wessel Wouter Xander Yme Zeger"
).split()
_CALLED = {
    "Johannes": "Hans",
    "Cornelis": "Cor",
    "Hendrik": "Henk",
    "Willem": "Wim",
    "Pieter": "Piet",
    "Elisabeth": "Els",
    "Johanna": "Jo",
}
_OFTEN = (  # noqa: SIM905  # a list of words reads better so
    "de Jong|Jansen|de Vries|van den Berg|van Dijk|Bakker|Janssen|Visser|Smit|Meijer|de Boer|Mulder|de Groot|Bos|Vos|Peters|Hendriks|van Leeuwen|"
    "Dekker|Brouwer|de Wit|Dijkstra|Smits|de Graaf|van der Meer|van der Linden|Kok|Jacobs|de Haan|Vermeulen|van den Heuvel|van der Veen|"
    "van den Broek|de Bruijn|Schouten|van Beek|Willems|van Vliet|Hoekstra|Maas|Verhoeven|Koster|van Dam|van der Wal|Prins|Blom|Huisman|Peeters|"
    "Kuipers|van Veen|Kuijpers|'t Hart|Yılmaz|Kaya|Nguyen|Kowalski|Singh|El Amrani"  # noqa: RUF001  # how people write
).split("|")
_BEGIN = "Berg Beek Broek Dal Dijk Eik Gaard Haag Heide Hof Hoek Kamp Kerk Klooster Laar Lier Meul Noord Oost Rijn Roos Schaap Sloot Steen Veld Vliet Wal Water Weer West Wijk Winter Woud Zand Zijl Zuid".split()  # noqa: SIM905  # a list of words reads better so
_END = "man sma stra inga ema ing ers ius huis kamp veld beek berg dam donk horst hout laan meijer mans oort rode schot steeg stein stok voort zaal".split()  # noqa: SIM905  # a list of words reads better so
_STREETS = "Kerk Dorps School Molen Markt Haven Linden Beuken Eiken Wilhelmina Juliana Beatrix Oranje Stations Prins_Hendrik Vondel Rembrandt Mozart Merel Lijster".split()  # noqa: SIM905  # a list of words reads better so
_KINDS = "straat laan weg plein hof kade dreef singel".split()  # noqa: SIM905  # a list of words reads better so
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """Persons as several systems know them.

    Parameters:
        persons: how many there are.
        records: how many records a person has on average.
        typos: share of names, dates and postcodes with a typing error.
        moved: share of records with another address than the person's last.
        missing: share of birth dates, numbers, mailboxes and addresses that a record lacks.
        household_lines: share of households that share one number and one mailbox.
        desks: offices whose number and mailbox stand on the records of many persons.
        seed: of everything drawn.
    """

    persons: int = 5_000
    records: float = 1.8
    typos: float = 0.06
    moved: float = 0.1
    missing: float = 0.25
    household_lines: float = 0.3
    desks: int = 3
    seed: int = 0

    def drawn(self) -> tuple[pa.Table, list[int]]:
        """Return the records, as systems wrote them, and of each the person it is of.

        Example:
            >>> rows, persons = CustomerFile(persons=100).drawn()
            >>> rows.num_rows == len(persons) > 100, len(set(persons))
            (True, 100)
        """
        rng = np.random.default_rng(self.seed)
        people = self._people(rng)
        counts = 1 + rng.poisson(self.records - 1, len(people))
        rows: list[dict[str, str | None]] = []
        truth: list[int] = []
        desk = [(f"088{1000000 + each}", f"post@bewindvoering{each}.nl") for each in range(max(self.desks, 1))]
        looked_after = rng.random(len(people)) < (0.01 if self.desks else 0)
        for number, (person, times) in enumerate(zip(people, counts, strict=True)):
            for _ in range(times):
                row = self._written(person, rng)
                if looked_after[number] and rng.random() < 0.7:  # most, not all
                    row["phone"], row["mail"] = desk[number % len(desk)]
                rows.append(row)
                truth.append(number)
        order = rng.permutation(len(rows))
        table = pa.table({each: pa.array([rows[place].get(each) for place in order], pa.string()) for each in SAID})
        return table, [truth[place] for place in order]

    def _people(self, rng: np.random.Generator) -> list[dict[str, str]]:
        rare = [f"{one}{two}" for one in _BEGIN for two in _END]
        rare += [f"van {each}" for each in rare[::3]] + [
            f"{one}{two}{end}" for one in _BEGIN for two in ("en", "er", "el") for end in _END
        ]
        surnames = [*_OFTEN, *rare]
        chance = 1 / (np.arange(len(surnames)) + 12.0)
        drawn = iter(rng.choice(len(surnames), self.persons * 2, p=chance / chance.sum()).tolist())
        people: list[dict[str, str]] = []
        while len(people) < self.persons:
            size = int(rng.choice([1, 2, 3, 4, 5], p=[0.38, 0.33, 0.12, 0.12, 0.05]))
            home = _home(rng)
            line = {"phone": _landline(rng), "mail": ""} if rng.random() < self.household_lines else {}
            family = surnames[next(drawn)]
            if line:
                line["mail"] = f"fam.{folded(family).replace(' ', '')}{rng.integers(1, 9999)}@ziggo.nl"
            parents = int(rng.integers(1935, 2000))
            twins = rng.random() < 0.03  # of households with children
            born = ""
            taken: set[str] = set()
            for place in range(min(size, self.persons - len(people))):
                child = place > 1
                woman = bool(rng.random() < 0.5)
                among = _WOMEN if woman else _MEN
                given = _pick(rng, [each for each in among if each not in taken])
                taken.add(given)
                surname = surnames[next(drawn)] if place == 1 and rng.random() < 0.5 else family
                born = born if child and twins and place > 2 else _day(rng, parents + (25 + 2 * place if child else 0))
                own = folded(f"{given[0] if rng.random() < 0.4 else given}.{surname}").replace(" ", "")
                person = {
                    "given": given, "surname": surname, "born": born, **home, "married": family if place == 1 else "",
                    "phone": f"06{rng.integers(10_000_000, 99_999_999)}",
                    "mail": f"{own}{rng.integers(1, 999)}@{_pick(rng, ('gmail.com', 'hotmail.com', 'kpn.nl', 'ziggo.nl', 'live.nl'))}",
                    "line": line.get("phone", ""), "box": line.get("mail", ""), "woman": "y" if woman else "",
                }  # fmt: skip
                people.append(person)
        return people

    def _written(self, person: dict[str, str], rng: np.random.Generator) -> dict[str, str | None]:  # noqa: PLR0912, C901  # one branch for each thing that goes wrong
        draw = iter(rng.random(24).tolist())
        given, surname = person["given"], person["surname"]
        if next(draw) < 0.05:
            given = _CALLED.get(given, given)
        if next(draw) < self.typos:
            given = _mistyped(given, rng)
        if next(draw) < self.typos:
            surname = _mistyped(surname, rng)
        if next(draw) < 0.15 and person["woman"] and person["married"] and person["married"] != surname:
            surname = f"{person['married']}-{surname}"
        if next(draw) < 0.3:
            given = f"{given[0]}."
        row: dict[str, str | None] = {}
        how = next(draw)
        if how < 0.5:
            row |= {"given_name": given, "surname": surname}
        elif how < 0.51:
            row |= {"given_name": surname, "surname": given}
        else:
            row["name"] = f"{given} {surname}" if how < 0.9 else f"{surname}, {given}"
        born = person["born"]
        if next(draw) < self.typos:
            born = _misdated(born, rng)
        row["birth_date"] = born if next(draw) < 0.6 else "-".join(reversed(born.split("-")))
        if next(draw) < self.missing:
            row["birth_date"] = "1900-01-01" if next(draw) < 0.2 else None
        home = _home(rng) if next(draw) < self.moved else person
        if next(draw) >= self.missing / 2:
            code = home["postcode"]
            row |= {
                "postcode": _mistyped(code, rng) if next(draw) < self.typos / 3 else f"{code[:4]} {code[4:]}",
                "house_number": home["house"], "street": home["street"], "place": home["place"],
            }  # fmt: skip
        if next(draw) >= self.missing:
            number = person["line"] if person["line"] and next(draw) < 0.4 else person["phone"]
            row["phone"] = number if next(draw) < 0.5 else f"+31 {number[1:3]} {number[3:]}"
        elif next(draw) < 0.2:
            row["phone"] = "0000000000"
        if next(draw) >= self.missing:
            row["mail"] = person["box"] if person["box"] and next(draw) < 0.5 else person["mail"]
        elif next(draw) < 0.1:
            row["mail"] = "test@test"
        return row


def _pick(rng: np.random.Generator, among: Sequence[str]) -> str:
    return among[int(rng.random() ** 1.3 * len(among))]


def _home(rng: np.random.Generator) -> dict[str, str]:
    area = int(rng.integers(1000, 4000))
    letters = int(rng.integers(0, 60))
    street = _STREETS[(area * 7 + letters) % len(_STREETS)].replace("_", " ")
    return {
        "postcode": f"{area}{_KEYS[letters // 20].upper()}{_KEYS[letters % 20].upper()}",
        "street": f"{street}{_KINDS[(area + letters) % len(_KINDS)]}",
        "house": str(int(rng.integers(1, 120))),
        "place": f"{_BEGIN[area % len(_BEGIN)]}{('dorp', 'stad', 'drecht', 'wijk')[area % 4]}",
    }


def _landline(rng: np.random.Generator) -> str:
    return f"0{int(rng.integers(10, 60))}{int(rng.integers(2_000_000, 9_999_999))}"


def _day(rng: np.random.Generator, year: int) -> str:
    return f"{min(year, 2022) + int(rng.integers(0, 3))}-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"


def _mistyped(word: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(0, len(word)))
    other = _KEYS[int(rng.integers(0, len(_KEYS)))]
    return (
        word[:place] + word[place + 1 :],
        word[:place] + other + word[place + 1 :],
        word[:place] + other + word[place:],
        word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    )[int(rng.integers(0, 4))]


def _misdated(born: str, rng: np.random.Generator) -> str:
    year, month, day = born.split("-")
    return (
        f"{year}-{day}-{month}" if int(day) < 13 else f"{year}-{month}-{int(day) - 1:02d}",  # a month
        f"{year}-{month}-{int(rng.integers(1, 29)):02d}",
        f"{int(year) + int(rng.integers(1, 4))}-{month}-{day}",
        f"{year}-{int(rng.integers(1, 13)):02d}-{day}",
    )[int(rng.integers(0, 4))]
