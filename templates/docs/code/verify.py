import hashlib
import hmac
import time


def verify(body: bytes, header: str, secret: str) -> bool:
    """body: as it came. header: the text of Stripe-Signature. secret: whsec_..., the whole text."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > {{ tolerance_s }}:
        return False
    wanted = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    signatures = [value for name, _, value in parts if name == "v1"]
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in signatures)
