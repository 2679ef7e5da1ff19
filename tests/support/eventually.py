"""Waiting for what happens in the background: asked again and again until it holds, never for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 20) -> T:
    """The first truthy answer of ``probe``; after ``within`` seconds the test fails, telling the last one."""
    answer = await probe()
    try:
        async with asyncio.timeout(within):
            while not answer:
                await asyncio.sleep(0.02)
                answer = await probe()
    except TimeoutError:
        raise AssertionError(f"not within {within} s; last answer: {answer!r}") from None
    return answer
