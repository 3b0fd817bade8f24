"""A wide survey file becomes answers, invitations and questions; what cannot be counted is kept aside by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from peil.config import ConfigurationError, read_text
from peil.dataset import build
from peil.engines.door import Limits
from peil.engines.duck import DuckEngine
from peil.engines.store import Store
from peil.errors import DefinitionError, SchemaError, SourceError
from peil.estimates.estimate import estimate
from peil.measures.catalogue import measure_named
from peil.sources.bridge import Asked, Bridge, Bridged, read_bridge
from peil.sources.load import Refused, load
from peil.sources.questionnaires import Answered, Question, Questionnaire, Respondent, delivered
from peil.sources.source import Fault
from peil.sources.survey_table import SurveyTable

NPS = Question(name="recommend", asked_as="NPS", construct="nps", text={"nl": "Zou u ons aanbevelen?"})
WHO = Respondent(response_id="id", answered_at="date")
BRIDGE = """\
questions:
  - name: overall
    construct: csat
    scale: [1, 5]
    missing: ["0", 6]
    text: {en: As a whole}
    waves:
      "2010": Q6N
      2016: {asked_as: Q7ALL, missing: [Blank], text: {en: All in all}, mode: web}
facts:
  - name: gender
    values: {"1": male, "2": female}
    waves: {"2010": Q18, "2016": Q20}
