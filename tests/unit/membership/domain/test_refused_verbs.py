"""A refused verb changes nothing: every verb, from every state."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.membership.domain.application import Application, EntrustedMandate
from services.membership.domain.ceasing import RegisteredAct, dissolve, merge
from services.membership.domain.lifecycle import APPLICATION, ApplicationAction, ApplicationStatus
from services.membership.domain.mandate import Appointment, MandateKind
from services.membership.domain.member import Member
from services.membership.domain.period import (
    AccessionBasis,
    Annulment,
    AnnulmentOutcome,
    Ending,
)
from shared.kernel.actor import Scope, Subject
from shared.kernel.errors import Refusal
from shared.kernel.lifecycle import NotAllowedNow
from tests.unit.membership.domain.examples import (
    APPLICANT,
    AT_ONCE,
    CHAIR,
    DAY,
    DEPUTY,
    HOUR,
    IDENTIFIER,
    NOW,
    OTHER_REGISTRAR,
    PARTICULARS,
    REGISTRAR,
    STRANGER,
    TODAY,
    another_member,
    application,
    cancellation,
    entrusting,
    member,
    moment,
)

A, S = ApplicationAction, ApplicationStatus

PEOPLE = st.sampled_from([APPLICANT, CHAIR, DEPUTY, REGISTRAR, OTHER_REGISTRAR, STRANGER])
INSTANTS = st.integers(0, 96).map(lambda hours: NOW + hours * HOUR)
DAYS = st.integers(-2, 5).map(lambda days: TODAY + timedelta(days=days))
TEXTS = st.sampled_from(["", " ", "licence"])
GROUNDS = st.sampled_from(["not_a_practitioner", "rules_not_accepted", "dislike", ""])

ApplicationVerb = Callable[[Application, Subject, st.DataObject], object]
MemberVerb = Callable[[Member, st.DataObject], object]


def in_state(status: ApplicationStatus, *, accepts_rules: bool = True) -> Application:
    """An application in ``status``; the registrar took part in an earlier cancellation."""
    applied = application(accepts_rules=accepts_rules)
    applied.cancellation_deciders = frozenset({REGISTRAR})
    applied.status = status
    return applied


def _refuse(applied: Application, by: Subject, data: st.DataObject) -> None:
    applied.refuse(by, data.draw(GROUNDS), data.draw(TEXTS), NOW)


def _resubmit(applied: Application, by: Subject, data: st.DataObject) -> None:
    applied.resubmit(
        by,
        particulars=PARTICULARS,
        legal_representative_subject=data.draw(PEOPLE),
        accepts_rules=data.draw(st.booleans()),
    )


def _file_mandate(applied: Application, by: Subject, data: st.DataObject) -> None:
    mandate = EntrustedMandate("李四", data.draw(PEOPLE), NOW, data.draw(st.none() | INSTANTS))
    applied.file_mandate(by, mandate)


APPLICATION_VERBS: dict[ApplicationAction, ApplicationVerb] = {
    A.RETURNING: lambda applied, by, data: applied.give_back(by, [data.draw(TEXTS)]),
    A.RESUBMISSION: _resubmit,
    A.MANDATE: _file_mandate,
    A.APPROVAL: lambda applied, by, data: applied.approve(by, NOW),
    A.REFUSAL: _refuse,
    A.INSTRUMENT: lambda applied, by, data: applied.sign(by, data.draw(INSTANTS), "mem_1"),
    A.RETRACTION: lambda applied, by, data: applied.retract(by, NOW),
}


def test_every_action_on_an_application_has_its_verb() -> None:
    """Architecture: "Actions are named acts, each with one verb"."""
    assert set(APPLICATION_VERBS) == set(A)


@given(st.sampled_from(list(S)), st.sampled_from(list(A)), PEOPLE, st.booleans(), st.data())
def test_a_verb_moves_an_application_as_its_table_says_or_leaves_it_as_it_was(
    status: ApplicationStatus,
    action: ApplicationAction,
    by: Subject,
    accepts_rules: bool,
    data: st.DataObject,
) -> None:
    """Architecture: "a refused verb changes nothing (a property test over every state x action)"."""
    applied = in_state(status, accepts_rules=accepts_rules)
    before = deepcopy(applied)
    try:
        APPLICATION_VERBS[action](applied, by, data)
    except Refusal:
        assert applied == before
    else:
        assert applied.status is APPLICATION.after(status, action)
        assert applied.version == before.version + 1


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("action", list(A))
@given(PEOPLE, st.data())
def test_what_the_table_does_not_offer_is_refused_with_what_it_does(
    status: ApplicationStatus, action: ApplicationAction, by: Subject, data: st.DataObject
) -> None:
    """Architecture: `allowed_actions` come from the table alone."""
    offered = APPLICATION.allowed(status)
    if action.value in offered:
        return
    with pytest.raises(NotAllowedNow) as refusal:
        APPLICATION_VERBS[action](in_state(status), by, data)
    assert refusal.value.facts["allowed_actions"] == offered


def _withdrawing() -> Member:
    unit = member()
    unit.announce_withdrawal("end_a", TODAY + 2 * DAY, AT_ONCE, moment())
    return unit


def _awaiting_cancellation() -> Member:
    unit = _withdrawing()
    unit.decide_cancellation("end_b", cancellation("cas_1", NOW + DAY), moment())
    return unit


def _merging() -> Member:
    unit = member()
    merge(unit, another_member(), "end_c", RegisteredAct("118", TODAY + DAY), [], moment())
    return unit


def _withdrawn() -> Member:
    unit = member()
    unit.announce_withdrawal("end_a", None, AT_ONCE, moment())
    return unit


def _cancelled() -> Member:
    unit = member()
    unit.decide_cancellation("end_b", cancellation(), moment())
    return unit


def _returned() -> Member:
    unit = _cancelled()
    unit.accede("per_2", AccessionBasis.APPLICATION, moment())
    unit.appoint("rep_deputy", entrusting(DEPUTY, Scope.ALL), NOW)
    return unit


MEMBERS = st.sampled_from(
    [
        lambda: Member("mem_1", IDENTIFIER),
        member,
        _withdrawing,
        _merging,
        _awaiting_cancellation,
        _withdrawn,
        _cancelled,
        _returned,
    ]
)

ANNULMENTS = st.builds(
    Annulment,
    st.sampled_from(["cas_1", "cas_2"]),
    st.sampled_from(list(AnnulmentOutcome)),
    st.none() | DAYS,
)
APPOINTMENTS = st.builds(
    Appointment,
    st.sampled_from(list(MandateKind)),
    PEOPLE,
    st.just("李四"),
    st.frozensets(st.sampled_from(list(Scope))),
    INSTANTS,
    st.none() | INSTANTS,
)
MANDATE_IDS = st.sampled_from(["rep_chair", "rep_deputy", "rep_unknown"])


def _accede(unit: Member, data: st.DataObject) -> None:
    day: date | None = data.draw(st.none() | DAYS)
    unit.accede("per_9", AccessionBasis.IMPORT, moment(data.draw(INSTANTS), 9), from_day=day)


def _withdraw(unit: Member, data: st.DataObject) -> None:
    day: date | None = data.draw(st.none() | DAYS)
    unit.announce_withdrawal("end_9", day, AT_ONCE, moment(data.draw(INSTANTS), 9))


ACTS = st.builds(RegisteredAct, st.just("118"), st.none() | DAYS)
AWAITED = st.lists(INSTANTS, max_size=1)
RETRACTED = st.sampled_from([Ending.WITHDRAWN, Ending.MERGED, Ending.DISSOLVED])


def _merge(unit: Member, data: st.DataObject) -> None:
    successor = data.draw(st.sampled_from([unit, another_member()]))
    at = moment(data.draw(INSTANTS), 9)
    merge(unit, successor, "end_9", data.draw(ACTS), data.draw(AWAITED), at)


def _dissolve(unit: Member, data: st.DataObject) -> None:
    at = moment(data.draw(INSTANTS), 9)
    dissolved_on = data.draw(st.none() | DAYS)
    dissolve(unit, "end_9", data.draw(ACTS), dissolved_on, data.draw(AWAITED), at)


MEMBER_VERBS: dict[str, MemberVerb] = {
    "accede": _accede,
    "withdraw": _withdraw,
    "merge": _merge,
    "dissolve": _dissolve,
    "retract": lambda unit, data: unit.retract(data.draw(RETRACTED), data.draw(INSTANTS)),
    "annul": lambda unit, data: unit.annul_cancellation(
        data.draw(ANNULMENTS), "per_9", moment(data.draw(INSTANTS), 9)
    ),
    "appoint": lambda unit, data: unit.appoint(
        "rep_9", data.draw(APPOINTMENTS), data.draw(INSTANTS)
    ),
    "claim": lambda unit, data: unit.claim("rep_9", data.draw(PEOPLE), "李四", data.draw(INSTANTS)),
    "remove": lambda unit, data: unit.remove(data.draw(MANDATE_IDS), data.draw(INSTANTS)),
}


@pytest.mark.parametrize("verb", MEMBER_VERBS.values(), ids=MEMBER_VERBS)
@given(MEMBERS, st.data())
def test_a_refused_verb_leaves_a_member_as_it_was(
    verb: MemberVerb, state: Callable[[], Member], data: st.DataObject
) -> None:
    """Architecture: "a refused verb changes nothing"."""
    unit = state()
    before = deepcopy(unit)
    try:
        verb(unit, data)
    except Refusal:
        assert unit == before
    else:
        assert unit.version == before.version + 1
