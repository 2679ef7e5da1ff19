"""Events and their envelope: CloudEvents 1.0, structured JSON.

One string is the CloudEvents ``type``, the routing key, the webhook type and the key in the catalogue.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.kernel.chain import next_head

MAX_ENVELOPE_BYTES = 256 * 1024
SEQUENCE_DIGITS = 12

MemberId = Annotated[str, StringConstraints(pattern=r"^mem_[0-9a-f]{32}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Classification(StrEnum):
    """How far the data of an event may travel. Confidential and restricted events are thin."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class Event(BaseModel):
    """A fact that a service announces: ids, plain values and wire enums only.

    Declared as ``class MemberEnded(Event, type="membership.member.ended.v1", aggregate="member", about="member_id")``:
    ``about`` is the field with the aggregate's id. Readers ignore fields that they do not know.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    aggregate: ClassVar[str]
    about: ClassVar[str]
    classification: ClassVar[Classification]

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,
        aggregate: str | None = None,
        about: str | None = None,
        classification: Classification = Classification.INTERNAL,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if type is not None and aggregate is not None and about is not None:
            cls.type, cls.aggregate, cls.about = type, aggregate, about
            cls.classification = classification

    @property
    def aggregate_id(self) -> str:
        """The id of the thing whose announcements this one is counted among."""
        return str(getattr(self, self.about))


class RegisterChange(Event):
    """One change of membership, particulars or mandates: it takes exactly one register version.

    ``register_head`` = SHA-256 of the previous head and the canonical change (all other fields). ``salt`` keeps the
    public head from being an oracle for what is not public.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    member_id: MemberId
    register_version: Annotated[int, Field(ge=1)]
    register_head: Digest
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    recorded_at: AwareDatetime

    def head_after(self, previous_head: str) -> str:
        """The chain head that this change must carry if it follows ``previous_head``."""
        return next_head(previous_head, self.model_dump(mode="json", exclude={"register_head"}))


class Envelope(BaseModel):
    """The CloudEvents 1.0 attributes around an event's data.

    ``sequence`` counts the announcements of the aggregate, without holes. ``follows`` stands only on a replayed
    event: the sequence of the announcement that comes before it in the replay, where what lay between is not repeated.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.0$")] = "1.0"
    id: Annotated[str, StringConstraints(pattern=r"^evt_[0-9a-f]{32}$")]
    source: Annotated[str, StringConstraints(pattern=r"^/[a-z]+$")]
    type: Annotated[
        str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+\.[a-z_]+\.v[1-9]\d?$", max_length=120)
    ]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    time: AwareDatetime
    datacontenttype: str = "application/json"
    partitionkey: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    sequence: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    dataclassification: Classification
    traceparent: Annotated[str, StringConstraints(max_length=64)] | None = None
    requestid: Annotated[str, StringConstraints(max_length=64)] | None = None
    follows: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    data: dict[str, Any]

    @property
    def publisher(self) -> str:
        """The service that announced it."""
        return self.source.removeprefix("/")

    def to_json(self) -> bytes:
        """The envelope as it travels; absent optional attributes are left out."""
        return self.model_dump_json(exclude_none=True).encode()


def envelope(
    event: Event,
    *,
    id: str,
    sequence: int,
    time: datetime,
    requestid: str | None = None,
    traceparent: str | None = None,
) -> Envelope:
    """``event`` in its envelope, ready to travel."""
    return Envelope(
        id=id,
        source="/" + event.type.partition(".")[0],
        type=event.type,
        subject=event.aggregate_id,
        time=time,
        partitionkey=event.aggregate_id,
        sequence=f"{sequence:0{SEQUENCE_DIGITS}d}",
        dataclassification=event.classification,
        requestid=requestid,
        traceparent=traceparent,
        data=event.model_dump(mode="json"),
    )
