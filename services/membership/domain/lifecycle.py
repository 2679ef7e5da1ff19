"""The lifecycle of an application, and the two states of membership."""

from enum import StrEnum

from shared.kernel.lifecycle import Lifecycle


class ApplicationStatus(StrEnum):
    """Where an application stands (M1)."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REFUSED = "refused"
    ACCEDED = "acceded"
    RETRACTED = "retracted"


class ApplicationAction(StrEnum):
    """The acts on an application, each named as its route is."""

    RETURNING = "returning"
    RESUBMISSION = "resubmission"
    MANDATE = "mandate"
    APPROVAL = "approval"
    REFUSAL = "refusal"
    INSTRUMENT = "instrument"
    RETRACTION = "retraction"


class MembershipStatus(StrEnum):
    """Whether a membership period is running. Nothing moves it by itself: it follows from the periods."""

    MEMBER = "member"
    CEASED = "ceased"


_S, _A = ApplicationStatus, ApplicationAction

APPLICATION = Lifecycle(
    "application",
    _S.SUBMITTED,
    [
        (_A.RETURNING, {_S.SUBMITTED}, _S.RETURNED),
        (_A.RESUBMISSION, {_S.RETURNED}, _S.SUBMITTED),
        (_A.MANDATE, {_S.SUBMITTED}, _S.SUBMITTED),
        (_A.MANDATE, {_S.RETURNED}, _S.RETURNED),
        (_A.MANDATE, {_S.APPROVED}, _S.APPROVED),
        (_A.APPROVAL, {_S.SUBMITTED}, _S.APPROVED),
        (_A.REFUSAL, {_S.SUBMITTED, _S.RETURNED}, _S.REFUSED),
        (_A.INSTRUMENT, {_S.APPROVED}, _S.ACCEDED),
        (_A.RETRACTION, {_S.SUBMITTED, _S.RETURNED, _S.APPROVED}, _S.RETRACTED),
    ],
)

LIVE = frozenset({_S.SUBMITTED, _S.RETURNED, _S.APPROVED})
