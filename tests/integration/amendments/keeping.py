"""How the text is brought in, amended and read in the tests."""

from datetime import timedelta
from typing import Any

from services.amendments.domain.changes import Change, apply
from services.amendments.domain.provision import Wording
from services.amendments.store import convention
from services.amendments.usecases.convention import publish_version
from tests.integration.amendments.house import House

PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
TEXT = "/v1/convention"
PROPOSAL = "prp_00000000000000000000000000000001"
NEW_27: Wording = {
    "zh": "经成员单位十分之一以上提议,并经四分之三以上同意,可以修改本公约。",
    "en": "One tenth propose, three quarters agree: it is amended.",
}


async def bring_in(house: House, page: bytes | str, query: str = "", expect: int = 201) -> Any:
    """Import a page."""
    content = page.encode() if isinstance(page, str) else page
    answer = await house.secretary.ask(
        "POST", f"{TEXT}/imports{query}", content=content, headers=PLAIN, expect=expect
    )
    return answer.json()


async def amend(house: House, *changes: Change, days: int = 0, **options: Any) -> None:
    """Promulgate changes, in force in so many days."""
    async with house.database.begin() as work:
        before = await convention.latest_version(work)
        day = work.today + timedelta(days=days)
        await publish_version(work, apply(before.text, changes), None, day, PROPOSAL, **options)


def wording_of(shown: Any, provision_id: str) -> Any:
    """How a provision reads."""
    return next(p for p in shown["provisions"] if p["id"] == provision_id)["texts"]
