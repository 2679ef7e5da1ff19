"""Votes and their chain: what is read and written once for a whole batch of them (the fast path of A5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, text, update

from services.amendments.domain.ballot import Ballot
from services.amendments.domain.tally import Count
from services.amendments.domain.vote import Choice, Link, Receipt, Vote, VoteChain
from services.amendments.store.ballots import ballot_from
from services.amendments.store.mandates import lets_vote
from services.amendments.store.tables import ballots, vote_chains, votes
from shared.db.roster import roster_state
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.errors import NotFound

# Every look-up of a batch goes by an index, one unit at a time (LIMIT 1). Left to itself the planner reads whole tables
# where it takes them for small, and a ballot that has just opened has no votes yet in its statistics. For the same
# reason a unit's vote is found by the unit alone: an index of all votes of the ballot would seem as good.
_HOLD = text(
    """
    SELECT sequence, head, acted_at, swept_version, set_config('enable_seqscan', 'off', true),
           set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
    FROM vote_chains WHERE ballot_id = :ballot FOR UPDATE
    """
)

_VOTERS = text(
    f"""
    SELECT mandate.representative_id AS mandate_id,
           mandate.period_id = elector.period_id AS is_on_roll,
           standing.sequence, standing.choice, standing.acted_at, standing.mandate_id AS voted_under,
           standing.acted_by, standing.leaf, standing.salt
    FROM unnest(CAST(:members AS text[]), CAST(:subjects AS text[]))
      WITH ORDINALITY AS asked (member_id, subject, place)
    LEFT JOIN LATERAL (
        SELECT held.representative_id, held.period_id FROM roster_mandates AS held
        WHERE held.member_id = asked.member_id COLLATE "C" AND held.subject = asked.subject
          AND {lets_vote("held", ":at")}
          AND EXISTS (SELECT FROM roster_periods AS running
            WHERE running.period_id = held.period_id AND running.left_version IS NULL)
        ORDER BY held.valid_until DESC NULLS FIRST, held.representative_id LIMIT 1
    ) AS mandate ON true
    LEFT JOIN LATERAL (
        SELECT e.period_id FROM ballot_electors AS e
        WHERE e.ballot_id = :ballot AND e.member_id = asked.member_id COLLATE "C" LIMIT 1
    ) AS elector ON true
    LEFT JOIN LATERAL (
        SELECT v.* FROM votes AS v
        WHERE v.member_id = asked.member_id COLLATE "C" AND v.ballot_id || '' = :ballot AND v.stands
        LIMIT 1
    ) AS standing ON true
    ORDER BY asked.place
    """  # noqa: S608 - columns and names of ours
)

_REPLACED = text(
    "UPDATE votes SET stands = false WHERE ballot_id = :ballot AND sequence = ANY (:sequences)"
)

_ENTER = text(
    """
    WITH entered AS (
        INSERT INTO votes (ballot_id, sequence, member_id, choice, acted_at, mandate_id, acted_by,
                           salt, leaf, head, stands)
        SELECT :ballot, e.sequence, e.member_id, e.choice, :at, e.mandate_id, e.acted_by,
               e.salt, e.leaf, e.head, e.stands
        FROM unnest(CAST(:sequences AS integer[]), CAST(:members AS text[]),
                    CAST(:choices AS text[]), CAST(:mandates AS text[]), CAST(:subjects AS text[]),
                    CAST(:salts AS bytea[]), CAST(:leaves AS bytea[]), CAST(:heads AS bytea[]),
                    CAST(:stands AS boolean[]))
          AS e (sequence, member_id, choice, mandate_id, acted_by, salt, leaf, head, stands)
    )
    UPDATE vote_chains SET sequence = :last, head = :head, acted_at = :at WHERE ballot_id = :ballot
    """
)


class Voter(NamedTuple):
    """A subject that votes for a unit: its valid mandate, whether that counts on this roll, the unit's present vote.

    ``mandate_id`` is None without a mandate with scope ``vote``; ``receipt`` where the unit has voted, ``voted_by``
    whom.
    """

    mandate_id: str | None
    is_on_roll: bool
    receipt: Receipt | None
    voted_by: Subject | None


@dataclass(frozen=True, slots=True)
class Polling:
    """A ballot while this transaction holds its chain: the instant that counts, and how far the roster reaches."""

    ballot: Ballot
    chain: VoteChain
    at: datetime
    watermark: int


class Entry(NamedTuple):
    """A vote to be entered, who cast it, and whether it stands when all are."""

    link: Link
    by: Subject
    stands: bool


async def add_chain(work: Work, ballot_id: str) -> None:
    """Give a ballot that is called its chain: there is something to hold before the first vote can be taken."""
    await work.db.execute(
        insert(vote_chains).values(ballot_id=ballot_id, sequence=0, head=b"", swept_version=0)
    )


async def begin_chain(work: Work, ballot_id: str, head: bytes, register_version: int) -> None:
    """Begin a ballot's chain at its opening, with the head that stands before the first vote; hold it first."""
    await work.db.execute(
        update(vote_chains)
        .where(vote_chains.c.ballot_id == ballot_id)
        .values(head=head, swept_version=register_version)
    )


async def hold_chain(work: Work, ballot_id: str) -> VoteChain:
    """Take the end of a ballot's chain: no vote is taken until this transaction ends."""
    row = (
        await work.db.execute(
            select(vote_chains).where(vote_chains.c.ballot_id == ballot_id).with_for_update()
        )
    ).one()
    return _chain_from(ballot_id, row)


