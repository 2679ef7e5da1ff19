"""Who acts, and whether it may act for the member it names: the roster's word, never the token's (M9)."""

from datetime import datetime

from services.notifications.domain.notice import first_day_within
from shared.db import roster
from shared.db.rulebooks import rulebook_in_force
from shared.db.work import Work
from shared.kernel.actor import Actor, Scope, Subject
from shared.kernel.errors import NotFound
from shared.kernel.terms import start_of

AFTER_EXIT_TERM = "inbox.after_exit_term"


async def may_act(work: Work, actor: Actor, scope: Scope, former: bool) -> bool:
    """Whether the actor's subject holds a mandate with ``scope`` for the member it names.

    ``former``: also one that ended with a membership period no longer ago than ``inbox.after_exit_term``; a unit
    that left keeps what it got for that long (edge case 3).
    """
    subject, member_id = subject_of(actor), member_of(actor)
    if await roster.may_act(work, subject, member_id, scope):
        return True
    if not former:
        return False
    term = (await rulebook_in_force(work)).term(AFTER_EXIT_TERM)
    left_after = start_of(first_day_within(term, work.today), work.zone) - datetime.resolution
    return await roster.may_act(work, subject, member_id, scope, left_after=left_after)


def subject_of(actor: Actor) -> Subject:
    """The subject of a caller who is signed in."""
    if actor.subject is None:
        raise NotFound
    return actor.subject


def member_of(actor: Actor) -> str:
    """The member that a representative acts for."""
    if actor.member_id is None:
        raise NotFound
    return actor.member_id
