"""The version of a resource that a caller saw, and whether it is still the one."""

from shared.kernel.errors import Refusal
from shared.kernel.text import Text


class Outdated(Refusal):
    """The resource changed since the caller saw it: read it again, then decide again."""

    title = Text("资源已变更", "The resource has changed")


class Expected:
    """The versions that the caller takes the resource to be at; none named: any will do."""

    def __init__(self, versions: frozenset[int] | None = None) -> None:
        self._versions = versions

    def check(self, version: int) -> None:
        """Refuse with ``Outdated`` when the resource is at another ``version``."""
        if self._versions is not None and version not in self._versions:
            raise Outdated


ANY_VERSION = Expected()
