"""Reading request bodies strictly: bytes to JSON values, JSON values to the fields of a ``Body``.

What PostgreSQL cannot hold, what two readers could read differently and what the eye cannot see is refused here, so
that no later line has to think of it. A refusal never repeats what was sent.
"""

import json
import math
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Annotated, Final, Literal, TypeVar
from unicodedata import category, normalize

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from shared.kernel.actor import Subject
from shared.kernel.mail import ADDRESS, MOST_CHARACTERS, is_mail_address
from shared.kernel.text import is_unseen

MAX_DEPTH = 32
MAX_ITEMS = 1_000
LINE_LENGTH = 200
PROSE_LENGTH = 20_000
SUB_LENGTH = 200
MARKS_IN_A_ROW = 4

Fault = Literal[
    "not_utf8",
    "not_json",
    "too_deep",
    "duplicate_name",
    "too_many_items",
    "number_out_of_range",
    "character_out_of_range",
]

_MALFORMED: Final = frozenset({"not_utf8", "not_json", "too_deep", "duplicate_name"})
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_LEVELS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS: Final = bytes(set(range(256)) - set(_LEVELS))
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_POINTABLE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INT64: Final = range(-(2**63), 2**63)
_INTEGER_CHARACTERS: Final = len(str(_INT64.start))
_REPEATED_NAME: Final = object()


