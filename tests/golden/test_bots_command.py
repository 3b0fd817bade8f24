"""The command about bots, as a person and as a machine read it."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from peil.cli import commands

SETTINGS = """
name: centre
organisation: centre
zone: Europe/Amsterdam
sources:
  - {kind: simulated, name: centre, organisation: centre, contacts: 2500, months: 6}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A loaded project of a simulated centre."""
    folder = tmp_path_factory.mktemp("bots")
    (folder / "peil.yaml").write_text(SETTINGS, encoding="utf-8")
    CliRunner().invoke(commands, ["--config", str(folder), "load"], catch_exceptions=False)
    return folder


def test_the_audit_is_told_in_dutch_with_every_definition_and_euros(project):
    told = CliRunner().invoke(
        commands, ["--config", str(project), "bots", "--price-cents", "99", "--lang", "nl"], catch_exceptions=False
    )
    assert told.exit_code == 0
    assert "In rekening gebracht: €" in told.output
    assert "Door de leverancier als opgelost geteld" in told.output
    assert "mediaan als niemand afhaakt" in told.output
    assert re.search(r"7 d, zelfde reden +\d+,\d%", told.output)


def test_the_audit_for_machines_holds_windows_intents_and_hours(project):
    told = CliRunner().invoke(
        commands, ["--config", str(project), "bots", "--price-cents", "99", "--json"], catch_exceptions=False
    )
    found = json.loads(told.output)
    audit = found["audit"]
    assert found["ok"]
    assert [each["days"] for each in audit["windows"]] == [1, 1, 3, 3, 7, 7]
    assert sum(each["claims"] for each in audit["intents"]) == audit["claims"]
    bill = audit["overbilled"]
    assert bill["billed_cents"] == 99 * audit["claims"]
    assert bill["low_cents"] < bill["value_cents"] < bill["high_cents"]
    # everybody is known in this centre, so nothing is left to bound
    assert (bill["least_cents"], bill["most_cents"]) == pytest.approx((bill["low_cents"], bill["high_cents"]))
    assert {each["measure"] for each in audit["containment"]} >= {"containment", "containment_vendor"}
    assert {each["channel"] for each in found["reach"]["channels"]} >= {None, "call", "chat", "bot"}
    assert all(0 <= each["hour"] <= 23 for each in found["reach"]["hours"])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--price-cents", "-1"], "is not in the range"),
        (["--days", "5"], "is not one of"),
        (["--promised", "1"], "is not in the range"),
        (["--within", "0"], "is not in the range"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(project, asked, says):
    told = CliRunner().invoke(commands, ["--config", str(project), "bots", *asked])
    assert told.exit_code == 2
    assert says in told.output
