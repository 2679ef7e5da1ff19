"""``/v1/founding``: the initiating units sign, the convention becomes valid and is published (A3, Art. 26)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.amendments.api.callers import SECRETARY
from services.amendments.api.schemas.founding import FoundingOut, NameInitiatingUnits
from services.amendments.domain.founding import Founding
from services.amendments.store import foundings
from services.amendments.usecases import founding
from services.amendments.usecases.acting import subject_of
from shared.http.access import PUBLIC_ACCESS, SIGNED_IN
from shared.http.etags import digest_of, set_etag
from shared.http.openapi import operation_id
from shared.http.route import CurrentActor, CurrentWork, WorkRoute, access

router = APIRouter(
    prefix="/v1/founding",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=["Found the convention"],
)


async def _issuer(request: Request) -> str:
    issuer: str = request.app.state.service.suite.issuer
    return issuer


TrustedIssuer = Annotated[str, Depends(_issuer)]


class Show:
    """Shows the founding as it is today."""

    def __init__(self, work: CurrentWork, response: Response) -> None:
        self._work = work
        self._response = response

    def __call__(self, founding: Founding) -> FoundingOut:
        """The founding with its ETag."""
        shown = FoundingOut.of(founding, self._work.today)
        set_etag(self._response, founding.version, digest_of(shown))
        return shown


async def _show(work: CurrentWork, response: Response) -> Show:
    return Show(work, response)


Shown = Annotated[Show, Depends(_show)]


@router.get("", summary="How far the founding is", dependencies=[access(PUBLIC_ACCESS)])
async def read_founding(work: CurrentWork, show: Shown) -> FoundingOut:
    """Who founds the convention, who has signed, by when it is to be published."""
    return show(await foundings.get_founding(work))


@router.post(
    "", status_code=201, summary="Name the initiating units", dependencies=[access(SECRETARY)]
)
async def name_initiating_units(
    work: CurrentWork, issuer: TrustedIssuer, show: Shown, body: NameInitiatingUnits
) -> FoundingOut:
    """Of a convention whose text was imported to be founded; it has everything that the register needs.

    Until anyone has signed, they can be named anew: a mistaken name would keep the convention from being founded.
    """
    return show(await founding.name_initiating_units(work, body.initiating_units(issuer)))


@router.post("/signatures", summary="Sign the convention", dependencies=[access(SIGNED_IN)])
async def sign_convention(work: CurrentWork, actor: CurrentActor, show: Shown) -> FoundingOut:
    """By a unit's legal representative, or one it entrusted; with the last signature the convention is valid.

    Whoever represents no initiating unit gets 404.
    """
    return show(await founding.sign_convention(work, subject_of(actor)))


@router.post("/publication", summary="Publish the convention", dependencies=[access(SECRETARY)])
async def publish_convention(work: CurrentWork, show: Shown) -> FoundingOut:
    """To society, by `publish_by`; later it is recorded as late and not void. From that day it is in force (Art. 31)."""
    return show(await founding.publish_convention(work))
