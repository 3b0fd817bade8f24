"""The command that tells who is calling; what is asked is never an argument, so that no shell remembers it."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from peil.cli.output import as_json_option, tell

# What a person at a desk is asked for, in this order; --stdin takes more.
_ASKED = (
    ("phone", "phone number"),
    ("mail", "mail address"),
    ("name", "name"),
    ("birth_date", "birth date"),
    ("postcode", "postcode"),
    ("house_number", "house number"),
)


@click.command()
@click.option(
    "--stdin", "piped", is_flag=True, help="Read JSON objects from standard input, one a line; otherwise you are asked."
)
@click.option("--organisation", help="Whose customers; needed where the project has several with customer records.")
@click.option(
    "--sure",
    type=click.FloatRange(0.5, 0.9999),
    default=0.9,
    show_default=True,
    help="From which probability it is said.",
)
@click.option("--known", type=click.FloatRange(0.01, 0.99), help="Share of callers who are in the records.")
@as_json_option
@click.pass_obj
def who(
    path: str | None, piped: bool, organisation: str | None, sure: float, known: float | None, as_json: bool
) -> None:
    """Tell who an incoming contact is of, how sure that is, or that it is not sure.

    Give what is told on standard input or when asked, never as an argument: those stay in the shell's history.
    """
    from peil.project import open_project

    project = open_project(path)
    try:
        reception = _reception(project, organisation, known)
        for said in _piped() if piped else [_prompted()]:
            answer = reception.ask(said, sure=sure)
            tell(answer.plain(), as_json=as_json, text=_in_words(answer))
    finally:
        project.close()


def _reception(project: Any, organisation: str | None, known: float | None) -> Any:  # noqa: ANN401  # imported late
    from peil.errors import DefinitionError, EvidenceError, neighbours
    from peil.persons.reception import Reception
    from peil.sources.load import organisation_key, secret

    # records that were loaded since are linked first
    _ = project.data
    having = sorted(name for name, tally in project.desk.tallies().items() if tally.records)
    if not having:
        raise EvidenceError("no customer records were linked yet", remedy="load a 'customers' table first")
    if organisation is None and len(having) > 1:
        raise DefinitionError(
            f"{len(having)} organisations have customer records", remedy=f"name one: --organisation '{having[0]}'"
        )
    chosen = organisation or having[0]
    if chosen not in having:
        raise DefinitionError(f"'{chosen}' has no customer records", remedy=neighbours(chosen, having))
    settings = project.settings
    key = secret(settings.name, project.root / settings.key_file if settings.key_file else None)
    return Reception.open(
        project.store.folder, chosen, organisation_key(key, chosen), region=settings.country, known=known
    )


def _piped() -> list[dict[str, Any]]:
    from peil.errors import SourceError

    found = []
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            try:
                told = json.loads(line)
            except ValueError:
                told = None
            if not isinstance(told, dict):
                # the line itself is not shown: it is about somebody
                raise SourceError(
                    f"standard input:{number}: no JSON object",
                    remedy='write each contact as {"phone": "…"} on one line',
                )
            found.append(told)
    return found


def _prompted() -> dict[str, str]:
    click.echo("press enter for what is not known", err=True)
    told = {name: click.prompt(asked, default="", show_default=False, err=True) for name, asked in _ASKED}
    return {name: value for name, value in told.items() if value}


def _in_words(answer: Any) -> str:  # noqa: ANN401  # peil.persons.lookup.Answer, imported late
    agreed = f"; agrees: {', '.join(answer.agreed)}" if answer.agreed else ""
    if answer.says == "known":
        return f"known: person {answer.person}, {answer.probability:.1%}{agreed}"
    if answer.says == "nobody":
        return f"nobody we know, {answer.probability:.1%}"
    told = "; ".join(f"person {person}, {chance:.1%}" for person, chance in answer.best)
    return f"not sure: {told + '; ' if told else ''}nobody we know, {answer.nobody:.1%}{agreed}"


COMMANDS = (who,)
