"""Published figures: those of the articles raise what is wrong with them and nothing else; clean figures raise nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peil.errors import SourceError
from peil.evidence.checks import ISSUE_LABELS, check_figures
from peil.evidence.figure import Figure, Sample
from peil.evidence.reading import articles, read, read_text
from peil.evidence.table import figure_table, issue_table
from peil.terms import Label

ARTICLE_A = {
    "two_bases_in_one_claim": [("digital_fails_half", "digital_fails_not_understood", "digital_fails_technology")],
    "share_called_score": [("promoters_believed",)],
    "recall_called_wave": [("satisfied_before_pandemic",)],
    "no_sample": [("home_lacks_tools",)],
    "perceived_as_fact": [("home_less_productive",)],
    "self_report_on_both_sides": [("strategy_with_growth", "strategy_2021", "grown_2021")],
    "implausible_jump": [
        ("board_owner_2020", "board_owner_2021"),
        ("strategy_2020", "strategy_2021"),
        ("very_satisfied_2020", "very_satisfied_2021"),
    ],
    "missing_n_or_base": [("digital_fails_half",), ("digital_fails_not_understood",)],
}
CUSTOMERS = Sample(
    id="customers", audience="customer", n=900, editions=("2020", "2021"), frame="customer file", composition="one country"
)  # fmt: skip
SOUND = Figure(
    id="solved_2021", claim="solved", about=Label("solved", "opgelost"), audience="customer", kind="wave", sort="share",
    value=62, question="was it solved?", base="customers who called", edition="2021", sample=CUSTOMERS, source="own",
)  # fmt: skip
EARLIER = replace(SOUND, id="solved_2020", edition="2020", value=58)


def raised(*figures: Figure) -> list[str]:
    return [each.name for each in check_figures(figures)]


def test_the_figures_of_article_a_and_its_press_raise_exactly_what_is_wrong_with_them():
    told: dict[str, list[tuple[str, ...]]] = {}
    for each in check_figures(each for each in articles() if each.source in {"article_a", "press"}):
        told.setdefault(each.name, []).append(each.figures)
    assert told == ARTICLE_A


def test_the_figures_of_article_b_lack_their_number_of_answers_and_nothing_else():
    found = check_figures(each for each in articles() if each.source == "article_b")
    assert {each.name for each in found} == {"missing_n_or_base"}
    assert len(found) == 4


def test_a_jump_is_no_chance_and_no_trend_either():
    """Board ownership from 35 to 75 %: z of about 20 where 1,020 answers are assumed for the earlier edition."""
    (board, strategy, satisfied) = [each for each in check_figures(articles()) if each.name == "implausible_jump"]
    assert "z 19.6, the number of answers partly assumed" in board.says.en
    assert "z 19,6, het aantal antwoorden deels aangenomen" in board.says.nl
    assert "wording, frame, composition" in board.says.en
    assert {each.verdict.en for each in (board, strategy, satisfied)} == {"artefact not excluded"}


def test_a_clean_set_raises_nothing():
    other = replace(SOUND, id="nps_2021", claim="nps", sort="points", called="NPS", value=12, question="recommend?")
    forecast = replace(SOUND, id="solved_2022", edition="2022", kind="forecast", value=90)
    recall = replace(SOUND, id="solved_then", claim="solved_then", kind="recall")
    assert raised(SOUND, EARLIER, other, forecast, recall) == []


@pytest.mark.parametrize(
    ("figures", "name"),
    [
        ([SOUND, replace(SOUND, id="b", base="everybody")], "two_bases_in_one_claim"),
        ([SOUND, replace(SOUND, id="b", question="solved at once?")], "two_bases_in_one_claim"),
        ([SOUND, replace(SOUND, id="b", value=70)], "two_bases_in_one_claim"),
        ([replace(SOUND, value=50, bound="above"), replace(SOUND, id="b", value=44)], "two_bases_in_one_claim"),
        ([replace(SOUND, value=50, bound="below"), replace(SOUND, id="b", value=52)], "two_bases_in_one_claim"),
        ([replace(SOUND, called="NPS")], "share_called_score"),
        ([replace(SOUND, kind="recall", told_as="wave")], "recall_called_wave"),
        ([replace(SOUND, edition="2019")], "recall_called_wave"),
        ([replace(SOUND, sample=None, n=900)], "no_sample"),
        ([replace(SOUND, audience="staff")], "no_sample"),
        ([replace(SOUND, kind="perceived", told_as="measured")], "perceived_as_fact"),
        ([replace(SOUND, kind="forecast", told_as="measured")], "forecast_as_fact"),
        ([replace(SOUND, base="")], "missing_n_or_base"),
        ([replace(SOUND, sample=replace(CUSTOMERS, n=None))], "missing_n_or_base"),
        ([replace(EARLIER, question="", value=20), SOUND], "implausible_jump"),
        ([replace(EARLIER, value=20, sample=replace(CUSTOMERS, frame="panel")), SOUND], "implausible_jump"),
    ],
)
def test_each_flaw_is_raised_alone(figures, name):
    assert raised(*figures) == [name]
    assert ISSUE_LABELS[name].en != ISSUE_LABELS[name].nl


@pytest.mark.parametrize(
    "figures",
    [
        [replace(SOUND, value=50, bound="above"), replace(SOUND, id="b", value=52)],
        [replace(SOUND, value=60, bound="about"), replace(SOUND, id="b", value=62)],
        [SOUND, replace(SOUND, id="b", value=62.4)],
        [replace(EARLIER, value=20), SOUND],  # asked alike, of the same list: a change is a change
        [replace(EARLIER, question="", value=44, n=8), replace(SOUND, n=8)],  # chance is thought of first
    ],
)
def test_what_agrees_or_may_be_chance_is_left_alone(figures):
    assert raised(*figures) == []


def test_an_association_of_two_samples_is_no_self_report_on_both_sides():
    firms = Sample(id="firms", audience="organisation", n=50, editions=("2021",))
    books = Sample(id="books", audience="organisation", n=50, editions=("2021",))
    one = replace(SOUND, id="one", claim="one", audience="organisation", sample=firms, self_report=True)
    two = replace(one, id="two", claim="two", sample=books)
    joined = replace(one, id="both", claim="both", sort="association", value=None, relates=("one", "two"))
    assert raised(one, two, joined) == []
    assert raised(one, replace(two, sample=firms), joined) == ["self_report_on_both_sides"]
    assert raised(one, replace(two, sample=firms, self_report=False), joined) == []


def test_tables_have_every_cell_in_both_languages():
    figures = articles()
    for table in (issue_table(check_figures(figures)), figure_table(figures)):
        assert all(len(row) == len(table.head) for row in table.rows)
        assert all(bool(cell.en) == bool(cell.nl) for row in table.rows for cell in (*table.head, *row))
    numbers = {row[0].en: row[5] for row in figure_table(figures).rows}
    assert numbers["board_owner_2020"] == Label("1,020 (assumed)", "1.020 (aangenomen)")
    assert numbers["phone_nps_2014"] == Label("not told", "niet vermeld")
    values = {row[0].en: row[2] for row in figure_table(figures).rows}
    assert values["differentiator_2021"] == Label("90.9%", "90,9%")
    assert values["digital_fails_half"] == Label("more than 50%", "meer dan 50%")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("figures: [", r"f.yaml:1:\d+: "),
        ("figures: 3\n", r"f.yaml:1:1: there is no list of figures"),
        ("- a\n", r"f.yaml:1:1: there is no list of figures"),
        ("figures:\n- a\n", r"f.yaml:2:3: figures: an entry is a list of settings"),
        ("figures: []\nsample: []\n", r"f.yaml:2:1: sample: there is no such setting; did you mean 'samples'\?"),
        ("figures: []\nsamples: 3\n", r"f.yaml:2:1: samples: should be a list"),
        ("figures:\n- {id: a, kind: survey}\n", r"f.yaml:2:11: kind: should be 'wave'"),
        ("figures:\n- {id: a, sample: b}\n", r"f.yaml:2:11: sample: no sample is named 'b'"),
        (
            "figures:\n- {id: a, claim: a, about: {en: a, nl: a}, audience: staff, kind: wave, sort: share, source: s, value: 170}\n",
            r"f.yaml:2:3: 170 is no share; it lies between 0 and 100",
        ),
        (
            "figures:\n"
            + "- {id: a, claim: a, about: {en: a, nl: a}, audience: staff, kind: wave, sort: share, source: s}\n" * 2,
            r"f.yaml:3:3: id: 'a' is there twice",
        ),
        (
            "figures:\n- {id: a, claim: a, about: {en: a, nl: a}, audience: staff, kind: wave, sort: association, source: s,\n   relates: [aa]}\n",
            r"f.yaml:3:4: relates: no figure is named 'aa'; did you mean 'a'\?",
        ),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_place(text, told):
    with pytest.raises(SourceError, match=told):
        read_text(text, "f.yaml")


def test_a_file_that_is_not_there_or_not_utf_8_is_told_by_name(tmp_path):
    with pytest.raises(SourceError, match=r"there is no file none.yaml"):
        read(tmp_path / "none.yaml")
    (tmp_path / "old.yaml").write_bytes("figures: [é]".encode("latin-1"))
    with pytest.raises(SourceError, match=r"old.yaml: the file is not UTF-8"):
        read(tmp_path / "old.yaml")
    (tmp_path / "new.yaml").write_text("figures: []\n", encoding="utf-8")
    assert read(tmp_path / "new.yaml") == ()
