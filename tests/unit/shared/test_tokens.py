"""Forged, broken and honest tokens (reliability 8.4, items 54 to 64)."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.utils import base64url_encode

from shared.http.tokens import REMEMBERED_TOKENS
from shared.kernel.actor import Actor, Role, Subject
from tests.support.issuing import (
    EC,
    ED,
    ISSUER,
    MEMBER,
    NOW,
    RSA,
    SHORT_RSA,
    STRANGER,
    Bench,
    SigningKey,
    claims_of,
    header_of,
    part,
    token,
    with_header,
    without_header,
    written,
)


def ed_bytes() -> bytes:
    der: bytes = ED.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return der


def rsa_pem() -> bytes:
    pem: bytes = RSA.private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return pem


def hs256(secret: bytes) -> str:
    signed = part(json.dumps(header_of(alg="HS256"))) + "." + part(json.dumps(claims_of()))
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return signed + "." + base64url_encode(mac).decode()


def unsigned(algorithm: str, signature: str = "") -> str:
    return (
        f"{part(json.dumps(header_of(alg=algorithm)))}.{part(json.dumps(claims_of()))}.{signature}"
    )


GOOD = token()
U1 = Subject(ISSUER, "u1")

FORGERIES: dict[str, Callable[[], str]] = {
    # 54: algorithms
    "alg none, nothing signed": lambda: unsigned("none"),
    "alg none, something signed": lambda: unsigned("none", "AAAA"),
    "alg NONE": lambda: unsigned("NONE", "AAAA"),
    "alg none with a good signature": lambda: with_header(alg="none"),
    "HS256 with the RSA key as its secret": lambda: hs256(rsa_pem()),
    "HS256 with the Ed25519 key as its secret": lambda: hs256(ed_bytes()),
    "HS256 with the JWK as its secret": lambda: hs256(json.dumps(ED.jwk()).encode()),
    "HS256 without a secret": lambda: hs256(b""),
    "another key's algorithm": lambda: token(RSA, header_of(ED, alg="RS256")),
    "another algorithm's name": lambda: token(EC, header_of(EC, alg="EdDSA")),
    "RS512 by an RSA key": lambda: token(SigningKey("rsa", "RS512", RSA.private)),
    "PS256 by an RSA key": lambda: token(SigningKey("rsa", "PS256", RSA.private)),
    "alg missing": lambda: without_header("alg"),
    "alg a list": lambda: with_header(alg=["EdDSA"]),
    "alg null": lambda: with_header(alg=None),
    "a stranger's signature": lambda: token(STRANGER),
    "an RSA key too short": lambda: token(SHORT_RSA),
    # 55: instants
    "no exp": lambda: token(exp=None),
    "exp a text": lambda: token(exp=str(NOW + 900)),
    "exp 1e308": lambda: token(exp=1e308),
    "exp NaN": lambda: token(exp=float("nan")),
    "exp Infinity": lambda: token(exp=float("inf")),
    "exp a fraction": lambda: token(exp=NOW + 900.0),
    "exp null": lambda: ED.sign(json.dumps(header_of()), json.dumps(claims_of() | {"exp": None})),
    "exp true": lambda: token(exp=True),
    "exp beyond 64 bit": lambda: token(exp=10**30),
    "exp a list": lambda: token(exp=[NOW + 900]),
    "expired": lambda: token(iat=NOW - 930, exp=NOW - 30),
    "a life of 901 seconds": lambda: token(exp=NOW + 901),
    "no life": lambda: token(exp=NOW),
    "a life backwards": lambda: token(iat=NOW + 20, exp=NOW + 10),
    "no iat": lambda: token(iat=None),
    "iat a text": lambda: token(iat=str(NOW)),
    "iat far in the past": lambda: token(iat=-(2**63)),
    # 56: audience
    "wrong aud": lambda: token(aud="other"),
    "no aud": lambda: token(aud=None),
    "aud a list without us": lambda: token(aud=["other", "gongyue2"]),
    "aud an empty list": lambda: token(aud=[]),
    "aud a mixed list": lambda: token(aud=["gongyue", 1]),
    "aud an object": lambda: token(aud={"gongyue": 1}),
    "aud in capitals": lambda: token(aud="GONGYUE"),
    # 57: issuer
    "wrong iss": lambda: token(iss="https://other.test"),
    "no iss": lambda: token(iss=None),
    "iss a list": lambda: token(iss=[ISSUER]),
    "iss an object": lambda: token(iss={}),
    "iss with a slash at its end": lambda: token(iss=ISSUER + "/"),
    "iss a prefix": lambda: token(iss=ISSUER[:-1]),
    # 58, 59: another kind of token
    "an ID token": lambda: with_header(typ="JWT"),
    "no typ": lambda: without_header("typ"),
    "typ a list": lambda: with_header(typ=["at+jwt"]),
    "a logout token": lambda: with_header(typ="logout+jwt"),
    "a token for another service": lambda: token(aud="https://other.test/api"),
    # 60: keys that the token brings along
    "jwk": lambda: with_header(STRANGER, jwk=STRANGER.jwk()),
    "jku": lambda: with_header(STRANGER, jku="https://evil.test/jwks"),
    "x5u": lambda: with_header(STRANGER, x5u="https://evil.test/cert"),
    "kid a path": lambda: with_header(kid="../../../../dev/null"),
    "kid SQL": lambda: with_header(kid="x' UNION SELECT 'key"),
    "kid empty": lambda: with_header(kid=""),
    "kid a number": lambda: with_header(kid=1),
    "kid a list": lambda: with_header(kid=["ed"]),
    "kid an object": lambda: with_header(kid={}),
    "no kid": lambda: without_header("kid"),
    # 62: subject and other claims
    "sub twice": lambda: written('"sub": "u2"'),
    "sub twice, once escaped": lambda: written(r'"\u0073ub": "u2"'),
    "no sub": lambda: token(sub=None),
    "sub a number": lambda: token(sub=1),
    "sub empty": lambda: token(sub=""),
    "sub a blank": lambda: token(sub=" "),
    "sub with a blank at its end": lambda: token(sub="u1 "),
    "sub with NUL": lambda: token(sub="u1\0"),
    "sub with a line end": lambda: token(sub="u1\n"),
    "sub with a bidi override": lambda: token(sub="\u202eu1"),
    "sub with half a pair": lambda: token(sub="\ud800"),
    "sub of 201 characters": lambda: token(sub="u" * 201),
    "an unknown role": lambda: token(roles=["registrar", "root"]),
    "a role that follows from the caller": lambda: token(roles=["representative"]),
    "the public as a role": lambda: token(roles=["public"]),
    "roles a text": lambda: token(roles="registrar"),
    "roles an object": lambda: token(roles={"registrar": True}),
    "roles nested": lambda: token(roles=[["registrar"]]),
    "roles null": lambda: written('"roles": null'),
    "roles twice": lambda: written('"roles": [], "roles": ["authority"]'),
    "member of another kind": lambda: token(member="cas_" + "0" * 32),
    "member with a line end": lambda: token(member=MEMBER + "\n"),
    "member in capitals": lambda: token(member="mem_" + "A" * 32),
    "member a list": lambda: token(member=[MEMBER]),
    "claims a list": lambda: ED.sign(json.dumps(header_of()), "[]"),
    "claims no JSON": lambda: ED.sign(json.dumps(header_of()), "{"),
    "claims 1,000 deep": lambda: written('"x": ' + "[" * 1000 + "]" * 1000),
    # 63: not yet, and extensions
    "nbf in the future": lambda: token(nbf=NOW + 31),
    "nbf a text": lambda: token(nbf="0"),
    "iat in the future": lambda: token(iat=NOW + 31, exp=NOW + 900),
    "crit": lambda: with_header(crit=["exp"], exp=NOW + 900),
    "crit b64": lambda: with_header(crit=["b64"], b64=True),
    "crit empty": lambda: with_header(crit=[]),
    "crit null": lambda: with_header(crit=None),
    "b64 false": lambda: with_header(b64=False),
    # 64: form
    "nothing": lambda: "",
    "a word": lambda: "token",
    "dots": lambda: "..",
    "1 MB": lambda: token(sub="u1", x="a" * 1_000_000),
    "8 KiB and a little": lambda: token(x="a" * 6_000),
    "two parts": lambda: GOOD.rpartition(".")[0],
    "five parts": lambda: f"{GOOD}.AAAA.AAAA",
    "a JWE": lambda: ".".join([part('{"alg":"dir","enc":"A256GCM"}'), *["AAAA"] * 4]),
    "padding": lambda: GOOD + "=",
    "blanks around": lambda: f" {GOOD} ",
    "a line end": lambda: GOOD + "\n",
    "digits of another script": lambda: GOOD[:-1] + "٣",
    "half a pair": lambda: GOOD + "\ud800",
    "the header twice": lambda: ED.sign(
        '{"typ":"at+jwt","alg":"EdDSA","kid":"ed","kid":"ec"}', json.dumps(claims_of())
    ),
    "the header a list": lambda: ED.sign("[]", json.dumps(claims_of())),
    "the header 1,000 deep": lambda: ED.sign("[" * 1000, json.dumps(claims_of())),
    "the header with a byte order mark": lambda: ED.sign(
        "\ufeff" + json.dumps(header_of()), json.dumps(claims_of())
    ),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=list(FORGERIES))
async def test_a_forgery_is_a_bad_token_and_nothing_else(forge: Callable[[], str]) -> None:
    bench = Bench()
    await bench.verify(token(sub="the bench admits good tokens"))
    assert await bench.refuses(forge())


async def test_a_token_with_any_one_letter_changed_is_a_bad_token() -> None:
    bench = Bench()
    for place, letter in enumerate(GOOD):
        changed = "A" if letter != "A" else "B"
        assert await bench.refuses(GOOD[:place] + changed + GOOD[place + 1 :])


@pytest.mark.parametrize("shown", [None, 5, b"bytes", ["list"]])
async def test_what_is_no_text_is_a_bad_token(shown: Any) -> None:
    assert await Bench().refuses(shown)


@settings(deadline=None)
@given(st.text() | st.text("eyJ.-_", max_size=40), st.text(), st.text())
def test_noise_is_a_bad_token(noise: str, header: str, claims: str) -> None:
    async def refused() -> bool:
        bench = Bench()
        signed = ED.sign(header, claims) if (header + claims).isprintable() else noise
        return await bench.refuses(noise) and await bench.refuses(signed)

    assert asyncio.run(refused())


HONEST: dict[str, tuple[Callable[[], str], Actor]] = {
    "Ed25519": (lambda: token(ED), Actor(U1)),
    "ECDSA": (lambda: token(EC), Actor(U1)),
    "RSA": (lambda: token(RSA), Actor(U1)),
    "the long type": (lambda: with_header(typ="application/at+jwt"), Actor(U1)),
    "addresses of keys, not looked at": (lambda: with_header(jku="https://evil.test/"), Actor(U1)),
    "one audience of several": (lambda: token(aud=["other", "gongyue"]), Actor(U1)),
    "unknown claims": (lambda: token(scope="x", nested={"a": [1]}), Actor(U1)),
    "the longest subject": (lambda: token(sub="张" * 200), Actor(Subject(ISSUER, "张" * 200))),
    "a subject with a blank": (lambda: token(sub="a b"), Actor(Subject(ISSUER, "a b"))),
    "30 seconds late": (lambda: token(iat=NOW - 929, exp=NOW - 29), Actor(U1)),
    "30 seconds early": (lambda: token(iat=NOW + 30, nbf=NOW + 30, exp=NOW + 900), Actor(U1)),
    "a member": (lambda: token(member=MEMBER), Actor(U1, member_id=MEMBER)),
    "no roles": (lambda: token(roles=[], member=MEMBER), Actor(U1, member_id=MEMBER)),
    "two roles": (
        lambda: token(roles=["registrar", "authority", "registrar"]),
        Actor(U1, frozenset({Role.REGISTRAR, Role.AUTHORITY})),
    ),
    "a role and a member: the organ acts for none": (
        lambda: token(roles=["operator"], member=MEMBER),
        Actor(U1, frozenset({Role.OPERATOR})),
    ),
}


@pytest.mark.parametrize(("mint", "actor"), HONEST.values(), ids=list(HONEST))
async def test_an_honest_token_names_its_actor(mint: Callable[[], str], actor: Actor) -> None:
    assert await Bench().verify(mint()) == actor


async def test_an_algorithm_that_is_not_configured_is_refused() -> None:
    bench = Bench(algorithms=("ES256",))
    assert await bench.refuses(token(ED))
    assert await bench.verify(token(EC)) == Actor(U1)


async def test_another_audience_can_be_configured() -> None:
    bench = Bench(audience="archive")
    assert await bench.refuses(GOOD)
    assert await bench.verify(token(aud="archive")) == Actor(U1)


async def test_a_remembered_token_ends_with_its_own_time() -> None:
    bench = Bench()
    for bench.clock.now in (NOW, NOW + 900, NOW + 929):
        assert await bench.verify(GOOD) == Actor(U1)
    bench.clock.now = NOW + 930
    assert await bench.refuses(GOOD)


async def test_remembering_one_token_admits_no_other() -> None:
    bench = Bench()
    await bench.verify(GOOD)
    assert await bench.refuses(token(STRANGER))
    assert await bench.verify(token(sub="u2")) == Actor(Subject(ISSUER, "u2"))


async def test_of_many_tokens_the_longest_unseen_is_forgotten_first() -> None:
    bench = Bench()
    shown = [token(sub=f"u{number}") for number in range(REMEMBERED_TOKENS + 1)]
    for each in shown[:-1]:
        await bench.verify(each)
    await bench.verify(shown[0])
    await bench.verify(shown[-1])
    bench.server.answer = {"keys": [EC.jwk()]}
    bench.clock.now = NOW + 601
    assert await bench.refuses(shown[1])
    assert await bench.verify(shown[0]) == Actor(Subject(ISSUER, "u0"))
    assert await bench.verify(shown[2]) == Actor(Subject(ISSUER, "u2"))
