"""What amendments announces, made up: real classes of the catalogue, invented content."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from shared.contracts import amendments
from shared.contracts import amendments_ballots as ballots
from shared.contracts.base import Event
from shared.contracts.membership import Sector
from shared.kernel.ids import new_id

E = TypeVar("E", bound=Event)

OPENS_AT = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
CLOSES_AT = datetime(2026, 5, 1, 16, 0, tzinfo=UTC)
BASIS = {"rule": "amendment.adoption", "article": "27", "rulebook_version": 1}
INITIATIVE = {"rule": "amendment.initiative", "article": "27", "rulebook_version": 1}
BALLOT = {
    "kind": "proposal",
    "subject_id": "prp_1",
    "question_zh": "提高修改公约的表决比例",
    "question_en": "A higher majority for amendments",
    "needed": 800,
    "of": 1200,
    "basis": BASIS,
}
OPEN = {"ballot": BALLOT, "opens_at": OPENS_AT, "closes_at": CLOSES_AT}


def a_tally(consenting: int, of: int, needed: int | None) -> dict[str, Any]:
    """A count in which a hundred are against and fifty abstain."""
    reached = needed is not None and consenting >= needed
    return {
        "units": of,
        "consenting": consenting,
        "against": 100,
        "abstaining": 50,
        "needed": needed,
        "reached": reached,
    }


_CONTENT: dict[type[Event], dict[str, Any]] = {
    amendments.ProposalSubmitted: {
        "proposer": "organ",
        "first_supporter": None,
        "base_version": 2,
        "touched": ["art_27", "amendment.adoption"],
        "support_until": None,
        "submitted_at": OPENS_AT,
    },
    amendments.ProposalSupportedEnough: {
        "reached": 121,
        "needed": 120,
        "of": 1200,
        "basis": INITIATIVE,
        "register_version": 1,
        "roll_digest": "b" * 64,
        "latched_at": OPENS_AT,
    },
    amendments.ProposalRebased: {
        "base_version": 3,
        "touched": ["art_27"],
        "support_until": date(2026, 6, 1),
        "rebased_at": OPENS_AT,
    },
    amendments.ProposalDraftChanged: {
        "draft_digest": "e" * 64,
        "support_until": date(2026, 6, 1),
        "changed_at": OPENS_AT,
    },
    amendments.ProposalRetracted: {"retracted_at": OPENS_AT},
    amendments.ProposalLapsed: {"lapsed_at": OPENS_AT, "basis": INITIATIVE},
    amendments.ProposalPromulgationOverdue: {"due_on": date(2026, 6, 1), "basis": BASIS},
    ballots.BallotCalled: {
        "ballot": BALLOT | {"needed": None, "of": None},
        "called_at": OPENS_AT - timedelta(days=15),
        "opens_at": OPENS_AT,
        "closes_at": CLOSES_AT,
    },
    ballots.BallotOpened: OPEN | {"register_version": 1, "roll_digest": "b" * 64},
    ballots.BallotExtended: OPEN | {"reason": "停电"},
    ballots.BallotClosed: OPEN,
    ballots.BallotCancelled: {"ballot": BALLOT, "reason": "the proposal was withdrawn"},
    ballots.BallotReminderDue: {"closes_at": CLOSES_AT},
    ballots.BallotVoteVoided: {"ended_at": OPENS_AT},
    ballots.BallotVoteReplaced: {"acted_at": OPENS_AT},
    ballots.BallotMemberCancelled: {},
    ballots.BallotResultEstablished: {
        "ballot": BALLOT,
        "outcome": "adopted",
        "official": a_tally(820, 1200, 800),
        "closing": a_tally(815, 1190, 794),
        "less_voluntary": a_tally(816, 1192, 795),
        "seal": "c" * 64,
        "record_url": "/v1/ballots/bal_1/record",
        "established_at": CLOSES_AT,
    },
    ballots.BallotDetermined: {
        "ballot": BALLOT,
        "outcome": "rejected",
        "interpretation_id": "itp_1",
        "determined_at": CLOSES_AT,
    },
    amendments.ConventionPromulgated: {
        "version": 3,
        "occasion": "amendment",
        "source": "prp_1",
        "valid_on": date(2026, 5, 2),
        "in_force_on": date(2026, 7, 1),
        "rulebook_version": 2,
        "text_digest": "d" * 64,
        "changed": ["art_27"],
        "redline_url": "/v1/convention/redline?from=2&to=3",
    },
    amendments.ConventionCorrected: {
        "number": 2,
        "kind": "corrigendum",
        "provision": "art_27",
        "versions": [2, 3],
        "text_digest": "e" * 64,
    },
    amendments.InterpretationIssued: {
        "number": 7,
        "provision": "art_27",
        "convention_version": 3,
        "effective_on": date(2026, 7, 1),
        "supersedes": None,
        "in_own_case": False,
    },
    amendments.InterpretationSuperseded: {
        "number": 6,
        "provision": "art_27",
        "superseded_by": "itp_1",
    },
    amendments.AnnexAdopted: {
        "number": 1,
        "provision": "art_29",
        "convention_version": 2,
        "sector": Sector.ACCESS_SERVICE,
        "trial_until": date(2028, 1, 4),
        "adopted_at": datetime(2027, 1, 4, tzinfo=UTC),
    },
}

ABOUT = {
    "proposal": "prp",
    "ballot": "bal",
    "convention": "cnv",
    "interpretation": "itp",
    "annex": "anx",
}
TO_ONE_UNIT = (
    amendments.ProposalDraftChanged,
    ballots.BallotReminderDue,
    ballots.BallotVoteVoided,
    ballots.BallotVoteReplaced,
)
_UNITS = ("non_voters", "supporters")
ANNOUNCED = tuple(_CONTENT)
"""Everything that members are told of what happens in amendments."""


def announced(type_: type[E], unit: str = "", **changes: Any) -> E:
    """An announcement about a new thing, and about ``unit`` where it concerns one."""
    data = {type_.about: new_id(ABOUT[type_.aggregate])} | _CONTENT[type_]
    if "member_id" in type_.model_fields:
        data["member_id"] = unit
    for units in type_.model_fields.keys() & set(_UNITS):
        data[units] = [{"member_id": unit}]
    return type_.model_validate(data | changes)
