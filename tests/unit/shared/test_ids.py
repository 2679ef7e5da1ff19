"""Identifiers are ordered by when they were made."""

from datetime import UTC, datetime, timedelta

from shared.kernel.ids import least_id, new_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def test_the_least_id_of_an_instant_stands_between_what_was_made_before_and_after() -> None:
    made = new_id("mem")
    made_at = EPOCH + int(made.removeprefix("mem_")[:12], 16) * MILLISECOND
    assert least_id("mem", made_at) <= made < least_id("mem", made_at + MILLISECOND)
    assert len(least_id("mem", made_at)) == len(made)
