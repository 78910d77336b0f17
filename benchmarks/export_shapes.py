"""Exports of any size for each importer: as a service writes them, and made to be costly.

A shape is a function from a size (a count of what repeats, not of bytes) to the bytes of a file.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["SHAPES", "Shape", "tar"]

Shape: TypeAlias = Callable[[int], bytes]

_MARKS: Final = "\u0301\u0323"
"""Two combining marks in the order that normalisation reverses."""
_NETSCAPE: Final = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n"


def _csv(head: str, row: str) -> Shape:
    return lambda size: (head + "\n" + "".join(row.replace("#", str(n)) + "\n" for n in range(size))).encode()


def _json(value: Callable[[int], Any]) -> Shape:
    return lambda size: json.dumps(value(size)).encode()


def _lines(value: Callable[[int], Any]) -> Shape:
    return lambda size: "".join(json.dumps(value(n)) + "\n" for n in range(size)).encode()


def _page(before: str, part: str, after: str = "") -> Shape:
    return lambda size: (_NETSCAPE + before + part * size + after).encode()


def _folders(size: int) -> str:
    return "".join(f"<DL><p><DT><H3>{n}{'é' * size}</H3>\n" for n in range(60))


def _link(n: int) -> str:
    return f'<A HREF="http://a.example/{n}">t{n}</A>'


def _backup(children: Sequence[Any], title: str = "menu") -> Any:
    return {"type": "text/x-moz-place-container", "title": title, "children": list(children)}


def _nested(size: int) -> Any:
    folder = _backup([{"uri": f"http://a.example/{n}", "title": f"t{n}"} for n in range(size)])
    for n in range(40):
        folder = _backup([folder], f"{n}" + "é" * size)
    return folder


def _zip(members: Mapping[str, bytes], extra: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.extra = extra
            archive.writestr(info, content)
    return packed.getvalue()


def tar(
    members: Sequence[tuple[str, bytes]],
    *,
    everywhere: Mapping[str, str] | None = None,
    each: Mapping[str, str] | None = None,
) -> bytes:
    """A tar.gz of members by name, with pax records for all of them and for each."""
    packed = io.BytesIO()
    with tarfile.open(
        fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, pax_headers=dict(everywhere or {})
    ) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(content), dict(each or {})
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), 1)


_PLAY: Final = {"ts": "2024-05-01T10:00:00Z", "ms_played": 60_000, "master_metadata_album_artist_name": "A"}
_PLAYS: Final = json.dumps([{**_PLAY, "master_metadata_track_name": "T"}] * 2).encode()
_VIDEO: Final = {"products": ["YouTube"], "titleUrl": "https://www.youtube.com/watch?v=x"}
_BOOKS: Final = "Title,Author,My Rating,Exclusive Shelf,My Review,Date Read"
_STORIES: Final = "Title,Authors,Star Rating,Read Status,Review"
_FILMS: Final = "Date,Name,Year,Letterboxd URI,Rating"
_OWN: Final = {"weight": 0.5, "kind": "opinion", "sensitivity": "private", "source": "said"}
_CELL: Final = '<div class="outer-cell"><div class="content-cell">Watched '


def _post(n: int) -> Any:
    public = "https://www.w3.org/ns/activitystreams#Public"
    return {
        "type": "Create",
        "to": [public],
        "object": {"to": [public], "content": f"<p>post {n} https://a.example/{n}</p>"},
    }


SHAPES: Final[Mapping[str, Mapping[str, Shape]]] = {
    "csv": {
        "rows": _csv("title,rating,date", "book #,4,2024-01-02"),
        "columns": lambda size: (
            "title,rating," + ",".join(f"c{n}" for n in range(min(size, 9_000))) + "\na,4"
        ).encode(),
        "columns and rows": lambda size: (
            "title,rating,"
            + ",".join(f"c{n}" for n in range(min(size // 8, 9_000)))
            + "\n"
            + "".join(f"a{n},4\n" for n in range(size))
        ).encode(),
        "one long cell": lambda size: f"title,rating\n{'ab ' * min(size, 40_000)},4\n".encode(),
        "combining marks": lambda size: f"title,rating\na{_MARKS * min(size, 60_000)},4\n".encode(),
        "quoted lines": lambda size: ("title,rating\n" + '"a\nb\nc",4\n' * size).encode(),
        "the same title": _csv("title,rating,date", "one book,4,2024-01-02"),
    },
    "ndjson": {
        "lines": _lines(lambda n: {"title": f"book {n}", "rating": 4}),
        "array": _json(lambda size: [{"title": f"book {n}", "rating": 4} for n in range(size)]),
        "members": _json(lambda size: [{"title": "a", "rating": 4} | {f"m{n}": 1 for n in range(size)}]),
        "combining marks": _json(lambda size: [{"title": "a" + _MARKS * size, "rating": 4}]),
        "escapes": _json(lambda size: [{"title": "\u0007" * size + "a", "rating": 4}]),
    },
    "ipse": {
        "lines": _lines(lambda n: {"text": f"I like {n}", **_OWN}),
        "combining marks": _lines(lambda n: {"text": f"{n}" + _MARKS * 1_000, **_OWN}),
    },
    "goodreads": {
        "rows": _csv(_BOOKS, "book #,someone,4,read,fine,2024/01/02"),
        "markup": lambda size: f'{_BOOKS}\na,b,4,read,"{"<p>x<br/>" * min(size, 13_000)}",\n'.encode(),
        "open tags": lambda size: f"{_BOOKS}\na,b,4,read,{'<a ' * min(size, 40_000)},\n".encode(),
        "many reviews": _csv(_BOOKS, "book #,b,4,read,<i>&amp;&#33;</i>" + "<" * 200 + ","),
    },
    "storygraph": {
        "rows": _csv(_STORIES, "book #,someone,4.25,read,fine"),
        "references": lambda size: f"{_STORIES}\na,b,4,read,{'&#1' * min(size, 40_000)}\n".encode(),
    },
    "letterboxd": {
        "rows": _csv(_FILMS, "2024-01-02,film #,2001,https://a.example/#,4"),
        "the same film": _csv(_FILMS, "2024-01-02,film,2001,https://a.example/,4"),
        "files": lambda size: _zip(
            {f"{n}/ratings.csv": f"{_FILMS}\n2024-01-02,film {n},2001,u,4".encode() for n in range(size // 8)}
        ),
    },
    "spotify": {
        "plays": _json(lambda size: [{**_PLAY, "master_metadata_track_name": f"t{n}"} for n in range(size)]),
        "files with long names": lambda size: _zip(
            {f"{n}{'n' * 2_000}.json": _PLAYS for n in range(size // 8)}
        ),
        "library": _json(
            lambda size: {
                "tracks": [{"track": f"t{n}", "artist": "a"} for n in range(size)],
                "albums": [],
                "shows": [],
            }
        ),
    },
    "mastodon": {
        "posts": _json(lambda size: {"orderedItems": [_post(n) for n in range(size)]}),
        "addressees": _json(
            lambda size: {
                "orderedItems": [{**_post(0), "cc": [f"https://a.example/{n}" for n in range(size)]}]
            }
        ),
        "links": _json(
            lambda size: {
                "orderedItems": [
                    {**_post(0), "object": {**_post(0)["object"], "content": "www.a.b https://x" * size}}
                ]
            }
        ),
        "long hosts": _json(
            lambda size: {
                "orderedItems": [
                    {**_post(0), "object": {**_post(0)["object"], "content": "http://a" + _MARKS * size}}
                ]
            }
        ),
        "follows": _csv("Account address,Show boosts", "user#@a.example,true"),
    },
    "youtube": {
        "history": _json(lambda size: [{**_VIDEO, "title": f"Watched video {n}"} for n in range(size)]),
        "titles alike": _json(
            lambda size: [{**_VIDEO, "title": f"{'y' * 400} {n}"} for n in range(size // 8)]
        ),
        "page": lambda size: (
            "<html><body>"
            + "".join(
                f'{_CELL}<a href="https://www.youtube.com/watch?v={n}">v{n}</a><br></div></div>'
                for n in range(size)
            )
        ).encode(),
        "page of open entries": lambda size: (
            "<html>youtube.com/" + '<div class="outer-cell">' * size
        ).encode(),
        "long hosts": _json(
            lambda size: [{**_VIDEO, "titleUrl": "https://a" + _MARKS * size, "title": "Watched a"}]
        ),
        "searches": _json(
            lambda size: [
                {**_VIDEO, "titleUrl": f"https://www.youtube.com/results?search_query=a{n}&" + "b&" * 10}
                for n in range(size)
            ]
        ),
        "subscriptions": _csv("Channel Id,Channel Url,Channel Title", "UC" + "a" * 22 + ",u,channel #"),
        "files with long names": lambda size: _zip(
            {
                f"{n}{'n' * 2_000}.json": json.dumps([{**_VIDEO, "title": f"Watched {n}"}]).encode()
                for n in range(size // 8)
            }
        ),
    },
    "bookmarks": {
        "links": lambda size: (_NETSCAPE + "".join(map(_link, range(size)))).encode(),
        "long folders": lambda size: (
            _NETSCAPE + _folders(size // 20) + "".join(map(_link, range(size)))
        ).encode(),
        "backup with long folders": _json(_nested),
        "folders": _page("", "<DL><p><DT><H3>f</H3>"),
        "links without end": _page("", '<A HREF="http://a.example/">t'),
        "tags without end": _page("", "<a "),
        "quotes without end": _page("<DL>", '<a b="'),
        "comments without end": _page("", "<!--"),
        "references": _page("<A HREF='http://a.example'>", "&#"),
        "long references": _page("<A HREF='http://a.example'>&#", "1"),
        "names of references": _page("<A HREF='http://a.example'>", "&notanentityatallbutverylong"),
        "attributes": _page("<A ", "b=1 ", ">t</A>"),
        "slashes in a tag": _page("<A ", "/", ">t</A>"),
        "quotes in a tag": _page("<A ", "'", ">t</A>"),
        "blanks in a tag": _page("<A b", " ", "=1>t</A>"),
        "combining marks": _page('<A HREF="http://a.example/">', "a" + _MARKS * 100),
        "marks in one title": _page('<A HREF="http://a.example/">a', _MARKS),
        "marks in a host": _page('<A HREF="http://a', _MARKS, '">t</A>'),
        "marks in a folder": _page("<DL><H3>a", _MARKS, "</H3><DL>" + _link(1)),
        "schemes in a title": _page('<A HREF="http://a.example/">', "a+b://"),
    },
    "archive": {
        "zip members": lambda size: _zip(
            {f"{n}.json": b"[]" for n in range(min(size // 4, 15_000))} | {"p.json": _PLAYS}
        ),
        "zip extra fields": lambda size: _zip(
            {f"{n}.json": _PLAYS for n in range(max(1, size // 1_000))}, b"\x99\x99\0\0" * 5_000
        ),
        "tar members": lambda size: tar([*((f"{n}.txt", b"") for n in range(size // 4)), ("p.json", _PLAYS)]),
        "tar global headers": lambda size: tar(
            [*((f"{n}.txt", b"") for n in range(size // 4)), ("p.json", _PLAYS)],
            everywhere={f"k{n}": "v" for n in range(min(size // 8, 4_000))},
            each={"comment": "x"},
        ),
        "tar figures": lambda size: tar([("p.json", _PLAYS)], each={"comment": "1" * min(size, 60_000)}),
        "tar long names": lambda size: tar([("n" * min(size, 60_000), b""), ("p.json", _PLAYS)]),
        "large members": lambda size: _zip({"p.json": _PLAYS[:-1] + b" " * size + b"]"}),
    },
}
"""The shapes of each importer. Sizes of ten thousand make files of about a megabyte."""
