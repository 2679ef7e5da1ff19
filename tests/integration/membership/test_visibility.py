"""What the public learns, and what it never does."""

import re
from collections.abc import AsyncIterator

import httpx

from tests.integration.membership.office import DAY, Office, Unit, path_of

REASONS = re.compile(
    r"withdr[ae]w|withdrawal|cancel|merg|dissol|annul|reinstat|readmi|moot|expel|\bcas_|2026-V-",
    re.I,
)


async def eventful(office: Office) -> list[Unit]:
    """Units that left, were cancelled, restored, readmitted, or are about to leave; and the months since."""
    staying = await office.member()
    withdrawn, cancelled, restored, readmitted, moot = [await office.member() for _ in range(5)]
    await office.withdraw(withdrawn)
    await office.cancel(cancelled)
    never_ceased = await office.cancel(restored)
    from_a_day = await office.cancel(readmitted)
    await office.withdraw(moot)
    await office.cancel(moot)
    today = await office.today()
    await office.advance(DAY)
    await office.tell(office.cases, office.annulment_of(never_ceased, "never_ceased"))
    annulled = office.annulment_of(from_a_day, "readmitted")
    await office.tell(office.cases, annulled.model_copy(update={"readmitted_from": today + DAY}))
    await office.advance(40 * DAY)
    correction = {"correction_zh": "更正", "correction_en": "Corrected"}
    await office.registrar.post("/v1/bulletins/1/errata", correction, expect=201)
    await office.withdraw(staying, await office.today() + 20 * DAY)
    leaving = await office.member()
    await office.cancel(leaving, effective_at=await office.now() + 20 * DAY)
    return [staying, withdrawn, cancelled, restored, readmitted, moot, leaving]


async def answers(office: Office, units: list[Unit]) -> AsyncIterator[tuple[str, httpx.Response]]:
    """Every public answer about the register, each with the template of its path."""
    asked = [
        ("/v1/members", "?status=member"),
        ("/v1/members", "?status=ceased"),
        ("/v1/members", f"?as_of={await office.today() - 20 * DAY}&status=ceased"),
        ("/v1/register", ""),
        ("/v1/register/movements", ""),
        ("/v1/bulletins", ""),
        ("/v1/bulletins.atom", ""),
    ]
    for path, query in asked:
        yield path, await office.public.ask("GET", path + query, expect=200)
    for bulletin in await office.pages(office.public, "/v1/bulletins"):
        for accept in ("application/json", "text/csv"):
            yield (
                "/v1/bulletins/{number}",
                await office.public.ask(
                    "GET", path_of(bulletin), headers={"Accept": accept}, expect=200
                ),
            )
    for unit in units:
        yield "/v1/members/{member_id}", await office.public.ask("GET", unit.path, expect=200)
        yield (
            "/v1/members/{member_id}/history",
            await office.public.ask("GET", f"{unit.path}/history", expect=200),
        )


async def test_the_public_never_learns_why_a_unit_ceased(office: Office) -> None:
    """Edge case 22: "not disclosed"; M6: "a member that ceased shows no reason to the public"."""
    units = await eventful(office)
    seen = set()
    async for template, answer in answers(office, units):
        seen.add(template)
        assert not REASONS.search(answer.text), f"{template}: {REASONS.findall(answer.text)}"
    document = office.app.app.openapi()
    public = {
        path
        for path, operations in document["paths"].items()
        if operations.get("get", {}).get("x-access") == "everyone"
    }
    assert seen == public


async def test_another_member_learns_no_more_than_the_public(office: Office) -> None:
    """Edge case 22: a member sees the circular, not another unit's record."""
    units = await eventful(office)
    other = office.chair(await office.member())
    for unit in units:
        for path in (unit.path, f"{unit.path}/history"):
            assert not REASONS.search((await other.ask("GET", path, expect=200)).text)


async def test_the_unit_and_the_registrar_read_how_its_periods_ended(office: Office) -> None:
    """M5: history before the registrar; and before the unit itself once it is a member again."""
    unit = await office.member()
    decided = await office.cancel(unit, deciders=[])
    for_the_registrar = await office.registrar.get(f"{unit.path}/history")
    (period,) = for_the_registrar["periods"]
    assert (period["ending"], period["ground_case_id"]) == ("cancelled", decided.case_id)
    back = await office.member(unit)
    for_the_unit = await office.chair(back).get(f"{unit.path}/history")
    assert [p["ending"] for p in for_the_unit["periods"]] == ["cancelled", None]


async def test_the_public_answer_of_two_units_that_ceased_differently_is_alike(
    office: Office,
) -> None:
    """Edge case 22: not even the shape of an answer tells."""
    withdrawn, cancelled = await office.member(), await office.member()
    await office.withdraw(withdrawn)
    await office.cancel(cancelled)
    shapes = []
    for unit in (withdrawn, cancelled):
        shown = await office.public.get(unit.path)
        history = await office.public.get(f"{unit.path}/history")
        own = {"id", "url", "identifier", "created_at", "updated_at"}
        names = {"legal_name_zh", "legal_name_en"}
        shapes.append(
            (
                {key: value for key, value in shown.items() if key not in own | names},
                [period.keys() for period in history["periods"]],
            )
        )
    assert shapes[0] == shapes[1]
