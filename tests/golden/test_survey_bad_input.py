"""What goes wrong in surveys, each from a file to what the command line says: an error, or rows kept aside, never a number."""

from __future__ import annotations

import json
import os

import pytest

ENV = {**os.environ, "COLUMNS": "200"}
PROJECT = """\
name: voice
organisation: Acme
zone: UTC
sources:
{sources}
report: {{minimum_n: 3}}
{more}
"""
SOURCE = """\
  - kind: survey
    name: r{wave}
    survey: voice
    wave: "{wave}"
    files: [r{wave}.csv]
    respondent: {{response_id: id, answered_at: at{respondent}}}
    questions:
      - {{name: recommend, asked_as: q, construct: nps, text: {{en: "{text}"}}}}
      - {{name: how, asked_as: h, codes: {{"1": Phone, "2": Chat}}}}
"""
TEXT = "Would you recommend us?"
MARGINS = "surveys:\n  - name: voice\n    weights: {{margins: {margins}}}"
HEAD = "id,at,q,h,w,st,pop,age"


def row(number, *, q=9, how=1, weight="1.5", stratum="a", population=500, age="old"):
    return f"{number},2024-03-{number % 27 + 1:02d} 10:00,{q},{how},{weight},{stratum},{population},{age}"


@pytest.fixture
def asked(tmp_path, peil_command):
    """Write a project of some rounds, and return what asks it."""

    def write(rounds, *, respondent="", more="", texts=None):
        sources = ""
        for wave, rows in rounds.items():
            (tmp_path / f"r{wave}.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
            sources += SOURCE.format(wave=wave, respondent=respondent, text=(texts or {}).get(wave, TEXT))
        text = PROJECT.format(sources=sources, more=more)
        (tmp_path / "peil.yaml").write_text(text, encoding="utf-8")

        def ask(*args):
            return peil_command(args, cwd=tmp_path, env=ENV)

        return ask

    return write


def many(n=40, **told):
    return [row(number, q=number % 11, **told) for number in range(1, n + 1)]


def test_rows_that_cannot_count_are_kept_aside_by_name_and_the_others_are_all_that_counts(asked):
    weights = {1: "0", 2: "-1", 3: "", 4: "inf", 5: "nan", 6: "much"}
    rows = [row(number, weight=weight) for number, weight in weights.items()]
    rows += [row(7, q=11), row(8, how=3), row(9, q=3), row(9, q=10), row(10, q=9), row(11, q=0), row(12, q=10)]
    ask = asked({"1": rows}, respondent=", weight: w")
    loaded = ask("load")
    assert loaded.returncode == 0, loaded.stderr
    assert "see the rows kept aside" in loaded.stdout
    aside = json.loads(ask("rejected", "--json").stdout)["rejected"]
    assert {(each["line"], each["rule"]) for each in aside} == {
        (2, "weight_not_above_zero"), (3, "weight_not_above_zero"), (4, "weight_missing"), (5, "weight_not_a_number"),
        (6, "weight_not_a_number"), (7, "weight_not_a_number"), (8, "off_the_scale"),
        (9, "answer_not_on_the_code_list"), (11, "response_delivered_twice"),
    }  # fmt: skip
    shown = ask("rejected").stdout
    assert "off_the_scale" in shown
    assert "11000" not in shown  # as the export has it, not as it is stored
    found = json.loads(ask("estimate", "nps", "--json").stdout)["estimates"][0]
    # 8: 9 (its other answer is kept aside alone), 9: 3 (the first counts), 10: 9, 11: 0, 12: 10
    assert (found["n"], round(found["value"], 6)) == (5, 20.0)


@pytest.mark.parametrize(
    ("respondent", "rows", "says", "do"),
    [
        (
            ", stratum: st",
            [*many(), row(41, stratum="b")],
            "stratum 'voice 1 b' has a single cluster",
            "singleton: average",
        ),
        (", stratum: st, population: pop", many(population=30), "has more clusters than its population", "population"),
    ],
    ids=["stratum of one", "population smaller than the sample"],
)
def test_a_design_that_cannot_be_is_an_error_for_a_number_and_is_told_in_the_report(
    asked, tmp_path, respondent, rows, says, do
):
    ask = asked({"1": rows}, respondent=respondent)
    assert ask("load").returncode == 0
    done = ask("estimate", "nps")
    assert done.returncode == 1
    assert says in done.stderr
    assert do in done.stderr
    told = json.loads(ask("survey", "--json").stdout)["surveys"][0]["facts"]
    assert any(says in each for each in told)
    assert ask("report").returncode == 0
    page = (tmp_path / "report.en.html").read_text(encoding="utf-8")
    assert says.replace("'", "&#39;") in page


def test_a_stratum_of_one_counts_under_a_rule_that_is_named(asked):
    ask = asked(
        {"1": [*many(), row(41, stratum="b")]},
        respondent=", stratum: st",
        more="surveys:\n  - {name: voice, singleton: average}",
    )
    assert ask("load").returncode == 0
    assert json.loads(ask("estimate", "nps", "--json").stdout)["estimates"][0]["n"] == 41


@pytest.mark.parametrize(
    ("old", "first", "says"),
    [
        ("{old: 0.5, young: 0.5}", "{1 a: 0.9, 1 b: 0.1}", "the targets cannot be met together"),
        ("{old: 0.5, young: 0.6}", "{1 a: 0.5, 1 b: 0.5}", "add up to 1.1"),
        ("{old: 1}", "{1 a: 0.5, 1 b: 0.5}", "'young' has respondents and no target"),
    ],
    ids=["together", "shares", "level"],
)
def test_targets_that_cannot_be_met_stop_the_load_before_any_number(asked, old, first, says):
    margins = f"[{{by: [extra.age], targets: {old}}}, {{by: [stratum], targets: {first}}}]"
    rows = [*many(6), *(row(each, stratum="b", age="young") for each in range(7, 13))]
    ask = asked({"1": rows}, respondent=", stratum: st", more=MARGINS.format(margins=margins))
    loaded = ask("load")
    assert loaded.returncode in {1, 2}
    assert says in loaded.stderr
    again = ask("estimate", "nps", "--json")
    assert again.returncode == loaded.returncode
    assert says in json.loads(again.stdout)["error"]["what"]


@pytest.mark.parametrize(
    ("margin", "says", "do"),
    [
        ("{by: [extra.aeg], targets: {old: 1}}", "'voice': no row has a field 'aeg'", "extra.age"),
        ("{by: [extra.age (now)], targets: {old: 1}}", "names no column", 'extra."tier +1"'),
        ("{by: [extra.age], total: 5}", "a total is of a number", "write 'targets' for levels"),
    ],
    ids=["misspelt", "unquoted", "words"],
)
def test_a_margin_of_a_field_that_cannot_be_is_told_by_what_is_wrong_with_it(asked, margin, says, do):
    loaded = asked({"1": many(6)}, more=MARGINS.format(margins=f"[{margin}]"))("load")
    assert loaded.returncode == 2
    assert says in loaded.stderr
    assert do in loaded.stderr


def test_rounds_with_another_wording_are_compared_with_a_flag_and_without_a_claim(asked, tmp_path):
    low = [row(number, q=0) for number in range(1, 41)]
    high = [row(number, q=10) for number in range(1, 41)]
    ask = asked({"1": low, "2": high}, texts={"2": "Would you tell a friend about us?"})
    assert ask("load").returncode == 0
    told = json.loads(ask("compare", "nps", "1", "2", "--by", "wave", "--json").stdout)
    assert told["low"] > 0
    assert told["verdict"] == "unclear"
    assert "No trend is claimed" in told["says"]["en"]
    table = json.loads(ask("survey", "--json").stdout)["surveys"][0]["tables"]["rounds"]
    assert [(each["verdict"], each["put_otherwise"]) for each in table] == [(None, "wording")]
    assert ask("report", "--lang", "nl").returncode == 0
    page = (tmp_path / "report.nl.html").read_text(encoding="utf-8")
    assert "geen trend te geven, formulering veranderd" in page
    assert "Anders gevraagd, dus niet verbonden" in page
    assert "hoger in 2" not in page
