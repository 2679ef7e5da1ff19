"""A page of a member's inbox, found from who was a member when, against one kept as rows for each member."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Column, Index, MetaData, Select, Table, literal, select, text

from services.notifications.api.inbox import ADDRESSEES
from services.notifications.api.schemas.notices import HeadingOut
from services.notifications.store import queries
from services.notifications.store.tables import notices
from services.notifications.usecases.acting import member_of
from shared.db.base import IdText, Instant
from shared.db.work import Database
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentActor, CurrentWork, PublicUrl, WorkRoute, access
from shared.messaging.memory import MemoryBus
from shared.service import Part
from tests.bench.goal import Count, Measured, Ratio, interleaved
from tests.bench.rosters import REPRESENTATIVE, SECTOR, fill_roster, notifications_service
from tests.bench.servers import Servers
from tests.support.suite import Caller, running

MEMBERS, NOTICES = 500, 1_500
PAGE = 20
SQL_PAGES, HTTP_PAGES = 300, 60

inbox_items = Table(
    "inbox_items",
    MetaData(),
    Column("member_id", IdText, primary_key=True),
    Column("notice_id", IdText, primary_key=True),
    Column("issued_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("acknowledged_at", Instant),
)
Index(
    "ix_inbox_items_latest",
    inbox_items.c.member_id,
    inbox_items.c.issued_at,
    inbox_items.c.notice_id,
)

# Of five notices three go to all, one to a sector, one to a member that is named.
_NOTICES = f"""
    INSERT INTO notices (id, kind, about_id, category, mandatory, number, title_zh, body_zh, link,
                         audience, sector, register_version, register_head, issued_at)
    SELECT 'ntc_' || lpad(to_hex(i), 32, '0'), 'circular', 'cir_' || i, 'policy', true,
           'C-2026-' || i, '标题', '正文', '/v1/circulars/x',
           CASE i % 5 WHEN 0 THEN 'sector' WHEN 1 THEN 'members' ELSE 'all' END,
           CASE i % 5 WHEN 0 THEN '{SECTOR}' END,
           (SELECT watermark FROM roster_state), repeat('a', 64),
           now() - interval '1 year' + i * interval '1 minute'
    FROM generate_series(1, {NOTICES}) AS i
"""
_NAMED = """
    INSERT INTO notice_addressees (member_id, notice_id)
    SELECT 'mem_' || lpad(to_hex(9), 32, '0'), id FROM notices WHERE audience = 'members'
"""
_ITEMS = """
    INSERT INTO inbox_items (member_id, notice_id, issued_at)
    SELECT p.member_id, n.id, n.issued_at FROM notices AS n, roster_periods AS p
    WHERE n.audience <> 'members'
    UNION ALL
    SELECT a.member_id, n.id, n.issued_at FROM notices AS n
    JOIN notice_addressees AS a ON a.notice_id = n.id
"""


async def measure(servers: Servers) -> Measured:
    """The 20 newest of 1,200 notices: as SQL through the same driver, and as whole requests."""
    service = await notifications_service(servers)
    materialised = replace(service, routers=[_materialised_router()])
    async with (
        running(service, MemoryBus(), parts={Part.API}) as app,
        running(materialised, MemoryBus(), parts={Part.API}) as peer_app,
    ):
        member = await _fill(app.database)
        statements = (
            queries.inbox(member, unread=False, unacknowledged=False),
            _materialised_inbox(member),
        )
        counts = [await _same_pages(app.database, *statements)]
        ours, peers = await interleaved(*(_sql(app.database, s) for s in statements))
        callers = [one.as_(REPRESENTATIVE, member=member) for one in (app, peer_app)]
        our_requests, peer_requests = await interleaved(*(_http(caller) for caller in callers))
    return Measured(
        [
            Ratio(
                what=f"inbox page, {what}",
                unit="ms",
                ours=figures,
                peer="materialised inbox",
                peers=peer_figures,
                at_most=1.5,
            )
            for what, figures, peer_figures in (
                ("SQL", ours, peers),
                ("GET /v1/inbox", our_requests, peer_requests),
            )
        ],
        counts,
    )


def _materialised_inbox(member_id: str) -> Select[Any]:
    headings = [column for column in notices.c if column.name not in ("body_zh", "body_en")]
    return (
        select(
            *headings,
            literal(member_id, IdText).label("member_id"),
            inbox_items.c.read_at,
            inbox_items.c.acknowledged_at,
        )
        .join(inbox_items, inbox_items.c.notice_id == notices.c.id)
        .where(inbox_items.c.member_id == member_id)
        .order_by(inbox_items.c.issued_at.desc(), inbox_items.c.notice_id.desc())
    )


def _materialised_router() -> APIRouter:
    router = APIRouter(route_class=WorkRoute, dependencies=[access(ADDRESSEES)])

    @router.get("/v1/inbox")
    async def list_inbox(
        work: CurrentWork, actor: CurrentActor, pager: CurrentPager, public_url: PublicUrl
    ) -> Page[HeadingOut]:
        """The same page, from the rows kept for each member."""
        statement = _materialised_inbox(member_of(actor))
        return await pager.page(work, statement, lambda row: HeadingOut.of_row(row, public_url))

    return router


async def _fill(database: Database) -> str:
    member = await fill_roster(database, MEMBERS)
    async with database.begin() as work:
        await work.db.run_sync(inbox_items.metadata.create_all)
        for statement in (_NOTICES, _NAMED, _ITEMS, "ANALYZE"):
            await work.db.execute(text(statement))
    return member


async def _same_pages(database: Database, ours: Select[Any], peer: Select[Any]) -> Count:
    async with database.begin() as work:
        inboxes = [[row.id for row in await work.db.execute(s)] for s in (ours, peer)]
    addressed = NOTICES * 4 // 5
    same = sum(a == b for a, b in zip(*inboxes, strict=False))
    return Count("notices in both inboxes, in the same order", addressed, same)


def _sql(database: Database, statement: Select[Any]) -> Callable[[], Awaitable[float]]:
    compiled = statement.limit(PAGE + 1).compile(
        dialect=database.engine.dialect, compile_kwargs={"literal_binds": True}
    )

    async def page() -> float:
        async with database.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            prepared = await driver.prepare(str(compiled))
            return await _median_of(SQL_PAGES, prepared.fetch)

    return page


def _http(caller: Caller) -> Callable[[], Awaitable[float]]:
    async def page() -> float:
        return await _median_of(HTTP_PAGES, lambda: caller.get(f"/v1/inbox?limit={PAGE}"))

    return page


async def _median_of(times: int, act: Callable[[], Awaitable[object]]) -> float:
    """The median of so many runs of ``act``, one after the other, in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await act()
        taken.append((time.perf_counter() - begun) * 1000)
    return median(taken)
