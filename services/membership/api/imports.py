"""Taking over an existing member list (M10)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from sqlalchemy import Row

from services.membership.api.routing import REGISTRAR, ImportId, new_router
from services.membership.api.schemas.view import View
from services.membership.store import imports as store
from services.membership.store import queries
from services.membership.usecases import imports as usecases
from services.membership.usecases.applications import subject_of
from services.membership.usecases.imports import CSV
from services.membership.usecases.workbooks import XLSX
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, RawBody, access

router = new_router("imports")

FILE_BYTES = 20 * 1024 * 1024


class ImportOut(View):
    """An import and how far it is. `checked`: a dry run found nothing wrong; `refused`: nothing was written;
    `failed`: nor was it, for a fault of ours. `rows_total`: null until the file has been read.
    """

    id: str
    object: Literal["import"] = "import"
    url: str
    status: Literal["queued", "checking", "refused", "checked", "done", "failed"]
    media_type: str
    dry_run: bool
    rows_total: int | None
    rows_checked: int
    rows_accepted: int
    rows_refused: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class ImportRowOut(View):
    """What became of one row of the file; `line` is where it starts."""

    object: Literal["import_row"] = "import_row"
    line: int
    status: Literal["accepted", "refused"]
    problems: list[str]
    member_id: str | None


@router.post(
    "/imports",
    status_code=202,
    dependencies=[access(REGISTRAR), Depends(RawBody(*usecases.READERS, limit=FILE_BYTES))],
    summary="Import a member list",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                CSV: {
                    "schema": {"type": "string"},
                    "example": "legal_name_zh,legal_name_en,identifier,sectors,legal_representative,"
                    "contact_email,acceded_on\n北京示例公司,Example Ltd.,91110108QTY458N227,"
                    "product_maker,张磊,a@unit.example,2014-08-21\n",
                },
                XLSX: {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "(the bytes of a workbook: the same columns on its first visible sheet, "
                    "identifiers as text, days as text or as dates)",
                },
            },
        }
    },
)
async def import_members(
    request: Request,
    work: CurrentWork,
    actor: CurrentActor,
    url: PublicUrl,
    response: Response,
    dry_run: Annotated[bool, Query(description="Only check the file.")] = False,
) -> ImportOut:
    """A file as the body: CSV in UTF-8 or GB18030, or an XLSX workbook, of at most 100,000 lines. Every row is checked;
    then all are written, or none.
    """
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    media_type = (
        named if named in usecases.READERS else CSV
    )  # of an empty body nobody asks the type
    import_id = await usecases.queue_import(
        work, await request.body(), media_type, subject_of(actor), dry_run=dry_run
    )
    response.headers["Location"] = f"{url}/v1/imports/{import_id}"
    return _import_out(await store.get_import(work, import_id), url)


@router.get("/imports/{import_id}", dependencies=[access(REGISTRAR)], summary="An import")
async def read_import(import_id: ImportId, work: CurrentWork, url: PublicUrl) -> ImportOut:
    """With its progress."""
    return _import_out(await store.get_import(work, import_id), url)


@router.get(
    "/imports/{import_id}/rows", dependencies=[access(REGISTRAR)], summary="An import's rows"
)
async def list_import_rows(
    import_id: ImportId,
    work: CurrentWork,
    pager: CurrentPager,
    only_refused: Annotated[bool, Query()] = False,
) -> Page[ImportRowOut]:
    """A report on every row, in the order of the file, once the import is finished."""
    await store.get_import(work, import_id)
    return await pager.page(
        work, queries.rows_of_import(import_id, only_refused=only_refused), _row_out
    )


def _import_out(row: Row[Any], url: str) -> ImportOut:
    return ImportOut(
        id=row.id,
        url=f"{url}/v1/imports/{row.id}",
        status=row.status,
        media_type=row.media_type,
        dry_run=row.dry_run,
        rows_total=row.rows_total,
        rows_checked=row.rows_checked,
        rows_accepted=row.rows_accepted,
        rows_refused=row.rows_refused,
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )


def _row_out(row: Row[Any]) -> ImportRowOut:
    return ImportRowOut(
        line=row.line,
        status="refused" if row.problems else "accepted",
        problems=row.problems,
        member_id=row.member_id,
    )
