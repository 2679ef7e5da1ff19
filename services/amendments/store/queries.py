"""Lists and counts, straight to what is shown."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.amendments.domain.lifecycle import BallotStatus, ProposalStatus, SupportStatus
from services.amendments.store.supports import rests_on_period
from services.amendments.store.tables import annexes, proposals, supports
from services.amendments.store.tables import ballot_electors as electors
from services.amendments.store.tables import ballots as ballot_rows
from services.amendments.store.text_tables import versions
from shared.db.roster import roster_particulars, roster_periods, roster_state
from shared.db.work import Work
from shared.kernel.actor import Actor

LIVE = frozenset(
    {
        ProposalStatus.GATHERING,
        ProposalStatus.SUPPORTED,
        ProposalStatus.CALLED,
        ProposalStatus.IN_BALLOT,
        ProposalStatus.UNDETERMINED,
        ProposalStatus.ADOPTED,
    }
)
"""A proposal in one of these may still become law."""


def proposals_for(actor: Actor, now: datetime, status: ProposalStatus | None = None) -> Select[Any]:
    """Proposals of one ``status`` or of any, the latest first, each with where it stands and what the actor has to it.

    ``supporters`` of ``members`` at the ``watermark``; ``leader``: who has stood behind it longest; ``own_status`` and
    ``own_digest``: its unit's support; ``has_signed``: its subject gave a support, for whatever unit;
    ``latest_version``: of the convention.
    """
    own = supports.alias("own")
    statement = select(
        proposals,
        _supporting(func.count())
        .where(supports.c.draft_digest == proposals.c.draft_digest)
        .scalar_subquery()
        .label("supporters"),
        select(func.count())
        .select_from(roster_periods)
        .where(roster_periods.c.left_version.is_(None))
        .scalar_subquery()
        .label("members"),
        select(roster_state.c.watermark).scalar_subquery().label("watermark"),
        _leader().label("leader"),
        select(func.max(versions.c.number))
        .where(versions.c.in_force_on.is_not(None))
        .scalar_subquery()
        .label("latest_version"),
        own.c.status.label("own_status"),
        own.c.draft_digest.label("own_digest"),
        _has_signed(actor).label("has_signed"),
    ).outerjoin(own, and_(own.c.proposal_id == proposals.c.id, own.c.member_id == actor.member_id))
    if status is not None:
        statement = statement.where(_status_at(now) == status)
    return statement.order_by(proposals.c.created_at.desc(), proposals.c.id.desc())


def collisions_of(
    proposal_id: str, touched: frozenset[str], actor: Actor, now: datetime
) -> Select[Any]:
    """The other live proposals that touch the same provisions or rules, the latest first (edge case 17)."""
    same = proposals.c.touched.bool_op("&&")(cast(sorted(touched), proposals.c.touched.type))
    return proposals_for(actor, now).where(
        proposals.c.id != proposal_id, _status_at(now).in_(LIVE), same
    )


def supports_of(proposal_id: str) -> Select[Any]:
    """Every unit that stands or stood behind a proposal, by the name it bears, the first one first."""
    return (
        select(
            supports,
            proposals.c.draft_digest.label("present_digest"),
            roster_particulars.c.legal_name_zh,
            roster_particulars.c.legal_name_en,
        )
        .join(proposals, proposals.c.id == supports.c.proposal_id)
        .outerjoin(
            roster_particulars,
            and_(
                roster_particulars.c.member_id == supports.c.member_id,
                roster_particulars.c.until_version.is_(None),
            ),
        )
        .where(supports.c.proposal_id == proposal_id)
        .order_by(supports.c.since, supports.c.member_id)
    )


async def find_proposal(work: Work, proposal_id: str, actor: Actor) -> Any:
    """One proposal as ``proposals_for`` lists it; None where there is none."""
    statement = proposals_for(actor, work.now).where(proposals.c.id == proposal_id)
    return (await work.db.execute(statement)).first()


def _status_at(now: datetime) -> ColumnElement[Any]:
    """SQL: lapsed from the first instant after the term on, whether a timer ran or not."""
    gathering = proposals.c.status == ProposalStatus.GATHERING
    return case(
        (and_(gathering, proposals.c.lapses_at <= now), ProposalStatus.LAPSED),
        else_=proposals.c.status,
    )


def _has_signed(actor: Actor) -> ColumnElement[bool]:
    signed = supports.alias("signed")
    return exists().where(
        signed.c.proposal_id == proposals.c.id,
        signed.c.supported_by == actor.subject,
        signed.c.status == SupportStatus.ACTIVE,
    )


def _leader() -> ScalarSelect[Any]:
    return (
        _supporting(supports.c.member_id)
        .order_by(supports.c.since, supports.c.member_id)
        .limit(1)
        .scalar_subquery()
    )


def _supporting(column: ColumnElement[Any]) -> Select[Any]:
    """The active supports of a row of ``proposals`` by units that are members now."""
    return (
        select(column)
        .select_from(supports)
        .join(roster_periods, rests_on_period())
        .where(
            supports.c.proposal_id == proposals.c.id,
            supports.c.status == SupportStatus.ACTIVE,
            roster_periods.c.left_version.is_(None),
        )
        .correlate(proposals)
    )


def ballots(
    member_id: str | None, now: datetime, status: BallotStatus | None = None
) -> Select[Any]:
    """Ballots of one ``status`` or of any, the latest first, each with what ``about_ballot`` tells."""
    statement = select(ballot_rows, *_about_ballot(member_id))
    if status is not None:
        has_closed = and_(ballot_rows.c.status == BallotStatus.OPEN, ballot_rows.c.closes_at <= now)
        shown = case((has_closed, BallotStatus.CLOSED.value), else_=ballot_rows.c.status)
        statement = statement.where(shown == status.value)
    return statement.order_by(ballot_rows.c.called_at.desc(), ballot_rows.c.id.desc())


async def about_ballot(work: Work, ballot_id: str, member_id: str | None) -> Row[Any]:
    """What is shown of a ballot beside itself.

    ``cancelled_units``: whose membership was cancelled while it ran; ``decides``: whether what it is about still rests
    on it; ``is_on_roll``: whether a unit is on its roll and still a member.
    """
    statement = select(*_about_ballot(member_id)).where(ballot_rows.c.id == ballot_id)
    return (await work.db.execute(statement)).one()


def _about_ballot(member_id: str | None) -> tuple[ColumnElement[Any], ...]:
    cancelled = (
        select(
            func.coalesce(
                func.array_agg(aggregate_order_by(electors.c.member_id, electors.c.member_id)), []
            )
        )
        .where(electors.c.ballot_id == ballot_rows.c.id, electors.c.cancellation_noted)
        .scalar_subquery()
    )
    decides = or_(
        *(
            exists().where(
                subject.c.id == ballot_rows.c.subject_id, subject.c.ballot_id == ballot_rows.c.id
            )
            for subject in (proposals, annexes)
        )
    )
    is_on_roll = exists().where(
        electors.c.ballot_id == ballot_rows.c.id,
        electors.c.member_id == member_id,
        roster_periods.c.period_id == electors.c.period_id,
        roster_periods.c.left_version.is_(None),
    )
    return (
        cancelled.label("cancelled_units"),
        decides.label("decides"),
        is_on_roll.label("is_on_roll"),
    )
