"""What was announced becomes a notice: at whose register version, under which number, when it has to wait (N2)."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain import ballot_announcements as of_ballots
from services.notifications.domain import convention_announcements as of_convention
from services.notifications.domain import proposal_announcements as of_proposals
from services.notifications.domain.announcement import (
    Announcement,
    moment,
    notice_of_announcement,
    occasion_at,
)
from services.notifications.domain.circular import RosterAtIssue
from services.notifications.domain.errors import RosterBehind
from services.notifications.domain.notice import MANDATORY, NoticeCategory, Wording
from tests.unit.notifications.domain.examples import HEAD, NOW

RETRACTED = of_proposals.retracted("prp_1")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at_version(version: int, told_up_to: int = 0) -> RosterAtIssue:
    return RosterAtIssue(version, HEAD, told_up_to=told_up_to)


def notice_at(announcement: Announcement, roster: RosterAtIssue) -> object:
    return notice_of_announcement("ntc_1", announcement, number=None, roster=roster, now=NOW)


def test_a_notice_says_what_was_announced_to_those_who_are_members_now() -> None:
    """Edge case 1: "Audience = members at the moment of issue"."""
    notice = notice_of_announcement(
        "ntc_1", RETRACTED, number="P-2026-001", roster=at_version(48), now=NOW
    )
    assert (notice.kind, notice.about_id, notice.link) == (
        RETRACTED.kind,
        "prp_1",
        "/v1/proposals/prp_1",
    )
    assert notice.title == Wording("公约修改提案已撤回", "A proposal was withdrawn")
    assert (notice.register_version, notice.register_head) == (48, HEAD)
    assert (notice.number, notice.issued_at, notice.acknowledge_by) == ("P-2026-001", NOW, None)


@pytest.mark.parametrize("roster", [at_version(0), at_version(47, told_up_to=48)])
def test_a_notice_waits_while_the_roster_cannot_say_who_is_a_member(roster: RosterAtIssue) -> None:
    """Before anything of the register is known, and while it is read again from its beginning."""
    with pytest.raises(RosterBehind):
        notice_at(RETRACTED, roster)


def test_a_notice_waits_for_the_register_version_that_its_announcement_names() -> None:
    waiting = replace(RETRACTED, waits_for=49)
    with pytest.raises(RosterBehind):
        notice_at(waiting, at_version(48))
    assert notice_at(waiting, at_version(49))


def test_an_import_of_the_text_may_come_before_the_first_member() -> None:
    imported = of_convention.promulgated(
        "cnv_1",
        version=1,
        occasion=of_convention.Occasion.IMPORT,
        valid_on=NOW.date(),
        in_force_on=NOW.date(),
        changed=31,
        rulebook_version=1,
    )
    assert notice_at(imported, at_version(0))


def test_what_binds_the_members_cannot_be_muted_and_news_of_proposals_can() -> None:
    """Edge case 11: "Mandatory categories cannot be muted; optional ones can"."""
    assert set(NoticeCategory) - MANDATORY == {NoticeCategory.REGISTER, NoticeCategory.PROPOSAL}
    assert RETRACTED.category is NoticeCategory.PROPOSAL
    assert of_ballots.vote_replaced("bal_1", "mem_1", at=NOW).category in MANDATORY


def test_an_instant_is_said_by_the_organs_clock() -> None:
    assert moment(datetime(2026, 5, 1, 16, 0, tzinfo=UTC), SHANGHAI) == (
        "2026年5月2日00:00",
        "2026-05-02 00:00 (Asia/Shanghai)",
    )


def test_an_occasion_is_the_same_whatever_zone_its_instant_comes_in() -> None:
    assert occasion_at(NOW) == occasion_at(NOW.astimezone(SHANGHAI)) == "2026-03-10T04:00:00+00:00"