"""


@dataclass(frozen=True, kw_only=True)
class Took:
    """What one export left behind."""

    store: Store
    refused: tuple[Refused, ...]
    folder: Path | None

    def rows(self, table: str = "answers") -> list[dict[str, Any]]:
        assert self.refused == ()
        assert self.folder
        path = self.folder / f"{table}.parquet"
        return pq.read_table(path).to_pylist() if path.is_file() else []

    def aside(self) -> list[tuple[int, str, str]]:
        return [(row["line"], row["rule"], row["column"]) for row in self.rows("rejected")]

    def values(self, question: str = "recommend") -> dict[str, int | None]:
        return {row["response_id"]: row["value_milli"] for row in self.rows() if row["question"] == question}


def took(folder: Path, text: str, **settings: Any) -> Took:
    (folder / "answers.csv").write_text(text, encoding="utf-8")
    if "bridge" in settings and not (folder / "bridge.yaml").exists():
        (folder / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    told = {"respondent": WHO, "zone": "Europe/Amsterdam", **settings}
    if "bridge" not in told:
        told.setdefault("questions", (NPS,))
    source = SurveyTable(name="shop", organisation="Acme", files=("answers.csv",), **told)
    store = Store(folder / "store")
    made = load((source,), store, root=folder, limits=Limits(memory="400MB"), key=b"key")
    return Took(store=store, refused=made.refused, folder=made.new[0].folder if made.new else None)


def wide(*rows: str, header: str = "id,date,NPS,w,region") -> str:
    return "\n".join([header, *rows]) + "\n"


GOOD = ("1,2024-03-04 10:00,9,1.5,north", "2,2024-03-04 11:00,3,0.5,south")
WEIGHTED = Respondent(response_id="id", answered_at="date", weight="w")


def test_each_answer_each_respondent_and_each_question_is_told_once(tmp_path):
    found = took(tmp_path, wide(*GOOD))
    assert found.values() == {"1": 9000, "2": 3000}
    first = found.rows()[0]
    assert (first["survey"], first["audience"], first["construct"]) == ("shop", "customer", "nps")
    assert (first["scale_low"], first["scale_high"], first["answered_on"]) == (0, 10, date(2024, 3, 4))
    assert json.loads(first["extra"]) == {"region": "north", "w": "1.5"}
    assert [(row["invitation_id"], row["disposition"]) for row in found.rows("invitations")] == [
        ("1", "complete"),
        ("2", "complete"),
    ]
    [question] = found.rows("questions")
    assert (question["question"], question["asked_as"], question["text"], question["language"]) == (
        "recommend",
        "NPS",
        "Zou u ons aanbevelen?",
        "nl",
    )


def test_a_weight_is_kept_in_billionths_and_a_file_without_weights_is_unweighted(tmp_path):
    assert [row["weight_ppb"] for row in took(tmp_path, wide(*GOOD), respondent=WEIGHTED).rows()] == [
        1_500_000_000,
        500_000_000,
    ]
    assert [row["weight_ppb"] for row in took(tmp_path, wide(*GOOD)).rows()] == [None, None]


@pytest.mark.parametrize(
    ("weight", "rule"),
    [
        ("0", "weight_not_above_zero"),
        ("-1.2", "weight_not_above_zero"),
        ("", "weight_missing"),
        ("inf", "weight_not_a_number"),
        ("NaN", "weight_not_a_number"),
        ("heavy", "weight_not_a_number"),
        ("1e300", "weight_too_large"),
        ("0.0000000001", "weight_not_above_zero"),
    ],
)
def test_a_weight_that_is_none_keeps_the_respondent_aside_and_is_never_one(weight, rule, tmp_path):
    found = took(tmp_path, wide(*GOOD, f"3,2024-03-04 12:00,10,{weight},north"), respondent=WEIGHTED)
    assert found.aside() == [(4, rule, "w")]
    assert found.values() == {"1": 9000, "2": 3000}
    assert len(found.rows("invitations")) == 3


def test_a_file_in_which_no_weight_can_be_used_is_refused(tmp_path):
    found = took(tmp_path, wide("1,2024-03-04,9,0,north", "2,2024-03-04,9,0,north"), respondent=WEIGHTED)
    assert "weight_not_above_zero (2)" in found.refused[0].says


def test_an_answer_off_the_scale_is_kept_aside_unless_it_is_declared_missing(tmp_path):
    text = wide(*GOOD, "3,2024-03-04 12:00,11,1,north")
    found = took(tmp_path, text)
    assert found.aside() == [(4, "off_the_scale", "value_milli")]
    declared = Question(name="recommend", asked_as="NPS", construct="nps", missing=("11",))
    found = took(tmp_path, text, questions=(declared,))
    assert found.aside() == []
    assert found.values() == {"1": 9000, "2": 3000}


def test_an_answer_outside_the_code_list_is_kept_aside_and_a_label_is_as_good_as_its_code(tmp_path):
    how = Question(name="how", asked_as="region", codes={"1": "North", "2": "South"})
    text = wide("1,2024-03-04,9,1,1", "2,2024-03-04,9,1,south", "3,2024-03-04,9,1,7", "4,2024-03-04,9,1,")
    found = took(tmp_path, text, questions=(how,))
    assert found.values("how") == {"1": 1000, "2": 2000}
    assert found.aside() == [(4, "answer_not_on_the_code_list", "region")]


def test_a_word_on_a_scale_is_no_answer_and_no_zero(tmp_path):
    found = took(tmp_path, wide(*GOOD, "3,2024-03-04 12:00,nine,1,north"))
    assert found.aside() == [(4, "answer_not_a_number", "NPS")]


def test_codes_that_stand_for_other_values_are_read_as_those(tmp_path):
    """Qualtrics numbers the eleven choices of a recommendation question from 1: a 1 is a zero."""
    shifted = Question(
        name="recommend", asked_as="NPS", construct="nps", values={str(n + 1): str(n) for n in range(11)}
    )
    found = took(tmp_path, wide("1,2024-03-04,1,1,a", "2,2024-03-04,11,1,a"), questions=(shifted,))
    assert found.values() == {"1": 0, "2": 10_000}


def test_codes_from_1_to_11_that_nobody_translated_are_no_net_promoter_score(tmp_path):
    listed = Question(name="recommend", asked_as="NPS", construct="nps", codes={str(n): str(n) for n in range(1, 12)})
    found = took(tmp_path, wide("1,2024-03-04,1,1,a", "2,2024-03-04,11,1,a"), questions=(listed,))
    assert "nps_needs_0_to_10" in found.refused[0].says


def test_two_responses_with_one_id_leave_one_and_the_other_is_told(tmp_path):
    found = took(tmp_path, wide(*GOOD, "1,2024-03-05 10:00,0,1,south"))
    assert found.values() == {"1": 9000, "2": 3000}
    assert found.aside() == [(4, "response_delivered_twice", "response_id")]
    assert len(took(tmp_path, wide(*GOOD, GOOD[0])).rows()) == 2


def test_a_list_of_codes_becomes_a_question_for_each_code(tmp_path):
    used = Question(name="used", asked_as="region", sort="multiple", codes={"1": "Phone", "2": "Chat", "3": "Mail"})
    text = wide('1,2024-03-04,9,1,"1,3"', "2,2024-03-04,9,1,", '3,2024-03-04,9,1,"1,9"')
    found = took(tmp_path, text, questions=(used,))
    assert {(row["response_id"], row["question"]): row["value_milli"] for row in found.rows()} == {
        ("1", "used[1]"): 1000,
        ("1", "used[2]"): 0,
        ("1", "used[3]"): 1000,
    }
    assert found.aside() == [(4, "answer_not_on_the_code_list", "region")]
    assert {row["question"] for row in found.rows("questions")} == {"used[1]", "used[2]", "used[3]"}


def test_a_box_left_blank_says_no_only_where_another_of_the_question_is_ticked(tmp_path):
    boxes = tuple(Question(name=f"used[{each}]", asked_as=f"u{each}", sort="multiple") for each in "ab")
    text = wide("1,2024-03-04,1,", "2,2024-03-04,,", "3,2024-03-04,0,0", header="id,date,ua,ub")
    found = took(tmp_path, text, questions=boxes)
    assert found.values("used[a]") == {"1": 1000, "3": 0}
    assert found.values("used[b]") == {"1": 0, "3": 0}


def test_semicolons_decimal_commas_and_blanks_in_the_header_are_read(tmp_path):
    text = wide("1;4-3-2024;9 ;1,5;x", header=" id;date ;NPS; w;region")
    who = Respondent(response_id="id", answered_at="date", weight="w", decimal=",", parse=("%d-%m-%Y",))
    [row] = took(tmp_path, text, respondent=who).rows()
    assert (row["value_milli"], row["weight_ppb"], row["answered_on"]) == (9000, 1_500_000_000, date(2024, 3, 4))


def test_a_line_that_tells_a_spreadsheet_the_delimiter_is_no_header(tmp_path):
    found = took(
        tmp_path, "sep=;\n" + wide("1;2024-03-04;9;1;x", "2;2024-03-04;oops;1;x", header="id;date;NPS;w;region")
    )
    assert found.values() == {"1": 9000}
    assert found.aside() == [(4, "answer_not_a_number", "NPS")]


def test_words_that_name_their_number_are_that_number_on_a_scale_and_words_elsewhere(tmp_path):
    words = ("Not at all likely - 0", "10 = heel waarschijnlijk", "1 to 2", "Likely")
    rows = [f"{place},2024-03-04,{each},1,3 years" for place, each in enumerate(words)]
    found = took(tmp_path, wide(*rows), questions=(NPS, Question(name="region")))
    assert found.values() == {"0": 0, "1": 10_000}
    assert {row["value_text"] for row in found.rows() if row["question"] == "region"} == {"3 years"}
    assert [rule for _, rule, _ in found.aside()] == ["answer_not_a_number"] * 2


def test_codes_whose_labels_are_numbers_are_those_numbers_on_a_scale(tmp_path):
    asked = Question(name="recommend", asked_as="NPS", construct="nps", codes={f"AO{n:02}": str(n) for n in range(11)})
    assert took(tmp_path, wide("1,2024-03-04,AO09,1,x"), questions=(asked,)).values() == {"1": 9000}


def test_a_scale_is_never_read_from_a_question_with_several_answers(tmp_path):
    asked = Question(name="recommend", asked_as="NPS", construct="csat", sort="multiple", codes={"1": "a", "2": "b"})
    [refused] = took(tmp_path, wide("1,2024-03-04,1,1,x"), questions=(asked,)).refused
    assert "'recommend' takes several answers, and 'csat' is measured with one" in refused.says


def test_strata_of_two_waves_are_never_one_stratum(tmp_path):
    who = Respondent(response_id="id", answered_on=date(2024, 5, 15), stratum="region", cluster="w")
    rows = took(tmp_path, wide(*GOOD), respondent=who, wave="2024").rows()
    assert [row["stratum"] for row in rows] == ["2024 north", "2024 south"]
    assert {row["answered_on"] for row in rows} == {date(2024, 5, 15)}


def test_several_waves_in_one_file_have_their_questions_told_for_each(tmp_path):
    who = Respondent(response_id="id", answered_at="date", wave="w", stratum="region")
    found = took(tmp_path, wide(*GOOD), respondent=who)
    assert sorted(row["wave"] for row in found.rows("questions")) == ["0.5", "1.5"]
    assert [row["stratum"] for row in found.rows()] == ["1.5 north", "0.5 south"]


def test_codes_of_the_respondent_become_words_and_how_it_ended_is_told(tmp_path):
    who = Respondent(
        response_id="id",
        answered_at="date",
        mode="w",
        finished="region",
        values={"mode": {"1": "phone", "2": "web"}, "finished": {"geschafft": "yes"}},
    )
    found = took(tmp_path, wide("1,2024-03-04,9,1,geschafft", "2,2024-03-04,8,2,FALSE"), respondent=who)
    assert [row["mode"] for row in found.rows()] == ["phone", "web"]
    assert [row["disposition"] for row in found.rows("invitations")] == ["complete", "partial"]


def test_customers_leave_as_a_hash_and_personal_columns_do_not_leave_at_all(tmp_path):
    who = Respondent(response_id="id", answered_at="date", customer_id="account")
    text = wide("1,2024-03-04,9,C-77,j@example.nl,north", header="id,date,NPS,account,E-mail,region")
    [row] = took(tmp_path, text, respondent=who).rows()
    assert len(row["customer_id"]) == 32
    assert json.loads(row["extra"]) == {"region": "north"}


def test_only_the_columns_asked_for_are_kept(tmp_path):
    who = Respondent(response_id="id", answered_at="date", keep=("region",))
    assert json.loads(took(tmp_path, wide(*GOOD), respondent=who).rows()[0]["extra"]) == {"region": "north"}


def test_a_ragged_line_is_kept_aside_and_the_next_one_is_read(tmp_path):
    found = took(tmp_path, wide(GOOD[0], "2,2024-03-04", "3,2024-03-04,4,1,a,b,c", '4,2024-03-04,5,1,"a\nb"', GOOD[1]))
    assert found.aside() == [(3, "line.too_few_fields", ""), (4, "line.too_many_fields", "")]
    assert [row["_line"] for row in found.rows()] == [2, 5, 7]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        (wide(), "there is no usable row"),
        ("\n\n", "the first line is not a header"),
        (wide("1,2024-03-04,9,9,a", header="id,date,NPS,NPS,region"), "the header has 'NPS' twice"),
        (wide("1,2024-03-04,9,1,a", header="id,date,NPSS,w,region"), "question 'recommend' is in column 'NPS'"),
        (wide("1,2024-03-04,9,1,a", header="key,date,NPS,w,region"), "'response_id' is in column 'id'"),
    ],
)
def test_a_file_that_is_not_the_one_described_is_refused_whole(text, says, tmp_path):
    [refused] = took(tmp_path, text).refused
    assert says in refused.says
    assert refused.remedy


def test_a_misnamed_column_names_its_neighbours(tmp_path):
    [refused] = took(tmp_path, wide("1,2024-03-04,9,1,a", header="id,date,NPSS,w,region")).refused
    assert "did you mean 'NPSS'?" in refused.remedy


def test_a_bridge_gives_one_name_to_what_two_waves_call_differently(tmp_path):
    text = wide("1,2024-03-04,4,6,1", "2,2024-03-04,6,1,2", header="id,date,Q6N ,Q7ALL,Q18")
    found = took(tmp_path, text, bridge="bridge.yaml", wave="2010")
    assert found.values("overall") == {"1": 4000}
    assert json.loads(found.rows()[0]["extra"])["gender"] == "male"
    [question] = found.rows("questions")
    assert (question["wave"], question["text"], question["asked_as"]) == ("2010", "As a whole", "Q6N")


def test_a_wave_may_have_other_words_other_blanks_and_another_mode(tmp_path):
    text = wide("1,2024-03-04,5,1", "2,2024-03-04,Blank,2", header="id,date,Q7ALL,Q20")
    found = took(tmp_path, text, bridge="bridge.yaml", wave="2016")
    assert found.values("overall") == {"1": 5000}
    [row] = found.rows()
    assert (row["mode"], json.loads(row["extra"])["gender"]) == ("web", "male")
    assert found.rows("questions")[0]["text"] == "All in all"
    assert found.aside() == []


def test_a_header_that_drifted_without_a_bridge_entry_is_refused_by_name(tmp_path):
    text = wide("1,2024-03-04,5,1", header="id,date,Q7_ALL,Q20")
    [refused] = took(tmp_path, text, bridge="bridge.yaml", wave="2016").refused
    assert "question 'overall' of wave '2016' is in column 'Q7ALL', which the file does not have" in refused.says
    assert "did you mean 'Q7_ALL'?" in refused.remedy


@pytest.mark.parametrize(("wave", "says"), [("2018", "knows no wave '2018'"), (None, "does not say which wave")])
def test_a_wave_that_the_bridge_does_not_know_is_refused(wave, says, tmp_path):
    [refused] = took(tmp_path, wide(*GOOD), bridge="bridge.yaml", wave=wave).refused
    assert says in refused.says
    assert "20" in refused.remedy


def test_a_changed_bridge_loads_the_export_anew_and_an_unchanged_one_does_not(tmp_path):
    text = wide("1,2024-03-04,6,1", header="id,date,Q6N,Q18")
    (tmp_path / "bridge.yaml").write_text(BRIDGE.replace(", 6]", "]"), encoding="utf-8")
    assert "off_the_scale" in took(tmp_path, text, bridge="bridge.yaml", wave="2010").refused[0].says
    text = wide("1,2024-03-04,6,1", "2,2024-03-04,5,2", header="id,date,Q6N,Q18")
    assert took(tmp_path, text, bridge="bridge.yaml", wave="2010").aside() == [(2, "off_the_scale", "value_milli")]
    assert took(tmp_path, text, bridge="bridge.yaml", wave="2010").folder is None
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    assert took(tmp_path, text, bridge="bridge.yaml", wave="2010").aside() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("questions:\n  - name: a\n    wafes: {}\n", r"bridge.yaml:3:5: questions.0.wafes: there is no such setting; did you"),
        ("questions:\n  - name: a\n", r"bridge.yaml:2:5: questions.0.waves: is needed here"),
        ("questions:\n  - name: a\n    scale: [0]\n    waves: {}\n", r"bridge.yaml:3:5: questions.0.scale"),
        ("questions:\n  - {name: a, waves: {x: Q}}\n  - {name: a, waves: {x: P}}\n", r"bridge.yaml:3:5: two questions are called 'a'"),
        ("questions:\n  - {name: a, waves: {x: Q}}\n  - {name: b, waves: {x: Q}}\n", r"bridge.yaml:3:5: 'b' and 'a' are both column 'Q'"),
        ("- a\n", r"bridge.yaml:1:1: a bridge is a list of 'questions'"),
    ],
)  # fmt: skip
def test_a_fault_in_a_bridge_is_told_by_its_line(text, says, tmp_path):
    path = tmp_path / "bridge.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=says):
        read_bridge(path)


def test_a_bridge_that_is_no_yaml_is_told_by_its_line(tmp_path):
    path = tmp_path / "bridge.yaml"
    path.write_text("questions:\n  - name: [a\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"bridge.yaml:3:1: "):
        read_bridge(path)


def test_what_a_wave_says_of_a_question_goes_before_what_the_bridge_says():
    asked = Bridged(name="q", scale=(1, 5), waves={"a": "Q1", "b": Asked(asked_as="Q2", scale=(1, 7), reversed=True)})
    bridge = Bridge(questions=(asked,))
    [before], [after] = bridge.wave("a", source="s").questions, bridge.wave("b", source="s").questions
    assert (before.column, before.scale, before.reversed) == ("Q1", (1, 5), False)
    assert (after.column, after.scale, after.reversed) == ("Q2", (1, 7), True)


def test_a_source_that_says_nothing_of_questions_or_of_dates_is_refused_at_once():
    with pytest.raises(DefinitionError, match="nothing says which columns are questions"):
        SurveyTable(name="s", files=("a.csv",), respondent=WHO)
    with pytest.raises(DefinitionError, match="nothing says when it was answered"):
        SurveyTable(name="s", files=("a.csv",), respondent=Respondent(), questions=(NPS,))


def test_the_configuration_takes_numbers_for_codes_and_names_a_misspelt_setting():
    text = """\
