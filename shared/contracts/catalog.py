"""The catalogue: every event, who listens, and what follows from that for the broker."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts import amendments, amendments_ballots, cases, membership, notifications
from shared.contracts.base import Event

MEMBERSHIP, CASES, AMENDMENTS, NOTIFICATIONS = (
    "membership",
    "cases",
    "amendments",
    "notifications",
)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One event type. ``publisher_present`` is false where only a stand-in of the tests announces it so far."""

    event: type[Event]
    listeners: frozenset[str]
    publisher_present: bool = True

    @property
    def publisher(self) -> str:
        """The service that announces it: the first word of its type."""
        return self.event.type.partition(".")[0]

    @property
    def binding(self) -> str:
        """The topic key that binds this event's whole resource: ``membership.member.#``."""
        publisher, resource, _ = self.event.type.split(".", 2)
        return f"{publisher}.{resource}.#"


def _entries() -> Iterator[CatalogEntry]:
    def to(*listeners: str, present: bool = True) -> tuple[frozenset[str], bool]:
        return frozenset(listeners), present

    table: tuple[tuple[type[Event], tuple[frozenset[str], bool]], ...] = (
        (membership.ApplicationSubmitted, to()),
        (membership.ApplicationReturned, to()),
        (membership.ApplicationApproved, to()),
        (membership.ApplicationRefused, to()),
        (membership.ApplicationRetracted, to()),
        (membership.MemberAcceded, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.MemberEnded, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.MemberEndingAnnounced, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.MemberEndingRetracted, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.MemberCancellationMoot, to()),
        (membership.MemberParticularsChanged, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.RepresentativeAppointed, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.RepresentativeRemoved, to(AMENDMENTS, NOTIFICATIONS)),
        (membership.BulletinPublished, to(NOTIFICATIONS)),
        (membership.RollCertified, to(AMENDMENTS)),
        (notifications.CircularIssued, to()),
        (notifications.NotificationsReplayRequested, to(MEMBERSHIP)),
        (amendments.AmendmentsReplayRequested, to(MEMBERSHIP)),
        (amendments.RulebookInForce, to(MEMBERSHIP, NOTIFICATIONS)),
        (amendments.RollRequested, to(MEMBERSHIP)),
        (amendments_ballots.BallotCalled, to(NOTIFICATIONS)),
        (amendments_ballots.BallotOpened, to(NOTIFICATIONS)),
        (amendments_ballots.BallotExtended, to(NOTIFICATIONS)),
        (amendments_ballots.BallotClosed, to(NOTIFICATIONS)),
        (amendments_ballots.BallotCancelled, to(NOTIFICATIONS)),
        (amendments_ballots.BallotReminderDue, to(NOTIFICATIONS)),
        (amendments_ballots.BallotVoteVoided, to(NOTIFICATIONS)),
        (amendments_ballots.BallotVoteReplaced, to(NOTIFICATIONS)),
        (amendments_ballots.BallotMemberCancelled, to(NOTIFICATIONS)),
        (amendments_ballots.BallotResultEstablished, to(NOTIFICATIONS)),
        (amendments_ballots.BallotDetermined, to(NOTIFICATIONS)),
        (amendments.ConventionFounded, to(MEMBERSHIP)),
        (amendments.ConventionPublicationDue, to()),
        (amendments.ConventionPromulgated, to(NOTIFICATIONS)),
        (amendments.ConventionCorrected, to(NOTIFICATIONS)),
        (amendments.InterpretationIssued, to(NOTIFICATIONS)),
        (amendments.InterpretationSuperseded, to(NOTIFICATIONS)),
        (amendments.ProposalSubmitted, to(NOTIFICATIONS)),
        (amendments.ProposalSupportedEnough, to(NOTIFICATIONS)),
        (amendments.ProposalRebased, to(NOTIFICATIONS)),
        (amendments.ProposalDraftChanged, to(NOTIFICATIONS)),
        (amendments.ProposalRetracted, to(NOTIFICATIONS)),
        (amendments.ProposalLapsed, to(NOTIFICATIONS)),
        (amendments.ProposalPromulgationDue, to()),
        (amendments.ProposalPromulgationOverdue, to(NOTIFICATIONS)),
        (amendments.AnnexAdopted, to(NOTIFICATIONS)),
        (amendments.AnnexTrialEnded, to()),
        (cases.CancellationDecided, to(MEMBERSHIP, present=False)),
        (cases.MeasureAnnulled, to(MEMBERSHIP, present=False)),
    )
    for event, (listeners, present) in table:
        yield CatalogEntry(event, listeners, present)


CATALOG: dict[str, CatalogEntry] = {entry.event.type: entry for entry in _entries()}


def bindings_of(service: str) -> list[str]:
    """The topic keys of ``service``: whole aggregates, so that their sequences have no holes for it."""
    heard = {(e.publisher, e.event.aggregate) for e in CATALOG.values() if service in e.listeners}
    return sorted(
        {e.binding for e in CATALOG.values() if (e.publisher, e.event.aggregate) in heard}
    )


def published_by(service: str) -> list[type[Event]]:
    """The event classes that ``service`` announces, in the order of the catalogue."""
    return [e.event for e in CATALOG.values() if e.publisher == service]
