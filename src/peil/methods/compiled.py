"""Kernels compiled by numba on first use and kept beside the code, so that later runs need not compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function compiled, with the types it was written with.

    Example:
        >>> from math import tau
        >>> def circle(radius: float) -> float:
        ...     return tau * radius
        >>> circle.__name__
        'circle'
    """
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
