"""Support for a members' proposal: who stands behind it, and whether one tenth of the members do (A4, Art. 27)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.amendments.domain.errors import NotSupporting
from services.amendments.domain.lifecycle import SUPPORT, SupportAction, SupportStatus
from shared.kernel.actor import Subject
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Basis, Rulebook

INITIATIVE = "amendment.initiative"


class LapseReason(StrEnum):
    """Why a support fell away: the unit left, or whoever gave it had no mandate any more."""

    LEFT = "left"
    MANDATE = "mandate"


@dataclass(slots=True)
class Support:
    """A unit's support, bound to the hash of a draft.

    ``member_since``: the register version that opened the membership it rests on. ``since``: from when on the unit has
    stood behind the proposal without a break. ``withdraws_at``: from when on it wants the whole proposal withdrawn.
    """

    proposal_id: str
    member_id: str
    draft_digest: str
    member_since: int
    supported_by: Subject
    since: datetime
    supported_at: datetime
    status: SupportStatus = SUPPORT.start
    lapse_reason: LapseReason | None = None
    ended_at: datetime | None = None
    withdraws_at: datetime | None = None

    def binds(self, draft_digest: str) -> bool:
        """Whether it counts for the draft with this hash."""
        return self.status is SupportStatus.ACTIVE and self.draft_digest == draft_digest

    def give_again(self, draft_digest: str, member_since: int, by: Subject, now: datetime) -> None:
        """Support it anew: after a change of the draft, a retraction, or coming back as a member."""
        status = SUPPORT.after(self.status, SupportAction.SUPPORT)
        if self.status is not SupportStatus.ACTIVE:
            self.since = now
        self.status = status
        self.draft_digest, self.member_since = draft_digest, member_since
        self.supported_by, self.supported_at = by, now
        self.lapse_reason = self.ended_at = self.withdraws_at = None

    def retract(self, now: datetime) -> None:
        """Take it back, whatever became of the draft since."""
        self.status = SUPPORT.after(self.status, SupportAction.RETRACTION)
        self.ended_at = now

    def want_withdrawal(self, now: datetime) -> None:
        """Say that the proposal is to be withdrawn; it is when all its supporters have said so (edge case 8)."""
        if self.status is not SupportStatus.ACTIVE:
            raise NotSupporting
        self.withdraws_at = self.withdraws_at or now


@dataclass(frozen=True, slots=True)
class Initiative:
    """How many members make a proposal theirs (Art. 27): the ratio of the rulebook under which it was begun."""

    ratio: Ratio
    basis: Basis

    @classmethod
    def under(cls, rulebook: Rulebook) -> "Initiative":
        """The initiative as ``rulebook`` has it."""
        return cls(rulebook.ratio(INITIATIVE), rulebook.basis(INITIATIVE))


@dataclass(frozen=True, slots=True)
class Standing:
    """How many units supported a draft at a register version, of how many members that could.

    Of an annex's amendment: how many of those whom the annex binds consented to it.
    """

    register_version: int
    supporters: int
    members: int


@dataclass(frozen=True, slots=True)
class Step:
    """By how much a register version changed the number of members, and of supporters among them."""

    register_version: int
    members: int
    supporters: int


def standings(start: Standing, steps: Iterable[Step]) -> Iterator[Standing]:
    """The standing after each step, ``start`` itself left out."""
    supporters, members = start.supporters, start.members
    for step in steps:
        supporters += step.supporters
        members += step.members
        yield Standing(step.register_version, supporters, members)


def first_reached(ratio: Ratio, tested: Iterable[Standing]) -> Standing | None:
    """The first standing at which enough are behind it (Art. 27: 10·s ≥ N)."""
    return next((s for s in tested if ratio.reached_by(s.supporters, s.members)), None)


@dataclass(frozen=True, slots=True)
class Latch:
    """Enough members stood behind it at a register version: that stays, whatever happens later (edge case 3)."""

    register_version: int
    roll_digest: str
    reached: int
    needed: int
    of: int
    basis: Basis
    at: datetime
