"""Holding a ballot, and what it asks of its subject and tells it: a proposal or an annex is called and decided (A5, A7)."""

from dataclasses import dataclass

from services.amendments.domain.annex import CONSENT, Annex, repealed_from
from services.amendments.domain.ballot import Ballot
from services.amendments.domain.proposal import ADOPTION, Proposal
from services.amendments.domain.subject import BallotOutcome, BallotSubject, SubjectKind
from services.amendments.domain.version import in_force
from services.amendments.domain.vote import VoteChain
from services.amendments.store import annexes, ballots, convention, proposals, supports, votes
from services.amendments.store.rulebook import rulebook_version
from shared.contracts.amendments import AnnexAdopted
from shared.db.roster import hold_watermark
from shared.db.work import Work


@dataclass(frozen=True, slots=True)
class Held:
    """A ballot and the end of its chain, locked: no vote is taken meanwhile."""

    ballot: Ballot
    chain: VoteChain


async def hold_ballot(work: Work, ballot_id: str) -> Held:
    """Lock the roster, then what a ballot is about, the ballot and its chain, and then read the clock.

    Every act upon a ballot locks in this order, or from some place in it on. Refuses with ``NotFound``.
    """
    subject = (await ballots.find_ballot(work, ballot_id)).subject
    await hold_watermark(work)
    await hold_subject(work, subject.kind, subject.id)
    return await hold_with_chain(work, ballot_id)


async def hold_with_chain(work: Work, ballot_id: str) -> Held:
    """The same for who holds its subject already, and does nothing that rests on the roster."""
    ballot = await ballots.get_ballot(work, ballot_id)
    chain = await votes.hold_chain(work, ballot_id)
    await work.read_clock()
    return Held(ballot, chain)


async def ballot_subject(work: Work, kind: SubjectKind, subject_id: str) -> BallotSubject:
    """The question of a ballot that is to be called now, its subject locked.

    Refuses with ``NotFound``, with ``NotAllowedNow`` where its status does not allow one, with ``BaseOutdated``, and
    with ``ParentNotInForce``.
    """
    subject = await hold_subject(work, kind, subject_id)
    if isinstance(subject, Annex):
        law = await convention.version_in_force(work)
        subject.check_ballotable(law.text, work.today)
        return BallotSubject(
            kind,
            subject.id,
            subject.text.title,
            subject.digest,
            law.number,
            CONSENT,
            subject.authors,
        )
    latest = await convention.latest_version(work)
    subject.check_ballotable(latest.number, work.now)
    return BallotSubject(
        kind,
        subject.id,
        subject.draft.title,
        subject.draft_digest,
        subject.base_version,
        ADOPTION,
        subject.authors | await supports.supporting_subjects(work, subject.id),
    )


async def hold_subject(work: Work, kind: SubjectKind, subject_id: str) -> Proposal | Annex:
    """What a ballot is about, locked before the ballot; refuses with ``NotFound``."""
    if kind is SubjectKind.ANNEX:
        return await annexes.get_annex(work, subject_id)
    return await proposals.get_proposal(work, subject_id)


async def note_ballot_called(work: Work, ballot: Ballot) -> None:
    """Its ballot was called."""
    subject = await _subject_of(work, ballot)
    subject.note_ballot_called(ballot.id, work.now)
    await _save(work, subject)


async def note_ballot_opened(work: Work, ballot: Ballot) -> None:
    """Its ballot opened; refuses with ``NotAllowedNow`` where it was withdrawn in time."""
    subject = await _subject_of(work, ballot)
    subject.note_ballot_opened(ballot.id, work.now)
    await _save(work, subject)


async def note_ballot_outcome(work: Work, ballot: Ballot, outcome: BallotOutcome) -> None:
    """What its ballot decided, or the determination of an undetermined one; by the rulebook that the ballot kept.

    Refuses with ``BallotOvertaken`` where it rests on this ballot no longer.
    """
    subject = await _subject_of(work, ballot)
    if isinstance(subject, Annex):
        await _note_annex_outcome(work, subject, ballot, outcome)
        return
    subject.note_outcome(
        ballot.id,
        outcome,
        rulebook=await rulebook_version(work, ballot.rule.basis.rulebook_version),
        now=work.now,
        zone=work.zone,
    )
    await _save(work, subject)


async def _note_annex_outcome(
    work: Work, annex: Annex, ballot: Ballot, outcome: BallotOutcome
) -> None:
    """Consented to, an annex takes the next number and is announced."""
    await convention.hold_convention(work)
    versions = await convention.all_versions(work)
    annex.note_outcome(
        ballot.id,
        outcome,
        number=await annexes.next_number(work),
        parent_until=repealed_from(versions, annex.parent),
        now=work.now,
        zone=work.zone,
    )
    await _save(work, annex)
    if annex.number is not None and outcome is BallotOutcome.ADOPTED:
        await annexes.add_text(work, annex)
        await work.announce(
            AnnexAdopted.model_validate(
                {
                    "annex_id": annex.id,
                    "number": annex.number,
                    "provision": annex.parent,
                    "convention_version": in_force([v.head for v in versions], work.today).number,
                    "sector": annex.sector,
                    "trial_until": annex.trial_until,
                    "adopted_at": annex.adopted_at,
                }
            )
        )


async def _subject_of(work: Work, ballot: Ballot) -> Proposal | Annex:
    return await hold_subject(work, ballot.subject.kind, ballot.subject.id)


async def _save(work: Work, subject: Proposal | Annex) -> None:
    if isinstance(subject, Annex):
        await annexes.save_annex(work, subject)
    else:
        await proposals.save_proposal(work, subject)
