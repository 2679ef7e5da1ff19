"""``/v1/webhook-endpoints``: where a member's own systems are told (N4)."""

from typing import Annotated, Any

from fastapi import Depends, Response

from services.notifications.api.routing import (
    OWNERS,
    CurrentKeyring,
    CurrentTargetRules,
    EndpointId,
    new_router,
)
from services.notifications.api.schemas.endpoints import (
    ChangeEndpoint,
    EndpointOut,
    IssuedSecretOut,
    RegisterEndpoint,
    RotateSecret,
    SendTestEvent,
    TestEventOut,
)
from services.notifications.domain.endpoint import Endpoint
from services.notifications.store import endpoints as store
from services.notifications.usecases import endpoints
from services.notifications.usecases.acting import member_of
from services.notifications.usecases.endpoints import Issued
from shared.http.etags import IfMatch, set_etag
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, access

CHECKED: dict[int | str, dict[str, Any]] = {429: {"description": "Too many ownership checks"}}

router = new_router("Tell a member's own systems")


class View:
    """Shows endpoints to their owner, with the ETag of what it gets."""

    def __init__(self, public_url: str, response: Response) -> None:
        self.public_url = public_url
        self._response = response

    def __call__(self, endpoint: Endpoint) -> EndpointOut:
        """The endpoint."""
        set_etag(self._response, endpoint.version, "owner")
        return EndpointOut.of(endpoint, self.public_url)

    def issued(self, issued: Issued) -> IssuedSecretOut:
        """The endpoint with its new secret, which nobody on the way may keep."""
        set_etag(self._response, issued.endpoint.version, "secret")
        self._response.headers["Cache-Control"] = "no-store"
        return IssuedSecretOut.issued(issued, self.public_url)


async def _view(public_url: PublicUrl, response: Response) -> View:
    return View(public_url, response)


Shown = Annotated[View, Depends(_view)]


@router.post(
    "/webhook-endpoints",
    status_code=201,
    summary="Register an endpoint",
    responses=CHECKED,
    dependencies=[access(OWNERS)],
)
async def register_endpoint(
    body: RegisterEndpoint,
    work: CurrentWork,
    actor: CurrentActor,
    keyring: CurrentKeyring,
    rules: CurrentTargetRules,
    show: Shown,
    response: Response,
) -> IssuedSecretOut:
    """Its secret is shown this once. Its ownership is checked at once: the receiver gives a challenge back.

    An answer with a secret is kept nowhere: sent again with its `Idempotency-Key`, the request registers another one.
    """
    issued = await endpoints.register_endpoint(
        work,
        actor,
        keyring,
        rules,
        target_url=body.target_url,
        description=body.description or "",
        event_types=body.event_types,
    )
    view = show.issued(issued)
    response.headers["Location"] = view.url
    return view


@router.get("/webhook-endpoints", summary="The own unit's endpoints", dependencies=[access(OWNERS)])
async def list_endpoints(
    work: CurrentWork, actor: CurrentActor, pager: CurrentPager, show: Shown
) -> Page[EndpointOut]:
    """Oldest first."""
    return await pager.page(
        work,
        store.endpoints_owned_by(member_of(actor)),
        lambda row: EndpointOut.of(store.endpoint_from(row), show.public_url),
    )


@router.get(
    "/webhook-endpoints/{endpoint_id}", summary="One endpoint", dependencies=[access(OWNERS)]
)
async def get_endpoint(
    endpoint_id: EndpointId, work: CurrentWork, actor: CurrentActor, show: Shown
) -> EndpointOut:
    """As it stands; its secret is not shown again."""
    return show(await store.find_endpoint(work, endpoint_id, member_of(actor)))


@router.patch(
    "/webhook-endpoints/{endpoint_id}",
    summary="Change an endpoint",
    responses=CHECKED,
    dependencies=[access(OWNERS)],
)
async def change_endpoint(
    endpoint_id: EndpointId,
    body: ChangeEndpoint,
    work: CurrentWork,
    actor: CurrentActor,
    rules: CurrentTargetRules,
    expected: IfMatch,
    show: Shown,
) -> EndpointOut:
    """Another `target_url` is checked like a new endpoint's; meanwhile webhooks wait. The secret stays.

    What was announced while the endpoint was `disabled` is not sent: read it in the inbox and in the member's history.
    """
    changed = await endpoints.change_endpoint(
        work,
        endpoint_id,
        actor,
        rules,
        expected,
        target_url=body.target_url,
        description=body.new_description,
        event_types=body.event_types,
    )
    return show(changed)


@router.delete(
    "/webhook-endpoints/{endpoint_id}",
    status_code=204,
    summary="Delete an endpoint",
    dependencies=[access(OWNERS)],
)
async def delete_endpoint(
    endpoint_id: EndpointId, work: CurrentWork, actor: CurrentActor, expected: IfMatch
) -> None:
    """With its secrets and its delivery log. Notices stay in the inbox."""
    await endpoints.delete_endpoint(work, endpoint_id, actor, expected)


@router.post(
    "/webhook-endpoints/{endpoint_id}/secret-rotation",
    summary="Replace the secret",
    dependencies=[access(OWNERS)],
)
async def rotate_secret(
    endpoint_id: EndpointId,
    body: RotateSecret,
    work: CurrentWork,
    actor: CurrentActor,
    keyring: CurrentKeyring,
    expected: IfMatch,
    show: Shown,
) -> IssuedSecretOut:
    """The new secret is shown this once. The former one signs along for 24 hours, a compromised one no longer.

    At most two former secrets sign along. An answer with a secret is kept nowhere: sent again, the request rotates again.
    """
    rotated = await endpoints.rotate_secret(
        work, endpoint_id, actor, keyring, expected, compromised=body.compromised
    )
    return show.issued(rotated)


@router.post(
    "/webhook-endpoints/{endpoint_id}/test-event",
    status_code=202,
    summary="Send a test event",
    dependencies=[access(OWNERS)],
)
async def send_test_event(
    endpoint_id: EndpointId,
    body: SendTestEvent,
    work: CurrentWork,
    actor: CurrentActor,
    show: Shown,
) -> TestEventOut:
    """To an active endpoint, whatever its filter. It says `test: true`, and everything in it is invented."""
    webhook_id = await endpoints.send_test_event(work, endpoint_id, actor, body.type)
    return TestEventOut(
        webhook_id=webhook_id,
        type=body.type,
        deliveries_url=f"{show.public_url}/v1/webhook-endpoints/{endpoint_id}/deliveries",
    )


@router.post(
    "/webhook-endpoints/{endpoint_id}/enabling",
    summary="Check its ownership once more",
    responses=CHECKED,
    dependencies=[access(OWNERS)],
)
async def enable_endpoint(
    endpoint_id: EndpointId,
    work: CurrentWork,
    actor: CurrentActor,
    expected: IfMatch,
    show: Shown,
) -> EndpointOut:
    """After a failed check, or after its receiver answered 410. What waits for it is delivered when it has succeeded.

    What was announced while it was `disabled` does not: read it in the inbox and in the member's history.
    """
    return show(await endpoints.enable_endpoint(work, endpoint_id, actor, expected))
