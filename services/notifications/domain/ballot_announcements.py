"""How members are told of ballots (A5, Art. 27): the notice, the opening, the reminder, the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.notifications.domain.announcement import (
    Announcement,
    moment,
    occasion_at,
    rests_on,
)
from services.notifications.domain.notice import (
    EVERY_MEMBER,
    Audience,
    AudienceKind,
    NoticeCategory,
    NoticeKind,
)
from shared.kernel.rulebook import Basis
from shared.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Question:
    """What a ballot is about. ``needed`` of its roll of ``of`` units, once that is known."""

    zh: str
    en: str | None
    is_annex: bool
    needed: int | None
    of: int | None
    basis: Basis

    def under(self, heading: Text) -> Text:
        """The title of a notice; a question that is not translated stands in Chinese."""
        return Text(f"{heading.zh}：{self.zh}", f"{heading.en}: {self.en or self.zh}")

    @property
    def subject(self) -> Text:
        """What kind of thing is put to the vote."""
        if self.is_annex:
            return Text("分支行业自律协议", "a branch agreement")
        return Text("公约修改", "an amendment")

    @property
    def threshold(self) -> Text:
        """How many votes it needs, and what that rests on."""
        rule = rests_on(self.basis)
        if self.needed is None or self.of is None:
            return Text(
                f"通过所需票数依开始时的成员名册而定（{rule.zh}）。",
                f"What it needs follows from the roll at its opening ({rule.en}).",
            )
        return Text(
            f"名册{self.of}家，需{self.needed}家赞成（{rule.zh}）。",
            f"Needed {self.needed:,} of {self.of:,} ({rule.en}).",
        )


def called(
    ballot_id: str,
    question: Question,
    *,
    opens_at: datetime,
    closes_at: datetime,
    zone: ZoneInfo,
) -> Announcement:
    """The notice of a ballot, with the instants expected."""
    opens, closes = moment(opens_at, zone), moment(closes_at, zone)
    what, needed = question.subject, question.threshold
    return _about(
        NoticeKind.BALLOT_CALLED,
        ballot_id,
        question.under(Text("表决公告", "Ballot called")),
        Text(
            f"就{what.zh}举行表决，预计{opens.zh}开始，{closes.zh}截止。{needed.zh}",
            f"A ballot on {what.en} is expected to open at {opens.en} and to close at {closes.en}."
            f" {needed.en}",
        ),
    )


def opened(
    ballot_id: str,
    question: Question,
    *,
    closes_at: datetime,
    register_version: int,
    zone: ZoneInfo,
) -> Announcement:
    """Votes are taken, of the units on the roll at ``register_version``."""
    closes, needed = moment(closes_at, zone), question.threshold
    return _about(
        NoticeKind.BALLOT_OPENED,
        ballot_id,
        question.under(Text("表决开始", "Ballot open")),
        Text(
            f"名册上的单位可投票至{closes.zh}。{needed.zh}",
            f"Units on the roll may vote until {closes.en}. {needed.en}",
        ),
        waits_for=register_version,
    )


def extended(
    ballot_id: str, question: Question, *, closes_at: datetime, reason: str, zone: ZoneInfo
) -> Announcement:
    """It closes later, for all, for a reason (edge case 14 of amendments)."""
    closes = moment(closes_at, zone)
    return _about(
        NoticeKind.BALLOT_EXTENDED,
        ballot_id,
        question.under(Text("表决延期", "Ballot extended")),
        Text(
            f"所有单位可投票至{closes.zh}。理由：{reason}",
            f"All units may vote until {closes.en}. Reason: {reason}",
        ),
        occasion=occasion_at(closes_at),
    )


def closed(ballot_id: str, question: Question) -> Announcement:
    """No vote is taken any more."""
    return _about(
        NoticeKind.BALLOT_CLOSED,
        ballot_id,
        question.under(Text("表决截止", "Ballot closed")),
        Text(
            "不再接受投票；截止时的名册确认后公布结果。",
            "No vote is taken any more. The result follows when the roll as of the close is certified.",
        ),
    )


def cancelled(ballot_id: str, question: Question) -> Announcement:
    """It was given up before it opened."""
    return _about(
        NoticeKind.BALLOT_CANCELLED,
        ballot_id,
        question.under(Text("表决取消", "Ballot cancelled")),
        Text(
            "表决在开始前取消，理由见该表决。",
            "It was given up before it opened. Why is shown with the ballot.",
        ),
    )


def reminder_due(
    ballot_id: str, *, closes_at: datetime, non_voters: Sequence[str], zone: ZoneInfo
) -> Announcement:
    """A reminder to those who have not voted, and to nobody else. They may be told in several announcements."""
    closes = moment(closes_at, zone)
    return _about(
        NoticeKind.BALLOT_REMINDER_DUE,
        ballot_id,
        Text("投票提醒", "Your unit has not voted"),
        Text(f"贵单位尚未投票，可投票至{closes.zh}。", f"Your unit may vote until {closes.en}."),
        occasion=f"{occasion_at(closes_at)} {min(non_voters, default='')}",
        audience=_named(*non_voters),
    )


def vote_voided(
    ballot_id: str, member_id: str, *, ended_at: datetime, zone: ZoneInfo
) -> Announcement:
    """The unit's vote was cast under a mandate that had ended (edge case 30 of amendments)."""
    ended = moment(ended_at, zone)
    return _about(
        NoticeKind.VOTE_VOIDED,
        ballot_id,
        Text("贵单位的投票无效", "A vote of your unit is void"),
        Text(
            f"投票所凭代表资格已于{ended.zh}终止，该票无效。此前的有效票仍然有效；截止前仍在名册上的单位可重新投票。",
            f"It was cast under a mandate that had ended at {ended.en}. An earlier valid vote stands; until the close,"
            " a unit that is still on the roll may vote again.",
        ),
        occasion=f"{member_id} {occasion_at(ended_at)}",
        audience=_named(member_id),
    )


