"""Notices: what a member finds in its inbox, and what it has read and acknowledged (N3)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.notifications.domain.errors import NoAcknowledgementAsked, RosterBehind
from services.notifications.domain.lifecycle import NOTICE, NoticeAction, NoticeStatus
from services.notifications.domain.numbering import bulletin_number
from shared.kernel.actor import Subject
from shared.kernel.rulebook import Basis
from shared.kernel.terms import Term


class NoticeKind(StrEnum):
    """What a notice tells of."""

    CIRCULAR = "circular"
    BULLETIN = "bulletin"
    PROPOSAL_SUBMITTED = "proposal_submitted"
    PROPOSAL_SUPPORTED_ENOUGH = "proposal_supported_enough"
    PROPOSAL_REBASED = "proposal_rebased"
    PROPOSAL_DRAFT_CHANGED = "proposal_draft_changed"
    PROPOSAL_RETRACTED = "proposal_retracted"
    PROPOSAL_LAPSED = "proposal_lapsed"
    PROMULGATION_OVERDUE = "promulgation_overdue"
    BALLOT_CALLED = "ballot_called"
    BALLOT_OPENED = "ballot_opened"
    BALLOT_EXTENDED = "ballot_extended"
    BALLOT_CLOSED = "ballot_closed"
    BALLOT_CANCELLED = "ballot_cancelled"
    BALLOT_REMINDER_DUE = "ballot_reminder_due"
    VOTE_VOIDED = "vote_voided"
    VOTE_REPLACED = "vote_replaced"
    BALLOT_MEMBER_CANCELLED = "ballot_member_cancelled"
    RESULT_ESTABLISHED = "result_established"
    RESULT_DETERMINED = "result_determined"
    CONVENTION_PROMULGATED = "convention_promulgated"
    CONVENTION_CORRECTED = "convention_corrected"
    INTERPRETATION_ISSUED = "interpretation_issued"
    INTERPRETATION_SUPERSEDED = "interpretation_superseded"
    ANNEX_ADOPTED = "annex_adopted"


class NoticeCategory(StrEnum):
    """What a notice is about.

    ``register`` is news of who joined and ceased, ``proposal`` of what is proposed before it is put to the vote,
    ``convention`` of the text, its interpretation and its annexes.
    """

    REGULATION = "regulation"
    POLICY = "policy"
    SELF_DISCIPLINE = "self_discipline"
    REGISTER = "register"
    PROPOSAL = "proposal"
    BALLOT = "ballot"
    CONVENTION = "convention"


MANDATORY = frozenset(NoticeCategory) - {NoticeCategory.REGISTER, NoticeCategory.PROPOSAL}
"""What the organ must pass on to the members (Art. 19), and what binds them (Art. 27, 30): no member can mute it."""


class AudienceKind(StrEnum):
    """To whom a notice goes: all members, those of one sector, or those it names."""

    ALL = "all"
    SECTOR = "sector"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Audience:
    """The addressees as a rule. Who they are follows from the register version at which the notice was issued."""

    kind: AudienceKind
    sector: str | None = None
    member_ids: tuple[str, ...] = ()


EVERY_MEMBER = Audience(AudienceKind.ALL)


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in Chinese, which is authoritative, and its translation into English where there is one (N7)."""

    zh: str
    en: str | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A civil day, the last one in time, and what it was computed from."""

    on: date
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A notice as lists show it: all but its body.

    ``about_id`` is the thing it tells of, ``link`` its path; ``occasion`` tells apart notices of one kind about the same
    thing. Some bear no ``number`` (``numbering``). The audience is frozen at ``register_version``, proved by
    ``register_head``. It asks for acknowledgement where there is a day to ``acknowledge_by``.
    """

    id: str
    kind: NoticeKind
    about_id: str
    category: NoticeCategory
    number: str | None
    title: Wording
    link: str
    audience: Audience
    register_version: int
    register_head: str
    issued_at: datetime
    occasion: str = ""
    acknowledge_by: Deadline | None = None

    @property
    def is_mandatory(self) -> bool:
        """Whether it is of a category that cannot be muted (N7)."""
        return self.category in MANDATORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Heading):
    """One circular or announcement as all its addressees get it; never changed."""

    body: Wording


