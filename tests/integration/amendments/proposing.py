"""How members and the organ propose in the tests, and what they say."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx

from services.amendments.domain.ballot import Ballot
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from tests.integration.amendments.house import House
from tests.support import balloting
from tests.support.suite import Caller

Json = dict[str, Any]

ATTEMPTS = 400
AT_ONCE = 40

THREE_QUARTERS = {"numerator": 3, "denominator": 4, "inclusive": True, "of": "members"}


def replacing(provision: str = "art_5", zh: str = "新的条文。") -> Json:
    """A change of one provision."""
    return {"kind": "replace", "id": provision, "texts": {"zh": zh, "en": "Another wording."}}


def a_draft(*changes: Json, **parts: Any) -> Json:
    """A draft that makes ``changes``, or replaces Art. 5."""
    return {
        "changes": list(changes) or [replacing()],
        "rule_changes": [],
        "title": {"zh": "修改第五条", "en": "Amend Art. 5"},
        "reasons": {"zh": "更为清楚。", "en": "It is clearer."},
        **parts,
    }


async def propose(caller: Caller, draft: Json | None = None, base: int = 1) -> Json:
    """A proposal on version ``base``."""
    made: Json = await caller.post(
        "/v1/proposals", {"base_version": base, **(draft or a_draft())}, expect=201
    )
    return made


async def support(house: House, unit: str, proposal: Json) -> Json:
    """The unit supports the draft that ``proposal`` shows."""
    answer = await house.as_member(unit).ask(
        "PUT",
        f"{path_of(proposal)}/supports",
        {"draft_digest": proposal["draft_digest"]},
        expect=200,
    )
    return as_json(answer)


async def unsupport(house: House, unit: str, proposal: Json) -> httpx.Response:
    """The unit wants its support back."""
    return await house.as_member(unit).ask("DELETE", f"{path_of(proposal)}/supports")


async def read(caller: Caller, proposal: Json) -> Json:
    """The proposal as the caller sees it now."""
    shown: Json = await caller.get(path_of(proposal))
    return shown


async def edit(caller: Caller, proposal: Json, draft: Json) -> httpx.Response:
    """Another draft for it."""
    return await caller.ask("PUT", f"{path_of(proposal)}/draft", draft, headers=if_match(proposal))


async def opened(house: House, proposal: Json) -> Ballot:
    """Its ballot was called and is open."""
    async with house.database.begin() as work:
        return await balloting.opened(work, SubjectKind.PROPOSAL, proposal["id"])


async def decided(house: House, proposal: Json, outcome: BallotOutcome) -> Json:
    """Its ballot was called, opened and decided."""
    async with house.database.begin() as work:
        await balloting.decided(work, SubjectKind.PROPOSAL, proposal["id"], outcome)
    return await read(house.secretary, proposal)


async def adopted(house: House, draft: Json | None = None, base: int = 1) -> Json:
    """The organ's proposal, adopted."""
    return await decided(house, await propose(house.secretary, draft, base), BallotOutcome.ADOPTED)


async def promulgate(house: House, proposal: Json, **publication: Any) -> httpx.Response:
    """Another secretary promulgates it."""
    return await house.second_secretary.ask(
        "POST", "/v1/promulgations", {"proposal_id": proposal["id"], **publication}
    )


async def attempted(
    callers: Sequence[Caller], path: str, body: Any, headers: dict[str, str] | None = None
) -> set[tuple[int, str]]:
    """How 400 attempts are answered, many of them at once, in turn by each of the callers."""
    places = asyncio.Semaphore(AT_ONCE)

    async def attempt(caller: Caller) -> tuple[int, str]:
        async with places:
            return code_of(await caller.ask("POST", path, body, headers=headers))

    callers = [callers[n % len(callers)] for n in range(ATTEMPTS)]
    return set(await asyncio.gather(*map(attempt, callers)))


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def path_of(proposal: Json) -> str:
    """Where it stands."""
    return f"/v1/proposals/{proposal['id']}"


def if_match(proposal: Json) -> dict[str, str]:
    """The version at hand."""
    return {"If-Match": f'"{proposal["version"]}-x"'}


def as_json(answer: httpx.Response) -> Json:
    """The body."""
    body: Json = answer.json()
    return body


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]
