"""What the operator chose, by the environment and `.env` (`paygate/environment.py`): each setting read and checked."""

from __future__ import annotations

import difflib
import functools
import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from paygate.core import limits
from paygate.core.fees import PLAN_FEE_BPS, Vat
from paygate.core.limits import Counted, Limit
from paygate.core.matching import NOTICE_CEILING_SATANG
from paygate.core.money import BAHT, MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG, show
from paygate.core.sealing import MIN_SECRET_CHARS, SealingKey
from paygate.db.pool import Database
from paygate.environment import SettingsError, merged
from paygate.services import alert_channels, vendors
from paygate.services.alert_channels import Channels
from paygate.services.context import (
    KEEP_EVIDENCE_DAYS,
    MIN_SETTLEMENT_SATANG,
    SETTLEMENT_CUTOFF,
    Context,
    Seller,
    SettlementRules,
)
from paygate.services.limits import Limiter
from paygate.services.vendors import Chosen

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Value = TypeVar("Value")
NO_NETWORKS: tuple[Network, ...] = ()
LOOPBACK: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1"))
MIN_TOKEN_CHARS = 16

DEFAULT_DATA_DIR = "paygate-data"
DEFAULT_PUBLIC_URL = "http://127.0.0.1:8000"
SECRET_FILE = "secret.key"  # noqa: S105  # a file's name
LOG_LEVELS = ("debug", "info", "warning", "error")
HIGHEST_AMOUNT_SATANG = 999_999_999_900  # Tag 54 of a QR carries 13 characters; a tag of +0.99 must fit as well.
FEE_SETTINGS = {f"PAYGATE_FEE_BPS_{plan.upper()}": plan for plan in PLAN_FEE_BPS if plan != "platform"}
KNOWN = frozenset(
    {
        "PAYGATE_DATABASE_URL",
        "PAYGATE_DATA_DIR",
        "PAYGATE_PUBLIC_URL",
        "PAYGATE_SECRET_KEY",
        "PAYGATE_WEBHOOK_ALLOW_NETWORKS",
        "PAYGATE_MIN_AMOUNT",
        "PAYGATE_MAX_AMOUNT",
        "PAYGATE_NOTICE_CEILING",
        "PAYGATE_KEEP_EVIDENCE_DAYS",
        "PAYGATE_VAT",
        "PAYGATE_FREE_PLAN",
        "PAYGATE_RATE_LIMIT",
        "PAYGATE_SETTLE_NOTICES",
        "PAYGATE_MIN_SETTLEMENT",
        "PAYGATE_SECOND_APPROVAL",
        "PAYGATE_SETTLEMENT_CUTOFF",
        "PAYGATE_BANK_HOLIDAYS",
        "PAYGATE_REFUND_FEE",
        "PAYGATE_REFUND_LINK_DAYS",
        "PAYGATE_INVOICE_DUE_DAYS",
        "PAYGATE_TAX_SELLER",
        "PAYGATE_DB_POOL_SIZE",
        "PAYGATE_LOG_LEVEL",
        "PAYGATE_NO_WORKER",
        "PAYGATE_LISTENING",
        "PAYGATE_METRICS_TOKEN",
        "PAYGATE_TRUSTED_PROXIES",
        "PAYGATE_PG_BIN",  # Read by paygate.embedded.
        *FEE_SETTINGS,
        *vendors.KNOWN,
        *alert_channels.KNOWN,
    }
)
# Another name of one, one of the test suite, and two of the script that a phone runs.
NOT_SETTINGS = frozenset({"BASE_URL", "PAYGATE_REQUIRE_ALL", "PAYGATE_SOURCE_URL", "PAYGATE_SOURCE_SECRET"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every choice of the operator, checked."""

    database_url: str | None = field(repr=False)  # PAYGATE_DATABASE_URL; None: the embedded PostgreSQL of data_dir.
    data_dir: Path  # PAYGATE_DATA_DIR: the embedded PostgreSQL and secret.key live there. Absolute.
    public_url: str  # PAYGATE_PUBLIC_URL or BASE_URL: where payers and merchants reach this host; no slash at the end.
    secret_key: str = field(
        repr=False
    )  # PAYGATE_SECRET_KEY or <data_dir>/secret.key: seals the secrets in the database.
    webhook_allow_networks: tuple[Network, ...] = ()  # PAYGATE_WEBHOOK_ALLOW_NETWORKS: private ones webhooks may reach.
    min_amount_satang: int = MIN_AMOUNT_SATANG  # PAYGATE_MIN_AMOUNT, there in baht: the smallest payment.
    max_amount_satang: int = MAX_AMOUNT_SATANG  # PAYGATE_MAX_AMOUNT, there in baht: the largest payment.
    keep_evidence_days: int = KEEP_EVIDENCE_DAYS  # PAYGATE_KEEP_EVIDENCE_DAYS: texts and pictures; 0: never kept.
    notice_ceiling_satang: int = NOTICE_CEILING_SATANG  # PAYGATE_NOTICE_CEILING, in baht: see core/matching.py.
    vat: Vat = Vat.NONE  # PAYGATE_VAT: none, inclusive or exclusive of the fee.
    settlements: SettlementRules = field(default_factory=SettlementRules)  # PAYGATE_SETTLE_NOTICES and six more.
    plan_fee_bps: Mapping[str, int] = field(default_factory=lambda: dict(PLAN_FEE_BPS))  # PAYGATE_FEE_BPS_<PLAN>.
    rate_limits: Mapping[Counted, Limit] = field(default_factory=lambda: dict(limits.DEFAULTS))  # PAYGATE_RATE_LIMIT.
    db_pool_size: int = 10  # PAYGATE_DB_POOL_SIZE: the most connections of one process.
    log_level: str = "info"  # PAYGATE_LOG_LEVEL: debug, info, warning or error.
    free_plan: bool = True  # PAYGATE_FREE_PLAN: on or off; money of merchants on the central account.
    no_worker: bool = False  # PAYGATE_NO_WORKER=1: the server leaves background work to `paygate worker`.
    metrics_token: str | None = field(default=None, repr=False)  # PAYGATE_METRICS_TOKEN: shows metrics to its bearer.
    trusted_proxies: tuple[Network, ...] = LOOPBACK  # PAYGATE_TRUSTED_PROXIES: who may say where a request came from.
    # PAYGATE_SLIP_VERIFIERS, and PAYGATE_<NAME>_URL, _KEY and so on of each: see services/vendors.py.
    vendors: Chosen = field(default_factory=Chosen)
    alerts: Channels = field(default_factory=Channels)  # PAYGATE_ALERT_...: see services/alert_channels.py.
    listening: tuple[str, int] | None = None  # PAYGATE_LISTENING: host:port of `serve`, where no webhook may go.
    warnings: tuple[str, ...] = ()  # Sentences for the operator: what was set but is not known.

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, data_dir: Path | None = None) -> Settings:
        """Read all settings. *data_dir* is what the command line said; it goes before PAYGATE_DATA_DIR.

        Makes the data folder's secret.key when there is no key yet. Raises SettingsError with all problems at once.
        """
        values = merged(environ, Path())
        reader = _Reader(values)
        folder = (data_dir or Path(values.get("PAYGATE_DATA_DIR", DEFAULT_DATA_DIR))).absolute()
        low = reader.read("PAYGATE_MIN_AMOUNT", _satang, MIN_AMOUNT_SATANG)
        high = reader.read("PAYGATE_MAX_AMOUNT", _satang, max(MAX_AMOUNT_SATANG, low))
        if low > high:
            reader.problems.append("PAYGATE_MIN_AMOUNT is more than PAYGATE_MAX_AMOUNT.")
        chosen = vendors.choose(values)
        told = alert_channels.choose(values)
        reader.problems += (*chosen.problems, *told.problems)
        fees = {plan: reader.read(name, _bps, PLAN_FEE_BPS[plan]) for name, plan in FEE_SETTINGS.items()}
        make = functools.partial(
            cls,
            database_url=reader.read("PAYGATE_DATABASE_URL", _dsn, None),
            data_dir=folder,
            public_url=reader.read(
                "PAYGATE_PUBLIC_URL" if "PAYGATE_PUBLIC_URL" in values else "BASE_URL", _url, DEFAULT_PUBLIC_URL
            ),
            webhook_allow_networks=reader.read("PAYGATE_WEBHOOK_ALLOW_NETWORKS", _networks, NO_NETWORKS),
            min_amount_satang=low,
            max_amount_satang=high,
            keep_evidence_days=reader.read("PAYGATE_KEEP_EVIDENCE_DAYS", _days, KEEP_EVIDENCE_DAYS),
            notice_ceiling_satang=reader.read("PAYGATE_NOTICE_CEILING", _satang, NOTICE_CEILING_SATANG),
            vat=reader.read("PAYGATE_VAT", _vat, Vat.NONE),
            settlements=_settlements(reader),
            plan_fee_bps=PLAN_FEE_BPS | fees,
            rate_limits=reader.read("PAYGATE_RATE_LIMIT", limits.read, limits.DEFAULTS),
            db_pool_size=reader.read("PAYGATE_DB_POOL_SIZE", _pool_size, 10),
            log_level=reader.read("PAYGATE_LOG_LEVEL", _log_level, "info"),
            free_plan=reader.read("PAYGATE_FREE_PLAN", _on_off, True),
            no_worker=reader.read("PAYGATE_NO_WORKER", _switch, False),
            metrics_token=reader.read("PAYGATE_METRICS_TOKEN", _token, None),
            trusted_proxies=reader.read("PAYGATE_TRUSTED_PROXIES", _networks, LOOPBACK),
            listening=reader.read("PAYGATE_LISTENING", _listening, None),
            vendors=chosen.chosen,
            alerts=told.channels,
            warnings=(*chosen.warnings, *_unknowns(values.keys() - chosen.known)),
        )
        secret = reader.read("PAYGATE_SECRET_KEY", _secret, "")
        if not (secret or reader.problems):
            secret = reader.attempt(lambda: kept_secret(folder)) or ""
        if reader.problems:
            raise SettingsError(reader.problems)
        return make(secret_key=secret)

    def context(self, db: Database) -> Context:
        """What the services are given. Each process makes one, and closes it."""
        made, key = vendors.build(self.vendors), SealingKey.of(self.secret_key)
        return Context(
            db=db,
            key=key,
            public_url=self.public_url,
            min_amount_satang=self.min_amount_satang,
            max_amount_satang=self.max_amount_satang,
            keep_evidence_days=self.keep_evidence_days,
            notice_ceiling_satang=self.notice_ceiling_satang,
            plan_fee_bps=dict(self.plan_fee_bps),
            vat=self.vat,
            settlements=self.settlements,
            webhook_allow_networks=self.webhook_allow_networks,
            metrics_token=self.metrics_token,
            listening=self.listening,
            verifiers=made.verifiers,
            login_limit=self.rate_limits.get(Counted.LOGIN),
            limiter=Limiter(db, key, self.rate_limits),
            inquiries=made.inquiries,
            alerts=self.alerts,
            free_plan=self.free_plan,
            http=made.http,
        )


def kept_secret(data_dir: Path) -> str:
    """The key in <data_dir>/secret.key, made on first use with mode 0600. Raises SettingsError.

    Several processes may start at once: each writes a file of its own, and whoever links it into place first wins.
    """
    path = data_dir / SECRET_FILE
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            [f"The secret key cannot be kept in {path}: {error}. Or set PAYGATE_SECRET_KEY."]
        ) from error
    if len(text) < MIN_SECRET_CHARS:
        raise SettingsError([f"{path} holds no key of at least {MIN_SECRET_CHARS} characters."])
    return text


def _make_secret(path: Path) -> None:
    fd, name = tempfile.mkstemp(prefix=".secret-", dir=path.parent)  # Mode 0600.
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return  # Another process was first; its key counts.
    finally:
        os.unlink(name)


class _Reader:
    """Reads values one by one and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        text = self.values.get(name)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}.")
            return default

    def attempt(self, work: Callable[[], Value]) -> Value | None:
        try:
            return work()
        except SettingsError as error:
            self.problems += error.problems
            return None


def _unknowns(names: Set[str]) -> list[str]:
    return [_unknown(name) for name in sorted(names - KNOWN - NOT_SETTINGS)]


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.85)
    return f"{name} is not a setting of this version" + (f"; did you mean {close[0]}?" if close else ".")


