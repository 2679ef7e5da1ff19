"""What is a mail address, wherever one is given: in a body, in an imported list, at the founding."""

import re

MOST_CHARACTERS = 254
MOST_BEFORE_AT = 64

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

ADDRESS = (
    r"[A-Za-z0-9_][A-Za-z0-9_%+'-]*(?:\.[A-Za-z0-9_%+'-]+)*"
    rf"@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
)
"""The form, as a regular expression without anchors. It begins like no spreadsheet formula and has a dot in its domain;
letters of other scripts come only as ``xn--``."""

_WHOLE = re.compile(ADDRESS)


def is_mail_address(text: str) -> bool:
    """Whether ``text``, untrimmed, is an address: of this form, and not longer than mail can carry (RFC 5321)."""
    return (
        len(text) <= MOST_CHARACTERS
        and len(text.partition("@")[0]) <= MOST_BEFORE_AT
        and _WHOLE.fullmatch(text) is not None
    )
