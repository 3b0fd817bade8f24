"""The command that looks into a survey's export and proposes how to read it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from peil.cli.output import as_json_option, tell

KINDS = ("survey", "qualtrics", "limesurvey", "surveymonkey", "formbricks", "spss", "triple_s")


@click.command()
@click.argument("export", type=click.Path(dir_okay=False))
@click.option("--kind", type=click.Choice(KINDS), help="The system it comes from; found out if left out.")
@click.option(
    "--beside",
    type=click.Path(dir_okay=False),
    help="The file that tells what was asked: LimeSurvey's structure, SurveyMonkey's details, Formbricks' definition.",
)
@as_json_option
def propose(export: str, kind: str | None, beside: str | None, as_json: bool) -> None:
    """List the questions in a survey's export and propose a peil.yaml that reads it; guesses are marked."""
    from peil.sources.proposal import proposed
    from peil.sources.proposal_text import configuration

    told = Path(beside) if beside else None
    found = proposed(Path(export), kind=kind or "", beside=told)
    text = configuration(found, Path(export), told)
    tell({**asdict(found), "configuration": text}, as_json=as_json, text=text.rstrip("\n"))


COMMANDS = (propose,)
