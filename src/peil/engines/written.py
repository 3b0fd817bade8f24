"""SQL that writes the handles of customers one way, and hashes them under the organisation's key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from peil.engines import handles, keyed_handles
from peil.engines.quoting import name, quoted
from peil.engines.schema import Column, Schema

HANDLE_SIGNS = 32


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer pad of HMAC (RFC 2104), so that SQL can compute it column-wise."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")  # noqa: PLR2004  # the block of SHA-256, RFC 2104
    return bytes(each ^ 0x36 for each in block), bytes(each ^ 0x5C for each in block)


def prepare(con: duckdb.DuckDBPyConnection, key: bytes, region: str) -> None:
    """Teach a database how handles are written and hashed.

    Parameters:
        con: the database.
        key: the organisation's secret.
        region: country of phone numbers without a country code.
    """
    inner, outer = pads(key)
    con.execute("set variable inner_pad = ?::blob", [inner])
    con.execute("set variable outer_pad = ?::blob", [outer])
    con.execute(f"set variable region = {quoted(region)}")
    for called, written in (("odd_phone", lambda text: handles.e164(text, region)), ("odd_mail", handles.mailbox)):
        con.create_function(called, _or_nothing(written), ["VARCHAR"], "VARCHAR", null_handling="special")

    def fields(  # noqa: PLR0917, PLR0913  # DuckDB hands over a column for each
        name: Any, given: Any, surname: Any, born: Any, postcode: Any, house: Any, street: Any, place: Any, phone: Any, mail: Any, account: Any,  # noqa: ANN401  # Arrow arrays
    ) -> Any:  # noqa: ANN401  # an Arrow array  # fmt: skip
        said = (name, given, surname, born, postcode, house, street, place, phone, mail, account)
        rows = [handles.one(each, region) for each in zip(*(column.to_pylist() for column in said), strict=True)]
        columns = [pa.array(each, pa.string()) for each in zip(*rows, strict=True)]
        return pa.StructArray.from_arrays(columns, list(handles.FIELDS))

    @lru_cache(maxsize=65_536)
    def near(field: str, value: str) -> str:
        return keyed_handles.keyed_field(field, value, key)

    def nears(field: Any, value: Any) -> Any:  # noqa: ANN401  # Arrow arrays
        told = zip(field.to_pylist(), value.to_pylist(), strict=True)
        return pa.array([None if each is None else near(name, each) for name, each in told], pa.string())

    con.create_function("near_hashes", nears, ["VARCHAR"] * 2, "VARCHAR", type="arrow", null_handling="special")
    kind = duckdb.struct_type(dict.fromkeys(handles.FIELDS, "VARCHAR"))
    con.create_function(
        "link_fields", fields, ["VARCHAR"] * len(handles.SAID), kind, type="arrow", null_handling="special"
    )


def _or_nothing(written: Callable[[str], str | None]) -> Callable[[str | None], str | None]:
    """Nothing is written of nothing; DuckDB asks about it all the same, for a result may be null too."""
    return lambda text: None if text is None else written(text)


def hashed(text: str, signs: int = HANDLE_SIGNS) -> str:
    """Return SQL for the keyed hash of a text; null stays null."""
    inner = f"unhex(sha256(getvariable('inner_pad') || encode({text})))"
    return f"left(sha256(getvariable('outer_pad') || {inner}), {signs})"


def pseudonym(column: Column, value: str) -> str:
    """Return SQL for what stands in the store instead of a handle.

    Parameters:
        column: the handle; phones and mails are written one way first.
        value: SQL for the value as it was delivered.
    """
    if column.name == "phone":
        return hashed(_phone(value))
    if column.name == "mail":
        return hashed(_mail(value))
    return hashed(f"lower({value})")


def link_rows(schema: Schema) -> str | None:
    """Return SQL that makes table ``linked`` of the fields by which rows are compared; None where there are none."""
    if not any(each.field for each in schema.columns):
        return None
    said = ", ".join(name(each) for each in handles.SAID)
    return f"create or replace temp table linked as select rowid as nr, link_fields({said}) as f from typed where not is_bad"


def link_field(column: Column, *, clear: bool) -> str:
    """Return SQL for one of those fields: hashed, or in clear text where that is allowed."""
    if column.field in keyed_handles.NEAR:
        return "null" if clear else f"near_hashes({quoted(column.field)}, f.{name(keyed_handles.NEAR[column.field])})"
    value = f"f.{name(column.field)}"
    if column.field in keyed_handles.SORTED:
        one, two = (f"f.{name(each)}" for each in keyed_handles.SORTED[column.field])
        value = (
            "null" if clear else f"(case when {one} < {two} then {one} || ' ' || {two} else {two} || ' ' || {one} end)"
        )
    # the field's name goes into the hash, or a day would be seen to equal a month
    return value if clear else hashed(f"({quoted(column.field + ':')} || {value})", keyed_handles.FIELD_SIGNS)


def _phone(value: str) -> str:
    """Numbers as most systems write them are read here; only the others cost a call of Python each."""
    whole = f"case when regexp_full_match({value}, '\\+31[1-9]\\d{{8}}') then {value} "
    whole += f"when getvariable('region') = 'NL' and regexp_full_match({value}, '0[1-9]\\d{{8}}') then '+31' || substr({value}, 2) end"
    plain = f"({whole})"
    fine = f"replace(substr({plain}, 5), substr({plain}, 4, 1), '') <> '' and {plain} not in {_listed('+', handles.NO_NUMBERS)}"
    return f"(case when {value} is null then null when {plain} is null then odd_phone({value}) when {fine} then {plain} end)"


def _mail(value: str) -> str:
    text = f"lower({value})"
    plain = f"regexp_full_match({text}, '[a-z0-9_.-]+@[a-z0-9.-]+\\.[a-z]{{2,}}')"
    own = f"split_part({text}, '@', 1) not in {_listed('', handles.NO_BOXES)} and split_part({text}, '@', 2) not in "
    own += _listed("", {*handles.NO_DOMAINS, "gmail.com", "googlemail.com"})
    return f"(case when {value} is null then null when {plain} and {own} then {text} else odd_mail({value}) end)"


def _listed(before: str, values: Iterable[str]) -> str:
    return f"({', '.join(quoted(before + each) for each in sorted(values))})"
