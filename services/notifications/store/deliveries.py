"""Deliveries as they are worked on: endpoints are leased, not deliveries, so that no endpoint has two requests at once.

A lease is one row of ``webhook_queues``: ``running`` names what was taken and ``numbers`` as which attempt each, ``due_at`` is
when the lease ends, ``epoch`` tells an old holder from the present one. All instants here are machine time.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, text

from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.domain.lifecycle import DeliveryStatus
from services.notifications.domain.message import Message, WebhookType
from services.notifications.store.keyring import Keyring, SealBroken
from services.notifications.store.messages import message_from
from services.notifications.store.tables import webhook_messages
from shared.db.work import Work

_GETS = """
    CASE WHEN e.verified_at IS NOT NULL AND e.status IN ('active', 'retired') THEN 'all'
         WHEN e.status = 'unverified' THEN 'checks' ELSE 'none' END
"""
"""An address that nobody has answered for gets the ownership check and nothing else."""

_SECRETS = """
    ARRAY(SELECT s.sealed FROM webhook_secrets AS s
          WHERE s.endpoint_id = q.endpoint_id AND (s.until IS NULL OR s.until > clock_timestamp())
          ORDER BY s.place)
"""

_FREE = text(
    f"""
    SELECT q.endpoint_id, q.running, e.member_id, e.url, {_GETS} AS gets, clock_timestamp() AS now,
           {_SECRETS} AS secrets
    FROM webhook_queues AS q JOIN webhook_endpoints AS e ON e.id = q.endpoint_id
    WHERE q.is_slow = :slow AND q.due_at <= clock_timestamp()
    ORDER BY q.due_at LIMIT :limit FOR UPDATE OF q SKIP LOCKED
    """  # noqa: S608 - our own words
)

_DELIVERABLE = f"""
    d.endpoint_id = {{endpoint}} AND d.status = 'pending'
    AND ({{gets}} = 'all' OR {{gets}} = 'checks' AND m.type = '{WebhookType.VERIFICATION_REQUESTED.value}')
"""

_DUE = text(
    f"""
    SELECT d.endpoint_id, d.id, d.message_id, d.attempts + 1 AS number, d.failures
    FROM unnest(CAST(:endpoints AS text[]), CAST(:gets AS text[])) AS held (endpoint_id, gets)
    CROSS JOIN LATERAL (
        SELECT d.* FROM webhook_deliveries AS d JOIN webhook_messages AS m ON m.id = d.message_id
        WHERE {_DELIVERABLE.format(endpoint="held.endpoint_id", gets="held.gets")}
          AND d.next_attempt_at <= clock_timestamp()
        ORDER BY d.next_attempt_at LIMIT :run
    ) AS d
    ORDER BY d.endpoint_id, d.next_attempt_at, d.id
    """  # noqa: S608 - our own words
)

_LEASE = text(
    """
    UPDATE webhook_queues AS q
    SET running = string_to_array(taken.deliveries, ','),
        numbers = CAST(string_to_array(taken.numbers, ',') AS integer[]),
        epoch = q.epoch + 1, due_at = clock_timestamp() + CAST(:lease AS interval)
    FROM unnest(CAST(:endpoints AS text[]), CAST(:deliveries AS text[]), CAST(:numbers AS text[]))
         AS taken (endpoint_id, deliveries, numbers)
    WHERE q.endpoint_id = taken.endpoint_id
    RETURNING q.endpoint_id, q.epoch
    """
)

_PRESENT = text(
    f"""
    SELECT q.endpoint_id, q.epoch, e.url, {_GETS} AS gets, {_SECRETS} AS secrets
    FROM webhook_queues AS q JOIN webhook_endpoints AS e ON e.id = q.endpoint_id
    WHERE q.endpoint_id = ANY (:endpoints)
    """  # noqa: S608 - our own words
)

_INTERRUPTED = text(
    f"""
    WITH begun AS (
        SELECT DISTINCT ON (q.endpoint_id) d.id, taken.number
        FROM webhook_queues AS q
        CROSS JOIN LATERAL unnest(q.running, q.numbers) WITH ORDINALITY AS taken (id, number, place)
        JOIN webhook_deliveries AS d
             ON d.id = taken.id AND d.attempts = taken.number - 1 AND d.status = 'pending'
        WHERE q.endpoint_id = ANY (:endpoints)
        ORDER BY q.endpoint_id, taken.place
    ), counted AS (
        UPDATE webhook_deliveries AS d SET attempts = begun.number FROM begun WHERE d.id = begun.id
        RETURNING d.id, d.attempts
    )
    INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, outcome)
    SELECT id, attempts, clock_timestamp(), 0, '{AttemptOutcome.INTERRUPTED.value}' FROM counted
    """  # noqa: S608 - our own words
)
"""A run's deliveries are made one after the other: of those without a report only the first is known to have been begun."""

