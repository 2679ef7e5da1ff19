"""Senders and targets of the tests of outbound."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from services.notifications.domain.attempt import Answer
from services.notifications.domain.target import Target, TargetRules, parse_target
from services.notifications.outbound.resolver import Lookup
from services.notifications.outbound.sender import Sender

LOOPBACK = [ip_network("127.0.0.0/8")]
EVERYTHING = [ip_network("0.0.0.0/0"), ip_network("::/0")]

PRODUCTION = TargetRules(own_hosts=frozenset({"gongyue.example.cn"}))
ANYTHING = TargetRules(ports=frozenset(), plain_http=True, ip_literals=True)
"""The rules at their loosest: what they let through only the resolver can stop."""

HEADERS = [("webhook-id", "msg_1"), ("webhook-timestamp", "1674087231")]
BODY = b'{"type":"notifications.circular.issued.v1"}'


def names(known: Mapping[str, Sequence[str]], otherwise: Sequence[str] = ()) -> Lookup:
    """A lookup that knows these names, and for every other one says ``otherwise``."""

    async def lookup(host: str) -> Sequence[str]:
        return known.get(host, otherwise)

    return lookup


def target(url: str, rules: TargetRules = ANYTHING) -> Target:
    """The target that ``url`` names."""
    return parse_target(url, rules)


async def post(sender: Sender, url: str, rules: TargetRules = ANYTHING) -> Answer:
    """One request on a connection of its own."""
    connection = sender.connection(target(url, rules))
    try:
        return await connection.post(HEADERS, BODY)
    finally:
        connection.close()
