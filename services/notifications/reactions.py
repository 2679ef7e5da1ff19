"""What notifications does when other services tell it something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from services.notifications.domain import ballot_announcements as of_ballots
from services.notifications.domain import convention_announcements as of_convention
from services.notifications.domain import proposal_announcements as of_proposals
from services.notifications.domain import result_announcements as of_results
from services.notifications.domain.announcement import Announcement
from services.notifications.domain.message import WebhookType
from services.notifications.domain.notice import Edition
from services.notifications.usecases import inbox
from services.notifications.usecases.affairs import Affair, tell_members
from shared.contracts import amendments
from shared.contracts import amendments_ballots as ballots
from shared.contracts.base import Event, RegisterChange
from shared.contracts.membership import (
    BulletinPublished,
    MemberAcceded,
    MemberEnded,
    MemberEndingAnnounced,
    MemberEndingRetracted,
    MemberParticularsChanged,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from shared.db.roster import ROSTER_EVENTS, enter_changes
from shared.db.rulebooks import keep_rulebook
from shared.db.work import Work
from shared.kernel.rulebook import Basis
from shared.messaging.handler import Reaction, Reactions, each


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


async def when_amendments_announces_give_notice(work: Work, event: Event) -> None:
    """Members are told of proposals, ballots, results and the text; what concerns one unit is told to it alone (N2)."""
    await inbox.give_notice_of_announcement(work, announcement_of(event, work.zone))


def announcement_of(event: Event, zone: ZoneInfo) -> Announcement:
    """What members are told of what amendments announced; instants by the clock of ``zone``."""
    return _ANNOUNCED[type(event)](event, zone)


async def when_members_affairs_change_tell_their_systems(work: Work, events: Sequence[Any]) -> None:
    """A member's own systems are told of its own affairs (N4)."""
    await tell_members(work, [_affair(event) for event in events])


def _affair(event: Any) -> Affair:
    data: dict[str, str | int | None] = {}
    about = "history"
    match event:
        case RepresentativeAppointed() | RepresentativeRemoved():
            about, data["representative_id"] = "representatives", event.representative_id
        case MemberAcceded() | MemberEnded() | MemberEndingAnnounced() | MemberEndingRetracted():
            data["effective_on"] = event.effective_on.isoformat()
        case MemberParticularsChanged():
            data["valid_from"] = event.valid_from.isoformat()
    if isinstance(event, RegisterChange):
        data["register_version"] = event.register_version
    return Affair(
        WebhookType(event.type),
        event.member_id,
        data,
        f"/v1/members/{event.member_id}/{about}",
        ends_membership=isinstance(event, MemberEnded),
    )


def _of_proposal(event: Any, _zone: ZoneInfo) -> Announcement:
    match event:
        case amendments.ProposalSubmitted():
            return of_proposals.submitted(
                event.proposal_id, by_organ=event.proposer == "organ", extent=_extent(event)
            )
        case amendments.ProposalRebased():
            return of_proposals.rebased(
                event.proposal_id, extent=_extent(event), at=event.rebased_at
            )
        case amendments.ProposalRetracted():
            return of_proposals.retracted(event.proposal_id)
        case amendments.ProposalLapsed():
            return of_proposals.lapsed(
                event.proposal_id, basis=_basis(event.basis), at=event.lapsed_at
            )
        case amendments.ProposalPromulgationOverdue():
            return of_proposals.promulgation_overdue(
                event.proposal_id, due_on=event.due_on, basis=_basis(event.basis)
            )
    raise TypeError(event)


def _of_support(event: Any, _zone: ZoneInfo) -> Announcement:
    match event:
        case amendments.ProposalSupportedEnough():
            return of_proposals.supported_enough(
                event.proposal_id,
                reached=event.reached,
                needed=event.needed,
                of=event.of,
                basis=_basis(event.basis),
                register_version=event.register_version,
                at=event.latched_at,
            )
        case amendments.ProposalDraftChanged():
            return of_proposals.draft_changed(
                event.proposal_id,
                supporters=[unit.member_id for unit in event.supporters],
                support_until=event.support_until,
                at=event.changed_at,
            )
    raise TypeError(event)


def _of_ballot(event: Any, zone: ZoneInfo) -> Announcement:
    about, question = event.ballot_id, _question(event.ballot)
    match event:
        case ballots.BallotCalled(opens_at=opens_at, closes_at=closes_at):
            return of_ballots.called(
                about, question, opens_at=opens_at, closes_at=closes_at, zone=zone
            )
        case ballots.BallotOpened(closes_at=closes_at, register_version=version):
            return of_ballots.opened(
                about, question, closes_at=closes_at, register_version=version, zone=zone
            )
        case ballots.BallotExtended(closes_at=closes_at, reason=reason):
            return of_ballots.extended(
                about, question, closes_at=closes_at, reason=reason, zone=zone
            )
        case ballots.BallotClosed():
            return of_ballots.closed(about, question)
        case ballots.BallotCancelled():
            return of_ballots.cancelled(about, question)
    raise TypeError(event)


