"""A member: its periods, the endings that wait, and who may act for it (M2 to M5, M9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.membership.domain.errors import (
    MandateUnknown,
    NoDissolutionPending,
    NoMergerPending,
    NotMember,
    NoWithdrawalPending,
    WithdrawalDayTooEarly,
)
from services.membership.domain.facts import (
    CancellationKnown,
    CancellationMoot,
    EndingAnnounced,
    EndingRetracted,
    Fact,
    MandateGiven,
    MandateRemoved,
    PeriodEnded,
    PeriodOpened,
)
from services.membership.domain.lifecycle import MembershipStatus
from services.membership.domain.mandate import (
    APPOINTMENT_RULES,
    REMOVAL_RULES,
    Appointment,
    Mandate,
    MandateKind,
    superseded_by,
)
from services.membership.domain.period import (
    AccessionBasis,
    AnnouncedEnding,
    Annulment,
    AnnulmentOutcome,
    Cancellation,
    Ending,
    EndingOutcome,
    Moment,
    Period,
    SettledEnding,
)
from services.membership.domain.rules import ANNULMENT_RULES, OPENING_RULES, Opening
from shared.kernel.actor import Scope, Subject
from shared.kernel.errors import Refusal
from shared.kernel.terms import Term, start_of

NOTHING_TO_TAKE_BACK = {
    Ending.WITHDRAWN: NoWithdrawalPending,
    Ending.MERGED: NoMergerPending,
    Ending.DISSOLVED: NoDissolutionPending,
}


@dataclass(slots=True)
class Member:
    """A unit that is or was a member. ``periods`` are in order and never overlap; at most the last one runs.

    ``pending`` endings wait for their instant. One that is due counts at once, applied or not: whoever
    acts after that instant acts for a unit that has ceased.
    """

    id: str
    identifier: str
    periods: list[Period] = field(default_factory=list)
    pending: list[AnnouncedEnding] = field(default_factory=list)
    settled: list[SettledEnding] = field(default_factory=list)
    mandates: list[Mandate] = field(default_factory=list)
    version: int = 0

    @property
    def current(self) -> Period | None:
        """The period that no ending has been applied to."""
        return self.periods[-1] if self.periods and self.periods[-1].is_running else None

    @property
    def is_member(self) -> bool:
        """Whether a period is running."""
        return self.current is not None

    @property
    def status(self) -> MembershipStatus:
        """``member`` while a period is running, else ``ceased``."""
        return MembershipStatus.MEMBER if self.is_member else MembershipStatus.CEASED

    @property
    def due_at(self) -> datetime | None:
        """The instant of the pending ending that comes first."""
        return min((ending.effective_at for ending in self.pending), default=None)

    @property
    def cancellation_deciders(self) -> frozenset[Subject]:
        """Everyone who took part in a cancellation that ended one of its periods (M5)."""
        return frozenset().union(*(p.ended.deciders for p in self.periods if p.ended))

    def running(self, now: datetime) -> Period:
        """The period that runs now; refuses with ``NotMember``, naming the ending that came first."""
        winner = self._ending_in_effect(now)
        if winner is not None:
            raise NotMember(ended_by=winner.kind.value, ended_on=winner.effective_on.isoformat())
        if self.current is None:
            raise NotMember
        return self.current

    def period_at(self, instant: datetime) -> Period | None:
        """The period that runs at ``instant``."""
        for period in self.periods:
            end = period.ended.effective_at if period.ended else self.due_at
            if period.opened_at <= instant and (end is None or instant < end):
                return period
        return None

    def mandates_at(self, instant: datetime) -> list[Mandate]:
        """The mandates valid at ``instant``: those of the period running then (M5: nothing old revives)."""
        period = self.period_at(instant)
        return [
            mandate
            for mandate in self.mandates
            if period and mandate.period_id == period.id and mandate.is_valid_at(instant)
        ]

    def accede(
        self,
        period_id: str,
        basis: AccessionBasis,
        at: Moment,
        *,
        application_id: str | None = None,
        from_day: date | None = None,
    ) -> tuple[Fact, ...]:
        """Open a period, from now or from the start of an earlier ``from_day`` (import, founding) (Art. 26, 28).

        Refuses while a period runs, a future day, and a day before the last period ended.
        """
        day = at.today if from_day is None else from_day
        for rule in OPENING_RULES:
            rule(Opening(self.periods, day, at.today))
        opened_at = at.now if day == at.today else start_of(day, at.zone)
        last = self.periods[-1].ended if self.periods else None
        if last:
            opened_at = max(opened_at, last.effective_at)
        self.periods.append(
            Period(period_id, day, opened_at, at.register_version, basis, application_id)
        )
        self.version += 1
        return (PeriodOpened(period_id, basis, application_id, day, at.register_version),)

    def announce_withdrawal(
        self, ending_id: str, day: date | None, notice: Term, at: Moment
    ) -> tuple[Fact, ...]:
        """Leave on ``day``, or as soon as ``notice`` (``withdrawal.notice_term``) allows; asks nobody (Art. 28).

        Takes effect at once where that is today, else at 00:00 of the day; replaces an earlier notice.
        Refuses when the unit is no member, and a day that is too early.
        """
        self.running(at.now)
        earliest = notice.last_day(at.today)
        on = earliest if day is None else day
        if on < earliest:
            raise WithdrawalDayTooEarly(earliest_on=earliest.isoformat())
        return self.announce(AnnouncedEnding.from_day(ending_id, Ending.WITHDRAWN, on, at), at)

    def announce(self, ending: AnnouncedEnding, at: Moment) -> tuple[Fact, ...]:
        """End the running period at the ending's instant; it replaces a pending one of its kind.

        Refuses when the unit is no member.
        """
        self.running(at.now)
        self._settle(self.waiting(ending.kind), EndingOutcome.REPLACED, at.now)
        return self._take_in(ending, at)

    def waiting(self, kind: Ending) -> list[AnnouncedEnding]:
        """The endings of this kind that wait for a later day: one at most, but for cancellations."""
        return [ending for ending in self.pending if ending.kind is kind]

    def retract(self, kind: Ending, now: datetime) -> tuple[Fact, ...]:
        """Take a withdrawal, a merger or a dissolution back before it takes effect (Art. 28).

        Refuses when none is pending.
        """
        self.running(now)
        waiting = self.waiting(kind)
        if not waiting:
            raise NOTHING_TO_TAKE_BACK[kind]
        return self._call_off(waiting, EndingOutcome.RETRACTED, now)

    def let_merger_lapse(self, successor_id: str, now: datetime) -> tuple[Fact, ...]:
        """Call a pending merger off because its successor has ceased: the unit stays a member (edge case 14)."""
        lost = [e for e in self.waiting(Ending.MERGED) if e.successor_id == successor_id]
        return self._call_off(lost, EndingOutcome.LAPSED, now)

    def decide_cancellation(
        self, ending_id: str, cancellation: Cancellation, at: Moment
    ) -> tuple[Fact, ...]:
        """Take in what a case decided (Art. 23, M4): the end of the membership, at once or from a later instant.

        Heard twice, it happens once. Where the unit had left first, that stands and the cancellation is moot.
        Refuses where the unit never was a member.
        """
        if cancellation.case_id in self._cases():
            return (CancellationKnown(cancellation.case_id),)
        ending = AnnouncedEnding.by_decision(ending_id, cancellation, at)
        winner = self._ending_in_effect(at.now)
        if winner is not None:
            self.version += 1
            return self._make_moot([ending], winner, at.now)
        self.running(at.now)
        return self._take_in(ending, at)

    def apply_due(self, at: Moment) -> tuple[Fact, ...]:
        """End the running period by the pending ending that took effect first; the others become moot.

        Nothing happens where none is due.
        """
        winner = self._ending_in_effect(at.now)
        if self.current is None or winner is None:
            return ()
        return self._end(winner, at)

    def annul_cancellation(
        self, annulment: Annulment, period_id: str, at: Moment
    ) -> tuple[Fact, ...]:
        """Set a cancellation aside (Art. 23, C7): its period runs again, or ``period_id`` opens from a day.

        One that is still pending is called off. Refuses what ``ANNULMENT_RULES`` say, and for a readmission
        what ``OPENING_RULES`` say.
        """
        pending = [ending for ending in self.pending if ending.case_id == annulment.case_id]
        if pending:
            self.running(at.now)
            return self._call_off(pending, EndingOutcome.ANNULLED, at.now)
        for rule in ANNULMENT_RULES:
            rule(annulment, self.periods)
        if annulment.outcome is AnnulmentOutcome.READMITTED:
            day = annulment.readmitted_from
            return self.accede(period_id, AccessionBasis.READMITTED, at, from_day=day)
        return self._reinstate(at)

    def appoint(self, mandate_id: str, appointment: Appointment, now: datetime) -> tuple[Fact, ...]:
        """Give a mandate in the running period (M9). It counts from now at the earliest: nothing is back-dated.

        A new legal representative takes the place of the former one as the mandate begins. Refuses what
        ``APPOINTMENT_RULES`` say, and when the unit is no member.
        """
        period = self.running(now)
        asked = replace(appointment, valid_from=max(appointment.valid_from, now))
        held = [mandate for mandate in self.mandates if mandate.period_id == period.id]
        for rule in APPOINTMENT_RULES:
            rule(asked, held)
        removals = [_end_mandate(m, asked.valid_from) for m in superseded_by(asked, held)]
        given = Mandate.given(mandate_id, period.id, asked)
        self.mandates.append(given)
        self.version += 1
        return (*removals, MandateGiven(given))

    def claim(
        self, mandate_id: str, subject: Subject, name: str, now: datetime
    ) -> tuple[Fact, ...]:
        """Make the holder of a redeemed claim code the legal representative (M9)."""
        kind, scopes = MandateKind.LEGAL_REPRESENTATIVE, frozenset({Scope.ALL})
        return self.appoint(mandate_id, Appointment(kind, subject, name, scopes, now), now)

    def remove(self, mandate_id: str, now: datetime) -> tuple[Fact, ...]:
        """End a mandate of the running period at once (M9); what was done under it stays valid (edge case 23).

        Refuses an unknown one, one that is over, and one without which nobody has scope ``all``, now or later.
        """
        mandate = self._removable(mandate_id, now)
        self.version += 1
        return (_end_mandate(mandate, now),)

    def may_remove(self, mandate: Mandate, now: datetime) -> bool:
        """Whether ``remove`` would end this mandate now."""
        try:
            return self._removable(mandate.id, now) is mandate
        except Refusal:
            return False

    def _ending_in_effect(self, now: datetime) -> AnnouncedEnding | None:
        """The ending that ended the last period or, applied or not, is ending the running one."""
        if self.current is None:
            return self.periods[-1].ended if self.periods else None
        due = [ending for ending in self.pending if ending.effective_at <= now]
        return min(due, key=lambda e: (e.effective_at, e.announced_at), default=None)

    def _removable(self, mandate_id: str, now: datetime) -> Mandate:
        period = self.running(now)
        held = [mandate for mandate in self.mandates if mandate.period_id == period.id]
        for mandate in held:
            if mandate.id == mandate_id:
                for rule in REMOVAL_RULES:
                    rule(mandate, held, now)
                return mandate
        raise MandateUnknown

    def _cases(self) -> set[str | None]:
        ended = (period.ended for period in self.periods)
        settled = (fact.ending for fact in self.settled)
        return {ending.case_id for ending in (*ended, *self.pending, *settled) if ending}

    def _take_in(self, ending: AnnouncedEnding, at: Moment) -> tuple[Fact, ...]:
        if ending.effective_at <= at.now:
            return self._end(ending, at)
        self.pending.append(ending)
        self.version += 1
        return (EndingAnnounced(ending.kind, ending.effective_on),)

    def _end(self, ending: AnnouncedEnding, at: Moment) -> tuple[Fact, ...]:
        period, version = self.periods[-1], at.register_version
        period.ended, period.ended_version = ending, version
        losers = [other for other in self.pending if other is not ending]
        self.pending = []
        self.version += 1
        return (
            PeriodEnded(
                period.id,
                ending.kind,
                ending.effective_on,
                ending.case_id,
                version,
                ending.successor_id,
            ),
            *self._make_moot(losers, ending, at.now),
        )

    def _reinstate(self, at: Moment) -> tuple[Fact, ...]:
        period = self.periods[-1]
        if period.ended:
            self.settled.append(SettledEnding(period.ended, EndingOutcome.ANNULLED, at.now))
        period.ended = period.ended_version = None
        self.version += 1
        basis, application_id = AccessionBasis.REINSTATED, period.application_id
        return (
            PeriodOpened(period.id, basis, application_id, period.opened_on, at.register_version),
        )

    def _call_off(
        self, endings: Sequence[AnnouncedEnding], outcome: EndingOutcome, now: datetime
    ) -> tuple[Fact, ...]:
        self._settle(endings, outcome, now)
        self.version += 1
        return tuple(EndingRetracted(ending.kind, ending.effective_on) for ending in endings)

    def _make_moot(
        self, losers: Sequence[AnnouncedEnding], winner: AnnouncedEnding, now: datetime
    ) -> tuple[Fact, ...]:
        self._settle(losers, EndingOutcome.MOOT, now, winner)
        return tuple(
            CancellationMoot(loser.case_id, loser.decision_number, winner.kind)
            for loser in losers
            if loser.case_id is not None and loser.decision_number is not None
        )

    def _settle(
        self,
        endings: Sequence[AnnouncedEnding],
        outcome: EndingOutcome,
        now: datetime,
        winner: AnnouncedEnding | None = None,
    ) -> None:
        by, on = (winner.kind, winner.effective_on) if winner else (None, None)
        self.pending = [ending for ending in self.pending if ending not in endings]
        self.settled += [SettledEnding(ending, outcome, now, by, on) for ending in endings]


def may_act(member: Member, subject: Subject, scope: Scope, instant: datetime) -> bool:
    """Whether ``subject`` may do for ``member`` at ``instant`` what needs ``scope`` (M9)."""
    return any(
        mandate.subject == subject and mandate.allows(scope)
        for mandate in member.mandates_at(instant)
    )


def _end_mandate(mandate: Mandate, removed_at: datetime) -> MandateRemoved:
    mandate.removed_at = removed_at
    return MandateRemoved(mandate.id, mandate.period_id, removed_at)
