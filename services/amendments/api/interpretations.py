"""``/v1/interpretations``: what the organ says a provision means (A8, Art. 30)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.amendments.api.callers import SECRETARY
from services.amendments.api.schemas.interpretations import (
    INTERPRETATION_ID,
    InterpretationOut,
    IssueInterpretation,
)
from services.amendments.domain.lifecycle import InterpretationStatus
from services.amendments.domain.provision import PROVISION_ID_PATTERN
from services.amendments.store import interpretations as store
from services.amendments.usecases import interpretations
from services.amendments.usecases.acting import subject_of
from shared.http.access import PUBLIC_ACCESS
from shared.http.etags import set_etag
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.kernel.ids import id_pattern

router = APIRouter(
    prefix="/v1/interpretations",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=["Interpret the convention"],
)

InterpretationId = Annotated[str, Path(pattern=id_pattern("itp"), examples=[INTERPRETATION_ID])]


@router.post(
    "",
    status_code=201,
    summary="Interpret a provision",
    dependencies=[access(SECRETARY)],
)
async def issue_interpretation(
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    response: Response,
    body: IssueInterpretation,
) -> InterpretationOut:
    """A numbered act, pinned to the provision as it is in force, effective today or later: never back-dated.

    `supersedes` names an interpretation of the same provision whose place it takes; that one stays on record.
    """
    issued = await interpretations.issue_interpretation(work, body.reading(), subject_of(actor))
    shown = InterpretationOut.of(issued, url)
    response.headers["Location"] = shown.url
    set_etag(response, issued.version, "all")
    return shown


@router.get("", summary="Interpretations, the latest first", dependencies=[access(PUBLIC_ACCESS)])
async def list_interpretations(
    work: CurrentWork,
    pager: CurrentPager,
    url: PublicUrl,
    provision: Annotated[
        str | None, Query(pattern=PROVISION_ID_PATTERN, max_length=20, examples=["art_27"])
    ] = None,
    status: Annotated[InterpretationStatus | None, Query()] = None,
) -> Page[InterpretationOut]:
    """Those superseded too: nothing is erased."""
    return await pager.page(
        work,
        store.all_interpretations(provision, status),
        lambda row: InterpretationOut.of(store.interpretation_from(row), url),
    )


@router.get(
    "/{interpretation_id}", summary="One interpretation", dependencies=[access(PUBLIC_ACCESS)]
)
async def read_interpretation(
    interpretation_id: InterpretationId, work: CurrentWork, url: PublicUrl, response: Response
) -> InterpretationOut:
    """`stale_since` names the version that amended the provision afterwards."""
    found = await store.find_interpretation(work, interpretation_id)
    set_etag(response, found.version, "all")
    return InterpretationOut.of(found, url)
