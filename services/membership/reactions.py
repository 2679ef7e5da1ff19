"""What other services tell membership."""

from services.membership.domain.particulars import Particulars
from services.membership.domain.period import Annulment, AnnulmentOutcome, Cancellation
from services.membership.store.tables import register_changes
from services.membership.usecases import members, rolls
from shared.contracts.amendments import (
    AmendmentsReplayRequested,
    ConventionFounded,
    RollRequested,
    RulebookInForce,
)
from shared.contracts.cases import CancellationDecided, MeasureAnnulled
from shared.contracts.notifications import NotificationsReplayRequested
from shared.contracts.replay import ReplayRequested
from shared.db.rulebooks import keep_rulebook
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.messaging.handler import Reactions, each
from shared.messaging.replay import announce_aggregate_again, announce_history_again


async def when_cancellation_decided_end_membership(work: Work, event: CancellationDecided) -> None:
    """M4."""
    await members.cancel_membership(
        work,
        event.member_id,
        Cancellation(
            event.case_id,
            event.decision_number,
            event.effective_at,
            frozenset(Subject(decider.issuer, decider.sub) for decider in event.deciders),
        ),
    )


async def when_measure_annulled_restore_membership(work: Work, event: MeasureAnnulled) -> None:
    """Edge case 12: never ceased, or readmitted from a day."""
    await members.annul_cancellation(
        work,
        event.member_id,
        Annulment(event.case_id, AnnulmentOutcome(event.outcome), event.readmitted_from),
    )


async def when_roll_requested_certify_it(work: Work, event: RollRequested) -> None:
    """M8."""
    await rolls.certify_roll(work, event.ballot_id, event.purpose, event.instant)


async def when_convention_founded_enter_initiating_units(
    work: Work, event: ConventionFounded
) -> None:
    """Art. 26; edge case 19: members from the first promulgation without application."""
    for unit in event.initiating_units:
        particulars = Particulars.checked(
            legal_name_zh=unit.legal_name_zh,
            legal_name_en=unit.legal_name_en,
            sectors=[sector.value for sector in unit.sectors],
            legal_representative=unit.legal_representative,
            contact_email=unit.contact_email,
        )
        await members.enter_founding_unit(
            work,
            unit.identifier,
            particulars,
            event.valid_on,
            Subject(unit.subject_issuer, unit.subject_sub),
        )


async def when_replay_requested_announce_again(work: Work, event: ReplayRequested) -> None:
    """The register from a version on, or one aggregate from a sequence on, for the asker alone."""
    if event.publisher != "membership":
        return
    if event.missing is not None:
        await announce_aggregate_again(work, event)
    else:
        await announce_history_again(work, event, register_changes, "version")


REACTIONS: Reactions = {
    RulebookInForce: [each(keep_rulebook)],
    CancellationDecided: [each(when_cancellation_decided_end_membership)],
    MeasureAnnulled: [each(when_measure_annulled_restore_membership)],
    RollRequested: [each(when_roll_requested_certify_it)],
    ConventionFounded: [each(when_convention_founded_enter_initiating_units)],
    NotificationsReplayRequested: [each(when_replay_requested_announce_again)],
    AmendmentsReplayRequested: [each(when_replay_requested_announce_again)],
}
