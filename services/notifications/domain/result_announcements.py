"""How members are told what a ballot decided (A5, Art. 27, 30)."""

from dataclasses import dataclass
from enum import StrEnum

from services.notifications.domain.announcement import Announcement, rests_on
from services.notifications.domain.ballot_announcements import Question
from services.notifications.domain.notice import NoticeCategory, NoticeKind
from services.notifications.domain.numbering import NumberClass
from shared.kernel.text import Text


class Outcome(StrEnum):
    """What a ballot decided; ``undetermined`` where its tallies do not agree."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"


_OUTCOME = {
    Outcome.ADOPTED: Text("通过", "adopted"),
    Outcome.REJECTED: Text("未通过", "rejected"),
    Outcome.UNDETERMINED: Text("有待认定", "needs determination"),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """A count of the votes of so many ``units``; ``needed`` is none of no units."""

    units: int
    consenting: int
    against: int
    abstaining: int
    needed: int | None

    @property
    def wording(self) -> Text:
        """What was counted, and what was needed of how many."""
        zh = f"赞成{self.consenting}家，反对{self.against}家，弃权{self.abstaining}家"
        en = f"{self.consenting:,} for, {self.against:,} against, {self.abstaining:,} abstaining"
        if self.needed is None:
            return Text(f"{zh}；名册上没有单位", f"{en}; no unit on the roll")
        return Text(
            f"{zh}；名册{self.units}家，需{self.needed}家",
            f"{en}; needed {self.needed:,} of {self.units:,}",
        )


@dataclass(frozen=True, slots=True)
class Tallies:
    """The official tally, that on the closing roll, and that on the opening roll less who left of their own will."""

    official: Tally
    closing: Tally
    less_voluntary: Tally


def established(
    ballot_id: str, question: Question, *, outcome: Outcome, tallies: Tallies
) -> Announcement:
    """What a ballot decided, with its official tally; with all three where they do not agree."""
    decided, rule = _OUTCOME[outcome], rests_on(question.basis)
    official = tallies.official.wording
    zh, en = f"{official.zh}（{rule.zh}）。", f"{official.en} ({rule.en})."
    if outcome is Outcome.UNDETERMINED:
        closing, voluntary = tallies.closing.wording, tallies.less_voluntary.wording
        zh = (
            f"开始时名册：{zh}截止时名册：{closing.zh}。不计自愿退出者：{voluntary.zh}。"
            "三种计票不一致，作出解释或重新表决前不予公布。"
        )
        en = (
            f"On the opening roll: {en} On the closing roll: {closing.en}. Less those who left of their own will:"
            f" {voluntary.en}. As the tallies do not agree, nothing is promulgated before an interpretation or a new"
            " ballot."
        )
    return _result(
        NoticeKind.RESULT_ESTABLISHED,
        ballot_id,
        question.under(Text(f"表决结果（{decided.zh}）", f"Result ({decided.en})")),
        Text(zh, en),
    )


def determined(ballot_id: str, question: Question, *, outcome: Outcome) -> Announcement:
    """How an undetermined result is read by an interpretation."""
    decided = _OUTCOME[outcome]
    return _result(
        NoticeKind.RESULT_DETERMINED,
        ballot_id,
        question.under(Text(f"表决结果认定（{decided.zh}）", f"Result determined ({decided.en})")),
        Text(
            "表决结果依解释认定，所依解释见该表决（第30条）。",
            "The result was determined by an interpretation, which is shown with the ballot (Art. 30).",
        ),
    )


def _result(kind: NoticeKind, ballot_id: str, title: Text, body: Text) -> Announcement:
    return Announcement(
        kind=kind,
        about_id=ballot_id,
        category=NoticeCategory.BALLOT,
        number_class=NumberClass.RESULT,
        title=title,
        body=body,
        link=f"/v1/ballots/{ballot_id}",
    )
