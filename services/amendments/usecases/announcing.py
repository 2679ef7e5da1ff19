"""What is announced of ballots."""

from typing import Any
from zoneinfo import ZoneInfo

from services.amendments.domain.ballot import Ballot
from services.amendments.domain.tally import Tally
from shared.contracts.amendments import BasisValue
from shared.contracts.amendments_ballots import (
    BallotCalled,
    BallotCancelled,
    BallotClosed,
    BallotDetermined,
    BallotExtended,
    BallotOpened,
    BallotResultEstablished,
    BallotValue,
    TallyValue,
)
from shared.contracts.base import Event
from shared.kernel.terms import civil_day, end_of


def called(ballot: Ballot, zone: ZoneInfo) -> Event:
    """It opens when its notice has run, as far as one can say."""
    opens_at = ballot.notice_ends_at
    last_day = ballot.timing.voting.last_day(civil_day(opens_at, zone))
    return BallotCalled(
        ballot_id=ballot.id,
        ballot=_about(ballot),
        called_at=ballot.called_at,
        opens_at=opens_at,
        closes_at=end_of(last_day, zone),
    )


def opened(ballot: Ballot) -> Event:
    """Votes are taken."""
    roll = ballot.opening
    return BallotOpened.model_validate(
        {
            **_times(ballot),
            "register_version": roll and roll.register_version,
            "roll_digest": roll and roll.digest,
        }
    )


def extended(ballot: Ballot) -> Event:
    """It closes later."""
    return BallotExtended.model_validate({**_times(ballot), "reason": ballot.extensions[-1].reason})


def closed(ballot: Ballot) -> Event:
    """No vote is taken any more."""
    return BallotClosed.model_validate(_times(ballot))


def cancelled(ballot: Ballot) -> Event:
    """It will not open."""
    return BallotCancelled(
        ballot_id=ballot.id, ballot=_about(ballot), reason=ballot.cancelled_because or ""
    )


def established(ballot: Ballot) -> Event:
    """What it decided."""
    result = ballot.result
    tallies = result and result.tallies
    return BallotResultEstablished.model_validate(
        {
            "ballot_id": ballot.id,
            "ballot": _about(ballot),
            "outcome": result and result.outcome.value,
            "official": tallies and _tally(tallies.official),
            "closing": tallies and _tally(tallies.closing),
            "less_voluntary": tallies and _tally(tallies.less_voluntary),
            "seal": result and result.seal.hex(),
            "record_url": f"/v1/ballots/{ballot.id}/record",
            "established_at": result and result.established_at,
        }
    )


def determined(ballot: Ballot) -> Event:
    """How its undetermined result is read."""
    made = ballot.determination
    return BallotDetermined.model_validate(
        {
            "ballot_id": ballot.id,
            "ballot": _about(ballot),
            "outcome": made and made.outcome.value,
            "interpretation_id": made and made.interpretation_id,
            "determined_at": made and made.at,
        }
    )


def _times(ballot: Ballot) -> dict[str, Any]:
    return {
        "ballot_id": ballot.id,
        "ballot": _about(ballot),
        "opens_at": ballot.opened_at,
        "closes_at": ballot.closes_at,
    }


def _about(ballot: Ballot) -> BallotValue:
    subject, basis, roll = ballot.subject, ballot.rule.basis, ballot.opening
    units = roll.count if roll else None
    return BallotValue.model_validate(
        {
            "kind": subject.kind.value,
            "subject_id": subject.id,
            "question_zh": subject.title["zh"],
            "question_en": subject.title["en"],
            "needed": ballot.rule.ratio.needed_of(units) if units else None,
            "of": units,
            "basis": BasisValue(
                rule=basis.rule, article=basis.article, rulebook_version=basis.rulebook_version
            ),
        }
    )


def _tally(tally: Tally) -> TallyValue:
    return TallyValue(
        units=tally.count.units,
        consenting=tally.count.consenting,
        against=tally.count.against,
        abstaining=tally.count.abstaining,
        needed=tally.needed,
        reached=tally.reached,
    )
