"""What the costliest inputs cost: seconds and memory of `ipse vc verify` over the corpus and over bombs.

No input below 1 MB may take more than 10 s or 512 MB, its children included. Run from the repository:
`.venv/bin/python -m benchmarks.verification_bounds`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests import bombs
from tests.bombs import Bomb
from tests.corpus.building import AT, AUDIENCE, NONCE

MAX_SECONDS, MAX_MEGABYTES = 10.0, 512.0
MAX_BYTES = 1_000_000
_PAGE = os.sysconf("SC_PAGE_SIZE")
_IPSE = [str(Path(sys.executable).with_name("ipse")), "--json"]


def main() -> None:
    """Print a line for each input and command, and fail where one is over the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only inputs with this in their name")
    parser.add_argument("--no-corpus", action="store_true", help="the bombs alone")
    parser.add_argument("--commands", default="verify", help="verify,lint,add,show: some of them")
    options = parser.parse_args()
    print("   bytes  seconds  computed     MB  exit  command  input", flush=True)
    over = []
    with tempfile.TemporaryDirectory() as folder:
        _make_wallet(Path(folder))
        for bomb in _inputs(corpus=not options.no_corpus):
            if options.only not in bomb.name:
                continue
            size = len(bomb.content.encode())
            for name in options.commands.split(","):
                command = _command(name, bomb, Path(folder))
                seconds, computed, megabytes, status = _measured(command, Path(folder))
                figures = f"{size:8} {seconds:8.2f} {computed:9.2f} {megabytes:6.0f} {status:5}"
                line = f"{figures}  {name:7}  {bomb.name}"
                print(line, flush=True)
                if size < MAX_BYTES and (seconds > MAX_SECONDS or megabytes > MAX_MEGABYTES):
                    over.append(line)
    print(f"over {MAX_SECONDS:g} s or {MAX_MEGABYTES:g} MB: {len(over)}", *over, sep="\n")
    sys.exit(bool(over))


def _environment(folder: Path) -> dict[str, str]:
    home, passphrase = str(folder / "wallet"), str(folder / "passphrase")
    return {**os.environ, "IPSE_HOME": home, "IPSE_PASSPHRASE_FILE": passphrase}


def _make_wallet(folder: Path) -> None:
    """A wallet in `folder`, for the commands that need one."""
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("benchmark of the bounds\n")
    command = [*_IPSE, "init", "--keystore", "file"]
    subprocess.run(command, env=_environment(folder), check=True, capture_output=True)


def _shown(folder: Path) -> str:
    """The id of what was added last."""
    done = subprocess.run(
        [*_IPSE, "vc", "list"], env=_environment(folder), capture_output=True, text=True, check=True
    )
    credentials = json.loads(done.stdout)["credentials"]
    return str(credentials[-1]["id"]) if credentials else "0"


def _inputs(*, corpus: bool) -> Iterator[Bomb]:
    yield from bombs.every()
    root = Path(__file__).parents[1] / "tests" / "corpus"
    for path in sorted([*root.glob("good/*"), *root.glob("bad/*/*")]) if corpus else ():
        yield Bomb(str(path.relative_to(root)), path.read_text())


def _command(name: str, bomb: Bomb, folder: Path) -> list[str]:
    file = folder / "input"
    file.write_text(bomb.content)
    command = [*_IPSE, "vc", name, _shown(folder) if name == "show" else str(file)]
    if name == "add":
        command.append("--unverified")
    if name == "verify":
        command += ["--any-issuer", "--audience", AUDIENCE, "--nonce", NONCE, "--at", AT]
    for option, documents in (("--schema", bomb.schemas), ("--context", bomb.contexts)):
        for number, (url, document) in enumerate(documents.items() if name == "verify" else ()):
            place = folder / f"{option[2:]}-{number}"
            place.write_text(json.dumps(document))
            command += [option, f"{url}={place}"]
    return command


def _measured(command: list[str], folder: Path) -> tuple[float, float, float, int]:
    """Seconds, those of them that it computed, the most megabytes at one time, and the exit code.

    All of it with the children of the command.
    """
    start, most = time.monotonic(), 0
    process = subprocess.Popen(
        command,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        most = max(most, sum(map(_resident, _family(process.pid))))
        time.sleep(0.01)
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    computed = used.ru_utime + used.ru_stime
    return time.monotonic() - start, computed, most / 1e6, process.returncode


def _family(process: int) -> Iterator[int]:
    yield process
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            yield from _family(int(child))


def _resident(process: int) -> int:
    """Bytes of memory of a process, 0 where it has gone."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    return 0


if __name__ == "__main__":
    main()
