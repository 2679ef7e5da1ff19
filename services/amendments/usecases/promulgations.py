"""Promulgating what was adopted, and watching that it happens in its term (A6)."""

from services.amendments.domain.deadline import Deadline
from services.amendments.domain.promulgation import Promulgation, Publication
from services.amendments.store import annexes, convention, promulgations, proposals, supports
from services.amendments.usecases.acting import subject_of
from services.amendments.usecases.annexes import end_orphans
from services.amendments.usecases.convention import publish_version
from services.amendments.usecases.proposals import base_of
from shared.contracts import amendments as events
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.ids import new_id
from shared.kernel.terms import civil_day


async def promulgate(
    work: Work, proposal_id: str, actor: Actor, publication: Publication
) -> Promulgation:
    """Make an adopted proposal the next version of the convention, and of its rulebook where it changes rules.

    Refused where it is not adopted, where its base no longer matches (edge case 17), and to whoever wrote or supported
    it (P40). Annexes are locked before the convention, as wherever both are.
    """
    proposal = await proposals.get_proposal(work, proposal_id)
    await annexes.lock_in_force(work)
    await convention.hold_convention(work)
    base = await base_of(work, await convention.latest_version(work))
    supporters = await supports.supporting_subjects(work, proposal.id)
    was_noted = proposal.overdue_since is not None
    adoption = proposal.promulgate(subject_of(actor), supporters, base.number, work.now)
    rulebook = base.rulebook_after(proposal.draft)
    version = await publish_version(
        work,
        base.text_after(proposal.draft),
        None if rulebook is base.rulebook else tuple(rulebook.entries.values()),
        publication.in_force_on or work.today,
        proposal.id,
        valid_on=civil_day(adoption.at, work.zone),
        applies_from=publication.applies_from,
    )
    await end_orphans(work, version)
    await proposals.save_proposal(work, proposal)
    promulgation = Promulgation.of(
        new_id("prm"),
        proposal.id,
        version.number,
        adoption=adoption,
        in_force_on=publication.in_force_on or work.today,
        proposed_by=proposal.proposer.subject,
        promulgated_by=subject_of(actor),
        now=work.now,
        zone=work.zone,
    )
    await promulgations.add_promulgation(work, promulgation)
    if promulgation.is_late and not was_noted:
        await work.announce(_overdue(proposal.id, adoption.due))
    return promulgation


async def remind_of_promulgation(work: Work, proposal_id: str) -> bool:
    """Remind the organ of an adopted proposal that is to be promulgated; False where it is not the day."""
    proposal = await proposals.get_proposal(work, proposal_id)
    due = proposal.take_reminder(work.today)
    if due is None:
        return False
    await proposals.save_proposal(work, proposal)
    await work.announce(
        events.ProposalPromulgationDue(
            proposal_id=proposal.id,
            due_on=due.on,
            basis=events.BasisValue.model_validate(due.basis, from_attributes=True),
        )
    )
    return True


async def note_overdue_promulgation(work: Work, proposal_id: str) -> bool:
    """Note that an adopted proposal was not promulgated in its term, and tell; False where that was done.

    The adoption stands (edge case 21).
    """
    proposal = await proposals.get_proposal(work, proposal_id)
    if proposal.overdue_since is not None or not proposal.is_overdue_at(work.now):
        return False
    due = proposal.note_overdue(work.now)
    await proposals.save_proposal(work, proposal)
    await work.announce(_overdue(proposal.id, due))
    return True


def _overdue(proposal_id: str, due: Deadline) -> events.ProposalPromulgationOverdue:
    return events.ProposalPromulgationOverdue(
        proposal_id=proposal_id,
        due_on=due.on,
        basis=events.BasisValue.model_validate(due.basis, from_attributes=True),
    )
