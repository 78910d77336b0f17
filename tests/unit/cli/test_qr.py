"""QR codes: what is drawn is read back, from pictures and from the terminal; broken images are refused."""

from __future__ import annotations

import io
import re
import struct
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import segno

from ipse import installation
from ipse.cli import qr
from ipse.cli.commands import answer
from ipse.cli.output import Output
from ipse.errors import InputTooLarge, IpseError, MalformedInput, MissingFeature, NotFound, UsageError

pytest.importorskip("zxingcpp", reason="the qr extra is not installed")
Image = pytest.importorskip("PIL.Image", reason="the qr extra is not installed")
ImageDraw = pytest.importorskip("PIL.ImageDraw")

LINK = (
    "openid4vp://?client_id=x509_san_dns%3Averifier.example&request_uri=https%3A%2F%2Fverifier.example%2F"
    "requests%2FGkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM&request_uri_method=post"
)
OTHER = "haip-vp://?client_id=redirect_uri%3Ahttps%3A%2F%2Fbooks.example&request_uri=https%3A%2F%2Fb.example"


def is_link(text: str) -> bool:
    return text.startswith(("openid4vp:", "haip-vp:"))


def code(text: str = LINK, scale: int = 4, border: int = 4, error: str = "l", **colours: str) -> Any:
    """A picture of a code, `scale` pixels to a module."""
    drawn = io.BytesIO()
    segno.make(text, error=error, micro=False).save(drawn, kind="png", scale=scale, border=border, **colours)
    return Image.open(drawn).convert("RGB")


def encoded(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
    drawn = io.BytesIO()
    picture.save(drawn, kind, **options)
    return drawn.getvalue()


def screenshot(*codes: Any, size: tuple[int, int] = (1920, 1080), ground: str = "#20242c") -> Any:
    """A desktop with windows, text, and the codes beside each other."""
    picture = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, size[0], 28), fill="#11131a")
    for row in range(60, size[1] - 20, 18):
        pen.text(
            (40, row), "Lorem ipsum dolor sit amet, consectetur adipiscing elit | [x] 10:42", fill="#c8ccd4"
        )
    for place, drawn in enumerate(codes):
        picture.paste(drawn, (500 + 480 * place, 300))
    return picture


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 12])
def test_a_code_is_read_at_every_scale(scale: int) -> None:
    assert qr.texts(encoded(code(scale=scale)), what="it") == [LINK]


@pytest.mark.parametrize("angle", [0, 7, 45, 90, 133, 180, 270])
def test_a_code_is_read_however_it_is_turned(angle: int) -> None:
    turned = code(scale=6).rotate(angle, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    assert qr.texts(encoded(turned), what="it") == [LINK]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: encoded(code(), "JPEG", quality=40), id="a poor JPEG"),
        pytest.param(lambda: encoded(code(), "WEBP"), id="WebP"),
        pytest.param(lambda: encoded(code().convert("P"), "GIF"), id="GIF"),
        pytest.param(lambda: encoded(code(), "BMP"), id="BMP"),
        pytest.param(lambda: encoded(code().convert("1")), id="one bit a pixel"),
        pytest.param(lambda: encoded(code().convert("I;16")), id="sixteen bits a pixel"),
        pytest.param(lambda: encoded(code(dark="white", light="black")), id="light on dark"),
        pytest.param(lambda: encoded(code(dark="#1d3557", light="#f1faee")), id="in colours"),
        pytest.param(lambda: encoded(code().transpose(Image.Transpose.FLIP_LEFT_RIGHT)), id="mirrored"),
        pytest.param(lambda: encoded(code().resize((331, 307))), id="out of shape"),
        pytest.param(lambda: encoded(screenshot(code(scale=3))), id="in a screenshot"),
        pytest.param(lambda: encoded(screenshot(code(scale=2, border=2))), id="small in a screenshot"),
        pytest.param(lambda: encoded(screenshot(code(), size=(3840, 2160)), compress_level=1), id="in 4K"),
    ],
)
def test_a_code_is_read_in_every_picture(made: Callable[[], bytes]) -> None:
    data = made()
    assert qr.IMAGE.match(data)
    assert qr.texts(data, what="it") == [LINK]


