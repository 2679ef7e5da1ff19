"""What a ballot is about: a proposal or an annex, as the ballot stores it and never edits it (A5, A7)."""

from dataclasses import dataclass
from enum import StrEnum

from services.amendments.domain.errors import BallotOvertaken
from services.amendments.domain.provision import Wording
from shared.kernel.actor import Subject


class SubjectKind(StrEnum):
    """What kind of thing is put to the vote."""

    PROPOSAL = "proposal"
    ANNEX = "annex"


class BallotOutcome(StrEnum):
    """What became of a ballot. ``cancelled``: it decided nothing, another may be called."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class BallotSubject:
    """The question of a ballot. ``rule_key``: the rulebook's entry that decides it.

    ``proposers``: the token subjects that wrote or supported it; none of them calls or determines its ballot (P40).
    """

    kind: SubjectKind
    id: str
    title: Wording
    draft_digest: str
    base_version: int
    rule_key: str
    proposers: frozenset[Subject]


def check_rests_on(ballot_id: str, own: str | None) -> None:
    """Refuse what a ballot says to a subject whose ``own`` ballot is another by now, or none."""
    if ballot_id != own:
        raise BallotOvertaken
