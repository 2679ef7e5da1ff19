"""A proposal's verbs: each moves it as the table says, or refuses and changes nothing (A4, A6)."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.amendments.domain.errors import (
    BaseNoLongerMatches,
    BaseOutdated,
    DraftChangedSince,
    DraftLatched,
    NothingToRebase,
    ProposerIsPromulgator,
    PutToTheVote,
)
from services.amendments.domain.lifecycle import PROPOSAL, ProposalAction, ProposalStatus
from services.amendments.domain.proposal import Part, Proposal, ProposerKind
from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.support import Standing
from services.amendments.domain.typo import TypoCorrection
from shared.kernel.errors import Refusal
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from tests.unit.amendments.domain.proposals import (
    ANOTHER,
    BALLOT,
    BASE,
    CHAIR,
    DAY,
    NEXT_BASE,
    NOW,
    SECRETARY,
    ZONE,
    a_draft,
    a_proposal,
    in_state,
)

A, S = ProposalAction, ProposalStatus
ORGAN, COALITION = ProposerKind.ORGAN, ProposerKind.COALITION
Verb = Callable[[Proposal], object]


def _outcome(outcome: BallotOutcome) -> Verb:
    return lambda p: p.note_outcome(
        BALLOT, outcome, rulebook=REFERENCE_RULEBOOK, now=NOW, zone=ZONE
    )


def _rebase(zh: str) -> Verb:
    return lambda p: p.rebase(
        a_draft(zh), NEXT_BASE, ANOTHER, rulebook=REFERENCE_RULEBOOK, now=NOW, zone=ZONE
    )


TYPO = TypoCorrection("art_2", "zh", "都", "皆", NOW)
SAME, OTHER = "成员都应当:", "成员一律应当:"

VERBS: dict[ProposalAction, Verb] = {
    A.DRAFT: lambda p: p.edit(a_draft(OTHER), BASE, ANOTHER, NOW),
    A.TYPO_CORRECTION: lambda p: p.correct_typo(TYPO, BASE, SECRETARY, NOW),
    A.SUPPORT: lambda p: p.check_supportable(p.draft_digest, NOW),
    A.SUPPORT_RETRACTION: lambda p: p.check_support_retractable(NOW),
    A.ADMISSION: lambda p: p.admit(Standing(8, 2, 20), "1" * 64, NOW),
    A.RETRACTION: lambda p: p.retract(NOW),
    A.LAPSE: lambda p: p.let_lapse(NOW),
    A.REBASE: _rebase(SAME),
    A.RECONFIRMATION: _rebase(OTHER),
    A.BALLOT: lambda p: p.note_ballot_called(BALLOT, NOW),
    A.OPENING: lambda p: p.note_ballot_opened(BALLOT, NOW),
    A.CANCELLATION: _outcome(BallotOutcome.CANCELLED),
    A.ADOPTION: _outcome(BallotOutcome.ADOPTED),
    A.REJECTION: _outcome(BallotOutcome.REJECTED),
    A.INDETERMINACY: _outcome(BallotOutcome.UNDETERMINED),
    A.PROMULGATION: lambda p: p.promulgate(ANOTHER, frozenset({SECRETARY}), 1, NOW),
}


def test_every_action_has_its_verb() -> None:
    """Architecture: "Actions are named acts, each with one verb"."""
    assert set(VERBS) == set(A)


@pytest.mark.parametrize("kind", [ORGAN, COALITION])
@given(status=st.sampled_from(list(S)), action=st.sampled_from(list(A)))
def test_a_verb_moves_it_as_the_table_says_or_leaves_it_as_it_was(
    kind: ProposerKind, status: ProposalStatus, action: ProposalAction
) -> None:
    """Architecture: "a refused verb changes nothing (a property test over every state x action)"."""
    proposal = in_state(status, kind)
    before = deepcopy(proposal)
    try:
        VERBS[action](proposal)
    except Refusal:
        assert proposal == before
    else:
        meant = A.REBASE if (kind, action) == (ORGAN, A.RECONFIRMATION) else action
        if (status, meant) == (S.GATHERING, A.RECONFIRMATION):
            meant = A.REBASE
        assert proposal.status is PROPOSAL.after(status, meant)


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("action", set(A) - {A.RECONFIRMATION})
def test_what_the_table_does_not_offer_is_refused_with_what_it_does(
    status: ProposalStatus, action: ProposalAction
) -> None:
    offered = PROPOSAL.allowed(status)
    if action.value in offered:
        return
    with pytest.raises(NotAllowedNow) as refusal:
        VERBS[action](in_state(status))
    assert refusal.value.facts["allowed_actions"] == offered


def test_the_organs_starts_supported_and_the_members_gathers() -> None:
    """Edge case 7: "no supports needed"; Art. 27: the organ or (或) one tenth."""
    assert (a_proposal(ORGAN).status, a_proposal(ORGAN).lapse) == (S.SUPPORTED, None)
    coalition = a_proposal()
    assert coalition.status is S.GATHERING
    assert coalition.lapse is not None
    assert coalition.lapse.basis.rule == "proposal.support_term"


def test_it_has_lapsed_from_the_first_instant_after_its_term() -> None:
    proposal = a_proposal()
    assert proposal.lapse is not None
    end = proposal.lapse.ends_at
    assert proposal.status_at(end - DAY / 86_400_000_000) is S.GATHERING
    assert proposal.status_at(end) is S.LAPSED
    with pytest.raises(NotAllowedNow):
        proposal.check_supportable(proposal.draft_digest, end)


def test_a_support_for_another_draft_is_refused() -> None:
    with pytest.raises(DraftChangedSince):
        a_proposal().check_supportable("f" * 64, NOW)


def test_a_latched_draft_stays() -> None:
    proposal = in_state(S.SUPPORTED)
    with pytest.raises(DraftLatched):
        proposal.edit(a_draft(OTHER), BASE, ANOTHER, NOW)


def test_the_latch_says_what_was_reached_and_by_which_rule() -> None:
    """Edge case 3: "recorded with roll hash and time"."""
    latch = a_proposal().admit(Standing(9, 3, 21), "2" * 64, NOW)
    assert (latch.reached, latch.needed, latch.of) == (3, 3, 21)
    assert (latch.register_version, latch.roll_digest, latch.at) == (9, "2" * 64, NOW)
    assert (latch.basis.rule, latch.basis.article) == ("amendment.initiative", "27")


def test_a_rebase_that_keeps_the_hash_keeps_the_latch_and_clears_the_ballot() -> None:
    """Edge case 17: "returns for rebase and a fresh ballot"."""
    proposal = in_state(S.ADOPTED)
    latch, proposal.ballot_id = proposal.latch, "bal_1"
    _rebase(SAME)(proposal)
    assert (proposal.status, proposal.latch, proposal.base_version) == (S.SUPPORTED, latch, 2)
    assert not proposal.ballot_id
    assert not proposal.adoption


def test_a_rebase_to_another_draft_gathers_for_a_new_term() -> None:
    proposal = in_state(S.ADOPTED)
    _rebase(OTHER)(proposal)
    assert (proposal.status, proposal.latch) == (S.GATHERING, None)
    assert proposal.lapse is not None


@pytest.mark.parametrize("kind", [ORGAN, COALITION])
@pytest.mark.parametrize("zh", [SAME, OTHER])
def test_what_was_in_a_ballot_once_is_never_withdrawn(kind: ProposerKind, zh: str) -> None:
    """Edge case 7: "organ may withdraw it until the ballot opens, then never"; a rebase or another call changes nothing."""
    proposal = in_state(S.CALLED, kind)
    part = Part(is_proposer=True, is_supporter=True)
    assert "retraction" in proposal.open_to(part, NOW)
    proposal.note_ballot_opened(str(proposal.ballot_id), NOW)
    _outcome(BallotOutcome.UNDETERMINED)(proposal)
    again = deepcopy(proposal)
    again.note_ballot_called("bal_2", NOW)
    _rebase(zh)(proposal)
    for put in (proposal, again):
        assert "retraction" not in put.open_to(part, NOW)
        before = deepcopy(put)
        with pytest.raises(PutToTheVote):
            put.retract(NOW)
        assert put == before


def test_only_an_outdated_base_is_rebased() -> None:
    with pytest.raises(NothingToRebase):
        a_proposal().rebase(
            a_draft(OTHER), BASE, ANOTHER, rulebook=REFERENCE_RULEBOOK, now=NOW, zone=ZONE
        )


def test_a_ballot_needs_the_latest_base() -> None:
    with pytest.raises(BaseOutdated):
        in_state(S.SUPPORTED).check_ballotable(2, NOW)


def test_promulgation_needs_another_person_and_the_base_that_was_voted_on() -> None:
    """P40; edge case 17."""
    proposal = in_state(S.ADOPTED)
    with pytest.raises(ProposerIsPromulgator):
        proposal.promulgate(SECRETARY, frozenset({SECRETARY}), 1, NOW)
    with pytest.raises(ProposerIsPromulgator):
        proposal.promulgate(CHAIR, frozenset({SECRETARY}), 1, NOW)
    with pytest.raises(BaseNoLongerMatches):
        proposal.promulgate(ANOTHER, frozenset({SECRETARY}), 2, NOW)


def test_overdue_is_noted_and_stays_after_the_promulgation() -> None:
    """Edge case 21: "late flag …; adoption stands"."""
    proposal = in_state(S.ADOPTED)
    assert proposal.adoption is not None
    end = proposal.adoption.due.ends_at
    assert not proposal.is_overdue_at(end - DAY)
    assert proposal.is_overdue_at(end)
    proposal.promulgate(ANOTHER, frozenset({SECRETARY}), 1, end)
    assert proposal.is_overdue_at(end)
    in_time = in_state(S.ADOPTED)
    in_time.promulgate(ANOTHER, frozenset({SECRETARY}), 1, NOW)
    assert not in_time.is_overdue_at(end)


def test_a_caller_is_offered_its_own_acts_only() -> None:
    leader = Part(is_proposer=True, is_supporter=True)
    assert a_proposal().open_to(leader, NOW) == [
        "draft",
        "typo_correction",
        "support_retraction",
        "retraction",
    ]
    assert a_proposal().open_to(Part(may_support=True), NOW) == ["support"]
    assert in_state(S.SUPPORTED).open_to(Part(may_call_ballot=True), NOW) == ["ballot"]
    outdated = Part(is_proposer=True, may_promulgate=True, base_is_outdated=True)
    assert in_state(S.ADOPTED, ORGAN).open_to(outdated, NOW) == ["rebase"]
    assert in_state(S.REJECTED).open_to(leader, NOW) == []
