"""What is recorded of a request: filled in by its route, written down by the outermost layer."""

from dataclasses import dataclass

FAILED = 500


@dataclass(slots=True)
class Record:
    """What will be recorded of this request; the route fills it in.

    ``unrecorded`` leaves no trace at all. ``uncounted`` is in no metric and no access log, unless it fails: how many
    such requests there were is nobody's business.
    """

    route: str = "(no route)"
    unrecorded: bool = False
    uncounted: bool = False
    status: int = 0

    @property
    def is_noted(self) -> bool:
        """Whether the end of the request is written down."""
        if self.unrecorded:
            return False
        return not self.uncounted or self.status >= FAILED
