"""Annexes as they are sent and shown."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue
from sqlalchemy import Row

from services.amendments.api.schemas.parts import (
    BALLOT_ID,
    DIGEST,
    LONG_AGO,
    MEMBER_ID,
    URL,
    View,
    WordingOut,
    sent,
    shown,
)
from services.amendments.api.schemas.proposals import (
    ProvisionId,
    RatioIn,
    TermIn,
    TextIn,
    TitleIn,
    wording,
)
from services.amendments.domain.annex import AdherentRule, Annex, Contradiction, Profile
from services.amendments.domain.annex_text import AnnexProvision, AnnexText
from services.amendments.domain.lifecycle import AnnexStatus
from shared.contracts.amendments import RatioValue, TermValue
from shared.contracts.base import Digest
from shared.contracts.membership import Sector
from shared.http.strict import Body, Choice, Whole

ANNEX_ID = "anx_019a0c5f3b7e7c4d8a21f0e5d6c7b8b4"
_TITLE: JsonValue = {"zh": "互联网接入服务分支自律协议", "en": "Agreement of the access branch"}
_PROVISIONS: JsonValue = [{"number": 1, "texts": {"zh": "公开接入资费。", "en": None}}]
_TEXT: dict[str, JsonValue] = {"title": _TITLE, "provisions": _PROVISIONS}
_RATIO: dict[str, JsonValue] = {
    "numerator": 3,
    "denominator": 4,
    "inclusive": True,
    "of": "adherents",
}
_PROFILE: dict[str, JsonValue] = {
    "adherents": "signatories",
    "amendment": _RATIO,
    "trial": {"months": 12, "days": 0},
}


class AnnexProvisionIn(Body):
    """A provision of an annex; its number is never shifted and never used again."""

    number: Annotated[Whole, Field(ge=1, le=999)]
    texts: TextIn


class AnnexTextIn(Body):
    """What an annex says."""

    model_config = sent(_TEXT)

    title: TitleIn
    provisions: Annotated[list[AnnexProvisionIn], Field(min_length=1, max_length=300)]

    def text(self) -> AnnexText:
        """The text meant."""
        return AnnexText(
            wording(self.title),
            tuple(AnnexProvision(p.number, wording(p.texts)) for p in self.provisions),
        )


class ProfileIn(Body):
    """An annex's own rules: whom it binds, which share of those amends it, how long it is on trial."""

    adherents: Choice[AdherentRule] = AdherentRule.SIGNATORIES
    amendment: RatioIn
    trial: TermIn | None = None

    def profile(self) -> Profile:
        """The profile meant."""
        return Profile(
            self.adherents, self.amendment.value(), self.trial.value() if self.trial else None
        )


class EditAnnex(AnnexTextIn):
    """The whole draft: where it hangs, what it says, its own rules."""

    model_config = sent({"parent": "art_29", **_TEXT, "profile": _PROFILE})

    parent: Annotated[ProvisionId, Field(description="The provision that it hangs under.")]
    profile: ProfileIn


class DraftAnnex(EditAnnex):
    """An agreement of a branch of the industry."""

    model_config = sent(
        {"sector": "access_service", "parent": "art_29", **_TEXT, "profile": _PROFILE}
    )

    sector: Choice[Sector]


class ConsentToAmendment(Body):
    """The hash of the amendment that is consented to, as it was read."""

    model_config = sent({"digest": DIGEST})

    digest: Digest


class MarkConflict(Body):
    """Which provision of the annex contradicts which provision of the convention, and why."""

    model_config = sent(
        {"number": 1, "provision_id": "art_9", "reasons": {"zh": "与第九条不符。", "en": None}}
    )

    number: Annotated[Whole, Field(ge=1, le=999)]
    provision_id: ProvisionId
    reasons: TextIn


class ConflictOut(View):
    """The convention's provision prevails over the annex's."""

    provision_id: str
    reasons: WordingOut
    marked_at: datetime


class AnnexProvisionOut(View):
    """A provision of an annex, with the provisions of the convention that prevail over it."""

    number: int
    texts: WordingOut
    prevailed_over_by: list[ConflictOut]


class ProfileOut(View):
    """An annex's own rules, frozen when the members consented."""

    adherents: AdherentRule
    amendment: RatioValue
    trial: TermValue | None


