"""What differs between two versions, readable in Chinese and in English (A2)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.amendments.domain.changes import (
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    apply,
)
from services.amendments.domain.correction import correct
from services.amendments.domain.redline import Opcode, between, redline, tokens
from tests.unit.amendments.domain.texts import a_text, wording

words = st.text("三分之二以上或和 \uff0cabc-'9é.  \u3000", max_size=40) | st.text(max_size=20)


def marked(opcodes: list[Opcode]) -> str:
    return "".join(
        o.new_text
        if o.kind == "equal"
        else f"[-{o.old_text}-]" * bool(o.old) + f"{{+{o.new_text}+}}" * bool(o.new)
        for o in opcodes
    )


@given(words, words)
def test_the_old_wording_and_the_opcodes_make_the_new_one(old: str, new: str) -> None:
    opcodes = between(old, new)
    assert "".join(o.old_text for o in opcodes) == old
    assert "".join(o.new_text for o in opcodes) == new
    assert all((o.old == o.new) == (o.kind == "equal") for o in opcodes)
    kinds = [o.is_change for o in opcodes]
    assert not any(a and b for a, b in pairwise(kinds))


def test_a_token_is_a_han_character_or_a_latin_word() -> None:
    assert tokens("经2/3以上同意") == ["经", "2", "/", "3", "以", "上", "同", "意"]
    assert tokens("other persons’ well-known rights") == [
        "other",
        " ",
        "persons",
        "’",
        " ",
        "well-known",
        " ",
        "rights",
    ]
    assert tokens("Internet行业") == ["Internet", "行", "业"]


def test_chinese_is_compared_character_by_character() -> None:
    assert (
        marked(between("经三分之二以上成员单位同意。", "经四分之三以上成员单位同意。"))
        == "经[-三-]{+四+}分之[-二-]{+三+}以上成员单位同意。"
    )


def test_english_is_compared_word_by_word_and_neighbouring_words_are_one_change() -> None:
    old = "where more than two thirds of the member work units agree"
    new = "where at least three quarters of the member work units agree"
    assert (
        marked(between(old, new))
        == "where [-more than two thirds-]{+at least three quarters+} of the member work units agree"
    )
    assert marked(between("the quick fox", "the slow fox")) == "the [-quick-]{+slow+} fox"


def test_every_provision_says_what_became_of_it() -> None:
    old = a_text()
    new = apply(
        old,
        [
            ReplaceProvision("art_3", wording("四分之三以上同意。", "Three quarters agree.")),
            InsertProvision("art_3-1", wording("新的一条。")),
            RepealProvision("art_2_2"),
        ],
    )
    standing = {r.provision_id: r.standing for r in redline(old, new, "zh")}
    assert {i: s for i, s in standing.items() if s != "unchanged"} == {
        "art_3": "changed",
        "art_3-1": "inserted",
        "art_2_2": "repealed",
    }
    backwards = {r.provision_id: r.standing for r in redline(new, old, "zh")}
    assert {i: s for i, s in backwards.items() if s != "unchanged"} == {
        "art_3": "changed",
        "art_3-1": "taken_out",
        "art_2_2": "restored",
    }
    for language in ("zh", "en"):
        for part in redline(old, new, language):
            before, after = old.by_id.get(part.provision_id), new.get(part.provision_id)
            was = (before.texts[language] if before else None) or ""
            assert "".join(o.old_text for o in part.opcodes) == was
            assert "".join(o.new_text for o in part.opcodes) == (after.texts[language] or "")


def test_what_was_taken_out_stands_in_its_place() -> None:
    old = a_text()
    changes = [
        InsertProvision(provision_id, wording("新的规定。"), parent)
        for provision_id, parent in (("art_1_1", None), ("ch_1-1", None), ("art_2-1", "ch_1-1"))
    ]
    new = apply(old, changes)
    for before, after in ((old, new), (new, old)):
        parts = redline(before, after, "zh")
        assert [part.provision_id for part in parts] == [p.id for p in new.provisions]


def test_in_english_a_provision_says_what_became_of_the_law_also_without_a_translation() -> None:
    old = a_text()
    new = apply(old, [ReplaceProvision("art_2_2", wording("守信;")), RepealProvision("art_2_3")])
    last = apply(new, [RepealProvision("art_2_2")])
    standings = {
        (part.provision_id, part.standing)
        for before, after in ((old, new), (new, old), (new, last), (last, new))
        for part in redline(before, after, "en")
        if part.standing != "unchanged"
    }
    assert standings == {
        ("art_2_2", "changed"),
        ("art_2_2", "repealed"),
        ("art_2_2", "restored"),
        ("art_2_3", "repealed"),
        ("art_2_3", "restored"),
    }


def test_a_corrected_translation_is_a_change_in_its_language_alone() -> None:
    old = a_text()
    new = correct(old, "art_4", "en", "In force from its promulgation.").made_in(old)
    for language, standing in (("zh", "unchanged"), ("en", "changed")):
        parts = redline(old, new, language)  # type: ignore[arg-type]
        assert [p.standing for p in parts if p.provision_id == "art_4"] == [standing]


def test_long_wordings_of_one_character_are_compared_in_no_time() -> None:
    """Anybody may ask for a redline: nobody can make it a matter of minutes."""
    old, new = "始" + "的" * 19_000 + "末", "始" + "的" * 9_000 + "一" + "的" * 9_000 + "末"
    opcodes = between(old, new)
    assert "".join(o.old_text for o in opcodes) == old
    assert "".join(o.new_text for o in opcodes) == new
    assert [o.kind for o in opcodes] == ["equal", "replace", "equal"]
