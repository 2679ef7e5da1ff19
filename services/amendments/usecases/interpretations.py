"""Interpreting the convention: numbered acts of the organ (A8, Art. 30)."""

from dataclasses import dataclass
from datetime import date

from services.amendments.domain.interpretation import Interpretation, issue
from services.amendments.domain.provision import Wording
from services.amendments.store import convention, interpretations
from shared.contracts import amendments as events
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Reading:
    """What the organ says of a provision, from which day on, and which interpretation it takes the place of."""

    provision_id: str
    text: Wording
    reasons: Wording
    effective_on: date | None
    in_own_case: bool
    supersedes: str | None


async def issue_interpretation(work: Work, reading: Reading, by: Subject) -> Interpretation:
    """Issue an interpretation of a provision as it is in force, under the next number, without a gap."""
    await convention.hold_convention(work)
    superseded = reading.supersedes and await interpretations.hold_interpretation(
        work, reading.supersedes
    )
    law = await convention.version_in_force(work)
    interpretation = issue(
        new_id("itp"),
        await interpretations.last_number(work) + 1,
        law,
        [v for v in await convention.all_versions(work) if v.number > law.number],
        provision_id=reading.provision_id,
        text=reading.text,
        reasons=reading.reasons,
        effective_on=reading.effective_on,
        in_own_case=reading.in_own_case,
        supersedes=reading.supersedes,
        by=by,
        now=work.now,
        today=work.today,
    )
    if superseded:
        superseded.supersede(interpretation)
        await interpretations.save_interpretation(work, superseded)
        await work.announce(
            events.InterpretationSuperseded(
                interpretation_id=superseded.id,
                number=superseded.number,
                provision=superseded.provision_id,
                superseded_by=interpretation.id,
            )
        )
    await interpretations.save_interpretation(work, interpretation)
    await work.announce(
        events.InterpretationIssued(
            interpretation_id=interpretation.id,
            number=interpretation.number,
            provision=interpretation.provision_id,
            convention_version=interpretation.convention_version,
            effective_on=interpretation.effective_on,
            supersedes=interpretation.supersedes,
            in_own_case=interpretation.in_own_case,
        )
    )
    return interpretation
