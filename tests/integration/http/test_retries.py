"""P25: a retried POST acts once, whatever happened to the first."""

import asyncio
import json
import random
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from deploy.issuer import DevelopmentIssuer
from shared.http import idempotency
from shared.kernel.actor import Role
from tests.integration.http.sockets import Answer, Listening, as_bytes, listening, read_answer
from tests.support.eventually import eventually
from tests.support.postgres import TestPostgres
from tests.support.suite import ISSUER, Caller
from tests.support.world import (
    Who,
    World,
    a_circular,
    a_mandate,
    fresh_services,
    if_match,
    path_of,
    running_world,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENTS = 300
AT_ONCE = 50
REPLAYED = "idempotency-replayed"


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def titled(title: str) -> dict[str, Any]:
    return a_circular(title={"zh": title})


async def drafts(world: World, title: str) -> list[str]:
    """The ids of the drafts with a title."""
    async with world.database("notifications").begin() as work:
        statement = text("SELECT id FROM circulars WHERE title_zh = :title")
        return list(await work.db.scalars(statement, {"title": title}))


async def test_fifty_at_once_with_one_key_act_once(world: World) -> None:
    """Finding F17: checked first and inserted then, it would be fifty rows."""
    secretary, body = world.as_(Who.SECRETARY), titled("五十次")
    answers = await asyncio.gather(
        *(
            secretary.ask("POST", "/v1/circulars", body, expect=201, headers=keyed("fifty"))
            for _ in range(50)
        )
    )
    assert len(await drafts(world, "五十次")) == 1
    assert len({answer.content for answer in answers}) == 1
    assert sum(answer.headers.get(REPLAYED) == "true" for answer in answers) == 49
    for name in ("etag", "location", "content-type"):
        assert len({answer.headers[name] for answer in answers}) == 1


async def test_fifty_at_once_without_a_key_act_fifty_times(world: World) -> None:
    """The negative control."""
    secretary, body = world.as_(Who.SECRETARY), titled("五十份")
    await asyncio.gather(*(secretary.post("/v1/circulars", body, expect=201) for _ in range(50)))
    assert len(await drafts(world, "五十份")) == 50


async def test_fifty_applications_at_once_with_one_key_are_one(world: World) -> None:
    applicant, body = world.as_(Who.APPLICANT), world.an_application()
    answers = await asyncio.gather(
        *(
            applicant.ask("POST", "/v1/applications", body, expect=201, headers=keyed("apply"))
            for _ in range(50)
        )
    )
    assert len({answer.content for answer in answers}) == 1


async def test_one_key_for_another_body_is_refused(world: World) -> None:
    secretary = world.as_(Who.SECRETARY)
    await secretary.post("/v1/circulars", titled("甲"), expect=201, headers=keyed("body"))
    answer = await secretary.ask("POST", "/v1/circulars", titled("乙"), headers=keyed("body"))
    assert (answer.status_code, answer.json()["code"]) == (422, "key_used_differently")
    assert await drafts(world, "乙") == []


async def test_one_key_of_two_users_or_for_two_routes_is_two_keys(world: World) -> None:
    one, another = (world.caller(f"{name}.secretary", Role.SECRETARY) for name in ("li", "wu"))
    for caller in (one, another):
        answer = await caller.ask(
            "POST", "/v1/circulars", titled("同键"), expect=201, headers=keyed("shared")
        )
        assert REPLAYED not in answer.headers
    ids = await drafts(world, "同键")
    assert len(ids) == 2
    for id in ids:
        await one.post(
            f"/v1/circulars/{id}/discarding",
            headers={**keyed("shared"), "If-Match": '"1-seen"'},
        )


@pytest.mark.parametrize("key", ["k" * 10_240, "k" * 256, "", "two words"])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    answer = await world.as_(Who.SECRETARY).ask(
        "POST", "/v1/circulars", titled("坏键"), headers=keyed(key)
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "key_malformed")
    assert await drafts(world, "坏键") == []


async def test_the_key_of_a_refused_request_is_judged_anew(world: World) -> None:
    made, legal = await world.application(), world.as_(Who.LEGAL)
    sign = f"{path_of(made)}/instrument"
    refused = await legal.ask("POST", sign, headers=keyed("sign"))
    assert refused.status_code == 409
    approval = f"{path_of(made)}/approval"
    await world.as_(Who.REGISTRAR).post(approval, headers=if_match(made))
    signed = await legal.ask("POST", sign, headers=keyed("sign"))
    assert (signed.status_code, REPLAYED in signed.headers) == (200, False)


async def test_a_removed_representative_gets_no_replay(world: World) -> None:
    unit = await world.unit()
    mandate = await world.mandate(unit, "zhou", "entrusted", "all")
    representative = world.caller("zhou", member=unit)
    path = f"/v1/members/{unit}/representatives"

    async def appoint() -> httpx.Response:
        return await representative.ask("POST", path, a_mandate("qian"), headers=keyed("appoint"))

    assert (await appoint()).status_code == 201
    assert (await appoint()).headers[REPLAYED] == "true"
    await world.as_(Who.FULL, unit).post(f"{mandate}/removal")
    assert (await appoint()).status_code == 403


async def test_a_removed_representative_gets_no_replay_from_the_roster_either(world: World) -> None:
    mandate = await world.mandate(world.own, "sun", "entrusted", "circulars")
    path = f"{await world.notice()}/acknowledgement"
    representative = world.caller("sun", member=world.own)
    for replayed in (None, "true"):
        answer = await representative.ask("POST", path, expect=200, headers=keyed("acknowledge"))
        assert answer.headers.get(REPLAYED) == replayed
    await world.as_(Who.FULL).post(f"{mandate}/removal")
    await world.roster()
    answer = await representative.ask("POST", path, headers=keyed("acknowledge"))
    assert answer.status_code == 404


async def test_a_secret_shown_once_is_not_kept(world: World) -> None:
    registrar = world.as_(Who.REGISTRAR)
    path = f"/v1/members/{await world.imported()}/claim-code"
    answers = [
        await registrar.ask("POST", path, expect=201, headers=keyed("secret")) for _ in range(2)
    ]
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)
    assert not any(REPLAYED in answer.headers for answer in answers)
    first, second = (answer.json()["code"] for answer in answers)
    assert first != second
    async with world.database("membership").begin() as work:
        rows = (await work.db.scalars(text("SELECT t::text FROM idempotency_keys t"))).all()
    assert not [row for row in rows if "secret" in row or first in row or second in row]


