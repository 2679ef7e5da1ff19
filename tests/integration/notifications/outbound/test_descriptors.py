"""A machine that has no more descriptors says so, and holds it against nobody (P21)."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.notifications.domain.attempt import Answer, AttemptOutcome
from services.notifications.outbound.descriptors import (
    KEPT_FOR_OTHERS,
    affordable,
    raised_limit,
)
from services.notifications.outbound.resolver import Resolver
from services.notifications.outbound.sender import Sender
from tests.integration.notifications.outbound.targets import LOOPBACK, post
from tests.support.hostile_receivers import receiver_zoo


@contextmanager
def limited(soft: int) -> Iterator[None]:
    """No descriptor from this number on."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


def next_descriptor() -> int:
    """The number that the next opened file gets."""
    number = os.dup(0)
    os.close(number)
    return number


async def test_a_receiver_for_whom_we_have_no_socket_is_not_called_unreachable() -> None:
    """N4: an attempt that never left costs its delivery none of its ten."""
    async with receiver_zoo() as zoo:
        sender = Sender(Resolver(allowed=LOOPBACK), breather_seconds=0)
        with limited(next_descriptor()):
            answer = await post(sender, zoo.url("ok"))
        assert answer == Answer(AttemptOutcome.INTERRUPTED)
        assert zoo.connections == 0
        assert (await post(sender, zoo.url("ok"))).outcome is AttemptOutcome.DELIVERED


def test_a_process_that_sends_takes_what_it_may_take() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with limited(200):
        assert raised_limit() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


@pytest.mark.parametrize(
    ("limit", "places"),
    [(1_000_000, (200, 2_000)), (1_024, (192, 576)), (512, (64, 192)), (256, (1, 1)), (64, (1, 1))],
)
def test_there_are_no_more_places_than_descriptors(limit: int, places: tuple[int, int]) -> None:
    """N4: "One slow receiver never delays another's": the fast lane keeps its share."""
    assert affordable(200, 2_000, limit) == places
    assert sum(places) <= max(2, limit - KEPT_FOR_OTHERS)
