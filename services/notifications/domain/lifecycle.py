"""The lifecycles of a circular, of a notice in one member's inbox, of an endpoint and of a delivery to it."""

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


class EndpointStatus(StrEnum):
    """Whether an endpoint gets anything (N4). ``retired``: its unit is no member any more."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    DISABLED = "disabled"
    RETIRED = "retired"


class EndpointAction(StrEnum):
    """What happens to an endpoint. Those in ``OWNER_ACTS`` are its owner's, each named as its route is."""

    CHANGE = "change"
    SECRET_ROTATION = "secret-rotation"  # noqa: S105 - the name of an act
    TEST_EVENT = "test-event"
    ENABLING = "enabling"
    VERIFICATION = "verification"
    MOVE = "move"
    DISABLING = "disabling"
    RETIREMENT = "retirement"


class DeliveryStatus(StrEnum):
    """Whether one message has reached one endpoint. ``failed``: every attempt did, or the endpoint is gone."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryAction(StrEnum):
    """What an attempt makes of a delivery."""

    DELIVERY = "delivery"
    RETRY = "retry"
    FAILURE = "failure"


_S, _A = CircularStatus, CircularAction
_E, _F = EndpointStatus, EndpointAction
_D = DeliveryStatus

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

OWNER_ACTS = frozenset({_F.CHANGE, _F.SECRET_ROTATION, _F.TEST_EVENT, _F.ENABLING})

ENDPOINT = Lifecycle(
    "endpoint",
    _E.UNVERIFIED,
    [
        (_F.CHANGE, {_E.UNVERIFIED}, _E.UNVERIFIED),
        (_F.CHANGE, {_E.ACTIVE}, _E.ACTIVE),
        (_F.CHANGE, {_E.DISABLED}, _E.DISABLED),
        (_F.SECRET_ROTATION, {_E.UNVERIFIED}, _E.UNVERIFIED),
        (_F.SECRET_ROTATION, {_E.ACTIVE}, _E.ACTIVE),
        (_F.TEST_EVENT, {_E.ACTIVE}, _E.ACTIVE),
        (_F.ENABLING, {_E.UNVERIFIED, _E.DISABLED}, _E.UNVERIFIED),
        (_F.VERIFICATION, {_E.UNVERIFIED}, _E.ACTIVE),
        (_F.MOVE, {_E.UNVERIFIED, _E.ACTIVE, _E.DISABLED}, _E.UNVERIFIED),
        (_F.DISABLING, {_E.UNVERIFIED, _E.ACTIVE}, _E.DISABLED),
        (_F.RETIREMENT, {_E.UNVERIFIED, _E.ACTIVE, _E.DISABLED}, _E.RETIRED),
    ],
)

DELIVERY = Lifecycle(
    "delivery",
    _D.PENDING,
    [
        (DeliveryAction.DELIVERY, {_D.PENDING}, _D.DELIVERED),
        (DeliveryAction.RETRY, {_D.PENDING}, _D.PENDING),
        (DeliveryAction.FAILURE, {_D.PENDING}, _D.FAILED),
    ],
)
