"""Who may act for a member (M9)."""

from datetime import datetime

import pytest

from services.membership.domain.errors import (
    LastFullMandate,
    MandateOver,
    MandateTermNotValid,
    MandateUnknown,
    NotMember,
    ScopesNotOfKind,
    SubjectHasMandate,
)
from services.membership.domain.facts import MandateGiven, MandateRemoved
from services.membership.domain.mandate import Appointment, Mandate, MandateKind
from services.membership.domain.member import may_act
from shared.kernel.actor import Scope
from tests.unit.membership.domain.examples import (
    AT_ONCE,
    CHAIR,
    DAY,
    DEPUTY,
    EVERYTHING,
    HOUR,
    NOW,
    STRANGER,
    entrusting,
    member,
    moment,
)

LEGAL, MACHINE = MandateKind.LEGAL_REPRESENTATIVE, MandateKind.MACHINE


@pytest.mark.parametrize("scope", list(Scope))
def test_a_legal_representative_may_act_in_everything(scope: Scope) -> None:
    """Decisions: "The legal representative has `all`"."""
    assert may_act(member(), CHAIR, scope, NOW)
    assert not may_act(member(), STRANGER, scope, NOW)


def test_an_entrusted_one_acts_in_its_scopes_between_its_days() -> None:
    """M9: "each mandate binding a token subject, with scopes [...] and from/until"."""
    unit = member()
    appointment = entrusting(
        DEPUTY, Scope.VOTE, Scope.CASES, valid_from=NOW + HOUR, valid_until=NOW + DAY
    )
    facts = unit.appoint("rep_2", appointment, NOW)
    assert facts == (
        MandateGiven(
            Mandate(
                "rep_2",
                "per_1",
                MandateKind.ENTRUSTED,
                DEPUTY,
                "李四",
                frozenset({Scope.VOTE, Scope.CASES}),
                NOW + HOUR,
                NOW + DAY,
            )
        ),
    )
    allowed = [
        may_act(unit, DEPUTY, Scope.VOTE, instant)
        for instant in (NOW, NOW + HOUR, NOW + DAY - HOUR, NOW + DAY)
    ]
    assert allowed == [False, True, True, False]
    assert not may_act(unit, DEPUTY, Scope.CIRCULARS, NOW + HOUR)
    assert not may_act(unit, DEPUTY, Scope.ALL, NOW + HOUR)


def test_a_mandate_is_not_back_dated() -> None:
    """Edge case 5: "a mandate uploaded later does not back-date"."""
    unit = member(NOW - DAY)
    unit.appoint("rep_2", entrusting(valid_from=NOW - HOUR), NOW)
    assert not may_act(unit, DEPUTY, Scope.CIRCULARS, NOW - HOUR)
    assert may_act(unit, DEPUTY, Scope.CIRCULARS, NOW)


@pytest.mark.parametrize(
    "appointment",
    [
        entrusting(DEPUTY, Scope.VOTE, kind=LEGAL),
        entrusting(DEPUTY, Scope.ALL, Scope.VOTE, kind=LEGAL),
        entrusting(DEPUTY, Scope.ALL, kind=MACHINE),
        entrusting(DEPUTY, Scope.CIRCULARS, Scope.VOTE, kind=MACHINE),
        Appointment(MandateKind.ENTRUSTED, DEPUTY, "李四", frozenset(), NOW),
    ],
)
def test_scopes_fit_the_kind_of_mandate(appointment: Appointment) -> None:
    """Decisions: "A machine is a mandate of kind `machine`, scope `circulars`"."""
    with pytest.raises(ScopesNotOfKind):
        member().appoint("rep_2", appointment, NOW)


@pytest.mark.parametrize(
    ("valid_from", "valid_until"), [(NOW + DAY, NOW + HOUR), (NOW, NOW), (NOW - DAY, NOW - HOUR)]
)
def test_a_mandate_ends_after_it_begins_and_is_not_over_when_given(
    valid_from: datetime, valid_until: datetime
) -> None:
    """M9: from/until."""
    with pytest.raises(MandateTermNotValid):
        member().appoint("rep_2", entrusting(valid_from=valid_from, valid_until=valid_until), NOW)


def test_a_subject_holds_one_mandate_of_a_member_at_a_time() -> None:
    """M9: each mandate binds a token subject."""
    unit = member()
    unit.appoint("rep_2", entrusting(valid_until=NOW + DAY), NOW)
    with pytest.raises(SubjectHasMandate):
        unit.appoint("rep_3", entrusting(valid_from=NOW + HOUR), NOW)
    with pytest.raises(SubjectHasMandate):
        unit.appoint("rep_3", entrusting(kind=MACHINE, valid_until=NOW + HOUR), NOW)
    unit.appoint("rep_3", entrusting(valid_from=NOW + DAY), NOW)
    unit.appoint("rep_4", entrusting(STRANGER, valid_from=NOW + DAY), NOW)
    unit.appoint("rep_5", entrusting(STRANGER, valid_until=NOW + DAY), NOW)
    assert [m.id for m in unit.mandates_at(NOW)] == ["rep_chair", "rep_2", "rep_5"]
    assert [m.id for m in unit.mandates_at(NOW + DAY)] == ["rep_chair", "rep_3", "rep_4"]


def test_a_new_legal_representative_takes_the_place_of_the_former_one_at_that_moment() -> None:
    """M9; edge case 23: "new acts need the new mandate"."""
    unit = member()
    facts = unit.appoint(
        "rep_2", entrusting(DEPUTY, Scope.ALL, kind=LEGAL, valid_from=NOW + DAY), NOW
    )
    assert facts[0] == MandateRemoved("rep_chair", "per_1", NOW + DAY)
    assert [m.subject for m in unit.mandates_at(NOW + HOUR)] == [CHAIR]
    assert [m.subject for m in unit.mandates_at(NOW + DAY)] == [DEPUTY]


