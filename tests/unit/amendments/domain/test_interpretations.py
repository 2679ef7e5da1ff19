"""Interpretations of the organ (A8, Art. 30)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.amendments.domain.changes import RepealProvision, ReplaceProvision, apply
from services.amendments.domain.interpretation import Interpretation, issue
from services.amendments.domain.lifecycle import InterpretationStatus
from services.amendments.domain.text_errors import (
    BackDated,
    InterpretationElsewhere,
    ProvisionUnknown,
)
from services.amendments.domain.version import IMPORT, Version
from shared.kernel.actor import Subject
from shared.kernel.lifecycle import NotAllowedNow
from tests.unit.amendments.domain.texts import a_text, wording

NOW, TODAY = datetime(2026, 3, 10, 4, tzinfo=UTC), date(2026, 3, 10)
VERSION = Version(1, a_text(), 1, TODAY, TODAY, None, IMPORT)


def issued(
    number: int = 1, version: Version = VERSION, to_come: Sequence[Version] = (), **changes: Any
) -> Interpretation:
    given: dict[str, Any] = {
        "provision_id": "art_3",
        "text": wording("三分之二以上含本数。"),
        "reasons": wording("理由。"),
        "effective_on": None,
        "in_own_case": False,
        "supersedes": None,
        "by": Subject("https://issuer.test", "secretary"),
        "now": NOW,
        "today": TODAY,
    }
    return issue(f"itp_{number}", number, version, to_come, **(given | changes))


def test_an_interpretation_is_pinned_to_a_provision_of_a_version_and_works_from_today() -> None:
    interpretation = issued()
    assert (interpretation.provision_id, interpretation.convention_version) == ("art_3", 1)
    assert interpretation.effective_on == TODAY
    later = issued(effective_on=TODAY + timedelta(days=1))
    assert later.effective_on == TODAY + timedelta(days=1)


def test_an_interpretation_never_reaches_back() -> None:
    """Edge case 25: "Interpretation contradicts the text, or reaches back: refused if back-dated"."""
    with pytest.raises(BackDated):
        issued(effective_on=TODAY - timedelta(days=1))


def test_only_a_provision_that_stands_is_interpreted() -> None:
    with pytest.raises(ProvisionUnknown):
        issued(provision_id="art_99")
    text = apply(a_text(), [RepealProvision("art_3")])
    with pytest.raises(ProvisionUnknown):
        issued(version=Version(2, text, 1, TODAY, TODAY, None, "prp_1"))


def test_a_later_interpretation_takes_the_place_of_an_earlier_one_which_is_not_erased() -> None:
    earlier, later = issued(1), issued(2, supersedes="itp_1")
    earlier.supersede(later)
    assert (earlier.status, earlier.superseded_by) == (InterpretationStatus.SUPERSEDED, "itp_2")
    assert earlier.text == wording("三分之二以上含本数。")
    with pytest.raises(NotAllowedNow):
        earlier.supersede(issued(3))


def test_an_interpretation_is_stale_from_a_version_on_that_was_promulgated_before_it() -> None:
    """A8: "flagged stale when the provision is amended", also by what is law only from a later day."""
    soon = TODAY + timedelta(days=10)
    elsewhere = apply(a_text(), [ReplaceProvision("art_4", wording("另行施行。"))])
    second = Version(2, elsewhere, 1, TODAY, soon, NOW, "prp_1")
    there = apply(elsewhere, [ReplaceProvision("art_3", wording("四分之三以上同意。"))])
    third = Version(3, there, 1, TODAY, soon, NOW, "prp_2")
    assert issued(to_come=[second]).stale_since is None
    assert issued(to_come=[second, third]).stale_since == 3


def test_an_interpretation_of_another_provision_supersedes_nothing() -> None:
    earlier = issued(1)
    with pytest.raises(InterpretationElsewhere):
        earlier.supersede(issued(2, provision_id="art_4"))
    assert earlier.status is InterpretationStatus.ISSUED


def test_the_organ_says_so_when_it_interprets_in_its_own_case() -> None:
    """Edge case 26: "organ interpreting in its own case is flagged"."""
    assert issued(in_own_case=True).in_own_case
