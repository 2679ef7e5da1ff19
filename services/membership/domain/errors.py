"""Every refusal of membership. A class's docstring is the page behind the problem's ``type``."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.text import Text


class Problem(NamedTuple):
    """One thing wrong with one field, or with a whole row (no field). Says nothing of what was sent."""

    field: str | None
    problem: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}" if self.field else self.problem


class IdentifierNotValid(Invalid):
    """The identifier is no unified social credit code: 18 characters, the last one a check digit.

    ``reason`` says what is wrong: ``missing``, ``length``, ``characters`` or ``check digit``.
    """

    title = Text("统一社会信用代码有误", "Not a unified social credit code")


class ParticularsNotValid(Invalid):
    """Some particulars cannot be entered like this; ``problems`` names each field and what is wrong with it."""

    title = Text("登记事项填写有误", "Some particulars are not acceptable")

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems=[problem._asdict() for problem in self.problems])


class DayInTheFuture(Invalid):
    """The day has not come yet. ``latest_on`` is the last day that can be named."""

    title = Text("日期尚未到来", "The day has not come yet")


class ParticularsBackDated(Conflict):
    """A later state of the particulars is already on the register: nothing is entered behind it.

    ``earliest_on`` is the first day from which a change can be valid.
    """

    title = Text("不得早于最近一次变更", "Earlier than the latest change")


class NothingChanged(Conflict):
    """The particulars on the register are already these."""

    title = Text("登记事项没有变化", "Nothing would change")


class AlreadyLive(Conflict):
    """A legal entity has at most one live application or running membership, also under a new name (Art. 28).

    ``existing_id`` names it to whoever applied for it, and to nobody else.
    """

    title = Text(
        "该单位已有在办申请或已是成员", "This legal entity has applied or is a member already"
    )


class NotTheApplicant(Forbidden):
    """Only the subject that submitted the application resubmits it, retracts it or files mandates with it."""

    title = Text("仅限申请人办理", "Only the applicant may do this")


class HandlerIsParty(Forbidden):
    """Four eyes: an applicant, its legal representative or someone it entrusted does not handle its application."""

    title = Text("经办人须与申请单位无关", "The registrar is a party to this application")


class HandlerDecidedCancellation(Forbidden):
    """After a cancellation, someone who took no part in it handles the return of the unit (Art. 23, 28)."""

    title = Text(
        "曾参与除名决定者须回避", "Whoever took part in the cancellation does not handle the return"
    )


class MissingItemsUnnamed(Invalid):
    """An application is given back only with a word on what is missing."""

    title = Text("须写明缺少的材料", "Say what is missing")


class GroundNotLawful(Invalid):
    """An application is refused on one of two grounds and on no other (Art. 28). ``lawful_grounds`` lists them."""

    title = Text("拒绝理由不在规定之列", "Not one of the two lawful grounds")


class ReasonsMissing(Invalid):
    """A refusal states its reasons (Art. 28)."""

    title = Text("须说明理由", "Reasons are required")


class RulesNotAccepted(Conflict):
    """Whoever does not accept the rules cannot be approved (Art. 28).

    Give the application back, or refuse it on the ground named in ``lawful_ground``.
    """

    title = Text("申请人未承诺遵守公约", "The applicant has not accepted the rules")


class NotEntitledToSign(Forbidden):
    """The instrument is signed by the legal representative or by an entrusted one (Art. 26).

    The entrusted one's mandate must be on file and valid at the moment of signing; one that is filed
    later counts from then on. Until someone entitled has signed, the application waits for it.
    """

    title = Text("签署人无有效授权", "The signatory has no valid mandate")


class NotMember(Conflict):
    """No membership period is running. ``ended_by`` and ``ended_on`` say which ending came first (Art. 28)."""

    title = Text("该单位现非成员", "The unit is not a member now")


class AlreadyMember(Conflict):
    """A membership period is running; there is never a second one beside it."""

    title = Text("该单位已是成员", "The unit is a member already")


class PeriodsWouldOverlap(Conflict):
    """A period cannot open before the earlier one ended. ``earliest_on`` is the first day possible."""

    title = Text("成员期间不得重叠", "Membership periods do not overlap")


class WithdrawalDayTooEarly(Invalid):
    """A withdrawal is not back-dated: it takes effect on ``earliest_on`` or later (Art. 28)."""

    title = Text("退出不得溯及既往", "A withdrawal cannot take effect that early")


class NoWithdrawalPending(Conflict):
    """No withdrawal waits for a later day, so there is none to take back."""

    title = Text("没有待生效的退出通知", "No withdrawal is pending")


class EndingDayTooEarly(Invalid):
    """A merger or a dissolution is not back-dated: rolls of past days are certified. ``earliest_on`` is today.

    The true day of a dissolution is kept beside it, as ``dissolved_on``.
    """

    title = Text("合并或终止不得溯及既往", "The membership cannot end that early")


class DissolvedAfterItsEnding(Invalid):
    """A unit does not leave the register before it ceases to exist. ``latest_on`` is the day it is to leave."""

    title = Text(
        "终止之日晚于成员资格终止之日", "The unit would cease to exist after its membership"
    )


class MergesIntoItself(Invalid):
    """A unit goes on in another member, not in itself."""

    title = Text("不得并入自身", "A unit does not merge into itself")


class SuccessorNotMember(Conflict):
    """A unit goes on in a member: the one named is none, or will have ceased by the merger's day as far as is known."""

    title = Text("承继单位届时非成员", "The successor is no member by then")


