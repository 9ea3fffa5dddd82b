"""Settings: what the operator said, or all that is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from paygate.core.fees import Vat
from paygate.environment import SettingsError
from paygate.settings import KNOWN, Settings, kept_secret

KEY = "k" * 40


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(**said: str) -> Settings:
    return Settings.from_env({"PAYGATE_SECRET_KEY": KEY, **said})


def test_without_anything_set_the_defaults_hold(folder: Path) -> None:
    settings = Settings.from_env({})
    assert settings.database_url is None
    assert settings.data_dir == folder / "paygate-data"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert (settings.min_amount_satang, settings.max_amount_satang) == (100, 50_000_000)
    assert settings.vat is Vat.NONE
    assert settings.plan_fee_bps["pro"] == 200
    assert (settings.db_pool_size, settings.log_level, settings.no_worker) == (10, "info", False)
    assert settings.warnings == ()


def test_every_setting_is_read() -> None:
    settings = read(
        PAYGATE_DATABASE_URL="postgresql://me:pass@db/x",
        PAYGATE_DATA_DIR="/var/lib/paygate",
        BASE_URL="https://old.example",
        PAYGATE_PUBLIC_URL="https://pay.example/gate/",
        PAYGATE_WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8, 10.0.0.0/8 ::1/128",
        PAYGATE_MIN_AMOUNT="20",
        PAYGATE_MAX_AMOUNT="1000000.50",
        PAYGATE_VAT="exclusive",
        PAYGATE_FEE_BPS_PRO="190",
        PAYGATE_DB_POOL_SIZE="20",
        PAYGATE_LOG_LEVEL="WARNING",
        PAYGATE_NO_WORKER="1",
    )
    assert settings.database_url == "postgresql://me:pass@db/x"
    assert settings.data_dir == Path("/var/lib/paygate")
    assert settings.public_url == "https://pay.example/gate"
    assert settings.webhook_allow_networks == tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "::1/128")))
    assert (settings.min_amount_satang, settings.max_amount_satang) == (2_000, 100_000_050)
    assert settings.vat is Vat.EXCLUSIVE
    assert dict(settings.plan_fee_bps) == {"platform": 0, "free": 300, "basic": 250, "pro": 190, "enterprise": 150}
    assert (settings.db_pool_size, settings.log_level, settings.no_worker) == (20, "warning", True)
    assert read(BASE_URL="https://old.example").public_url == "https://old.example"


def test_all_problems_are_told_at_once_and_no_secret_is_repeated() -> None:
    wrong = {
        "PAYGATE_DATABASE_URL": "mysql://me:hunter2@db/x",
        "PAYGATE_PUBLIC_URL": "pay.example",
        "PAYGATE_SECRET_KEY": "hunter2",
        "PAYGATE_WEBHOOK_ALLOW_NETWORKS": "127.0.0.1/8",
        "PAYGATE_MIN_AMOUNT": "0.99",
        "PAYGATE_MAX_AMOUNT": "1e9",
        "PAYGATE_VAT": "some",
        "PAYGATE_FEE_BPS_FREE": "10001",
        "PAYGATE_DB_POOL_SIZE": "0",
        "PAYGATE_RATE_LIMIT": "key=100",
        "PAYGATE_LOG_LEVEL": "loud",
        "PAYGATE_NO_WORKER": "yes",
    }
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(wrong)
    assert {problem.split()[0] for problem in refused.value.problems} == set(wrong)
    assert "hunter2" not in refused.value.message
    with pytest.raises(SettingsError, match="more than"):
        read(PAYGATE_MIN_AMOUNT="100", PAYGATE_MAX_AMOUNT="99.99")


@pytest.mark.parametrize(
    "url", ["https://x/?a=1", "https://x/#a", "https://me@x/", "https://", "https://x:99999", "ftp://x"]
)
def test_a_public_url_is_a_plain_address(url: str) -> None:
    with pytest.raises(SettingsError):
        read(PAYGATE_PUBLIC_URL=url)


def test_unknown_settings_are_warned_about() -> None:
    settings = read(PAYGATE_MAX_AMOUT="5", PAYGATE_TELEGRAM="x", UNRELATED="y")
    assert settings.warnings == (
        "PAYGATE_MAX_AMOUT is not a setting of this version; did you mean PAYGATE_MAX_AMOUNT?",
        "PAYGATE_TELEGRAM is not a setting of this version.",
    )


def test_dotenv_fills_what_the_environment_leaves_open(folder: Path) -> None:
    (folder / ".env").write_text(
        "# PayGate\n\nexport PAYGATE_VAT='inclusive'\nPAYGATE_MIN_AMOUNT=5 # baht\n PAYGATE_MAX_AMOUNT = \"70\"\n"
        "BASE_URL=https://x.example#not-a-comment\nOTHER=$(rm)\nnonsense\nPAYGATE_LOG_LEVEL=debug\n"
    )
    with pytest.raises(SettingsError, match="BASE_URL"):
        read()
    settings = read(PAYGATE_PUBLIC_URL="https://y.example", PAYGATE_MIN_AMOUNT="6", PAYGATE_LOG_LEVEL="")
    assert settings.vat is Vat.INCLUSIVE
    assert (settings.min_amount_satang, settings.max_amount_satang) == (600, 7_000)
    assert settings.log_level == "info", "set but empty means not set"


def test_secrets_do_not_show() -> None:
    settings = read(PAYGATE_DATABASE_URL="postgresql://me:hunter2@db/x")
    assert KEY not in repr(settings) and "hunter2" not in repr(settings)


def test_a_key_is_made_once_for_the_owner_alone(folder: Path) -> None:
    first = Settings.from_env({})
    path = folder / "paygate-data" / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first.secret_key) >= 32
    assert Settings.from_env({}).secret_key == first.secret_key
    assert Settings.from_env({}, data_dir=folder / "other").secret_key != first.secret_key
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_a_given_key_makes_no_file(folder: Path) -> None:
    read()
    assert list(folder.iterdir()) == []


def test_processes_that_start_at_once_share_one_key(folder: Path) -> None:
    script = "import sys; from pathlib import Path; from paygate.settings import *; print(kept_secret(Path('d')))"
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=folder) for _ in range(6)]
    assert len({process.communicate()[0] for process in started}) == 1
    assert [file.name for file in (folder / "d").iterdir()] == ["secret.key"]


def test_a_key_file_that_is_no_key_is_refused(folder: Path) -> None:
    (folder / "secret.key").write_text("short\n")
    with pytest.raises(SettingsError, match="at least 32"):
        kept_secret(folder)
    (folder / "file").write_text("")
    with pytest.raises(SettingsError, match="PAYGATE_SECRET_KEY"):
        kept_secret(folder / "file")


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    missing = [name for name in KNOWN if name not in readme and not name.startswith("PAYGATE_FEE_BPS_")]
    assert missing == []
