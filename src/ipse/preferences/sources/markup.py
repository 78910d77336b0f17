"""HTML read tag by tag in time that grows with its size alone.

The standard library's parser starts over at every tag that does not end, which takes half a minute for
60 kB of them. Here it is only ever given one tag, whole and of bounded length.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from ipse.errors import InputTooLarge

__all__ = ["Markup"]

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
