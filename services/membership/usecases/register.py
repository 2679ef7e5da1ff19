"""Entering changes into the register: one after another, each with the next version and chain head, each announced."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.membership.domain import facts
from services.membership.domain.facts import Fact
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow, row_of
from services.membership.domain.period import Moment
from services.membership.domain.register import RegisterHead
from services.membership.store import applications, members, register
from services.membership.usecases.announcements import (
    Link,
    announcement,
    effective_on,
    particulars_changed,
)
from shared.contracts.base import Event, RegisterChange
from shared.contracts.membership import ApplicationRetracted
from shared.db.work import Work

Entry = tuple[Member, Sequence[Fact], Particulars]
"""A member that changed, what happened to it, and its particulars by then."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class _Told:
    event: Event
    counts_from: datetime


class HeldRegister:
    """The register while this transaction holds it."""

    def __init__(self, work: Work, head: RegisterHead) -> None:
        self._work = work
        self._head = head

    @property
    def moment(self) -> Moment:
        """Now, and the version that the next change takes."""
        return Moment(self._work.now, self._work.zone, self._head.version + 1)

    async def enter(self, *entries: Entry) -> None:
        """Save the members and announce what happened; changes of the register take consecutive versions."""
        await members.save_members(self._work, *(member for member, _, _ in entries))
        await self._keep_entities(entries)
        told: list[_Told] = []
        for member, happened, particulars in entries:
            for fact in happened:
                event = announcement(member, fact, particulars, self._link(member))
                if event is not None:
                    told.append(_Told(self._linked(event), self._counts_from(member, fact)))
        await self._announce(told)
        for member, happened, _ in entries:
            if any(isinstance(fact, facts.PeriodEnded) for fact in happened):
                await self._let_mergers_lapse(member.id)

    async def enter_particulars(self, member: Member, row: ParticularsRow) -> None:
        """Save and announce new particulars of a member."""
        await members.save_members(self._work, member)
        await members.add_particulars(self._work, [(member.id, row)])
        event = particulars_changed(member, row, self._link(member))
        await self._announce([_Told(self._linked(event), self._work.now)])

    async def _keep_entities(self, entries: Sequence[Entry]) -> None:
        """A legal entity's live entry is its running membership, and after an ending nothing."""
        opened: dict[str, str] = {}
        signed: list[str] = []
        for member, happened, _ in entries:
            for fact in happened:
                if isinstance(fact, facts.PeriodOpened):
                    opened[member.identifier] = member.id
                    signed += [fact.application_id] if fact.application_id else []
                elif isinstance(fact, facts.PeriodEnded):
                    await applications.release_entity(self._work, member.identifier, member.id)
                    await members.supersede_claim_codes(self._work, member.id)
        if opened:
            await self._close_overtaken(opened, signed)
            await applications.hold_entities(self._work, opened)

    async def _close_overtaken(self, opened: dict[str, str], signed: Sequence[str]) -> None:
        """What an open application asks for has come about without it: it counts as taken back."""
        for overtaken in await applications.live_applications(self._work, opened, but=signed):
            overtaken.retract(overtaken.applicant, self._work.now)
            await applications.save_application(self._work, overtaken)
            await self._work.announce(
                ApplicationRetracted(application_id=overtaken.id, kind=overtaken.kind.value)
            )

    async def _let_mergers_lapse(self, successor_id: str) -> None:
        """Nobody goes on in a unit that has ceased (edge case 14)."""
        for member_id in await members.mergers_into(self._work, successor_id):
            member = await members.get_member(self._work, member_id, lock=True)
            happened = member.let_merger_lapse(successor_id, self._work.now)
            await self.enter((member, happened, await current_particulars(self._work, member.id)))

    async def _announce(self, told: Sequence[_Told]) -> None:
        envelopes = await self._work.announce(*(one.event for one in told))
        entered = [
            register.Entered(
                one.event, envelope, effective_on(one.event, self._work.today), one.counts_from
            )
            for one, envelope in zip(told, envelopes, strict=True)
            if isinstance(one.event, RegisterChange)
        ]
        if entered:
            await register.add_changes(self._work, self._head, entered)

    def _counts_from(self, member: Member, fact: Fact) -> datetime:
        ended = member.periods[-1].ended if member.periods else None
        if isinstance(fact, facts.PeriodEnded) and ended is not None:
            return ended.effective_at
        return self._work.now

    def _link(self, member: Member) -> Link:
        return {
            "member_id": member.id,
            "register_version": self._head.version + 1,
            "register_head": self._head.head,
            "salt": secrets.token_hex(16),
            "recorded_at": self._work.now,
        }

    def _linked(self, event: E) -> E:
        if not isinstance(event, RegisterChange):
            return event
        self._head = self._head.next(event.model_dump(mode="json", exclude={"register_head"}))
        return event.model_copy(update={"register_head": self._head.head})


async def hold_register(work: Work) -> HeldRegister:
    """Take the register, and first apply every ending that is due: versions follow the order of taking effect.

    ``work.now`` is read anew once the register is held. Take it before any member is locked.
    """
    held = HeldRegister(work, await register.lock_head(work))
    await work.read_clock()
    await _apply_due(work, held)
    return held


async def apply_due_endings(work: Work) -> int:
    """End every membership whose announced ending has come; how many."""
    if not await members.ids_due(work):
        return 0
    held = HeldRegister(work, await register.lock_head(work))
    await work.read_clock()
    return await _apply_due(work, held)


async def _apply_due(work: Work, held: HeldRegister) -> int:
    due = await members.ids_due(work)
    for member_id in due:
        member = await members.get_member(work, member_id, lock=True)
        await held.enter(
            (member, member.apply_due(held.moment), await current_particulars(work, member.id))
        )
    return len(due)


async def current_particulars(work: Work, member_id: str) -> Particulars:
    """A member's particulars today."""
    return row_of(work.today, await members.particulars_of(work, member_id)).particulars
