"""Coming back: a new period on the same record, decided by others after a cancellation, and nothing old revives (M5)."""

from typing import Any

from shared.contracts.membership import MemberAcceded
from shared.kernel.actor import Role
from tests.integration.membership.office import (
    DAY,
    Office,
    deciders,
    facts,
    if_match,
    particulars_of,
    path_of,
)


async def test_a_unit_that_withdrew_comes_back_as_the_same_member(office: Office) -> None:
    """Edge case 10: "ordinary, new period, history linked"."""
    unit = await office.member()
    await office.withdraw(unit)
    left_on = await office.today()
    await office.advance(40 * DAY)
    application = await office.apply(unit)
    assert (application["kind"], application["member_id"]) == ("return", unit.member_id)
    seen = await office.registrar.get(path_of(application))
    (period,) = seen["former_membership"]["periods"]
    assert (period["ending"], period["ended_on"]) == ("withdrawn", left_on.isoformat())
    assert (await office.chair(unit).get(path_of(application)))["former_membership"] is None
    back = await office.member_from(unit, application)
    assert back.member_id == unit.member_id
    history = await office.public.get(f"{unit.path}/history")
    assert [p["ended_on"] for p in history["periods"]] == [left_on.isoformat(), None]
    first, second = await office.announced(MemberAcceded)
    assert first.data["member_id"] == second.data["member_id"]
    assert first.data["period_id"] != second.data["period_id"]


async def test_whoever_decided_the_cancellation_does_not_handle_the_return(
    office: Office,
) -> None:
    """Edge case 11: "made by people who did not decide the cancellation"; the old case is attached."""
    unit = await office.member()
    decided = await office.cancel(unit, deciders=deciders("registrar", "decider"))
    application = await office.apply(unit)
    seen = await office.registrar.get(path_of(application))
    assert seen["former_membership"]["periods"][0]["ground_case_id"] == decided.case_id
    assert seen["allowed_actions"] == []
    bodies: dict[str, Any] = {
        "approval": None,
        "returning": {"missing": ["承诺书"]},
        "refusal": {"ground": "rules_not_accepted", "reasons": "It broke them before."},
    }
    for act, body in bodies.items():
        told = await office.handle(application, act, body, expect=403)
        assert told["code"] == "handler_decided_cancellation"
    colleague = office.app.as_("colleague", Role.REGISTRAR)
    assert (await colleague.get(path_of(application)))["allowed_actions"] == [
        "returning",
        "approval",
        "refusal",
    ]
    approved = await colleague.post(
        f"{path_of(application)}/approval", headers=if_match(application)
    )
    await office.sign(unit, approved)
    assert (await office.public.get(unit.path))["status"] == "member"


async def test_nothing_old_revives_when_a_unit_comes_back(office: Office) -> None:
    """M5, edge case 11: "no revival of old supports, votes or inbox rights": the old mandates do not count again."""
    unit = await office.member()
    chair = office.chair(unit)
    await chair.post(
        f"{unit.path}/representatives",
        {"kind": "entrusted", "name": "李敏", "subject": {"sub": "deputy"}, "scopes": ["all"]},
        expect=201,
    )
    await office.withdraw(unit)
    new_chair = {"legal_representative_subject": {"sub": "new.chair"}}
    application = await office.approved(unit, **new_chair)
    await office.app.as_("new.chair").post(f"{path_of(application)}/instrument")
    listed = f"{unit.path}/representatives"
    for sub in (unit.chair, "deputy"):
        told = await office.acting_for(unit, sub).get(listed, expect=403)
        assert told["code"] == "no_mandate"
        told = await office.acting_for(unit, sub).post(f"{unit.path}/withdrawal", {}, expect=403)
        assert told["code"] == "no_mandate"
    shown = await office.acting_for(unit, "new.chair").get(listed)
    assert [(r["subject"]["sub"], r["status"]) for r in shown["items"]] == [
        (unit.chair, "ended"),
        ("deputy", "ended"),
        ("new.chair", "valid"),
    ]


async def test_a_claim_code_of_the_earlier_membership_does_not_work_after_the_return(
    office: Office,
) -> None:
    """M5: a code issued before the unit left makes nobody its representative afterwards."""
    unit = await office.member()
    issued = await office.registrar.post(f"{unit.path}/claim-code", expect=201)
    await office.withdraw(unit)
    back = await office.member(unit)
    claim = {"code": issued["code"], "name": "王强"}
    told = await office.app.as_("claimer").post("/v1/claims", claim, expect=409)
    assert facts(told, "reason") == ("claim_code_not_valid", "superseded")
    shown = await office.chair(back).get(f"{unit.path}/representatives")
    assert [r["status"] for r in shown["items"]] == ["ended", "valid"]


async def test_a_unit_comes_back_under_another_name(office: Office) -> None:
    """M5, M10: the register of a day in the first membership keeps the first name."""
    unit = await office.member(office.unit("旧名有限公司"))
    joined_on = await office.today()
    await office.withdraw(unit)
    await office.advance(3 * DAY)
    renamed = particulars_of(unit, legal_name_zh="新名有限公司")
    await office.member(unit, particulars=renamed)
    await office.advance(DAY)
    assert (await office.public.get(unit.path))["legal_name_zh"] == "新名有限公司"
    then = await office.pages(office.public, f"/v1/members?as_of={joined_on}&status=ceased")
    assert [m["legal_name_zh"] for m in then] == ["旧名有限公司"]


async def test_a_unit_that_leaves_and_returns_on_one_day_keeps_its_names_apart(
    office: Office,
) -> None:
    """M6: each movement bears the name that it left standing, also where both fall on one day."""
    unit = await office.member(office.unit("旧名有限公司"))
    await office.withdraw(unit)
    await office.member(unit, particulars=particulars_of(unit, legal_name_zh="新名有限公司"))
    movements = await office.pages(office.public, "/v1/register/movements")
    assert [(m["kind"], m["legal_name_zh"]) for m in movements] == [
        ("joined", "旧名有限公司"),
        ("ceased", "旧名有限公司"),
        ("joined", "新名有限公司"),
    ]
    assert (await office.public.get("/v1/register"))["members_count"] == 1
