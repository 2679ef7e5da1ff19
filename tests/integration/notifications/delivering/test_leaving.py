"""What a unit's endpoints are told when it leaves, and never again (N4, M5; edge case 3)."""

import pytest

from tests.integration.notifications.conftest import House, code_of
from tests.integration.notifications.delivering.owners import (
    CIRCULAR,
    answering,
    owners_of,
    path_of,
)
from tests.support.receiving import Reply, confirming

ENDED = "membership.member.ended.v1"


async def test_the_end_of_its_membership_is_the_last_thing_that_a_member_is_told(
    house: House,
) -> None:
    """Edge case 3: "inbox stays readable for a policy time, endpoints stop"."""
    unit, stays = await house.member(), await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "leaves")
        await owners.endpoint(stays, "stays")
        await house.issue()
        house.register.end(unit)
        await owners.register_says()
        await house.issue()
        await owners.idle()
        assert owners.told("leaves") == [CIRCULAR, ENDED]
        assert owners.told("stays") == [CIRCULAR, CIRCULAR]
        api = owners.of(unit)
        assert len(await house.inbox(unit)) == 1
        for path in ("/v1/webhook-endpoints", path_of(made)):
            assert code_of(await api.ask("GET", path)) == (404, "not_found")
        await house.come_back(unit)
        seen = await owners.see(unit, made)
        assert (seen["status"], seen["allowed_actions"]) == ("retired", [])
        refused = await api.ask("POST", f"{path_of(made)}/enabling")
        assert code_of(refused) == (409, "not_allowed_now")
        await house.issue()
        await owners.idle()
        assert owners.told("leaves") == [CIRCULAR, ENDED]
        await api.ask("DELETE", path_of(made), expect=204)


async def test_a_unit_that_left_and_came_back_in_one_batch_is_told_of_the_end_and_no_more(
    house: House,
) -> None:
    """M5: "nothing old revives", also where all of it is heard of at once, after an outage here."""
    unit = await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit)
        house.register.change_particulars(unit)
        house.register.end(unit)
        house.register.accede(unit)
        house.register.change_particulars(unit)
        await owners.register_says()
        await owners.idle()
        assert owners.told() == ["membership.member.particulars_changed.v1", ENDED]


async def test_what_was_on_its_way_when_a_member_left_still_arrives(house: House) -> None:
    """Edge case 1: "one who left in between is still served"."""
    unit = await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        house.register.end(unit)
        await owners.register_says()
        await owners.idle()
        owners.receiver.behave = confirming
        await owners.make_due()
        delivered = "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'"
        assert await house.scalar(delivered) == 3


async def test_an_address_that_was_never_verified_is_not_told_because_the_unit_left(
    house: House,
) -> None:
    """What waited for the former address does not go to the one that nobody has answered at."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit, "old")
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        owners.receiver.behave = lambda _: Reply(500)
        change = {"target_url": owners.receiver.url("somebody")}
        await owners.of(unit).ask("PATCH", path_of(made), change, expect=200)
        await owners.idle()
        house.register.end(unit)
        await owners.register_says()
        await owners.make_due()
        assert owners.told("somebody") == []


async def test_a_receiver_that_is_gone_is_not_told_because_the_unit_left(house: House) -> None:
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(503)
        await house.issue()
        await owners.idle()
        owners.receiver.behave = answering(410)
        await house.issue()
        await owners.until(unit, made, status="disabled")
        owners.receiver.behave = confirming
        house.register.end(unit)
        await owners.register_says()
        await owners.make_due()
        assert owners.told() == [CIRCULAR, CIRCULAR]


@pytest.mark.parametrize("status", [410, 500])
async def test_a_unit_can_leave_whatever_its_endpoint_is(house: House, status: int) -> None:
    """The register goes on: the end of a membership is taken in also where the endpoint was disabled."""
    unit = await house.member()
    async with owners_of(house) as owners:
        made = await owners.endpoint(unit)
        owners.receiver.behave = answering(status)
        await house.issue()
        await owners.until(unit, made, status="disabled" if status == 410 else "active")
        house.register.end(unit)
        await owners.register_says()
        known = await house.scalar("SELECT watermark FROM roster_state")
        assert known == house.register.version
        assert await house.scalar("SELECT status FROM webhook_endpoints") == "retired"
