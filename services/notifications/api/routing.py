"""What the routes of webhooks have in common: who owns endpoints, what seals secrets, where webhooks may go."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from services.notifications.api.schemas.endpoints import ENDPOINT_ID
from services.notifications.domain.target import TargetRules
from services.notifications.settings import NotificationsSettings
from services.notifications.store.keyring import Keyring
from shared.http.access import Access
from shared.http.openapi import operation_id
from shared.http.route import WorkRoute
from shared.kernel.actor import Scope
from shared.kernel.ids import id_pattern

OWNERS = Access(scope=Scope.CIRCULARS)


def new_router(tag: str) -> APIRouter:
    """A router whose routes run in one transaction each."""
    return APIRouter(
        prefix="/v1",
        route_class=WorkRoute,
        generate_unique_id_function=operation_id,
        tags=[tag],
    )


EndpointId = Annotated[str, Path(pattern=id_pattern("whe"), examples=[ENDPOINT_ID])]


async def _keyring(request: Request) -> Keyring:
    settings: NotificationsSettings = request.app.state.service.settings
    return settings.keyring


async def _target_rules(request: Request) -> TargetRules:
    settings: NotificationsSettings = request.app.state.service.settings
    return settings.target_rules(request.app.state.service.suite)


CurrentKeyring = Annotated[Keyring, Depends(_keyring)]
CurrentTargetRules = Annotated[TargetRules, Depends(_target_rules)]
