"""The development issuer: its tokens, its key file, and where it refuses to be."""

import json
import os
import stat
from pathlib import Path

import httpx
import pytest

from deploy.issuer import (
    JWKS_PATH,
    DevelopmentIssuer,
    NotInProduction,
    UnusableKeyFile,
    create_issuer,
)
from shared.http.tokens import BadToken, TokenVerifier
from shared.kernel.actor import Actor, Role, Subject

ISSUER = "https://issuer.test"
MEMBER = "mem_" + "1" * 32


def development_issuer(key_file: Path | None = None) -> DevelopmentIssuer:
    return DevelopmentIssuer(key_file, issuer=ISSUER, environment="development")


def client_of(issuer: DevelopmentIssuer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(issuer.app()), base_url=ISSUER)


def verifier_of(issuer: DevelopmentIssuer) -> TokenVerifier:
    return TokenVerifier(issuer=ISSUER, jwks_url=ISSUER + JWKS_PATH, client=client_of(issuer))


async def test_its_tokens_are_good_tokens() -> None:
    issuer = development_issuer()
    verifier = verifier_of(issuer)
    assert await verifier.verify(issuer.token(sub="u1")) == Actor(Subject(ISSUER, "u1"))
    assert await verifier.verify(
        issuer.token(sub="u2", roles=[Role.REGISTRAR, Role.SECRETARY])
    ) == Actor(Subject(ISSUER, "u2"), frozenset({Role.REGISTRAR, Role.SECRETARY}))
    assert await verifier.verify(
        issuer.token(sub=f"dev:{MEMBER}", member=MEMBER, lifetime_seconds=60)
    ) == Actor(Subject(ISSUER, f"dev:{MEMBER}"), member_id=MEMBER)


async def test_its_tokens_end() -> None:
    issuer = development_issuer()
    with pytest.raises(BadToken):
        await verifier_of(issuer).verify(issuer.token(sub="u1", now=lambda: 1_000_000_000))


async def test_the_tokens_of_one_issuer_are_not_those_of_another() -> None:
    with pytest.raises(BadToken):
        await verifier_of(development_issuer()).verify(development_issuer().token(sub="u1"))


async def test_its_route_shows_the_public_key_alone_and_gives_out_no_tokens(tmp_path: Path) -> None:
    key_file = tmp_path / "key.json"
    app = create_issuer(key_file, ISSUER, "development")
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER)
    [key] = (await client.get(JWKS_PATH)).json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    assert json.loads(key_file.read_text())["d"] not in json.dumps(key)
    assert (await client.post("/token")).status_code == 404
    assert (await client.post(JWKS_PATH)).status_code == 405


async def test_a_new_start_goes_on_with_the_same_key(tmp_path: Path) -> None:
    key_file = tmp_path / "new" / "folder" / "key.json"
    before = development_issuer(key_file).token(sub="u1")
    assert await verifier_of(development_issuer(key_file)).verify(before)


def test_the_key_file_is_for_its_owner_only_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    key_file = tmp_path / "key.json"
    before = os.umask(0)
    try:
        development_issuer(key_file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [key_file]


@pytest.mark.parametrize(
    "content", ["", "key", "[]", "{}", '{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "AAAA"}']
)
def test_a_file_that_is_no_key_is_told_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    key_file = tmp_path / "key.json"
    key_file.write_text(content)
    with pytest.raises(UnusableKeyFile, match=r"key\.json"):
        development_issuer(key_file)
    assert key_file.read_text() == content


def test_a_public_key_is_no_key_to_sign_with(tmp_path: Path) -> None:
    key_file = tmp_path / "key.json"
    key_file.write_text(json.dumps(development_issuer().key_set()["keys"][0]))
    with pytest.raises(UnusableKeyFile):
        development_issuer(key_file)


@pytest.mark.parametrize("environment", ["production", "Production", " production "])
def test_it_does_not_run_in_production_and_makes_no_key_there(
    tmp_path: Path, environment: str
) -> None:
    key_file = tmp_path / "key.json"
    with pytest.raises(NotInProduction, match="does not run in production"):
        DevelopmentIssuer(key_file, issuer=ISSUER, environment=environment)
    with pytest.raises(SystemExit):
        create_issuer(None, ISSUER, environment)
    assert not key_file.exists()


def test_it_signs_no_token_that_a_service_would_refuse() -> None:
    issuer = development_issuer()
    with pytest.raises(ValueError, match="organ roles"):
        issuer.token(sub="u1", roles=[Role.REGISTRAR, Role.REPRESENTATIVE])
    for seconds in (0, -1, 901):
        with pytest.raises(ValueError, match="900"):
            issuer.token(sub="u1", lifetime_seconds=seconds)
