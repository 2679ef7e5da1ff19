"""A member through any sequence of acts: one running period at most, never two endings of one period."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from itertools import count, pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.membership.domain.ceasing import RegisteredAct, dissolve, merge
from services.membership.domain.facts import Fact, PeriodEnded, PeriodOpened
from services.membership.domain.mandate import MandateKind
from services.membership.domain.member import Member, may_act
from services.membership.domain.period import (
    AccessionBasis,
    Annulment,
    AnnulmentOutcome,
    Ending,
    Moment,
)
from shared.kernel.actor import Scope, Subject
from shared.kernel.errors import Refusal
from tests.unit.membership.domain.examples import (
    AT_ONCE,
    CHAIR,
    DEPUTY,
    HOUR,
    IDENTIFIER,
    NOW,
    STRANGER,
    another_member,
    cancellation,
    entrusting,
    moment,
)

CASES = st.sampled_from([f"cas_{number}" for number in range(4)])
PEOPLE = st.sampled_from([CHAIR, DEPUTY, STRANGER])


class MemberLife(RuleBasedStateMachine):
    """Anything may be asked of a member at any time; time only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = Member("mem_1", IDENTIFIER)
        self.successor = another_member()
        self.now = NOW
        self.numbers = count()
        self.opened: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def fresh(self, prefix: str) -> str:
        """An id not used before."""
        return f"{prefix}_{next(self.numbers)}"

    @property
    def at(self) -> Moment:
        """The present moment."""
        return moment(self.now, 1 + self.opened.total() + self.ended.total())

    def attempt(self, verb: Callable[[], tuple[Fact, ...]]) -> None:
        """Do it; if it is refused, everything is as it was."""
        before = deepcopy(self.unit)
        try:
            facts = verb()
        except Refusal:
            assert self.unit == before
            return
        self.opened.update(fact.period_id for fact in facts if isinstance(fact, PeriodOpened))
        self.ended.update(fact.period_id for fact in facts if isinstance(fact, PeriodEnded))

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule()
    def what_is_due_is_applied(self) -> None:
        self.attempt(lambda: self.unit.apply_due(self.at))
        assert self.unit.due_at is None or self.unit.due_at > self.now

    @rule(days_ago=st.none() | st.integers(-1, 3))
    def accede(self, days_ago: int | None) -> None:
        day = None if days_ago is None else self.at.today - timedelta(days=days_ago)
        basis = AccessionBasis.APPLICATION
        self.attempt(lambda: self.unit.accede(self.fresh("per"), basis, self.at, from_day=day))

    @rule(days=st.none() | st.integers(-1, 3))
    def withdraw(self, days: int | None) -> None:
        day = None if days is None else self.at.today + timedelta(days=days)
        self.attempt(
            lambda: self.unit.announce_withdrawal(self.fresh("end"), day, AT_ONCE, self.at)
        )

    @rule(days=st.none() | st.integers(-1, 3))
    def merge_into_another(self, days: int | None) -> None:
        self.attempt(
            lambda: merge(self.unit, self.successor, self.fresh("end"), self.act(days), [], self.at)
        )

    @rule(days=st.none() | st.integers(-1, 3), days_ago=st.none() | st.integers(-2, 9))
    def dissolve(self, days: int | None, days_ago: int | None) -> None:
        truly = None if days_ago is None else self.at.today - timedelta(days=days_ago)
        self.attempt(
            lambda: dissolve(self.unit, self.fresh("end"), self.act(days), truly, [], self.at)
        )

    def act(self, days: int | None) -> RegisteredAct:
        """An act that counts from some days from now on."""
        day = None if days is None else self.at.today + timedelta(days=days)
        return RegisteredAct("2026-118", day)

    @rule()
    def lose_the_successor(self) -> None:
        self.attempt(lambda: self.unit.let_merger_lapse(self.successor.id, self.now))
        assert self.unit.waiting(Ending.MERGED) == []

    @rule(kind=st.sampled_from([Ending.WITHDRAWN, Ending.MERGED, Ending.DISSOLVED]))
    def take_an_ending_back(self, kind: Ending) -> None:
        self.attempt(lambda: self.unit.retract(kind, self.now))

    @rule(case_id=CASES, hours=st.integers(-12, 72))
    def be_cancelled(self, case_id: str, hours: int) -> None:
        decided = cancellation(case_id, self.now + hours * HOUR)
        self.attempt(lambda: self.unit.decide_cancellation(self.fresh("end"), decided, self.at))

    @rule(case_id=CASES, outcome=st.sampled_from(AnnulmentOutcome), days_ago=st.integers(-1, 3))
    def have_a_cancellation_annulled(
        self, case_id: str, outcome: AnnulmentOutcome, days_ago: int
    ) -> None:
        annulment = Annulment(case_id, outcome, self.at.today - timedelta(days=days_ago))
        self.attempt(lambda: self.unit.annul_cancellation(annulment, self.fresh("per"), self.at))

    @rule(
        subject=PEOPLE,
        kind=st.sampled_from(MandateKind),
        scope=st.sampled_from([Scope.ALL, Scope.CIRCULARS]),
        begins=st.integers(-12, 48),
        lasts=st.none() | st.integers(1, 48),
    )
    def appoint(
        self, subject: Subject, kind: MandateKind, scope: Scope, begins: int, lasts: int | None
    ) -> None:
        valid_from = self.now + begins * HOUR
        valid_until = None if lasts is None else valid_from + lasts * HOUR
        asked = entrusting(
            subject, scope, kind=kind, valid_from=valid_from, valid_until=valid_until
        )
        self.attempt(lambda: self.unit.appoint(self.fresh("rep"), asked, self.now))

    @rule(data=st.data())
    def remove_somebody(self, data: st.DataObject) -> None:
        known = [mandate.id for mandate in self.unit.mandates]
        mandate_id = data.draw(st.sampled_from([*known, "rep_unknown"]))
        self.attempt(lambda: self.unit.remove(mandate_id, self.now))

    @invariant()
    def at_most_one_period_runs_and_none_overlap(self) -> None:
        assert all(period.ended for period in self.unit.periods[:-1])
        for earlier, later in pairwise(self.unit.periods):
            assert earlier.ended is not None
            assert later.opened_at >= earlier.ended.effective_at >= earlier.opened_at

    @invariant()
    def no_period_ends_twice(self) -> None:
        for period in self.unit.periods:
            assert self.opened[period.id] - self.ended[period.id] == (period.ended is None)

    @invariant()
    def endings_wait_only_for_a_running_period(self) -> None:
        assert self.unit.is_member or not self.unit.pending
        for kind in (Ending.WITHDRAWN, Ending.MERGED, Ending.DISSOLVED):
            assert len(self.unit.waiting(kind)) <= 1

    @invariant()
    def a_unit_that_merged_goes_on_in_another_and_no_other_ending_names_one(self) -> None:
        endings = [
            *(period.ended for period in self.unit.periods if period.ended),
            *self.unit.pending,
            *(fact.ending for fact in self.unit.settled),
        ]
        for ending in endings:
            merged = ending.kind is Ending.MERGED
            assert ending.successor_id == (self.successor.id if merged else None)
            assert (ending.dissolved_on is not None) == (ending.kind is Ending.DISSOLVED)

    @invariant()
    def every_ending_is_kept_in_one_place(self) -> None:
        kept = [
            *(period.ended.id for period in self.unit.periods if period.ended),
            *(ending.id for ending in self.unit.pending),
            *(fact.ending.id for fact in self.unit.settled),
        ]
        assert len(kept) == len(set(kept))

    @invariant()
    def one_legal_representative_and_one_mandate_a_subject(self) -> None:
        for instant in (self.now + hours * HOUR for hours in (0, 1, 6, 24, 72)):
            valid = self.unit.mandates_at(instant)
            assert len({mandate.subject for mandate in valid}) == len(valid)
            legal = [m for m in valid if m.kind is MandateKind.LEGAL_REPRESENTATIVE]
            assert len(legal) <= 1

    @invariant()
    def nobody_acts_for_a_unit_that_is_no_member(self) -> None:
        if self.unit.period_at(self.now) is None:
            for subject in (CHAIR, DEPUTY, STRANGER):
                assert not may_act(self.unit, subject, Scope.CIRCULARS, self.now)


TestMemberLife = MemberLife.TestCase
TestMemberLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
