"""One attempt to deliver a webhook: how it ended, and when the next one is due (N4).

Sources: the Standard Webhooks specification (schedule, 410, ``Retry-After``); RFC 9110 sections 10.2.3 and 15.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from services.notifications.domain.lifecycle import DELIVERY, DeliveryAction, DeliveryStatus

DEADLINE = timedelta(seconds=20)
"""For one attempt in all: names, connection, TLS, answer."""

KEPT_BYTES = 1024
"""How much of an answer's body is kept for the endpoint's owner."""

_SECONDS, _MINUTES, _HOURS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

SCHEDULE: Sequence[timedelta] = (
    5 * _SECONDS,
    5 * _MINUTES,
    30 * _MINUTES,
    2 * _HOURS,
    5 * _HOURS,
    10 * _HOURS,
    14 * _HOURS,
    20 * _HOURS,
    24 * _HOURS,
)
"""The pauses after the first, second, … failed attempt: ten attempts over 75.6 hours."""

JITTER = 0.2
OVERLOADED_PAUSE = 60 * _SECONDS
LONGEST_RETRY_AFTER = 24 * _HOURS
_OVERLOADED = frozenset({502, 504})
_MAY_ASK_TO_WAIT = frozenset({429, 503})


class AttemptOutcome(StrEnum):
    """How an attempt ended. Its owner sees the class of a failure, never what the network said.

    ``interrupted``: we were, and cannot tell whether it arrived. ``unconfirmed``: an ownership check was answered without
    its challenge. ``unsigned``: the endpoint's secret cannot be read any more, so nothing was sent; rotate it. ``fault``:
    one of ours that nobody foresaw; whoever runs the suite finds it in the log.
    """

    DELIVERED = "delivered"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    GONE = "gone"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"
    FORBIDDEN_ADDRESS = "forbidden_address"
    TLS_FAILED = "tls_failed"
    MALFORMED = "malformed"
    INTERRUPTED = "interrupted"
    UNCONFIRMED = "unconfirmed"
    UNSIGNED = "unsigned"
    FAULT = "fault"

    @property
    def is_failure(self) -> bool:
        """Whether it counts against its delivery's ten attempts."""
        return self not in (AttemptOutcome.DELIVERED, AttemptOutcome.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. ``body`` is cut at 16 KiB; ``status`` is None where no answer came.

    ``shown``: whether the body may be shown to the endpoint's owner; not where the target was reached through an
    allow-list of private networks.
    """

    outcome: AttemptOutcome
    status: int | None = None
    retry_after: str | None = None
    body: bytes = b""
    shown: bool = True

    @staticmethod
    def of(
        status: int, retry_after: str | None = None, body: bytes = b"", *, shown: bool = True
    ) -> "Answer":
        """The answer with this HTTP ``status``: 2xx delivers, 3xx is never followed, 410 ends the endpoint."""
        if 200 <= status < 300:
            outcome = AttemptOutcome.DELIVERED
        elif 300 <= status < 400:
            outcome = AttemptOutcome.REDIRECTED
        elif status == 410:
            outcome = AttemptOutcome.GONE
        else:
            outcome = AttemptOutcome.REFUSED
        return Answer(outcome, status, retry_after, body, shown)


def pause_after(
    answer: Answer,
    failures: int,
    *,
    now: datetime,
    lot: float,
    schedule: Sequence[timedelta] = SCHEDULE,
) -> timedelta | None:
    """How long to wait after a failed attempt, the ``failures``-th (from 1) of its delivery; None: it was the last.

    ``lot``: drawn evenly from -1 to 1; it moves the pause by up to a fifth, so that those who failed together do not
    come back together. A receiver that asks for time by ``Retry-After`` gets at least that, up to a day.
    """
    if failures > len(schedule) or answer.outcome is AttemptOutcome.GONE:
        return None
    pause = schedule[failures - 1] * (1 + JITTER * lot)
    if answer.outcome is AttemptOutcome.TIMED_OUT or answer.status in _OVERLOADED:
        pause = max(pause, OVERLOADED_PAUSE)
    return max(pause, hold_asked_by(answer, now))


def hold_asked_by(answer: Answer, now: datetime) -> timedelta:
    """How long a receiver asks by ``Retry-After`` to be sent nothing at all, up to a day."""
    if answer.status not in _MAY_ASK_TO_WAIT or answer.retry_after is None:
        return timedelta(0)
    return _asked_for(answer.retry_after, now)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt makes of its delivery. ``pause``: until the next attempt; None: none follows."""

    status: DeliveryStatus
    pause: timedelta | None


def verdict(
    answer: Answer, failures: int, *, now: datetime, lot: float, schedule: Sequence[timedelta]
) -> Verdict:
    """Delivered, to be tried again, or failed for good; ``failures``: how many attempts had failed before this one.

    One that we broke off ourselves is tried again at once and counts for nothing.
    """
    pause = None
    if answer.outcome is AttemptOutcome.DELIVERED:
        action = DeliveryAction.DELIVERY
    elif answer.outcome is AttemptOutcome.INTERRUPTED:
        action, pause = DeliveryAction.RETRY, timedelta(0)
    else:
        pause = pause_after(answer, failures + 1, now=now, lot=lot, schedule=schedule)
        action = DeliveryAction.FAILURE if pause is None else DeliveryAction.RETRY
    return Verdict(DELIVERY.after(DeliveryStatus.PENDING, action), pause)


def _asked_for(retry_after: str, now: datetime) -> timedelta:
    """The wait that a ``Retry-After`` asks for; nothing where it is neither seconds nor a date."""
    text = retry_after.strip()
    if len(text) > 40:
        return timedelta(0)
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text), 10**6)), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
