"""Every service of the suite, declared from the environment."""

from collections.abc import Sequence

from services.amendments.service import amendments
from services.membership.service import membership
from services.notifications.service import notifications
from shared.service import Service


def services() -> Sequence[Service]:
    """The services, in the order in which they are prepared."""
    return membership(), amendments(), notifications()
