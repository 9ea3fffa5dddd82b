"""The environment that PayGate looks at, and the `.env` file in the current folder for what is not set there.

`.env` has lines `NAME=value`; blank lines, `#` comments and a leading `export` are allowed, one pair of quotes around
the value is dropped, nothing is expanded. Only PAYGATE_* and BASE_URL are looked at. An empty value means "not set".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from paygate.core.errors import PayGateError

_LINE = re.compile(r"\s*(?:export\s+)?(PAYGATE_[A-Z0-9_]+|BASE_URL)\s*=(.*)")


class SettingsError(PayGateError):
    """The settings cannot be used; `problems` has one sentence for each wrong one."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def merged(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """PayGate's settings out of *environ* and, for what is not there, *folder*/.env; empty values left out."""
    try:
        lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"The file .env cannot be read: {error}."]) from error
    values = {match[1]: _unquoted(match[2]) for line in lines if (match := _LINE.fullmatch(line))}
    values |= {name: value for name, value in environ.items() if name.startswith("PAYGATE_") or name == "BASE_URL"}
    return {name: value.strip() for name, value in values.items() if value.strip()}


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] in "\"'" and text[-1] == text[0]:
        return text[1:-1]
    return text.split(" #", 1)[0].rstrip()
