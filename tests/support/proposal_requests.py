"""Requests that succeed for proposals, promulgations and annexes (A4, A6, A7)."""

from itertools import count
from typing import Any

from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.store.convention import latest_version
from shared.kernel.actor import Role
from tests.support import balloting
from tests.support.world import Request, Who, World, if_match, path_of

Json = dict[str, Any]

NUMBERS = count(1)
ALL_OF_THEM = {"numerator": 1, "denominator": 1, "inclusive": True, "of": "adherents"}


def a_draft() -> Json:
    """A draft that is like no other."""
    texts = {"zh": f"第{next(NUMBERS)}种写法，经成员单位同意。", "en": "Another wording."}
    return {
        "changes": [{"kind": "replace", "id": "art_5", "texts": texts}],
        "title": {"zh": "修改第五条"},
        "reasons": {"zh": "更为清楚。"},
    }


def an_annex() -> Json:
    """An agreement of the units' branch that all of its adherents amend."""
    return {
        "sector": "application_service",
        "parent": "art_9",
        **an_annex_text(),
        "profile": {"amendment": ALL_OF_THEM},
    }


def an_annex_text() -> Json:
    """A text that is like no other."""
    provision = {"number": 1, "texts": {"zh": f"第{next(NUMBERS)}种约定。"}}
    return {"title": {"zh": "应用服务分支自律协议"}, "provisions": [provision]}


async def base_version(world: World) -> int:
    """The latest version of the convention."""
    async with world.database("amendments").begin() as work:
        return (await latest_version(work)).number


async def proposed(world: World, by: Who = Who.SECRETARY) -> Json:
    """A proposal of the organ's, or of a unit's that needs more support than its own."""
    if by is not Who.SECRETARY:
        await world.imported()
        await world.roster()
    body = {"base_version": await base_version(world), **a_draft()}
    made: Json = await world.as_(by).post("/v1/proposals", body, expect=201)
    return made


async def decided(world: World, kind: SubjectKind, subject_id: str) -> None:
    """The members' ballot adopted it."""
    async with world.database("amendments").begin() as work:
        await balloting.decided(work, kind, subject_id, BallotOutcome.ADOPTED)


async def adopted(world: World) -> Json:
    """A proposal of another secretary, adopted."""
    colleague = world.caller("colleague", Role.SECRETARY)
    body = {"base_version": await base_version(world), **a_draft()}
    made: Json = await colleague.post("/v1/proposals", body, expect=201)
    await decided(world, SubjectKind.PROPOSAL, made["id"])
    return made


async def annexed(world: World, *adherents: Who) -> Json:
    """An annex in force that ``adherents`` have signed."""
    made = await world.as_(Who.FULL).post("/v1/annexes", an_annex(), expect=201)
    await decided(world, SubjectKind.ANNEX, made["id"])
    for who in adherents:
        await world.as_(who).ask("PUT", f"{path_of(made)}/adherence", expect=200)
    shown: Json = await world.as_(Who.FULL).get(path_of(made))
    return shown


async def submit_proposal(world: World) -> Request:
    body = {"base_version": await base_version(world), **a_draft()}
    return Request("POST", "/v1/proposals", Who.SECRETARY, body)


async def list_proposals(_: World) -> Request:
    return Request("GET", "/v1/proposals", Who.SECRETARY)


async def read_proposal(world: World) -> Request:
    return Request("GET", path_of(await proposed(world)), Who.FULL)


async def edit_draft(world: World) -> Request:
    made = await proposed(world)
    path = f"{path_of(made)}/draft"
    return Request("PUT", path, Who.SECRETARY, a_draft(), headers=if_match(made))


async def correct_typo(world: World) -> Request:
    made = await proposed(world)
    typo = {"place": "art_5", "language": "zh", "wrong": "写法", "right": "说法"}
    path = f"{path_of(made)}/typo-corrections"
    return Request("POST", path, Who.SECRETARY, typo, headers=if_match(made))


async def list_supports(world: World) -> Request:
    return Request("GET", f"{path_of(await proposed(world))}/supports", Who.FULL)


async def support_proposal(world: World) -> Request:
    made = await proposed(world, Who.OTHER)
    body = {"draft_digest": made["draft_digest"]}
    return Request("PUT", f"{path_of(made)}/supports", Who.FULL, body)


async def retract_support(world: World) -> Request:
    supporting = await support_proposal(world)
    await world.send(supporting)
    return Request("DELETE", supporting.path, Who.FULL)


