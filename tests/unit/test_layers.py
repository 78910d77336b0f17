"""Imports run downwards only, and each heavy or dangerous library has one room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ipse"

# A room may import itself and the rooms named here, and any may import these.
_ANYWHERE = {"errors", "hardening"}
_BELOW = {
    "errors": set(),
    "hardening": set(),
    "encoding": {"errors"},
    "installation": set(),
    "storage": {"errors", "encoding"},
    "keys": {"errors", "installation", "encoding", "storage"},
    "dids": {"errors", "encoding", "keys"},
    "preferences": {"errors", "installation", "encoding"},
    "credentials": {"errors", "installation", "encoding", "keys", "dids"},
    "disclosure": {"errors", "encoding", "keys", "dids", "credentials", "preferences", "protocols"},
    "protocols": {"errors", "encoding", "keys", "dids", "credentials"},
    "network": {"errors"},
    "wallet": {
        "errors", "encoding", "keys", "storage", "dids", "credentials", "protocols", "disclosure",
        "preferences", "network", "installation",
    },
    "servers": {
        "errors", "encoding", "keys", "dids", "credentials", "protocols", "disclosure", "wallet",
    },
    "cli": {
        "errors", "encoding", "keys", "dids", "credentials", "protocols", "disclosure", "preferences",
        "wallet", "servers", "installation", "__init__",
    },
    "__init__": {"errors", "keys", "credentials", "protocols", "disclosure", "wallet", "storage"},
    "__main__": {"cli"},
}  # fmt: skip

_ROOM_OF = {
    "nacl": "keys",
    "cryptography": "keys",
    "joserfc": "keys/encryption.py",
    "keyring": "keys/keystore/os_keyring.py",
    "secretstorage": "keys/keystore/os_keyring.py",
    "sqlcipher3": ("storage/vault.py", "storage/saved_vault.py", "servers/database.py"),
    "filelock": ("storage/files.py", "preferences/embedding"),
    "didkit": "credentials/formats/vcdm11/didkit_child.py",
    "pyrage": "keys/age_file.py",
    "zxcvbn": "keys/passphrases.py",
    "http": ("network", "servers/http"),
    "ssl": ("network", "servers"),
    "socket": ("network", "servers", "keys/keystore/unlock_"),
    "h11": "servers/http",
    "asyncio": ("servers/http", "credentials/formats/vcdm11/didkit_child.py"),
    "rfc8785": "encoding/strict_json.py",
    "pyoxigraph": "credentials/json_ld",
    "jsonschema_rs": "credentials/json_schema.py",
    "cbor2": "credentials/status",
    "sentence_transformers": "preferences/embedding",
    "transformers": "preferences/embedding",
    "torch": "preferences/embedding",
    "onnxruntime": "preferences/embedding",
    "onnx": "preferences/embedding",
    "tokenizers": "preferences/embedding",
    "opendp": (),  # for tests alone, which hold our noise against its
    "typer": "cli",
    "rich": "cli",
    "segno": "cli/qr.py",
    "zxingcpp": "cli/qr.py",
    "PIL": "cli/qr.py",
}

_LAZY = set(_ROOM_OF) - {"typer", "http", "socket", "asyncio"} | {"numpy"}
"""Libraries that no module may import when it is itself imported."""

_MODULES = sorted(SOURCE.rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            if module == "ipse":
                yield from ((f"ipse.{alias.name}", node) for alias in node.names)
            else:
                yield module, node


def _room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_downwards(path: Path) -> None:
    room = _room(path)
    allowed = _BELOW[room] | {room} | _ANYWHERE
    for name, node in _imports(ast.parse(path.read_text())):
        if name.startswith("ipse."):
            target = name.split(".")[1]
            target = "__init__" if target.startswith("__") else target
            assert target in allowed, f"line {node.lineno}: {room} imports {name}"


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_and_dangerous_libraries_stay_in_their_room_and_load_late(path: Path) -> None:
    tree = ast.parse(path.read_text())
    place = str(path.relative_to(SOURCE))
    for name, node in _imports(tree):
        library = name.split(".")[0]
        rooms = _ROOM_OF.get(library, "")
        rooms = (rooms,) if isinstance(rooms, str) else rooms
        assert any(place.startswith(room) for room in rooms), f"{place}:{node.lineno} imports {library}"
        if library in _LAZY:
            assert node not in tree.body, f"{place}:{node.lineno} imports {library} at import time"


def test_use_cases_hand_arrays_on_and_never_compute_with_them() -> None:
    for path in (SOURCE / "wallet").rglob("*.py"):
        names = [name.split(".")[0] for name, _ in _imports(ast.parse(path.read_text()))]
        assert "numpy" not in names, path


def test_modules_stay_small_enough_to_hold_in_the_head() -> None:
    long = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in _MODULES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
