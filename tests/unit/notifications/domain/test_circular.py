"""Drafting, scheduling, issuing and correcting circulars (N1, Art. 19)."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.circular import Circular, CircularCategory
from services.notifications.domain.errors import (
    AlreadyCorrected,
    AudienceKindFixed,
    CorrectionOpen,
    IssueTimeNotAhead,
    NamedUnitsNotMembers,
    NotIssuedYet,
    RosterNotReady,
)
from services.notifications.domain.lifecycle import CIRCULAR, CircularAction, CircularStatus
from services.notifications.domain.notice import Audience, AudienceKind, NoticeKind, Wording
from shared.kernel.errors import Refusal
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Basis
from tests.unit.notifications.domain.examples import (
    CONTENT,
    HEAD,
    HOUR,
    NOW,
    NUMBER,
    ROSTER,
    SECRETARY,
    TO_NAMED,
    TODAY,
    discarded,
    draft,
    issue,
    issued,
    scheduled,
)

STAGES: dict[CircularStatus, Callable[[], Circular]] = {
    CircularStatus.DRAFT: draft,
    CircularStatus.SCHEDULED: scheduled,
    CircularStatus.ISSUED: issued,
    CircularStatus.DISCARDED: discarded,
}
VERBS: dict[CircularAction, Callable[[Circular], object]] = {
    CircularAction.DRAFT: lambda c: c.edit(TO_NAMED, NOW),
    CircularAction.SCHEDULING: lambda c: c.schedule(NOW + 2 * HOUR, SECRETARY, NOW),
    CircularAction.UNSCHEDULING: lambda c: c.unschedule(NOW),
    CircularAction.ISSUE: issue,
    CircularAction.CORRECTION: lambda c: c.open_correction("cir_2", NOW),
    CircularAction.DISCARDING: lambda c: c.discard(NOW),
}


def test_the_table_of_a_circular_offers_what_each_state_allows() -> None:
    """N1: draft, preview, scheduled, issued, corrected by a successor, never edited or recalled."""
    assert {status.value: CIRCULAR.allowed(status) for status in CircularStatus} == {
        "draft": ["draft", "scheduling", "issue", "discarding"],
        "scheduled": ["scheduling", "unscheduling", "issue"],
        "issued": ["correction"],
        "discarded": [],
    }


@pytest.mark.parametrize("action", CircularAction)
@pytest.mark.parametrize("status", CircularStatus)
def test_a_verb_moves_as_the_table_says_or_changes_nothing(
    status: CircularStatus, action: CircularAction
) -> None:
    circular = STAGES[status]()
    before = deepcopy(circular)
    if action in CIRCULAR.allowed(status):
        VERBS[action](circular)
        assert circular.status is CIRCULAR.after(status, action)
        assert circular.version == before.version + 1
        assert circular.updated_at == NOW
    else:
        with pytest.raises(NotAllowedNow):
            VERBS[action](circular)
        assert circular == before


@given(st.lists(st.sampled_from(list(CircularAction)), max_size=12), st.booleans())
def test_whatever_is_tried_a_refused_verb_changes_nothing(
    actions: list[CircularAction], roster_is_ready: bool
) -> None:
    circular = draft()
    roster = ROSTER if roster_is_ready else replace(ROSTER, register_version=0)
    verbs = dict(VERBS)
    verbs[CircularAction.ISSUE] = lambda c: issue(c, roster)
    for action in actions:
        before = deepcopy(circular)
        try:
            verbs[action](circular)
        except Refusal:
            assert circular == before
        else:
            assert action.value in before.allowed_actions
            assert circular.version == before.version + 1


def test_an_issued_circular_has_its_number_and_the_version_its_audience_is_frozen_at() -> None:
    circular = draft()
    notice = issue(circular)
    assert (circular.number, circular.issued_at, circular.register_version) == (
        "C-2026-031",
        NOW,
        48,
    )
    assert (notice.kind, notice.about_id, notice.number) == (
        NoticeKind.CIRCULAR,
        circular.id,
        "C-2026-031",
    )
    assert (notice.register_version, notice.register_head) == (48, HEAD)
    assert notice.audience == CONTENT.audience
    assert notice.link == "/v1/circulars/cir_1"
    assert (notice.title, notice.body) == (CONTENT.title, CONTENT.body)


def test_the_day_to_acknowledge_by_says_what_it_rests_on() -> None:
    """`circular.acknowledgement_term`: 10 days, the starting day not counted (Art. 19, house rule)."""
    deadline = issue(draft()).acknowledge_by
    assert deadline is not None
    assert deadline.on == date(2026, 3, 20)
    assert deadline.basis == Basis("circular.acknowledgement_term", "19", 1)


def test_a_circular_that_asks_for_no_acknowledgement_has_no_day() -> None:
    assert issue(draft(replace(CONTENT, acknowledgement_required=False))).acknowledge_by is None


@pytest.mark.parametrize("category", CircularCategory)
def test_what_the_organ_must_pass_on_cannot_be_muted(category: CircularCategory) -> None:
    """Art. 19; edge case 11: "mandatory categories cannot be muted"."""
    notice = issue(draft(replace(CONTENT, category=category)))
    assert notice.category.value == category.value
    assert notice.is_mandatory


def test_nothing_is_issued_while_the_roster_is_empty() -> None:
    with pytest.raises(RosterNotReady):
        issue(draft(), replace(ROSTER, register_version=0, told_up_to=0))


def test_nothing_is_issued_while_the_roster_reaches_less_far_than_it_did() -> None:
    """A roster that is being read again would leave out members; what is issued cannot be recalled."""
    with pytest.raises(RosterNotReady):
        issue(draft(), replace(ROSTER, register_version=39, told_up_to=40))
    assert issue(draft(), replace(ROSTER, register_version=40, told_up_to=40))


def test_units_that_are_not_members_are_pointed_at_and_not_repeated() -> None:
    circular = draft(TO_NAMED)
    with pytest.raises(NamedUnitsNotMembers) as refused:
        issue(circular, replace(ROSTER, absent=(0, 2)))
    assert refused.value.facts == {"pointers": ["/audience/members/0", "/audience/members/2"]}
    assert circular.status is CircularStatus.DRAFT


@pytest.mark.parametrize("late", [NOW, NOW - HOUR])
def test_a_circular_is_scheduled_for_an_instant_that_is_ahead(late: datetime) -> None:
    with pytest.raises(IssueTimeNotAhead):
        draft().schedule(late, SECRETARY, NOW)


def test_whoever_scheduled_a_circular_is_who_ordered_its_issue() -> None:
    circular = scheduled()
    assert (circular.issue_at, circular.ordered_by) == (NOW + HOUR, SECRETARY)
    circular.unschedule(NOW)
    assert (circular.issue_at, circular.ordered_by) == (None, None)


def test_a_schedule_that_could_not_be_kept_leaves_a_draft_that_says_why() -> None:
    circular = scheduled(TO_NAMED)
    circular.unschedule(NOW, refused="named_units_not_members")
    assert circular.status is CircularStatus.DRAFT
    assert circular.scheduling_refused == "named_units_not_members"
    circular.schedule(NOW + HOUR, SECRETARY, NOW)
    assert circular.scheduling_refused is None


def test_a_preview_reads_as_the_notice_will() -> None:
    preview = draft().preview(
        register_version=48, reach=7, rulebook=REFERENCE_RULEBOOK, today=TODAY
    )
    notice = issue(draft())
    assert (preview.title, preview.body, preview.acknowledge_by) == (
        notice.title,
        notice.body,
        notice.acknowledge_by,
    )
    assert preview.reach == 7


def test_what_is_issued_has_no_preview() -> None:
    with pytest.raises(NotAllowedNow):
        issued().preview(register_version=48, reach=7, rulebook=REFERENCE_RULEBOOK, today=TODAY)


def test_a_correction_refers_to_the_number_it_corrects() -> None:
    """Edge case 8: "Recall: impossible; corrigendum with reference to the original number"."""
    circular = issued()
    correction = circular.open_correction("cir_2", NOW)
    assert (correction.corrects, correction.status) == ("cir_1", CircularStatus.DRAFT)
    assert correction.content == circular.content
    notice = issue(correction, number=NUMBER.next())
    assert notice.number == "C-2026-032"
    assert notice.title == Wording(
        "更正C-2026-031：关于用户信息保护的通知",
        "Correction of C-2026-031: On the protection of users' information",
    )


def test_a_title_without_translation_stays_without_one_in_a_correction() -> None:
    circular = issued(replace(CONTENT, title=Wording("通知", None)))
    assert circular.open_correction("cir_2", NOW).notice_title == Wording(
        "更正C-2026-031：通知", None
    )


def test_there_is_one_open_correction_at_a_time() -> None:
    circular = issued()
    circular.open_correction("cir_2", NOW)
    assert circular.allowed_actions == []
    with pytest.raises(CorrectionOpen) as refused:
        circular.open_correction("cir_3", NOW)
    assert refused.value.facts == {"correction_id": "cir_2"}


def test_a_discarded_correction_makes_room_for_another() -> None:
    circular = issued()
    circular.open_correction("cir_2", NOW)
    circular.note_correction_discarded(NOW)
    assert circular.open_correction("cir_3", NOW).corrects == "cir_1"


def test_a_corrected_circular_shows_its_successor_and_is_corrected_there() -> None:
    circular = issued()
    circular.open_correction("cir_2", NOW)
    successors = [circular.corrected_by]
    circular.note_correction_issued(NOW)
    successors.append(circular.corrected_by)
    assert successors == [None, "cir_2"]
    with pytest.raises(AlreadyCorrected):
        circular.open_correction("cir_3", NOW)


def test_a_correction_keeps_the_kind_of_audience() -> None:
    correction = issued().open_correction("cir_2", NOW)
    sector = replace(CONTENT, audience=Audience(AudienceKind.SECTOR, sector="venue_operator"))
    with pytest.raises(AudienceKindFixed):
        correction.edit(sector, NOW)
    correction.edit(replace(CONTENT, body=Wording("已更正。", None)), NOW)
    assert correction.content.body == Wording("已更正。", None)


def test_a_correction_to_a_sector_may_name_another_sector() -> None:
    """What went to the wrong sector is corrected too."""
    sector = replace(CONTENT, audience=Audience(AudienceKind.SECTOR, sector="venue_operator"))
    correction = issued(sector).open_correction("cir_2", NOW)
    other = replace(CONTENT, audience=Audience(AudienceKind.SECTOR, sector="product_maker"))
    correction.edit(other, NOW)
    assert correction.content.audience.sector == "product_maker"


def test_only_an_issued_circular_has_addressees() -> None:
    issued().check_addressees(roster_version=48)
    with pytest.raises(NotIssuedYet):
        scheduled().check_addressees(roster_version=48)


def test_addressees_are_not_told_from_half_a_roster() -> None:
    with pytest.raises(RosterNotReady):
        issued().check_addressees(roster_version=47)
