"""Circulars: from draft to issue, and their correction (N1)."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.circular import Circular, Content, Preview, RosterAtIssue
from services.notifications.domain.errors import NamedUnitsNotMembers, RosterNotReady
from services.notifications.domain.notice import Notice
from services.notifications.domain.numbering import NumberClass
from services.notifications.store import circulars, notices, queries
from services.notifications.usecases.acting import subject_of
from services.notifications.usecases.inbox import give_notice
from shared.contracts.notifications import CircularIssued
from shared.db.roster import watermark
from shared.db.rulebooks import rulebook_in_force
from shared.db.work import Work
from shared.kernel.actor import Actor, Subject
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected


async def draft_circular(work: Work, content: Content) -> Circular:
    """Begin a circular; nobody but its writers sees it before it is issued."""
    circular = Circular(new_id("cir"), content, created_at=work.now, updated_at=work.now)
    await circulars.save_circular(work, circular)
    return circular


async def edit_circular(
    work: Work, circular_id: str, content: Content, expected: Expected
) -> Circular:
    """Replace what a draft says."""
    circular = await _held(work, circular_id, expected)
    circular.edit(content, work.now)
    await circulars.save_circular(work, circular)
    return circular


async def preview_circular(work: Work, circular_id: str, actor: Actor) -> Preview:
    """How a circular would read, and how many members it would reach, if it were issued now."""
    circular = await circulars.read_circular(work, circular_id, actor)
    known = await watermark(work)
    return circular.preview(
        register_version=known.version,
        reach=await queries.count_members_among(work, circular.content.audience, known.version),
        rulebook=await rulebook_in_force(work),
        today=work.today,
    )


async def schedule_circular(
    work: Work, circular_id: str, issue_at: datetime, actor: Actor, expected: Expected
) -> Circular:
    """Have a circular issued at a later instant, to those who are members then."""
    circular = await _held(work, circular_id, expected)
    circular.schedule(issue_at, subject_of(actor), work.now)
    await circulars.save_circular(work, circular)
    return circular


async def unschedule_circular(work: Work, circular_id: str, expected: Expected) -> Circular:
    """Make a scheduled circular a draft again."""
    circular = await _held(work, circular_id, expected)
    circular.unschedule(work.now)
    await circulars.save_circular(work, circular)
    return circular


async def discard_circular(work: Work, circular_id: str, expected: Expected) -> Circular:
    """Give a draft up. What it was to correct may then be corrected by another."""
    circular = await _held(work, circular_id, expected)
    circular.discard(work.now)
    await circulars.save_circular(work, circular)
    if circular.corrects is not None:
        corrected = await circulars.get_circular(work, circular.corrects)
        corrected.note_correction_discarded(work.now)
        await circulars.save_circular(work, corrected)
    return circular


async def correct_circular(work: Work, circular_id: str, expected: Expected) -> Circular:
    """Begin the correction of an issued circular: a draft that says the same, to be edited (edge case 8)."""
    circular = await _held(work, circular_id, expected)
    correction = circular.open_correction(new_id("cir"), work.now)
    await circulars.save_circular(work, circular)
    await circulars.save_circular(work, correction)
    return correction


async def issue_circular(
    work: Work, circular_id: str, actor: Actor, expected: Expected
) -> Circular:
    """Issue a circular now: the next number of its class, one notice for all who are members at the watermark."""
    circular = await _held(work, circular_id, expected)
    await _issue(work, circular, subject_of(actor))
    return circular


async def issue_due_circular(work: Work) -> int:
    """Issue the scheduled circular that has been due longest; 0 where none is, or the roster is not ready.

    One whose addressees are no longer all members becomes a draft again and says why.
    """
    circular = await circulars.find_due_circular(work)
    if circular is None:
        return 0
    try:
        await _issue(work, circular, circular.ordered_by)
    except RosterNotReady:
        return 0
    except NamedUnitsNotMembers as refusal:
        circular.unschedule(work.now, refused=refusal.code)
        await circulars.save_circular(work, circular)
    return 1


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An issued circular's notice, whom it went to, and how many of those have acknowledged it."""

    circular: Circular
    notice: Notice
    addressed: int
    acknowledged: int


async def count_acknowledgements(work: Work, circular_id: str, actor: Actor) -> Acknowledged:
    """How many addressees an issued circular has, and how many have acknowledged it."""
    circular = await circulars.read_circular(work, circular_id, actor)
    circular.check_addressees((await watermark(work)).version)
    notice = await queries.notice_of(work, circular)
    return Acknowledged(
        circular,
        notice,
        await queries.count_members_among(work, circular.content.audience, notice.register_version),
        await queries.count_acknowledged(work, notice),
    )


async def _held(work: Work, circular_id: str, expected: Expected) -> Circular:
    circular = await circulars.get_circular(work, circular_id)
    expected.check(circular.version)
    return circular


async def _issue(work: Work, circular: Circular, by: Subject | None) -> None:
    corrected = circular.corrects and await circulars.get_circular(work, circular.corrects)
    number = (await notices.lock_number(work, NumberClass.CIRCULAR)).next()
    known = await watermark(work)
    notice = circular.issue(
        new_id("ntc"),
        number,
        by,
        roster=RosterAtIssue(
            known.version,
            known.head,
            told_up_to=await notices.told_up_to(work),
            absent=await queries.absent_among(work, circular.content.audience, known.version),
        ),
        rulebook=await rulebook_in_force(work),
        now=work.now,
        today=work.today,
    )
    await notices.save_number(work, number)
    await circulars.save_circular(work, circular)
    await give_notice(work, notice)
    if corrected:
        corrected.note_correction_issued(work.now)
        await circulars.save_circular(work, corrected)
    await work.announce(_issued(circular, notice))


def _issued(circular: Circular, notice: Notice) -> CircularIssued:
    content = circular.content
    return CircularIssued.model_validate(
        {
            "circular_id": circular.id,
            "number": notice.number,
            "category": content.category,
            "audience": content.audience.kind,
            "register_version": notice.register_version,
            "corrects": circular.corrects,
            "issued_at": notice.issued_at,
        }
    )
