"""Whatever units and the register do in whatever order, the ballot counts each unit once and only by its own word (B.9)."""

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from deploy.verify import verify
from services.amendments.api.schemas.votes import ReceiptOut
from services.amendments.domain.ballot import Ballot, CertifiedRoll, RollPurpose
from services.amendments.domain.changes import Draft, ReplaceProvision
from services.amendments.domain.lifecycle import BallotStatus
from services.amendments.domain.subject import SubjectKind
from services.amendments.domain.version import IMPORT, Version
from services.amendments.domain.vote import Choice, Receipt
from services.amendments.reactions import REACTIONS
from services.amendments.service import amendments
from services.amendments.store.ballots import find_ballot
from services.amendments.store.convention import add_version, hold_convention
from services.amendments.usecases import ballots, certification, records
from services.amendments.usecases import proposals as proposing
from services.amendments.usecases.convention import announce_first_version
from services.amendments.usecases.votes import Cast, take_votes
from shared.contracts.base import RegisterChange
from shared.contracts.membership import Ending, MemberAcceded
from shared.db.work import Database
from shared.kernel.actor import Actor, Role, Scope, Subject
from shared.kernel.chain import roll_digest
from shared.kernel.errors import Refusal
from shared.kernel.versions import ANY_VERSION
from tests.integration.amendments.polling import members_of, version_at
from tests.support.convention import made_up_text
from tests.support.postgres import ZONE, TestPostgres, create_tables
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, SUITE

T = TypeVar("T")

UNITS = 9
units = st.integers(0, UNITS - 1)
choices = st.sampled_from(list(Choice))
SECRETARY = Actor(Subject(ISSUER, "secretary"), frozenset({Role.SECRETARY}))
OFFICER = Actor(Subject(ISSUER, "officer"), frozenset({Role.BALLOT_OFFICER}))
VOLUNTARY = {Ending.WITHDRAWN, Ending.MERGED}


@dataclass
class Period:
    """A membership as it truly is: which one of its unit's, and when and how it ended, if it did."""

    unit: int
    ended_at: datetime | None = None
    ending: Ending | None = None


