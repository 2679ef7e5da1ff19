"""What the tests of the documentation pages share."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.contract.site import CASES, MEMBERSHIP, host_of


@pytest.fixture
async def host() -> AsyncIterator[httpx.AsyncClient]:
    """A host that serves the pages of two services."""
    async with host_of([MEMBERSHIP, CASES]) as client:
        yield client