def _of_votes(event: Any, zone: ZoneInfo) -> Announcement:
    about: str = event.ballot_id
    match event:
        case ballots.BallotReminderDue(closes_at=closes_at, non_voters=units):
            non_voters = [unit.member_id for unit in units]
            return of_ballots.reminder_due(
                about, closes_at=closes_at, non_voters=non_voters, zone=zone
            )
        case ballots.BallotVoteVoided(member_id=unit, ended_at=ended_at):
            return of_ballots.vote_voided(about, unit, ended_at=ended_at, zone=zone)
        case ballots.BallotVoteReplaced(member_id=unit, acted_at=acted_at):
            return of_ballots.vote_replaced(about, unit, at=acted_at)
        case ballots.BallotMemberCancelled(member_id=unit):
            return of_ballots.member_cancelled(about, unit)
    raise TypeError(event)


def _of_result(event: Any, _zone: ZoneInfo) -> Announcement:
    outcome = of_results.Outcome(event.outcome)
    match event:
        case ballots.BallotResultEstablished():
            tallies = of_results.Tallies(
                *map(_tally, (event.official, event.closing, event.less_voluntary))
            )
            return of_results.established(
                event.ballot_id, _question(event.ballot), outcome=outcome, tallies=tallies
            )
        case ballots.BallotDetermined():
            return of_results.determined(event.ballot_id, _question(event.ballot), outcome=outcome)
    raise TypeError(event)


def _of_text(event: Any, _zone: ZoneInfo) -> Announcement:
    match event:
        case amendments.ConventionPromulgated():
            return of_convention.promulgated(
                event.convention_id,
                version=event.version,
                occasion=of_convention.Occasion(event.occasion),
                valid_on=event.valid_on,
                in_force_on=event.in_force_on,
                changed=len(event.changed),
                rulebook_version=event.rulebook_version,
            )
        case amendments.ConventionCorrected():
            return of_convention.corrected(
                event.convention_id,
                number=event.number,
                provision=event.provision,
                is_translation=event.kind == "translation",
                versions=event.versions,
            )
        case amendments.InterpretationIssued():
            return of_convention.interpretation_issued(
                event.interpretation_id,
                number=event.number,
                provision=event.provision,
                convention_version=event.convention_version,
                effective_on=event.effective_on,
                takes_place_of_another=event.supersedes is not None,
                in_own_case=event.in_own_case,
            )
        case amendments.AnnexAdopted():
            return of_convention.annex_adopted(
                event.annex_id,
                number=event.number,
                provision=event.provision,
                convention_version=event.convention_version,
                trial_until=event.trial_until,
            )
        case amendments.InterpretationSuperseded():
            return of_convention.interpretation_superseded(
                event.interpretation_id, number=event.number, provision=event.provision
            )
    raise TypeError(event)


def _extent(
    event: amendments.ProposalSubmitted | amendments.ProposalRebased,
) -> of_proposals.Extent:
    return of_proposals.Extent(event.base_version, len(event.touched), event.support_until)


def _question(ballot: ballots.BallotValue) -> of_ballots.Question:
    return of_ballots.Question(
        ballot.question_zh,
        ballot.question_en,
        is_annex=ballot.kind == "annex",
        needed=ballot.needed,
        of=ballot.of,
        basis=_basis(ballot.basis),
    )


def _tally(tally: ballots.TallyValue) -> of_results.Tally:
    return of_results.Tally(
        tally.units, tally.consenting, tally.against, tally.abstaining, tally.needed
    )


def _basis(basis: amendments.BasisValue) -> Basis:
    return Basis(basis.rule, basis.article, basis.rulebook_version)


_KEEP_ROSTER = Reaction(enter_changes, at_once=True)
_TELL_ITS_SYSTEMS = Reaction(when_members_affairs_change_tell_their_systems, at_once=True)

_ANNOUNCED: Mapping[type[Event], Callable[[Any, ZoneInfo], Announcement]] = {
    amendments.ProposalSubmitted: _of_proposal,
    amendments.ProposalSupportedEnough: _of_support,
    amendments.ProposalRebased: _of_proposal,
    amendments.ProposalDraftChanged: _of_support,
    amendments.ProposalRetracted: _of_proposal,
    amendments.ProposalLapsed: _of_proposal,
    amendments.ProposalPromulgationOverdue: _of_proposal,
    ballots.BallotCalled: _of_ballot,
    ballots.BallotOpened: _of_ballot,
    ballots.BallotExtended: _of_ballot,
    ballots.BallotClosed: _of_ballot,
    ballots.BallotCancelled: _of_ballot,
    ballots.BallotReminderDue: _of_votes,
    ballots.BallotVoteVoided: _of_votes,
    ballots.BallotVoteReplaced: _of_votes,
    ballots.BallotMemberCancelled: _of_votes,
    ballots.BallotResultEstablished: _of_result,
    ballots.BallotDetermined: _of_result,
    amendments.ConventionPromulgated: _of_text,
    amendments.ConventionCorrected: _of_text,
    amendments.InterpretationIssued: _of_text,
    amendments.InterpretationSuperseded: _of_text,
    amendments.AnnexAdopted: _of_text,
}

REACTIONS: Reactions = {
    **{event: [_KEEP_ROSTER, _TELL_ITS_SYSTEMS] for event in ROSTER_EVENTS},
    MemberEndingAnnounced: [_TELL_ITS_SYSTEMS],
    MemberEndingRetracted: [_TELL_ITS_SYSTEMS],
    amendments.RulebookInForce: [each(keep_rulebook)],
    BulletinPublished: [each(when_bulletin_published_give_notice)],
    **{event: [each(when_amendments_announces_give_notice)] for event in _ANNOUNCED},
}
