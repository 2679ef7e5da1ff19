"""What happened to a member, as the events that tell it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.membership.domain import facts
from services.membership.domain.facts import Fact
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow
from shared.contracts import membership as events
from shared.contracts.base import Event, RegisterChange

Link = Mapping[str, Any]
"""What every change of the register carries: its member, version, head, salt and instant."""

ChangeOfRegister = (
    facts.PeriodOpened | facts.PeriodEnded | facts.MandateGiven | facts.MandateRemoved
)


def announcement(member: Member, fact: Fact, particulars: Particulars, link: Link) -> Event | None:
    """The event that tells ``fact``; None where nothing is told."""
    match fact:
        case facts.EndingAnnounced():
            return events.MemberEndingAnnounced(
                member_id=member.id,
                ending=events.Ending(fact.ending.value),
                effective_on=fact.effective_on,
            )
        case facts.EndingRetracted():
            return events.MemberEndingRetracted(member_id=member.id, effective_on=fact.effective_on)
        case facts.CancellationMoot():
            return events.MemberCancellationMoot(
                member_id=member.id,
                case_id=fact.case_id,
                decision_number=fact.decision_number,
                ended_by=events.Ending(fact.ended_by.value),
            )
        case facts.CancellationKnown():
            return None
    return _register_change(member, fact, particulars, link)


def _register_change(
    member: Member, fact: ChangeOfRegister, particulars: Particulars, link: Link
) -> RegisterChange:
    match fact:
        case facts.PeriodOpened():
            return events.MemberAcceded(
                **link,
                **_public(member, particulars),
                period_id=fact.period_id,
                basis=events.AccessionBasis(fact.basis.value),
                application_id=fact.application_id,
                effective_on=fact.effective_on,
            )
        case facts.PeriodEnded():
            return events.MemberEnded(
                **link,
                period_id=fact.period_id,
                ending=events.Ending(fact.ending.value),
                effective_on=fact.effective_on,
                ground_case_id=fact.ground_case_id,
                successor_member_id=fact.successor_id,
            )
        case facts.MandateGiven(mandate):
            return events.RepresentativeAppointed(
                **link,
                representative_id=mandate.id,
                period_id=mandate.period_id,
                kind=events.MandateKind(mandate.kind.value),
                subject_issuer=mandate.subject.issuer,
                subject_sub=mandate.subject.sub,
                scopes=sorted(mandate.scopes),
                valid_from=mandate.valid_from,
                valid_until=mandate.valid_until,
            )
        case facts.MandateRemoved():
            return events.RepresentativeRemoved(
                **link,
                representative_id=fact.mandate_id,
                period_id=fact.period_id,
                removed_at=fact.removed_at,
            )


def particulars_changed(
    member: Member, row: ParticularsRow, link: Link
) -> events.MemberParticularsChanged:
    """The event that tells a member's new particulars."""
    return events.MemberParticularsChanged(
        **link, **_public(member, row.particulars), valid_from=row.valid_from
    )


def effective_on(change: RegisterChange, today: date) -> date:
    """The civil day from which a change of the register holds."""
    match change:
        case events.MemberAcceded() | events.MemberEnded():
            return change.effective_on
        case events.MemberParticularsChanged():
            return change.valid_from
    return today


def _public(member: Member, particulars: Particulars) -> dict[str, Any]:
    return {
        "identifier": member.identifier,
        "legal_name_zh": particulars.legal_name_zh,
        "legal_name_en": particulars.legal_name_en,
        "sectors": [events.Sector(sector.value) for sector in particulars.sectors],
    }
