"""How secrets and answers are sealed at rest: AES-256-GCM, bound to the row that they belong to."""

import base64
import binascii
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """Nothing on this keyring opens it, or it was sealed for another row."""


class Keyring:
    """The keys that seal: the first one seals, all of them open, so that keys can be replaced.

    ``keys``: each 32 bytes. A sealed value is the nonce and the ciphertext with its tag.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("a keyring needs keys of 32 bytes")
        self._ciphers = [AESGCM(key) for key in keys]

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """A keyring from base64 keys with commas between them; raises ``ValueError`` where they are none."""
        try:
            return cls([base64.b64decode(key.strip(), validate=True) for key in text.split(",")])
        except binascii.Error:
            raise ValueError("a key is not base64") from None

    @classmethod
    def draw(cls) -> "Keyring":
        """A keyring with a fresh key."""
        return cls([secrets.token_bytes(KEY_BYTES)])

    def seal(self, value: bytes, row: str) -> bytes:
        """``value`` sealed for ``row``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, value, row.encode())

    def open(self, sealed: bytes, row: str) -> bytes:
        """What was sealed for ``row``; raises ``SealBroken``."""
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, ciphertext, row.encode())
            except (InvalidTag, ValueError):  # ValueError: too short to be sealed at all
                continue
        raise SealBroken
