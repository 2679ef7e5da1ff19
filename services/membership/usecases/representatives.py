"""Who may act for a member: appointing, removing, claiming (M9)."""

import base64
import secrets
from datetime import timedelta

from services.membership.domain.claim_code import ClaimCode, digest_of
from services.membership.domain.errors import MandateUnknown
from services.membership.domain.mandate import Appointment, Mandate
from services.membership.domain.member import Member
from services.membership.store import members
from services.membership.usecases.register import current_particulars, hold_register
from shared.db.work import Work
from shared.kernel.actor import Subject
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected

CODE_BYTES = 17
CODE_GROUP = 7


async def appoint_representative(
    work: Work, member_id: str, appointment: Appointment, expected: Expected
) -> tuple[Member, Mandate]:
    """Give a mandate; it counts from now on at the earliest."""
    register = await hold_register(work)
    member = await members.get_member(work, member_id, lock=True)
    expected.check(member.version)
    mandate_id = new_id("rep")
    happened = member.appoint(mandate_id, appointment, work.now)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member, mandate_of(member, mandate_id)


async def remove_representative(
    work: Work, member_id: str, mandate_id: str, expected: Expected
) -> tuple[Member, Mandate]:
    """End a mandate at once; what was done under it stays valid."""
    register = await hold_register(work)
    member = await members.get_member(work, member_id, lock=True)
    expected.check(member.version)
    happened = member.remove(mandate_id, work.now)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member, mandate_of(member, mandate_id)


async def issue_claim_code(
    work: Work, member_id: str, registrar: Subject, lifetime: timedelta
) -> tuple[ClaimCode, str]:
    """A one-time code for whoever is to be a member's legal representative; it takes the place of earlier ones.

    The code itself (130 random bits, base32 in groups) is told once and never kept.
    """
    member = await members.get_member(work, member_id, lock=True)
    member.running(work.now)
    earlier = await members.claim_codes_of(work, member_id)
    for code in earlier:
        code.supersede(work.now)
    text = _new_code()
    issued = ClaimCode(
        new_id("clm"), member_id, digest_of(text), registrar, work.now, work.now + lifetime
    )
    await members.save_claim_codes(work, *earlier, issued)
    return issued, text


async def claim_membership(
    work: Work, code: str, claimer: Subject, name: str
) -> tuple[Member, Mandate]:
    """Redeem a claim code: the claimer becomes the member's legal representative."""
    register = await hold_register(work)
    claimed = await members.get_claim_code(work, digest_of(code))
    claimed.redeem(claimer, work.now)
    member = await members.get_member(work, claimed.member_id, lock=True)
    mandate_id = new_id("rep")
    happened = member.claim(mandate_id, claimer, name, work.now)
    await members.save_claim_codes(work, claimed)
    await register.enter((member, happened, await current_particulars(work, member.id)))
    return member, mandate_of(member, mandate_id)


def mandate_of(member: Member, mandate_id: str) -> Mandate:
    """The member's mandate with this id; refuses with ``MandateUnknown``."""
    for mandate in member.mandates:
        if mandate.id == mandate_id:
            return mandate
    raise MandateUnknown


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=")
    return "-".join(text[i : i + CODE_GROUP] for i in range(0, len(text), CODE_GROUP))
