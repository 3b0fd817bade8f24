"""How alike two words are: Jaro-Winkler and Levenshtein, as the engine counts them."""

from __future__ import annotations

# Winkler 1990: the first four letters count extra, where the rest is alike enough.
PREFIX = 4
PREFIX_WEIGHT = 0.1
BOOST_FROM = 0.7


def likeness(left: str, right: str) -> float:
    """Return the Jaro-Winkler likeness of two words, from 0 to 1.

    Parameters:
        left, right: normalised words.

    Example:
        >>> round(likeness("martha", "marhta"), 4)
        0.9611
    """
    if left == right:
        return 1.0 if left else 0.0
    same = _jaro(left, right)
    if same <= BOOST_FROM:
        return same
    prefix = 0
    for one, two in zip(left[:PREFIX], right[:PREFIX], strict=False):
        if one != two:
            break
        prefix += 1
    return same + prefix * PREFIX_WEIGHT * (1 - same)


def _jaro(left: str, right: str) -> float:
    if not left or not right:
        return 0.0
    reach = max(max(len(left), len(right)) // 2 - 1, 0)
    taken = [False] * len(right)
    matched = []
    for place, letter in enumerate(left):
        for other in range(max(0, place - reach), min(len(right), place + reach + 1)):
            if not taken[other] and right[other] == letter:
                taken[other] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    others = [letter for letter, hit in zip(right, taken, strict=True) if hit]
    moved = sum(one != two for one, two in zip(matched, others, strict=True)) // 2
    n = len(matched)
    return (n / len(left) + n / len(right) + (n - moved) / n) / 3


def edits(left: str, right: str) -> int:
    """Return how many letters must be put in, left out or changed to make one word of the other (Levenshtein 1966).

    Example:
        >>> edits("0612345678", "0612345687")
        2
    """
    row = list(range(len(right) + 1))
    for place, letter in enumerate(left, 1):
        before, row[0] = row[0], place
        for other, also in enumerate(right, 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (letter != also))
    return row[-1]


def few_edits(left: str, right: str, most: int) -> bool:
    """Return whether two words differ by at most so many letters; quick where they differ by more.

    Parameters:
        left, right: normalised words.
        most: how many letters may be put in, left out or changed.

    Example:
        >>> few_edits("0612345678", "0612345687", 2), few_edits("0612345678", "0612345687", 1)
        (True, False)
    """
    if abs(len(left) - len(right)) > most:
        return False
    start = 0
    for one, two in zip(left, right, strict=False):
        if one != two:
            break
        start += 1
    left, right = left[start:], right[start:]
    if not left or not right:
        return True
    if most == 0:
        return False
    rests = ((left[1:], right[1:]), (left[1:], right), (left, right[1:]))
    return any(few_edits(one, two, most - 1) for one, two in rests)
