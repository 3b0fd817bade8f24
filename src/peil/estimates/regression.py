"""Linear and logistic regression of a sample, with the standard errors of its design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from peil.engines.quoting import quoted
from peil.engines.schema import Kind
from peil.errors import DefinitionError, EvidenceError
from peil.estimates.association import whole_clusters
from peil.estimates.cluster_totals import cluster_totals
from peil.estimates.groups import Grouping
from peil.estimates.moments import Quantity
from peil.estimates.reading import Readings
from peil.estimates.sampled_rows import Sample
from peil.estimates.variables import expression
from peil.methods import interval
from peil.methods import regression as numerics
from peil.methods.moments import Floats
from peil.methods.regression import Family

MOST = 60  # coefficients: their products are summed in one query
METHODS = {
    "linear": "weighted least squares, sandwich variance over clusters; Student's interval",
    "logistic": "pseudo maximum likelihood, log odds, sandwich variance over clusters; Student's interval",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A regression.

    Parameters:
        coefficients: one a predictor, the constant first; those of a logistic regression are log odds.
        p: chance of as large a coefficient where it is nought.
        covariance: of the coefficients.
    """

    coefficients: Readings
    p: Floats
    covariance: Floats

    def odds(self) -> Readings:
        """Return odds ratios with their intervals; only of a logistic regression.

        Raises:
            DefinitionError: the regression is linear.
        """
        c = self.coefficients
        if not c.statistic.startswith("log odds"):
            raise DefinitionError("a linear regression has no odds", remedy='say family="logistic"')
        value, low, high = (np.exp(each) for each in (c.value, c.low, c.high))
        return Readings(
            statistic="odds ratio",
            by=(),
            variables=c.variables,
            groups=c.groups,
            value=value,
            se=value * c.se,
            low=low,
            high=high,
            n=c.n,
            n_eff=c.n_eff,
            deff=c.deff,
            df=c.df,
            level=c.level,
            method=c.method,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Predictor:
    """One column of X."""

    name: str
    of: str


def regression(
    sample: Sample,
    y: str,
    xs: Sequence[str],
    *,
    family: Family = "linear",
    where: str = "true",
    level: float = 0.95,
) -> Fit:
    """Regress an answer on others (Binder 1983); one grouped query, rows stay in the engine.

    A linear regression needs sums of products per cluster; a logistic one sums per cluster and pattern of predictors.

    Parameters:
        sample: the rows and their design; rows that lack a value are left out of the fit.
        y: a number; for a logistic regression a truth, a column of 0 and 1, or a condition.
        xs: numbers or truths; a column of texts has a coefficient for each value after the first, in order.
        family: ``linear`` or ``logistic``.
        where: row-level SQL; rows for which it is false are outside the fit, and stay in the design.
        level: how often the intervals are to hold the truth.

    Raises:
        DefinitionError: a name is no column, or holds no numbers.
        EvidenceError: a predictor is explained by the others, or tells the answer without fail.

    Example:
        >>> from peil.estimates.sample import sample
        >>> calls = sample({"wait": [1, 2, 3, 4, 5, 6], "score": [9, 8, 8, 6, 5, 5]})
        >>> slope = regression(calls, "score", ["wait"]).coefficients.at("wait")
        >>> round(slope.value, 4), round(slope.se, 4), slope.df
        (-0.8857, 0.0822, 4.0)
    """
    whole_clusters(sample.design, "regressions")
    schema, columns = sample.table.schema, sample.columns
    answer = columns.shares([y]) if family == "logistic" else columns.numbers([y])
    if len(answer) != 1:
        raise DefinitionError(f"'{y}' has several answers", remedy=f"name one: {y} = '…'")
    sql = [expression(each, schema, "x") for each in xs]
    texts = [columns.kind(each) in {Kind.TEXT, Kind.CODE} for each in xs]
    numbers = iter(columns.numbers([each for each, text in zip(xs, texts, strict=True) if not text]) if xs else ())
    parts, known = [], [answer[0].where, "true" if where == "true" else expression(where, schema, "where")]
    for name, of, text in zip(xs, sql, texts, strict=True):
        if text:
            known.append(f"{of} is not null")
        else:
            found = next(numbers)
            known.append(found.where)
            of = found.of  # noqa: PLW2901  # a truth as a number
        parts.append((name, of, text))
    told = " and ".join(f"({each})" for each in known if each != "true") or "(true)"
    source = f"from {sample.table.name} as t where {told}"
    predictors = [_Predictor(name="constant", of="1")]
    for name, of, text in parts:
        predictors += _levels(sample, name, of, source) if text else [_Predictor(name=name, of=of)]
    if len(predictors) > MOST:
        raise EvidenceError(f"{len(predictors)} coefficients are too many", remedy="join values that are alike")
    made, n = (_logistic if family == "logistic" else _linear)(sample, answer[0].of, predictors, source)
    df = np.full(len(predictors), made.df)
    low, high = interval.mean(made.coefficient, made.se, df, level=level)
    unknown = np.full(len(predictors), np.nan)
    shown = Readings(
        statistic="log odds" if family == "logistic" else "coefficient",
        by=(),
        variables=tuple(each.name for each in predictors),
        groups=((),) * len(predictors),
        value=made.coefficient,
        se=made.se,
        low=low,
        high=high,
        n=np.full(len(predictors), n),
        n_eff=unknown,
        deff=unknown,
        df=df,
        level=level,
        method=METHODS[family],
    )
    t = np.abs(made.coefficient) / made.se
    return Fit(coefficients=shown, p=2 * special.stdtr(df, -t), covariance=made.covariance)


def _linear(sample: Sample, y: str, predictors: Sequence[_Predictor], source: str) -> tuple[numerics.Regression, float]:
    k = len(predictors)
    pairs = [(a, b) for a in range(k) for b in range(a, k)]
    quantities = [Quantity(where="true", of=_product(predictors[a].of, predictors[b].of)) for a, b in pairs]
    quantities += [Quantity(where="true", of=_product(each.of, f"({y})")) for each in predictors]
    nothing = Grouping(names=(), columns=(), span_ms=None, calendar=False)
    found = cluster_totals(sample.engine, quantities, sample.design, nothing, source, one=sample.one)
    sums = found.matrix("y")
    xx = np.zeros((sums.shape[0], k, k))
    for place, (a, b) in enumerate(pairs):
        xx[:, a, b] = xx[:, b, a] = sums[:, place]
    stratum = found.stratum[found.cluster]
    fit = numerics.linear(xx, sums[:, len(pairs) :], stratum, found.strata, singleton=sample.design.singleton)
    return fit, float(found.of("n", 0).sum())


def _logistic(
    sample: Sample, y: str, predictors: Sequence[_Predictor], source: str
) -> tuple[numerics.Regression, float]:
    columns = tuple(f"cast({each.of} as double)" for each in predictors[1:])
    patterns = Grouping(names=columns, columns=columns, span_ms=None, calendar=False)
    found = cluster_totals(
        sample.engine, [Quantity(where="true", of=y)], sample.design, patterns, source, one=sample.one
    )
    x = np.column_stack(
        [np.ones(len(found.groups)), np.array(found.groups, dtype=np.float64).reshape(-1, len(columns))]
    )
    fit = numerics.logistic(
        x[found.group],
        found.of("w", 0),
        found.of("y", 0),
        found.cluster,
        found.stratum,
        found.strata,
        singleton=sample.design.singleton,
    )
    return fit, float(found.of("n", 0).sum())


def _product(one: str, other: str) -> str:
    if one == "1":
        return other
    # a double, so that products of whole numbers do not run out of digits
    return f"cast({one} as double) * ({other})"


def _levels(sample: Sample, name: str, sql: str, source: str) -> list[_Predictor]:
    rows = sample.engine.rows(f"select {sql} as v {source} group by {sql}")
    values = sorted(str(each) for each in rows.column("v").to_pylist())
    return [
        _Predictor(name=f"{name} = {value}", of=f"case when {sql} = {quoted(value)} then 1 else 0 end")
        for value in values[1:]
    ]