_HOLD = text(
    """
    SELECT q.endpoint_id, q.epoch FROM webhook_queues AS q
    WHERE q.endpoint_id = ANY (:endpoints) ORDER BY q.endpoint_id FOR UPDATE
    """
)

_RECORD = text(
    """
    WITH made AS (
        SELECT * FROM unnest(
            CAST(:ids AS text[]), CAST(:numbers AS integer[]), CAST(:statuses AS text[]), CAST(:failed AS integer[]),
            CAST(:pauses AS interval[]), CAST(:started AS timestamptz[]), CAST(:durations AS integer[]),
            CAST(:outcomes AS text[]), CAST(:urls AS text[]), CAST(:codes AS integer[]),
            CAST(:excerpts AS bytea[])
        ) AS made (id, number, status, failed, pause, started_at, duration_ms, outcome, target_url, status_code, excerpt)
    ), settled AS (
        UPDATE webhook_deliveries AS d
        SET attempts = made.number, failures = d.failures + made.failed, status = made.status,
            next_attempt_at = clock_timestamp() + made.pause,
            settled_at = CASE WHEN made.pause IS NULL THEN clock_timestamp() END
        FROM made WHERE d.id = made.id AND d.attempts = made.number - 1 AND d.status = 'pending'
        RETURNING d.id
    )
    INSERT INTO webhook_attempts
        (delivery_id, number, started_at, duration_ms, outcome, target_url, status_code, excerpt)
    SELECT made.id, made.number, made.started_at, made.duration_ms, made.outcome,
           made.target_url, made.status_code, made.excerpt
    FROM made JOIN settled USING (id)
    """
)

_HELD_UNTIL = """
    greatest(q.held_until, CASE WHEN e.url = free.url THEN clock_timestamp() + free.hold END)
"""
"""An address may ask to be left alone; the one that takes its place is not bound by that."""

_NEXT = f"CASE WHEN min(next_attempt_at) IS NOT NULL THEN greatest(min(next_attempt_at), {_HELD_UNTIL}) END"

_RELEASE = text(
    f"""
    UPDATE webhook_queues AS q
    SET running = '{{}}', numbers = '{{}}', is_slow = free.is_slow, held_until = {_HELD_UNTIL}, due_at = CASE
        WHEN {_GETS} = 'all' THEN (
            SELECT {_NEXT} FROM webhook_deliveries AS d
            WHERE d.endpoint_id = q.endpoint_id AND d.status = 'pending')
        ELSE (
            SELECT {_NEXT}
            FROM webhook_deliveries AS d JOIN webhook_messages AS m ON m.id = d.message_id
            WHERE {_DELIVERABLE.format(endpoint="q.endpoint_id", gets=_GETS)})
        END
    FROM unnest(
             CAST(:endpoints AS text[]), CAST(:slow AS boolean[]), CAST(:holds AS interval[]), CAST(:urls AS text[])
         ) AS free (endpoint_id, is_slow, hold, url)
         JOIN webhook_endpoints AS e ON e.id = free.endpoint_id
    WHERE q.endpoint_id = free.endpoint_id
    """  # noqa: S608 - our own words
)


NO_HOLD = timedelta(0)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that was taken to be attempted: which, of what, as which attempt, and how many before it failed."""

    id: str
    message: Message
    number: int
    failures: int


@dataclass(frozen=True, slots=True)
class Run:
    """One endpoint's lease: what to send there, one after the other, and what to sign with. ``taken_at``: machine time.

    ``gets``: whether its address is told everything, or is asked whose it is.
    """

    endpoint_id: str
    member_id: str
    url: str
    gets: str
    epoch: int
    secrets: Sequence[bytes]
    deliveries: Sequence[Taken]
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What came of one attempt. ``pause``: until the next; None: none follows. ``excerpt`` is sealed.

    ``hold``: how long the receiver asked to be sent nothing at all.
    """

    delivery: Taken
    status: DeliveryStatus
    pause: timedelta | None
    hold: timedelta
    started_at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    status_code: int | None
    excerpt: bytes | None

    def tried_again(self) -> "Attempted":
        """The same as one that does not settle its delivery, which is due again at once."""
        return replace(self, status=DeliveryStatus.PENDING, pause=timedelta(0))


@dataclass(slots=True)
class Report:
    """What a run has to tell so far; ``is_over``: its endpoint is free again, ``is_slow``: as one that makes wait.

    ``hold``: how long the address it went to is to be sent nothing, counted from when that is recorded.
    """

    run: Run
    attempts: list[Attempted] = field(default_factory=list)
    is_over: bool = False
    is_slow: bool = False
    hold: timedelta = NO_HOLD


