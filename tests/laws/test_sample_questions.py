"""A question about a sample that cannot be answered is an error with what to do, never a number and never a traceback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.sample import sample

DESIGN = {"weight": "w", "stratum": "h", "cluster": "c"}


def rows(**more):
    each = np.arange(40)
    told = {"h": each // 20, "c": each // 5, "w": 2.0, "score": each % 11, "name": "x", "g": each // 10, "none": np.nan}
    return pd.DataFrame({**told, **more})


@pytest.mark.parametrize(
    ("ask", "says", "do"),
    [
        (lambda of: of.quantile("score", 50), "q is 50", "0.5 for the median"),
        (lambda of: of.quantile("score", 0), "q is 0", "between 0 and 1"),
        (lambda of: of.mean("score", level=95), "the level is 95", "such as 0.95"),
        (lambda of: of.share("score > 5", level=95), "the level is 95", "such as 0.95"),
        (lambda of: of.difference("score", "g", 0, 1, level=0), "the level is 0", "such as 0.95"),
        (lambda of: of.mean([]), "a mean of nothing", "name a column"),
        (lambda of: of.contrast({}), "a mean of nothing", "name a column"),
        (lambda of: of.mean("score + name"), "the question cannot be computed", "columns of numbers"),
        (lambda of: of.share("name > 3"), "the question cannot be computed", "single quotes"),
        (lambda of: of.mean("score", where="name = 3"), "the question (cannot be computed|compares)", "single quotes"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(ask, says, do):
    with pytest.raises(DefinitionError, match=says) as told:
        ask(sample(rows(), **DESIGN))
    assert do in str(told.value.remedy)
    assert "'x'" not in str(told.value)


@pytest.mark.parametrize(
    ("more", "design", "says", "do"),
    [
        (
            {"N": 3.0},
            {**DESIGN, "population": "N"},
            "more clusters than its population: 4 out of 3",
            "not in the sample",
        ),
        ({"N": 0.3}, {**DESIGN, "population": "N"}, "stratum '[01]' has a population of 0.3", "not which part"),
        ({"c": 1}, {"cluster": "c"}, "the sample has a single cluster", "leave the cluster out"),
        ({"h": np.arange(40) // 5}, {**DESIGN, "singleton": "average"}, "every stratum has a single", "another rule"),
    ],
)
def test_a_design_of_which_nothing_can_be_said_is_refused(more, design, says, do):
    with pytest.raises(EvidenceError, match=says) as told:
        sample(rows(**more), **design).mean("score")
    assert do in str(told.value.remedy)


def test_an_unknown_rule_for_strata_of_one_cluster_is_refused_though_there_are_none():
    with pytest.raises(DefinitionError, match="singleton: there is no rule 'centre'"):
        sample(rows(), **DESIGN, singleton="centre")


def test_a_group_that_is_no_number_is_the_missing_group():
    made = pl.DataFrame(rows()).with_columns(
        size=pl.Series([[1.5, float("nan"), None][each % 3] for each in range(40)])
    )
    design = sample(made, **DESIGN)
    assert design.mean("score", by="size").groups == ((1.5,), (None,))
    median = design.quantile("score", by="size")
    assert [each.n for each in median] == [14, 26]


def test_what_nobody_answered_is_not_nought():
    """A total of no answers is not known: nought would say that it was counted."""
    made = sample(rows(some=np.where(np.arange(40) < 20, 1.0, np.nan)), **DESIGN)
    nothing = made.total("none").only()
    assert (nothing.n, np.isnan(nothing.value), np.isnan(nothing.se)) == (0, True, True)
    by = made.total("some", by="g")
    assert by.value[:2].tolist() == [20, 20]
    assert np.isnan(by.value[2:]).all()
