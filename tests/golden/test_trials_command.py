"""Trying before buying on the command line, as a person and a machine meet it."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.cli.plotted import curve, intervals
from peil.config.trials import TrialConfig
from peil.errors import DefinitionError, EvidenceError
from peil.project import open_project
from peil.reports.asked import Asked
from peil.reports.trial_length import trial_topic

HEAD = ("product", "id", "ordered", "trial", "returned", "revenue", "cost", "decided_days", "kind")
PROJECT = """\
name: shop
organisation: shop
zone: UTC
measures:
  - name: within_a_year
    label: {en: Brought in afterwards, nl: Bracht daarna op}
    unit: euros
    better: higher
    population: orders
    where: trial_days is not null
    of: case when revenue_cents is null then 0 else revenue_cents end
    standard: ours
sources:
  - kind: table
    name: orders
    table: orders
    files: ["orders.csv"]
    columns:
      order_id: id
      customer_id: id
      ordered_at: ordered
      product: product
      trial_days: trial
      returned: returned
      revenue_cents: revenue
      cost_cents: cost
report:
  trials:
    - {where: product = 'good', daily_cost: 0.9}
"""


def visitors(name, n, *, seed, lengths=(7, 30), taken=(0.6, 0.6), ended=True):
    dice = np.random.default_rng(seed)
    for each in range(n):
        place = int(dice.integers(len(lengths)))
        days, took, finds = lengths[place], dice.random() < taken[place], int(np.ceil(dice.exponential(8)))
        kept = bool(took and finds <= days)
        cost = round(100 * (0.9 * days + (0 if kept else 15)))
        money = ("", "", "") if not took else (str(not kept).lower() if ended else "", 20_000 if kept else 0, cost)
        yield (
            name,
            f"{name}{each}",
            f"2021-05-01T10:{each % 60:02d}:00Z",
            days,
            *money,
            finds if kept else "",
            "ab"[each // 7 % 2],
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEAD)
        rows.writerows(visitors("good", 900, seed=1))
        rows.writerows(visitors("untaken", 200, seed=2, taken=(0.6, 0.0)))
        rows.writerows(visitors("silent", 200, seed=3, ended=False))
        rows.writerows(visitors("half", 100, seed=4, lengths=(7,), taken=(0.6,)))
        rows.writerows(
            ("half", f"h{each[1]}", *each[2:]) for each in visitors("half", 100, seed=5, lengths=(30,), ended=False)
        )
    (folder / "peil.yaml").write_text(PROJECT, encoding="utf-8")
    assert CliRunner().invoke(commands, ["--config", str(folder), "load"]).exit_code == 0
    return folder


def asked(shop, *arguments):
    return CliRunner().invoke(commands, ["--config", str(shop), "trials", *arguments])


def told(shop, *arguments):
    done = asked(shop, *arguments, "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["trials"]
    return found


def test_the_command_asks_what_the_project_asks_and_tells_people_and_machines_the_same(shop):
    found = told(shop)
    assert [each["days"] for each in found["arms"]] == [7, 30]
    assert sum(each["visitors"] for each in found["arms"]) == 900
    assert found["verdict"] == "yes"
    assert found["best_days"] == 30
    assert found["lead"]["low"] > 0
    assert 7 <= found["curve"]["low"] <= found["curve"]["best_days"] <= found["curve"]["high"] <= 30
    assert found["personal"] is None
    shown = asked(shop, "--lang", "nl")
    assert shown.exit_code == 0, shown.output
    assert "ja: Een proef van 30 dagen levert per bezoeker het meeste op" in shown.output
    assert sum("●" in line and "├" in line for line in shown.output.splitlines()) == 2
    assert "van 7 tot 30 dagen: " in shown.output


def test_what_is_given_goes_before_what_the_project_asks(shop):
    found = told(shop, "--segment", "extra.kind", "--later", "within_a_year", "--matters", "500")
    assert found["verdict"] == "no"
    assert set(found["personal"]["rule"]) == {"a", "b"}
    assert found["personal"]["gain"]["low"] <= 0
    assert found["arms"][0]["later"]["value"] == pytest.approx(found["arms"][0]["revenue"]["value"])
    chosen = asked(shop, "--chosen", "--later", "within_a_year")
    assert "everybody at 7 days: between" in chosen.output
    assert "afterwards" in chosen.output
    assert "Give the lengths by lot." in chosen.output


def test_a_length_without_customers_and_trials_that_have_not_ended_are_named_and_nothing_is_concluded(shop):
    untaken = told(shop, "--where", "product = 'untaken'")
    assert (untaken["verdict"], untaken["arms"][1]["returns"]) == ("unclear", None)
    assert "Nobody took a trial of 30 days." in [each["says"] for each in untaken["checks"] if not each["passed"]]
    assert "nobody took" in untaken["settles"]
    assert "–" in asked(shop, "--where", "product = 'untaken'").output
    half = told(shop, "--where", "product = 'half'")
    failed = [each["says"] for each in half["checks"] if not each["passed"]]
    assert half["verdict"] == "unclear"
    assert any("trials of 30 days do not tell whether they came back" in each for each in failed)


def test_the_report_has_a_chapter_with_a_figure_for_every_product_that_is_asked(shop):
    project = open_project(shop)
    wanted = [
        TrialConfig(where="product = 'good'", later="within_a_year"), TrialConfig(where="product = 'untaken'"),
    ]  # fmt: skip
    try:
        for language, title, after in (
            ("en", "Try before you buy", "afterwards"),
            ("nl", "Eerst proberen, dan kopen", "daarna"),
        ):
            asked_of = Asked(
                data=project.data, catalogue=project.measures, language=language, minimum_n=10, level=0.95
            )  # fmt: skip
            topic = trial_topic(asked_of, wanted)
            assert topic.title == title
            assert [each.key for each in topic.figures] == ["trials", "trials1"]
            assert all(each.svg.count("<svg") == 2 for each in topic.figures)
            assert after in topic.figures[0].table.head
            assert after not in topic.figures[1].table.head
            assert [each[0].verdict for each in topic.findings] == ["yes", "unclear"]
        assert trial_topic(asked_of, []) is None
        with pytest.raises(DefinitionError, match="no measure is named 'within'"):
            trial_topic(asked_of, [TrialConfig(where="product = 'good'", later="within")])
    finally:
        project.close()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("--where", "product = 'silent'"), EvidenceError, "no trial tells whether it came back"),
        (("--where", "trial_days = 7"), EvidenceError, "1 length of trial was offered"),
        (("--where", "product = 'nothing'"), EvidenceError, ""),
        (("--where", "produkt = 'good'"), DefinitionError, "produkt"),
        (("--decided", "extra.kind"), DefinitionError, "a day of the trial is a whole number"),
        (("--later", "within_a_yeer"), DefinitionError, "no measure is named 'within_a_yeer'"),
    ],
)
def test_what_cannot_be_answered_is_told_with_what_to_do(shop, arguments, error, says):
    done = asked(shop, *arguments)
    assert isinstance(done.exception, error), done.output
    assert says in done.exception.what
    assert done.exception.remedy


def test_figures_in_characters_stay_within_their_width():
    lines = intervals(["1", "10"], [(1.0, 1.0, 1.0), (1.0, 1.0, 1.0)], width=10)
    assert lines == [" 1 ●", "10 ●"]
    assert curve([2.0] * 300) == "▁" * 48
    assert curve([0.0, 1.0]) == "▁█"
