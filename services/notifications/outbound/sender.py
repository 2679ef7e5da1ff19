"""Webhooks on their way out: safe to point anywhere, cheap enough for thousands a second (N4; P20, P21).

No redirects, cookies, proxies or environment; the only names that are looked up are those of targets, by the resolver,
and what is dialled is what it has judged.
"""

import asyncio
import ssl
from collections.abc import Sequence

from services.notifications.domain.attempt import DEADLINE, Answer, AttemptOutcome
from services.notifications.domain.target import Target
from services.notifications.outbound.descriptors import is_ours
from services.notifications.outbound.http1 import Wire
from services.notifications.outbound.resolver import NoAnswer, Resolver

CONNECT_SECONDS = 5.0
BREATHER_SECONDS = 1.0
USER_AGENT = "Gongyue-Webhooks/1"


def strict_tls() -> ssl.SSLContext:
    """TLS 1.2 or later, against the certificate authorities that this machine trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


class Sender:
    """Makes connections to targets.

    ``tls``: other certificate authorities than the machine's; refused with ValueError where it does not check names
    and certificates or lets TLS below 1.2 through. ``deadline_seconds``: for one attempt in all, from the name to the
    last byte of the answer; ``connect_seconds``: for each address to be reached;
    ``breather_seconds``: before an attempt ends that failed because this machine had no room for it.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        tls: ssl.SSLContext | None = None,
        deadline_seconds: float = DEADLINE.total_seconds(),
        connect_seconds: float = CONNECT_SECONDS,
        breather_seconds: float = BREATHER_SECONDS,
    ) -> None:
        self._tls = tls or strict_tls()
        if not (
            self._tls.check_hostname
            and self._tls.verify_mode is ssl.CERT_REQUIRED
            and self._tls.minimum_version >= ssl.TLSVersion.TLSv1_2
        ):
            raise ValueError("a TLS context that does not protect")
        self._resolver = resolver
        self.deadline_seconds = deadline_seconds
        self.breather_seconds = breather_seconds
        self._connect_seconds = connect_seconds

    def connection(self, target: Target) -> "Connection":
        """A connection to ``target``; nothing is dialled yet."""
        return Connection(self, target)

    async def dial(self, target: Target) -> Wire:
        """Reach the first of the target's addresses that can be reached; refuses with ``NoAnswer``."""
        resolved = await self._resolver.addresses(target.host)
        loop = asyncio.get_running_loop()
        outcome = AttemptOutcome.UNREACHABLE
        for literal in resolved.literals:
            try:
                async with asyncio.timeout(self._connect_seconds):
                    transport, wire = await loop.create_connection(
                        lambda: Wire(shown=resolved.shown), literal, target.port
                    )
            except TimeoutError:
                outcome = AttemptOutcome.TIMED_OUT
            except OSError as fault:
                if is_ours(fault):
                    raise NoAnswer(AttemptOutcome.INTERRUPTED) from None
                outcome = AttemptOutcome.UNREACHABLE
            else:
                if target.is_tls:
                    await self._encrypt(transport, wire, target.host)
                return wire
        raise NoAnswer(outcome)

    async def _encrypt(self, transport: asyncio.Transport, wire: Wire, host: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(transport, wire, self._tls, server_hostname=host)
        except OSError:
            transport.abort()
            raise NoAnswer(AttemptOutcome.TLS_FAILED) from None
        except asyncio.CancelledError:
            transport.abort()
            raise
        if encrypted is None:
            raise NoAnswer(AttemptOutcome.TLS_FAILED)
        wire.connection_made(encrypted)


class Connection:
    """One target's connection, for a few requests one after another, opened with the first."""

    def __init__(self, sender: Sender, target: Target) -> None:
        self._sender = sender
        self._target = target
        self._wire: Wire | None = None
        self._head = (
            f"POST {target.path} HTTP/1.1\r\n"
            f"Host: {target.authority}\r\n"
            f"User-Agent: {USER_AGENT}\r\n"
            "Content-Type: application/json\r\n"
            "Accept-Encoding: identity\r\n"
            "Connection: keep-alive\r\n"
        )

    async def post(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send ``body`` (JSON) with ``headers`` besides our own, and say what came of it by the deadline.

        Whatever the network and the receiver do is an ``Answer``. A status that came counts even where the body after
        it is cut, endless or malformed. The connection is kept for the next request where the answer was whole and
        the receiver keeps it; where it turns out to have been closed meanwhile, one new one is dialled, so a receiver
        may see a request twice. ValueError for a header that is not printable ASCII: a fault of ours, nothing is sent.
        """
        request = self._request(headers, body)
        deadline = asyncio.get_running_loop().time() + self._sender.deadline_seconds
        answer = None
        try:
            if self._wire is not None and self._wire.is_free:
                answer = await self._wire.exchange(request, deadline)
            if answer is None:
                async with asyncio.timeout_at(deadline):
                    self._wire = await self._sender.dial(self._target)
                answer = await self._wire.exchange(request, deadline)
        except TimeoutError:
            return Answer(AttemptOutcome.TIMED_OUT)
        except NoAnswer as end:
            if (
                end.outcome is AttemptOutcome.INTERRUPTED
            ):  # it is tried again at once, and we have too much to do
                await asyncio.sleep(self._sender.breather_seconds)
            return Answer(end.outcome)
        except asyncio.CancelledError:
            self.close()
            raise
        return answer or Answer(AttemptOutcome.UNREACHABLE)

    def close(self) -> None:
        """Let go of the connection."""
        if self._wire is not None:
            self._wire.close()

    def _request(self, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
        lines = [f"{name}: {value}" for name, value in headers]
        if not all(line.isascii() and line.isprintable() for line in lines):
            raise ValueError("a header that is not printable ASCII")
        own = "\r\n".join((*lines, f"Content-Length: {len(body)}"))
        return f"{self._head}{own}\r\n\r\n".encode("ascii") + body
