"""TLS protects every delivery: the name, the certificate and the version are checked, whatever address is dialled."""

import asyncio
import ssl
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender, strict_tls
from tests.integration.notifications.outbound.certificates import Authority, authority
from tests.integration.notifications.outbound.targets import (
    BODY,
    HEADERS,
    LOOPBACK,
    names,
    post,
    target,
)
from tests.support.hostile_receivers import Zoo, receiver_zoo

HOST = "hooks.example.com"
TLS_FAILED = Answer(AttemptOutcome.TLS_FAILED)


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    return authority(tmp_path, datetime.fromtimestamp(tmp_path.stat().st_mtime, UTC))


def sender(trusted: Authority) -> Sender:
    """A sender for which every name is on this machine."""
    resolver = Resolver(allowed=LOOPBACK, lookup=names({}, otherwise=["127.0.0.1"]))
    return Sender(resolver, tls=trusted.trusting(), deadline_seconds=5)


async def post_to(zoo: Zoo, trusted: Authority) -> Answer:
    """One request over TLS, to the receiver that answers well."""
    return await post(sender(trusted), zoo.url("ok", HOST))


async def test_a_good_certificate_lets_a_delivery_through(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving(HOST)) as zoo:
        answer = await post_to(zoo, trusted)
        (request,) = zoo.requests("ok")
    assert answer.outcome is AttemptOutcome.DELIVERED
    assert request.headers["host"] == f"{HOST}:{zoo.port}"


async def test_an_encrypted_connection_is_kept(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving(HOST)) as zoo:
        connection = sender(trusted).connection(target(zoo.url("ok", HOST)))
        answers = [await connection.post(HEADERS, BODY) for _ in range(3)]
        connection.close()
        assert zoo.connections == 1
    assert {answer.status for answer in answers} == {200}


async def test_another_name_is_refused(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving("other.example.com")) as zoo:
        assert await post_to(zoo, trusted) == TLS_FAILED
        assert zoo.received == []


async def test_an_expired_certificate_is_refused(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving(HOST, expired=True)) as zoo:
        assert await post_to(zoo, trusted) == TLS_FAILED
        assert zoo.received == []


async def test_a_self_signed_certificate_is_refused(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving(HOST, self_signed=True)) as zoo:
        assert await post_to(zoo, trusted) == TLS_FAILED
        assert zoo.received == []


async def test_an_authority_that_this_machine_does_not_know_is_refused(trusted: Authority) -> None:
    async with receiver_zoo(trusted.serving(HOST)) as zoo:
        resolver = Resolver(allowed=LOOPBACK, lookup=names({}, otherwise=["127.0.0.1"]))
        assert await post(Sender(resolver), zoo.url("ok", HOST)) == TLS_FAILED


async def test_a_server_that_knows_only_tls_1_0_is_refused(trusted: Authority) -> None:
    async with receiver_zoo(of_1999(trusted.serving(HOST))) as zoo:
        if not await shakes_hands(of_1999(trusted.trusting()), zoo.port):
            pytest.skip("the OpenSSL here knows no TLS 1.0 any more")
        assert await post_to(zoo, trusted) == TLS_FAILED
        assert zoo.received == []


async def test_a_server_that_speaks_no_tls_is_refused(trusted: Authority) -> None:
    plain = await asyncio.start_server(say_something, "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        assert await post(sender(trusted), f"https://{HOST}:{port}/") == TLS_FAILED


def test_a_context_that_checks_less_is_no_context_for_webhooks() -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    for context in (blind, trusting, of_1999(ssl.create_default_context())):
        with pytest.raises(ValueError, match="does not protect"):
            Sender(Resolver(), tls=context)


def test_the_machines_own_authorities_are_what_is_trusted_otherwise() -> None:
    context = strict_tls()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def of_1999(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, able to speak TLS 1.0 and nothing later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


async def say_something(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer whatever comes, also a client's first handshake, by HTTP without TLS."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 This is plain HTTP\r\nConnection: close\r\n\r\n")
    writer.close()


async def shakes_hands(context: ssl.SSLContext, port: int) -> bool:
    """Whether a client with this context gets through to the receivers."""
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=HOST
        )
    except OSError:
        return False
    writer.close()
    return True
