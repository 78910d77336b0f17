"""YouTube's history as the HTML page that Google Takeout writes by default."""

from __future__ import annotations

from typing import Any, Final

from ipse.encoding.strict_json import JsonObject
from ipse.preferences.sources.markup import Markup

__all__ = ["activities"]

_ENTRY: Final = "outer-cell"
_BODY: Final = "content-cell"
_CAPTION: Final = "mdl-typography--caption"


def activities(page: str, *, what: str) -> list[JsonObject]:
    """What the page lists, each with the members that Takeout's JSON has, and `page`.

    Titles stand in links there, without words around them.
    """
    reader = _Page()
    reader.read(page, what=what)
    reader.finish()
    return reader.entries


class _Page(Markup):
    """In an entry's first cell: a link to the video, one to the channel, and after them the time."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[JsonObject] = []
        self._entry: dict[str, Any] | None = None
        self._cell = ""
        self._link: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "div":
            self._div((given.get("class") or "").split())
        elif tag == "a" and self._cell == "body":
            self._link, self._words = given.get("href") or "", []

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or self._link is None or self._entry is None:
            return
        words, entry = "".join(self._words), self._entry
        if "titleUrl" not in entry:
            entry.update(titleUrl=self._link, title=words)
        elif "subtitles" not in entry:
            entry["subtitles"] = [{"name": words, "url": self._link}]
        self._link = None

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self._words.append(data)
        elif self._entry is not None and self._cell == "body" and data.strip():
            self._entry["time"] = data
        elif self._entry is not None and self._cell == "caption" and "Google Ads" in data:
            self._entry["details"] = [{"name": "From Google Ads"}]

    def finish(self) -> None:
        """The entry that was read is whole."""
        if self._entry is not None:
            self.entries.append(self._entry)
        self._entry, self._cell, self._link = None, "", None

    def _div(self, classes: list[str]) -> None:
        if _ENTRY in classes:
            self.finish()
            self._entry = {"page": True}
        elif _BODY in classes:
            first = self._cell == ""
            self._cell = "caption" if _CAPTION in classes else "body" if first else "other"
