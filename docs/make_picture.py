"""Make the picture in the README: one figure of the report on the simulated benchmark, readable on light and on dark."""

from __future__ import annotations

import html
import re
import sys
import textwrap
from pathlib import Path

from peil.estimates.difference import Side
from peil.made import made
from peil.measures.catalogue import CATALOGUE
from peil.reports.asked import Asked
from peil.reports.compared import gap_figure
from peil.reports.drawing import rendered
from peil.reports.figures import Figure
from peil.reports.theme import FONT, variables
from peil.sources.simulated import SimulatedBenchmark
from peil.studies.group_gap import group_gap
from peil.terms import Label

CONTACTS = 60_000
SEED = 7
MARGIN, LINE, SUBTITLE_CHARACTERS = 24, 20, 105


def figure(contacts: int = CONTACTS) -> Figure:
    """Return what organisations think against what their customers say, with the gap of each."""
    data = made(SimulatedBenchmark(name="benchmark", contacts=contacts, mean_wait_s=15, seed=SEED))
    asked = Asked(data=data, catalogue=CATALOGUE, language="en", minimum_n=10, level=0.95)
    sides = (
        Side(measure=CATALOGUE["nps"], where="audience = 'customer'"),
        Side(measure=CATALOGUE["nps_believed"], where="audience = 'organisation'"),
    )
    named = (Label("customers", "klanten"), Label("organisations", "organisaties"))
    finding = group_gap(data, *sides, named=named)
    made_figure = gap_figure(asked, finding, sides, "organisation", "picture")
    if made_figure is None:
        sys.exit("the benchmark has no organisation with enough answers on both sides")
    return made_figure


def picture(shown: Figure) -> str:
    """Return the figure with its title on a sheet of its own, as one SVG that follows the reader's colours."""
    drawing = rendered(shown.spec_wide, key="picture", title=shown.alt, kind="wide")
    width, height = (float(each) for each in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)[0])
    said = [*textwrap.wrap(shown.subtitle, SUBTITLE_CHARACTERS), "Simulated data: the eight organisations are made up."]
    top = MARGIN + LINE * (len(said) + 1) + 10
    lines = [
        f'<text x="{MARGIN}" y="{MARGIN + 16}" font-size="17" font-weight="bold" class="ink">{html.escape(shown.title)}</text>'
    ]
    lines += [
        f'<text x="{MARGIN}" y="{MARGIN + 18 + LINE * place}" font-size="12.5" class="muted">{html.escape(line)}</text>'
        for place, line in enumerate(said, start=1)
    ]
    whole_width, whole_height = width + 2 * MARGIN, height + top + MARGIN
    placed = drawing.replace("<svg ", f'<svg x="{MARGIN}" y="{top}" width="{width}" height="{height}" ', 1)
    style = f"{variables()}.ink{{fill:var(--ink)}}.muted{{fill:var(--muted)}}.sheet{{fill:var(--paper)}}text{{font-family:{FONT}}}"
    head = f'viewBox="0 0 {whole_width:.0f} {whole_height:.0f}" width="{whole_width:.0f}" height="{whole_height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} role="img"><style>{style}</style>'
        f'<rect class="sheet" width="100%" height="100%" rx="8"/>{"".join(lines)}{placed}</svg>\n'
    )


if __name__ == "__main__":
    target = Path(__file__).with_name("picture.svg")
    target.write_text(picture(figure()), encoding="utf-8")
    sys.stdout.write(f"{target.name}: {target.stat().st_size / 1024:.0f} KB\n")