@dataclass
class Mandate:
    """The mandate of a unit's representative, given in a period."""

    id: str
    period: Period
    removed_at: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, by itself or with its period."""
        ends = [end for end in (self.removed_at, self.period.ended_at) if end is not None]
        return min(ends, default=None)


class Polling(RuleBasedStateMachine):
    """Units vote, leave, come back and change their representatives; the news reaches amendments late, time goes on.

    The model holds what is true and what amendments has been told; at the end it counts by itself.
    """

    postgres: ClassVar[TestPostgres]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        tables = amendments(suite=SUITE).tables
        url = self.postgres.clone("amendments", lambda url: create_tables(url, tables))
        self.database = Database(url, zone=ZONE)
        self.ids = [""] * UNITS
        self.periods: dict[int, Period] = {}
        self.mandates: dict[int, Mandate] = {}
        self.given: list[Mandate] = []
        self.ends: dict[str, datetime | None] = {}
        self.known: dict[int, tuple[Period, Mandate]] = {}
        self.electors: dict[int, Period] = {}
        self.cast: list[tuple[int, Choice, datetime, Mandate, Receipt]] = []
        self.told = 0
        self.ballot_id = ""

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    @initialize(count=st.integers(1, UNITS))
    def a_ballot_is_open(self, count: int) -> None:
        self.register = MadeUpRegister(self.run(self._begin()))
        for number in range(count):
            self._join(number)
        self.the_news_arrives()
        self.ballot_id = self.run(self._open())
        self.electors = dict(self.periods)

    @rule(unit=units, choice=choices)
    def votes(self, unit: int, choice: Choice) -> None:
        answer = self.run(self._vote(unit, choice))
        period, mandate = self.known.get(unit, (None, None))
        may = period is not None and period is self.electors.get(unit) and mandate is not None
        assert isinstance(answer, Receipt) == may, answer
        if isinstance(answer, Receipt) and mandate is not None:
            standing = self._standing(unit)
            if standing is not None and standing[1] is choice:
                assert answer == standing[4]
            else:
                self.cast.append((unit, choice, answer.acted_at, mandate, answer))

    @rule(unit=units, ending=st.sampled_from([*Ending, Ending.CANCELLED]))
    def leaves(self, unit: int, ending: Ending) -> None:
        period = self.periods.get(unit)
        if period is None or period.ended_at is not None or self._running() == 1:
            return
        self._now()
        self.register.end(self.ids[unit], ending)
        period.ended_at, period.ending = self.register.now, ending

    @rule(unit=units)
    def joins_or_comes_back(self, unit: int) -> None:
        period = self.periods.get(unit)
        if period is None or period.ended_at is not None:
            self._now()
            self._join(unit)

    @rule()
    def a_cancellation_is_annulled(self) -> None:
        for unit, period in self.periods.items():
            if period.ending is Ending.CANCELLED:
                self._now()
                self.register.reinstate(self.ids[unit])
                period.ended_at = period.ending = None
                return

    @rule(unit=units)
    def changes_its_representative(self, unit: int) -> None:
        mandate = self.mandates.get(unit)
        period = self.periods.get(unit)
        if mandate is None or period is None or mandate.ended_at is not None:
            return
        self._now()
        self.register.remove(self.ids[unit], mandate.id)
        mandate.removed_at = self.register.now
        self._appoint(unit, period)

    @rule()
    def the_news_arrives(self) -> None:
        changes = self.register.changes[self.told :]
        self.told = self.register.version
        if changes:
            self.run(self._tell(changes))
        self.ends = {mandate.id: mandate.ended_at for mandate in self.given}
        self.known = {
            unit: (period, self.mandates[unit])
            for unit, period in self.periods.items()
            if period.ended_at is None
        }

    @rule(since=st.integers(0, 60))
    def old_news_arrives_again(self, since: int) -> None:
        """B.9: "replaying any event twice changes nothing"."""
        self.run(self._tell(self.register.changes[since : self.told]))

    @rule(hours=st.integers(1, 20))
    def time_passes(self, hours: int) -> None:
        self.run(self._pass(timedelta(hours=hours)))

    @rule()
    def it_is_extended(self) -> None:
        self.run(self._extend())

    @invariant()
    def each_unit_has_at_most_one_vote_that_stands(self) -> None:
        """B.9: "a ballot counts each unit once and only units that were members at opening"."""
        if not self.ballot_id:
            return
        rows = self.run(
            self._rows("SELECT member_id, choice FROM votes WHERE stands ORDER BY sequence")
        )
        said = {row["member_id"]: row["choice"] for row in rows}
        assert len(said) == len(rows)
        standing = {u: self._standing(u) for u in self.electors}
        assert said == {self.ids[u]: s[1].value for u, s in standing.items() if s is not None}

    def teardown(self) -> None:
        try:
            if self.ballot_id:
                self._count()
        finally:
            self.run(self.database.close())
            self.runner.close()

    def _count(self) -> None:
        """The close: the service's result and the verifier's recount are what the model counts."""
        ballot, record = self.run(self._close())
        assert ballot.result is not None
        closes_at = ballot.closes_at
        assert closes_at is not None
        choices = {u: (s := self._standing(u)) and s[1] for u in self.electors}
        left = {u: p.ending for u, p in self.electors.items() if p.ended_at is not None}

        def tally(gone: set[int]) -> tuple[int, int]:
            base = [u for u in self.electors if u not in gone]
            return sum(choices[u] is Choice.FOR for u in base), len(base)

        counts = [tally(set()), tally(set(left))]
        counts.append(tally({u for u, how in left.items() if how in VOLUNTARY}))
        tallies = ballot.result.tallies
        assert counts == [
            (t.count.consenting, t.count.units)
            for t in (tallies.official, tallies.closing, tallies.less_voluntary)
        ]
        reached = {of > 0 and 3 * consenting >= 2 * of for consenting, of in counts}
        outcome = "undetermined" if len(reached) > 1 else "adopted" if reached.pop() else "rejected"
        assert ballot.result.outcome == outcome
        verdict = verify(
            record,
            seal=ballot.result.seal.hex(),
            receipts=[
                ReceiptOut.of(receipt, self.ids[unit]).model_dump(mode="json")
                for unit, *_, receipt in self.cast
            ],
        )
        assert verdict.faults == []
        assert (verdict.votes, verdict.receipts) == (len(self.cast), len(self.cast))

    def _standing(self, unit: int) -> tuple[int, Choice, datetime, Mandate, Receipt] | None:
        """The unit's last vote that is valid by what amendments has been told.

        One subject represents a unit, with one mandate after another: any of them that was valid lets it vote.
        """
        for vote in reversed(self.cast):
            if vote[0] == unit and any(
                ended_at is None or vote[2] < ended_at
                for ended_at in (self.ends[m.id] for m in self._of_same_period(vote[3]))
            ):
                return vote
        return None

    def _of_same_period(self, mandate: Mandate) -> list[Mandate]:
        return [m for m in self.given if m.id in self.ends and m.period is mandate.period]

    def _join(self, unit: int) -> None:
        self.ids[unit] = self.register.accede(self.ids[unit] or None)
        self.periods[unit] = Period(unit)
        self._appoint(unit, self.periods[unit])

    def _appoint(self, unit: int, period: Period) -> None:
        subject = Subject(ISSUER, f"rep {unit}")
        mandate_id = self.register.appoint(self.ids[unit], subject, Scope.VOTE)
        self.mandates[unit] = Mandate(mandate_id, period)
        self.given.append(self.mandates[unit])

    def _running(self) -> int:
        return sum(period.ended_at is None for period in self.periods.values())

    def _now(self) -> None:
        self.register.now = self.run(self._clock())

    async def _begin(self) -> datetime:
        async with self.database.begin() as work:
            version = Version(1, made_up_text(), 1, work.today, work.today, None, IMPORT)
            await hold_convention(work)
            await add_version(work, version)
            await announce_first_version(work, version, work.today, "import")
            return work.now - timedelta(hours=1)

    async def _open(self) -> str:
        change = ReplaceProvision("art_5", {"zh": "甲。", "en": None})
        draft = Draft((change,), (), {"zh": "修改", "en": None}, {"zh": "理由", "en": None})
        async with self.database.begin() as work:
            proposal = await proposing.submit_proposal(work, SECRETARY, 1, draft)
            called = await ballots.call_ballot(work, SubjectKind.PROPOSAL, proposal.id, OFFICER)
        await self._pass(called.notice_ends_at - called.called_at)
        async with self.database.begin() as work:
            assert await ballots.end_notice(work, called.id)
            roll = self._certified(work.now, self.register.version)
            await certification.take_certified_roll(work, called.id, RollPurpose.OPENING, roll)
        return called.id

    async def _vote(self, unit: int, choice: Choice) -> Receipt | Refusal:
        member = self.ids[unit] or "mem_" + "0" * 32
        actor = Actor(Subject(ISSUER, f"rep {unit}"), member_id=member)
        async with self.database.begin() as work:
            (answer,) = await take_votes(work, self.ballot_id, [Cast(actor, choice)])
        return answer

    async def _extend(self) -> None:
        async with self.database.begin() as work:
            ballot = await find_ballot(work, self.ballot_id)
            assert ballot.closes_at is not None
            day = ballot.closes_at.astimezone(ZONE).date() + timedelta(days=1)
            await ballots.extend_ballot(work, ballot.id, day, "中断", OFFICER, ANY_VERSION)

    async def _close(self) -> tuple[Ballot, dict[str, Any]]:
        async with self.database.begin() as work:
            ballot = await find_ballot(work, self.ballot_id)
            assert ballot.closes_at is not None
            left = ballot.closes_at - work.now
        await self._pass(left)
        async with self.database.begin() as work:
            assert await ballots.close_ballot(work, ballot.id)
            version = version_at(self.register, ballot.closes_at)
            roll = self._certified(ballot.closes_at, version)
            await certification.take_certified_roll(work, ballot.id, RollPurpose.CLOSE, roll)
            ballot = await find_ballot(work, self.ballot_id)
            if self.told < version:
                assert ballot.status is BallotStatus.CLOSED
        await self._tell(self.register.changes[self.told :])
        self.told = self.register.version
        self.ends = {mandate.id: mandate.ended_at for mandate in self.given}
        async with self.database.begin() as work:
            await certification.go_on_with_waiting(work, self.ballot_id)
            ballot = await find_ballot(work, self.ballot_id)
            record = await records.record_of(work, ballot.id, for_members=True)
        pieces = [piece async for piece in record.pieces(self.database)]
        return ballot, json.loads(b"".join(pieces))

    def _certified(self, instant: datetime, version: int) -> CertifiedRoll:
        members = members_of(self.register, version)
        return CertifiedRoll("rol_1", instant, version, len(members), roll_digest(members))

    async def _tell(self, changes: Sequence[RegisterChange]) -> None:
        if changes:
            async with self.database.begin() as work:
                for reaction in REACTIONS[MemberAcceded]:
                    await reaction.handle(work, changes)

    async def _pass(self, span: timedelta) -> None:
        async with self.database.begin() as work:
            await work.db.execute(
                text(
                    'INSERT INTO test_clock (advance) VALUES (:span) ON CONFLICT ("only")'
                    " DO UPDATE SET advance = test_clock.advance + excluded.advance"
                ),
                {"span": span},
            )

    async def _clock(self) -> datetime:
        async with self.database.begin() as work:
            return work.now

    async def _rows(self, statement: str) -> Sequence[Mapping[str, Any]]:
        async with self.database.begin() as work:
            return [dict(row._mapping) for row in await work.db.execute(text(statement))]


def test_a_ballot_counts_what_its_units_validly_said_last(postgres: TestPostgres) -> None:
    """Ecosystem B.9 and P39, on real PostgreSQL."""
    Polling.postgres = postgres
    run_state_machine_as_test(
        Polling,
        settings=settings(
            max_examples=25,
            stateful_step_count=35,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
