"""From an application to membership (M1, M2)."""

import asyncio

import pytest

from shared.contracts.membership import (
    ApplicationApproved,
    ApplicationRefused,
    ApplicationRetracted,
    ApplicationReturned,
    ApplicationSubmitted,
    MemberAcceded,
    RepresentativeAppointed,
)
from shared.kernel.actor import Role
from tests.integration.membership.office import (
    DAY,
    Office,
    an_application,
    facts,
    if_match,
    particulars_of,
    path_of,
)


async def test_a_signed_instrument_makes_a_member(office: Office) -> None:
    """Art. 26, 28; M2: one transaction opens the period, gives it the next version and announces it."""
    unit = office.unit()
    application = await office.apply(unit)
    assert (application["status"], application["kind"]) == ("submitted", "first")
    approved = await office.handle(application, "approval")
    assert (approved["status"], approved["waiting_for"]) == ("approved", "mandate")
    unit = await office.sign(unit, approved)
    shown = await office.public.get(unit.path)
    assert (shown["status"], shown["details"]) == ("member", None)
    assert shown["member_since"] == (await office.today()).isoformat()
    register = await office.public.get("/v1/register")
    assert (register["members_count"], register["register_version"]) == (1, 2)
    acceded, appointed = await office.announced(MemberAcceded, RepresentativeAppointed)
    assert acceded.data["application_id"] == application["id"]
    assert acceded.data["effective_on"] == shown["member_since"]
    assert appointed.data["subject_sub"] == unit.chair
    assert appointed.data["scopes"] == ["all"]


async def test_the_same_entity_applying_twice_is_told_only_of_its_own_application(
    office: Office,
) -> None:
    """Edge case 1: "one live membership per legal entity; second request returns the existing one (409 with link)"."""
    unit = office.unit()
    first = await office.apply(unit)
    under_a_new_name = {"particulars": particulars_of(unit, legal_name_zh="另名有限公司")}
    again = await office.apply(unit, **under_a_new_name, expect=409)
    assert facts(again, "existing_id") == ("already_live", first["id"])
    stranger = office.app.as_("stranger")
    told = await stranger.post("/v1/applications", an_application(unit), expect=409)
    assert facts(told, "existing_id") == ("already_live", None)
    assert first["id"] not in str(told)


async def test_a_member_applying_again_is_pointed_to_its_membership(office: Office) -> None:
    """Edge case 1, M1: "one live application or membership per legal entity"."""
    unit = await office.member()
    again = await office.apply(unit, expect=409)
    assert facts(again, "existing_id") == ("already_live", unit.member_id)
    told = await office.app.as_("stranger").post(
        "/v1/applications", an_application(unit), expect=409
    )
    assert facts(told, "existing_id") == ("already_live", None)


