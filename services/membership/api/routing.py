"""What all of membership's routes have in common: their router, their ids, the issuer, who may see a unit."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from services.membership.settings import MembershipSettings
from shared.http.access import Access
from shared.http.openapi import operation_id
from shared.http.route import WorkRoute
from shared.kernel.actor import Role, Scope
from shared.kernel.ids import id_pattern


def new_router(tag: str) -> APIRouter:
    """A router whose routes run in one transaction each."""
    return APIRouter(
        prefix="/v1",
        route_class=WorkRoute,
        generate_unique_id_function=operation_id,
        tags=[tag],
    )


def _id(prefix: str) -> object:
    return Path(pattern=id_pattern(prefix), examples=[f"{prefix}_{'0' * 32}"])


MemberId = Annotated[str, _id("mem")]
ApplicationId = Annotated[str, _id("app")]
RepresentativeId = Annotated[str, _id("rep")]
RollId = Annotated[str, _id("rol")]
ImportId = Annotated[str, _id("imp")]


async def _issuer(request: Request) -> str:
    issuer: str = request.app.state.service.suite.issuer
    return issuer


async def _settings(request: Request) -> MembershipSettings:
    settings: MembershipSettings = request.app.state.service.settings
    return settings


TrustedIssuer = Annotated[str, Depends(_issuer)]
Settings = Annotated[MembershipSettings, Depends(_settings)]

VISIBLE = Access(public=True)
REGISTRAR = Access(roles=frozenset({Role.REGISTRAR}))
REGISTRAR_OF_PUBLIC = Access(roles=frozenset({Role.REGISTRAR}), seen_by=VISIBLE)
OWN_REPRESENTATIVE = Access(scope=Scope.ALL, own="member_id", seen_by=VISIBLE)
FORMER_OR_OWN_REPRESENTATIVE = replace(OWN_REPRESENTATIVE, former=True)
OWN_OR_REGISTRAR = Access(
    roles=frozenset({Role.REGISTRAR}), scope=Scope.ALL, own="member_id", seen_by=VISIBLE
)
