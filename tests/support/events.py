"""Events made up for tests of the floor: real classes of the catalogue, invented content."""

from shared.contracts.membership import ApplicationSubmitted
from shared.kernel.ids import new_id


def an_event(aggregate_id: str | None = None) -> ApplicationSubmitted:
    """An announcement about ``aggregate_id`` (a new application where none is given)."""
    return ApplicationSubmitted(application_id=aggregate_id or new_id("app"), kind="first")
