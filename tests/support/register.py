"""A register of members made up for tests: real changes with gapless versions and a chain that holds."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from shared.contracts.base import Envelope, RegisterChange, envelope
from shared.contracts.membership import (
    AccessionBasis,
    Ending,
    MandateKind,
    MemberAcceded,
    MemberEnded,
    MemberParticularsChanged,
    RepresentativeAppointed,
    RepresentativeRemoved,
    Sector,
)
from shared.kernel.actor import Scope, Subject
from shared.kernel.chain import EMPTY_HEAD
from shared.kernel.ids import new_id
from shared.kernel.terms import civil_day
from tests.support.postgres import ZONE

C = TypeVar("C", bound=RegisterChange)

SECTORS = (Sector.ACCESS_SERVICE,)


class MadeUpRegister:
    """Whatever happens to members takes the next version. ``now``: the instant at which the next change is recorded."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.changes: list[RegisterChange] = []
        self._period: dict[str, str] = {}
        self._sequence: dict[str, int] = {}

    @property
    def version(self) -> int:
        """The version of the last change."""
        return len(self.changes)

    @property
    def head(self) -> str:
        """The chain head after the last change."""
        return self.changes[-1].register_head if self.changes else EMPTY_HEAD

    def accede(self, member_id: str | None = None, *sectors: Sector) -> str:
        """A unit, new or come back, becomes a member; its id."""
        unit = member_id or new_id("mem")
        self._period[unit] = new_id("per")
        return self._open(unit, AccessionBasis.APPLICATION, sectors)

    def reinstate(self, member_id: str, *sectors: Sector) -> str:
        """A period that ended runs again: the unit never ceased."""
        return self._open(member_id, AccessionBasis.REINSTATED, sectors)

    def end(
        self, member_id: str, ending: Ending = Ending.WITHDRAWN, *, since: date | None = None
    ) -> None:
        """A unit ceases to be a member: now, or ``since`` an earlier day, where membership was down meanwhile."""
        self._enter(
            MemberEnded,
            member_id,
            period_id=self._period[member_id],
            ending=ending,
            effective_on=since or civil_day(self.now, ZONE),
            ground_case_id=None,
            successor_member_id=None,
        )

    def change_particulars(self, member_id: str, *sectors: Sector, name: str = "新名") -> None:
        """A unit bears another name, or works in other sectors."""
        self._enter(
            MemberParticularsChanged,
            member_id,
            valid_from=civil_day(self.now, ZONE),
            **_particulars(member_id, sectors, name),
        )

    def appoint(
        self, member_id: str, subject: Subject, *scopes: Scope, until: datetime | None = None
    ) -> str:
        """A subject may act for a unit, in everything where no scope is given; the mandate's id."""
        mandate_id = new_id("rep")
        self._enter(
            RepresentativeAppointed,
            member_id,
            representative_id=mandate_id,
            period_id=self._period[member_id],
            kind=MandateKind.ENTRUSTED,
            subject_issuer=subject.issuer,
            subject_sub=subject.sub,
            scopes=list(scopes or (Scope.ALL,)),
            valid_from=self.now - timedelta(days=1),
            valid_until=until,
        )
        return mandate_id

    def remove(self, member_id: str, mandate_id: str) -> None:
        """A mandate ends."""
        self._enter(
            RepresentativeRemoved,
            member_id,
            representative_id=mandate_id,
            period_id=self._period[member_id],
            removed_at=self.now,
        )

    def announced(self, changes: Sequence[RegisterChange]) -> list[Envelope]:
        """``changes`` in envelopes, each with the next sequence of its member."""
        envelopes = []
        for change in changes:
            sequence = self._sequence[change.member_id] = (
                self._sequence.get(change.member_id, 0) + 1
            )
            envelopes.append(
                envelope(change, id=new_id("evt"), sequence=sequence, time=change.recorded_at)
            )
        return envelopes

    def _open(self, unit: str, basis: AccessionBasis, sectors: Sequence[Sector]) -> str:
        self._enter(
            MemberAcceded,
            unit,
            period_id=self._period[unit],
            basis=basis,
            application_id=None,
            effective_on=civil_day(self.now, ZONE),
            **_particulars(unit, sectors, "示例"),
        )
        return unit

    def _enter(self, change_type: type[C], member_id: str, **fields: Any) -> C:
        change = change_type(
            member_id=member_id,
            register_version=self.version + 1,
            register_head=EMPTY_HEAD,
            salt=f"{self.version + 1:032x}",
            recorded_at=self.now,
            **fields,
        )
        linked = change.model_copy(update={"register_head": change.head_after(self.head)})
        self.changes.append(linked)
        return linked


def tampered(change: RegisterChange) -> RegisterChange:
    """``change`` with something else in it than its head was computed from."""
    return change.model_copy(update={"salt": "f" * 32})


def _particulars(member_id: str, sectors: Sequence[Sector], name: str) -> dict[str, Any]:
    return {
        "legal_name_zh": f"{name}{member_id[-4:]}公司",
        "legal_name_en": f"Unit {member_id[-4:]} Ltd. ({name})",
        "identifier": "91110108QTY458N227",
        "sectors": list(sectors or SECTORS),
    }
