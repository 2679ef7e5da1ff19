"""Parts that circulars and notices share, and what their examples are made of."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.notifications.domain.notice import Deadline

CIRCULAR_ID = "cir_01a11a86bd51787f8a130c383dc0b2e5"
NOTICE_ID = "ntc_01a11a86c2d37b10a3a0f3c3b2f7a1d4"
MEMBER_ID = "mem_01a0e2f6d0c87e4b9c55f2a1d3b4c5e6"
PUBLIC_URL = "https://gongyue.example"
DRAFTED_AT = "2026-10-08T07:31:02.118450Z"
ISSUED_AT = "2026-10-09T02:00:00.537120Z"
READ_AT = "2026-10-09T03:12:44.902311Z"
TITLE = {"zh": "关于落实用户信息保护规定的通知", "en": "On the protection of users' information"}
BODY = {"zh": "请各成员单位于十日内签收。", "en": "Please acknowledge within ten days."}
AUTHORITATIVE = {"authoritative": "zh"}
DEADLINE = {
    "on": "2026-10-19",
    "rule": "circular.acknowledgement_term",
    "article": "19",
    "rulebook_version": 1,
}


def shown(example: dict[str, Any]) -> ConfigDict:
    """The configuration of a view: exactly its fields, documented by an ``example``."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


def sent(example: dict[str, Any]) -> ConfigDict:
    """What a request body adds to the strict configuration it inherits: an ``example``."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class WordingOut(BaseModel):
    """A text; ``en`` is a translation of the ``authoritative`` Chinese, null where there is none."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    zh: str
    en: str | None
    authoritative: Literal["zh"] = "zh"


class DeadlineOut(BaseModel):
    """The last civil day in time, and the rulebook entry it was computed from."""

    model_config = shown(DEADLINE)

    on: date
    rule: str
    article: str
    rulebook_version: int

    @classmethod
    def of(cls, deadline: Deadline | None) -> "DeadlineOut | None":
        """The deadline as shown; none where there is none."""
        if deadline is None:
            return None
        basis = deadline.basis
        return cls(
            on=deadline.on,
            rule=basis.rule,
            article=basis.article,
            rulebook_version=basis.rulebook_version,
        )
