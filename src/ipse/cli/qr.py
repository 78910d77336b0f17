"""QR codes: read out of an image or a screenshot, and drawn in the terminal.

An image comes from a stranger more often than not, so read it before the wallet is opened. Only the
common formats of screenshots are decoded, only so many bytes and pixels, and only the first picture of a
file.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ipse import installation
from ipse.encoding.safe_text import printable
from ipse.errors import InputTooLarge, MalformedInput, MissingFeature, NotFound, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image
    from segno import QRCode

    from ipse.cli.output import Output

__all__ = ["IMAGE", "MAX_BYTES", "MAX_PIXELS", "lines", "link", "show", "texts"]

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
"""A screenshot of an 8K screen has 33 million, and one byte of memory for each when it is grey."""

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
IMAGE: Final = re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\0\0\0\0", re.DOTALL)
"""How an image of a format that is read begins."""
_SMALL: Final = 1_000_000
"""Pixels up to which an image without a code is tried again at twice its size, for codes of tiny modules."""
_TRANSPARENT: Final = ("LA", "PA", "La", "RGBA", "RGBa")
_HINT: Final = (
    "take the screenshot again with the whole code and some of the white around it, or copy the link"
)

_ERROR_CORRECTION: Final = "l"
_QUIET: Final = (4, 2)
"""Light modules around the code: what the standard asks for (ISO/IEC 18004), and what readers do with."""
_BLACK_ON_WHITE: Final = "\x1b[38;5;16;48;5;231m"
"""Two colours of the fixed palette, which themes leave alone: the code is black on white everywhere."""
_PLAIN: Final = "\x1b[0m"
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def texts(data: bytes, *, what: str) -> list[str]:
    """The texts of the QR codes in an image, each once. `what` names the image in the errors.

    Raises NotFound where there is no code, MalformedInput for what is no image, InputTooLarge over MAX_BYTES
    or MAX_PIXELS, MissingFeature where the extra is not installed.
    """
    if len(data) > MAX_BYTES:
        raise InputTooLarge(f"{what} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        import zxingcpp
        from PIL import Image
    except ImportError as error:
        raise MissingFeature(
            "QR codes in images can't be read here: zxing-cpp or Pillow is not installed",
            hint=f"{installation.how_to_add('qr')}; or copy the link that the code holds",
        ) from error

    grey = _grey(data, what)
    found = _decoded(zxingcpp, grey)
    if not found and grey.width * grey.height <= _SMALL:
        larger = (grey.width * 2, grey.height * 2)
        found = _decoded(zxingcpp, grey.resize(larger, Image.Resampling.NEAREST))
    if not found:
        raise NotFound(f"there is no QR code in {what} that can be read", hint=_HINT)
    return found


def link(found: Sequence[str], *, what: str, answered: Callable[[str], bool]) -> str:
    """The one of the texts `found` in an image that is a link which ipse answers, as `answered` says.

    Raises MalformedInput where there is none, UsageError where there are several.
    """
    links = [text for text in found if answered(text)]
    if not links:
        held = ", ".join(f"'{_short(text)}'" for text in found[:3])
        raise MalformedInput(
            f"the QR code in {what} is not a link that a wallet answers: {held}",
            hint="a wallet answers links that begin with openid4vp:, haip-vp: or eu-eaap:",
        )
    if len(links) > 1:
        raise UsageError(
            f"{what} shows {len(links)} links that can be answered: "
            + ", ".join(f"'{_short(text)}'" for text in links[:3]),
            hint="take a screenshot of the one you mean, or give its link",
        )
    return links[0]


def lines(text: str, *, width: int = 80, coloured: bool = True) -> str:
    """The QR code of `text` for a terminal of so many columns, two modules to a character, in lines.

    With `coloured` it is black on white whatever the terminal's colours are. Without, the light modules are
    drawn, so that it is right on a dark terminal, and inverted on a light one. Raises InputTooLarge where it
    does not fit.
    """
    import segno

    try:
        code = segno.make(text, error=_ERROR_CORRECTION, micro=False, boost_error=False)
    except segno.DataOverflowError as error:
        raise _too_long(text, "is more than a QR code can hold") from error
    for quiet in _QUIET:
        columns = code.symbol_size(border=quiet)[0]
        if columns <= width:
            return _drawn(code, quiet, coloured=coloured)
    raise _too_long(text, f"needs {columns} columns, the terminal has {width}")


def show(output: Output, text: str) -> None:
    """Draw the QR code of `text` on the terminal behind stderr, or say there why not."""
    try:
        output.drawing(lines(text, width=output.drawing_width, coloured=output.colours_drawings))
    except InputTooLarge as error:
        output.message(f"no QR code is shown: {error.message}; {error.hint}")


def _grey(data: bytes, what: str) -> Image:
    """The first picture of an image in shades of grey, transparent parts white."""
    from PIL import Image

    wrong: Exception
    try:
        with _bombs_refused(), Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:  # known before any pixel is decoded
                raise _too_many_pixels(what)
            opened.load()
            if opened.mode in _TRANSPARENT or "transparency" in opened.info:
                picture = opened.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                return Image.alpha_composite(white, picture).convert("L")
            return opened.convert("L")
    except InputTooLarge:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(what) from error
    except Exception as error:  # a decoder fails on a broken image with almost any of them
        wrong = error
    reason = "not a PNG, JPEG, GIF, WebP or BMP" if not IMAGE.match(data) else printable(str(wrong))[:120]
    raise MalformedInput(f"{what} can't be read as an image: {reason}", hint=_HINT) from wrong


@contextlib.contextmanager
def _bombs_refused() -> Iterator[None]:
    """Make the warning of Pillow about more pixels than it finds plausible an error."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _decoded(zxingcpp: Any, grey: Image) -> list[str]:
    """The texts of the codes in a grey picture, each once."""
    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    codes = zxingcpp.read_barcodes(
        pixels,
        formats=zxingcpp.BarcodeFormat.QRCode,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return list(dict.fromkeys(code.text for code in codes if code.valid and code.text))


def _drawn(code: QRCode, quiet: int, *, coloured: bool) -> str:
    rows = [[bool(module) is coloured for module in row] for row in code.matrix_iter(border=quiet)]
    if len(rows) % 2:
        rows.append([not coloured] * len(rows[0]))
    drawn = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        line = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        drawn.append(f"{_BLACK_ON_WHITE}{line}{_PLAIN}" if coloured else line)
    return "\n".join(drawn)


def _too_many_pixels(what: str) -> InputTooLarge:
    return InputTooLarge(f"{what} has more than {MAX_PIXELS // 10**6} million pixels", hint=_HINT)


def _too_long(text: str, reason: str) -> InputTooLarge:
    return InputTooLarge(
        f"the QR code of a link of {len(text)} characters {reason}",
        hint="copy the link, or let the request be fetched from a request_uri, which makes a short link",
    )


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
