"""Lists by keyset: cursors that are signed, and bound to the list, its filters and the caller."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlakeyset import InvalidPage, unserialize_bookmark
from sqlakeyset.asyncio import select_page
from sqlalchemy import Row, Select

from shared.db.work import Work
from shared.http.problems import CursorInvalid

DEFAULT_LIMIT, MOST = 50, 200
MAC_BYTES = 16

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. ``next_cursor`` is null on the last one."""

    model_config = ConfigDict(extra="forbid")

    items: list[T]
    next_cursor: Annotated[str | None, Field(description="Ask for the next page with `cursor=`.")]


class Pager:
    """The page that a request asks for."""

    def __init__(self, limit: int, cursor: str | None, key: bytes, bound_to: bytes) -> None:
        self._limit = limit
        self._cursor = cursor
        self._key = key
        self._bound_to = bound_to

    async def page(
        self, work: Work, statement: Select[Any], view: Callable[[Row[Any]], T]
    ) -> Page[T]:
        """Run ``statement`` (ordered, its last order column unique) for this page; each row as ``view`` shows it.

        Refuses with ``CursorInvalid`` a cursor that is not ours for this list and caller.
        """
        try:
            found = await select_page(
                work.db, statement, per_page=self._limit, page=self._bookmark()
            )
        except InvalidPage:
            raise CursorInvalid from None
        following = found.paging.bookmark_next if found.paging.has_next else None
        return Page(
            items=[view(row) for row in found],
            next_cursor=None if following is None else self._signed(following),
        )

    def _signed(self, bookmark: str) -> str:
        payload = bookmark.encode()
        return base64.urlsafe_b64encode(self._mac(payload) + payload).decode().rstrip("=")

    def _bookmark(self) -> str | None:
        if self._cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self._cursor + "=" * (-len(self._cursor) % 4))
            mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(payload)):
                raise CursorInvalid
            bookmark = payload.decode()
            unserialize_bookmark(bookmark)
        except (ValueError, InvalidPage):
            raise CursorInvalid from None
        return bookmark

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, self._bound_to + b"\0" + payload, hashlib.sha256)[:MAC_BYTES]


async def _pager(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=MOST, description="How many items at most on a page.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(min_length=1, max_length=2000, description="`next_cursor` of the last page."),
    ] = None,
) -> Pager:
    filters = {k: v for k, v in request.query_params.items() if k not in ("limit", "cursor")}
    actor = request.state.actor
    bound_to = json.dumps(
        [request.url.path, filters, str(actor.subject), actor.member_id], sort_keys=True
    )
    return Pager(limit, cursor, request.app.state.cursor_key, bound_to.encode())


CurrentPager = Annotated[Pager, Depends(_pager)]
