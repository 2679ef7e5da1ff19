"""What a house that was running before a revision has, goes on after it."""

import asyncio

from sqlalchemy import text

from services.amendments.domain.ballot import RollPurpose
from services.amendments.store import ballots
from services.amendments.store.proposals import get_proposal
from shared.db.migrations import downgrade, upgrade
from shared.db.rulebooks import rulebook_in_force
from shared.kernel.actor import Subject
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import at, called, certify, opened, votes
from tests.integration.amendments.proposing import propose
from tests.integration.amendments.test_annex_amendments import TWO_THIRDS, proposed
from tests.integration.amendments.test_annexes import ACCESS, consent
from tests.support.suite import ISSUER

OLDER = (
    "SELECT count(*) FROM rulebooks, json_array_elements(entries) AS entry"
    " WHERE entry ->> 'key' = 'ballot.reminder_share'"
)


async def test_a_ballot_that_was_called_before_every_ballot_had_a_chain_opens_and_is_voted_in(
    convened: House,
) -> None:
    units = await convened.members(2)
    done = await opened(convened)
    await votes(convened, done, units[:1])
    ballot = await called(convened)
    url = convened.service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, convened.service.migrations, "0003")
    assert await convened.scalar("SELECT count(*) FROM vote_chains") == 1
    await asyncio.to_thread(upgrade, url, convened.service.migrations)
    await at(convened, ballot["notice_ends_at"])
    last = "SELECT bool_and(acted_at IS NOT NULL) FROM vote_chains WHERE sequence > 0"
    assert await convened.scalar(last)
    await convened.run_timer("end_due_notices")
    await certify(convened, ballot, RollPurpose.OPENING)
    await votes(convened, ballot, units)
    await votes(convened, done, units)
    assert await convened.scalar("SELECT sum(sequence) FROM vote_chains") == 4


async def test_rulebooks_and_ballots_from_before_the_reminders_had_a_rule_have_it_afterwards(
    convened: House,
) -> None:
    await convened.members(1)
    ballot = await called(convened)
    url = convened.service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, convened.service.migrations, "0003")
    assert await convened.scalar(OLDER) == 0
    assert await convened.scalar("SELECT timing -> 'reminder' FROM ballots") is None
    await asyncio.to_thread(upgrade, url, convened.service.migrations)
    async with convened.database.begin() as work:
        assert (await rulebook_in_force(work)).entries == REFERENCE_RULEBOOK.entries
        kept = await ballots.find_ballot(work, ballot["id"])
    start, end = kept.called_at, kept.notice_ends_at
    assert kept.timing.remind_at(start, end) == start + (end - start) / 2
    assert kept.timing.reminder_basis.rule == "ballot.reminder_share"


async def test_consents_to_an_open_amendment_from_before_they_were_bound_to_it_count_afterwards(
    convened: House,
) -> None:
    """There and back; what was consented to before it was proposed is left behind."""
    units = await convened.members(6, ACCESS)
    annex = await consent(convened, await proposed(convened, units, amendment=TWO_THIRDS), units[1])
    url = convened.service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, convened.service.migrations, "0003")
    assert (
        await convened.scalar(
            "SELECT count(*) FROM annex_consents WHERE digest = :now",
            now=annex["amendment"]["digest"],
        )
        == 0
    )
    async with convened.database.begin() as work:
        await work.db.execute(
            text(
                "INSERT INTO annex_consents SELECT annex_id, digest, :unit, member_since, consented_by,"
                " consented_at - interval '1 day' FROM annex_consents LIMIT 1"
            ),
            {"unit": units[2]},
        )
    await asyncio.to_thread(upgrade, url, convened.service.migrations)
    shown = await convened.public.get(f"/v1/annexes/{annex['id']}")
    assert shown["amendment"] == annex["amendment"]


async def test_what_was_put_to_the_vote_before_stays_so_and_who_proposed_it_is_its_author(
    convened: House,
) -> None:
    await convened.members(1)
    ballot = await opened(convened)
    other = await propose(convened.secretary)
    url = convened.service.settings.database_url.get_secret_value()
    await asyncio.to_thread(downgrade, url, convened.service.migrations, "0003")
    await asyncio.to_thread(upgrade, url, convened.service.migrations)
    async with convened.database.begin() as work:
        voted_on = await get_proposal(work, ballot["subject_id"])
        waiting = await get_proposal(work, other["id"])
    assert (voted_on.was_in_ballot, waiting.was_in_ballot) == (True, False)
    assert voted_on.authors == waiting.authors == {Subject(ISSUER, "secretary")}
