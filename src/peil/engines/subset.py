"""The SQL that means the same on every engine: an allow-list, our own few functions, and a writer per dialect."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

from peil.errors import DefinitionError, neighbours

Dialect = Literal["duckdb", "spark"]

# Row-level expressions: what a measure's where, of and per may hold.
ROW_LEVEL: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between,
    exp.Case, exp.If, exp.Coalesce, exp.Add, exp.Sub, exp.Mul, exp.Greatest, exp.Least, exp.Abs,
    exp.Date, exp.TsOrDsToDate, exp.Tuple,
)  # fmt: skip
# Stage queries may also select, join, group and look at neighbouring rows in a total order.
STAGE: tuple[type[exp.Expr], ...] = (
    *ROW_LEVEL, exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.With, exp.CTE,
    exp.Subquery, exp.TableAlias, exp.Table, exp.Alias, exp.Union, exp.Distinct, exp.Star, exp.Window, exp.WindowSpec,
    exp.RowNumber, exp.Lag, exp.Lead, exp.Sum, exp.Count, exp.Min, exp.Max, exp.Cast, exp.DataType, exp.DataTypeParam,
    exp.Concat, exp.DPipe, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Limit, exp.Filter, exp.Nullif,
)  # fmt: skip
CASTS = {"BIGINT", "DOUBLE", "VARCHAR", "TEXT", "BOOLEAN", "DATE", "DECIMAL", "TIMESTAMP"}
OWN = {
    "ms_between": {
        "duckdb": "(epoch_ms({1}) - epoch_ms({0}))",
        "spark": "(unix_millis(cast({1} as timestamp_ltz)) - unix_millis(cast({0} as timestamp_ltz)))",
    },
    "millis": {"duckdb": "epoch_ms({0})", "spark": "unix_millis(cast({0} as timestamp_ltz))"},
    "utc_day": {"duckdb": "cast({0} as date)", "spark": "cast({0} as date)"},
    "extra_field": {"duckdb": "json_extract_string", "spark": "get_json_object"},
    "whole_div": {"duckdb": "({0} // {1})", "spark": "({0} div {1})"},
}

_WITH_A_NAME = 2
_FIELDS = 'write extra.NAME, with double quotes around a name of several words: extra."tier +1"'


def _parsed(sql: str, what: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise DefinitionError(
            f"{what}: '{sql}' cannot be read as SQL", remedy="check brackets, quotes and commas"
        ) from None
    return tree.transform(_field, copy=False) if "extra." in sql.lower() else tree


def field(name: str) -> str:
    """Return SQL for a field that an export kept, whatever its name holds.

    Example:
        >>> field("country"), field("tier +1")
        ('extra.country', 'extra."tier +1"')
    """
    return f"extra.{exp.to_identifier(name).sql(dialect='duckdb')}"


@lru_cache(maxsize=1024)
def fields_read(sql: str) -> tuple[str, ...]:
    """Return the fields of an export that an expression reads.

    Example:
        >>> fields_read("extra.country = 'NL' and score > 6")
        ('country',)
    """
    own = (each for each in _parsed(sql, "where").find_all(exp.Anonymous) if str(each.this).lower() == "extra_field")
    return tuple(sorted({each.expressions[-1].name for each in own if each.expressions}))


def _field(node: exp.Expr) -> exp.Expr:
    """Read ``extra.NAME`` as the field that an export kept; a name with points needs no quotes."""
    parts = [each.name for each in node.parts] if isinstance(node, exp.Column) else []
    at = next((place for place, each in enumerate(parts[:2]) if each.lower() == "extra"), len(parts))
    if at + 1 >= len(parts):
        return node
    kept = exp.column("extra", table=parts[0] if at else None)
    return exp.Anonymous(this="extra_field", expressions=[kept, exp.Literal.string(".".join(parts[at + 1 :]))])


def _path(name: str, dialect: Dialect) -> exp.Expr:
    """Return where a field stands in the JSON, so that points, brackets and stars of its name are letters.

    Raises:
        DefinitionError: Spark has no way to write the name.
    """
    if dialect == "duckdb":
        return exp.Literal.string("/" + name.replace("~", "~0").replace("/", "~1"))
    if "." not in name and "[" not in name and name != "*":
        return exp.Literal.string(f"$.{name}")
    if "'" in name or name == "*":
        raise DefinitionError(
            f"Spark cannot read a field that is called '{name}'",
            remedy="give it another name where the export is loaded",
        )
    return exp.Literal.string(f"$['{name}']")


def _refuse(node: exp.Expr, what: str, allowed: tuple[type[exp.Expr], ...]) -> None:
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        called = str(node.this).lower()
        if called == "extra_field" and not (
            len(node.expressions) == _WITH_A_NAME and _is_text(node.expressions[1]) and node.expressions[1].name
        ):
            raise DefinitionError(f"{what}: '{node.sql(dialect='duckdb')[:60]}' names no field", remedy=_FIELDS)
        if called in OWN:
            return
        raise DefinitionError(
            f"{what}: the function {called}() is not on the allow-list", remedy=neighbours(called, OWN)
        )
    if _is_moment(node):
        return
    if isinstance(node, exp.Dot):
        raise DefinitionError(f"{what}: '{node.sql(dialect='duckdb')[:60]}' names no column", remedy=_FIELDS)
    if not isinstance(node, allowed):
        shown = node.sql(dialect="duckdb")
        raise DefinitionError(
            f"{what}: {type(node).__name__.lower()} ('{shown[:60]}') does not mean the same on every engine",
            remedy="use comparison, and/or/not, case, coalesce, in, between, is null and whole-number + - *; "
            "divide in 'per', and aggregate in the estimator",
        )
    if isinstance(node, exp.Sub) and all(_is_moment_column(each) for each in (node.this, node.expression)):
        raise DefinitionError(
            f"{what}: '{node.sql(dialect='duckdb')[:60]}' is a number on one engine and an interval on another",
            remedy="use ms_between(first, second)",
        )
    if isinstance(node, exp.Literal) and not node.is_string and not str(node.this).isdigit() and allowed is ROW_LEVEL:
        raise DefinitionError(
            f"{what}: {node.this} is not a whole number",
            remedy="count in smaller units (ms, cents, millionths) and divide in 'per'",
        )
    if isinstance(node, exp.Cast) and _named(node).split("(")[0].upper() not in CASTS:
        raise DefinitionError(
            f"{what}: cast to {node.to.sql(dialect='duckdb')} differs between engines", remedy="cast at the door"
        )


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _is_moment_column(node: exp.Expr) -> bool:
    return isinstance(node.unnest(), exp.Column) and node.unnest().name.endswith(("_on", "_at"))


def _is_moment(node: exp.Expr) -> bool:
    """Whether it is a part of a date or time written out: ``date '2020-03-16'``."""
    cast = node.parent if isinstance(node, exp.DataType) else node
    return isinstance(cast, exp.Cast) and isinstance(cast.this, exp.Literal) and _named(cast) in {"DATE", "TIMESTAMP"}


def _named(cast: exp.Cast) -> str:
    return cast.to.sql(dialect="duckdb", copy=False)


@lru_cache(maxsize=4096)
def columns_read(sql: str, what: str) -> frozenset[str]:
    """Return the columns a row-level expression reads.

    Parameters:
        sql: the expression.
        what: how to call it in an error.

    Raises:
        DefinitionError: it holds a construct that is not on the allow-list; the construct is named.

    Example:
        >>> sorted(columns_read("case when answered and wait_ms <= 20000 then 1 else 0 end", "of"))
        ['answered', 'wait_ms']
        >>> sorted(columns_read("extra.country = 'NL' and score > 6", "where"))
        ['extra', 'score']
        >>> columns_read("avg(wait_ms)", "of")
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: of: avg ('AVG(wait_ms)') does not mean the same on every engine
          remedy: use comparison, and/or/not, case, coalesce, in, between, is null and whole-number + - *; divide in 'per', and aggregate in the estimator
    """
    tree = _parsed(sql, what)
    for node in tree.walk():
        _refuse(node, what, ROW_LEVEL)
    return frozenset(each.name for each in tree.find_all(exp.Column))


@lru_cache(maxsize=4096)
def outcomes(sql: str) -> frozenset[int] | None:
    """Return the whole numbers a row-level expression can come to, where they are written out; None where they are not.

    Example:
        >>> sorted(outcomes("case when score >= 9 then 100 when score <= 6 then -100 else 0 end") or ())
        [-100, 0, 100]
        >>> outcomes("wait_ms") is None
        True
    """
    tree = _parsed(sql, "of")
    ends = [tree]
    if isinstance(tree, exp.Case):
        if tree.args.get("default") is None:
            return None
        ends = [each.args["true"] for each in tree.args["ifs"]] + [tree.args["default"]]
    found = set()
    for each in ends:
        sign, number = (-1, each.this) if isinstance(each, exp.Neg) else (1, each)
        if not isinstance(number, exp.Literal) or number.is_string or "." in str(number.this):
            return None
        found.add(sign * int(number.this))
    return frozenset(found)


def is_indicator(sql: str) -> bool:
    """Return whether a row-level expression can only be 0 or 1, so that its square is itself.

    Example:
        >>> is_indicator("case when answered then 1 else 0 end"), is_indicator("wait_ms")
        (True, False)
    """
    found = outcomes(sql)
    return found is not None and found <= {0, 1}


@lru_cache(maxsize=1024)
def tables_read(sql: str) -> tuple[str, ...]:
    """Return the tables a query reads, each as often as it is named.

    Example:
        >>> sorted(tables_read("with a as (select x from t) select a.x from a join u on a.x = u.x join u as v on a.x = v.x"))
        ['a', 't', 'u', 'u']
    """
    return tuple(each.name for each in _parsed(sql, "query").find_all(exp.Table))


@lru_cache(maxsize=1024)
def rendered(sql: str, dialect: Dialect, what: str = "query") -> str:
    """Return a stage query, checked against the allow-list, in an engine's dialect.

    Raises:
        DefinitionError: it holds a construct that is not on the allow-list.

    Example:
        >>> rendered("select ms_between(started_at, ended_at) as long_ms from legs", "duckdb")
        'SELECT (EPOCH_MS(ended_at) - EPOCH_MS(started_at)) AS long_ms FROM legs'
        >>> rendered("select whole_div(talk_ms + hold_ms, 2) as half_ms from legs", "spark")
        'SELECT ((talk_ms + hold_ms) DIV 2) AS half_ms FROM legs'
        >>> rendered("select score from answers where extra.country = 'NL'", "spark")
        "SELECT score FROM answers WHERE GET_JSON_OBJECT(extra, '$.country') = 'NL'"
        >>> rendered("select score from answers where extra.a.b = 'NL'", "duckdb")
        "SELECT score FROM answers WHERE JSON_EXTRACT_STRING(extra, '/a.b') = 'NL'"
    """
    tree = _parsed(sql, what)
    for node in tree.walk():
        _refuse(node, what, STAGE)
    # the tree is ours alone: a copy for each step takes longer than the steps
    made = tree.transform(_own, dialect, copy=False)
    return (made.transform(_wide, copy=False) if dialect == "spark" else made).sql(dialect=dialect, copy=False)


def _wide(node: exp.Expr) -> exp.Expr:
    """A row's number has 64 bits, as everywhere but on Spark."""
    return exp.cast(node, "bigint") if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber) else node


def _own(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "extra_field":
        kept, name = node.expressions
        return exp.Anonymous(this=OWN["extra_field"][dialect].upper(), expressions=[kept, _path(name.name, dialect)])
    if isinstance(node, exp.Anonymous) and str(node.this).lower() in OWN:
        inner = [each.transform(_own, dialect, copy=False) for each in node.expressions]
        parts = [_whole(each).sql(dialect=dialect, copy=False) for each in inner]
        return sqlglot.parse_one(OWN[str(node.this).lower()][dialect].format(*parts), dialect=dialect)
    return node


def _whole(node: exp.Expr) -> exp.Expr:
    """Bracket what would fall apart beside another operator: ``whole_div(a + b, c)`` is no ``a + b // c``."""
    return exp.paren(node, copy=False) if isinstance(node, (exp.Binary, exp.Neg, exp.Case)) else node
