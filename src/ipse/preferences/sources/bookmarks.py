"""Bookmarks as browsers export them: the Netscape bookmark file, and Firefox's JSON backup."""

from __future__ import annotations

from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import Markup, clean, host_of, shortened, without_links
from ipse.preferences.sources.source import Source, one_file

__all__ = ["SOURCE", "claims", "read"]

_KEPT: Final = 0.4
"""What is worth a bookmark is liked, if not by how much."""
_PAGES: Final = ("http://", "https://")
_ROOTS: Final = frozenset({
    "bookmarks", "bookmarks bar", "bookmarks menu", "bookmarks toolbar", "other bookmarks",
    "mobile bookmarks",
    "favorites", "favourites", "favorites bar", "imported", "unfiled", "menu", "toolbar", "mobile",
})  # fmt: skip
"""Folders that every browser has: they tell nothing."""
_ROOT_MARKS: Final = frozenset(
    {"personal_toolbar_folder", "unfiled_bookmarks_folder", "mobile_bookmarks_folder"}
)
_NETSCAPE: Final = "netscape-bookmark-file-1"
_MAX_DEPTH: Final = 64
_MAX_NAME: Final = 200
"""Characters of a folder's name that are told of a page in it."""
_MAX_PATH: Final = 400
"""Characters of the names of folders within each other; beyond, only the innermost is told."""


def claims(file: File) -> bool:
    """Whether this is a Netscape bookmark file or Firefox's backup."""
    if file.is_json:
        return file.is_object and file.has("children") and "text/x-moz-place-container" in file.text
    head = file.text[:4096].lower()
    return file.is_markup and (_NETSCAPE in head or ("<dl" in head and "<dt" in head))


def read(file: File) -> Reading:
    """The pages that are kept, each with its title, folders and host. Raises MalformedInput."""
    gathering = Gathering(file.what)
    if file.is_json:
        _backup(file.json(), gathering, file.what)
        fields = {"title": "title", "folder": "title of the folder", "host": "uri", "date": "dateAdded"}
    else:
        reader = _Netscape(gathering)
        reader.read(file.text, what=file.what)
        reader.finish()
        fields = {"title": "A", "folder": "H3", "host": "HREF", "date": "ADD_DATE"}
    return gathering.reading("bookmarks", fields)


def _within(path: str, folder: str) -> str:
    """How a folder in the folder `path` is told: once for the folder, and not for each page in it."""
    name = shortened(clean(folder), _MAX_NAME)
    if not name or name.lower() in _ROOTS:
        return path
    whole = f"{path}, {name}" if path else name
    return whole if len(whole) <= _MAX_PATH else name


def _keep(gathering: Gathering, title: str, address: str, path: str, added: str) -> None:
    if not address.strip().lower().startswith(_PAGES):
        gathering.skip("not a web page")
        return
    host = host_of(address.strip())
    text = clean(without_links(title)) or host
    about = [path] if path else []
    if host and text != host:
        about.append(host)
    if not text:
        gathering.skip("no title")
        return
    gathering.add(f"{text} ({', '.join(about)})" if about else text, _KEPT, moment(added))


class _Netscape(Markup):
    """Reads <DL> as a folder, the <H3> before it as its name, and <A> as a page."""

    def __init__(self, gathering: Gathering) -> None:
        super().__init__()
        self._gathering = gathering
        self._paths: list[str] = []
        self._depth = 0
        self._name = ""
        self._words: list[str] | None = None
        self._address: str | None = None
        self._added = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "dl":
            self._depth += 1
            if self._depth <= _MAX_DEPTH:
                self._paths.append(_within(self._path, self._name))
            self._name = ""
        elif tag == "h3":
            self.finish()
            self._words = None if _ROOT_MARKS & given.keys() else []
            self._name = ""
        elif tag == "a":
            self.finish()
            self._address, self._added, self._words = given.get("href", ""), given.get("add_date", ""), []

    def handle_endtag(self, tag: str) -> None:
        if tag == "dl" and self._depth:
            self.finish()
            if self._depth <= _MAX_DEPTH:
                self._paths.pop()
            self._depth -= 1
        elif tag == "h3" and self._words is not None:
            self._name, self._words = "".join(self._words), None
        elif tag == "a":
            self.finish()

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    @property
    def _path(self) -> str:
        return self._paths[-1] if self._paths else ""

    def finish(self) -> None:
        """A page is done, also one whose end tag is missing."""
        if self._address is not None:
            title = "".join(self._words or ())
            _keep(self._gathering, title, self._address, self._path, self._added)
        self._address = self._words = None


def _backup(root: JsonObject, gathering: Gathering, what: str) -> None:
    waiting: list[tuple[JsonObject, str]] = [(root, "")]
    while waiting:
        folder, path = waiting.pop()
        children = folder.get("children", [])
        if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
            raise MalformedInput(f"{what}: a folder's children are no list of bookmarks")
        for child in children:
            title = child.get("title") if isinstance(child.get("title"), str) else ""
            if "children" in child:
                waiting.append((child, path if _is_root(child) else _within(path, title)))
            elif isinstance(child.get("uri"), str):
                _keep(gathering, title, child["uri"], path, str(child.get("dateAdded", "")))


def _is_root(folder: JsonObject) -> bool:
    return isinstance(folder.get("root"), str) or str(folder.get("guid", "")).endswith("_____")


SOURCE: Final = Source(claims, one_file(read))
