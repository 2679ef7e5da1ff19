"""Delivering: what is taken, what an answer makes of it, what that makes of the endpoint (N4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.notifications.domain.attempt import (
    KEPT_BYTES,
    Answer,
    AttemptOutcome,
    hold_asked_by,
    verdict,
)
from services.notifications.domain.endpoint import Endpoint
from services.notifications.domain.lifecycle import DeliveryStatus
from services.notifications.store import deliveries, endpoints, log, messages
from services.notifications.store.deliveries import Attempted, Report, Run, Taken
from services.notifications.store.keyring import Keyring
from shared.db.wakeups import Topic
from shared.db.work import Work

CHUNK = 1000
LEASE = timedelta(seconds=60)
"""Longer than a run can take: its last attempt begins within 5 s and ends within 20."""

DELIVERIES_A_RUN = 20
FORGOTTEN_AT_ONCE = 1000


async def expand_messages(work: Work) -> int:
    """Make the next deliveries of the messages that wait; how many."""
    return await messages.expand_next(work, CHUNK)


async def take_runs(work: Work, keyring: Keyring, *, limit: int, slow: bool) -> list[Run]:
    """Take what is due, at up to ``limit`` endpoints; ``slow``: those that made wait the last time."""
    return await deliveries.take_runs(
        work, keyring, limit=limit, run=DELIVERIES_A_RUN, slow=slow, lease=LEASE
    )


async def present_runs(work: Work, keyring: Keyring, runs: Sequence[Run]) -> list[Run | None]:
    """Each run as its owner has its endpoint now, so that it signs with the secrets of now; None: it is over."""
    return await deliveries.present_runs(work, keyring, runs)


async def forget_deliveries(work: Work, kept: timedelta) -> int:
    """Remove a few of what was settled longer ago than ``kept``, with every attempt; how much that was.

    What is pending stays, however old: it goes out when its endpoint gets something again.
    """
    return await log.forget_settled(work, kept, FORGOTTEN_AT_ONCE)


def conclude(
    taken: Taken,
    answer: Answer,
    keyring: Keyring,
    *,
    started_at: datetime,
    duration: timedelta,
    lot: float,
) -> Attempted:
    """What came of one attempt; ``lot`` as in ``pause_after``."""
    answer = taken.message.judged(answer)
    schedule = taken.message.schedule
    made = verdict(answer, taken.failures, now=started_at + duration, lot=lot, schedule=schedule)
    is_kept = answer.shown and answer.body
    return Attempted(
        delivery=taken,
        status=made.status,
        pause=made.pause,
        hold=hold_asked_by(answer, started_at + duration),
        started_at=started_at,
        duration_ms=round(duration / timedelta(milliseconds=1)),
        outcome=answer.outcome,
        status_code=answer.status,
        excerpt=keyring.seal(answer.body[:KEPT_BYTES], taken.id) if is_kept else None,
    )


async def record_reports(work: Work, reports: Sequence[Report]) -> None:
    """Write what came of attempts: in the log, in the queue, and where it means something, for the endpoint itself.

    What a lost lease tells is discarded: whoever holds the lease now tells it better.
    """
    concerned = {
        report.run.endpoint_id
        for report in reports
        if any(_concerns_endpoint(attempted) for attempted in report.attempts)
    }
    known = await endpoints.lock_endpoints(work, concerned) if concerned else {}
    valid = await deliveries.still_leased(work, reports)
    for place, report in enumerate(valid):
        endpoint = known.get(report.run.endpoint_id)
        if endpoint is not None:
            told = [_tell(endpoint, report.run, a, work.now) for a in report.attempts]
            valid[place] = replace(report, attempts=told)
            await endpoints.save_endpoint(work, endpoint)
    await deliveries.record_reports(work, valid)
    if any(report.is_over for report in valid):
        work.wakes.add(Topic.DELIVERIES)


def _concerns_endpoint(attempted: Attempted) -> bool:
    is_gone = attempted.outcome is AttemptOutcome.GONE
    return is_gone or _settles_check(attempted)


def _settles_check(attempted: Attempted) -> bool:
    return attempted.status is not DeliveryStatus.PENDING and attempted.delivery.message.is_check


def _tell(endpoint: Endpoint, run: Run, attempted: Attempted, now: datetime) -> Attempted:
    """What an attempt means for its endpoint; what that leaves it to mean for its delivery."""
    if attempted.outcome is AttemptOutcome.GONE:
        is_meant = endpoint.lose_receiver(run.url, now)
        return attempted if is_meant else attempted.tried_again()
    if _settles_check(attempted):
        challenge = str(attempted.delivery.message.data.get("challenge"))
        if attempted.status is DeliveryStatus.DELIVERED:
            endpoint.verify(challenge, now)
        else:
            endpoint.fail_check(challenge, now)
    return attempted
