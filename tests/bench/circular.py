"""A circular to very many members against one to few: what issuing costs must not follow the crowd."""

import time
from statistics import median

from sqlalchemy import text

from services.notifications.domain.circular import CircularCategory, Content
from services.notifications.domain.notice import EVERY_MEMBER, Wording
from services.notifications.store.queries import count_members_among
from services.notifications.usecases.circulars import draft_circular, issue_circular
from shared.db.roster import watermark
from shared.db.work import Database
from shared.kernel.actor import Actor, Role, Subject
from shared.kernel.versions import ANY_VERSION
from tests.bench.goal import REPETITIONS, Count, Measured, Ratio, interleaved
from tests.bench.rosters import fill_roster, notifications_service
from tests.bench.servers import Servers, opened
from tests.support.suite import ISSUER

MANY, FEW = 100_000, 1_000
ISSUED_AT_A_TIME = 40
SECRETARY = Actor(Subject(ISSUER, "secretary"), frozenset({Role.SECRETARY}))
CONTENT = Content(
    category=CircularCategory.POLICY,
    title=Wording("关于用户信息保护的通知", None),
    body=Wording("请各成员单位执行。", None),
    audience=EVERY_MEMBER,
    acknowledgement_required=False,
)


async def measure(servers: Servers) -> Measured:
    """Milliseconds of the transaction that issues a circular, to 100,000 members and to 1,000."""
    many, few = [await _service_with(servers, members) for members in (MANY, FEW)]
    ours, peers = await interleaved(lambda: _issue(many), lambda: _issue(few))
    ratio = Ratio(
        what=f"circular to {MANY:,}, issued",
        unit="ms",
        ours=ours,
        peer=f"to {FEW:,}",
        peers=peers,
        at_most=2,
    )
    counts = [*await _counted(many, MANY), *await _counted(few, FEW)]
    for database in (many, few):
        await database.close()
    return Measured([ratio], counts)


async def _service_with(servers: Servers, members: int) -> Database:
    service = await notifications_service(servers)
    database = opened(service.settings.database_url.get_secret_value())
    await fill_roster(database, members)
    return database


async def _issue(database: Database) -> float:
    async with database.begin() as work:
        drafts = [await draft_circular(work, CONTENT) for _ in range(ISSUED_AT_A_TIME)]
    taken = []
    for draft in drafts:
        begun = time.perf_counter()
        async with database.begin() as work:
            await issue_circular(work, draft.id, SECRETARY, ANY_VERSION)
        taken.append((time.perf_counter() - begun) * 1000)
    return median(taken)


async def _counted(database: Database, members: int) -> list[Count]:
    issued = ISSUED_AT_A_TIME * REPETITIONS
    async with database.begin() as work:
        notices = await work.db.scalar(text("SELECT count(*) FROM notices WHERE audience = 'all'"))
        known = await watermark(work)
        reached = await count_members_among(work, EVERY_MEMBER, known.version)
    return [
        Count(f"circulars to {members:,}", issued, notices or 0),
        Count(f"members that each of them reaches, of {members:,}", members, reached),
    ]
