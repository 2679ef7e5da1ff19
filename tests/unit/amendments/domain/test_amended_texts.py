"""Whatever amendments are applied, the text stays one that could be published and read (A1, Art. 27)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.amendments.domain.changes import (
    Change,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    apply,
)
from services.amendments.domain.provision import (
    ConventionText,
    Number,
    Place,
    ProvisionKind,
)
from services.amendments.domain.reading import read_published_text
from services.amendments.domain.redline import redline
from services.amendments.domain.text_errors import ChangesNotApplicable
from services.amendments.domain.version import changed
from tests.support.convention import published
from tests.unit.amendments.domain.generated import texts
from tests.unit.amendments.domain.texts import wording

NEW = wording("新的规定。", "A new rule.")


def followers(text: ConventionText) -> list[str]:
    """Ids that could be inserted, and some that could not: one behind each provision, and its first item."""
    ids = []
    for provision in text.provisions:
        place = Place.of(provision.id)
        number = place.number
        following = (Number(number.whole, number.inserted + 1), Number(number.whole + 1))
        ids += [Place(place.kind, after, place.article).id for after in following]
        if place.kind is ProvisionKind.ARTICLE:
            ids.append(f"{provision.id}_1")
    return ids


@settings(max_examples=80)
@given(texts(), st.data())
def test_insertions_and_replacements_leave_a_text_in_order_that_reads_back(
    text: ConventionText, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 5))):
        before = text
        inserted = data.draw(st.sampled_from(followers(text)))
        replaced = data.draw(st.sampled_from(text.provisions)).id
        changes: tuple[Change, ...] = (
            InsertProvision(inserted, NEW),
            ReplaceProvision(replaced, NEW),
        )
        change = data.draw(st.sampled_from(changes))
        try:
            text = apply(text, [change])
        except ChangesNotApplicable:
            continue
        assert changed(before, text) == [change.id]
        assert unchanged_places(before, text)
    heading = [p for p in text.provisions if p.kind is ProvisionKind.ITEM]
    last = [p for p in text.provisions if p.kind is not ProvisionKind.ITEM][-1]
    if text.children(last.id) and not str(last.texts["zh"]).endswith(":"):
        return  # items that the last article does not announce are refused
    if all(text.get(str(p.parent)).texts["en"] or not p.texts["en"] for p in heading):
        assert read_published_text(published(text)).text == text


@settings(max_examples=80)
@given(texts(), st.data())
def test_a_repeal_takes_texts_away_and_nothing_else(
    text: ConventionText, data: st.DataObject
) -> None:
    repealed = data.draw(st.sampled_from(text.provisions)).id
    after = apply(text, [RepealProvision(repealed)])
    assert [p.id for p in after.provisions] == [p.id for p in text.provisions]
    fallen = {p.id for p in text.within(repealed)}
    assert {p.id for p in after.provisions if p.is_repealed} == fallen
    assert all(after.get(i) == text.get(i) for i in text.by_id if i not in fallen)
    assert {
        r.provision_id for r in redline(text, after, "zh") if r.standing == "repealed"
    } == fallen


def unchanged_places(before: ConventionText, after: ConventionText) -> bool:
    """Whether what stood before stands in the same order, under the same parents."""
    kept = [(p.id, p.parent) for p in after.provisions if p.id in before.by_id]
    return kept == [(p.id, p.parent) for p in before.provisions]
