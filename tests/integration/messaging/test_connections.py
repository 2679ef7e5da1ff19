"""What a service does when the database closes its connections."""

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.work import Database
from tests.support.eventually import eventually

END_OTHERS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_connections_that_were_closed_are_not_handed_out_again(
    floor: Callable[[], Awaitable[Database]],
) -> None:
    database = await floor()
    async with database.begin(), database.begin(), database.begin():
        pass  # now three connections are kept
    async with database.begin() as work:
        assert await work.db.scalar(END_OTHERS) == 2

    async def all_work() -> bool:
        try:
            for _ in range(4):
                async with database.begin() as one, database.begin() as other:
                    assert one.now
                    assert other.now
        except DBAPIError:  # its end had not been seen yet
            return False
        return True

    await eventually(all_work)
