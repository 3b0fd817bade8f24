"""Figures in characters: intervals on one scale, and a curve as a row of blocks."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 48


def intervals(names: Sequence[str], rows: Sequence[tuple[float, float, float]], *, width: int = WIDTH) -> list[str]:
    """Return one line a row: its interval on a scale that all of them share.

    Parameters:
        names: what stands before each line.
        rows: low, value and high of each, all of them finite.
        width: characters of the scale.

    Example:
        >>> for line in intervals(["7", "14"], [(0, 1, 2), (2, 3, 4)], width=9):
        ...     print(line)
         7 ├─●─┤
        14     ├─●─┤
    """
    least, most = min(each[0] for each in rows), max(each[2] for each in rows)
    room = max(map(len, names))
    made = []
    for name, ends in zip(names, rows, strict=True):
        low, value, high = (_place(each, least, most, width) for each in ends)
        line = [" "] * width
        line[low : high + 1] = "─" * (high + 1 - low)
        line[low], line[high], line[value] = "├", "┤", "●"
        made.append(f"{name:>{room}} {''.join(line).rstrip()}")
    return made


def curve(values: Sequence[float], *, width: int = WIDTH) -> str:
    """Return the height of a curve as a row of blocks, thinned to fit.

    Parameters:
        values: heights at even distances.
        width: most characters.

    Example:
        >>> curve([0.0, 1.0, 2.0, 3.0, 2.0])
        '▁▃▆█▆'
    """
    count = min(width, len(values))
    chosen = [values[round(each * (len(values) - 1) / max(count - 1, 1))] for each in range(count)]
    least, most = min(chosen), max(chosen)
    return "".join(BLOCKS[_place(each, least, most, len(BLOCKS))] for each in chosen)


def _place(value: float, least: float, most: float, width: int) -> int:
    return 0 if most <= least else min(int((value - least) / (most - least) * (width - 1) + 0.5), width - 1)
