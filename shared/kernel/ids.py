"""Prefixed, time-ordered identifiers: ``mem_`` and the 32 hex digits of a UUIDv7."""

import re

from uuid_utils.compat import uuid7

ID_DIGITS = 32


def new_id(prefix: str) -> str:
    """A fresh identifier, later than every earlier one of this process in text order."""
    return f"{prefix}_{uuid7().hex}"


def id_pattern(prefix: str) -> str:
    """The regular expression that every identifier with ``prefix`` matches."""
    return f"^{re.escape(prefix)}_[0-9a-f]{{{ID_DIGITS}}}$"
