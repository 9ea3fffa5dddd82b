"""Secrets at rest: AES-256-GCM (NIST SP 800-38D) under one installation key, bound to what they belong to.

A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext and tag`. The purpose (for example
`endpoint:<uuid>`) is authenticated with it, so that a row's secret is of no use in another row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paygate.core.errors import Bug

VERSION = b"\x01"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
MIN_SECRET_CHARS = 32


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The installation's key, derived from PAYGATE_SECRET_KEY; `id` says which one sealed a value."""

    id: bytes
    sealing: bytes = field(repr=False)
    signing: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> SealingKey:
        """Derive the keys of a secret text of at least 32 characters."""
        material = secret.encode()
        sealing = hmac.digest(material, b"paygate sealing v1", "sha256")
        signing = hmac.digest(material, b"paygate signing v1", "sha256")
        return cls(hashlib.sha256(b"paygate key id v1" + sealing).digest()[:KEY_ID_BYTES], sealing, signing)

    def seal(self, plain: bytes, purpose: str, nonce: bytes) -> bytes:
        """Encrypt *plain* for *purpose* with 12 fresh random bytes."""
        if len(nonce) != NONCE_BYTES:
            raise Bug("A nonce has 12 bytes.")
        head = VERSION + self.id
        return head + nonce + AESGCM(self.sealing).encrypt(nonce, plain, head + purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt. Raises Bug when the value was sealed with another key, for another purpose, or was changed."""
        head, nonce, body = sealed[:9], sealed[9 : 9 + NONCE_BYTES], sealed[9 + NONCE_BYTES :]
        if head != VERSION + self.id:
            raise Bug("A stored secret was sealed with another PAYGATE_SECRET_KEY.")
        try:
            return AESGCM(self.sealing).decrypt(nonce, body, head + purpose.encode())
        except (InvalidTag, ValueError):  # ValueError: cut short within the nonce.
            raise Bug("A stored secret was changed.") from None

    def token(self, purpose: str) -> str:
        """A 130-bit token that only this installation can make: for links and client secrets."""
        mac = hmac.digest(self.signing, purpose.encode(), "sha256")
        return base64.b32encode(mac).decode().lower()[:26]
