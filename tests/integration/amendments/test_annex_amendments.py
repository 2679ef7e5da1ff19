"""The open amendment of an annex is counted at every consent and at every change of the register (A7, edge case 23)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.membership import MemberAcceded, Sector
from shared.db.roster import start_over
from shared.kernel.chain import roll_digest
from tests.integration.amendments.house import House
from tests.integration.amendments.proposing import Json, code_of
from tests.integration.amendments.test_annexes import (
    ACCESS,
    VENUES,
    a_text,
    adhere,
    amend,
    an_annex,
    consent,
    in_force,
    path_of,
)

TWO_THIRDS = {"numerator": 2, "denominator": 3, "inclusive": True, "of": "adherents"}
OTHER = a_text("公开资费。", "不得捆绑。")


async def proposed(house: House, units: list[str], **profile: Any) -> Json:
    """An annex that binds ``units``, with an amendment to which the first consents."""
    annex = await in_force(house, units[0], an_annex(**profile))
    if profile.get("adherents") != "branch":
        annex = await adhere(house, annex, *units)
    return await amend(house, annex, units[0], OTHER)


async def texts(house: House, annex: Json) -> list[Json]:
    """Every text that it ever had, the latest first."""
    items: list[Json] = (await house.public.get(f"{path_of(annex)}/versions"))["items"]
    return items


async def test_an_adherent_that_leaves_the_register_lets_the_consents_be_enough(
    convened: House,
) -> None:
    """As proposals are tested: "at every support *and* at every register version" (edge case 2)."""
    units = await convened.members(3, ACCESS)
    annex = await proposed(convened, units)
    assert (annex["amendment"]["consents"], annex["amendment"]["needed"]) == (1, 2)
    await convened.end(units[2])
    shown = await convened.public.get(path_of(annex))
    assert (shown["text_version"], shown["amendment"]) == (2, None)
    latest, first = await texts(convened, annex)
    assert (latest["consents"], latest["of"]) == (1, 2)
    assert latest["register_version"] == convened.register.version
    assert latest["adherents_digest"] == roll_digest(units[:2])
    assert (first["register_version"], first["adherents_digest"]) == (None, None)


async def test_the_consent_of_a_unit_that_left_does_not_count(convened: House) -> None:
    units = await convened.members(4, ACCESS)
    annex = await proposed(convened, units, amendment=TWO_THIRDS)
    annex = await consent(convened, annex, units[1])
    await convened.end(units[1])
    waiting = (await convened.public.get(path_of(annex)))["amendment"]
    assert (waiting["consents"], waiting["needed"], waiting["of"]) == (1, 2, 3)


async def test_what_was_enough_at_one_version_stays_whatever_the_next_brings(
    convened: House,
) -> None:
    """Edge case 3: "once reached it stays reached", also where both versions are learned together."""
    units = await convened.members(3, ACCESS)
    annex = await proposed(convened, units, adherents="branch")
    convened.register.end(units[2])
    reached_at = convened.register.version
    for _ in range(5):
        convened.register.accede(None, ACCESS)
    await convened.tell()
    latest, _ = await texts(convened, annex)
    assert (latest["register_version"], latest["consents"], latest["of"]) == (reached_at, 1, 2)


async def test_a_unit_of_the_whole_branch_is_counted_by_the_sectors_it_had_at_each_version(
    convened: House,
) -> None:
    units = await convened.members(3, ACCESS)
    annex = await proposed(convened, units, adherents="branch")
    convened.register.change_particulars(units[1], ACCESS, Sector.PRODUCT_MAKER)
    await convened.tell()
    assert (await convened.public.get(path_of(annex)))["amendment"]["of"] == 3
    convened.register.change_particulars(units[2], VENUES)
    await convened.tell()
    latest, _ = await texts(convened, annex)
    assert (latest["consents"], latest["of"]) == (1, 2)
    assert latest["adherents_digest"] == roll_digest(units[:2])


async def test_an_amendment_of_an_annex_that_has_ended_is_not_made_by_a_departure(
    convened: House,
) -> None:
    units = await convened.members(3, ACCESS)
    annex = await proposed(convened, units)
    async with convened.database.begin() as work:
        await work.db.exec_driver_sql("UPDATE annexes SET ends_on = current_date - 1")
    await convened.end(units[2])
    assert (await convened.public.get(path_of(annex)))["text_version"] == 1


async def test_a_consent_to_an_earlier_proposal_of_the_same_text_does_not_count(
    convened: House,
) -> None:
    """What was adopted once and replaced since is proposed anew: nobody has consented to that but who proposes it."""
    units = await convened.members(3, ACCESS)
    annex = await consent(convened, await proposed(convened, units), units[1])
    assert annex["text_version"] == 2
    first = await amend(convened, annex, units[0], a_text("公开资费。", "保护用户信息。"))
    annex = await consent(convened, first, units[1])
    assert annex["text_version"] == 3
    annex = await amend(convened, annex, units[2], OTHER)
    assert (annex["text_version"], annex["amendment"]["consents"]) == (3, 1)
    assert annex["amendment"]["proposed_by"] == units[2]
    annex = await consent(convened, annex, units[0])
    assert annex["text_version"] == 4


async def test_a_consent_to_an_amendment_that_was_replaced_does_not_come_back_with_it(
    convened: House,
) -> None:
    units = await convened.members(4, ACCESS)
    first = await proposed(convened, units, amendment=TWO_THIRDS)
    annex = await consent(convened, first, units[1])
    annex = await amend(convened, annex, units[2], a_text("另一文本。", "不得捆绑。"))
    again = await amend(convened, annex, units[3], OTHER)
    assert again["amendment"]["consents"] == 1
    stale = await convened.as_member(units[1]).ask(
        "PUT",
        f"{path_of(annex)}/amendment/consents",
        {"digest": first["amendment"]["digest"]},
    )
    assert code_of(stale) == (409, "draft_changed_since")


async def test_a_consent_after_a_removal_that_arrives_late_is_void(convened: House) -> None:
    """Decisions: "when a removal or ending arrives late, acts with `acted_at` at or after it are void"."""
    units = await convened.members(4, ACCESS)
    annex = await proposed(convened, units, amendment=TWO_THIRDS)
    await convened.advance(timedelta(hours=1))
    convened.register.remove(units[1], convened.mandates[units[1]])
    assert (await consent(convened, annex, units[1]))["amendment"]["consents"] == 2
    await convened.tell()
    waiting = (await convened.public.get(path_of(annex)))["amendment"]
    assert (waiting["consents"], waiting["of"]) == (1, 4)
    await convened.advance(timedelta(days=2))
    await convened.appoint(units[1])
    assert (await convened.public.get(path_of(annex)))["amendment"]["consents"] == 1
    again = await consent(convened, annex, units[1])
    assert again["amendment"]["consents"] == 2


async def test_a_consent_before_the_removal_of_its_mandate_stays(convened: House) -> None:
    """M9: "an act done under a valid mandate stays valid"."""
    units = await convened.members(4, ACCESS)
    annex = await proposed(convened, units, amendment=TWO_THIRDS)
    await consent(convened, annex, units[1])
    await convened.advance(timedelta(days=1))
    convened.register.remove(units[1], convened.mandates[units[1]])
    await convened.tell()
    assert (await convened.public.get(path_of(annex)))["amendment"]["consents"] == 2


async def test_a_signature_after_a_removal_that_arrives_late_is_void_and_the_others_may_be_enough(
    convened: House,
) -> None:
    """As for supports; whom the annex never bound is not asked whether it is to be amended."""
    units = await convened.members(3, ACCESS)
    annex = await adhere(convened, await in_force(convened, units[0]), *units[:2])
    convened.register.remove(units[2], convened.mandates[units[2]])
    annex = await amend(convened, await adhere(convened, annex, units[2]), units[0], OTHER)
    assert (annex["adherents_count"], annex["amendment"]["needed"]) == (3, 2)
    await convened.tell()
    shown = await convened.public.get(path_of(annex))
    assert (shown["adherents_count"], shown["text_version"]) == (2, 2)
    latest, _ = await texts(convened, annex)
    assert (latest["consents"], latest["of"]) == (1, 2)
    assert latest["adherents_digest"] == roll_digest(units[:2])


async def test_a_void_signature_or_consent_is_good_again_when_the_register_is_read_anew(
    convened: House,
) -> None:
    """While it is read again, mandates of earlier times are known before the one that an act rests on."""
    units = await convened.members(3, ACCESS)
    first = convened.mandates[units[1]]
    convened.register.remove(units[1], first)
    await convened.appoint(units[1])
    await convened.advance(timedelta(hours=1))
    annex = await proposed(convened, units, amendment=TWO_THIRDS)
    async with convened.database.begin() as work:
        await start_over(work)
    for change in convened.register.changes:
        async with convened.database.begin() as work:
            for reaction in convened.service.reactions[MemberAcceded]:
                await reaction.handle(work, [change])
    shown = await convened.public.get(path_of(annex))
    assert (shown["adherents_count"], shown["text_version"]) == (3, 1)
    assert shown["amendment"] == annex["amendment"]


@pytest.mark.parametrize("attempt", range(8))
async def test_a_consent_that_races_a_departure_is_counted_by_one_of_the_two(
    convened: House, attempt: int
) -> None:
    """Decisions: "otherwise a support racing a departure never latches: seen"."""
    units = await convened.members(5, ACCESS)
    annex = await proposed(convened, units, amendment=TWO_THIRDS)
    annex = await consent(convened, annex, units[1])
    convened.register.end(units[4])
    path = f"{path_of(annex)}/amendment/consents"
    answer, _ = await asyncio.gather(
        convened.as_member(units[2]).ask("PUT", path, {"digest": annex["amendment"]["digest"]}),
        convened.tell(),
    )
    assert answer.status_code == 200, code_of(answer)
    assert (await convened.public.get(path_of(annex)))["text_version"] == 2


@pytest.mark.parametrize("attempt", range(4))
async def test_an_amendment_proposed_while_a_unit_departs_is_counted_by_one_of_the_two(
    convened: House, attempt: int
) -> None:
    units = await convened.members(3, ACCESS)
    annex = await adhere(convened, await in_force(convened, units[0]), *units)
    convened.register.end(units[2])
    await asyncio.gather(amend(convened, annex, units[0], OTHER), convened.tell())
    assert (await convened.public.get(path_of(annex)))["text_version"] == 2
