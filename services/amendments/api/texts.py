"""``/v1/convention/imports``, ``/divergences`` and ``/corrections``: the secretary's acts on the text (A1, A2)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.amendments.api.callers import SECRETARY
from services.amendments.api.schemas.text_acts import (
    CorrectionOut,
    CorrectWording,
    DivergenceOut,
    ImportedOut,
    RecordDivergence,
)
from services.amendments.store import texts as store
from services.amendments.usecases import texts
from services.amendments.usecases.acting import subject_of
from shared.http.access import PUBLIC_ACCESS
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, RawBody, WorkRoute, access
from shared.http.strict import Day, Line

PAGE_BYTES = 2 * 1024 * 1024
KEEPING = "Keep the text"

router = APIRouter(
    prefix="/v1/convention",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=[KEEPING],
)


@router.post(
    "/imports",
    status_code=201,
    summary="Import the published text",
    dependencies=[access(SECRETARY), Depends(RawBody("text/plain", limit=PAGE_BYTES))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": "Example Convention\n\nChapter I: General\n\nArticle 1: …\n\n第一章 总则\n第一条 ……\n",
                }
            },
        }
    },
)
async def import_text(
    request: Request,
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    response: Response,
    valid_on: Annotated[Day | None, Query(description="The day it became valid; today.")] = None,
    in_force_on: Annotated[Day | None, Query(description="The day it took force.")] = None,
    awaits_founding: Annotated[
        bool, Query(description="It is to be signed and published first (Art. 26).")
    ] = False,
    title_zh: Annotated[Line | None, Query(description="Where the page has none.")] = None,
    title_en: Annotated[Line | None, Query(description="Where the page has none.")] = None,
) -> ImportedOut:
    """The page as found, UTF-8, both languages one after the other; it becomes version 1.

    What stands around the texts is left out, and `left_out` says which lines; what cannot be read inside them is
    refused with its `line`.
    """
    imported = await texts.import_text(
        work,
        await request.body(),
        subject_of(actor),
        dates=texts.dates_of_import(
            work,
            valid_on=valid_on,
            in_force_on=in_force_on,
            awaits_founding=awaits_founding,
        ),
        titles={"zh": title_zh, "en": title_en},
    )
    response.headers["Location"] = f"{url}/v1/convention?version={imported.version.number}"
    return ImportedOut.of(imported, url)


@router.get(
    "/divergences", summary="Where the languages part", dependencies=[access(PUBLIC_ACCESS)]
)
async def list_divergences(work: CurrentWork, pager: CurrentPager) -> Page[DivergenceOut]:
    """The register of divergences; the Chinese decides."""
    return await pager.page(work, store.all_divergences(), DivergenceOut.of)


@router.post(
    "/divergences",
    status_code=201,
    summary="Record a divergence",
    dependencies=[access(SECRETARY)],
)
async def record_divergence(
    work: CurrentWork, actor: CurrentActor, body: RecordDivergence
) -> DivergenceOut:
    """The words on either side are quoted as they stand in the provision: in force, or in a text still to be founded."""
    number = await texts.record_divergence(
        work,
        body.provision_id,
        {"zh": body.zh, "en": body.en},
        {"zh": body.note.zh, "en": body.note.en},
        subject_of(actor),
    )
    return DivergenceOut.of(await store.get_divergence(work, number))


@router.get("/corrections", summary="What was mended", dependencies=[access(PUBLIC_ACCESS)])
async def list_corrections(work: CurrentWork, pager: CurrentPager) -> Page[CorrectionOut]:
    """Translations and corrigenda, each with both wordings."""
    return await pager.page(work, store.all_corrections(), CorrectionOut.of)


@router.post(
    "/corrections",
    status_code=201,
    summary="Mend a wording",
    dependencies=[access(SECRETARY)],
)
async def correct_wording(
    work: CurrentWork, actor: CurrentActor, body: CorrectWording
) -> CorrectionOut:
    """Another translation of the same text, or a typing error in the Chinese; neither needs a ballot.

    A corrigendum of more than two characters since the promulgation, or of one by which the rule is decided, is refused:
    that is an amendment. So is one of a provision that the members are asked about.
    """
    number = await texts.correct_wording(work, body.mending(), subject_of(actor))
    return CorrectionOut.of(await store.get_correction(work, number))
