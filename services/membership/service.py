"""Membership at a glance."""

from pathlib import Path

from services.membership.api import ROUTERS
from services.membership.domain import errors
from services.membership.reactions import REACTIONS
from services.membership.settings import MembershipSettings
from services.membership.store import queries, tables
from services.membership.timers import timers
from shared.contracts import membership as events
from shared.db import mailboxes, rulebooks
from shared.service import Service
from shared.settings import SuiteSettings


def membership(
    settings: MembershipSettings | None = None, suite: SuiteSettings | None = None
) -> Service:
    """The register of members: applications, accession, leaving, representatives, bulletins, rolls."""
    settings = settings or MembershipSettings()
    suite = suite or SuiteSettings()
    if settings.development_subjects and suite.environment == "production":
        raise ValueError("MEMBERSHIP_DEVELOPMENT_SUBJECTS is refused in production")
    return Service(
        name="membership",
        title="Membership",
        summary="Who is a member, since when, and who may act for it (Art. 2, 23, 24, 26 to 28).",
        paths=[
            "applications",
            "members",
            "claims",
            "register",
            "bulletins",
            "bulletins.atom",
            "rolls",
            "imports",
        ],
        settings=settings,
        suite=suite,
        routers=ROUTERS,
        tables=[mailboxes.metadata, rulebooks.metadata, tables.metadata],
        publishes=[
            events.ApplicationSubmitted,
            events.ApplicationReturned,
            events.ApplicationApproved,
            events.ApplicationRefused,
            events.ApplicationRetracted,
            events.MemberAcceded,
            events.MemberEnded,
            events.MemberEndingAnnounced,
            events.MemberEndingRetracted,
            events.MemberCancellationMoot,
            events.MemberParticularsChanged,
            events.RepresentativeAppointed,
            events.RepresentativeRemoved,
            events.BulletinPublished,
            events.RollCertified,
        ],
        reactions=REACTIONS,
        timers=timers(suite.issuer if settings.development_subjects else None),
        may_act=queries.may_act,
        refusals=[errors],
        migrations=Path(__file__).parent / "migrations",
    )
