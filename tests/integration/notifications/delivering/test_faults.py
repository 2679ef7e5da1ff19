"""A fault of ours in one delivery, or in one message, stops no other (edge case 16)."""

from sqlalchemy import text

from services.notifications.usecases.deliveries import expand_messages
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.conftest import delivering, members_with_systems
from tests.integration.notifications.delivering.owners import CIRCULAR, Owners, said
from tests.support.eventually import eventually
from tests.support.receiving import confirming, receiving

BREAK_CHECK = "UPDATE webhook_messages SET data = '{}'"
BREAK_NOTICE = """
UPDATE notices SET audience = 'nobody'
WHERE id = (SELECT notice_id FROM webhook_messages WHERE NOT is_expanded)
"""


async def test_a_fault_of_ours_is_an_attempt_that_failed_and_follows_the_schedule(
    house: House,
) -> None:
    """The ownership check has lost its challenge: what comes of it cannot be judged."""
    unit = await house.member()
    async with receiving(confirming) as receiver:
        owners = Owners(house, receiver)
        made = await owners.register(unit)
        async with house.database.begin() as work:
            await work.db.execute(text(BREAK_CHECK))
        async with delivering(house):
            await owners.idle()
            (entry,) = await owners.log(unit, made)
            assert (entry["status"], entry["tried"], entry["last_outcome"]) == (
                "pending",
                1,
                "fault",
            )
            for _ in range(2):
                await owners.make_due()
            (entry,) = await owners.log(unit, made)
            assert (entry["status"], entry["tried"]) == ("failed", 3)
            assert len(owners.checks()) == 3


async def test_a_message_that_cannot_be_expanded_stops_no_delivery(house: House) -> None:
    async with receiving() as receiver:
        await members_with_systems(house, 1, receiver)
        await house.issue()
        async with house.database.begin() as work:
            await expand_messages(work)
        await house.issue()
        async with house.database.begin() as work:
            await work.db.execute(text(BREAK_NOTICE))

        async def is_told() -> bool:
            return bool(receiver.received)

        async with delivering(house):
            await eventually(is_told, within=5)
    assert [said(request)["type"] for request in receiver.received] == [CIRCULAR]
