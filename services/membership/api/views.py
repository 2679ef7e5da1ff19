"""What this caller sees of membership's aggregates and rows, and what it can do with them now."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from sqlalchemy import Row

from services.membership.api.schemas.applications import ApplicationOut, ParticularsOut
from services.membership.api.schemas.members import (
    AnnouncedEndingOut,
    HistoryEntryOut,
    MemberDetailsOut,
    MemberHistoryOut,
    MemberOut,
    MembershipRecordOut,
    PeriodOut,
    PublicPeriodOut,
    SettledEndingOut,
    TakeoverOut,
)
from services.membership.api.schemas.representatives import RepresentativeOut
from services.membership.api.schemas.view import BasisOut, SubjectOut
from services.membership.domain.application import Application
from services.membership.domain.lifecycle import ApplicationStatus, MembershipStatus
from services.membership.domain.mandate import Mandate
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow, Sector
from services.membership.domain.period import AnnouncedEnding, Ending, Period
from services.membership.store import queries
from services.membership.usecases.applications import subject_of
from services.membership.usecases.register import current_particulars
from shared.db.work import Work
from shared.http.etags import digest_of, set_etag
from shared.http.route import CurrentActor, CurrentWork, PublicUrl
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.errors import NotFound

_ACTS = {
    Ending.WITHDRAWN: "withdrawal",
    Ending.MERGED: "merger",
    Ending.DISSOLVED: "dissolution",
}


class Views:
    """The views of one request. Those of a single resource put its version into the ``ETag``."""

    def __init__(self, work: Work, actor: Actor, url: str, response: Response) -> None:
        self._work = work
        self._actor = actor
        self._url = url
        self._response = response

    def application(
        self,
        application: Application,
        updated_at: datetime | None = None,
        *,
        former: Member | None = None,
    ) -> ApplicationOut:
        """An application; changed just now where ``updated_at`` is absent. ``former``: the unit that returns."""
        shown = self.listed_application(application, updated_at or self._work.now, former=former)
        set_etag(self._response, application.version, digest_of(shown))
        return shown

    def listed_application(
        self, application: Application, updated_at: datetime, *, former: Member | None = None
    ) -> ApplicationOut:
        """An application among others."""
        actor, work, basis = self._actor, self._work, application.review_basis
        is_open = application.status is ApplicationStatus.SUBMITTED
        return ApplicationOut(
            id=application.id,
            version=application.version,
            url=f"{self._url}/v1/applications/{application.id}",
            status=application.status,
            waiting_for=application.waiting_for,
            allowed_actions=application.open_to(
                subject_of(actor), work.now, is_registrar=actor.has(Role.REGISTRAR)
            ),
            kind=application.kind,
            identifier=application.identifier,
            particulars=ParticularsOut.of(application.particulars),
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
            former_membership=MembershipRecordOut.model_validate(self._record(former))
            if former
            else None,
            created_at=application.submitted_at,
            updated_at=updated_at,
        )

    async def member(self, member: Member) -> MemberOut:
        """A unit today: public fields for everyone, details for its own representatives and the registrar."""
        row = await queries.member_row(self._work, member.id)
        if row is None:
            raise NotFound
        details = None
        if await self._sees_details(member):
            details = self._details(member, await current_particulars(self._work, member.id))
        shown = self._member(row, await self._member_actions(member), details)
        set_etag(self._response, member.version, digest_of(shown))
        return shown

    def listed_member(self, row: Row[Any]) -> MemberOut:
        """A unit among others, as the register of the row's day shows it."""
        return self._member(row, [], None)

    async def history(self, member: Member, names: list[ParticularsRow]) -> MemberHistoryOut:
        """A unit's names and periods."""
        is_whole = await self._sees_details(member)
        return MemberHistoryOut(
            member_id=member.id,
            names=[
                HistoryEntryOut(
                    valid_from=row.valid_from,
                    register_version=row.entered_version,
                    legal_name_zh=row.particulars.legal_name_zh,
                    legal_name_en=row.particulars.legal_name_en,
                    sectors=row.particulars.sectors,
                )
                for row in names
            ],
            periods=[self._period(period) for period in member.periods]
            if is_whole
            else [_public_period(period) for period in member.periods],
            took_over=[
                TakeoverOut(
                    member_id=row.member_id,
                    legal_name_zh=row.legal_name_zh,
                    legal_name_en=row.legal_name_en,
                    on=row.ended_on,
                    register_version=row.ended_version,
                )
                for row in await self._work.db.execute(queries.taken_over_by(member.id))
            ]
            if is_whole
            else None,
        )

    def representative(self, member: Member, mandate: Mandate) -> RepresentativeOut:
        """A mandate; its version is the member's."""
        shown = self.listed_representative(member, mandate)
        set_etag(self._response, member.version, digest_of(shown))
        return shown

    def listed_representative(self, member: Member, mandate: Mandate) -> RepresentativeOut:
        """A mandate among others."""
        now, is_own = self._work.now, self._actor.member_id == member.id
        period = member.period_at(now)
        status: Literal["valid", "not_yet_valid", "ended"] = "not_yet_valid"
        if period is None or mandate.period_id != period.id or mandate.is_over_at(now):
            status = "ended"
        elif mandate.is_valid_at(now):
            status = "valid"
        return RepresentativeOut(
            id=mandate.id,
            member_id=member.id,
            member_version=member.version,
            url=f"{self._url}/v1/members/{member.id}/representatives/{mandate.id}",
            status=status,
            allowed_actions=["removal"] if is_own and member.may_remove(mandate, now) else [],
            kind=mandate.kind,
            name=mandate.name,
            subject=SubjectOut.of(mandate.subject),
            scopes=sorted(mandate.scopes),
            valid_from=mandate.valid_from,
            valid_until=mandate.valid_until,
            removed_at=mandate.removed_at,
        )

    def _member(
        self, row: Row[Any], allowed: list[str], details: MemberDetailsOut | None
    ) -> MemberOut:
        has_ceased = row.ended_on is not None and row.ended_on <= row.as_of
        return MemberOut(
            id=row.id,
            version=row.version,
            url=f"{self._url}/v1/members/{row.id}",
            status=MembershipStatus.CEASED if has_ceased else MembershipStatus.MEMBER,
            allowed_actions=allowed,
            identifier=row.identifier,
            legal_name_zh=row.legal_name_zh,
            legal_name_en=row.legal_name_en,
            sectors=[Sector(sector) for sector in row.sectors],
            group=row.group,
            member_since=row.opened_on,
            ceased_on=row.ended_on if has_ceased else None,
            details=details,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    async def _sees_details(self, member: Member) -> bool:
        actor = self._actor
        return actor.has(Role.REGISTRAR) or (
            actor.member_id == member.id and await queries.holds_any_mandate(self._work, actor)
        )

    async def _member_actions(self, member: Member) -> list[str]:
        actor, work = self._actor, self._work
        if member.period_at(work.now) is None:
            return []
        if actor.has(Role.REGISTRAR):
            endings = _ending_acts(member, Ending.MERGED, Ending.DISSOLVED)
            return ["particulars", "claim-code", *endings]
        if actor.member_id != member.id or not await queries.may_act(work, actor, Scope.ALL):
            return []
        return ["particulars", *_ending_acts(member, Ending.WITHDRAWN), "representatives"]

    def _details(self, member: Member, particulars: Particulars) -> MemberDetailsOut:
        return MemberDetailsOut(
            **self._record(member),
            legal_representative=particulars.legal_representative,
            contact_email=particulars.contact_email,
            contact_phone=particulars.contact_phone,
            unreachable=particulars.unreachable,
            announced_endings=[
                AnnouncedEndingOut(
                    kind=pending.kind,
                    effective_on=pending.effective_on,
                    effective_at=pending.effective_at,
                    **self._ground(pending),
                )
                for pending in member.pending
            ],
        )

    def _record(self, member: Member) -> dict[str, Any]:
        return {
            "periods": [self._period(period) for period in member.periods],
            "settled_endings": [
                SettledEndingOut(
                    kind=settled.ending.kind,
                    effective_on=settled.ending.effective_on,
                    outcome=settled.outcome,
                    ended_by=settled.ended_by,
                    ended_on=settled.ended_on,
                    case_id=settled.ending.case_id,
                    decision_number=settled.ending.decision_number,
                    **self._ground(settled.ending),
                )
                for settled in member.settled
            ],
        }

    def _period(self, period: Period) -> PeriodOut:
        ended = period.ended
        return PeriodOut(
            id=period.id,
            opened_on=period.opened_on,
            ended_on=ended and ended.effective_on,
            basis=period.basis,
            ending=ended and ended.kind,
            ground_case_id=ended and ended.case_id,
            **self._ground(ended),
        )

    def _ground(self, ending: AnnouncedEnding | None) -> dict[str, Any]:
        is_registrar = self._actor.has(Role.REGISTRAR)
        return {
            "successor_member_id": ending and ending.successor_id,
            "dissolved_on": ending and ending.dissolved_on,
            "evidence": ending and ending.evidence if is_registrar else None,
        }


async def _views(
    work: CurrentWork, actor: CurrentActor, url: PublicUrl, response: Response
) -> Views:
    return Views(work, actor, url, response)


CurrentViews = Annotated[Views, Depends(_views)]


def _ending_acts(member: Member, *kinds: Ending) -> Iterator[str]:
    for kind in kinds:
        yield _ACTS[kind]
        if member.waiting(kind):
            yield f"{_ACTS[kind]}-retraction"


def _public_period(period: Period) -> PublicPeriodOut:
    ended = period.ended
    return PublicPeriodOut(
        id=period.id, opened_on=period.opened_on, ended_on=ended and ended.effective_on
    )
