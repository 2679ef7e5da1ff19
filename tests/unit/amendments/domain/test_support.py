"""Supports, and when enough members stand behind a draft (A4, Art. 27)."""

from copy import deepcopy
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.amendments.domain.errors import NotSupporting
from services.amendments.domain.lifecycle import SUPPORT, SupportAction, SupportStatus
from services.amendments.domain.support import (
    Initiative,
    LapseReason,
    Standing,
    Step,
    first_reached,
    standings,
)
from shared.kernel.errors import Refusal
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from tests.unit.amendments.domain.proposals import CHAIR, DAY, NOW, a_support

TENTH = Initiative.under(REFERENCE_RULEBOOK).ratio
LATER = NOW + DAY

steps = st.lists(st.tuples(st.integers(-3, 3), st.integers(-1, 0)), max_size=30)


def test_the_first_version_at_which_it_is_reached_counts() -> None:
    """Decisions: "once for each version it passes"."""
    start = Standing(100, 1, 11)
    path = [Step(101, 1, 0), Step(102, -2, 0), Step(103, 5, 0), Step(104, -6, 0)]
    assert first_reached(TENTH, standings(start, path)) == Standing(102, 1, 10)


def test_a_supporter_that_leaves_takes_its_support_along() -> None:
    start = Standing(5, 1, 11)
    assert first_reached(TENTH, standings(start, [Step(6, -1, -1)])) is None


def test_nothing_of_nothing_reaches_nothing() -> None:
    """Product: "N = 0 is refused; 0 of 0 adopts nothing"."""
    assert first_reached(TENTH, [Standing(1, 0, 0)]) is None


@given(supporters=st.integers(0, 30), members=st.integers(0, 300), path=steps)
def test_it_is_reached_exactly_where_ten_times_the_supporters_are_the_members(
    supporters: int, members: int, path: list[tuple[int, int]]
) -> None:
    """Product: "Integers only: 10·s ≥ N"."""
    walked = [Step(i, m, s) for i, (m, s) in enumerate(path, start=1)]
    tested = list(standings(Standing(0, supporters, members), walked))
    found = first_reached(TENTH, tested)
    expected = [t for t in tested if t.members > 0 and 10 * t.supporters >= t.members]
    assert found == (expected[0] if expected else None)
    assert [t.register_version for t in tested] == [step.register_version for step in walked]


@pytest.mark.parametrize("status", list(SupportStatus))
@pytest.mark.parametrize("act", ["give_again", "retract", "want_withdrawal"])
def test_a_refused_verb_leaves_a_support_as_it_was(status: SupportStatus, act: str) -> None:
    """Edge case 4: "three states active / retracted / lapsed"."""
    support = a_support()
    support.status = status
    before = deepcopy(support)
    verbs = {
        "give_again": lambda: support.give_again("e" * 64, 9, CHAIR, LATER),
        "retract": lambda: support.retract(LATER),
        "want_withdrawal": lambda: support.want_withdrawal(LATER),
    }
    try:
        verbs[act]()
    except Refusal:
        assert support == before
        assert status is not SupportStatus.ACTIVE
    else:
        moved = {"give_again": SupportAction.SUPPORT, "retract": SupportAction.RETRACTION}
        expected = SUPPORT.after(status, moved[act]) if act in moved else status
        assert support.status is expected


def test_a_support_counts_for_the_draft_it_was_given_to() -> None:
    """A4: "A support is bound to the draft's hash"."""
    support = a_support()
    assert support.binds(support.draft_digest)
    assert not support.binds("e" * 64)
    support.retract(LATER)
    assert not support.binds(support.draft_digest)


def test_who_confirms_keeps_its_place_and_who_comes_back_goes_to_the_end() -> None:
    confirmed, returned = a_support(), a_support()
    confirmed.give_again("e" * 64, 3, CHAIR, LATER)
    assert (confirmed.since, confirmed.supported_at) == (NOW, LATER)
    returned.retract(LATER)
    returned.give_again("e" * 64, 3, CHAIR, LATER + DAY)
    assert returned.since == LATER + DAY


def test_a_support_that_is_given_anew_has_nothing_of_its_end() -> None:
    support = a_support()
    support.status, support.lapse_reason = SupportStatus.LAPSED, LapseReason.LEFT
    support.ended_at = LATER
    support.give_again("e" * 64, 12, CHAIR, LATER + DAY)
    fields = asdict(support)
    assert [fields[n] for n in ("lapse_reason", "ended_at", "member_since")] == [None, None, 12]


def test_who_does_not_support_it_does_not_withdraw_it() -> None:
    support = a_support()
    support.retract(LATER)
    with pytest.raises(NotSupporting):
        support.want_withdrawal(LATER)
