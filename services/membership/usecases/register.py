"""Entering changes into the register: one after another, each with the next version and chain head, each announced."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.membership.domain import facts
from services.membership.domain.facts import Fact
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow, row_of
from services.membership.domain.period import Moment
from services.membership.domain.register import RegisterHead
from services.membership.store import applications, members, register
from shared.contracts import membership as events
from shared.contracts.base import Event, RegisterChange
from shared.db.work import Work
from shared.kernel.terms import civil_day

Entry = tuple[Member, Sequence[Fact], Particulars]
"""A member that changed, what happened to it, and its particulars by then."""


@dataclass(frozen=True, slots=True)
class _Told:
    event: Event
    effective_on: date
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
                event, effective_on = self._event(member, fact, particulars)
                if event is not None:
                    told.append(
                        _Told(self._linked(event), effective_on, self._counts_from(member, fact))
                    )
        await self._announce(told)

    async def enter_particulars(self, member: Member, row: ParticularsRow) -> None:
        """Save and announce new particulars of a member."""
        await members.save_members(self._work, member)
        await members.add_particulars(self._work, [(member.id, row)])
        event = events.MemberParticularsChanged(
            **self._unlinked(member),
            valid_from=row.valid_from,
            identifier=member.identifier,
            **_public(row.particulars),
        )
        await self._announce([_Told(self._linked(event), row.valid_from, self._work.now)])

    async def _keep_entities(self, entries: Sequence[Entry]) -> None:
        opened: dict[str, str] = {}
        for member, happened, _ in entries:
            for fact in happened:
                if isinstance(fact, facts.PeriodOpened):
                    opened[member.identifier] = member.id
                elif isinstance(fact, facts.PeriodEnded):
                    await applications.release_entity(self._work, member.identifier, member.id)
        if opened:
            await applications.hold_entities(self._work, opened)

    async def _announce(self, told: Sequence["_Told"]) -> None:
        envelopes = await self._work.announce(*(one.event for one in told))
        entered = [
            register.Entered(one.event, envelope, one.effective_on, one.counts_from)
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

    def _linked(self, event: Event) -> Event:
        if not isinstance(event, RegisterChange):
            return event
        head = event.head_after(self._head.head)
        self._head = RegisterHead(event.register_version, head)
        return event.model_copy(update={"register_head": head})

    def _unlinked(self, member: Member) -> dict[str, Any]:
        return {
            "member_id": member.id,
            "register_version": self._head.version + 1,
            "register_head": self._head.head,
            "salt": secrets.token_hex(16),
            "recorded_at": self._work.now,
        }

    def _event(
        self, member: Member, fact: Fact, particulars: Particulars
    ) -> tuple[Event | None, date]:
        today = self._work.today
        match fact:
            case facts.PeriodOpened():
                return events.MemberAcceded(
                    **self._unlinked(member),
                    period_id=fact.period_id,
                    basis=events.AccessionBasis(fact.basis.value),
                    application_id=fact.application_id,
                    effective_on=fact.effective_on,
                    identifier=member.identifier,
                    **_public(particulars),
                ), fact.effective_on
            case facts.PeriodEnded():
                return events.MemberEnded(
                    **self._unlinked(member),
                    period_id=fact.period_id,
                    ending=events.Ending(fact.ending.value),
                    effective_on=fact.effective_on,
                    ground_case_id=fact.ground_case_id,
                    successor_member_id=None,
                ), fact.effective_on
            case facts.MandateGiven(mandate):
                return events.RepresentativeAppointed(
                    **self._unlinked(member),
                    representative_id=mandate.id,
                    period_id=mandate.period_id,
                    kind=events.MandateKind(mandate.kind.value),
                    subject_issuer=mandate.subject.issuer,
                    subject_sub=mandate.subject.sub,
                    scopes=sorted(mandate.scopes),
                    valid_from=mandate.valid_from,
                    valid_until=mandate.valid_until,
                ), civil_day(mandate.valid_from, self._work.zone)
            case facts.MandateRemoved():
                return events.RepresentativeRemoved(
                    **self._unlinked(member),
                    representative_id=fact.mandate_id,
                    period_id=fact.period_id,
                    removed_at=fact.removed_at,
                ), civil_day(fact.removed_at, self._work.zone)
            case facts.EndingAnnounced():
                return events.MemberEndingAnnounced(
                    member_id=member.id,
                    ending=events.Ending(fact.ending.value),
                    effective_on=fact.effective_on,
                ), today
            case facts.EndingRetracted():
                return events.MemberEndingRetracted(
                    member_id=member.id, effective_on=fact.effective_on
                ), today
            case facts.CancellationMoot():
                return events.MemberCancellationMoot(
                    member_id=member.id,
                    case_id=fact.case_id,
                    decision_number=fact.decision_number,
                    ended_by=events.Ending(fact.ended_by.value),
                ), today
            case facts.CancellationKnown():
                return None, today


def _public(particulars: Particulars) -> dict[str, Any]:
    return {
        "legal_name_zh": particulars.legal_name_zh,
        "legal_name_en": particulars.legal_name_en,
        "sectors": [events.Sector(sector.value) for sector in particulars.sectors],
    }


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

