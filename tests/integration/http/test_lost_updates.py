"""P27: no update is lost. Who acts on a stale view is told so, and a view is named by its ``ETag``."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any, NamedTuple

import pytest

from tests.support.requests import LATER, LATER_AT, REQUESTS, Operation
from tests.support.webhook_requests import endpoint
from tests.support.world import Who, World, a_circular, a_mandate, completed, if_match, path_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ONCE = 20
REQUIRED: list[Operation] = [
    ("membership", "return_application"),
    ("membership", "approve_application"),
    ("membership", "refuse_application"),
    ("membership", "change_particulars"),
    ("membership", "merge_member"),
    ("membership", "retract_merger"),
    ("membership", "dissolve_member"),
    ("membership", "retract_dissolution"),
    ("notifications", "edit_circular"),
    ("notifications", "discard_circular"),
    ("notifications", "schedule_circular"),
    ("notifications", "unschedule_circular"),
    ("notifications", "issue_circular"),
    ("notifications", "correct_circular"),
    ("amendments", "edit_draft"),
    ("amendments", "correct_typo"),
    ("amendments", "rebase_proposal"),
    ("amendments", "edit_annex"),
    ("amendments", "propose_annex_amendment"),
    ("amendments", "extend_ballot"),
    ("amendments", "determine_ballot"),
]
HEEDED: list[Operation] = [
    ("membership", "resubmit_application"),
    ("membership", "file_mandate"),
    ("membership", "sign_instrument"),
    ("membership", "retract_application"),
    ("membership", "withdraw"),
    ("membership", "retract_withdrawal"),
    ("membership", "appoint_representative"),
    ("membership", "remove_representative"),
    ("notifications", "change_endpoint"),
    ("notifications", "delete_endpoint"),
    ("notifications", "rotate_secret"),
    ("notifications", "enable_endpoint"),
    ("amendments", "retract_proposal"),
    ("amendments", "retract_annex"),
]
NO_MATCH = ['"0-seen"', '"99-seen"', 'W/"1-seen"', '"seen"', "seen", '""', '"0-seen", "99-seen"']


async def test_every_act_that_heeds_the_header_says_so(world: World) -> None:
    heeding = {
        (service, operation["operationId"])
        for service, app in world.apps.items()
        for path in app.openapi()["paths"].values()
        for operation in path.values()
        if any(header["name"] == "If-Match" for header in operation.get("parameters", ()))
    }
    assert heeding == {*REQUIRED, *HEEDED}


async def test_of_twenty_changes_of_one_view_one_is_made(world: World) -> None:
    unit = await world.unit()
    path, full = f"/v1/members/{unit}", world.as_(Who.FULL, unit)
    seen = await full.ask("GET", path, expect=200)
    view = {"If-Match": seen.headers["etag"]}
    answers = await asyncio.gather(
        *(
            full.ask("PATCH", path, {"contact_email": f"office{n}@unit.example"}, headers=view)
            for n in range(AT_ONCE)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: AT_ONCE - 1}
    (made,) = (answer for answer in answers if answer.is_success)
    assert await full.get(path) == made.json()


@pytest.mark.parametrize("operation", REQUIRED, ids=".".join)
async def test_of_twenty_acts_on_one_view_one_is_done(world: World, operation: Operation) -> None:
    request = await REQUESTS[operation](world)
    answers = await asyncio.gather(*(world.send(request) for _ in range(AT_ONCE)))
    refused = Counter(answer.status_code for answer in answers if not answer.is_success)
    assert refused == {412: AT_ONCE - 1}


@pytest.mark.parametrize("operation", REQUIRED, ids=".".join)
async def test_where_two_could_race_the_view_must_be_named(
    world: World, operation: Operation
) -> None:
    request = await REQUESTS[operation](world)
    headers = {name: value for name, value in request.headers.items() if name != "If-Match"}
    answer = await world.as_(request.by, request.own).ask(
        request.method, request.path, request.json, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    assert (await world.send(request)).is_success


@pytest.mark.parametrize("operation", [*REQUIRED, *HEEDED], ids=".".join)
async def test_another_or_a_weak_tag_never_matches_and_any_matches_the_star(
    world: World, operation: Operation
) -> None:
    request = await REQUESTS[operation](world)
    named = request.headers.get("If-Match")
    for tag in [*NO_MATCH, f"W/{named}"] if named else NO_MATCH:
        answer = await world.send(request, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (412, "outdated"), tag
    tags = f'"0-seen", {named}' if named else "*"
    assert (await world.send(request, headers={"If-Match": tags})).is_success


async def test_the_star_stands_for_any_view(world: World) -> None:
    request = await REQUESTS["notifications", "edit_circular"](world)
    for _ in range(2):
        assert (await world.send(request, headers={"If-Match": "*"})).is_success


class Act(NamedTuple):
    """Something done to a resource, below its path."""

    by: Who
    path: str
    json: Any = None
    method: str = "POST"
    is_seen: bool = True


MANDATE = {"name": "李敏", "subject": {"sub": "li"}, "valid_from": "2026-01-01T00:00:00Z"}
OF_APPLICATION = (
    Act(Who.REGISTRAR, "/returning", {"missing": ["营业执照副本"]}),
    Act(Who.APPLICANT, "/resubmission", completed()),
    Act(Who.APPLICANT, "/mandate", MANDATE),
    Act(Who.REGISTRAR, "/approval"),
    Act(Who.LEGAL, "/instrument"),
)
OF_MEMBER = (
    Act(Who.FULL, "", {"legal_name_en": "Renamed Ltd."}, "PATCH"),
    Act(Who.REGISTRAR, "/claim-code", is_seen=False),
    Act(Who.FULL, "/representatives", a_mandate("li")),
    Act(Who.FULL, "/withdrawal", {"effective_on": LATER}),
    Act(Who.FULL, "/withdrawal", None, "DELETE"),
    Act(Who.FULL, "/withdrawal", {}),
)
OF_CIRCULAR = (
    Act(Who.SECRETARY, "/draft", a_circular(category="policy"), "PUT"),
    Act(Who.SECRETARY, "/scheduling", {"issue_at": LATER_AT}),
    Act(Who.SECRETARY, "/unscheduling"),
    Act(Who.SECRETARY, "/issue"),
    Act(Who.SECRETARY, "/correction"),
)

OF_ENDPOINT = (
    Act(Who.FULL, "", {"description": "生产环境"}, "PATCH"),
    Act(Who.MACHINE, "/secret-rotation", {}),
    Act(Who.FULL, "/enabling"),
    Act(Who.MACHINE, "", {"event_types": ["membership.*"]}, "PATCH"),
    Act(Who.FULL, "", None, "DELETE"),
)


async def test_the_etag_of_an_application_changes_if_and_only_if_what_is_seen_does(
    world: World,
) -> None:
    path = path_of(await world.application())
    await live(world, path, OF_APPLICATION, Who.APPLICANT, Who.LEGAL, Who.REGISTRAR)


async def test_the_etag_of_a_member_changes_if_and_only_if_what_is_seen_does(world: World) -> None:
    unit = await world.unit()
    path = f"/v1/members/{unit}"
    await live(world, path, OF_MEMBER, Who.PUBLIC, Who.FULL, Who.REGISTRAR, own=unit)


async def test_the_etag_of_a_circular_changes_if_and_only_if_what_is_seen_does(
    world: World,
) -> None:
    path = path_of(await world.circular())
    await live(world, path, OF_CIRCULAR, Who.SECRETARY, Who.FULL)


async def test_the_etag_of_an_endpoint_changes_if_and_only_if_what_is_seen_does(
    world: World,
) -> None:
    unit = await world.unit()
    path = path_of(await endpoint(world, unit))
    await live(world, path, OF_ENDPOINT, Who.FULL, Who.MACHINE, own=unit)


async def test_the_etag_changes_when_the_day_alone_changes_what_is_seen(world: World) -> None:
    path, registrar = path_of(await world.application()), world.as_(Who.REGISTRAR)
    before = await registrar.ask("GET", path, expect=200)
    await world.pass_time(timedelta(days=31))
    after = await registrar.ask("GET", path, expect=200)
    assert [answer.json()["review_overdue"] for answer in (before, after)] == [False, True]
    assert before.json()["version"] == after.json()["version"]
    assert before.headers["etag"] != after.headers["etag"]


View = tuple[str | None, Any]


async def live(
    world: World, path: str, acts: tuple[Act, ...], *viewers: Who, own: str = ""
) -> None:
    """Let a resource live through ``acts``; compare what each viewer, the first one always, gets before and after."""

    async def seen() -> list[View]:
        views = []
        for who in viewers:
            answer = await world.as_(who, own).ask("GET", path)
            body = {k: v for k, v in answer.json().items() if k != "request_id"}
            views.append((answer.headers.get("etag"), body))
        for (one_tag, one), (other_tag, other) in combinations(views, 2):
            assert (one_tag != other_tag) == (one != other), (
                "viewers are told apart by what they see"
            )
        return views

    before = await seen()
    assert await seen() == before, "reading changes nothing"
    for act in acts:
        caller = world.as_(act.by, own)
        if act.is_seen:
            stale = {"If-Match": '"0-seen"'}
            await caller.ask(act.method, path + act.path, act.json, headers=stale, expect=412)
            assert await seen() == before, "what is refused changes nothing"
        current = if_match(await world.as_(viewers[0], own).get(path))
        answer = await caller.ask(act.method, path + act.path, act.json, headers=current)
        assert answer.is_success, answer.text
        after = await seen()
        for (old_tag, old), (new_tag, new) in zip(before, after, strict=True):
            assert (old_tag != new_tag) == (old != new), act
        assert (before != after) == act.is_seen, act
        before = after
