"""What webhooks tell: a thin body of ids, dates and a link; the rest is fetched with the receiver's own rights (N4)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.notifications.domain.attempt import SCHEDULE, Answer, AttemptOutcome
from services.notifications.domain.notice import Heading, NoticeKind

Data = Mapping[str, str | int | None]


class WebhookType(StrEnum):
    """Everything a webhook can tell. The same string names the event in the catalogue."""

    CIRCULAR_ISSUED = "notifications.circular.issued.v1"
    BULLETIN_PUBLISHED = "membership.bulletin.published.v1"
    PROPOSAL_SUBMITTED = "amendments.proposal.submitted.v1"
    PROPOSAL_SUPPORTED_ENOUGH = "amendments.proposal.supported_enough.v1"
    PROPOSAL_REBASED = "amendments.proposal.rebased.v1"
    PROPOSAL_DRAFT_CHANGED = "amendments.proposal.draft_changed.v1"
    PROPOSAL_RETRACTED = "amendments.proposal.retracted.v1"
    PROPOSAL_LAPSED = "amendments.proposal.lapsed.v1"
    PROMULGATION_OVERDUE = "amendments.proposal.promulgation_overdue.v1"
    BALLOT_CALLED = "amendments.ballot.called.v1"
    BALLOT_OPENED = "amendments.ballot.opened.v1"
    BALLOT_EXTENDED = "amendments.ballot.extended.v1"
    BALLOT_CLOSED = "amendments.ballot.closed.v1"
    BALLOT_CANCELLED = "amendments.ballot.cancelled.v1"
    BALLOT_REMINDER_DUE = "amendments.ballot.reminder_due.v1"
    VOTE_VOIDED = "amendments.ballot.vote_voided.v1"
    VOTE_REPLACED = "amendments.ballot.vote_replaced.v1"
    BALLOT_MEMBER_CANCELLED = "amendments.ballot.member_cancelled.v1"
    RESULT_ESTABLISHED = "amendments.ballot.result_established.v1"
    RESULT_DETERMINED = "amendments.ballot.determined.v1"
    CONVENTION_PROMULGATED = "amendments.convention.promulgated.v1"
    CONVENTION_CORRECTED = "amendments.convention.corrected.v1"
    INTERPRETATION_ISSUED = "amendments.interpretation.issued.v1"
    INTERPRETATION_SUPERSEDED = "amendments.interpretation.superseded.v1"
    ANNEX_ADOPTED = "amendments.annex.adopted.v1"
    MEMBER_ACCEDED = "membership.member.acceded.v1"
    PARTICULARS_CHANGED = "membership.member.particulars_changed.v1"
    MEMBER_ENDING_ANNOUNCED = "membership.member.ending_announced.v1"
    MEMBER_ENDING_RETRACTED = "membership.member.ending_retracted.v1"
    MEMBER_ENDED = "membership.member.ended.v1"
    REPRESENTATIVE_APPOINTED = "membership.representative.appointed.v1"
    REPRESENTATIVE_REMOVED = "membership.representative.removed.v1"
    VERIFICATION_REQUESTED = "notifications.endpoint.verification_requested.v1"


CHOSEN = frozenset(WebhookType) - {WebhookType.VERIFICATION_REQUESTED}
"""What an endpoint's owner can choose. The ownership check goes to every endpoint."""

_TYPE_OF_NOTICE = {
    NoticeKind.CIRCULAR: WebhookType.CIRCULAR_ISSUED,
    NoticeKind.BULLETIN: WebhookType.BULLETIN_PUBLISHED,
    **{kind: WebhookType[kind.name] for kind in NoticeKind if kind.name in WebhookType.__members__},
}
"""An announcement of another service is told under its own name: the two enumerations call it the same."""

CHECK_SCHEDULE: Sequence[timedelta] = SCHEDULE[:2]
"""An address that has not shown whose it is gets three requests at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing told to many endpoints: to the addressees of a notice, to one member's, or to one endpoint.

    ``link`` is the path of what it tells of. A test event carries no real data and says so.
    """

    id: str
    type: WebhookType
    data: Data
    link: str
    created_at: datetime
    notice_id: str | None = None
    member_id: str | None = None
    endpoint_id: str | None = None
    is_test: bool = False

    @property
    def is_check(self) -> bool:
        """Whether it asks a receiver to show whose address it is."""
        return self.type is WebhookType.VERIFICATION_REQUESTED

    def body(self, public_url: str) -> bytes:
        """The bytes that are signed and sent: ``type``, ``timestamp`` and ``data``, links absolute."""
        payload: dict[str, object] = {
            "type": self.type,
            "timestamp": self.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {**self.data, "url": public_url + self.link},
        }
        if self.is_test:
            payload["test"] = True
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()

    def shown_body(self, public_url: str) -> str:
        """The body as its endpoint's owner sees it: the challenge of a check is for the receiver alone."""
        text = self.body(public_url).decode()
        return text.replace(str(self.data["challenge"]), "…") if self.is_check else text

    @property
    def schedule(self) -> Sequence[timedelta]:
        """The pauses between its attempts."""
        return CHECK_SCHEDULE if self.is_check else SCHEDULE

    def judged(self, answer: Answer) -> Answer:
        """``answer`` as it counts for this message: an ownership check is only answered by its challenge."""
        if (
            self.is_check
            and answer.outcome is AttemptOutcome.DELIVERED
            and not echoes(answer.body, str(self.data["challenge"]))
        ):
            return replace(answer, outcome=AttemptOutcome.UNCONFIRMED)
        return answer


def message_of_notice(message_id: str, notice: Heading) -> Message:
    """The webhook of a notice, to all its addressees."""
    deadline = notice.acknowledge_by
    return Message(
        id=message_id,
        type=_TYPE_OF_NOTICE[notice.kind],
        data={
            "notice_id": notice.id,
            "about_id": notice.about_id,
            "number": notice.number,
            "category": notice.category,
            "register_version": notice.register_version,
            "acknowledge_by": None if deadline is None else deadline.on.isoformat(),
        },
        link=f"/v1/inbox/{notice.id}",
        created_at=notice.issued_at,
        notice_id=notice.id,
    )


def message_of_affair(
    message_id: str, type: WebhookType, member_id: str, data: Data, link: str, now: datetime
) -> Message:
    """The webhook of a member's own affair, to that member's endpoints."""
    return Message(
        id=message_id,
        type=type,
        data={"member_id": member_id, **data},
        link=link,
        created_at=now,
        member_id=member_id,
    )


def verification(
    message_id: str, member_id: str, endpoint_id: str, challenge: str, now: datetime
) -> Message:
    """The ownership check: the receiver answers 2xx and gives ``data.challenge`` back."""
    return Message(
        id=message_id,
        type=WebhookType.VERIFICATION_REQUESTED,
        data={"member_id": member_id, "endpoint_id": endpoint_id, "challenge": challenge},
        link=f"/v1/webhook-endpoints/{endpoint_id}",
        created_at=now,
        endpoint_id=endpoint_id,
    )


def test_event(
    message_id: str, endpoint_id: str, type: WebhookType, data: Data, now: datetime
) -> Message:
    """A marked test event with invented ``data``, to one endpoint (edge case 19)."""
    return Message(
        id=message_id,
        type=type,
        data=data,
        link="/docs/events",
        created_at=now,
        endpoint_id=endpoint_id,
        is_test=True,
    )


def echoes(body: bytes, challenge: str) -> bool:
    """Whether an answer gives ``challenge`` back: alone, or as the JSON member ``challenge``."""
    text = body.decode("utf-8", "replace").strip()
    if text == challenge:
        return True
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("challenge") == challenge
