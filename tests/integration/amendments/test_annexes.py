"""Agreements of a branch: drafted by its members, consented to by all, amended by those whom they bind (A7, Art. 29)."""

import asyncio
from datetime import timedelta
from typing import Any

from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.store.ballots import find_ballot
from services.amendments.usecases.balloting import (
    ballot_subject,
    note_ballot_opened,
    note_ballot_outcome,
)
from shared.contracts.membership import Sector
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import (
    Json,
    a_draft,
    adopted,
    as_json,
    code_of,
    if_match,
    promulgate,
)
from tests.support import balloting

ACCESS, VENUES = Sector.ACCESS_SERVICE, Sector.VENUE_OPERATOR
HALF = {"numerator": 1, "denominator": 2, "inclusive": True, "of": "adherents"}


def a_text(*wordings: str, first: int = 1) -> Json:
    """A title, and one provision a wording."""
    return {
        "title": {"zh": "接入服务分支自律协议", "en": None},
        "provisions": [
            {"number": number, "texts": {"zh": zh, "en": None}}
            for number, zh in enumerate(wordings or ("公开资费。",), start=first)
        ],
    }


def an_annex(parent: str = "art_9", **profile: Any) -> Json:
    """A draft for the access branch; half of its adherents amend it."""
    return {
        "sector": ACCESS.value,
        "parent": parent,
        **a_text("公开资费。", "保护用户信息。"),
        "profile": {"amendment": HALF, **profile},
    }


def path_of(annex: Json) -> str:
    """Where it stands."""
    return f"/v1/annexes/{annex['id']}"


async def draft(house: House, unit: str, body: Json | None = None) -> Json:
    """A unit's draft."""
    made: Json = await house.as_member(unit).post("/v1/annexes", body or an_annex(), expect=201)
    return made


async def decide(house: House, annex: Json, outcome: BallotOutcome) -> Json:
    """The members' ballot on it was called, opened and decided."""
    async with house.database.begin() as work:
        await balloting.decided(work, SubjectKind.ANNEX, annex["id"], outcome)
    shown: Json = await house.secretary.get(path_of(annex))
    return shown


async def in_force(house: House, unit: str, body: Json | None = None) -> Json:
    """An annex that the members consented to."""
    return await decide(house, await draft(house, unit, body), BallotOutcome.ADOPTED)


async def adhere(house: House, annex: Json, *units: str) -> Json:
    """The units sign it."""
    for unit in units:
        answer = await house.as_member(unit).ask("PUT", f"{path_of(annex)}/adherence", expect=200)
    return as_json(answer)


async def amend(house: House, annex: Json, unit: str, text: Json) -> Json:
    """The unit proposes another text."""
    answer = await house.as_member(unit).ask(
        "PUT", f"{path_of(annex)}/amendment", text, headers=if_match(annex), expect=200
    )
    return as_json(answer)


async def consent(house: House, annex: Json, unit: str) -> Json:
    """The unit consents to the open amendment as ``annex`` shows it."""
    answer = await house.as_member(unit).ask(
        "PUT",
        f"{path_of(annex)}/amendment/consents",
        {"digest": annex["amendment"]["digest"]},
        expect=200,
    )
    return as_json(answer)


async def test_members_of_the_branch_draft_and_all_members_consent(convened: House) -> None:
    """A7: "drafted by members, consented by ballot, added as annexes"; the rule is the rulebook's `annex.adoption`."""
    unit, other = await convened.member(ACCESS), await convened.member(VENUES)
    made = await draft(convened, unit)
    assert (made["status"], made["number"], made["drafter"]) == ("drafting", None, unit)
    refused = await convened.as_member(other).ask("POST", "/v1/annexes", an_annex())
    assert code_of(refused) == (403, "not_of_the_branch")
    async with convened.database.begin() as work:
        subject = await ballot_subject(work, SubjectKind.ANNEX, made["id"])
    assert (subject.rule_key, subject.draft_digest) == ("annex.adoption", made["digest"])
    called = await convened.ballot_officer.post(f"{path_of(made)}/ballot", expect=201)
    assert called["status"] == "called"
    async with convened.database.begin() as work:
        ballot = await find_ballot(work, called["id"])
        await note_ballot_opened(work, ballot)
        await note_ballot_outcome(work, ballot, BallotOutcome.ADOPTED)
    annex = await convened.public.get(path_of(made))
    assert (annex["status"], annex["number"], annex["text_version"]) == ("in_force", 1, 1)
    (told,) = await convened.announced("amendments.annex.adopted.v1")
    assert (told["number"], told["provision"], told["sector"]) == (1, "art_9", ACCESS.value)


