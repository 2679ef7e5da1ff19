"""Circulars: drafted, scheduled, issued once with a number, corrected by a successor (N1, Art. 19).

An issued circular is never edited and never recalled.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.notifications.domain.errors import (
    AlreadyCorrected,
    AudienceKindFixed,
    CorrectionOpen,
    IssueTimeNotAhead,
    NamedUnitsNotMembers,
    NotIssuedYet,
    RosterNotReady,
)
from services.notifications.domain.lifecycle import CIRCULAR, CircularAction, CircularStatus
from services.notifications.domain.notice import (
    Audience,
    Deadline,
    Notice,
    NoticeCategory,
    NoticeKind,
    Wording,
)
from services.notifications.domain.numbering import Number
from shared.kernel.actor import Subject
from shared.kernel.rulebook import Rulebook

ACKNOWLEDGEMENT_TERM = "circular.acknowledgement_term"


class CircularCategory(StrEnum):
    """What the organ passes on: regulations, policies, information on self-discipline (Art. 19)."""

    REGULATION = "regulation"
    POLICY = "policy"
    SELF_DISCIPLINE = "self_discipline"


@dataclass(frozen=True, slots=True)
class Content:
    """What a circular says, and to whom."""

    category: CircularCategory
    title: Wording
    body: Wording
    audience: Audience
    acknowledgement_required: bool


@dataclass(frozen=True, slots=True)
class RosterAtIssue:
    """What the roster says when a circular is to be issued: how far it reaches, and its chain head there.

    ``told_up_to`` is the highest register version of any notice so far; ``absent`` the places (from 0) of those
    named units that are not members.
    """

    register_version: int
    register_head: str
    told_up_to: int = 0
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A circular as its notice would read if it were issued now, and how many members it would ``reach``."""

    title: Wording
    body: Wording
    acknowledge_by: Deadline | None
    register_version: int
    reach: int


