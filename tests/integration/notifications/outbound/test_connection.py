"""A request to a receiver and what came of it: what is sent, what is kept, and what each end is called."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notifications.domain.attempt import DEADLINE, Answer, AttemptOutcome
from services.notifications.outbound.http1 import BODY_BYTES
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from tests.integration.notifications.outbound.targets import (
    BODY,
    HEADERS,
    LOOPBACK,
    names,
    post,
    target,
)
from tests.support.hostile_receivers import SCRIPTS, Zoo, receiver_zoo

SECONDS = 0.5
"""The deadline of an attempt that has to run into it."""

PATIENT_SECONDS = 3
"""The deadline of an attempt that must be answered before it, on a busy machine too; one that is dripped upon lasts so long."""

NOWHERE = 9
"""The port for discarding, on which nobody listens."""

ENDS = {
    "ok": (AttemptOutcome.DELIVERED, 200),
    "status/204": (AttemptOutcome.DELIVERED, 204),
    "status/304": (AttemptOutcome.REDIRECTED, 304),
    "status/404": (AttemptOutcome.REFUSED, 404),
    "status/410": (AttemptOutcome.GONE, 410),
    "status/503": (AttemptOutcome.REFUSED, 503),
    "status/600": (AttemptOutcome.MALFORMED, None),
    "late/0.01": (AttemptOutcome.DELIVERED, 200),
    "until_closed": (AttemptOutcome.DELIVERED, 200),
    "hangs_up": (AttemptOutcome.DELIVERED, 200),
    "closes_early": (AttemptOutcome.DELIVERED, 200),
    "two_answers": (AttemptOutcome.DELIVERED, 200),
    "drip": (AttemptOutcome.DELIVERED, 200),
    "drip_failure": (AttemptOutcome.REFUSED, 500),
    "endless_body": (AttemptOutcome.DELIVERED, 200),
    "endless_chunk_size": (AttemptOutcome.DELIVERED, 200),
    "ten_gigabytes": (AttemptOutcome.DELIVERED, 200),
    "gzip_bomb": (AttemptOutcome.DELIVERED, 200),
    "closes": (AttemptOutcome.UNREACHABLE, None),
    "closes_midway": (AttemptOutcome.MALFORMED, None),
    "http09": (AttemptOutcome.MALFORMED, None),
    "garbage": (AttemptOutcome.MALFORMED, None),
    "switching": (AttemptOutcome.MALFORMED, None),
    "endless_headers": (AttemptOutcome.MALFORMED, None),
    "endless_header": (AttemptOutcome.MALFORMED, None),
    "endless_interim": (AttemptOutcome.MALFORMED, None),
    "never": (AttemptOutcome.TIMED_OUT, None),
    "late/9": (AttemptOutcome.TIMED_OUT, None),
    "drip_headers": (AttemptOutcome.TIMED_OUT, None),
    "slow_tls": (AttemptOutcome.TIMED_OUT, None),
}


@pytest.fixture
async def zoo() -> AsyncIterator[Zoo]:
    async with receiver_zoo() as zoo:
        yield zoo


@pytest.fixture
def sender() -> Sender:
    return Sender(Resolver(allowed=LOOPBACK))


@pytest.mark.parametrize(("behaviour", "end"), ENDS.items())
async def test_every_receiver_comes_to_the_end_that_its_owner_is_told(
    behaviour: str, end: tuple[AttemptOutcome, int | None], zoo: Zoo
) -> None:
    seconds = SECONDS if end[0] is AttemptOutcome.TIMED_OUT else PATIENT_SECONDS
    sender = Sender(Resolver(allowed=LOOPBACK), deadline_seconds=seconds)
    answer = await post(sender, zoo.url(behaviour))
    assert (answer.outcome, answer.status) == end
    assert len(answer.body) <= BODY_BYTES


@pytest.mark.parametrize("behaviour", [name for name in SCRIPTS if name.startswith("endless")])
async def test_what_has_no_end_is_cut_at_its_size_long_before_the_deadline(
    behaviour: str, zoo: Zoo
) -> None:
    patient = Sender(Resolver(allowed=LOOPBACK), deadline_seconds=60)
    async with asyncio.timeout(20):
        answer = await post(patient, zoo.url(behaviour))
    assert (answer.outcome, answer.status) == ENDS[behaviour]


async def test_a_request_says_what_it_has_to_and_nothing_else(zoo: Zoo, sender: Sender) -> None:
    await post(sender, zoo.url("ok/a%20path?with=a&query"))
    (request,) = zoo.received
    assert request.argument == "a path"
    assert request.body == BODY
    assert request.headers == {
        "host": f"127.0.0.1:{zoo.port}",
        "user-agent": "Gongyue-Webhooks/1",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "accept-encoding": "identity",
        "connection": "keep-alive",
        **dict(HEADERS),
    }


async def test_a_connection_is_kept_for_the_next_request(zoo: Zoo, sender: Sender) -> None:
    connection = sender.connection(target(zoo.url("echo")))
    answers = [await connection.post(HEADERS, b'{"n":%d}' % n) for n in range(5)]
    connection.close()
    assert [b'{\\"n\\":%d}' % n in answer.body for n, answer in enumerate(answers)] == [True] * 5
    assert zoo.connections == 1


@pytest.mark.parametrize(
    "behaviour", ["until_closed", "closes_early", "two_answers", "endless_body"]
)
async def test_a_connection_whose_answer_was_not_whole_and_alone_is_not_kept(
    behaviour: str, zoo: Zoo, sender: Sender
) -> None:
    connection = sender.connection(target(zoo.url(behaviour)))
    answers = [await connection.post(HEADERS, BODY) for _ in range(2)]
    connection.close()
    assert [answer.outcome for answer in answers] == [AttemptOutcome.DELIVERED] * 2
    assert zoo.connections == 2


async def test_a_connection_that_was_closed_meanwhile_is_dialled_anew_once(
    zoo: Zoo, sender: Sender
) -> None:
    connection = sender.connection(target(zoo.url("hangs_up")))
    answers = [await connection.post(HEADERS, BODY) for _ in range(4)]
    connection.close()
    assert {answer.outcome for answer in answers} == {AttemptOutcome.DELIVERED}
    assert zoo.connections == 4


async def test_an_interim_answer_is_passed_over_with_all_that_it_says(
    zoo: Zoo, sender: Sender
) -> None:
    answer = await post(sender, zoo.url("interim"))
    assert answer == Answer(AttemptOutcome.DELIVERED, 200, shown=False)


async def test_a_retry_after_is_handed_over_and_no_more_of_it_than_makes_sense(
    zoo: Zoo, sender: Sender
) -> None:
    assert (await post(sender, zoo.url("retry_after/120"))).retry_after == "120"
    long = await post(sender, zoo.url(f"retry_after/{'9' * 1500}"))
    assert long.retry_after == "9" * 64


@pytest.mark.parametrize("header", [("a", "b\r\nc: d"), ("a\r\nb", "c"), ("a", "\n"), ("a", "é")])
async def test_a_header_that_could_become_two_is_never_sent(
    header: tuple[str, str], zoo: Zoo, sender: Sender
) -> None:
    with pytest.raises(ValueError, match="header"):
        await sender.connection(target(zoo.url("ok"))).post([header], BODY)
    assert zoo.connections == 0


async def test_the_next_address_is_tried_where_one_is_not_reached(zoo: Zoo) -> None:
    lookup = names({"two.example.com": ["127.0.0.9", "127.0.0.1"]})
    sender = Sender(Resolver(allowed=LOOPBACK, lookup=lookup))
    answer = await post(sender, zoo.url("ok", "two.example.com"))
    assert answer.outcome is AttemptOutcome.DELIVERED


async def test_a_port_on_which_nobody_listens_is_unreachable(sender: Sender) -> None:
    answer = await post(sender, f"http://127.0.0.1:{NOWHERE}/")
    assert answer == Answer(AttemptOutcome.UNREACHABLE)


async def test_an_address_that_swallows_everything_costs_its_share_of_the_deadline_only(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect: Any = loop.create_connection

    async def create_connection(factory: Any, host: str, port: int) -> Any:
        return await (
            connect(factory, host, port) if host == "127.0.0.1" else asyncio.Event().wait()
        )

    monkeypatch.setattr(loop, "create_connection", create_connection)
    lookup = names({"hole.example.com": ["127.0.0.9"]}, otherwise=["127.0.0.9", "127.0.0.1"])
    sender = Sender(Resolver(allowed=LOOPBACK, lookup=lookup), connect_seconds=0.1)
    swallowed = await post(sender, zoo.url("ok", "hole.example.com"))
    assert swallowed == Answer(AttemptOutcome.TIMED_OUT)
    assert (await post(sender, zoo.url("ok", "two.example.com"))).status == 200


async def test_a_request_that_is_given_up_takes_its_connection_along(
    zoo: Zoo, sender: Sender
) -> None:
    connection = sender.connection(target(zoo.url("ok")))
    await connection.post(HEADERS, BODY)
    given_up = asyncio.create_task(connection.post(HEADERS, BODY))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert (await connection.post(HEADERS, BODY)).status == 200
    connection.close()
    assert zoo.connections == 2


def test_an_attempt_has_twenty_seconds() -> None:
    assert Sender(Resolver()).deadline_seconds == DEADLINE.total_seconds() == 20
