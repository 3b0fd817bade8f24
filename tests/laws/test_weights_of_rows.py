"""The weights of rows are the same wherever rows are counted, and come in the order of the rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peil.errors import DefinitionError
from peil.estimates.sample import sample
from peil.estimates.sampled_rows import Sample

N = 3_000
SIZE = {1: 0.3, 2: 0.5, 3: 0.2}
TRUE = {True: 0.25, False: 0.75}
KIND = {"": 0.2, "a": 0.5, "b": 0.3}


@pytest.fixture(scope="module")
def rows():
    """Return rows with a margin of every type: whole numbers, doubles, truths, texts with nothing among them."""
    rng = np.random.default_rng(12)
    text = rng.choice(np.array(["a", "b", None], dtype=object), N)
    return pa.table(
        {
            "size": rng.integers(1, 4, N),
            "half": rng.integers(1, 4, N).astype(float),
            "asked": rng.random(N) < 0.4,
            "kind": pa.array(text.tolist(), pa.string()),
            "age": rng.normal(40, 10, N),
            "w": rng.uniform(1, 3, N),
            "y": rng.normal(size=N),
        }
    )


MARGINS = {"size": SIZE, "half": SIZE, "asked": TRUE, "kind": KIND}


def left_in_the_engine(people):
    """Return the sample without what it was made of, so that everything is asked of the engine."""
    return Sample(people.engine, people.table, people.design)


def by_key(made, key):
    """Return the weights of a sample that stay in its engine, in the order of a key."""
    asked = f"select {key} as k, calibrated_weight as w from {made.table.name}"
    found = made.engine.rows(asked)
    return found.column("w").to_numpy()[np.argsort(found.column("k").to_numpy(), kind="stable")]


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("more", [{}, {"trim": 2.5}])
@pytest.mark.parametrize("kept", ["memory", "file"])
def test_weights_made_here_are_those_made_in_the_engine(rows, tmp_path, weight, more, kept):
    data = rows
    if kept == "file":
        data = tmp_path / "people.parquet"
        pq.write_table(rows, data, row_group_size=700)
    people = sample(data, weight=weight)
    here, there = people.rake(MARGINS, **more), left_in_the_engine(people).rake(MARGINS, **more)
    order = np.argsort(rows.column("y").to_numpy(), kind="stable")
    assert here.weights()[order] == pytest.approx(by_key(there, "y"), rel=1e-9)
    assert by_key(here, "y") == pytest.approx(here.weights()[order], rel=1e-12)
    for one in ("deff", "least", "quarter", "middle", "three_quarters", "most", "respondents", "trimmed"):
        assert getattr(here.diagnosis, one) == pytest.approx(getattr(there.diagnosis, one), rel=1e-9)
    one, other = here.mean("y", by="kind"), there.mean("y", by="kind")
    assert one.value == pytest.approx(other.value, rel=1e-9)
    assert one.se == pytest.approx(other.se, rel=1e-9)


def test_weights_meet_the_margins_row_by_row(rows):
    made = sample(rows, weight="w").rake(MARGINS)
    w = made.weights()
    assert w.sum() == pytest.approx(rows.column("w").to_numpy().sum())
    for name, targets in MARGINS.items():
        values = rows.column(name).to_pylist()
        for level, share in targets.items():
            mine = np.array([(each or "") == level if name == "kind" else each == level for each in values])
            assert w[mine].sum() / w.sum() == pytest.approx(share, rel=1e-8)


def test_a_margin_may_be_sql_and_its_weights_come_in_order_too(rows):
    people = sample(rows)
    old = "case when age >= 40 then 'old' else 'young' end"
    w = people.rake({old: {"old": 0.7, "young": 0.3}}).weights()
    is_old = rows.column("age").to_numpy() >= 40
    assert w[is_old] == pytest.approx(np.full(is_old.sum(), 0.7 * N / is_old.sum()))
    assert w[~is_old] == pytest.approx(np.full((~is_old).sum(), 0.3 * N / (~is_old).sum()))


def test_numbers_with_as_many_values_as_rows_are_calibrated_to(rows):
    size = rows.column("w").to_numpy().sum()
    made = sample(rows, weight="w").calibrate(
        {"size": SIZE, "kind": KIND}, totals={"age": 40.2 * size, "y": 0.02 * size}, method="rake"
    )
    w = made.weights()
    assert w @ rows.column("age").to_numpy() == pytest.approx(40.2 * size, rel=1e-9)
    assert w @ rows.column("y").to_numpy() == pytest.approx(0.02 * size, rel=1e-6)
    for level, share in SIZE.items():
        assert w[rows.column("size").to_numpy() == level].sum() / w.sum() == pytest.approx(share, rel=1e-8)


def test_a_sample_without_weights_counts_every_row_as_one(rows):
    assert sample(rows).weights().tolist() == [1.0] * N
    assert sample(rows, weight="w").weights().tolist() == rows.column("w").to_pylist()


def test_weights_of_rows_that_stay_in_an_engine_are_not_given_in_any_order(rows):
    people = left_in_the_engine(sample(rows)).rake({"size": SIZE})
    with pytest.raises(DefinitionError, match="come in any order"):
        people.weights()


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_nothing_and_an_empty_text_are_one_level(tmp_path, kept):
    rows = pa.table({"kind": ["", None, "a", "a", "a"], "y": [1.0, 2.0, 3.0, 4.0, 5.0]})
    data = rows
    if kept == "file":
        data = tmp_path / "people.parquet"
        pq.write_table(rows, data)
    made = sample(data).rake({"kind": {"": 0.5, "a": 0.5}})
    assert made.weights() == pytest.approx([1.25, 1.25, 5 / 6, 5 / 6, 5 / 6])
    found = made.mean("y").only()
    assert (found.n, found.value) == (5, pytest.approx(2.75))
    assert made.diagnosis.fits[0].rows == (2, 3)
