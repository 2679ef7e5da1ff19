"""Who acts, and whether it may act for the member it names: the roster's word, never the token's (M9)."""

from shared.db import roster
from shared.db.work import Work
from shared.kernel.actor import Actor, Scope, Subject
from shared.kernel.errors import NotFound


async def may_act(work: Work, actor: Actor, scope: Scope, _former: bool) -> bool:
    """Whether the actor's subject holds a mandate with ``scope`` for the member it names."""
    return await roster.may_act(work, subject_of(actor), member_of(actor), scope)


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