def test_a_sooner_legal_representative_also_takes_the_place_of_the_one_to_come() -> None:
    """M9: one legal representative at a time."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.ALL, kind=LEGAL, valid_from=NOW + DAY), NOW)
    unit.appoint("rep_3", entrusting(STRANGER, Scope.ALL, kind=LEGAL), NOW + HOUR)
    for instant in (NOW + HOUR, NOW + DAY, NOW + 2 * DAY):
        assert [m.id for m in unit.mandates_at(instant)] == ["rep_3"]


def test_an_entrusted_one_who_becomes_legal_representative_holds_only_that_mandate() -> None:
    """M9: one mandate a subject."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.VOTE), NOW)
    facts = unit.appoint("rep_3", entrusting(DEPUTY, Scope.ALL, kind=LEGAL), NOW + HOUR)
    assert [fact.mandate_id for fact in facts if isinstance(fact, MandateRemoved)] == [
        "rep_chair",
        "rep_2",
    ]
    assert [m.id for m in unit.mandates_at(NOW + HOUR)] == ["rep_3"]
    later = unit.appoint("rep_4", entrusting(CHAIR, Scope.ALL, kind=LEGAL), NOW + DAY)
    assert [fact.mandate_id for fact in later if isinstance(fact, MandateRemoved)] == ["rep_3"]


def test_a_removed_one_can_do_nothing_more_but_what_it_did_stays_valid() -> None:
    """M9; edge case 23: "act stays valid if mandate was valid then"."""
    unit = member()
    unit.appoint("rep_2", entrusting(), NOW)
    assert unit.remove("rep_2", NOW + HOUR) == (MandateRemoved("rep_2", "per_1", NOW + HOUR),)
    assert may_act(unit, DEPUTY, Scope.CIRCULARS, NOW)
    assert not may_act(unit, DEPUTY, Scope.CIRCULARS, NOW + HOUR)
    with pytest.raises(MandateOver):
        unit.remove("rep_2", NOW + DAY)
    with pytest.raises(MandateUnknown):
        unit.remove("rep_3", NOW + DAY)


def test_the_last_one_who_may_do_everything_is_not_removed() -> None:
    """M9: "a member appoints and removes who may act for it", so somebody must be left who can."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.VOTE, Scope.CASES, Scope.CIRCULARS), NOW)
    unit.appoint("rep_3", entrusting(STRANGER, Scope.ALL, valid_from=NOW + DAY), NOW)
    with pytest.raises(LastFullMandate):
        unit.remove("rep_chair", NOW + HOUR)
    unit.remove("rep_chair", NOW + DAY)
    with pytest.raises(LastFullMandate):
        unit.remove("rep_3", NOW + DAY)


def test_a_successor_to_come_is_not_removed_when_nobody_would_follow_the_former_one() -> None:
    """M9: the former one's mandate ends as the successor's begins; the unit appoints another first."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.ALL, kind=LEGAL, valid_from=NOW + DAY), NOW)
    (deputy,) = (mandate for mandate in unit.mandates if mandate.id == "rep_2")
    assert not unit.may_remove(deputy, NOW)
    with pytest.raises(LastFullMandate):
        unit.remove("rep_2", NOW)
    unit.appoint("rep_3", entrusting(CHAIR, Scope.ALL, kind=LEGAL), NOW + HOUR)
    for instant in (NOW + HOUR, NOW + DAY, NOW + 9 * DAY):
        assert [mandate.id for mandate in unit.mandates_at(instant)] == ["rep_3"]


def test_a_successor_to_come_is_removed_where_another_may_do_everything() -> None:
    """M9."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.ALL, kind=LEGAL, valid_from=NOW + DAY), NOW)
    unit.appoint("rep_3", entrusting(STRANGER, Scope.ALL, valid_from=NOW + HOUR), NOW)
    unit.remove("rep_2", NOW)
    assert [mandate.id for mandate in unit.mandates_at(NOW + DAY)] == ["rep_3"]


def test_the_last_one_who_may_do_everything_from_a_later_day_is_not_removed() -> None:
    """M9: an entrusted one whose mandate runs out does not stand in for one whose does not."""
    unit = member()
    unit.appoint("rep_2", entrusting(DEPUTY, Scope.ALL, valid_until=NOW + DAY), NOW)
    with pytest.raises(LastFullMandate):
        unit.remove("rep_chair", NOW + HOUR)
    unit.remove("rep_2", NOW + HOUR)


def test_a_claim_makes_the_holder_of_the_code_the_legal_representative() -> None:
    """M9: "an imported member's first representative takes over by a claim code"."""
    unit = member()
    removed, given = unit.claim("rep_2", DEPUTY, "李四", NOW + HOUR)
    assert removed == MandateRemoved("rep_chair", "per_1", NOW + HOUR)
    assert isinstance(given, MandateGiven)
    assert (given.mandate.kind, given.mandate.scopes) == (LEGAL, EVERYTHING)


def test_a_unit_that_left_has_nobody_who_may_act_and_appoints_nobody() -> None:
    """M9; contract: "every mandate given in it ended with it"."""
    unit = member()
    unit.announce_withdrawal("end_1", None, AT_ONCE, moment(NOW + HOUR))
    assert not may_act(unit, CHAIR, Scope.ALL, NOW + HOUR)
    with pytest.raises(NotMember):
        unit.appoint("rep_2", entrusting(), NOW + HOUR)
    with pytest.raises(NotMember):
        unit.remove("rep_chair", NOW + HOUR)
