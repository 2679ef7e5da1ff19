"""What webhooks tell is what the public list says they tell (N4)."""

from datetime import date
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.notifications.domain.message import CHOSEN
from shared.contracts.catalog import CATALOG
from shared.contracts.membership import (
    BulletinPublished,
    MemberEndingAnnounced,
    MemberEndingRetracted,
)
from shared.kernel.actor import Subject
from shared.kernel.ids import new_id
from tests.integration.notifications.conftest import House
from tests.integration.notifications.delivering.owners import owners_of, said
from tests.support.announcements import ANNOUNCED, announced


async def types_of(house: House) -> dict[str, dict[str, Any]]:
    page = await house.app.public.get("/v1/event-types")
    assert page["next_cursor"] is None
    return {item["type"]: item for item in page["items"]}


async def test_everyone_may_learn_what_webhooks_tell(house: House) -> None:
    types = await types_of(house)
    assert {name for name, item in types.items() if item["choosable"]} == CHOSEN
    for name, item in types.items():
        assert item["description"]["zh"]
        assert item["description"]["en"]
        page = f"http://suite.test/docs/events#{name}"
        assert item["docs_url"] == (
            page if name in CATALOG else "http://suite.test/docs/notifications"
        )


async def test_whatever_is_really_told_fulfils_the_schema_of_its_type(house: House) -> None:
    """Each type once, from what the services announce."""
    unit = await house.member()
    register, on = house.register, house.register.now.date()
    ending = {"member_id": unit, "ending": "withdrawn", "effective_on": on}
    async with owners_of(house) as owners:
        await owners.endpoint(unit)
        await house.issue(acknowledgement_required=True)
        register.change_particulars(unit)
        mandate = register.appoint(unit, Subject("https://issuer.test", "li.min"))
        register.remove(unit, mandate)
        register.reinstate(unit)
        await owners.register_says()
        await owners.announce(
            _bulletin(house),
            MemberEndingAnnounced.model_validate(ending),
            MemberEndingRetracted.model_validate(ending),
            *(announced(type_, unit) for type_ in ANNOUNCED),
        )
        register.end(unit)
        await owners.register_says()
        await owners.idle()
        told = {said(request)["type"]: said(request) for request in owners.receiver.received}
        schemas = await types_of(house)
        assert told.keys() == schemas.keys()
        for name, body in told.items():
            Draft202012Validator(schemas[name]["payload_schema"]).validate(body)


def _bulletin(house: House) -> BulletinPublished:
    return BulletinPublished.model_validate(
        {
            "bulletin_id": new_id("bul"),
            "number": 12,
            "erratum_of": None,
            "from_day": date(2026, 2, 1),
            "to_day": date(2026, 2, 28),
            "members_count": 34,
            "joined_count": 2,
            "ceased_count": 1,
            "register_version": house.register.version,
            "register_head": house.register.head,
        }
    )
