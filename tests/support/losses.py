"""Whether a suite that was broken lost anything: counted in the databases, for all services and all members' systems."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from shared.contracts.catalog import CATALOG, bindings_of
from shared.messaging.bus import topic_matches

Rows = Callable[[str, str], set[str]]
"""What a query answers in a service's database, a row a string."""

Pair = tuple[str, str]
"""A publisher, and a service that listens to it."""

ASKED_FOR = ".replay.requested.v1"
"""Announced only where something was amiss."""

_UNDELIVERED: Mapping[Literal["webhook", "message"], str] = {
    "webhook": "SELECT id FROM webhook_deliveries WHERE status <> 'delivered'",
    "message": "SELECT id FROM webhook_messages WHERE NOT is_expanded",
}


def heard() -> Mapping[Pair, Sequence[str]]:
    """The types that each listener hears of each publisher that there is, by the catalogue."""
    types: dict[Pair, list[str]] = defaultdict(list)
    present = {type: entry for type, entry in CATALOG.items() if entry.publisher_present}
    for listener in {name for entry in present.values() for name in entry.listeners}:
        bindings = bindings_of(listener)
        for type, entry in present.items():
            if any(topic_matches(binding, type) for binding in bindings):
                types[entry.publisher, listener].append(type)
    return types


def losses(rows: Rows) -> list[str]:
    """What one service announced and another has not handled, what nobody announced, what no member's system was told.

    Silence is a loss as well: where two services have something to say to each other, something was said.
    """
    return [*_lost_events(rows), *_lost_webhooks(rows)]


def counted(rows: Rows) -> str:
    """How much it was."""
    events = ", ".join(
        f"{len(_announced(rows, publisher, types))} of {publisher} by {listener}"
        for (publisher, listener), types in sorted(heard().items())
    )
    webhooks = len(rows("notifications", "SELECT id FROM webhook_deliveries"))
    return f"events announced and handled: {events}; webhooks delivered: {webhooks}"


def _lost_events(rows: Rows) -> Iterator[str]:
    for (publisher, listener), types in sorted(heard().items()):
        announced = _announced(rows, publisher, types)
        handled = rows(
            listener,
            f"SELECT event_id FROM incoming_events WHERE type IN ({_quoted(types)})"
            f" AND source = '{publisher}' AND status = 'done'",
        )
        if announced - handled:
            yield f"{listener} has not handled {len(announced - handled)} events of {publisher}"
        if handled - announced:
            yield f"{listener} has handled {len(handled - announced)} events that {publisher} did not announce"
        if not announced and not all(type.endswith(ASKED_FOR) for type in types):
            yield f"{publisher} has announced nothing to {listener}"


def _announced(rows: Rows, publisher: str, types: Sequence[str]) -> set[str]:
    return rows(publisher, f"SELECT event_id FROM outgoing_events WHERE type IN ({_quoted(types)})")


def _lost_webhooks(rows: Rows) -> Iterator[str]:
    for kind, query in _UNDELIVERED.items():
        if left := rows("notifications", query):
            yield f"{len(left)} {kind}s have not arrived"
    if not rows("notifications", "SELECT id FROM webhook_deliveries"):
        yield "no member's system was told anything"


def _quoted(types: Sequence[str]) -> str:
    return ", ".join(f"'{type}'" for type in types)
