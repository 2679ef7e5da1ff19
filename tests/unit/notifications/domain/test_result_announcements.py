"""How a result is told: numbers with what they rest on, and every tally where they do not agree (A5)."""

import pytest

from services.notifications.domain.ballot_announcements import Question
from services.notifications.domain.notice import NoticeKind
from services.notifications.domain.numbering import NumberClass
from services.notifications.domain.result_announcements import (
    Outcome,
    Tallies,
    Tally,
    determined,
    established,
)
from shared.kernel.rulebook import Basis

QUESTION = Question(
    "问", "Q", is_annex=False, needed=2, of=3, basis=Basis("amendment.adoption", "27", 4)
)
OF_THREE = Tally(units=3, consenting=2, against=1, abstaining=0, needed=2)
OF_NOBODY = Tally(units=0, consenting=0, against=0, abstaining=0, needed=None)
TALLIES = Tallies(OF_THREE, OF_THREE, OF_NOBODY)


@pytest.mark.parametrize(
    ("outcome", "zh", "en"),
    [
        (Outcome.ADOPTED, "表决结果（通过）：问", "Result (adopted): Q"),
        (Outcome.REJECTED, "表决结果（未通过）：问", "Result (rejected): Q"),
        (Outcome.UNDETERMINED, "表决结果（有待认定）：问", "Result (needs determination): Q"),
    ],
)
def test_a_title_says_what_was_decided(outcome: Outcome, zh: str, en: str) -> None:
    told = established("bal_1", QUESTION, outcome=outcome, tallies=TALLIES)
    assert told.title == (zh, en)
    assert "rulebook version 4" in told.body.en


def test_a_result_that_the_tallies_agree_on_is_told_by_the_official_one() -> None:
    told = established("bal_1", QUESTION, outcome=Outcome.ADOPTED, tallies=TALLIES)
    assert told.body.en.count(" for, ") == 1
    undetermined = established("bal_1", QUESTION, outcome=Outcome.UNDETERMINED, tallies=TALLIES)
    assert undetermined.body.en.count(" for, ") == 3


def test_of_no_units_nothing_is_needed() -> None:
    assert OF_NOBODY.wording.en == "0 for, 0 against, 0 abstaining; no unit on the roll"


def test_a_determination_is_a_result_of_its_own_with_a_number_of_its_own() -> None:
    told = determined("bal_1", QUESTION, outcome=Outcome.ADOPTED)
    assert (told.kind, told.number_class) == (NoticeKind.RESULT_DETERMINED, NumberClass.RESULT)
    assert told.title.zh == "表决结果认定（通过）：问"
