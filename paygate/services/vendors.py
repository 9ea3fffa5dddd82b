"""The operator's banks and vendors: what the settings say of them, and what the services are given."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from paygate.banks.callbacks.facts import Inquiry
from paygate.banks.callbacks.kbank import KBankInquiry
from paygate.banks.callbacks.scb import ScbInquiry
from paygate.banks.slips.facts import SlipVerifier, Vendor
from paygate.banks.slips.kbank import KBankVerifier
from paygate.banks.slips.registry import VERIFIERS, find
from paygate.banks.slips.scb import ScbVerifier
from paygate.banks.transport import NO_HEADERS, TIMEOUT_S, HttpAnswer, HttpFailed
from paygate.db.pool import in_transaction
from paygate.outbound import OutboundError

VERIFIERS_SETTING = "PAYGATE_SLIP_VERIFIERS"
CERT, CERT_KEY = "cert", "cert_key"
INQUIRING = ("scb", "kbank")  # Banks that are asked about their callbacks, whether they verify slips or not.
PARTNER = ("partner_id", "partner_secret")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)

Options: TypeAlias = Mapping[str, str]


class VendorHttp:
    """A paygate.banks.transport.Http over a VendorClient; one for each process."""

    def __init__(self, certificates: Mapping[str, ssl.SSLContext] = MappingProxyType({})) -> None:
        from paygate.outbound import VendorClient  # noqa: PLC0415  # Only who has vendors waits for its import.

        self._client = VendorClient(in_transaction=in_transaction, certificates=certificates)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> HttpAnswer:
        """Any status is an answer; raises HttpFailed when none came, Bug while a database transaction is open."""
        try:
            answer = await self._client.send(method, url, headers=headers, body=body, timeout_s=timeout_s)
        except OutboundError as error:
            raise HttpFailed(error.message) from error
        return HttpAnswer(answer.status, answer.headers, answer.body)

    async def close(self) -> None:
        """Drop all connections."""
        await self._client.close()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the settings say: who verifies slips, in order, and the options of each vendor that is used."""

    verifiers: tuple[str, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict, repr=False)  # Keys and secrets.


@dataclass(frozen=True, slots=True)
class Reading:
    """Chosen, with sentences for the operator about what is wrong, and about what looks so."""

    chosen: Chosen
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    known: frozenset[str]  # The settings of packages that are used.


def setting(vendor: str, option: str) -> str:
    """`slipok`, `key` -> `PAYGATE_SLIPOK_KEY`."""
    return f"PAYGATE_{vendor.upper()}_{option.upper()}"


def settings_of(vendor: Vendor) -> frozenset[str]:
    """Every setting that a vendor has."""
    return frozenset(setting(vendor.name, option) for option in ("url", *vendor.needs, *vendor.also))


KNOWN = frozenset({VERIFIERS_SETTING}).union(*(settings_of(vendor) for vendor in VERIFIERS.values()))


def choose(values: Mapping[str, str]) -> Reading:
    """Read what the settings say of vendors. Problems and warnings never repeat a value that may be secret."""
    problems: list[str] = []
    warnings: list[str] = []
    named = _named(values.get(VERIFIERS_SETTING, ""), problems)
    used = [*named, *(VERIFIERS[name] for name in INQUIRING if VERIFIERS[name] not in named)]
    options: dict[str, Options] = {}
    for vendor in used:
        given = _given(values, vendor)
        if vendor not in named and not given.keys() - {"url"}:
            continue
        because = f"{VERIFIERS_SETTING} names it" if vendor in named else "other settings of it are there"
        problems += [
            f"{setting(vendor.name, name)} is not set, but {because}." for name in vendor.needs if name not in given
        ]
        filled = {"url": vendor.url, **given}
        problems += _faults(vendor, filled)
        if "sandbox" in filled["url"]:
            warnings.append(f"{setting(vendor.name, 'url')} is a sandbox: what it confirms is no real money.")
        options[vendor.name] = filled
    known = frozenset[str]().union(*(settings_of(vendor) for vendor in used))
    return Reading(Chosen(tuple(vendor.name for vendor in named), options), tuple(problems), tuple(warnings), known)


def _named(text: str, problems: list[str]) -> list[Vendor]:
    found: list[Vendor] = []
    for name in (part for part in re.split(r"[,\s]+", text) if part):
        vendor = _found(name, problems)
        if vendor in found:
            problems.append(f"{VERIFIERS_SETTING} names {name} twice.")
        elif vendor is not None:
            found.append(vendor)
    return found


