"""The headers of a webhook as the Standard Webhooks specification asks for them (symmetric signatures, ``v1``)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32


def shown_secret(key: bytes) -> str:
    """A secret as its owner gets it, once."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def webhook_id(message_id: str, member_id: str) -> str:
    """What a receiver tells repetitions by: one for a message and a member, over all its endpoints and attempts."""
    digest = hashlib.sha256(f"{message_id} {member_id}".encode()).hexdigest()
    return f"msg_{digest[:32]}"


def signed_headers(
    message_id: str, timestamp: int, body: bytes, keys: Iterable[bytes]
) -> list[tuple[str, str]]:
    """``webhook-id``, ``webhook-timestamp`` (whole seconds) and ``webhook-signature``, one signature for each key."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    signatures = (
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys
    )
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", " ".join(signatures)),
    ]
