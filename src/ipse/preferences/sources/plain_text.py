"""Foreign text made plain: no control characters, no markup, no addresses that give something away.

HTML is read tag by tag in time that grows with its size alone. The standard library's parser starts over at
every tag that does not end, which takes half a minute for 60 kB of them. Here it is only ever given one tag,
whole and of bounded length.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ipse.encoding.safe_text import is_printable, normalized, without_controls
from ipse.errors import InputTooLarge

__all__ = [
    "Markup",
    "clean",
    "host_of",
    "markup_text",
    "shortened",
    "split_address",
    "with_maker",
    "without_links",
]

# Each alternative stops at the next "<" at the latest, so that nothing is looked at twice over.
_TAG: Final = re.compile(r'<(?:/?[A-Za-z](?:(?:[^<>"]++|"[^"<]*+")*+>|[^<>]*+>)|[!?][^<>]*+>)')
_ENDLESS_REFERENCE: Final = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9A-Fa-f]{8,}+);?")
_MAX_TAGS: Final = 3_000_000
_MAX_TAG: Final = 1024 * 1024


class Markup(HTMLParser):
    """Base of readers: calls handle_starttag, handle_endtag and handle_data as HTMLParser does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def read(self, text: str, *, what: str = "the page") -> None:
        """Read a whole document. Raises InputTooLarge for more tags than any export has."""
        if text.count("<") > _MAX_TAGS:
            raise InputTooLarge(f"{what} has more than {_MAX_TAGS} tags", hint="split it")
        text = _ENDLESS_REFERENCE.sub("", text)
        end = 0
        for tag in _TAG.finditer(text):
            self._text(text[end : tag.start()])
            end = tag.end()
            if tag[0][1] not in "!?" and end - tag.start() <= _MAX_TAG:
                self._tag(tag[0])
        self._text(text[end:])

    def _text(self, text: str) -> None:
        if text:
            self.handle_data(unescape(text))

    def _tag(self, tag: str) -> None:
        self.feed(tag)
        self.rawdata = ""  # a quote that stays open: the tag is dropped
        self.clear_cdata_mode()


_LINK: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
_LONG_HOST: Final = re.compile(r"[^/?#]{0,100}//[^/?#]{1000}")
_HOST: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
_SENTENCE_END: Final = re.compile(r"[.!?…](?=\s)|[\u3002\uff01\uff1f]")
_BREAKS: Final = frozenset({"br", "p", "div", "li", "blockquote", "h1", "h2", "h3"})
_UNSEEN: Final = frozenset({"script", "style", "head", "template"})


def clean(text: str) -> str:
    """NFC, white space folded to single spaces, without characters that steer a terminal or hide.

    Bidirectional overrides are among those; a right-to-left script reads right without them.
    """
    if text.isascii() and is_printable(text):
        return " ".join(text.split())
    folded = " ".join(normalized("NFC", text).split())
    return " ".join(without_controls(folded).split())


def shortened(text: str, limit: int) -> str:
    """`text`, or its beginning of at most `limit` characters up to a sentence's, else a word's end."""
    if len(text) <= limit:
        return text
    start = text[: limit + 1]
    ends = [match.end() for match in _SENTENCE_END.finditer(start) if match.end() <= limit]
    if ends and ends[-1] > limit // 2:
        return start[: ends[-1]]
    space = start.rfind(" ")
    return start[:space] if space > limit // 2 else text[:limit]


def with_maker(title: str, maker: str) -> str:
    """How a work and who made it are written; without a title nothing is."""
    return f"{title} by {maker}" if title.strip() and maker.strip() else title


def host_of(address: str) -> str:
    """The public host name in a web address, else nothing: no user, port, path, query or number."""
    parts = split_address(address)
    host = (parts.hostname or "").removeprefix("www.") if parts is not None else ""
    return host if _HOST.fullmatch(host) else ""


def split_address(address: str) -> SplitResult | None:
    """The parts of a web address, None where it is none or its host is longer than any.

    What stands for the host is normalised when an address is split, and most of what is given is path.
    """
    if _LONG_HOST.match(address):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.hostname
    except ValueError:
        return None
    return parts


def without_links(text: str) -> str:
    """`text` with each web address cut down to its host: the rest may hold tokens and names."""
    if "://" not in text and "www." not in text:
        return text
    return _LINK.sub(lambda match: host_of(_with_scheme(match[0])), text)


def markup_text(markup: str) -> str:
    """The text of a piece of HTML, without scripts and what is not shown."""
    if "<" not in markup and "&" not in markup:
        return markup
    reader = _TextOf()
    reader.read(markup)
    return "".join(reader.parts)


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


class _TextOf(Markup):
    """Text between tags; no tree is kept, so depth costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - html.parser's
        if tag in _BREAKS:
            self.parts.append(" ")
        if tag in _UNSEEN and not self._unseen:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        if tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
