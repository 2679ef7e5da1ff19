"""P22: a secret is replaced without a gap, and none lies anywhere in clear."""

import asyncio
import base64
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifications.domain.attempt import Answer
from services.notifications.store.deliveries import Report
from services.notifications.usecases.deliveries import (
    conclude,
    expand_messages,
    record_reports,
    take_runs,
)
from services.notifications.workers import SEEN_SECONDS
from tests.integration.notifications.conftest import House, code_of
from tests.integration.notifications.delivering.conftest import settings_of
from tests.integration.notifications.delivering.owners import Owners, owners_of, path_of
from tests.support.eventually import eventually
from tests.support.receiving import Received, Reply

ROTATIONS = 5
DELIVERIES_A_MINUTE = 500
BETWEEN_ROTATIONS = 8
LATE_SECONDS = 0.25
"""What a request may need from its beginning to its receiver on a busy machine."""

END_OVERLAPS = "UPDATE webhook_secrets SET until = clock_timestamp() WHERE until IS NOT NULL"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def opens(secret: str, request: Received) -> bool:
    """Whether a receiver that knows only ``secret`` takes the request for ours."""
    try:
        Webhook(secret).verify(request.body, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


async def rotate(
    owners: Owners, unit: str, made: dict[str, Any], *, compromised: bool = False
) -> dict[str, Any]:
    rotated: dict[str, Any] = await owners.of(unit).post(
        f"{path_of(made)}/secret-rotation", {"compromised": compromised}
    )
    return rotated


async def next_requests(owners: Owners, unit: str, made: dict[str, Any]) -> list[Received]:
    """The requests of a few more messages."""
    seen = len(owners.requests())
    for _ in range(4):
        await owners.test_event(unit, made)
    await owners.idle()
    requests = owners.requests()[seen:]
    assert len(requests) == 4
    return requests


async def requested(owners: Owners, count: int) -> None:
    """Wait for ``count`` more requests."""
    enough = len(owners.requests()) + count

    async def has_come() -> bool:
        return len(owners.requests()) >= enough

    await eventually(has_come)


async def end_overlaps(house: House) -> None:
    """Let the day be over in which replaced secrets sign along."""
    async with house.database.begin() as work:
        await work.db.execute(text(END_OVERLAPS))


async def test_receivers_that_know_the_old_secret_the_new_or_both_miss_nothing(
    house: House,
) -> None:
    """Edge case 13."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        old = made["secret"]
        for _ in range(ROTATIONS):
            rotated = await rotate(owners, unit, made)
            new = rotated["secret"]
            for request in await next_requests(owners, unit, made):
                assert opens(old, request)
                assert opens(new, request)
            old = new
        await end_overlaps(house)
        for request in await next_requests(owners, unit, made):
            assert opens(new, request)
            assert len(request.headers["webhook-signature"].split(" ")) == 1


async def test_secrets_are_replaced_without_a_gap_while_deliveries_are_under_way(
    house: House,
) -> None:
    """P22: "500 deliveries/min, rotate 5 times": a receiver may change over as late as the next rotation."""
    unit = await house.member()
    clock = asyncio.get_running_loop()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = lambda _: Reply(after=60 / DELIVERIES_A_MINUTE)
        for _ in range((ROTATIONS + 5) * BETWEEN_ROTATIONS):
            await house.issue()
        changes = [(clock.time(), made["secret"])]
        for _ in range(ROTATIONS):
            await requested(owners, BETWEEN_ROTATIONS)
            secret = (await rotate(owners, unit, made))["secret"]
            changes.append((clock.time(), secret))
        await requested(owners, BETWEEN_ROTATIONS)
        ends = [at for at, _ in changes[1:]] + [clock.time()]
        for ((_, old), (at, new)), end in zip(pairwise(changes), ends[1:], strict=True):
            meanwhile = [r for r in owners.requests() if at < r.at <= end]
            assert len(meanwhile) >= BETWEEN_ROTATIONS
            assert all(opens(old, r) for r in meanwhile)
            assert all(opens(new, r) for r in meanwhile if r.at > at + SEEN_SECONDS + LATE_SECONDS)


async def test_after_its_day_the_old_secret_opens_nothing(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        rotated = await rotate(owners, unit, made)
        until = datetime.fromisoformat(rotated["former_secrets_until"])
        async with house.database.begin() as work:
            assert timedelta(hours=23) < until - work.now <= timedelta(hours=24)
        await end_overlaps(house)
        for request in await next_requests(owners, unit, made):
            assert opens(rotated["secret"], request)
            assert not opens(made["secret"], request)


async def test_a_compromised_secret_opens_nothing_from_then_on(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        second = await rotate(owners, unit, made)
        third = await rotate(owners, unit, made, compromised=True)
        assert third["former_secrets_until"] is None
        for request in await next_requests(owners, unit, made):
            assert opens(third["secret"], request)
            assert not opens(second["secret"], request)
            assert not opens(made["secret"], request)


async def test_at_most_two_former_secrets_sign_along(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        rotations = [await rotate(owners, unit, made) for _ in range(ROTATIONS)]
        secrets = [shown["secret"] for shown in (made, *rotations)]
        for request in await next_requests(owners, unit, made):
            assert [opens(secret, request) for secret in secrets] == [False] * 3 + [True] * 3
        assert await house.scalar("SELECT count(*) FROM webhook_secrets") == 3


async def test_a_new_secret_is_shown_once_whatever_is_repeated(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        path, key = f"{path_of(made)}/secret-rotation", {"Idempotency-Key": "rotate"}
        first, second = [
            await owners.of(unit).ask("POST", path, {}, expect=200, headers=key) for _ in range(2)
        ]
        for answer in (first, second):
            assert answer.headers["cache-control"] == "no-store"
            assert "idempotency-replayed" not in answer.headers
        assert first.json()["secret"] != second.json()["secret"]
        stale = await owners.of(unit).ask("POST", path, {}, headers={"If-Match": '"1-owner"'})
        assert code_of(stale) == (412, "outdated")


async def test_a_secret_that_no_key_opens_any_more_is_healed_by_a_rotation(house: House) -> None:
    """The keys of the deployment were lost: nothing else has to be."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        async with house.database.begin() as work:
            await work.db.execute(text("UPDATE webhook_secrets SET sealed = sealed || '\\x00'"))
        rotated = await rotate(owners, unit, made)
        assert rotated["former_secrets_until"] is None
        for request in await next_requests(owners, unit, made):
            assert opens(rotated["secret"], request)


async def test_a_secret_that_no_key_opens_delays_nobody_else(house: House) -> None:
    unlucky, unit = await house.member(), await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unlucky, "unlucky")
        await owners.endpoint(unit)
        async with house.database.begin() as work:
            await work.db.execute(
                text(
                    "UPDATE webhook_secrets SET sealed = sealed || '\\x00' WHERE endpoint_id = :id"
                ),
                {"id": made["id"]},
            )
        await house.issue()

        async def is_told() -> bool:
            return bool(owners.told())

        await eventually(is_told, within=5)