async def test_a_draft_is_known_to_members_and_the_organ_only(convened: House) -> None:
    unit = await convened.member(ACCESS)
    made = await draft(convened, unit)
    assert (await convened.public.ask("GET", path_of(made))).status_code == 404
    assert (await convened.public.get("/v1/annexes"))["items"] == []
    seen = (await convened.as_member(unit).get("/v1/annexes"))["items"]
    assert [item["id"] for item in seen] == [made["id"]]
    stranger = convened.app.as_("stranger", member=unit)
    assert (await stranger.ask("GET", path_of(made))).status_code == 404


async def test_a_draft_is_edited_and_given_up_by_who_drafted_it(convened: House) -> None:
    unit, other = await convened.members(2, ACCESS)
    made = await draft(convened, unit)
    body = {key: value for key, value in an_annex("art_10").items() if key != "sector"}
    path = f"{path_of(made)}/draft"
    stale = await convened.as_member(other).ask("PUT", path, body, headers=if_match(made))
    assert code_of(stale) == (403, "not_the_drafter")
    assert (await convened.as_member(unit).ask("PUT", path, body)).status_code == 428
    edited = await convened.as_member(unit).ask("PUT", path, body, headers=if_match(made))
    assert as_json(edited)["parent"] == "art_10"
    await convened.ballot_officer.post(f"{path_of(made)}/ballot", expect=201)
    gone = await convened.as_member(unit).post(f"{path_of(made)}/retraction")
    assert gone["status"] == "retracted"
    ballot = await convened.ballot_officer.get(f"/v1/ballots/{gone['ballot_id']}")
    assert ballot["status"] == "cancelled"


async def test_its_profile_is_frozen_with_the_consent(convened: House) -> None:
    """Edge case 23: "profile frozen when consented"."""
    unit = await convened.member(ACCESS)
    annex = await in_force(convened, unit, an_annex(trial={"months": 12, "days": 0}))
    assert annex["profile"]["amendment"] == HALF
    assert annex["trial_until"] is not None
    body = {key: value for key, value in an_annex().items() if key != "sector"}
    refused = await convened.as_member(unit).ask(
        "PUT", f"{path_of(annex)}/draft", body, headers=if_match(annex)
    )
    assert code_of(refused) == (409, "not_allowed_now")
    await adhere(convened, annex, unit)
    amended = await amend(convened, annex, unit, a_text("另一种写法。"))
    assert amended["profile"] == annex["profile"]


async def test_what_the_members_refuse_is_no_annex(convened: House) -> None:
    unit = await convened.member(ACCESS)
    refused = await decide(convened, await draft(convened, unit), BallotOutcome.REJECTED)
    assert (refused["status"], refused["number"]) == ("rejected", None)
    assert (await convened.public.ask("GET", path_of(refused))).status_code == 404
    again = await decide(convened, await draft(convened, unit), BallotOutcome.UNDETERMINED)
    passed = await decide(convened, again, BallotOutcome.ADOPTED)
    assert passed["number"] == 1


async def test_members_of_the_branch_that_sign_are_bound(convened: House) -> None:
    """Edge case 24: "binds those the annex says; default all members of that branch who sign; register per annex"."""
    first, second = await convened.members(2, ACCESS)
    outsider = await convened.member(VENUES)
    annex = await in_force(convened, first)
    assert await _adherents(convened, annex) == []
    await adhere(convened, annex, first, second, second)
    assert await _adherents(convened, annex) == sorted([first, second])
    refused = await convened.as_member(outsider).ask("PUT", f"{path_of(annex)}/adherence")
    assert code_of(refused) == (403, "not_of_the_branch")
    left = await convened.as_member(second).ask("DELETE", f"{path_of(annex)}/adherence")
    assert left.status_code == 200
    assert await _adherents(convened, annex) == [first]
    await convened.end(first)
    assert await _adherents(convened, annex) == []


