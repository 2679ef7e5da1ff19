"""A member's own affairs, told to its own systems (N4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notifications.domain.message import Data, Message, WebhookType, message_of_affair
from services.notifications.store import endpoints, messages
from shared.db.work import Work
from shared.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Affair:
    """Something that happened to one member; ``link``: the path where it is seen."""

    type: WebhookType
    member_id: str
    data: Data
    link: str
    ends_membership: bool = False


async def tell_members(work: Work, affairs: Sequence[Affair]) -> None:
    """Tell each member's endpoints of its own affairs, in order. The end of its membership is the last thing they are told."""
    known = await endpoints.endpoints_of(work, list({affair.member_id for affair in affairs}))
    told: list[Message] = []
    for a in affairs:
        of_member = [endpoint for endpoint in known if endpoint.member_id == a.member_id]
        if any(endpoint.is_entitled for endpoint in of_member):
            told.append(
                message_of_affair(new_id("whm"), a.type, a.member_id, a.data, a.link, work.now)
            )
        if a.ends_membership:
            for endpoint in of_member:
                endpoint.retire(work.now)
                await endpoints.save_endpoint(work, endpoint)
    await messages.add_messages(work, *told)
