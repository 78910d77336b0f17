"""What `ipse help TOPIC` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ipse.cli.common_options import described
from ipse.cli.help_page import page_width
from ipse.cli.lines import wrapped

if TYPE_CHECKING:
    import typer

__all__ = ["EXIT_CODES", "TOPICS", "page"]

TOPICS: Final[Mapping[str, str]] = {
    "options": "the options that every command takes",
    "exit-codes": "what a script can tell from the exit code",
    "files": "where the wallet is, and the environment variables",
    "output": "what goes to stdout and to stderr, JSON, terminals",
    "times": "how dates and spans are written",
}
EXIT_CODES: Final[Mapping[int, str]] = {
    0: "done; of a verification: valid",
    1: "a bug in ipse",
    2: "the call is wrong: an option, a name, a value that is malformed or taken",
    3: "verified, and not valid; of `ipse doctor`: not well",
    4: "the keys can't be reached: no keystore, locked, a wrong passphrase",
    5: "no such thing: a DID, a credential, a statement, a file",
    6: "malformed or damaged data, or reading or writing failed (a full disk)",
    7: "the owner said no, or there is nobody to ask",
    8: "an optional part of ipse, or of this system, is missing",
    9: "could not be found out: neither valid nor invalid",
    130: "interrupted (Ctrl-C)",
    141: "whoever read the output has gone away",
}
_FILES: Final = (
    (
        "IPSE_HOME",
        "The folder of the wallet. Without it, the place that this system has for a program's data.",
    ),
    ("IPSE_PASSPHRASE_FILE", "A file with the keystore's passphrase, like --passphrase-file."),
    ("NO_COLOR", "Set to anything: no colours."),
    ("TERM=dumb", "No colours, and words instead of marks, like --plain."),
    ("COLUMNS", "How wide the terminal is, where it does not say so itself."),
    ("TZ", "The time zone in which a terminal shows times."),
)
_OUTPUT: Final = (
    ("stdout", "Results alone. In a pipe they are whole: DIDs in full, times as RFC 3339, no headings."),
    ("stderr", "Messages, questions, progress and errors: a line `error:` and a line `hint:`."),
    ("--json", "One JSON object on stdout. An error is one on stderr, with code, message and hint."),
    ("terminal", "Tables have headings and fit, DIDs are short, times are your own; -v shows all of it."),
)
_TIMES: Final = (
    ("TIME", "2026-01-31T12:00:00Z with its zone, or 2026-01-31, the first second of that day in UTC."),
    ("DATE", "The same."),
    ("SPAN", "A number and s, m, h or d: 90s, 30m, 12h, 7d."),
)


def page(topic: str, ctx: typer.Context) -> str | None:
    """Return the page of `topic`, or None for any other word."""
    if topic == "options":
        return _listed("Every command takes these options, before or after its name:", described(ctx))
    if topic == "exit-codes":
        rows = [(str(code), what) for code, what in EXIT_CODES.items()]
        return _listed("The exit code says how a command ended:", rows)
    if topic == "files":
        return _listed(f"The wallet is in {_home()}. These environment variables are read:", _FILES)
    if topic == "output":
        return _listed("What is written where:", _OUTPUT)
    if topic == "times":
        return _listed("How options take times:", _TIMES)
    return None


def _home() -> str:
    from ipse.wallet.directory import find_places

    return str(find_places().data)


def _listed(intro: str, rows: Sequence[tuple[str, str]]) -> str:
    """Rows under a sentence; each explanation beside its name, or under it where there is little room."""
    width = page_width()
    room = max(len(name) for name, _ in rows) + 4
    lines = [*wrapped(intro, width), ""]
    for name, what in rows:
        if room > width // 2:
            lines += [f"  {name}", *wrapped(what, width, first="      ", rest="      ")]
        else:
            lines += wrapped(what, width, first=f"  {name}".ljust(room), rest=" " * room)
    return "\n".join(lines)
