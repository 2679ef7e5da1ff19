"""What a draft is bound to, what it touches, and what is a mere typing error in it (edge cases 6, 17, 20)."""

from dataclasses import replace

import pytest

from services.amendments.domain.changes import (
    Draft,
    InsertProvision,
    RepealProvision,
    SetRule,
    apply,
)
from services.amendments.domain.correction import correct, corrected
from services.amendments.domain.draft_digest import Base, changes_digest
from services.amendments.domain.errors import NotMereTypo
from services.amendments.domain.text_errors import ChangesNotApplicable
from services.amendments.domain.typo import TypoCorrection
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.text import Language
from tests.unit.amendments.domain.proposals import BASE, NOW, SECRETARY, a_draft, a_proposal
from tests.unit.amendments.domain.texts import a_text, wording


def _after(draft: Draft, number: int = 2) -> Base:
    return Base(number, apply(a_text(), draft.changes), REFERENCE_RULEBOOK)


def test_the_hash_is_the_same_where_nothing_it_touches_has_changed() -> None:
    draft = a_draft()
    elsewhere = _after(a_draft("另一种写法。", "art_4"))
    assert elsewhere.digest_of(draft) == BASE.digest_of(draft)


def test_the_hash_is_the_same_where_only_a_translation_was_corrected() -> None:
    """Edge case 27: "new English expression of the same text version": it undoes no support at a rebase."""
    text = a_text()
    mended = corrected(text, [correct(text, "art_2", "en", "Members shall:")])
    for draft in (a_draft(), Draft((RepealProvision("art_2"),), (), wording("删"), wording("去"))):
        assert replace(BASE, text=mended).digest_of(draft) == BASE.digest_of(draft)


def test_the_hash_is_another_where_what_it_would_replace_has_changed() -> None:
    draft = a_draft()
    assert _after(a_draft("成员必须:")).digest_of(draft) != BASE.digest_of(draft)


@pytest.mark.parametrize(
    "other",
    [
        a_draft("成员均应当:"),
        replace(a_draft(), title=wording("别的题目")),
        replace(a_draft(), reasons=wording("别的理由")),
        replace(a_draft(), rule_changes=(SetRule("amendment.adoption", Ratio(3, 4)),)),
    ],
)
def test_every_part_of_a_draft_is_in_its_hash(other: Draft) -> None:
    assert BASE.digest_of(other) != BASE.digest_of(a_draft())


def test_the_hash_follows_the_rule_that_would_be_replaced() -> None:
    rule = SetRule("amendment.adoption", Ratio(3, 4))
    draft = Draft((), (rule,), wording("三"), wording("四"))
    other = Base(
        2,
        a_text(),
        BASE.rulebook_after(
            replace(draft, rule_changes=(SetRule("amendment.adoption", Ratio(4, 5)),))
        ),
    )
    assert other.digest_of(draft) != BASE.digest_of(draft)


def test_identical_is_what_changes_the_same_whatever_it_is_called() -> None:
    """Edge case 20: "Proposal identical to one rejected last week"."""
    renamed = replace(a_draft(), title=wording("又一次"), reasons=wording("再试"))
    assert changes_digest(renamed) == changes_digest(a_draft())
    assert changes_digest(a_draft("成员均应当:")) != changes_digest(a_draft())


def test_a_repeal_touches_what_falls_with_it() -> None:
    draft = Draft((RepealProvision("art_2"),), (), wording("删"), wording("去"))
    assert BASE.touched_by(draft) == {"art_2", "art_2_1", "art_2_2", "art_2_3"}
    inserted = InsertProvision("art_5", wording("新增。"))
    rule = SetRule("amendment.adoption", Ratio(3, 4))
    more = Draft((inserted,), (rule,), wording("增"), wording("加"))
    assert BASE.touched_by(more) == {"art_5", "amendment.adoption"}
    assert BASE.digest_of(more) != BASE.digest_of(draft)


def test_a_draft_that_changes_nothing_is_none() -> None:
    with pytest.raises(ChangesNotApplicable):
        BASE.check(Draft((), (), wording("空"), wording("空")))


@pytest.mark.parametrize(
    ("place", "language", "wrong", "right", "reason"),
    [
        ("art_2", "zh", "都", "都", "nothing changed"),
        ("art_4", "zh", "都", "皆", "place"),
        ("art_2", "zh", "没有", "都", "occurrences"),
        ("art_2", "en", "all", "each", "occurrences"),
        ("art_2", "zh", "应当", "可以", "meaning"),
        ("art_2", "zh", "成员都应", "非会员皆不", "meaning"),
    ],
)
def test_what_is_no_mere_typing_error_is_another_draft(
    place: str, language: Language, wrong: str, right: str, reason: str
) -> None:
    """Edge case 6: "pure typo fix"."""
    with pytest.raises(NotMereTypo) as refusal:
        TypoCorrection(place, language, wrong, right, NOW).applied_to(a_draft())
    assert refusal.value.facts["reason"] == reason


def test_what_was_mended_once_is_not_mended_again() -> None:
    """Edge case 6: many pure typo fixes would make another draft, which its supporters never saw."""
    proposal = a_proposal()
    proposal.correct_typo(TypoCorrection("art_2", "zh", "都", "皆", NOW), BASE, SECRETARY, NOW)
    with pytest.raises(NotMereTypo) as refusal:
        proposal.correct_typo(TypoCorrection("art_2", "zh", "皆", "偕", NOW), BASE, SECRETARY, NOW)
    assert refusal.value.facts["reason"] == "mended before"
    proposal.correct_typo(TypoCorrection("title", "zh", "改", "订", NOW), BASE, SECRETARY, NOW)
    assert [correction.place for correction in proposal.corrections] == ["art_2", "title"]


def test_a_repeal_has_no_words_to_mend() -> None:
    draft = Draft((RepealProvision("art_2"),), (), wording("删"), wording("去"))
    with pytest.raises(NotMereTypo):
        TypoCorrection("art_2", "zh", "都", "皆", NOW).applied_to(draft)


@pytest.mark.parametrize(
    ("place", "wrong", "right"),
    [("art_2", "都", "皆"), ("title", "改", "订"), ("reasons", "理", "缘")],
)
def test_a_typing_error_is_mended_where_it_stands(place: str, wrong: str, right: str) -> None:
    mended = TypoCorrection(place, "zh", wrong, right, NOW).applied_to(a_draft())
    assert str(mended.as_data()).count(right) == str(a_draft().as_data()).count(right) + 1
    assert mended.touched == a_draft().touched
