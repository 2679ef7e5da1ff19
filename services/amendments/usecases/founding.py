"""Founding the convention: units are named, they sign, the text is published (A3, Art. 26)."""

from collections.abc import Sequence
from dataclasses import replace

from services.amendments.domain.founding import Founding, InitiatingUnit, begin
from services.amendments.domain.text_errors import (
    AlreadyValid,
    ConventionNotImported,
)
from services.amendments.store import convention, foundings
from services.amendments.store.rulebook import rulebook_version
from services.amendments.usecases.convention import announce_first_version
from shared.contracts import amendments as events
from shared.db.work import Work
from shared.kernel.actor import Subject

FIRST = 1


async def name_initiating_units(work: Work, units: Sequence[InitiatingUnit]) -> Founding:
    """Name the units that found the convention; what they sign is version 1 as it was imported.

    Named again before anyone has signed, they take the place of those named before. Refuses with
    ``ConventionNotImported``, ``AlreadyValid`` (a text that was valid when it came) and ``FoundingBegun``.
    """
    await convention.hold_convention(work)
    if not await convention.has_version(work):
        raise ConventionNotImported
    version = await convention.get_version(work, FIRST)
    if version.in_force_on is not None:
        raise AlreadyValid
    founding = begin(version.text.digest, units, work.now)
    if await foundings.has_founding(work):
        founding.take_the_place_of(await foundings.get_founding(work, lock=True))
        await foundings.remove_founding(work)
    await foundings.add_founding(work, founding)
    return founding


async def sign_convention(work: Work, subject: Subject) -> Founding:
    """Sign for the units that ``subject`` represents; with the last signature the convention is valid, and announced."""
    held = await convention.hold_convention(work)
    founding = await foundings.get_founding(work, lock=True)
    await work.read_clock()
    version = await convention.get_version(work, FIRST)
    rulebook = await rulebook_version(work, version.rulebook_version)
    is_valid = founding.sign(subject, rulebook=rulebook, now=work.now, today=work.today)
    await foundings.save_founding(work, founding)
    if is_valid:
        await work.announce(_founded(held.id, founding))
    return founding


async def publish_convention(work: Work) -> Founding:
    """Publish the text that was signed: from today it is in force (Art. 31); late where the term is over (Art. 26)."""
    await convention.hold_convention(work)
    founding = await foundings.get_founding(work, lock=True)
    founding.publish(work.now, work.today)
    await foundings.save_founding(work, founding)
    version = replace(
        await convention.get_version(work, FIRST),
        valid_on=founding.valid_on,
        in_force_on=work.today,
        promulgated_at=work.now,
    )
    await convention.date_version(work, version)
    await announce_first_version(work, version, work.today, "founding")
    return founding


async def remind_of_publication(work: Work) -> int:
    """Remind the organ to publish what was signed, on the days that the rulebook names; 0 where it is not the day."""
    due = await foundings.next_reminder_at(work)
    if due is None or work.now < due:
        return 0
    held = await convention.hold_convention(work)
    founding = await foundings.get_founding(work, lock=True)
    if not founding.take_reminder(work.today):
        return 0
    await foundings.save_founding(work, founding)
    await work.announce(
        events.ConventionPublicationDue(
            convention_id=held.id,
            due_on=founding.publish_by,
            basis=events.BasisValue.model_validate(founding.basis, from_attributes=True),
        )
    )
    return 1


def _founded(convention_id: str, founding: Founding) -> events.ConventionFounded:
    return events.ConventionFounded.model_validate(
        {
            "convention_id": convention_id,
            "valid_on": founding.valid_on,
            "initiating_units": [
                {
                    **unit.particulars,
                    "identifier": unit.identifier,
                    "subject_issuer": unit.legal_representative.issuer,
                    "subject_sub": unit.legal_representative.sub,
                }
                for unit in founding.units
            ],
        }
    )
