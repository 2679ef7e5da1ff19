"""Applications: from submission to accession, refusal or retraction (M1, M2, M5)."""

from collections.abc import Sequence

from services.membership.domain.application import (
    Application,
    EntrustedMandate,
    check_nothing_live,
)
from services.membership.domain.identifier import checked_identifier
from services.membership.domain.member import Member
from services.membership.domain.particulars import Particulars, ParticularsRow
from services.membership.domain.period import AccessionBasis
from services.membership.store import applications, members
from services.membership.usecases.register import hold_register
from shared.contracts import membership as events
from shared.db.rulebooks import rulebook_in_force
from shared.db.work import Work
from shared.kernel.actor import Actor, Role, Subject
from shared.kernel.errors import NotFound
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected


async def submit_application(
    work: Work,
    applicant: Subject,
    *,
    identifier: str,
    particulars: Particulars,
    legal_representative_subject: Subject,
    accepts_rules: bool,
    entrusted: Sequence[EntrustedMandate],
) -> Application:
    """Take an application to accede (Art. 28); one live application or membership per legal entity."""
    checked = checked_identifier(identifier)
    application = Application.submit(
        new_id("app"),
        applicant=applicant,
        identifier=checked,
        particulars=particulars,
        legal_representative_subject=legal_representative_subject,
        accepts_rules=accepts_rules,
        entrusted=entrusted,
        former=await members.find_member(work, checked),
        rulebook=await rulebook_in_force(work),
        now=work.now,
        zone=work.zone,
    )
    check_nothing_live(await applications.take_entity(work, checked, application.id), applicant)
    await applications.save_application(work, application)
    await work.announce(
        events.ApplicationSubmitted(application_id=application.id, kind=application.kind.value)
    )
    return application


async def read_application(work: Work, application_id: str, actor: Actor) -> Application:
    """An application as its parties and the registrar may see it; for others it does not exist."""
    application = await applications.get_application(work, application_id)
    return _seen_by(actor, application)


async def return_application(
    work: Work, application_id: str, registrar: Actor, missing: Sequence[str], expected: Expected
) -> Application:
    """Give an application back, saying what is missing."""
    application = await _held(work, application_id, registrar, expected)
    application.give_back(subject_of(registrar), missing)
    await applications.save_application(work, application)
    await work.announce(
        events.ApplicationReturned(application_id=application.id, kind=application.kind.value)
    )
    return application


async def resubmit_application(
    work: Work,
    application_id: str,
    applicant: Actor,
    *,
    particulars: Particulars,
    legal_representative_subject: Subject,
    accepts_rules: bool,
    expected: Expected,
) -> Application:
    """Submit a returned application again, completed."""
    application = await _held(work, application_id, applicant, expected)
    application.resubmit(
        subject_of(applicant),
        particulars=particulars,
        legal_representative_subject=legal_representative_subject,
        accepts_rules=accepts_rules,
    )
    await applications.save_application(work, application)
    await work.announce(
        events.ApplicationSubmitted(application_id=application.id, kind=application.kind.value)
    )
    return application


async def file_mandate(
    work: Work,
    application_id: str,
    applicant: Actor,
    mandate: EntrustedMandate,
    expected: Expected,
) -> Application:
    """Put on file whom the unit entrusts with signing; it does not back-date."""
    application = await _held(work, application_id, applicant, expected)
    application.file_mandate(subject_of(applicant), mandate)
    await applications.save_application(work, application)
    return application


async def approve_application(
    work: Work, application_id: str, registrar: Actor, expected: Expected
) -> Application:
    """Find both criteria of Art. 28 met; accession waits for a valid signature."""
    application = await _held(work, application_id, registrar, expected)
    application.approve(subject_of(registrar), work.now)
    await applications.save_application(work, application)
    await work.announce(
        events.ApplicationApproved(application_id=application.id, kind=application.kind.value)
    )
    return application


async def refuse_application(
    work: Work,
    application_id: str,
    registrar: Actor,
    ground: str,
    reasons: str,
    expected: Expected,
) -> Application:
    """Refuse an application on one of the two lawful grounds, with reasons (Art. 28)."""
    application = await _held(work, application_id, registrar, expected)
    application.refuse(subject_of(registrar), ground, reasons, work.now)
    await applications.save_application(work, application)
    await applications.release_entity(work, application.identifier, application.id)
    await work.announce(
        events.ApplicationRefused(
            application_id=application.id,
            kind=application.kind.value,
            ground=application.ground.value if application.ground else "",
        )
    )
    return application


async def retract_application(
    work: Work, application_id: str, applicant: Actor, expected: Expected
) -> Application:
    """Take an application back."""
    application = await _held(work, application_id, applicant, expected)
    application.retract(subject_of(applicant), work.now)
    await applications.save_application(work, application)
    await applications.release_entity(work, application.identifier, application.id)
    await work.announce(
        events.ApplicationRetracted(application_id=application.id, kind=application.kind.value)
    )
    return application


async def sign_instrument(
    work: Work, application_id: str, signatory: Actor, expected: Expected
) -> Application:
    """Sign the instrument: one transaction opens the period, enters the register and announces it (Art. 26, M2)."""
    register = await hold_register(work)
    application = await _held(work, application_id, signatory, expected)
    accession = application.sign(subject_of(signatory), work.now, new_id("mem"))
    member = await members.find_member(work, application.identifier) or Member(
        accession.member_id, application.identifier
    )
    moment = register.moment
    happened = list(
        member.accede(
            new_id("per"),
            AccessionBasis.APPLICATION,
            moment,
            application_id=application.id,
        )
    )
    for appointment in accession.appointments:
        happened += member.appoint(new_id("rep"), appointment, work.now)
    await register.enter((member, happened, application.particulars))
    await members.add_particulars(
        work,
        [
            (
                member.id,
                ParticularsRow(moment.today, moment.register_version, application.particulars),
            )
        ],
    )
    await applications.save_application(work, application)
    return application


async def _held(work: Work, application_id: str, actor: Actor, expected: Expected) -> Application:
    application = await applications.get_application(work, application_id, lock=True)
    _seen_by(actor, application)
    expected.check(application.version)
    return application


def _seen_by(actor: Actor, application: Application) -> Application:
    if not actor.has(Role.REGISTRAR) and actor.subject not in application.parties:
        raise NotFound
    return application


def subject_of(actor: Actor) -> Subject:
    """Who is acting; refuses with ``NotFound`` where nobody is signed in."""
    if actor.subject is None:
        raise NotFound
    return actor.subject
