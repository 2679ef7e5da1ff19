"""What becomes a notice by itself, and what members do with their notices (N2, N3)."""

from services.notifications.domain.announcement import Announcement, notice_of_announcement
from services.notifications.domain.circular import RosterAtIssue
from services.notifications.domain.message import message_of_notice
from services.notifications.domain.notice import (
    Edition,
    Notice,
    NoticeKind,
    Reading,
    notice_of_edition,
)
from services.notifications.domain.numbering import NumberClass
from services.notifications.store import messages, notices, queries
from services.notifications.usecases.acting import member_of, subject_of
from shared.db.roster import watermark
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.ids import new_id

Received = tuple[Notice, Reading]
"""A notice as one of its addressees has it: the notice, and what that member has done with it."""


async def get_notice(work: Work, notice_id: str, actor: Actor) -> Received:
    """A notice in the caller's inbox. Looking at it is not yet having read it."""
    return await queries.find_notice(work, notice_id, member_of(actor))


async def read_notice(work: Work, notice_id: str, actor: Actor) -> Received:
    """Note that the caller's unit has read a notice; once, whoever repeats it."""
    notice, _ = await get_notice(work, notice_id, actor)
    reading = await notices.lock_reading(work, notice.id, member_of(actor))
    reading.read(subject_of(actor), work.now)
    await notices.save_reading(work, reading)
    return notice, reading


async def acknowledge_notice(work: Work, notice_id: str, actor: Actor) -> Received:
    """Acknowledge a notice for the caller's unit; the first acknowledgement stands."""
    notice, _ = await get_notice(work, notice_id, actor)
    reading = await notices.lock_reading(work, notice.id, member_of(actor))
    reading.acknowledge(notice.acknowledge_by, subject_of(actor), work.now)
    await notices.save_reading(work, reading)
    return notice, reading


async def give_notice_of_edition(work: Work, edition: Edition) -> None:
    """Put an edition of the bulletin into the inboxes of all members; announced twice, it is there once."""
    if await notices.has_notice(work, NoticeKind.BULLETIN, edition.bulletin_id):
        return
    known = await watermark(work)
    notice = notice_of_edition(new_id("ntc"), edition, roster_version=known.version, now=work.now)
    await give_notice(work, notice)


async def give_notice_of_announcement(work: Work, announcement: Announcement) -> None:
    """Put what was announced into the inboxes of its addressees; announced twice, it is there once.

    The roster is read once the number is held: a later number never rests on an earlier register version.
    """
    about = announcement.kind, announcement.about_id, announcement.occasion
    if await notices.has_notice(work, *about):
        return
    number = announcement.number
    if announcement.number_class is not None:
        number = await _take_number(work, announcement.number_class)
    known = await watermark(work)
    told_up_to = await notices.told_up_to(work)
    notice = notice_of_announcement(
        new_id("ntc"),
        announcement,
        number=number,
        roster=RosterAtIssue(known.version, known.head, told_up_to=told_up_to),
        now=work.now,
    )
    await give_notice(work, notice)


async def _take_number(work: Work, number_class: NumberClass) -> str:
    number = (await notices.lock_number(work, number_class)).next()
    await notices.save_number(work, number)
    return str(number)


async def give_notice(work: Work, notice: Notice) -> None:
    """Put a new notice into the inboxes of its addressees, and have their endpoints told (N3, N4)."""
    await notices.add_notice(work, notice)
    await messages.add_messages(work, message_of_notice(new_id("whm"), notice))
