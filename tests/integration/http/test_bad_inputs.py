"""P30: bodies as attackers and careless clients send them, to real routes (reliability 8.1, items 1 to 20)."""

import gzip
import json
import logging
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from shared.http.problems import MEDIA_TYPE
from tests.integration.http.canary import CANARY, assert_told
from tests.support.world import Who, World, a_circular, a_mandate, if_match, path_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = "application/json"
NOBODY = "0" * 32
PLACE = '"@"'


def named(world: World, name: bytes | str, **changes: Any) -> bytes:
    """An application whose Chinese name is the JSON text ``name``."""
    application = world.an_application(**changes)
    application["particulars"]["legal_name_zh"] = "@"
    text = name.encode() if isinstance(name, str) else name
    return json.dumps(application).encode().replace(PLACE.encode(), text)


async def submit(
    world: World, body: bytes, content_type: str = JSON, **headers: str
) -> httpx.Response:
    sent = {"Content-Type": content_type, **headers} if content_type else headers
    return await world.as_(Who.APPLICANT).ask(
        "POST", "/v1/applications", content=body, headers=sent
    )


NAMES: Mapping[str, tuple[bytes | str, int]] = {
    "1 NUL": (rf'"{CANARY}\u0000"', 422),
    "2 lone surrogate": (rf'"{CANARY}\ud800"', 422),
    "3 NaN": ("NaN", 422),
    "3 -Infinity": ("-Infinity", 422),
    "4 1e999": ("1e999", 422),
    "5 beyond 32 bit": ("2147483648", 422),
    "5 beyond 64 bit": ("9223372036854775808", 422),
    "5 of 5,000 digits": ("1" + "0" * 5000, 422),
    "6 NUL, nested": (rf'{{"a": [{{"b": "{CANARY}\u0000"}}]}}', 422),
    "7 100,000 deep": ("[" * 100_000 + "]" * 100_000, 400),
    "8 900 deep": ("[" * 900 + "]" * 900, 400),  # told like any depth: the body is not read at all
    "9 a name twice": (f'{{"{CANARY}": 1, "{CANARY}": 2}}', 400),
    "11 no UTF-8": (b'"' + CANARY.encode() + b'\xff"', 400),
    "11 an overlong slash": (b'"\xc0\xaf"', 400),
    "15 a number for a text": ("5", 422),
    "15 a list for a text": (f'["{CANARY}"]', 422),
    "17 a field of 900 KB": ('"' + CANARY * 70_000 + '"', 422),
    "17 1,001 items": (json.dumps([CANARY] * 1001), 422),
    "19 bidi override": (f'"{CANARY}\u202etxt"', 422),
    "19 zero width": (f'"{CANARY}\u200b"', 422),
    "19 a tag character": (f'"{CANARY}\U000e0041"', 422),
    "20 150 combining marks": ('"' + CANARY + "\u0301" * 150 + '"', 422),
    "25 a formula": (f'"=HYPERLINK({CANARY})"', 422),
    "25 a full-width formula": (f'"＝{CANARY}"', 422),
    "no JSON": (f"'{CANARY}'", 400),
    "a comment": (f'"{CANARY}" /* {CANARY} */', 400),
    "nothing but blanks": ('"   "', 422),
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_value_that_cannot_be_kept_is_refused(
    world: World, log: pytest.LogCaptureFixture, name: str
) -> None:
    value, status = NAMES[name]
    assert_told(await submit(world, named(world, value)), status, log)


async def test_a_good_value_is_taken(world: World) -> None:
    """The negative control: with nothing bad in it, the same request succeeds."""
    answer = await submit(world, named(world, '"北京示例网络科技有限公司"'))
    assert answer.status_code == 201
    assert answer.json()["particulars"]["legal_name_zh"] == "北京示例网络科技有限公司"


async def test_an_echo_is_found(log: pytest.LogCaptureFixture) -> None:
    """The negative control of every test here: an answer, or a line in the log, that repeats what was sent."""
    log.set_level(logging.INFO, "gongyue.access")
    for said, line in ((CANARY, "request"), ("nothing", CANARY)):
        logging.getLogger("gongyue.access").info(line)
        answer = httpx.Response(422, json={"status": 422, "detail": said})
        answer.headers["content-type"] = MEDIA_TYPE
        with pytest.raises(AssertionError):
            assert_told(answer, 422, log)


WHOLE: Mapping[str, tuple[bytes, int]] = {
    "14 nothing": (b"", 422),
    "14 blanks": (b"  ", 400),
    "14 null": (b"null", 422),
    "14 a list": (b"[]", 422),
    "14 a scalar": (b'"kanarienvogel"', 422),
    "14 an empty object": (b"{}", 422),
    "14 cut off": (b'{"kanarienvogel": ', 400),
    "9 the outermost name twice": (b'{"accepts_rules": true, "accepts_rules": false}', 400),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_a_body_that_is_no_application_is_refused(
    world: World, log: pytest.LogCaptureFixture, name: str
) -> None:
    body, status = WHOLE[name]
    assert_told(await submit(world, body), status, log)


@pytest.mark.parametrize("field", ["role", "status", "unit_id", "version", f"{CANARY} <b>", "成员"])
async def test_an_unknown_field_is_refused(
    world: World, log: pytest.LogCaptureFixture, field: str
) -> None:
    """Item 10. A pointer names no field that none of ours could be called."""
    body = world.an_application(**{field: CANARY})
    assert_told(await submit(world, json.dumps(body).encode()), 422, log)


@pytest.mark.parametrize("value", ['"true"', "1", "0", "null", '"1"', "1.0", "[]"])
async def test_only_true_and_false_are_yes_and_no(
    world: World, log: pytest.LogCaptureFixture, value: str
) -> None:
    body = named(world, '"示例公司"').replace(
        b'"accepts_rules": true', f'"accepts_rules": {value}'.encode()
    )
    assert_told(await submit(world, body), 422, log)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
async def test_a_body_in_another_encoding_is_refused(
    world: World, log: pytest.LogCaptureFixture, encoding: str
) -> None:
    body = named(world, f'"{CANARY}"').decode().encode(encoding)
    assert_told(await submit(world, body), 400, log)


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json, text/plain",
        CANARY,
    ],
)
async def test_another_media_type_is_refused(
    world: World, log: pytest.LogCaptureFixture, media_type: str
) -> None:
    answer = await submit(world, named(world, '"示例公司"'), media_type)
    assert_told(answer, 415, log)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity", "deflate, gzip"])