def _found(name: str, problems: list[str]) -> Vendor | None:
    known = ", ".join(VERIFIERS)
    if not _NAME.fullmatch(name):
        problems.append(f"{VERIFIERS_SETTING} must be names like {known}, separated by commas.")
        return None
    try:
        vendor = find(name)
    except (ImportError, AttributeError, SyntaxError) as error:
        problems.append(f"{VERIFIERS_SETTING}: the package of {name} cannot be loaded ({type(error).__name__}).")
        return None
    if vendor is None:
        problems.append(f"{VERIFIERS_SETTING} names {name}, which is none of {known}, nor an installed package's.")
    return vendor


def _given(values: Mapping[str, str], vendor: Vendor) -> dict[str, str]:
    names = ("url", *vendor.needs, *vendor.also)
    given = {name: values[setting(vendor.name, name)] for name in names if setting(vendor.name, name) in values}
    return given | {"url": given["url"].rstrip("/")} if "url" in given else given


def _faults(vendor: Vendor, options: Options) -> list[str]:
    faults = []
    if not _safe_url(options["url"]):
        example = "an https address (http only within your own network)"
        faults.append(f"{setting(vendor.name, 'url')} must be {example}, without query and user.")
    faults += [
        f"{setting(vendor.name, name)} may hold printable ASCII characters only, without blanks."
        for name, value in options.items()
        if not (value.isascii() and value.isprintable() and (" " not in value or name in {CERT, CERT_KEY}))
    ]
    if (CERT in options) != (CERT_KEY in options):
        faults.append(f"{setting(vendor.name, CERT)} and {setting(vendor.name, CERT_KEY)} go together.")
    elif CERT in options and _certificate(options) is None:
        faults.append(f"{setting(vendor.name, CERT)} and {setting(vendor.name, CERT_KEY)} name no certificate's files.")
    if len([name for name in PARTNER if name in options]) == 1:
        faults.append(f"{setting(vendor.name, PARTNER[0])} and {setting(vendor.name, PARTNER[1])} go together.")
    if not faults and all(name in options for name in vendor.needs):
        try:
            vendor.make(options)
        except ValueError as error:
            faults.append(f"{setting(vendor.name, vendor.needs[0])} {error}.")
    return faults


def _safe_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.query or parts.fragment or parts.username is not None or not text.isprintable():
        return False
    return " " not in text and (parts.scheme == "https" or (parts.scheme == "http" and _within(host)))


def _within(host: str) -> bool:
    """Whether a host is of the operator's own network: private by its address, or by its name of one word."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_private or address.is_loopback


def _certificate(options: Options) -> ssl.SSLContext | None:
    context = ssl.create_default_context()
    try:
        context.load_cert_chain(options[CERT], options[CERT_KEY])
    except (OSError, ValueError):  # SSLError is an OSError.
        return None
    return context


@dataclass(frozen=True, slots=True)
class Vendors:
    """What a Context is given: one set for each process, since tokens are kept in it."""

    verifiers: tuple[SlipVerifier, ...]
    inquiries: Mapping[str, Inquiry]
    http: VendorHttp | None


def build(chosen: Chosen) -> Vendors:
    """Make what *chosen* says. Opens nothing before it is used."""
    made: dict[str, SlipVerifier] = {}
    for name, options in chosen.options.items():
        vendor = find(name)
        if vendor is not None:
            made[name] = vendor.make(options)
    inquiries: dict[str, Inquiry] = {}
    for name, verifier in made.items():
        if isinstance(verifier, ScbVerifier):
            inquiries[name] = ScbInquiry(verifier.api)
        elif isinstance(verifier, KBankVerifier) and all(part in chosen.options[name] for part in PARTNER):
            inquiries[name] = KBankInquiry(verifier.api, chosen.options[name])
    http = VendorHttp(_certificates(chosen.options.values())) if made else None
    return Vendors(tuple(made[name] for name in chosen.verifiers), inquiries, http)


def _certificates(all_options: Iterable[Options]) -> dict[str, ssl.SSLContext]:
    found = {}
    for options in all_options:
        context = _certificate(options) if CERT in options else None
        if context is not None:
            parts = urlsplit(options["url"])
            found[f"{parts.scheme}://{parts.netloc}"] = context
    return found
