"""P30: requests that are bad before anyone reads their body (reliability 8.2), also as bytes on a socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import pytest_asyncio

from shared.http import route
from shared.http.middleware import HEADER_BYTES, HEADER_FIELDS
from tests.integration.http.canary import CANARY, assert_told
from tests.integration.http.sockets import Listening, as_bytes, listening, read_answer
from tests.support.eventually import eventually
from tests.support.requests import REQUESTS, Operation
from tests.support.suite import SUITE
from tests.support.world import Who, World, path_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER = ("OPTIONS", "TRACE", "PROPFIND", CANARY.upper())
CSV = {"Content-Type": "text/csv"}


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def server(world: World) -> AsyncIterator[Listening]:
    """The world on the server that it is deployed with."""
    async with listening(world.host) as server:
        yield server


@pytest.mark.parametrize("operation", REQUESTS, ids=".".join)
async def test_a_method_that_a_path_does_not_have_is_told_so(
    world: World, log: pytest.LogCaptureFixture, operation: Operation
) -> None:
    """Item 28."""
    path = (await REQUESTS[operation](world)).path
    for method in NEVER:
        answer = await world.as_(Who.PUBLIC).ask(method, path)
        assert_told(answer, 405, log)
        assert method not in answer.headers["allow"].split(", ")
    head = await world.as_(Who.PUBLIC).ask("HEAD", path)
    assert (head.status_code, head.content) == (405, b"")


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_a_method_is_not_overridden(world: World, name: str) -> None:
    path = f"/v1/members/{world.own}/withdrawal"
    answer = await world.as_(Who.FULL).ask("GET", path, headers={name: "POST"})
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "spoof",
    [
        {"Host": f"{CANARY}.test"},
        {"X-Forwarded-Host": f"{CANARY}.test", "X-Forwarded-Proto": "gopher"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Forwarded": f"for=127.0.0.1;host={CANARY}.test"},
        {"X-Original-URL": "/operations/membership/incoming-events", "X-Rewrite-URL": f"/{CANARY}"},
    ],
)
async def test_every_link_begins_with_our_own_address(
    world: World, log: pytest.LogCaptureFixture, spoof: Mapping[str, str]
) -> None:
    """Items 29 and 30."""
    applicant = world.as_(Who.APPLICANT)
    body = world.an_application()
    made = await applicant.ask("POST", "/v1/applications", body, headers=dict(spoof), expect=201)
    assert made.headers["location"] == made.json()["url"]
    assert made.json()["url"].startswith(f"{SUITE.public_url}/v1/applications/app_")
    for path in ("/v1/applications/app_" + "0" * 32, "/v1/members/", "/v1/circulars/"):
        answer = await applicant.ask("GET", path, headers=dict(spoof))
        assert_told(answer, 404, log)
        assert "location" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.test", "null", SUITE.public_url])
async def test_no_page_of_another_origin_reads_an_answer(world: World, origin: str) -> None:
    """Item 37."""
    public = world.as_(Who.PUBLIC)
    plain = await public.ask("GET", "/v1/members?limit=1", headers={"Origin": origin}, expect=200)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = await public.ask("OPTIONS", "/v1/applications", headers=asked, expect=405)
    for answer in (plain, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "authorization",
    [
        CANARY,
        f"Bearer {CANARY}",
        f"Basic {CANARY}",
        "Bearer",
        f"Bearer {CANARY} {CANARY}",
        "Bearer " + f"{CANARY}." * 2 + CANARY,
        "Bearer " + "A" * 9_000,
        "Bearer é",
    ],
)
async def test_a_token_that_is_none_proves_nothing(
    world: World, log: pytest.LogCaptureFixture, authorization: str
) -> None:
    answer = await world.http.get(
        "/v1/applications", headers=[(b"Authorization", authorization.encode("latin-1"))]
    )
    assert_told(answer, 401, log)
    assert answer.headers["www-authenticate"] == 'Bearer realm="gongyue"'


async def test_two_tokens_are_none(world: World, log: pytest.LogCaptureFixture) -> None:
    tokens = [("Authorization", f"Bearer {world.bearer(who)}") for who in (Who.FULL, Who.REGISTRAR)]
    assert_told(await world.http.get("/v1/applications", headers=tokens), 401, log)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"PK\x03\x04", {"Content-Type": "application/zip"}, 415),
        (b"x" * (20 * 1024 * 1024 + 1), CSV, 413),
        (b"x", {**CSV, "Content-Encoding": "gzip"}, 415),
    ],
)
async def test_a_file_that_is_no_member_list_is_refused(
    world: World,
    log: pytest.LogCaptureFixture,
    content: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    """Item 36, for the one file that there is to hand in."""
    answer = await world.as_(Who.REGISTRAR).ask(
        "POST", "/v1/imports?dry_run=true", content=content, headers=headers
    )
    assert_told(answer, status, log)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"PK\x03\x04", CANARY.encode()])
async def test_a_file_without_a_list_in_it_makes_no_member(world: World, content: bytes) -> None:
    registrar = world.as_(Who.REGISTRAR)
    job = await registrar.post("/v1/imports", content=content, headers=CSV, expect=202)

    async def is_refused() -> bool:
        return bool((await registrar.get(path_of(job)))["status"] == "refused")

    await eventually(is_refused)
    (row,) = (await registrar.get(f"{path_of(job)}/rows"))["items"]
    assert row["member_id"] is None
    assert CANARY not in str(row)


def lines(
    *fields: bytes, start: bytes = b"POST /v1/applications HTTP/1.1", body: bytes = b""
) -> bytes:
    return b"\r\n".join([start, b"Host: suite.test", *fields, b"", b""]) + body


CHUNKED = b"Transfer-Encoding: chunked"
SECOND = b"0\r\n\r\nGET /v1/register HTTP/1.1\r\nHost: suite.test\r\n\r\n"
NOT_HTTP = {
    "31 length, then chunked": lines(b"Content-Length: 4", CHUNKED, body=SECOND),
    "31 chunked, then length": lines(CHUNKED, b"Content-Length: 4", body=SECOND),
    "31 two lengths": lines(b"Content-Length: 4", b"Content-Length: 5", body=SECOND),
    "31 a list of lengths": lines(b"Content-Length: 4, 4", body=SECOND),
    "31 a signed length": lines(b"Content-Length: +4", body=SECOND),
    "31 a negative length": lines(b"Content-Length: -4", body=SECOND),
    "31 a length in hex": lines(b"Content-Length: 0x4", body=SECOND),
    "31 a length beyond 64 bit": lines(b"Content-Length: 99999999999999999999", body=SECOND),
    "31 an unknown coding": lines(b"Transfer-Encoding: xchunked", body=SECOND),
    "31 chunked not last": lines(b"Transfer-Encoding: chunked, identity", body=SECOND),
    "31 chunked twice": lines(CHUNKED, CHUNKED, body=SECOND),
    "31 a blank before the colon": lines(b"Transfer-Encoding : chunked", body=SECOND),
    "31 a vertical tab": lines(b"Transfer-Encoding:\x0bchunked", body=SECOND),
    "31 a chunk of no size": lines(CHUNKED, body=b"zz\r\n" + SECOND),
    "31 a chunk beyond 64 bit": lines(CHUNKED, body=b"f" * 17 + b"\r\n" + SECOND),
    "31 a chunk line that ends in LF": lines(CHUNKED, body=b"1\nx\r\n" + SECOND),
    "32 CR in a value": lines(b"Idempotency-Key: a\rb"),
    "32 NUL in a value": lines(b"Idempotency-Key: a\0b"),
    "32 a folded value": lines(b"Idempotency-Key: a\r\n b"),
    "32 a blank in a name": lines(b"Idempotency Key: a"),
    "32 lines that end in LF": lines().replace(b"\r\n", b"\n"),
    "a path with a blank": lines(start=b"GET /v1/mem bers HTTP/1.1"),
    "a path beyond ASCII": lines(start="GET /v1/é HTTP/1.1".encode()),
    "a path of 100 KB": lines(start=b"GET /" + b"a" * 100_000 + b" HTTP/1.1"),
    "a method that is none": lines(start=b"KANARIENVOGEL / HTTP/1.1"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
}


@pytest.mark.parametrize("name", NOT_HTTP)
async def test_what_is_not_http_is_answered_400_and_the_connection_closed(
    server: Listening, name: str
) -> None:
    """So that nobody reads a second request where another would read a body. The server's own answer, in plain text."""
    reader, writer = await server.connect()
    writer.write(NOT_HTTP[name])
    async with asyncio.timeout(10):
        answer, rest = await read_answer(reader), await reader.read()
    writer.close()
    assert answer is not None
    assert (answer.status, answer.body, rest) == (400, b"Invalid HTTP request received.", b"")


