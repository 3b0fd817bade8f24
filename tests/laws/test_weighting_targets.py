"""Targets and settings as people mistype them: each is told with what to do, and none is guessed at."""

from __future__ import annotations

import pytest

from peil.errors import DefinitionError
from peil.estimates.sample import sample

ROWS = {"sex": list("ffmmfm"), "age": list("oyoyyo"), "n": [1.0, 2, 3, 4, 5, 6], "b": [True, False] * 3}
HALF = {"f": 0.5, "m": 0.5}


@pytest.mark.parametrize(
    ("margins", "match"),
    [
        ({"sex": {"f": 0.49, "m": 0.5}}, "'sex' add up to 0.99, which is neither 1, as shares do"),
        ({"sex": HALF, "age": {"o": 0.3, "y": 0.6}}, "'age' add up to 0.9, which is neither 1"),
        ({"sex": {"f": 1, "m": 1}}, "nor a population of at least the 6 respondents"),
        ({"sex": {"f": 50, "m": 50}, "age": {"o": 0.3, "y": 0.7}}, "'sex' add up to 100, as percentages do"),
        ({"sex": {"f": 49.9, "m": 50}}, "'sex' add up to 99.9, as percentages do"),
        ({"sex": {"f": 0.5, "m": None}}, "the target of 'sex' = 'm' is no number"),
        ({"sex": {"f": "half", "m": "half"}}, "the target of 'sex' = 'f' is no number"),
        ({"sex": [0.5, 0.5]}, "the targets of 'sex' are a list"),
        ({"sex": HALF, "sex ": HALF}, "'sex' is given twice"),
        ({"sex": HALF, '"sex"': {"f": 0.4, "m": 0.6}}, "'sex' is given twice"),
        ({"n": {1: 0.1, "1": 0.2, 2: 0.7}}, "'n' = '1' is given twice"),
        ({"sex": {"F": 0.5, "M": 0.5}}, "no target, as have 'm'\n  remedy: the targets have 'F': write it as the"),
        ({"b": {"True": 0.5, "False": 0.5}}, "the targets have 'False': write it as the answers do"),
        ({"sex": {"f": 0.4, "m": 0.5, "x": 0.1}}, r"as: case when sex in \('x', 'f'\) then 'f' else sex end"),
    ],
)
def test_targets_that_a_person_mistyped_are_told_with_what_to_do(margins, match):
    with pytest.raises(DefinitionError, match=match):
        sample(ROWS).rake(margins)


def test_percentages_for_more_than_a_hundred_respondents_are_refused():
    many = sample({"sex": list("fm") * 60})
    with pytest.raises(DefinitionError, match="as percentages do"):
        many.rake({"sex": {"f": 60, "m": 40}})
    few = sample({"sex": list("fm") * 4, "w": [300.0] * 8}, weight="w")
    with pytest.raises(DefinitionError, match="as percentages do"):
        few.poststratify("sex", {"f": 60, "m": 40})


def test_a_population_of_a_hundred_is_a_population():
    assert sample(ROWS).rake({"sex": {"f": 60, "m": 40}}).weights().sum() == pytest.approx(100)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"method": "raking"}, "no method 'raking'\n  remedy: did you mean 'rake'"),
        ({"method": "rake", "bounds": (0.5, 2)}, "bounds are not kept by method 'rake'"),
        ({"method": "bounded", "bounds": 3}, "need bounds"),
        ({"method": "bounded", "bounds": (float("nan"), 3)}, "do not have 1 between them"),
        ({"totals": {"sex": 3}}, "'sex' holds no numbers"),
        ({"totals": {"n": None}}, "the total of 'n' is no number"),
        ({"trim": float("nan")}, "cannot all be below nan times"),
    ],
)
def test_settings_that_cannot_be_are_never_silent(more, match):
    with pytest.raises(DefinitionError, match=match):
        sample(ROWS).calibrate({"sex": HALF}, **more)


def test_missing_values_of_a_margin_need_a_target_or_a_stand_in():
    people = sample({"sex": ["f", None, "m"]})
    with pytest.raises(DefinitionError, match="say in SQL what stands in for a missing value"):
        people.rake({"sex": HALF})
    assert people.rake({"sex": {"f": 0.4, "m": 0.4, None: 0.2}}).weights() == pytest.approx([1.2, 0.6, 1.2])
    joined = people.rake({"coalesce(sex, 'm')": HALF})
    assert joined.weights() == pytest.approx([1.5, 0.75, 0.75])


def test_whole_numbers_stored_as_doubles_are_levels_without_decimals():
    """As SPSS files and pandas columns with gaps have them."""
    people = sample({"size": [1.0, 2.0, 2.0, None], "x": [1, 2, 3, 4]})
    made = people.rake({"size": {1: 0.4, 2: 0.4, None: 0.2}})
    assert made.weights() == pytest.approx([1.6, 0.8, 0.8, 0.8])
    assert made.diagnosis.fits[0].levels == (("",), ("1",), ("2",))


def test_a_diagnosis_reads_as_a_page_and_as_a_table():
    made = sample(ROWS).rake({"sex": {"f": 0.8, "m": 0.2}}, trim=1.7)
    told = str(made.diagnosis)
    assert "6 respondents stand for 6" in told
    assert "design effect 1.36: they say as much as 4 that count alike" in told
    assert "0 weights are at the cap of 1.70 times the mean" in told
    assert "\nsex\n  f            3   50.0%  80.0%   80.0%\n" in told
    frame = made.diagnosis.to_frame()
    assert frame.columns.tolist() == ["margin", "level", "respondents", "before", "after", "target"]
    assert frame.loc[frame.level == "f", "after"].tolist() == pytest.approx([4.8])
