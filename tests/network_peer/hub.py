"""A hub of models on 127.0.0.1, honest unless a test makes it lie.

with HttpsPeer(authority.issue("localhost"), {}) as peer:
    hub = HubPeer(peer, MODEL)
    hub.listing["siblings"][0]["size"] = 5
    hub.publish()
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.network_peer.server import Answer, HttpsPeer, body, redirect

__all__ = ["COMMIT", "MODEL", "NAME", "HubPeer", "files_of", "modules", "safetensors"]

NAME: Final = "someone/small-model"
COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"


def safetensors(payload: bytes = b"") -> bytes:
    """A file of weights with nothing in its table, and `payload` after it."""
    return (2).to_bytes(8, "little") + b"{}" + payload


def modules(*entries: tuple[str, str]) -> bytes:
    """A modules.json of (path, type)."""
    listed = [
        {"idx": place, "name": str(place), "path": path, "type": kind}
        for place, (path, kind) in enumerate(entries)
    ]
    return json.dumps(listed).encode()


MODEL: Final[Mapping[str, bytes]] = {
    "modules.json": modules(
        ("", "sentence_transformers.models.Transformer"),
        ("1_Pooling", "sentence_transformers.models.Pooling"),
    ),
    "config.json": b'{"model_type": "bert"}',
    "config_sentence_transformers.json": b'{"prompts": {}}',
    "sentence_bert_config.json": b'{"max_seq_length": 64}',
    "tokenizer.json": b'{"model": {}}',
    "tokenizer_config.json": b'{"model_max_length": 1000000000000000019884624838656}',
    "vocab.txt": b"[PAD]\na\n",
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
    "model.safetensors": safetensors(bytes(300_000)),
}
"""Looks like a model to whoever does not load it."""

_NOT_NEEDED: Final[Mapping[str, bytes]] = {
    ".gitattributes": b"*.bin filter=lfs\n",
    "README.md": b"---\nlicense: mit\n---\n",
    "pytorch_model.bin": b"\x80\x04pickle",
    "train.py": b"print('hello')\n",
    "onnx/model.onnx": b"onnx",
    "openvino/openvino_model.xml": b"<xml/>",
    "eval/results.json": b"{}",
    "2_Unused/config.json": b"{}",
    "rust_model.ot": b"rust",
}


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a model's folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class HubPeer:
    """Serves `files` under NAME, weights by a redirect as hubs do; `listing` is what it says of them."""

    def __init__(self, peer: HttpsPeer, files: Mapping[str, bytes] = MODEL) -> None:
        self.peer = peer
        self.files = {**_NOT_NEEDED, **files}
        self.answers: dict[str, Answer] = {}
        self.listing: dict[str, Any] = {
            "id": NAME,
            "sha": COMMIT,
            "private": False,
            "gated": False,
            "library_name": "sentence-transformers",
            "cardData": {"license": "apache-2.0", "language": ["en", "de"]},
            "siblings": [self._sibling(path, data) for path, data in self.files.items()],
        }

    @property
    def url(self) -> str:
        """What --hub takes."""
        return self.peer.url("").rstrip("/")

    @property
    def fetched(self) -> list[str]:
        """The paths of the files that were asked for, in that order."""
        base = f"/{NAME}/resolve/{COMMIT}/"
        asked = [request.split(b" ", 2)[1].decode() for request in self.peer.requests]
        return [path.removeprefix(base) for path in asked if path.startswith(base)]

    def sibling(self, path: str) -> dict[str, Any]:
        """What the listing says of `path`."""
        found: dict[str, Any] = next(
            entry for entry in self.listing["siblings"] if entry["rfilename"] == path
        )
        return found

    def add(self, path: str, data: bytes = b"{}") -> None:
        """One more file."""
        self.files[path] = data
        self.listing["siblings"].append(self._sibling(path, data))

    def publish(self, listing: bytes | None = None, revision: str = "main") -> None:
        """Serve it; `answers` go before what is honest."""
        content = json.dumps(self.listing).encode() if listing is None else listing
        routes = self.peer.routes
        routes[f"/api/models/{NAME}/revision/{revision}?blobs=true"] = body(content)
        for path, data in self.files.items():
            address = f"/{NAME}/resolve/{COMMIT}/{path}"
            routes[address] = body(data)
            if path.endswith(".safetensors"):
                routes[f"/cdn/{path}?signed=1"] = body(data)
                routes[address] = redirect(self.peer.url(f"/cdn/{path}?signed=1"))
            if path in self.answers:
                routes[address] = self.answers[path]

    def _sibling(self, path: str, data: bytes) -> dict[str, Any]:
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        entry: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": blob}
        if path.endswith((".safetensors", ".bin")):
            sha256 = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
        return entry
