"""A member's endpoints: made, filtered, changed, disabled, deleted, and nobody else's (N4)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.notifications.domain.endpoint import ENDPOINTS_A_MEMBER
from shared.kernel.actor import Scope
from tests.integration.notifications.conftest import House, code_of, to_members
from tests.integration.notifications.delivering.owners import (
    CIRCULAR,
    answering,
    owners_of,
    path_of,
    said,
)
from tests.support.receiving import confirming

HOUR = timedelta(hours=1)
CHANGED = "membership.member.particulars_changed.v1"


async def test_a_new_endpoint_is_shown_with_its_secret_this_once(house: House) -> None:
    unit = await house.member()
    api = house.as_member(unit)
    body = {"target_url": "HTTP://Hooks.Unit.Example:80?a=1", "description": "生产环境"}
    answer = await api.ask("POST", "/v1/webhook-endpoints", body, expect=201)
    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["location"] == made["url"]
    assert made["secret"].startswith("whsec_")
    assert made["target_url"] == "http://hooks.unit.example/?a=1"
    assert (made["description"], made["event_types"]) == ("生产环境", [])
    assert made["allowed_actions"] == ["change", "secret-rotation", "enabling"]
    seen = await api.ask("GET", path_of(made), expect=200)
    assert seen.headers["etag"] == '"1-owner"'
    shown_once = {"secret", "former_secrets_until"}
    assert seen.json() == {k: v for k, v in made.items() if k not in shown_once}
    assert (await api.get("/v1/webhook-endpoints"))["items"] == [seen.json()]


async def test_a_key_sent_again_shows_no_secret_again(house: House) -> None:
    """A secret is kept nowhere in clear, so there is no answer to repeat: another endpoint is made."""
    unit = await house.member()
    api, key = house.as_member(unit), {"Idempotency-Key": "once"}
    body = {"target_url": "http://hooks.unit.example/"}
    first, second = [
        await api.ask("POST", "/v1/webhook-endpoints", body, expect=201, headers=key)
        for _ in range(2)
    ]
    assert "idempotency-replayed" not in second.headers
    assert first.json()["id"] != second.json()["id"]
    assert first.json()["secret"] != second.json()["secret"]
    assert await house.scalar("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://hooks.unit.example/", "scheme"),
        ("http://user@hooks.unit.example/", "credentials"),
        ("http://hooks.unit.example/#here", "fragment"),
        ("http://127.1/", "ip_literal"),
        ("http://hooks.unit.example:0/", "port"),
        ("http://h/" + "x" * 2048, "length"),
    ],
)
async def test_a_url_that_no_webhook_is_sent_to_is_refused_with_its_reason(
    house: House, url: str, reason: str
) -> None:
    api = house.as_member(await house.member())
    answer = await api.ask("POST", "/v1/webhook-endpoints", {"target_url": url})
    assert code_of(answer) == (422, "target_refused")
    assert answer.json()["reason"] == reason
    assert url not in answer.text


async def test_event_types_that_nothing_is_called_are_refused_by_their_place(house: House) -> None:
    api = house.as_member(await house.member())
    made = await api.post(
        "/v1/webhook-endpoints", {"target_url": "http://hooks.unit.example/"}, expect=201
    )
    wanted = {"event_types": ["membership.*", "cases.*", "*"]}
    for method, path, body in (
        ("POST", "/v1/webhook-endpoints", {"target_url": made["target_url"], **wanted}),
        ("PATCH", path_of(made), wanted),
    ):
        answer = await api.ask(method, path, body)
        assert code_of(answer) == (422, "event_type_unknown")
        assert answer.json()["pointers"] == ["/event_types/1", "/event_types/2"]
    assert await api.get(path_of(made)) == {k: made[k] for k in await api.get(path_of(made))}


@pytest.mark.parametrize(
    "body",
    [
        {"target_url": None},
        {"target_url": 5},
        {"event_types": None},
        {"event_types": "membership.*"},
        {"event_types": ["x"] * 51},
        {"description": "x" * 201},
        {"secret": "whsec_AAAA"},
        {"status": "active"},
    ],
)
async def test_a_change_of_another_form_is_refused(house: House, body: dict[str, Any]) -> None:
    api = house.as_member(await house.member())
    made = await api.post(
        "/v1/webhook-endpoints", {"target_url": "http://hooks.unit.example/"}, expect=201
    )
    assert code_of(await api.ask("PATCH", path_of(made), body)) == (422, "invalid_request")


async def test_what_is_not_sent_stays_and_null_takes_the_description_away(house: House) -> None:
    api = house.as_member(await house.member())
    body = {
        "target_url": "http://hooks.unit.example/",
        "description": "生产环境",
        "event_types": ["membership.*"],
    }
    made = await api.post("/v1/webhook-endpoints", body, expect=201)
    nothing = (await api.ask("PATCH", path_of(made), {}, expect=200)).json()
    assert nothing["version"] == made["version"]
    changed = (await api.ask("PATCH", path_of(made), {"event_types": []}, expect=200)).json()
    assert (changed["description"], changed["event_types"]) == ("生产环境", [])
    changed = (await api.ask("PATCH", path_of(made), {"description": None}, expect=200)).json()
    assert (changed["description"], changed["version"]) == (None, 3)


async def test_an_eleventh_endpoint_is_refused(house: House) -> None:
    unit = await house.member()
    api, body = house.as_member(unit), {"target_url": "http://hooks.unit.example/"}
    for count in range(ENDPOINTS_A_MEMBER):
        await house.advance(HOUR * (count // 4))
        made = await api.post("/v1/webhook-endpoints", body, expect=201)
    await house.advance(HOUR * 5)
    answer = await api.ask("POST", "/v1/webhook-endpoints", body)
    assert code_of(answer) == (409, "too_many_endpoints")
    assert answer.json()["most"] == ENDPOINTS_A_MEMBER
    await api.ask("DELETE", path_of(made), expect=204)
    await api.post("/v1/webhook-endpoints", body, expect=201)


async def test_each_endpoint_is_told_what_its_filter_lets_through(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit, "everything")
        await owners.endpoint(unit, "circulars", "notifications.circular.*")
        await owners.endpoint(unit, "exactly", CHANGED)
        bulletins = await owners.endpoint(unit, "bulletins", "membership.bulletin.*")
        await house.issue()
        house.register.change_particulars(unit)
        await owners.register_says()
        await owners.idle()
        assert owners.told("everything") == [CIRCULAR, CHANGED]
        assert owners.told("circulars") == [CIRCULAR]
        assert owners.told("exactly") == [CHANGED]
        assert owners.told("bulletins") == []
        change = {"event_types": ["notifications.*"]}
        await owners.of(unit).ask("PATCH", path_of(bulletins), change, expect=200)
        await house.issue()
        await owners.idle()
        assert owners.told("bulletins") == [CIRCULAR]


async def test_a_member_is_told_its_own_affairs_and_the_notices_addressed_to_it(
    house: House,
) -> None:
    unit, other = await house.member(), await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit, "own")
        await owners.endpoint(other, "other")
        await house.issue(audience=to_members(other))
        house.register.change_particulars(other)
        await owners.register_says()
        await owners.idle()
        assert owners.told("own") == []
        assert owners.told("other") == [CIRCULAR, CHANGED]
        (notice,) = await house.inbox(other)
        assert said(owners.requests("other")[0])["data"]["url"] == notice["url"]


async def test_a_receiver_that_is_gone_is_told_nothing_more_until_it_is_enabled(
    house: House,
) -> None:
    """Edge case 5: "410 disables the endpoint, not the notice"."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        owners.receiver.behave = answering(410)
        await house.issue()
        seen = await owners.until(unit, made, status="disabled")
        assert (seen["disabled_reason"], seen["allowed_actions"]) == (
            "gone",
            ["change", "enabling"],
        )
        await house.issue()
        await owners.make_due()
        assert len(owners.requests()) == 2
        assert len(await house.inbox(unit)) == 3
        owners.receiver.behave = confirming
        await owners.of(unit).post(f"{path_of(made)}/enabling")
        await owners.until(unit, made, status="active")
        await owners.make_due()
        assert [e["status"] for e in await owners.log(unit, made)].count("delivered") == 3
        assert len(owners.requests()) == 3, "the first one arrived, which had waited"


