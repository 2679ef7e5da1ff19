"""What another service announced, on its way to becoming a notice (N2): in Chinese, and translated (N7)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.notifications.domain.circular import RosterAtIssue
from services.notifications.domain.errors import RosterBehind
from services.notifications.domain.notice import (
    EVERY_MEMBER,
    Audience,
    Notice,
    NoticeCategory,
    NoticeKind,
    Wording,
    in_chinese,
)
from services.notifications.domain.numbering import NumberClass
from shared.kernel.rulebook import Basis
from shared.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a notice will say.

    ``occasion`` tells apart what is announced more than once of the same thing, as two extensions of a ballot; said
    again, an announcement has the same one. Its number is the next of ``number_class``, or the ``number`` that its
    publisher counts, or there is none. It is issued to those who are members then (edge case 1), at a register version
    not before ``waits_for``.
    """

    kind: NoticeKind
    about_id: str
    occasion: str = ""
    category: NoticeCategory
    number_class: NumberClass | None = None
    number: str | None = None
    title: Text
    body: Text
    link: str
    audience: Audience = EVERY_MEMBER
    waits_for: int = 1


def notice_of_announcement(
    notice_id: str,
    announcement: Announcement,
    *,
    number: str | None,
    roster: RosterAtIssue,
    now: datetime,
) -> Notice:
    """The notice of an announcement, to those who are members now or whom it names.

    Refuses with ``RosterBehind`` while the roster does not reach the version that it waits for, or as far as it once did.
    """
    if roster.register_version < max(roster.told_up_to, announcement.waits_for):
        raise RosterBehind
    return Notice(
        id=notice_id,
        kind=announcement.kind,
        about_id=announcement.about_id,
        occasion=announcement.occasion,
        category=announcement.category,
        number=number,
        title=Wording(*announcement.title),
        body=Wording(*announcement.body),
        link=announcement.link,
        audience=announcement.audience,
        register_version=roster.register_version,
        register_head=roster.register_head,
        issued_at=now,
    )


def rests_on(basis: Basis) -> Text:
    """What a number rests on, as a notice says it."""
    article, version = basis.article, basis.rulebook_version
    return Text(f"第{article}条，规则第{version}版", f"Art. {article}, rulebook version {version}")


def moment(instant: datetime, zone: ZoneInfo) -> Text:
    """An instant by the organ's clock."""
    local = instant.astimezone(zone)
    return Text(f"{in_chinese(local.date())}{local:%H:%M}", f"{local:%Y-%m-%d %H:%M} ({zone.key})")


def occasion_at(instant: datetime) -> str:
    """The occasion that an instant makes, whatever zone it comes in."""
    return instant.astimezone(UTC).isoformat()


def counted(count: int, one: str, many: str) -> str:
    """So many things, in English."""
    return f"{count:,} {one if count == 1 else many}"
