"""What the clock does in amendments: each due thing by itself, and reminders of what is to be done (A3, A5 to A7)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.amendments.domain.ballot import RollPurpose
from shared.kernel.terms import start_of
from tests.integration.amendments.house import House
from tests.integration.amendments.polling import (
    MICROSECOND,
    at,
    called,
    certify,
    closed,
    moment,
    opened,
    read,
)
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    adopted,
    as_json,
    days,
    promulgate,
    propose,
    replacing,
)
from tests.integration.amendments.proposing import read as read_proposal
from tests.integration.amendments.test_annexes import ACCESS, an_annex, in_force, path_of
from tests.integration.amendments.test_founding import FOUNDING, a_unit, bring_in, legal, name_units
from tests.support.postgres import ZONE

DUE = "amendments.convention.publication_due.v1"
PROMULGATION_DUE = "amendments.proposal.promulgation_due.v1"
TRIAL_ENDED = "amendments.annex.trial_ended.v1"


async def poison(house: House, table: str, thing: Json) -> None:
    """A row that cannot be read any more."""
    column = {"ballots": "rule", "proposals": "draft"}[table]
    async with house.database.begin() as work:
        await work.db.execute(
            text(f"UPDATE {table} SET {column} = '[]' WHERE id = :id"), {"id": thing["id"]}
        )


async def two_proposals(house: House) -> tuple[Json, Json]:
    """Two of the organ's, about different articles."""
    first, second = [
        await propose(house.secretary, a_draft(replacing(article)))
        for article in ("art_5", "art_6")
    ]
    return first, second


async def test_a_poisoned_ballot_whose_notice_has_run_stops_no_other(convened: House) -> None:
    """Each due ballot is a transaction of its own; the one that fails is told in the log, with its id."""
    await convened.members(1)
    bad, good = [await called(convened, p) for p in await two_proposals(convened)]
    await poison(convened, "ballots", bad)
    await at(convened, good["notice_ends_at"])
    with capture_logs() as logs:
        assert await convened.run_timer("end_due_notices") == 1
    assert {entry["id"] for entry in logs if entry["event"] == "due_thing_failed"} == {bad["id"]}
    assert (await read(convened, good))["status"] == "awaiting_roll"


async def test_a_poisoned_waiting_ballot_stops_no_other(convened: House) -> None:
    await convened.members(1)
    bad, good = [await called(convened, p) for p in await two_proposals(convened)]
    await at(convened, good["notice_ends_at"])
    assert await convened.run_timer("end_due_notices") == 2
    convened.register.accede()
    await certify(convened, good, RollPurpose.OPENING)
    await poison(convened, "ballots", bad)
    await convened.tell()
    assert (await read(convened, good))["waiting_for"] == "roster_behind"
    assert await convened.run_timer("go_on_with_waiting_ballots") == 1
    assert (await read(convened, good))["status"] == "open"


async def test_a_poisoned_open_ballot_stops_neither_the_close_nor_the_reminder_of_another(
    convened: House,
) -> None:
    await convened.members(1)
    bad, good = [await called(convened, p) for p in await two_proposals(convened)]
    await at(convened, good["notice_ends_at"])
    assert await convened.run_timer("end_due_notices") == 2
    for ballot in (bad, good):
        await certify(convened, ballot, RollPurpose.OPENING)
    await poison(convened, "ballots", bad)
    await at(convened, (await read(convened, good))["closes_at"], by=-days(1))
    assert await convened.run_timer("remind_due_ballots") == 1
    assert (await closed(convened, good))["status"] == "closed"


async def test_a_poisoned_proposal_stops_neither_the_lapse_nor_the_lateness_of_another(
    convened: House,
) -> None:
    units = await convened.members(30)
    gathering = [await propose(convened.as_member(units[n])) for n in range(2)]
    late = [await adopted(convened, a_draft(replacing(f"art_{n}"))) for n in (7, 8)]
    await poison(convened, "proposals", gathering[0])
    await poison(convened, "proposals", late[0])
    await convened.advance(days(91))
    assert await convened.run_timer("let_proposals_lapse") == 1
    assert await convened.run_timer("note_overdue_promulgations") == 1
    assert (await read_proposal(convened.secretary, gathering[1]))["status"] == "lapsed"
    assert (await read_proposal(convened.secretary, late[1]))["promulgation_overdue"] is True


async def test_a_share_of_the_voting_time_that_the_rulebook_names_passes_before_the_reminder(
    convened: House,
) -> None:
    """ "The rulebook": "Every number that decides something lives in the rulebook"; here three quarters, by amendment."""
    share = {"numerator": 3, "denominator": 4, "inclusive": True, "of": "voting_term"}
    rule = {"key": "ballot.reminder_share", "value": share}
    amended = await adopted(convened, a_draft(changes=[], rule_changes=[rule]))
    assert (await promulgate(convened, amended)).status_code == 201
    await convened.members(2)
    ballot = await opened(convened, await propose(convened.secretary, base=2))
    start, end = moment(ballot["opened_at"]), moment(ballot["closes_at"])
    due = start + (end - start) * 3 / 4
    await at(convened, due, by=-timedelta(minutes=1))
    assert await convened.run_timer("remind_due_ballots") == 0
    await at(convened, due)
    assert await convened.run_timer("remind_due_ballots") == 1


async def test_nobody_is_reminded_of_a_vote_that_can_be_cast_no_more(convened: House) -> None:
    """N2: "reminder to those who have not voted"; the timers had been idle from the middle of the ballot on."""
    await convened.members(2)
    ballot = await opened(convened)
    await at(convened, ballot["closes_at"])
    assert await convened.run_timer("remind_due_ballots") == 0
    assert await convened.announced("amendments.ballot.reminder_due.v1") == []
    assert await convened.run_timer("close_due_ballots") == 1


