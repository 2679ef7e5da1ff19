"""What acts on the text, its versions, the founding and interpretations are refused for."""

from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.text import Text


class ProvisionUnknown(NotFound):
    """The convention has no provision with this id or number. Numbers are never shifted and never used again."""

    title = Text("没有该条款", "No such provision")


class ChangesNotApplicable(Invalid):
    """The changes do not fit the text they are to change. ``pointers`` shows where; ``reason`` says what is wrong.

    ``unknown`` (no such provision or rule), ``repealed``, ``exists`` (the id is taken, also by a repealed provision),
    ``twice`` (the same provision or rule is changed twice, or under one that is repealed), ``place`` (the number does
    not follow on, or belongs elsewhere), ``nothing changed``, ``wording`` (no Chinese, more than one line, too long,
    or with characters that nobody sees), ``value`` (another kind of value than the rule has, or outside what it can be).
    """

    title = Text("修改内容与现行文本不符", "The changes do not fit the text")


class NotYetInForce(NotFound):
    """On the day asked for no version of the convention was in force (Art. 31). The first is not shown instead."""

    title = Text("公约当日尚未施行", "Not yet in force on that day")


class VersionUnknown(NotFound):
    """The convention, or the rulebook, has no version with this number."""

    title = Text("没有该版本", "No such version")


class ConventionNotImported(Conflict):
    """There is no convention yet that could be acted upon: import its published text, and found it where it is new.

    Until then a summary is served to readers; nothing can be proposed, interpreted or corrected in a summary.
    """

    title = Text("公约文本尚未导入或尚未生效", "The convention has not been imported or founded")


class ConventionImported(Conflict):
    """The convention has a text already. From then on it changes by promulgated amendments alone (Art. 27)."""

    title = Text("公约文本已经导入", "The convention has been imported already")


class BackDated(Conflict):
    """Nothing of the convention takes force in the past, nor before the version it follows (Art. 31).

    ``earliest_on`` is the first day possible.
    """

    title = Text("不得溯及既往", "Nothing takes force in the past")


class NothingPublished(Conflict):
    """A version exists only where the text or the rulebook changed, and these are as they were."""

    title = Text("文本与规则均无变化", "Neither the text nor the rulebook would change")


class WordingNotValid(Invalid):
    """A provision's wording is one line of at most 20,000 characters, all of which are seen and have a meaning."""

    title = Text("条文文字不符合要求", "Not a wording that a provision can have")


class CorrectionChangesNothing(Conflict):
    """The wording is this already."""

    title = Text("文字没有变化", "The wording is this already")


class CorrigendumTouchesMeaning(Conflict):
    """A corrigendum mends a typing error: at most ``most`` characters, none of which decides the rule.

    A numeral, a negation, 或, 和, 以上 and the like may change what is law: that needs a proposal and a ballot (Art. 27).
    """

    title = Text("涉及实质内容，须经表决修改", "This may touch the meaning: it needs a ballot")


class WordingChangedSince(Conflict):
    """The provision does not read as ``before`` says: somebody mended it since."""

    title = Text("条文表述已有变动", "The wording has changed since")


class BeforeTheMembers(Conflict):
    """The members are asked about this provision, or have adopted a change of it: its wording waits for that (Art. 27)."""

    title = Text("条文正由成员单位表决", "The provision is before the members")


class PublishedTextUnreadable(Invalid):
    """The published text cannot be read; ``line`` says where, ``reason`` why. Nothing was imported.

    ``unreadable`` (inside the text or right below it, and no chapter, article or item that could stand there), ``gap``,
    ``repeated``, ``order`` (the numbers do not follow on), ``outside a chapter``, ``outside an article``, ``no original``
    (a translation of what the Chinese does not have), ``other chapter`` (than the one that the Chinese has the article
    under), ``language missing``, ``languages mixed``, ``characters`` (control characters, or others that nobody sees),
    ``too large``, ``encoding`` (not UTF-8).
    """

    title = Text("公约文本无法读取", "The published text cannot be read")


class NotPutOff(Invalid):
    """``applies_from`` names provisions that the amendment changes and that stay law; the members asked for no other."""

    title = Text("该条文不得推迟施行", "This provision cannot be put off")


class InForceTooLate(Invalid):
    """An amendment takes force at the latest on ``latest_on``, by the rule ``promulgation.in_force_term`` (Art. 31)."""

    title = Text("施行日期过晚", "The day is too late")


class DatesOutOfOrder(Invalid):
    """A convention takes force on the day it became valid or later, and none that waits for its founding has dates."""

    title = Text("生效与施行日期不符", "The dates do not fit together")


class DayOrVersion(Invalid):
    """Ask for the text of a day or for a version by its number, not for both."""

    title = Text("日期与版本号只能择一", "Ask for a day or for a version")


class QuoteNotFound(Invalid):
    """The words quoted as diverging do not stand in the provision. ``pointers`` shows which."""

    title = Text("引文不在该条款中", "The quoted words do not stand there")


class UnitNotAcceptable(Invalid):
    """An initiating unit could not be entered in the register. ``pointers`` shows the field.

    The identifier is no unified social credit code, or a name is none that the register takes: it begins like a spreadsheet
    formula, say, or piles up combining marks.
    """

    title = Text("发起单位信息有误", "An initiating unit cannot be entered like this")


class UnitsNotDistinct(Invalid):
    """A unit founds the convention once. ``pointers`` shows which of those named were named before."""

    title = Text("发起单位重复", "An initiating unit is named twice")


class SignedAlready(Conflict):
    """The caller has signed for every unit that it represents; a signature stands (Art. 26)."""

    title = Text("已经签字", "Signed already")


class FoundingBegun(Conflict):
    """A unit has signed already: those who found the convention are named before that (Art. 26)."""

    title = Text("已有发起单位签署", "An initiating unit has signed already")


class AlreadyValid(Conflict):
    """The convention was valid when its text was imported: there is nothing left to found (Art. 26)."""

    title = Text("公约已经生效", "The convention is valid already")


class InterpretationElsewhere(Invalid):
    """An interpretation takes the place only of one about the same provision."""

    title = Text("所取代的解释针对另一条款", "It interprets another provision")
