"""What members do and what happens to them: leaving, merging, being cancelled, coming back, changing particulars."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from services.membership.domain.ceasing import RegisteredAct, dissolve, merge
from services.membership.domain.errors import SuccessorNotMember
from services.membership.domain.identifier import checked_identifier
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow, changed
from services.membership.domain.period import AccessionBasis, Annulment, Cancellation, Ending
from services.membership.store import applications, members
from services.membership.usecases.register import current_particulars, hold_register
from shared.db.rulebooks import rulebook_in_force
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.kernel.versions import ANY_VERSION, Expected

WITHDRAWAL_TERM = "withdrawal.notice_term"


async def withdraw(
    work: Work, member_id: str, effective_on: date | None, expected: Expected = ANY_VERSION
) -> Member:
    """Leave by notice: at once, or on a later day; asks nobody (Art. 28, M3)."""
    register = await hold_register(work)
    member = await _held(work, member_id, expected)
    rulebook = await rulebook_in_force(work)
    happened = member.announce_withdrawal(
        new_id("end"), effective_on, rulebook.term(WITHDRAWAL_TERM), register.moment
    )
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member


async def merge_members(
    work: Work, member_id: str, successor_id: str, act: RegisteredAct, expected: Expected
) -> Member:
    """End a membership because the unit merged into another member, at once or on a later day (M10).

    It takes one register version, that of the ending, which names the successor: nothing about the successor's own
    membership changes. That it took the unit over is read from the ending.
    """
    register = await hold_register(work)
    member = await _held(work, member_id, expected)
    try:
        successor = await members.get_member(work, successor_id)
    except NotFound:
        raise SuccessorNotMember from None
    awaited = await members.mergers_into(work, member.id)
    happened = merge(member, successor, new_id("end"), act, awaited.values(), register.moment)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member


async def dissolve_member(
    work: Work, member_id: str, act: RegisteredAct, dissolved_on: date | None, expected: Expected
) -> Member:
    """End a membership because the unit ceased to exist, at once or on a later day (M10)."""
    register = await hold_register(work)
    member = await _held(work, member_id, expected)
    awaited = await members.mergers_into(work, member.id)
    happened = dissolve(member, new_id("end"), act, dissolved_on, awaited.values(), register.moment)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member


async def retract_ending(
    work: Work, member_id: str, kind: Ending, expected: Expected = ANY_VERSION
) -> Member:
    """Take a withdrawal, a merger or a dissolution for a later day back in time."""
    register = await hold_register(work)
    member = await _held(work, member_id, expected)
    happened = member.retract(kind, work.now)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member


async def change_particulars(
    work: Work,
    member_id: str,
    valid_from: date | None,
    changes: Mapping[str, Any],
    expected: Expected,
) -> Member:
    """Change a member's particulars from a day on (M10); the register of an earlier day keeps the earlier ones."""
    register = await hold_register(work)
    member = await _held(work, member_id, expected)
    member.running(work.now)
    history = await members.particulars_of(work, member_id)
    latest = max(history, key=lambda row: row.entered_version).particulars
    row = changed(
        history,
        Particulars.checked(**{**asdict(latest), **changes}),
        valid_from=valid_from or work.today,
        today=work.today,
        register_version=register.moment.register_version,
    )
    member.version += 1
    await register.enter_particulars(member, row)
    return member


async def cancel_membership(work: Work, member_id: str, cancellation: Cancellation) -> None:
    """End a membership by a case's decision; once, whatever is announced again (Art. 23, M4)."""
    register = await hold_register(work)
    member = await _held(work, member_id, ANY_VERSION)
    happened = member.decide_cancellation(new_id("end"), cancellation, register.moment)
    await register.enter((member, happened, await current_particulars(work, member.id)))


async def annul_cancellation(work: Work, member_id: str, annulment: Annulment) -> None:
    """Set a cancellation aside: the unit never ceased, or is readmitted from a day (edge case 12)."""
    register = await hold_register(work)
    member = await _held(work, member_id, ANY_VERSION)
    happened = member.annul_cancellation(annulment, new_id("per"), register.moment)
    await register.enter((member, happened, await current_particulars(work, member.id)))


async def enter_founding_unit(
    work: Work,
    identifier: str,
    particulars: Particulars,
    valid_on: date,
    legal_representative: Subject,
) -> None:
    """Make an initiating unit a member without application (Art. 26, edge case 19); one that is a member stays it."""
    register = await hold_register(work)
    await applications.lock_entities(work)
    checked = checked_identifier(identifier)
    member = await members.find_member(work, checked) or Member(new_id("mem"), checked)
    if member.is_member:
        return
    moment = register.moment
    happened = (
        *member.accede(new_id("per"), AccessionBasis.FOUNDING, moment, from_day=valid_on),
        *member.claim(
            new_id("rep"), legal_representative, particulars.legal_representative, work.now
        ),
    )
    await register.enter((member, happened, particulars))
    await members.add_particulars(
        work, [(member.id, ParticularsRow(valid_on, moment.register_version, particulars))]
    )


async def _held(work: Work, member_id: str, expected: Expected) -> Member:
    member = await members.get_member(work, member_id, lock=True)
    expected.check(member.version)
    return member
