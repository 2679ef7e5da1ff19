"""Webhooks reach no private network, whatever URL, name or answer leads there (P20; items 38 to 47)."""

import asyncio
import socket
from collections.abc import Sequence
from itertools import cycle

import pytest

from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.domain.errors import TargetRefused
from services.notifications.domain.target import TargetRules
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from tests.integration.notifications.outbound.conftest import PUBLIC, Dials
from tests.integration.notifications.outbound.targets import (
    ANYTHING,
    EVERYTHING,
    LOOPBACK,
    PRODUCTION,
    names,
    post,
)
from tests.support.hostile_receivers import Zoo, receiver_zoo

UNRESOLVED = Answer(AttemptOutcome.UNRESOLVED)
FORBIDDEN = Answer(AttemptOutcome.FORBIDDEN_ADDRESS)
UNREACHABLE = Answer(AttemptOutcome.UNREACHABLE)

HOSTS = [
    *("127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1"),
    *("0177.0.0.1", "017700000001", "0x7f.0.0.0x1", "127.0.0.1.", "127.0.0.01", "127.000.000.001"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::7f00:1]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::1]", "[::1%lo]", "[::1%25lo]", "[fe80::1%25lo]", "[fe80::1]", "[fd00::1]"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain"),
    *("ip6-localhost", "postgres", "notifications", "gongyue.example.cn", socket.gethostname()),
    *(
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "①②⑦.⓪.⓪.①",
        "ｌｏｃａｌｈｏｓｔ",
        "ⓛocalhost",
    ),
    *("user@127.0.0.1", "example.com@127.0.0.1", "example.com:443@127.0.0.1", "@127.0.0.1"),
    *("127.0.0.1#@example.com", "example.com#@127.0.0.1", "example.com\\@127.0.0.1"),
    *("127.0.0.1\\@example.com", "127.0.0.1\\.example.com", "example.com%40127.0.0.1"),
    *("127.0.0.1%2f.example.com", "127.0.0.1%00.example.com", "127.0.0.1%23.example.com"),
    *("127.0.0.1;.example.com", "127.0.0.1,example.com", "127.0.0.1\t.example.com", "", " "),
    *("127.0.0.1\0.example.com", "127.0.0.1\r\nHost:example.com", "127.0.0.1 example.com"),
    *("169.254.169.254", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
    *("rebinding.example.com", "127.0.0.1.nip.example.com", "internal.example.com", "例子.公司.cn"),
]
URLS = [
    *(f"{scheme}://{host}:{{port}}/ok" for host in HOSTS for scheme in ("https", "http")),
    *(f"{scheme}://127.0.0.1:{{port}}/ok" for scheme in ("gopher", "ftp", "ws", "dict", "ldap")),
    "file:///etc/passwd",
    "http+unix://%2Frun%2Fdocker.sock/ok",
    "//127.0.0.1:{port}/ok",
    "127.0.0.1:{port}/ok",
    "https:127.0.0.1:{port}/ok",
    "https:///127.0.0.1:{port}/ok",
    "https://127.0.0.1:{port}/".ljust(2100, "a"),
    *(f"https://internal.example.com:{port}/" for port in (22, 25, 80, 5432, 5672, 6379, 11211)),
]

LEADS_INSIDE = names({}, otherwise=["127.0.0.1"])


async def outcome(sender: Sender, url: str, rules: TargetRules) -> Answer | None:
    """What came of posting to ``url``; None where the rules refuse it."""
    try:
        return await post(sender, url, rules)
    except TargetRefused:
        return None


async def play_corpus(sender: Sender, zoo: Zoo, rules: TargetRules) -> list[Answer | None]:
    """Post to every form of address that leads inside."""
    urls = [url.replace("{port}", str(zoo.port)) for url in URLS]
    return await asyncio.gather(*(outcome(sender, url, rules) for url in urls))


def test_the_corpus_is_as_large_as_was_promised() -> None:
    assert len(set(HOSTS)) >= 60


@pytest.mark.parametrize("rules", [PRODUCTION, ANYTHING], ids=["production", "anything"])
async def test_no_form_of_address_reaches_this_machine(rules: TargetRules, dials: Dials) -> None:
    sender = Sender(Resolver(lookup=LEADS_INSIDE))
    async with receiver_zoo() as zoo:
        answers = await play_corpus(sender, zoo, rules)
        assert zoo.connections == 0
    assert set(answers) <= {None, FORBIDDEN}
    assert dials.addresses == []


async def test_without_the_judgement_the_same_corpus_does_reach_it(dials: Dials) -> None:
    sender = Sender(Resolver(lookup=LEADS_INSIDE, allowed=EVERYTHING), deadline_seconds=2)
    async with receiver_zoo() as zoo:
        await play_corpus(sender, zoo, ANYTHING)
        assert zoo.connections > 10
        assert len(zoo.requests("ok")) > 10
    assert len(dials.inside) > 20


