"""Ballots of which only what they say to their subjects is of interest: nobody votes in them, and they are not kept."""

from services.amendments.domain.ballot import Ballot
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.store.rulebook import rulebook_in_force
from services.amendments.usecases import balloting
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.ids import new_id

OFFICER = Subject("https://issuer.test", "officer of unkept ballots")


async def opened(work: Work, kind: SubjectKind, subject_id: str) -> Ballot:
    """A ballot on it was called by the rules in force, and opened."""
    subject = await balloting.ballot_subject(work, kind, subject_id)
    rulebook = await rulebook_in_force(work)
    ballot = Ballot.call(new_id("bal"), subject, rulebook, OFFICER, work.now, work.zone)
    await balloting.note_ballot_called(work, ballot)
    await balloting.note_ballot_opened(work, ballot)
    return ballot


async def decided(work: Work, kind: SubjectKind, subject_id: str, outcome: BallotOutcome) -> Ballot:
    """It was also decided."""
    ballot = await opened(work, kind, subject_id)
    await balloting.note_ballot_outcome(work, ballot, outcome)
    return ballot
