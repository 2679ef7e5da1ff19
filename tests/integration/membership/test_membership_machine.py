"""Whatever is done to units in whatever order, and however late the timers strike: what must hold, holds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from services.membership.domain.ceasing import RegisteredAct
from services.membership.domain.mandate import Appointment, MandateKind
from services.membership.domain.particulars import Particulars
from services.membership.domain.period import (
    Annulment,
    AnnulmentOutcome,
    Cancellation,
    Ending,
)
from services.membership.service import membership
from services.membership.usecases import applications, members, register, representatives
from shared.contracts.base import Envelope, RegisterChange
from shared.contracts.membership import MemberAcceded, MemberEnded
from shared.db.migrations import upgrade
from shared.db.roster import ROSTER_EVENTS, enter_changes, members_at, watermark
from shared.db.work import Database, Work
from shared.kernel.actor import Actor, Role, Scope, Subject
from shared.kernel.chain import EMPTY_HEAD
from shared.kernel.errors import Refusal
from shared.kernel.ids import new_id
from shared.kernel.versions import ANY_VERSION
from tests.integration.membership.office import Unit, particulars_of
from tests.support.postgres import ZONE, TestPostgres
from tests.support.suite import ISSUER

T = TypeVar("T")

UNITS = [Unit(number, f"示例{number}号公司") for number in (1, 2, 3)]
REGISTRAR = Actor(Subject(ISSUER, "registrar"), frozenset({Role.REGISTRAR}))
DECIDERS = frozenset({Subject(ISSUER, "decider")})
CHANGES = {event.type: event for event in ROSTER_EVENTS}

units = st.sampled_from(UNITS)
days = st.none() | st.just(0) | st.integers(1, 40)
spans = st.sampled_from([timedelta(minutes=1), timedelta(hours=13), timedelta(days=20)])


class Membership(RuleBasedStateMachine):
    """Three units, their people, a case officer and the clock. Refusals are answers; nothing else may go wrong."""

    postgres: ClassVar[TestPostgres]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = Database(self.postgres.clone("membership", _migrate), zone=ZONE)
        self.member_ids: dict[str, str] = {}
        self.application_ids: dict[str, str] = {}
        self.cases: list[tuple[str, str]] = []
        self.mandates: list[tuple[str, str]] = []
        self.events: list[Envelope] = []
        self.changes: list[RegisterChange] = []
        self.counted: Counter[str] = Counter()
        self.running: dict[str, str] = {}
        self.head = EMPTY_HEAD

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    async def tried(self, act: Callable[[Work], Awaitable[T]]) -> T | None:
        """What the act returns; None where it is refused, and then nothing changed."""
        try:
            async with self.database.begin() as work:
                return await act(work)
        except Refusal:
            return None

    @initialize()
    def all_units_are_members(self) -> None:
        for unit in UNITS:
            self.becomes_a_member(unit)

    @rule(unit=units)
    def becomes_a_member(self, unit: Unit) -> None:
        self.applies(unit)
        self.is_approved(unit)
        self.signs(unit)

    @rule(unit=units)
    def applies(self, unit: Unit) -> None:
        application = self.run(
            self.tried(
                lambda work: applications.submit_application(
                    work,
                    Subject(ISSUER, unit.liaison),
                    identifier=unit.identifier,
                    particulars=Particulars.checked(**particulars_of(unit)),
                    legal_representative_subject=Subject(ISSUER, unit.chair),
                    accepts_rules=True,
                    entrusted=[],
                )
            )
        )
        if application is not None:
            self.application_ids[unit.identifier] = application.id

    def on_application(self, unit: Unit, act: Callable[..., Awaitable[Any]], actor: Actor) -> Any:
        if (application_id := self.application_ids.get(unit.identifier)) is None:
            return None
        return self.run(self.tried(lambda work: act(work, application_id, actor, ANY_VERSION)))

    def is_approved(self, unit: Unit) -> None:
        self.on_application(unit, applications.approve_application, REGISTRAR)

    @rule(unit=units)
    def retracts_its_application(self, unit: Unit) -> None:
        liaison = Actor(Subject(ISSUER, unit.liaison))
        self.on_application(unit, applications.retract_application, liaison)

    def signs(self, unit: Unit) -> None:
        chair = Actor(Subject(ISSUER, unit.chair))
        signed = self.on_application(unit, applications.sign_instrument, chair)
        if signed is not None:
            self.member_ids[unit.identifier] = signed.member_id

    def on_member(self, unit: Unit, act: Callable[[Work, str], Awaitable[T]]) -> T | None:
        if (member_id := self.member_ids.get(unit.identifier)) is None:
            return None
        return self.run(self.tried(lambda work: act(work, member_id)))

    @rule(unit=units, day=days)
    def withdraws(self, unit: Unit, day: int | None) -> None:
        self.on_member(unit, lambda work, of: members.withdraw(work, of, _day(work, day)))

    @rule(unit=units)
    def takes_its_withdrawal_back(self, unit: Unit) -> None:
        self.retracts(unit, Ending.WITHDRAWN)

    @rule(unit=units, successor=units, day=days)
    def merges(self, unit: Unit, successor: Unit, day: int | None) -> None:
        if (into := self.member_ids.get(successor.identifier)) is not None:
            self.on_member(unit, lambda work, of: _merge(work, of, into, day))

    @rule(pair=st.permutations(UNITS), day=st.integers(1, 40), leaves=days)
    def merges_while_its_successor_leaves(
        self, pair: list[Unit], day: int, leaves: int | None
    ) -> None:
        unit, into = (self.member_ids[unit.identifier] for unit in pair[:2])

        async def both() -> None:
            await asyncio.gather(
                self.tried(lambda work: _merge(work, unit, into, day)),
                self.tried(lambda work: members.withdraw(work, into, _day(work, leaves))),
            )

        self.run(both())

    @rule(unit=units, day=days)
    def is_dissolved(self, unit: Unit, day: int | None) -> None:
        self.on_member(
            unit,
            lambda work, of: members.dissolve_member(
                work, of, RegisteredAct("2026-118", _day(work, day)), None, ANY_VERSION
            ),
        )

    @rule(unit=units, kind=st.sampled_from([Ending.MERGED, Ending.DISSOLVED]))
    def is_not_to_end_after_all(self, unit: Unit, kind: Ending) -> None:
        self.retracts(unit, kind)

    def retracts(self, unit: Unit, kind: Ending) -> None:
        self.on_member(unit, lambda work, of: members.retract_ending(work, of, kind))

    @rule(unit=units, day=days)
    def is_cancelled(self, unit: Unit, day: int | None) -> None:
        case_id = new_id("cas")
        self.cases.append((unit.identifier, case_id))
        self.on_member(unit, lambda work, of: _cancel(work, of, case_id, day))

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def hears_of_a_cancellation_again(self, data: st.DataObject) -> None:
        identifier, case_id = data.draw(st.sampled_from(self.cases))
        unit = next(unit for unit in UNITS if unit.identifier == identifier)
        self.on_member(unit, lambda work, of: _cancel(work, of, case_id, None))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), outcome=st.sampled_from(AnnulmentOutcome), back=st.integers(0, 3))
    def has_its_cancellation_annulled(
        self, data: st.DataObject, outcome: AnnulmentOutcome, back: int
    ) -> None:
        identifier, case_id = data.draw(st.sampled_from(self.cases))
        unit = next(unit for unit in UNITS if unit.identifier == identifier)
        self.on_member(
            unit,
            lambda work, of: members.annul_cancellation(
                work, of, Annulment(case_id, outcome, work.today - timedelta(days=back))
            ),
        )

    @rule(unit=units, day=days)
    def withdraws_while_it_is_cancelled(self, unit: Unit, day: int | None) -> None:
        if (member_id := self.member_ids.get(unit.identifier)) is None:
            return
        case_id = new_id("cas")
        self.cases.append((unit.identifier, case_id))

        async def both() -> None:
            await asyncio.gather(
                self.tried(lambda work: members.withdraw(work, member_id, _day(work, day))),
                self.tried(lambda work: _cancel(work, member_id, case_id, day)),
            )

        self.run(both())

    @rule(unit=units, kind=st.sampled_from(MandateKind), person=st.integers(1, 3))
    def appoints(self, unit: Unit, kind: MandateKind, person: int) -> None:
        scopes = {MandateKind.MACHINE: Scope.CIRCULARS, MandateKind.ENTRUSTED: Scope.VOTE}
        subject = Subject(ISSUER, f"deputy {person}")
        held = frozenset({scopes.get(kind, Scope.ALL)})
        given = self.on_member(
            unit,
            lambda work, of: representatives.appoint_representative(
                work, of, Appointment(kind, subject, "李敏", held, work.now), ANY_VERSION
            ),
        )
        if given is not None:
            self.mandates.append((unit.identifier, given[1].id))

    @precondition(lambda self: self.mandates)
    @rule(data=st.data())
    def removes(self, data: st.DataObject) -> None:
        identifier, mandate_id = data.draw(st.sampled_from(self.mandates))
        unit = next(unit for unit in UNITS if unit.identifier == identifier)
        self.on_member(
            unit,
            lambda work, of: representatives.remove_representative(
                work, of, mandate_id, ANY_VERSION
            ),
        )

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.run(
            self.sql(
                "INSERT INTO test_clock (advance) VALUES (:span)"
                ' ON CONFLICT ("only") DO UPDATE SET advance = test_clock.advance + excluded.advance',
                span=span,
            )
        )

    @rule()
    def the_timer_strikes(self) -> None:
        self.run(self.tried(register.apply_due_endings))

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.begin() as work:
            result = await work.db.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    @invariant()
    def a_legal_entity_has_one_live_entry_at_most(self) -> None:
        rows = self.run(
            self.sql(
                "SELECT identifier, id FROM applications"
                " WHERE status IN ('submitted', 'returned', 'approved') UNION ALL"
                " SELECT identifier, member_id FROM members JOIN periods ON members.id = member_id"
                " WHERE ending_id IS NULL"
            )
        )
        kept = self.run(self.sql("SELECT identifier, holder_id FROM live_entities"))
        assert sorted(map(tuple, rows)) == sorted(map(tuple, kept))
        assert len({identifier for identifier, _ in rows}) == len(rows)

    @invariant()
    def the_register_has_every_version_and_its_chain_holds(self) -> None:
        newest = self.run(
            self.sql(
                "SELECT body FROM outgoing_events ORDER BY position OFFSET :known",
                known=len(self.events),
            )
        )
        for (body,) in newest:
            event = Envelope.model_validate_json(body)
            self.events.append(event)
            self.counted[event.partitionkey] += 1
            assert int(event.sequence) == self.counted[event.partitionkey]
            if event.type in CHANGES:
                self.enters(CHANGES[event.type].model_validate(event.data))
        kept = self.run(self.sql("SELECT version, head FROM register_head"))
        assert [tuple(row) for row in kept] == [(len(self.changes), self.head)]

    def enters(self, change: RegisterChange) -> None:
        """One more change of the register was announced."""
        self.head = change.head_after(self.head)
        self.changes.append(change)
        assert (change.register_version, change.register_head) == (len(self.changes), self.head)
        if isinstance(change, MemberAcceded):
            assert change.period_id not in self.running
            self.running[change.period_id] = change.member_id
        elif isinstance(change, MemberEnded):
            assert self.running.pop(change.period_id) == change.member_id
            assert (change.ending.value == "merged") == (change.successor_member_id is not None)
            if change.successor_member_id is not None:
                assert change.successor_member_id in self.running.values()

    @invariant()
    def whoever_is_to_merge_goes_on_in_a_member(self) -> None:
        pending = self.run(
            self.sql(
                "SELECT successor_id FROM endings WHERE kind = 'merged' AND outcome IS NULL"
                " AND NOT EXISTS (SELECT FROM periods WHERE ending_id = endings.id)"
            )
        )
        assert {successor for (successor,) in pending} <= set(self.running.values())

    @invariant()
    def what_was_announced_is_what_the_register_holds(self) -> None:
        kept = self.run(self.sql("SELECT id, member_id FROM periods WHERE ending_id IS NULL"))
        assert dict(map(tuple, kept)) == self.running
        assert len(set(self.running.values())) == len(self.running)

    def teardown(self) -> None:
        """Another service that heard all of it, the last first, knows the same members."""
        listener = Database(self.postgres.floor(), zone=ZONE)
        self.run(self.check_roster_of(listener))
        self.run(listener.close())
        self.run(self.database.close())
        self.runner.close()

    async def check_roster_of(self, listener: Database) -> None:
        async with listener.begin() as work:
            await enter_changes(work, self.changes[::-1])
            assert (await watermark(work)).version == len(self.changes)
            known = await work.db.execute(members_at(len(self.changes)))
            heard = {row.member_id for row in known}
        assert heard == set(self.running.values())


def _day(work: Work, day: int | None) -> Any:
    return None if day is None else work.today + timedelta(days=day)


async def _merge(work: Work, member_id: str, into: str, day: int | None) -> None:
    act = RegisteredAct("2026-118", _day(work, day))
    await members.merge_members(work, member_id, into, act, ANY_VERSION)


async def _cancel(work: Work, member_id: str, case_id: str, day: int | None) -> None:
    effective_at = work.now + timedelta(days=day or 0)
    decision = Cancellation(case_id, "2026-V-014", effective_at, DECIDERS)
    await members.cancel_membership(work, member_id, decision)


def _migrate(url: str) -> None:
    upgrade(url, membership().migrations)


def test_whatever_happens_the_register_stays_true(postgres: TestPostgres) -> None:
    """M1 to M6, M9: one live entry, gapless versions, an unbroken chain, one ending, and a roster that agrees."""
    server = postgres

    class OnThisServer(Membership):
        postgres = server

    run_state_machine_as_test(
        OnThisServer,
        settings=settings(
            max_examples=18, stateful_step_count=40, deadline=None, derandomize=True, database=None
        ),
    )
