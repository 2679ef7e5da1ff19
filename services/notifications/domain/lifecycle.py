"""The lifecycle of a circular, and of a notice in one member's inbox."""

from enum import StrEnum

from shared.kernel.lifecycle import Lifecycle


class CircularStatus(StrEnum):
    """Where a circular stands (N1). Only what has not been issued can be changed or discarded."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ISSUED = "issued"
    DISCARDED = "discarded"


class CircularAction(StrEnum):
    """The acts on a circular, each named as its route is."""

    DRAFT = "draft"
    SCHEDULING = "scheduling"
    UNSCHEDULING = "unscheduling"
    ISSUE = "issue"
    CORRECTION = "correction"
    DISCARDING = "discarding"


class NoticeStatus(StrEnum):
    """What one member has done with a notice (N3). Issued is what every notice is."""

    UNREAD = "unread"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"


class NoticeAction(StrEnum):
    """The acts of a member on a notice, each named as its route is."""

    READ = "read"
    ACKNOWLEDGEMENT = "acknowledgement"


_S, _A = CircularStatus, CircularAction

CIRCULAR = Lifecycle(
    "circular",
    _S.DRAFT,
    [
        (_A.DRAFT, {_S.DRAFT}, _S.DRAFT),
        (_A.SCHEDULING, {_S.DRAFT}, _S.SCHEDULED),
        (_A.SCHEDULING, {_S.SCHEDULED}, _S.SCHEDULED),
        (_A.UNSCHEDULING, {_S.SCHEDULED}, _S.DRAFT),
        (_A.ISSUE, {_S.DRAFT}, _S.ISSUED),
        (_A.ISSUE, {_S.SCHEDULED}, _S.ISSUED),
        (_A.CORRECTION, {_S.ISSUED}, _S.ISSUED),
        (_A.DISCARDING, {_S.DRAFT}, _S.DISCARDED),
    ],
)

NOTICE = Lifecycle(
    "notice",
    NoticeStatus.UNREAD,
    [
        (NoticeAction.READ, {NoticeStatus.UNREAD}, NoticeStatus.READ),
        (NoticeAction.ACKNOWLEDGEMENT, {NoticeStatus.UNREAD}, NoticeStatus.ACKNOWLEDGED),
        (NoticeAction.ACKNOWLEDGEMENT, {NoticeStatus.READ}, NoticeStatus.ACKNOWLEDGED),
    ],
)
