"""A person reads the report: in Chromium, wide and on a telephone, light and dark, in both languages."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from peil.config import FigureConfig, ReportConfig
from peil.config.small_cells import SmallCellsConfig
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.reports.report import write_report
from peil.sources.load import Refused
from peil.sources.simulated import SimulatedBenchmark

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}; install Debian's chromium"),
]
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = (1280, 375)
SMALLEST_TEXT_PX = 9.5
# Boxes of neighbouring lines share a pixel of leading; half a pixel more is the browser's rounding.
TOUCH_PX = 1.5
FAULTS_OF_TEXT = """() => {
  const faults = [];
  for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const boxes = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => {
      const box = t.getBoundingClientRect();
      const scale = frame.width / svg.viewBox.baseVal.width;
      return {text: t.textContent, box, size: parseFloat(getComputedStyle(t).fontSize) * scale};
    });
    const where = svg.closest('figure').id + ': ';
    for (const one of boxes) {
      if (one.size < SMALLEST) faults.push(where + 'small ' + one.size + ' ' + one.text);
      if (one.box.left < frame.left - 0.5 || one.box.right > frame.right + 0.5 ||
          one.box.top < frame.top - 0.5 || one.box.bottom > frame.bottom + 0.5) faults.push(where + 'clipped ' + one.text);
    }
    for (let a = 0; a < boxes.length; a++) for (let b = a + 1; b < boxes.length; b++) {
      const p = boxes[a].box, q = boxes[b].box;
      const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (wide > TOUCH && high > TOUCH) faults.push(where + 'overlap ' + boxes[a].text + ' | ' + boxes[b].text);
    }
  }
  return faults;
}""".replace("SMALLEST", str(SMALLEST_TEXT_PX)).replace("TOUCH", str(TOUCH_PX))


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": str(CHROMIUM), "args": list(QUIET)}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    benchmark = SimulatedBenchmark(contacts=40_000)
    data, folder = made(benchmark), tmp_path_factory.mktemp("reports")
    extra = (
        FigureConfig(measure="nps", by=("channel", "quarter")),
        FigureConfig(measure="waiting_median", by=("hour",)),
        FigureConfig(measure="repeat_7d_same_reason", by=("organisation",)),
        FigureConfig(measure="volume", by=("week",)),
    )
    cells = (SmallCellsConfig(measure="nps", by=("organisation", "channel"), population="contacts"),)
    refused = (Refused(source="pbx", file="june.csv", says="there is no usable row in it", remedy="is it an export?"),)
    rejected = ({"table": "legs", "rule": "ends_before_it_starts", "source": "pbx", "file": "may.csv", "line": 7},)
    found = {}
    for language in ("nl", "en"):
        for name, config in (
            ("default", ReportConfig()),
            ("more", ReportConfig(figures=extra, variants=("occupancy", "repeat"), chapters=(), small_cells=cells)),
        ):
            found[language, name] = write_report(
                data, config, catalogue=CATALOGUE, language=language, path=folder / f"{name}.{language}.html",
                title_name="Benchmark", simulated=True, truths=benchmark.truth(), refused=refused, rejected=rejected,
            ).path  # fmt: skip
    return found


def opened(browser, path, *, width, scheme="light"):
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.told, page.asked = [], []
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_report_has_no_barrier_that_axe_can_see(browser, reports, language, scheme, width):
    page = opened(browser, reports[language, "default"], width=width, scheme=scheme)
    found = Axe().run(page)
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found.response["violations"]] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["default", "more"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_text_of_a_figure_overlaps_is_clipped_or_too_small(browser, reports, language, name, width):
    page = opened(browser, reports[language, name], width=width)
    assert page.locator("figure svg:visible").count() >= 6
    assert page.evaluate(FAULTS_OF_TEXT) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_never_wider_than_the_screen(browser, reports, width):
    page = opened(browser, reports["nl", "default"], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_title_of_a_table_that_scrolls_stays_whole_on_a_telephone(browser, reports):
    page = opened(browser, reports["nl", "default"], width=375)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    beyond = page.evaluate("""() => [...document.querySelectorAll('.scroll')]
      .filter(each => each.scrollWidth > each.clientWidth)
      .map(each => {
        const range = document.createRange();
        range.selectNodeContents(each.querySelector('caption'));
        return range.getBoundingClientRect().right - each.getBoundingClientRect().right;
      })""")
    assert len(beyond) >= 3
    assert max(beyond) <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_asked_for_but_the_file_and_nothing_goes_wrong(browser, reports, scheme):
    path = reports["en", "default"]
    page = opened(browser, path, width=1280, scheme=scheme)
    page.wait_for_load_state("networkidle")
    assert [each for each in page.asked if not each.startswith("data:")] == [path.as_uri()]
    assert page.told == []


def test_a_download_holds_what_the_table_shows(browser, reports):
    page = opened(browser, reports["nl", "default"], width=1280)
    for figure in page.locator("figure").all():
        link = figure.get_by_role("link", name=re.compile("Download CSV"))
        head, *rows = csv.reader(
            io.StringIO(base64.b64decode(link.get_attribute("href").split(",", 1)[1]).decode(), newline="")
        )
        figure.locator("summary").click()
        table = figure.get_by_role("table")
        shown = table.evaluate("t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.dataset.stored))")
        assert [" ".join(row).split() for row in rows] == [" ".join(row).split() for row in shown]
        assert {len(row) for row in rows} <= {len(head)}
        assert len(shown[0]) == table.get_by_role("columnheader").count()
        assert link.get_attribute("download").endswith(".csv")


def test_every_figure_is_a_picture_with_a_name_and_a_table_with_a_caption(browser, reports):
    page = opened(browser, reports["en", "default"], width=1280)
    figures = page.locator("figure")
    assert figures.count() >= 7
    for figure in figures.all():
        assert figure.get_by_role("img").count() == 1
        assert figure.get_by_role("heading", level=3).inner_text()
        assert figure.locator("table caption").count() == 1


def test_a_dutch_reader_finds_dutch_numbers(browser, reports):
    page = opened(browser, reports["nl", "default"], width=1280)
    assert page.locator("html").get_attribute("lang") == "nl"
    digital = page.locator("figure").filter(
        has=page.get_by_role("heading", name=re.compile("Via digitale kanalen: gestegen"))
    )
    assert re.search(r"gestegen van \d\d,\d% naar \d\d,\d%", digital.get_by_role("heading").inner_text())
    assert "1 januari 2018 t/m" in digital.inner_text()
    assert "n = 40.000 contacten" in digital.inner_text()
    assert not re.search(r"[( ]-\d", page.locator("#figures").inner_text() + page.locator("#findings").inner_text())


def test_the_skip_link_is_first_and_leads_to_the_figures(browser, reports):
    page = opened(browser, reports["en", "default"], width=1280)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the figures")
    assert skip.evaluate("a => a === document.activeElement")
    page.keyboard.press("Enter")
    assert page.url.endswith("#figures")


def test_a_dark_page_draws_its_figures_in_dark_colours(browser, reports):
    page = opened(browser, reports["en", "default"], width=1280, scheme="dark")
    name = page.locator("figure svg:visible text").first
    assert name.evaluate("t => getComputedStyle(t).fill") != "rgb(26, 37, 48)"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(18, 24, 30)"


def test_paper_shows_the_wide_figures(browser, reports):
    page = opened(browser, reports["en", "default"], width=375)
    page.emulate_media(media="print")
    assert page.locator("figure svg.wide:visible").count() == page.locator("figure").count()
    assert page.locator("figure svg.narrow:visible").count() == 0
