"""Prefixed, time-ordered identifiers: ``mem_`` and the 32 hex digits of a UUIDv7."""

import re
from datetime import datetime

from uuid_utils.compat import uuid7

ID_DIGITS = 32


def new_id(prefix: str) -> str:
    """A fresh identifier, later than every earlier one of this process in text order."""
    return f"{prefix}_{uuid7().hex}"


def least_id(prefix: str, at: datetime) -> str:
    """What every identifier made at or after ``at`` follows in text order, and every earlier one precedes."""
    return f"{prefix}_{int(at.timestamp() * 1000):012x}{'0' * 20}"


def id_pattern(prefix: str) -> str:
    """The regular expression that every identifier with ``prefix`` matches."""
    return f"^{re.escape(prefix)}_[0-9a-f]{{{ID_DIGITS}}}$"
