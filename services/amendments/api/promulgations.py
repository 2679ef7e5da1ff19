"""``/v1/promulgations``: adopted amendments become versions of the convention (A6)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.amendments.api.callers import SECRETARY
from services.amendments.api.schemas.parts import PROMULGATION_ID
from services.amendments.api.schemas.promulgations import Promulgate, PromulgationOut
from services.amendments.store import promulgations as store
from services.amendments.usecases import promulgations
from shared.http.access import PUBLIC_ACCESS
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.ids import id_pattern

PROMULGATING = "Promulgate amendments"

router = APIRouter(
    prefix="/v1/promulgations",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=[PROMULGATING],
)

PromulgationId = Annotated[str, Path(pattern=id_pattern("prm"), examples=[PROMULGATION_ID])]


@router.post(
    "",
    status_code=201,
    summary="Promulgate an adopted amendment",
    dependencies=[access(SECRETARY)],
)
async def promulgate(
    work: CurrentWork, actor: CurrentActor, url: PublicUrl, response: Response, body: Promulgate
) -> PromulgationOut:
    """By a secretary who did not propose it. Refused where its base no longer matches: it needs a rebase and a new ballot.

    Within the term of `due_on`; later it is flagged as late, and the adoption stands.
    """
    made = await promulgations.promulgate(work, body.proposal_id, actor, body.publication())
    shown = PromulgationOut.of(made, url)
    response.headers["Location"] = shown.url
    return shown


@router.get("", summary="Promulgations, the latest first", dependencies=[access(PUBLIC_ACCESS)])
async def list_promulgations(
    work: CurrentWork, url: PublicUrl, pager: CurrentPager
) -> Page[PromulgationOut]:
    """Everyone may know what was promulgated, and whether in time."""
    return await pager.page(
        work,
        store.all_promulgations(),
        lambda row: PromulgationOut.of(store.promulgation_from(row), url),
    )


@router.get("/{promulgation_id}", summary="One promulgation", dependencies=[access(PUBLIC_ACCESS)])
async def read_promulgation(
    promulgation_id: PromulgationId, work: CurrentWork, url: PublicUrl
) -> PromulgationOut:
    """It never changes."""
    return PromulgationOut.of(await store.get_promulgation(work, promulgation_id), url)
