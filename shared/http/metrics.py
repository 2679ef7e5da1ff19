"""Metrics of one service: counted as things happen, or read from its tables when asked. No id is ever a label."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import text

from shared.db.work import Database

_FROM_TABLES = text(
    """
    SELECT
      (SELECT count(*) FROM outgoing_events WHERE published_at IS NULL) AS outgoing_waiting,
      (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)
         FROM outgoing_events WHERE published_at IS NULL) AS outgoing_oldest_seconds,
      (SELECT count(*) FROM outgoing_events
        WHERE published_at IS NULL AND last_error = 'unroutable') AS outgoing_unroutable,
      (SELECT count(*) FROM incoming_events WHERE status = 'pending') AS incoming_waiting,
      (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
         FROM incoming_events WHERE status = 'pending') AS incoming_oldest_seconds,
      (SELECT count(*) FROM incoming_events WHERE status = 'dead') AS incoming_dead,
      (SELECT count(*) FROM incoming_events WHERE status = 'refused') AS incoming_refused,
      (SELECT count(*) FROM poison_messages) AS poison_messages
    """
)

_MEANING = {
    "outgoing_waiting": "Events that are not published yet",
    "outgoing_oldest_seconds": "Age of the oldest unpublished event",
    "outgoing_unroutable": "Unpublished events that found no queue at the last attempt",
    "incoming_waiting": "Events that are stored but not handled yet",
    "incoming_oldest_seconds": "Age of the oldest unhandled event",
    "incoming_dead": "Events whose reaction failed too often; each blocks its aggregate",
    "incoming_refused": "Events that the rules refused",
    "poison_messages": "Messages kept that were no event",
}


class Metrics:
    """One registry a service, so that several services in one process stay apart; label ``service`` on everything."""

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._database = database
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "http_request_seconds",
            "Requests by route and status",
            ["service", "method", "route", "status"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
        )
        self._duplicates = Counter(
            "incoming_duplicates_absorbed",
            "Events that arrived more than once",
            ["service"],
            registry=self.registry,
        )
        self._gauges = {
            name: Gauge(name, meaning, ["service"], registry=self.registry)
            for name, meaning in _MEANING.items()
        }

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(self._service, method, route, str(status)).observe(seconds)

    def duplicates(self, count: int) -> None:
        """Count absorbed duplicates."""
        self._duplicates.labels(self._service).inc(count)

    async def exposition(self) -> bytes:
        """Everything in Prometheus' text format; the table gauges are read now."""
        async with self._database.engine.connect() as db:
            row: Any = (await db.execute(_FROM_TABLES)).one()
        for name, gauge in self._gauges.items():
            gauge.labels(self._service).set(float(getattr(row, name)))
        return generate_latest(self.registry)
