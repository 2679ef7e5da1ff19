"""Mending a wording without a vote (edge cases 27 and 28)."""

import pytest

from services.amendments.domain.changes import RepealProvision, ReplaceProvision, apply
from services.amendments.domain.correction import (
    CorrectionKind,
    correct,
    corrected,
    touches_meaning,
)
from services.amendments.domain.divergence import (
    Divergence,
    DivergenceKind,
    is_settled_by,
    not_translated,
)
from services.amendments.domain.text_errors import (
    CorrectionChangesNothing,
    CorrigendumTouchesMeaning,
    ProvisionUnknown,
    WordingNotValid,
)
from tests.unit.amendments.domain.texts import a_text, wording


def test_a_corrected_translation_is_a_new_expression_of_the_same_chinese() -> None:
    """Edge case 27: "Translation corrected: no ballot; new English expression of the same text version; divergence
    register updated".
    """
    text = a_text()
    correction = correct(text, "art_2_2", "en", "be honest;")
    assert (correction.kind, correction.before) == (CorrectionKind.TRANSLATION, None)
    mended = corrected(text, [correction])
    assert mended.get("art_2_2").texts == {"zh": "诚信;", "en": "be honest;"}
    (divergence,) = not_translated(text)
    assert not is_settled_by(divergence, text)
    assert is_settled_by(divergence, mended)


def test_a_typing_error_in_the_chinese_is_mended_with_both_texts_kept() -> None:
    """Edge case 28: "Typing error in promulgated Chinese: corrigendum act with both texts"."""
    text = a_text()
    correction = correct(text, "art_4", "zh", "自公佈之日起施行。")
    assert (correction.kind, correction.before, correction.after) == (
        CorrectionKind.CORRIGENDUM,
        "自公布之日起施行。",
        "自公佈之日起施行。",
    )
    assert corrected(text, [correction]).get("art_4").texts["en"] == "In force once promulgated."


@pytest.mark.parametrize(
    "after",
    [
        "四分之三以上同意。",
        "三分之二以下同意。",
        "三分之二以上不同意。",
        "三分之二同意。",
        "成员单位过半数同意的可以修改。",
        "三分之二以上赞成。",
    ],
)
def test_what_may_touch_the_meaning_is_no_typing_error(after: str) -> None:
    """Edge case 28: "anything touching meaning needs Art. 27"."""
    with pytest.raises(CorrigendumTouchesMeaning):
        correct(a_text(), "art_3", "zh", after)


def test_many_small_corrections_do_not_make_another_law() -> None:
    """Edge case 28: "anything touching meaning needs Art. 27": what was mended since the promulgation counts as well."""
    promulgated = "自公布之日起施行。"
    text = a_text()
    for after in ("自公佈之日起施行。", "自公佈之日起施荇。"):
        text = corrected(text, [correct(text, "art_4", "zh", after, promulgated=promulgated)])
    with pytest.raises(CorrigendumTouchesMeaning):
        correct(text, "art_4", "zh", "自公佈之旦起施荇。", promulgated=promulgated)
    assert correct(text, "art_4", "zh", promulgated, promulgated=promulgated)


@pytest.mark.parametrize(
    ("before", "after", "touches"),
    [
        ("Members shall be honset.", "Members shall be honest.", False),
        ("Members agree.", "Members reject.", True),
        ("Members agree before it.", "Members agree after it.", True),
        ("执行机构负责。", "成员单位负责。", True),
        ("会员会议。", "员会会议。", False),
        ("执行机机构。", "执行机构。", False),
    ],
)
def test_a_typing_error_is_a_letter_or_a_character_and_no_other_word(
    before: str, after: str, touches: bool
) -> None:
    """Edge case 28: "anything touching meaning needs Art. 27"."""
    assert touches_meaning(before, after) is touches


def test_a_translation_is_corrected_only_where_it_translates_the_same_chinese() -> None:
    """Edge case 27: "new English expression of the same text version"."""
    text = a_text()
    amended = apply(text, [ReplaceProvision("art_2_2", wording("诚实;"))])
    correction = correct(text, "art_2_2", "en", "be honest;")
    assert correction.fits_as_in(text, text)
    assert not correction.fits_as_in(text, amended)


def test_a_correction_needs_a_provision_in_force_a_wording_and_a_difference() -> None:
    text = a_text()
    with pytest.raises(ProvisionUnknown):
        correct(text, "art_9", "en", "x")
    with pytest.raises(ProvisionUnknown):
        correct(apply(text, [RepealProvision("art_3")]), "art_3", "en", "x")
    with pytest.raises(WordingNotValid):
        correct(text, "art_3", "en", " two lines\nhere")
    with pytest.raises(CorrectionChangesNothing):
        correct(text, "art_3", "en", "At least two thirds agree.")


def test_a_correction_leaves_a_version_alone_whose_wording_is_another() -> None:
    correction = correct(a_text(), "art_3", "en", "Two thirds or more agree.")
    mended = corrected(a_text(), [correction])
    assert correction.made_in(mended) is mended


def test_a_divergence_lasts_as_long_as_the_quoted_words_stand_in_the_translation() -> None:
    divergence = Divergence(
        "art_3",
        DivergenceKind.DIFFERS,
        {"zh": "以上", "en": "At least"},
        {"zh": "注", "en": None},
    )
    text = a_text()
    assert not is_settled_by(divergence, text)
    mended = corrected(text, [correct(text, "art_3", "en", "Two thirds or more agree.")])
    assert is_settled_by(divergence, mended)
