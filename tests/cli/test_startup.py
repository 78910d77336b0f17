"""Commands start like git, not like PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import Ipse

_HEAVY = {
    "didkit", "numpy", "onnxruntime", "opendp", "pyoxigraph", "sentence_transformers", "torch",
    "transformers",
}  # fmt: skip
_LATER = {"keyring", "sqlcipher3", "nacl", "cryptography", "rich", "pydantic", "asyncio", "logging"}
"""What listing names and printing help has no use for either."""


@pytest.mark.parametrize("command", [["--version"], ["--help"], ["did", "list"], ["did", "show", "me"]])
def test_light_commands_import_nothing_heavy(command: list[str], ipse: Ipse) -> None:
    program = (
        "import sys\n"
        "from ipse.cli.main import run\n"
        f"code = run({command!r})\n"
        "sys.stderr.write(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=ipse.variables, check=True
    )
    loaded = set(done.stderr.split())
    assert "typer" in loaded
    assert loaded & _HEAVY == set()
    assert loaded & _LATER == set()


_SHARED = {"ipse.cli.commands", "ipse.cli.commands.vc", "ipse.cli.params"}


@pytest.mark.parametrize(
    ("command", "modules"),
    [
        (["vc", "verify", "-", "--any-issuer"], {"vc.verify", "vc.batches", "vc.rendering"}),
        (["vc", "lint", "-"], {"vc.lint"}),
        (["vc", "status", "list"], {"vc.status"}),
        (["did", "list"], {"did"}),
        (["dapp", "summary"], {"dapp", "dapp.options", "dapp.summary"}),
        (["dapp", "grants"], {"dapp", "dapp.options", "dapp.grants"}),
        (["--version"], set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_no_other_commands_module(
    command: list[str], modules: set[str], ipse: Ipse
) -> None:
    program = (
        "import sys\n"
        "from ipse.cli.main import run\n"
        f"run({command!r})\n"
        "sys.stderr.write('\\n' + ' '.join(name for name in sys.modules if 'ipse.cli.commands' in name))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input="{}", capture_output=True, text=True, env=ipse.variables,
        check=True,
    )  # fmt: skip
    loaded = set(done.stderr.splitlines()[-1].split())
    assert loaded - _SHARED == {f"ipse.cli.commands.{module}" for module in modules}


def test_the_public_face_loads_its_names_when_they_are_used() -> None:
    program = "import sys, ipse; sys.stdout.write(' '.join(m for m in sys.modules if m.startswith('ipse')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ipse"]
