"""Publishing the bulletin when its period has ended, and mending an edition by an erratum (M7)."""

from datetime import date, datetime

from services.membership.domain.bulletin import (
    ONE_DAY,
    Edition,
    compose,
    due_editions,
    edition_mended_by,
)
from services.membership.store import bulletins, movements, register
from services.membership.usecases.register import hold_register
from shared.contracts import membership as events
from shared.db.rulebooks import rulebook_in_force
from shared.db.work import Work
from shared.kernel.terms import start_of

PERIOD = "bulletin.period"


async def publish_due_bulletins(work: Work) -> int:
    """Publish every edition whose period has ended, earliest first; how many."""
    if not await _due(work):
        return 0
    await hold_register(work)
    await bulletins.lock_numbers(work)
    due = await _due(work)
    number = max(await bulletins.numbers(work), default=0)
    for from_day, to_day in due:
        number += 1
        edition = compose(
            number,
            from_day,
            to_day,
            await movements.movements_between(work, from_day, to_day),
            members_count=await register.count_on(work, to_day),
            register=await register.read_head(work),
        )
        await _publish(work, edition, None)
    return len(due)


async def publish_erratum(work: Work, number: int, correction_zh: str, correction_en: str) -> int:
    """Mend an edition by a numbered erratum; the edition itself stays as it is. Returns the erratum's number."""
    await bulletins.lock_numbers(work)
    published = await bulletins.numbers(work)
    mended = edition_mended_by(number, published)
    original = bulletins.edition_from(await bulletins.get_edition(work, mended))
    erratum = Edition(
        max(published) + 1,
        mended,
        original.from_day,
        original.to_day,
        await register.count_on(work, original.to_day),
        (),
        await register.read_head(work),
    )
    await _publish(work, erratum, {"zh": correction_zh, "en": correction_en})
    return erratum.number


async def next_bulletin_at(work: Work) -> datetime | None:
    """The instant, still to come, at which the next edition becomes due."""
    first = await register.first_day(work)
    if first is None:
        return None
    due = await _due(work)
    covered = due[-1][1] if due else await bulletins.last_day_covered(work)
    from_day = covered + ONE_DAY if covered else first.replace(day=1)
    period = (await rulebook_in_force(work)).term(PERIOD)
    return start_of(period.last_day(from_day), work.zone)


async def _due(work: Work) -> list[tuple[date, date]]:
    return list(
        due_editions(
            first_change_on=await register.first_day(work),
            last_to_day=await bulletins.last_day_covered(work),
            today=work.today,
            period=(await rulebook_in_force(work)).term(PERIOD),
        )
    )


async def _publish(work: Work, edition: Edition, correction: dict[str, str] | None) -> None:
    bulletin_id = await bulletins.add_edition(work, edition, correction)
    await work.announce(
        events.BulletinPublished(
            bulletin_id=bulletin_id,
            number=edition.number,
            erratum_of=edition.erratum_of,
            from_day=edition.from_day,
            to_day=edition.to_day,
            members_count=edition.members_count,
            joined_count=edition.joined_count,
            ceased_count=edition.ceased_count,
            register_version=edition.register.version,
            register_head=edition.register.head,
        )
    )
