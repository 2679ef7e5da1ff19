"""How an imported member gets its first representative: a code, shown once, that works once (M9)."""

import hashlib

from services.membership.domain.claim_code import digest_of
from shared.kernel.actor import TOKEN_ROLES, Role
from tests.integration.membership.office import DAY, Json, Office, Unit, facts


async def issue(office: Office, unit: Unit) -> str:
    """A new code for the unit."""
    issued: Json = await office.registrar.post(f"{unit.path}/claim-code", expect=201)
    return str(issued["code"])


async def claim(office: Office, code: str, sub: str = "claimer", *, expect: int = 201) -> Json:
    """Someone redeems a code."""
    body = {"code": code, "name": "王强"}
    answer: Json = await office.app.as_(sub).post("/v1/claims", body, expect=expect)
    return answer


async def test_whoever_redeems_the_code_becomes_the_legal_representative(office: Office) -> None:
    """M9: "an imported member's first representative takes over by a claim code"."""
    unit = await office.member()
    mandate = await claim(office, await issue(office, unit))
    assert (mandate["kind"], mandate["scopes"]) == ("legal_representative", ["all"])
    assert mandate["subject"]["sub"] == "claimer"
    await office.acting_for(unit, "claimer").get(f"{unit.path}/representatives")
    await office.chair(unit).get(f"{unit.path}/representatives", expect=403)


async def test_a_code_works_once(office: Office) -> None:
    code = await issue(office, await office.member())
    await claim(office, code)
    told = await claim(office, code, "another", expect=409)
    assert facts(told, "reason") == ("claim_code_not_valid", "used")


async def test_a_code_is_read_as_it_was_meant(office: Office) -> None:
    """Dashes, blanks, small letters, O for 0 and I or L for 1 make no difference."""
    code = await issue(office, await office.member())
    await claim(office, f" {code.replace('-', ' ').lower()} ")


async def test_a_code_expires_by_procedure_time(office: Office) -> None:
    unit = await office.member()
    code = await issue(office, unit)
    await office.advance(30 * DAY)
    told = await claim(office, code, expect=409)
    assert facts(told, "reason") == ("claim_code_not_valid", "expired")


async def test_a_newer_code_takes_the_place_of_the_earlier(office: Office) -> None:
    unit = await office.member()
    earlier, newer = await issue(office, unit), await issue(office, unit)
    told = await claim(office, earlier, expect=409)
    assert facts(told, "reason") == ("claim_code_not_valid", "superseded")
    await claim(office, newer)


async def test_whoever_issued_the_code_may_not_use_it(office: Office) -> None:
    """Four eyes, with and without the role in the token."""
    code = await issue(office, await office.member())
    assert (await claim(office, code, "registrar", expect=403))["code"] == "claimed_by_issuer"
    body = {"code": code, "name": "王强"}
    told = await office.registrar.post("/v1/claims", body, expect=403)
    assert told["code"] == "claimed_by_issuer"
    await claim(office, code)


async def test_a_code_is_stored_as_its_digest_only(office: Office) -> None:
    unit = await office.member()
    code = await issue(office, unit)
    assert await office.scalar("SELECT digest FROM claim_codes") == digest_of(code)
    plain = code.replace("-", "")
    for table in ("claim_codes", "idempotency_keys", "outgoing_events", "register_changes"):
        found = f"SELECT count(*) FROM {table} AS kept WHERE strpos(kept::text, :code) > 0"
        for text in (code, plain, hashlib.sha256(code.encode()).hexdigest()):
            assert await office.scalar(found, code=text) == 0


async def test_a_code_is_shown_once_also_to_a_retried_request(office: Office) -> None:
    """What nobody may store is not kept for a retry either: the retry makes a new code."""
    unit = await office.member()
    key = {"Idempotency-Key": "again"}
    path = f"{unit.path}/claim-code"
    first = await office.registrar.ask("POST", path, headers=key, expect=201)
    second = await office.registrar.ask("POST", path, headers=key, expect=201)
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["code"] != second.json()["code"]


async def test_a_code_that_is_none_is_not_found(office: Office) -> None:
    assert (await claim(office, "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA", expect=404))[
        "code"
    ] == "not_found"


async def test_a_unit_that_left_gets_no_code(office: Office) -> None:
    unit = await office.member()
    await office.withdraw(unit)
    told = await office.registrar.post(f"{unit.path}/claim-code", expect=409)
    assert facts(told, "ended_by") == ("not_member", "withdrawn")


async def test_only_the_registrar_issues_codes(office: Office) -> None:
    unit = await office.member()
    for role in sorted(TOKEN_ROLES - {Role.REGISTRAR}):
        told = await office.app.as_("someone", role).post(f"{unit.path}/claim-code", expect=403)
        assert told["code"] == "role_missing"
    mine = await office.chair(unit).post(f"{unit.path}/claim-code", expect=403)
    assert mine["code"] == "role_missing"
