"""The register's head, its rolls, its days (M6, M8)."""

from datetime import UTC, date, datetime

import pytest

from services.membership.domain.errors import DayInTheFuture
from services.membership.domain.register import NO_MEMBERS_YET, RegisterHead, Roll, why_empty
from shared.contracts.membership import RepresentativeRemoved
from shared.kernel.chain import EMPTY_HEAD, roll_digest
from tests.unit.membership.domain.examples import NOW, TODAY


def test_the_head_follows_the_changes_as_whoever_reads_their_events_computes_it() -> None:
    """M6: "every change has a gapless register version and a chain head"."""
    event = RepresentativeRemoved(
        member_id="mem_" + "0" * 32,
        register_version=1,
        register_head=EMPTY_HEAD,
        salt="0" * 32,
        recorded_at=datetime(2026, 3, 10, 4, 0, tzinfo=UTC),
        representative_id="rep_1",
        period_id="per_1",
        removed_at=datetime(2026, 3, 10, 4, 0, tzinfo=UTC),
    )
    change = event.model_dump(mode="json", exclude={"register_head"})
    assert RegisterHead().next(change) == RegisterHead(1, event.head_after(EMPTY_HEAD))


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_change_with_another_than_the_next_version_has_no_place(version: int) -> None:
    """M6: gapless."""
    with pytest.raises(ValueError, match="next register version"):
        RegisterHead(1, "a" * 64).next({"register_version": version})


def test_a_roll_counts_each_member_once_whatever_the_order() -> None:
    """M8: "certifies the roll for a ballot: register version, count, digest"."""
    head = RegisterHead(3, "a" * 64)
    roll = Roll.of(["mem_b", "mem_a", "mem_b"], NOW, head)
    assert (roll.count, roll.digest) == (2, roll_digest(["mem_a", "mem_b"]))
    assert roll == Roll.of(["mem_a", "mem_b"], NOW, head)


def test_the_register_of_a_day_to_come_is_refused() -> None:
    """M6; edge case 21: "422 for the future"."""
    with pytest.raises(DayInTheFuture) as refusal:
        why_empty(date(2026, 3, 11), first_change_on=TODAY, today=TODAY)
    assert refusal.value.facts == {"latest_on": "2026-03-10"}


@pytest.mark.parametrize(
    ("as_of", "first_change_on", "explained"),
    [
        (date(1999, 1, 1), date(2026, 3, 1), True),
        (date(2026, 2, 28), date(2026, 3, 1), True),
        (date(2026, 3, 1), date(2026, 3, 1), False),
        (TODAY, date(2026, 3, 1), False),
        (TODAY, None, True),
    ],
)
def test_before_the_first_change_the_register_is_empty_and_says_why(
    as_of: date, first_change_on: date | None, explained: bool
) -> None:
    """M6; edge case 21: "empty with explanation"."""
    why = why_empty(as_of, first_change_on=first_change_on, today=TODAY)
    assert why == (NO_MEMBERS_YET if explained else None)
