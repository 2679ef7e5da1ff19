"""Applying provision changes and rule changes: what follows, and what is refused (Art. 27)."""

import pytest

from services.amendments.domain.changes import (
    Change,
    Draft,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    SetRule,
    apply,
    apply_rules,
    draft_from,
)
from services.amendments.domain.provision import text_from
from services.amendments.domain.text_errors import ChangesNotApplicable
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK
from shared.kernel.terms import Term
from tests.unit.amendments.domain.texts import a_text, wording

NEW = wording("新的一条。", "A new one.")


def ids_after(*changes: Change) -> list[str]:
    return [p.id for p in apply(a_text(), changes).provisions]


def reason_of(*changes: Change) -> tuple[str, list[str]]:
    with pytest.raises(ChangesNotApplicable) as refusal:
        apply(a_text(), changes)
    return refusal.value.facts["reason"], refusal.value.facts["pointers"]  # type: ignore[return-value]


def test_a_replaced_provision_has_the_new_text_and_the_rest_is_as_it_was() -> None:
    before = a_text()
    after = apply(before, [ReplaceProvision("art_3", wording("四分之三以上同意。"))])
    assert after.get("art_3").texts == wording("四分之三以上同意。")
    assert [p for p in after.provisions if p.id != "art_3"] == [
        p for p in before.provisions if p.id != "art_3"
    ]
    assert before.digest == a_text().digest != after.digest


def test_an_article_inserted_after_another_stands_behind_its_items_and_shifts_no_number() -> None:
    ids = ids_after(InsertProvision("art_2-1", NEW), InsertProvision("art_2-2", NEW))
    assert ids[5:8] == ["art_2_3", "art_2-1", "art_2-2"]
    assert ids[8:] == ["ch_2", "art_3", "art_4"]


def test_an_item_inserted_after_another_stands_between_it_and_the_next() -> None:
    assert ids_after(InsertProvision("art_2_2-1", NEW))[3:7] == [
        "art_2_1",
        "art_2_2",
        "art_2_2-1",
        "art_2_3",
    ]


def test_a_first_item_an_article_at_the_end_and_a_chapter_can_be_added() -> None:
    assert ids_after(InsertProvision("art_3_1", NEW))[7:9] == ["art_3", "art_3_1"]
    assert ids_after(InsertProvision("art_5", NEW))[-2:] == ["art_4", "art_5"]
    ids = ids_after(InsertProvision("ch_1-1", NEW), InsertProvision("art_2-1", NEW, "ch_1-1"))
    assert ids[5:10] == ["art_2_3", "ch_1-1", "art_2-1", "ch_2", "art_3"]


def test_a_repealed_provision_stays_without_text_and_so_does_all_under_it() -> None:
    after = apply(a_text(), [RepealProvision("art_2")])
    repealed = [p for p in after.provisions if p.is_repealed]
    assert [p.id for p in repealed] == ["art_2", "art_2_1", "art_2_2", "art_2_3"]
    assert all(p.texts == {"zh": None, "en": None} for p in repealed)


@pytest.mark.parametrize(
    ("changes", "reason", "pointer"),
    [
        ([ReplaceProvision("art_9", NEW)], "unknown", "/changes/0/id"),
        ([RepealProvision("art_9")], "unknown", "/changes/0/id"),
        ([InsertProvision("art_3", NEW)], "exists", "/changes/0/id"),
        ([InsertProvision("art_6", NEW)], "place", "/changes/0/id"),
        ([InsertProvision("art_3-2", NEW)], "place", "/changes/0/id"),
        ([InsertProvision("art_2_5", NEW)], "place", "/changes/0/id"),
        ([InsertProvision("art_x", NEW)], "place", "/changes/0/id"),
        ([InsertProvision("art_4-1", NEW, "ch_1")], "place", "/changes/0/parent"),
        ([InsertProvision("art_1-1", NEW, "ch_2")], "place", "/changes/0/parent"),
        ([InsertProvision("art_2_4", NEW, "art_3")], "place", "/changes/0/parent"),
        ([InsertProvision("art_4-1", NEW, "art_4")], "place", "/changes/0/parent"),
        ([RepealProvision("art_3"), ReplaceProvision("art_3", NEW)], "twice", "/changes/1/id"),
        ([RepealProvision("art_2"), ReplaceProvision("art_2_1", NEW)], "twice", "/changes/1/id"),
        ([ReplaceProvision("art_2_1", NEW), RepealProvision("art_2")], "twice", "/changes/1/id"),
        (
            [RepealProvision("art_2"), InsertProvision("art_2_4", NEW)],
            "repealed",
            "/changes/1/id",
        ),
        (
            [ReplaceProvision("art_4", wording("自公布之日起施行。", "Another translation."))],
            "nothing changed",
            "/changes/0/texts/zh",
        ),
        ([ReplaceProvision("art_4", {"en": "English only."})], "wording", "/changes/0/texts/zh"),
        ([ReplaceProvision("art_4", wording(" "))], "wording", "/changes/0/texts/zh"),
        ([ReplaceProvision("art_4", wording("一\n二"))], "wording", "/changes/0/texts/zh"),
        ([ReplaceProvision("art_4", wording("一\0"))], "wording", "/changes/0/texts/zh"),
        ([ReplaceProvision("art_4", wording("一\u200b二"))], "wording", "/changes/0/texts/zh"),
        (
            [ReplaceProvision("art_4", wording("一", "x" * 20_001))],
            "wording",
            "/changes/0/texts/en",
        ),
    ],
)
def test_changes_that_do_not_fit_are_refused_and_it_is_said_where(
    changes: list[Change], reason: str, pointer: str
) -> None:
    assert reason_of(*changes) == (reason, [pointer])


