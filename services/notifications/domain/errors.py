"""Every refusal of notifications. A class's docstring is the page behind the problem's ``type``."""

from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.text import Text


class IssueTimeNotAhead(Invalid):
    """A circular is scheduled for an instant that is still to come; to issue it now, issue it."""

    title = Text("预定发出时间须在将来", "The instant of issue is not ahead")


class RosterNotReady(Conflict):
    """The register as this service knows it does not reach far enough to say who is addressed (Art. 19).

    It is empty, or being read again from the beginning; what is missing has been asked for. Try again later.
    """

    title = Text("成员名册尚未就绪", "The roster is not ready")


class NamedUnitsNotMembers(Conflict):
    """Some of the units named as addressees are not members now. ``pointers`` shows which in the circular."""

    title = Text("所列单位中有非成员", "Some of the named units are not members")


class AudienceKindFixed(Conflict):
    """A correction goes to the same kind of audience as what it corrects: all members, a sector, or named members."""

    title = Text("更正的发送范围类别不得改变", "A correction keeps the kind of audience")


class CorrectionOpen(Conflict):
    """A correction of this circular is being prepared: finish or discard it. ``correction_id`` names it."""

    title = Text("已有更正正在拟制", "A correction is already being prepared")


class AlreadyCorrected(Conflict):
    """This circular has been corrected: correct its successor, which ``corrected_by`` names."""

    title = Text("该通函已被更正", "The circular has been corrected already")


class NotIssuedYet(Conflict):
    """The circular has not been issued, so it has no addressees yet."""

    title = Text("该通函尚未发出", "The circular has not been issued")


class NoAcknowledgementAsked(Conflict):
    """The notice asks for no acknowledgement."""

    title = Text("该通知无需签收", "No acknowledgement is asked for")


class RosterBehind(NotFound):
    """An announcement rests on a register version that has not arrived yet: it waits until it has."""

    title = Text("成员名册尚未更新至该版本", "The roster has not reached that version")