async def test_of_two_applications_at_once_one_is_taken(office: Office) -> None:
    """Edge case 1: the database holds it, not the order of looking."""
    unit = office.unit()
    answers = await asyncio.gather(
        *(
            office.app.as_(f"liaison {n}").ask("POST", "/v1/applications", an_application(unit))
            for n in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_an_application_repeated_with_its_key_is_one_application(office: Office) -> None:
    """Edge case 2: "same answer, no second record"."""
    unit = office.unit()
    key = {"Idempotency-Key": "one"}
    liaison = office.liaison(unit)
    first = await liaison.ask(
        "POST", "/v1/applications", an_application(unit), headers=key, expect=201
    )
    again = await liaison.ask(
        "POST", "/v1/applications", an_application(unit), headers=key, expect=201
    )
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    for header in ("location", "etag"):
        assert again.headers[header] == first.headers[header]
    changed = an_application(unit, accepts_rules=False)
    other = await liaison.post("/v1/applications", changed, headers=key, expect=422)
    assert other["code"] == "key_used_differently"
    assert len(await office.announced(ApplicationSubmitted)) == 1


async def test_an_application_is_refused_on_a_lawful_ground_with_reasons_only(
    office: Office,
) -> None:
    """Edge case 3, Art. 28: "any other reason rejected by the command"."""
    application = await office.apply(office.unit())
    for ground in ("too_small", "competes_with_a_member", ""):
        body = {"ground": ground, "reasons": "We would rather not."}
        told = await office.handle(application, "refusal", body, expect=422)
        assert facts(told, "lawful_grounds") == (
            "ground_not_lawful",
            ["not_a_practitioner", "rules_not_accepted"],
        )
    silent = {"ground": "not_a_practitioner", "reasons": "   "}
    unsaid = await office.handle(application, "refusal", silent, expect=422)
    assert [error["pointer"] for error in unsaid["errors"]] == ["/reasons"]
    assert (await office.registrar.get(path_of(application)))["status"] == "submitted"
    assert await office.announced(ApplicationRefused) == []


@pytest.mark.parametrize("ground", ["not_a_practitioner", "rules_not_accepted"])
async def test_a_refused_entity_may_apply_again(office: Office, ground: str) -> None:
    """M1: refused with one of the two lawful grounds, and reasons; the live entry is let go."""
    unit = office.unit()
    application = await office.apply(unit)
    body = {"ground": ground, "reasons": "It runs a bakery."}
    refused = await office.handle(application, "refusal", body)
    assert (refused["status"], refused["ground"]) == ("refused", ground)
    assert refused["reasons"] == "It runs a bakery."
    (told,) = await office.announced(ApplicationRefused)
    assert (told.data["ground"], "bakery" in str(told.data)) == (ground, False)
    assert (await office.apply(unit))["status"] == "submitted"


async def test_whoever_does_not_accept_the_rules_cannot_be_approved(office: Office) -> None:
    """M1, Art. 28: accepting the rules is one of the two criteria."""
    application = await office.apply(office.unit(), accepts_rules=False)
    told = await office.handle(application, "approval", expect=409)
    assert facts(told, "lawful_ground") == ("rules_not_accepted", "rules_not_accepted")
    seen = await office.registrar.get(path_of(application))
    assert seen["allowed_actions"] == ["returning", "refusal"]


async def test_a_returned_application_says_what_is_missing_and_is_resubmitted(
    office: Office,
) -> None:
    """M1: returned (what is missing), then submitted again."""
    unit = office.unit()
    application = await office.apply(unit, accepts_rules=False)
    returned = await office.handle(application, "returning", {"missing": ["承诺书"]})
    assert (returned["status"], returned["missing"]) == ("returned", ["承诺书"])
    completed = an_application(unit)
    del completed["identifier"]
    resubmitted = await office.liaison(unit).post(f"{path_of(application)}/resubmission", completed)
    assert (resubmitted["status"], resubmitted["missing"]) == ("submitted", [])
    assert resubmitted["accepts_rules"] is True
    await office.member_from(unit, resubmitted)
    told = await office.announced(ApplicationSubmitted, ApplicationReturned, ApplicationApproved)
    assert [e.type.split(".")[2] for e in told] == [
        "submitted",
        "returned",
        "submitted",
        "approved",
    ]


async def test_a_retracted_application_can_be_followed_by_another(office: Office) -> None:
    """M1: retracted, by the applicant alone."""
    unit = office.unit()
    application = await office.apply(unit)
    told = await office.chair(unit).post(f"{path_of(application)}/retraction", expect=403)
    assert told["code"] == "not_the_applicant"
    retracted = await office.liaison(unit).post(f"{path_of(application)}/retraction")
    assert (retracted["status"], retracted["allowed_actions"]) == ("retracted", [])
    assert len(await office.announced(ApplicationRetracted)) == 1
    await office.apply(unit)


async def test_membership_counts_from_the_signature_not_from_the_application(
    office: Office,
) -> None:
    """Edge case 4: "Rights start at the acceptance decision's effective time, never at application"."""
    unit = office.unit()
    application = await office.apply(unit)
    applied_on = await office.today()
    await office.advance(3 * DAY)
    approved = await office.handle(application, "approval")
    await office.advance(4 * DAY)
    unit = await office.sign(unit, approved)
    assert (await office.public.get(unit.path))["member_since"] == (
        await office.today()
    ).isoformat()
    before = await office.public.get(f"/v1/register?as_of={applied_on}")
    assert before["members_count"] == 0


async def test_a_mandate_filed_later_does_not_back_date(office: Office) -> None:
    """Edge case 5: "application stays "awaiting mandate"; a mandate uploaded later does not back-date"."""
    unit = office.unit()
    approved = await office.approved(unit)
    deputy = office.app.as_("deputy")
    assert (await deputy.post(f"{path_of(approved)}/instrument", expect=404))["code"] == "not_found"
    told = await office.liaison(unit).post(f"{path_of(approved)}/instrument", expect=403)
    assert facts(told, "waiting_for") == ("not_entitled_to_sign", "mandate")
    now = await office.now()
    mandate = {
        "name": "李敏",
        "subject": {"sub": "deputy"},
        "valid_from": (now - 30 * DAY).isoformat(timespec="seconds"),
        "valid_until": (now + 30 * DAY).isoformat(timespec="seconds"),
    }
    await office.liaison(unit).post(f"{path_of(approved)}/mandate", mandate)
    await office.advance(DAY)
    signed = await deputy.post(f"{path_of(approved)}/instrument")
    assert signed["status"] == "acceded"
    shown = await office.public.get(f"/v1/members/{signed['member_id']}")
    assert shown["member_since"] == (await office.today()).isoformat()
    appointed = {
        e.data["subject_sub"]: e.data for e in await office.announced(RepresentativeAppointed)
    }
    assert appointed.keys() == {unit.chair, "deputy"}
    assert appointed["deputy"]["kind"] == "entrusted"
    assert appointed["deputy"]["valid_from"] == appointed["deputy"]["recorded_at"]


async def test_an_entrusted_one_signs_only_while_the_mandate_is_valid(office: Office) -> None:
    """M2: "whose mandate is on file and valid at that moment"."""
    unit = office.unit()
    now = await office.now()
    mandate = {
        "name": "李敏",
        "subject": {"sub": "deputy"},
        "valid_from": (now + DAY).isoformat(timespec="seconds"),
        "valid_until": (now + 3 * DAY).isoformat(timespec="seconds"),
    }
    approved = await office.approved(unit, entrusted=[mandate])
    deputy, instrument = office.app.as_("deputy"), f"{path_of(approved)}/instrument"
    assert (await deputy.post(instrument, expect=403))["code"] == "not_entitled_to_sign"
    assert (await deputy.get(path_of(approved)))["allowed_actions"] == []
    await office.advance(4 * DAY)
    assert (await deputy.post(instrument, expect=403))["code"] == "not_entitled_to_sign"
    renewed = mandate | {"valid_until": (now + 9 * DAY).isoformat(timespec="seconds")}
    await office.liaison(unit).post(f"{path_of(approved)}/mandate", renewed)
    assert (await deputy.get(path_of(approved)))["allowed_actions"] == ["instrument"]
    assert (await deputy.post(instrument))["status"] == "acceded"


async def test_nobody_handles_an_application_of_their_own(office: Office) -> None:
    """Four eyes: a registrar who is a party sees no act to do, and may do none."""
    unit = office.unit()
    application = await office.apply(unit, legal_representative_subject={"sub": "registrar"})
    seen = await office.registrar.get(path_of(application))
    assert seen["allowed_actions"] == []
    told = await office.handle(application, "approval", expect=403)
    assert told["code"] == "handler_is_party"
    colleague = office.app.as_("colleague", Role.REGISTRAR)
    approved = await colleague.post(
        f"{path_of(application)}/approval", headers=if_match(application)
    )
    assert approved["status"] == "approved"


async def test_two_registrars_do_not_decide_over_each_other(office: Office) -> None:
    """If-Match is needed where two officers could race: 428 without it, 412 when stale."""
    application = await office.apply(office.unit())
    path = path_of(application)
    told = await office.registrar.post(f"{path}/approval", expect=428)
    assert told["code"] == "precondition_required"
    await office.handle(application, "returning", {"missing": ["承诺书"]})
    stale = await office.handle(application, "approval", expect=412)
    assert stale["code"] == "outdated"


async def test_each_caller_is_offered_what_they_can_do(office: Office) -> None:
    """`allowed_actions` are this caller's: registrar, applicant, signatory, stranger."""
    unit = office.unit()
    application = await office.apply(unit)
    path = path_of(application)
    assert application["allowed_actions"] == ["mandate", "retraction"]
    assert (await office.chair(unit).get(path))["allowed_actions"] == []
    assert (await office.registrar.get(path))["allowed_actions"] == [
        "returning",
        "approval",
        "refusal",
    ]
    await office.app.as_("stranger").get(path, expect=404)
    await office.handle(application, "approval")
    assert (await office.liaison(unit).get(path))["allowed_actions"] == ["mandate", "retraction"]
    assert (await office.chair(unit).get(path))["allowed_actions"] == ["instrument"]
    assert (await office.registrar.get(path))["allowed_actions"] == []


async def test_everyone_sees_the_applications_they_are_a_party_to(office: Office) -> None:
    """M1: the registrar sees all; the legal representative finds what to sign."""
    unit, other = office.unit(), office.unit()
    entrusted = {"name": "李敏", "subject": {"sub": "deputy"}, "valid_from": "2026-01-01T00:00:00Z"}
    mine = await office.apply(unit, entrusted=[entrusted])
    others = await office.apply(other)
    for sub in (unit.liaison, unit.chair, "deputy"):
        assert [a["id"] for a in await office.pages(office.app.as_(sub), "/v1/applications")] == [
            mine["id"]
        ]
    assert await office.pages(office.app.as_("stranger"), "/v1/applications") == []
    seen = await office.pages(office.registrar, "/v1/applications?status=submitted")
    assert [a["id"] for a in seen] == [others["id"], mine["id"]]
    await office.public.get("/v1/applications", expect=401)


async def test_the_review_term_says_what_it_rests_on_and_when_it_is_missed(office: Office) -> None:
    """Art. 28, `application.review_term`: day 30 is in time, day 31 is late."""
    application = await office.apply(office.unit())
    assert application["review_basis"] == {
        "rule": "application.review_term",
        "article": "28",
        "rulebook_version": 1,
    }
    assert application["review_due_on"] == (await office.today() + 30 * DAY).isoformat()
    await office.advance(30 * DAY)
    assert (await office.registrar.get(path_of(application)))["review_overdue"] is False
    await office.advance(DAY)
    assert (await office.registrar.get(path_of(application)))["review_overdue"] is True
