"""What a measure means, for the command line and for the reference: printed from the catalogue, never typed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from peil.measures.catalogue import CATALOGUE
from peil.measures.measure import POPULATIONS, Measure
from peil.reports import labels, numbers
from peil.reports.wording import BETTER, UNITS, WORDS
from peil.terms import CHANNEL_LABELS, Label, Language

_WIDTH = 100
_DEFAULT_GROUP = {
    "contacts": "channel",
    "responses": "channel",
    "agent_states": "team",
    "intervals": "queue",
    "invitations": "survey",
    "journeys": "channel",
    "orders": "product",
}
_READS = Label("columns read", "gelezen kolommen")
_ASK = Label("ask it", "vraag het op")


def explained(measure: Measure, language: Language) -> str:
    """Return what a measure means: label, definition, formula, authority, and its siblings.

    Parameters:
        measure: what to explain.
        language: of the words around the definition.

    Example:
        >>> print(explained(CATALOGUE["promoter_share"], "en").splitlines()[0])
        Promoters (promoter_share)
    """
    told = [f"{measure.label.read(language)} ({measure.name})", ""]
    for head, text in _facts(measure, language):
        first, *rest = textwrap.wrap(text, _WIDTH - 22) or [""]
        told.append(f"  {head:<20}{first}")
        told += [" " * 22 + line for line in rest]
    return "\n".join(told)


def _facts(measure: Measure, language: Language) -> Iterator[tuple[str, str]]:
    def word(name: str) -> str:
        return WORDS[name].read(language)

    yield word("population"), labels.POPULATIONS[measure.population].read(language)
    yield word("where"), measure.where
    if measure.estimator == "quantile":
        yield f"{word('quantile')} {numbers.number(measure.quantile, language, places=2)}", measure.of
    else:
        yield word("numerator"), measure.of
        if measure.estimator == "ratio":
            yield word("denominator"), measure.per
    yield word("unit"), f"{UNITS[measure.unit].read(language)}, {BETTER[measure.better].read(language)}"
    yield word("standard"), measure.standard
    if measure.note:
        yield word("note").lower(), measure.note.read(language)
    siblings = [
        each.name
        for each in CATALOGUE.values()
        if each.family and each.family == measure.family and each.name != measure.name
    ]
    if siblings:
        yield f"{measure.family}", ", ".join(siblings)
    yield _READS.read(language), ", ".join(measure.reads) or "–"  # an en dash for none
    yield _ASK.read(language), _command(measure)


def _command(measure: Measure) -> str:
    return f"peil estimate {measure.name} --by {_DEFAULT_GROUP[measure.population]}"


def write_reference(folder: Path) -> None:
    """Write a Markdown page for every measure of the catalogue, an index, and a Dutch glossary.

    Parameters:
        folder: where to; it exists.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_reference(Path(folder))
        ...     (Path(folder) / "nps.md").read_text().splitlines()[0]
        '# Net promoter score'
    """
    for measure in CATALOGUE.values():
        (folder / f"{measure.name}.md").write_text(page(measure), encoding="utf-8")
    (folder / "glossary-nl.md").write_text(glossary(), encoding="utf-8")
    (folder / "index.md").write_text(index(CATALOGUE), encoding="utf-8")


def page(measure: Measure) -> str:
    """Return the reference page of one measure, in Markdown."""
    schema = POPULATIONS[measure.population]
    of = (
        f"{_quantile(measure)} of the value below"
        if measure.estimator == "quantile"
        else f"{measure.estimator} of two sums over rows"
    )
    parts = [
        f"# {measure.label.en}",
        "",
        f"`{measure.name}`, in Dutch: {measure.label.nl}.",
        "",
        f"- **Counts**: {labels.POPULATIONS[measure.population].en} (one row is {schema.one_row_is})",
        f"- **Estimator**: {of}",
        f"- **Unit**: {UNITS[measure.unit].en}; {BETTER[measure.better].en}",
        f"- **Standard**: {measure.standard}",
    ]
    if measure.note:
        parts.append(f"- **Note**: {measure.note.en}")
    parts += ["", "## Definition", "", "```sql", f"-- rows that count\n{measure.where}", f"-- of\n{measure.of}"]
    if measure.estimator == "ratio":
        parts.append(f"-- per\n{measure.per}")
    parts += ["```", ""]
    siblings = [
        each for each in CATALOGUE.values() if each.family and each.family == measure.family and each is not measure
    ]
    if siblings:
        parts += [f"## Other definitions of {measure.family.replace('_', ' ')}", ""]
        parts += [f"- [{each.label.en}]({each.name}.md)" for each in siblings]
        parts += ["", "All of them on the same rows:", "", "```console", f"$ peil variants {measure.family}", "```", ""]
    parts += ["## Columns read", ""]
    parts += [f"- `{name}`: {schema.column(name).says}" for name in measure.reads] or [
        "None: every row that counts is one."
    ]
    parts += ["", "## Ask it", "", "```console", f"$ {_command(measure)}", "```", ""]
    return "\n".join(parts)


def _quantile(measure: Measure) -> str:
    return f"quantile {numbers.number(measure.quantile, 'en', places=2)}"


def index(catalogue: Mapping[str, Measure]) -> str:
    """Return the index of the measures' pages, by population."""
    parts = [
        "# Measures",
        "",
        "Every measure of the catalogue. Measures of one family are different definitions of one word; none is the right one.",
        "",
    ]
    for population in POPULATIONS:
        here = [each for each in catalogue.values() if each.population == population]
        if not here:
            continue
        parts += [
            f"## Of {labels.POPULATIONS[population].en}",
            "",
            "| Measure | Label | Unit | Family |",
            "|---|---|---|---|",
        ]
        parts += [
            f"| [`{each.name}`]({each.name}.md) | {each.label.en} | {each.unit.value} | {each.family} |"
            for each in here
        ]
        parts.append("")
    listed = [*sorted(catalogue), "glossary-nl"]
    return "\n".join([*parts, "```{toctree}", ":hidden:", "", *listed, "```", ""])


def glossary() -> str:
    """Return the Dutch words for measures, channels and units, from their labels."""
    parts = [
        "# Dutch glossary",
        "",
        "The words that Dutch reports use, printed from the labels in the code.",
        "",
        "## Measures",
        "",
        "| Name | English | Nederlands |",
        "|---|---|---|",
    ]
    parts += [f"| `{each.name}` | {each.label.en} | {each.label.nl} |" for each in CATALOGUE.values()]
    for title, named in (
        ("Channels", CHANNEL_LABELS),
        ("Units", {unit.value: label for unit, label in UNITS.items()}),
        ("Words in a report", WORDS),
    ):
        parts += ["", f"## {title}", "", "| Name | English | Nederlands |", "|---|---|---|"]
        parts += [f"| `{name}` | {label.en} | {label.nl} |" for name, label in named.items()]
    return "\n".join([*parts, ""])
