"""``/v1/event-types``: everything that a webhook can tell (N4)."""

from services.notifications.api.routing import new_router
from services.notifications.api.schemas.event_types import EventTypeOut
from services.notifications.domain.event_types import EVENT_TYPES
from shared.http.access import PUBLIC_ACCESS
from shared.http.paging import Page
from shared.http.route import PublicUrl, access

router = new_router("Learn what webhooks tell")


@router.get("/event-types", summary="What webhooks can tell", dependencies=[access(PUBLIC_ACCESS)])
async def list_event_types(public_url: PublicUrl) -> Page[EventTypeOut]:
    """Each type with its meaning, the schema of its body and an example. There is one page of them."""
    types = [EventTypeOut.of(event_type, public_url) for event_type in EVENT_TYPES.values()]
    return Page(items=types, next_cursor=None)
