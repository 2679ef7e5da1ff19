"""A heading that is missing or misplaced in a page never lets what stood under it go to another one (A1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.amendments.domain.provision import ConventionText
from services.amendments.domain.reading import read_published_text
from services.amendments.domain.text_errors import PublishedTextUnreadable
from tests.support.convention import published
from tests.unit.amendments.domain.generated import texts
from tests.unit.amendments.domain.texts import a_text, provision, wording


def refused(page: str) -> tuple[str, int]:
    """The reason and the line with which ``page`` is refused."""
    with pytest.raises(PublishedTextUnreadable) as refusal:
        read_published_text(page)
    return refusal.value.facts["reason"], refusal.value.facts["line"]  # type: ignore[return-value]


def line_of(page: str, start: str) -> int:
    """The first line of ``page`` that starts like this."""
    return next(n for n, line in enumerate(page.split("\n"), 1) if line.startswith(start))


def two_lists() -> ConventionText:
    """Art. 3 is translated without the items it has, and Art. 4 has as many."""
    chapter = [p for p in a_text().provisions if p.id.startswith("art_1") or p.id == "ch_1"]
    items = [
        provision(f"art_{article}_{item}", f"art_{article}", wording("守法;", translation))
        for article, translation in ((2, None), (3, "obey the law;"))
        for item in (1, 2)
    ]
    second, third = (
        provision(f"art_{n}", "ch_1", wording("成员应当:", "Members:")) for n in (2, 3)
    )
    return ConventionText(
        (*chapter, second, *items[:2], third, *items[2:]), wording("示例公约", "Example convention")
    )


def test_items_whose_translated_heading_is_missing_do_not_go_to_the_article_before() -> None:
    """A1: "refuses what it cannot read, naming the line"; here the numbers of the items alone would fit."""
    page = published(two_lists())
    assert read_published_text(page).text == two_lists()
    broken = page.replace("Article 3: Members:\n\n", "")
    assert broken != page
    assert refused(broken) == ("gap", line_of(broken, "(2)"))


def test_a_jump_between_translated_articles_is_refused_at_the_one_after_it() -> None:
    page = published(a_text())
    broken = page.replace("Article 3: At least two thirds agree.\n\n", "")
    assert broken != page
    assert refused(broken) == ("gap", line_of(broken, "Article 4"))


def test_a_translation_that_ends_early_is_refused_at_its_last_line() -> None:
    page = published(a_text())
    broken = page.replace("Article 4: In force once promulgated.", "")
    assert refused(broken) == ("gap", line_of(broken, "Article 3"))


@settings(max_examples=80)
@given(texts(), st.data())
def test_no_heading_can_be_taken_out_of_a_translation_unseen(
    text: ConventionText, data: st.DataObject
) -> None:
    lines = published(text).split("\n")
    headings = [n for n, line in enumerate(lines) if line.startswith(("Article ", "Chapter "))]
    del lines[data.draw(st.sampled_from(headings))]
    with pytest.raises(PublishedTextUnreadable):
        read_published_text("\n".join(lines))


@pytest.mark.parametrize(("before", "elsewhere"), [("2", "Article 2"), ("4", "Article 3")])
def test_a_translated_chapter_that_begins_at_another_article_is_refused(
    before: str, elsewhere: str
) -> None:
    page = published(a_text())
    heading, following = "Chapter II: Final provisions\n\n", f"Article {before}"
    moved = page.replace(heading, "").replace(following, heading + following)
    assert sorted(moved) == sorted(page)
    assert refused(moved) == ("other chapter", line_of(moved, elsewhere))
