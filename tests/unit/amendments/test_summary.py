"""The bundled convention is our own summary of each article, marked so (A1)."""

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from deploy.embedded.published import published as demonstrated
from services.amendments.domain.provision import LANGUAGES, Place, ProvisionKind, is_wording
from services.amendments.domain.reading import read_published_text
from services.amendments.store.summary import bundled_summary
from tests.support.convention import published

AS_FOUND = Path(__file__).parents[4] / "shared" / "data" / "convention.txt"
COPIED = {"zh": 14, "en": 40}


def test_the_summary_has_every_article_in_both_languages_and_says_what_it_is() -> None:
    version = bundled_summary()
    text = version.text
    assert version.is_summary
    assert [p.id for p in text.of_kind(ProvisionKind.ARTICLE)] == [f"art_{n}" for n in range(1, 32)]
    assert [p.id for p in text.of_kind(ProvisionKind.ITEM)] == [f"art_9_{n}" for n in range(1, 5)]
    assert [len(text.children(f"ch_{n}")) for n in range(1, 5)] == [5, 13, 7, 6]
    assert "摘要" in str(text.titles["zh"])
    assert "summary" in str(text.titles["en"])
    for provision in text.provisions:
        assert all(is_wording(str(provision.texts[language])) for language in LANGUAGES)
        assert Place.of(provision.id).kind is provision.kind
        assert re.search("[一-鿿]", str(provision.texts["zh"]))


def test_the_summary_could_be_read_as_a_published_text() -> None:
    text = bundled_summary().text
    read = read_published_text(published(text)).text
    assert read.provisions == text.provisions


def test_the_page_that_the_demonstration_makes_of_it_is_read_as_well() -> None:
    text = bundled_summary().text
    page = demonstrated(text.as_data()).decode()
    assert read_published_text(page).text.provisions == text.provisions


@pytest.mark.skipif(not AS_FOUND.exists(), reason="../shared/data/convention.txt is absent")
def test_the_summary_copies_no_sentence_of_the_text() -> None:
    real = read_published_text(AS_FOUND.read_text("utf-8")).text
    for provision in bundled_summary().text.provisions:
        if provision.kind is ProvisionKind.CHAPTER:
            continue
        for language, longest in COPIED.items():
            own = str(provision.texts[language])  # type: ignore[index]
            theirs = real.get(provision.id).texts[language] or ""  # type: ignore[index]
            plain = own.replace("\uff0c", ",").replace("\uff1b", ";")
            match = SequenceMatcher(None, theirs, plain, autojunk=False).find_longest_match()
            assert match.size < longest, (provision.id, language)
            assert plain != theirs