async def clear_in(house: House, secret: str) -> list[str]:
    """The tables that hold ``secret`` in any form in which one could read it."""
    written = secret.removeprefix("whsec_")
    key = base64.b64decode(written)
    forms = [written, key.hex(), base64.urlsafe_b64encode(key).decode(), repr(key)[2:-1]]
    found = []
    async with house.database.begin() as work:
        for table in (await work.db.scalars(text(TABLES))).all():
            rows = (await work.db.scalars(text(f'SELECT t::text FROM "{table}" t'))).all()
            if any(form in row for row in rows for form in forms):
                found.append(table)
    return found


async def test_no_table_holds_a_secret_in_clear(house: House) -> None:
    """P22: "database dump contains no plaintext secret"."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        rotated = await rotate(owners, unit, made)
        await next_requests(owners, unit, made)
        for secret in (made["secret"], rotated["secret"]):
            assert await clear_in(house, secret) == []


@pytest.mark.parametrize(
    ("kept", "as_text"),
    [("webhook_secrets SET sealed", False), ("webhook_endpoints SET description", True)],
)
async def test_a_secret_in_clear_is_found(house: House, kept: str, *, as_text: bool) -> None:
    """The negative control: a build that keeps the key, or what was shown, as it is."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        shown = made["secret"]
        value = shown if as_text else base64.b64decode(shown.removeprefix("whsec_"))
        async with house.database.begin() as work:
            await work.db.execute(text(f"UPDATE {kept} = :value"), {"value": value})
        assert await clear_in(house, shown) == [kept.split(" ", maxsplit=1)[0]]


async def test_an_answer_that_repeats_our_headers_is_kept_sealed(house: House) -> None:
    """53: "receiver echoes our headers back [not stored in clear]"."""
    unit = await house.member()
    api, keyring = house.as_member(unit), settings_of(house).keyring
    body = {"target_url": "http://hooks.unit.example/"}
    made = await api.post("/v1/webhook-endpoints", body, expect=201)
    echoed = b"webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
    async with house.database.begin() as work:
        await expand_messages(work)
        (run,) = await take_runs(work, keyring, limit=10, slow=False)
        attempted = conclude(
            run.deliveries[0],
            Answer.of(500, body=echoed),
            keyring,
            started_at=run.taken_at,
            duration=timedelta(milliseconds=12),
            lot=0,
        )
        await record_reports(work, [Report(run, [attempted], is_over=True)])
    (entry,) = (await api.get(f"{path_of(made)}/deliveries"))["items"]
    (attempt,) = (await api.get(path_of(entry)))["attempts"]
    assert attempt["response_excerpt"] == echoed.decode()
    kept = await house.scalar("SELECT string_agg(t::text, '') FROM webhook_attempts t")
    for form in (echoed.decode(), echoed.hex(), echoed[20:60].hex()):
        assert form not in kept
