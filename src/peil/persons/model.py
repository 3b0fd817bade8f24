"""What says that two records are of one person: fields compared, levels of agreement, and what each is worth."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from peil.errors import DefinitionError
from peil.persons.likeness import few_edits, likeness

Record = Mapping[str, str | None]
Kind = Literal["missing", "told", "equal", "alike", "edits", "meets", "within", "crossed", "two_of"]
MISSING = "missing"
# A level that training never met keeps a chance, or one agreement would decide everything.
LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One thing that holds of two records, or does not.

    Parameters:
        kind: ``missing`` (in either), ``told`` (in either), ``equal``, ``alike`` (Jaro-Winkler), ``edits`` (Levenshtein), ``meets`` (they have
            a word in common), ``within`` (one is
            a word of the other), ``crossed`` (the first column of one is the second of the other, both ways, or as
            alike as the bound says), or
            ``two_of`` (at least two of the columns are equal).
        columns: the fields it looks at.
        bound: least likeness, or most edits.
    """

    __test__ = False  # no test of pytest's

    kind: Kind
    columns: tuple[str, ...]
    bound: float = 0.0

    @property
    def sql(self) -> str:  # noqa: PLR0911  # one for each kind
        """The same in SQL, over ``<field>_l`` and ``<field>_r``."""
        first = self.columns[0]
        left, right = f'"{first}_l"', f'"{first}_r"'
        if self.kind == "missing":
            return f"({left} is null or {right} is null)"
        if self.kind == "told":
            return f"({left} is not null or {right} is not null)"
        if self.kind == "equal":
            return " and ".join(f'"{each}_l" = "{each}_r"' for each in self.columns)
        if self.kind == "alike":
            return f"jaro_winkler_similarity({left}, {right}) >= {self.bound}"
        if self.kind == "edits":
            return f"levenshtein({left}, {right}) <= {int(self.bound)}"
        if self.kind == "meets":
            return f"list_has_any(string_split({left}, ' '), string_split({right}, ' '))"
        if self.kind == "within":
            around = [
                f"contains(' ' || {one} || ' ', ' ' || {two} || ' ')" for one, two in ((left, right), (right, left))
            ]
            return f"({' or '.join(around)})"
        if self.kind == "crossed":
            other, also = f'"{self.columns[1]}_l"', f'"{self.columns[1]}_r"'
            if not self.bound:
                return f"({left} = {also} and {other} = {right})"
            return " and ".join(
                f"jaro_winkler_similarity({one}, {two}) >= {self.bound}" for one, two in ((left, also), (other, right))
            )
        same = " + ".join(f'(case when "{each}_l" = "{each}_r" then 1 else 0 end)' for each in self.columns)
        return f"({same}) >= 2"

    def holds(self, left: Record, right: Record) -> bool:  # noqa: PLR0911, C901  # one for each kind
        """Return whether it holds of two records of normalised fields."""
        one, two = left.get(self.columns[0]), right.get(self.columns[0])
        if self.kind == "missing":
            return one is None or two is None
        if self.kind == "told":
            return one is not None or two is not None
        if self.kind in {"equal", "two_of"}:
            same = sum(left.get(each) is not None and left.get(each) == right.get(each) for each in self.columns)
            return same >= (2 if self.kind == "two_of" else len(self.columns))
        if one is None or two is None:
            return False
        if self.kind == "alike":
            return likeness(one, two) >= self.bound
        if self.kind == "edits":
            return few_edits(one, two, int(self.bound))
        if self.kind == "meets":
            return not set(one.split(" ")).isdisjoint(two.split(" "))
        if self.kind == "within":
            return f" {two} " in f" {one} " or f" {one} " in f" {two} "
        other, also = left.get(self.columns[1]), right.get(self.columns[1])
        if other is None or also is None:
            return False
        if not self.bound:
            return one == also and other == two
        return likeness(one, also) >= self.bound and likeness(other, two) >= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A degree of agreement: all its tests hold, and those of no level before it.

    Parameters:
        label: what a person reads.
        tests: what must hold; none means everything that is left.
        m: chance of it for two records of one person.
        u: chance of it for two records of two persons.
    """

    label: str
    tests: tuple[Test, ...] = ()
    m: float = 0.5
    u: float = 0.5

    @property
    def weight(self) -> float:
        """What it says, in bits: log2(m / u); nothing where a field is missing."""
        return 0.0 if self.label == MISSING else math.log2(self.m / self.u)

    @property
    def sql(self) -> str:
        """Its condition in SQL, ``ELSE`` for what is left."""
        return " and ".join(each.sql for each in self.tests) if self.tests else "ELSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One thing compared, such as the surname: levels from most to least agreement, missing first.

    Parameters:
        name: what is compared.
        levels: the first that holds counts.
    """

    name: str
    levels: tuple[Level, ...]

    def level(self, left: Record, right: Record) -> Level:
        """Return the level at which two records agree.

        Parameters:
            left, right: normalised fields, None where nothing is known.

        Example:
            >>> from peil.persons.comparisons import STANDARD
            >>> surname = next(each for each in STANDARD.comparisons if each.name == "surname")
            >>> surname.level({"surname": "vries", "sound": "vris"}, {"surname": "fries", "sound": "vris"}).label
            'sounds'
        """
        return next(each for each in self.levels if all(test.holds(left, right) for test in each.tests))

    def labelled(self, label: str) -> Level:
        """Return the level called ``label``."""
        return next(each for each in self.levels if each.label == label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """Why two records stay apart whatever else agrees: people of one household share nearly everything.

    Parameters:
        name: what a person reads.
        when: comparison to the labels at which it holds; all must.
    """

    name: str
    when: tuple[tuple[str, tuple[str, ...]], ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether it applies to a pair with these labels."""
        return all(labels[comparison] in among for comparison, among in self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How sure it is that two records are of one person, and why.

    Parameters:
        probability: that they are.
        weight: the same in bits, the prior included.
        parts: (comparison, label, weight) of each thing compared.
        veto: why they stay apart nonetheless; empty if nothing forbids it.
    """

    probability: float
    weight: float
    parts: tuple[tuple[str, str, float], ...]
    veto: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """What two records are compared on, and what every agreement is worth (Fellegi and Sunter 1969).

    Parameters:
        prior: chance that two records drawn at random are of one person.
        comparisons: what is compared.
        blocking: pairs are looked at when all columns of one of these agree.
        vetoes: what keeps records apart.
    """

    prior: float
    comparisons: tuple[Comparison, ...]
    blocking: tuple[tuple[str, ...], ...]
    vetoes: tuple[Veto, ...] = ()

    def __post_init__(self) -> None:
        """Refuse chances that are none."""
        chances = [self.prior, *(each for one in self.comparisons for lv in one.levels for each in (lv.m, lv.u))]
        if not all(0 < each < 1 for each in chances):
            raise DefinitionError(
                "a chance in the model for persons is not between 0 and 1",
                remedy="train it again: 'peil persons --relink'",
            )

    @property
    def prior_weight(self) -> float:
        """What is known before anything is compared, in bits."""
        return math.log2(self.prior / (1 - self.prior))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every field that is compared or blocked on, in the order of first mention."""
        told = [each for one in self.comparisons for lv in one.levels for test in lv.tests for each in test.columns]
        return tuple(dict.fromkeys([*told, *(each for rule in self.blocking for each in rule)]))

    def judge(self, left: Record, right: Record) -> Judgement:
        """Compare two records.

        Parameters:
            left, right: normalised fields by name, None where nothing is known.

        Returns:
            The probability that they are of one person, and what every field contributed.

        Example:
            >>> from peil.engines.handles import normalised
            >>> from peil.persons.comparisons import STANDARD
            >>> one = normalised(name="Jan de Vries", birth_date="12-3-1980", postcode="1234 AB", phone="06-12345678")
            >>> two = normalised(name="J. de Fries", birth_date="1980-03-12", postcode="1234ab", phone="+31 6 12345678")
            >>> told = STANDARD.judge(one, two)
            >>> told.probability > 0.99, [label for _, label, _ in told.parts][:3]
            (True, ['initial', 'sounds', 'equal'])
        """
        found = [(each.name, each.level(left, right)) for each in self.comparisons]
        return self.weighed([(name, level.label, level.weight) for name, level in found])

    def weighed(self, parts: Sequence[tuple[str, str, float]]) -> Judgement:
        """Return what the levels found come to together."""
        weight = self.prior_weight + sum(each for _, _, each in parts)
        labels = {name: label for name, label, _ in parts}
        veto = next((each.name for each in self.vetoes if each.holds(labels)), "")
        return Judgement(probability=0.0 if veto else probability(weight), weight=weight, parts=tuple(parts), veto=veto)

    def settings(self) -> dict[str, Any]:
        """Return the settings with which Splink makes the same judgement in SQL."""
        return {
            "link_type": "dedupe_only",
            "unique_id_column_name": "record",
            "probability_two_random_records_match": self.prior,
            "retain_intermediate_calculation_columns": False,
            "retain_matching_columns": False,
            "blocking_rules_to_generate_predictions": [
                " and ".join(f'l."{each}" = r."{each}"' for each in rule) for rule in self.blocking
            ],
            "comparisons": [
                {
                    "output_column_name": one.name,
                    "comparison_levels": [
                        {"sql_condition": each.sql, "label_for_charts": each.label, "is_null_level": True}
                        if each.label == MISSING
                        else {
                            "sql_condition": each.sql,
                            "label_for_charts": each.label,
                            "m_probability": each.m,
                            "u_probability": each.u,
                        }
                        for each in one.levels
                    ],
                }
                for one in self.comparisons
            ],
        }

    def trained(self, settings: Mapping[str, Any]) -> Self:
        """Return this model with the chances that Splink learned; those it could not learn stay as they are.

        Parameters:
            settings: what ``linker.misc.save_model_to_json()`` returns.
        """
        learned = {
            (one["output_column_name"], each["label_for_charts"]): each
            for one in settings["comparisons"]
            for each in one["comparison_levels"]
        }
        comparisons = []
        for one in self.comparisons:
            levels = [
                replace(
                    each,
                    m=_chance(learned[one.name, each.label].get("m_probability"), each.m),
                    u=_chance(learned[one.name, each.label].get("u_probability"), each.u),
                )
                for each in one.levels
            ]
            comparisons.append(replace(one, levels=tuple(levels)))
        prior = _chance(settings["probability_two_random_records_match"], self.prior)
        return replace(self, prior=prior, comparisons=tuple(comparisons))

    def told(self) -> str:
        """Return the model as JSON text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the model that ``told`` wrote.

        Example:
            >>> from peil.persons.comparisons import STANDARD
            >>> LinkModel.read(STANDARD.told()) == STANDARD
            True
        """
        try:
            plain = json.loads(text)
            return cls(
                prior=plain["prior"],
                comparisons=tuple(
                    Comparison(name=one["name"], levels=tuple(_level(each) for each in one["levels"]))
                    for one in plain["comparisons"]
                ),
                blocking=tuple(tuple(each) for each in plain["blocking"]),
                vetoes=tuple(
                    Veto(name=each["name"], when=tuple((name, tuple(among)) for name, among in each["when"]))
                    for each in plain["vetoes"]
                ),
            )
        except (ValueError, KeyError, TypeError):
            raise DefinitionError(
                "the model for persons cannot be read", remedy="remove it and run 'peil persons --relink'"
            ) from None


def probability(weight: float) -> float:
    """Return the probability that a weight in bits stands for.

    Example:
        >>> probability(0.0), round(probability(10.0), 4)
        (0.5, 0.999)
    """
    return 1 / (1 + 2.0**-weight) if weight > -1000 else 0.0  # noqa: PLR2004  # beyond what a double holds


def _level(plain: Mapping[str, Any]) -> Level:
    tests = tuple(
        Test(kind=each["kind"], columns=tuple(each["columns"]), bound=each["bound"]) for each in plain["tests"]
    )
    return Level(label=plain["label"], tests=tests, m=plain["m"], u=plain["u"])


def _chance(learned: object, known: float) -> float:
    return min(max(learned, LEAST), 1 - LEAST) if isinstance(learned, float) else known
