"""Certifying the roll of a ballot (M8)."""

from datetime import datetime
from typing import Literal

from services.membership.domain.register import Roll, check_reached
from services.membership.store import register, rolls
from services.membership.usecases.register import hold_register
from shared.contracts import membership as events
from shared.db.work import Work
from shared.kernel.ids import new_id


async def certify_roll(
    work: Work,
    ballot_id: str,
    purpose: Literal["opening", "close"],
    instant: datetime | None,
) -> None:
    """Certify who is a member: now for an opening, as of ``instant`` for a close. Asked again, it says the same.

    Every due ending is applied first, so the register versions up to an instant are exactly its electorate. Refuses
    an instant that has not come with ``InstantNotReached``, so that it is asked again.
    """
    await hold_register(work)
    certified = await rolls.find_roll(work, ballot_id, purpose)
    if certified is None:
        at = work.now if instant is None else instant
        check_reached(at, work.now)
        head = await register.head_before(work, at) if instant else await register.read_head(work)
        roll = Roll.of(await register.electorate(work, head.version), at, head)
        certified = await rolls.add_roll(work, new_id("rol"), ballot_id, purpose, roll)
    await work.announce(
        events.RollCertified(
            ballot_id=ballot_id,
            roll_id=certified.id,
            purpose=purpose,
            instant=certified.roll.instant,
            register_version=certified.roll.register.version,
            register_head=certified.roll.register.head,
            count=certified.roll.count,
            digest=certified.roll.digest,
            certified_at=certified.certified_at,
        )
    )
