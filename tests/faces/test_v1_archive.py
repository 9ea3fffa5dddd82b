"""A ZIP in pieces: whole when put together, and never more than one file in memory."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from paygate.faces.v1.archive import Archive

CONTENTS = st.lists(st.binary(max_size=300), max_size=20)


@given(CONTENTS)
def test_the_pieces_are_a_sound_zip(contents: list[bytes]) -> None:
    archive = Archive()
    names = [f"{n}.{'png' if n % 2 else 'svg'}" for n in range(len(contents))]
    pieces = [archive.add(name, content) for name, content in zip(names, contents, strict=True)]
    whole = b"".join([*pieces, archive.end()])
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None and read.namelist() == names
        assert [read.read(name) for name in names] == contents
    assert all(len(piece) < len(content) + 200 for piece, content in zip(pieces, contents, strict=True))


def test_the_same_files_give_the_same_bytes() -> None:
    assert len({b"".join([(a := Archive()).add("1.svg", b"x"), a.end()]) for _ in range(2)}) == 1
