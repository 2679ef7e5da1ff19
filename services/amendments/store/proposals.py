"""Proposals as rows and as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, any_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.changes import draft_from
from services.amendments.domain.deadline import Deadline
from services.amendments.domain.draft_digest import changes_digest
from services.amendments.domain.lifecycle import BEFORE_THE_MEMBERS, ProposalStatus
from services.amendments.domain.promulgation import Adoption
from services.amendments.domain.proposal import Proposal, Proposer
from services.amendments.domain.support import Initiative, Latch
from services.amendments.domain.typo import TypoCorrection
from services.amendments.store.tables import proposals
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Basis
from shared.kernel.terms import start_of

_NEXT_REMINDER: ColumnElement[Any] = proposals.c.remind_on[1]


async def get_proposal(work: Work, proposal_id: str) -> Proposal:
    """The proposal, locked for this transaction; refuses with ``NotFound``."""
    found = await work.db.execute(
        select(proposals).where(proposals.c.id == proposal_id).with_for_update()
    )
    row = found.first()
    if row is None:
        raise NotFound
    return proposal_from(row)


async def save_proposal(work: Work, proposal: Proposal) -> None:
    """Write the proposal."""
    row = _row(proposal)
    await work.db.execute(
        insert(proposals)
        .values(row)
        .on_conflict_do_update(
            index_elements=[proposals.c.id],
            set_={name: value for name, value in row.items() if name != "id"},
        )
    )


async def lock_gathering(work: Work) -> list[Proposal]:
    """The proposals that gather support and whose term runs, all locked, the oldest first."""
    rows = await work.db.execute(
        select(proposals)
        .where(proposals.c.status == ProposalStatus.GATHERING, proposals.c.lapses_at > work.now)
        .order_by(proposals.c.id)
        .with_for_update()
    )
    return [proposal_from(row) for row in rows]


async def note_tested(work: Work, tested: Mapping[str, int]) -> None:
    """Note up to which register version the ratio of each proposal was tested."""
    for version in sorted(set(tested.values())):
        await work.db.execute(
            update(proposals)
            .where(proposals.c.id.in_([i for i, v in tested.items() if v == version]))
            .values(tested_version=version)
        )


async def ids_lapsed(work: Work) -> Sequence[str]:
    """The proposals whose term for gathering support is over, the longest first."""
    return await _ids(work, _gathers(), proposals.c.lapses_at, work.now)


async def ids_overdue(work: Work) -> Sequence[str]:
    """The adopted proposals whose term for promulgation is over and was not noted yet, the longest first."""
    return await _ids(work, _awaits_promulgation(), proposals.c.overdue_at, work.now)


async def ids_to_remind_of(work: Work) -> Sequence[str]:
    """The adopted proposals whose promulgation the organ is to be reminded of today."""
    return await _ids(work, _awaits_promulgation(), _NEXT_REMINDER, work.today)


async def next_lapse_at(work: Work) -> datetime | None:
    """When the next proposal lapses."""
    first: datetime | None = await _first(work, _gathers(), proposals.c.lapses_at)
    return first


async def next_overdue_at(work: Work) -> datetime | None:
    """When the next term for a promulgation is over."""
    first: datetime | None = await _first(work, _awaits_promulgation(), proposals.c.overdue_at)
    return first


async def next_reminder_at(work: Work) -> datetime | None:
    """When the organ is next to be reminded of a promulgation: as that day begins."""
    first: date | None = await _first(work, _awaits_promulgation(), _NEXT_REMINDER)
    return None if first is None else start_of(first, work.zone)


async def find_rejected(work: Work, digest: str) -> str | None:
    """The proposal with the same changes that was rejected last (edge case 20)."""
    found: str | None = await work.db.scalar(
        select(proposals.c.id)
        .where(
            proposals.c.changes_digest == digest,
            proposals.c.status == ProposalStatus.REJECTED,
        )
        .order_by(proposals.c.decided_at.desc())
        .limit(1)
    )
    return found


async def is_before_the_members(work: Work, touched: str) -> bool:
    """Whether a proposal that changes ``touched`` is in a ballot, or came out of one and is not promulgated."""
    found = select(proposals.c.id).where(
        any_(proposals.c.touched) == touched, proposals.c.status.in_(BEFORE_THE_MEMBERS)
    )
    return (await work.db.execute(found.limit(1))).first() is not None


def proposal_from(row: Row[Any]) -> Proposal:
    """The proposal in a row of its table."""
    return Proposal(
        id=row.id,
        proposer=Proposer(row.proposer, row.proposed_by, row.first_supporter),
        authors=frozenset(map(Subject.parse, row.authors)),
        draft=draft_from(row.draft),
        draft_digest=row.draft_digest,
        touched=frozenset(row.touched),
        base_version=row.base_version,
        initiative=Initiative(Ratio(**row.initiative["ratio"]), Basis(**row.initiative["basis"])),
        created_at=row.created_at,
        updated_at=row.updated_at,
        status=row.status,
        version=row.version,
        lapse=_deadline(row.lapse),
        tested_version=row.tested_version,
        latch=_latch(row.latch),
        corrections=tuple(
            TypoCorrection(**{**kept, "at": datetime.fromisoformat(kept["at"])})
            for kept in row.corrections
        ),
        repeats=row.repeats,
        ballot_id=row.ballot_id,
        was_in_ballot=row.was_in_ballot,
        decided_at=row.decided_at,
        adoption=_adoption(row),
        remind_on=tuple(row.remind_on),
        overdue_since=row.overdue_since,
        promulgated_version=row.promulgated_version,
    )


def _row(proposal: Proposal) -> dict[str, Any]:
    lapse, due = proposal.lapse, proposal.adoption.due if proposal.adoption else None
    return {
        "id": proposal.id,
        "status": proposal.status,
        "version": proposal.version,
        "proposer": proposal.proposer.kind,
        "proposed_by": proposal.proposer.subject,
        "first_supporter": proposal.proposer.member_id,
        "authors": sorted(map(str, proposal.authors)),
        "base_version": proposal.base_version,
        "initiative": asdict(proposal.initiative),
        "draft": proposal.draft.as_data(),
        "draft_digest": proposal.draft_digest,
        "changes_digest": changes_digest(proposal.draft),
        "touched": sorted(proposal.touched),
        "corrections": [
            {**asdict(correction), "at": correction.at.isoformat()}
            for correction in proposal.corrections
        ],
        "lapse": _kept_deadline(lapse),
        "lapses_at": lapse and lapse.ends_at,
        "tested_version": proposal.tested_version,
        "latch": _kept_latch(proposal.latch),
        "repeats": proposal.repeats,
        "ballot_id": proposal.ballot_id,
        "was_in_ballot": proposal.was_in_ballot,
        "decided_at": proposal.decided_at,
        "promulgation_due": _kept_deadline(due),
        "overdue_at": due and due.ends_at,
        "remind_on": list(proposal.remind_on),
        "overdue_since": proposal.overdue_since,
        "promulgated_version": proposal.promulgated_version,
        "created_at": proposal.created_at,
        "updated_at": proposal.updated_at,
    }


def _awaits_promulgation() -> ColumnElement[bool]:
    return (proposals.c.status == ProposalStatus.ADOPTED) & proposals.c.overdue_since.is_(None)


def _gathers() -> ColumnElement[bool]:
    return proposals.c.status == ProposalStatus.GATHERING


async def _first(work: Work, waits: ColumnElement[bool], due: ColumnElement[Any]) -> Any:
    return await work.db.scalar(select(func.min(due)).where(waits))


async def _ids(
    work: Work, waits: ColumnElement[bool], due: ColumnElement[Any], by: datetime | date
) -> Sequence[str]:
    rows = await work.db.scalars(
        select(proposals.c.id).where(waits, due <= by).order_by(due, proposals.c.id)
    )
    return rows.all()


def _adoption(row: Row[Any]) -> Adoption | None:
    due = _deadline(row.promulgation_due)
    return None if due is None else Adoption(row.decided_at, due)


def _kept_deadline(deadline: Deadline | None) -> dict[str, Any] | None:
    if deadline is None:
        return None
    return {
        "on": deadline.on.isoformat(),
        "ends_at": deadline.ends_at.isoformat(),
        "basis": asdict(deadline.basis),
    }


def _deadline(kept: Mapping[str, Any] | None) -> Deadline | None:
    if kept is None:
        return None
    return Deadline(
        date.fromisoformat(kept["on"]),
        datetime.fromisoformat(kept["ends_at"]),
        Basis(**kept["basis"]),
    )


def _kept_latch(latch: Latch | None) -> dict[str, Any] | None:
    return None if latch is None else {**asdict(latch), "at": latch.at.isoformat()}


def _latch(kept: Mapping[str, Any] | None) -> Latch | None:
    if kept is None:
        return None
    return Latch(
        **{
            **kept,
            "at": datetime.fromisoformat(kept["at"]),
            "basis": Basis(**kept["basis"]),
        }
    )