def test_what_was_repealed_is_neither_changed_nor_its_number_used_again() -> None:
    after = apply(a_text(), [RepealProvision("art_2_2")])
    for change, reason in (
        (ReplaceProvision("art_2_2", NEW), "repealed"),
        (RepealProvision("art_2_2"), "repealed"),
        (InsertProvision("art_2_2", NEW), "exists"),
    ):
        with pytest.raises(ChangesNotApplicable) as refusal:
            apply(after, [change])
        assert refusal.value.facts["reason"] == reason
    assert apply(after, [InsertProvision("art_2_2-1", NEW)]).get("art_2_2-1").parent == "art_2"


def test_another_ratio_makes_the_next_rulebook_and_keeps_the_article_it_rests_on() -> None:
    amended = apply_rules(REFERENCE_RULEBOOK, [SetRule("amendment.adoption", Ratio(3, 4))])
    assert amended.version == 2
    assert amended.ratio("amendment.adoption") == Ratio(3, 4)
    assert amended.basis("amendment.adoption").article == "27"
    assert REFERENCE_RULEBOOK.ratio("amendment.adoption") == Ratio(2, 3)
    assert list(amended.entries) == list(REFERENCE_RULEBOOK.entries)
    assert apply_rules(REFERENCE_RULEBOOK, []) is REFERENCE_RULEBOOK


def test_what_holds_by_analogy_goes_along_unless_it_was_set_by_itself() -> None:
    """The rulebook: an annex is adopted "as `amendment.adoption`, by analogy" (Art. 29)."""
    changed = SetRule("amendment.adoption", Ratio(3, 4))
    amended = apply_rules(REFERENCE_RULEBOOK, [changed])
    assert amended.ratio("annex.adoption") == Ratio(3, 4)
    own = SetRule("annex.adoption", Ratio(1, 2))
    assert apply_rules(REFERENCE_RULEBOOK, [changed, own]).ratio("annex.adoption") == Ratio(1, 2)
    alone = apply_rules(apply_rules(REFERENCE_RULEBOOK, [own]), [changed])
    assert alone.ratio("annex.adoption") == Ratio(1, 2)


@pytest.mark.parametrize(
    ("rules", "reason", "pointer"),
    [
        ([SetRule("no.such", Ratio(1, 2))], "unknown", "/rule_changes/0/key"),
        ([SetRule("amendment.adoption", Term(days=3))], "value", "/rule_changes/0/value"),
        ([SetRule("ballot.voting_term", Ratio(1, 2))], "value", "/rule_changes/0/value"),
        ([SetRule("ballot.voting_term", Term(days=0))], "value", "/rule_changes/0/value"),
        ([SetRule("ballot.voting_term", Term(days=-1))], "value", "/rule_changes/0/value"),
        ([SetRule("ballot.voting_term", Term(days=9_999))], "value", "/rule_changes/0/value"),
        (
            [SetRule("amendment.adoption", Ratio(2, 3, of="votes"))],
            "value",
            "/rule_changes/0/value",
        ),
        (
            [SetRule("amendment.adoption", Ratio(2, 3))],
            "nothing changed",
            "/rule_changes/0/value",
        ),
        (
            [
                SetRule("amendment.adoption", Ratio(3, 4)),
                SetRule("amendment.adoption", Ratio(4, 5)),
            ],
            "twice",
            "/rule_changes/1/key",
        ),
    ],
)
def test_rules_that_cannot_be_set_are_refused(
    rules: list[SetRule], reason: str, pointer: str
) -> None:
    with pytest.raises(ChangesNotApplicable) as refusal:
        apply_rules(REFERENCE_RULEBOOK, rules)
    assert refusal.value.facts == {"reason": reason, "pointers": [pointer]}


def test_a_term_of_notice_may_be_none_at_all() -> None:
    assert (
        apply_rules(REFERENCE_RULEBOOK, [SetRule("ballot.notice_term", Term())]).term(
            "ballot.notice_term"
        )
        == Term()
    )


def test_a_text_and_a_draft_come_back_from_their_data_with_the_same_digest() -> None:
    draft = Draft(
        (
            ReplaceProvision("art_3", NEW),
            InsertProvision("art_2_4", NEW),
            InsertProvision("art_4-1", NEW, "ch_2"),
            RepealProvision("art_1"),
        ),
        (SetRule("amendment.adoption", Ratio(3, 4)), SetRule("ballot.notice_term", Term(days=20))),
        wording("修改第三条", "Amend Art. 3"),
        wording("理由"),
    )
    assert draft_from(draft.as_data()) == draft
    assert draft_from(draft.as_data()).digest == draft.digest
    assert draft.touched >= {"art_3", "art_4-1", "amendment.adoption"}
    amended = apply(a_text(), draft.changes)
    assert text_from(amended.as_data()) == amended
    assert text_from(amended.as_data()).digest == amended.digest
