"""The people, circulars and moments that the tests of notifications' domain speak of."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.notifications.domain.circular import (
    Circular,
    CircularCategory,
    Content,
    RosterAtIssue,
)
from services.notifications.domain.notice import Audience, AudienceKind, Notice, Wording
from services.notifications.domain.numbering import Number, NumberClass
from shared.kernel.actor import Subject
from shared.kernel.rulebook import REFERENCE_RULEBOOK

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
HOUR = timedelta(hours=1)
SECRETARY = Subject("https://issuer.example", "secretary")
CLERK = Subject("https://issuer.example", "clerk of a member")
HEAD = "a" * 64
ROSTER = RosterAtIssue(48, HEAD, told_up_to=40)
NUMBER = Number(NumberClass.CIRCULAR, 2026, 31)

CONTENT = Content(
    CircularCategory.REGULATION,
    title=Wording("关于用户信息保护的通知", "On the protection of users' information"),
    body=Wording("请各成员单位执行。", None),
    audience=Audience(AudienceKind.ALL),
    acknowledgement_required=True,
)
TO_NAMED = replace(
    CONTENT, audience=Audience(AudienceKind.MEMBERS, member_ids=("mem_1", "mem_2", "mem_3"))
)


def draft(content: Content = CONTENT) -> Circular:
    """A new circular."""
    return Circular("cir_1", content, created_at=NOW - HOUR, updated_at=NOW - HOUR)


def scheduled(content: Content = CONTENT) -> Circular:
    """A circular that is to be issued in an hour."""
    circular = draft(content)
    circular.schedule(NOW + HOUR, SECRETARY, NOW)
    return circular


def issue(circular: Circular, roster: RosterAtIssue = ROSTER, number: Number = NUMBER) -> Notice:
    """Issue the circular now."""
    return circular.issue(
        "ntc_1",
        number,
        SECRETARY,
        roster=roster,
        rulebook=REFERENCE_RULEBOOK,
        now=NOW,
        today=TODAY,
    )


def issued(content: Content = CONTENT) -> Circular:
    """A circular that has been issued."""
    circular = draft(content)
    issue(circular)
    return circular


def discarded() -> Circular:
    """A draft that was given up."""
    circular = draft()
    circular.discard(NOW)
    return circular
