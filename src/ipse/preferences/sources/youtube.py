"""Videos as Google Takeout exports them from YouTube: history as JSON or HTML, subscriptions as CSV.

The HTML page, which Takeout writes by default, is read into the members that its JSON has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Gathering, Reading, listed
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import Markup, clean, split_address, with_maker
from ipse.preferences.sources.source import Source
from ipse.preferences.sources.weights import Tallies

__all__ = ["SOURCE", "activities", "claims", "read"]

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


_MOST: Final = 0.6
_SUBSCRIBED: Final = 0.6
_SEARCHED: Final = 0.2
_REGULAR: Final = 3
"""Videos of one channel that make it worth a statement of its own."""
_MANY: Final = 5
"""Titles that must begin or end alike before that is taken for the words around them."""
_MOST_TITLES: Final = 0.9
"""The share of titles that tells the language."""
_CHANNEL: Final = re.compile(r"UC[A-Za-z0-9_-]{22}")
_VIDEO: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_FRAMES: Final = (
    ("Watched ", ""), ("Vous avez regardé ", ""), ("Has visto ", ""), ("Hai guardato ", ""),
    ("Você assistiu a ", ""), ("Assistiu a ", ""), ("Obejrzano: ", ""), ("", " angesehen"), ("", " bekeken"),
)  # fmt: skip
"""What Google writes around a title, by the owner's language."""


def claims(file: File) -> bool:
    """Whether this is YouTube's history, a list of subscriptions, or a playlist."""
    if file.is_json:
        return not file.is_object and file.has("titleUrl", "products") and "YouTube" in file.text
    if file.is_markup:
        return "outer-cell" in file.text and "youtube.com/" in file.text
    return _is_list(file, _CHANNEL, 3) or _is_list(file, _VIDEO, 2)


def read(files: Sequence[File], what: str) -> Reading:
    """Videos and channels by how often they were watched, subscriptions, searches. Raises MalformedInput.

    Searches are secret: they tell more than a taste.
    """
    gathering = Gathering(what)
    videos, channels = Tallies(), Tallies()
    fields: dict[str, str] = {}
    histories: list[str] = []
    for file in files:
        if file.is_json or file.is_markup:
            histories.append(file.name)
            fields["history"] = listed(histories)
            entries = file.objects() if file.is_json else activities(file.text, what=file.what)
            _history(entries, videos, channels, gathering)
        elif _is_list(file, _CHANNEL, 3):
            fields["subscriptions"] = file.name
            for row in file.rows():
                channels[_channel(row.get(file.columns[2]))].state(_SUBSCRIBED)
        else:
            gathering.skip("only a video's id", sum(1 for _ in file.rows()))
    for text, tally in videos.items():
        gathering.add(text, tally.weight(_MOST), tally.at)
    for text, tally in channels.items():
        if text and (tally.stated is not None or tally.times >= _REGULAR):
            gathering.add(text, tally.weight(_MOST), tally.at)
    return gathering.reading("youtube", fields)


def _is_list(file: File, identifier: re.Pattern[str], columns: int) -> bool:
    """Whether the first column holds YouTube's ids; its heading is in the owner's language."""
    names = file.columns
    if len(names) < 2 or (columns == 3 and len(names) != 3):
        return False
    try:
        first = next(file.rows(only=names[:1]), None)
    except MalformedInput:
        return False
    return first is not None and identifier.fullmatch(first.get(names[0])) is not None


def _history(entries: Sequence[JsonObject], videos: Tallies, channels: Tallies, gathering: Gathering) -> None:
    watched: list[tuple[JsonObject, str]] = []
    for entry in entries:
        address, title = _text(entry.get("titleUrl")), _text(entry.get("title"))
        query = _query(address)
        if _is_advertisement(entry):
            gathering.skip("advertisement")
        elif query:
            at = moment(_text(entry.get("time")))
            gathering.add(f"searched for {query}", _SEARCHED, at, sensitivity="secret")
        elif not address:
            gathering.skip("removed or private video")
        elif not _is_video(address):
            gathering.skip("not a video")
        else:
            watched.append((entry, title))
    before, after = _frame([title for entry, title in watched if "page" not in entry])
    for entry, title in watched:
        bare = title if "page" in entry else title.removeprefix(before).removesuffix(after)
        _watched(entry, bare, videos, channels, gathering)


def _watched(entry: JsonObject, title: str, videos: Tallies, channels: Tallies, gathering: Gathering) -> None:
    if not title or "://" in title.partition(" ")[0]:
        gathering.skip("removed or private video")
        return
    at = moment(_text(entry.get("time")))
    channel = _maker(entry.get("subtitles"))
    videos[with_maker(title, channel)].happened(at)
    if channel:
        channels[_channel(channel)].happened(at)


def _frame(titles: Sequence[str]) -> tuple[str, str]:
    """What stands before and after every title: in a language that is known, else what all have alike."""
    for before, after in _FRAMES:
        fitting = sum(title.startswith(before) and title.endswith(after) for title in titles)
        if titles and fitting >= _MOST_TITLES * len(titles):
            return before, after
    if len(set(titles)) < _MANY:
        return "", ""
    start = _shared_start(titles)
    end = _shared_start([title[::-1] for title in titles])[::-1]
    return start[: start.rfind(" ") + 1], end[end.find(" ") :] if " " in end else ""


def _shared_start(titles: Sequence[str]) -> str:
    first, last = min(titles), max(titles)
    length = next(
        (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None
    )
    return first if length is None else first[:length]


def _is_video(address: str) -> bool:
    parts = _split(address)
    return parts is not None and (
        parts[1] == "/watch" or parts[1].startswith("/shorts/") or parts[0] == "youtu.be"
    )


def _query(address: str) -> str:
    """What was searched for, from the address: the title says it in the owner's language."""
    parts = _split(address)
    if parts is None or parts[1] != "/results":
        return ""
    try:
        found = parse_qs(parts[2], max_num_fields=20).get("search_query", [""])[0]
    except ValueError:
        return ""
    return clean(found)


def _split(address: str) -> tuple[str, str, str] | None:
    parts = split_address(address)
    if parts is None:
        return None
    return (parts.hostname or "").removeprefix("www."), parts.path, parts.query


def _is_advertisement(entry: JsonObject) -> bool:
    details = entry.get("details")
    return isinstance(details, list) and any(
        isinstance(detail, dict) and "Google Ads" in _text(detail.get("name")) for detail in details
    )


def _maker(subtitles: Json) -> str:
    first = subtitles[0] if isinstance(subtitles, list) and subtitles else None
    name = _text(first.get("name")) if isinstance(first, dict) else ""
    return "" if "://" in name else name.removesuffix(" - Topic")


def _channel(name: str) -> str:
    return f"{name} (YouTube channel)" if name else ""


def _text(value: Json) -> str:
    return clean(value) if isinstance(value, str) else ""


SOURCE: Final = Source(claims, read)
