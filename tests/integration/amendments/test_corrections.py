"""Translations and typing errors are mended without a ballot, and nothing else is (A1, A2, edge cases 27 and 28)."""

from typing import Any

from services.amendments.domain.changes import ReplaceProvision
from tests.integration.amendments.house import House
from tests.integration.amendments.keeping import NEW_27, TEXT, amend, bring_in, wording_of
from tests.support.convention import made_up_text, published


async def test_a_corrected_translation_keeps_the_version_and_settles_the_divergence(
    house: House,
) -> None:
    """Edge case 27: "Translation corrected: no ballot; new English expression of the same text version; divergence
    register updated".
    """
    await bring_in(house, published(made_up_text()))
    act = await house.secretary.post(
        f"{TEXT}/corrections",
        {
            "provision_id": "art_9_2",
            "language": "en",
            "before": None,
            "text": "the second item;",
            "reasons": "原译文缺少本项。",
        },
        expect=201,
    )
    assert (act["kind"], act["before"], act["versions"]) == ("translation", None, [1])
    shown = await house.public.get(TEXT)
    assert shown["version"]["version"] == 1
    assert wording_of(shown, "art_9_2")["en"] == "the second item;"
    (divergence,) = (await house.public.get(f"{TEXT}/divergences"))["items"]
    assert (divergence["status"], divergence["settled_by"]) == ("settled", "correction 1")
    assert (await house.secretary.get("/v1/ballots"))["items"] == []


async def test_a_typing_error_in_the_chinese_is_mended_by_an_act_with_both_texts(
    convened: House,
) -> None:
    """Edge case 28: "Typing error in promulgated Chinese: corrigendum act with both texts; anything touching meaning
    needs Art. 27".
    """
    await amend(convened, ReplaceProvision("art_1", {"zh": "本公约适用于互连网行业。", "en": None}))
    await amend(convened, ReplaceProvision("art_27", NEW_27), days=9)

    async def mend(before: str, text: str, expect: int) -> Any:
        body = {
            "provision_id": "art_1",
            "language": "zh",
            "before": before,
            "text": text,
            "reasons": "笔误。",
        }
        return await convened.secretary.post(f"{TEXT}/corrections", body, expect=expect)

    wrong, right = "本公约适用于互连网行业。", "本公约适用于互联网行业。"
    act = await mend(wrong, right, 201)
    assert (act["kind"], act["before"], act["after"], act["versions"]) == (
        "corrigendum",
        "本公约适用于互连网行业。",
        "本公约适用于互联网行业。",
        [2, 3],
    )
    assert (await convened.public.get(f"{TEXT}/corrections"))["items"] == [act]
    for version in (2, 3):
        shown = await convened.public.get(f"{TEXT}?version={version}")
        assert wording_of(shown, "art_1")["zh"] == "本公约适用于互联网行业。"
    assert wording_of(await convened.public.get(f"{TEXT}?version=1"), "art_1")["zh"] != (
        "本公约适用于互联网行业。"
    )
    refused = await mend(right, "本公约不适用于互联网行业。", 409)
    assert refused["code"] == "corrigendum_touches_meaning"
    assert (await mend(wrong, "本公约适用于互联网行业", 409))["code"] == "wording_changed_since"
    await mend(right, "本公约适用于互联网行业", 201)
    added_up = await mend("本公约适用于互联网行业", "本公约适用于互联网产业", 409)
    assert added_up["code"] == "corrigendum_touches_meaning"


async def test_a_translation_is_not_mended_where_it_translates_another_chinese(
    convened: House,
) -> None:
    """Edge case 27: "new English expression of the same text version": what was promulgated for later says otherwise."""
    await amend(convened, ReplaceProvision("art_9_2", {"zh": "另一项;", "en": None}), days=9)
    body = {
        "provision_id": "art_9_2",
        "language": "en",
        "before": None,
        "text": "the second item;",
        "reasons": "原译文缺少本项。",
    }
    act = await convened.secretary.post(f"{TEXT}/corrections", body, expect=201)
    assert act["versions"] == [1]
    (divergence,) = (await convened.public.get(f"{TEXT}/divergences"))["items"]
    assert divergence["status"] == "open"
