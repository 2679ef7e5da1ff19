"""Reading the text as it was published (A1)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.amendments.domain.divergence import DivergenceKind
from services.amendments.domain.numerals import chinese, from_chinese, from_western, roman
from services.amendments.domain.provision import ConventionText, ProvisionKind
from services.amendments.domain.reading import LeftOut, read_published_text
from services.amendments.domain.text_errors import PublishedTextUnreadable
from tests.support.convention import AFTER, BETWEEN, made_up_text, published
from tests.unit.amendments.domain.generated import texts
from tests.unit.amendments.domain.texts import a_text

AS_FOUND = Path(__file__).parents[5] / "shared" / "data" / "convention.txt"


def refused(page: str) -> tuple[str, int]:
    with pytest.raises(PublishedTextUnreadable) as refusal:
        read_published_text(page)
    return refusal.value.facts["reason"], refusal.value.facts["line"]  # type: ignore[return-value]


def line_of(page: str, start: str) -> int:
    return next(n for n, line in enumerate(page.split("\n"), 1) if line.startswith(start))


@settings(max_examples=60)
@given(texts())
def test_what_is_published_is_read_back_as_it_was(text: ConventionText) -> None:
    assert read_published_text(published(text)).text == text


@settings(max_examples=60)
@given(texts(), st.data())
def test_a_line_that_is_no_provision_is_refused_wherever_it_stands_inside(
    text: ConventionText, data: st.DataObject
) -> None:
    lines = published(text).split("\n")
    zh = [n for n, line in enumerate(lines, 1) if line.startswith("第")]
    at = data.draw(st.integers(zh[0] + 1, zh[-1]))
    lines.insert(at - 1, "转发到微博")
    assert refused("\n".join(lines)) == ("unreadable", at)


@settings(max_examples=60)
@given(texts(), st.data())
def test_a_provision_taken_out_of_the_chinese_is_never_read_over(
    text: ConventionText, data: st.DataObject
) -> None:
    lines = published(text).split("\n")
    articles = [n for n, line in enumerate(lines) if line.startswith("第") and "条" in line[:12]]
    if len(articles) < 2:
        return
    taken = data.draw(st.sampled_from(articles[:-1]))
    del lines[taken]
    page = "\n".join(lines)
    try:
        read = read_published_text(page).text
    except PublishedTextUnreadable:
        return
    missing = set(text.by_id) - set(read.by_id)  # the last that was inserted leaves no gap
    assert missing
    assert all("-" in provision_id for provision_id in missing)


@settings(max_examples=60)
@given(texts(), st.sampled_from(["之日起施行。", "of its promulgation.", "(a) x"]))
def test_a_line_right_below_the_last_of_a_language_is_refused_and_not_lost(
    text: ConventionText, rest: str
) -> None:
    page = published(text)
    for part in (BETWEEN, AFTER):
        broken = page.replace(f"\n\n{part}", f"\n{rest}\n\n{part}")
        assert broken != page
        assert refused(broken) == ("unreadable", line_of(broken, rest))


def test_the_rest_of_a_last_wording_that_was_broken_is_not_lost() -> None:
    page = published(a_text())
    chinese_line = "自公布之日起施行。"
    broken = page.replace(chinese_line, "自公布\n之日起施行。")
    assert refused(broken) == ("unreadable", line_of(broken, "之日起施行"))
    items = "\n".join(
        ("第四条 有下列情形之一的,施行:", "\uff08一\uff09公布;", "\uff08二\uff09批准。")
    )
    listed = page.replace(f"第四条 {chinese_line}", items)
    assert read_published_text(listed).text.get("art_4_2").texts["zh"] == "批准。"
    flush = listed.replace("批准。", "批准。\n但书另有规定的,从其规定。")
    assert refused(flush) == ("unreadable", line_of(flush, "但书"))


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_items_belong_to_the_last_article_only_where_it_announces_them(between: str) -> None:
    page = published(a_text())
    for end, item in (("自公布之日起施行。", "\uff08一\uff09回复"), ("promulgated.", "(1) Reply")):
        footed = page.replace(end, f"{end}{between}{item}")
        assert refused(footed) == ("unreadable", line_of(footed, item))


def test_a_title_or_heading_of_the_other_language_may_follow_without_an_empty_line() -> None:
    text = a_text()
    tight = "\n".join(line for line in published(text).split("\n") if line and line != BETWEEN)
    tight = tight.replace(AFTER.replace("\n\n", "\n"), "")
    assert read_published_text(tight).text == text
    untitled = tight.replace("示例公约\n", "")
    assert untitled != tight
    assert read_published_text(untitled).text.provisions == text.provisions


def test_residue_is_left_out_and_it_is_said_which_lines() -> None:
    page = published(made_up_text())
    read = read_published_text(page)
    found = {(page.split("\n")[left.first_line - 1], left.where) for left in read.left_out}
    assert found == {
        ("Posted on Updated on", "before"),
        (BETWEEN, "between"),
        (AFTER.split("\n")[0], "after"),
    }
    assert read.text.titles == {"zh": "示例公约", "en": "Example Convention"}


def test_of_several_lines_that_could_be_the_title_the_last_is_it() -> None:
    page = published(a_text())
    led = f"Home > Self-Discipline Convention\n\n{page}".replace(
        "示例公约", "首页 > 行业自律公约\n\n示例公约"
    )
    read = read_published_text(led)
    assert read.text == a_text()
    assert read.left_out[0] == LeftOut(1, 1, "before")


@pytest.mark.parametrize("title", ["示例公约", "Example convention"])
@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u3164"])
def test_a_title_with_a_character_that_nobody_sees_is_refused_with_its_line(
    title: str, unseen: str
) -> None:
    broken = published(a_text()).replace(title, title[:2] + unseen + title[2:])
    assert refused(broken) == ("characters", line_of(broken, title[:2] + unseen))


def test_the_languages_are_read_in_either_order_with_any_line_ends_and_a_byte_order_mark() -> None:
    text = a_text()
    english, chinese_block = published(text).split(f"\n{BETWEEN}\n")
    swapped = f"{chinese_block.removesuffix(AFTER)}\n{english}"
    assert read_published_text("\ufeff" + swapped.replace("\n", "\r\n")).text == text


def test_full_width_and_half_width_brackets_are_the_same_item() -> None:
    page = published(a_text())
    half = page.replace("\uff08", "(").replace("\uff09", ")")
    assert page != half
    assert read_published_text(half).text == a_text()


def test_a_missing_translation_is_a_divergence_and_shifts_no_number() -> None:
    read = read_published_text(published(a_text()))
    (divergence,) = read.divergences
    assert (divergence.provision_id, divergence.kind) == (
        "art_2_2",
        DivergenceKind.NOT_TRANSLATED,
    )
    assert read.text.get("art_2_3").texts["en"] == "are fair."


@pytest.mark.parametrize(
    ("old", "new", "reason", "at"),
    [
        ("第三条 ", "第五条 ", "gap", "第五条"),
        ("第三条 ", "第二条 ", "repeated", "第二条 三分"),
        ("第三条 ", "第一条 ", "order", "第一条 三分"),
        ("第三条 ", "第三条之二 ", "gap", "第三条之二"),
        ("\uff08三\uff09", "\uff08四\uff09", "gap", "\uff08四\uff09"),
        ("\uff08三\uff09", "\uff08一\uff09", "order", "\uff08一\uff09 公平"),
        ("第一章 总则\n", "", "outside a chapter", "第一条"),
        ("第二条 成员应当:\n", "", "gap", "第三条"),
        ("第一条 制定本公约。\n第二条 成员应当:\n", "", "outside an article", "\uff08一\uff09"),
        ("第三条 ", "第三十百条 ", "unreadable", "第三十百条"),
        ("第三条 三分", "第三条三分", "unreadable", "第三条三分"),
        ("三分之二", "三分\0之二", "characters", "第三条"),
        ("三分之二", "三分\u202e之二", "characters", "第三条"),
        ("三分之二", "三分\u200b之二", "characters", "第三条"),
        ("三分之二", "三分\ufe00之二", "characters", "第三条"),
        ("two thirds", "two\u00ad thirds", "characters", "Article 3"),
        ("two thirds", "two\u3164thirds", "characters", "Article 3"),
        ("Article 3: ", "Article 9: ", "order", "Article 4"),
        ("Article 4: ", "Article 5: ", "no original", "Article 5"),
        ("Article 4: ", "Article 3: ", "repeated", "Article 3: In force"),
        ("(3) are fair", "(7) are fair", "no original", "(7)"),
        ("(3) are fair", "3) are fair", "unreadable", "3)"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    old: str, new: str, reason: str, at: str
) -> None:
    page = published(a_text())
    assert old in page
    broken = page.replace(old, new)
    found, line = refused(broken)
    assert (found, line) == (reason, line_of(broken, at))


def test_a_missing_language_mixed_languages_and_too_large_a_page_are_refused() -> None:
    english, chinese_block = published(a_text()).split(f"\n{BETWEEN}\n")
    assert refused(english)[0] == "language missing"
    assert refused(chinese_block)[0] == "language missing"
    assert refused("")[0] == "language missing"
    mixed = english.replace("Article 3", "第一章 总则\nArticle 3")
    assert refused(f"{mixed}\n{chinese_block}")[0] == "languages mixed"
    assert refused("x" * 500_001)[0] == "too large"


def test_numerals_of_laws_are_read_up_to_999_and_no_others() -> None:
    assert [from_chinese(chinese(n)) for n in range(1, 1000)] == list(range(1, 1000))
    assert [from_western(roman(n)) for n in range(1, 1000)] == list(range(1, 1000))
    assert {n: chinese(n) for n in (9, 10, 11, 20, 31, 99, 100, 101, 110, 111, 999)} == {
        9: "九",
        10: "十",
        11: "十一",
        20: "二十",
        31: "三十一",
        99: "九十九",
        100: "一百",
        101: "一百零一",
        110: "一百一十",
        111: "一百一十一",
        999: "九百九十九",
    }
    assert from_chinese("一百〇一") == 101
    for wrong in ("", "十十", "一十", "二百一", "百", "IIII", "9"):
        assert from_chinese(wrong) is None
    for wrong in ("", "0", "09", "1000", "IIII", "\uff19", "²"):
        assert from_western(wrong) is None


@pytest.mark.skipif(not AS_FOUND.exists(), reason="../shared/data/convention.txt is absent")
def test_the_convention_is_read_exactly_as_it_was_found() -> None:
    read = read_published_text(AS_FOUND.read_bytes().decode())
    text = read.text
    assert [p.id for p in text.of_kind(ProvisionKind.CHAPTER)] == [f"ch_{n}" for n in range(1, 5)]
    assert [p.id for p in text.of_kind(ProvisionKind.ARTICLE)] == [f"art_{n}" for n in range(1, 32)]
    assert [p.id for p in text.of_kind(ProvisionKind.ITEM)] == [f"art_9_{n}" for n in range(1, 5)]
    untranslated = [p.id for p in text.provisions if not p.is_translated]
    assert untranslated == ["art_9_2"] == [d.provision_id for d in read.divergences]
    assert str(text.get("art_9_2").texts["zh"]).startswith("不链接")
    assert str(text.get("art_9_3").texts["en"]).startswith("when producing")
    assert [len(text.children(f"ch_{n}")) for n in range(1, 5)] == [5, 13, 7, 6]
    assert read.left_out == (LeftOut(3, 3, "before"), LeftOut(122, 140, "after"))
    assert text.titles["en"] == "China Internet Sector Self-Discipline Convention"
    assert text.titles["zh"] is None
