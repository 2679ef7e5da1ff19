"""An endpoint is told nothing before its receiver has shown that it wants to be told (N4; reliability 4.5)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.integration.notifications.conftest import House, code_of
from tests.integration.notifications.delivering.owners import (
    CIRCULAR,
    VERIFICATION,
    as_json,
    owners_of,
    path_of,
    said,
)
from tests.support.receiving import Received, Reply, confirming

HOUR = timedelta(hours=1)
CHANGED = "membership.member.particulars_changed.v1"
CHECKED = "SELECT count(*) FROM webhook_messages WHERE type LIKE '%verification%'"


def silent(_: Received) -> Reply:
    """A receiver that takes everything and gives nothing back."""
    return Reply(204)


def parrot(request: Received) -> Reply:
    """A receiver that gives back whatever it gets, as debugging pages do."""
    return Reply(200, request.body)


@pytest.mark.parametrize("behave", [confirming, as_json])
async def test_a_receiver_that_gives_the_challenge_back_makes_it_active(
    house: House, behave: Callable[[Received], Reply]
) -> None:
    unit = await house.member()
    async with owners_of(house, behave) as owners:
        made = await owners.register(unit)
        assert (made["status"], made["ownership_check"]) == ("unverified", "running")
        seen = await owners.until(unit, made, status="active")
        assert (seen["ownership_check"], seen["version"]) == (None, 2)
        assert seen["verified_at"] is not None
        (check,) = owners.checks()
        assert said(check)["data"]["url"] == made["url"]
        assert [entry["status"] for entry in await owners.log(unit, made)] == ["delivered"]


@pytest.mark.parametrize("behave", [silent, parrot])
async def test_a_receiver_that_does_not_is_asked_three_times_and_then_no_more(
    house: House, behave: Callable[[Received], Reply]
) -> None:
    """51: an address that is somebody else's is not to be bothered."""
    unit = await house.member()
    async with owners_of(house, behave) as owners:
        made = await owners.register(unit)
        for _ in range(4):
            await owners.idle()
            await owners.make_due()
        seen = await owners.until(unit, made, ownership_check="failed")
        assert seen["status"] == "unverified"
        assert len(owners.checks()) == 3
        assert len({check.webhook_id for check in owners.checks()}) == 1
        (entry,) = await owners.log(unit, made)
        assert (entry["status"], entry["tried"], entry["last_outcome"]) == (
            "failed",
            3,
            "unconfirmed",
        )


async def test_no_message_reaches_an_endpoint_that_is_not_verified_not_even_later(
    house: House,
) -> None:
    unit = await house.member()
    async with owners_of(house, silent) as owners:
        made = await owners.register(unit)
        await house.issue()
        await owners.idle()
        await owners.make_due()
        assert owners.told() == []
        owners.receiver.behave = confirming
        await owners.make_due()
        await owners.until(unit, made, status="active")
        await owners.idle()
        assert owners.told() == [], "what was told before it was verified is not told again"
        await house.issue()
        await owners.idle()
        assert owners.told() == [CIRCULAR]


async def test_a_failed_check_is_made_once_more_with_another_challenge(house: House) -> None:
    unit = await house.member()
    async with owners_of(house, silent) as owners:
        made = await owners.register(unit)
        for _ in range(3):
            await owners.idle()
            await owners.make_due()
        await owners.until(unit, made, ownership_check="failed")
        owners.receiver.behave = confirming
        enabled = await owners.of(unit).post(f"{path_of(made)}/enabling")
        assert (enabled["status"], enabled["ownership_check"]) == ("unverified", "running")
        await owners.until(unit, made, status="active")
        challenges = {said(check)["data"]["challenge"] for check in owners.checks()}
        assert len(challenges) == 2


