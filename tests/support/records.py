"""The record of a ballot, whole: what the service writes piece by piece."""

from collections.abc import Iterable, Mapping

from services.amendments.domain.record import (
    Certificate,
    Facts,
    called_facts,
    record_frame,
    vote_facts,
)
from services.amendments.domain.tally import VOLUNTARY, Called, Count, Departure, Rule, Tallies
from services.amendments.domain.vote import Link
from shared.kernel.text import Text


def whole_record(
    opening: Facts,
    certificate: Certificate,
    votes: Iterable[Link],
    roll_call: Iterable[Called],
    names: Mapping[str, Text] | None,
) -> Facts:
    """The record that anyone can recount; with ``names`` it is the members' edition."""
    return {
        **record_frame(opening, certificate, for_members=names is not None),
        "roll_call": [called_facts(called, names) for called in roll_call],
        "votes": [vote_facts(link) for link in votes],
    }


def tallies_of(
    roll_call: Iterable[Called], rule: Rule, departures: Mapping[str, Departure] | None = None
) -> Tallies:
    """The tallies of a roll call, counted unit by unit; ``departures``: how units left before the close."""
    opening, departed, voluntarily = Count(), Count(), Count()
    for called in roll_call:
        one, how = Count.of(called.choice, 1), (departures or {}).get(called.unit)
        opening += one
        if how is not None:
            departed += one
        if how in VOLUNTARY:
            voluntarily += one
    return Tallies.of(opening, departed, voluntarily, rule)
