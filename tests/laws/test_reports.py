"""Reports: numbers are written right, claims need a clear difference, and what is published can be traced."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peil.config import CompareConfig, FigureConfig, ReportConfig
from peil.errors import DefinitionError
from peil.estimates.difference import Difference
from peil.estimates.estimate import Estimate, estimate
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.reports import numbers, sentences, theme
from peil.reports.axes import scale
from peil.reports.figures import drawn, specification
from peil.reports.pages import explained, write_reference
from peil.reports.report import write_report
from peil.reports.rows import rows_of
from peil.reports.tables import safe, to_csv
from peil.reports.wording import WORDS
from peil.sources.load import Refused
from peil.sources.simulated import SimulatedBenchmark
from peil.studies.finding import Finding
from peil.studies.group_gap import _says, group_gap
from peil.terms import Label, Unit

BENCHMARK = SimulatedBenchmark(contacts=8_000)
NAMED = (Label("phone", "telefoon"), Label("chatbot", "chatbot"))
ASCII_MINUS = re.compile(r"-\d")
LONGEST_LABEL = 80
FINITE = st.floats(-1e6, 1e6)


@pytest.fixture(scope="module")
def benchmark():
    return made(BENCHMARK)


def write(data, path, language="nl", config=None, **told):
    given_to = {"simulated": True, "truths": BENCHMARK.truth(), "refused": (), "rejected": (), **told}
    return write_report(
        data,
        config or ReportConfig(),
        catalogue=CATALOGUE,
        language=language,
        path=path,
        title_name="Benchmark",
        **given_to,
    )


@pytest.fixture(scope="module")
def page(benchmark, tmp_path_factory):
    return write(benchmark, tmp_path_factory.mktemp("report") / "report.html").path.read_text(encoding="utf-8")


# numbers


@given(FINITE, st.integers(0, 3), st.sampled_from(["en", "nl"]))
def test_a_number_is_rounded_half_away_from_zero_with_a_true_minus(value, places, language):
    shown = numbers.number(value, language, places=places, signed=True)
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    read = shown.replace("." if language == "nl" else ",", "").replace(",", ".").replace("−", "-")
    assert Decimal(read) == exact
    assert "-" not in shown
    assert exact or shown[0] not in "+−"


@given(st.floats(-0.49, 0.49))
def test_zero_points_have_no_sign(value):
    assert numbers.value_text(value, Unit.POINTS, "nl") == "0"


@pytest.mark.parametrize(
    ("unit", "value", "nl", "en"),
    [
        (Unit.SHARE, 0.46097, "46,1%", "46.1%"),
        (Unit.POINTS, -31.4, "−31", "−31"),
        (Unit.SECONDS, 30.04, "30,0\xa0s", "30.0\xa0s"),
        (Unit.SECONDS, 351.7, "5:52\xa0min", "5:52\xa0min"),
        (Unit.HOURS, 4.487, "4,5\xa0uur", "4.5\xa0h"),
        (Unit.SCORE, 3.7735, "3,77", "3.77"),
        (Unit.COUNT, 40000.0, "40.000", "40,000"),
        (Unit.EUROS, 1234.5, "€\xa01.234,50", "€1,234.50"),
    ],
)
def test_each_unit_is_written_as_its_reader_writes_it(unit, value, nl, en):
    assert (numbers.value_text(value, unit, "nl"), numbers.value_text(value, unit, "en")) == (nl, en)


@given(st.lists(FINITE, min_size=2, max_size=8), st.sampled_from(list(Unit)))
def test_a_scale_holds_its_values_between_labelled_ends(values, unit):
    made_scale = scale(values, unit, "nl", room=500)
    near = 1e-6 * (1 + max(values) - min(values))
    assert made_scale.low <= min(values) + near
    assert made_scale.high >= max(values) - near
    assert len(made_scale.labels) == len(made_scale.ticks) >= 2
    assert len(made_scale.ticks) <= 9
    assert not any(ASCII_MINUS.search(each) for each in made_scale.labels)


# claims


def _estimate(name, value, reach):
    return Estimate(
        measure=CATALOGUE[name], group=(), value=value, se=reach / 2, low=value - reach, high=value + reach, level=0.95,
        n=400, clusters=400, n_eff=400.0, df=399.0, method="made up",
    )  # fmt: skip


@st.composite
def differences(draw):
    one, other = draw(st.sampled_from([("nps", "nps"), ("nps", "nps_believed"), ("promoter_share", "detractor_share")]))
    reach = draw(st.floats(0.01, 60))
    first, second = draw(st.floats(-100, 100)), draw(st.floats(-100, 100))
    return Difference(
        first=_estimate(one, first, 5.0), second=_estimate(other, second, 5.0), value=second - first, se=reach / 2,
        low=second - first - reach, high=second - first + reach, level=0.95, correlation=0.0,
    )  # fmt: skip


def _claims(text, language):
    return [word for word in sentences.CLAIM_WORDS[language] if re.search(rf"\b{word}\b", text)]


@given(differences(), st.sampled_from(["yes", "no", "unclear"]), st.sampled_from(["en", "nl"]))
def test_no_claim_word_stands_where_the_interval_holds_zero(found, verdict, language):
    sure = sentences.claims(found, verdict)
    finding = Finding(
        study="group_gap", question=Label("?", "?"), verdict=verdict, says=_says(found, NAMED, claim=sure), effect=found,
        checks=(), assumptions=(), settles=None, run=None,
    )  # fmt: skip
    measure = found.first.measure.label
    titles = [
        sentences.sentence(finding, language),
        sentences.spread_title(measure, "x", found if found.clear else replace(found), ("a", "b"), language),
        sentences.change_title(measure, found, language),
    ]
    assert bool(_claims(titles[0], language)) == sure
    assert bool(_claims(titles[1], language)) == found.clear
    assert bool(_claims(titles[2], language)) == found.clear


def test_a_title_without_a_difference_claims_nothing():
    for language in ("en", "nl"):
        label = CATALOGUE["waiting_median"].label
        for title in (
            sentences.spread_title(label, "x", None, ("a", "b"), language),
            sentences.change_title(label, None, language),
            sentences.definitions_title("46%", "50%", language),
        ):
            assert _claims(title, language) == []


def test_a_ranking_of_chance_alone_claims_nothing(benchmark, tmp_path):
    """Every organisation answers as fast: the highest and the lowest are picked out of eight and differ by chance."""
    config = ReportConfig(
        figures=(FigureConfig(measure="waiting_all", by=("organisation",)),), compare=(), variants=(), chapters=()
    )
    text = write(benchmark, tmp_path / "r.html", "en", config).path.read_text(encoding="utf-8")
    assert "no difference shown between organisations" in text


# look


@pytest.mark.parametrize(("tokens"), [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_tokens_have_the_contrast_that_text_and_marks_need(tokens):
    for paper in ("paper", "soft"):
        for name in theme.TEXT_TOKENS:
            assert theme.contrast(tokens[name], tokens[paper]) >= theme.TEXT_CONTRAST, name
        for name in theme.MARK_TOKENS:
            assert theme.contrast(tokens[name], tokens[paper]) >= theme.MARK_CONTRAST, name


def test_labels_are_short_enough_for_a_figure():
    for each in CATALOGUE.values():
        for text in (each.label.en, each.label.nl):
            assert 0 < len(text) <= LONGEST_LABEL, each.name


def test_every_word_of_a_report_is_in_both_languages():
    for name, label in WORDS.items():
        assert label.en, name
        assert label.nl, name


def test_a_line_has_a_point_for_every_period(benchmark):
    found = estimate(CATALOGUE["digital_share"], benchmark, by=["quarter"])[0]
    rows = rows_of(found, "nl", minimum_n=10)
    svg = drawn(found, "nl", minimum_n=10)
    line = max(re.findall(r'd="(M[^"Z]+)"', svg), key=lambda path: path.count("L"))
    assert line.count("L") + 1 == sum(each.shown for each in rows) > 8


@pytest.mark.parametrize("by", ["month", "week"])
def test_a_short_series_is_labelled_by_month(benchmark, by):
    found = estimate(CATALOGUE["digital_share"], benchmark, by=[by], where="started_on < date '2018-09-01'")[0]
    rows = rows_of(found, "nl", minimum_n=1)
    assert "mrt" in str(specification(rows, found, "nl", narrow=False))


def test_ranked_rows_keep_the_order_of_their_values(benchmark):
    svg = drawn(estimate(CATALOGUE["nps"], benchmark, by=["channel"])[0], "nl")
    heights = {
        name: float(y)
        for y, name in re.findall(r"<text[^>]*translate\(-?[\d.]+,([\d.]+)\)[^>]*>([A-Z][A-Za-z-]+)<", svg)
    }
    found = {
        each.group[0][1]: each.value for each in estimate(CATALOGUE["nps"], benchmark, by=["channel"])[0] if each.n
    }
    assert found["call"] > found["bot"]
    assert heights["Telefoon"] < heights["Chatbot"]


# tables


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_no_cell_of_words_is_a_formula(texts):
    cells = next(csv.reader(io.StringIO(to_csv([safe(each) for each in texts], []), newline="")))
    assert cells == [safe(each) for each in texts]
    assert not any(each.startswith(("=", "+", "-", "@", "\t", "\r")) for each in cells)
    assert [each.removeprefix("'") if each != text else each for each, text in zip(cells, texts, strict=True)] == texts


def test_every_download_holds_the_numbers_of_its_table(page):
    links = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    tables = [csv_of(each) for each in links]
    stored = re.findall(r"<tr>((?:<t[hd][^>]*data-stored.*?</t[hd]>)+)</tr>", page)
    shown = [re.findall(r'data-stored="([^"]*)"', row) for row in stored]
    assert len(links) >= 7
    # a cell with both ends of an interval has a column for each in the download
    assert [" ".join(row).split() for table in tables for row in table[1:]] == [" ".join(row).split() for row in shown]


def csv_of(link):
    return list(csv.reader(io.StringIO(base64.b64decode(link).decode(), newline="")))


# the page


def test_the_same_digest_gives_the_same_bytes_but_for_the_moment(benchmark, page, tmp_path):
    later = replace(benchmark, run=replace(benchmark.run, made_at="2031-01-01T00:00:00+00:00"))
    again = write(later, tmp_path / "again.html").path.read_text(encoding="utf-8")
    assert again != page
    assert again.replace("2031-01-01T00:00:00+00:00", benchmark.run.made_at) == page


def test_every_measure_on_the_page_is_defined_on_the_page(page):
    asked = set(re.findall(r'href="#(means-[a-z0-9_]+)"', page))
    assert len(asked) >= 5
    assert asked <= set(re.findall(r'id="(means-[a-z0-9_]+)"', page))


def test_no_two_parts_of_the_page_have_one_id(page):
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_default_report_is_small_and_asks_nothing(page):
    assert len(page.encode()) <= 600_000
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []


def test_titles_are_about_ten_words(page):
    titles = re.findall(r"<figcaption>.*?<h3>(.*?)</h3>", page, flags=re.DOTALL)
    assert len(titles) >= 6
    assert [each for each in titles if len(each.split()) > 12] == []


def test_a_report_tells_its_inputs_version_seed_and_digest(page, benchmark):
    for told in (*benchmark.run.inputs.values(), benchmark.run.version, benchmark.run.engine, benchmark.run.digest):
        assert told in page


def test_planted_truths_stand_beside_what_was_estimated(page):
    assert page.count("Het interval bevat die waarde") >= 2
    assert re.search(r"\d+ van \d+ intervallen bevatten hun waarheid", page)
    assert "Geen klant, organisatie of cijfer op deze pagina is echt" in page


def test_a_report_of_real_data_has_no_banner(benchmark, tmp_path):
    text = write(benchmark, tmp_path / "r.html", simulated=False, truths=None).path.read_text(encoding="utf-8")
    assert "Gesimuleerde gegevens" not in text
    assert 'id="planted"' not in text


def test_groups_with_too_few_rows_are_blanked_and_counted(benchmark, tmp_path):
    found = estimate(CATALOGUE["nps"], benchmark, by=["channel"])[0]
    least = sorted(each.n for each in found if each.n)[1]
    figures = (FigureConfig(measure="nps", by=("channel",)),)
    config = ReportConfig(figures=figures, minimum_n=least, variants=(), chapters=())
    text = write(benchmark, tmp_path / "r.html", config=config).path.read_text(encoding="utf-8")
    figures_only = text.split('<section id="surveys"', maxsplit=1)[0]
    assert figures_only.count('data-stored="te weinig"') == 5
    assert "Niet getoond: 1 groep met minder dan" in figures_only


def test_rows_kept_aside_are_told_with_file_and_line(benchmark, tmp_path):
    rejected = [
        {
            "table": "legs",
            "rule": "ends_before_it_starts",
            "source": "pbx",
            "file": "may.csv",
            "line": line,
            "column": "ended_at",
            "value": "•",
        }
        for line in (7, 9)
    ]
    refused = (
        Refused(
            source="pbx", file="june.csv", says="june.csv: there is no usable row in it", remedy="is it an export?"
        ),
    )
    text = write(benchmark, tmp_path / "r.html", rejected=rejected, refused=refused).path.read_text(encoding="utf-8")
    for told in ("ends_before_it_starts", "may.csv:7", "june.csv: there is no usable row in it", "is it an export?"):
        assert told in text


def test_texts_of_the_configuration_and_the_data_are_escaped(benchmark, tmp_path):
    title = {"en": "<script>alert(1)</script>", "nl": "<script>alert(1)</script>"}
    text = write(
        benchmark, tmp_path / "r.html", config=ReportConfig(title=title, variants=(), chapters=())
    ).path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_headlines_and_findings_come_back_in_the_reports_language(benchmark, tmp_path):
    compare = (
        CompareConfig(measure="nps", by="audience", first="customer", second="organisation", against="nps_believed"),
    )
    config = ReportConfig(headlines=("nps", "abandonment"), compare=compare, variants=(), trend_breaks=(), chapters=())
    report = write(benchmark, tmp_path / "r.html", "nl", config)
    assert [each.split(":")[0] for each in report.headlines] == ["NPS, 4 rondes samen", "Afhaakpercentage"]
    assert [each.verdict for each in report.findings] == ["yes"]
    assert "Organisaties schatten het oordeel van klanten te hoog in" in report.path.read_text(encoding="utf-8")


def _case(likely):
    return {"cost": _range(100), "yearly": _range(likely), "years": 3}


def _range(likely):
    return {"low": likely * 0.9, "likely": likely, "high": likely * 1.1}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_strategy_growth_and_investments_have_chapters_of_their_own(benchmark, tmp_path, language):
    growth = {"strategy": "nps_believed", "said": "nps"}
    investments = [
        {"name": "Bot", "edition": "2020", "before": _case(45), "after": _case(30), "known": "measured"},
        {"name": "Knowledge base", "edition": "2021", "before": _case(45)},
    ]
    told = {"variants": (), "trend_breaks": (), "headlines": ("nps",), "figures": [{"measure": "nps"}], "compare": ()}
    config = ReportConfig.model_validate(
        {**told, "growth": [growth], "investments": investments, "minimum_n": 5, "chapters": ()}
    )
    report = write(benchmark, tmp_path / "r.html", language, config, truths=None)
    text = report.path.read_text(encoding="utf-8")
    studies = {each.study: each for each in report.findings}
    assert studies["strategy_and_growth"].verdict == "unclear"
    assert studies["return_on_investment"].effect.n == 1
    for key in ("growth", "investments"):
        assert f'<section id="{key}"' in text
        assert f'<figure id="{key}-1">' in text
    names = {each.group[0][1] for each in estimate(CATALOGUE["nps"], benchmark, by=["organisation"])[0]}
    chapter = text.split('<section id="growth"')[1].split("</section>")[0]
    assert not any(name in chapter for name in names)


def test_growth_that_is_told_in_two_ways_is_refused():
    with pytest.raises(ValueError, match="one of 'said', 'seen' and 'booked'"):
        ReportConfig.model_validate({"growth": [{"strategy": "nps", "said": "nps", "booked": "extra.revenue"}]})


def test_a_report_of_an_unknown_measure_names_its_neighbours(benchmark, tmp_path):
    with pytest.raises(DefinitionError, match="no measure is named 'npss'"):
        write(
            benchmark,
            tmp_path / "r.html",
            config=ReportConfig(figures=(FigureConfig(measure="npss", by=("channel",)),)),
        )


def test_a_sentence_of_a_study_holds_its_numbers(benchmark):
    from peil.estimates.difference import Side

    nps = CATALOGUE["nps"]
    finding = group_gap(
        benchmark, Side(measure=nps, where="channel = 'call'"), Side(measure=nps, where="channel = 'bot'"), named=NAMED
    )
    told = sentences.sentence(finding, "nl")
    assert told.startswith("NPS is lager bij chatbot dan bij telefoon: −")
    assert numbers.interval_text(finding.effect.low, finding.effect.high, Unit.POINTS, "nl", difference=True) in told
    assert math.isfinite(finding.effect.value)


# pages


def test_every_measure_has_a_page_and_the_index_lists_it(tmp_path):
    write_reference(tmp_path)
    listed = (tmp_path / "index.md").read_text(encoding="utf-8").split("```{toctree}")[1]
    for each in CATALOGUE.values():
        text = (tmp_path / f"{each.name}.md").read_text(encoding="utf-8")
        for told in (each.label.en, each.label.nl, each.where, each.of, each.standard, f"peil estimate {each.name}"):
            assert told in text, each.name
        assert f"\n{each.name}\n" in listed
    glossary = (tmp_path / "glossary-nl.md").read_text(encoding="utf-8")
    assert "Afhaakpercentage" in glossary


@pytest.mark.parametrize("language", ["en", "nl"])
def test_an_explanation_holds_the_whole_definition(language):
    for each in CATALOGUE.values():
        told = " ".join(explained(each, language).split())
        for part in (each.label.read(language), each.of, each.standard):
            assert " ".join(part.split()) in told, each.name


def test_days_and_periods_are_written_in_words():
    from peil.reports.dates import day, period

    assert day(date(2020, 3, 16), "nl") == "16 maart 2020"
    assert period(date(2020, 1, 1), "quarter", "nl") == "K1 2020"
