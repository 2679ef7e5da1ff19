"""When a failed delivery is tried again: the published schedule, spread, and never earlier than was asked for (P17)."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.attempt import (
    LONGEST_RETRY_AFTER,
    SCHEDULE,
    Answer,
    AttemptOutcome,
    pause_after,
)

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BUCKET = timedelta(seconds=10)
ENDPOINTS = 1000

FAILED = Answer.of(500)
LOTS = st.floats(-1, 1)
FAILURES = st.integers(1, len(SCHEDULE))

WITHOUT_ANSWER = [
    AttemptOutcome.UNREACHABLE,
    AttemptOutcome.UNRESOLVED,
    AttemptOutcome.FORBIDDEN_ADDRESS,
    AttemptOutcome.TLS_FAILED,
    AttemptOutcome.MALFORMED,
    AttemptOutcome.INTERRUPTED,
    AttemptOutcome.UNCONFIRMED,
]


def pause(answer: Answer, failures: int = 1, lot: float = 0) -> timedelta:
    """The pause that there is."""
    found = pause_after(answer, failures, now=NOW, lot=lot)
    assert found is not None
    return found


def asked(retry_after: str, status: int = 503) -> timedelta:
    """The pause after a first failure that asks for ``retry_after``; 5 seconds where that asks for nothing."""
    return pause(Answer.of(status, retry_after))


def returning(failures: int, lots: Iterable[float]) -> list[timedelta]:
    """When endpoints, one a lot, whose attempt failed for the ``failures``-th time at one instant, are tried again."""
    return [pause(FAILED, failures, lot) for lot in lots]


def crowding(due: list[timedelta], failures: int) -> float:
    """How many times the mean of the buckets in the retry's window the fullest one holds.

    Buckets of ten seconds, or a hundredth of the window where that is more: in smaller ones chance alone would decide.
    """
    window = SCHEDULE[failures - 1] * 2 / 5
    bucket = max(BUCKET, window / 100)
    fullest = max(Counter(at // bucket for at in due).values())
    return fullest / (len(due) / max(1, window / bucket))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, AttemptOutcome.DELIVERED),
        (204, AttemptOutcome.DELIVERED),
        (299, AttemptOutcome.DELIVERED),
        (301, AttemptOutcome.REDIRECTED),
        (308, AttemptOutcome.REDIRECTED),
        (400, AttemptOutcome.REFUSED),
        (410, AttemptOutcome.GONE),
        (429, AttemptOutcome.REFUSED),
        (500, AttemptOutcome.REFUSED),
        (599, AttemptOutcome.REFUSED),
    ],
)
def test_a_status_says_how_the_attempt_ended(status: int, outcome: AttemptOutcome) -> None:
    assert Answer.of(status).outcome is outcome


def test_ten_attempts_fill_seventy_five_hours_and_a_half() -> None:
    pauses = [pause(FAILED, failures) for failures in range(1, 10)]
    assert pauses == list(SCHEDULE)
    assert sum(pauses, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)
    assert pause_after(FAILED, 10, now=NOW, lot=0) is None


@given(failures=FAILURES, lot=LOTS)
def test_a_lot_moves_a_pause_by_a_fifth_at_most(failures: int, lot: float) -> None:
    scheduled = SCHEDULE[failures - 1]
    assert abs(pause(FAILED, failures, lot) - scheduled) <= scheduled / 5
    assert pause(FAILED, failures, 1) == scheduled * 1.2
    assert pause(FAILED, failures, -1) == scheduled * 0.8


@pytest.mark.parametrize("outcome", WITHOUT_ANSWER)
def test_a_receiver_that_is_not_reached_is_tried_again_as_scheduled(
    outcome: AttemptOutcome,
) -> None:
    assert pause(Answer(outcome)) == SCHEDULE[0]


@pytest.mark.parametrize(
    "answer",
    [Answer(AttemptOutcome.TIMED_OUT), *(Answer.of(s) for s in (502, 504))],
    ids=str,
)
@given(failures=FAILURES, lot=LOTS)
def test_an_overloaded_receiver_is_left_alone_for_a_minute(
    answer: Answer, failures: int, lot: float
) -> None:
    assert pause(answer, failures, lot) == max(MINUTE, pause(FAILED, failures, lot))


@given(failures=FAILURES, lot=LOTS)
def test_a_receiver_that_is_gone_is_not_tried_again(failures: int, lot: float) -> None:
    assert pause_after(Answer.of(410), failures, now=NOW, lot=lot) is None


@given(
    status=st.sampled_from([429, 503]),
    seconds=st.integers(0, 10**12),
    failures=FAILURES,
    lot=LOTS,
)
def test_nobody_comes_earlier_than_he_was_asked_to_up_to_a_day(
    status: int, seconds: int, failures: int, lot: float
) -> None:
    waited = pause(Answer.of(status, str(seconds)), failures, lot)
    assert waited >= timedelta(seconds=min(seconds, 24 * 3600))
    assert waited <= max(LONGEST_RETRY_AFTER, SCHEDULE[failures - 1] * 1.2)


@given(st.timedeltas(timedelta(0), DAY))
def test_a_date_is_waited_for_as_well(ahead: timedelta) -> None:
    until = (NOW + ahead).replace(microsecond=0)
    assert asked(format_datetime(until, usegmt=True)) == max(SCHEDULE[0], until - NOW)


HOSTILE = {
    "negative": ("-1", SCHEDULE[0]),
    "a billion": ("1000000000", DAY),
    "forty nines": ("9" * 40, DAY),
    "a megabyte of nines": ("9" * 2**20, SCHEDULE[0]),
    "an exponent": ("1e9", SCHEDULE[0]),
    "a fraction": ("120.5", SCHEDULE[0]),
    "other digits": ("１２０", SCHEDULE[0]),
    "superscript": ("²", SCHEDULE[0]),
    "empty": ("", SCHEDULE[0]),
    "spaces": ("  120  ", 2 * MINUTE),
    "no date": ("tomorrow", SCHEDULE[0]),
    "no such date": ("Fri, 32 Feb 2026 25:61:61 GMT", SCHEDULE[0]),
    "no zone": ("Tue, 10 Mar 2026 05:00:00", SCHEDULE[0]),
    "a zone that says it knows none": ("Tue, 10 Mar 2026 05:00:00 -0000", SCHEDULE[0]),
    "a zone beyond the day": ("Tue, 10 Mar 2026 05:00:00 +9999", SCHEDULE[0]),
    "the past": ("Tue, 10 Mar 2020 05:00:00 GMT", SCHEDULE[0]),
    "year 9999": ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
    "year 9999 in the far west": ("Fri, 31 Dec 9999 23:59:59 -2359", DAY),
    "year 0": ("Fri, 31 Dec 0000 23:59:59 GMT", SCHEDULE[0]),
    "year 99999": ("Fri, 31 Dec 99999 23:59:59 GMT", SCHEDULE[0]),
    "NUL": ("120\0", SCHEDULE[0]),
}


@pytest.mark.parametrize(("retry_after", "waited"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_retry_after_asks_for_a_day_or_for_nothing(
    retry_after: str, waited: timedelta
) -> None:
    assert asked(retry_after) == waited


@given(st.text(max_size=50))
def test_no_retry_after_breaks_the_schedule(retry_after: str) -> None:
    assert SCHEDULE[0] <= asked(retry_after) <= LONGEST_RETRY_AFTER


def test_only_429_and_503_may_ask_for_time() -> None:
    assert asked("7200", status=429) == asked("7200", status=503) == timedelta(hours=2)
    assert asked("7200", status=500) == SCHEDULE[0]
    assert asked("7200", status=301) == SCHEDULE[0]


@pytest.mark.parametrize("failures", range(1, len(SCHEDULE) + 1))
def test_a_thousand_endpoints_that_failed_together_come_back_apart(failures: int) -> None:
    lots = Random(failures)
    due = returning(failures, (lots.uniform(-1, 1) for _ in range(ENDPOINTS)))
    assert crowding(due, failures) <= 3


@pytest.mark.parametrize("failures", range(2, len(SCHEDULE) + 1))
def test_without_lots_they_would_come_back_together(failures: int) -> None:
    assert crowding(returning(failures, [0] * ENDPOINTS), failures) > 3
