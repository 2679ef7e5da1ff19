"""Notices: reading, acknowledging, bulletins, and how long a unit that left keeps its inbox (N2, N3)."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications.domain.errors import NoAcknowledgementAsked, RosterBehind
from services.notifications.domain.lifecycle import NOTICE, NoticeAction, NoticeStatus
from services.notifications.domain.notice import (
    AudienceKind,
    Deadline,
    Edition,
    NoticeCategory,
    Reading,
    Wording,
    allowed_actions,
    first_day_within,
    notice_of_edition,
)
from shared.kernel.actor import Subject
from shared.kernel.rulebook import Basis
from shared.kernel.terms import Term
from tests.unit.notifications.domain.examples import CLERK, HEAD, HOUR, NOW

DEADLINE = Deadline(date(2026, 3, 20), Basis("circular.acknowledgement_term", "19", 1))
CHAIR = Subject("https://issuer.example", "chair of a member")
EDITION = Edition(
    bulletin_id="bul_1",
    number=12,
    erratum_of=None,
    from_day=date(2026, 2, 1),
    to_day=date(2026, 2, 28),
    members_count=34,
    joined_count=2,
    ceased_count=1,
    register_version=48,
    register_head=HEAD,
)


def test_issued_read_and_acknowledged_are_three_facts() -> None:
    """N3; edge case 12: "Served / delivered / read are three facts"."""
    reading = Reading("ntc_1", "mem_1")
    assert reading.status is NoticeStatus.UNREAD
    reading.read(CLERK, NOW)
    assert (reading.status, reading.read_at, reading.acknowledged_at) == (
        NoticeStatus.READ,
        NOW,
        None,
    )
    reading.acknowledge(DEADLINE, CHAIR, NOW + HOUR)
    assert (reading.status, reading.read_at, reading.acknowledged_at) == (
        NoticeStatus.ACKNOWLEDGED,
        NOW,
        NOW + HOUR,
    )
    assert (reading.read_by, reading.acknowledged_by) == (CLERK, CHAIR)


def test_what_is_acknowledged_has_been_read() -> None:
    reading = Reading("ntc_1", "mem_1")
    reading.acknowledge(DEADLINE, CLERK, NOW)
    assert (reading.read_at, reading.read_by) == (NOW, CLERK)


def test_an_acknowledgement_after_the_day_is_late_and_counts() -> None:
    reading = Reading("ntc_1", "mem_1")
    reading.acknowledge(DEADLINE, CLERK, NOW + timedelta(days=40))
    assert reading.status is NoticeStatus.ACKNOWLEDGED


@given(st.lists(st.sampled_from(["read", "acknowledge"]), min_size=1, max_size=6))
def test_the_first_reading_and_the_first_acknowledgement_stand(acts: list[str]) -> None:
    reading = Reading("ntc_1", "mem_1")
    for count, act in enumerate(acts):
        before = deepcopy(reading)
        by, at = Subject("https://issuer.example", f"clerk {count}"), NOW + count * HOUR
        if act == "read":
            reading.read(by, at)
        else:
            reading.acknowledge(DEADLINE, by, at)
        if before.read_at is not None:
            assert (reading.read_at, reading.read_by) == (before.read_at, before.read_by)
        if before.acknowledged_at is not None:
            assert reading == before
    assert reading.read_at == NOW


def test_a_notice_that_asks_for_none_cannot_be_acknowledged() -> None:
    reading = Reading("ntc_1", "mem_1")
    with pytest.raises(NoAcknowledgementAsked):
        reading.acknowledge(None, CLERK, NOW)
    assert reading == Reading("ntc_1", "mem_1")


def test_a_member_is_offered_what_it_can_still_do() -> None:
    offered = {
        status: allowed_actions(status, acknowledgement_required=True) for status in NoticeStatus
    }
    assert offered == {
        NoticeStatus.UNREAD: ["read", "acknowledgement"],
        NoticeStatus.READ: ["acknowledgement"],
        NoticeStatus.ACKNOWLEDGED: [],
    }
    assert allowed_actions(NoticeStatus.UNREAD, acknowledgement_required=False) == ["read"]


def test_the_table_of_a_notice_ends_with_its_acknowledgement() -> None:
    assert NOTICE.after(NoticeStatus.UNREAD, NoticeAction.READ) is NoticeStatus.READ
    assert NOTICE.is_final(NoticeStatus.ACKNOWLEDGED)


def test_a_bulletin_is_told_to_all_members_in_both_languages() -> None:
    """M7, N2: editions are sent to all members; edge case 18: Chinese authoritative, translation beside it."""
    notice = notice_of_edition("ntc_1", EDITION, roster_version=48, now=NOW)
    assert (notice.number, notice.link) == ("B-000012", "/v1/bulletins/12")
    assert notice.audience.kind is AudienceKind.ALL
    assert (notice.register_version, notice.register_head) == (48, HEAD)
    assert notice.title == Wording("第12期成员通报", "Member bulletin no. 12")
    assert notice.body == Wording(
        "2026年2月1日至2026年2月28日，加入2家，终止1家；期末成员34家。",
        "2026-02-01 to 2026-02-28: 2 joined, 1 ceased; 34 members at the end.",
    )
    assert notice.acknowledge_by is None


def test_news_of_the_register_can_be_muted() -> None:
    """Edge case 11: "optional ones can, per unit"."""
    notice = notice_of_edition("ntc_1", EDITION, roster_version=48, now=NOW)
    assert notice.category is NoticeCategory.REGISTER
    assert not notice.is_mandatory


def test_an_erratum_says_which_edition_it_mends() -> None:
    erratum = replace(EDITION, number=13, erratum_of=12)
    notice = notice_of_edition("ntc_1", erratum, roster_version=50, now=NOW)
    assert notice.title == Wording(
        "第13期成员通报：更正第12期", "Member bulletin no. 13: erratum to no. 12"
    )
    assert notice.body.zh.startswith("本期更正第12期成员通报。2026年2月1日")
    assert (notice.body.en or "").startswith("This edition mends member bulletin no. 12. 2026-02")


def test_a_bulletin_that_overtakes_the_register_waits() -> None:
    with pytest.raises(RosterBehind):
        notice_of_edition("ntc_1", EDITION, roster_version=47, now=NOW)


@given(
    st.builds(Term, days=st.integers(0, 400), months=st.integers(0, 36)),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
@example(Term(months=24), date(2026, 2, 28))
@example(Term(months=1), date(2026, 3, 31))
def test_the_first_day_within_a_term_is_in_time_and_the_day_before_is_late(
    term: Term, today: date
) -> None:
    first = first_day_within(term, today)
    assert term.last_day(first) >= today
    assert term.last_day(first - timedelta(days=1)) < today
