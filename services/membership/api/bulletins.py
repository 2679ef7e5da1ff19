"""Bulletins: numbered editions as JSON, CSV and Atom, and errata (M7)."""

import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Literal
from xml.etree import ElementTree

from fastapi import Path, Request, Response
from pydantic import ConfigDict
from sqlalchemy import Row

from services.membership.api.routing import (
    REGISTRAR_OF_PUBLIC,
    VISIBLE,
    new_router,
)
from services.membership.api.schemas.view import View
from services.membership.domain.bulletin import Edition, Movement
from services.membership.store import bulletins as store
from services.membership.store import queries
from services.membership.usecases import bulletins as usecases
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentWork, PublicUrl, access
from shared.http.strict import Body, Prose
from shared.kernel.names import FORMULA_STARTS

router = new_router("bulletins")

FEED_ENTRIES = 50
ATOM = "http://www.w3.org/2005/Atom"

Number = Annotated[int, Path(ge=1, lt=2**31)]


class MovementLineOut(View):
    """A line of a bulletin."""

    register_version: int
    kind: Literal["joined", "ceased", "renamed"]
    on: date
    member_id: str
    legal_name_zh: str
    legal_name_en: str
    former_name_zh: str | None
    former_name_en: str | None


class BulletinSummaryOut(View):
    """An edition in a list."""

    id: str
    object: Literal["bulletin"] = "bulletin"
    number: int
    url: str
    erratum_of: int | None
    from_day: date
    to_day: date
    members_count: int
    joined_count: int
    ceased_count: int
    renamed_count: int
    register_version: int
    register_head: str
    published_at: datetime


class BulletinOut(BulletinSummaryOut):
    """An edition, whole. It never changes; an error is mended by a numbered erratum."""

    movements: list[MovementLineOut]
    correction: dict[str, str] | None


class PublishErratum(Body):
    """What was wrong and what is right, in both languages."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"correction_zh": "第三行名称应为……", "correction_en": "Line 3 should read …"}
            ]
        }
    )

    correction_zh: Prose
    correction_en: Prose


@router.get("/bulletins", dependencies=[access(VISIBLE)], summary="Bulletins")
async def list_bulletins(
    work: CurrentWork, pager: CurrentPager, url: PublicUrl
) -> Page[BulletinSummaryOut]:
    """Newest first."""
    return await pager.page(
        work, queries.editions(), lambda row: BulletinSummaryOut(**_summary(row, url))
    )


@router.get(
    "/bulletins/{number}",
    dependencies=[access(VISIBLE)],
    summary="A bulletin",
    response_model=BulletinOut,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def read_bulletin(
    number: Number, work: CurrentWork, url: PublicUrl, request: Request, response: Response
) -> BulletinOut | Response:
    """JSON, or CSV where `Accept` asks for `text/csv`."""
    row = await store.get_edition(work, number)
    if "text/csv" in request.headers.get("accept", ""):
        return Response(
            _csv(store.edition_from(row)),
            media_type="text/csv; charset=utf-8",
            headers={"Vary": "Accept"},
        )
    response.headers["Vary"] = "Accept"
    return BulletinOut.model_validate(
        {
            **_summary(row, url),
            "movements": row.content["movements"],
            "correction": row.content["correction"],
        }
    )


@router.post(
    "/bulletins/{number}/errata",
    status_code=201,
    dependencies=[access(REGISTRAR_OF_PUBLIC)],
    summary="Mend a bulletin",
)
async def publish_erratum(
    number: Number, body: PublishErratum, work: CurrentWork, url: PublicUrl
) -> BulletinOut:
    """A new numbered edition that says what was wrong; the mended one stays as it is."""
    erratum = await usecases.publish_erratum(work, number, body.correction_zh, body.correction_en)
    row = await store.get_edition(work, erratum)
    return BulletinOut.model_validate(
        {**_summary(row, url), "movements": [], "correction": row.content["correction"]}
    )


@router.get(
    "/bulletins.atom",
    dependencies=[access(VISIBLE)],
    summary="Bulletins as a feed",
    response_class=Response,
    responses={200: {"content": {"application/atom+xml": {"schema": {"type": "string"}}}}},
)
async def read_bulletin_feed(work: CurrentWork, url: PublicUrl) -> Response:
    """The newest editions as Atom 1.0 (RFC 4287)."""
    rows = (await work.db.execute(queries.editions().limit(FEED_ENTRIES))).all()
    return Response(_atom(rows, url), media_type="application/atom+xml; charset=utf-8")


def _summary(row: Row[Any], url: str) -> dict[str, Any]:
    edition = store.edition_from(row)
    return {
        "id": row.id,
        "number": edition.number,
        "url": f"{url}/v1/bulletins/{edition.number}",
        "erratum_of": edition.erratum_of,
        "from_day": edition.from_day,
        "to_day": edition.to_day,
        "members_count": edition.members_count,
        "joined_count": edition.joined_count,
        "ceased_count": edition.ceased_count,
        "renamed_count": edition.renamed_count,
        "register_version": edition.register.version,
        "register_head": edition.register.head,
        "published_at": row.published_at,
    }


def _csv(edition: Edition) -> str:
    names = list(Movement.__dataclass_fields__)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for movement in edition.movements:
        writer.writerow(_inert(getattr(movement, name)) for name in names)
    return out.getvalue()


def _inert(cell: object) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in FORMULA_STARTS else text


def _atom(rows: Any, url: str) -> bytes:
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(
        parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
    ) -> None:
        element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = text

    add(feed, "id", f"{url}/v1/bulletins.atom")
    add(feed, "title", "成员通报 · Member bulletin")
    add(feed, "link", href=f"{url}/v1/bulletins.atom", rel="self")
    add(feed, "updated", rows[0].published_at.isoformat() if rows else "1970-01-01T00:00:00+00:00")
    author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
    add(author, "name", "Gongyue")
    for row in rows:
        edition = store.edition_from(row)
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        add(entry, "id", f"{url}/v1/bulletins/{edition.number}")
        add(entry, "title", _title(edition))
        add(entry, "updated", row.published_at.isoformat())
        add(entry, "link", href=f"{url}/v1/bulletins/{edition.number}")
        add(
            entry,
            "summary",
            f"{edition.members_count} members, {edition.joined_count} joined, "
            f"{edition.ceased_count} ceased, {edition.renamed_count} renamed",
        )
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _title(edition: Edition) -> str:
    if edition.erratum_of is not None:
        return f"第 {edition.number} 期(更正第 {edition.erratum_of} 期) · No. {edition.number}, erratum to No. {edition.erratum_of}"
    return f"第 {edition.number} 期 · No. {edition.number}: {edition.from_day} – {edition.to_day}"