async def test_while_the_first_is_running_the_second_is_told_to_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_MILLISECONDS", 50)
    secretary, body = world.as_(Who.SECRETARY), titled("稍候")
    async with world.database("notifications").begin() as work:
        await work.db.execute(text("LOCK TABLE circulars IN SHARE MODE"))
        both = [
            asyncio.create_task(secretary.ask("POST", "/v1/circulars", body, headers=keyed("slow")))
            for _ in range(2)
        ]
        done, running = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    (second,), (first,) = done, running
    answer = second.result()
    assert (answer.status_code, answer.json()["code"]) == (409, "still_running")
    assert answer.headers["retry-after"] == "1"
    assert (await first).status_code == 201


async def test_clients_that_cut_the_connection_and_retry_act_once_each(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    draw, answers = random.Random(25), dict[str, Answer]()
    turn = asyncio.Semaphore(AT_ONCE)

    async def insist(server: Listening, title: str) -> None:
        request = as_bytes(
            "POST",
            "/v1/circulars",
            {
                "Authorization": f"Bearer {world.bearer(Who.SECRETARY)}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"cut-{title[2:]}",
            },
            json.dumps(titled(title)).encode(),
        )
        while title not in answers:
            async with turn:
                await attempt(server, title, request)

    async def attempt(server: Listening, title: str, request: bytes) -> None:
        reader, writer = await server.connect()
        if draw.random() < 0.5:
            await cut(writer, request)
            return
        writer.write(request)
        answer = await read_answer(reader)
        if answer is not None and answer.status == 201:
            answers[title] = answer
        writer.close()

    async def cut(writer: asyncio.StreamWriter, request: bytes) -> None:
        is_whole = draw.random() < 0.7
        writer.write(request if is_whole else request[: draw.randrange(len(request))])
        await asyncio.sleep(draw.uniform(0, 0.05))
        writer.transport.abort()

    titles = [f"断线{number}" for number in range(CLIENTS)]
    async with listening(world.host) as server:
        await asyncio.gather(*(insist(server, title) for title in titles))
    async with world.database("notifications").begin() as work:
        statement = text("SELECT id, title_zh FROM circulars WHERE title_zh LIKE '断线%'")
        made = (await work.db.execute(statement)).all()
    told = {(json.loads(answer.body)["id"], title) for title, answer in answers.items()}
    assert Counter(map(tuple, made)) == Counter(told)
    assert len(told) == CLIENTS
    assert sum(REPLAYED in answer.headers for answer in answers.values()) > CLIENTS / 10
    assert "ClientDisconnect" not in caplog.text, "a client that goes away is no fault of ours"


async def test_a_process_killed_between_commit_and_answer_answers_after_its_restart(
    postgres: TestPostgres, tmp_path: Path
) -> None:
    services = await asyncio.to_thread(fresh_services, postgres)
    issuer = DevelopmentIssuer(tmp_path / "keys.json", issuer=ISSUER, environment="development")
    (url,) = (
        service.settings.database_url.get_secret_value()
        for service in services
        if service.name == "membership"
    )
    options = ["--database", url, "--keys", str(tmp_path / "keys.json")]
    async with running_world(services, parts=[], issuer=issuer) as world:
        body = world.an_application()
        async with process(*options, "--mortal") as http:
            with pytest.raises(httpx.TransportError):
                await Caller(http, world.bearer(Who.APPLICANT)).post(
                    "/v1/applications", body, headers=keyed("killed")
                )
        async with process(*options) as http:
            answer = await Caller(http, world.bearer(Who.APPLICANT)).ask(
                "POST", "/v1/applications", body, expect=201, headers=keyed("killed")
            )
        assert answer.headers[REPLAYED] == "true"
        async with world.database("membership").begin() as work:
            ids = (await work.db.scalars(text("SELECT id FROM applications"))).all()
        assert list(ids) == [answer.json()["id"]]


@asynccontextmanager
async def process(*options: str) -> AsyncIterator[httpx.AsyncClient]:
    """Membership in a process of its own, until the block ends or it kills itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.http.mortal", "--port", str(port), *options
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        async def is_up() -> bool:
            try:
                return (await http.get("/livez")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await eventually(is_up)
            yield http
        finally:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()
