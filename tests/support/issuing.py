"""Keys, tokens that obey or break every rule, and an issuer's JWKS route that answers whatever it is told to."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.utils import base64url_encode
from starlette.types import Receive, Scope, Send

from shared.http.tokens import BadToken, TokenVerifier
from shared.kernel.actor import Actor

ISSUER = "https://issuer.test"
JWKS_URL = "https://issuer.test/.well-known/jwks.json"
MEMBER = "mem_" + "0" * 32
NOW = 1_800_000_000


class SigningKey:
    """A key pair with its name, the algorithm it signs with and its two faces as JWK."""

    def __init__(self, kid: str, algorithm: str, private: Any) -> None:
        self.kid, self.algorithm, self.private = kid, algorithm, private
        self._engine: Algorithm = get_default_algorithms()[algorithm]

    def jwk(self, **changes: object) -> dict[str, Any]:
        public = self._engine.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig"} | changes

    def private_jwk(self) -> dict[str, Any]:
        return {**self._engine.to_jwk(self.private, as_dict=True), "kid": self.kid}

    def sign(self, header: str, claims: str) -> str:
        signed = part(header) + "." + part(claims)
        signature = self._engine.sign(signed.encode(), self.private)
        return signed + "." + base64url_encode(signature).decode()


def part(text: str) -> str:
    return base64url_encode(text.encode()).decode()


ED = SigningKey("ed", "EdDSA", ed25519.Ed25519PrivateKey.generate())
EC = SigningKey("ec", "ES256", ec.generate_private_key(ec.SECP256R1()))
RSA = SigningKey("rsa", "RS256", rsa.generate_private_key(65537, 2048))
SHORT_RSA = SigningKey("short", "RS256", rsa.generate_private_key(65537, 1024))
STRANGER = SigningKey("ed", "EdDSA", ed25519.Ed25519PrivateKey.generate())
KEY_SET = {"keys": [ED.jwk(), EC.jwk(), RSA.jwk(), SHORT_RSA.jwk()]}

Members = dict[str, Any]


def header_of(key: SigningKey = ED, **changes: object) -> Members:
    return {"typ": "at+jwt", "alg": key.algorithm, "kid": key.kid} | changes


def claims_of(**changes: object) -> Members:
    """Good claims but for ``changes``; None takes a claim away."""
    claims: Members = {"iss": ISSUER, "aud": "gongyue", "sub": "u1", "iat": NOW, "exp": NOW + 900}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def token(key: SigningKey = ED, header: Members | None = None, **changes: object) -> str:
    head = json.dumps(header_of(key) if header is None else header)
    return key.sign(head, json.dumps(claims_of(**changes)))


def with_header(key: SigningKey = ED, **changes: object) -> str:
    return token(key, header_of(key, **changes))


def without_header(name: str) -> str:
    return token(header={n: value for n, value in header_of().items() if n != name})


def written(claims: str) -> str:
    """A token whose claims end with the JSON text ``claims``, unread by any library."""
    begun = json.dumps(claims_of())[:-1]
    return ED.sign(json.dumps(header_of()), f"{begun}, {claims}}}")


class KeyServer:
    """The issuer's JWKS route as an app: what it answers can be set, how often it was asked is counted."""

    def __init__(
        self, answer: object = KEY_SET, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.answer, self.status, self.headers = answer, status, headers or {}
        self.fetches = 0
        self.is_stuck = False
        self.is_asked = asyncio.Event()

    def become(self, other: "KeyServer") -> None:
        """Answer as ``other`` does from now on."""
        self.answer, self.status, self.headers = other.answer, other.status, other.headers

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        assert scope["path"] == "/.well-known/jwks.json"
        self.fetches += 1
        self.is_asked.set()
        if self.is_stuck:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Clock:
    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


class Bench:
    """A verifier between a clock and a key server of its own."""

    def __init__(self, server: KeyServer | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.server = server or KeyServer()
        self.verifier = TokenVerifier(
            issuer=ISSUER,
            jwks_url=JWKS_URL,
            client=httpx.AsyncClient(transport=httpx.ASGITransport(self.server)),
            machine_clock=self.clock,
            **settings,
        )

    async def verify(self, shown: str) -> Actor:
        return await self.verifier.verify(shown)

    async def refuses(self, shown: str) -> bool:
        try:
            await self.verifier.verify(shown)
        except BadToken:
            return True
        return False

    def token(self, key: SigningKey = ED, sub: str = "u1") -> str:
        """A token issued at the bench's own time."""
        return token(key, sub=sub, iat=int(self.clock.now), exp=int(self.clock.now) + 900)
