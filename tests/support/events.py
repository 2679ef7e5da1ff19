"""Events made up for tests of the floor: real classes of the catalogue, invented content."""

from datetime import date

from shared.contracts.membership import ApplicationSubmitted, BulletinPublished
from shared.kernel.chain import EMPTY_HEAD
from shared.kernel.ids import new_id


def an_event(aggregate_id: str | None = None) -> ApplicationSubmitted:
    """An announcement about ``aggregate_id`` (a new application where none is given)."""
    return ApplicationSubmitted(application_id=aggregate_id or new_id("app"), kind="first")


def a_numbered_event(aggregate_id: str, number: int) -> BulletinPublished:
    """An announcement that carries its own ``number`` within its aggregate."""
    day = date(2026, 1, 1)
    return BulletinPublished(
        bulletin_id=aggregate_id,
        number=number,
        erratum_of=None,
        from_day=day,
        to_day=day,
        members_count=0,
        joined_count=0,
        ceased_count=0,
        register_version=0,
        register_head=EMPTY_HEAD,
    )
