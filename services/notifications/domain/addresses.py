"""Which network addresses a webhook may never reach: everything that is not the public internet (N4).

Sources: the IANA special-purpose address registries; RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED: Sequence[Network] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/3",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
    )
)
"""Refused besides what Python's ``is_global`` refuses: that lets multicast, NAT64 and 6to4 through, and all of IPv6
that is not assigned. The public internet's is 2000::/3."""

_LAST_FOUR_BYTES_ARE_IPV4 = tuple(
    IPv6Network(network) for network in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")
)


def is_denied(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether no webhook may be sent to ``address``.

    An IPv4 address inside an IPv6 one (mapped, compatible, 6to4, NAT64, Teredo) is judged as well, so a translator
    that is in ``allowed`` opens nothing private behind it. ``allowed``: networks that are exceptions, for development
    and intranets; none for an address with a scope, which names an interface of this machine.
    """
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return True
        if address.ipv4_mapped is not None:
            return is_denied(address.ipv4_mapped, allowed)
        if any(is_denied(inner, allowed) for inner in _embedded(address)):
            return True
    return not _within(address, allowed) and (not address.is_global or _within(address, DENIED))


def is_allow_listed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether ``address`` may be reached only because it is in ``allowed``; what it answers is then shown to nobody."""
    return is_denied(address) and not is_denied(address, allowed)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a translator or tunnel would take out of ``address``."""
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if _within(address, _LAST_FOUR_BYTES_ARE_IPV4) and not (
        address.is_loopback or address.is_unspecified
    ):
        yield IPv4Address(address.packed[-4:])


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
