"""The development issuer: a key file, access tokens, and the route with the public key. Never in production."""

import json
import os
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWK, PyJWTError
from jwt.algorithms import OKPAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shared.http.tokens import AUDIENCE, JWT_TYPE, LIFETIME_SECONDS
from shared.kernel.actor import TOKEN_ROLES, Role

JWKS_PATH = "/.well-known/jwks.json"

_PUBLIC = ("kty", "crv", "x", "kid", "use", "alg")


class NotInProduction(SystemExit):
    """The development issuer was asked for in production, where anyone who can run a command would be anyone."""

    def __init__(self) -> None:
        super().__init__(
            "The development issuer does not run in production: configure your own issuer."
        )


class UnusableKeyFile(SystemExit):
    """The key file exists but holds no Ed25519 private key."""

    def __init__(self, key_file: Path) -> None:
        super().__init__(
            f"{key_file} holds no Ed25519 private key. Remove it and a new one is made."
        )


class DevelopmentIssuer:
    """Signs access tokens with an Ed25519 key: the one in ``key_file`` (made when missing), else one of its own."""

    def __init__(self, key_file: Path | None, *, issuer: str, environment: str) -> None:
        """Raises ``NotInProduction`` and ``UnusableKeyFile``, both ``SystemExit``."""
        if environment.strip().lower() == "production":
            raise NotInProduction
        self.issuer = issuer
        self._jwk = _new_key() if key_file is None else _kept_key(key_file)

    def key_set(self) -> dict[str, Any]:
        """The JWKS: the public part alone."""
        return {"keys": [{name: self._jwk[name] for name in _PUBLIC if name in self._jwk}]}

    def token(
        self,
        *,
        sub: str,
        roles: Collection[Role] = (),
        member: str | None = None,
        lifetime_seconds: int = LIFETIME_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> str:
        """An access token for ``sub`` with organ ``roles`` or acting for ``member``; ``now`` tells Unix seconds.

        Raises ``ValueError`` for a role that no token names and for more than 15 minutes.
        """
        if not TOKEN_ROLES.issuperset(roles):
            raise ValueError("a token names organ roles only; the others follow from the caller")
        if not 0 < lifetime_seconds <= LIFETIME_SECONDS:
            raise ValueError(f"a token lives 1 to {LIFETIME_SECONDS} seconds")
        issued_at = int(now())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": sub,
            "iat": issued_at,
            "exp": issued_at + lifetime_seconds,
        }
        if roles:
            claims["roles"] = sorted(roles)
        if member is not None:
            claims["member"] = member
        headers = {"typ": JWT_TYPE, "kid": self._jwk["kid"]}
        return jwt.encode(claims, PyJWK(self._jwk), headers=headers)

    def app(self) -> Starlette:
        """The app with the key set at ``JWKS_PATH``. Tokens are not given out over HTTP."""

        async def jwks(_request: Request) -> JSONResponse:
            return JSONResponse(self.key_set(), headers={"Cache-Control": "public, max-age=600"})

        return Starlette(routes=[Route(JWKS_PATH, jwks)])


def create_issuer(key_file: Path | None, issuer: str, environment: str) -> Starlette:
    """The app of a development issuer, for a server of its own (``gongyue issuer``)."""
    return DevelopmentIssuer(key_file, issuer=issuer, environment=environment).app()


def _new_key() -> dict[str, Any]:
    jwk: dict[str, Any] = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    public = {name: jwk[name] for name in ("crv", "kty", "x")}
    thumbprint = sha256(json.dumps(public, separators=(",", ":")).encode()).digest()  # RFC 7638
    kid = urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return {**public, "d": jwk["d"], "kid": kid, "use": "sig", "alg": "EdDSA"}


def _kept_key(key_file: Path) -> dict[str, Any]:
    if not key_file.exists():
        _keep(_new_key(), key_file)
    with suppress(ValueError, PyJWTError):
        jwk = json.loads(key_file.read_bytes())
        if (
            isinstance(jwk, dict)
            and isinstance(jwk.get("kid"), str)
            and isinstance(PyJWK(jwk, "EdDSA").key, Ed25519PrivateKey)
        ):
            return jwk
    raise UnusableKeyFile(key_file)


def _keep(jwk: dict[str, Any], key_file: Path) -> None:
    """Write the file in one step, readable by its owner only; where another process was first, its key stays."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=key_file.parent) as draft:  # made with mode 0600
        draft.write(json.dumps(jwk).encode())
        draft.flush()
        with suppress(FileExistsError):
            os.link(draft.name, key_file)
