"""A passphrase that is guessed.

The attacker had the keystore's file or an exported key, and tried what people choose. It cannot be prevented,
as the owner decides; it cannot happen without a word any more, because every new passphrase is estimated
where it is set, a weak one is warned of, and a generated one is offered.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse.keys import passphrases
from tests.conftest import Ipse
from tests.waiting import PATIENCE

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")

WEAK = [
    "x",
    "password",
    "Tr0ub4dour&3",
    "qwertyuiop",
    "19830214",
    "letmein123",
    "a" * 60,
    "abcabcabcabc",
    "ipse",
]
STRONG = ["correct horse battery staple", "xq7fbd0w2n5tkc9m", "drei Esel tanzen im Regen auf Dach"]


@pytest.mark.parametrize("text", WEAK)
def test_what_people_choose_is_weak(text: str) -> None:
    assert passphrases.guesses(text.encode()) < passphrases.ENOUGH


@pytest.mark.parametrize("text", [*STRONG, "x" * 5 + "ähÄ€𝄞 — noch etwas mehr, bitte", "z9" * 3000])
def test_what_is_long_and_random_enough_is_not_and_any_bytes_are_read(text: str) -> None:
    assert text.startswith("z9") or passphrases.guesses(text.encode()) >= passphrases.ENOUGH
    assert passphrases.guesses(b"\xff\xfe\x00" + text.encode()) > 0


def test_generated_ones_have_a_hundred_bits_and_are_strong() -> None:
    made = {passphrases.generate() for _ in range(50)}
    assert len(made) == 50
    assert passphrases.ENTROPY >= 80
    for text in made:
        assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){4}", text)
        assert passphrases.guesses(text.encode()) >= passphrases.ENOUGH


def _file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text(text + "\n")
    return file


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("text", "warned"), [("x", True), ("letmein123", True), (STRONG[0], False)])
def test_without_a_terminal_the_warning_goes_to_stderr_and_nothing_else_changes(
    text: str, warned: bool, ipse: Ipse, tmp_path: Path
) -> None:
    made = ipse("did", "export", "me", "--key-passphrase-file", _file(tmp_path, text))
    assert made.out.startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert ("this passphrase is weak" in made.err) is warned
    assert text not in made.err.replace("this passphrase", "") or text == "x"


def test_so_for_a_new_wallet_and_never_for_one_that_is_opened(no_wallet: Ipse, tmp_path: Path) -> None:
    weak = _file(tmp_path, "hunter2")
    made = no_wallet("init", "--keystore", "file", "--passphrase-file", weak)
    assert "this passphrase is weak" in made.err
    assert no_wallet("did", "create", "--name", "me", "--passphrase-file", weak).err == ""


def _before(ipse: Ipse, out: Path) -> Any:
    command = f"{sys.executable} -m ipse did export me > {out}"
    return pexpect.spawn(
        "bash", ["-c", command], env=ipse.variables, encoding="utf-8", timeout=PATIENCE, dimensions=(24, 100)
    )


@pytest.mark.sampled(1)
@pytest.mark.parametrize("choice", ["kept", "generated", "mistyped"])
def test_at_a_terminal_a_weak_one_is_kept_or_gives_way_to_a_generated_one(
    choice: str, ipse: Ipse, tmp_path: Path
) -> None:
    out = tmp_path / "exported"
    child = _before(ipse, out)
    child.expect_exact("new passphrase for the key file: ")
    child.sendline("hunter2")
    child.expect_exact("the same again to keep it, or return for a generated one: ")
    assert "this passphrase is weak" in child.before
    passphrase = "hunter2"
    child.sendline(passphrase if choice == "kept" else "")
    if choice != "kept":
        child.expect(r"it is shown once: (\S+)\s")  # to its end, of which a part may come first
        passphrase = str(child.match[1])
        child.expect_exact("type it, the new passphrase for the key file: ")
        child.sendline(passphrase if choice == "generated" else "something else")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (4 if choice == "mistyped" else 0)
    if choice == "mistyped":
        assert out.read_text() == ""
        return
    secret = _file(tmp_path, passphrase)
    ipse("did", "delete", "me", "--confirm", "me")
    ipse("did", "import", out, "--name", "again", "--key-passphrase-file", secret)


def test_a_strong_one_is_typed_twice_without_a_word(ipse: Ipse, tmp_path: Path) -> None:
    child = _before(ipse, tmp_path / "exported")
    for prompt in ("new passphrase for the key file: ", "the same again: "):
        child.expect_exact(prompt)
        child.sendline(STRONG[0])
    child.expect(pexpect.EOF)
    assert "weak" not in child.before


def test_the_estimate_is_loaded_nowhere_else(ipse: Ipse) -> None:
    script = (
        "import sys; from ipse.cli.main import run; run(['did','list']); assert 'zxcvbn' not in sys.modules"
    )
    assert pexpect.run(f'{sys.executable} -c "{script}"', env=ipse.variables, withexitstatus=True)[1] == 0
