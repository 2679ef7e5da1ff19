"""Hash chains over canonical JSON: whoever knows a head can tell that nothing before it was changed."""

import hashlib
import json
from collections.abc import Iterable, Mapping

EMPTY_HEAD = "0" * 64


def canonical(value: Mapping[str, object]) -> bytes:
    """``value`` as JSON with sorted keys, no white space, UTF-8. Only text, integers, booleans, null, lists, objects."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def next_head(head: str, change: Mapping[str, object]) -> str:
    """SHA-256 (hex) of the previous head's 32 bytes and the canonical ``change``."""
    return hashlib.sha256(bytes.fromhex(head) + canonical(change)).hexdigest()


def roll_digest(member_ids: Iterable[str]) -> str:
    """SHA-256 (hex) of the sorted member ids, one a line."""
    return hashlib.sha256("".join(f"{m}\n" for m in sorted(member_ids)).encode()).hexdigest()