class AwaitedAsSuccessor(Conflict):
    """Another unit is to merge into this one on the same day or later: that merger would come to nothing.

    Take it back first, or announce it into the unit that this one goes on in.
    """

    title = Text("另有单位将并入该单位", "Another unit is to merge into this one")


class NoMergerPending(Conflict):
    """No merger waits for a later day, so there is none to take back."""

    title = Text("没有待生效的合并", "No merger is pending")


class NoDissolutionPending(Conflict):
    """No dissolution waits for a later day, so there is none to take back."""

    title = Text("没有待生效的终止", "No dissolution is pending")


class CaseEndedNoPeriod(Conflict):
    """No membership period ended, or is to end, by a cancellation in this case: there is nothing to annul."""

    title = Text("该案未导致成员资格终止", "This case ended no membership")


class LeftAgainSince(Conflict):
    """The unit came back after that cancellation and has left again: annulling it restores nothing."""

    title = Text("该单位其后已再次退出", "The unit has returned and left again since")


class ReadmissionDayMissing(Invalid):
    """A readmission names the day from which it counts (Art. 23)."""

    title = Text("须载明重新接纳之日", "The day of readmission is missing")


class ScopesNotOfKind(Invalid):
    """The scopes do not fit the kind of mandate.

    A legal representative has exactly ``all``, a machine exactly ``circulars``, an entrusted one at least one.
    """

    title = Text("授权范围与授权种类不符", "The scopes do not fit the kind of mandate")


class MandateTermNotValid(Invalid):
    """A mandate ends after it begins, and is not over already when it is given."""

    title = Text("授权期限有误", "The term of the mandate is not possible")


class SubjectHasMandate(Conflict):
    """A subject holds at most one mandate of a member at a time: remove the other first."""

    title = Text("该人已持有本单位授权", "The subject already holds a mandate of this member")


class LastFullMandate(Conflict):
    """Without this mandate nobody could act for the unit in everything: appoint a successor first."""

    title = Text("须先任命继任者", "Appoint a successor first")


class MandateUnknown(NotFound):
    """The running membership period has no such mandate."""

    title = Text("没有该授权", "No such mandate")


class MandateOver(Conflict):
    """The mandate has already ended or been removed."""

    title = Text("该授权已终止", "The mandate is over")


class ClaimCodeNotValid(Conflict):
    """A claim code works once, until it expires or a newer one is issued. ``reason`` says which it was."""

    title = Text("认领码已失效", "The claim code is no longer valid")


class ClaimedByIssuer(Forbidden):
    """Whoever issued a claim code does not use it."""

    title = Text("签发人不得使用认领码", "The issuer of a claim code may not use it")


class InstantNotReached(NotFound):
    """The instant has not come yet: who is a member then cannot be certified before it."""

    title = Text("该时刻尚未到来", "The instant has not come yet")


class EditionUnknown(NotFound):
    """No bulletin has this number, so no erratum can mend it."""

    title = Text("没有该期通报", "No such edition of the bulletin")


class MemberListUnreadable(Invalid):
    """The member list cannot be read as what it was handed in as; ``reason`` says why."""

    title = Text("名单文件无法读取", "The member list cannot be read")
