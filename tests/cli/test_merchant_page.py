"""`paygate merchant page`: how the payers' page of a merchant looks."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.cli.conftest import Paygate
from tests.cli.test_webhook import shop


def test_a_logo_and_new_qrs_are_set_shown_and_taken_back(inside: Paygate, tmp_path: Path) -> None:
    merchant, picture, text = shop(inside), tmp_path / "logo.png", tmp_path / "logo.txt"
    Image.new("RGB", (300, 100), "navy").save(picture)
    text.write_text("no picture")
    assert inside("merchant", "page", merchant, "--json").json == {
        "merchantId": merchant, "logo": None, "allowRenewal": False,
    }  # fmt: skip
    changed = inside("merchant", "page", merchant, "--logo", str(picture), "--renewal", "--json").json
    assert len(changed["logo"]) == 32 and changed["allowRenewal"] is True
    assert "Logo: shown" in inside("merchant", "page", merchant).out
    refused = inside("merchant", "page", merchant, "--logo", str(text))
    assert refused.status == 1 and "not a readable JPEG, PNG or WebP" in refused.err
    assert inside("merchant", "page", merchant, "--logo", str(picture), "--no-logo").status == 2
    back = inside("merchant", "page", merchant, "--no-logo", "--no-renewal", "--json").json
    assert (back["logo"], back["allowRenewal"]) == (None, False)
    assert inside("merchant", "page", "mer_" + "0" * 16, "--renewal").status == 1
