"""Who is calling: a simulated file is looked in, answers are as right as they say, and handles stay unseen."""

from __future__ import annotations

import json
import logging

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from peil.cli import commands
from peil.engines.handles import FIELDS, SAID, normalised
from peil.errors import DefinitionError, EvidenceError, SourceError
from peil.persons.comparisons import STANDARD
from peil.persons.lookup import Lookup, build
from peil.persons.lookup_index import Index, key_of
from peil.persons.reception import Reception
from peil.persons.simulated import CustomerFile
from peil.sources.load import organisation_key

NAMED = ("given", "initial", "given_sound", "surname", "sound")
WAYS = (
    ("phone",),
    ("mail",),
    (*NAMED, "postcode", "area", "house"),
    (*NAMED, "born", "year", "month", "day"),
    ("phone", *NAMED),
    FIELDS,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A look-up over some 1,200 persons, and contacts to come with the person each is of."""
    rows, truth = CustomerFile(persons=2_300, seed=4).drawn()
    columns = [rows.column(each).to_pylist() for each in SAID]
    seen, coming, records, whose = set(), [], [], []
    for values, person in zip(zip(*columns, strict=True), truth, strict=True):
        said = {name: value for name, value in zip(SAID, values, strict=True) if name != "account"}
        if person in seen:
            records.append(normalised(**said))
            whose.append(str(person))
        else:
            seen.add(person)
            coming.append((normalised(**said), str(person)))
    coming = coming[:320]
    share = float(np.mean([person in set(whose) for _, person in coming]))
    folder = tmp_path_factory.mktemp("lookup") / "persons"
    table = pa.Table.from_pylist(records, pa.schema([(each, pa.string()) for each in FIELDS]))
    return build(table, whose, STANDARD, folder, known=share), coming, folder


def answered(lookup, coming, ways=WAYS):
    """Return how likely the likeliest person was said to be, and whether it was them."""
    said, right = [], []
    for whole, person in coming:
        for fields in ways:
            answer = lookup.who({each: whole.get(each) for each in fields})
            if answer.best:
                said.append(answer.best[0][1])
                right.append(answer.best[0][0] == person)
    return np.array(said), np.array(right)


def test_answers_are_right_as_often_as_they_say(world):
    lookup, coming, _ = world
    said, right = answered(lookup, coming)
    for low, high in ((0.05, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 1.01)):
        here = (said >= low) & (said < high)
        assert here.sum() >= 10
        chance = said[here].mean()
        # by chance three standard errors; it may be too careful by more than it may be too sure
        noise = 3 * np.sqrt(chance * (1 - chance) / here.sum())
        assert chance - 0.02 - noise < right[here].mean() < chance + 0.15 + noise


def test_everything_told_finds_the_person(world):
    lookup, coming, _ = world
    known = {lookup.index.person[place].as_py() for place in range(lookup.index.n_records)}
    answers = [(lookup.who(whole), person) for whole, person in coming if person in known]
    found = [answer.person == person for answer, person in answers if answer.says == "known"]
    assert np.mean(found) > 0.99
    assert len(found) / len(answers) > 0.85


def test_probabilities_of_a_person_and_of_nobody_leave_room_for_those_not_found(world):
    lookup, coming, _ = world
    for whole, _ in coming[:100]:
        likely = lookup.likely({each: whole.get(each) for each in ("phone", *NAMED)})
        assert 0 < sum(likely.chances) + likely.nobody <= 1 + 1e-9


def test_a_number_of_two_people_is_not_sure_and_a_first_name_settles_it(tmp_path):
    home = {"phone": "0201234567", "postcode": "1234 AB", "house_number": "7"}
    people = [normalised(name="Jan Kaya", **home), normalised(name="Anna Kaya", **home)]
    lookup = build(pa.Table.from_pylist(people), ["jan", "anna"], STANDARD, tmp_path / "persons")
    both = lookup.ask(phone="020 123 45 67")
    assert (both.says, both.person, {each for each, _ in both.best}) == ("not_sure", None, {"jan", "anna"})
    assert both.best[0][1] == pytest.approx(both.best[1][1])
    assert lookup.ask(phone="020 123 45 67", name="Anna Kaya").person == "anna"


def test_a_stranger_with_everything_told_is_nobody(world):
    lookup, _, _ = world
    answer = lookup.ask(
        name="Zebedeus Quist",
        birth_date="29-2-1904",
        phone="+49 30 901820",
        mail="zq@example.org",
        postcode="9999 ZZ",
    )
    assert answer.person is None
    assert answer.nobody > 0.5
    assert answer.agreed == ()


def test_it_opens_again_from_its_folder_and_answers_alike(world):
    lookup, coming, folder = world
    again = Lookup.open(folder)
    assert [again.who(one) for one, _ in coming[:50]] == [lookup.who(one) for one, _ in coming[:50]]
    assert isinstance(again.index.rules[0].keys, np.memmap)


def test_callers_who_are_mostly_strangers_make_it_less_sure(world):
    _, coming, folder = world
    index = Index.open(folder)
    few, many = (Lookup(index=index, known=share) for share in (0.05, 0.9))
    said = [
        (few.who({"phone": one["phone"]}), many.who({"phone": one["phone"]})) for one, _ in coming[:60] if one["phone"]
    ]
    assert all(one.nobody > other.nobody for one, other in said)


def test_keys_tell_fields_apart():
    assert key_of({"a": "xy", "b": "z"}, ("a", "b")) != key_of({"a": "x", "b": "yz"}, ("a", "b"))
    assert key_of({"a": None, "b": "z"}, ("a", "b")) is None


def test_a_number_that_a_hundred_share_finds_nobody(tmp_path):
    rows = pa.Table.from_pylist(
        [normalised(name=f"Persoon{each} Achternaam{each}", phone="0881234567") for each in range(120)]
    )
    lookup = build(rows, list(map(str, range(120))), STANDARD, tmp_path / "persons")
    assert lookup.ask(phone="088-1234567").best == ()


def test_an_index_of_nothing_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="no records of persons to look in"):
        build(pa.table({"phone": pa.array([], pa.string())}), [], STANDARD, tmp_path / "persons")


def test_a_folder_without_an_index_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no index of persons yet"):
        Lookup.open(tmp_path)


@pytest.mark.parametrize("said", [{"fone": "0612345679"}, {}, {"phone": "anonymous"}, {"phone": 612345679}])
def test_what_cannot_be_looked_up_is_refused_without_a_value(world, said):
    with pytest.raises(DefinitionError) as told:
        Reception(lookup=world[0]).ask(said)
    assert "612345679" not in str(told.value).replace("0612345679", "")  # the remedy shows a made-up number


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with four customer records, loaded."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "crm.csv").write_text(
        "id,name,born,code,tel,mail\n1,Jan de Vries,12-3-1980,1234 AB,06-12345679,jan@kpn.nl\n2,J. de Vries,1980-03-12,1234AB,,jan@kpn.nl\n"
        "3,Anna Bakker,1-2-1990,1234 AB,06-87654321,\n4,Mehmet Kaya,24-10-1975,2345 CD,06-24681012,m.kaya@ziggo.nl\n",
        encoding="utf-8",
    )
    columns = "customer_id: id, name: name, birth_date: born, postcode: code, phone: tel, mail: mail"
    (folder / "peil.yaml").write_text(
        "name: desk\norganisation: Kust\nzone: Europe/Amsterdam\nsources:\n"
        f"  - {{kind: table, name: crm, table: customers, files: [crm.csv], columns: {{{columns}}}}}\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PEIL_KEY", "a key for the desk")
        done = CliRunner().invoke(commands, ["--config", str(folder), "load"], catch_exceptions=False)
        assert done.exit_code == 0
        yield folder


def who(project, said, *options):
    return CliRunner().invoke(
        commands, ["--config", str(project), "who", "--stdin", *options], input=said, catch_exceptions=False
    )


def test_the_command_answers_one_object_a_line(project):
    lines = '{"mail": "M.Kaya@ziggo.nl", "birth_date": "24-10-1975"}\n\n{"phone": "06 11 22 33 44"}\n'
    told = [json.loads(each) for each in who(project, lines, "--json").stdout.splitlines() if each.startswith("{")]
    assert [each["says"] for each in told] == ["known", "not_sure"]
    assert told[0]["agreed"] == ["born", "mail"]


def test_records_are_hashed_and_no_handle_is_told_or_logged(project, caplog):
    caplog.set_level(logging.DEBUG)
    done = who(project, '{"name": "Jan de Vries", "phone": "0612345679", "birth_date": "1980-03-12"}')
    assert done.stdout.startswith("known: person ")
    folder = next(project.rglob("lookup"))
    kept = b"".join(each.read_bytes() for each in folder.iterdir())
    for handle in ("612345679", "vries", "1980-03-12", "Vries"):
        assert handle not in done.output + caplog.text
        assert handle.encode() not in kept


def test_the_command_asks_where_nothing_is_piped(project):
    done = CliRunner().invoke(
        commands, ["--config", str(project), "who"], input="\n\nBakker\n1-2-1990\n\n\n", catch_exceptions=False
    )
    assert "known: person" in done.stdout


def test_a_line_that_is_no_object_is_told_by_its_number_only(project):
    with pytest.raises(SourceError, match="standard input:2: no JSON object") as told:
        who(project, '{"phone": "0612345679"}\n0612345679\n')
    assert "0612345679" not in str(told.value)


def test_the_index_is_built_again_when_the_register_has_changed(project):
    who(project, '{"phone": "0612345679"}')
    index = next(project.rglob("lookup")) / "index.json"
    told = json.loads(index.read_text(encoding="utf-8"))
    index.write_text(json.dumps(told | {"stamp": "of another time"}), encoding="utf-8")
    store = next(project.rglob("persons")).parent
    Reception.open(store, "Kust", organisation_key(b"a key for the desk", "Kust"))
    assert json.loads(index.read_text(encoding="utf-8"))["stamp"] == told["stamp"]


def test_an_organisation_without_records_is_refused(project):
    with pytest.raises(DefinitionError, match="'Strand' has no customer records"):
        who(project, "{}", "--organisation", "Strand")
