"""A proposal written as a ``peil.yaml`` to look through: guesses are marked, and every column of the export is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from peil.sources.proposal import KINDS, NAMES, Found, Proposal

__all__ = ["configuration"]

PLAIN = re.compile(r"[A-Za-z_][\w.-]*(?: [\w.-]+)*", re.ASCII)
RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
LONGEST = 70


def configuration(proposal: Proposal, file: Path, beside: Path | None = None) -> str:
    """Return a configuration that reads an export, with what a person has to look at marked.

    Parameters:
        proposal: what was found in the export.
        file: where it stands, from the configuration.
        beside: the file that tells what was asked, if one was named.
    """
    return "\n".join(_lines(proposal, file, beside)) + "\n"


def _lines(proposal: Proposal, file: Path, beside: Path | None) -> Iterator[str]:
    yield f"# Proposed from {proposal.file}: {proposal.responses} responses. Whatever says 'guess' is one: look before you count."
    yield "name: survey"
    yield "organisation: My organisation"
    yield "zone: Europe/Amsterdam"
    yield "sources:"
    yield f"  - kind: {proposal.kind}"
    yield f"    name: {_name(Path(proposal.file).stem)}"
    yield f"    files: [{json.dumps(file.as_posix(), ensure_ascii=False)}]"
    if beside and KINDS[proposal.kind]:
        yield f"    {KINDS[proposal.kind]}: {json.dumps(beside.as_posix(), ensure_ascii=False)}"
    if proposal.respondent:
        yield "    respondent:"
        for setting, value in proposal.respondent.items():
            told = _listed(value) if isinstance(value, tuple) else _text(str(value))
            doubt = proposal.doubts.get(setting)
            yield f"      {setting}: {told}" + (f"  # {doubt}" if doubt else "")
    yield from _questions(proposal)
    for each in proposal.left_out:
        yield f"    # left out, as it looks like personal data: {_short(each)}"


def _questions(proposal: Proposal) -> Iterator[str]:
    plain = proposal.kind == "survey"
    told = [each for each in proposal.questions if _proposed(each, plain=plain)]
    taken: set[str] = set()
    if told:
        yield "    questions:"
        if not any(each.guess and each.guess.construct for each in told):
            yield "      # None says what it measures: add 'construct: nps' (or csat, ces_2, …) and its 'scale' to those to be counted."
    elif plain:
        yield "    questions: []  # nothing looks like a question: name the columns that are"
    for each in told:
        guess = each.guess.construct if each.guess else None
        name = NAMES.get(guess or "", _name(each.asked_as))
        name = name if name not in taken else _name(f"{name}_{each.asked_as}")
        taken.add(name)
        yield f"      # {_about(each)}"
        yield f"      - name: {name}"
        yield f"        asked_as: {_text(each.asked_as)}"
        if each.guess and guess:
            yield f"        construct: {guess}  # guess: {each.guess.because}"
        if each.guess and each.guess.scale:
            yield f"        scale: [{each.guess.scale[0]}, {each.guess.scale[1]}]"
        if each.missing:
            yield f"        missing: {_listed(each.missing)}  # guess"
    rest = [each for each in proposal.questions if each not in told]
    if rest:
        yield (
            "    # The other columns are kept with the answers:"
            if plain
            else "    # Read as well, under their own names:"
        )
    for each in rest:
        yield f"    #   {_short(each.asked_as)}: {_about(each)}"


def _proposed(found: Found, *, plain: bool) -> bool:
    if plain and found.sort != "words":
        return True
    return bool(found.guess and found.guess.construct)


def _about(found: Found) -> str:
    kinds = {"single": "one answer", "multiple": "several answers", "number": "a number", "date": "a date"}
    seen = ""
    if found.low is not None and found.sort != "multiple":
        seen = f": {found.low:g}" if found.low == found.high else f" from {found.low:g} to {found.high:g}"
    told = [f'"{_short(found.text)}"'] if found.text else []
    told.append(f"{kinds.get(found.sort, 'words')}, {found.answers} answered{seen}")
    if found.guess and not found.guess.construct:
        told.append(f"guess: {found.guess.because}")
    return "; ".join(told)


def _short(text: str) -> str:
    plain = "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _name(text: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "question"
    return made if made[0].isalpha() else f"q_{made}"


def _text(text: str) -> str:
    """Return a text as YAML has it, in quotes where it would be read as something else."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _listed(values: tuple[str, ...]) -> str:
    return f"[{', '.join(json.dumps(each, ensure_ascii=False) for each in values)}]"
