"""Reading figures from a YAML file, with every fault told as file:line:column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from peil.errors import SourceError, neighbours
from peil.evidence.figure import Figure, Sample
from peil.yaml_file import Fault, faults_of, plain, text_of, told, tree_of

ARTICLES = "articles.yaml"
SETTINGS = ("figures", "samples")
_REMEDY = "a figure has id, claim, about, audience, kind, sort and source; the rest makes it worth something"

T = TypeVar("T", Figure, Sample)


def articles() -> tuple[Figure, ...]:
    """Return the figures that come with Peil: two Dutch trade articles of 2019 and 2021, and the press about them.

    Example:
        >>> sorted({each.source for each in articles()})
        ['article_a', 'article_b', 'press']
    """
    return read_text(files("peil.evidence").joinpath(ARTICLES).read_text(encoding="utf-8"), ARTICLES)


def read(path: Path) -> tuple[Figure, ...]:
    """Return the figures in a file.

    Raises:
        SourceError: it cannot be read, or has faults; each is told as file:line:column.
    """
    return read_text(text_of(path, holds="figures"), path.name)


def read_text(text: str, name: str = "figures.yaml") -> tuple[Figure, ...]:
    r"""Return the figures written in ``text``.

    Parameters:
        text: YAML 1.2, with ``samples`` and ``figures``.
        name: how to call it in messages.

    Raises:
        SourceError: it has faults; each is told as file:line:column.

    Example:
        >>> read_text("figures:\n- id: a\n  claims: b\n")
        Traceback (most recent call last):
        ...
        peil.errors.SourceError: figures.yaml:2:3: about: is needed here
        figures.yaml:2:3: audience: is needed here
        figures.yaml:2:3: claim: is needed here
        figures.yaml:2:3: kind: is needed here
        figures.yaml:2:3: sort: is needed here
        figures.yaml:2:3: source: is needed here
        figures.yaml:3:3: claims: there is no such setting; did you mean 'claim'?
          remedy: a figure has id, claim, about, audience, kind, sort and source; the rest makes it worth something
    """
    tree = tree_of(text, name)
    if not isinstance(tree, CommentedMap) or not isinstance(tree.get("figures"), CommentedSeq):
        raise SourceError(f"{name}:1:1: there is no list of figures", remedy="write 'figures:' and a list under it")
    faults: list[Fault] = []
    for key in tree:
        if key not in SETTINGS:
            line, column = tree.lc.key(key)
            faults.append((line, column, f"{key}: there is no such setting; {neighbours(str(key), SETTINGS)}"))
    samples = {each.id: each for each in _listed(tree, "samples", Sample, {}, faults)}
    figures = _listed(tree, "figures", Figure, samples, faults)
    if not faults:
        known = {each.id for each in figures}
        for place, each in enumerate(figures):
            node = tree["figures"][place]
            for other in each.relates:
                if other not in known:
                    line, column = node.lc.key("relates")
                    faults.append((line, column, f"relates: no figure is named '{other}'; {neighbours(other, known)}"))
    if faults:
        raise SourceError(told(faults, name), remedy=_REMEDY)
    return tuple(figures)


def _listed(tree: CommentedMap, key: str, of: type[T], samples: Mapping[str, Sample], faults: list[Fault]) -> list[T]:
    listed = tree.get(key, ())
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        faults.append((*tree.lc.key(key), f"{key}: should be a list"))
        return []
    adapter: TypeAdapter[T] = TypeAdapter(of)
    found: list[T] = []
    names: set[str] = set()
    for place, node in enumerate(listed):
        start: tuple[int, int] = tree[key].lc.item(place)
        if not isinstance(node, CommentedMap):
            faults.append((*start, f"{key}: an entry is a list of settings such as 'id: …'"))
            continue
        settings = plain(node)
        if of is Figure and "sample" in settings:
            asked = str(settings["sample"])
            if asked not in samples:
                line, column = node.lc.key("sample")
                faults.append((line, column, f"sample: no sample is named '{asked}'; {neighbours(asked, samples)}"))
                continue
            settings["sample"] = samples[asked]
        try:
            made = adapter.validate_python(settings)
        except ValidationError as refused:
            own = [one.name for one in fields(of)]
            faults += faults_of(refused.errors(include_url=False), node, partial(_known, own=own), start)
            continue
        if made.id in names:
            faults.append((*start, f"id: '{made.id}' is there twice"))
        names.add(made.id)
        found.append(made)
    return found


def _known(steps: Sequence[str | int], own: list[str]) -> list[str]:
    """Return the settings that there are where a fault stands."""
    return own if len(steps) == 1 else ["en", "nl"]
