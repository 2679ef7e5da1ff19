"""Proposals as they are shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Row

from services.amendments.api.schemas.parts import (
    DIGEST,
    INITIATIVE_BASIS,
    LONG_AGO,
    MEMBER_ID,
    PROPOSAL_ID,
    URL,
    BasisOut,
    DeadlineOut,
    View,
    WordingOut,
    shown,
)
from services.amendments.api.schemas.proposals import DRAFT
from services.amendments.domain.changes import Draft
from services.amendments.domain.lifecycle import ProposalStatus, SupportStatus
from services.amendments.domain.proposal import Proposal, ProposerKind
from services.amendments.domain.support import LapseReason
from shared.contracts.amendments import RatioValue, TermValue
from shared.http.paging import Page
from shared.kernel.text import Language

_SUPPORT = {
    "reached": 2,
    "needed": 3,
    "of": 25,
    "basis": INITIATIVE_BASIS,
    "register_version": 57,
    "until": {
        "on": "2026-06-08",
        "ends_at": "2026-06-08T16:00:00Z",
        "basis": {"rule": "proposal.support_term", "article": "27", "rulebook_version": 1},
    },
    "latch": None,
    "own": "active",
    "own_is_confirmed": True,
    "led_by": MEMBER_ID,
}
_PROPOSAL = {
    "id": PROPOSAL_ID,
    "object": "proposal",
    "version": 1,
    "url": f"{URL}/proposals/{PROPOSAL_ID}",
    "status": "gathering",
    "allowed_actions": ["draft", "typo_correction", "support_retraction", "retraction"],
    "proposer": "coalition",
    "first_supporter": MEMBER_ID,
    "base_version": 1,
    "needs_rebase": False,
    "draft": DRAFT,
    "draft_digest": DIGEST,
    "touched": ["amendment.adoption", "art_27"],
    "corrections": [],
    "support": _SUPPORT,
    "repeats": None,
    "ballot_id": None,
    "decided_at": None,
    "promulgation_due": None,
    "promulgation_overdue": False,
    "promulgated_version": None,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
}


class ChangeOut(View):
    """One change of the text. A repealed provision has no texts."""

    kind: Literal["replace", "insert", "repeal"]
    id: str
    texts: WordingOut | None = None
    parent: str | None = None


class RuleChangeOut(View):
    """Another value for an entry of the rulebook."""

    key: str
    value: RatioValue | TermValue


class DraftOut(View):
    """What a proposal says."""

    changes: list[ChangeOut]
    rule_changes: list[RuleChangeOut]
    title: WordingOut
    reasons: WordingOut

    @classmethod
    def of(cls, draft: Draft) -> "DraftOut":
        """The view of ``draft``."""
        return cls.model_validate(draft.as_data())


class TypoOut(View):
    """A typing error that was mended after the draft was shown; the supports went with it."""

    place: str
    language: Language
    wrong: str
    right: str
    at: datetime


class LatchOut(View):
    """Enough members stood behind the draft; this stays whatever happens later."""

    reached: int
    needed: int
    of: int
    basis: BasisOut
    register_version: int
    roll_digest: Annotated[
        str, Field(description="SHA-256 over the sorted ids of the members then.")
    ]
    at: datetime


class SupportOut(View):
    """How many members stand behind the present draft. ``own``: the caller's unit; ``led_by``: who may edit."""

    reached: int
    needed: int | None
    of: int
    basis: BasisOut
    register_version: int
    until: DeadlineOut | None
    latch: LatchOut | None
    own: SupportStatus | None
    own_is_confirmed: Annotated[
        bool, Field(description="False: the draft changed since; the support must be given again.")
    ]
    led_by: str | None


class ProposalOut(View):
    """A proposal to amend the convention (Art. 27). The organ's needs no support, so ``support`` is null."""

    model_config = shown(_PROPOSAL)

    id: str
    object: Literal["proposal"] = "proposal"
    version: int
    url: str
    status: ProposalStatus
    allowed_actions: list[str]
    proposer: ProposerKind
    first_supporter: str | None
    base_version: int
    needs_rebase: Annotated[
        bool, Field(description="Another amendment was promulgated since: it must be rebased.")
    ]
    draft: DraftOut
    draft_digest: Annotated[
        str,
        Field(description="Over the draft and what it would replace; supports are bound to it."),
    ]
    touched: list[str]
    corrections: list[TypoOut]
    support: SupportOut | None
    repeats: Annotated[
        str | None, Field(description="The rejected proposal with the same changes, if any.")
    ]
    ballot_id: str | None
    decided_at: datetime | None
    promulgation_due: DeadlineOut | None
    promulgation_overdue: bool
    promulgated_version: int | None
    created_at: datetime
    updated_at: datetime


class SupporterOut(View):
    """A unit that stands or stood behind a proposal, and whether for the present draft."""

    model_config = shown(
        {
            "member_id": MEMBER_ID,
            "legal_name": {"zh": "北京示例网络科技有限公司", "en": "Beijing Example Ltd."},
            "status": "active",
            "is_confirmed": True,
            "lapse_reason": None,
            "since": LONG_AGO,
            "ended_at": None,
            "withdraws_at": None,
        }
    )

    member_id: str
    legal_name: WordingOut
    status: SupportStatus
    is_confirmed: bool
    lapse_reason: LapseReason | None
    since: datetime
    ended_at: datetime | None
    withdraws_at: Annotated[
        datetime | None, Field(description="Since when it wants the whole proposal withdrawn.")
    ]

    @classmethod
    def of(cls, row: Row[Any]) -> "SupporterOut":
        """The view of a row of the list."""
        return cls(
            member_id=row.member_id,
            legal_name=WordingOut(zh=row.legal_name_zh, en=row.legal_name_en),
            status=row.status,
            is_confirmed=row.status is SupportStatus.ACTIVE
            and row.draft_digest == row.present_digest,
            lapse_reason=row.lapse_reason,
            since=row.since,
            ended_at=row.ended_at,
            withdraws_at=row.withdraws_at,
        )


class CollisionOut(View):
    """Another live proposal, and what both touch."""

    model_config = shown({"proposal": _PROPOSAL, "touched_by_both": ["art_27"]})

    proposal: ProposalOut
    touched_by_both: list[str]


class CollisionsOut(Page[CollisionOut]):
    """The other live proposals that touch what this one touches; the second adopted needs a rebase and a new ballot."""


def support_out(proposal: Proposal, row: Row[Any]) -> SupportOut | None:
    """Where a coalition's support stands, from a row of ``proposals_for``."""
    if proposal.is_the_organs:
        return None
    latch, initiative = proposal.latch, proposal.initiative
    return SupportOut(
        reached=row.supporters,
        needed=initiative.ratio.needed_of(row.members) if row.members else None,
        of=row.members,
        basis=BasisOut.of(initiative.basis),
        register_version=row.watermark or 0,
        until=DeadlineOut.of(proposal.lapse),
        latch=None
        if latch is None
        else LatchOut(
            reached=latch.reached,
            needed=latch.needed,
            of=latch.of,
            basis=BasisOut.of(latch.basis),
            register_version=latch.register_version,
            roll_digest=latch.roll_digest,
            at=latch.at,
        ),
        own=row.own_status,
        own_is_confirmed=row.own_status is SupportStatus.ACTIVE
        and row.own_digest == proposal.draft_digest,
        led_by=row.leader,
    )