def vote_replaced(ballot_id: str, member_id: str, *, at: datetime) -> Announcement:
    """Another representative of the unit voted after the first (edge case 31 of amendments)."""
    return _about(
        NoticeKind.VOTE_REPLACED,
        ballot_id,
        Text("贵单位的投票已由另一代表更改", "Another representative of your unit voted"),
        Text(
            "一个单位一票，以最后一次有效投票为准。",
            "A unit has one vote: its last valid one counts.",
        ),
        occasion=f"{member_id} {occasion_at(at)}",
        audience=_named(member_id),
    )


def member_cancelled(ballot_id: str, member_id: str) -> Announcement:
    """A cancellation fell into a running ballot: every member is told (edge case 10 of amendments)."""
    return _about(
        NoticeKind.BALLOT_MEMBER_CANCELLED,
        ballot_id,
        Text("表决期间有成员资格被取消", "A membership was cancelled while a ballot runs"),
        Text(
            "该单位仍计入表决基数，已投的票仍计入正式计票（第23条、第27条）。",
            "The unit stays in the base, and a vote that it has cast stays counted (Art. 23, 27).",
        ),
        occasion=member_id,
    )


def _named(*member_ids: str) -> Audience:
    return Audience(AudienceKind.MEMBERS, member_ids=member_ids)


def _about(
    kind: NoticeKind,
    ballot_id: str,
    title: Text,
    body: Text,
    *,
    occasion: str = "",
    audience: Audience = EVERY_MEMBER,
    waits_for: int = 1,
) -> Announcement:
    return Announcement(
        kind=kind,
        about_id=ballot_id,
        occasion=occasion,
        category=NoticeCategory.BALLOT,
        title=title,
        body=body,
        link=f"/v1/ballots/{ballot_id}",
        audience=audience,
        waits_for=waits_for,
    )
