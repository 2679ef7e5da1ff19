"""What a hostile caller would try: refused in form, nothing repeated back, nothing half done (reliability 8)."""

import asyncio
from typing import Any

import httpx
import pytest

from services.amendments.domain.ballot import RollPurpose
from services.amendments.domain.subject import BallotOutcome
from tests.integration.amendments import polling
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    adopted,
    as_json,
    code_of,
    decided,
    edit,
    if_match,
    opened,
    path_of,
    promulgate,
    propose,
    read,
    replacing,
    support,
)
from tests.support.convention import made_up_text, published

RULE = "amendment.adoption"
JSON, PLAIN = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
TEXT = "/v1/convention"


async def proposed(house: House, draft: Json) -> httpx.Response:
    """What becomes of a draft of the organ's."""
    return await house.secretary.ask("POST", "/v1/proposals", {"base_version": 1, **draft})


@pytest.mark.parametrize(
    "value",
    [
        {"numerator": 0, "denominator": 1},
        {"numerator": 7, "denominator": 3},
        {"numerator": -1, "denominator": 2},
        {"numerator": 10**9, "denominator": 10**9 + 1},
        {"numerator": 2**31, "denominator": 2**31},
        {"numerator": 1, "denominator": 0},
        {"numerator": 1, "denominator": 1, "inclusive": False},
        {"numerator": 1.5, "denominator": 2},
        {"numerator": True, "denominator": 2},
        {"numerator": "2", "denominator": 3},
        {"numerator": 1, "denominator": 2, "of": "adherents"},
        {"numerator": 2, "denominator": 3},
        {"days": 30},
        {},
    ],
    ids=str,
)
async def test_a_majority_that_is_none_is_refused(convened: House, value: Json) -> None:
    """Edge case 1: "integers only"; a ratio is above zero and at most one, of the members, and another than before."""
    answer = await proposed(convened, a_draft(rule_changes=[{"key": RULE, "value": value}]))
    assert answer.status_code == 422
    assert (await convened.secretary.get("/v1/proposals"))["items"] == []


@pytest.mark.parametrize("value", [{"days": -1}, {"days": 0}, {"days": 3661}, {"months": 2**31}])
async def test_a_term_that_is_none_is_refused(convened: House, value: Json) -> None:
    draft = a_draft(rule_changes=[{"key": "ballot.voting_term", "value": value}])
    assert (await proposed(convened, draft)).status_code == 422