def test_a_transparent_ground_counts_as_white() -> None:
    drawn = Image.new("RGBA", code().size, "black")
    drawn.putalpha(code().convert("L").point(lambda shade: 0 if shade else 255))
    assert qr.texts(encoded(drawn), what="it") == [LINK]


def test_a_file_with_frames_is_read_as_its_first(tmp_path: Path) -> None:
    frames = [code(LINK).convert("P"), code(OTHER).convert("P")]
    path = tmp_path / "frames.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:] * 50, loop=0)
    assert qr.texts(path.read_bytes(), what="it") == [LINK]


def test_a_longest_code_is_read() -> None:
    text = "openid4vp://?" + "a" * 2940
    assert qr.texts(encoded(code(text, scale=3)), what="it") == [text]


@pytest.mark.parametrize("text", ["https://münchen.example/日本語?q=📚", "a\tb\nc", "\x1b[31mred", " "])
def test_every_text_is_read_as_it_is(text: str) -> None:
    assert qr.texts(encoded(code(text)), what="it") == [text]


def test_several_codes_are_read_each_once() -> None:
    found = qr.texts(encoded(screenshot(code(LINK, 3), code(OTHER, 3), code(LINK, 3))), what="it")
    assert sorted(found) == sorted([LINK, OTHER])


@pytest.mark.parametrize(
    ("found", "expected"), [([LINK], LINK), (["https://books.example", LINK, "WIFI:S:cafe;;"], LINK)]
)
def test_the_one_link_that_is_answered_is_taken(found: list[str], expected: str) -> None:
    assert qr.link(found, what="it.png", answered=is_link) == expected


@pytest.mark.parametrize(
    ("found", "error", "message"),
    [
        ([LINK, OTHER], UsageError, "it.png shows 2 links that can be answered: 'openid4vp:.*', 'haip-vp:"),
        (["https://books.example"], MalformedInput, "not a link that a wallet answers: 'https://books"),
        (["\x1b[31m\u202e"], MalformedInput, "not a link"),
    ],
)
def test_no_link_and_several_links_are_said(found: list[str], error: type[IpseError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        qr.link(found, what="it.png", answered=is_link)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINK, True),
        ("HAIP-VP://x", True),
        ("https://wallet.example/?client_id=redirect_uri%3Ahttps%3A%2F%2Fa.example", True),
        ("https://books.example/", False),
        ("https://books.example/?page=2", False),
        ("WIFI:S:cafe;;", False),
        ("", False),
    ],
)
def test_a_code_that_leads_to_a_website_is_not_a_request(text: str, expected: bool) -> None:
    assert answer._is_answered(text) is expected


def test_a_picture_without_a_code_is_said_so() -> None:
    for picture in (screenshot(), Image.new("L", (1, 1)), Image.new("RGB", (3000, 2), "red")):
        with pytest.raises(NotFound, match="no QR code in it that can be read"):
            qr.texts(encoded(picture), what="it")


def _png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that says it has so many grey pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size",
    [
        (50_000, 1_001),
        (50_000, 2_000),
        (20_000, 20_000),
        (2**31 - 1, 2**31 - 1),
        (1, 2**31 - 1),
        (8_000, 8_000),
    ],
    ids=str,
)
def test_huge_dimensions_are_refused_before_a_pixel_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(InputTooLarge, match="more than 50 million pixels"):
        qr.texts(_png(*size), what="it")


def test_a_huge_image_is_refused() -> None:
    with pytest.raises(InputTooLarge, match="larger than 32 MiB"):
        qr.texts(bytes(qr.MAX_BYTES + 1), what="it")


