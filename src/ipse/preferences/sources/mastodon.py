"""Posts and follows as Mastodon exports them: an archive with outbox.json, or CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import clean, markup_text, without_links
from ipse.preferences.sources.source import Source

__all__ = ["SOURCE", "claims", "read"]

_POSTED: Final = 0.2
"""What somebody writes about draws them a little; it may be a complaint as well."""
_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_FOLLOWS: Final = "account address"


def claims(file: File) -> bool:
    """Whether this is an ActivityPub collection, or the list of accounts that are followed."""
    if file.is_json:
        return file.is_object and file.has("orderedItems")
    return file.columns[:1] == (_FOLLOWS,)


def read(files: Sequence[File], what: str) -> Reading:
    """The owner's own posts, and whom they follow as facts. Raises MalformedInput.

    A post for followers only is secret. A direct message is somebody else's as well and is left out.
    """
    gathering = Gathering(what)
    fields: dict[str, str] = {}
    for file in files:
        if file.is_json:
            fields[file.base.removesuffix(".json")] = file.name
            _collection(file, gathering)
        else:
            fields["follows"] = file.name
            for row in file.rows(only=(_FOLLOWS,)):
                _follow(row.get(_FOLLOWS), gathering)
    return gathering.reading("mastodon", fields)


def _follow(account: str, gathering: Gathering) -> None:
    if account:
        gathering.add(f"follows {account} on Mastodon", 0.0, kind="fact")
    else:
        gathering.skip("no title")


def _collection(file: File, gathering: Gathering) -> None:
    """Posts of an outbox; favourites and bookmarks are addresses without a word of what is there."""
    items = file.json().get("orderedItems")
    links = sum(isinstance(item, str) for item in items) if isinstance(items, list) else 0
    gathering.skip("only a link", links)
    if links:
        items = [item for item in items if not isinstance(item, str)]
    for activity in file.objects(items if items is not None else []):
        _activity(activity, gathering)


def _activity(activity: JsonObject, gathering: Gathering) -> None:
    post = activity.get("object")
    if activity.get("type") == "Announce":
        gathering.skip("boost")
        return
    if activity.get("type") != "Create" or not isinstance(post, dict):
        gathering.skip("no post")
        return
    sensitivity = _sensitivity(activity, post)
    if sensitivity is None:
        gathering.skip("direct message")
        return
    text = _post_text(post)
    if text:
        at = moment(str(post.get("published") or activity.get("published") or ""))
        gathering.add(text, _POSTED, at, sensitivity=sensitivity)
    else:
        gathering.skip("no text")


def _sensitivity(activity: JsonObject, post: JsonObject) -> str | None:
    """From whom a post may come to: private for anybody's, secret for followers', None for a message."""
    audience = {
        *_addresses(post.get("to")), *_addresses(post.get("cc")),
        *_addresses(activity.get("to")), *_addresses(activity.get("cc")),
    }  # fmt: skip
    if not _addresses(post.get("to")) and not _addresses(activity.get("to")):
        return None
    if audience & _PUBLIC:
        return "private"
    return "secret" if any(address.rstrip("/").endswith("/followers") for address in audience) else None


def _addresses(value: Json) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _post_text(post: JsonObject) -> str:
    """A post's words, its content warning first."""
    warning, content = post.get("summary"), post.get("content")
    body = clean(without_links(markup_text(content))) if isinstance(content, str) else ""
    head = clean(without_links(warning)) if isinstance(warning, str) else ""
    return f"{head}: {body}" if head and body else body


SOURCE: Final = Source(claims, read)
