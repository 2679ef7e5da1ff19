"""Annexes: each verb moves them as the table says, or refuses and changes nothing (A7, Art. 29)."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.amendments.domain.annex import (
    AdherentRule,
    Annex,
    Contradiction,
    Part,
    Profile,
    repealed_from,
)
from services.amendments.domain.annex_text import Amendment, AnnexProvision, AnnexText
from services.amendments.domain.changes import RepealProvision, apply
from services.amendments.domain.errors import (
    AnnexDraftNotValid,
    BallotOvertaken,
    BindsWholeBranch,
    DraftChangedSince,
    NoAmendmentOpen,
    NotTheDrafter,
    ParentNotInForce,
    PutToTheVote,
)
from services.amendments.domain.lifecycle import ANNEX, AnnexAction, AnnexStatus
from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.support import Standing
from services.amendments.domain.version import imported
from shared.kernel.errors import Refusal
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.ratio import Ratio
from shared.kernel.terms import Term, civil_day
from tests.unit.amendments.domain.proposals import BALLOT, CHAIR, NOW, SECRETARY, UNIT, ZONE
from tests.unit.amendments.domain.texts import a_text, wording

A, S = AnnexAction, AnnexStatus
TODAY = civil_day(NOW, ZONE)
LAW = a_text()
WITHOUT_PARENT = apply(LAW, [RepealProvision("art_2")])
PROFILE = Profile(AdherentRule.SIGNATORIES, Ratio(1, 2, of="adherents"), Term(months=12))
Verb = Callable[[Annex], object]


def text_of(*numbers: int, zh: str = "文字") -> AnnexText:
    """A text with provisions of these numbers."""
    return AnnexText(
        wording("协议"), tuple(AnnexProvision(n, wording(f"{zh}{n}。")) for n in numbers)
    )


def an_annex(profile: Profile = PROFILE) -> Annex:
    """A draft under Art. 2."""
    return Annex.draft(
        "anx_1",
        sector="access_service",
        parent="art_2",
        text=text_of(1, 2),
        profile=profile,
        by=CHAIR,
        drafter=UNIT,
        convention=LAW,
        now=NOW,
    )


def in_state(status: AnnexStatus) -> Annex:
    """An annex in ``status``, with what it has there."""
    annex = an_annex()
    annex.ballot_id = BALLOT
    if status in {S.IN_FORCE, S.ENDED}:
        annex.status = S.IN_BALLOT
        _outcome(BallotOutcome.ADOPTED)(annex)
        annex.propose_amendment(amendment(), TODAY)
    annex.status = status
    return annex


def amendment(*numbers: int) -> Amendment:
    """Another text."""
    return Amendment(text_of(*(numbers or (1, 2, 3))), CHAIR, UNIT, NOW)


def _outcome(outcome: BallotOutcome) -> Verb:
    return lambda a: a.note_outcome(
        BALLOT, outcome, number=4, parent_until=None, now=NOW, zone=ZONE
    )


def _edit(annex: Annex, profile: Profile = PROFILE) -> None:
    annex.edit(
        SECRETARY,
        UNIT,
        text=text_of(1),
        profile=profile,
        parent="art_2",
        convention=LAW,
        now=NOW,
        today=TODAY,
    )


def _conflict(annex: Annex) -> None:
    annex.mark_conflict(Contradiction(1, "art_1", wording("不符"), SECRETARY, NOW), LAW, TODAY)


VERBS: dict[AnnexAction, Verb] = {
    A.DRAFT: _edit,
    A.RETRACTION: lambda a: a.retract(UNIT, NOW, TODAY),
    A.BALLOT: lambda a: a.note_ballot_called(BALLOT, NOW),
    A.OPENING: lambda a: a.note_ballot_opened(BALLOT, NOW),
    A.CANCELLATION: _outcome(BallotOutcome.CANCELLED),
    A.ADOPTION: _outcome(BallotOutcome.ADOPTED),
    A.REJECTION: _outcome(BallotOutcome.REJECTED),
    A.INDETERMINACY: _outcome(BallotOutcome.UNDETERMINED),
    A.ADHERENCE: lambda a: a.check_signable(TODAY),
    A.LEAVING: lambda a: a.check_leavable(TODAY),
    A.AMENDMENT: lambda a: a.propose_amendment(amendment(), TODAY),
    A.CONSENT: lambda a: a.check_consent(amendment().digest, TODAY),
    A.CONFLICT: _conflict,
    A.TRIAL_END: lambda a: a.end_trial(NOW, TODAY + timedelta(days=800)),
    A.ENDING: lambda a: a.note_parent_repealed(TODAY, NOW),
}


def test_every_action_has_its_verb() -> None:
    """Architecture: "Actions are named acts, each with one verb"."""
    assert set(VERBS) == set(A)


@given(status=st.sampled_from(list(S)), action=st.sampled_from(list(A)))
def test_a_verb_moves_it_as_the_table_says_or_leaves_it_as_it_was(
    status: AnnexStatus, action: AnnexAction
) -> None:
    """Architecture: "a refused verb changes nothing (a property test over every state x action)"."""
    annex = in_state(status)
    before = deepcopy(annex)
    try:
        VERBS[action](annex)
    except Refusal:
        assert annex == before
        assert action.value not in ANNEX.allowed(status)
    else:
        assert annex.status_at(TODAY) is ANNEX.after(status, action)


def test_a_draft_hangs_under_a_provision_that_is_law() -> None:
    annex = an_annex()
    with pytest.raises(ParentNotInForce):
        annex.check_ballotable(WITHOUT_PARENT, TODAY)
    annex.parent = "art_77"
    with pytest.raises(ParentNotInForce):
        annex.check_ballotable(LAW, TODAY)


def test_only_who_drafted_it_edits_it_or_gives_it_up() -> None:
    with pytest.raises(NotTheDrafter):
        an_annex().retract("mem_2", NOW, TODAY)


@pytest.mark.parametrize(
    ("numbers", "reason"), [((), "order"), ((2, 1), "order"), ((1, 1), "order")]
)
def test_numbers_ascend_and_stand_once(numbers: tuple[int, ...], reason: str) -> None:
    with pytest.raises(AnnexDraftNotValid) as refusal:
        text_of(*numbers).check_numbers(frozenset(), 0)
    assert refusal.value.facts["reason"] == reason


def test_the_number_of_what_is_gone_is_not_used_again() -> None:
    annex = in_state(S.IN_FORCE)
    annex.propose_amendment(amendment(2, 3), TODAY)
    assert annex.amend_where_agreed([Standing(7, 1, 2)], NOW, TODAY)
    with pytest.raises(AnnexDraftNotValid):
        annex.propose_amendment(amendment(1, 2, 3), TODAY)
    annex.propose_amendment(amendment(2, 3, 4), TODAY)


@pytest.mark.parametrize(
    ("consents", "adherents", "agreed"),
    [(0, 0, False), (0, 1, False), (1, 1, True), (1, 2, True), (1, 3, False), (2, 3, True)],
)
def test_it_is_amended_by_the_share_that_it_names_itself(
    consents: int, adherents: int, agreed: bool
) -> None:
    """Edge case 23: "amending an annex follows its own rule"."""
    annex = in_state(S.IN_FORCE)
    standing = Standing(7, consents, adherents)
    assert annex.amend_where_agreed([standing], NOW, TODAY) == (standing if agreed else None)
    assert annex.text_version == (2 if agreed else 1)
    assert (annex.amendment is None) is agreed


def test_a_consent_is_to_the_open_amendment() -> None:
    annex = in_state(S.IN_FORCE)
    with pytest.raises(DraftChangedSince):
        annex.check_consent("0" * 64, TODAY)
    annex.amend_where_agreed([Standing(7, 1, 1)], NOW, TODAY)
    with pytest.raises(NoAmendmentOpen):
        annex.check_consent("0" * 64, TODAY)


def test_the_consent_of_the_members_numbers_it_and_starts_its_trial() -> None:
    """A7: "a profile of their own (adherents, ratios, trial period)"."""
    annex = in_state(S.IN_BALLOT)
    _outcome(BallotOutcome.ADOPTED)(annex)
    assert (annex.number, annex.text_version, annex.highest) == (4, 1, 2)
    assert annex.trial_until == TODAY.replace(year=TODAY.year + 1)


def test_its_trial_is_over_once_and_ends_nothing() -> None:
    """A7: "trial period"; its last day is still of it, and what is over is told once."""
    annex = in_state(S.IN_FORCE)
    last = annex.trial_until
    assert last is not None
    assert annex.is_on_trial(last)
    assert annex.end_trial(NOW, last) is None
    after = last + timedelta(days=1)
    assert not annex.is_on_trial(after)
    assert annex.end_trial(NOW, after) == last
    assert annex.end_trial(NOW, after) is None
    assert annex.status_at(after) is S.IN_FORCE


def test_an_amendment_of_an_annex_that_has_ended_comes_too_late() -> None:
    """Edge case 23: "repeal of the parent ends it"."""
    annex = in_state(S.IN_FORCE)
    annex.note_parent_repealed(TODAY, NOW)
    assert annex.amend_where_agreed([Standing(7, 2, 2)], NOW, TODAY) is None


def test_it_ends_with_its_parent() -> None:
    """Edge case 23: "repeal of the parent ends it"; also where that came while the members were voting."""
    annex = in_state(S.IN_FORCE)
    annex.note_parent_repealed(TODAY + timedelta(days=1), NOW)
    assert annex.status_at(TODAY) is S.IN_FORCE
    assert annex.status_at(TODAY + timedelta(days=1)) is S.ENDED
    orphan = in_state(S.IN_BALLOT)
    orphan.note_outcome(
        BALLOT,
        BallotOutcome.ADOPTED,
        number=4,
        parent_until=TODAY - timedelta(days=1),
        now=NOW,
        zone=ZONE,
    )
    assert orphan.ends_on == TODAY
    assert orphan.status_at(TODAY) is S.ENDED
    with pytest.raises(NotAllowedNow):
        orphan.check_signable(TODAY)


@pytest.mark.parametrize("own", [None, "bal_2"])
def test_only_the_ballot_it_rests_on_decides_it(own: str | None) -> None:
    """Edge case 9: an undetermined question is determined, or put to a new ballot; not both."""
    annex = in_state(S.UNDETERMINED)
    annex.ballot_id = own
    before = deepcopy(annex)
    with pytest.raises(BallotOvertaken):
        _outcome(BallotOutcome.ADOPTED)(annex)
    assert annex == before


def test_its_parent_is_law_until_the_repeal_takes_force() -> None:
    first = imported(LAW, wording("公约"), TODAY, TODAY)
    day = TODAY + timedelta(days=10)
    second = first.followed_by(
        WITHOUT_PARENT,
        rulebook_version=1,
        valid_on=TODAY,
        in_force_on=day,
        source="prp_1",
        applies_from={},
        latest_on=day,
        now=NOW,
        today=TODAY,
    )
    assert repealed_from([second, first], "art_2") == day
    assert repealed_from([first], "art_2") is None
    assert repealed_from([first, second], "art_1") is None
    annex = in_state(S.IN_BALLOT)
    annex.note_outcome(
        BALLOT, BallotOutcome.ADOPTED, number=4, parent_until=day, now=NOW, zone=ZONE
    )
    assert annex.status_at(day - timedelta(days=1)) is S.IN_FORCE
    assert annex.status_at(day) is S.ENDED


def test_a_conflict_is_marked_once_and_goes_with_its_provision() -> None:
    """Edge case 23: "the annex provision is marked"."""
    annex = in_state(S.IN_FORCE)
    _conflict(annex)
    _conflict(annex)
    assert [c.number for c in annex.conflicts] == [1]
    annex.propose_amendment(amendment(2, 3), TODAY)
    annex.amend_where_agreed([Standing(7, 1, 1)], NOW, TODAY)
    assert annex.conflicts == ()


def test_what_binds_the_whole_branch_is_neither_signed_nor_left() -> None:
    """Edge case 24: "binds those the annex says"."""
    annex = in_state(S.IN_FORCE)
    annex.profile = Profile(AdherentRule.BRANCH, PROFILE.amendment, None)
    for verb in (annex.check_signable, annex.check_leavable):
        with pytest.raises(BindsWholeBranch):
            verb(TODAY)
    assert annex.open_to(Part(adheres=True, may_adhere=True), TODAY) == ["amendment", "consent"]


def test_its_hash_covers_text_profile_branch_and_parent() -> None:
    digest = an_annex().digest
    others = [an_annex() for _ in range(4)]
    others[0].text = text_of(1)
    others[1].profile = Profile(AdherentRule.BRANCH, PROFILE.amendment, PROFILE.trial)
    others[2].sector = "venue_operator"
    others[3].parent = "art_1"
    assert digest not in {other.digest for other in others}


def test_a_caller_is_offered_its_own_acts_only() -> None:
    assert an_annex().open_to(Part(drafts=True), TODAY) == ["draft", "retraction"]
    assert an_annex().open_to(Part(may_call_ballot=True), TODAY) == ["ballot"]
    assert in_state(S.IN_FORCE).open_to(Part(may_adhere=True), TODAY) == ["adherence"]
    assert in_state(S.IN_FORCE).open_to(Part(may_mark_conflicts=True), TODAY) == ["conflict"]


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (replace(PROFILE, trial=Term(months=121)), "trial"),
        (replace(PROFILE, trial=Term(months=120_000)), "trial"),
        (replace(PROFILE, trial=Term(days=3_661)), "trial"),
        (replace(PROFILE, trial=Term()), "trial"),
        (replace(PROFILE, amendment=Ratio(1, 1_000_001, of="adherents")), "ratio"),
    ],
)
def test_its_own_rules_have_the_limits_of_the_rulebook(profile: Profile, reason: str) -> None:
    """A7: what is adopted with them must have a result; a trial beyond the calendar has none."""
    with pytest.raises(AnnexDraftNotValid) as drafted:
        an_annex(profile)
    annex = an_annex()
    before = deepcopy(annex)
    with pytest.raises(AnnexDraftNotValid) as edited:
        _edit(annex, profile)
    assert annex == before
    assert drafted.value.facts == edited.value.facts == {"reason": reason}


def test_the_longest_trial_can_be_adopted() -> None:
    annex = an_annex(replace(PROFILE, trial=Term(months=120, days=3_660)))
    annex.status, annex.ballot_id = S.IN_BALLOT, BALLOT
    _outcome(BallotOutcome.ADOPTED)(annex)
    assert annex.trial_until is not None


def test_what_was_in_a_ballot_once_is_never_given_up() -> None:
    """As proposals are (edge case 7); also where that ballot could not be told and another is called."""
    annex = an_annex()
    annex.note_ballot_called(BALLOT, NOW)
    assert "retraction" in annex.open_to(Part(drafts=True), TODAY)
    annex.note_ballot_opened(BALLOT, NOW)
    _outcome(BallotOutcome.UNDETERMINED)(annex)
    annex.note_ballot_called("bal_2", NOW)
    assert "retraction" not in annex.open_to(Part(drafts=True), TODAY)
    with pytest.raises(PutToTheVote):
        annex.retract(UNIT, NOW, TODAY)
