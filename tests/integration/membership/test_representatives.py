"""Who may act for a member: appointing, removing, machines, successors (M9)."""

from typing import Any

import pytest

from shared.contracts.membership import RepresentativeAppointed, RepresentativeRemoved
from shared.kernel.actor import Role
from tests.integration.membership.office import DAY, Json, Office, Unit, facts, path_of

Scopes = list[str]


async def appoint(
    office: Office, unit: Unit, sub: str, *scopes: str, expect: int = 201, **changes: Any
) -> Json:
    """The unit's chair appoints someone."""
    body = {
        "kind": "entrusted",
        "name": "李敏",
        "subject": {"sub": sub},
        "scopes": list(scopes or ("circulars",)),
        **changes,
    }
    answer: Json = await office.chair(unit).post(
        f"{unit.path}/representatives", body, expect=expect
    )
    return answer


def removal_of(representative: Json) -> str:
    """Where a mandate is ended."""
    return path_of(representative) + "/removal"


async def test_a_member_appoints_and_removes_who_may_act_for_it(office: Office) -> None:
    """M9; each change takes the next register version and says the whole mandate."""
    unit = await office.member()
    deputy = await appoint(office, unit, "deputy", "vote", "cases")
    assert (deputy["status"], deputy["scopes"]) == ("valid", ["cases", "vote"])
    assert deputy["allowed_actions"] == ["removal"]
    told = (await office.announced(RepresentativeAppointed))[-1].data
    assert (told["kind"], told["scopes"]) == ("entrusted", ["cases", "vote"])
    assert (told["subject_sub"], told["valid_until"]) == ("deputy", None)
    removed = await office.chair(unit).post(removal_of(deputy))
    assert (removed["status"], removed["allowed_actions"]) == ("ended", [])
    (ended,) = await office.announced(RepresentativeRemoved)
    assert ended.data["representative_id"] == deputy["id"]
    assert ended.data["removed_at"] == ended.data["recorded_at"]
    assert (await office.public.get("/v1/register"))["register_version"] == 4
    again = await office.chair(unit).post(removal_of(deputy), expect=409)
    assert again["code"] == "mandate_over"


async def test_a_removed_representative_can_do_nothing_more_at_once(office: Office) -> None:
    """M9: "a removed one can do nothing more"; edge case 23: what was done before stays."""
    unit = await office.member()
    deputy = await appoint(office, unit, "deputy", "all")
    acting = office.acting_for(unit, "deputy")
    body = {
        "kind": "machine",
        "name": "robot",
        "subject": {"sub": "robot"},
        "scopes": ["circulars"],
    }
    machine = await acting.post(f"{unit.path}/representatives", body, expect=201)
    await office.chair(unit).post(removal_of(deputy))
    told = await acting.post(f"{unit.path}/representatives", body, expect=403)
    assert told["code"] == "no_mandate"
    await acting.post(f"{unit.path}/withdrawal", {}, expect=403)
    assert (await acting.get(unit.path))["details"] is None
    kept = await office.chair(unit).get(path_of(machine))
    assert kept["status"] == "valid"


async def test_a_representative_does_only_what_its_scopes_allow(office: Office) -> None:
    """M9: scopes vote, cases, circulars; everything else needs `all`."""
    unit = await office.member()
    await appoint(office, unit, "voter", "vote")
    voter = office.acting_for(unit, "voter")
    seen = await voter.get(unit.path)
    assert (seen["details"] is not None, seen["allowed_actions"]) == (True, [])
    for path in ("representatives", "withdrawal"):
        assert (await voter.post(f"{unit.path}/{path}", {}, expect=403))["code"] == "no_mandate"


async def test_the_last_one_who_can_do_everything_stays_until_there_is_a_successor(
    office: Office,
) -> None:
    """M9: a unit never locks itself out."""
    unit = await office.member()
    (chair,) = (await office.chair(unit).get(f"{unit.path}/representatives"))["items"]
    assert chair["allowed_actions"] == []
    told = await office.chair(unit).post(removal_of(chair), expect=409)
    assert told["code"] == "last_full_mandate"
    await appoint(office, unit, "deputy", "all")
    await office.chair(unit).post(removal_of(chair))
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)


async def test_a_new_legal_representative_takes_the_place_of_the_former(office: Office) -> None:
    """M9: one transaction, so that there is never none and never two."""
    unit = await office.member()
    await appoint(office, unit, "successor", "all", kind="legal_representative")
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)
    shown = await office.acting_for(unit, "successor").get(f"{unit.path}/representatives")
    assert [(r["subject"]["sub"], r["status"]) for r in shown["items"]] == [
        (unit.chair, "ended"),
        ("successor", "valid"),
    ]


async def test_a_successor_from_a_later_day_leaves_the_former_in_office_until_then(
    office: Office,
) -> None:
    """M9, edge case 23: "act stays valid if mandate was valid then; new acts need the new mandate"."""
    unit = await office.member()
    from_then = (await office.now() + 3 * DAY).isoformat(timespec="seconds")
    later = await appoint(
        office, unit, "successor", "all", kind="legal_representative", valid_from=from_then
    )
    assert later["status"] == "not_yet_valid"
    successor = office.acting_for(unit, "successor")
    await office.chair(unit).get(f"{unit.path}/representatives")
    await successor.get(f"{unit.path}/representatives", expect=403)
    await office.advance(4 * DAY)
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)
    await successor.get(f"{unit.path}/representatives")