@pytest.mark.parametrize(
    "fields",
    [
        [(f"X-Field-{n}", CANARY) for n in range(1000)],
        [(f"X-Field-{n}", CANARY) for n in range(HEADER_FIELDS)],
        [("X-Field", CANARY * 8_000)],
        [("Cookie", CANARY * (HEADER_BYTES // len(CANARY)))],
    ],
    ids=["1,000 fields", "101 fields", "100 KB", "over 16 KiB"],
)
async def test_a_header_that_is_too_large_is_told_so(
    server: Listening, log: pytest.LogCaptureFixture, fields: list[tuple[str, str]]
) -> None:
    """Item 33."""
    told = await server.send(as_bytes("GET", "/v1/register", fields))
    assert told is not None
    assert_told(
        httpx.Response(told.status, headers=dict(told.headers), content=told.body), 431, log
    )


async def test_a_header_of_a_hundred_fields_is_read(server: Listening) -> None:
    fields = [(f"X-Field-{n}", "x" * 100) for n in range(HEADER_FIELDS - 1)]
    answer = await server.send(as_bytes("GET", "/v1/register", fields))
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    "fields",
    [
        [b"Content-Length: 2147483648"],
        [b"Content-Length: 1048577"],
    ],
)
async def test_a_length_that_is_too_much_is_refused_before_it_comes(
    world: World, server: Listening, log: pytest.LogCaptureFixture, fields: list[bytes]
) -> None:
    """Item 17."""
    told = await server.send(lines(*signed(world), *fields))
    assert told is not None
    assert_told(
        httpx.Response(told.status, headers=dict(told.headers), content=told.body), 413, log
    )


async def test_chunks_without_end_are_refused_when_they_are_too_much(
    world: World, server: Listening, log: pytest.LogCaptureFixture
) -> None:
    """Item 17."""
    chunk = b"%x\r\n%s\r\n" % (65_536, b"x" * 65_536)
    told = await server.send(lines(*signed(world), CHUNKED), *[chunk] * 17)
    assert told is not None
    assert_told(
        httpx.Response(told.status, headers=dict(told.headers), content=told.body), 413, log
    )


async def test_a_body_that_drips_is_told_that_it_is_too_slow(
    world: World,
    server: Listening,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Item 34."""
    monkeypatch.setattr(route, "BODY_SECONDS", 0.3)
    told = await server.send(
        lines(*signed(world), b"Content-Length: 1000"), *[b"{"] * 20, pause=0.05
    )
    assert told is not None
    assert_told(
        httpx.Response(told.status, headers=dict(told.headers), content=told.body), 408, log
    )


def signed(world: World) -> list[bytes]:
    bearer = f"Authorization: Bearer {world.bearer(Who.APPLICANT)}".encode()
    return [bearer, b"Content-Type: application/json"]
