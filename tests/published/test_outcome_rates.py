"""Outcome rates as the R packages outcomerate and responserates print them, both after AAPOR's Standard Definitions."""

from __future__ import annotations

import numpy as np
import pytest

from peil.errors import DefinitionError, EvidenceError
from peil.estimates.estimate import estimate
from peil.made import made
from peil.measures.catalogue import family_named, measure_named
from peil.measures.response import RESPONSE
from peil.sources.tables import INVITATIONS
from peil.surveys.dispositions import DISPOSITIONS, dispositions
from peil.surveys.outcomes import AAPOR, outcome_rates, rates_for, reportable

TWELVE = {
    "complete": 4, "partial": 2, "refused": 1, "no_contact": 1, "other": 1, "unknown_household": 1, "unknown_other": 1,
    "not_eligible": 1,
}  # fmt: skip
MIDDLE_EARTH = {
    "complete": 760, "partial": 339, "refused": 59, "no_contact": 288, "other": 1, "unknown_other": 173, "not_eligible": 71,
}  # fmt: skip
# The rates of the catalogue, in the standard's names.
OF_ROWS = ("RR1", "RR2", "RR5", "RR6", "COOP1", "COOP2", "COOP3", "COOP4", "REF1", "REF3", "CON1", "CON3")


def values(found, names):
    return np.array([found[each].value for each in names])


def test_twelve_invitations_give_the_printed_rates():
    """README of outcomerate 1.0.1 (Hellwig 2018), e from ``eligibility_rate``, three decimals."""
    printed = {
        "RR1": 0.364, "RR2": 0.545, "RR3": 0.370, "RR4": 0.556, "RR5": 0.444, "RR6": 0.667, "COOP1": 0.500, "COOP2": 0.750,
        "COOP3": 0.571, "COOP4": 0.857, "REF1": 0.091, "REF2": 0.093, "REF3": 0.111, "CON1": 0.727, "CON2": 0.741, "CON3": 0.889,
    }  # fmt: skip
    found = outcome_rates(TWELVE)
    assert found.eligible_share == pytest.approx(0.9)
    assert set(printed) == set(found.rates)
    assert values(found, printed) == pytest.approx(list(printed.values()), abs=0.00051)


def test_the_people_of_middle_earth_give_the_printed_rates():
    """Vignette "Intro to outcomerate" of version 1.0.1: data set middleearth, eight decimals."""
    printed = {
        "RR1": 0.46913580, "RR2": 0.67839506, "RR3": 0.47149080, "RR4": 0.68180052, "RR5": 0.52522460, "RR6": 0.75950242,
        "COOP1": 0.65573770, "COOP2": 0.94823123, "COOP3": 0.65630397, "COOP4": 0.94905009, "REF1": 0.03641975,
        "REF2": 0.03660258, "REF3": 0.04077402, "CON1": 0.71543210, "CON2": 0.71902347, "CON3": 0.80096752,
    }  # fmt: skip
    assert values(outcome_rates(MIDDLE_EARTH), printed) == pytest.approx(list(printed.values()), abs=5.1e-9)


def test_a_hundred_interviews_and_twenty_non_contacts_give_the_printed_rates():
    """README of responserates (Leeper): ``rates(list(i = 100, nc = 20))``, one decimal of a percentage."""
    found = outcome_rates({"complete": 100, "no_contact": 20})
    printed = {**dict.fromkeys(AAPOR, 83.3), **dict.fromkeys(("COOP1", "COOP2", "COOP3", "COOP4"), 100.0)}
    printed |= dict.fromkeys(("REF1", "REF2", "REF3"), 0.0)
    assert 100 * values(found, printed) == pytest.approx(list(printed.values()), abs=0.051)


def test_an_offer_without_an_answer_is_a_non_contact():
    found = outcome_rates({"complete": 100, "offered": 15, "no_contact": 5})
    assert values(found, AAPOR) == pytest.approx(values(outcome_rates({"complete": 100, "no_contact": 20}), AAPOR))


def test_every_disposition_of_an_invitation_has_a_letter():
    assert set(DISPOSITIONS) == set(INVITATIONS.column("disposition").codes)


def catalogued(name):
    return next(each for each in RESPONSE if reportable("probability", each.name) == name)


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_rate_of_the_catalogue_is_the_one_counted_with_the_same_standard_error(name):
    """The measure goes row by row through the estimator; the other way sums letters. Both know persons."""
    data = made()
    here = "survey = 'customer'"
    measured = estimate(catalogued(name), data, where=here)[0].only()
    (counted,) = dispositions(data.engine, data.tables["invitations"], where=here)
    found = outcome_rates(counted)[name]
    assert found.value == pytest.approx(measured.value, rel=1e-12)
    assert found.n == measured.n
    # the whole design has persons of other surveys too, so its factor k/(k-1) is nearer to one
    assert found.se == pytest.approx(measured.se, rel=1e-3)
    assert (found.low, found.high) == pytest.approx((measured.low, measured.high), rel=1e-4)


def test_each_rate_of_rows_is_in_the_catalogue_under_its_family():
    told = {reportable("probability", each.name) for each in RESPONSE}
    assert told == {*OF_ROWS, "participation_rate", "completion_rate"}
    for family, count in (("response_rate", 4), ("cooperation_rate", 4), ("refusal_rate", 2), ("contact_rate", 2)):
        assert len(family_named(family)) == count


def test_invitations_of_one_person_are_not_independent():
    data = made()
    (counted,) = dispositions(data.engine, data.tables["invitations"], where="survey = 'customer'")
    assert counted.clusters < sum(counted.counts.values())
    alone = outcome_rates(dict(counted.counts))["RR1"]
    assert alone.se == pytest.approx(np.sqrt(alone.value * (1 - alone.value) / alone.n), rel=1e-12)
    assert outcome_rates(counted)["RR1"].se != pytest.approx(alone.se, rel=1e-4)


