"""Refusals: what the rules do not allow, said as nouns of the domain.

A refusal has a kind (one of the five classes below) and a code (its own class name in snake case). Which HTTP
status a kind becomes is decided in one place, ``shared/http/problems.py``.
"""

import re
from typing import ClassVar

from shared.kernel.text import Text


class Refusal(Exception):
    """Base of all refusals. A refused act changes nothing.

    ``title`` is what the person reads; the class docstring is the page behind the problem's ``type``;
    ``facts`` are plain values shown beside it, never an echo of what was sent.
    """

    code: ClassVar[str] = "refusal"
    title: ClassVar[Text] = Text("未予受理", "Refused")

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts


class NotFound(Refusal):
    """There is no such thing, or the caller may not know of it."""

    title = Text("未找到", "Not found")


class Forbidden(Refusal):
    """The caller sees the thing but may not do this to it."""

    title = Text("无权办理", "Not permitted")


class Conflict(Refusal):
    """The act does not fit the present state."""

    title = Text("与当前状态冲突", "Conflicts with the present state")


class Invalid(Refusal):
    """What was asked can never be done in this form."""

    title = Text("请求内容不符合规则", "Not acceptable in this form")


class TooOften(Refusal):
    """The act is possible again after ``retry_after`` seconds: it may be done so many times in a while and no more."""

    title = Text("办理过于频繁", "Too often")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after
