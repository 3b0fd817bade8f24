"""The figure of what home does in each team: drawn towards the whole, beside the whole, with how far teams lie apart."""

from __future__ import annotations

from peil.reports import dots, numbers
from peil.reports.figures import Figure
from peil.reports.rows import row
from peil.reports.tables import Table, figures, words
from peil.studies.home.teams import TeamEffect, told_of
from peil.studies.home_working import HomeWorking
from peil.terms import Label, Language, Unit

_ALL = Label("all teams together", "alle teams samen")
_MOST = 14


def home_teams_figure(found: HomeWorking, language: Language) -> Figure | None:
    """Return the figure; None where there is no team to show.

    Parameters:
        found: what the study finds.
        language: of the texts.
    """
    if found.teams is None or not found.teams.teams:
        return None
    ranked = sorted(found.teams.teams, key=lambda each: each.value)
    effect = found.finding.effect
    whole = row(_ALL.read(language), effect, n=found.movers)
    rows = [whole, *(row(each.name, each, n=each.agents) for each in ranked[:_MOST])]
    title = Label("What home does in each team", "Wat thuiswerken in elk team doet").read(language)
    told = [each.read(language) for each in told_of(found.teams, matters=found.matters)]
    return Figure(
        key="home-team-effects",
        title=title,
        finding=told[0],
        subtitle=Label(
            "Effect of home on work an hour, each team drawn towards all teams together as far as chance asks.",
            "Effect van thuis op het werk per uur, elk team naar alle teams samen getrokken zover toeval vraagt.",
        ).read(language),
        note=tuple(told[1:]),
        spec_wide=dots.beside(rows, Unit.SHARE, language, level=found.level, colour="customers", shape="circle"),
        spec_narrow=dots.above(rows, Unit.SHARE, language, colour="customers", shape="circle"),
        table=_table(ranked, language, caption=title),
    )


def _table(ranked: list[TeamEffect], language: Language, *, caption: str) -> Table:
    rows = [
        (
            words(each.name),
            *(
                figures(numbers.value_text(value, Unit.SHARE, language), value)
                for value in (
                    each.value, each.low, each.high, each.apart, each.apart_low, each.apart_high, each.chance,
                )
            ),
            figures(numbers.count(each.agents, language), each.agents),
        )
        for each in ranked
    ]  # fmt: skip
    low, high = Label("low", "laag"), Label("high", "hoog")
    heads = (
        Label("team", "team"),
        Label("effect of home", "effect van thuis"),
        low,
        high,
        Label("less the whole", "min het geheel"),
        low,
        high,
        Label("chance that it is so", "kans dat dat zo is"),
        Label("agents who moved", "verhuisde medewerkers"),
    )
    return Table(
        caption=caption,
        head=tuple(each.read(language) for each in heads),
        names=("team", "effect", "low", "high", "apart", "apart_low", "apart_high", "chance", "agents"),
        rows=tuple(rows),
        file="home-team-effects.csv",
    )
