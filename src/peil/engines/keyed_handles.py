"""How fields by which records are compared are hashed under a key, so that a slip of the pen is still seen."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

# What only keyed records have: hashes of a name with one letter left out, so that a slip of the pen still meets; and of
# two fields in the order of the alphabet, so that two that were swapped still do.
NEAR = {"given_near": "given", "surname_near": "surname"}
SORTED = {"names": ("given", "surname"), "days": ("day", "month")}
# Of a field by which records are compared, fewer signs do: a million of them must fit in memory.
FIELD_SIGNS = 16
NEAR_SIGNS = 5
NEAR_PARTS = 10
# Of shorter names one letter less leaves what many names have.
NEAR_FROM = 4


def near_parts(word: str) -> tuple[str, ...]:
    """Return the spellings by which a name meets those that differ by one slip: itself, and without each of its letters.

    Two words that share one differ by a letter put in, left out or changed, or by two neighbours swapped. Of a name of two
    words, each word is one, too. There are always ``NEAR_PARTS``, so that their number tells no name's length.

    Parameters:
        word: a name as ``normalised`` writes it.

    Example:
        >>> near_parts("vries")[:6]
        ('vries', 'ries', 'vies', 'vres', 'vris', 'vrie')
        >>> bool({*near_parts("vries")} & {*near_parts("vires")}), bool({*near_parts("vries")} & {*near_parts("vos")})
        (True, False)
        >>> near_parts("smit boer")[:3], len(near_parts("jan"))
        (('smitboer', 'smit', 'boer'), 10)
    """
    words = word.split()
    whole = "".join(words)
    less = [whole[:place] + whole[place + 1 :] for place in range(len(whole))] if len(whole) >= NEAR_FROM else []
    known = tuple(dict.fromkeys([whole, *(words if len(words) > 1 else ()), *less]))[:NEAR_PARTS]
    return (*known, *(f"{whole} {each}" for each in range(NEAR_PARTS - len(known))))


def keyed_field(field: str, value: str, key: bytes) -> str:
    """Return a field as the store has it: what the value is hashed to under the key, and not what another field is.

    Parameters:
        field: one of ``FIELDS``; of one in ``NEAR`` the value is the name itself, of one in ``SORTED`` both with a space between.
        value: as ``normalised`` writes it.
        key: the organisation's secret.

    Example:
        >>> one, two = (keyed_field("surname_near", each, b"k").split() for each in ("vries", "fries"))
        >>> len(one), len(set(one) & set(two))
        (10, 1)
    """
    signs = NEAR_SIGNS if field in NEAR else FIELD_SIGNS
    parts = near_parts(value) if field in NEAR else (value,)
    return " ".join(hmac.new(key, f"{field}:{each}".encode(), "sha256").hexdigest()[:signs] for each in parts)


def keyed_fields(record: Mapping[str, str | None], key: bytes) -> dict[str, str | None]:
    """Return a record of ``normalised`` as the store has it.

    Parameters:
        record: field to value, None where nothing is known.
        key: the organisation's secret.

    Example:
        >>> from peil.engines.handles import normalised
        >>> told = keyed_fields(normalised(surname="de Vries"), b"k")
        >>> told["given_near"], len(told["surname"] or ""), len((told["surname_near"] or "").split())
        (None, 16, 10)
    """
    plain = {**record, **{field: record.get(name) for field, name in NEAR.items()}}
    for field, columns in SORTED.items():
        told = [value for value in map(record.get, columns) if value is not None]
        plain[field] = " ".join(sorted(told)) if len(told) == len(columns) else None
    return {field: None if value is None else keyed_field(field, value, key) for field, value in plain.items()}
