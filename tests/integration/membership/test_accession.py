"""From an application to membership (M1, M2)."""

from typing import Any

from shared.kernel.actor import Role
from tests.support.suite import RunningApp

IDENTIFIER = "91110108QTY458N227"


def an_application(identifier: str = IDENTIFIER, **changes: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "particulars": {
            "legal_name_zh": "北京示例网络科技有限公司",
            "legal_name_en": "Beijing Example Network Technology Co., Ltd.",
            "sectors": ["application_service"],
            "legal_representative": "张磊",
            "contact_email": "liaison@unit.example",
        },
        "legal_representative_subject": {"sub": "zhang.lei"},
        "accepts_rules": True,
        **changes,
    }


async def test_a_signed_instrument_makes_a_member(app: RunningApp) -> None:
    """Art. 26, 28; M2: one transaction opens the period and gives it the next register version."""
    applicant = app.as_("liaison")
    registrar = app.as_("officer", Role.REGISTRAR)
    representative = app.as_("zhang.lei")
    application = await applicant.post("/v1/applications", an_application(), expect=201)
    path = f"/v1/applications/{application['id']}"
    approved = await registrar.post(
        f"{path}/approval", headers={"If-Match": '"1-full"'}, expect=200
    )
    assert (approved["status"], approved["waiting_for"]) == ("approved", "mandate")
    signed = await representative.post(f"{path}/instrument", expect=200)
    assert signed["status"] == "acceded"
    member = await app.public.get(f"/v1/members/{signed['member_id']}")
    assert (member["status"], member["details"]) == ("member", None)
    register = await app.public.get("/v1/register")
    assert (register["members_count"], register["register_version"]) == (1, 2)
    movements = await app.public.get("/v1/register/movements")
    assert [m["kind"] for m in movements["items"]] == ["joined"]
