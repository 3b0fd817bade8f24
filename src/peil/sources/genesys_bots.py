"""What Genesys tells of a menu or bot: how its flow ended, and why it did not do what the customer came for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peil.sources.genesys_legs import Stretch


def bot_columns(conversation: Mapping[str, Any], automatic: Stretch, *, passed_on: bool) -> dict[str, object]:
    """Return the columns of a leg that speak of the bot or menu.

    A flow outcome that its maker set, and that succeeded, confirms; ``selfServed`` alone is what Genesys assumes.

    Parameters:
        conversation: as it stood.
        automatic: the menu or bot.
        passed_on: a queue or an agent had it afterwards.
    """
    flows = [each["flow"] for each in automatic.sessions if isinstance(each.get("flow"), dict)]
    reached = [_plain(each.get("flowOutcomeValue")) for flow in flows for each in _outcomes(flow)]
    exits = {_plain(flow.get("exitReason")) for flow in flows}
    missed = {_plain(flow.get("recognitionFailureReason")) for flow in flows} - {""}
    asked = any("requestedbyuser" in each for each in exits)
    served, ended = conversation.get("selfServed"), automatic.end
    outcome: str | None
    if passed_on or any(_plain(flow.get("transferType")) in {"acd", "acdtransfer", "agent"} for flow in flows):
        outcome = "handed_over"
    elif reached and "failure" not in reached and "success" in reached:
        outcome = "resolved_confirmed"
    elif served is True:
        outcome = "resolved_assumed"
    else:
        outcome = "gave_up" if ended and (served is False or missed or "failure" in reached or asked) else None
    resolved = outcome in {"resolved_confirmed", "resolved_assumed"}
    return {
        "bot_outcome": outcome,
        "bot_failure": _cause(exits, missed, asked=asked) if outcome and not resolved else None,
        "asked_human_at": ended if asked else None,
        "vendor_resolved": served if isinstance(served, bool) and ended else None,
        "answered_by": "bot" if resolved else None,
    }


def _cause(exits: set[str], missed: set[str], *, asked: bool) -> str | None:
    """Return why: what was not recognised comes before a person asked for because of it."""
    if any(each.startswith(("nomatch", "maxwrongmatch", "unknown")) for each in missed):
        return "misunderstanding"
    if any("error" in each or "exception" in each for each in exits):
        return "technical"
    return "asked_human" if asked else None


def _plain(stood: object) -> str:
    """Return a code in small letters: the interface and the export write NO_MATCH and NoMatch."""
    return "".join(each for each in str(stood).lower() if each.isalpha()) if stood else ""


def _outcomes(flow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = flow.get("outcomes")
    yield from (each for each in (found if isinstance(found, list) else []) if isinstance(each, dict))
