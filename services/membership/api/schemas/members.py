"""The bodies and views of members."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from services.membership.api.schemas.view import LONG_AGO, MEMBER_ID, PERIOD_ID, URL, View
from services.membership.domain.ceasing import RegisteredAct
from services.membership.domain.lifecycle import MembershipStatus
from services.membership.domain.particulars import Sector
from services.membership.domain.period import AccessionBasis, Ending, EndingOutcome
from shared.http.strict import Body, Choice, Day, Email, Flag, Line
from shared.kernel.ids import id_pattern

_NAMES: dict[str, JsonValue] = {
    "legal_name_zh": "北京示例网络科技有限公司",
    "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
    "sectors": ["application_service"],
}
_MEMBER: dict[str, JsonValue] = {
    "id": MEMBER_ID,
    "object": "member",
    "version": 2,
    "url": f"{URL}/members/{MEMBER_ID}",
    "status": "member",
    "allowed_actions": [],
    "identifier": "91110108QTY458N227",
    **_NAMES,
    "group": None,
    "member_since": "2026-03-10",
    "ceased_on": None,
    "details": None,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
}
_HISTORY: dict[str, JsonValue] = {
    "object": "member_history",
    "member_id": MEMBER_ID,
    "names": [{"valid_from": "2026-03-10", "register_version": 1, **_NAMES}],
    "periods": [{"id": PERIOD_ID, "opened_on": "2026-03-10", "ended_on": None}],
    "took_over": None,
}
_EVIDENCE = "市监登字〔2026〕第 118 号"


def _absent() -> Any:
    """What a field holds that was not sent; ``null`` is no value for it."""


class PublicPeriodOut(View):
    """A membership period."""

    id: str
    opened_on: date
    ended_on: date | None


class EndingGroundOut(View):
    """What an ending rests on."""

    successor_member_id: Annotated[
        str | None, Field(description="The member that a merged unit goes on in.")
    ]
    dissolved_on: Annotated[
        date | None, Field(description="The day on which a dissolved unit ceased to exist.")
    ]
    evidence: Annotated[
        str | None, Field(description="The reference of the act: for the registrar alone.")
    ]


class PeriodOut(PublicPeriodOut, EndingGroundOut):
    """A membership period, with how it ended: for the member and the registrar."""

    basis: AccessionBasis
    ending: Ending | None
    ground_case_id: str | None


class AnnouncedEndingOut(EndingGroundOut):
    """An ending that will take effect on a later day."""

    kind: Ending
    effective_on: date
    effective_at: datetime


class SettledEndingOut(EndingGroundOut):
    """An ending that does not stand, and why: where another came first, which one.

    A merger has `lapsed` where its successor ceased before its day.
    """

    kind: Ending
    effective_on: date
    outcome: EndingOutcome
    ended_by: Ending | None
    ended_on: date | None
    case_id: str | None
    decision_number: str | None


class MembershipRecordOut(View):
    """Every period of a unit, and every ending that was announced and does not stand."""

    periods: Sequence[PeriodOut]
    settled_endings: Sequence[SettledEndingOut]


class MemberDetailsOut(MembershipRecordOut):
    """What only the member itself and the registrar see."""

    legal_representative: str
    contact_email: str
    contact_phone: str | None
    unreachable: bool
    announced_endings: Sequence[AnnouncedEndingOut]


class MemberOut(View):
    """A unit on the register. Everyone sees that a unit ceased, nobody here why."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MEMBER]})

    id: str
    object: Literal["member"] = "member"
    version: int
    url: str
    status: MembershipStatus
    allowed_actions: Annotated[
        Sequence[str], Field(description="Of this caller; in a list always empty: read the unit.")
    ]
    identifier: str
    legal_name_zh: str
    legal_name_en: str
    sectors: Sequence[Sector]
    group: str | None
    member_since: date
    ceased_on: date | None
    details: MemberDetailsOut | None
    created_at: datetime
    updated_at: datetime


class ChangeParticulars(Body):
    """What changes, from which day on (today where none is given). Only the registrar sets ``unreachable``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"legal_name_zh": "北京新名网络科技有限公司", "valid_from": "2026-11-01"}]
        }
    )

    valid_from: Day | None = None
    legal_name_zh: Line = Field(default_factory=_absent)
    legal_name_en: Line = Field(default_factory=_absent)
    sectors: Annotated[list[Choice[Sector]], Field(min_length=1, max_length=7)] = Field(
        default_factory=_absent
    )
    legal_representative: Line = Field(default_factory=_absent)
    contact_email: Email = Field(default_factory=_absent)
    contact_phone: Line | None = None
    group: Line | None = None
    unreachable: Flag = Field(default_factory=_absent)


class Withdraw(Body):
    """Leave at once, or on a later day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"effective_on": "2026-12-31"}]})

    effective_on: Day | None = None


class RegisteredActIn(Body):
    """An act that ends a membership: at once where no later day is named, never back-dated."""

    effective_on: Day | None = None
    evidence: Annotated[Line, Field(description="The reference of the act, as a document number.")]

    def act(self) -> RegisteredAct:
        """What lies before the registrar."""
        return RegisteredAct(self.evidence, self.effective_on)


class Merge(RegisteredActIn):
    """The unit merges into another member, in which it goes on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"successor_member_id": MEMBER_ID, "evidence": _EVIDENCE}]}
    )

    successor_member_id: Annotated[str, StringConstraints(pattern=id_pattern("mem"))]


class Dissolve(RegisteredActIn):
    """The unit ceased to exist, or will have by `effective_on`; the true day where it is another."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"dissolved_on": "2026-02-27", "evidence": _EVIDENCE}]}
    )

    dissolved_on: Day | None = None


class TakeoverOut(View):
    """A unit that merged into this one."""

    member_id: str
    legal_name_zh: str
    legal_name_en: str
    on: date
    register_version: int


class HistoryEntryOut(View):
    """What a member was called, and from when."""

    valid_from: date
    register_version: int
    legal_name_zh: str
    legal_name_en: str
    sectors: Sequence[Sector]


class MemberHistoryOut(View):
    """Names and periods of a unit; the reasons for endings only for itself and the registrar."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HISTORY]})

    object: Literal["member_history"] = "member_history"
    member_id: str
    names: Sequence[HistoryEntryOut]
    periods: Sequence[PeriodOut] | Sequence[PublicPeriodOut]
    took_over: Annotated[
        Sequence[TakeoverOut] | None,
        Field(description="The units that merged into it: for the member and the registrar."),
    ]
