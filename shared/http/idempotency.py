"""A retried POST acts once: the key and the finished answer are stored in the transaction of the act itself.

The key's row is inserted before the act, so a second request with the same key waits for the first one's transaction. A
refusal rolls the row back with everything else: nothing happened, so a retry is judged anew.
"""

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy import Row, and_, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from shared.db.mailboxes import idempotency_keys
from shared.db.work import Work
from shared.http.problems import KeyMalformed, KeyUsedDifferently, StillRunning
from shared.kernel.actor import Actor

HEADER = "Idempotency-Key"
WAIT_MILLISECONDS = 2000
KEPT_HEADERS = ("content-type", "content-language", "etag", "location", "cache-control")

_WELL_FORMED = re.compile(r"^[\x21-\x7e]{1,255}$")
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Claim:
    """This request's hold on its key; ``answer`` is the stored answer when it was finished before."""

    principal: str
    operation: str
    key: str
    answer: Response | None = None

    async def keep(self, work: Work, response: Response) -> None:
        """Store the finished answer beside the act. An answer that nobody may store (a secret shown once) is not kept."""
        is_this = and_(
            idempotency_keys.c.principal == self.principal,
            idempotency_keys.c.operation == self.operation,
            idempotency_keys.c.key == self.key,
        )
        if response.headers.get("cache-control") == "no-store":
            await work.db.execute(delete(idempotency_keys).where(is_this))
            return
        await work.db.execute(
            update(idempotency_keys)
            .where(is_this)
            .values(
                status=response.status_code,
                headers={k: v for k, v in response.headers.items() if k in KEPT_HEADERS},
                body=bytes(response.body),
            )
        )


async def claim(request: Request, work: Work, actor: Actor, body: bytes) -> Claim | None:
    """Take the request's key, or find its stored answer; None when the request has no key.

    Refuses a malformed key, one used for another request, and one whose first request is still running.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not _WELL_FORMED.match(key):
        raise KeyMalformed
    principal = str(actor.subject) if actor.subject else "public"
    if actor.member_id:
        principal += f" {actor.member_id}"
    operation = f"POST {request.url.path}?{request.url.query}"[:200]
    fingerprint = hashlib.sha256(
        b"\0".join([request.url.path.encode(), request.url.query.encode(), body])
    ).hexdigest()
    row = await _insert_or_find(work, principal, operation, key, fingerprint)
    if row is None:
        return Claim(principal, operation, key)
    if row.fingerprint != fingerprint:
        raise KeyUsedDifferently
    answer = Response(row.body, status_code=row.status, headers=row.headers)
    answer.headers["Idempotency-Replayed"] = "true"
    return Claim(principal, operation, key, answer)


async def _insert_or_find(
    work: Work, principal: str, operation: str, key: str, fingerprint: str
) -> Row[str, int, dict[str, str], bytes] | None:
    await work.db.execute(text(f"SET LOCAL lock_timeout = {WAIT_MILLISECONDS}"))
    try:
        inserted = await work.db.scalar(
            insert(idempotency_keys)
            .values(
                principal=principal,
                operation=operation,
                key=key,
                fingerprint=fingerprint,
                status=0,
                headers={},
                body=b"",
            )
            .on_conflict_do_nothing()
            .returning(idempotency_keys.c.key)
        )
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise StillRunning from None
        raise
    await work.db.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    if inserted:
        return None
    return (
        await work.db.execute(
            select(
                idempotency_keys.c.fingerprint,
                idempotency_keys.c.status,
                idempotency_keys.c.headers,
                idempotency_keys.c.body,
            ).where(
                idempotency_keys.c.principal == principal,
                idempotency_keys.c.operation == operation,
                idempotency_keys.c.key == key,
            )
        )
    ).one()
