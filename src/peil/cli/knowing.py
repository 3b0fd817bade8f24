"""Commands about persons: how many there are, why two records are one, and what is decided by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from peil.cli.output import as_json_option, table, tell


@click.command()
@click.option("--pair", nargs=2, metavar="RECORD RECORD", help="Explain two records, each as SOURCE:CUSTOMER_ID.")
@click.option("--never-link", nargs=2, metavar="RECORD RECORD", help="Keep two records apart from now on.")
@click.option("--split", metavar="RECORD", help="Keep a record apart from every other from now on.")
@click.option("--undo", multiple=True, metavar="RECORD", help="Take back what was decided about exactly these records.")
@click.option("--why", default="", help="Why it is decided; kept with the decision.")
@click.option("--relink", is_flag=True, help="Learn and compare everything anew.")
@as_json_option
@click.pass_obj
def persons(
    path: str | None,
    pair: tuple[str, str] | None,
    never_link: tuple[str, str] | None,
    split: str | None,
    undo: tuple[str, ...],
    why: str,
    relink: bool,
    as_json: bool,
) -> None:
    """Tell how many persons there are and what is not sure; explain or correct who is taken for whom."""
    from peil.project import open_project

    project = open_project(path)
    try:
        if relink:
            project.desk.forget()
        if never_link:
            project.desk.never_link(*never_link, why=why)
        if split:
            project.desk.split(split, why=why)
        undone = project.desk.undo(*undo) if undo else 0
        data = project.data
        if pair:
            _explained(project.desk.explain(*pair), as_json=as_json)
            return
        sql = (
            "select organisation, count(*) as n_contacts, count(person_key) as n_known, "
            "count(coalesce(customer_id, mail, phone)) as n_with_handle, count(distinct person_key) as n_persons "
            "from contacts where not ignored group by organisation order by organisation"
        )
        contacts = data.engine.rows(sql).to_pylist()
        _counted(
            contacts, {name: asdict(each) for name, each in project.desk.tallies().items()}, undone, as_json=as_json
        )
    finally:
        project.close()


def _counted(contacts: list[dict[str, Any]], tallies: dict[str, dict[str, Any]], undone: int, *, as_json: bool) -> None:
    rows = []
    for each in contacts:
        without = each["n_contacts"] - each["n_with_handle"]
        rows.append(
            {
                "organisation": each["organisation"],
                "contacts": each["n_contacts"],
                "of_a_known_person": each["n_known"],
                "without_any_handle": without,
                "with_a_shared_handle_only": each["n_contacts"] - each["n_known"] - without,
                "persons_in_contact": each["n_persons"],
            }
        )
    if as_json:
        tell({"contacts": rows, "registers": tallies, "undone": undone}, as_json=True)
        return
    if undone:
        click.echo(f"decisions taken back: {undone}\n")
    heads = [each.replace("_", " ") for each in rows[0]] if rows else []
    table(
        heads,
        [[f"{value:,}" if isinstance(value, int) else value for value in each.values()] for each in rows],
        right=range(1, 6),
        title="Contacts",
    )
    for name, each in tallies.items():
        click.echo("")
        shared = ", ".join(f"{n} by {line}" for line, n in each["shared"].items() if n) or "none"
        told = [
            ("customer records", f"{each['records']:,}"),
            ("persons", f"{each['persons']:,}"),
            ("records of a person with several", f"{each['joined']:,}"),
            ("pairs that are not sure", f"{each['unsure']:,}"),
            ("pairs kept apart within a household", f"{each['kept_apart']:,}"),
            ("shared lines set aside", shared),
            ("rules left out, as they look at too many pairs", "; ".join(each["left_out"]) or "none"),
        ]
        table([name, ""], [list(row) for row in told], right=[1])


def _explained(found: Any, *, as_json: bool) -> None:  # noqa: ANN401  # peil.persons.desk.Explanation, imported late
    judgement = found.judgement
    if as_json:
        tell(
            {
                "together": found.together,
                "probability": judgement.probability,
                "weight_bits": judgement.weight,
                "threshold": found.threshold,
                "veto": judgement.veto,
                "override": found.override,
                "fields": [{"field": name, "agreement": label, "bits": bits} for name, label, bits in judgement.parts],
            },
            as_json=True,
        )
        return
    prior = judgement.weight - sum(bits for _, _, bits in judgement.parts)
    rows = [["before anything is compared", "", f"{prior:+.1f}"]]
    rows += [[name, label, f"{bits:+.1f}"] for name, label, bits in judgement.parts]
    rows.append(["together", "", f"{judgement.weight:+.1f}"])
    table(["field", "agreement", "bits"], rows, right=[2])
    click.echo(f"\nprobability {judgement.probability:.4f}; records are joined from {found.threshold:.4f}")
    if judgement.veto:
        click.echo(f"kept apart: {judgement.veto}")
    if found.override:
        click.echo(f"decided by hand: {found.override}")
    click.echo("they are one person" if found.together else "they are two persons")


COMMANDS = (persons,)
