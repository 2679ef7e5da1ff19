"""The public register: now and on any past day, its movements, and what proves them (M6)."""

from datetime import timedelta

from shared.contracts.base import RegisterChange
from shared.contracts.membership import (
    MemberAcceded,
    MemberEnded,
    MemberParticularsChanged,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from shared.kernel.chain import EMPTY_HEAD, next_head, roll_digest
from shared.kernel.terms import start_of
from tests.integration.membership.office import DAY, Office, facts, if_match, particulars_of
from tests.support.postgres import ZONE

REGISTER_CHANGES: tuple[type[RegisterChange], ...] = (
    MemberAcceded,
    MemberEnded,
    MemberParticularsChanged,
    RepresentativeAppointed,
    RepresentativeRemoved,
)


async def test_the_register_counts_its_members_by_sector_with_a_digest(office: Office) -> None:
    """M6: version, counts, digest."""
    sectors = (["application_service"], ["application_service", "venue_operator"])
    units = []
    for named in sectors:
        unit = office.unit()
        units.append(await office.member(unit, particulars=particulars_of(unit, sectors=named)))
    register = await office.public.get("/v1/register")
    assert register["members_count"] == 2
    assert register["sector_counts"]["application_service"] == 2
    assert register["sector_counts"]["venue_operator"] == 1
    assert register["sector_counts"]["access_service"] == 0
    assert register["members_digest"] == roll_digest(unit.member_id for unit in units)
    assert register["explanation"] is None


async def test_the_register_of_a_past_day_is_as_it_was_at_its_end(office: Office) -> None:
    """M6, decisions: "as_of is valid time (the register at the end of that day, as known now)"."""
    early, late = await office.member(), office.unit()
    first_day = await office.today()
    await office.advance(2 * DAY)
    late = await office.member(late)
    await office.withdraw(early)
    left_on = await office.today()
    await office.advance(DAY)
    for day, members in (
        (first_day, [early]),
        (left_on - DAY, [early]),
        (left_on, [late]),
        (await office.today(), [late]),
    ):
        ids = [unit.member_id for unit in members]
        register = await office.public.get(f"/v1/register?as_of={day}")
        assert (register["members_count"], register["as_of"]) == (len(ids), day.isoformat())
        assert register["members_digest"] == roll_digest(ids)
        listed = await office.pages(office.public, f"/v1/members?as_of={day}")
        assert [member["id"] for member in listed] == ids
    ceased = await office.pages(office.public, "/v1/members?status=ceased")
    assert [(m["id"], m["ceased_on"]) for m in ceased] == [(early.member_id, left_on.isoformat())]


async def test_a_day_before_the_first_entry_is_empty_and_says_why(office: Office) -> None:
    """Edge case 21: "empty with explanation"."""
    empty = await office.public.get("/v1/register")
    assert (empty["members_count"], empty["register_version"]) == (0, 0)
    assert empty["register_head"] == EMPTY_HEAD
    await office.member()
    register = await office.public.get("/v1/register?as_of=2001-12-31")
    assert register["members_count"] == 0
    assert register["members_digest"] == roll_digest([])
    assert register["explanation"] == {
        "zh": "该日尚无成员登记",
        "en": "The register had no entry on that day",
    }
    assert await office.pages(office.public, "/v1/members?as_of=2001-12-31") == []


async def test_a_future_day_is_refused(office: Office) -> None:
    """Edge case 21: "422 for the future"; the day is the organ's."""
    await office.member()
    today = await office.today()
    for path in ("/v1/register", "/v1/members"):
        told = await office.public.get(f"{path}?as_of={today + DAY}", expect=422)
        assert facts(told, "latest_on") == ("day_in_the_future", today.isoformat())
        await office.public.get(f"{path}?as_of={today}")
        for nonsense in ("0", "20261124", "2026-02-30", "2026-01-01T00:00:00Z"):
            told = await office.public.get(f"{path}?as_of={nonsense}", expect=422)
            assert told["errors"][0]["parameter"] == "as_of"


async def test_days_are_those_of_the_organs_zone(office: Office) -> None:
    """Edge case 24: "instants stored in UTC, legal days computed in the organ's civil time zone"."""
    tomorrow = await office.today() + DAY
    await office.clock.advance_to(start_of(tomorrow, ZONE) + timedelta(minutes=30))
    unit = await office.member()
    assert (await office.now()).date() == tomorrow - DAY
    shown = await office.public.get(unit.path)
    assert shown["member_since"] == tomorrow.isoformat()
    assert shown["created_at"].endswith("Z")
    assert shown["created_at"].startswith((tomorrow - DAY).isoformat())


async def test_the_register_is_searched_by_name_and_identifier(office: Office) -> None:
    """M6: search and sector filter."""
    percent = await office.member(office.unit("百分之100%公司"))
    plain = await office.member(office.unit("百分之百公司"))

    async def found(query: str) -> list[str]:
        return [m["id"] for m in await office.pages(office.public, f"/v1/members?{query}")]

    assert await found("q=百分之") == [percent.member_id, plain.member_id]
    assert await found("q=100%25") == [percent.member_id]
    assert await found("q=_") == []
    assert await found(f"q={plain.identifier.lower()}") == [plain.member_id]
    assert await found("q=example+network") == [percent.member_id, plain.member_id]
    assert await found("sector=venue_operator") == []
    assert len(await found("sector=application_service")) == 2
    for query in ("sector=bakery", "status=all", "q=", "order=name"):
        assert (await office.public.get(f"/v1/members?{query}", expect=422))["errors"]


async def test_the_register_has_pages(office: Office) -> None:
    units = [await office.member() for _ in range(3)]
    first = await office.public.get("/v1/members?limit=2")
    rest = await office.public.get(f"/v1/members?limit=2&cursor={first['next_cursor']}")
    assert [m["id"] for m in first["items"] + rest["items"]] == [u.member_id for u in units]
    assert rest["next_cursor"] is None
    other_list = f"/v1/members?limit=2&status=ceased&cursor={first['next_cursor']}"
    assert (await office.public.get(other_list, expect=400))["code"] == "cursor_invalid"


async def test_movements_say_who_joined_and_ceased_and_nothing_of_why(office: Office) -> None:
    """M6: movements; "a member that ceased shows no reason to the public"."""
    withdrawn, cancelled = await office.member(), await office.member()
    await office.withdraw(withdrawn)
    await office.cancel(cancelled)
    movements = await office.pages(office.public, "/v1/register/movements")
    assert [(m["kind"], m["member_id"]) for m in movements] == [
        ("joined", withdrawn.member_id),
        ("joined", cancelled.member_id),
        ("ceased", withdrawn.member_id),
        ("ceased", cancelled.member_id),
    ]
    assert movements[2].keys() == movements[0].keys()
    later = await office.pages(
        office.public, f"/v1/register/movements?after_version={movements[1]['register_version']}"
    )
    assert later == movements[2:]


async def test_every_change_has_the_next_version_and_an_unbroken_chain(office: Office) -> None:
    """M6: "every change has a gapless register version and a chain head": all heads recomputed from what was announced."""
    unit, other = await office.member(), await office.member()
    chair = office.chair(unit)
    body = {"kind": "entrusted", "name": "李敏", "subject": {"sub": "deputy"}, "scopes": ["vote"]}
    deputy = await chair.post(f"{unit.path}/representatives", body, expect=201)
    await chair.post(f"{unit.path}/representatives/{deputy['id']}/removal")
    seen = await chair.get(unit.path)
    await chair.ask(
        "PATCH", unit.path, {"legal_name_zh": "新名公司"}, headers=if_match(seen), expect=200
    )
    decided = await office.cancel(other)
    await office.withdraw(unit)
    await office.tell(
        office.cases,
        office.annulment_of(decided, "never_ceased"),
    )
    changes = [e.data for e in await office.announced(*REGISTER_CHANGES)]
    assert [change["register_version"] for change in changes] == list(range(1, 11))
    head = EMPTY_HEAD
    for change in changes:
        claimed = change.pop("register_head")
        head = next_head(head, change)
        assert head == claimed
    register = await office.public.get("/v1/register")
    assert (register["register_version"], register["register_head"]) == (10, head)
    shown = {
        m["register_version"]: m["register_head"]
        for m in await office.pages(office.public, "/v1/register/movements")
    }
    assert set(shown) == {1, 3, 7, 8, 9, 10}
    assert shown[10] == head
    assert len({change["salt"] for change in changes}) == 10


async def test_a_unit_shows_more_to_itself_and_the_registrar(office: Office) -> None:
    """M6: "public fields to everyone, the rest to the member and the registrar"."""
    unit, other = await office.member(), await office.member()
    assert (await office.public.get(unit.path))["details"] is None
    assert (await office.chair(other).get(unit.path))["details"] is None
    for caller in (office.chair(unit), office.registrar):
        seen = await caller.get(unit.path)
        assert seen["details"]["contact_email"] == "liaison@unit.example"
    assert (await office.chair(unit).get(unit.path))["allowed_actions"] == [
        "particulars",
        "withdrawal",
        "representatives",
    ]
    assert (await office.registrar.get(unit.path))["allowed_actions"] == [
        "particulars",
        "claim-code",
        "merger",
        "dissolution",
    ]
    assert (await office.public.get(unit.path))["allowed_actions"] == []


async def test_affiliated_units_count_one_each_and_show_their_group(office: Office) -> None:
    """Edge case 17: "each unit counts (text speaks of units); group link disclosed and shown"."""
    for _ in range(2):
        unit = office.unit()
        group = particulars_of(unit, group="示例集团")
        unit = await office.member(unit, particulars=group)
        assert (await office.public.get(unit.path))["group"] == "示例集团"
    assert (await office.public.get("/v1/register"))["members_count"] == 2


async def test_an_unreachable_member_stays_in_every_count(office: Office) -> None:
    """Edge case 18: "stays a member and in every denominator; flag "unreachable"; no automatic lapse"."""
    unit = await office.member()
    seen = await office.read(unit)
    flagged = await office.registrar.ask(
        "PATCH", unit.path, {"unreachable": True}, headers=if_match(seen), expect=200
    )
    assert flagged.json()["details"]["unreachable"] is True
    told = await office.chair(unit).ask(
        "PATCH",
        unit.path,
        {"unreachable": False},
        headers=if_match(flagged.json()),
        expect=403,
    )
    assert told.json()["code"] == "role_missing"
    await office.advance(400 * DAY)
    assert (await office.public.get("/v1/register"))["members_count"] == 1
