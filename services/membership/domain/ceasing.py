"""A unit that goes on in another member, or ceases to exist: the two endings that the registrar enters (M10)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.membership.domain.errors import (
    AwaitedAsSuccessor,
    DissolvedAfterItsEnding,
    EndingDayTooEarly,
    MergesIntoItself,
    ParticularsNotValid,
    SuccessorNotMember,
)
from services.membership.domain.facts import Fact
from services.membership.domain.member import Member
from services.membership.domain.particulars import check_name
from services.membership.domain.period import AnnouncedEnding, Ending, Moment


@dataclass(frozen=True, slots=True)
class RegisteredAct:
    """What lies before the registrar: the reference of the act, and the day from which it counts (None: today)."""

    evidence: str
    effective_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ceasing:
    """An ending asked for on ``today``; other units are to merge into this one at ``awaited_at``."""

    ending: AnnouncedEnding
    today: date
    awaited_at: Iterable[datetime]


def merge(
    unit: Member,
    successor: Member,
    ending_id: str,
    act: RegisteredAct,
    awaited_at: Iterable[datetime],
    at: Moment,
) -> tuple[Fact, ...]:
    """End a membership because the unit merged into ``successor``, another member (edge case 14).

    At once, or from 00:00 of a later day; a second announcement replaces a pending one. Two rules keep a merger from
    ending a unit into nothing. Whatever the registrar knows to clash is refused here and in ``dissolve``: a successor
    that will have ceased by then, and an ending of a unit that another is still to merge into, so chains run in order
    of their days and never in a circle. What nobody can refuse (the successor withdraws or is cancelled first) lets the
    merger lapse as the successor ceases: ``Member.let_merger_lapse``.
    """
    unit.running(at.now)
    ending = replace(
        _ending(ending_id, Ending.MERGED, act, at),
        successor_id=successor.id,
    )
    if successor.id == unit.id:
        raise MergesIntoItself
    for rule in CEASING_RULES:
        rule(Ceasing(ending, at.today, awaited_at))
    if successor.period_at(ending.effective_at) is None:
        raise SuccessorNotMember
    return unit.announce(ending, at)


def dissolve(
    unit: Member,
    ending_id: str,
    act: RegisteredAct,
    dissolved_on: date | None,
    awaited_at: Iterable[datetime],
    at: Moment,
) -> tuple[Fact, ...]:
    """End a membership because the unit ceased to exist on ``dissolved_on`` (edge case 16).

    The unit leaves at once or on a later day, never on a past one; where no true day is given, it is the same. Refuses
    a unit that another is still to merge into.
    """
    unit.running(at.now)
    ending = _ending(ending_id, Ending.DISSOLVED, act, at)
    for rule in CEASING_RULES:
        rule(Ceasing(ending, at.today, awaited_at))
    if dissolved_on is not None and dissolved_on > ending.effective_on:
        raise DissolvedAfterItsEnding(latest_on=ending.effective_on.isoformat())
    return unit.announce(replace(ending, dissolved_on=dissolved_on or ending.effective_on), at)


def _ending(id: str, kind: Ending, act: RegisteredAct, at: Moment) -> AnnouncedEnding:
    problems = tuple(check_name("evidence", act.evidence))
    if problems:
        raise ParticularsNotValid(problems)
    ending = AnnouncedEnding.from_day(id, kind, act.effective_on or at.today, at)
    return replace(ending, evidence=act.evidence)


def it_is_not_back_dated(ceasing: Ceasing) -> None:
    """Register versions follow one another, and the rolls of past days are certified."""
    if ceasing.ending.effective_on < ceasing.today:
        raise EndingDayTooEarly(earliest_on=ceasing.today.isoformat())


def nobody_is_still_to_merge_into_it(ceasing: Ceasing) -> None:
    """The officer who ends a unit takes back, or redirects, the mergers that it would leave without a successor."""
    if any(awaited >= ceasing.ending.effective_at for awaited in ceasing.awaited_at):
        raise AwaitedAsSuccessor


CEASING_RULES = (it_is_not_back_dated, nobody_is_still_to_merge_into_it)
