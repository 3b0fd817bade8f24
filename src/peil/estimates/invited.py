"""Who was asked: surveys of which no response rate can be told, and populations that are not to be pooled."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from peil.dataset import Dataset
from peil.errors import DefinitionError, EvidenceError
from peil.measures.measure import Measure
from peil.surveys.dispositions import SILENT
from peil.surveys.outcomes import is_response_rate


def refuse_unknown_rates(data: Dataset, measures: Iterable[Measure], source: str, by: Collection[str] = ()) -> None:
    """Refuse response rates of volunteers, of exports that hold respondents only, and of several populations as one.

    Parameters:
        data: the tables, and how people came to be asked.
        measures: what is asked of the rows.
        source: the FROM and WHERE of the question, the population's row as ``t``.
        by: what it is grouped by.

    Raises:
        DefinitionError: one of the measures is a response, cooperation, refusal or contact rate, and a row is of volunteers;
            or customers, organisations or staff would be one group.
        EvidenceError: the same, and of one of the rows' surveys nobody is known who was asked and stayed silent.

    Example:
        >>> from dataclasses import replace
        >>> from peil.made import made
        >>> from peil.measures.catalogue import measure_named
        >>> data = replace(made(), panels={"customer": "opt_in", "staff": "census"})
        >>> refuse_unknown_rates(data, [measure_named("response_rate_1")], "from invitations as t where survey = 'staff'")
        >>> refuse_unknown_rates(data, [measure_named("response_rate_1")], "from invitations as t where true")
        Traceback (most recent call last):
        ...
        peil.errors.DefinitionError: a panel of volunteers has no response rate, so no 'response_rate_1' of 'customer': nobody knows who could have volunteered
          remedy: ask for participation_rate and completion_rate, or leave these out with where: survey not in ('customer')
    """
    rate = next((each for each in measures if each.population == "invitations" and is_response_rate(each.name)), None)
    if rate is None:
        return
    engine = data.engine
    found = engine.rows(f"select distinct t.survey as survey, t.audience as audience {source}").to_pylist()
    asked, audiences = ({str(row[each]) for row in found} for each in ("survey", "audience"))
    volunteers = sorted(each for each in asked if data.panels.get(each) == "opt_in")
    if volunteers:
        names = ", ".join(f"'{each}'" for each in volunteers)
        raise DefinitionError(
            f"a panel of volunteers has no response rate, so no '{rate.name}' of {names}: nobody knows who could have volunteered",
            remedy=f"ask for participation_rate and completion_rate, or leave these out with where: survey not in ({names})",
        )
    rows = engine.rows(f"select distinct survey from {data.tables['invitations'].name} where {SILENT}").to_pylist()
    untold = sorted(
        asked - {str(row["survey"]) for row in rows} - {name for name, how in data.panels.items() if how == "census"}
    )
    if untold:
        names = ", ".join(f"'{each}'" for each in untold)
        some = f", or leave these out with where: survey not in ({names})" if len(untold) < len(asked) else ""
        raise EvidenceError(
            f"of {names} there are respondents only: how many were asked is not known, so there is no '{rate.name}'",
            remedy="load who was asked and did not answer too, or ask for completion_rate; where everybody did answer, say "
            f"'panel: census'{some}",
        )
    if len(audiences) > 1 and not {"survey", "audience"}.intersection(by):
        together = " and ".join(sorted(audiences))
        raise DefinitionError(
            f"'{rate.name}' would be of {together} together: whoever is asked in each is another population",
            remedy=f"ask by survey or by audience, or choose one with where: audience = '{min(audiences)}'",
        )