@pytest.mark.parametrize(
    "zh",
    [
        "修改\u202e者", "修\u200b改", "修\0改", "修\ue000改", "修\n改", "修\x1b改", "长" * 20_001,
        "a" * 1_000_000, "   ", "\u3000", "e" + "\u0301" * 200, "\ufeff第", "修\uffff改", "a\U000e0041",
    ],
    ids=ascii,
)  # fmt: skip
async def test_a_wording_that_deceives_the_eye_is_refused_and_not_repeated(
    convened: House, zh: str
) -> None:
    """Reliability 8.1: 1, 17, 19, 20; "a refusal never repeats what was sent"."""
    answer = await proposed(convened, a_draft(replacing(zh=zh)))
    assert answer.status_code in (413, 422)
    assert len(answer.text) < 2_000
    assert not zh.strip() or zh.strip() not in answer.text
    assert (await convened.secretary.get("/v1/proposals"))["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"choice":"for","choice":"against"}',
        b'\xef\xbb\xbf{"choice":"for"}',
        '{"choice":"for"}'.encode("utf-16"),
        b'{"choice":"\\ud800"}',
        b'{"choice":"for","unit":"mem_00000000000000000000000000000001"}',
        b'{"choice":["for"]}',
        b"[" * 100_000,
        b'{"choice":"for"}' + b" " * 2_000_000,
        b"null",
        b"",
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_a_vote_that_two_readers_could_read_differently_is_none(
    convened: House, body: bytes
) -> None:
    """Reliability 8.6: 82; 8.1: 2, 7, 9, 12, 14."""
    (unit,) = await convened.members(1)
    ballot = await polling.opened(convened)
    path = f"/v1/ballots/{ballot['id']}/vote"
    answer = await convened.as_member(unit).ask("PUT", path, content=body, headers=JSON)
    assert answer.status_code in (400, 413, 422)
    assert await convened.scalar("SELECT count(*) FROM votes") == 0


async def test_nobody_votes_for_another_unit_nor_takes_a_vote_away(convened: House) -> None:
    """Reliability 8.5: 69; Art. 27: each unit for itself."""
    units = await convened.members(3)
    ballot = await polling.opened(convened)
    path, body = f"/v1/ballots/{ballot['id']}/vote", {"choice": "for"}
    thief = convened.app.as_(f"rep of {units[0]}", member=units[1])
    assert (await thief.ask("PUT", path, body)).status_code == 404
    own = convened.as_member(units[0])
    assert (await own.ask("PUT", path, {**body, "unit": units[1]})).status_code == 422
    assert (await own.ask("PUT", f"{path}?member={units[1]}", body)).status_code == 422
    await polling.vote(convened, ballot, units[1])
    assert (await own.ask("GET", path)).status_code == 404
    for method in ("DELETE", "POST", "PATCH"):
        assert (await convened.as_member(units[1]).ask(method, path, body)).status_code == 405
    assert await convened.scalar("SELECT count(*) FROM votes WHERE stands") == 1


async def test_a_proposal_sent_twice_is_one_and_its_key_serves_nothing_else(
    convened: House,
) -> None:
    """Reliability 8.2: 26: "same idempotency key: other body [422], other user [independent], 50 at once [1 effect]"."""
    body, key = {"base_version": 1, **a_draft()}, {"Idempotency-Key": "one"}
    ask = convened.secretary.ask
    answers = await asyncio.gather(
        *(ask("POST", "/v1/proposals", body, headers=key) for _ in range(50))
    )
    made = {as_json(answer)["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    other = {"base_version": 1, **a_draft(replacing("art_6"))}
    refused = await ask("POST", "/v1/proposals", other, headers=key)
    assert code_of(refused) == (422, "key_used_differently")
    another = await convened.second_secretary.ask("POST", "/v1/proposals", body, headers=key)
    assert another.status_code == 201
    assert (await ask("POST", "/v1/proposals", body, headers={"Idempotency-Key": "k" * 10_000})).status_code == 400  # fmt: skip
    assert await convened.scalar("SELECT count(*) FROM proposals") == 2


async def test_what_was_withdrawn_is_neither_supported_nor_edited_nor_voted_on(
    convened: House,
) -> None:
    """Edge case 8: "only all supporters together can withdraw it", and then it is withdrawn."""
    units = await convened.members(15)
    leader = convened.as_member(units[0])
    proposal = await propose(leader)
    await support(convened, units[1], proposal)
    for unit in units[:2]:
        withdrawn = await convened.as_member(unit).post(f"{path_of(proposal)}/retraction")
    assert withdrawn["status"] == "retracted"
    body = {"draft_digest": proposal["draft_digest"]}
    late = await convened.as_member(units[2]).ask("PUT", f"{path_of(proposal)}/supports", body)
    assert code_of(late) == (409, "not_allowed_now")
    seen = await read(leader, proposal)
    assert code_of(await edit(leader, seen, a_draft())) == (409, "not_allowed_now")
    called = await convened.ballot_officer.ask("POST", f"{path_of(proposal)}/ballot")
    assert code_of(called) == (409, "not_allowed_now")
    assert await convened.scalar("SELECT count(*) FROM ballots") == 0


async def test_two_ballots_on_one_proposal_at_once_are_one(convened: House) -> None:
    """Reliability 8.6: 81; and once it is open, its question stays."""
    await convened.members(3)
    proposal = await propose(convened.secretary)
    path = f"{path_of(proposal)}/ballot"
    answers = await asyncio.gather(*(convened.ballot_officer.ask("POST", path) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert await convened.scalar("SELECT count(*) FROM ballots") == 1
    (ballot,) = (as_json(answer) for answer in answers if answer.status_code == 201)
    await polling.at(convened, ballot["notice_ends_at"])
    await convened.run_timer("end_due_notices")
    await polling.certify(convened, ballot, RollPurpose.OPENING)
    seen = await read(convened.secretary, proposal)
    assert code_of(await edit(convened.secretary, seen, a_draft(replacing("art_6")))) == (
        409,
        "not_allowed_now",
    )
    shown = await polling.read(convened, ballot)
    for day in ("9999-12-31", "0001-01-01", "2027-02-30", "20270101", 0):
        extension = {"closes_on": day, "reason": "x"}
        answer = await convened.ballot_officer.ask(
            "POST", f"/v1/ballots/{ballot['id']}/extension", extension, headers=if_match(shown)
        )
        assert answer.status_code == 422
    assert (await polling.read(convened, ballot))["closes_at"] == shown["closes_at"]


async def test_a_promulgation_for_no_day_or_of_unknown_provisions_does_nothing(
    convened: House,
) -> None:
    """Edge case 22: "per provision, as data", of days and provisions that there are."""
    proposal = await adopted(convened)
    for day in ("9999-12-31", "0001-01-01", "2027-02-30", "1900-01-01", "20270101", "", 0):
        refused = await promulgate(convened, proposal, in_force_on=day)
        assert refused.status_code in (409, 422), day
        if isinstance(day, str) and day != "1900-01-01":
            assert (await convened.public.ask("GET", f"{TEXT}?on={day}")).status_code == 422
    day = "2199-01-01"
    for applies in (
        {"art_99": day},
        {"": day},
        {"\0": day},
        {"x" * 41: day},
        {"art_5": "1900-01-01"},
    ):
        refused = await promulgate(convened, proposal, applies_from=applies)
        assert refused.status_code in (404, 409, 422), applies
    assert len((await convened.public.get(f"{TEXT}/versions"))["items"]) == 1
    assert (await promulgate(convened, proposal)).status_code == 201


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=1&to=99", 404),
        ("from=99&to=1", 404),
        ("from=0&to=1", 422),
        ("from=-1&to=1", 422),
        ("from=1", 422),
        ("from=a&to=b", 422),
        ("from=1&from=2&to=1", 422),
        ("from=2147483648&to=1", 422),
        ("from=99999999999999999999&to=1", 422),
        ("from=1&to=1&lang=fr", 422),
    ],
)
async def test_a_redline_is_between_versions_that_there_are(
    convened: House, query: str, status: int
) -> None:
    """A2."""
    assert (await convened.public.ask("GET", f"{TEXT}/redline?{query}")).status_code == status


async def test_the_number_of_what_was_repealed_is_followed_and_never_used_again(
    convened: House,
) -> None:
    """A4; product: "numbers are never shifted": an insertion after a repealed article, also in one draft with it."""

    def insert(provision: str) -> Json:
        return {"kind": "insert", "id": provision, "texts": {"zh": "新的规定。", "en": None}}

    repeal = {"kind": "repeal", "id": "art_9"}
    for change, reason in (
        (insert("art_9"), "twice"),
        (insert("art_9_5"), "repealed"),
        (insert("art_9-2"), "place"),
        (repeal, "twice"),
        (replacing("art_9"), "twice"),
    ):
        refused = await proposed(convened, a_draft(repeal, change))
        assert (refused.status_code, as_json(refused)["reason"]) == (422, reason)
    both = as_json(await proposed(convened, a_draft(repeal, insert("art_9-1"))))
    passed = await decided(convened, both, BallotOutcome.ADOPTED)
    assert (await promulgate(convened, passed)).status_code == 201
    order = [p["id"] for p in (await convened.public.get(TEXT))["provisions"]]
    place = order.index("art_9-1")
    assert (order[place - 1], order[place + 1]) == ("art_9_4", "art_10")


def _chinese_only(page: str, is_kept: bool) -> str:
    lines = page.split("\n")
    return "\n".join(n for n in lines if any("\u4e00" <= c <= "\u9fff" for c in n) is is_kept)


async def test_a_page_that_is_no_convention_changes_nothing(house: House) -> None:
    """A1: "refuses what it cannot read, naming the line"."""
    page = published(made_up_text())
    pages: dict[str, tuple[bytes, int, str]] = {
        "nothing": (b"", 422, "language missing"),
        "blanks": (b" \n\n\t\n", 422, "language missing"),
        "english only": (_chinese_only(page, False).encode(), 422, "language missing"),
        "latin 1": ("é第一条".encode("latin-1", "replace"), 422, "encoding"),
        "utf-16": (page.encode("utf-16"), 422, "encoding"),
        "gb18030": (page.encode("gb18030"), 422, "encoding"),
        "bidi": (page.replace("第三条 ", "第三条 \u202e").encode(), 422, "characters"),
        "form feed": (page.replace("第三条 ", "第三条 \x0c").encode(), 422, "characters"),
        "line separator": (page.replace("第三条 ", "第三条 a\u2028").encode(), 422, "characters"),
        "ten megabytes": (b"a" * 10_000_000, 413, ""),
    }
    for name, (content, status, reason) in pages.items():
        answer = await house.secretary.ask(
            "POST", f"{TEXT}/imports", content=content, headers=PLAIN
        )
        told = as_json(answer)
        assert (answer.status_code, told.get("reason", "")) == (status, reason), name
        assert status == 413 or told["line"] >= 1
    for query in (
        "valid_on=9999-12-31",
        "valid_on=0001-01-01",
        "title_zh=%00",
        "title_zh=%E2%80%AE",
    ):
        answer = await house.secretary.ask(
            "POST", f"{TEXT}/imports?{query}", content=page.encode(), headers=PLAIN
        )
        assert answer.status_code == 422, query
    assert (await house.public.get(TEXT))["is_summary"]
    assert await house.announced("amendments.convention.promulgated.v1") == []


async def test_line_ends_and_a_byte_order_mark_are_no_part_of_the_text(house: House) -> None:
    """A1: "imports the published text as found"."""
    page = "\ufeff" + published(made_up_text()).replace("\n", "\r\n")
    made: Any = await house.secretary.ask(
        "POST", f"{TEXT}/imports", content=page.encode(), headers=PLAIN, expect=201
    )
    shown = await house.public.get(TEXT)
    assert shown["digest"] == as_json(made)["digest"]
    assert not any(
        "\r" in str(p["texts"]) or "\ufeff" in str(p["texts"]) for p in shown["provisions"]
    )


async def test_the_longest_draft_is_taken_shown_and_compared(convened: House) -> None:
    """A body just below the limit of one megabyte goes all the way to a redline."""
    long = [
        {"kind": "replace", "id": f"art_{n}", "texts": {"zh": "长" * 9_000, "en": "y" * 9_000}}
        for n in range(1, 27)
    ]
    made = await proposed(convened, a_draft(*long))
    assert made.status_code == 201
    passed = await decided(convened, as_json(made), BallotOutcome.ADOPTED)
    assert (await promulgate(convened, passed)).status_code == 201
    redline = await convened.public.get(f"{TEXT}/redline?from=1&to=2")
    assert len(redline["provisions"]) == 26


async def test_a_support_for_what_is_voted_on_is_too_late(convened: House) -> None:
    """A4: supported is supported; nobody joins a coalition whose ballot is open."""
    units = await convened.members(11)
    proposal = await propose(convened.as_member(units[0]))
    await support(convened, units[1], proposal)
    await opened(convened, proposal)
    body = {"draft_digest": proposal["draft_digest"]}
    late = await convened.as_member(units[2]).ask("PUT", f"{path_of(proposal)}/supports", body)
    assert code_of(late) == (409, "not_allowed_now")
