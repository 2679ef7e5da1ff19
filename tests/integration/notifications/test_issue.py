"""Issuing: numbers without gap, an audience frozen at the watermark, one event, whatever the crowd (N1)."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import event, text

from services.notifications.domain.numbering import NumberClass
from services.notifications.store.notices import lock_number
from services.notifications.usecases.circulars import issue_circular
from shared.db.roster import enter_changes
from shared.kernel.actor import Actor, Role, Subject
from shared.kernel.versions import ANY_VERSION
from tests.integration.notifications.conftest import (
    House,
    code_of,
    if_match,
    path_of,
    to_members,
)
from tests.support.register import tampered
from tests.support.suite import ISSUER

SECRETARY = Actor(Subject(ISSUER, "secretary"), frozenset({Role.SECRETARY}))
NOBODY = "mem_" + "0" * 32


def sequence_of(number: str) -> int:
    return int(number.rpartition("-")[2])


async def test_the_numbers_of_a_year_follow_without_gap(house: House) -> None:
    """Edge case 4: "Serial numbers: monotonic, gap-free per class"."""
    await house.member()
    numbers = [(await house.issue())["number"] for _ in range(3)]
    year = house.register.now.year
    assert [sequence_of(number) for number in numbers] == [1, 2, 3]
    assert all(number.startswith("C-") for number in numbers)
    assert int(numbers[0].split("-")[1]) in (year, year + 1)


async def test_twenty_secretaries_at_once_leave_no_gap(house: House) -> None:
    await house.member()
    drafts = [await house.draft() for _ in range(20)]
    issued = await asyncio.gather(*(house.act(draft, "/issue") for draft in drafts))
    assert sorted(sequence_of(circular["number"]) for circular in issued) == list(range(1, 21))
    in_order = sorted(issued, key=lambda circular: str(circular["issued_at"]))
    assert [sequence_of(circular["number"]) for circular in in_order] == list(range(1, 21))


async def test_an_issue_that_is_rolled_back_leaves_no_gap(house: House) -> None:
    unit = await house.member()
    lost, kept = await house.draft(), await house.draft()
    with pytest.raises(ZeroDivisionError):
        await _issue_in_vain(house, lost)
    assert sequence_of((await house.act(kept, "/issue"))["number"]) == 1
    assert len(await house.inbox(unit)) == 1
    assert (await house.secretary.get(path_of(lost)))["status"] == "draft"
    assert await house.scalar("SELECT count(*) FROM outgoing_events") == 1


async def _issue_in_vain(house: House, draft: dict[str, Any]) -> None:
    async with house.database.begin() as work:
        circular = await issue_circular(work, draft["id"], SECRETARY, ANY_VERSION)
        assert circular.number is not None
        raise ZeroDivisionError


async def test_the_same_draft_issued_by_two_at_once_goes_out_once(house: House) -> None:
    unit = await house.member()
    draft = await house.draft()
    answers = await asyncio.gather(
        *(
            house.secretary.ask("POST", f"{path_of(draft)}/issue", headers=if_match(draft))
            for _ in range(5)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    assert len(await house.inbox(unit)) == 1
    assert await house.scalar("SELECT last FROM numbers") == 1


async def test_a_repeated_request_issues_once_and_is_answered_alike(house: House) -> None:
    unit = await house.member()
    draft = await house.draft()
    headers = {**if_match(draft), "Idempotency-Key": "issue-1"}
    path = f"{path_of(draft)}/issue"
    first = await house.secretary.ask("POST", path, headers=headers, expect=200)
    second = await house.secretary.ask("POST", path, headers=headers, expect=200)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json()
    assert len(await house.inbox(unit)) == 1


async def test_a_circular_that_went_out_is_announced_once(house: House) -> None:
    """Edge case 7: "nothing is announced that was not committed, nothing committed stays unannounced"."""
    await house.member()
    issued = await house.issue()
    async with house.database.begin() as work:
        rows = (await work.db.execute(text("SELECT type, body FROM outgoing_events"))).all()
    (row,) = rows
    assert row.type == "notifications.circular.issued.v1"
    assert json.loads(row.body)["data"] == {
        "circular_id": issued["id"],
        "number": issued["number"],
        "category": "regulation",
        "audience": "all",
        "register_version": 2,
        "corrects": None,
        "issued_at": issued["issued_at"],
    }


async def test_commands_are_taken_while_the_broker_is_down(house: House) -> None:
    """Edge case 20: "Broker down: commands still accepted, outbox grows"."""
    unit = await house.member()
    for waiting in (1, 2):
        await house.issue()
        assert (
            await house.scalar("SELECT count(*) FROM outgoing_events WHERE published_at IS NULL")
            == waiting
        )
    assert len(await house.inbox(unit)) == 2


async def test_nothing_is_issued_while_the_roster_is_empty(house: House) -> None:
    draft = await house.draft()
    answer = await house.secretary.ask("POST", f"{path_of(draft)}/issue", headers=if_match(draft))
    assert code_of(answer) == (409, "roster_not_ready")
    assert await house.secretary.get(path_of(draft)) == draft
    assert await house.scalar("SELECT count(*) FROM notices") == 0


async def test_nothing_is_issued_while_the_roster_is_read_again(house: House) -> None:
    """Half a roster would leave members out of what can never be recalled."""
    first, second = await house.member(), await house.member()
    await house.issue()
    draft = await house.draft()
    house.register.accede()
    async with house.database.begin() as work:
        await enter_changes(work, [tampered(house.register.changes[-1])])
        await enter_changes(work, house.register.changes[:2])
    path = f"{path_of(draft)}/issue"
    refused = await house.secretary.ask("POST", path, headers=if_match(draft))
    assert code_of(refused) == (409, "roster_not_ready")
    async with house.database.begin() as work:
        await enter_changes(work, house.register.changes)
    issued = await house.act(draft, "/issue")
    for unit in (first, second):
        assert (await house.inbox(unit))[0]["number"] == issued["number"]


async def test_units_that_are_not_members_now_are_pointed_at_without_echo(house: House) -> None:
    stays, leaves = await house.member(), await house.member()
    draft = await house.draft(audience=to_members(NOBODY, stays, leaves))
    await house.end(leaves)
    answer = await house.secretary.ask("POST", f"{path_of(draft)}/issue", headers=if_match(draft))
    assert code_of(answer) == (409, "named_units_not_members")
    assert answer.json()["pointers"] == ["/audience/members/0", "/audience/members/2"]
    assert NOBODY not in answer.text
    assert sequence_of((await house.issue())["number"]) == 1, "a refused issue leaves no gap"


async def test_issuing_to_three_hundred_costs_what_issuing_to_three_costs(house: House) -> None:
    """Decisions: fan-out on read; one circular row, one notice row, one number, one event."""
    for _ in range(3):
        house.register.accede()
    await house.tell()
    few = await _cost_of_issue(house)
    for _ in range(297):
        house.register.accede()
    await house.tell()
    assert await _cost_of_issue(house) == few
    assert few["rows"] == {
        "notices": 1,
        "notice_addressees": 0,
        "notice_readings": 0,
        "outgoing_events": 1,
    }


async def _cost_of_issue(house: House) -> dict[str, Any]:
    draft = await house.draft()
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = house.database.engine.sync_engine
    before = await _rows(house)
    event.listen(engine, "before_cursor_execute", note)
    try:
        async with house.database.begin() as work:
            await issue_circular(work, draft["id"], SECRETARY, ANY_VERSION)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    after = await _rows(house)
    return {
        "statements": len(statements),
        "rows": {table: after[table] - before[table] for table in before},
    }


async def _rows(house: House) -> dict[str, int]:
    tables = ("notices", "notice_addressees", "notice_readings", "outgoing_events")
    return {table: await house.scalar(f"SELECT count(*) FROM {table}") for table in tables}


async def test_numbers_of_another_year_begin_anew(house: House) -> None:
    async with house.database.begin() as work:
        await work.db.execute(
            text("INSERT INTO numbers VALUES ('C', :year, 77)"), {"year": work.today.year - 1}
        )
        assert (await lock_number(work, NumberClass.CIRCULAR)).next().sequence == 1