@dataclass(slots=True)
class Reading:
    """What one member has done with one notice. Read and acknowledged are two facts; the first of each stands."""

    notice_id: str
    member_id: str
    read_at: datetime | None = None
    read_by: Subject | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: Subject | None = None

    @property
    def status(self) -> NoticeStatus:
        """Unread, read or acknowledged."""
        if self.acknowledged_at is not None:
            return NoticeStatus.ACKNOWLEDGED
        return NoticeStatus.UNREAD if self.read_at is None else NoticeStatus.READ

    def read(self, by: Subject, now: datetime) -> None:
        """Note that the member has read it; a second reading changes nothing."""
        if self._may(NoticeAction.READ):
            self.read_at, self.read_by = now, by

    def acknowledge(self, deadline: Deadline | None, by: Subject, now: datetime) -> None:
        """Note the member's acknowledgement, in time or late; what is acknowledged has been read.

        A second one changes nothing. Refuses when the notice has no ``deadline``, hence asks for none.
        """
        if deadline is None:
            raise NoAcknowledgementAsked
        self.read(by, now)
        if self._may(NoticeAction.ACKNOWLEDGEMENT):
            self.acknowledged_at, self.acknowledged_by = now, by

    def _may(self, action: NoticeAction) -> bool:
        return action in NOTICE.allowed(self.status)


def allowed_actions(status: NoticeStatus, *, acknowledgement_required: bool) -> list[str]:
    """What a member can still do with a notice that stands at ``status`` for it."""
    return [
        action
        for action in NOTICE.allowed(status)
        if acknowledgement_required or action != NoticeAction.ACKNOWLEDGEMENT
    ]


def first_day_within(term: Term, today: date) -> date:
    """The earliest day whose ``term`` has not run out ``today``: a unit that left then still reads its inbox."""
    day = today - timedelta(days=term.days + 31 * term.months)
    while term.last_day(day) < today:
        day += date.resolution
    return day


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the member bulletin as membership announced it; ``to_day`` is its last day (Art. 28)."""

    bulletin_id: str
    number: int
    erratum_of: int | None
    from_day: date
    to_day: date
    members_count: int
    joined_count: int
    ceased_count: int
    register_version: int
    register_head: str


def notice_of_edition(
    notice_id: str, edition: Edition, *, roster_version: int, now: datetime
) -> Notice:
    """The notice of a bulletin, to all who are members at the register version it was composed at.

    Refuses with ``RosterBehind`` while the roster has not reached that version.
    """
    if roster_version < edition.register_version:
        raise RosterBehind
    return Notice(
        id=notice_id,
        kind=NoticeKind.BULLETIN,
        about_id=edition.bulletin_id,
        category=NoticeCategory.REGISTER,
        number=bulletin_number(edition.number),
        title=_title_of(edition),
        body=_body_of(edition),
        link=f"/v1/bulletins/{edition.number}",
        audience=EVERY_MEMBER,
        register_version=edition.register_version,
        register_head=edition.register_head,
        issued_at=now,
    )


def _title_of(edition: Edition) -> Wording:
    zh, en = f"第{edition.number}期成员通报", f"Member bulletin no. {edition.number}"
    if edition.erratum_of is None:
        return Wording(zh, en)
    return Wording(
        f"{zh}：更正第{edition.erratum_of}期", f"{en}: erratum to no. {edition.erratum_of}"
    )


def _body_of(edition: Edition) -> Wording:
    zh = (
        f"{in_chinese(edition.from_day)}至{in_chinese(edition.to_day)}，"
        f"加入{edition.joined_count}家，终止{edition.ceased_count}家；期末成员{edition.members_count}家。"
    )
    en = (
        f"{edition.from_day} to {edition.to_day}: {edition.joined_count} joined,"
        f" {edition.ceased_count} ceased; {edition.members_count} members at the end."
    )
    if edition.erratum_of is None:
        return Wording(zh, en)
    return Wording(
        f"本期更正第{edition.erratum_of}期成员通报。{zh}",
        f"This edition mends member bulletin no. {edition.erratum_of}. {en}",
    )


def in_chinese(day: date) -> str:
    """A civil day as Chinese writes it."""
    return f"{day.year}年{day.month}月{day.day}日"
