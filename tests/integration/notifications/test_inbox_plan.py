"""The inbox stays quick when it is long: a page is read along the index, not collected and sorted."""

from typing import Any

from sqlalchemy import text

from services.notifications.store import queries
from tests.integration.notifications.conftest import House

LONG = 20_000

_MANY_NOTICES = """
    INSERT INTO notices (id, kind, about_id, category, mandatory, number, title_zh, body_zh, link,
                         audience, register_version, register_head, issued_at)
    SELECT 'ntc_' || lpad(to_hex(i), 32, '0'), 'circular', 'cir_' || i, 'policy', true,
           'C-2026-' || i, '标题', '正文', '/v1/circulars/x', 'all', :version, repeat('a', 64),
           now() - interval '1 year' + i * interval '1 minute'
    FROM generate_series(1, :count) AS i
"""


async def test_a_page_of_a_long_inbox_is_read_along_the_index(house: House) -> None:
    unit = await house.member()
    async with house.database.begin() as work:
        await work.db.execute(
            text(_MANY_NOTICES), {"version": house.register.version, "count": LONG}
        )
        await work.db.execute(text("ANALYZE notices"))
    plan = await _plan(house, unit)
    assert "Index Scan Backward using ix_notices_issued_at_id" in plan
    assert "Sort" not in plan
    newest = await house.inbox(unit, "?limit=1")
    assert newest[0]["number"] == f"C-2026-{LONG}"


async def _plan(house: House, unit: str) -> str:
    page: Any = queries.inbox(unit, unread=False, unacknowledged=False).limit(51)
    dialect = house.database.engine.dialect
    statement = page.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with house.database.begin() as work:
        lines = await work.db.exec_driver_sql(f"EXPLAIN {statement}")
        return "\n".join(lines.scalars())
