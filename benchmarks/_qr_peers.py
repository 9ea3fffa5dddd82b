"""Other QR libraries and programs, as `benchmarks.qr` calls them. Those that are not installed are left out.

Each is called the way its own documentation does it, with equal work: level M, quiet zone of 4, 8 pixels a module, mask
chosen by the peer's rule. `byte` forces byte mode where the peer can; `compact` leaves segments to the peer.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

Maker = Callable[[str], object]


@dataclass
class Peer:
    """`makers` by (mode, output): what makes one symbol. A program's `batches` take all texts in one process."""

    name: str
    version: str
    makers: dict[tuple[str, str], Maker] = field(default_factory=dict)
    batches: dict[tuple[str, str], Callable[[list[str]], None]] = field(default_factory=dict)
    is_program: bool = False


def installed() -> list[Peer]:
    """Every peer that can be found here."""
    found = []
    for find in (segno, qrcode, qrcodegen, pyqrcode, pyqrcodeng, fast_qr, zxing, pyzint, libqrencode, qrencode, zint):
        try:
            peer = find()
        except (ImportError, OSError, FileNotFoundError):
            continue
        found.append(peer)
    return found


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def segno() -> Peer:
    segno = import_module("segno")

    def make(mode: str | None) -> Maker:
        return lambda text: segno.make(text, error="m", mode=mode, micro=False, boost_error=False)

    def png(mode: str | None) -> Maker:
        made = make(mode)
        return lambda text: _saved(lambda out: made(text).save(out, kind="png", scale=8, border=4))

    return Peer(
        "segno",
        version("segno"),
        {
            ("byte", "matrix"): make("byte"),
            ("byte", "png"): png("byte"),
            ("compact", "matrix"): make(None),
            ("compact", "png"): png(None),
        },
    )


def qrcode() -> Peer:
    qrcode = import_module("qrcode")
    util = import_module("qrcode.util")

    def make(text: str, byte: bool) -> object:
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=8, border=4)
        code.add_data(util.QRData(text, mode=util.MODE_8BIT_BYTE) if byte else text, optimize=0 if byte else 20)
        code.make(fit=True)
        return code

    def png(byte: bool) -> Maker:
        return lambda text: _saved(lambda out: make(text, byte).make_image().save(out))  # type: ignore[attr-defined]

    return Peer(
        "qrcode[pil]",
        version("qrcode"),
        {
            ("byte", "matrix"): lambda text: make(text, True),
            ("byte", "png"): png(True),
            ("compact", "matrix"): lambda text: make(text, False),
            ("compact", "png"): png(False),
        },
    )


def qrcodegen() -> Peer:
    qrcodegen = import_module("qrcodegen")
    medium = qrcodegen.QrCode.Ecc.MEDIUM

    def byte(text: str) -> object:
        segments = [qrcodegen.QrSegment.make_bytes(text.encode())]
        return qrcodegen.QrCode.encode_segments(segments, medium, boostecl=False)

    def compact(text: str) -> object:
        return qrcodegen.QrCode.encode_segments(qrcodegen.QrSegment.make_segments(text), medium, boostecl=False)

    return Peer("qrcodegen", version("qrcodegen"), {("byte", "matrix"): byte, ("compact", "matrix"): compact})


def _pyqrcode(module: str, package: str) -> Peer:
    library = import_module(module)

    def png(mode: str | None) -> Maker:
        return lambda text: _saved(
            lambda out: library.create(text, error="M", mode=mode).png(out, scale=8, quiet_zone=4)
        )

    return Peer(
        package,
        version(package),
        {
            ("byte", "matrix"): lambda text: library.create(text, error="M", mode="binary"),
            ("byte", "png"): png("binary"),
            ("compact", "matrix"): lambda text: library.create(text, error="M"),
            ("compact", "png"): png(None),
        },
    )


def pyqrcode() -> Peer:
    return _pyqrcode("pyqrcode", "PyQRCode")


def pyqrcodeng() -> Peer:
    return _pyqrcode("pyqrcodeng", "PyQRCodeNG")


