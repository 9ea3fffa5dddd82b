"""What the settings say of vendors: all that is wrong at once, nothing secret repeated, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from paygate.banks.slips import ErrorKind, SlipFacts, SlipRef, Vendor, VerifierError, registry
from paygate.banks.transport import Http
from paygate.environment import SettingsError
from paygate.services.vendors import KNOWN, Chosen, build, choose
from paygate.settings import Settings
from tests.banks.vendors import NEEDS

ALL = ",".join(NEEDS)
GIVEN = {f"PAYGATE_{name.upper()}_{key}": value for name, needs in NEEDS.items() for key, value in needs.items()}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_settings_there_is_no_vendor_and_no_client() -> None:
    reading = choose({})
    assert (reading.chosen, reading.problems, reading.warnings) == (Chosen(), (), ())
    made = build(reading.chosen)
    assert (made.verifiers, made.inquiries, made.http) == ((), {}, None)


def test_all_six_in_the_order_that_was_said() -> None:
    reading = choose({"PAYGATE_SLIP_VERIFIERS": "kbank, slipok easyslip2,scb,slip2go,easyslip", **GIVEN})
    assert reading.problems == ()
    made = build(reading.chosen)
    assert [v.name for v in made.verifiers] == ["kbank", "slipok", "easyslip2", "scb", "slip2go", "easyslip"]
    assert set(made.inquiries) == {"scb", "kbank"}
    assert made.http is not None
    assert reading.chosen.options["easyslip"]["url"] == "https://developer.easyslip.com/api/v1"


def test_every_missing_option_is_named_at_once() -> None:
    problems = " ".join(choose({"PAYGATE_SLIP_VERIFIERS": ALL}).problems)
    names = "EASYSLIP_KEY EASYSLIP2_KEY SLIPOK_KEY SLIPOK_BRANCH SLIP2GO_KEY SCB_KEY SCB_SECRET KBANK_KEY KBANK_SECRET"
    for name in names.split():
        assert f"PAYGATE_{name} is not set" in problems
    assert "KBANK_PARTNER" not in problems  # Verifying slips does not need it.


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"PAYGATE_SLIP_VERIFIERS": "slipnope"}, "slipnope"),
        ({"PAYGATE_SLIP_VERIFIERS": "easyslip,easyslip", "PAYGATE_EASYSLIP_KEY": "k"}, "twice"),
        ({"PAYGATE_SLIP_VERIFIERS": "../etc"}, "names like"),
        ({"PAYGATE_SLIP_VERIFIERS": "easyslip", "PAYGATE_EASYSLIP_KEY": "hunter2\x01"}, "printable"),
        ({"PAYGATE_SLIP_VERIFIERS": "easyslip", "PAYGATE_EASYSLIP_KEY": "กุญแจ"}, "ASCII"),
        ({"PAYGATE_SCB_KEY": "k"}, "PAYGATE_SCB_SECRET is not set"),
        ({"PAYGATE_KBANK_PARTNER_ID": "P"}, "PAYGATE_KBANK_KEY is not set"),
        ({**GIVEN, "PAYGATE_KBANK_PARTNER_SECRET": ""}, "go together"),
        ({**GIVEN, "PAYGATE_KBANK_CERT": "/nowhere/cert.pem"}, "go together"),
        (
            {**GIVEN, "PAYGATE_KBANK_CERT": "/nowhere/a.pem", "PAYGATE_KBANK_CERT_KEY": "/nowhere/b.pem"},
            "no certificate",
        ),
    ],
)
def test_what_cannot_be_is_a_problem(said: dict[str, str], word: str) -> None:
    reading = choose({name: value for name, value in said.items() if value})
    assert word in " ".join(reading.problems)
    assert "hunter2" not in " ".join(reading.problems)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api.example.com/v1/", True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://localhost:9000", True),
        ("http://10.1.2.3", True),
        ("http://verifier:8080", True),  # A container's name.
        ("http://api.example.com", False),  # The key would go out in clear.
        ("http://8.8.8.8", False),
        ("https://user:pass@example.com", False),
        ("https://example.com/?a=b", False),
        ("https://example.com/ x", False),
        ("ftp://example.com", False),
        ("example.com", False),
        ("https://", False),
        ("https://example.com:0", False),
        ("https://[::1", False),
    ],
)
def test_keys_go_out_in_clear_within_the_operators_network_only(url: str, good: bool) -> None:
    said = {"PAYGATE_SLIP_VERIFIERS": "slip2go", "PAYGATE_SLIP2GO_KEY": "k", "PAYGATE_SLIP2GO_URL": url}
    reading = choose(said)
    assert (reading.problems == ()) is good, reading.problems
    if good:
        assert not reading.chosen.options["slip2go"]["url"].endswith("/")


def test_a_sandbox_is_warned_of() -> None:
    url = "https://api-sandbox.partners.scb/partners/sandbox"
    [warning] = choose({**GIVEN, "PAYGATE_SCB_URL": url}).warnings
    assert "PAYGATE_SCB_URL" in warning and "no real money" in warning


def test_a_bank_is_asked_about_callbacks_without_verifying_slips() -> None:
    made = build(choose({"PAYGATE_SCB_KEY": "k", "PAYGATE_SCB_SECRET": "s"}).chosen)
    assert (made.verifiers, set(made.inquiries)) == ((), {"scb"})
    made = build(choose({"PAYGATE_KBANK_KEY": "k", "PAYGATE_KBANK_SECRET": "s"}).chosen)
    assert made.inquiries == {}  # The QR service needs its partner's id as well.


def test_settings_tell_all_problems_together_and_hide_secrets() -> None:
    key = {"PAYGATE_SECRET_KEY": "k" * 40}
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({**key, "PAYGATE_SLIP_VERIFIERS": "slipok", "PAYGATE_LOG_LEVEL": "loud"})
    assert len(refused.value.problems) == 3
    settings = Settings.from_env({**key, **GIVEN, "PAYGATE_SLIP_VERIFIERS": ALL})
    assert not any(secret in repr(settings) for needs in NEEDS.values() for secret in needs.values())
    assert settings.warnings == ()
    assert set(GIVEN) < KNOWN


# --- other packages' verifiers -------------------------------------------------------------------------------------


class Mine:
    """A verifier of another package."""

    name = "mine"

    def __init__(self, options: Mapping[str, str]) -> None:
        if options["key"] == "bad":
            raise ValueError("is not a key of this vendor")
        self.options = options

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        raise VerifierError(ErrorKind.NOT_FOUND, provider=self.name)


VENDOR = Vendor("mine", Mine, "https://mine.example", also=("branch",))
NOT_A_VENDOR = object()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A package that is installed, and one that is broken; the names that were looked for."""
    looked_for: list[str] = []
    here = "tests.services.test_vendor_settings"
    made = EntryPoints(
        [
            EntryPoint("mine", f"{here}:VENDOR", registry.GROUP),
            EntryPoint("other", f"{here}:NOT_A_VENDOR", registry.GROUP),
            EntryPoint("broken", "no.such.module:VENDOR", registry.GROUP),
            EntryPoint("slipok", f"{here}:VENDOR", registry.GROUP),
        ]
    )

    def entry_points(**wanted: Any) -> EntryPoints:
        looked_for.append(wanted["name"])
        return made.select(**wanted)

    monkeypatch.setattr(registry, "entry_points", entry_points)
    yield looked_for


