"""Shell completion: the names it offers, and the scripts in `completions/`.

`python -m ipse.cli.completion zsh` prints the script for a shell.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Final

from ipse.errors import IpseError
from ipse.wallet import directory

__all__ = ["complete_did", "script"]

_PLAIN: Final = re.compile("[A-Za-z0-9._:%-]+")
"""What names and DIDs consist of; no shell reads more into it."""
_ZSH_LAST_LINE: Final = "compdef _ipse_completion ipse"
# As a file of the function path it must complete the first time too, not only declare itself.
_ZSH_EITHER_WAY: Final = """\
if [[ $funcstack[1] == _ipse ]]; then
  _ipse_completion "$@"
else
  compdef _ipse_completion ipse
fi"""


def complete_did(incomplete: str) -> Iterator[tuple[str, str]]:
    """Return the names of DIDs that start with what is typed; no keystore is opened."""
    try:
        records = directory.read(directory.find_places()).dids
    except IpseError:
        return
    for record in records:
        # Shells evaluate what they are offered (zsh once more, quoted or not), and the file may be anybody's.
        if record.name.startswith(incomplete) and _PLAIN.fullmatch(record.name + record.did):
            yield record.name, record.did


def script(shell: str) -> str:
    """Return the completion script for bash, zsh or fish."""
    from typer._completion_shared import get_completion_script

    text = get_completion_script(prog_name="ipse", complete_var="_IPSE_COMPLETE", shell=shell)
    return text.strip().replace(_ZSH_LAST_LINE, _ZSH_EITHER_WAY) + "\n"


if __name__ == "__main__":
    sys.stdout.write(script(sys.argv[1]))
