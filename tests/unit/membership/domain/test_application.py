"""Applying, deciding, signing (M1, M2, M5)."""

from datetime import date

import pytest

from services.membership.domain.application import (
    Accession,
    Application,
    ApplicationKind,
    EntrustedMandate,
    LiveEntry,
    RefusalGround,
    check_nothing_live,
)
from services.membership.domain.errors import (
    AlreadyLive,
    GroundNotLawful,
    HandlerDecidedCancellation,
    HandlerIsParty,
    IdentifierNotValid,
    MandateTermNotValid,
    MissingItemsUnnamed,
    NotEntitledToSign,
    NotTheApplicant,
    ReasonsMissing,
    RulesNotAccepted,
)
from services.membership.domain.lifecycle import APPLICATION, LIVE, ApplicationStatus
from services.membership.domain.mandate import Appointment, MandateKind
from shared.kernel.actor import Subject
from shared.kernel.lifecycle import NotAllowedNow
from shared.kernel.rulebook import REFERENCE_RULEBOOK, Basis
from tests.unit.membership.domain.examples import (
    APPLICANT,
    AT_ONCE,
    CHAIR,
    DAY,
    DEPUTY,
    EVERYTHING,
    HOUR,
    NOW,
    OTHER_REGISTRAR,
    PARTICULARS,
    REGISTRAR,
    STRANGER,
    application,
    approved_application,
    cancellation,
    member,
    moment,
)

WHILE_TRAVELLING = EntrustedMandate("李四", DEPUTY, NOW - DAY, NOW + DAY)


def test_the_table_of_an_application_offers_what_each_state_allows() -> None:
    """M1: submitted, returned, approved, refused, acceded, retracted."""
    assert {status.value: APPLICATION.allowed(status) for status in ApplicationStatus} == {
        "submitted": ["returning", "mandate", "approval", "refusal", "retraction"],
        "returned": ["resubmission", "mandate", "refusal", "retraction"],
        "approved": ["mandate", "instrument", "retraction"],
        "refused": [],
        "acceded": [],
        "retracted": [],
    }


def test_an_application_is_live_until_it_is_refused_signed_or_retracted() -> None:
    """Decisions: "Live = submitted, returned, approved, or a running period"."""
    assert {status for status in ApplicationStatus if not APPLICATION.is_final(status)} == LIVE


def test_a_review_is_due_thirty_days_after_submission_by_the_rulebook_of_that_day() -> None:
    """Art. 28; rulebook application.review_term; edge case 24: "legal days computed in the organ's
    civil time zone".
    """
    late_evening_in_utc = NOW.replace(hour=17)
    submitted = application(now=late_evening_in_utc)
    assert submitted.review_due_on == date(2026, 4, 10)
    assert submitted.review_basis == Basis("application.review_term", "28", 1)


def test_an_application_needs_a_good_identifier_and_mandates_that_begin_before_they_end() -> None:
    """M1."""
    with pytest.raises(MandateTermNotValid):
        application(entrusted=(EntrustedMandate("李四", DEPUTY, NOW, NOW),))
    with pytest.raises(IdentifierNotValid):
        Application.submit(
            "app_2",
            applicant=APPLICANT,
            identifier="123",
            particulars=PARTICULARS,
            legal_representative_subject=CHAIR,
            accepts_rules=True,
            former=None,
            rulebook=REFERENCE_RULEBOOK,
            now=NOW,
            zone=moment().zone,
        )


def test_an_application_can_be_returned_completed_and_approved() -> None:
    """M1: "returned (what is missing)"."""
    applied = application(accepts_rules=False)
    applied.give_back(REGISTRAR, ["营业执照", "  "])
    assert (applied.status, applied.missing) == (ApplicationStatus.RETURNED, ("营业执照",))
    applied.resubmit(
        APPLICANT,
        particulars=PARTICULARS,
        legal_representative_subject=DEPUTY,
        accepts_rules=True,
    )
    assert (applied.status, applied.missing) == (ApplicationStatus.SUBMITTED, ())
    assert applied.legal_representative_subject == DEPUTY
    applied.approve(REGISTRAR, NOW)
    assert (applied.decided_by, applied.decided_at) == (REGISTRAR, NOW)
    assert applied.version == 4