class AmendmentOut(View):
    """Another text that waits for the consent of those whom the annex binds."""

    digest: Annotated[str, Field(description="Over the text, who proposes it and when.")]
    title: WordingOut
    provisions: list[AnnexProvisionOut]
    proposed_by: Annotated[str, Field(description="The unit that proposes it.")]
    proposed_at: datetime
    consents: int
    needed: int | None
    of: int


class AnnexOut(View):
    """An agreement of a branch, annexed to the convention when the members consented to it (Art. 29)."""

    model_config = shown(
        {
            "id": ANNEX_ID,
            "object": "annex",
            "version": 4,
            "url": f"{URL}/annexes/{ANNEX_ID}",
            "status": "in_force",
            "allowed_actions": ["adherence"],
            "number": 1,
            "sector": "access_service",
            "parent": "art_29",
            "drafter": MEMBER_ID,
            "title": _TITLE,
            "provisions": [
                {
                    "number": 1,
                    "texts": {"zh": "公开接入资费。", "en": None},
                    "prevailed_over_by": [],
                }
            ],
            "profile": _PROFILE,
            "digest": DIGEST,
            "text_version": 1,
            "ballot_id": BALLOT_ID,
            "adopted_at": LONG_AGO,
            "trial_until": "2027-03-10",
            "is_on_trial": True,
            "adherents_count": 3,
            "amendment": None,
            "ends_on": None,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        }
    )

    id: str
    object: Literal["annex"] = "annex"
    version: int
    url: str
    status: AnnexStatus
    allowed_actions: list[str]
    number: int | None
    sector: Sector
    parent: str
    drafter: str
    title: WordingOut
    provisions: list[AnnexProvisionOut]
    profile: ProfileOut
    digest: Annotated[str, Field(description="Over text, profile, branch and parent.")]
    text_version: int
    ballot_id: str | None
    adopted_at: datetime | None
    trial_until: date | None
    is_on_trial: Annotated[
        bool,
        Field(
            description="When its trial is over it binds as before; an amendment or an end is for its adherents."
        ),
    ]
    adherents_count: int | None
    amendment: AmendmentOut | None
    ends_on: Annotated[
        date | None, Field(description="Its parent is law no longer from this day on.")
    ]
    created_at: datetime
    updated_at: datetime


class ListedAnnexOut(View):
    """An annex among others."""

    id: str
    object: Literal["annex"] = "annex"
    url: str
    status: AnnexStatus
    number: int | None
    sector: Sector
    parent: str
    title: WordingOut
    adopted_at: datetime | None
    ends_on: date | None


class AnnexVersionOut(View):
    """A text that an annex had from a moment on, and how many of those it bound consented to it."""

    number: int
    title: WordingOut
    provisions: list[AnnexProvisionOut]
    consents: int | None
    of: int | None
    register_version: Annotated[
        int | None, Field(description="Of the register at which so many consents were enough.")
    ]
    adherents_digest: Annotated[
        str | None,
        Field(description="SHA-256 of the sorted ids of the units bound then, one a line."),
    ]
    valid_at: datetime


class AdherentOut(View):
    """A unit that an annex binds; ``signed_at`` is null where it binds the whole branch."""

    member_id: str
    legal_name: WordingOut
    signed_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "AdherentOut":
        """The view of a row of the list."""
        return cls(
            member_id=row.member_id,
            legal_name=WordingOut(zh=row.legal_name_zh, en=row.legal_name_en),
            signed_at=row.signed_at,
        )


def provisions_out(
    text: AnnexText, conflicts: Sequence[Contradiction] = ()
) -> list[AnnexProvisionOut]:
    """The provisions of ``text``, each with what prevails over it."""
    return [
        AnnexProvisionOut(
            number=provision.number,
            texts=WordingOut.of(provision.texts),
            prevailed_over_by=[
                ConflictOut(
                    provision_id=c.provision_id,
                    reasons=WordingOut.of(c.reasons),
                    marked_at=c.marked_at,
                )
                for c in conflicts
                if c.number == provision.number
            ],
        )
        for provision in text.provisions
    ]


def amendment_out(annex: Annex, consents: int, of: int) -> AmendmentOut | None:
    """The open amendment of ``annex``; none where there is none."""
    amendment = annex.amendment
    if amendment is None:
        return None
    return AmendmentOut(
        digest=amendment.digest,
        title=WordingOut.of(amendment.text.title),
        provisions=provisions_out(amendment.text),
        proposed_by=amendment.member_id,
        proposed_at=amendment.proposed_at,
        consents=consents,
        needed=annex.profile.amendment.needed_of(of) if of else None,
        of=of,
    )