@pytest.mark.parametrize("host", ["localhost", "ip6-localhost", socket.gethostname()])
async def test_what_the_machine_itself_knows_of_its_names_does_not_help(
    host: str, dials: Dials
) -> None:
    answer = await post(Sender(Resolver()), f"https://{host.lower()}:8443/", ANYTHING)
    assert answer in (FORBIDDEN, UNRESOLVED)
    assert dials.addresses == []


@pytest.mark.parametrize("flips", [200, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_a_name_that_flips_between_answers_is_judged_by_the_answer_that_is_dialled(
    flips: int, dials: Dials
) -> None:
    answers = cycle([[PUBLIC], ["127.0.0.1"], [PUBLIC], ["10.0.0.5"]])
    asked = 0

    async def rebinding(_: str) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return next(answers)

    sender = Sender(Resolver(lookup=rebinding, kept_seconds=0))
    ends = [await post(sender, "https://rebinding.example.com/") for _ in range(flips)]
    assert ends == [UNREACHABLE, FORBIDDEN] * (flips // 2)
    assert asked == flips
    assert dials.inside == []
    assert set(dials.addresses) == {PUBLIC}


async def test_a_name_that_flips_while_an_answer_is_kept_leads_where_that_was_judged(
    dials: Dials,
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    async def rebinding(_: str) -> Sequence[str]:
        return next(answers)

    sender = Sender(Resolver(lookup=rebinding, kept_seconds=3600))
    ends = [await post(sender, "https://rebinding.example.com/") for _ in range(10)]
    assert ends == [UNREACHABLE] * 10
    assert dials.inside == []


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [*(f"1.1.1.{n}" for n in range(19)), "192.168.0.1"],
        [*(f"1.1.{n // 250}.{n % 250}" for n in range(499)), "fe80::1%eth0"],
        [PUBLIC, "64:ff9b::7f00:1"],
    ],
    ids=["private", "public first", "private first", "last of 20", "last of 500", "translated"],
)
async def test_one_private_answer_refuses_them_all(answer: list[str], dials: Dials) -> None:
    sender = Sender(Resolver(lookup=names({}, otherwise=answer)))
    assert await post(sender, "https://mixed.example.com/") == FORBIDDEN
    assert dials.addresses == []


@pytest.mark.parametrize(
    "answer",
    [
        [],
        ["not an address"],
        [PUBLIC, ""],
        [f"1.1.1.{n}" for n in range(21)],
        [f"1.1.{n // 250}.{n % 250}" for n in range(500)],
    ],
    ids=["none", "garbage", "half garbage", "21", "500"],
)
async def test_an_answer_that_is_no_good_resolves_nothing(answer: list[str], dials: Dials) -> None:
    sender = Sender(Resolver(lookup=names({}, otherwise=answer)))
    assert await post(sender, "https://odd.example.com/") == UNRESOLVED
    assert dials.addresses == []


@pytest.mark.parametrize(
    "fault",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeEncodeError("idna", "x" * 64, 0, 64, "label too long"),
        UnicodeError("label empty or too long"),
        OSError("no name server"),
        TimeoutError(),
        ValueError("embedded null byte"),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_no_fault_of_the_resolver_escapes(fault: Exception, dials: Dials) -> None:
    async def failing(_: str) -> Sequence[str]:
        raise fault

    assert await post(Sender(Resolver(lookup=failing)), "https://a.example.com/") == UNRESOLVED
    assert dials.addresses == []


async def test_a_public_name_that_stands_for_a_private_one_is_judged_by_where_it_leads(
    monkeypatch: pytest.MonkeyPatch, dials: Dials
) -> None:
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "database.internal.example.com", ("10.0.0.5", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [row])
    assert await post(Sender(Resolver()), "https://alias.example.com/") == FORBIDDEN
    assert dials.addresses == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int, dials: Dials) -> None:
    async with receiver_zoo() as zoo:
        answer = await post(Sender(Resolver(allowed=LOOPBACK)), zoo.url(f"redirect/{status}"))
        assert zoo.requests("ok") == []
        assert zoo.connections == 1
    assert answer == Answer(AttemptOutcome.REDIRECTED, status, shown=False)
    assert len(set(dials.addresses)) == 1


async def test_what_only_an_allow_list_lets_us_reach_is_shown_to_nobody() -> None:
    known = {"outside.example.com": [PUBLIC], "inside.example.com": ["127.0.0.1"]}
    resolver = Resolver(allowed=EVERYTHING, lookup=names(known))
    assert (await resolver.addresses("outside.example.com")).shown
    assert not (await resolver.addresses("inside.example.com")).shown
    async with receiver_zoo() as zoo:
        answer = await post(Sender(resolver), zoo.url("ok"))
    assert answer == Answer(AttemptOutcome.DELIVERED, 200, body=b'{"ok":true}', shown=False)
