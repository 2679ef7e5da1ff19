"""The keys of the issuer: its JWKS, read with suspicion and kept for a while (reliability 5.4)."""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from shared.http.strict import parse_json
from shared.logs import get_logger

log = get_logger(__name__)

Algorithm = Literal["EdDSA", "ES256", "RS256"]

FETCH_SECONDS = 5
ANSWER_BYTES = 64 * 1024
FRESH_SECONDS = 10 * 60
STALE_SECONDS = 24 * 60 * 60
PAUSE_SECONDS = 60
PAUSE_WITHOUT_KEYS_SECONDS = 5
RSA_BITS: Final = range(2048, 8192 + 1)

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class BadKeySet(Exception):
    """The issuer's answer is no set of public keys that we could use."""


def read_keys(answer: bytes, algorithms: Collection[Algorithm]) -> dict[str, PyJWK]:
    """The keys of a JWKS by ``kid``, each bound to the one algorithm of its type.

    Passed over: symmetric keys, keys whose private part is shown (whoever read it can sign), keys for other uses or
    algorithms, RSA below 2048 bit. Refused with ``BadKeySet`` or ``UnreadableBody``: what is not strict JSON, one
    ``kid`` twice, no usable key at all.
    """
    match parse_json(answer):
        case {"keys": [*entries]}:
            named = [e for e in entries if isinstance(e, dict) and isinstance(e.get("kid"), str)]
        case _:
            raise BadKeySet("not a key set")
    if len({entry["kid"] for entry in named}) < len(named):
        raise BadKeySet("a kid twice")
    keys = {entry["kid"]: key for entry in named if (key := _public_key(entry, algorithms))}
    if not keys:
        raise BadKeySet("no usable key")
    return keys


def _public_key(entry: dict[str, Any], algorithms: Collection[Algorithm]) -> PyJWK | None:
    algorithm = _algorithm_of(entry)
    is_ours = (
        algorithm in algorithms
        and entry.get("alg", algorithm) == algorithm
        and entry.get("use", "sig") == "sig"
        and "verify" in entry.get("key_ops", ("verify",))
    )
    if not is_ours or not _PRIVATE.isdisjoint(entry):
        return None
    try:
        key = PyJWK(entry, algorithm)
    except PyJWTError:
        return None
    is_weak = isinstance(key.key, RSAPublicKey) and key.key.key_size not in RSA_BITS
    return None if is_weak else key


def _algorithm_of(entry: dict[str, Any]) -> Algorithm | None:
    match entry:
        case {"kty": "OKP", "crv": "Ed25519"}:
            return "EdDSA"
        case {"kty": "EC", "crv": "P-256"}:
            return "ES256"
        case {"kty": "RSA"}:
            return "RS256"
    return None


class IssuerKeys:
    """The issuer's keys as last fetched: fresh for 10 minutes, still used for 24 hours while the issuer is silent.

    A ``kid`` that is not among them, or keys no longer fresh, are reason to fetch, at most once in 60 seconds (5 while
    there are no keys at all), one fetch at a time.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        algorithms: Collection[Algorithm],
        machine_clock: Callable[[], float],
    ) -> None:
        self._url = url
        self._client = client
        self._algorithms = algorithms
        self._clock = machine_clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> PyJWK | None:
        """The key named ``kid``, or None where the issuer has none that we may use."""
        if self._is_due(kid):
            async with self._fetching:
                if self._is_due(kid):
                    await self._refresh()
        is_usable = self._clock() - self._fetched_at < STALE_SECONDS
        return self._keys.get(kid) if is_usable else None

    def _is_due(self, kid: str) -> bool:
        now = self._clock()
        if kid in self._keys and now - self._fetched_at < FRESH_SECONDS:
            return False
        pause = PAUSE_SECONDS if self._keys else PAUSE_WITHOUT_KEYS_SECONDS
        return now - self._tried_at >= pause

    async def _refresh(self) -> None:
        try:
            self._keys = read_keys(await self._fetch(), self._algorithms)
            self._fetched_at = self._clock()
        except Exception as fault:  # the issuer's answer is hostile input: no fault in it is ours
            log.warning("issuer_keys_not_refreshed", fault=type(fault).__name__, reason=str(fault))
        self._tried_at = self._clock()

    async def _fetch(self) -> bytes:
        # Raw and uncompressed: a small compressed answer could become a large one in memory.
        request = self._client.stream(
            "GET", self._url, headers={"Accept-Encoding": "identity"}, follow_redirects=False
        )
        body = bytearray()
        async with asyncio.timeout(FETCH_SECONDS), request as answer:
            if answer.status_code != httpx.codes.OK:
                raise BadKeySet(f"status {answer.status_code}")
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise BadKeySet("too large")
        return bytes(body)
