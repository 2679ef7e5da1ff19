"""The delivery log: what was to be told to an endpoint, and what came of it (N4)."""

from typing import Annotated

from fastapi import Path, Query

from services.notifications.api.routing import OWNERS, CurrentKeyring, EndpointId, new_router
from services.notifications.api.schemas.deliveries import (
    DELIVERY_ID,
    DeliveryDetailOut,
    DeliveryOut,
)
from services.notifications.domain.lifecycle import DeliveryStatus
from services.notifications.store import endpoints, log
from services.notifications.usecases.acting import member_of
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, access
from shared.kernel.ids import id_pattern

router = new_router("See what was delivered")

DeliveryId = Annotated[str, Path(pattern=id_pattern("dlv"), examples=[DELIVERY_ID])]


@router.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    summary="An endpoint's deliveries, the latest first",
    dependencies=[access(OWNERS)],
)
async def list_deliveries(
    endpoint_id: EndpointId,
    work: CurrentWork,
    actor: CurrentActor,
    pager: CurrentPager,
    public_url: PublicUrl,
    status: Annotated[DeliveryStatus | None, Query(description="Only these.")] = None,
) -> Page[DeliveryOut]:
    """What was made of it so far. Nothing pending is dropped while an endpoint is not active.

    What arrived or failed is listed for ninety days, unless whoever runs the suite keeps it for longer or shorter.
    """
    endpoint = await endpoints.find_endpoint(work, endpoint_id, member_of(actor))
    return await pager.page(
        work,
        log.log_of(endpoint.id, status),
        lambda row: DeliveryOut.of(log.logged_from(row), public_url),
    )


@router.get(
    "/deliveries/{delivery_id}",
    summary="A delivery with every attempt",
    dependencies=[access(OWNERS)],
)
async def get_delivery(
    delivery_id: DeliveryId,
    work: CurrentWork,
    actor: CurrentActor,
    keyring: CurrentKeyring,
    public_url: PublicUrl,
) -> DeliveryDetailOut:
    """What is sent, and what came of each attempt.

    The beginning of an answer is shown to the endpoint's owner alone, and never that of a private network.
    """
    logged = await log.find_logged(work, delivery_id, member_of(actor))
    attempts = await log.attempts_at(work, keyring, delivery_id)
    return DeliveryDetailOut.detailed(logged, attempts, public_url)
