"""Which version is the law on a day, and how an article came to be (A2)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.amendments.domain.changes import (
    Change,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    apply,
)
from services.amendments.domain.text_errors import (
    BackDated,
    ConventionNotImported,
    InForceTooLate,
    NothingPublished,
    NotPutOff,
    NotYetInForce,
    ProvisionUnknown,
)
from services.amendments.domain.version import (
    IMPORT,
    Version,
    amended,
    changed,
    history,
    in_force,
    law_on,
    present,
)
from tests.unit.amendments.domain.texts import a_text, wording

FIRST = date(2002, 3, 26)
NOW, TODAY = datetime(2026, 3, 10, 4, tzinfo=UTC), date(2026, 3, 10)
LATEST = TODAY + timedelta(days=365)
NEW = wording("新的一条。")


def first() -> Version:
    return Version(1, a_text(), 1, FIRST, FIRST, None, IMPORT)


def next_version(
    before: Version, *changes: Change, days: int = 0, later: dict[str, date] | None = None
) -> Version:
    return before.followed_by(
        apply(before.text, changes),
        rulebook_version=before.rulebook_version,
        valid_on=TODAY,
        in_force_on=TODAY + timedelta(days=days),
        source="prp_1",
        applies_from=later or {},
        latest_on=LATEST,
        now=NOW,
        today=TODAY,
    )


def test_before_the_first_version_there_is_no_law_rather_than_the_first_version() -> None:
    """Edge case 29: "Asked for "text on 31 Dec 2001": 404 "not yet in force", not the first version"."""
    with pytest.raises(NotYetInForce):
        in_force([first().head], date(2001, 12, 31))
    assert in_force([first().head], FIRST).number == 1
    with pytest.raises(NotYetInForce):
        in_force([], TODAY)


def test_the_last_version_that_took_force_is_the_law() -> None:
    second = next_version(first(), ReplaceProvision("art_3", NEW), days=10)
    versions = [first().head, second.head]
    assert in_force(versions, TODAY + timedelta(days=9)).number == 1
    assert in_force(versions, TODAY + timedelta(days=10)).number == 2
    awaited = Version(1, a_text(), 1, None, None, None, IMPORT)
    assert law_on([awaited.head], TODAY) is None


def test_a_text_that_waits_is_present_until_there_is_a_law() -> None:
    """Art. 26: what is to be signed can be read, and where its languages part can be recorded."""
    awaited = Version(1, a_text(), 1, None, None, None, IMPORT).head
    assert present([awaited], TODAY) == awaited
    second = next_version(first(), ReplaceProvision("art_3", NEW), days=10).head
    versions = [first().head, second]
    assert present(versions, FIRST - timedelta(days=1)).number == 1
    assert present(versions, TODAY + timedelta(days=9)).number == 1
    assert present(versions, TODAY + timedelta(days=10)).number == 2
    with pytest.raises(ConventionNotImported):
        present([], TODAY)


def test_a_provision_may_apply_from_a_later_day_than_its_version() -> None:
    """Edge case 22: "Partial or later application date: per provision, as data"."""
    day = TODAY + timedelta(days=60)
    second = next_version(first(), ReplaceProvision("art_3", NEW), later={"art_3": day})
    assert second.applies_from == {"art_3": day}
    with pytest.raises(BackDated):
        next_version(first(), ReplaceProvision("art_3", NEW), days=9, later={"art_3": TODAY})


@pytest.mark.parametrize("provision", ["art_99", "art_1", "art_4"])
def test_only_what_an_amendment_changes_and_leaves_law_is_put_off(provision: str) -> None:
    changes = (ReplaceProvision("art_3", NEW), RepealProvision("art_4"))
    with pytest.raises(NotPutOff):
        next_version(first(), *changes, later={provision: TODAY + timedelta(days=60)})


def test_what_was_put_off_stays_put_off_until_its_day_or_until_it_is_amended_again() -> None:
    day = TODAY + timedelta(days=60)
    second = next_version(first(), ReplaceProvision("art_3", NEW), later={"art_3": day})
    assert next_version(second, RepealProvision("art_1"), days=59).applies_from == {"art_3": day}
    assert next_version(second, RepealProvision("art_1"), days=60).applies_from == {}
    again = ReplaceProvision("art_3", wording("更新的一条。"))
    assert next_version(second, again).applies_from == {}


def test_no_promulgation_puts_the_law_off_for_good() -> None:
    assert next_version(first(), ReplaceProvision("art_3", NEW), days=365).in_force_on == LATEST
    with pytest.raises(InForceTooLate) as refusal:
        next_version(first(), ReplaceProvision("art_3", NEW), days=366)
    assert refusal.value.facts == {"latest_on": LATEST.isoformat()}
    with pytest.raises(InForceTooLate):
        next_version(
            first(), ReplaceProvision("art_3", NEW), later={"art_3": LATEST + timedelta(days=1)}
        )


def test_a_version_exists_only_where_something_changed_and_only_forward() -> None:
    with pytest.raises(NothingPublished):
        next_version(first())
    with pytest.raises(BackDated) as refusal:
        next_version(first(), ReplaceProvision("art_3", NEW), days=-1)
    assert refusal.value.facts == {"earliest_on": "2026-03-10"}
    second = next_version(first(), ReplaceProvision("art_3", NEW), days=10)
    with pytest.raises(BackDated):
        next_version(second, RepealProvision("art_1"), days=9)
    waiting = Version(1, a_text(), 1, None, None, None, IMPORT)
    with pytest.raises(ConventionNotImported):
        next_version(waiting, RepealProvision("art_1"))


def test_what_changed_is_what_reads_differently_in_chinese_or_is_new_or_repealed() -> None:
    old = a_text()
    new = apply(
        old,
        [
            ReplaceProvision("art_2_1", NEW),
            InsertProvision("art_4-1", NEW),
            RepealProvision("art_1"),
        ],
    )
    assert changed(old, new) == ["art_1", "art_2_1", "art_4-1"]
    assert amended(old, new) == {"art_1", "art_2", "art_2_1", "art_4-1"}


def test_the_history_of_an_article_names_the_versions_in_which_it_changed() -> None:
    one = first()
    two = next_version(one, ReplaceProvision("art_3", NEW))
    three = next_version(two, ReplaceProvision("art_2_1", NEW))
    four = next_version(three, RepealProvision("art_2"))
    versions = [one, two, three, four]
    assert [e.version.number for e in history(versions, "art_2")] == [1, 3, 4]
    assert [e.version.number for e in history(versions, "art_3")] == [1, 2]
    assert [e.version.number for e in history(versions, "art_4")] == [1]
    with pytest.raises(ProvisionUnknown):
        history(versions, "art_5")
