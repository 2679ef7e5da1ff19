"""No webhook reaches an address that is not on the public internet, however it is dressed."""

from ipaddress import (
    IPv4Address,
    IPv6Address,
    ip_address,
    ip_network,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.addresses import DENIED, is_allow_listed, is_denied

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700::1111", "240e::1", "::ffff:8.8.8.8"]

PRIVATE = {
    "this host": "0.0.0.0",
    "this network": "0.1.2.3",
    "ten": "10.0.0.1",
    "carrier": "100.64.0.1",
    "a cloud's metadata in the carrier's range": "100.100.100.200",
    "loopback": "127.0.0.1",
    "loopback elsewhere": "127.255.255.254",
    "a cloud's metadata": "169.254.169.254",
    "one seven two": "172.31.255.255",
    "protocol assignments that are called global": "192.0.0.9",
    "documentation": "192.0.2.1",
    "relays of 6to4": "192.88.99.1",
    "one nine two": "192.168.1.1",
    "benchmarks": "198.19.255.255",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "multicast": "224.0.0.1",
    "multicast that is called global": "239.255.255.250",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv4-compatible": "::127.0.0.1",
    "IPv4-compatible, public": "::8.8.8.8",
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-mapped metadata": "::ffff:a9fe:a9fe",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "NAT64 of a public address": "64:ff9b::808:808",
    "local NAT64": "64:ff9b:1::a00:1",
    "translated by SIIT": "::ffff:0:7f00:1",
    "discard": "100::1",
    "not assigned": "4000::1",
    "not assigned either": "8000::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ORCHID": "2001:20::1",
    "IPv6 documentation": "2001:db8::1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of metadata": "2002:a9fe:a9fe::1",
    "new documentation": "3fff::1",
    "segment routing": "5f00::1",
    "unique local": "fd00::1",
    "a cloud's metadata over IPv6": "fd00:ec2::254",
    "link-local": "fe80::1",
    "link-local with its scope": "fe80::1%eth0",
    "a public address with a scope": "2606:4700::1111%1",
    "site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 multicast that is called global": "ff0e::1",
}

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


def dressed(inner: IPv4Address) -> list[IPv6Address]:
    """The IPv6 addresses that lead a translator, a tunnel or a socket to ``inner``."""
    number = int(inner)
    return [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x2002 << 112 | number << 80),
        IPv6Address(0x64FF9B << 96 | number),
        IPv6Address(0x20010000 << 96 | number << 64),
        IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | number ^ 0xFFFFFFFF),
    ]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert not is_denied(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_any_other_address_is_denied(address: str) -> None:
    assert is_denied(ip_address(address))


@pytest.mark.parametrize("network", DENIED, ids=str)
def test_a_denied_network_is_denied_from_its_first_address_to_its_last(network: object) -> None:
    denied = ip_network(str(network))
    assert is_denied(denied[0])
    assert is_denied(denied[-1])


@given(st.ip_addresses(v=4))
def test_python_never_finds_an_address_private_that_we_let_through(address: IPv4Address) -> None:
    assert is_denied(address) or address.is_global


@given(
    st.sampled_from([net for net in DENIED if net.version == 4]).flatmap(
        lambda network: st.ip_addresses(network=network)
    )
)
def test_a_denied_address_is_denied_in_every_dress(inner: IPv4Address) -> None:
    assert all(is_denied(outer) for outer in dressed(inner))


def test_an_allow_list_opens_its_networks_and_no_other() -> None:
    opened = [ip_address("127.0.0.1"), ip_address("::1"), ip_address("::ffff:127.0.0.1")]
    assert not any(is_denied(address, LOOPBACK) for address in opened)
    assert is_denied(ip_address("10.0.0.1"), LOOPBACK)
    assert is_denied(ip_address("::ffff:10.0.0.1"), LOOPBACK)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_translator_on_the_allow_list_opens_nothing_private_behind_it(inner: IPv4Address) -> None:
    translators = [ip_network("64:ff9b::/96"), ip_network("2002::/16"), ip_network("2001::/32")]
    assert all(is_denied(outer, translators) for outer in dressed(inner))
    assert not is_denied(ip_address("64:ff9b::808:808"), translators)


def test_a_scope_names_an_interface_of_this_machine_and_no_allow_list_opens_it() -> None:
    assert is_denied(ip_address("fe80::1%eth0"), [ip_network("::/0")])


def test_only_what_the_allow_list_was_needed_for_counts_as_reached_through_it() -> None:
    everything = [ip_network("0.0.0.0/0")]
    assert is_allow_listed(ip_address("127.0.0.1"), LOOPBACK)
    assert not is_allow_listed(ip_address("10.0.0.1"), LOOPBACK)
    assert not is_allow_listed(ip_address("8.8.8.8"), everything)