async def test_a_mandate_ends_by_its_own_term(office: Office) -> None:
    """M9: from and until; until is exclusive."""
    unit = await office.member()
    until = (await office.now() + DAY).isoformat(timespec="seconds")
    await appoint(office, unit, "deputy", "all", valid_until=until)
    deputy = office.acting_for(unit, "deputy")
    await deputy.get(f"{unit.path}/representatives")
    await office.advance(DAY)
    await deputy.get(f"{unit.path}/representatives", expect=403)


async def test_a_mandate_is_not_back_dated(office: Office) -> None:
    """M9: it counts from now at the earliest."""
    unit = await office.member()
    before = (await office.now() - DAY).isoformat(timespec="seconds")
    await appoint(office, unit, "deputy", valid_from=before)
    told = (await office.announced(RepresentativeAppointed))[-1].data
    assert told["valid_from"] == told["recorded_at"]
    refused = await appoint(
        office, unit, "other", valid_from=before, valid_until=before, expect=422
    )
    assert refused["code"] == "mandate_term_not_valid"


@pytest.mark.parametrize(
    ("kind", "scopes"), [("machine", ["all"]), ("legal_representative", ["vote"])]
)
async def test_a_kind_of_mandate_has_its_own_scopes(
    office: Office, kind: str, scopes: Scopes
) -> None:
    """M9: "machines are mandates too", for circulars only; a legal representative has everything."""
    unit = await office.member()
    told = await appoint(office, unit, "robot", *scopes, kind=kind, expect=422)
    assert told["code"] == "scopes_not_of_kind"


async def test_a_machine_reads_the_unit_and_changes_nothing(office: Office) -> None:
    """M9: kind machine, scope circulars."""
    unit = await office.member()
    machine = await appoint(office, unit, "robot", kind="machine")
    assert (machine["kind"], machine["scopes"]) == ("machine", ["circulars"])
    robot = office.acting_for(unit, "robot")
    assert (await robot.get(unit.path))["allowed_actions"] == []
    await robot.post(f"{unit.path}/withdrawal", {}, expect=403)


async def test_a_subject_holds_one_mandate_of_a_member(office: Office) -> None:
    unit = await office.member()
    await appoint(office, unit, "deputy")
    told = await appoint(office, unit, "deputy", "vote", expect=409)
    assert told["code"] == "subject_has_mandate"


async def test_a_mandate_of_one_member_says_nothing_about_another(office: Office) -> None:
    """The register's word, never the token's: a token may name any member."""
    unit, other = await office.member(), await office.member()
    impostor = office.app.as_(unit.chair, member=other.member_id)
    await impostor.post(f"{other.path}/withdrawal", {}, expect=403)
    elsewhere = await office.chair(unit).post(f"{other.path}/withdrawal", {}, expect=403)
    assert elsewhere["code"] == "other_member"
    unnamed = await office.app.as_(unit.chair).post(f"{unit.path}/withdrawal", {}, expect=422)
    assert unnamed["code"] == "member_not_named"
    both = office.app.as_(unit.chair, Role.REGISTRAR, member=unit.member_id)
    refused = await both.post(f"{unit.path}/withdrawal", {}, expect=403)
    assert refused["code"] == "role_missing"


async def test_an_unknown_mandate_is_not_found(office: Office) -> None:
    unit, other = await office.member(), await office.member()
    (theirs,) = (await office.chair(other).get(f"{other.path}/representatives"))["items"]
    path = f"{unit.path}/representatives/{theirs['id']}"
    assert (await office.chair(unit).get(path, expect=404))["code"] == "mandate_unknown"
    told = await office.chair(unit).post(f"{path}/removal", expect=404)
    assert told["code"] == "mandate_unknown"


async def test_the_list_of_representatives_has_pages_and_is_not_public(office: Office) -> None:
    unit = await office.member()
    for n in range(4):
        await appoint(office, unit, f"deputy {n}")
    path = f"{unit.path}/representatives"
    first = await office.registrar.get(f"{path}?limit=3")
    rest = await office.registrar.get(f"{path}?limit=3&cursor={first['next_cursor']}")
    assert len(first["items"] + rest["items"]) == 5
    assert all(item["allowed_actions"] == [] for item in first["items"])
    await office.public.get(path, expect=401)
    assert (await office.app.as_("stranger", member=unit.member_id).get(path, expect=403))[
        "code"
    ] == "no_mandate"


async def test_an_act_on_a_stale_view_of_the_member_is_refused(office: Office) -> None:
    unit = await office.member()
    stale = {"If-Match": '"1-full"'}
    body = {"kind": "machine", "name": "r", "subject": {"sub": "r"}, "scopes": ["circulars"]}
    told = await office.chair(unit).post(
        f"{unit.path}/representatives", body, headers=stale, expect=412
    )
    assert facts(told) == ("outdated",)
