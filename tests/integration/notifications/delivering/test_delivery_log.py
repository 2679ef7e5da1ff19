"""The delivery log: what was sent, what came of each attempt, and who may see that (N4)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.notifications.usecases.deliveries import forget_deliveries
from tests.integration.notifications.conftest import House, code_of
from tests.integration.notifications.delivering.conftest import settings_of
from tests.integration.notifications.delivering.owners import (
    CIRCULAR,
    VERIFICATION,
    Owners,
    answering,
    owners_of,
    path_of,
)
from tests.support.receiving import Reply, confirming

SEAL = "UPDATE webhook_attempts SET excerpt = :sealed WHERE delivery_id = :id"


async def attempts_of(owners: Owners, unit: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
    whole = await owners.of(unit).get(path_of(entry))
    return list(whole["attempts"])


async def answered(house: House, delivery_id: str, answer: bytes) -> None:
    """Let the attempts of a delivery have been answered so, by a receiver whose answers may be shown."""
    sealed = settings_of(house).keyring.seal(answer, delivery_id)
    async with house.database.begin() as work:
        await work.db.execute(text(SEAL), {"sealed": sealed, "id": delivery_id})


async def test_every_attempt_is_told_with_what_came_of_it(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        (entry, _) = await owners.log(unit, made)
        assert (entry["status"], entry["tried"], entry["last_status_code"]) == ("pending", 1, 503)
        assert entry["next_attempt_at"] is not None
        owners.receiver.behave = answering(301)
        await owners.make_due()
        owners.receiver.behave = lambda _: Reply(cut=True)
        await owners.make_due()
        owners.receiver.behave = confirming
        await owners.make_due()
        whole = await owners.of(unit).get(path_of(entry))
        assert [(a["number"], a["outcome"], a["status_code"]) for a in whole["attempts"]] == [
            (1, "refused", 503),
            (2, "redirected", 301),
            (3, "unreachable", None),
            (4, "delivered", 204),
        ]
        started = [attempt["started_at"] for attempt in whole["attempts"]]
        assert started == sorted(started)
        assert (whole["status"], whole["tried"], whole["last_outcome"]) == (
            "delivered",
            4,
            "delivered",
        )
        assert whole["next_attempt_at"] is None
        assert whole["updated_at"] == whole["settled_at"]


async def test_the_request_is_shown_as_it_was_sent(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        await house.issue()
        await owners.idle()
        (sent,) = owners.requests()
        (entry, _) = await owners.log(unit, made)
        whole = await owners.of(unit).get(path_of(entry))
        assert whole["request"] == {
            "webhook_id": sent.webhook_id,
            "body": sent.body.decode(),
        }
        assert sent.headers["webhook-signature"] not in str(whole)


async def test_an_attempt_is_shown_where_it_went_wherever_the_endpoint_is_now(
    house: House,
) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
        owners.receiver.behave = answering(500)
        await house.issue()
        await owners.idle()
        owners.receiver.behave = confirming
        change = {"target_url": owners.receiver.url("new")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        await owners.until(unit, made, status="active")
        await owners.make_due()
        (_, entry, _) = await owners.log(unit, made)
        assert [a["target_url"] for a in await attempts_of(owners, unit, entry)] == [
            made["target_url"],
            change["target_url"],
        ]


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        await house.issue()
        await owners.idle()
        owners.receiver.behave = answering(500)
        await house.issue()
        await owners.idle()
        assert await house.run_timer("forget_deliveries") == 0
        assert len(await owners.log(unit, made)) == 3
        forgotten = 0
        for kept in (timedelta(days=1), timedelta(0), timedelta(0)):
            async with house.database.begin() as work:
                forgotten += await forget_deliveries(work, kept)
            assert forgotten == (0 if kept else 4)
        (waits,) = await owners.log(unit, made)
        assert (waits["status"], waits["tried"]) == ("pending", 1)
        assert await house.scalar("SELECT count(*) FROM webhook_messages") == 1
        assert await house.scalar("SELECT count(*) FROM webhook_attempts") == 1
        assert len(await house.inbox(unit)) == 2


async def test_the_log_is_the_latest_first_by_status_and_page_by_page(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        for _ in range(2):
            await house.issue()
        await owners.idle()
        owners.receiver.behave = answering(500)
        await owners.test_event(unit, made)
        await owners.idle()
        whole = await owners.log(unit, made)
        assert [(e["type"], e["test"], e["status"]) for e in whole] == [
            (CIRCULAR, True, "pending"),
            (CIRCULAR, False, "delivered"),
            (CIRCULAR, False, "delivered"),
            (VERIFICATION, False, "delivered"),
        ]
        assert await owners.log(unit, made, "?status=pending") == whole[:1]
        assert await owners.log(unit, made, "?status=delivered") == whole[1:]
        assert await owners.log(unit, made, "?status=failed") == []
        path = f"{path_of(made)}/deliveries?limit=3"
        first = await owners.of(unit).get(path)
        last = await owners.of(unit).get(f"{path}&cursor={first['next_cursor']}")
        assert [*first["items"], *last["items"]] == whole
        assert last["next_cursor"] is None


async def test_an_answer_is_shown_to_its_owner_with_nothing_that_cannot_be_seen(
    house: House,
) -> None:
    unit, other = await house.member(), await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        (entry,) = await owners.log(unit, made)
        await answered(house, entry["id"], "维护中\x1b[2J\u202e".encode())
        (attempt,) = await attempts_of(owners, unit, entry)
        assert attempt["response_excerpt"] == "维护中\\x1b[2J\\u202e"
        listed = await owners.of(unit).ask("GET", f"{path_of(made)}/deliveries")
        assert "维护中" not in listed.text
        hidden = await owners.of(other).ask("GET", path_of(entry))
        assert code_of(hidden) == (404, "not_found")


async def test_an_answer_out_of_a_private_network_is_never_shown(house: House) -> None:
    """Reliability 4.5: "never for targets reached through an allow-list"."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = lambda _: Reply(500, b"the inside of a private network")
        await house.issue()
        await owners.idle()
        (entry, _) = await owners.log(unit, made)
        (attempt,) = await attempts_of(owners, unit, entry)
        assert (attempt["status_code"], attempt["response_excerpt"]) == (500, None)


@pytest.mark.parametrize("broken", ["excerpt || '\\x00'", "'\\x00'"])
async def test_an_answer_that_no_key_opens_any_more_is_left_out(house: House, broken: str) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        (entry,) = await owners.log(unit, made)
        await answered(house, entry["id"], b"once legible")
        async with house.database.begin() as work:
            await work.db.execute(text(f"UPDATE webhook_attempts SET excerpt = {broken}"))
        (attempt,) = await attempts_of(owners, unit, entry)
        assert (attempt["outcome"], attempt["response_excerpt"]) == ("delivered", None)
