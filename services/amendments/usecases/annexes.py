"""Annexes: drafted by members of a branch, consented to by all, amended by those whom they bind (A7, Art. 29)."""

from collections.abc import Iterable, Sequence

from services.amendments.domain.annex import Annex, Contradiction, Profile, repealed_from
from services.amendments.domain.annex_text import Amendment, AnnexText
from services.amendments.domain.errors import (
    NotAdhering,
    NotOfTheBranch,
)
from services.amendments.domain.provision import ConventionText, Wording
from services.amendments.domain.support import Standing, standings
from services.amendments.domain.version import Version
from services.amendments.store import adherents, annexes, convention, supports
from services.amendments.usecases import ballots
from services.amendments.usecases.acting import may_act, member_of, subject_of
from shared.contracts.amendments import AnnexTrialEnded
from shared.db.roster import hold_watermark, watermark
from shared.db.work import Work
from shared.kernel.actor import Actor, Scope
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected

WITHDRAWN = "the annex was withdrawn"


async def draft_annex(
    work: Work, actor: Actor, *, sector: str, parent: str, text: AnnexText, profile: Profile
) -> Annex:
    """Begin an agreement of a branch, by one of its members (Art. 29)."""
    await _check_branch(work, actor, sector)
    annex = Annex.draft(
        new_id("anx"),
        sector=sector,
        parent=parent,
        text=text,
        profile=profile,
        by=subject_of(actor),
        drafter=member_of(actor),
        convention=await _law(work),
        now=work.now,
    )
    await annexes.save_annex(work, annex)
    return annex


async def edit_annex(
    work: Work,
    annex_id: str,
    actor: Actor,
    *,
    parent: str,
    text: AnnexText,
    profile: Profile,
    expected: Expected,
) -> Annex:
    """Replace the draft, before its ballot is called."""
    annex = await _held(work, annex_id)
    expected.check(annex.version)
    annex.edit(
        subject_of(actor),
        member_of(actor),
        text=text,
        profile=profile,
        parent=parent,
        convention=await _law(work),
        now=work.now,
        today=work.today,
    )
    await annexes.save_annex(work, annex)
    return annex


async def retract_annex(work: Work, annex_id: str, actor: Actor, expected: Expected) -> Annex:
    """Give a draft up, with the ballot that may have been called on it."""
    annex = await _held(work, annex_id)
    expected.check(annex.version)
    annex.retract(member_of(actor), work.now, work.today)
    if annex.ballot_id is not None:
        await ballots.cancel_ballot(work, annex.ballot_id, WITHDRAWN)
    await annexes.save_annex(work, annex)
    return annex


async def adhere(work: Work, annex_id: str, actor: Actor) -> Annex:
    """Sign an annex for a unit of its branch (edge case 24)."""
    annex = await _held_by(work, annex_id, actor)
    annex.check_signable(work.today)
    await _check_branch(work, actor, annex.sector)
    unit = member_of(actor)
    since = await supports.member_since(work, unit)
    await adherents.sign(work, annex.id, unit, since, subject_of(actor))
    return annex


async def leave_annex(work: Work, annex_id: str, actor: Actor) -> Annex:
    """Take a unit's signature back: an agreement that was joined freely is left freely."""
    annex = await _held(work, annex_id)
    annex.check_leavable(work.today)
    await _check_adheres(work, annex, actor)
    await adherents.leave(work, annex.id, member_of(actor))
    await _amend_where_agreed(work, annex)
    return annex


async def propose_annex_amendment(
    work: Work, annex_id: str, actor: Actor, text: AnnexText, expected: Expected
) -> Annex:
    """Put another text to those whom the annex binds; who proposes it consents to it (edge case 23)."""
    annex = await _held_by(work, annex_id, actor)
    expected.check(annex.version)
    await _check_adheres(work, annex, actor)
    amendment = Amendment(text, subject_of(actor), member_of(actor), work.now)
    annex.propose_amendment(amendment, work.today)
    await annexes.save_annex(work, annex)
    await _consent(work, annex, amendment, actor)
    return annex


async def consent_to_amendment(work: Work, annex_id: str, actor: Actor, digest: str) -> Annex:
    """Consent for a unit to exactly this text; when enough have, it is the annex's text."""
    annex = await _held_by(work, annex_id, actor)
    amendment = annex.check_consent(digest, work.today)
    await _check_adheres(work, annex, actor)
    await _consent(work, annex, amendment, actor)
    return annex


