"""Bearer tokens: who is calling, as the issuer's signature says it (reliability 5.4)."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Annotated, Final

import httpx
import jwt
from jwt.types import Options
from jwt.utils import base64url_decode
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.http.jwks import Algorithm, IssuerKeys
from shared.http.strict import Choice, Sub, parse_json
from shared.kernel.actor import TOKEN_ROLES, Actor, Role, Subject
from shared.kernel.ids import id_pattern

AUDIENCE = "gongyue"
JWT_TYPE = "at+jwt"
TOKEN_BYTES = 8 * 1024
LIFETIME_SECONDS = 15 * 60
LEEWAY_SECONDS = 30
REMEMBERED_TOKENS = 4_096
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("EdDSA", "ES256", "RS256")

_COMPACT: Final = re.compile(r"([\w-]+)\.([\w-]+)\.[\w-]+", re.ASCII)

# PyJWT reads the machine's clock itself; the instants are checked here, against the clock that was handed in.
_OPTIONS: Final[Options] = {
    "require": ["exp", "iat", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "enforce_minimum_key_length": True,
}


class BadToken(Exception):
    """The token proves nothing. The message is for the log: words of ours, nothing of the token."""


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    sub: Sub
    iat: int
    exp: int
    nbf: int | None = None
    roles: list[Choice[Role]] = []
    member: Annotated[str, StringConstraints(pattern=id_pattern("mem"))] | None = None


class TokenVerifier:
    """Verifies the access tokens of one issuer.

    ``client`` fetches the issuer's keys; in one process with the issuer its transport is the issuer's app.
    ``machine_clock`` tells Unix seconds. A verified token is remembered until it expires, so a key that the issuer
    withdraws still counts for tokens seen before, 15 minutes at most.
    """

    def __init__(
        self,
        *,
        issuer: str,
        jwks_url: str,
        client: httpx.AsyncClient,
        audience: str = AUDIENCE,
        algorithms: Collection[Algorithm] = ALGORITHMS,
        machine_clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._clock = machine_clock
        self._keys = IssuerKeys(jwks_url, client, algorithms, machine_clock)
        self._verified: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()

    async def verify(self, token: str) -> Actor:
        """The actor that ``token`` names: its subject, its organ roles, or the member acted for (Who may).

        Raises ``BadToken``, and whatever the token contains nothing else: a token that breaks a library must be
        answered with 401 too. Whether the subject may act for the member is the register's word, not the token's.
        """
        try:
            digest = hashlib.sha256(token.encode()).digest()
            return self._remembered(digest) or await self._verify(token, digest)
        except BadToken:
            raise
        except Exception as fault:
            raise BadToken(type(fault).__name__) from None

    def _remembered(self, digest: bytes) -> Actor | None:
        good_until, actor = self._verified.get(digest, (0.0, None))
        if actor is None or good_until <= self._clock():
            self._verified.pop(digest, None)
            return None
        self._verified.move_to_end(digest)
        return actor

    async def _verify(self, token: str, digest: bytes) -> Actor:
        parts = _COMPACT.fullmatch(token) if len(token) <= TOKEN_BYTES else None
        if parts is None:
            raise BadToken("not three parts of at most 8 KiB")
        key = await self._keys.find(_kid(base64url_decode(parts[1])))
        if key is None:
            raise BadToken("unknown key")
        jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            options=_OPTIONS,
        )
        claims = _Claims.model_validate(parse_json(base64url_decode(parts[2])))
        self._check_instants(claims)
        actor = self._actor(claims)
        self._verified[digest] = claims.exp + LEEWAY_SECONDS, actor
        if len(self._verified) > REMEMBERED_TOKENS:
            self._verified.popitem(last=False)
        return actor

    def _check_instants(self, claims: _Claims) -> None:
        now = self._clock()
        if not 0 < claims.exp - claims.iat <= LIFETIME_SECONDS:
            raise BadToken("does not live 1 to 900 seconds")
        if claims.exp <= now - LEEWAY_SECONDS:
            raise BadToken("expired")
        if max(claims.iat, claims.nbf or 0) > now + LEEWAY_SECONDS:
            raise BadToken("not valid yet")

    def _actor(self, claims: _Claims) -> Actor:
        roles = frozenset(claims.roles)
        if not roles <= TOKEN_ROLES:
            raise BadToken("names a role that no token gives")
        return Actor(
            subject=Subject(self._issuer, claims.sub),
            roles=roles,
            member_id=None if roles else claims.member,
        )


def _kid(header: bytes) -> str:
    """The key that an access token's ``header`` names. Keys or addresses of keys (``jwk``, ``jku``) are not looked at."""
    match parse_json(header):
        case {"crit": _}:
            raise BadToken("demands an extension")
        case {"typ": "at+jwt" | "application/at+jwt", "kid": str(kid)}:
            return kid
    raise BadToken("no access token with a key id")
