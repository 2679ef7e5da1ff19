"""Interpretations: numbered acts of the organ, pinned to a provision of a version (Art. 30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from services.amendments.domain.lifecycle import (
    INTERPRETATION,
    InterpretationAction,
    InterpretationStatus,
)
from services.amendments.domain.provision import Wording
from services.amendments.domain.text_errors import (
    BackDated,
    InterpretationElsewhere,
    ProvisionUnknown,
)
from services.amendments.domain.version import Version, amended
from shared.kernel.actor import Subject


@dataclass(kw_only=True)
class Interpretation:
    """What a provision means, as the organ says from ``effective_on`` on.

    ``in_own_case``: the organ is itself concerned by the question, and says so (edge case 26). ``stale_since``: the
    version that amended the provision afterwards.
    """

    id: str
    number: int
    provision_id: str
    convention_version: int
    text: Wording
    reasons: Wording
    effective_on: date
    in_own_case: bool
    issued_by: Subject
    issued_at: datetime
    updated_at: datetime
    supersedes: str | None = None
    superseded_by: str | None = None
    stale_since: int | None = None
    status: InterpretationStatus = INTERPRETATION.start
    version: int = 1

    def supersede(self, later: "Interpretation") -> None:
        """Step back behind ``later``; nothing of it is erased. Refuses where that one is about another provision."""
        after = INTERPRETATION.after(self.status, InterpretationAction.SUPERSESSION)
        if later.provision_id != self.provision_id:
            raise InterpretationElsewhere
        self.status = after
        self.superseded_by, self.updated_at = later.id, later.issued_at
        self.version += 1


def issue(
    interpretation_id: str,
    number: int,
    version: Version,
    to_come: Sequence[Version],
    *,
    provision_id: str,
    text: Wording,
    reasons: Wording,
    effective_on: date | None,
    in_own_case: bool,
    supersedes: str | None,
    by: Subject,
    now: datetime,
    today: date,
) -> Interpretation:
    """A new interpretation of a provision as it stands in ``version``, effective today or on a later day.

    Where a version among those ``to_come``, in order, amends the provision, it is stale from that on.
    Refuses a provision that is unknown or repealed, and with ``BackDated`` a day in the past: an interpretation
    reaches forward only (edge case 25).
    """
    if version.text.get(provision_id).is_repealed:
        raise ProvisionUnknown
    day = effective_on or today
    if day < today:
        raise BackDated(earliest_on=today.isoformat())
    law = [version, *to_come]
    return Interpretation(
        id=interpretation_id,
        number=number,
        provision_id=provision_id,
        convention_version=version.number,
        text=text,
        reasons=reasons,
        effective_on=day,
        in_own_case=in_own_case,
        issued_by=by,
        issued_at=now,
        updated_at=now,
        supersedes=supersedes,
        stale_since=next(
            (
                later.number
                for earlier, later in pairwise(law)
                if provision_id in amended(earlier.text, later.text)
            ),
            None,
        ),
    )
