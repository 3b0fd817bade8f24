"""Persons whose truth is known: who is found, who is kept apart, and what happens from load to load."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.dataset import Dataset, build
from peil.engines import written
from peil.engines.door import Limits, connect
from peil.engines.duck import DuckEngine
from peil.engines.handles import FIELDS, SAID, normalised, one, pseudonym
from peil.engines.keyed_handles import NEAR
from peil.engines.schema import Column, Kind
from peil.engines.store import Store
from peil.errors import DefinitionError
from peil.persons import linking
from peil.persons.comparisons import STANDARD
from peil.persons.linking import link, threshold
from peil.persons.people import registers
from peil.persons.register import Override, PersonRules, Register
from peil.persons.simulated import CustomerFile
from peil.project import open_project
from peil.sources.delimited import DelimitedTable
from peil.sources.load import Handles, load, organisation_key

KEY = b"simulated customers only"
RULES = PersonRules(limits=Limits(memory="1GB"))
STANDARDS = PersonRules(learn=False, limits=Limits(memory="1GB"))
Said = dict[str, str]


def table(rows: Sequence[Said], source: str = "crm") -> pa.Table:
    fields = [normalised(**{key: value for key, value in row.items() if key != "id"}) for row in rows]
    columns = {each: pa.array([row[each] for row in fields], pa.string()) for each in FIELDS}
    return pa.table({"source": [source] * len(rows), "customer_id": [row["id"] for row in rows], **columns})


def drawn(world: CustomerFile) -> tuple[pa.Table, list[int]]:
    said, truth = world.drawn()
    rows = [one(each, "NL") for each in zip(*(said[name].to_pylist() for name in SAID), strict=True)]
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(FIELDS)}
    # numbered as wide as they are many, so that their order is the order of the truth
    return pa.table(
        {"source": ["crm"] * len(rows), "customer_id": [f"{n:07}" for n in range(len(rows))], **columns}
    ), truth


def hashed(rows: pa.Table) -> pa.Table:
    con = connect(Limits())
    written.prepare(con, KEY, "NL")
    con.register("rows", rows)
    packed = ", ".join(f"{each}: {each}" for each in FIELDS)
    values = [
        written.link_field(Column(name=f"link_{each}", kind=Kind.TEXT, says="", field=each), clear=False)
        for each in FIELDS
    ]
    listed = ", ".join(f"{value} as {each}" for value, each in zip(values, FIELDS, strict=True))
    return con.sql(
        f"select source, customer_id, {listed} from (select source, customer_id, {{{packed}}} as f from rows) order by customer_id"
    ).to_arrow_table()


def pairs_in(groups: Counter[object]) -> int:
    return sum(n * (n - 1) // 2 for n in groups.values())


def precision_and_recall(found: Sequence[object], truth: Sequence[object]) -> tuple[float, float]:
    right = pairs_in(Counter(zip(found, truth, strict=True)))
    return right / pairs_in(Counter(found)), right / pairs_in(Counter(truth))


def persons(rows: pa.Table) -> list[str]:
    found: list[str] = rows.sort_by("customer_id")["person_id"].to_pylist()
    return found


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, list[int]]:
    return drawn(CustomerFile(persons=5_000))


@pytest.fixture(scope="module")
def folder(world: tuple[pa.Table, list[int]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("registers")
    Register(made, "shop").update(world[0], RULES)
    return made


def test_persons_are_found_among_typos_moves_shared_lines_and_family_mail(
    world: tuple[pa.Table, list[int]], folder: Path
) -> None:
    register = Register(folder, "shop")
    precision, recall = precision_and_recall(persons(register.records()), world[1])
    assert precision >= 0.99
    assert recall >= 0.90
    assert register.tally.shared == {"phone": 3, "mail": 3}
    assert register.tally.unsure > 0


def test_keyed_fields_cost_little_recall_and_no_precision(
    world: tuple[pa.Table, list[int]], folder: Path, tmp_path: Path
) -> None:
    keyed = Register(tmp_path, "shop").update(hashed(world[0]), RULES)
    in_clear = precision_and_recall(persons(Register(folder, "shop").records()), world[1])
    precision, recall = precision_and_recall(persons(keyed), world[1])
    assert precision >= 0.99
    assert 0.90 <= recall < in_clear[1]


def test_records_that_come_later_join_without_relinking_and_nobody_is_renamed(tmp_path: Path) -> None:
    rows, truth = drawn(CustomerFile(persons=800, seed=3))
    most = int(rows.num_rows * 0.8)
    register = Register(tmp_path, "shop")
    first = register.update(rows.slice(0, most), STANDARDS)
    second = register.update(rows, STANDARDS)
    assert (register.tally.new, register.tally.records) == (rows.num_rows - most, rows.num_rows)
    at_once = Register(tmp_path / "other", "shop").update(rows, STANDARDS)
    # the same persons as when all came at once, but for pairs whose line turned out to be a family's meanwhile
    together = Counter(zip(persons(second), persons(at_once), strict=True))
    agreed = pairs_in(together)
    assert agreed >= 0.98 * max(pairs_in(Counter(persons(second))), pairs_in(Counter(persons(at_once))))
    before = dict(zip(first["customer_id"].to_pylist(), first["person_id"].to_pylist(), strict=True))
    after = dict(zip(second["customer_id"].to_pylist(), second["person_id"].to_pylist(), strict=True))
    assert sum(after[each] == person for each, person in before.items()) >= 0.97 * most
    assert precision_and_recall(persons(second), truth)[0] >= 0.98
    again = register.state
    register.update(rows, STANDARDS)
    assert register.state == again


JAN = {
    "id": "1",
    "name": "Jan de Vries",
    "birth_date": "12-03-1980",
    "postcode": "1234 AB",
    "house_number": "5",
    "phone": "0201234567",
    "mail": "fam@devries.nl",
}
JAN_AGAIN = {
    "id": "2",
    "name": "J. de Vries",
    "birth_date": "1980-03-12",
    "postcode": "1234AB",
    "house_number": "5",
    "phone": "+31 20 1234567",
}
MARIE = {
    "id": "3",
    "name": "Marie de Vries-Bakker",
    "birth_date": "1982-07-01",
    "postcode": "1234AB",
    "house_number": "5",
    "phone": "0201234567",
    "mail": "fam@devries.nl",
}
MARIE_AGAIN = {
    "id": "4",
    "name": "Bakker, Marie",
    "birth_date": "1982-07-01",
    "postcode": "9876XY",
    "house_number": "80",
    "mail": "fam@devries.nl",
}
ANYONE = {"id": "5", "name": "de Vries", "postcode": "1234AB", "house_number": "5", "mail": "fam@devries.nl"}


def test_one_number_and_one_mailbox_of_a_family_are_many_persons(tmp_path: Path) -> None:
    found = persons(Register(tmp_path, "shop").update(table([JAN, JAN_AGAIN, MARIE, MARIE_AGAIN, ANYONE]), STANDARDS))
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3


def test_twins_who_share_the_mailbox_of_their_parents_stay_two(tmp_path: Path) -> None:
    home = {
        "birth_date": "2001-05-06",
        "postcode": "1234AB",
        "house_number": "5",
        "surname": "Bos",
        "mail": "fam@bos.nl",
    }
    parent = {**home, "id": "3", "given_name": "Els", "birth_date": "1971-01-02"}
    rows = table([{"id": "1", "given_name": "Sem", **home}, {"id": "2", "given_name": "Levi", **home}, parent])
    assert len(set(persons(Register(tmp_path, "shop").update(rows, STANDARDS)))) == 3


def test_a_mailbox_on_ten_thousand_records_links_nobody(tmp_path: Path) -> None:
    rows = [
        {"id": f"{n:05}", "name": f"{chr(97 + n % 26)}{n} Klant{n}", "mail": "info@callcenter.nl", "phone": "0881234567", "birth_date": "1900-01-01"}
        for n in range(10_000)
    ]  # fmt: skip
    register = Register(tmp_path, "shop")
    made = register.update(table(rows), STANDARDS)
    assert len(set(persons(made))) == 10_000
    assert register.tally.shared == {"phone": 1, "mail": 1}
    assert "mail" in register.tally.left_out or register.tally.unsure == 0


def test_what_nobody_knows_links_nobody(tmp_path: Path) -> None:
    nobody = {"phone": "0000000000", "mail": "test@test", "birth_date": "1900-01-01", "name": "onbekend"}
    made = Register(tmp_path, "shop").update(table([{"id": str(n), **nobody} for n in range(5)]), STANDARDS)
    assert len(set(persons(made))) == 5


def test_a_decision_by_hand_holds_and_can_be_taken_back(tmp_path: Path) -> None:
    register = Register(tmp_path, "shop")
    rows = table([JAN, JAN_AGAIN, MARIE])
    before = persons(register.update(rows, STANDARDS))
    register.decide(Override(kind="never_link", records=(("crm", "1"), ("crm", "2")), why="father and son"))
    apart = persons(register.update(rows, STANDARDS))
    assert apart[0] == before[0] != apart[1]
    register.decide()
    assert persons(register.update(rows, STANDARDS)) == before
    register.decide(Override(kind="split", records=(("crm", "2"),)))
    assert persons(register.update(rows, STANDARDS))[0] != persons(register.records())[1]
    register.decide()
    assert persons(register.update(rows, STANDARDS)) == before


def test_a_merge_says_which_fields_agree_and_what_each_is_worth(tmp_path: Path) -> None:
    register = Register(tmp_path, "shop")
    register.update(table([JAN, JAN_AGAIN, MARIE]), STANDARDS)
    judgement, together = register.explain(("crm", "1"), ("crm", "2"), STANDARDS)
    told = {name: (label, bits) for name, label, bits in judgement.parts}
    assert together
    assert told["born"][0] == "equal"
    assert told["mail"] == ("missing", 0.0)
    assert judgement.weight == pytest.approx(STANDARD.prior_weight + sum(bits for _, bits in told.values()))
    other, apart = register.explain(("crm", "1"), ("crm", "3"), STANDARDS)
    assert (apart, other.probability) == (False, 0.0)
    assert "one household" in other.veto
    with pytest.raises(DefinitionError, match="no such customer record"):
        register.explain(("crm", "1"), ("crm", "77"), STANDARDS)


def test_a_part_of_a_large_file_teaches_what_the_whole_does(
    world: tuple[pa.Table, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = world[0].slice(0, 4_000)
    whole = link(rows, STANDARD, limits=RULES.limits).model
    monkeypatch.setattr(linking, "MOST_TO_LEARN", 2_000)
    part = link(rows, STANDARD, limits=RULES.limits).model
    assert part != whole
    assert part.prior_weight == pytest.approx(whole.prior_weight, abs=1.0)
    for here, there in zip(part.comparisons[:3], whole.comparisons[:3], strict=True):
        assert here.labelled("equal").weight == pytest.approx(there.labelled("equal").weight, abs=1.0)


def test_a_dearer_wrong_merge_merges_less(tmp_path: Path) -> None:
    rows, _ = drawn(CustomerFile(persons=600, seed=5))
    counts = []
    for cost in (1.0, 20.0, 10_000.0):
        rules = PersonRules(wrong_merge=cost, learn=False, limits=Limits(memory="1GB"))
        assert rules.threshold == threshold(cost, 1.0)
        counts.append(len(set(persons(Register(tmp_path / str(cost), "shop").update(rows, rules)))))
    assert counts[0] < counts[1] < counts[2]


def test_clear_and_keyed_records_are_not_compared_with_one_another(tmp_path: Path) -> None:
    rows = table([JAN, MARIE])
    mixed = pa.concat_tables([rows.slice(0, 1), hashed(rows).slice(1, 1).cast(rows.schema)])
    with pytest.raises(DefinitionError, match="some customer records are in clear text and some are not"):
        Register(tmp_path, "shop").update(mixed, STANDARDS)


def test_clear_text_is_kept_only_where_it_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text(
        "id,name,born,postcode,house,phone,mail\n1,Jan de Vries,12-03-1980,1234 AB,5,,\n", encoding="utf-8"
    )
    for clear, surname in ((True, "vries"), (False, None)):
        store = Store(tmp_path / str(clear))
        load(
            (CUSTOMERS,), store, root=tmp_path, limits=Limits(memory="1GB"), key=KEY, handles=Handles(clear_text=clear)
        )
        part = pq.read_table(next(store.loads_folder.glob("*/customers.parquet")))
        assert (part["link_surname"][0].as_py() == surname) is clear
        assert len(part["name"][0].as_py()) == 32


CUSTOMERS = DelimitedTable(
    name="crm", organisation="shop", files=("crm.csv",), table="customers",
    columns={"customer_id": "id", "name": "name", "birth_date": "born", "postcode": "postcode", "house_number": "house", "phone": "phone", "mail": "mail"},
)  # fmt: skip
CALLS = DelimitedTable(
    name="acd", organisation="shop", files=("calls.csv",), table="legs", zone="Europe/Amsterdam",
    columns={"contact_id": "id", "leg_id": "id", "channel": "'call'", "handler": "'agent'", "started_at": "started", "phone": "phone", "mail": "mail", "customer_id": "customer"},
)  # fmt: skip
PEOPLE = (
    JAN,
    JAN_AGAIN,
    MARIE,
    {
        "id": "9",
        "name": "Piet Bos",
        "birth_date": "1970-02-03",
        "postcode": "1111AA",
        "house_number": "1",
        "phone": "0612345679",
        "mail": "piet@kpn.nl",
    },
)
# contact, phone, mail, customer number
CONTACTS = (
    ("a", "+31612345679", "", ""), ("b", "", "Piet@KPN.nl", ""), ("c", "", "", "9"), ("d", "0201234567", "", ""), ("e", "0201234567", "", "1"),
    ("f", "anonymous", "", ""), ("g", "", "", ""), ("h", "0000000000", "test@test", ""), ("i", "0699999998", "", ""), ("j", "+31699999998", "", ""),
)  # fmt: skip


def project(folder: Path, *, clear: bool = False, customers: bool = True) -> tuple[Store, Dataset]:
    with (folder / "crm.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "name", "born", "postcode", "house", "phone", "mail"])
        lines.writerows(
            [each.get(key, "") for key in ("id", "name", "birth_date", "postcode", "house_number", "phone", "mail")]
            for each in PEOPLE
        )
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "started", "phone", "mail", "customer"])
        lines.writerows(
            (each, f"2024-03-0{place % 9 + 1} 10:00:00", *rest) for place, (each, *rest) in enumerate(CONTACTS)
        )
    store = Store(folder / "store")
    sources = (CUSTOMERS, CALLS) if customers else (CALLS,)
    told = load(sources, store, root=folder, limits=Limits(memory="1GB"), key=KEY, handles=Handles(clear_text=clear))
    assert not told.refused
    return store, build(store, DuckEngine(Limits(memory="1GB")))


def whose(data: Dataset) -> dict[str, int | None]:
    rows = data.engine.rows("select contact_id, person_key from contacts").to_pylist()
    return {row["contact_id"]: row["person_key"] for row in rows}


@pytest.fixture(scope="module")
def keyed_project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Dataset]:
    return project(tmp_path_factory.mktemp("keyed"))


def test_contacts_are_of_the_person_whose_record_has_the_number_mailbox_or_customer_number(
    keyed_project: tuple[Store, Dataset],
) -> None:
    found = whose(keyed_project[1])
    assert found["a"] == found["b"] == found["c"] is not None
    assert found["i"] == found["j"] is not None
    assert found["e"] is not None
    assert found["e"] != found["a"]
    # the number is Jan's and Marie's, so that it alone tells nobody
    assert [found[each] for each in "dfgh"] == [None] * 4


def test_without_customer_records_a_handle_is_the_person_unless_it_is_busy_or_the_organisations_own(
    tmp_path: Path,
) -> None:
    store, data = project(tmp_path, customers=False)
    found = whose(data)
    assert found["i"] == found["j"] is not None
    assert found["a"] not in {found["b"], None}
    assert found["d"] is not None
    assert [found[each] for each in "fgh"] == [None] * 3
    engine = DuckEngine(Limits(memory="1GB"))
    own = pseudonym("phone", "06 12345679", organisation_key(KEY, "shop"))
    assert own
    quiet = whose(build(store, engine, persons=PersonRules(most_contacts=1, own_handles=(own,))))
    assert (quiet["i"], quiet["j"], quiet["a"], quiet["b"] is None) == (None, None, None, False)


def test_the_store_holds_no_name_number_or_birth_date(keyed_project: tuple[Store, Dataset]) -> None:
    store, _ = keyed_project
    rows = registers(store.folder, ["shop"])["shop"].records()
    assert rows is not None
    for name in FIELDS:
        values = [part for value in rows[name].drop_null().to_pylist() for part in value.split(" ")]
        assert values or name in {"street", "place", "account"}
        assert all(len(each) == (5 if name in NEAR else 16) and set(each) <= set("0123456789abcdef") for each in values)
    for part in store.folder.rglob("*.parquet"):
        assert b"vries" not in part.read_bytes().lower()


def test_the_command_counts_persons_explains_a_pair_and_takes_decisions_back(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "peil.yaml").write_text(
        "name: shop\norganisation: shop\nkey_file: key\nsources:\n"
        "  - {kind: table, name: crm, files: [crm.csv], table: customers, columns: {customer_id: id, name: name, birth_date: born, postcode: postcode, house_number: house, phone: phone, mail: mail}}\n"
        "  - {kind: table, name: acd, files: [calls.csv], table: legs, columns: {contact_id: id, leg_id: id, channel: \"'call'\", started_at: started, phone: phone, mail: mail, customer_id: customer}}\n"
        "persons: {wrong_merge: 50, own_handles: ['088 123 4567']}\nstore: other\n",
        encoding="utf-8",
    )
    opened = open_project(str(tmp_path))
    opened.load()
    opened.close()

    def ran(*words: str) -> dict[str, object]:
        made = CliRunner().invoke(commands, ["--config", str(tmp_path), "persons", *words, "--json"])
        assert made.exit_code == 0, made.output
        told: dict[str, object] = json.loads(made.stdout)
        return told

    counted = ran()
    assert counted["registers"]["shop"]["persons"] == 3  # type: ignore[index]  # plain JSON
    assert counted["contacts"][0] == {  # type: ignore[index]  # a list, as JSON has it
        "organisation": "shop", "contacts": 10, "of_a_known_person": 6, "without_any_handle": 3, "with_a_shared_handle_only": 1, "persons_in_contact": 3,
    }  # fmt: skip
    assert (
        ran("--never-link", "crm:1", "crm:2", "--why", "father and son", "--pair", "crm:1", "crm:2")["together"]
        is False
    )
    assert ran("--undo", "crm:1", "--undo", "crm:2")["undone"] == 1
    assert ran("--pair", "crm:1", "crm:2")["together"] is True
    opened = open_project(str(tmp_path))
    opened.desk.forget()
    assert opened.data.run.digest
    assert opened.desk.tallies()["shop"].persons == 3
    opened.close()
    shown = CliRunner().invoke(commands, ["--config", str(tmp_path), "persons", "--pair", "crm:1", "crm:3"]).output
    assert "kept apart: another first name and birth date" in shown
    assert "Vries" not in shown


def test_nothing_of_a_register_is_lost_when_it_is_read_back(folder: Path) -> None:
    register = Register(folder, "shop")
    rows, model = register.records(), register.model
    assert rows is not None
    assert model is not None
    assert model.prior != STANDARD.prior
    assert pc.count_distinct(rows["record"]).as_py() == rows.num_rows == register.tally.records
    assert pc.count_distinct(rows["person_id"]).as_py() == register.tally.persons


def test_a_register_that_began_small_learns_once_there_are_records_enough(tmp_path: Path) -> None:
    rows, _ = drawn(CustomerFile(persons=320, seed=6))
    register = Register(tmp_path, "shop")
    register.update(rows.slice(0, 100), RULES)
    assert register.model == STANDARD
    register.update(rows.slice(0, 150), RULES)
    assert (register.model, register.tally.new) == (STANDARD, 50)
    register.update(rows, RULES)
    assert register.model != STANDARD
    assert register.tally.new == rows.num_rows >= 500
