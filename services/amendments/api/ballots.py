"""``/v1/ballots``: the ballot officer conducts them, the units on the roll vote (A5)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from services.amendments.api.proposals import READERS, ProposalId
from services.amendments.api.schemas.ballots import (
    BallotOut,
    DetermineBallot,
    ExtendBallot,
    ResultOut,
)
from services.amendments.api.schemas.parts import BALLOT_ID
from services.amendments.api.schemas.votes import CastVote, OwnVotesOut, ReceiptOut
from services.amendments.domain.ballot import Ballot
from services.amendments.domain.lifecycle import BallotAction, BallotStatus
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.store import queries
from services.amendments.store.ballots import ballot_from, find_ballot
from services.amendments.usecases import ballots, records, votes
from services.amendments.usecases.acting import member_of
from services.amendments.usecases.votes import Cast
from shared.db.work import Database, Work
from shared.http.access import PUBLIC_ACCESS, Access, role
from shared.http.etags import RequiredIfMatch, digest_of, set_etag
from shared.http.group_commit import GroupCommitRoute, GroupCommits
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.errors import NotFound
from shared.kernel.ids import id_pattern

CONDUCTING, VOTING, FOLLOWING = "Conduct ballots", "Vote", "Follow ballots"
OFFICERS = role(Role.BALLOT_OFFICER, seen_by=READERS)
VOTERS = Access(scope=Scope.VOTE, seen_by=READERS)

BallotId = Annotated[str, Path(pattern=id_pattern("bal"), examples=[BALLOT_ID])]

router = APIRouter(prefix="/v1", route_class=WorkRoute, generate_unique_id_function=operation_id)
votes_router = APIRouter(
    prefix="/v1/ballots", route_class=GroupCommitRoute, generate_unique_id_function=operation_id
)


class Views:
    """Shows ballots to the caller, with the ETag of what it gets."""

    def __init__(self, work: Work, actor: Actor, url: str, response: Response) -> None:
        self._work = work
        self._actor = actor
        self._url = url
        self._response = response

    async def one(self, ballot: Ballot) -> BallotOut:
        """The ballot as it stands now."""
        about = await queries.about_ballot(self._work, ballot.id, self._actor.member_id)
        shown = self._shown(ballot, about)
        set_etag(self._response, shown.version, digest_of(shown))
        return shown

    async def called(self, ballot: Ballot) -> BallotOut:
        """A new ballot, and where it is."""
        shown = await self.one(ballot)
        self._response.headers["Location"] = shown.url
        return shown

    def listed(self, row: Row[Any]) -> BallotOut:
        """The ballot in a row of a list."""
        return self._shown(ballot_from(row), row)

    def _shown(self, ballot: Ballot, about: Row[Any]) -> BallotOut:
        now, actor = self._work.now, self._actor
        conducts = actor.has(Role.BALLOT_OFFICER) and actor.subject not in ballot.subject.proposers
        may = {
            BallotAction.VOTE: about.is_on_roll and actor.subject not in ballot.officers,
            BallotAction.EXTENSION: conducts,
            BallotAction.DETERMINATION: conducts and about.decides,
        }
        return BallotOut.of(
            ballot,
            allowed=[action for action in ballot.allowed_at(now) if may[BallotAction(action)]],
            cancelled_units=about.cancelled_units,
            public_url=self._url,
            now=now,
        )


async def _views(
    work: CurrentWork, actor: CurrentActor, url: PublicUrl, response: Response
) -> Views:
    return Views(work, actor, url, response)


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


CurrentViews = Annotated[Views, Depends(_views)]
CurrentDatabase = Annotated[Database, Depends(_database)]


@router.post(
    "/proposals/{proposal_id}/ballot",
    status_code=201,
    summary="Call a ballot on a proposal",
    tags=[CONDUCTING],
    dependencies=[access(OFFICERS)],
)
async def call_ballot(
    work: CurrentWork, actor: CurrentActor, views: CurrentViews, proposal_id: ProposalId
) -> BallotOut:
    """Its notice begins. The question, the rule in force now and the base are stored in it and never edited (Art. 27).

    Whoever proposed or supported the proposal does not call its ballot.
    """
    called = await ballots.call_ballot(work, SubjectKind.PROPOSAL, proposal_id, actor)
    return await views.called(called)


@router.get(
    "/ballots",
    summary="Ballots, the latest first",
    tags=[FOLLOWING],
    dependencies=[access(READERS)],
)
async def list_ballots(
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    views: CurrentViews,
    status: Annotated[BallotStatus | None, Query(description="Only these.")] = None,
) -> Page[BallotOut]:
    """Closed from the closing second on, whatever else has happened by then."""
    return await pager.page(work, queries.ballots(actor.member_id, work.now, status), views.listed)


@router.get(
    "/ballots/{ballot_id}", summary="One ballot", tags=[FOLLOWING], dependencies=[access(READERS)]
)
async def get_ballot(work: CurrentWork, views: CurrentViews, ballot_id: BallotId) -> BallotOut:
    """What it asks, by which rule, on which roll, until when. Nothing of the votes before its result."""
    return await views.one(await find_ballot(work, ballot_id))


@router.post(
    "/ballots/{ballot_id}/extension",
    summary="Let everybody vote longer",
    tags=[CONDUCTING],
    dependencies=[access(OFFICERS)],
)
async def extend_ballot(
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    ballot_id: BallotId,
    expected: RequiredIfMatch,
    body: ExtendBallot,
) -> BallotOut:
    """For a reason, for all, before the close; it never shortens. Whoever extends a ballot does not vote in it."""
    return await views.one(
        await ballots.extend_ballot(work, ballot_id, body.closes_on, body.reason, actor, expected)
    )


@router.post(
    "/ballots/{ballot_id}/determination",
    summary="Read an undetermined result by an interpretation",
    tags=[CONDUCTING],
    dependencies=[access(OFFICERS)],
)
async def determine_ballot(
    work: CurrentWork,
    actor: CurrentActor,
    views: CurrentViews,
    ballot_id: BallotId,
    expected: RequiredIfMatch,
    body: DetermineBallot,
) -> BallotOut:
    """Where the three tallies do not agree, nothing is promulgated until this, or until a new ballot (Art. 27, 30).

    The interpretation was issued after the result, and by somebody else. The tallies stay as they are.
    """
    return await views.one(
        await ballots.determine_ballot(
            work,
            ballot_id,
            BallotOutcome(body.outcome),
            body.interpretation_id,
            body.reasons,
            actor,
            expected,
        )
    )


@router.get(
    "/ballots/{ballot_id}/vote",
    summary="The own unit's votes",
    tags=[VOTING],
    dependencies=[access(VOTERS)],
)
async def list_own_votes(
    work: CurrentWork, actor: CurrentActor, ballot_id: BallotId
) -> OwnVotesOut:
    """Every one of them with its receipt, the latest first. Who asks is not counted, since only a voter gets an answer."""
    return OwnVotesOut.of_all(await votes.own_votes(work, ballot_id, actor), member_of(actor))


@votes_router.put(
    "/{ballot_id}/vote",
    summary="Vote for the own unit, or vote anew",
    tags=[VOTING],
    dependencies=[access(VOTERS)],
)
async def cast_vote(
    commits: GroupCommits, actor: CurrentActor, ballot_id: BallotId, body: CastVote
) -> ReceiptOut:
    """One unit, one vote, changeable until the close; the last valid one counts, all are kept (Art. 27).

    It counts if and only if the database took it before `closes_at`. The receipt is given when it is committed; asked
    again with the same choice, the same receipt. How many have voted is shown by no metric and no access log.
    """
    receipt = await commits.submit(votes.take_votes, ballot_id, Cast(actor, body.choice))
    return ReceiptOut.of(receipt, member_of(actor))


@router.get(
    "/ballots/{ballot_id}/result",
    summary="The certificate of its result",
    tags=[FOLLOWING],
    dependencies=[access(READERS)],
)
async def get_ballot_result(work: CurrentWork, url: PublicUrl, ballot_id: BallotId) -> ResultOut:
    """The three tallies and what follows from them; 404 until membership has certified the roll of the close."""
    shown = ResultOut.of(await find_ballot(work, ballot_id), url)
    if shown is None:
        raise NotFound
    return shown


_RECORD: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What `gongyue verify` recounts.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get(
    "/ballots/{ballot_id}/record",
    summary="The public record, for anyone to recount",
    tags=[FOLLOWING],
    dependencies=[access(PUBLIC_ACCESS)],
    response_model=None,
    responses=_RECORD,
)
async def get_ballot_record(
    work: CurrentWork, database: CurrentDatabase, ballot_id: BallotId
) -> Response:
    """Roll, rule, every vote in its chain with its salt, arithmetic and seal: save it and run `gongyue verify` on it.

    Units stand in it by their id; how a unit left is not told to the public (Art. 23). 404 before the result.
    """
    record = await records.record_of(work, ballot_id, for_members=False)
    return StreamingResponse(record.pieces(database), media_type="application/json")


@router.get(
    "/ballots/{ballot_id}/roll-call",
    summary="The record with the units' names, for members",
    tags=[FOLLOWING],
    dependencies=[access(READERS)],
    response_model=None,
    responses=_RECORD,
)
async def get_ballot_roll_call(
    work: CurrentWork, database: CurrentDatabase, ballot_id: BallotId
) -> Response:
    """The members' edition of the record: who voted how by name, how units left, and the third tally."""
    record = await records.record_of(work, ballot_id, for_members=True)
    return StreamingResponse(record.pieces(database), media_type="application/json")
