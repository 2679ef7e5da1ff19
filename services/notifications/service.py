"""Notifications at a glance."""

from pathlib import Path

from services.notifications.api.routes import ROUTERS
from services.notifications.domain import errors
from services.notifications.reactions import REACTIONS
from services.notifications.settings import NotificationsSettings
from services.notifications.store import tables
from services.notifications.timers import timers
from services.notifications.usecases.acting import may_act
from services.notifications.workers import workers
from shared.contracts.notifications import CircularIssued, NotificationsReplayRequested
from shared.db import mailboxes, roster, rulebooks
from shared.service import Service
from shared.settings import SuiteSettings


def notifications(
    settings: NotificationsSettings | None = None, suite: SuiteSettings | None = None
) -> Service:
    """The declaration of notifications; settings not given are read from the environment."""
    suite = suite or SuiteSettings()
    settings = (settings or NotificationsSettings()).refuse_open_defaults(suite)
    return Service(
        name="notifications",
        title="Notifications",
        summary="Circulars to the members, every member's inbox, who has read and acknowledged what, and webhooks.",
        paths=["circulars", "inbox", "webhook-endpoints", "deliveries", "event-types"],
        settings=settings,
        suite=suite,
        routers=ROUTERS,
        tables=[mailboxes.metadata, roster.metadata, rulebooks.metadata, tables.metadata],
        publishes=[CircularIssued, NotificationsReplayRequested],
        reactions=REACTIONS,
        timers=timers(settings),
        may_act=may_act,
        refusals=[errors],
        migrations=Path(__file__).parent / "migrations",
        keeps_roster=True,
        asks_with=NotificationsReplayRequested,
        workers=workers(settings, suite),
    )
