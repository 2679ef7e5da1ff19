"""Lists by keyset: cursors that are signed, and bound to the list, its filters and the caller."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Row, Select, UnaryExpression, cast, literal, tuple_
from sqlalchemy.sql import operators

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

        All its order columns run in one direction and are never null. Refuses with ``CursorInvalid`` a cursor that is
        not ours for this list and caller.
        """
        order = _Order(statement)
        if self._cursor is not None:
            statement = statement.where(order.beyond(self._place(self._cursor)))
        selected = statement.add_columns(*order.unselected).limit(self._limit + 1)
        rows = (await work.db.execute(selected)).all()
        next_cursor = None
        if len(rows) > self._limit:
            rows = rows[: self._limit]
            next_cursor = self._signed(order.place_of(rows[-1]))
        return Page(items=[view(row) for row in rows], next_cursor=next_cursor)

    def _signed(self, place: Sequence[str]) -> str:
        payload = json.dumps(place, ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(self._mac(payload) + payload).decode().rstrip("=")

    def _place(self, cursor: str) -> list[str]:
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(payload)):
                raise CursorInvalid
            place: list[str] = json.loads(payload)
        except ValueError:
            raise CursorInvalid from None
        return place

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, self._bound_to + b"\0" + payload, hashlib.sha256)[:MAC_BYTES]


class _Order:
    """The order columns of a statement. A place in the order is their values as text, which PostgreSQL reads back."""

    def __init__(self, statement: Select[Any]) -> None:
        clauses = statement._order_by_clauses
        self._columns = [c.element if isinstance(c, UnaryExpression) else c for c in clauses]
        (self._descends,) = {getattr(c, "modifier", None) is operators.desc_op for c in clauses}
        selected = list(statement.selected_columns)
        self.unselected = [c for c in self._columns if not any(c is s for s in selected)]
        shown = [*selected, *self.unselected]
        self._positions = [next(i for i, s in enumerate(shown) if s is c) for c in self._columns]

    def place_of(self, row: Row[Any]) -> list[str]:
        """Where a row stands that was selected together with the ``unselected`` columns."""
        return [str(row[position]) for position in self._positions]

    def beyond(self, place: Sequence[str]) -> ColumnElement[bool]:
        """SQL: whether a row comes after ``place``."""
        values = [
            cast(literal(value), c.type) for value, c in zip(place, self._columns, strict=True)
        ]
        here, there = tuple_(*self._columns), tuple_(*values)
        return here < there if self._descends else here > there


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