def test_an_application_is_not_given_back_without_a_word_on_what_is_missing() -> None:
    """M1."""
    with pytest.raises(MissingItemsUnnamed):
        application().give_back(REGISTRAR, ["", " "])


def test_nothing_but_a_lawful_ground_refuses_an_application() -> None:
    """Art. 28; edge case 3: 'only "not an Internet practitioner" or "does not accept the rules",
    with reasons (Art. 28); any other reason rejected by the command'.
    """
    applied = application()
    with pytest.raises(GroundNotLawful) as refusal:
        applied.refuse(REGISTRAR, "unfavourable", "We know them.", NOW)
    assert refusal.value.facts == {"lawful_grounds": ["not_a_practitioner", "rules_not_accepted"]}
    with pytest.raises(ReasonsMissing):
        applied.refuse(REGISTRAR, "not_a_practitioner", "  ", NOW)
    applied.refuse(REGISTRAR, "not_a_practitioner", " Sells shoes. ", NOW)
    assert applied.status is ApplicationStatus.REFUSED
    assert (applied.ground, applied.reasons) == (RefusalGround.NOT_A_PRACTITIONER, "Sells shoes.")


def test_whoever_has_not_accepted_the_rules_is_not_approved() -> None:
    """Art. 28: accepts the rules."""
    with pytest.raises(RulesNotAccepted) as refusal:
        application(accepts_rules=False).approve(REGISTRAR, NOW)
    assert refusal.value.facts == {"lawful_ground": "rules_not_accepted"}


@pytest.mark.parametrize("party", [APPLICANT, CHAIR, DEPUTY])
def test_a_party_does_not_handle_its_own_application(party: Subject) -> None:
    """Art. 28: four eyes."""
    applied = application(entrusted=(WHILE_TRAVELLING,))
    with pytest.raises(HandlerIsParty):
        applied.approve(party, NOW)
    with pytest.raises(HandlerIsParty):
        applied.refuse(party, "not_a_practitioner", "Reasons.", NOW)
    with pytest.raises(HandlerIsParty):
        applied.give_back(party, ["licence"])


def test_after_a_cancellation_somebody_who_took_no_part_in_it_decides_on_the_return() -> None:
    """Art. 28; edge case 11: "made by people who did not decide the cancellation"."""
    former = member()
    former.decide_cancellation("end_1", cancellation(), moment())
    returning = application(former=former)
    assert (returning.kind, returning.member_id) == (ApplicationKind.RETURN, "mem_1")
    with pytest.raises(HandlerDecidedCancellation):
        returning.approve(REGISTRAR, NOW)
    with pytest.raises(HandlerDecidedCancellation):
        returning.refuse(REGISTRAR, "not_a_practitioner", "Reasons.", NOW)
    with pytest.raises(HandlerDecidedCancellation):
        returning.give_back(REGISTRAR, ["licence"])
    returning.approve(OTHER_REGISTRAR, NOW)
    assert returning.sign(CHAIR, NOW, "mem_2").member_id == "mem_1"


def test_return_after_a_withdrawal_is_ordinary() -> None:
    """Art. 28; edge case 10: "ordinary, new period, history linked"."""
    former = member()
    former.announce_withdrawal("end_1", None, AT_ONCE, moment())
    returning = application(former=former)
    returning.approve(REGISTRAR, NOW)
    assert returning.kind is ApplicationKind.RETURN


def test_only_the_applicant_resubmits_retracts_and_files_mandates() -> None:
    """M1."""
    applied = application()
    with pytest.raises(NotTheApplicant):
        applied.file_mandate(STRANGER, WHILE_TRAVELLING)
    with pytest.raises(NotTheApplicant):
        applied.retract(CHAIR, NOW)
    applied.give_back(REGISTRAR, ["licence"])
    with pytest.raises(NotTheApplicant):
        applied.resubmit(
            REGISTRAR,
            particulars=PARTICULARS,
            legal_representative_subject=CHAIR,
            accepts_rules=True,
        )
    applied.retract(APPLICANT, NOW)
    assert (applied.status, applied.retracted_at) == (ApplicationStatus.RETRACTED, NOW)