def fast_qr() -> Peer:
    library = import_module("fast_qr")
    medium, byte_mode = library.ECL.M, library.Mode.Byte

    def byte(text: str) -> object:
        return library.QRBuilder(text).ecl(medium).mode(byte_mode).build()

    def compact(text: str) -> object:
        return library.QRBuilder(text).ecl(medium).build()

    def png(make: Maker) -> Maker:
        def made(text: str) -> object:
            code = make(text)
            size = (code.size + 8) * 8  # type: ignore[attr-defined]
            return library.ImageBuilder().margin(4).fit_width(size).to_bytes(code)

        return made

    return Peer(
        "fast-qr-py (Rust)",
        version("fast-qr-py"),
        {
            ("byte", "matrix"): byte,
            ("byte", "png"): png(byte),
            ("compact", "matrix"): compact,
            ("compact", "png"): png(compact),
        },
    )


def zxing() -> Peer:
    library = import_module("zxingcpp")
    image = import_module("PIL.Image")
    kind = library.BarcodeFormat.QRCode

    def matrix(text: str) -> object:
        return library.create_barcode(text, kind, ec_level="M")

    def png(text: str) -> object:
        pixels = library.write_barcode_to_image(matrix(text), scale=8)
        return _saved(lambda out: image.fromarray(pixels).save(out, "PNG"))

    import_module("numpy")
    return Peer("zxing-cpp + Pillow", version("zxing-cpp"), {("compact", "matrix"): matrix, ("compact", "png"): png})


def pyzint() -> Peer:
    library = import_module("pyzint")

    def bmp(text: str) -> object:
        return library.Barcode.QRCODE(text, option_1=2, scale=4).render_bmp()

    return Peer("pyzint (BMP, no PNG)", version("pyzint"), {("compact", "bmp"): bmp})


def libqrencode() -> Peer:
    path = os.environ.get("LIBQRENCODE") or ctypes.util.find_library("qrencode")
    if path is None:
        raise FileNotFoundError
    library = ctypes.CDLL(path)
    library.QRcode_APIVersionString.restype = ctypes.c_char_p
    library.QRcode_encodeString.restype = ctypes.c_void_p
    library.QRcode_encodeString8bit.restype = ctypes.c_void_p
    library.QRcode_free.argtypes = [ctypes.c_void_p]
    medium, eight_bits = 1, 2

    def compact(text: str) -> object:
        library.QRcode_free(library.QRcode_encodeString(text.encode(), 0, medium, eight_bits, 1))
        return None

    def byte(text: str) -> object:
        library.QRcode_free(library.QRcode_encodeString8bit(text.encode(), 0, medium))
        return None

    made = {("byte", "matrix"): byte, ("compact", "matrix"): compact}
    return Peer("libqrencode (C, ctypes)", library.QRcode_APIVersionString().decode(), made)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(name)
    return path


def qrencode() -> Peer:
    program = _program("qrencode")

    def png(*more: str) -> Maker:
        command = [program, "-o", os.devnull, "-l", "M", "-s", "8", "-m", "4", *more]
        return lambda text: subprocess.run([*command, text], check=True)

    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    made = {("byte", "png"): png("-8"), ("compact", "png"): png()}
    words = (said.stdout + said.stderr).split()
    return Peer("qrencode, a process each", words[2], made, is_program=True)


def zint() -> Peer:
    program = _program("zint")

    def batch(texts: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "texts"
            source.write_text("\n".join(texts) + "\n")
            # Zint's scale 4 is 8 pixels a module.
            options = [
                "--secure=2",
                "--scale=4",
                "--quietzones",
                "--batch",
                "-i",
                str(source),
                "-o",
                f"{folder}/~~~~~.png",
            ]
            subprocess.run([program, "-b", "QRCODE", *options], check=True)

    said = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    number = said.stdout.split("\n")[0].split()[-1]
    return Peer("zint --batch", number, batches={("compact", "png"): batch}, is_program=True)
