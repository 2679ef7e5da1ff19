"""The founding and its initiating units."""

from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.amendments.domain.founding import Founding, InitiatingUnit
from services.amendments.domain.lifecycle import FoundingStatus
from services.amendments.store.text_tables import foundings, initiating_units
from shared.db.work import Work
from shared.kernel.errors import NotFound
from shared.kernel.rulebook import Basis
from shared.kernel.terms import start_of


async def has_founding(work: Work) -> bool:
    """Whether the initiating units have been named."""
    return (await work.db.execute(select(foundings.c.status))).first() is not None


async def add_founding(work: Work, founding: Founding) -> None:
    """Keep a founding that has just begun, with its units in their order."""
    await work.db.execute(insert(foundings).values(only=True, **_kept(founding)))
    await work.db.execute(
        insert(initiating_units),
        [
            {
                "identifier": unit.identifier,
                "place": place,
                "particulars": dict(unit.particulars),
                "legal_representative": unit.legal_representative,
                "entrusted": unit.entrusted,
            }
            for place, unit in enumerate(founding.units)
        ],
    )


async def remove_founding(work: Work) -> None:
    """Forget a founding that nobody has signed."""
    await work.db.execute(delete(initiating_units))
    await work.db.execute(delete(foundings))


async def save_founding(work: Work, founding: Founding) -> None:
    """Keep how far it is, and who has signed."""
    await work.db.execute(update(foundings).values(**_kept(founding)))
    for unit in founding.units:
        await work.db.execute(
            update(initiating_units)
            .where(
                initiating_units.c.identifier == unit.identifier,
                initiating_units.c.signed_at.is_(None),
            )
            .values(signed_by=unit.signed_by, signed_at=unit.signed_at)
        )


async def get_founding(work: Work, *, lock: bool = False) -> Founding:
    """The founding; refuses with ``NotFound`` before its units are named."""
    statement = select(foundings)
    row = (await work.db.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise NotFound
    units = await work.db.execute(select(initiating_units).order_by(initiating_units.c.place))
    return Founding(
        row.text_digest,
        [
            InitiatingUnit(
                unit.identifier,
                unit.particulars,
                unit.legal_representative,
                unit.entrusted,
                unit.signed_by,
                unit.signed_at,
            )
            for unit in units
        ],
        row.named_at,
        row.updated_at,
        row.status,
        row.valid_at,
        row.valid_on,
        row.publish_by,
        None if row.publish_rule is None else Basis(**row.publish_rule),
        row.published_at,
        row.published_on,
        row.version,
        tuple(row.remind_on),
    )


async def next_reminder_at(work: Work) -> datetime | None:
    """When the organ is next to be reminded to publish the text: as that day begins."""
    first: date | None = await work.db.scalar(
        select(foundings.c.remind_on[1]).where(foundings.c.status == FoundingStatus.VALID)
    )
    return None if first is None else start_of(first, work.zone)


def _kept(founding: Founding) -> dict[str, object]:
    basis = founding.basis
    return {
        "status": founding.status,
        "text_digest": founding.text_digest,
        "named_at": founding.named_at,
        "valid_at": founding.valid_at,
        "valid_on": founding.valid_on,
        "publish_by": founding.publish_by,
        "publish_rule": None
        if basis is None
        else {
            "rule": basis.rule,
            "article": basis.article,
            "rulebook_version": basis.rulebook_version,
        },
        "published_at": founding.published_at,
        "published_on": founding.published_on,
        "version": founding.version,
        "remind_on": list(founding.remind_on),
        "updated_at": founding.updated_at,
    }
