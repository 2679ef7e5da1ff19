"""Bodies as attackers and careless clients send them (reliability 8.1, items 1 to 20)."""

import gzip
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from shared.http.strict import (
    Body,
    Choice,
    Day,
    Email,
    Flag,
    Line,
    Moment,
    Prose,
    SubjectBody,
    UnreadableBody,
    Whole,
    parse_json,
)
from shared.kernel.actor import Subject


class Sector(StrEnum):
    SEARCH = "search"
    MAIL = "mail"


class Application(Body):
    """A body with a field of every kind."""

    name: Line
    reasons: Prose | None = None
    founded_on: Day | None = None
    signed_at: Moment | None = None
    employees: Whole | None = None
    accepts_the_rules: Flag | None = None
    mail: Email | None = None
    sector: Choice[Sector] | None = None
    legal_representative: SubjectBody | None = None
    domains: list[Line] | None = None


class StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            try:
                await request.json()
            except UnreadableBody as fault:
                status = 422 if fault.is_well_formed else 400
                return JSONResponse({fault.pointer: fault.code}, status)
            return await handle(request)

        return answer


async def invalid(_request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    faults = {"".join(f"/{at}" for at in e["loc"][1:]): e["type"] for e in fault.errors()}
    return JSONResponse(faults, 422)


def register_office() -> FastAPI:
    app = FastAPI(exception_handlers={RequestValidationError: invalid})
    app.router.route_class = StrictRoute

    @app.post("/v1/applications", status_code=201)
    async def apply(application: Application) -> dict[str, Any]:
        return application.model_dump(mode="json", exclude_unset=True)

    return app


async def send(
    body: bytes, content_type: str = "application/json", **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(register_office(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gongyue.test") as client:
        return await client.post(
            "/v1/applications", content=body, headers={"Content-Type": content_type, **headers}
        )


def field(name: str, raw: str) -> bytes:
    """A good application but for the field ``name``, whose JSON text is ``raw``."""
    others = "" if name == "name" else '"name": "新浪网", '
    return f'{{{others}"{name}": {raw}}}'.encode()


HALF_PAIR = rb"\ud800"

REFUSED_BODIES: list[tuple[str, bytes, int, dict[str, str]]] = [
    # 1, 2, 6: what PostgreSQL cannot store
    ("raw NUL", b'{"name": "a\0b"}', 400, {"": "not_json"}),
    ("NUL in a name", rb'{"name": "a", "b\u0000": 1}', 422, {"": "character_out_of_range"}),
    ("surrogate in a name", b'{"' + HALF_PAIR + b'": 1}', 422, {"": "character_out_of_range"}),
    ("NUL inside", rb'{"a": [{"b": ["", "\u0000"]}]}', 422, {"/a/0/b/1": "character_out_of_range"}),
    # 7, 8: depth and width
    ("100,000 deep", b"[" * 100_000, 400, {"": "too_deep"}),
    ("900 deep", b"[" * 900 + b"]" * 900, 400, {"": "too_deep"}),
    ("33 deep", b'{"a":' * 33 + b"1" + b"}" * 33, 400, {"": "too_deep"}),
    ("1,001 items", field("domains", str([1] * 1001)), 422, {"/domains": "too_many_items"}),
    ("1,001 names", json.dumps(dict.fromkeys(range(1001))).encode(), 422, {"": "too_many_items"}),
    # 9: names
    ("a name twice", b'{"name": "a", "name": "b"}', 400, {"": "duplicate_name"}),
    ("a name twice inside", b'{"a": [{"b": 1, "b": 1}]}', 400, {"/a/0": "duplicate_name"}),
    ("an escaped name twice", rb'{"name": "a", "\u006eame": "b"}', 400, {"": "duplicate_name"}),
    # 11, 12, 18: encodings
    ("invalid UTF-8", b'{"name": "\xff\xfe"}', 400, {"": "not_utf8"}),
    ("overlong UTF-8", b'{"name": "\xc0\x80"}', 400, {"": "not_utf8"}),
    ("a surrogate in UTF-8", b'{"name": "\xed\xa0\x80"}', 400, {"": "not_utf8"}),
    ("GB18030", '{"name": "新浪网"}'.encode("gb18030"), 400, {"": "not_utf8"}),
    ("UTF-16", '{"name": "a"}'.encode("utf-16"), 400, {"": "not_utf8"}),
    ("UTF-16 without a mark", '{"name": "a"}'.encode("utf-16-le"), 400, {"": "not_json"}),
    ("UTF-32", '{"name": "a"}'.encode("utf-32-be"), 400, {"": "not_json"}),
    ("a byte order mark", b'\xef\xbb\xbf{"name": "a"}', 400, {"": "not_json"}),
    ("a gzip bomb", gzip.compress(b"[" * 1_000_000), 400, {"": "not_utf8"}),
    # 14: not one object
    ("nothing", b"", 400, {"": "not_json"}),
    ("null", b"null", 422, {"": "model_attributes_type"}),
    ("an array", b"[]", 422, {"": "model_attributes_type"}),
    ("a string", b'"name"', 422, {"": "model_attributes_type"}),
    ("a number", b"5", 422, {"": "model_attributes_type"}),
    ("half a body", b'{"name": "a"', 400, {"": "not_json"}),
    ("two bodies", b'{"name": "a"}{}', 400, {"": "not_json"}),
    ("no name", b"{}", 422, {"/name": "missing"}),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("body", "status", "faults"),
    [row[1:] for row in REFUSED_BODIES],
    ids=[row[0] for row in REFUSED_BODIES],
)
async def test_a_hostile_body_is_refused_and_the_place_named(
    body: bytes, status: int, faults: dict[str, str]
) -> None:
    answer = await send(body)
    assert (answer.status_code, answer.json()) == (status, faults)


REFUSED_FIELDS: dict[str, dict[str, list[str]]] = {
    "name": {
        # 1, 2, 19: what cannot be stored, what the eye cannot see
        "character_out_of_range": [
            r'"a\u0000b"', r'"\ud800"', '"\u202egro"', '"a\u2066b"', '"新\u200b浪"', '"a\u200db"',
            '"a\ufeffb"', '"\u3164"', '"网\ufe00络"', '"网\U000e0100络"', r'"a\nb"', r'"a\tb"', '"a\u2028b"', r'"\u001b[2J"', '"\x7f"',
        ],
        "too_many_marks": ['"e' + "\u0301" * 5 + '"', '"e' + "\u0301" * 150 + '"'],  # 20
        "string_type": ["5", "null", "[]", "true"],
        "string_too_short": ['""', '" \u3000 "'],
        "string_too_long": [f'"{"网" * 201}"'],
    },
    "reasons": {
        "character_out_of_range": [r'"\u001b[2J"', '"\u202e"', r'"a\u000bb"'],
        "string_too_long": [f'"{"网" * 20_001}"', f'"{"a" * 10_000_000}"'],  # 17
    },
    "employees": {
        # 3, 4, 5, 15: numbers
        "number_out_of_range": [
            "NaN", "Infinity", "-Infinity", "1e999", "-1e999",
            str(2**63), str(-(2**63) - 1), "1" + "0" * 5000, "-1" + "0" * 5000,
        ],
        "less_than": [str(2**31)],
        "greater_than_equal": [str(-(2**31) - 1)],
        "int_type": ["true", '"5"', "5.0", "1e3"],
    },
    "accepts_the_rules": {"bool_type": ["1", '"yes"', '"true"']},
    "sector": {"enum": ['"oil"', "0", "true"]},
    # 16: instants and days
    "signed_at": {
        "datetime_type": ['"2005-03-09T08:00:00"', '"2005-03-09 08:00Z"', "1e15", '"1110326400"'],
        "datetime_parsing": [
            '"0000-01-01T00:00:00Z"', '"2016-12-31T23:59:60Z"', '"2005-03-09T08:00:00+99:99"',
            '"2005-03-09T24:00:00Z"', '"2005-02-29T08:00:00Z"',
        ],
        "greater_than_equal": ['"0001-01-01T00:00:00+14:00"', '"1899-12-31T23:59:59Z"'],
        "less_than": ['"9999-12-31T23:59:59-14:00"', '"2201-01-01T00:00:00Z"'],
    },
    "founded_on": {
        "date_parsing": ['"2005-02-29"', '"0000-01-01"'],
        "date_type": ['"2005-W10-3"', '"20050309"', "20050309", '"２００５-03-09"'],
        "greater_than_equal": ['"0001-01-01"'],
        "less_than_equal": ['"9999-12-31"'],
    },
    "mail": {
        "string_pattern_mismatch": ['"a@b"', '"b.cn"', r'"a@b.cn\nBcc: c@d.cn"', '"a@新浪.cn"'],
        "string_too_long": [f'"a@{"b." * 130}cn"'],
    },
    "legal_representative/sub": {
        "character_out_of_range": ['{"sub": "a "}', '{"sub": "\u200ba"}'],
        "missing": ['{"issuer": "https://issuer.test"}'],
    },
    "legal_representative/issuer": {"string_pattern_mismatch": ['{"sub": "a", "issuer": "a b"}']},
    "domains": {"list_type": ["{}", '"a.cn"']},
    # 10: unknown fields
    "role": {"extra_forbidden": ['"registrar"']},
    "status": {"extra_forbidden": ['"approved"']},
    "legal_representative/member_id": {"extra_forbidden": ['{"sub": "a", "member_id": "m"}']},
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("place", REFUSED_FIELDS)
async def test_a_hostile_value_is_refused_where_it_stands(place: str) -> None:
    name, _, _ = place.partition("/")
    for code, values in REFUSED_FIELDS[place].items():
        for raw in values:
            answer = await send(field(name, raw))
            told = (raw[:80], answer.status_code, answer.json())
            assert told == (raw[:80], 422, {f"/{place}": code})


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/json; charset=utf-16", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
        ("text/plain", {}),
        ("application/merge-patch+json", {}),
        ("application/json; charset=", {}),
    ],
)
async def test_no_content_header_breaks_the_reading(
    content_type: str, headers: dict[str, str]
) -> None:
    for body in (b'{"name": "a"}', '{"name": "a"}'.encode("utf-16"), gzip.compress(b"{}")):
        assert (await send(body, content_type, **headers)).status_code < 500


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("name", "  e\u0301tat \u3000", "état"),
        ("name", "新浪网", "新浪网"),
        ("name", "网" * 200, "网" * 200),
        ("name", "e" + "\u0323\u0301\u0302\u0300", "\u1eb9\u0301\u0302\u0300"),
        ("name", "😀", "😀"),
        ("name", "Αcme with a Greek letter", "Αcme with a Greek letter"),
        ("reasons", "one\r\n\ttwo\nthree\n", "one\n\ttwo\nthree"),
        ("founded_on", "2005-03-09", "2005-03-09"),
        ("signed_at", "2005-03-09T08:00:00+08:00", "2005-03-09T00:00:00Z"),
        ("signed_at", "2005-03-09T08:00:00.123456789Z", "2005-03-09T08:00:00.123456Z"),
        ("employees", 2**31 - 1, 2**31 - 1),
        ("employees", -(2**31), -(2**31)),
        ("accepts_the_rules", True, True),
        ("mail", "office@isc.org.cn", "office@isc.org.cn"),
        ("sector", "search", "search"),
        ("legal_representative", {"sub": "张三"}, {"sub": "张三"}),
        ("domains", ["a.cn"] * 1000, ["a.cn"] * 1000),
    ],
)
async def test_a_good_body_is_read_into_its_normal_form(
    name: str, sent: object, read: object
) -> None:
    answer = await send(json.dumps({"name": "新浪网", name: sent}).encode())
    assert (answer.status_code, answer.json()[name]) == (201, read)


def test_an_unreadable_body_names_no_place_that_the_sender_invented() -> None:
    with pytest.raises(UnreadableBody) as fault:
        parse_json(rb'{"fields": {"my secret": {"deep": "\u0000"}}}')
    assert fault.value.pointer == "/fields"


def test_the_refusal_carries_nothing_of_the_body() -> None:
    for body in (b'{"password": "hunter2"', b'{"n": 1e999, "hunter2": 1}', b'"hunter2\xff"'):
        with pytest.raises(UnreadableBody) as fault:
            parse_json(body)
        assert "hunter2" not in repr(fault.value) + fault.value.pointer
        assert fault.value.__cause__ is None
        assert fault.value.__suppress_context__


def test_brackets_inside_strings_are_no_depth() -> None:
    text = '["' + '[{\\"' * 1000 + '"]'
    assert parse_json(text.encode()) == json.loads(text)


def test_thirty_two_levels_and_the_largest_integers_are_read() -> None:
    body = "[" * 31 + f"[{2**63 - 1}, {-(2**63)}]" + "]" * 31
    assert parse_json(body.encode()) == json.loads(body)


def test_the_bound_on_arrays_can_be_narrowed() -> None:
    assert parse_json(b"[1, 2]", max_items=2) == [1, 2]
    with pytest.raises(UnreadableBody, match="too_many_items"):
        parse_json(b"[1, 2, 3]", max_items=2)


@pytest.mark.timeout(20)
def test_what_is_slow_for_a_naive_reader_is_refused_at_once() -> None:
    digits, quotes, marks = "9" * 1_000_000, '"' + '\\"' * 500_000, "\u0301\u0316" * 170_000
    for body in (f"[{digits}]", quotes, "[" * 1_000_000):
        with pytest.raises(UnreadableBody):
            parse_json(body.encode())
    with pytest.raises(ValueError, match="name"):
        Application(name=marks)


_storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _storable,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_storable, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(_json)
def test_whatever_is_within_bounds_is_read_as_it_was_written(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@settings(deadline=None)
@given(st.binary() | st.text(alphabet='[]{}",:\\u0dE-+.ntf \n').map(str.encode))
def test_whatever_else_comes_is_read_as_python_reads_it_or_refused(body: bytes) -> None:
    try:
        value = parse_json(body)
    except UnreadableBody:
        return
    assert value == json.loads(body)


def test_a_body_made_in_python_keeps_the_same_rules() -> None:
    moment = datetime(2005, 3, 9, 8, tzinfo=timezone(timedelta(hours=8)))
    made = Application(
        name=" a ", founded_on=date(2005, 3, 9), signed_at=moment, sector=Sector.MAIL
    )
    assert (made.name, made.sector) == ("a", Sector.MAIL)
    assert made.signed_at == moment
    assert made.signed_at.tzinfo is UTC
    with pytest.raises(ValueError, match="founded_on"):
        Application(name="a", founded_on=moment)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (int, "5"),
        (int, True),
        (bool, 1),
        (float, "1"),
        (str, 5),
        (date, "2005-03-09"),
        (Sector, "mail"),
    ],
)
def test_a_field_of_a_plain_type_converts_nothing_either(kind: type, sent: object) -> None:
    plain = create_model("Plain", __base__=Body, field=(kind, ...))
    with pytest.raises(ValidationError):
        plain.model_validate({"field": sent})


def test_a_subject_without_issuer_is_one_of_the_issuer_we_trust() -> None:
    ours = "https://issuer.test"
    assert SubjectBody(sub="u1").within(ours) == Subject(ours, "u1")
    elsewhere = SubjectBody(sub="u1", issuer="https://other.test")
    assert elsewhere.within(ours) == Subject("https://other.test", "u1")