async def note_swept(work: Work, ballot_id: str, register_version: int) -> None:
    """Note that the mandates behind a ballot's votes are looked at up to this version; hold its chain first."""
    await work.db.execute(
        update(vote_chains)
        .where(vote_chains.c.ballot_id == ballot_id)
        .values(swept_version=register_version)
    )


async def hold_polling(work: Work, ballot_id: str) -> Polling:
    """Take a ballot's chain, and only then read ballot and clock: an instant before the close counts, no other.

    Every ballot has its chain from its call on, so whoever opens or closes it waits for this, or was before it. Refuses
    with ``NotFound``.
    """
    head = (await work.db.execute(_HOLD, {"ballot": ballot_id})).first()
    if head is None:
        raise NotFound
    row = (
        await work.db.execute(
            select(
                ballots,
                func.procedure_now().label("at"),
                select(func.coalesce(func.max(roster_state.c.watermark), 0))
                .scalar_subquery()
                .label("watermark"),
            ).where(ballots.c.id == ballot_id)
        )
    ).one()
    chain = _chain_from(ballot_id, head)
    return Polling(ballot_from(row), chain, chain.instant(row.at), row.watermark)


async def voters(
    work: Work, ballot_id: str, asked: Sequence[tuple[str, Subject]], at: datetime
) -> list[Voter]:
    """For each unit and subject, in order, what the roster, the roll and the votes know of it at ``at``."""
    rows = await work.db.execute(
        _VOTERS,
        {
            "ballot": ballot_id,
            "members": [member_id for member_id, _ in asked],
            "subjects": [str(subject) for _, subject in asked],
            "at": at,
        },
    )
    return [_voter(ballot_id, row) for row in rows]


def _voter(ballot_id: str, row: Row[Any]) -> Voter:
    mandate_id, is_on_roll, sequence, choice, acted_at, under, by, leaf, salt = tuple(row)
    if sequence is None:
        return Voter(mandate_id, bool(is_on_roll), None, None)
    receipt = Receipt(ballot_id, sequence, leaf, salt, Choice(choice), acted_at, under)
    return Voter(mandate_id, bool(is_on_roll), receipt, Subject.parse(by))


async def enter_votes(
    work: Work, polling: Polling, entries: Sequence[Entry], replaced: Sequence[int]
) -> None:
    """Write votes in their order and move the chain's end; those ``replaced`` stand no more."""
    ballot_id, chain = polling.ballot.id, polling.chain
    if replaced:
        await work.db.execute(_REPLACED, {"ballot": ballot_id, "sequences": replaced})
    links = [entry.link for entry in entries]
    await work.db.execute(
        _ENTER,
        {
            "ballot": ballot_id,
            "at": polling.at,
            "sequences": [link.vote.sequence for link in links],
            "members": [link.vote.unit for link in links],
            "choices": [link.vote.choice.value for link in links],
            "mandates": [link.vote.mandate for link in links],
            "subjects": [str(entry.by) for entry in entries],
            "salts": [link.vote.salt for link in links],
            "leaves": [link.leaf for link in links],
            "heads": [link.head for link in links],
            "stands": [entry.stands for entry in entries],
            "last": chain.sequence,
            "head": chain.head,
        },
    )


async def has_voted(work: Work, ballot_id: str, subject: Subject) -> bool:
    """Whether ``subject`` ever cast a vote in a ballot, for whatever unit."""
    found = select(votes.c.sequence).where(
        votes.c.ballot_id == ballot_id, votes.c.acted_by == subject
    )
    return (await work.db.execute(found.limit(1))).first() is not None


async def count_standing(work: Work, ballot_id: str, units: int) -> Count:
    """The votes that stand among so many units."""
    rows = await work.db.execute(
        select(votes.c.choice, func.count())
        .where(votes.c.ballot_id == ballot_id, votes.c.stands, ~votes.c.is_void)
        .group_by(votes.c.choice)
    )
    counted = sum((Count.of(choice, number) for choice, number in rows), Count())
    return counted + Count(units=units - counted.units)


async def links_after(work: Work, ballot_id: str, sequence: int, limit: int) -> list[Link]:
    """The next ``limit`` votes of the chain after one, in order."""
    rows = await work.db.execute(
        select(votes)
        .where(votes.c.ballot_id == ballot_id, votes.c.sequence > sequence)
        .order_by(votes.c.sequence)
        .limit(limit)
    )
    return [_link(row) for row in rows]


async def votes_of(work: Work, ballot_id: str, member_id: str) -> Sequence[Row[Any]]:
    """Every vote of one unit in a ballot, the latest first."""
    rows = await work.db.execute(
        select(votes)
        .where(votes.c.ballot_id == ballot_id, votes.c.member_id == member_id)
        .order_by(votes.c.sequence.desc())
    )
    return rows.all()


def receipt_from(row: Row[Any]) -> Receipt:
    """The receipt for a row of ``votes``."""
    return Receipt(
        row.ballot_id, row.sequence, row.leaf, row.salt, row.choice, row.acted_at, row.mandate_id
    )


def _chain_from(ballot_id: str, row: Row[Any]) -> VoteChain:
    return VoteChain(
        ballot_id,
        row.sequence,
        row.head,
        acted_at=row.acted_at,
        swept_version=row.swept_version,
    )


def _link(row: Row[Any]) -> Link:
    vote = Vote(row.sequence, row.member_id, row.choice, row.acted_at, row.mandate_id, row.salt)
    return Link(vote, row.leaf, row.head)
