"""Proposals for tests, made by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.amendments.domain.changes import Draft, ReplaceProvision
from services.amendments.domain.deadline import Deadline
from services.amendments.domain.draft_digest import Base
from services.amendments.domain.lifecycle import ProposalStatus
from services.amendments.domain.promulgation import Adoption
from services.amendments.domain.proposal import (
    PUBLICATION_TERM,
    Proposal,
    Proposer,
    ProposerKind,
)
from services.amendments.domain.support import Standing, Support
from shared.kernel.actor import Subject
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from tests.unit.amendments.domain.texts import a_text, wording

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime.fromisoformat("2026-03-10T04:00:00+00:00")
DAY = timedelta(days=1)
SECRETARY = Subject("https://issuer.test", "secretary")
ANOTHER = Subject("https://issuer.test", "another secretary")
CHAIR = Subject("https://issuer.test", "chair")
UNIT = "mem_1"
BALLOT = "bal_1"
BASE = Base(1, a_text(), REFERENCE_RULEBOOK)
NEXT_BASE = Base(2, a_text(), REFERENCE_RULEBOOK)


def a_draft(zh: str = "成员都应当:", provision: str = "art_2") -> Draft:
    """Another text for one article."""
    change = ReplaceProvision(provision, wording(zh))
    return Draft((change,), (), wording("修改"), wording("理由"))


def a_proposal(kind: ProposerKind = ProposerKind.COALITION) -> Proposal:
    """A proposal as it was submitted."""
    is_organ = kind is ProposerKind.ORGAN
    proposer = Proposer(kind, SECRETARY) if is_organ else Proposer(kind, CHAIR, UNIT)
    return Proposal.submit(
        "prp_1", proposer, a_draft(), BASE, rulebook=REFERENCE_RULEBOOK, now=NOW, zone=ZONE
    )


def in_state(status: ProposalStatus, kind: ProposerKind = ProposerKind.COALITION) -> Proposal:
    """A proposal in ``status``, with what it has there."""
    proposal = a_proposal(kind)
    gathers = {ProposalStatus.GATHERING, ProposalStatus.LAPSED}
    if kind is ProposerKind.COALITION and status not in gathers:
        proposal.admit(Standing(7, 1, 10), "0" * 64, NOW)
    if status in {ProposalStatus.ADOPTED, ProposalStatus.PROMULGATED}:
        due = Deadline.after(NOW, REFERENCE_RULEBOOK, PUBLICATION_TERM, ZONE)
        proposal.adoption = Adoption(NOW, due)
    proposal.status, proposal.ballot_id = status, BALLOT
    return proposal


def a_support() -> Support:
    """The first signer's support."""
    return Support("prp_1", UNIT, BASE.digest_of(a_draft()), 3, CHAIR, NOW, NOW)