async def retract_proposal(world: World) -> Request:
    return Request("POST", f"{path_of(await proposed(world))}/retraction", Who.SECRETARY)


async def list_collisions(world: World) -> Request:
    return Request("GET", f"{path_of(await proposed(world))}/collisions", Who.FULL)


async def rebase_proposal(world: World) -> Request:
    made = await proposed(world)
    await world.send(await promulgate(world))
    path = f"{path_of(made)}/rebase"
    return Request("POST", path, Who.SECRETARY, {}, headers=if_match(made))


async def promulgate(world: World) -> Request:
    body = {"proposal_id": (await adopted(world))["id"]}
    return Request("POST", "/v1/promulgations", Who.SECRETARY, body)


async def list_promulgations(_: World) -> Request:
    return Request("GET", "/v1/promulgations", Who.PUBLIC)


async def read_promulgation(world: World) -> Request:
    made = (await world.send(await promulgate(world))).json()
    return Request("GET", path_of(made), Who.PUBLIC)


async def draft_annex(_: World) -> Request:
    return Request("POST", "/v1/annexes", Who.FULL, an_annex())


async def list_annexes(_: World) -> Request:
    return Request("GET", "/v1/annexes", Who.PUBLIC)


async def read_annex(world: World) -> Request:
    return Request("GET", path_of(await annexed(world)), Who.PUBLIC)


async def edit_annex(world: World) -> Request:
    made = (await world.send(await draft_annex(world))).json()
    body = {key: value for key, value in an_annex().items() if key != "sector"}
    return Request("PUT", f"{path_of(made)}/draft", Who.FULL, body, headers=if_match(made))


async def retract_annex(world: World) -> Request:
    made = (await world.send(await draft_annex(world))).json()
    return Request("POST", f"{path_of(made)}/retraction", Who.FULL)


async def call_annex_ballot(world: World) -> Request:
    made = (await world.send(await draft_annex(world))).json()
    return Request("POST", f"{path_of(made)}/ballot", Who.BALLOT_OFFICER)


async def list_annex_versions(world: World) -> Request:
    return Request("GET", f"{path_of(await annexed(world))}/versions", Who.PUBLIC)


async def list_adherents(world: World) -> Request:
    return Request("GET", f"{path_of(await annexed(world))}/adherents", Who.PUBLIC)


async def adhere(world: World) -> Request:
    return Request("PUT", f"{path_of(await annexed(world))}/adherence", Who.FULL)


async def leave_annex(world: World) -> Request:
    return Request("DELETE", f"{path_of(await annexed(world, Who.FULL))}/adherence", Who.FULL)


async def propose_annex_amendment(world: World) -> Request:
    made = await annexed(world, Who.FULL)
    path = f"{path_of(made)}/amendment"
    return Request("PUT", path, Who.FULL, an_annex_text(), headers=if_match(made))


async def consent_to_amendment(world: World) -> Request:
    made = await annexed(world, Who.FULL, Who.OTHER)
    path = f"{path_of(made)}/amendment"
    answer = await world.as_(Who.OTHER).ask(
        "PUT", path, an_annex_text(), headers=if_match(made), expect=200
    )
    digest = answer.json()["amendment"]["digest"]
    return Request("PUT", f"{path}/consents", Who.FULL, {"digest": digest})


async def mark_conflict(world: World) -> Request:
    body = {"number": 1, "provision_id": "art_8", "reasons": {"zh": "与第八条不符。"}}
    path = f"{path_of(await annexed(world))}/conflicts"
    return Request("POST", path, Who.SECRETARY, body)


PROPOSAL_REQUESTS = (
    rebase_proposal,
    read_promulgation,
    submit_proposal,
    list_proposals,
    read_proposal,
    edit_draft,
    correct_typo,
    list_supports,
    support_proposal,
    retract_support,
    retract_proposal,
    list_collisions,
    list_promulgations,
    draft_annex,
    list_annexes,
    read_annex,
    edit_annex,
    retract_annex,
    call_annex_ballot,
    list_annex_versions,
    list_adherents,
    adhere,
    leave_annex,
    propose_annex_amendment,
    consent_to_amendment,
    mark_conflict,
)
"""First those that promulgate something while they are made: what is made before would be based on an earlier version."""

LAST_REQUESTS = (promulgate,)
"""What promulgates when it is sent: every request that names the latest version is sent before."""
