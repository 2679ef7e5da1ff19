"""Members' systems are told of what happens in amendments; what concerns one unit, that unit's alone (N2, N4)."""

from shared.contracts import amendments
from shared.contracts.amendments_ballots import BallotReminderDue, BallotVoteVoided
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.owners import owners_of, said
from tests.support.announcements import announced
from tests.support.events import a_numbered_event


async def test_a_promulgation_reaches_every_members_endpoint(house: House) -> None:
    unit, other = await house.member(), await house.member()
    promulgated = announced(amendments.ConventionPromulgated)
    async with owners_of(house) as owners:
        await owners.endpoint(unit, "one")
        await owners.endpoint(other, "two", "amendments.convention.*")
        await owners.announce(promulgated)
        await owners.idle()
        (notice,) = await house.inbox(unit)
        for path in ("one", "two"):
            (request,) = owners.requests(path)
            assert said(request)["type"] == "amendments.convention.promulgated.v1"
            assert said(request)["data"] == {
                "notice_id": notice["id"],
                "about_id": promulgated.convention_id,
                "number": f"P-{house.register.now.year}-001",
                "category": "convention",
                "register_version": house.register.version,
                "acknowledge_by": None,
                "url": f"http://suite.test/v1/inbox/{notice['id']}",
            }


async def test_an_edition_of_the_bulletin_reaches_every_members_endpoint(house: House) -> None:
    """M7, N4: told as a notice, with the way to it, and once however often it is announced."""
    unit, other = await house.member(), await house.member()
    edition = a_numbered_event(new_id("bul"), 3).model_copy(
        update={"register_version": house.register.version}
    )
    async with owners_of(house) as owners:
        await owners.endpoint(unit, "one")
        await owners.endpoint(other, "two", "membership.bulletin.*")
        await owners.endpoint(other, "circulars", "notifications.circular.*")
        await owners.announce(edition, edition)
        await owners.idle()
        (notice,) = await house.inbox(unit)
        for path in ("one", "two"):
            (request,) = owners.requests(path)
            assert said(request)["type"] == "membership.bulletin.published.v1"
            assert said(request)["data"] == {
                "notice_id": notice["id"],
                "about_id": edition.bulletin_id,
                "number": notice["number"],
                "category": "register",
                "register_version": edition.register_version,
                "acknowledge_by": None,
                "url": f"http://suite.test/v1/inbox/{notice['id']}",
            }
        assert owners.told("circulars") == []


async def test_what_concerns_one_unit_reaches_its_endpoints_alone(house: House) -> None:
    """Edge case 9: thin; whose vote it is does not leave the unit's own channel."""
    unit, other = await house.member(), await house.member()
    async with owners_of(house) as owners:
        await owners.endpoint(unit, "one")
        await owners.endpoint(other, "two")
        await owners.announce(announced(BallotReminderDue, unit), announced(BallotVoteVoided, unit))
        await owners.idle()
        assert sorted(owners.told("one")) == [
            "amendments.ballot.reminder_due.v1",
            "amendments.ballot.vote_voided.v1",
        ]
        assert owners.told("two") == []
        for request in owners.requests("one"):
            assert said(request)["data"]["number"] is None
            assert unit not in request.body.decode()
