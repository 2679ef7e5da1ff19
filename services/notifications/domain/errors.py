"""Every refusal of notifications. A class's docstring is the page behind the problem's ``type``."""

from shared.kernel.errors import Conflict, Invalid, NotFound, TooOften
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


class TargetRefused(Invalid):
    """No webhook is sent to a URL like this (N4): ``https``, a public name, port 443 or 8443, nothing clever.

    ``reason`` says what is wrong: ``length`` (over 2048 characters), ``characters``, ``form``, ``scheme``,
    ``credentials``, ``fragment``, ``host``, ``ip_literal`` (an address, or a number, instead of a name),
    ``own_host`` (a name of this suite), ``port`` or ``path``. An internationalised name is written in lower case and
    without characters that IDNA would replace.
    """

    title = Text("该网址不能用作推送目标", "Webhooks are not sent to such a URL")


class TooManyEndpoints(Conflict):
    """A member has at most ``most`` endpoints (N4): delete one that is not needed any more."""

    title = Text("推送端点数量已达上限", "No more endpoints")


class EventTypeUnknown(Invalid):
    """No event that an endpoint can be told of is called so; ``pointers`` shows where.

    ``/v1/event-types`` lists them. A filter is such a type, or a prefix of one followed by ``.*``, as ``membership.*``.
    """

    title = Text("没有此类事件", "There is no such event type")


class ChecksTooOften(TooOften):
    """A member causes at most five ownership checks in an hour, because an address may be somebody else's (N4).

    A new endpoint, another address and enabling cause one each.
    """

    title = Text("归属验证过于频繁", "Too many ownership checks")