class UnreadableBody(Exception):
    """A body that is not JSON as we take it. ``pointer`` (RFC 6901) says where, "" being the whole body.

    The pointer stops before a name that none of our fields could have: it would repeat what was sent.
    """

    def __init__(self, code: Fault, pointer: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.pointer = pointer

    def within(self, name: str | int) -> "UnreadableBody":
        """The same fault as seen from the array or object that holds the value under ``name``."""
        is_pointable = _POINTABLE.fullmatch(str(name)) is not None
        return UnreadableBody(self.code, f"/{name}{self.pointer}" if is_pointable else "")

    @property
    def is_well_formed(self) -> bool:
        """Whether one reading of the body exists and only a value in it is refused."""
        return self.code not in _MALFORMED


def parse_json(body: bytes, *, max_items: int = MAX_ITEMS) -> object:
    """The JSON value in ``body``: UTF-8 without a byte order mark, at most ``MAX_DEPTH`` levels.

    Refused with ``UnreadableBody``: a name twice in one object, more than ``max_items`` in an array or object, numbers
    that are not finite, integers beyond 64 bit, NUL and lone surrogates in strings and names.
    """
    if _depth(body) > MAX_DEPTH:
        raise UnreadableBody("too_deep")
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise UnreadableBody("not_utf8") from None
    except json.JSONDecodeError:
        raise UnreadableBody("not_json") from None
    _refuse_values(value, max_items)
    return value


def _depth(body: bytes) -> int:
    brackets = _STRING.sub(b"", body).translate(None, delete=_NO_BRACKETS)
    return max(accumulate(_LEVELS[bracket] for bracket in brackets), default=0)


def _integer(digits: str) -> int | float:
    # int() of thousands of digits is slow; what is too long is out of range whatever it says.
    return int(digits) if len(digits) <= _INTEGER_CHARACTERS else math.inf


def _members(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _REPEATED_NAME


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer)


def _refuse_text(text: str) -> None:
    if _UNSTORABLE.search(text):
        raise UnreadableBody("character_out_of_range")


def _refuse_values(value: object, max_items: int) -> None:
    if isinstance(value, str):
        _refuse_text(value)
    elif isinstance(value, int | float):
        if not (math.isfinite(value) if isinstance(value, float) else value in _INT64):
            raise UnreadableBody("number_out_of_range")
    elif isinstance(value, list | dict):
        if len(value) > max_items:
            raise UnreadableBody("too_many_items")
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(name, str):
                _refuse_text(name)
            try:
                _refuse_values(item, max_items)
            except UnreadableBody as fault:
                raise fault.within(name) from None
    elif value is _REPEATED_NAME:
        raise UnreadableBody("duplicate_name")


class Body(BaseModel):
    """The model of a request body: no unknown fields, nothing converted (``"5"`` and ``true`` are no integers).

    A plain ``date``, ``datetime`` or enum refuses every JSON string; fields use ``Day``, ``Moment`` and ``Choice``.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        str_max_length=PROSE_LENGTH,
        hide_input_in_errors=True,
    )


_Text = TypeVar("_Text", bound=StrEnum)

Choice = Annotated[_Text, Field(strict=False)]
"""One of the values of an enum, sent as its string: ``Choice[Sector]``."""

Whole = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]
"""An integer that a PostgreSQL ``integer`` holds."""

Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``."""


# NFC makes one character of a letter and its marks at most: longer input is too long for every field.
_LONGEST: Final = PROSE_LENGTH * (1 + MARKS_IN_A_ROW)


def _visible(value: object, *, besides: str = "") -> object:
    """Text in NFC without blanks at its ends, of characters that the eye can tell (or that stand in ``besides``).

    Refused: control, bidi and zero-width characters, and piles of combining marks. Marks are counted first, because
    normalising a pile takes time quadratic in its height.
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    text = value.strip()
    marks = 0
    for character in text:
        if is_unseen(character) and character not in besides:
            raise PydanticCustomError(
                "character_out_of_range", "Control, bidi and zero-width characters are not taken"
            )
        marks = marks + 1 if category(character).startswith("M") else 0
        if marks > MARKS_IN_A_ROW:
            raise PydanticCustomError("too_many_marks", "Too many combining marks in a row")
    return normalize("NFC", text)


def _visible_lines(value: object) -> object:
    return _visible(
        value.replace("\r\n", "\n") if isinstance(value, str) else value, besides="\n\t"
    )


Line = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LINE_LENGTH),
    BeforeValidator(_visible),
]
"""A text of one line, 1 to 200 characters."""

Prose = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=PROSE_LENGTH),
    BeforeValidator(_visible_lines),
]
"""A text of any number of lines, 1 to 20,000 characters; lines end with ``\\n``."""


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if _DAY.fullmatch(value) else value
        except ValueError:
            raise PydanticCustomError("date_parsing", "There is no such day") from None
    return value


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else value
        except ValueError:
            raise PydanticCustomError("datetime_parsing", "There is no such moment") from None
    return value


Day = Annotated[
    date,
    Field(strict=True, ge=date(1900, 1, 1), le=date(2200, 12, 31)),
    BeforeValidator(_day),
]
"""A civil day, sent as ``2005-03-09``, of the years 1900 to 2200."""

Moment = Annotated[
    AwareDatetime,
    Field(strict=True, ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2201, 1, 1, tzinfo=UTC)),
    BeforeValidator(_moment),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
]
"""An instant, sent as RFC 3339 with its offset (``2005-03-09T08:00:00+08:00``), of the years 1900 to 2200; UTC here."""


def _address(text: str) -> str:
    if not is_mail_address(text):
        raise PydanticCustomError("string_pattern_mismatch", "No mail address")
    return text


Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=MOST_CHARACTERS, pattern=f"^{ADDRESS}$"),
    AfterValidator(_address),
]
"""A mail address as the register takes it: ``shared.kernel.mail`` says what that is."""


def _exact(sub: str) -> str:
    if not sub.isprintable() or sub != sub.strip():
        raise PydanticCustomError("character_out_of_range", "A subject is told by what is seen")
    return sub


Sub = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=SUB_LENGTH),
    AfterValidator(_exact),
]
"""A subject's name at its issuer, 1 to 200 characters. It is compared exactly, so it is never normalised."""


class SubjectBody(Body):
    """A person or machine as a body names it; without ``issuer`` it is one of the issuer we trust."""

    sub: Sub
    issuer: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None

    def within(self, trusted_issuer: str) -> Subject:
        """The subject meant, where tokens come from ``trusted_issuer``."""
        return Subject(self.issuer or trusted_issuer, self.sub)
