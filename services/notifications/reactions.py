"""What notifications does when other services tell it something."""

from services.notifications.domain.notice import Edition
from services.notifications.usecases import inbox
from shared.contracts.amendments import RulebookInForce
from shared.contracts.membership import BulletinPublished
from shared.db.roster import ROSTER_EVENTS, enter_changes
from shared.db.rulebooks import keep_rulebook
from shared.db.work import Work
from shared.messaging.consumer import Reaction, Reactions, each


async def when_bulletin_published_give_notice(work: Work, event: BulletinPublished) -> None:
    """Every member is told of a new edition of the bulletin (M7, N2)."""
    await inbox.give_notice_of_edition(
        work,
        Edition(
            bulletin_id=event.bulletin_id,
            number=event.number,
            erratum_of=event.erratum_of,
            from_day=event.from_day,
            to_day=event.to_day,
            members_count=event.members_count,
            joined_count=event.joined_count,
            ceased_count=event.ceased_count,
            register_version=event.register_version,
            register_head=event.register_head,
        ),
    )


_KEEP_ROSTER = Reaction(enter_changes, at_once=True)

REACTIONS: Reactions = {
    **{event: [_KEEP_ROSTER] for event in ROSTER_EVENTS},
    RulebookInForce: [each(keep_rulebook)],
    BulletinPublished: [each(when_bulletin_published_give_notice)],
}
