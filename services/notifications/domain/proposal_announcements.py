"""How members are told of proposals to amend the convention (A4, Art. 27)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.notifications.domain.announcement import Announcement, counted, occasion_at, rests_on
from services.notifications.domain.notice import (
    EVERY_MEMBER,
    Audience,
    AudienceKind,
    NoticeCategory,
    NoticeKind,
    in_chinese,
)
from shared.kernel.rulebook import Basis
from shared.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Extent:
    """What a proposal would change: so many provisions and rules of a version.

    ``support_until``: the last day to support it, where it still has to find support.
    """

    base_version: int
    touched: int
    support_until: date | None

    @property
    def wording(self) -> Text:
        """As a sentence of its own."""
        zh = f"以公约第{self.base_version}版为基础，涉及{self.touched}项条款或规则。"
        touched = counted(self.touched, "provision or rule", "provisions or rules")
        en = f"It is based on version {self.base_version} and changes {touched}."
        if self.support_until is None:
            return Text(zh, en)
        return Text(
            f"{zh}征集附议至{in_chinese(self.support_until)}止。",
            f"{en} Members may support it until the end of {self.support_until}.",
        )


def submitted(proposal_id: str, *, by_organ: bool, extent: Extent) -> Announcement:
    """An amendment was proposed, by the organ or by members."""
    said = extent.wording
    zh, en = ("公约执行机构", "The organ") if by_organ else ("成员单位", "A member")
    return _about(
        NoticeKind.PROPOSAL_SUBMITTED,
        proposal_id,
        Text("公约修改提案", "An amendment is proposed"),
        Text(f"{zh}提出修改公约。{said.zh}", f"{en} proposes to amend the convention. {said.en}"),
    )


def supported_enough(
    proposal_id: str,
    *,
    reached: int,
    needed: int,
    of: int,
    basis: Basis,
    register_version: int,
    at: datetime,
) -> Announcement:
    """Enough members stand behind a proposal. It can reach this again after a rebase."""
    rule = rests_on(basis)
    return _about(
        NoticeKind.PROPOSAL_SUPPORTED_ENOUGH,
        proposal_id,
        Text("公约修改提案已获足够附议", "A proposal has found enough support"),
        Text(
            f"附议{reached}家，全体成员{of}家，需{needed}家（{rule.zh}）。",
            f"{reached:,} members support it; needed {needed:,} of {of:,} ({rule.en}).",
        ),
        occasion=occasion_at(at),
        waits_for=register_version,
    )


def rebased(proposal_id: str, *, extent: Extent, at: datetime) -> Announcement:
    """A proposal was put on the latest version."""
    said = extent.wording
    return _about(
        NoticeKind.PROPOSAL_REBASED,
        proposal_id,
        Text("公约修改提案改以最新版本为基础", "A proposal was put on the latest version"),
        Text(f"公约已有新版本，提案随之调整。{said.zh}", f"The text has changed since. {said.en}"),
        occasion=occasion_at(at),
    )


def draft_changed(
    proposal_id: str, *, supporters: Sequence[str], support_until: date, at: datetime
) -> Announcement:
    """Its supporters may confirm another draft (edge case 6 of amendments). They may be told in several announcements."""
    return _about(
        NoticeKind.PROPOSAL_DRAFT_CHANGED,
        proposal_id,
        Text("贵单位附议的提案草案已修改", "A proposal that your unit supports has another draft"),
        Text(
            f"贵单位的附议针对原草案，不再计入。如同意新草案，可在{in_chinese(support_until)}前（含当日）重新附议。",
            "Its support was for an earlier draft and does not count for this one. Your unit may support the new draft"
            f" until the end of {support_until}.",
        ),
        occasion=f"{occasion_at(at)} {min(supporters, default='')}",
        audience=Audience(AudienceKind.MEMBERS, member_ids=tuple(supporters)),
    )


def retracted(proposal_id: str) -> Announcement:
    """A proposal was withdrawn before its ballot opened."""
    return _about(
        NoticeKind.PROPOSAL_RETRACTED,
        proposal_id,
        Text("公约修改提案已撤回", "A proposal was withdrawn"),
        Text(
            "提议人在表决开始前撤回了提案。",
            "Its proposers withdrew it before its ballot opened.",
        ),
    )


def lapsed(proposal_id: str, *, basis: Basis, at: datetime) -> Announcement:
    """A proposal did not find enough support in its term."""
    rule = rests_on(basis)
    return _about(
        NoticeKind.PROPOSAL_LAPSED,
        proposal_id,
        Text("公约修改提案已失效", "A proposal has lapsed"),
        Text(
            f"期限内未获足够附议（{rule.zh}）。",
            f"It did not find enough support in its term ({rule.en}).",
        ),
        occasion=occasion_at(at),
    )


def promulgation_overdue(proposal_id: str, *, due_on: date, basis: Basis) -> Announcement:
    """An adopted amendment was not promulgated in its term (edge case 21 of amendments)."""
    rule = rests_on(basis)
    return Announcement(
        kind=NoticeKind.PROMULGATION_OVERDUE,
        about_id=proposal_id,
        occasion=due_on.isoformat(),
        category=NoticeCategory.CONVENTION,
        title=Text("公约修改逾期未公布", "An adopted amendment has not been promulgated"),
        body=Text(
            f"应于{in_chinese(due_on)}前（含当日）公布（{rule.zh}）；表决通过的效力不变。",
            f"It was due by {due_on} ({rule.en}). The adoption stands.",
        ),
        link=f"/v1/proposals/{proposal_id}",
    )


def _about(
    kind: NoticeKind,
    proposal_id: str,
    title: Text,
    body: Text,
    *,
    occasion: str = "",
    audience: Audience = EVERY_MEMBER,
    waits_for: int = 1,
) -> Announcement:
    return Announcement(
        kind=kind,
        about_id=proposal_id,
        occasion=occasion,
        category=NoticeCategory.PROPOSAL,
        title=title,
        body=body,
        link=f"/v1/proposals/{proposal_id}",
        audience=audience,
        waits_for=waits_for,
    )
