"""Notices, what members did with them, and the numbers they bear."""

from typing import Any

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.notifications.domain.notice import (
    Audience,
    Deadline,
    Heading,
    Notice,
    NoticeKind,
    Reading,
    Wording,
)
from services.notifications.domain.numbering import Number, NumberClass
from services.notifications.store.tables import (
    notice_addressees,
    notice_readings,
    notices,
    numbers,
)
from shared.db.work import Work
from shared.kernel.rulebook import Basis


async def lock_number(work: Work, number_class: NumberClass) -> Number:
    """The last number of its class in the civil year of now; until this transaction ends nobody gives the next.

    ``work.now`` is read anew under the lock: later numbers never bear earlier instants.
    """
    while True:
        year = work.today.year
        last = await _lock_last(work, number_class, year)
        await work.read_clock()
        if work.today.year == year:
            return Number(number_class, year, last)


async def _lock_last(work: Work, number_class: NumberClass, year: int) -> int:
    await work.db.execute(
        insert(numbers)
        .values(number_class=number_class, year=year, last=0)
        .on_conflict_do_nothing()
    )
    row = numbers.c.number_class == number_class, numbers.c.year == year
    found = await work.db.execute(select(numbers.c.last).where(*row).with_for_update())
    last: int = found.scalar_one()
    return last


async def save_number(work: Work, number: Number) -> None:
    """Count ``number`` as given."""
    await work.db.execute(
        update(numbers)
        .where(numbers.c.number_class == number.number_class, numbers.c.year == number.year)
        .values(last=number.sequence)
    )


async def has_notice(work: Work, kind: NoticeKind, about_id: str, occasion: str = "") -> bool:
    """Whether there is a notice of this ``kind`` about that thing on that occasion."""
    told = exists().where(
        notices.c.kind == kind, notices.c.about_id == about_id, notices.c.occasion == occasion
    )
    return bool(await work.db.scalar(select(told)))


async def told_up_to(work: Work) -> int:
    """The highest register version that a notice was issued at."""
    highest: int | None = await work.db.scalar(select(func.max(notices.c.register_version)))
    return highest or 0


async def add_notice(work: Work, notice: Notice) -> None:
    """Keep a new notice, and the members that it names."""
    await work.db.execute(insert(notices).values(_row(notice)))
    if notice.audience.member_ids:
        await work.db.execute(
            insert(notice_addressees),
            [
                {"notice_id": notice.id, "member_id": member_id}
                for member_id in notice.audience.member_ids
            ],
        )


async def lock_reading(work: Work, notice_id: str, member_id: str) -> Reading:
    """What a member has done with a notice, locked; empty where that is nothing yet."""
    await work.db.execute(
        insert(notice_readings)
        .values(notice_id=notice_id, member_id=member_id)
        .on_conflict_do_nothing()
    )
    found = await work.db.execute(
        select(notice_readings)
        .where(notice_readings.c.notice_id == notice_id, notice_readings.c.member_id == member_id)
        .with_for_update()
    )
    return Reading(**found.mappings().one())


async def save_reading(work: Work, reading: Reading) -> None:
    """Write what a member has done with a notice."""
    await work.db.execute(
        update(notice_readings)
        .where(
            notice_readings.c.notice_id == reading.notice_id,
            notice_readings.c.member_id == reading.member_id,
        )
        .values(
            read_at=reading.read_at,
            read_by=reading.read_by,
            acknowledged_at=reading.acknowledged_at,
            acknowledged_by=reading.acknowledged_by,
        )
    )


def heading_from(row: Row[Any]) -> Heading:
    """The heading of the notice in a row of its table. Whom it names is not read with it: that can be many."""
    return Heading(**_heading_fields(row))


def notice_from(row: Row[Any]) -> Notice:
    """The notice in a row of its table, without whom it names."""
    return Notice(**_heading_fields(row), body=Wording(row.body_zh, row.body_en))


def reading_from(row: Row[Any]) -> Reading:
    """What a member has done with a notice, from a row of the inbox; empty where that is nothing yet."""
    return Reading(row.id, row.member_id, row.read_at, acknowledged_at=row.acknowledged_at)


def _heading_fields(row: Row[Any]) -> dict[str, Any]:
    deadline = row.acknowledge_by
    return {
        "id": row.id,
        "kind": row.kind,
        "about_id": row.about_id,
        "occasion": row.occasion,
        "category": row.category,
        "number": row.number,
        "title": Wording(row.title_zh, row.title_en),
        "link": row.link,
        "audience": Audience(row.audience, row.sector),
        "register_version": row.register_version,
        "register_head": row.register_head,
        "issued_at": row.issued_at,
        "acknowledge_by": deadline and Deadline(deadline, Basis(**row.acknowledge_basis)),
    }


def _row(notice: Notice) -> dict[str, Any]:
    deadline = notice.acknowledge_by
    return {
        "id": notice.id,
        "kind": notice.kind,
        "about_id": notice.about_id,
        "occasion": notice.occasion,
        "category": notice.category,
        "mandatory": notice.is_mandatory,
        "number": notice.number,
        "title_zh": notice.title.zh,
        "title_en": notice.title.en,
        "body_zh": notice.body.zh,
        "body_en": notice.body.en,
        "link": notice.link,
        "audience": notice.audience.kind,
        "sector": notice.audience.sector,
        "register_version": notice.register_version,
        "register_head": notice.register_head,
        "issued_at": notice.issued_at,
        "acknowledge_by": deadline and deadline.on,
        "acknowledge_basis": deadline
        and {
            "rule": deadline.basis.rule,
            "article": deadline.basis.article,
            "rulebook_version": deadline.basis.rulebook_version,
        },
    }