def test_rights_start_with_the_signature_and_never_at_application() -> None:
    """Art. 26; edge case 4: "Rights start at the acceptance decision's effective time, never at
    application".
    """
    applied = approved_application()
    waited_for = applied.waiting_for
    accession = applied.sign(CHAIR, NOW + HOUR, "mem_9")
    assert accession == Accession(
        "app_1",
        "mem_9",
        ApplicationKind.FIRST,
        CHAIR,
        NOW + HOUR,
        (Appointment(MandateKind.LEGAL_REPRESENTATIVE, CHAIR, "张三", EVERYTHING, NOW + HOUR),),
    )
    assert (waited_for, applied.waiting_for) == ("mandate", None)
    assert applied.status is ApplicationStatus.ACCEDED
    assert (applied.member_id, applied.signed_by) == ("mem_9", CHAIR)


def test_an_application_that_is_not_approved_cannot_be_signed() -> None:
    """M2."""
    with pytest.raises(NotAllowedNow) as refusal:
        application().sign(CHAIR, NOW, "mem_9")
    assert "instrument" not in str(refusal.value.facts["allowed_actions"])


def test_a_mandate_filed_later_lets_its_holder_sign_from_then_on() -> None:
    """Art. 26; edge case 5: 'application stays "awaiting mandate"; a mandate uploaded later does not
    back-date'.
    """
    applied = approved_application()
    with pytest.raises(NotEntitledToSign) as refusal:
        applied.sign(DEPUTY, NOW, "mem_9")
    assert refusal.value.facts == {"waiting_for": "mandate"}
    assert applied.status is ApplicationStatus.APPROVED
    applied.file_mandate(APPLICANT, WHILE_TRAVELLING)
    assert applied.sign(DEPUTY, NOW + HOUR, "mem_9").signed_at == NOW + HOUR


@pytest.mark.parametrize(
    "mandate",
    [
        EntrustedMandate("李四", DEPUTY, NOW + HOUR),
        EntrustedMandate("李四", DEPUTY, NOW - DAY, NOW),
        EntrustedMandate("李四", STRANGER, NOW - DAY),
    ],
)
def test_a_mandate_must_be_valid_at_the_very_moment_of_signing(mandate: EntrustedMandate) -> None:
    """Art. 26; M2: "whose mandate is on file and valid at that moment"."""
    with pytest.raises(NotEntitledToSign):
        approved_application(entrusted=(mandate,)).sign(DEPUTY, NOW, "mem_9")


def test_accession_brings_the_mandates_on_file_that_are_not_over() -> None:
    """Decisions: "An application names its legal representative's subject and may carry a mandate;
    accession turns them into mandates".
    """
    renewed = EntrustedMandate("李四", DEPUTY, NOW, NOW + 9 * DAY)
    accession = approved_application(
        entrusted=(
            WHILE_TRAVELLING,
            renewed,
            EntrustedMandate("王五", STRANGER, NOW - DAY, NOW),
            EntrustedMandate("张三", CHAIR, NOW - DAY),
        )
    ).sign(CHAIR, NOW, "mem_9")
    assert [(a.kind, a.subject, a.valid_until) for a in accession.appointments] == [
        (MandateKind.LEGAL_REPRESENTATIVE, CHAIR, None),
        (MandateKind.ENTRUSTED, DEPUTY, NOW + 9 * DAY),
    ]
    unit = member(NOW - DAY)
    for number, appointment in enumerate(accession.appointments):
        unit.appoint(f"rep_{number}", appointment, NOW)
    assert {mandate.subject for mandate in unit.mandates_at(NOW)} == {CHAIR, DEPUTY}


def test_a_legal_entity_has_one_live_application_or_membership_and_only_its_applicant_learns_which() -> (
    None
):
    """Edge case 1: "one live membership per legal entity; second request returns the existing one"."""
    check_nothing_live(None, APPLICANT)
    with pytest.raises(AlreadyLive) as refusal:
        check_nothing_live(LiveEntry("app_1", APPLICANT), APPLICANT)
    assert refusal.value.facts == {"existing_id": "app_1"}
    with pytest.raises(AlreadyLive) as refusal:
        check_nothing_live(LiveEntry("app_1", APPLICANT), STRANGER)
    assert refusal.value.facts == {}
