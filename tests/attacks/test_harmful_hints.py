"""A hint that gives away safety.

The attacker sent a request that nobody signed, or a presentation that answers nothing, to a person in a hurry
or to a program that does what hints say. The error handed out the option that makes it pass. It cannot come
back because every text in the source is looked at here: such options stand in their own help alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_vc import in_process, issued
from tests.conftest import EXAMPLES, Ipse
from tests.unit.test_structure import SOURCE

UNSAFE = (
    "--allow-unsigned", "--any-issuer", "--any-holder", "--insecure", "--allow-loopback", "--unverified",
    "--force", "--with-secret", "--yes ",
)  # fmt: skip
_FINAL = ("vc revoke", "did delete", "vc delete", "profile forget ", "dapp grant ")
_NO_HINTS = ("interests.py", "examples.py")
"""Interests list what one does with statements; examples stand on the help page of the command itself."""
_HELPS = (" --help", " or `like` cleans up")


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that can get into an error, a message or a hint: all but docstrings and help."""
    tree = ast.parse(path.read_text())
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("Option", "TyperOption"):
            left_out.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.Raise) and "contradict" in ast.unparse(node):
            left_out.update(map(id, ast.walk(node)))  # they are named to whoever gave them
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in left_out:
            left_out.update(map(id, node.values))
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_text_hands_out_an_option_that_gives_up_safety(path: Path) -> None:
    for line, text in _texts(path):
        for option in UNSAFE if "pipx install" not in text else ():  # which is another program's option
            said = text.replace("--force-reinstall", "")  # of pip
            assert option not in f"{said} ", f"line {line}: {text}"
        for command in _FINAL:
            harmful = f"ipse {command}" in f"{text} " and not any(end in text for end in _HELPS)
            assert not harmful or "contradictions" in path.name or path.name in _NO_HINTS, (line, text)


def test_the_search_finds_such_texts(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""--force"""\nraise E("m", hint=f"give {x} --force")\ntyper.Option("--force")\n')
    assert [text for _, text in _texts(module) if "--force" in text] == ["give X --force"]


def test_what_fails_for_safety_hints_at_nothing_that_gives_it_up(ipse: Ipse, tmp_path: Path) -> None:
    here = in_process(ipse)
    credential = tmp_path / "credential"
    credential.write_text(issued(ipse))
    for words in (
        ("vc", "verify", credential),
        ("did", "delete", "me"),
        ("did", "resolve", "did:web:localhost"),
        ("did", "export", "me"),
        ("profile", "forget", "1"),
        ("did", "rotate", "me", "--retire"),
        ("vc", "issue", "--type", "T", "--claims", EXAMPLES / "claims.json", "-o", credential),
    ):
        run = here(*words, code=None)
        assert run.code not in (0, 1), run
        for option in UNSAFE:
            assert option not in f"{run.out}{run.err} ", run.err


@pytest.mark.parametrize("verb", ["delete", "remove", "rm"])
def test_delete_remove_and_rm_are_one_verb_in_every_family(verb: str, ipse: Ipse) -> None:
    here = in_process(ipse)
    assert here("did", verb, "me", code=7).err.startswith("error: deleting 'me' needs its name")
    assert "--confirm" in here("did", verb, "--help").out
    assert "Delete a credential for good" in here("vc", verb, "--help").out
    assert "Delete an issuer or an authority from the trust list" in here("trust", verb, "--help").out
    assert "Delete a topic of your own" in here("profile", "topics", verb, "--help").out
    assert "Delete statements" in here("profile", verb, "--help").out
    assert here("vc", verb, "nothing", code=5).out == ""
    assert "no such command" in here("log", verb, code=2).err


def test_no_misspelled_verb_is_answered_with_a_final_one(ipse: Ipse) -> None:
    for verb in ("remov", "delte", "revok", "rovoke", "discard", "drop"):
        run = in_process(ipse)("vc", verb, code=2)
        assert run.err == f"error: no such command '{verb}'\nhint: `ipse vc --help` shows what it takes\n"
