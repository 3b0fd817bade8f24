"""The register: what is refused and where, sources that go round in circles, a ledger that only grows, and its chapter."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from peil.dataset import Run
from peil.errors import DefinitionError, EvidenceError, SourceError
from peil.estimates.estimate import estimate
from peil.made import made
from peil.measures.catalogue import CATALOGUE, measure_named
from peil.reports.forest import forest_figure
from peil.reports.trend_register import facts, plain, register_chapter
from peil.studies.trend_register.entry import Evidence, Register, Rule, Source
from peil.studies.trend_register.grading import grade, source_issues, vendors
from peil.studies.trend_register.kept import kept
from peil.studies.trend_register.ledger import Resolution, add, latest, resolutions
from peil.studies.trend_register.reading import read, read_text, shipped
from peil.studies.trend_register.scoreboard import scoreboard
from peil.studies.trend_register.settling import (
    named,
    outcome_of,
    own_share,
    rule_told,
    settle,
    settle_by_hand,
    standings,
)
from peil.studies.trend_register.synthesis import OWN, synthesis

RUN = Run(inputs={}, version="0", engine="none")
HEAD = "sources:\n- {id: s, title: S, vendor: v}\ntrends:\n"
ENTRY = (
    "- id: a\n  claim: {en: a, nl: a}\n  kind: forecast\n  source: s\n  made_on: 2019-12-01\n  due_on: 2021-01-01\n"
    "  probability: 0.7\n"
)
RULE = "  rule: {measure: digital_share, holds: rises, before: [2019-01-01, 2019-12-31], during: [2020-01-01, 2020-12-31]}\n"
FIGURE = "  rule: {figure: {en: f, nl: f}, publisher: p, holds: above, than: 5}\n"


def one(rule: str = RULE, entry: str = ENTRY) -> Register:
    return read_text(HEAD + entry + rule)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ENTRY, "t.yaml:4:3: rule: is needed here"),
        (ENTRY + "  rule: {holds: rises}\n", "t.yaml:11:3: rule: nothing is measured: name a 'measure'"),
        (ENTRY + "  rule: {holds: above, than: 1, figure: {en: more, nl: meer}}\n", "t.yaml:11:3: rule: nothing is measured"),
        (ENTRY + "  rule: {holds: rises, measure: nps}\n", "t.yaml:11:3: rule: 'during' is needed"),
        (ENTRY + "  rule: {holds: rises, measure: nps, during: [2020-01-01, 2020-12-31]}\n", "rule: 'before' is needed"),
        (ENTRY + "  rule: {holds: above, measure: nps, during: [2020-01-01, 2020-12-31]}\n", "rule: 'than' is needed"),
        (ENTRY + RULE.replace("2020-12-31", "2019-12-31"), "rule: 'during' ends before it begins"),
        (ENTRY + RULE.replace("2020-01-01, 2020", "2019-06-01, 2020"), "rule: 'before' has to end before 'during' begins"),
        (ENTRY + RULE.replace("digital_share", "digital_shar"), "t.yaml:11:10: measure: no measure is named 'digital_shar'; did you mean 'digital_share'"),
        (ENTRY + RULE.replace("rises", "grows"), "t.yaml:11:34: rule.holds: should be 'rises', 'falls', 'above' or 'below'"),
        (ENTRY + RULE.replace("holds", "hold"), r"rule.hold: there is no such setting; did you mean 'holds'\?"),
        (ENTRY.replace("0.7", "70") + RULE, "probability: 70 lies outside 0 and 1; write 70 % as 0.7"),
        (ENTRY.replace("  probability: 0.7\n", "") + RULE, "'probability' is needed: a forecast says how likely"),
        (ENTRY.replace("due_on: 2021", "due_on: 2019") + RULE, "'due_on' has to come after 'made_on'"),
        (ENTRY.replace("due_on: 2021-01-01", "due_on: 2020-06-01") + RULE, "'due_on' comes before the last day of 'during'"),
        (ENTRY.replace("source: s", "source: t") + RULE, "t.yaml:7:3: source: no source is named 't'"),
        (ENTRY + RULE + ENTRY + RULE, "t.yaml:12:3: id: 'a' is there twice"),
        (ENTRY + RULE + "  evidence:\n  - {source: x, kind: wave, sort: share, value: 4}\n", "t.yaml:13:6: source: no source is named 'x'"),
        (ENTRY + RULE + "  evidence:\n  - {source: s, kind: wave, sort: share, value: 140}\n", "t.yaml:13:5: evidence.0: 140 is no share"),
        (ENTRY + RULE + "  evidence:\n  - {source: s, kind: wave, sort: share}\n", "a direction, and nothing else, has no value"),
        (ENTRY + RULE + "  evidence:\n  - {source: s, kind: wave, sort: share, value: 4, n: 0}\n", "rests on one answer at least"),
        (ENTRY + RULE + "  expects: {quantiles: {0.9: 1, 0.1: 5}}\n", "levels lie between 0 and 1, and values rise"),
        ("- a\n", "an entry is a list of settings"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_settled_or_scored_is_refused_with_its_line(text, told):
    with pytest.raises(DefinitionError, match=told) as fault:
        read_text(HEAD + text, "t.yaml")
    assert "a rule that settles it" in fault.value.remedy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trends: [", r"t.yaml:1:\d+: "),
        ("trends: 3\n", "t.yaml:1:1: there is no list of trends"),
        ("trends:\n- {id: a, made_on: 2020-13-45}\n", "t.yaml"),
    ],
)
def test_what_is_no_register_is_told(text, told):
    with pytest.raises((SourceError, DefinitionError), match=told):
        read_text(text, "t.yaml")


def test_a_file_that_is_not_there_or_no_text_is_told_by_name(tmp_path):
    with pytest.raises(SourceError, match=r"there is no file none\.yaml"):
        read(tmp_path / "none.yaml")
    (tmp_path / "old.yaml").write_bytes("trends: [é]".encode("latin-1"))
    with pytest.raises(SourceError, match=r"old\.yaml: the file is not UTF-8"):
        read(tmp_path / "old.yaml")


def test_a_setting_that_does_not_exist_is_told_beside_lists_that_are_none():
    with pytest.raises(DefinitionError, match=r"1:1: trend: there is no such setting; did you mean 'trends'"):
        read_text("trend: 1\ntrends: []\n")
    with pytest.raises(DefinitionError, match=r"1:1: sources: should be a list"):
        read_text("sources: 1\ntrends: []\n")


def test_a_source_that_cites_itself_and_sources_in_a_circle_are_flagged_and_graded_high():
    sources = {
        each.id: each
        for each in (
            Source(id="self", title="Self", vendor="a", cites=("self",)),
            Source(id="one", title="One", vendor="b", cites=("two",)),
            Source(id="two", title="Two", vendor="c", cites=("three",)),
            Source(id="three", title="Three", vendor="d", cites=("one",)),
            Source(id="paper", title="Paper", vendor="e", cites=("count",)),
            Source(id="count", title="Count", vendor="f"),
        )
    }
    issues = source_issues(sources)
    assert [(each.name, each.sources) for each in issues] == [
        ("cites_itself", ("self",)),
        ("circular", ("one", "two", "three")),
    ]
    figure = Evidence(source="self", kind="measured", sort="share", value=60, n=900, base="b", question="q")
    assert [grade(replace(figure, source=each), sources).risk for each in ("self", "one", "paper", "count")] == [
        "high", "high", "some", "low",
    ]  # fmt: skip
    assert grade(replace(figure, source="paper"), sources).origin == "f"


def test_the_shipped_register_types_every_claim_and_every_forecast_can_be_scored():
    register = shipped()
    assert {each.kind for each in register.trends} == {"wave", "recall", "perceived", "measured", "forecast"}
    forecasts = [each for each in register.trends if each.is_forecast]
    assert len(forecasts) == 12
    assert all(each.probability is not None and each.set_by in {"words", "median"} for each in forecasts)
    assert all(each.claim.en != each.claim.nl for each in register.trends)
    assert all(rule_told(each.rule).en != rule_told(each.rule).nl for each in register.trends)
    assert source_issues(register.sources) == ()
    assert next(iter(vendors(register))) == "NTT"
    # nobody names question, base and n: not one figure is without some risk of bias
    assert "low" not in {grade(each, register.sources).risk for trend in register.trends for each in trend.evidence}


def test_a_ledger_only_grows_and_tells_when_its_past_was_changed(tmp_path):
    path, trend = tmp_path / "trends.jsonl", one(FIGURE).trends[0]
    assert resolutions(path) == ()
    today = date(2021, 2, 1)
    first = add(path, trend, settle_by_hand(trend, today=today, source="a report", value=4))
    assert (first.outcome, first.probability, first.claim) == ("no", 0.7, trend.digest)
    before = path.read_bytes()
    with pytest.raises(DefinitionError, match="was settled on 2021-02-01: no"):
        add(path, trend, settle_by_hand(trend, today=today, source="another", value=6))
    assert path.read_bytes() == before
    add(path, trend, settle_by_hand(trend, today=today, source="another", value=6, because="the report was withdrawn"))
    assert path.read_bytes().startswith(before)
    assert [each.outcome for each in resolutions(path)] == ["no", "yes"]
    assert latest(resolutions(path))["a"].outcome == "yes"
    path.write_text(path.read_text().replace('"value": 4.0', '"value": 6.0'))
    with pytest.raises(SourceError, match=r"trends.jsonl:1: this line, .* the past was changed"):
        resolutions(path)
    path.write_text("{}\n")
    with pytest.raises(SourceError, match=r"trends\.jsonl:1: this line is no resolution"):
        resolutions(path)


def test_a_claim_changed_after_it_was_settled_is_scored_as_it_stood_and_flagged(tmp_path):
    register = one(FIGURE)
    add(
        tmp_path / "l",
        register.trends[0],
        settle_by_hand(register.trends[0], today=date(2021, 2, 1), source="s", value=4),
    )
    better = replace(register, trends=(replace(register.trends[0], probability=0.01),))
    board = scoreboard(better, latest(resolutions(tmp_path / "l")), RUN, today=date(2022, 1, 1))
    assert board.brier.value == pytest.approx(0.49)
    assert board.standings[0].changed
    assert not {each.name: each.passed for each in board.finding.checks}["not_changed_afterwards"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"today": date(2020, 1, 1), "source": "s", "value": 1.0}, "comes due on 2021-01-01"),
        ({"today": date(2022, 1, 1), "source": " ", "value": 1.0}, "a figure without a source settles nothing"),
        ({"today": date(2022, 1, 1), "source": "s"}, "there is nothing to settle it by"),
        ({"today": date(2022, 1, 1), "source": "s", "value": 9.0, "outcome": "no"}, "makes it 'yes' by its rule, not 'no'"),
    ],
)  # fmt: skip
def test_what_cannot_settle_by_hand_is_told(settings, told):
    with pytest.raises(DefinitionError, match=told):
        settle_by_hand(one(FIGURE).trends[0], **settings)


@pytest.mark.parametrize(
    ("holds", "than", "ends", "outcome"),
    [
        ("rises", 0, (0.1, 0.3), "yes"), ("rises", 0, (-0.1, 0.3), "undecided"), ("rises", 0, (-0.3, -0.1), "no"),
        ("rises", 0.2, (0.1, 0.15), "no"), ("falls", 0, (-0.3, -0.1), "yes"), ("falls", 0.05, (-0.3, -0.1), "yes"),
        ("falls", 0, (0.1, 0.3), "no"), ("above", 5, (6, 8), "yes"), ("above", 5, (5, 5), "no"), ("below", 5, (3, 4), "yes"),
        ("below", 5, (4, 6), "undecided"), ("below", -5, (-9, -6), "yes"), ("below", 5, (6, 8), "no"),
    ],
)  # fmt: skip
def test_a_rule_decides_only_where_the_interval_leaves_the_threshold_out(holds, than, ends, outcome):
    low, high = ends
    assert outcome_of(holds, than, (low + high) / 2, low, high) == outcome


def test_a_rule_is_settled_by_a_measure_of_the_project():
    data, today = made(), date(2021, 2, 1)
    found = settle(one().trends[0], data, today=today)
    assert (found.outcome, found.source, found.run) == ("yes", "digital_share", data.run.digest)
    assert found.low < found.value < found.high
    years = "before: [2019-01-01, 2019-12-31], during: [2020-01-01, 2020-12-31]"
    level = one("  rule: {measure: digital_share, holds: above, than: 0.99, during: [2020-01-01, 2020-12-31]}\n")
    assert settle(level.trends[0], data, today=today).outcome == "no"
    against = one("  rule: {measure: share_call, against: share_bot, holds: above, during: [2020-01-01, 2020-12-31]}\n")
    assert settle(against.trends[0], data, today=today).outcome == "yes"
    close = one(f"  rule: {{measure: abandonment, holds: rises, {years}, decided_by: value}}\n")
    assert settle(close.trends[0], data, today=today).outcome in {"yes", "no"}
    with pytest.raises(DefinitionError, match="a figure that the project does not measure"):
        settle(one(FIGURE).trends[0], data, today=today)
    late = one(RULE.replace("2020", "2024"), ENTRY.replace("due_on: 2021", "due_on: 2026"))
    with pytest.raises(
        EvidenceError, match="data reach from 2018-01-01 to 2021-01-01, and 'during' asks for 2024-01-01"
    ):
        settle(late.trends[0], data, today=date(2026, 2, 1))


def test_where_a_claim_stands_follows_the_day_and_the_last_word():
    register = one(FIGURE)
    word = Resolution(
        trend="a", outcome="undecided", resolved_on=date(2021, 2, 1), by="hand", claim=register.trends[0].digest
    )
    for held, today, state in (
        ({}, date(2020, 12, 31), "open"), ({}, date(2021, 1, 1), "due"), ({"a": word}, date(2022, 1, 1), "undecided"),
        ({"a": replace(word, outcome="no")}, date(2022, 1, 1), "settled"),
    ):  # fmt: skip
        (found,) = standings(register, held, today)
        assert (found.state, found.changed) == (state, False)
    with pytest.raises(DefinitionError, match="no trend is named 'b'"):
        named(register, ["b"])


def test_our_own_share_stands_beside_the_figures_of_others_where_the_rule_measures_one():
    data = made()
    rule = "  rule: {measure: csat_top2, holds: above, than: 0.5, during: [2020-01-01, 2020-12-31]}\n"
    told = "  evidence:\n  - {source: s, kind: wave, sort: share, value: 70, n: 400}\n"
    register = one(rule + told)
    share = own_share(register.trends[0], data)
    assert 0 < share.low < share.value < share.high < 1
    board = scoreboard(register, {}, data.run, today=date(2022, 1, 1))
    chapter = register_chapter(board, register, "en", own={"a": share})
    assert [row[0].shown for row in chapter.figures[0].table.rows][:2] == ["our own measurement", "S"]
    assert register_chapter(board, register, "en").figures == ()
    for other in (
        RULE,
        FIGURE,
        rule.replace("2020", "2019").replace("2019-12-31", "2029-12-31"),
        rule.replace("csat_top2", "nps"),
    ):
        entry = ENTRY.replace("due_on: 2021", "due_on: 2030")
        assert own_share(one(other, entry).trends[0], data) is None


def test_two_vendors_make_a_forest_plot_and_one_vendor_twice_does_not():
    told = "  - {{source: {0}, kind: wave, sort: share, value: {1}, n: {2}, base: b, question: q}}\n"
    sources = HEAD.replace("trends:", "- {id: t, title: T, vendor: w}\n- {id: u, title: U, vendor: v}\ntrends:")
    for names, plots in ((("s", "t"), 1), (("s", "u"), 0), (("s", "t", "u"), 1)):
        figures = "".join(told.format(name, 60 + 5 * place, 400) for place, name in enumerate(names))
        register = read_text(sources + ENTRY + FIGURE + "  evidence:\n" + figures)
        board = scoreboard(register, {}, RUN, today=date(2022, 1, 1))
        for language, words, last in (
            ("en", "two independent", "another source"),
            ("nl", "twee onafhankelijke", "een volgende bron"),
        ):
            chapter = register_chapter(board, register, language)
            assert len(chapter.figures) == plots
            assert any(words in each for each in chapter.facts) is (plots == 0)
            for figure in chapter.figures:
                assert [row[0].shown for row in figure.table.rows][:2] == ["S", "T"]
                assert figure.table.rows[-1][0].shown.startswith(last)
                assert figure.svg.count("<svg") == 2


def test_a_register_whose_source_cites_itself_is_told_so_and_loses_nothing():
    told = HEAD.replace("{id: s, title: S, vendor: v}", "{id: s, title: S, vendor: v, cites: [s]}")
    register = read_text(
        told + ENTRY + FIGURE + "  evidence:\n  - {source: s, kind: wave, sort: share, value: 60, n: 9}\n"
    )
    board = scoreboard(register, {}, RUN, today=date(2022, 1, 1))
    for language, words in (("en", "gives itself as its source"), ("nl", "noemt zichzelf als bron")):
        chapter = register_chapter(board, register, language)
        assert any("S" in each and words in each for each in chapter.facts), chapter.facts
        assert [len(each.rows) for each in chapter.tables] == [1, 1]


def test_the_shipped_register_says_why_nothing_of_it_is_drawn_together():
    board = scoreboard(shipped(), {}, RUN, today=date(2024, 1, 1))
    assert register_chapter(board, shipped(), "nl").figures == ()
    assert (
        "met cijfers van twee onafhankelijke bronnen die vermelden hoeveel mensen antwoordden: geen"
        in register_chapter(board, shipped(), "nl").facts[-1]
    )
    assert (
        "with figures of two independent origins that tell how many answered: none"
        in register_chapter(board, shipped(), "en").facts[-1]
    )


def test_what_others_say_is_taken_together_with_our_own_measurement():
    own = estimate(measure_named("csat_top2"), made())[0].only()
    sources = {each: Source(id=each, title=f"Report {each}", vendor=each) for each in "ab"}
    others = [Evidence(source=each, kind="wave", sort="share", value=70, n=300) for each in "ab"]
    found = synthesis(others, sources, own=own, item="satisfied")
    assert (found.voices[0].name, found.taken.voices) == (OWN, 3)
    figure = forest_figure(found, CATALOGUE["csat_top2"].label, "nl", "k")
    assert figure.table.rows[0][0].shown == "onze eigen meting"
    assert figure.svg.count("<svg") == 2
    with pytest.raises(EvidenceError, match="gives no share"):
        synthesis(others, sources, own=estimate(measure_named("nps"), made())[0].only())
    with pytest.raises(EvidenceError, match="no share to take together"):
        synthesis([Evidence(source="a", kind="wave", sort="points", value=4)], sources)
    assert synthesis(others[:1], sources).taken is None
    untold = [replace(each, n=None) for each in others]
    assert "2 of 2 figures do not tell how many answered" in synthesis(untold, sources).says.en


def test_the_chapter_says_the_same_in_both_languages_and_never_more_than_it_knows(tmp_path):
    register = shipped()
    ledger = tmp_path / "trends.jsonl"
    figures = {"work_abroad": 3.0, "roi_of_cx": 40.0, "automated_share": 44.0}
    for trend in named(register, list(figures)):
        add(ledger, trend, settle_by_hand(trend, today=date(2024, 1, 1), source="made up", value=figures[trend.id]))
    board = scoreboard(register, latest(resolutions(ledger)), RUN, today=date(2024, 1, 1))
    one_, two = (register_chapter(board, register, language) for language in ("en", "nl"))
    assert [len(each.facts) for each in (one_, two)] == [len(one_.facts)] * 2
    assert all(a != b for a, b in zip(one_.facts, two.facts, strict=True))
    assert [[len(row) for row in each.rows] for each in one_.tables] == [
        [len(row) for row in each.rows] for each in two.tables
    ]
    assert "onder de 20" in two.facts[1]
    assert board.crps.value == pytest.approx(7)
    assert board.crps_skill.value == pytest.approx(1 - 7 / 12)
    assert not {"higher", "lower"} & set(" ".join(one_.facts).split())
    assert all(each.svg and each.note for each in one_.figures)
    told = plain(board)
    assert json.loads(json.dumps(told, allow_nan=False))["n"] == 3
    never = replace(board.scores[0].standing.trend, probability=0.0)
    word = replace(board.scores[0].standing.resolution, probability=0.0)
    sure = scoreboard(replace(register, trends=(never,)), {never.id: word}, RUN, today=date(2024, 1, 1))
    assert any("oneindig: 1 van 1 sloten uit wat gebeurde" in each for each in facts(sure, "nl"))
    assert json.loads(json.dumps(plain(sure), allow_nan=False))["log"]["value"] == "infinite"


def test_a_folder_without_a_register_has_the_shipped_one(tmp_path):
    assert kept(tmp_path).register == shipped()
    (tmp_path / "trends.yaml").write_text(HEAD + ENTRY + RULE, encoding="utf-8")
    assert [each.id for each in kept(tmp_path).register.trends] == ["a"]
    with pytest.raises(SourceError, match=r"there is no file other\.yaml"):
        kept(tmp_path, file=Path("other.yaml"))


def test_the_smallest_skill_that_matters_is_a_share():
    with pytest.raises(DefinitionError, match="a skill of 5 lies outside 0 and 1"):
        scoreboard(shipped(), {}, RUN, today=date(2024, 1, 1), matters=5)


def test_a_rule_reads_as_a_sentence_in_both_languages():
    rule = Rule(measure="nps_believed", against="nps", holds="above", during=(date(2021, 1, 1), date(2021, 12, 31)))
    told = rule_told(rule)
    assert "is above" in told.en
    assert "ligt boven" in told.nl
    assert "2021-01-01 t/m 2021-12-31" in told.nl
