"""One world of both services for all HTTP promises that leave it whole."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.postgres import TestPostgres
from tests.support.world import World, peopled_world


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def world(postgres: TestPostgres) -> AsyncIterator[World]:
    """The running suite with its people."""
    async with peopled_world(postgres) as world:
        yield world


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every line that is logged, those of good requests too."""
    caplog.set_level(logging.INFO)
    return caplog
