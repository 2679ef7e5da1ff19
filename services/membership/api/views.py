"""From membership's aggregates and rows to what callers see."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from services.membership.api.schemas import (
    AnnouncedEndingOut,
    ApplicationOut,
    BasisOut,
    MemberDetailsOut,
    MemberOut,
    PeriodOut,
    RepresentativeOut,
    SubjectOut,
)
from services.membership.domain.application import Application
from services.membership.domain.lifecycle import (
    APPLICATION,
    ApplicationAction,
    ApplicationStatus,
    MembershipStatus,
)
from services.membership.domain.mandate import Mandate
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, Sector
from shared.db.work import Work
from shared.kernel.actor import Actor, Role

_OF_THE_REGISTRAR = {
    ApplicationAction.RETURNING,
    ApplicationAction.APPROVAL,
    ApplicationAction.REFUSAL,
}


def application_out(
    work: Work,
    application: Application,
    actor: Actor,
    url: str,
    *,
    updated_at: datetime | None = None,
    former: Member | None = None,
) -> ApplicationOut:
    """An application, with the acts that this caller may do now; changed just now where ``updated_at`` is absent."""
    p = application.particulars
    basis = application.review_basis
    is_open = application.status is ApplicationStatus.SUBMITTED
    return ApplicationOut(
        id=application.id,
        version=application.version,
        url=f"{url}/v1/applications/{application.id}",
        status=application.status,
        waiting_for=application.waiting_for,
        allowed_actions=_allowed(application, actor),
        kind=application.kind,
        identifier=application.identifier,
        particulars={name: getattr(p, name) for name in p.__dataclass_fields__},
        legal_representative_subject=SubjectOut.of(application.legal_representative_subject),
        accepts_rules=application.accepts_rules,
        entrusted_count=len(application.entrusted),
        member_id=application.member_id,
        missing=list(application.missing),
        ground=application.ground,
        reasons=application.reasons,
        review_due_on=application.review_due_on,
        review_overdue=is_open and work.today > application.review_due_on,
        review_basis=BasisOut(
            rule=basis.rule, article=basis.article, rulebook_version=basis.rulebook_version
        ),
        decided_at=application.decided_at,
        signed_at=application.signed_at,
        former_periods=periods_out(former)
        if former is not None and actor.has(Role.REGISTRAR)
        else None,
        created_at=application.submitted_at,
        updated_at=updated_at or work.now,
    )


def _allowed(application: Application, actor: Actor) -> list[str]:
    is_registrar = actor.has(Role.REGISTRAR)
    return [
        action
        for action in APPLICATION.allowed(application.status)
        if (ApplicationAction(action) in _OF_THE_REGISTRAR) == is_registrar
    ]


def member_out(
    row: Row[Any], url: str, *, allowed: list[str], details: MemberDetailsOut | None = None
) -> MemberOut:
    """A unit as the register of the row's day shows it."""
    ceased = row.ended_on is not None and row.ended_on <= row.as_of
    return MemberOut(
        id=row.id,
        version=row.version,
        url=f"{url}/v1/members/{row.id}",
        status=MembershipStatus.CEASED if ceased else MembershipStatus.MEMBER,
        allowed_actions=allowed,
        identifier=row.identifier,
        legal_name_zh=row.legal_name_zh,
        legal_name_en=row.legal_name_en,
        sectors=[Sector(sector) for sector in row.sectors],
        group=row.group,
        member_since=row.opened_on,
        ceased_on=row.ended_on if ceased else None,
        details=details,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def details_out(member: Member, particulars: Particulars) -> MemberDetailsOut:
    """What only the member and the registrar see."""
    return MemberDetailsOut(
        legal_representative=particulars.legal_representative,
        contact_email=particulars.contact_email,
        contact_phone=particulars.contact_phone,
        unreachable=particulars.unreachable,
        announced_endings=[
            AnnouncedEndingOut(kind=e.kind, effective_on=e.effective_on, effective_at=e.effective_at)
            for e in member.pending
        ],
        periods=periods_out(member),
    )


def periods_out(member: Member) -> list[PeriodOut]:
    """A member's periods with how they ended."""
    return [
        PeriodOut(
            id=period.id,
            opened_on=period.opened_on,
            basis=period.basis,
            ended_on=period.ended and period.ended.effective_on,
            ending=period.ended and period.ended.kind,
            ground_case_id=period.ended and period.ended.case_id,
        )
        for period in member.periods
    ]


def member_actions(member: Member, actor: Actor, *, is_own: bool) -> list[str]:
    """The acts on a member that this caller may do now."""
    if not member.is_member:
        return []
    if actor.has(Role.REGISTRAR):
        return ["particulars", "claim-code"]
    if not is_own:
        return []
    leaving = ["withdrawal", "withdrawal-retraction"] if member.pending else ["withdrawal"]
    return ["particulars", *leaving, "representatives"]


def representative_out(work: Work, member: Member, mandate: Mandate, url: str) -> RepresentativeOut:
    """A mandate as it stands now."""
    current = member.current
    lives = current is not None and current.id == mandate.period_id
    if not lives or mandate.is_over_at(work.now):
        status = "ended"
    else:
        status = "valid" if mandate.is_valid_at(work.now) else "not_yet_valid"
    return RepresentativeOut.model_validate(
        {
            "id": mandate.id,
            "member_id": member.id,
            "url": f"{url}/v1/members/{member.id}/representatives/{mandate.id}",
            "status": status,
            "allowed_actions": [] if status == "ended" else ["removal"],
            "kind": mandate.kind,
            "name": mandate.name,
            "subject": SubjectOut.of(mandate.subject),
            "scopes": sorted(mandate.scopes),
            "valid_from": mandate.valid_from,
            "valid_until": mandate.valid_until,
            "removed_at": mandate.removed_at,
        }
    )

