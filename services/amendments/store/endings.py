"""Endings that were announced for a day. They take effect as it begins, whenever membership came to record that (M3)."""

from datetime import date

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from services.amendments.store.tables import announced_endings
from shared.contracts.membership import Ending
from shared.db.work import Work
from shared.kernel.terms import end_of, start_of

_DATE = text(
    """
    UPDATE roster_periods AS p SET left_at = a.effective_at FROM announced_endings AS a
    WHERE p.member_id = a.member_id AND p.ending = a.ending
      AND p.left_at > a.effective_at AND p.left_at < a.day_ends_at
    """
)


async def note_announced(work: Work, member_id: str, ending: Ending, effective_on: date) -> None:
    """Keep that a membership will end as a day begins; twice announced, it is kept once."""
    await work.db.execute(
        insert(announced_endings)
        .values(
            member_id=member_id,
            ending=ending.value,
            effective_at=start_of(effective_on, work.zone),
            day_ends_at=end_of(effective_on, work.zone),
        )
        .on_conflict_do_nothing()
    )


async def forget_announced(work: Work, member_id: str, effective_on: date) -> None:
    """The ending that was announced for a day will not come."""
    await work.db.execute(
        delete(announced_endings).where(
            announced_endings.c.member_id == member_id,
            announced_endings.c.effective_at == start_of(effective_on, work.zone),
        )
    )


async def date_announced(work: Work) -> None:
    """Have every membership of the roster that ended as announced be over from the instant that was announced."""
    await work.db.execute(_DATE)
