"""Music and podcasts as Spotify exports them: streaming history and library, JSON files in a zip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Gathering, Reading, listed
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.plain_text import clean, with_maker
from ipse.preferences.sources.source import Source
from ipse.preferences.sources.weights import Tallies

__all__ = ["SOURCE", "claims", "read"]

_HEARD_MS: Final = 30_000
"""A stream of half a minute counts as a play, to Spotify as well."""
_MOST: Final = 0.9
_SAVED: Final = 0.6
_BANNED: Final = -0.8
_BROKEN_OFF: Final = -0.2
_SKIPS: Final = 3
"""So many skips, and more than twice the plays, are evidence of a dislike."""
_LIBRARY: Final = {
    "tracks": ("track", _SAVED), "albums": ("album", _SAVED), "artists": ("artist", _SAVED),
    "shows": ("show", _SAVED), "bannedTracks": ("track", _BANNED), "bannedArtists": ("artist", _BANNED),
}  # fmt: skip


def claims(file: File) -> bool:
    """Whether the members are those of a streaming history or of YourLibrary.json."""
    if not file.is_json:
        return False
    if file.is_object:
        return file.has("tracks", "albums", "shows") or file.has("bannedTracks")
    return (
        file.has("master_metadata_track_name", "ms_played")
        or file.has("trackName", "msPlayed")
        or file.has("podcastName", "msPlayed")
    )


def read(files: Sequence[File], what: str) -> Reading:
    """Tracks, artists and podcasts, weighted by plays and by what is saved. Raises MalformedInput."""
    gathering = Gathering(what)
    tracks, makers = Tallies(), Tallies()
    fields: dict[str, str] = {}
    plays: list[str] = []
    for file in files:
        if file.is_object:
            fields["library"] = file.name
            _library(file, tracks, makers, gathering)
        else:
            plays.append(file.name)
            fields["plays"] = listed(plays)
            for number, stream in enumerate(file.objects(), 1):
                _stream(stream, tracks, makers, gathering, f"{file.what}, entry {number}")
    _weigh(tracks, gathering, least=2)
    _weigh(makers, gathering, least=1)
    return gathering.reading("spotify", fields)


def _library(file: File, tracks: Tallies, makers: Tallies, gathering: Gathering) -> None:
    library = file.json()
    for member, (kind, weight) in _LIBRARY.items():
        for item in file.objects(library.get(member) or []):
            text = _saved(item, kind)
            if text:
                (makers if kind in ("artist", "show") else tracks)[text].state(weight)
            else:
                gathering.skip("no title")


def _saved(item: JsonObject, kind: str) -> str:
    if kind == "artist":
        return _artist(_text(item.get("name")))
    if kind == "show":
        return _show(_text(item.get("name")))
    return with_maker(_text(item.get(kind)), _text(item.get("artist")))


def _stream(stream: JsonObject, tracks: Tallies, makers: Tallies, gathering: Gathering, where: str) -> None:
    """Count a stream, in the long form (ts, ms_played, ...) or the short one (endTime, msPlayed, ...)."""
    if stream.get("incognito_mode") is True:
        gathering.skip("private session")
        return
    maker = _text(stream.get("master_metadata_album_artist_name") or stream.get("artistName"))
    track = _text(stream.get("master_metadata_track_name") or stream.get("trackName"))
    show = _text(stream.get("episode_show_name") or stream.get("podcastName"))
    if not track and not show:
        gathering.skip("no title")
        return
    at = moment(_text(stream.get("ts") or stream.get("endTime")))
    lasted = stream.get("ms_played", stream.get("msPlayed"))
    if isinstance(lasted, bool) or not isinstance(lasted, (int, float)):
        raise MalformedInput(f"{where}: the time played {excerpt(lasted)} is no number")
    if lasted >= _HEARD_MS:
        if track:
            tracks[with_maker(track, maker)].happened(at)
        if show or maker:
            makers[_artist(maker) if track else _show(show)].happened(at)
    elif track and (stream.get("skipped") is True or stream.get("reason_end") == "fwdbtn"):
        tally = tracks[with_maker(track, maker)]
        tally.skips += 1
        tally.seen(at)


def _weigh(tallies: Tallies, gathering: Gathering, *, least: int) -> None:
    for text, tally in tallies.items():
        if tally.stated is None and tally.skips >= _SKIPS and tally.skips > 2 * tally.times:
            gathering.add(text, _BROKEN_OFF, tally.at)
        elif tally.stated is None and tally.times < least:
            gathering.skip("played once at most")
        else:
            gathering.add(text, tally.weight(_MOST), tally.at)


def _artist(name: str) -> str:
    return f"music by {name}" if name else ""


def _show(name: str) -> str:
    return f"{name} (podcast)" if name else ""


def _text(value: Json) -> str:
    return clean(value) if isinstance(value, str) else ""


SOURCE: Final = Source(claims, read)
