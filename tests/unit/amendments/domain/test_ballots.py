"""A ballot from call to result (A5; edge cases 13, 14, 15, 19, 30)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.amendments.domain.ballot import (
    Ballot,
    KnownRoll,
    Result,
    RollPurpose,
    WaitingFor,
)
from services.amendments.domain.errors import (
    ExtensionNotLonger,
    InterpretationNotAfterResult,
    InterpreterDetermines,
    ProposerConducts,
    RollNotOfTheClose,
    VoterConducts,
    VotingClosed,
    VotingNotOpen,
)
from services.amendments.domain.interpretation import Interpretation
from services.amendments.domain.lifecycle import BALLOT, BallotStatus
from services.amendments.domain.subject import BallotOutcome
from services.amendments.domain.tally import Departure
from services.amendments.domain.vote import Choice
from shared.kernel.actor import Subject
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Entry, Rulebook
from tests.unit.amendments.domain.ballots import (
    BALLOT_ID,
    CALLED_AT,
    OFFICER,
    PROPOSER,
    ZONE,
    Cast,
    a_ballot,
    a_roll,
    a_subject,
    an_open_ballot,
    held,
    unit,
)

TICK = datetime.resolution
SOMEBODY = Subject("https://issuer.test", "somebody")
THREE_QUARTERS = Rulebook(
    2,
    tuple(
        Entry(e.key, Ratio(3, 4), e.article, e.given_by) if e.key == "amendment.adoption" else e
        for e in REFERENCE_RULEBOOK.entries.values()
    ),
)


def waits(ballot: Ballot) -> WaitingFor | None:
    return ballot.waiting_for


def outcome(ballot: Ballot) -> BallotOutcome | None:
    return ballot.outcome


def closes_at(ballot: Ballot) -> datetime:
    assert ballot.closes_at is not None
    return ballot.closes_at


def test_the_notice_runs_to_the_end_of_its_fifteenth_day() -> None:
    """Rulebook `ballot.notice_term`: 15 days; "the starting day not counted"."""
    ballot = a_ballot()
    assert ballot.notice_ends_at == datetime(2026, 3, 26, tzinfo=ZONE)
    with pytest.raises(NotAllowedNow):
        ballot.end_notice(ballot.notice_ends_at - TICK)
    ballot.end_notice(ballot.notice_ends_at)
    assert (ballot.status, ballot.waiting_for) == (
        BallotStatus.AWAITING_ROLL,
        WaitingFor.CERTIFICATION,
    )


def test_who_proposed_it_does_not_call_its_ballot() -> None:
    """P40: who proposes does not approve."""
    with pytest.raises(ProposerConducts):
        Ballot.call(BALLOT_ID, a_subject(), REFERENCE_RULEBOOK, PROPOSER, CALLED_AT, ZONE)


def test_the_electorate_and_the_opening_are_those_of_the_certification() -> None:
    """Decisions: "the electorate and the opening instant are those of the certification. `closes_at` counts from there"."""
    ballot = a_ballot()
    ballot.end_notice(ballot.notice_ends_at)
    certified_at = datetime(2026, 3, 27, 1, 0, tzinfo=UTC)
    roll = a_roll([unit(1)], certified_at)
    assert ballot.take_certification(RollPurpose.OPENING, roll, certified_at)
    assert ballot.compare(KnownRoll(roll.count, roll.digest), certified_at)
    ballot.open(roll, ZONE, certified_at + timedelta(minutes=5))
    assert ballot.opened_at == certified_at
    assert ballot.closes_at == datetime(2026, 4, 27, tzinfo=ZONE)


def test_a_roll_certified_twice_is_taken_once() -> None:
    """Decisions: "an unanswered or mismatched request is repeated": the first answer stands."""
    ballot = a_ballot()
    ballot.end_notice(ballot.notice_ends_at)
    first = a_roll([unit(1)], ballot.notice_ends_at)
    assert ballot.take_certification(RollPurpose.OPENING, first, ballot.notice_ends_at)
    second = a_roll([unit(1), unit(2)], ballot.notice_ends_at)
    assert not ballot.take_certification(RollPurpose.OPENING, second, ballot.notice_ends_at)
    assert ballot.opening == first


def test_while_the_roster_is_not_the_certified_roll_it_waits_and_says_why() -> None:
    """M8: "no vote is counted on a stale or partial roll"; decisions: "shown as awaiting_roll with its reason"."""
    ballot = a_ballot()
    now = ballot.notice_ends_at
    ballot.end_notice(now)
    roll = a_roll([unit(1), unit(2)], now)
    ballot.take_certification(RollPurpose.OPENING, roll, now)
    assert not ballot.compare(None, now)
    assert waits(ballot) is WaitingFor.ROSTER_BEHIND
    other = a_roll([unit(1), unit(3)], now)
    assert not ballot.compare(KnownRoll(other.count, other.digest), now)
    assert waits(ballot) is WaitingFor.ROSTER_DIFFERS
    with pytest.raises(VotingNotOpen):
        ballot.check_takes_votes(now)
    assert ballot.compare(KnownRoll(roll.count, roll.digest), now)


def test_a_roll_that_comes_after_the_whole_term_opens_nothing() -> None:
    """Nobody could have voted: it is cancelled, and another may be called."""
    ballot = a_ballot()
    ballot.end_notice(ballot.notice_ends_at)
    roll = a_roll([unit(1)], ballot.notice_ends_at)
    ballot.open(roll, ZONE, ballot.notice_ends_at + timedelta(days=60))
    assert ballot.status is BallotStatus.CANCELLED


def test_the_opening_instant_is_in_and_the_closing_instant_is_out() -> None:
    """Edge case 13: "opening instant included, closing instant excluded"; whatever a timer did."""
    ballot = an_open_ballot()
    assert ballot.opened_at is not None
    ballot.check_takes_votes(ballot.opened_at)
    ballot.check_takes_votes(closes_at(ballot) - TICK)
    with pytest.raises(VotingClosed):
        ballot.check_takes_votes(closes_at(ballot))
    assert ballot.status is BallotStatus.OPEN
    assert ballot.status_at(closes_at(ballot)) is BallotStatus.CLOSED
    assert ballot.allowed_at(closes_at(ballot)) == []


def test_an_extension_lengthens_for_all_and_never_shortens() -> None:
    """Edge case 14: "extension is an act with reason, applies to all, notified; never shortens"."""
    ballot = an_open_ballot()
    last_day = closes_at(ballot).astimezone(ZONE).date() - timedelta(days=1)
    now = closes_at(ballot) - TICK
    for day in (last_day, last_day - timedelta(days=1), date(2026, 1, 1)):
        with pytest.raises(ExtensionNotLonger):
            ballot.extend(day, "中断", SOMEBODY, has_voted=False, zone=ZONE, now=now)
    before = closes_at(ballot)
    day = last_day + timedelta(days=2)
    ballot.extend(day, "机房中断", SOMEBODY, has_voted=False, zone=ZONE, now=now)
    assert closes_at(ballot) == before + timedelta(days=2)
    ballot.check_takes_votes(before)
    assert SOMEBODY in ballot.officers


def test_from_the_closing_second_on_it_is_not_extended_and_nothing_ends_it_early() -> None:
    """A5: closed whatever is down; edge case 15: "default is full period": there is no act that ends it early."""
    ballot = an_open_ballot()
    with pytest.raises(NotAllowedNow):
        ballot.extend(
            date(2027, 1, 1), "晚了", OFFICER, has_voted=False, zone=ZONE, now=closes_at(ballot)
        )
    with pytest.raises(NotAllowedNow):
        ballot.close(closes_at(ballot) - TICK)
    assert BALLOT.allowed(BallotStatus.OPEN) == ["vote", "extension", "close"]


@pytest.mark.parametrize(
    ("by", "has_voted", "refusal"),
    [(PROPOSER, False, ProposerConducts), (OFFICER, True, VoterConducts)],
)
def test_who_proposed_or_voted_does_not_extend(
    by: Subject, has_voted: bool, refusal: type[Exception]
) -> None:
    """P40: four eyes, whatever token or role the same person comes with."""
    ballot = an_open_ballot()
    with pytest.raises(refusal):
        ballot.extend(date(2027, 1, 1), "x", by, has_voted=has_voted, zone=ZONE, now=CALLED_AT)


def test_a_roll_of_another_instant_than_the_close_is_not_taken() -> None:
    """Decisions: "the result is established when the roll is certified as of `closes_at`"."""
    ballot = an_open_ballot()
    ballot.close(closes_at(ballot))
    with pytest.raises(RollNotOfTheClose):
        ballot.take_certification(
            RollPurpose.CLOSE, a_roll([], closes_at(ballot) - TICK), closes_at(ballot)
        )


def undetermined() -> Ballot:
    """15 units, 10 agree, one of them leaves (edge case 9); its result is entered."""
    whole = held(15, [Cast(n, Choice.FOR) for n in range(10)], {0: Departure.WITHDRAWN})
    ballot = whole.ballot
    now = closes_at(ballot)
    ballot.close(now)
    ballot.establish(Result(whole.tallies, whole.tallies.outcome, now, 10, b"", b""), now)
    return ballot


def an_interpretation(issued_at: datetime, by: Subject) -> Interpretation:
    return Interpretation(
        id="itp_" + "e" * 32,
        number=1,
        provision_id="art_27",
        convention_version=1,
        text={"zh": "以开始时的名册为准。", "en": None},
        reasons={"zh": "第三十条", "en": None},
        effective_on=issued_at.date(),
        in_own_case=False,
        issued_by=by,
        issued_at=issued_at,
        updated_at=issued_at,
    )


def test_an_undetermined_result_is_read_by_an_interpretation_issued_since_by_another() -> None:
    """Edge case 9: "not promulgated until an interpretation or a new ballot"; P40."""
    ballot = undetermined()
    assert outcome(ballot) is BallotOutcome.UNDETERMINED
    assert ballot.result is not None
    after = ballot.result.established_at + timedelta(days=1)

    def determine(made: Interpretation, by: Subject = OFFICER, *, has_voted: bool = False) -> None:
        ballot.determine(BallotOutcome.ADOPTED, made, "依解释", by, has_voted=has_voted, now=after)

    with pytest.raises(InterpretationNotAfterResult):
        determine(an_interpretation(ballot.result.established_at, SOMEBODY))
    with pytest.raises(InterpreterDetermines):
        determine(an_interpretation(after, OFFICER))
    with pytest.raises(ProposerConducts):
        determine(an_interpretation(after, SOMEBODY), PROPOSER)
    with pytest.raises(VoterConducts):
        determine(an_interpretation(after, SOMEBODY), has_voted=True)
    determine(an_interpretation(after, SOMEBODY))
    assert outcome(ballot) is BallotOutcome.ADOPTED
    with pytest.raises(NotAllowedNow):
        determine(an_interpretation(after, SOMEBODY))


def test_a_result_that_is_clear_needs_no_determination() -> None:
    """A5: only where the three tallies do not agree."""
    ballot = an_open_ballot()
    now = closes_at(ballot)
    ballot.close(now)
    with pytest.raises(NotAllowedNow):
        ballot.determine(
            BallotOutcome.ADOPTED,
            an_interpretation(now, SOMEBODY),
            "x",
            OFFICER,
            has_voted=False,
            now=now,
        )


def test_amending_art_27_binds_the_next_ballot_and_not_the_running_one() -> None:
    """Edge case 19: "running ballots keep the rule they started with; new rule from promulgation"."""
    eight_of_twelve = [Cast(n, Choice.FOR) for n in range(8)]
    running = held(12, eight_of_twelve)
    following = held(12, eight_of_twelve, rulebook=THREE_QUARTERS)
    assert running.tallies.outcome is BallotOutcome.ADOPTED
    assert running.members["opening"]["rule"]["rulebook_version"] == 1
    assert following.tallies.outcome is BallotOutcome.REJECTED
    assert following.tallies.official.needed == 9
    assert following.members["opening"]["rule"]["numerator"] == 3


def test_those_who_have_not_voted_are_reminded_halfway_also_of_a_longer_ballot() -> None:
    """N2: "reminder to those who have not voted"."""
    ballot = an_open_ballot()
    assert ballot.opened_at is not None
    assert ballot.remind_at == ballot.opened_at + (closes_at(ballot) - ballot.opened_at) / 2
    day = closes_at(ballot).astimezone(ZONE).date() + timedelta(days=9)
    ballot.extend(day, "中断", OFFICER, has_voted=False, zone=ZONE, now=ballot.opened_at)
    assert ballot.remind_at == ballot.opened_at + (closes_at(ballot) - ballot.opened_at) / 2
