"""The opening roll of a ballot, and what became of its units and mandates since, as the roster tells it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from services.amendments.domain.ballot import Ballot, CertifiedRoll, KnownRoll
from services.amendments.domain.record import EndedMandate
from services.amendments.domain.tally import Called, Count, Departure
from services.amendments.domain.vote import Choice
from services.amendments.store.mandates import lets_vote
from services.amendments.store.tables import (
    ballot_electors,
    ended_mandates,
    votes,
)
from shared.contracts.membership import Ending
from shared.db.roster import members_at, roster_periods, was_member_at, watermark
from shared.db.work import Work
from shared.kernel.chain import roll_digest
from shared.kernel.text import Text

# A vote cast under a mandate that had ended is good all the same where another of the same subject let it vote for the
# unit. The record has one end of each mandate, from which on its votes are void: the first such vote, where good ones
# were cast between the end and it.
_ENDED_MANDATES = text(
    f"""
    WITH gone AS (
        SELECT period_id, member_id, max(left_at) AS left_at FROM roster_periods AS p
        WHERE left_version > :version AND NOT EXISTS (SELECT FROM roster_periods AS running
            WHERE running.period_id = p.period_id AND running.left_version IS NULL)
        GROUP BY period_id, member_id
    ), ended AS (
        SELECT over.mandate_id, over.member_id, over.period_id, min(over.ended_at) AS ended_at FROM (
            SELECT removed.representative_id AS mandate_id, removed.member_id, removed.period_id,
                   removed.removed_at AS ended_at
            FROM roster_mandates AS removed WHERE removed.removed_at >= :opened_at
            UNION ALL
            SELECT held.representative_id, held.member_id, held.period_id, gone.left_at
            FROM gone JOIN roster_mandates AS held
              ON held.member_id = gone.member_id AND held.period_id = gone.period_id
        ) AS over
        GROUP BY over.mandate_id, over.member_id, over.period_id
    ), late AS (
        SELECT ended.mandate_id, ended.member_id, ended.ended_at, v.acted_at,
               EXISTS (SELECT FROM roster_mandates AS other
                   WHERE other.member_id = v.member_id AND other.subject = v.acted_by
                     AND other.period_id = ended.period_id
                     AND {lets_vote("other", "v.acted_at")}
                     AND NOT EXISTS (SELECT FROM gone
                         WHERE gone.period_id = other.period_id AND gone.left_at <= v.acted_at)
               ) AS is_good
        FROM ended JOIN votes AS v
          ON v.ballot_id = :ballot AND v.member_id = ended.member_id
         AND v.mandate_id = ended.mandate_id AND v.acted_at >= ended.ended_at
    )
    SELECT mandate_id, member_id,
           CASE WHEN min(acted_at) FILTER (WHERE is_good) < min(acted_at) FILTER (WHERE NOT is_good)
                THEN min(acted_at) FILTER (WHERE NOT is_good) ELSE ended_at END AS ended_at
    FROM late GROUP BY mandate_id, member_id, ended_at HAVING bool_or(NOT is_good)
    ORDER BY mandate_id
    """  # noqa: S608 - columns and names of ours
)

_STAND_DOWN = text(
    """
    UPDATE votes AS v
    SET stands = false, is_void = EXISTS (SELECT FROM ended_mandates AS e
        WHERE e.ballot_id = v.ballot_id AND e.mandate_id = v.mandate_id AND e.ended_at <= v.acted_at)
    WHERE v.ballot_id = :ballot AND v.member_id = ANY (:members)
    """
)

_STAND_UP = text(
    """
    UPDATE votes AS v SET stands = true
    FROM (SELECT member_id, max(sequence) AS sequence FROM votes
          WHERE ballot_id = :ballot AND member_id = ANY (:members) AND NOT is_void
          GROUP BY member_id) AS last
    WHERE v.ballot_id = :ballot AND v.sequence = last.sequence
    """
)


class Ended(NamedTuple):
    """A mandate of a unit that had ended when votes were cast under it."""

    mandate_id: str
    member_id: str
    ended_at: datetime


async def known_roll(work: Work, register_version: int, swept_version: int = 0) -> KnownRoll | None:
    """Who was a member at a register version, as our roster knows it.

    None while it does not reach so far, or not to ``swept_version``, by which votes were judged before: it is being
    read again from its beginning.
    """
    if (await watermark(work)).version < max(register_version, swept_version):
        return None
    ids = (
        await work.db.scalars(
            select(roster_periods.c.member_id).where(was_member_at(register_version))
        )
    ).all()
    return KnownRoll(len(ids), roll_digest(ids))


async def count_members(work: Work) -> int:
    """How many members there are at the watermark."""
    running = select(func.count()).where(roster_periods.c.left_version.is_(None))
    return await work.db.scalar(running) or 0


async def fix_roll(work: Work, ballot_id: str, roll: CertifiedRoll) -> None:
    """Write down the electorate: the members at the certified register version."""
    await work.db.execute(
        insert(ballot_electors).from_select(
            ["ballot_id", "member_id", "period_id"],
            select(
                literal(ballot_id), roster_periods.c.member_id, roster_periods.c.period_id
            ).where(was_member_at(roll.register_version)),
        )
    )


async def names(
    work: Work, roll: CertifiedRoll, among: Sequence[str] | None = None
) -> Mapping[str, Text]:
    """The units of the opening roll, or those ``among`` them, by the names they bore then."""
    statement = members_at(roll.register_version)
    if among is not None:
        statement = statement.where(roster_periods.c.member_id.in_(among))
    rows = await work.db.execute(statement)
    return {row.member_id: Text(row.legal_name_zh, row.legal_name_en) for row in rows}


async def called_after(work: Work, ballot_id: str, unit: str, limit: int) -> list[Called]:
    """The roll call: the next ``limit`` units of the opening roll after one by id, each with its last valid vote."""
    rows = await work.db.execute(
        select(ballot_electors.c.member_id, votes.c.choice)
        .outerjoin(
            votes,
            and_(
                votes.c.ballot_id == ballot_electors.c.ballot_id,
                votes.c.member_id == ballot_electors.c.member_id,
                votes.c.stands,
            ),
        )
        .where(ballot_electors.c.ballot_id == ballot_id, ballot_electors.c.member_id > unit)
        .order_by(ballot_electors.c.member_id)
        .limit(limit)
    )
    return [Called(unit, choice) for unit, choice in rows]


async def non_voters(work: Work, ballot_id: str) -> Sequence[str]:
    """The units of the roll whose membership runs and that have no vote that stands."""
    has_voted = exists().where(
        votes.c.ballot_id == ballot_id,
        votes.c.member_id == ballot_electors.c.member_id,
        votes.c.stands,
    )
    rows = await work.db.scalars(
        select(ballot_electors.c.member_id)
        .where(ballot_electors.c.ballot_id == ballot_id, _is_running(), ~has_voted)
        .order_by(ballot_electors.c.member_id)
    )
    return rows.all()


async def departures(
    work: Work, ballot_id: str, opened: int, closed: int
) -> dict[str, tuple[Departure, Choice | None]]:
    """The units of the opening roll that had left at register version ``closed``: how, and their vote that stands."""
    rows = await work.db.execute(
        select(roster_periods.c.member_id, roster_periods.c.ending, votes.c.choice)
        .join(
            ballot_electors,
            and_(
                ballot_electors.c.ballot_id == ballot_id,
                ballot_electors.c.member_id == roster_periods.c.member_id,
                ballot_electors.c.period_id == roster_periods.c.period_id,
            ),
        )
        .outerjoin(
            votes,
            and_(
                votes.c.ballot_id == ballot_id,
                votes.c.member_id == roster_periods.c.member_id,
                votes.c.stands,
            ),
        )
        .where(
            roster_periods.c.left_version > opened,
            roster_periods.c.left_version <= closed,
            ~_ran_at(closed),
        )
        .order_by(roster_periods.c.left_version)
    )
    return {unit: (Departure(ending), choice) for unit, ending, choice in rows}


def count_departed(
    departed: Mapping[str, tuple[Departure, Choice | None]], among: frozenset[Departure]
) -> Count:
    """How many departed in one of these ways, and how they had voted."""
    return sum((Count.of(choice, 1) for how, choice in departed.values() if how in among), Count())


async def joined(work: Work, ballot_id: str, closed: int) -> Sequence[str]:
    """The members at register version ``closed`` that were none at the opening, or left and came back."""
    is_elector = exists().where(
        ballot_electors.c.ballot_id == ballot_id,
        ballot_electors.c.member_id == roster_periods.c.member_id,
        ballot_electors.c.period_id == roster_periods.c.period_id,
    )
    rows = await work.db.scalars(
        select(roster_periods.c.member_id)
        .where(was_member_at(closed), ~is_elector)
        .order_by(roster_periods.c.member_id)
    )
    return rows.all()


async def find_ended(work: Work, ballot: Ballot) -> list[Ended]:
    """The mandates under which votes were cast that had ended by then, as the roster says now."""
    if ballot.opening is None:
        return []
    rows = await work.db.execute(
        _ENDED_MANDATES,
        {
            "ballot": ballot.id,
            "opened_at": ballot.opening.instant,
            "version": ballot.opening.register_version,
        },
    )
    return [Ended(*row) for row in rows]


async def kept_ended(work: Work, ballot_id: str) -> list[Ended]:
    """The ended mandates of a ballot as they were noted."""
    rows = await work.db.execute(
        select(ended_mandates.c.mandate_id, ended_mandates.c.member_id, ended_mandates.c.ended_at)
        .where(ended_mandates.c.ballot_id == ballot_id)
        .order_by(ended_mandates.c.mandate_id)
    )
    return [Ended(*row) for row in rows]


async def replace_ended(work: Work, ballot_id: str, found: Sequence[Ended]) -> None:
    """Note these ended mandates of a ballot, and no others."""
    await work.db.execute(delete(ended_mandates).where(ended_mandates.c.ballot_id == ballot_id))
    if found:
        await work.db.execute(
            upsert(ended_mandates), [{"ballot_id": ballot_id, **e._asdict()} for e in found]
        )


async def judge_again(work: Work, ballot_id: str, members: Sequence[str]) -> None:
    """Void the votes of these units that were cast under ended mandates; the last valid one of each stands."""
    units = {"ballot": ballot_id, "members": list(members)}
    await work.db.execute(_STAND_DOWN, units)
    await work.db.execute(_STAND_UP, units)


async def note_cancellations(work: Work, ballot: Ballot) -> Sequence[str]:
    """The units of the roll whose membership was cancelled while it ran, each told once (edge case 10)."""
    if ballot.opening is None:
        return []
    was_cancelled = exists().where(
        roster_periods.c.member_id == ballot_electors.c.member_id,
        roster_periods.c.period_id == ballot_electors.c.period_id,
        roster_periods.c.left_version > ballot.opening.register_version,
        roster_periods.c.ending == Ending.CANCELLED.value,
        roster_periods.c.left_at < ballot.closes_at,
    )
    rows = await work.db.scalars(
        update(ballot_electors)
        .where(
            ballot_electors.c.ballot_id == ballot.id,
            ~ballot_electors.c.cancellation_noted,
            was_cancelled,
        )
        .values(cancellation_noted=True)
        .returning(ballot_electors.c.member_id)
    )
    return sorted(rows.all())


def ended_of(kept: Sequence[Ended]) -> list[EndedMandate]:
    """As the record names them."""
    return [EndedMandate(e.mandate_id, e.ended_at) for e in kept]


_later = roster_periods.alias("later")


def _ran_at(version: int) -> ColumnElement[bool]:
    return exists().where(
        _later.c.period_id == roster_periods.c.period_id, was_member_at(version, _later)
    )


def _is_running() -> ColumnElement[bool]:
    return exists().where(
        roster_periods.c.period_id == ballot_electors.c.period_id,
        roster_periods.c.left_version.is_(None),
    )
