"""What Peil compares of two records, in clear text or in keyed fields, and what it is worth before anything is learned."""

from __future__ import annotations

from dataclasses import replace

from peil.engines.keyed_handles import NEAR, SORTED
from peil.persons.model import MISSING, Comparison, Level, LinkModel, Test, Veto

# What hashes do not show; of names and streets that are alike from this bound on, they do show what matters.
LIKENESS = frozenset(["alike", "edits", "within"])
VERY = 0.9


def _missing(*columns: str) -> Level:
    return Level(label=MISSING, tests=tuple(Test(kind="missing", columns=(each,)) for each in columns))


def _equal(*columns: str) -> Test:
    return Test(kind="equal", columns=columns)


def _alike(column: str, bound: float) -> Test:
    return Test(kind="alike", columns=(column,), bound=bound)


_SWAPPED = Test(kind="crossed", columns=("given", "surname"), bound=0.88)

_NO_NAME = Test(kind="missing", columns=("given",))

GIVEN = Comparison(
    name="given",
    levels=(
        _missing("initial"),
        Level(label="equal", tests=(_equal("given"),), m=0.72, u=0.012),
        Level(label="alike", tests=(_alike("given", 0.9),), m=0.09, u=0.004),
        Level(label="sounds", tests=(_equal("given_sound"),), m=0.02, u=0.002),
        Level(
            label="shared initial",
            tests=(_NO_NAME, _equal("initial"), Test(kind="told", columns=("rival",))),
            m=0.01,
            u=0.005,
        ),
        Level(label="initial", tests=(_NO_NAME, _equal("initial")), m=0.09, u=0.055),
        Level(label="swapped", tests=(_SWAPPED,), m=0.01, u=0.0001),
        Level(label="fairly alike", tests=(_alike("given", 0.8),), m=0.02, u=0.015),
        Level(label="same initial", tests=(_equal("initial"),), m=0.02, u=0.07),
        Level(label="other", m=0.02, u=0.8369),
    ),
)
SURNAME = Comparison(
    name="surname",
    levels=(
        _missing("surname"),
        Level(label="equal", tests=(_equal("surname"),), m=0.78, u=0.002),
        Level(label="alike", tests=(_alike("surname", 0.92),), m=0.08, u=0.001),
        Level(label="sounds", tests=(_equal("sound"),), m=0.03, u=0.003),
        Level(label="within", tests=(Test(kind="within", columns=("surname",)),), m=0.04, u=0.0005),
        Level(label="swapped", tests=(_SWAPPED,), m=0.01, u=0.0001),
        Level(label="fairly alike", tests=(_alike("surname", 0.82),), m=0.02, u=0.008),
        Level(label="other", m=0.04, u=0.9854),
    ),
)
BORN = Comparison(
    name="born",
    levels=(
        _missing("born"),
        Level(label="equal", tests=(_equal("born"),), m=0.92, u=0.00005),
        Level(label="day and month swapped", tests=(_equal("year"), Test(kind="crossed", columns=("day", "month"))), m=0.01, u=0.00002),
        Level(label="two of three", tests=(Test(kind="two_of", columns=("year", "month", "day")),), m=0.05, u=0.005),
        Level(label="year", tests=(_equal("year"),), m=0.01, u=0.015),
        Level(label="other", m=0.01, u=0.97993),
    ),
)  # fmt: skip
ADDRESS = Comparison(
    name="address",
    levels=(
        _missing("postcode", "street", "place"),
        Level(label="house", tests=(_equal("postcode", "house"),), m=0.68, u=0.00002),
        Level(label="street and number", tests=(_equal("street", "house"),), m=0.02, u=0.00003),
        Level(label="street", tests=(_alike("street", 0.92),), m=0.03, u=0.0008),
        Level(label="postcode", tests=(_equal("postcode"),), m=0.05, u=0.0001),
        Level(label="area", tests=(_equal("area"),), m=0.06, u=0.002),
        Level(label="place", tests=(_equal("place"),), m=0.03, u=0.03),
        Level(label="place alike", tests=(_alike("place", 0.88),), m=0.01, u=0.004),
        Level(label="other", m=0.12, u=0.96275),
    ),
)
PHONE = Comparison(
    name="phone",
    levels=(
        _missing("phone"),
        Level(label="family", tests=(_equal("phone"), Test(kind="told", columns=("family_phone",))), m=0.1, u=0.00001),
        Level(label="equal", tests=(_equal("phone"),), m=0.62, u=0.00001),
        Level(label="one digit", tests=(Test(kind="edits", columns=("phone",), bound=1),), m=0.02, u=0.000005),
        Level(label="other", m=0.26, u=0.999975),
    ),
)
MAIL = Comparison(
    name="mail",
    levels=(
        _missing("mail"),
        Level(label="family", tests=(_equal("mail"), Test(kind="told", columns=("family_mail",))), m=0.1, u=0.00001),
        Level(label="equal", tests=(_equal("mail"),), m=0.65, u=0.00001),
        Level(label="one sign", tests=(Test(kind="edits", columns=("mail",), bound=1),), m=0.03, u=0.00001),
        Level(label="same box name", tests=(_equal("local"),), m=0.03, u=0.00005),
        Level(label="other", m=0.19, u=0.99992),
    ),
)
ACCOUNT = Comparison(
    name="account",
    levels=(
        _missing("account"),
        Level(label="equal", tests=(_equal("account"),), m=0.85, u=0.00001),
        Level(label="two signs", tests=(Test(kind="edits", columns=("account",), bound=2),), m=0.07, u=0.00005),
        Level(label="other", m=0.08, u=0.99994),
    ),
)