def test_dispositions_by_wave_add_up_to_the_survey():
    data = made()
    table = data.tables["invitations"]
    parts = dispositions(data.engine, table, by=["wave", "survey"], where="survey = 'customer'")
    (whole,) = dispositions(data.engine, table, where="survey = 'customer'")
    assert len(parts) > 1
    for each in DISPOSITIONS:
        assert sum(part.counts[each] for part in parts) == whole.counts[each]


@pytest.mark.parametrize("given", [None, 0.6])
def test_intervals_hold_the_true_rate_as_often_as_they_say_with_e_estimated_or_given(given):
    """Invitations drawn with known chances; e is 200 of 250 eligible in truth, or taken to be 0.6."""
    dice = np.random.default_rng(4)
    chances = dict(zip(DISPOSITIONS, (30, 6, 10, 40, 4, 10, 8, 12, 30), strict=True))
    truth = outcome_rates(chances, given)
    drawn = dice.multinomial(300, np.array(list(chances.values())) / 150, 2_000)
    found = [outcome_rates(dict(zip(DISPOSITIONS, counts.tolist(), strict=True)), given) for counts in drawn]
    for name in ("RR3", "RR4", "REF2", "CON2", "RR1"):
        held = np.mean([each[name].low <= truth[name].value <= each[name].high for each in found])
        assert 0.935 < held < 0.967, name
        spread = np.std([each[name].value for each in found])
        assert truth[name].se * np.sqrt(sum(chances.values()) / 300) == pytest.approx(spread, rel=0.05)


def test_an_estimated_e_moves_with_the_counts_and_so_changes_the_standard_error():
    """With e estimated, RR3 is RR5 times the share of the invitations of which eligibility is known."""
    counts = {"complete": 60, "no_contact": 20, "not_eligible": 20, "unknown_other": 400}
    found = outcome_rates(counts)
    given = outcome_rates(counts, found.eligible_share)
    assert (found.estimated, given.estimated) == (True, False)
    assert found["RR3"].value == pytest.approx(given["RR3"].value)
    of_eligible, known = 60 / 80, 100 / 500
    relative = np.sqrt((1 - of_eligible) / 60 + (1 - known) / 100)
    assert found["RR3"].value == pytest.approx(of_eligible * known)
    assert found["RR3"].se == pytest.approx(of_eligible * known * relative)
    assert given["RR3"].se != pytest.approx(found["RR3"].se, rel=0.03)


def test_rates_with_e_lie_between_those_with_none_and_all_of_the_unknown():
    lone = outcome_rates(MIDDLE_EARTH, 1.0)
    assert lone["RR3"].value == lone["RR1"].value
    assert outcome_rates(MIDDLE_EARTH, 0.0)["RR3"].value == lone["RR5"].value
    assert lone["RR1"].value < outcome_rates(MIDDLE_EARTH)["RR3"].value < lone["RR5"].value


def test_without_anybody_known_not_to_be_eligible_it_is_said_that_all_unknown_count():
    found = outcome_rates({"complete": 10, "unknown_other": 5})
    assert found.eligible_share == 1.0
    assert "count as eligible" in found.notes[0].en
    assert outcome_rates({"complete": 10, "no_contact": 5}).notes == ()


def test_a_panel_of_volunteers_has_participation_and_completion_with_model_based_intervals():
    found = rates_for("opt_in", {"complete": 1_200, "partial": 159, "no_contact": 8_000, "not_eligible": 641})
    assert set(found.rates) == {"participation_rate", "completion_rate"}
    assert found["participation_rate"].value == pytest.approx(0.1359)
    assert found["completion_rate"].value == pytest.approx(1200 / 1359)
    assert found.interval.en.startswith("model-based: no margin of error")
    assert "foutmarge" in found.interval.nl


@pytest.mark.parametrize("name", ["RR3", "response_rate_1", "cooperation_rate_4", "REF1", "contact_rate_3"])
def test_a_panel_of_volunteers_is_refused_a_response_rate(name):
    with pytest.raises(DefinitionError, match="volunteers has no response rate"):
        rates_for("opt_in", TWELVE, [name])


def test_a_sample_may_report_what_it_asks_for():
    found = rates_for("probability", TWELVE, ["response_rate_1", "REF2", "participation_rate"])
    assert list(found.rates) == ["RR1", "REF2", "participation_rate"]
    assert found.interval.en == "from the sample design"
    everybody = rates_for("census", TWELVE, ["RR1"])
    assert everybody["RR1"] == found["RR1"]
    assert everybody.interval.en.startswith("everybody was asked")


@pytest.mark.parametrize(
    ("counts", "share", "match"),
    [
        ({"completed": 1}, None, "did you mean 'complete'"),
        ({"complete": -1}, None, "negative or no number"),
        ({"complete": float("nan")}, None, "negative or no number"),
        ({"complete": 0}, None, "no invitation was counted"),
        ({"unknown_other": 9}, None, "cannot be estimated"),
        ({"complete": 1}, 1.2, "cannot be 1.2"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, share, match):
    with pytest.raises((DefinitionError, EvidenceError), match=match):
        outcome_rates(counts, share)


def test_a_misspelt_rate_or_column_names_its_neighbours():
    with pytest.raises(DefinitionError, match=r"'RR7'[^']*did you mean 'RR"):
        rates_for("probability", TWELVE, ["RR7"])
    data = made()
    with pytest.raises(DefinitionError, match="did you mean 'wave'"):
        dispositions(data.engine, data.tables["invitations"], by=["waves"])
    with pytest.raises(DefinitionError, match="word with 4 definitions"):
        measure_named("response_rate")