# Each parser below raises ValueError with the end of a sentence that begins with the setting's name. Values that may be
# secret are never repeated.


def _dsn(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None or not text.isprintable() or " " in text:
        raise ValueError("must be an address like https://pay.example.com")
    return text.rstrip("/")


def _listening(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        return str(ipaddress.ip_address(parts.hostname or "")), parts.port or int("")
    except ValueError:
        raise ValueError("must be an address and a port, like 127.0.0.1:8000 or [::1]:8000") from None


def _secret(text: str) -> str:
    if len(text) < MIN_SECRET_CHARS:
        raise ValueError(f"must have at least {MIN_SECRET_CHARS} characters")
    return text


def _token(text: str) -> str:
    if len(text) < MIN_TOKEN_CHARS or not text.isascii():
        raise ValueError(f"must have at least {MIN_TOKEN_CHARS} ASCII characters")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    found = []
    for part in re.split(r"[,\s]+", text.strip(" ,")):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError:
            raise ValueError(f"must be networks like 127.0.0.0/8, separated by commas; {part!r} is not one") from None
    return tuple(found)


def _satang(text: str) -> int:
    match = BAHT.fullmatch(text)
    satang = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0")) if match and len(match[2]) <= 15 else 0
    if match is None or match[1] or not MIN_AMOUNT_SATANG <= satang <= HIGHEST_AMOUNT_SATANG:
        limits = f"{show(MIN_AMOUNT_SATANG)} and {show(HIGHEST_AMOUNT_SATANG)}"
        raise ValueError(f"must be baht between {limits}, written like 1500 or 1500.50")
    return satang


def _settlements(reader: _Reader) -> SettlementRules:
    return SettlementRules(
        notices_at_once=reader.read("PAYGATE_SETTLE_NOTICES", _notices_at_once, False),
        min_satang=reader.read("PAYGATE_MIN_SETTLEMENT", _satang, MIN_SETTLEMENT_SATANG),
        second_above_satang=reader.read("PAYGATE_SECOND_APPROVAL", _satang, None),
        cutoff=reader.read("PAYGATE_SETTLEMENT_CUTOFF", _time, SETTLEMENT_CUTOFF),
        invoice_due_days=reader.read("PAYGATE_INVOICE_DUE_DAYS", _days, 15),
        refund_link_days=reader.read("PAYGATE_REFUND_LINK_DAYS", _link_days, 14),
        seller=reader.read("PAYGATE_TAX_SELLER", _seller, None),
        refund_fee=reader.read("PAYGATE_REFUND_FEE", _refund_fee, False),
        more_holidays=reader.read("PAYGATE_BANK_HOLIDAYS", _days_of_rest, frozenset[date]()),
    )


def _seller(text: str) -> Seller:
    parts = [part.strip() for part in text.split(";")]
    if not (3 <= len(parts) <= 4 and all(parts) and re.fullmatch(r"[0-9]{13}", parts[2], re.ASCII)):
        raise ValueError("must be NAME; ADDRESS; TAX ID of 13 digits; BRANCH of 5 digits (00000: the head office)")
    if len(parts) == 4 and not re.fullmatch(r"[0-9]{5}", parts[3], re.ASCII):
        raise ValueError("must end in a BRANCH of 5 digits (00000: the head office)")
    return Seller(*parts)


def _on_off(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("must be on or off")
    return text == "on"


def _notices_at_once(text: str) -> bool:
    if text not in {"after_statement", "at_once"}:
        raise ValueError("must be after_statement or at_once")
    return text == "at_once"


def _refund_fee(text: str) -> bool:
    if text not in {"kept", "returned"}:
        raise ValueError("must be kept or returned")
    return text == "returned"


def _time(text: str) -> time:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        raise ValueError("must be a time of the day in Bangkok, like 16:30")
    return time.fromisoformat(text)


def _days_of_rest(text: str) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(part) for part in re.split(r"[,\s]+", text.strip(" ,")))
    except ValueError:
        raise ValueError("must be days like 2027-01-04, separated by commas") from None


def _vat(text: str) -> Vat:
    if text not in set(Vat):
        raise ValueError(f"must be {', '.join(Vat)}")
    return Vat(text)


def _bps(text: str) -> int:
    return _whole(text, 0, 10_000, "hundredths of a percent")


def _days(text: str) -> int:
    return _whole(text, 0, 3_650, "days")


def _link_days(text: str) -> int:
    return _whole(text, 1, 90, "days")


def _pool_size(text: str) -> int:
    return _whole(text, 1, 500, "connections")


def _whole(text: str, low: int, high: int, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise ValueError(f"must be a whole number of {what} from {low} to {high}")
    return int(text)


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"must be {', '.join(LOG_LEVELS)}")
    return text.lower()


def _switch(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("must be 1 or 0")
    return text == "1"