async def take_runs(
    work: Work, keyring: Keyring, *, limit: int, run: int, slow: bool, lease: timedelta
) -> list[Run]:
    """Lease up to ``limit`` endpoints that something is due for, longest due first, with up to ``run`` deliveries each.

    Where a lease ran out, its holder was killed: what it had begun is noted as interrupted, and all is taken again.
    """
    free = (await work.db.execute(_FREE, {"slow": slow, "limit": limit})).all()
    if not free:
        return []
    lost = [row.endpoint_id for row in free if row.running]
    if lost:
        await work.db.execute(_INTERRUPTED, {"endpoints": lost})
    due = (
        await work.db.execute(
            _DUE,
            {
                "endpoints": [row.endpoint_id for row in free],
                "gets": [row.gets for row in free],
                "run": run,
            },
        )
    ).all()
    messages = await _messages(work, {row.message_id for row in due})
    taken: dict[str, list[Taken]] = {row.endpoint_id: [] for row in free}
    for endpoint_id, delivery_id, message_id, number, failures in due:
        taken[endpoint_id].append(Taken(delivery_id, messages[message_id], number, failures))
    await _release(work, [_Freed(id, slow) for id, some in taken.items() if not some])
    busy = {endpoint_id: some for endpoint_id, some in taken.items() if some}
    leased = await work.db.execute(
        _LEASE,
        {
            "endpoints": list(busy),
            "deliveries": [",".join(delivery.id for delivery in some) for some in busy.values()],
            "numbers": [
                ",".join(str(delivery.number) for delivery in some) for some in busy.values()
            ],
            "lease": lease,
        },
    )
    epochs = {row.endpoint_id: row.epoch for row in leased}
    return [
        Run(
            row.endpoint_id,
            row.member_id,
            row.url,
            row.gets,
            epochs[row.endpoint_id],
            list(_keys(keyring, row.endpoint_id, row.secrets)),
            busy[row.endpoint_id],
            row.now,
        )
        for row in free
        if row.endpoint_id in epochs
    ]


async def present_runs(work: Work, keyring: Keyring, runs: Sequence[Run]) -> list[Run | None]:
    """Each run with the secrets that sign now; None where it may not go on.

    It may not where its lease was lost, or its endpoint was deleted, has moved, or gets something else.
    """
    rows = await work.db.execute(_PRESENT, {"endpoints": [run.endpoint_id for run in runs]})
    found = {(row.endpoint_id, row.epoch, row.url, row.gets): row.secrets for row in rows}
    present: list[Run | None] = []
    for run in runs:
        sealed = found.get((run.endpoint_id, run.epoch, run.url, run.gets))
        keys = None if sealed is None else list(_keys(keyring, run.endpoint_id, sealed))
        present.append(None if keys is None else replace(run, secrets=keys))
    return present


async def still_leased(work: Work, reports: Sequence[Report]) -> list[Report]:
    """The reports of runs that hold their lease, which nobody can take from them before the commit."""
    held = await work.db.execute(
        _HOLD, {"endpoints": [report.run.endpoint_id for report in reports]}
    )
    epochs = {row.endpoint_id: row.epoch for row in held}
    return [r for r in reports if epochs.get(r.run.endpoint_id) == r.run.epoch]


async def record_reports(work: Work, reports: Sequence[Report]) -> None:
    """Write what came of the attempts of runs that are ``still_leased``, and free the endpoints whose run is over."""
    attempts = [attempted for report in reports for attempted in report.attempts]
    if attempts:
        await work.db.execute(
            _RECORD,
            {
                "ids": [a.delivery.id for a in attempts],
                "numbers": [a.delivery.number for a in attempts],
                "statuses": [a.status.value for a in attempts],
                "failed": [int(a.outcome.is_failure) for a in attempts],
                "pauses": [a.pause for a in attempts],
                "started": [a.started_at for a in attempts],
                "durations": [a.duration_ms for a in attempts],
                "outcomes": [a.outcome.value for a in attempts],
                "urls": [r.run.url for r in reports for _ in r.attempts],
                "codes": [a.status_code for a in attempts],
                "excerpts": [a.excerpt for a in attempts],
            },
        )
    await _release(
        work,
        [_Freed(r.run.endpoint_id, r.is_slow, r.hold, r.run.url) for r in reports if r.is_over],
    )


class _Freed(NamedTuple):
    endpoint_id: str
    is_slow: bool
    hold: timedelta = NO_HOLD
    url: str = ""


async def _release(work: Work, freed: Sequence[_Freed]) -> None:
    if freed:
        endpoints, slow, holds, urls = (list(values) for values in zip(*freed, strict=True))
        await work.db.execute(
            _RELEASE,
            {
                "endpoints": endpoints,
                "slow": slow,
                "holds": [hold or None for hold in holds],
                "urls": urls,
            },
        )


def _keys(keyring: Keyring, endpoint_id: str, sealed: Sequence[bytes]) -> Iterator[bytes]:
    """The secrets that can be opened; one that cannot is healed by a rotation."""
    for secret in sealed:
        with suppress(SealBroken):
            yield keyring.open(secret, endpoint_id)


async def _messages(work: Work, ids: set[str]) -> dict[str, Message]:
    found = await work.db.execute(select(webhook_messages).where(webhook_messages.c.id.in_(ids)))
    return {row.id: message_from(row) for row in found}