@dataclass(slots=True)
class Circular:
    """A circular from draft to issue. ``version`` counts its changes.

    ``ordered_by`` issued it, or scheduled it for ``issue_at``. ``scheduling_refused`` is the code of the refusal that
    turned a scheduled one back into a draft. ``corrects`` and ``corrects_number`` name what it corrects;
    ``correction_id`` its own correction from the draft on, ``corrected_by`` once that is issued.
    """

    id: str
    content: Content
    created_at: datetime
    updated_at: datetime
    version: int = 1
    status: CircularStatus = CircularStatus.DRAFT
    issue_at: datetime | None = None
    scheduling_refused: str | None = None
    ordered_by: Subject | None = None
    number: str | None = None
    issued_at: datetime | None = None
    register_version: int | None = None
    corrects: str | None = None
    corrects_number: str | None = None
    correction_id: str | None = None
    corrected_by: str | None = None

    @property
    def allowed_actions(self) -> list[str]:
        """What its writers can do with it now."""
        return [
            action
            for action in CIRCULAR.allowed(self.status)
            if self.correction_id is None or action != CircularAction.CORRECTION
        ]

    @property
    def notice_title(self) -> Wording:
        """Its title as the notice bears it: a correction says which number it corrects (edge case 8)."""
        title = self.content.title
        if self.corrects_number is None:
            return title
        en = title.en and f"Correction of {self.corrects_number}: {title.en}"
        return Wording(f"更正{self.corrects_number}：{title.zh}", en)

    def edit(self, content: Content, now: datetime) -> None:
        """Replace what the draft says. A correction keeps its kind of audience."""
        status = CIRCULAR.after(self.status, CircularAction.DRAFT)
        if self.corrects is not None and content.audience.kind != self.content.audience.kind:
            raise AudienceKindFixed
        self.content = content
        self._change(status, now)

    def schedule(self, issue_at: datetime, by: Subject, now: datetime) -> None:
        """Have it issued at ``issue_at``, or at that instant instead of an earlier choice; refuses one not ahead."""
        status = CIRCULAR.after(self.status, CircularAction.SCHEDULING)
        if issue_at <= now:
            raise IssueTimeNotAhead
        self.issue_at, self.ordered_by, self.scheduling_refused = issue_at, by, None
        self._change(status, now)

    def unschedule(self, now: datetime, *, refused: str | None = None) -> None:
        """Make it a draft again; ``refused`` is the code of the refusal that its issue met."""
        status = CIRCULAR.after(self.status, CircularAction.UNSCHEDULING)
        self.issue_at, self.ordered_by, self.scheduling_refused = None, None, refused
        self._change(status, now)

    def discard(self, now: datetime) -> None:
        """Give the draft up."""
        self._change(CIRCULAR.after(self.status, CircularAction.DISCARDING), now)

    def issue(
        self,
        notice_id: str,
        number: Number,
        by: Subject | None,
        *,
        roster: RosterAtIssue,
        rulebook: Rulebook,
        now: datetime,
        today: date,
    ) -> Notice:
        """Issue it under ``number``: the notice for its addressees, frozen at what the roster says (Art. 19).

        Refuses with ``RosterNotReady`` where the roster does not reach as far as it once did, or is empty, and with
        ``NamedUnitsNotMembers``.
        """
        status = CIRCULAR.after(self.status, CircularAction.ISSUE)
        _check_reaches(roster.register_version, max(roster.told_up_to, 1))
        if roster.absent:
            raise NamedUnitsNotMembers(pointers=[f"/audience/members/{i}" for i in roster.absent])
        self.number, self.ordered_by, self.issue_at = str(number), by, None
        self.issued_at, self.register_version = now, roster.register_version
        self.scheduling_refused = None
        self._change(status, now)
        return Notice(
            id=notice_id,
            kind=NoticeKind.CIRCULAR,
            about_id=self.id,
            category=NoticeCategory(self.content.category.value),
            number=self.number,
            title=self.notice_title,
            body=self.content.body,
            link=f"/v1/circulars/{self.id}",
            audience=self.content.audience,
            register_version=roster.register_version,
            register_head=roster.register_head,
            issued_at=now,
            acknowledge_by=self._deadline(rulebook, today),
        )

    def preview(
        self, *, register_version: int, reach: int, rulebook: Rulebook, today: date
    ) -> Preview:
        """How it would read if it were issued now; refuses when it cannot be issued any more."""
        CIRCULAR.after(self.status, CircularAction.ISSUE)
        return Preview(
            self.notice_title,
            self.content.body,
            self._deadline(rulebook, today),
            register_version,
            reach,
        )

    def check_addressees(self, roster_version: int) -> None:
        """Refuse with ``NotIssuedYet`` while it has no addressees, ``RosterNotReady`` while they cannot be told."""
        if self.register_version is None:
            raise NotIssuedYet
        _check_reaches(roster_version, self.register_version)

    def open_correction(self, correction_id: str, now: datetime) -> "Circular":
        """A draft that will correct it; there is one at a time, and a corrected circular has its successor."""
        status = CIRCULAR.after(self.status, CircularAction.CORRECTION)
        if self.corrected_by is not None:
            raise AlreadyCorrected(corrected_by=self.corrected_by)
        if self.correction_id is not None:
            raise CorrectionOpen(correction_id=self.correction_id)
        self.correction_id = correction_id
        self._change(status, now)
        return Circular(
            correction_id,
            self.content,
            created_at=now,
            updated_at=now,
            corrects=self.id,
            corrects_number=self.number,
        )

    def note_correction_issued(self, now: datetime) -> None:
        """Its correction went out: from now on it shows its successor."""
        self.corrected_by = self.correction_id
        self._change(self.status, now)

    def note_correction_discarded(self, now: datetime) -> None:
        """Its correction was given up: there may be another one."""
        self.correction_id = None
        self._change(self.status, now)

    def _deadline(self, rulebook: Rulebook, today: date) -> Deadline | None:
        if not self.content.acknowledgement_required:
            return None
        term = rulebook.term(ACKNOWLEDGEMENT_TERM)
        return Deadline(term.last_day(today), rulebook.basis(ACKNOWLEDGEMENT_TERM))

    def _change(self, status: CircularStatus, now: datetime) -> None:
        self.status, self.updated_at = status, now
        self.version += 1


def _check_reaches(roster_version: int, register_version: int) -> None:
    if roster_version < register_version:
        raise RosterNotReady
