"""A ZIP that is written while it is sent: never more than one file of it is in memory."""

from __future__ import annotations

import io
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_COMPRESSED = (".png",)


class Archive:
    """`add` gives the bytes of one more file, `end` those of the directory behind them.

    Each file stands with its sizes before its content, so that readers of streams can read it as well. Its time is the
    beginning of ZIP's era: the same request gives the same bytes.
    """

    def __init__(self) -> None:
        self._sent = _Window()
        self._zip = ZipFile(self._sent, "w")

    def add(self, name: str, content: bytes) -> bytes:
        """One more file."""
        entry = ZipInfo(name)
        entry.compress_type = ZIP_STORED if name.endswith(_COMPRESSED) else ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        self._zip.writestr(entry, content)
        return self._sent.drain()

    def end(self) -> bytes:
        """The directory. Nothing can be added any more."""
        self._zip.close()
        return self._sent.drain()


class _Window(io.BytesIO):
    """A file of which only the end is kept: what was drained is before it. ZipFile goes back within one file only."""

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def tell(self) -> int:
        return self._before + super().tell()

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        return self._before + super().seek(position - self._before if whence == io.SEEK_SET else position, whence)

    def drain(self) -> bytes:
        content = self.getvalue()
        self._before += len(content)
        super().seek(0)
        self.truncate()
        return content
