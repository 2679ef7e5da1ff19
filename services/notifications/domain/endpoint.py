"""An endpoint: where a member's own systems are told, of what, and with which secrets (N4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from services.notifications.domain.errors import ChecksTooOften, EventTypeUnknown, TooManyEndpoints
from services.notifications.domain.lifecycle import (
    ENDPOINT,
    OWNER_ACTS,
    EndpointAction,
    EndpointStatus,
)
from services.notifications.domain.message import CHOSEN, WebhookType

ENDPOINTS_A_MEMBER = 10
CHECKS_AN_HOUR = 5
"""How many ownership checks one member may cause in an hour: an address that is not its own is not to be bothered."""

HOUR = timedelta(hours=1)

OVERLAP = timedelta(hours=24)
"""How long a replaced secret signs along."""

FORMER_SECRETS = 2
"""How many replaced secrets may sign along at once."""


class DisabledReason(StrEnum):
    """Why an endpoint gets nothing. ``gone``: its receiver answered 410."""

    GONE = "gone"


def filters_matching(event_type: str) -> tuple[str, ...]:
    """Every filter that lets ``event_type`` through: itself and its prefixes, as ``membership.*``."""
    words = event_type.split(".")
    return (event_type, *(".".join(words[:n]) + ".*" for n in range(1, len(words))))


FILTERS = frozenset(match for event_type in CHOSEN for match in filters_matching(event_type))
"""Every filter that an endpoint can have."""


LISTENING = frozenset({EndpointStatus.ACTIVE, EndpointStatus.UNVERIFIED})
"""Where an endpoint that was verified once is entitled to what is announced."""


class Check(StrEnum):
    """How the ownership check of an endpoint that is not verified stands."""

    RUNNING = "running"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """Where one member is told. It gets messages only while ``active``: its owner has shown that it answers there.

    ``event_types``: exact types, or ``<prefix>.*``; none means all. ``challenge``: what the receiver has to echo,
    while a check runs or has failed. ``verified_at``: its present address; ``entitled_since``: what was announced from
    then on it is to get, sooner or later, wherever it has moved meanwhile.
    """

    id: str
    member_id: str
    url: str
    description: str
    event_types: tuple[str, ...]
    status: EndpointStatus
    created_at: datetime
    updated_at: datetime
    version: int = 1
    challenge: str | None = None
    check: Check | None = None
    verified_at: datetime | None = None
    entitled_since: datetime | None = None
    disabled_reason: DisabledReason | None = None

    @classmethod
    def register(
        cls,
        endpoint_id: str,
        member_id: str,
        url: str,
        description: str,
        event_types: Sequence[str],
        challenge: str,
        now: datetime,
    ) -> "Endpoint":
        """A new endpoint; it waits for its ownership check. Refuses filters that no event matches."""
        filters = _filters(event_types)
        return cls(
            id=endpoint_id,
            member_id=member_id,
            url=url,
            description=description,
            event_types=filters,
            status=ENDPOINT.start,
            challenge=challenge,
            check=Check.RUNNING,
            created_at=now,
            updated_at=now,
        )

    @property
    def is_entitled(self) -> bool:
        """Whether what is announced now is for it, at once or when its new address has been verified."""
        return self.status in LISTENING and self.entitled_since is not None

    @property
    def allowed_actions(self) -> list[str]:
        """What its owner may do with it now."""
        return [action for action in ENDPOINT.allowed(self.status) if action in OWNER_ACTS]

    def change(
        self, now: datetime, *, description: str | None, event_types: Sequence[str] | None
    ) -> None:
        """Describe it anew, or choose other events; what is None stays. Refuses filters that no event matches."""
        filters = self.event_types if event_types is None else _filters(event_types)
        self._move(EndpointAction.CHANGE, now)
        self.event_types = filters
        if description is not None:
            self.description = description

    def move(self, url: str, challenge: str, now: datetime) -> None:
        """Another address: it is checked like a new one; what is announced meanwhile waits."""
        self._ask(EndpointAction.MOVE, challenge, now)
        self.url = url

    def enable(self, challenge: str, now: datetime) -> None:
        """Check its ownership once more, after a failed check or after it was disabled."""
        self._ask(EndpointAction.ENABLING, challenge, now)

    def rotate_secret(self, now: datetime) -> None:
        """Note that it has got another secret."""
        self._move(EndpointAction.SECRET_ROTATION, now)

    def check_may_be_tested(self, event_type: WebhookType) -> None:
        """Refuse a test event of a type that cannot be chosen, or where it is not active."""
        if event_type not in CHOSEN:
            raise EventTypeUnknown(pointers=["/type"])
        ENDPOINT.after(self.status, EndpointAction.TEST_EVENT)

    def verify(self, challenge: str, now: datetime) -> None:
        """Its receiver echoed ``challenge``. An answer to an earlier one counts for nothing."""
        if self.status is EndpointStatus.UNVERIFIED and challenge == self.challenge:
            self._move(EndpointAction.VERIFICATION, now)
            self.challenge = self.check = None
            self.verified_at = now
            self.entitled_since = self.entitled_since or now

    def fail_check(self, challenge: str, now: datetime) -> None:
        """Its receiver did not echo ``challenge`` in any attempt."""
        if self.status is EndpointStatus.UNVERIFIED and challenge == self.challenge:
            self.check = Check.FAILED
            self._changed(now)

    def lose_receiver(self, url: str, now: datetime) -> bool:
        """Its receiver at ``url`` answered 410: send nothing more, and what is announced is not for it;
        once disabled or retired it stays so.

        What an address says that it has left meanwhile does not concern it; whether it did.
        """
        if url != self.url:
            return False
        if EndpointAction.DISABLING in ENDPOINT.allowed(self.status):
            self._move(EndpointAction.DISABLING, now)
            self.disabled_reason = DisabledReason.GONE
            self.challenge = self.check = self.verified_at = None
        return True

    def retire(self, now: datetime) -> None:
        """Its unit is no member any more: nothing new goes there, and nothing of it revives (M5)."""
        if EndpointAction.RETIREMENT in ENDPOINT.allowed(self.status):
            self._move(EndpointAction.RETIREMENT, now)
            self.challenge = self.check = self.disabled_reason = None

    def _ask(self, action: EndpointAction, challenge: str, now: datetime) -> None:
        if self.status is EndpointStatus.DISABLED and self.entitled_since is not None:
            self.entitled_since = now
        self._move(action, now)
        self.challenge, self.check = challenge, Check.RUNNING
        self.verified_at = self.disabled_reason = None

    def _move(self, action: EndpointAction, now: datetime) -> None:
        self.status = ENDPOINT.after(self.status, action)
        self._changed(now)

    def _changed(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now


def refuse_one_more(count: int) -> None:
    """Refuse another endpoint to a member that has ``count`` of them."""
    if count >= ENDPOINTS_A_MEMBER:
        raise TooManyEndpoints(most=ENDPOINTS_A_MEMBER)


def refuse_too_many_checks(asked: Sequence[datetime], now: datetime) -> None:
    """Refuse another ownership check to a member. ``asked``: when it caused those of the last hour, in order."""
    if len(asked) >= CHECKS_AN_HOUR:
        possible_at = asked[-CHECKS_AN_HOUR] + HOUR
        raise ChecksTooOften(retry_after=max(1, ceil((possible_at - now).total_seconds())))


def _filters(event_types: Sequence[str]) -> tuple[str, ...]:
    """The filters meant, each once; refuses those that no event matches."""
    unknown = [place for place, wanted in enumerate(event_types) if wanted not in FILTERS]
    if unknown:
        raise EventTypeUnknown(pointers=[f"/event_types/{place}" for place in unknown])
    return tuple(dict.fromkeys(event_types))


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as its endpoint has it: 32 random bytes; a replaced one signs along until ``until`` (machine time)."""

    key: bytes
    until: datetime | None = None


def rotated(
    secrets: Sequence[Secret], key: bytes, now: datetime, *, compromised: bool
) -> list[Secret]:
    """The secrets after a rotation, the new one first; ``now`` is machine time.

    The one it replaces signs along for a day, so that the receiver can change over; a compromised one, and all before
    it, no longer. At most two former ones sign along.
    """
    former = [] if compromised else [_ending(secret, now + OVERLAP) for secret in secrets]
    still_valid = [secret for secret in former if secret.until is None or secret.until > now]
    return [Secret(key), *still_valid[:FORMER_SECRETS]]


def _ending(secret: Secret, at: datetime) -> Secret:
    return replace(secret, until=min(at, secret.until or at))
