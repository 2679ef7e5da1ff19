"""How a convention comes about: its text is imported, one unit signs it, it is published."""

from typing import Any

from tests.support.convention import made_up_text, published
from tests.support.suite import Caller

PLAIN = {"Content-Type": "text/plain"}


async def found_convention(
    secretary: Caller, signatory: Caller, signatory_sub: str, identifier: str
) -> None:
    """Have a made-up convention founded by one unit, whose legal representative is ``signatory``."""
    path = "/v1/convention/imports?awaits_founding=true"
    page = published(made_up_text()).encode()
    await secretary.post(path, expect=201, content=page, headers=PLAIN)
    units = [an_initiating_unit(identifier, signatory_sub)]
    await secretary.post("/v1/founding", {"units": units}, expect=201)
    await signatory.post("/v1/founding/signatures")
    await secretary.post("/v1/founding/publication")


def an_initiating_unit(identifier: str, sub: str) -> dict[str, Any]:
    """A unit that founds the convention; ``sub`` is its legal representative's."""
    return {
        "legal_name_zh": "北京示例发起单位有限公司",
        "legal_name_en": "Beijing Example Founder Co., Ltd.",
        "identifier": identifier,
        "sectors": ["application_service"],
        "legal_representative": "张磊",
        "legal_representative_subject": {"sub": sub},
        "contact_email": "liaison@founder.example",
    }
