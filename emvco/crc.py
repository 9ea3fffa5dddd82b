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
HEX = tuple(f"{value:02X}" for value in range(256))


def checksum(text: str) -> str:
    """Four upper-case hex digits for *text*, which ends in "6304". Raises UnicodeEncodeError on a lone surrogate."""
    return f"{crc_hqx(text.encode(), INITIAL):04X}"


def sign(body: str) -> str:
    """*body* (all data objects but the CRC) with its CRC object appended."""
    body += HEADER
    value = crc_hqx(body.encode(), INITIAL)
    return f"{body}{HEX[value >> 8]}{HEX[value & 0xFF]}"


def resume(state: int, text: str) -> str:
    """Four hex digits for a text of which *state* (from `state_of`) already covers what stands before *text*."""
    value = crc_hqx(text.encode(), state)
    return HEX[value >> 8] + HEX[value & 0xFF]


def state_of(text: str) -> int:
    """The CRC's register after *text*, from which `resume` goes on: for payloads that begin alike."""
    return crc_hqx(text.encode(), INITIAL)
