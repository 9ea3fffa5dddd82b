"""The checksum of tag 63: CRC-16/CCITT-FALSE over the UTF-8 bytes of everything before it, its own "6304" included.

Polynomial 0x1021, initial value 0xFFFF, not reflected, no final XOR (EMVCo MPM v1.0, "CRC (ID "63")", which refers to
ISO/IEC 13239). `binascii.crc_hqx` with that initial value is exactly this, in C.

>>> checksum("123456789")
'29B1'
"""

from __future__ import annotations

from binascii import crc_hqx

TAG = "63"
HEADER = "6304"
INITIAL = 0xFFFF


def checksum(text: str) -> str:
    """Four upper-case hex digits for *text*, which ends in "6304". Raises UnicodeEncodeError on a lone surrogate."""
    return f"{crc_hqx(text.encode(), INITIAL):04X}"


def sign(body: str) -> str:
    """*body* (all data objects but the CRC) with its CRC object appended."""
    body += HEADER
    return body + checksum(body)
