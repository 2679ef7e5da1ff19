"""Parts that the views of amendments share, and what their examples are made of."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.amendments.domain.deadline import Deadline
from services.amendments.domain.provision import Wording
from shared.kernel.rulebook import Basis

URL = "https://gongyue.example/v1"
MEMBER_ID = "mem_019a0c5f3b7e7c4d8a21f0e5d6c7b8a9"
PROPOSAL_ID = "prp_019a0c5f3b7e7c4d8a21f0e5d6c7b8b1"
BALLOT_ID = "bal_019a0c5f3b7e7c4d8a21f0e5d6c7b8b2"
PROMULGATION_ID = "prm_019a0c5f3b7e7c4d8a21f0e5d6c7b8b3"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
LONG_AGO = "2026-03-10T04:00:00Z"
INITIATIVE_BASIS = {"rule": "amendment.initiative", "article": "27", "rulebook_version": 1}


def shown(example: dict[str, Any]) -> ConfigDict:
    """The configuration of a view: exactly its fields, documented by an ``example``."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


def sent(example: dict[str, Any]) -> ConfigDict:
    """What a request body adds to the strict configuration it inherits: an ``example``."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class View(BaseModel):
    """The base of all views: what is documented and nothing else."""

    model_config = ConfigDict(extra="forbid")


class WordingOut(View):
    """A text; ``en`` is a translation of the authoritative Chinese, null where there is none."""

    zh: str | None
    en: str | None

    @classmethod
    def of(cls, wording: Wording) -> "WordingOut":
        """The view of ``wording``."""
        return cls(zh=wording.get("zh"), en=wording.get("en"))


class BasisOut(View):
    """Which entry of which rulebook a computed number comes from."""

    rule: str
    article: str
    rulebook_version: int

    @classmethod
    def of(cls, basis: Basis) -> "BasisOut":
        """The view of ``basis``."""
        return cls(rule=basis.rule, article=basis.article, rulebook_version=basis.rulebook_version)


class DeadlineOut(View):
    """The last civil day in time, the first instant that is too late, and what the day rests on."""

    on: date
    ends_at: datetime
    basis: BasisOut

    @classmethod
    def of(cls, deadline: Deadline | None) -> "DeadlineOut | None":
        """The view of ``deadline``; none where there is none."""
        if deadline is None:
            return None
        return cls(on=deadline.on, ends_at=deadline.ends_at, basis=BasisOut.of(deadline.basis))