async def founded(house: House) -> Json:
    """A founding with its last signature, today."""
    await bring_in(house)
    await name_units(house, a_unit(1))
    valid: Json = await legal(house, 1).post(f"{FOUNDING}/signatures")
    return valid


async def test_the_organ_is_reminded_to_publish_the_founded_convention_on_days_20_27_and_30(
    house: House,
) -> None:
    """A3: "publication within 30 days is watched"; edge case: "day 20/27/30 of a publication duty remind"."""
    valid = await founded(house)
    first = house.today
    for day, told in ((20, 1), (27, 2), (30, 3)):
        await at(house, start_of(first + timedelta(days=day), ZONE), by=-MICROSECOND * 500_000)
        assert await house.run_timer("remind_of_publication") == 0, day
        await at(house, start_of(first + timedelta(days=day), ZONE))
        assert await house.run_timer("remind_of_publication") == 1, day
        assert len(await house.announced(DUE)) == told
    await house.advance(days(45))
    assert await house.run_timer("remind_of_publication") == 0
    (*_, last) = await house.announced(DUE)
    assert (last["due_on"], last["basis"]["rule"]) == (
        valid["publish_by"],
        "founding.publication_term",
    )


async def test_reminders_that_nobody_was_there_to_give_are_given_as_one(house: House) -> None:
    await founded(house)
    await house.advance(days(28))
    assert await asyncio.gather(*(house.run_timer("remind_of_publication") for _ in range(2))) in (
        [0, 1],
        [1, 0],
    )
    assert len(await house.announced(DUE)) == 1


async def test_what_has_been_published_is_reminded_of_no_more(house: House) -> None:
    await founded(house)
    await house.advance(days(21))
    assert await house.run_timer("remind_of_publication") == 1
    await house.secretary.post(f"{FOUNDING}/publication")
    await house.advance(days(30))
    assert await house.run_timer("remind_of_publication") == 0


async def test_nothing_is_begun_by_watching_where_nothing_was_founded(house: House) -> None:
    assert await house.run_timer("remind_of_publication") == 0
    assert await house.scalar("SELECT count(*) FROM convention") == 0


async def test_the_organ_is_reminded_to_promulgate_what_was_adopted(convened: House) -> None:
    """A6: "the 30 days watched"; edge case: "day 20/27/30 of a publication duty remind"."""
    proposal = await adopted(convened)
    other = await adopted(convened, a_draft(replacing("art_6")))
    assert as_json(await promulgate(convened, other))["is_late"] is False
    for day in (19, 20, 21, 27, 30, 31):
        await convened.advance(days(day))
        told = await convened.run_timer("remind_of_promulgations")
        assert told == (day in (20, 27, 30)), day
    told_of = await convened.announced(PROMULGATION_DUE)
    assert {event["proposal_id"] for event in told_of} == {proposal["id"]}
    assert {event["due_on"] for event in told_of} == {proposal["promulgation_due"]["on"]}


@pytest.mark.parametrize("days_of_term", [15, 27])
async def test_of_a_shorter_term_no_reminder_comes_after_its_last_day(
    convened: House, days_of_term: int
) -> None:
    rule = {
        "key": "promulgation.publication_term",
        "value": {"months": 0, "days": days_of_term},
    }
    assert (
        await promulgate(
            convened, await adopted(convened, a_draft(changes=[], rule_changes=[rule]))
        )
    ).status_code == 201
    await adopted(convened, base=2)
    reminded = []
    for day in range(1, 32):
        await convened.advance(days(day))
        if await convened.run_timer("remind_of_promulgations"):
            reminded.append(day)
    assert reminded == ([15] if days_of_term == 15 else [20, 27])


async def test_the_trial_of_an_annex_is_over_after_its_last_day_and_that_is_told_once(
    convened: House,
) -> None:
    """A7: "a profile of their own (… trial period)"."""
    unit = await convened.member(ACCESS)
    annex = await in_force(convened, unit, an_annex(trial={"months": 0, "days": 10}))
    assert annex["is_on_trial"] is True
    await convened.advance(days(10))
    assert await convened.run_timer("end_annex_trials") == 0
    assert (await convened.public.get(path_of(annex)))["is_on_trial"] is True
    (timer,) = (t for t in convened.service.timers if t.name == "end_annex_trials")
    async with convened.database.begin() as work:
        assert timer.next_due is not None
        due = await timer.next_due(work)
    assert due is not None
    await at(convened, due)
    shown = await convened.public.get(path_of(annex))
    assert (shown["status"], shown["is_on_trial"]) == ("in_force", False)
    told = await asyncio.gather(*(convened.run_timer("end_annex_trials") for _ in range(2)))
    assert sorted(told) == [0, 1]
    (event,) = await convened.announced(TRIAL_ENDED)
    assert (event["annex_id"], event["trial_until"]) == (annex["id"], annex["trial_until"])


async def test_no_trial_ends_of_an_annex_without_one_or_that_ended_before_it(
    convened: House,
) -> None:
    """Edge case 23: "repeal of the parent ends it"."""
    unit = await convened.member(ACCESS)
    await in_force(convened, unit, an_annex("art_10"))
    await in_force(convened, unit, an_annex(trial={"months": 0, "days": 10}))
    repeal = await adopted(convened, a_draft({"kind": "repeal", "id": "art_9"}))
    await promulgate(convened, repeal)
    await convened.advance(days(400))
    assert await convened.run_timer("end_annex_trials") == 0
    assert await convened.announced(TRIAL_ENDED) == []