# From narrow to wide: in a large file the wide ones look at too many pairs, and are left out.
BLOCKING = (
    ("account",),
    ("mail",),
    ("phone",),
    ("born", "sound"),
    ("born", "given_sound"),
    ("born", "postcode"),
    ("postcode", "house", "initial"),
    ("sound", "given_sound", "area"),
    ("sound", "given_sound", "year"),
    ("sound", "given_sound", "place"),
    ("sound", "given_sound", "day", "month"),
    ("street", "house", "initial"),
    ("local", "initial"),
    ("born",),
    ("local",),
    ("street", "house"),
    ("street", "sound"),
    ("sound", "given_sound"),
    ("postcode", "sound"),
    ("place", "given_sound"),
    ("place", "sound"),
)
_NO_ACCOUNT = ("account", ("other", MISSING))
# A line that people of more than one first name use says which household, not which person.
_NO_OWN_LINE = (("phone", (MISSING, "other", "family")), ("mail", (MISSING, "other", "family")), _NO_ACCOUNT)
VETOES = (
    Veto(
        name="another first name and birth date: one household, two people",
        when=(("given", ("other", "same initial")), ("born", ("two of three", "year", "other", MISSING)), _NO_ACCOUNT),
    ),
    Veto(
        name="another birth date and no first name to tell them by",
        when=(("given", ("initial", "shared initial", MISSING)), ("born", ("year", "other")), _NO_ACCOUNT),
    ),
    Veto(
        name="no birth date, no full first name and no line of their own: it may be another of the household",
        when=(
            ("given", ("shared initial", "same initial", "fairly alike", MISSING)),
            ("born", (MISSING,)),
            *_NO_OWN_LINE,
        ),
    ),
    *(
        Veto(
            name="an initial, and another line of their own: it may be another of the household",
            when=(
                ("given", ("initial",)),
                ("born", (MISSING,)),
                (line, ("other",)),
                (also, (MISSING, "other", "family")),
                _NO_ACCOUNT,
            ),
        )
        for line, also in (("phone", "mail"), ("mail", "phone"))
    ),
    Veto(
        name="one birth date, one surname and two first names: twins",
        when=(
            ("given", ("other", "same initial")),
            ("born", ("equal", "day and month swapped")),
            ("surname", ("equal", "alike", "sounds", "within")),
            *_NO_OWN_LINE,
        ),
    ),
)

# Values that hold for a middling customer file; a file that is large enough teaches its own.
STANDARD = LinkModel(
    prior=1e-5, comparisons=(GIVEN, SURNAME, BORN, ADDRESS, PHONE, MAIL, ACCOUNT), blocking=BLOCKING, vetoes=VETOES
)


def keyed(model: LinkModel = STANDARD) -> LinkModel:
    """Return a model for fields that are keyed hashes.

    A hash is equal or it is not. Names that are alike are seen to be by the hashes of their near spellings
    (``engines.keyed_handles.near_parts``), streets no longer; other likeness drops out.

    Example:
        >>> {test.kind for one in keyed().comparisons for level in one.levels for test in level.tests} & {"alike", "edits", "within"}
        set()
    """
    return replace(model, comparisons=tuple(_keyed(each) for each in model.comparisons))


def _keyed(comparison: Comparison) -> Comparison:
    levels = [replace(each, tests=tuple(_seen(test) for test in each.tests)) for each in comparison.levels]
    gone = [each for each in levels if any(test.kind in LIKENESS for test in each.tests)]
    kept = [each for each in levels if each not in gone]
    near = next((nth for nth, each in enumerate(kept) if any(test.kind == "meets" for test in each.tests)), -1)
    for each in gone:
        # a word of a double surname is among its near spellings; what can no longer be seen ends among the rest
        nth = near if any(test.kind == "within" for test in each.tests) else -1
        kept[nth] = replace(kept[nth], m=kept[nth].m + each.m, u=kept[nth].u + each.u)
    return replace(comparison, levels=tuple(kept))


def _seen(test: Test) -> Test:
    """Return what can be seen of it in hashes, and the test itself where nothing can."""
    if test.kind == "crossed":
        return _equal(next(field for field, columns in SORTED.items() if set(columns) == set(test.columns)))
    if test.kind == "alike" and test.bound >= VERY:
        near = next((field for field, name in NEAR.items() if name == test.columns[0]), None)
        return Test(kind="meets", columns=(near,)) if near else _equal(*test.columns)
    return test
