"""An issuer that is slow, broken or hostile, and one that changes its keys (reliability 8.4, items 61 and 65)."""

import asyncio
import gzip
import json

import pytest

from shared.http import jwks
from tests.support.issuing import (
    EC,
    ED,
    KEY_SET,
    NOW,
    RSA,
    SHORT_RSA,
    STRANGER,
    Bench,
    KeyServer,
    SigningKey,
    token,
    with_header,
)

MINUTE, DAY = 60, 86_400
OCT = {"kty": "oct", "k": "c2VjcmV0", "kid": "ed", "alg": "HS256"}

HOSTILE: dict[str, KeyServer] = {
    "status 500": KeyServer(status=500),
    "status 404 with good keys": KeyServer(status=404),
    "status 201 with good keys": KeyServer(status=201),
    "a redirect": KeyServer(status=302, headers={"Location": "https://evil.test/jwks"}),
    "nothing": KeyServer(b""),
    "10 MB of blanks": KeyServer(b" " * 10_000_000 + json.dumps(KEY_SET).encode()),
    "65 KiB": KeyServer(KEY_SET | {"x": "a" * 65 * 1024}),
    "a gzip bomb": KeyServer(gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"}),
    "good keys, compressed": KeyServer(
        gzip.compress(json.dumps(KEY_SET).encode()), headers={"Content-Encoding": "gzip"}
    ),
    "a page": KeyServer(b"<html></html>"),
    "UTF-16": KeyServer(json.dumps(KEY_SET).encode("utf-16")),
    "100,000 deep": KeyServer(b"[" * 50_000),
    "a list": KeyServer([ED.jwk()]),
    "keys an object": KeyServer({"keys": {"ed": ED.jwk()}}),
    "keys null": KeyServer({"keys": None}),
    "no keys": KeyServer({"keys": []}),
    "keys that are none": KeyServer({"keys": [None, 1, "ed", ["ed"], {}]}),
    "the name keys twice": KeyServer(b'{"keys": [], "keys": [' + json.dumps(ED.jwk()).encode() + b"]}"),
    "a private key inside": KeyServer({"keys": [ED.private_jwk(), EC.private_jwk(), RSA.private_jwk()]}),
    "an oct key": KeyServer({"keys": [OCT]}),
    "the same kid twice": KeyServer({"keys": [ED.jwk(), STRANGER.jwk()]}),
    "the same kid twice, once useless": KeyServer({"keys": [ED.jwk(), OCT]}),
    "a key without kid": KeyServer({"keys": [ED.jwk(kid=None)]}),
    "a key for encryption": KeyServer({"keys": [ED.jwk(use="enc")]}),
    "a key to sign with": KeyServer({"keys": [ED.jwk(key_ops=["sign"])]}),
    "a key for another algorithm": KeyServer({"keys": [ED.jwk(alg="HS256")]}),
    "a curve that we do not know": KeyServer({"keys": [ED.jwk(crv="Ed448")]}),
    "half a point": KeyServer({"keys": [ED.jwk(x="AAAA")]}),
    "a point that is a number": KeyServer({"keys": [ED.jwk(x=1)]}),
    "an RSA key of 1,024 bit": KeyServer({"keys": [SHORT_RSA.jwk(kid="ed")]}),
}  # fmt: skip


@pytest.mark.parametrize("server", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_hostile_answer_brings_no_key(server: KeyServer) -> None:
    bench = Bench(server)
    for key in (ED, EC, RSA, SHORT_RSA):
        assert await bench.refuses(token(key))


@pytest.mark.parametrize("server", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_hostile_answer_takes_no_key_away(server: KeyServer) -> None:
    bench = Bench()
    await bench.verify(bench.token())
    bench.server.become(server)
    bench.clock.now += 11 * MINUTE
    assert await bench.verify(bench.token())


async def test_a_bad_key_beside_a_good_one_is_passed_over() -> None:
    keys = [EC.private_jwk(), OCT | {"kid": "oct"}, SHORT_RSA.jwk(), None, ED.jwk()]
    bench = Bench(KeyServer({"keys": keys}))
    assert await bench.verify(token(ED))
    assert await bench.refuses(token(EC))
    assert await bench.refuses(token(SHORT_RSA))


async def test_a_fault_of_the_transport_is_a_bad_token() -> None:
    assert await Bench(KeyServer(answer=object())).refuses(token())


async def test_an_issuer_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.01)
    server = KeyServer()
    server.is_stuck = True
    bench = Bench(server)
    assert await bench.refuses(token())
    server.is_stuck = False
    bench.clock.now += 5
    assert await bench.verify(token())


async def test_many_callers_at_once_make_one_fetch() -> None:
    bench = Bench()
    await asyncio.gather(*(bench.verify(token(sub=f"u{number}")) for number in range(50)))
    assert bench.server.fetches == 1


async def test_a_flood_of_unknown_key_names_makes_one_fetch_a_minute() -> None:
    bench = Bench()
    await bench.verify(token())
    flood = [with_header(kid=f"k{number}") for number in range(1000)]
    for minutes in range(3):
        bench.clock.now = NOW + minutes * MINUTE
        assert all([await bench.refuses(each) for each in flood])
        assert bench.server.fetches == 1 + minutes


async def test_a_silent_issuer_is_asked_once_in_five_seconds() -> None:
    bench = Bench(KeyServer(status=500))
    for second in range(10):
        bench.clock.now = NOW + second
        assert await bench.refuses(token(sub=f"u{second}"))
    assert bench.server.fetches == 2


async def test_keys_are_fresh_for_ten_minutes() -> None:
    bench = Bench()
    for minute, fetches in ((0, 1), (9, 1), (10, 2), (19, 2), (20, 3)):
        bench.clock.now = NOW + minute * MINUTE
        assert await bench.verify(bench.token())
        assert bench.server.fetches == fetches


async def test_keys_of_a_silent_issuer_are_used_for_a_day_and_no_longer() -> None:
    bench = Bench()
    await bench.verify(bench.token())
    bench.server.status = 500
    bench.clock.now = NOW + DAY - 1
    assert await bench.verify(bench.token())
    bench.clock.now = NOW + DAY
    assert await bench.refuses(bench.token())
    bench.server.status = 200
    bench.clock.now += MINUTE
    assert await bench.verify(bench.token())


async def test_a_new_key_counts_within_a_minute_and_the_old_one_ends() -> None:
    bench = Bench()
    await bench.verify(bench.token(ED))
    new = SigningKey("new", "EdDSA", STRANGER.private)
    bench.server.answer = {"keys": [new.jwk()]}
    bench.clock.now += MINUTE
    assert await bench.verify(bench.token(new))
    assert await bench.refuses(bench.token(ED))


async def test_a_caller_who_leaves_during_the_fetch_does_not_spoil_it_for_the_next() -> None:
    server = KeyServer()
    server.is_stuck = True
    bench = Bench(server)
    caller = asyncio.create_task(bench.verify(token()))
    await server.is_asked.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert caller.cancelled()
    server.is_stuck = False
    assert await bench.verify(token())
