"""Whatever units and coalitions do in whatever order: a proposal is admitted exactly where the ratio was reached (B.9)."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
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

from services.amendments.domain.changes import Draft, ReplaceProvision
from services.amendments.domain.lifecycle import ProposalStatus, SupportStatus
from services.amendments.domain.version import IMPORT, Version
from services.amendments.service import amendments
from services.amendments.store import proposals
from services.amendments.store.convention import add_version, hold_convention
from services.amendments.usecases import proposals as proposing
from services.amendments.usecases import supporting
from services.amendments.usecases.convention import announce_first_version
from shared.contracts.membership import Ending
from shared.db.work import Database, Work
from shared.kernel.actor import Actor, Scope, Subject
from shared.kernel.chain import roll_digest
from shared.kernel.errors import Refusal
from shared.kernel.versions import ANY_VERSION
from tests.support.convention import made_up_text
from tests.support.postgres import ZONE, TestPostgres, create_tables
from tests.support.register import MadeUpRegister
from tests.support.suite import ISSUER, SUITE

T = TypeVar("T")

UNITS = 24
active = st.integers(0, 3)
units = active | st.integers(4, UNITS - 1)
"""A few units do most of what is done, so that it is undone and done again."""

drafts = st.sampled_from(["甲。", "乙。"])


class Gathering(RuleBasedStateMachine):
    """Units come, go and come back, in batches that reach amendments late; one proposal at a time gathers support.

    ``told`` is what amendments knows of the register; the model holds who supports which draft, and latches by itself.
    """

    postgres: ClassVar[TestPostgres]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        tables = amendments(suite=SUITE).tables
        url = self.postgres.clone("amendments", lambda url: create_tables(url, tables))
        self.database = Database(url, zone=ZONE)
        self.ids: list[str | None] = [None] * UNITS
        self.proposal_id: str | None = None
        self.draft = ""
        self.behind: dict[str, str] = {}
        self.latched_at: int | None = None
        self.members: set[str] = set()
        self.told = 0

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    def tried(self, act: Callable[[Work], Awaitable[T]]) -> T | None:
        """What the act returns; None where it is refused, and then nothing changed."""

        async def attempt() -> T | None:
            try:
                async with self.database.begin() as work:
                    return await act(work)
            except Refusal:
                return None

        return self.run(attempt())

    @initialize(count=st.sampled_from([3, 10, 11, 12, 20, 21, 22, UNITS]))
    def there_is_a_convention_and_members_propose(self, count: int) -> None:
        self.register = MadeUpRegister(self.run(self._begin()))
        self.actual: set[str] = set()
        for number in range(count):
            self._join(number)
        self._tell()
        self.proposes(0, "甲。")
        if count > 20:
            self.supports(1, False)

    @rule(unit=units)
    def joins_or_comes_back(self, unit: int) -> None:
        if self.ids[unit] not in self.actual:
            self._join(unit)

    @rule(unit=units, ending=st.sampled_from(list(Ending)), at_once=st.booleans())
    def leaves(self, unit: int, ending: Ending, at_once: bool) -> None:
        member = self.ids[unit]
        if member is not None and member in self.actual and len(self.actual) > 1:
            self.register.end(member, ending)
            self.actual.remove(member)
            if at_once:
                self._tell()

    @rule()
    def the_news_arrives(self) -> None:
        self._tell()

    @rule(since=st.integers(0, 60))
    def old_news_arrives_again(self, since: int) -> None:
        """B.9: "replaying any event twice changes nothing"."""
        if old := self.register.changes[since : self.told]:
            self.tried(lambda work: supporting.take_in_changes(work, old))

    @precondition(lambda self: self.proposal_id is None)
    @rule(unit=active, zh=drafts)
    def proposes(self, unit: int, zh: str) -> None:
        made = self.tried(
            lambda work: proposing.submit_proposal(work, self._actor(unit), 1, _draft(zh))
        )
        assert (made is not None) == self._is_known(unit)
        if made is not None:
            self.proposal_id, self.draft = made.id, made.draft_digest
            self.behind = {str(self.ids[unit]): made.draft_digest}
            self._test()

    @precondition(lambda self: self.proposal_id is not None)
    @rule(unit=active, stale=st.booleans())
    def supports(self, unit: int, stale: bool) -> None:
        digest = "f" * 64 if stale else self.draft
        done = self.tried(
            lambda work: supporting.support_proposal(
                work, str(self.proposal_id), self._actor(unit), digest
            )
        )
        assert (done is not None) == (self._gathers() and not stale and self._is_known(unit))
        if done is not None:
            self.behind[str(self.ids[unit])] = self.draft
            self._test()

    @precondition(lambda self: self.proposal_id is not None)
    @rule(unit=active)
    def takes_its_support_back(self, unit: int) -> None:
        done = self.tried(
            lambda work: supporting.retract_support(work, str(self.proposal_id), self._actor(unit))
        )
        assert (done is not None) == (self._gathers() and self.ids[unit] in self.behind)
        if done is not None:
            del self.behind[str(self.ids[unit])]

    @precondition(lambda self: self.proposal_id is not None)
    @rule(unit=active, zh=drafts)
    def edits(self, unit: int, zh: str) -> None:
        leader = next(iter(self.behind), None)
        done = self.tried(
            lambda work: proposing.edit_draft(
                work, str(self.proposal_id), self._actor(unit), _draft(zh), ANY_VERSION
            )
        )
        leads = leader is not None and self.ids[unit] == leader
        assert (done is not None) == (self._gathers() and leads)
        if done is not None:
            self.draft = done.draft_digest
            self.behind[str(leader)] = self.draft
            self._test()

    @precondition(lambda self: self.latched_at is not None)
    @rule()
    def another_one_begins(self) -> None:
        self.proposal_id, self.latched_at = None, None
        self.behind.clear()

    @invariant()
    def it_is_admitted_exactly_where_the_ratio_was_reached(self) -> None:
        """B.9: "a proposal is admitted iff proposer is the organ or endorsements >= ceil(1/10 of the roll)"."""
        if self.proposal_id is None:
            return
        kept = self.run(self._kept())
        if self.latched_at is None:
            assert (kept.status, kept.latch) == (ProposalStatus.GATHERING, None)
            return
        assert kept.status is ProposalStatus.SUPPORTED
        assert kept.latch is not None
        assert kept.latch.register_version == self.latched_at
        assert kept.latch.reached >= -(-kept.latch.of // 10) == kept.latch.needed
        assert (kept.latch.of, kept.latch.roll_digest) == self.roll

    @invariant()
    def who_stands_behind_it_is_who_said_so_and_has_not_left(self) -> None:
        """M5: nothing old revives. After the latch a departure has no effect (edge case 4)."""
        if self.proposal_id is not None and self.latched_at is None:
            assert self.run(self._supporters()) == self.behind

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    def _join(self, unit: int) -> None:
        member = self.register.accede(self.ids[unit])
        self.ids[unit] = member
        self.actual.add(member)
        self.register.appoint(member, Subject(ISSUER, f"rep {unit}"), Scope.VOTE)

    def _tell(self) -> None:
        """Hand over what happened, and walk the model through it version by version."""
        changes = self.register.changes[self.told :]
        if not changes:
            return

        async def hand_over() -> None:
            async with self.database.begin() as work:
                await supporting.take_in_changes(work, changes)

        self.run(hand_over())
        for change in changes:
            self.told = change.register_version
            if change.type == "membership.member.acceded.v1":
                self.members.add(change.member_id)
            elif change.type == "membership.member.ended.v1":
                self.members.discard(change.member_id)
                if self._gathers():
                    self.behind.pop(change.member_id, None)
            self._test()

    def _test(self) -> None:
        confirmed = sum(digest == self.draft for digest in self.behind.values())
        if self._gathers() and confirmed and 10 * confirmed >= len(self.members):
            self.latched_at = self.told
            self.roll = (len(self.members), roll_digest(self.members))

    def _gathers(self) -> bool:
        return self.proposal_id is not None and self.latched_at is None

    def _is_known(self, unit: int) -> bool:
        return self.ids[unit] in self.members

    def _actor(self, unit: int) -> Actor:
        return Actor(Subject(ISSUER, f"rep {unit}"), member_id=self.ids[unit] or "mem_" + "0" * 32)

    async def _begin(self) -> datetime:
        async with self.database.begin() as work:
            version = Version(1, made_up_text(), 1, work.today, work.today, None, IMPORT)
            await hold_convention(work)
            await add_version(work, version)
            await announce_first_version(work, version, work.today, "import")
            return work.now - timedelta(hours=1)

    async def _kept(self) -> Any:
        async with self.database.begin() as work:
            return await proposals.get_proposal(work, str(self.proposal_id))

    async def _supporters(self) -> dict[str, str]:
        async with self.database.begin() as work:
            rows = await work.db.execute(
                text(
                    "SELECT member_id, draft_digest FROM supports"
                    " WHERE proposal_id = :id AND status = :active"
                ),
                {"id": self.proposal_id, "active": SupportStatus.ACTIVE.value},
            )
            return {row.member_id: row.draft_digest for row in rows}


def _draft(zh: str) -> Draft:
    change = ReplaceProvision("art_5", {"zh": zh, "en": None})
    return Draft((change,), (), {"zh": "修改", "en": None}, {"zh": "理由", "en": None})


def test_a_proposal_is_admitted_exactly_where_enough_members_stood_behind_it(
    postgres: TestPostgres,
) -> None:
    """Ecosystem B.9, on real PostgreSQL."""
    Gathering.postgres = postgres
    run_state_machine_as_test(
        Gathering,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