name: shop
organisation: Acme
sources:
  - kind: survey
    name: s
    files: [a.csv]
    wave: 2017
    respondent: {response_id: id, answered_on: 2017-05-15}
    questions:
      - {name: recommend, asked_as: NETPRO, construct: nps, scale: [0, 10], missing: [11]}
"""
    [source] = read_text(text).sources
    assert isinstance(source, SurveyTable)
    assert (source.wave, source.questions[0].missing) == ("2017", ("11",))
    assert source.respondent.answered_on == date(2017, 5, 15)
    with pytest.raises(
        ConfigurationError, match=r"peil.yaml:10:.*konstruct: there is no such setting; did you mean 'construct'"
    ):
        read_text(text.replace("construct:", "konstruct:"))


def test_faults_found_on_the_way_pass_through_and_a_respondent_without_an_id_is_numbered():
    rows = [Fault(line=2, rule="line.too_long"), Answered(line=3, values={"NPS": "9"})]
    found = list(delivered(Questionnaire(survey="s", questions=(NPS,)), Respondent(), rows))
    assert found[0] == rows[0]
    assert [each.values["response_id"] for each in found if not isinstance(each, Fault) and each.schema.name == "answers"] == ["row 1"]  # fmt: skip


def test_nothing_countable_at_all_is_an_error_and_not_an_empty_survey():
    rows = [Answered(line=2, values={"id": "1", "NPS": "many"})]
    with pytest.raises(SchemaError, match=r"not one answer can be counted: answer_not_a_number \(1\)"):
        list(delivered(Questionnaire(survey="s", questions=(NPS,)), WHO, rows))


def test_a_figure_is_given_by_a_fact_with_the_weights_of_the_file(tmp_path):
    """9 and 3 with weights 1.5 and 0.5: (1.5 - 0.5) / 2 is a net promoter score of 50."""
    found = took(tmp_path, wide(*GOOD), respondent=WEIGHTED)
    engine = DuckEngine(Limits(memory="400MB"))
    data = build(found.store, engine)
    [whole] = estimate(measure_named("nps"), data)
    assert whole.only().value == pytest.approx(50, abs=1e-9)
    [parts] = estimate(measure_named("nps"), data, by=["extra.region"])
    assert {each.group[0][1]: each.value for each in parts} == {"north": 100, "south": -100}
    engine.close()
