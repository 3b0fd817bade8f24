"""Every error that Peil raises on purpose.

::

    PeilError
    ├── SourceError       an export, a file or the configuration cannot be read
    ├── SchemaError       a table does not have the columns it promises
    ├── DefinitionError   a measure, study or comparison is not well defined
    ├── EvidenceError     the data cannot carry the number that was asked for
    └── DisclosureError   publishing the number would give away somebody else's

Each says what, where and what to do::

    no measure is named 'waitingtime'
      remedy: did you mean 'waiting_time'?
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PeilError(Exception):
    """An error that a person can do something about.

    Parameters:
        what: what is wrong, and where (``file:line:column`` when there is one).
        remedy: what to do about it.

    Example:
        >>> print(PeilError("the store is locked", remedy="wait for the other load to end"))
        the store is locked
          remedy: wait for the other load to end
    """

    exit_code = 2

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  remedy: {self.remedy}" if self.remedy else self.what


class SourceError(PeilError):
    """An export, a file or the configuration cannot be read."""


class SchemaError(PeilError):
    """A table does not have the columns or the rows it promises."""

    exit_code = 3


class DefinitionError(PeilError):
    """A measure, study or comparison is not well defined."""


class EvidenceError(PeilError):
    """The data cannot carry the number that was asked for."""

    exit_code = 1


class DisclosureError(PeilError):
    """Publishing the number would give away somebody else's."""

    exit_code = 4


def neighbours(name: str, known: Iterable[str]) -> str:
    """Return a remedy that names what was probably meant.

    Parameters:
        name: what was written.
        known: what could have been written.

    Returns:
        ``did you mean 'x'?``, or the choices when nothing is near.

    Example:
        >>> neighbours("waitingtime", ["waiting_time", "nps"])
        "did you mean 'waiting_time'?"
    """
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{each}'" for each in near) + "?"
    shown = ", ".join(choices[:12]) + (" …" if len(choices) > 12 else "")  # noqa: PLR2004  # as many as fit a line
    return f"choose one of: {shown}"