async def mark_conflict(
    work: Work, annex_id: str, actor: Actor, *, number: int, provision_id: str, reasons: Wording
) -> Annex:
    """Mark a provision of an annex as contradicting the convention, which prevails (edge case 23)."""
    annex = await _held(work, annex_id)
    mark = Contradiction(number, provision_id, reasons, subject_of(actor), work.now)
    annex.mark_conflict(mark, await _law(work), work.today)
    await annexes.save_annex(work, annex)
    return annex


async def end_orphans(work: Work, version: Version) -> None:
    """Annexes whose parent a new version repeals end when that takes force (edge case 23)."""
    for annex in await annexes.lock_in_force(work):
        until = repealed_from([version], annex.parent)
        if until is not None:
            annex.note_parent_repealed(until, work.now)
            await annexes.save_annex(work, annex)


async def recount_consents(work: Work, known: int, mandated: Sequence[str]) -> None:
    """Count the consents to every open amendment at each register version that became known, up to ``known``.

    ``mandated``: the units whose mandates changed by then; what was done under one that had ended does not count.
    """
    amended = await annexes.lock_with_amendment(work)
    if mandated:
        await adherents.judge_mandates(work, mandated)
    for annex in amended:
        amendment = annex.amendment
        if amendment is None or annex.tested_version >= known:
            continue
        after = annex.tested_version
        start = await adherents.consents_at(work, annex, amendment.digest, after)
        steps = await adherents.steps_between(work, annex, amendment.digest, after, known)
        now = await adherents.consents_at(work, annex, amendment.digest, known)
        await _amend_where_reached(work, annex, [*standings(start, steps), now])
        annex.tested_version = known
        await annexes.save_annex(work, annex)


async def end_trial(work: Work, annex_id: str) -> bool:
    """Note that the trial of an annex is over, and tell; False where that was done."""
    annex = await _held(work, annex_id)
    until = annex.end_trial(work.now, work.today)
    if until is None:
        return False
    await annexes.save_annex(work, annex)
    await work.announce(
        AnnexTrialEnded.model_validate(
            {
                "annex_id": annex.id,
                "number": annex.number,
                "sector": annex.sector,
                "trial_until": until,
            }
        )
    )
    return True


async def _consent(work: Work, annex: Annex, amendment: Amendment, actor: Actor) -> None:
    unit = member_of(actor)
    since = await supports.member_since(work, unit)
    await adherents.consent(work, annex.id, amendment.digest, unit, since, subject_of(actor))
    await _amend_where_agreed(work, annex)


async def _amend_where_agreed(work: Work, annex: Annex) -> None:
    """Counted in a statement after the annex was locked, so that two consents at once are both counted."""
    known = (await watermark(work)).version
    if annex.amendment is None or known < annex.tested_version:  # the roster is being rebuilt
        return
    standing = await adherents.consents_at(work, annex, annex.amendment.digest, known)
    await _amend_where_reached(work, annex, [standing])
    annex.tested_version = known
    await annexes.save_annex(work, annex)


async def _amend_where_reached(work: Work, annex: Annex, tested: Iterable[Standing]) -> None:
    reached = annex.amend_where_agreed(tested, work.now, work.today)
    if reached is not None:
        bound = await adherents.digest_at(work, annex, reached.register_version)
        await annexes.add_text(work, annex, reached, bound)


async def _check_branch(work: Work, actor: Actor, sector: str) -> None:
    if not await adherents.is_of_branch(work, member_of(actor), sector):
        raise NotOfTheBranch


async def _check_adheres(work: Work, annex: Annex, actor: Actor) -> None:
    if not await adherents.adheres(work, annex, member_of(actor)):
        raise NotAdhering


async def _law(work: Work) -> ConventionText:
    return (await convention.version_in_force(work)).text


async def _held_by(work: Work, annex_id: str, actor: Actor) -> Annex:
    """The annex, locked, and the roster as it is: the caller's mandate may have ended while that was awaited."""
    await hold_watermark(work)
    annex = await _held(work, annex_id)
    if not await may_act(work, actor, Scope.VOTE, False):
        raise NotFound
    return annex


async def _held(work: Work, annex_id: str) -> Annex:
    annex = await annexes.get_annex(work, annex_id)
    await work.read_clock()
    return annex
