"""Requests that succeed for ballots and votes (A5)."""

from typing import Any

from sqlalchemy import text

from services.amendments.domain.ballot import CertifiedRoll, RollPurpose
from services.amendments.store.electors import known_roll
from services.amendments.usecases.ballots import close_ballot, end_notice
from services.amendments.usecases.certification import take_certified_roll
from shared.db.roster import watermark
from shared.kernel.actor import Role
from shared.kernel.ids import new_id
from tests.support.proposal_requests import a_draft, base_version
from tests.support.world import Request, Who, World, if_match, path_of

Json = dict[str, Any]

_CLOSES_NOW = "UPDATE ballots SET opened_at = opened_at - interval '1 day', closes_at = procedure_now() WHERE id = :id"
_UNDETERMINED = """
    UPDATE ballots SET outcome = 'undetermined',
      result = jsonb_set(CAST(result AS jsonb), '{outcome}', '"undetermined"') WHERE id = :id
"""


async def _supported(world: World) -> Json:
    """A proposal of another secretary, whose ballot may be called."""
    colleague = world.caller("colleague", Role.SECRETARY)
    body = {"base_version": await base_version(world), **a_draft()}
    made: Json = await colleague.post("/v1/proposals", body, expect=201)
    return made


async def _opened(world: World) -> Json:
    """A ballot that is open on all units; another officer called it."""
    await world.roster()
    officer = world.caller("another officer", Role.BALLOT_OFFICER)
    called = await officer.post(f"{path_of(await _supported(world))}/ballot", expect=201)
    async with world.database("amendments").begin() as work:
        await work.db.execute(
            text("UPDATE ballots SET notice_ends_at = procedure_now() WHERE id = :id"),
            {"id": called["id"]},
        )
        await work.read_clock()
        await end_notice(work, called["id"])
    await _certified(world, called["id"], RollPurpose.OPENING)
    shown: Json = await officer.get(path_of(called))
    return shown


async def _certified(world: World, ballot_id: str, purpose: RollPurpose) -> None:
    """What membership will say as well; whoever comes first."""
    async with world.database("amendments").begin() as work:
        version = (await watermark(work)).version
        known = await known_roll(work, version)
        assert known is not None
        closes_at = text("SELECT closes_at FROM ballots WHERE id = :id")
        instant = await work.db.scalar(closes_at, {"id": ballot_id}) or work.now
        roll = CertifiedRoll(new_id("rol"), instant, version, known.count, known.digest)
        await take_certified_roll(work, ballot_id, purpose, roll)


async def _established(world: World) -> Json:
    """A ballot with its result; the own unit and another have voted."""
    opened = await _opened(world)
    for who in (Who.FULL, Who.OTHER):
        await world.as_(who).ask(
            "PUT", f"{path_of(opened)}/vote", {"choice": "abstain"}, expect=200
        )
    async with world.database("amendments").begin() as work:
        await work.db.execute(text(_CLOSES_NOW), {"id": opened["id"]})
        await work.read_clock()
        await close_ballot(work, opened["id"])
    await _certified(world, opened["id"], RollPurpose.CLOSE)
    shown: Json = await world.as_(Who.BALLOT_OFFICER).get(path_of(opened))
    return shown


async def call_ballot(world: World) -> Request:
    await world.roster()
    return Request("POST", f"{path_of(await _supported(world))}/ballot", Who.BALLOT_OFFICER)


async def list_ballots(_: World) -> Request:
    return Request("GET", "/v1/ballots", Who.SECRETARY)


async def get_ballot(world: World) -> Request:
    return Request("GET", path_of(await _opened(world)), Who.FULL)


async def extend_ballot(world: World) -> Request:
    opened = await _opened(world)
    body = {"closes_on": "2199-12-31", "reason": "机房中断。"}
    path = f"{path_of(opened)}/extension"
    return Request("POST", path, Who.BALLOT_OFFICER, body, headers=if_match(opened))


async def determine_ballot(world: World) -> Request:
    done = await _established(world)
    async with world.database("amendments").begin() as work:
        undetermined = text("UPDATE proposals SET status = 'undetermined' WHERE id = :id")
        await work.db.execute(undetermined, {"id": done["subject_id"]})
        await work.db.execute(text(_UNDETERMINED), {"id": done["id"]})
    interpreted = await world.as_(Who.SECRETARY).post(
        "/v1/interpretations",
        {
            "provision_id": "art_27",
            "text": {"zh": "以开始时的名册为准。"},
            "reasons": {"zh": "第三十条。"},
            "in_own_case": False,
        },
        expect=201,
    )
    body = {
        "outcome": "rejected",
        "interpretation_id": interpreted["id"],
        "reasons": "依解释。",
    }
    path = f"{path_of(done)}/determination"
    return Request("POST", path, Who.BALLOT_OFFICER, body, headers=if_match(done))


async def cast_vote(world: World) -> Request:
    return Request("PUT", f"{path_of(await _opened(world))}/vote", Who.FULL, {"choice": "for"})


async def list_own_votes(world: World) -> Request:
    voting = await cast_vote(world)
    await world.send(voting)
    return Request("GET", voting.path, Who.FULL)


async def get_ballot_result(world: World) -> Request:
    return Request("GET", f"{path_of(await _established(world))}/result", Who.FULL)


async def get_ballot_record(world: World) -> Request:
    return Request("GET", f"{path_of(await _established(world))}/record", Who.PUBLIC)


async def get_ballot_roll_call(world: World) -> Request:
    return Request("GET", f"{path_of(await _established(world))}/roll-call", Who.FULL)


BALLOT_REQUESTS = (
    call_ballot,
    list_ballots,
    get_ballot,
    extend_ballot,
    determine_ballot,
    cast_vote,
    list_own_votes,
    get_ballot_result,
    get_ballot_record,
    get_ballot_roll_call,
)
"""One for each operation, called like it."""
