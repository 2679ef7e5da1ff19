"""What acts on proposals, ballots, annexes and promulgations are refused for."""

from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.text import Text

# Proposals and promulgation


class BaseOutdated(Conflict):
    """The proposal does not start from the latest version of the convention, which is ``latest_version``."""

    title = Text("所依据的版本已不是最新版本", "Not based on the latest version")


class DraftChangedSince(Conflict):
    """A support is bound to the hash of a draft, and this draft has another one now: read it again, then decide."""

    title = Text("草案已变更", "The draft has changed since")


class PutToTheVote(Conflict):
    """A ballot on it has opened: from then on it can never be withdrawn, whatever that ballot came to (Art. 27)."""

    title = Text("已经交付表决，不得撤回", "It has been put to the vote and stays")


class DraftLatched(Conflict):
    """Enough members support exactly this draft, so it stays as it is; it can be withdrawn by all of them together."""

    title = Text(
        "草案已获足够附议，不得再改", "The draft has the support it needs and stays as it is"
    )


class NotTheProposer(Forbidden):
    """Only the proposer does this: the secretary for the organ's proposal, the leading supporter for the members'.

    The leading supporter is the unit that has stood behind it longest; when it leaves, the next one leads.
    """

    title = Text("仅限提议人办理", "Only the proposer may do this")


class NotSupporting(Forbidden):
    """The unit does not stand behind this proposal now."""

    title = Text("该单位并非附议单位", "The unit is not among its supporters")


class NotMereTypo(Invalid):
    """A typing error is a short piece that occurs once in the text; mending it touches no number and no word that decides.

    Anything else is another draft, which its supporters must confirm. ``reason`` says what it was: ``place``,
    ``occurrences``, ``nothing changed``, ``mended before`` (once is enough: a second time is another draft) or
    ``meaning``.
    """

    title = Text("不属于文字勘误", "Not a mere typing error")


class NothingToRebase(Conflict):
    """The proposal is based on the latest version already."""

    title = Text("所依据的版本已是最新版本", "The base is the latest version already")


class BaseNoLongerMatches(Conflict):
    """Another version was promulgated since, which is ``latest_version``.

    The proposal returns to its proposer for a rebase and a fresh ballot; adopted on another text it cannot be
    promulgated (edge case 17).
    """

    title = Text("所依据的文本已经修改", "The text it was adopted on has changed")


class ProposerIsPromulgator(Forbidden):
    """Four eyes: whoever wrote the draft or changed it, or supported it for a unit, does not promulgate it."""

    title = Text("提议人不得自行公布", "Whoever proposed it does not promulgate it")


# Ballots


class VotingNotOpen(Conflict):
    """No vote is taken before the roll is certified and the ballot opens (Art. 27)."""

    title = Text("表决尚未开始", "The ballot is not open yet")


class VotingClosed(Conflict):
    """The ballot is closed: votes count when they are taken before ``closes_at``, and none is taken afterwards."""

    title = Text("表决已经结束", "The ballot is closed")


class NotOnTheRoll(Forbidden):
    """Who may vote was fixed at the opening: this unit was no member then, or its membership has ended since."""

    title = Text("不在本次表决的名册上", "Not on the roll of this ballot")


class OfficerVotes(Forbidden):
    """Four eyes: whoever called, extended or determined a ballot casts no vote in it, for any unit."""

    title = Text("主持表决者不得投票", "Whoever conducts a ballot does not vote in it")


class ProposerConducts(Forbidden):
    """Four eyes: whoever wrote, changed or supported what is put to the vote does not call, extend or determine its ballot."""

    title = Text("提议人不得主持表决", "Whoever proposed it does not conduct its ballot")


class VoterConducts(Forbidden):
    """Four eyes: whoever has voted in a ballot does not extend or determine it."""

    title = Text("已投票者不得主持表决", "Whoever voted in a ballot does not conduct it")


class InterpreterDetermines(Forbidden):
    """Four eyes: whoever issued an interpretation does not determine a ballot by it."""

    title = Text("解释人不得据以认定结果", "Whoever interpreted does not determine by it")


class NobodyToVote(Conflict):
    """There are no members: nothing of nothing adopts nothing (Art. 27)."""

    title = Text("没有成员单位", "There are no members")


class ExtensionNotLonger(Invalid):
    """An extension never shortens: the new last day lies after the present one (edge case 14)."""

    title = Text("延期不得提前截止", "An extension only lengthens")


class BallotOvertaken(Conflict):
    """What was put to the vote rests on this ballot no longer: another was called on it, or it was put on a later version.

    The ballot's result stays on record, and decides nothing any more (edge cases 9, 17).
    """

    title = Text("表决事项已不再以本次表决为据", "What was voted on rests on this ballot no longer")


class InterpretationNotAfterResult(Conflict):
    """A ballot is determined by an interpretation that was issued after its result, and still stands (Art. 30)."""

    title = Text("解释须在结果之后作出", "The interpretation was not issued after the result")


class RollNotOfTheClose(Conflict):
    """A roll certified for another instant than the close of the ballot says nothing about it."""

    title = Text("名册并非截止时的名册", "Not the roll of the close")


class RollOfNoBallot(Conflict):
    """A roll was certified for a ballot that is not kept here; whoever asks for a roll has kept its ballot before."""

    title = Text("名册所属的表决不存在", "The roll of no ballot")


class RosterNotReady(Conflict):
    """The register as this service knows it does not reach far enough to say who may vote, or what units were called.

    It is empty, or being read again from the beginning; what is missing has been asked for. Try again later.
    """

    title = Text("成员名册尚未就绪", "The roster is not ready")


# Annexes


class NotOfTheBranch(Forbidden):
    """An annex is drafted and joined by members of its branch of the industry (Art. 29)."""

    title = Text("该单位不属于该行业分支", "The unit is not of that branch")


class NotTheDrafter(Forbidden):
    """Only the unit that drafted the annex edits it or gives it up."""

    title = Text("仅限起草单位办理", "Only the unit that drafted it may do this")


class NotAdhering(Forbidden):
    """Only a unit that the annex binds amends it, or leaves it."""

    title = Text("该单位不受该附件约束", "The annex does not bind this unit")


class ParentNotInForce(Conflict):
    """The convention has no such provision that is law now; an annex ends with the provision that it hangs under."""

    title = Text("所依据的公约条款不在施行中", "The convention's provision is not in force")


class AnnexDraftNotValid(Invalid):
    """The annex, or its text, cannot be like this; ``reason`` says why.

    ``order`` (numbers ascend and stand once), ``used before`` (the number belonged to a provision that is gone),
    ``no such provision``, ``nothing changed``; of its own rules ``ratio`` (its denominator is at most 1,000,000) and
    ``trial`` (at least a day, at most 120 months and 3,660 days).
    """

    title = Text("附件内容有误", "Not a possible annex")


class NoAmendmentOpen(Conflict):
    """No amendment of the annex waits for the consent of its adherents."""

    title = Text("没有待同意的修改", "No amendment is open")


class BindsWholeBranch(Conflict):
    """The annex binds every member of its branch, signed or not: there is nothing to sign and nothing to leave."""

    title = Text("该附件约束整个行业分支", "The annex binds the whole branch")
