"""The rulebook: the convention's procedure as data, and the reference rulebook (version 1)."""

from dataclasses import dataclass
from typing import Literal

from shared.kernel.ratio import Ratio
from shared.kernel.terms import Term

GivenBy = Literal["text", "house"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One number that decides something, the article it rests on, and who gives it.

    ``text``: the convention says so; ``house``: an interpretation of the organ (Art. 30).
    """

    key: str
    value: Ratio | Term
    article: str
    given_by: GivenBy


@dataclass(frozen=True, slots=True)
class Basis:
    """Which entry of which rulebook a computed number comes from."""

    rule: str
    article: str
    rulebook_version: int


class Rulebook:
    """A version of the rulebook. Asking for a key it does not have, or as the wrong type, is a programming error."""

    def __init__(self, version: int, entries: tuple[Entry, ...]) -> None:
        self.version = version
        self.entries = {entry.key: entry for entry in entries}

    def ratio(self, key: str) -> Ratio:
        """The ratio under ``key``."""
        value = self.entries[key].value
        assert isinstance(value, Ratio), key
        return value

    def term(self, key: str) -> Term:
        """The term under ``key``."""
        value = self.entries[key].value
        assert isinstance(value, Term), key
        return value

    def basis(self, key: str) -> Basis:
        """What a number computed from ``key`` rests on."""
        return Basis(key, self.entries[key].article, self.version)


def _reference() -> tuple[Entry, ...]:
    def text(key: str, value: Ratio | Term, article: str) -> Entry:
        return Entry(key, value, article, "text")

    def house(key: str, value: Ratio | Term, article: str) -> Entry:
        return Entry(key, value, article, "house")

    return (
        text("amendment.initiative", Ratio(1, 10), "27"),
        text("amendment.adoption", Ratio(2, 3), "27"),
        house("annex.adoption", Ratio(2, 3), "29"),
        text("founding.publication_term", Term(days=30), "26"),
        house("promulgation.publication_term", Term(days=30), "26"),
        house("promulgation.in_force_term", Term(months=12), "31"),
        house("proposal.support_term", Term(days=90), "27"),
        house("ballot.notice_term", Term(days=15), "27"),
        house("ballot.voting_term", Term(days=30), "27"),
        house("ballot.reminder_share", Ratio(1, 2, of="voting_term"), "27"),
        house("publication.first_reminder_term", Term(days=20), "26"),
        house("publication.second_reminder_term", Term(days=27), "26"),
        house("application.review_term", Term(days=30), "28"),
        house("withdrawal.notice_term", Term(days=0), "28"),
        house("bulletin.period", Term(months=1), "28"),
        house("dispute.answer_term", Term(days=30), "21"),
        house("dispute.mediation_term", Term(days=60), "21"),
        house("violation.screening_term", Term(days=15), "22"),
        house("violation.response_term", Term(days=15), "22"),
        house("violation.investigation_term", Term(days=90), "22"),
        house("violation.reconsideration_term", Term(days=15), "23"),
        house("violation.publication_term", Term(days=15), "22"),
        house("violation.after_exit_term", Term(months=24), "22"),
        house("circular.acknowledgement_term", Term(days=10), "19"),
        house("inbox.after_exit_term", Term(months=24), "19"),
    )


REFERENCE_RULEBOOK = Rulebook(1, _reference())
