"""What each type of webhook tells: in words, as a JSON schema, and in an invented example (N4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.notifications.domain.message import Data, WebhookType
from services.notifications.domain.notice import NoticeCategory
from shared.kernel.ids import ID_DIGITS, id_pattern
from shared.kernel.text import Text

Schema = Mapping[str, Any]

_NOBODY = "0" * ID_DIGITS
_DAY: Schema = {"type": "string", "format": "date"}


def _id(*prefixes: str) -> Schema:
    return {"type": "string", "pattern": "|".join(map(id_pattern, prefixes))}


_FIELDS: Mapping[str, tuple[Schema, str | int | None]] = {
    "notice_id": (_id("ntc"), f"ntc_{_NOBODY}"),
    "about_id": (_id("cir", "bul", "prp", "bal", "cnv", "itp", "anx"), f"cir_{_NOBODY}"),
    "number": ({"type": ["string", "null"]}, "C-2000-001"),
    "category": ({"enum": [category.value for category in NoticeCategory]}, "regulation"),
    "register_version": ({"type": "integer", "minimum": 0}, 1),
    "acknowledge_by": ({**_DAY, "type": ["string", "null"]}, "2000-01-11"),
    "member_id": (_id("mem"), f"mem_{_NOBODY}"),
    "effective_on": (_DAY, "2000-01-01"),
    "valid_from": (_DAY, "2000-01-01"),
    "representative_id": (_id("rep"), f"rep_{_NOBODY}"),
    "endpoint_id": (_id("whe"), f"whe_{_NOBODY}"),
    "challenge": ({"type": "string", "maxLength": 64}, "echo-me"),
}
"""Every value that a webhook's data can hold: its form, and one that is nobody's."""


@dataclass(frozen=True, slots=True)
class EventType:
    """What one type of webhook tells. ``example``: invented data, as a test event carries it."""

    type: WebhookType
    meaning: Text
    example: Data

    @property
    def schema(self) -> Schema:
        """The JSON schema of a whole body. More may be added to ``data``: readers pass over what they do not know."""
        fields = {name: _FIELDS[name][0] for name in self.example}
        fields["url"] = {
            "type": "string",
            "format": "uri",
            "description": "Where it is told whole.",
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"const": self.type.value},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": {"type": "object", "required": list(fields), "properties": fields},
                "test": {
                    "const": True,
                    "description": "A test event says so; its data is invented.",
                },
            },
        }


def _told(type: WebhookType, zh: str, en: str, *fields: str, **unlike: str | None) -> EventType:
    example = {name: _FIELDS[name][1] for name in fields} | unlike
    return EventType(type, Text(zh, en), example)


_NOTICE: Sequence[str] = (
    "notice_id",
    "about_id",
    "number",
    "category",
    "register_version",
    "acknowledge_by",
)
_T = WebhookType


def _of(prefix: str, category: NoticeCategory, number: str | None = None) -> dict[str, str | None]:
    return {
        "about_id": f"{prefix}_{_NOBODY}",
        "number": number,
        "category": category.value,
        "acknowledge_by": None,
    }


_PROPOSAL = _of("prp", NoticeCategory.PROPOSAL)
_BALLOT = _of("bal", NoticeCategory.BALLOT)
_RESULT = _of("bal", NoticeCategory.BALLOT, "R-2000-001")

_ANNOUNCED = (
    (_T.PROPOSAL_SUBMITTED, "有修改公约的提案", "An amendment was proposed.", _PROPOSAL),
    (
        _T.PROPOSAL_SUPPORTED_ENOUGH,
        "提案已获足够附议",
        "Enough members stand behind a proposal.",
        _PROPOSAL,
    ),
    (
        _T.PROPOSAL_REBASED,
        "提案改以最新版本为基础",
        "A proposal was put on the latest version.",
        _PROPOSAL,
    ),
    (
        _T.PROPOSAL_DRAFT_CHANGED,
        "本单位附议的提案草案已修改",
        "A proposal that the unit supports has another draft: its support waits to be confirmed.",
        _PROPOSAL,
    ),
    (_T.PROPOSAL_RETRACTED, "提案已撤回", "A proposal was withdrawn.", _PROPOSAL),
    (
        _T.PROPOSAL_LAPSED,
        "提案期限内未获足够附议",
        "A proposal did not find enough support in its term.",
        _PROPOSAL,
    ),
    (
        _T.PROMULGATION_OVERDUE,
        "已通过的修改逾期未公布",
        "An adopted amendment was not promulgated in its term.",
        _of("prp", NoticeCategory.CONVENTION),
    ),
    (_T.BALLOT_CALLED, "将举行表决", "A ballot was called.", _BALLOT),
    (_T.BALLOT_OPENED, "表决开始", "A ballot is open: votes are taken.", _BALLOT),
    (_T.BALLOT_EXTENDED, "表决延期", "A ballot closes later than was said.", _BALLOT),
    (_T.BALLOT_CLOSED, "表决截止", "A ballot is closed; its result follows.", _BALLOT),
    (_T.BALLOT_CANCELLED, "表决取消", "A ballot was given up before it opened.", _BALLOT),
    (
        _T.BALLOT_REMINDER_DUE,
        "本单位尚未投票",
        "The unit has not voted yet. Nobody else is told.",
        _BALLOT,
    ),
    (
        _T.VOTE_VOIDED,
        "本单位的一次投票无效",
        "A vote of the unit is void: its mandate had ended. Nobody else is told.",
        _BALLOT,
    ),
    (
        _T.VOTE_REPLACED,
        "本单位另一代表已重新投票",
        "Another representative of the unit voted after the first. Nobody else is told.",
        _BALLOT,
    ),
    (
        _T.BALLOT_MEMBER_CANCELLED,
        "表决期间有成员资格被取消",
        "A membership was cancelled while a ballot runs.",
        _BALLOT,
    ),
    (_T.RESULT_ESTABLISHED, "表决结果已确定", "What a ballot decided is known.", _RESULT),
    (
        _T.RESULT_DETERMINED,
        "有待认定的表决结果已认定",
        "An undetermined result was determined.",
        _RESULT,
    ),
    (
        _T.CONVENTION_PROMULGATED,
        "公布了公约的一个版本",
        "A version of the convention was published; one that was imported has no number.",
        _of("cnv", NoticeCategory.CONVENTION, "P-2000-001"),
    ),
    (
        _T.CONVENTION_CORRECTED,
        "公约条文的表述得到更正",
        "A wording of the convention was mended, without an amendment.",
        _of("cnv", NoticeCategory.CONVENTION),
    ),
    (
        _T.INTERPRETATION_ISSUED,
        "作出了公约解释",
        "A provision was interpreted.",
        _of("itp", NoticeCategory.CONVENTION, "I-000001"),
    ),
    (
        _T.INTERPRETATION_SUPERSEDED,
        "一项公约解释已被取代",
        "A later interpretation took the place of one.",
        _of("itp", NoticeCategory.CONVENTION),
    ),
    (
        _T.ANNEX_ADOPTED,
        "一项分支行业自律协议经成员同意成为公约附件",
        "The members consented to the agreement of a branch, which is now an annex.",
        _of("anx", NoticeCategory.CONVENTION, "A-000001"),
    ),
)
"""What amendments announces, with what its notices bear."""

EVENT_TYPES: Mapping[WebhookType, EventType] = {
    told.type: told
    for told in (
        _told(
            _T.CIRCULAR_ISSUED,
            "发出了一份致本单位的通函",
            "A circular went out to the unit.",
            *_NOTICE,
        ),
        _told(
            _T.BULLETIN_PUBLISHED,
            "发布了一期成员通报",
            "An edition of the member bulletin was published.",
            *_NOTICE,
            about_id=f"bul_{_NOBODY}",
            number="B-000001",
            category="register",
        ),
        *(_told(type, zh, en, *_NOTICE, **bears) for type, zh, en, bears in _ANNOUNCED),
        _told(
            _T.MEMBER_ACCEDED,
            "本单位成为成员",
            "The unit is a member, or is one again.",
            *("member_id", "effective_on", "register_version"),
        ),
        _told(
            _T.PARTICULARS_CHANGED,
            "本单位的登记事项有变更",
            "The unit's particulars on the register changed.",
            *("member_id", "valid_from", "register_version"),
        ),
        _told(
            _T.MEMBER_ENDING_ANNOUNCED,
            "本单位的成员资格将于日后终止",
            "The unit's membership will end on a later day.",
            *("member_id", "effective_on"),
        ),
        _told(
            _T.MEMBER_ENDING_RETRACTED,
            "此前宣布的终止已撤回",
            "An ending that was announced was taken back.",
            *("member_id", "effective_on"),
        ),
        _told(
            _T.MEMBER_ENDED,
            "本单位的成员资格已终止；此后不再推送",
            "The unit's membership ended; nothing is told after this.",
            *("member_id", "effective_on", "register_version"),
        ),
        _told(
            _T.REPRESENTATIVE_APPOINTED,
            "本单位有了新的代表",
            "Somebody may act for the unit.",
            *("member_id", "representative_id", "register_version"),
        ),
        _told(
            _T.REPRESENTATIVE_REMOVED,
            "本单位的一名代表已被撤销",
            "A representative may act for the unit no more.",
            *("member_id", "representative_id", "register_version"),
        ),
        _told(
            _T.VERIFICATION_REQUESTED,
            "归属验证：请以 2xx 作答，并原样返回 data.challenge",
            "The ownership check: answer 2xx and give `data.challenge` back, alone or as JSON under that name.",
            *("member_id", "endpoint_id", "challenge"),
        ),
    )
}