async def test_another_address_is_checked_and_what_waits_goes_there(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
        owners.receiver.behave = lambda request: Reply(500) if request.path == "old" else Reply(204)
        await house.issue()
        await owners.idle()
        change = {"target_url": owners.receiver.url("new")}
        moved = (await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)).json()
        assert (moved["status"], moved["verified_at"]) == ("unverified", None)
        await owners.make_due()
        assert owners.told("new") == []
        owners.receiver.behave = confirming
        await owners.make_due()
        await owners.until(unit, made, status="active")
        await owners.make_due()
        assert (owners.told("old"), owners.told("new")) == ([CIRCULAR], [CIRCULAR])
        (old,), (new,) = owners.requests("old"), owners.requests("new")
        assert (old.webhook_id, old.body) == (new.webhook_id, new.body)


async def test_what_is_announced_while_another_address_is_checked_goes_there(house: House) -> None:
    """The change says "meanwhile webhooks wait": for notices, and for the unit's own affairs."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
        owners.receiver.behave = silent
        change = {"target_url": owners.receiver.url("new")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        await house.issue()
        house.register.change_particulars(unit)
        await owners.register_says()
        await owners.idle()
        assert (owners.told("old"), owners.told("new")) == ([], [])
        owners.receiver.behave = confirming
        await owners.make_due()
        await owners.until(unit, made, status="active")
        await owners.idle()
        assert (owners.told("old"), owners.told("new")) == ([], [CIRCULAR, CHANGED])


async def test_the_same_address_in_other_words_is_not_checked_again(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        same = {"target_url": made["target_url"].replace("http://", "HTTP://")}
        seen = (await owners.of(unit).ask("PATCH", path_of(made), same, expect=200)).json()
        assert (seen["status"], seen["version"]) == ("active", 2)


async def test_a_sixth_check_within_an_hour_is_refused_also_after_deleting(house: House) -> None:
    unit, other = await house.member(), await house.member()
    async with owners_of(house, silent) as owners:
        path = path_of(await owners.register(unit))
        await owners.of(unit).ask("DELETE", path, expect=204)
        path = path_of(await owners.register(unit))
        change = {"target_url": owners.receiver.url("elsewhere")}
        await owners.of(unit).ask("PATCH", path, change, expect=200)
        await owners.of(unit).post(f"{path}/enabling")
        await owners.register(unit)
        before = await house.scalar(CHECKED)
        url = owners.receiver.url("x")
        for method, there, body in (
            ("POST", "/v1/webhook-endpoints", {"target_url": url}),
            ("PATCH", path, {"target_url": url}),
            ("POST", f"{path}/enabling", None),
        ):
            answer = await owners.of(unit).ask(method, there, body)
            assert code_of(answer) == (429, "checks_too_often")
            assert 3500 < int(answer.headers["retry-after"]) <= 3600
        assert await house.scalar(CHECKED) == before == 5
        assert len((await owners.of(unit).get("/v1/webhook-endpoints"))["items"]) == 2
        await owners.register(other)
        await house.advance(HOUR)
        await owners.of(unit).post(f"{path}/enabling")


async def test_of_twenty_at_once_five_are_checked(house: House) -> None:
    unit = await house.member()
    async with owners_of(house, silent) as owners:
        body = {"target_url": owners.receiver.url("hook")}
        answers = await asyncio.gather(
            *(owners.of(unit).ask("POST", "/v1/webhook-endpoints", body) for _ in range(20))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 15
        assert await house.scalar(CHECKED) == 5


async def test_the_challenge_is_told_to_the_receiver_alone(house: House) -> None:
    unit = await house.member()
    async with owners_of(house, silent) as owners:
        made = await owners.register(unit)
        await owners.idle()
        challenge = said(owners.checks()[0])["data"]["challenge"]
        (entry,) = await owners.log(unit, made)
        api = owners.of(unit)
        for path in (path_of(made), f"{path_of(made)}/deliveries", path_of(entry)):
            assert challenge not in (await api.ask("GET", path, expect=200)).text
        shown = await api.get(path_of(entry))
        assert VERIFICATION in shown["request"]["body"]