def test_an_installed_package_is_used_only_when_it_is_named(installed: list[str]) -> None:
    choose({"PAYGATE_SLIP_VERIFIERS": "easyslip", "PAYGATE_EASYSLIP_KEY": "k"})
    assert installed == []
    values = {"PAYGATE_SLIP_VERIFIERS": "mine", "PAYGATE_MINE_KEY": "k", "PAYGATE_MINE_BRANCH": "7"}
    reading = choose(values)
    assert reading.problems == ()
    [verifier] = build(reading.chosen).verifiers
    assert isinstance(verifier, Mine)
    assert verifier.options == {"url": "https://mine.example", "key": "k", "branch": "7"}
    settings = Settings.from_env({"PAYGATE_SECRET_KEY": "k" * 40, **values})
    assert settings.warnings == ()  # Its settings are known while it is used.


def test_a_package_that_cannot_be_used_is_a_problem_and_ours_cannot_be_replaced(installed: list[str]) -> None:
    for name, word in (("broken", "cannot be loaded"), ("other", "none of"), ("absent", "none of")):
        assert word in " ".join(choose({"PAYGATE_SLIP_VERIFIERS": name}).problems)
    [problem] = choose({"PAYGATE_SLIP_VERIFIERS": "mine", "PAYGATE_MINE_KEY": "bad"}).problems
    assert problem == "PAYGATE_MINE_KEY is not a key of this vendor."
    assert registry.find("slipok") is registry.VERIFIERS["slipok"]