async def test_after_a_410_not_one_more_request_is_made(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        for _ in range(3):
            await house.issue()
        await owners.idle()
        owners.receiver.behave = answering(410)
        await owners.make_due()
        await owners.until(unit, made, status="disabled")
        assert len(owners.requests()) == 3 + 1


async def test_a_test_event_is_marked_and_says_nothing_real(house: House) -> None:
    """Edge case 19."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "hook", "membership.bulletin.*")
        sent = await owners.test_event(unit, made)
        await owners.idle()
        (request,) = owners.requests()
        assert request.webhook_id == sent
        body = said(request)
        assert (body["type"], body["test"]) == (CIRCULAR, True)
        text = json.dumps(body["data"])
        for real in (unit, made["id"], made["secret"]):
            assert real not in text
        (entry, _) = await owners.log(unit, made)
        assert (entry["test"], entry["status"], entry["webhook_id"]) == (True, "delivered", sent)
        check = {"type": "notifications.endpoint.verification_requested.v1"}
        refused = await owners.of(unit).ask("POST", f"{path_of(made)}/test-event", check)
        assert code_of(refused) == (422, "event_type_unknown")


async def test_an_endpoint_that_is_not_active_gets_no_test_event(house: House) -> None:
    api = house.as_member(await house.member())
    made = await api.post(
        "/v1/webhook-endpoints", {"target_url": "http://hooks.unit.example/"}, expect=201
    )
    answer = await api.ask("POST", f"{path_of(made)}/test-event", {"type": CIRCULAR})
    assert code_of(answer) == (409, "not_allowed_now")


async def test_a_deleted_endpoint_leaves_no_secret_no_log_and_is_told_nothing(
    house: House,
) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        (entry, _) = await owners.log(unit, made)
        stale = {"If-Match": '"1-owner"'}
        answer = await owners.of(unit).ask("DELETE", path_of(made), headers=stale)
        assert code_of(answer) == (412, "outdated")
        await owners.of(unit).ask("DELETE", path_of(made), expect=204)
        await house.issue()
        await owners.make_due()
        assert len(owners.requests()) == 1
        for path in (path_of(made), f"{path_of(made)}/deliveries", path_of(entry)):
            assert code_of(await owners.of(unit).ask("GET", path)) == (404, "not_found")
        for table in ("secrets", "deliveries", "attempts", "queues"):
            assert await house.scalar(f"SELECT count(*) FROM webhook_{table}") == 0


async def test_the_endpoint_of_another_member_does_not_exist(house: House) -> None:
    """69: every id of another unit."""
    unit = await house.member()
    others = [await house.member(), await house.member(scope=Scope.VOTE)]
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        (entry,) = await owners.log(unit, made)
        path = path_of(made)
        for caller in (*map(owners.of, others), house.secretary):
            for method, there, body in (
                ("GET", path, None),
                ("PATCH", path, {"description": "x"}),
                ("DELETE", path, None),
                ("POST", f"{path}/secret-rotation", {}),
                ("POST", f"{path}/test-event", {"type": CIRCULAR}),
                ("POST", f"{path}/enabling", None),
                ("GET", f"{path}/deliveries", None),
                ("GET", path_of(entry), None),
            ):
                answer = await caller.ask(method, there, body)
                assert code_of(answer) == (404, "not_found"), (method, there)
        assert (await owners.of(others[0]).get("/v1/webhook-endpoints"))["items"] == []
        assert (await owners.see(unit, made))["version"] == 2