def _broken() -> list[Any]:
    drawn = code()
    kinds = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
    whole = {kind: encoded(drawn.convert("P") if kind == "GIF" else drawn, kind) for kind in kinds}
    cut = [
        pytest.param(data[: len(data) * part // 7], id=f"{kind} cut after {part} sevenths")
        for kind, data in whole.items()
        for part in (0, 1, 3)
    ]
    return [
        *cut,
        pytest.param(b"", id="nothing"),
        pytest.param(b"openid4vp://?client_id=a", id="a link"),
        pytest.param(b"%PDF-1.7\n" + bytes(100), id="a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="a PNG of zeros"),
        pytest.param(_png(0, 0), id="no pixels"),
        pytest.param(_png(100, 100, bytes(50)), id="too few pixels"),
        pytest.param(_png(10, 10)[:-20] + b"\xff" * 8, id="a wrong checksum"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(b"II*\0" + bytes(100), id="TIFF"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="EPS"),
    ]


@pytest.mark.parametrize("data", _broken())
def test_what_is_no_whole_image_is_refused(data: bytes) -> None:
    with pytest.raises((MalformedInput, NotFound)) as caught:
        qr.texts(data, what="it")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_a_damaged_image_ends_in_an_error_of_ours_or_its_text() -> None:
    """One byte after another is changed, and nothing but an error of ours comes of it."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        data = encoded(code(scale=1).convert("P" if kind == "GIF" else "RGB"), kind)
        for place in range(0, len(data), max(1, len(data) // 40)):
            damaged = bytearray(data)
            damaged[place] ^= 0xFF
            try:
                found = qr.texts(bytes(damaged), what="it")
            except IpseError as error:
                assert error.message.isprintable()  # noqa: PT017 - any number of them, or none
            else:
                assert found


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(code())
    for missing in ("zxingcpp", "PIL"):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, missing, None)
            with pytest.raises(MissingFeature) as caught:
                qr.texts(data, what="it")
            assert installation.how_to_add("qr") in caught.value.hint


def _photographed(drawn: str, *, ink: Sequence[int], ground: Sequence[int]) -> bytes:
    """What a camera sees of a terminal with these colours: each character two pixels by four."""
    rows = []
    for line in drawn.split("\n"):
        fixed = line.startswith("\x1b[38;5;16;48;5;231m")
        text = re.sub(r"\x1b\[[0-9;]*m", "", line)
        dark, light = ((0, 0, 0), (255, 255, 255)) if fixed else (tuple(ink), tuple(ground))
        rows.append([(dark if mark in "▀█" else light, dark if mark in "▄█" else light) for mark in text])
    picture = Image.new("RGB", (len(rows[0]) + 20, 2 * len(rows) + 20), tuple(ground))
    for row, cells in enumerate(rows):
        for column, halves in enumerate(cells):
            for half, colour in enumerate(halves):
                picture.putpixel((column + 10, 2 * row + half + 10), colour)
    return encoded(picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST))


@pytest.mark.parametrize("coloured", [True, False])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [((220, 220, 220), (0, 0, 0)), ((40, 40, 40), (255, 255, 255)), ((131, 148, 150), (0, 43, 54))],
    ids=["dark", "light", "solarized"],
)
def test_what_is_drawn_in_a_terminal_is_read_back(
    coloured: bool, ink: Sequence[int], ground: Sequence[int]
) -> None:
    for text in (LINK, OTHER, "openid4vp://?" + "a" * 440):
        drawn = qr.lines(text, coloured=coloured)
        assert qr.texts(_photographed(drawn, ink=ink, ground=ground), what="it") == [text]


def test_a_code_in_the_terminal_is_compact_and_fits() -> None:
    for length in (1, 50, 200, 450):
        rows = qr.lines("a" * length, coloured=False).split("\n")
        assert len({len(row) for row in rows}) == 1
        assert len(rows[0]) <= 80
        assert len(rows) == (len(rows[0]) + 1) // 2


@pytest.mark.parametrize(("length", "width"), [(500, 80), (5000, 80), (5000, 1000), (1, 24)])
def test_a_link_that_does_not_fit_is_said_to_be_too_long(length: int, width: int) -> None:
    with pytest.raises(InputTooLarge, match=f"the QR code of a link of {length} characters"):
        qr.lines("a" * length, width=width)


def test_a_wide_terminal_shows_longer_links() -> None:
    assert len(qr.lines("a" * 1000, width=120, coloured=False).split("\n")[0]) > 80


def test_a_code_goes_to_stderr_and_a_link_that_is_too_long_is_a_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    qr.show(Output(), LINK)
    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert drawn.err.strip("\n") == qr.lines(LINK, coloured=False)
    qr.show(Output(), "a" * 900)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("no QR code is shown: the QR code of a link of 900 characters needs")
