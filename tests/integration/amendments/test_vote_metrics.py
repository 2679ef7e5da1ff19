"""What is counted of votes before the close: nothing (A5: "nothing shown before the close")."""

import logging

import pytest
from sqlalchemy import text

from tests.integration.amendments.house import House
from tests.integration.amendments.polling import closed, opened, path_of, vote, votes


async def test_how_many_have_voted_is_in_no_metric_and_no_log(
    convened: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Edge case 12: "result and individual votes hidden until close"; turnout too, from whoever watches the service."""
    units = await convened.members(3)
    ballot = await opened(convened)
    with caplog.at_level(logging.INFO):
        await votes(convened, ballot, units)
        await vote(convened, ballot, units[0], "no")
        await vote(convened, ballot, "mem_" + "0" * 32)
        await convened.as_member(units[0]).ask("GET", f"{path_of(ballot)}/vote", expect=200)
        await closed(convened, ballot)
        assert (await vote(convened, ballot, units[0], "against")).status_code == 409
    assert "/vote" not in caplog.text
    assert "/vote" not in await _metrics(convened)
    assert path_of(ballot).replace(ballot["id"], "{ballot_id}") in await _metrics(convened)


async def test_a_vote_that_fails_is_counted(convened: House) -> None:
    """What is to be mended is seen: it says nothing of how many votes there are."""
    units = await convened.members(2)
    ballot = await opened(convened)
    await _refuse_votes(convened)
    assert (await vote(convened, ballot, units[0])).status_code == 500
    label = '{method="PUT",route="/v1/ballots/{ballot_id}/vote",service="amendments",status="500"}'
    assert f"http_request_seconds_count{label} 1.0" in await _metrics(convened)


async def _metrics(house: House) -> str:
    return (await house.public.ask("GET", "/metrics")).text


async def _refuse_votes(house: House) -> None:
    async with house.database.begin() as work:
        await work.db.execute(text("ALTER TABLE votes ADD CHECK (sequence < 0)"))