async def test_a_unit_that_comes_back_signs_again(convened: House) -> None:
    """M5: "nothing old revives"."""
    unit = await convened.member(ACCESS)
    annex = await in_force(convened, unit)
    await adhere(convened, annex, unit)
    convened.register.end(unit)
    convened.register.accede(unit, ACCESS)
    await convened.appoint(unit)
    assert await _adherents(convened, annex) == []
    await adhere(convened, annex, unit)
    assert await _adherents(convened, annex) == [unit]


async def test_an_annex_may_bind_its_whole_branch(convened: House) -> None:
    """Edge case 24: "binds those the annex says"."""
    units = await convened.members(3, ACCESS)
    await convened.member(VENUES)
    annex = await in_force(convened, units[0], an_annex(adherents="branch"))
    assert await _adherents(convened, annex) == sorted(units)
    for method in ("PUT", "DELETE"):
        answer = await convened.as_member(units[1]).ask(method, f"{path_of(annex)}/adherence")
        assert code_of(answer) == (409, "binds_whole_branch")


async def test_an_annex_is_amended_by_its_own_rule(convened: House) -> None:
    """Edge case 23: "amending an annex follows its own rule": here half of its adherents, however many members there are."""
    units = await convened.members(4, ACCESS)
    await convened.members(10, VENUES)
    annex = await in_force(convened, units[0])
    await adhere(convened, annex, *units[:3])
    proposed = await amend(convened, annex, units[0], a_text("公开资费。", "不得捆绑。"))
    waiting = proposed["amendment"]
    assert (waiting["consents"], waiting["needed"], waiting["of"]) == (1, 2, 3)
    outsider = await convened.as_member(units[3]).ask(
        "PUT", f"{path_of(annex)}/amendment/consents", {"digest": waiting["digest"]}
    )
    assert code_of(outsider) == (403, "not_adhering")
    amended = await consent(convened, proposed, units[1])
    assert (amended["text_version"], amended["amendment"]) == (2, None)
    assert amended["provisions"][1]["texts"]["zh"] == "不得捆绑。"
    versions = (await convened.public.get(f"{path_of(annex)}/versions"))["items"]
    assert [(v["number"], v["consents"], v["of"]) for v in versions] == [
        (2, 2, 3),
        (1, None, None),
    ]


async def test_a_consent_is_to_one_text_only(convened: House) -> None:
    units = await convened.members(4, ACCESS)
    annex = await in_force(convened, units[0])
    signed = await adhere(convened, annex, *units)
    first = await amend(convened, signed, units[0], a_text("第一种。", "保护用户信息。"))
    await amend(convened, first, units[1], a_text("第二种。", "保护用户信息。"))
    stale = await convened.as_member(units[2]).ask(
        "PUT",
        f"{path_of(annex)}/amendment/consents",
        {"digest": first["amendment"]["digest"]},
    )
    assert code_of(stale) == (409, "draft_changed_since")


async def test_two_consents_at_once_are_both_counted(convened: House) -> None:
    units = await convened.members(5, ACCESS)
    annex = await in_force(convened, units[0])
    signed = await adhere(convened, annex, *units)
    proposed = await amend(convened, signed, units[0], a_text("公开资费。", "不得捆绑。"))
    await asyncio.gather(*(consent(convened, proposed, unit) for unit in units[1:3]))
    assert (await convened.public.get(path_of(annex)))["text_version"] == 2


async def test_numbers_are_never_shifted_nor_used_again(convened: House) -> None:
    unit = await convened.member(ACCESS)
    annex = await adhere(convened, await in_force(convened, unit), unit)
    without = await amend(convened, annex, unit, a_text("公开资费。"))
    assert without["text_version"] == 2
    again = await convened.as_member(unit).ask(
        "PUT",
        f"{path_of(annex)}/amendment",
        a_text("公开资费。", "重新使用二号。"),
        headers=if_match(without),
    )
    assert code_of(again) == (422, "annex_draft_not_valid")
    assert as_json(again)["reason"] == "used before"


