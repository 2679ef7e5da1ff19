"""Whatever is adopted, promulgated, corrected and interpreted in whatever order: old version + redline = new version (B.9)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
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

from services.amendments.domain.changes import (
    Change,
    Draft,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    SetRule,
)
from services.amendments.domain.promulgation import Promulgation, Publication
from services.amendments.domain.provision import LANGUAGES, Wording
from services.amendments.domain.redline import redline
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.domain.version import IMPORT, Version
from services.amendments.service import amendments
from services.amendments.store import convention
from services.amendments.store.rulebook import rulebook_in_force
from services.amendments.usecases import proposals, texts
from services.amendments.usecases.convention import announce_first_version, find_text
from services.amendments.usecases.interpretations import Reading, issue_interpretation
from services.amendments.usecases.promulgations import promulgate
from services.amendments.usecases.texts import Mending
from shared.db.work import Database, Work
from shared.kernel.actor import Actor, Role, Subject
from shared.kernel.errors import Refusal
from shared.kernel.ratio import Ratio
from tests.support import balloting
from tests.support.convention import made_up_text
from tests.support.postgres import ZONE, TestPostgres, create_tables
from tests.support.suite import ISSUER, SUITE

T = TypeVar("T")

AUTHOR = Actor(Subject(ISSUER, "secretary"), frozenset({Role.SECRETARY}))
OTHER = Actor(Subject(ISSUER, "second secretary"), frozenset({Role.SECRETARY}))
RULE = "amendment.adoption"

articles = st.sampled_from(["art_5", "art_6", "art_9_2", "art_27", "art_32"])
inserted = st.sampled_from(["art_32", "art_9-1", "art_9_5", "art_5_1", "art_27-1", "ch_5"])
wordings = st.builds(
    lambda zh, en: {"zh": zh, "en": en},
    st.text("三分之二以上同意或和一十。", min_size=1, max_size=12),
    st.none()
    | st.text("two thirds or more ", min_size=1, max_size=12).map(lambda t: t.strip() or "x"),
)
changes = (
    st.builds(ReplaceProvision, articles, wordings)
    | st.builds(InsertProvision, inserted, wordings)
    | st.builds(RepealProvision, articles)
)
ratios = (
    st.none()
    | st.none()
    | st.sampled_from([Ratio(2, 3), Ratio(3, 4), Ratio(1, 2, inclusive=False)])
)


@dataclass(frozen=True)
class Adopted:
    """A proposal that the members adopted, on which base and when; ``rule``: the majority it would set."""

    id: str
    base: int
    on: date
    rule: Ratio | None


class Law(RuleBasedStateMachine):
    """The organ amends, promulgates at once or for a later day, corrects and interprets; days pass.

    The model holds the days and majorities of the versions, and what each said when it was made.
    """

    postgres: ClassVar[TestPostgres]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        tables = amendments(suite=SUITE).tables
        url = self.postgres.clone("amendments", lambda url: create_tables(url, tables))
        self.database = Database(url, zone=ZONE)
        self.adopted: list[Adopted] = []
        self.in_force: dict[int, date] = {}
        self.majority: dict[int, Ratio] = {}
        self.said: dict[int, list[tuple[str, str | None]]] = {}
        self.interpretations = 0

    def tried(self, act: Callable[[Work], Awaitable[T]]) -> T | None:
        """What the act returns; None where it is refused, and then nothing changed."""

        async def attempt() -> T | None:
            try:
                async with self.database.begin() as work:
                    return await act(work)
            except Refusal:
                return None

        return self.runner.run(attempt())

    @initialize()
    def there_is_a_convention(self) -> None:
        async def begin(work: Work) -> date:
            version = Version(1, made_up_text(), 1, work.today, work.today, None, IMPORT)
            await convention.hold_convention(work)
            await convention.add_version(work, version)
            await announce_first_version(work, version, work.today, "import")
            return work.today

        today = self.tried(begin)
        assert today is not None
        self._note(1, today, Ratio(2, 3))

    @rule(change=changes, majority=ratios, at_once=st.booleans())
    def the_members_adopt(self, change: Change, majority: Ratio | None, at_once: bool) -> None:
        rules = () if majority is None else (SetRule(RULE, majority),)
        draft = Draft((change,), rules, _text("修改"), _text("理由"))
        latest = len(self.in_force)

        async def adopt(work: Work) -> Adopted:
            proposal = await proposals.submit_proposal(work, AUTHOR, latest, draft)
            await balloting.decided(work, SubjectKind.PROPOSAL, proposal.id, BallotOutcome.ADOPTED)
            return Adopted(proposal.id, latest, work.today, majority)

        if (made := self.tried(adopt)) is not None:
            self.adopted.append(made)
            if at_once:
                self.it_is_promulgated(-1, 0)

    @precondition(lambda self: self.adopted)
    @rule(which=st.sampled_from([-1, -1, 0]), days=st.none() | st.integers(-1, 9))
    def it_is_promulgated(self, which: int, days: int | None) -> None:
        chosen = self.adopted[which % len(self.adopted)]
        today, latest = self._today(), len(self.in_force)
        earliest = max(today, self.in_force[latest])
        named = None if days is None else earliest + timedelta(days=days)
        day = named or today

        def act(actor: Actor) -> Callable[[Work], Awaitable[Promulgation]]:
            return lambda work: promulgate(work, chosen.id, actor, Publication(named, None))

        assert self.tried(act(AUTHOR)) is None
        made = self.tried(act(OTHER))
        may = chosen.base == latest and day >= earliest
        assert (made is not None) == may
        if made is not None:
            self.adopted.remove(chosen)
            assert made.convention_version == latest + 1
            assert made.is_late == (today > chosen.on + timedelta(days=30))
            assert made.valid_on == chosen.on <= today <= made.in_force_on == day
            self._note(latest + 1, day, chosen.rule or self.majority[latest])

    @rule(provision=articles, en=st.sampled_from(["One.", "Two.", "Three."]))
    def a_translation_is_corrected(self, provision: str, en: str) -> None:
        async def correct(work: Work) -> int:
            law = await convention.version_in_force(work)
            before = law.text.get(provision).texts["en"]
            mending = Mending(provision, "en", before, en, "译文")
            return await texts.correct_wording(work, mending, Subject(ISSUER, "secretary"))

        self.tried(correct)

    @rule(provision=articles, days=st.integers(-1, 3))
    def it_is_interpreted(self, provision: str, days: int) -> None:
        day = self._today() + timedelta(days=days)
        reading = Reading(provision, _text("含本数"), _text("通例"), day, False, None)
        made = self.tried(
            lambda work: issue_interpretation(work, reading, Subject(ISSUER, "secretary"))
        )
        assert made is None or days >= 0
        if made is not None:
            self.interpretations += 1
            assert made.number == self.interpretations

    @rule(days=st.sampled_from([1, 9, 31]))
    def days_pass(self, days: int) -> None:
        async def advance(work: Work) -> None:
            await work.db.execute(
                text(
                    'INSERT INTO test_clock (advance) VALUES (:span) ON CONFLICT ("only")'
                    " DO UPDATE SET advance = test_clock.advance + excluded.advance"
                ),
                {"span": timedelta(days=days)},
            )

        self.tried(advance)

    @invariant()
    def the_old_text_and_the_redline_make_the_new_one(self) -> None:
        """B.9: "old version + redline = new version", for any two versions and in either language."""
        versions = self._versions()
        for old, new in combinations(versions, 2):
            for language in LANGUAGES:
                parts = redline(old.text, new.text, language)
                assert [part.provision_id for part in parts] == [p.id for p in new.text.provisions]
                for part in parts:
                    before = old.text.by_id.get(part.provision_id)
                    was = (before.texts.get(language) if before else None) or ""
                    becomes = new.text.get(part.provision_id).texts.get(language) or ""
                    assert "".join(o.old_text for o in part.opcodes) == was
                    assert "".join(o.new_text for o in part.opcodes) == becomes

    @invariant()
    def versions_follow_each_other_and_what_they_said_stays(self) -> None:
        """A2; product: "numbers are never shifted": what was repealed stays repealed, what was said stays said."""
        versions = self._versions()
        assert [v.number for v in versions] == list(self.in_force)
        assert [v.in_force_on for v in versions] == sorted(self.in_force.values())
        for version in versions:
            assert _said(version) == self.said[version.number]
        for old, new in pairwise(versions):
            assert set(old.text.by_id) <= set(new.text.by_id)
            assert all(new.text.get(p.id).is_repealed for p in old.text.provisions if p.is_repealed)

    @invariant()
    def the_law_of_today_is_the_last_that_took_force_and_its_rulebook_goes_with_it(self) -> None:
        """Edge case 19: "new rule from promulgation", or from the day that it names (A6)."""
        if not self.in_force:
            return

        async def law(work: Work) -> tuple[int, Ratio]:
            shown = await find_text(work)
            return shown.version.number, (await rulebook_in_force(work)).ratio(RULE)

        today = self._today()
        number = max(n for n, day in self.in_force.items() if day <= today)
        assert self.tried(law) == (number, self.majority[number])

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    def _note(self, number: int, day: date, majority: Ratio) -> None:
        self.in_force[number], self.majority[number] = day, majority
        self.said[number] = _said(self._versions()[-1])

    def _versions(self) -> list[Version]:
        return self.tried(convention.all_versions) or []

    def _today(self) -> date:
        async def read(work: Work) -> date:
            return work.today

        today = self.tried(read)
        assert today is not None
        return today


def _said(version: Version) -> list[tuple[str, str | None]]:
    return [(p.id, p.texts.get("zh")) for p in version.text.provisions]


def _text(zh: str) -> Wording:
    return {"zh": zh, "en": None}


def test_the_law_is_what_was_promulgated_and_every_redline_tells_the_difference(
    postgres: TestPostgres,
) -> None:
    """Ecosystem B.9, on real PostgreSQL."""
    Law.postgres = postgres
    run_state_machine_as_test(
        Law,
        settings=settings(
            max_examples=20,
            stateful_step_count=40,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
