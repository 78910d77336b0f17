"""How fast a command starts: `ipse did list` against a Python process that imports typer.

Both run in turn in one go, so that the ratio holds on a noisy machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=21, help="counted runs of each (default: 21)")
    runs = parser.parse_args().n
    ipse = str(Path(sys.executable).with_name("ipse"))
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "passphrase")
        secret.touch(mode=0o600)
        secret.write_text("benchmark\n")
        environment = {**os.environ, "IPSE_HOME": f"{folder}/wallet", "IPSE_PASSPHRASE_FILE": str(secret)}
        for arguments in (
            ["init", "--keystore", "file"],
            *(["did", "create", "--name", f"n{i}"] for i in range(5)),
        ):
            subprocess.run([ipse, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
        ours, reference = [ipse, "did", "list"], [sys.executable, "-c", "import typer"]
        for command in (ours, reference):
            _seconds(command, environment)
        pairs = [(_seconds(ours, environment), _seconds(reference, environment)) for _ in range(runs)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"ipse did list              median {mine * 1000:6.0f} ms   ({runs} runs)")
    print(f'python -c "import typer"   median {theirs * 1000:6.0f} ms')
    print(f"ratio                      {mine / theirs:.2f}   (at most 2.5)")


if __name__ == "__main__":
    main()
