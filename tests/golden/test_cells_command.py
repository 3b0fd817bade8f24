"""Small cells on the command line and in the report, as an analyst, a machine and a reader meet them."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.config import ConfigurationError
from peil.config.small_cells import SmallCellsConfig
from peil.errors import DefinitionError, EvidenceError, PeilError, SourceError
from peil.project import open_project
from peil.reports.asked import Asked
from peil.reports.small_cells import small_cells_topic

COUNTRIES, SECTORS = ("BE", "DE", "FR", "LU", "NL"), ("banks", "energy", "retail", "telecom")
PROJECT = """\
name: benchmark
organisation: Kust
zone: UTC
sources:
  - kind: table
    name: survey
    table: answers
    files: ["answers.csv"]
    columns:
      survey: "'benchmark'"
      response_id: id
      audience: "'organisation'"
      question: "'recommend'"
      construct: "'nps_believed'"
      scale_low: "'0'"
      scale_high: "'10'"
      value_milli: {of: score, times: 1000}
      answered_at: "'2024-03-04 09:00:00'"
report:
  small_cells:
    - {measure: nps_believed, by: [extra.country, extra.sector], population: organisations.csv}
"""
BY = ("--by", "extra.country", "--by", "extra.sector")


def population(cells):
    return "country,sector,population\n" + "".join(f"{a},{b},{n}\n" for (a, b), n in cells.items())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("benchmark")
    dice = np.random.default_rng(5)
    with (made / "answers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "country", "sector", "score", "size", "year"))
        for each in range(160):
            country, sector = dice.choice(4, p=[0.1, 0.4, 0.2, 0.3]), int(dice.integers(4))
            if (country, sector) == (0, 0):
                sector = 1
            score = int(np.clip(np.rint(7 + 1.5 * (country - 1) - 0.7 * sector + 2 * dice.standard_normal()), 0, 10))
            name = [each for each in COUNTRIES if each != "LU"][country]
            rows.writerow((each, name, SECTORS[sector], score, "sl"[each % 2], 2020 + each % 3))
    counts = {(a, b): 10 * (place + 1) for place, a in enumerate(COUNTRIES) for b in SECTORS}
    (made / "organisations.csv").write_text(population(counts), encoding="utf-8")
    (made / "peil.yaml").write_text(PROJECT, encoding="utf-8")
    assert CliRunner().invoke(commands, ["--config", str(made), "load"]).exit_code == 0
    return made


@pytest.fixture(scope="module")
def project(folder):
    made = open_project(folder)
    yield made
    made.close()


def ran(folder, *arguments):
    return CliRunner().invoke(commands, ["--config", str(folder), "cells", *arguments])


def asked(project, language):
    return Asked(data=project.data, catalogue=project.measures, language=language, minimum_n=10, level=0.95)


def chapter(project, language="en", **told):
    wanted = project.settings.report.within(project.root).small_cells[0].model_copy(update=told)
    return small_cells_topic(asked(project, language), [wanted])


def test_the_command_asks_what_the_project_asks_and_tells_people_and_machines_the_same(folder):
    answer = json.loads(ran(folder, "--json").stdout)
    assert answer["run"]["inputs"]
    (told,) = answer["small_cells"]
    assert told["speaks_of"] == "the population given"
    assert len(told["cells"]) == 20
    few = [each for each in told["cells"] if each["n"] < 10]
    assert few
    assert all(each["direct"] is None for each in few)
    assert all(each["low"] < each["value"] < each["high"] for each in told["cells"])
    assert told["errors"]["model"] < told["errors"]["direct"]
    shown = ran(folder)
    assert shown.exit_code == 0, shown.output
    assert "The values are a model's, not a measurement" in shown.output
    assert "Nobody answered from country LU: all that is said of it is the model's." in shown.output
    assert len(re.findall(r"^LU +\w+ +0 +none", shown.output, re.MULTILINE)) == 4
    assert len(re.findall(r"too few", shown.output)) == sum(0 < each["n"] < 10 for each in told["cells"])
    assert "own mean, cells with answers" in shown.output


def test_in_dutch_and_without_the_cells_themselves(folder):
    shown = ran(folder, "--lang", "nl", "--margins")
    assert "De waarden zijn van een model, geen meting" in shown.output
    assert "Niemand antwoordde uit land LU" in shown.output
    assert "één gemiddelde voor alle cellen" in shown.output
    assert "energy" in shown.output
    assert not re.search(r"^NL +energy", shown.output, re.MULTILINE)


def test_what_is_given_goes_before_what_the_project_asks(folder):
    shown = ran(folder, "nps_believed", *BY, "--where", "score >= 3", "--json")
    told = json.loads(shown.stdout)["small_cells"][0]
    assert told["speaks_of"] == "the average cell, not the population"
    assert 100 < sum(each["n"] for each in told["cells"]) < 160


def test_the_cells_can_be_taken_along_as_a_file(folder, tmp_path):
    assert ran(folder, "--out", str(tmp_path / "cells.csv")).exit_code == 0
    with (tmp_path / "cells.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert all(bool(each["own_mean"]) == (int(each["n"]) >= 10) for each in rows)
    assert all(float(each["low"]) < float(each["model"]) < float(each["high"]) for each in rows)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nps_believed",), "say what cells are crossed by"),
        (("nps_believed", *(2 * BY)), "three times at most"),
        (BY, "name the MEASURE as well"),
    ],
)
def test_half_a_question_is_refused(folder, arguments, says):
    refused = ran(folder, *arguments)
    assert refused.exit_code == 2
    assert says in refused.output


def test_a_project_that_asks_nothing_is_told_what_to_ask(folder, tmp_path):
    (tmp_path / "peil.yaml").write_text(PROJECT.partition("report:")[0], encoding="utf-8")
    (tmp_path / "store").symlink_to(folder / "store")
    refused = ran(tmp_path)
    assert refused.exit_code == 2
    assert "list them under report.small_cells" in refused.output


EVERY = {(a, b): 1 for a in COUNTRIES for b in SECTORS}
FAULTS = (
    ("country,sector\nNL,banks\n", "has no column 'population'"),
    ("land,sector,population\nNL,banks,3\n", "has no column 'country'"),
    (population(EVERY) + "NL,banks,3\n", "row 21: NL banks is there twice"),
    (population(EVERY | {("NL", "banks"): "-3"}), "row 17: the population of a cell is negative or no number"),
    (population(EVERY | {("NL", "banks"): "many"}), "row 17: the population of a cell is negative or no number"),
    (population(EVERY | {("NL", "banks"): ""}), "row 17: the population of a cell is negative or no number"),
    (population(EVERY | {("NL", "banks"): "1.200,5"}), "is no table of a population"),
    (population(EVERY | {("NL", "banks"): '"1.200,5"'}), "write how many there are as digits alone"),
    (population(EVERY | {("", "banks"): 3}), "row 21: a cell has no name"),
    ("country,sector,population\n", "has no rows"),
    (
        population({cell: n for cell, n in EVERY.items() if cell != ("NL", "retail")}),
        "not in the population: NL retail",
    ),
    (population(EVERY | {(a, "banks"): 0 for a in COUNTRIES}), "the population has nobody in extra.sector banks"),
    (
        population({(a.replace("DE", "Duitsland"), b): n for (a, b), n in EVERY.items()}),
        "the population has no extra.country DE, and answers none of Duitsland, LU",
    ),
)


@pytest.mark.parametrize(("text", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_a_population_that_does_not_fit_is_refused_with_its_place(project, tmp_path, text, says):
    (tmp_path / "told.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PeilError) as refused:
        project.small_cells("nps_believed", by=("extra.country", "extra.sector"), population=str(tmp_path / "told.csv"))
    assert says in str(refused.value)


def test_a_population_that_is_not_there_is_named(project):
    with pytest.raises(SourceError, match=r"there is no population table nowhere\.csv"):
        project.small_cells("nps_believed", by=("extra.country",), population="nowhere.csv")


def test_a_population_in_place_is_checked_as_well(project):
    def told(population):
        return project.small_cells("nps_believed", by=("extra.country", "extra.sector"), population=population)

    with pytest.raises(DefinitionError, match="a mapping of cells to counts, not a list"):
        told([1, 2])
    with pytest.raises(DefinitionError, match="where cells are told by"):
        told(EVERY | {("NL", None): 3})
    with pytest.raises(DefinitionError, match="NL banks: the population of a cell is negative or no number"):
        told(EVERY | {("NL", "banks"): "veel"})


def test_a_file_with_a_mark_and_blanks_means_what_it_says(project, folder, tmp_path):
    text = "\ufeff" + (folder / "organisations.csv").read_text(encoding="utf-8").replace(",", " ,").replace(
        " ,population", ",population"
    )
    (tmp_path / "marked.csv").write_text(
        text.replace("country ,", "country,").replace("sector ,", "sector,"), encoding="utf-8"
    )
    by = ("extra.country", "extra.sector")
    one, other = (
        project.small_cells("nps_believed", by=by, population=str(each))
        for each in (folder / "organisations.csv", tmp_path / "marked.csv")
    )
    assert one.whole.value == other.whole.value


def test_levels_that_are_dates_are_known_by_their_text(project):
    """A file holds text; the month of an answer is a date."""
    months = project.small_cells("nps_believed", by=("extra.country", "month"))
    named = {tuple(str(value) for _, value in each.group): 1.0 for each in months}
    again = project.small_cells("nps_believed", by=("extra.country", "month"), population=named)
    assert [each.group for each in again] == [each.group for each in months]
    assert [each.value for each in again] == pytest.approx([each.value for each in months])


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_chapter_shows_every_cell_marks_what_is_a_models_and_hides_few_answers(project, language):
    made = chapter(project, language)
    cells, *margins = made.figures
    assert len(margins) == 2
    assert len(cells.table.rows) == 20
    for row in cells.table.rows:
        n, own = int(row[2].stored), row[3]
        assert bool(own.stored) == (n >= 10)
    told = {"en": "values of a model", "nl": "waarden van een model"}[language]
    assert all(told in each.subtitle for each in made.figures)
    ways = [row[0].shown for one in made.tables if one.file == "errors.csv" for row in one.rows]
    assert len(ways) == 4
    assert all(margin.table.names[-1] == "place" for margin in margins)


def test_the_map_draws_every_cell_and_dashes_those_that_nobody_answered_from(project):
    cells = chapter(project).figures[0]
    svg = str(cells.svg)
    # both drawings: four cells of a country that nobody answered from, and the one of the rest that is empty
    assert svg.count('stroke-dasharray="2,2"') == 2 * sum(row[2].stored == "0" for row in cells.table.rows)
    assert all(row[4].shown in svg for row in cells.table.rows)


def test_one_column_or_three_need_no_map_and_many_columns_stand_in_a_table(project):
    one = chapter(project, by=("extra.country",), population=None)
    assert [each.table.file for each in one.figures] == ["country.csv"]
    three = chapter(project, by=("extra.country", "extra.sector", "extra.size"), population=None)
    assert len(three.figures) == 3
    (cells,) = (each for each in three.tables if each.file == "cells.csv")
    assert len(cells.rows) == 32


def test_a_crossing_that_the_project_cannot_ask_is_refused_with_its_place(tmp_path):
    (tmp_path / "peil.yaml").write_text(
        PROJECT.replace("by: [extra.country, extra.sector]", "by: []"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=r"peil.yaml:\d+"):
        open_project(tmp_path)
    assert (
        SmallCellsConfig(measure="nps", by=("channel",), population="contacts").within(tmp_path).population
        == "contacts"
    )


def test_a_field_that_no_row_has_is_a_slip_and_no_group(folder):
    project = open_project(folder)
    for ask in (project.estimate, project.small_cells):
        with pytest.raises(DefinitionError, match="no row has a field 'sectr'") as refused:
            ask("nps_believed", by=["extra.country", "extra.sectr"])
        assert "'extra.sector'" in str(refused.value)
    project.close()


def test_a_field_that_is_empty_in_the_rows_chosen_is_no_slip(folder):
    project = open_project(folder)
    with pytest.raises(EvidenceError, match="no row"):
        project.estimate("nps_believed", by=["extra.sector"], where="score > 10").only()
    project.close()
