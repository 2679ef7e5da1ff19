"""The rulebook's versions: the reference one is number 1, the others came with amendments (Art. 27, 30)."""

from services.amendments.domain.text_errors import VersionUnknown
from shared.db.rulebooks import find_rulebook, keep_rulebook, newest_rulebook, rulebook_in_force
from shared.db.work import Work
from shared.kernel.rulebook import Rulebook

__all__ = ["keep_rulebook", "newest_rulebook", "rulebook_in_force", "rulebook_version"]


async def rulebook_version(work: Work, version: int) -> Rulebook:
    """One version of the rulebook, such as a proceeding stored at its opening; refuses with ``VersionUnknown``."""
    rulebook = await find_rulebook(work, version)
    if rulebook is None:
        raise VersionUnknown
    return rulebook
