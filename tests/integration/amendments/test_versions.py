"""Versions and rulebooks as they are published (A2, A6)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.amendments.domain.changes import ReplaceProvision, SetRule, apply, apply_rules
from services.amendments.domain.text_errors import (
    BackDated,
    NothingPublished,
)
from services.amendments.store import convention
from services.amendments.store.rulebook import newest_rulebook, rulebook_in_force, rulebook_version
from services.amendments.usecases.convention import find_text, publish_version
from shared.kernel.ratio import Ratio
from tests.integration.amendments.house import House

PROPOSAL = "prp_00000000000000000000000000000001"
THREE_QUARTERS = ReplaceProvision(
    "art_27", {"zh": "经四分之三以上同意,可以修改本公约。", "en": None}
)


async def test_a_published_version_takes_force_with_its_rulebook_and_both_are_announced(
    convened: House,
) -> None:
    async with convened.database.begin() as work:
        before = await convention.latest_version(work)
        amended = apply_rules(
            await newest_rulebook(work), [SetRule("amendment.adoption", Ratio(3, 4))]
        )
        version = await publish_version(
            work,
            apply(before.text, [THREE_QUARTERS]),
            tuple(amended.entries.values()),
            work.today,
            PROPOSAL,
        )
    assert (version.number, version.rulebook_version) == (2, 2)
    async with convened.database.begin() as work:
        assert (await convention.version_in_force(work)).number == 2
        assert (await rulebook_in_force(work)).ratio("amendment.adoption") == Ratio(3, 4)
        assert (await rulebook_version(work, 1)).ratio("amendment.adoption") == Ratio(2, 3)
    rulebooks = await convened.announced("amendments.rulebook.in_force.v1")
    assert [event["rulebook_version"] for event in rulebooks] == [1, 2]
    told = await convened.announced("amendments.convention.promulgated.v1")
    assert [(e["version"], e["occasion"]) for e in told] == [(1, "import"), (2, "amendment")]
    assert told[1]["changed"] == ["art_27"]
    assert told[1]["redline_url"] == "/v1/convention/redline?from=1&to=2"


async def test_a_version_for_a_later_day_is_not_yet_the_law_and_neither_is_its_rulebook(
    convened: House,
) -> None:
    later = convened.today + timedelta(days=10)
    async with convened.database.begin() as work:
        before = await convention.latest_version(work)
        entries = apply_rules(
            await newest_rulebook(work), [SetRule("amendment.adoption", Ratio(3, 4))]
        ).entries.values()
        await publish_version(
            work, apply(before.text, [THREE_QUARTERS]), tuple(entries), later, PROPOSAL
        )
    async with convened.database.begin() as work:
        assert (await convention.version_in_force(work)).number == 1
        assert (await find_text(work, later)).version.number == 2
        assert (await convention.latest_version(work)).number == 2
        assert (await rulebook_in_force(work)).version == 1
    await convened.advance(timedelta(days=10))
    async with convened.database.begin() as work:
        assert (await convention.version_in_force(work)).number == 2
        assert (await rulebook_in_force(work)).version == 2


async def test_whoever_reads_a_version_has_no_other_text_read(convened: House) -> None:
    async with convened.database.begin() as work:
        before = await convention.latest_version(work)
        new = apply(before.text, [THREE_QUARTERS])
        await publish_version(work, new, None, work.today, PROPOSAL)
        await work.db.execute(text("UPDATE versions SET text = '{}' WHERE number = 1"))
    shown = await convened.public.get("/v1/convention")
    assert (shown["version"]["version"], shown["digest"]) == (2, new.digest)
    accept = {"Accept": "application/akn+xml"}
    xml = await convened.public.ask("GET", "/v1/convention", headers=accept, expect=200)
    assert xml.text.count("<eventRef") == 2


async def test_nothing_takes_force_in_the_past_or_before_what_it_follows_or_without_a_change(
    convened: House,
) -> None:
    async with convened.database.begin() as work:
        before = await convention.latest_version(work)
        new = apply(before.text, [THREE_QUARTERS])
        with pytest.raises(BackDated):
            await publish_version(work, new, None, work.today - timedelta(days=1), PROPOSAL)
        with pytest.raises(NothingPublished):
            await publish_version(work, before.text, None, work.today, PROPOSAL)
        await publish_version(work, new, None, work.today + timedelta(days=10), PROPOSAL)
        with pytest.raises(BackDated) as refusal:
            await publish_version(work, before.text, None, work.today, PROPOSAL)
    assert refusal.value.facts == {"earliest_on": (convened.today + timedelta(days=10)).isoformat()}