async def test_where_it_contradicts_the_convention_the_convention_prevails(convened: House) -> None:
    """Edge case 23: "conflict with parent - parent prevails and the annex provision is marked"."""
    unit = await convened.member(ACCESS)
    annex = await in_force(convened, unit)
    body = {"number": 2, "provision_id": "art_8", "reasons": {"zh": "与第八条不符。", "en": None}}
    path = f"{path_of(annex)}/conflicts"
    assert (await convened.as_member(unit).ask("POST", path, body)).status_code == 403
    await convened.secretary.post(path, body)
    shown = (await convened.public.get(path_of(annex)))["provisions"]
    assert shown[0]["prevailed_over_by"] == []
    (mark,) = shown[1]["prevailed_over_by"]
    assert (mark["provision_id"], mark["reasons"]["zh"]) == ("art_8", "与第八条不符。")
    unknown = await convened.secretary.ask("POST", path, {**body, "provision_id": "art_99"})
    assert code_of(unknown) == (409, "parent_not_in_force")
    missing = await convened.secretary.ask("POST", path, {**body, "number": 7})
    assert code_of(missing) == (422, "annex_draft_not_valid")


async def test_the_repeal_of_its_parent_ends_it_when_that_takes_force(convened: House) -> None:
    """Edge case 23: "repeal of the parent ends it"."""
    unit = await convened.member(ACCESS)
    annex = await in_force(convened, unit)
    other = await in_force(convened, unit, an_annex("art_10"))
    repeal = await adopted(convened, a_draft({"kind": "repeal", "id": "art_9"}))
    day = convened.today + timedelta(days=10)
    await promulgate(convened, repeal, in_force_on=day.isoformat())
    shown = await convened.public.get(path_of(annex))
    assert (shown["status"], shown["ends_on"]) == ("in_force", day.isoformat())
    await convened.advance(timedelta(days=10))
    assert (await convened.public.get(path_of(annex)))["status"] == "ended"
    assert (await convened.public.get(path_of(other)))["status"] == "in_force"
    late = await convened.as_member(unit).ask("PUT", f"{path_of(annex)}/adherence")
    assert code_of(late) == (409, "not_allowed_now")
    orphan = await convened.as_member(unit).ask("POST", "/v1/annexes", an_annex())
    assert code_of(orphan) == (409, "parent_not_in_force")


async def test_until_a_promulgated_repeal_takes_force_its_parent_is_law(convened: House) -> None:
    """Art. 31: "in force at once or on a named day"; what is adopted before that day binds until it."""
    unit = await convened.member(ACCESS)
    drafted = await draft(convened, unit)
    repeal = await adopted(convened, a_draft({"kind": "repeal", "id": "art_9"}))
    day = convened.today + timedelta(days=10)
    await promulgate(convened, repeal, in_force_on=day.isoformat())
    annex = await decide(convened, drafted, BallotOutcome.ADOPTED)
    assert (annex["status"], annex["ends_on"]) == ("in_force", day.isoformat())
    assert (await adhere(convened, annex, unit))["adherents_count"] == 1
    mark = {"number": 2, "provision_id": "art_9", "reasons": {"zh": "不符。", "en": None}}
    await convened.secretary.post(f"{path_of(annex)}/conflicts", mark)
    late = await draft(convened, unit)
    await convened.advance(timedelta(days=10))
    assert (await convened.public.get(path_of(annex)))["status"] == "ended"
    refused = await convened.ballot_officer.ask("POST", f"{path_of(late)}/ballot")
    assert code_of(refused) == (409, "parent_not_in_force")


async def test_under_what_is_only_to_become_law_nothing_is_drafted_yet(convened: House) -> None:
    unit = await convened.member(ACCESS)
    new = {"kind": "insert", "id": "art_32", "texts": {"zh": "新的一条。", "en": None}}
    day = convened.today + timedelta(days=10)
    await promulgate(convened, await adopted(convened, a_draft(new)), in_force_on=day.isoformat())
    early = await convened.as_member(unit).ask("POST", "/v1/annexes", an_annex("art_32"))
    assert code_of(early) == (409, "parent_not_in_force")
    await convened.advance(timedelta(days=10))
    await draft(convened, unit, an_annex("art_32"))


async def _adherents(house: House, annex: Json) -> list[str]:
    page = await house.public.get(f"{path_of(annex)}/adherents")
    return [item["member_id"] for item in page["items"]]