async def test_an_encoded_body_is_refused_unread(
    world: World, log: pytest.LogCaptureFixture, encoding: str
) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await submit(world, bomb, **{"Content-Encoding": encoding})
    assert_told(answer, 415, log)


async def test_a_body_of_ten_megabytes_is_refused(
    world: World, log: pytest.LogCaptureFixture
) -> None:
    body = named(world, '"' + "x" * 10_000_000 + '"')
    assert_told(await submit(world, body), 413, log)


MOMENTS = [
    "2199-12-31T00:00:00",
    "2199-12-31",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2199-12-31T23:59:60Z",
    "2199-02-30T00:00:00Z",
    "2199-12-31T00:00:00+99:99",
    "2199-12-31T00:00:00+24:00",
    "2199-12-31 00:00:00Z",
    "2199-12-31T00:00:00.1234567890Z",
    "２１９９-12-31T00:00:00Z",
    f"2199-12-31T00:00:00Z{CANARY}",
    "",
    1e15,
    4102444800,
    True,
    None,
]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_moment_that_is_none_is_refused(
    world: World, log: pytest.LogCaptureFixture, moment: Any
) -> None:
    """Item 16."""
    made = await world.circular()
    answer = await world.as_(Who.SECRETARY).ask(
        "POST", f"{path_of(made)}/scheduling", {"issue_at": moment}, headers=if_match(made)
    )
    assert_told(answer, 422, log)


@pytest.mark.parametrize("day", ["2026-13-01", "0000-01-01", "2026-1-1", 0, 1e15, "1784505600"])
async def test_a_day_that_is_none_is_refused(
    world: World, log: pytest.LogCaptureFixture, day: Any
) -> None:
    path = f"/v1/members/{world.own}/withdrawal"
    answer = await world.as_(Who.FULL).ask("POST", path, {"effective_on": day})
    assert_told(answer, 422, log)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/representatives", a_mandate(CANARY, kind="king")),
        ("POST", "/representatives", a_mandate(CANARY, scopes=["all", CANARY])),
        ("POST", "/representatives", a_mandate(CANARY, scopes=[])),
        ("POST", "/representatives", a_mandate(CANARY + "\u0085")),
        ("PATCH", "", {"sectors": [CANARY]}),
        ("PATCH", "", {"contact_email": f"{CANARY}@localhost"}),
        ("PATCH", "", {"contact_phone": CANARY}),
        ("PATCH", "", {"legal_name_en": "x" + CANARY * 16}),
    ],
)
async def test_a_value_outside_its_list_or_form_is_refused(
    world: World, log: pytest.LogCaptureFixture, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await world.as_(Who.FULL).ask(
        method, f"/v1/members/{world.own}{path}", body, headers={"If-Match": "*"}
    )
    assert_told(answer, 422, log)


@pytest.mark.parametrize(
    "audience",
    [
        {"kind": CANARY},
        {"kind": "sector"},
        {"kind": "sector", "sector": CANARY},
        {"kind": "members", "members": []},
        {"kind": "members", "members": [CANARY]},
        {"kind": "members", "members": [f"mem_{NOBODY}"] * 2},
        {"kind": "all", "members": [CANARY]},
        CANARY,
    ],
)
async def test_an_audience_that_is_none_is_refused(
    world: World, log: pytest.LogCaptureFixture, audience: Any
) -> None:
    body = a_circular(audience=audience)
    answer = await world.as_(Who.SECRETARY).ask("POST", "/v1/circulars", body)
    assert_told(answer, 422, log)
