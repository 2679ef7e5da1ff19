"""Notifications with a roster of any size, written at once: as if it had heard of so many members."""

from pydantic import SecretStr
from sqlalchemy import text

from services.notifications.service import notifications
from services.notifications.settings import NotificationsSettings
from shared.contracts.membership import Sector
from shared.db.roster import enter_changes
from shared.db.work import Database
from shared.kernel.actor import Scope, Subject
from shared.service import Service
from tests.bench.servers import Servers
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, SUITE

REPRESENTATIVE = "representative"
SECTOR = Sector.ACCESS_SERVICE.value

_OTHERS = (
    """
    INSERT INTO roster_periods (period_id, entered_version, member_id)
    SELECT 'per_' || lpad(to_hex(i), 32, '0'), i, 'mem_' || lpad(to_hex(i), 32, '0')
    FROM generate_series(CAST(:first AS integer), :last) AS i
    """,
    f"""
    INSERT INTO roster_particulars
      (member_id, entered_version, legal_name_zh, legal_name_en, sectors)
    SELECT 'mem_' || lpad(to_hex(i), 32, '0'), i, '示例' || i, 'Unit ' || i, ARRAY['{SECTOR}']
    FROM generate_series(CAST(:first AS integer), :last) AS i
    """,
    "UPDATE roster_state SET watermark = :last WHERE watermark < :first",
)


async def notifications_service(servers: Servers) -> Service:
    """Notifications on a new database that its migrations made."""
    migrations = notifications(suite=SUITE).migrations
    url = await servers.migrated("notifications", migrations)
    return notifications(NotificationsSettings(database_url=SecretStr(url)), SUITE)


async def fill_roster(database: Database, members: int) -> str:
    """Make the roster one of ``members``; the id of the first, for whom ``REPRESENTATIVE`` may act."""
    async with database.begin() as work:
        register = MadeUpRegister(work.now)
        member = register.accede(None, Sector.ACCESS_SERVICE)
        register.appoint(member, Subject(ISSUER, REPRESENTATIVE), Scope.CIRCULARS)
        await enter_changes(work, register.changes)
        first = register.version + 1
        for statement in _OTHERS:
            await work.db.execute(text(statement), {"first": first, "last": first + members - 2})
        await work.db.execute(text("ANALYZE"))
    return member
