"""Writes the corpus: `python -m tests.corpus.generate`. The same bytes on every machine, bombs excepted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ipse.encoding import strict_json
from tests.corpus import (
    jwt_faults,
    old_faults,
    presentation_faults,
    rdf_faults,
    sd_jwt_faults,
    status_faults,
    w3c_faults,
)
from tests.corpus.building import AT, AUDIENCE, ISSUER, MINTER, NONCE, PEER, Fault, Good, Json

__all__ = ["FOLDER", "faults", "files", "good", "is_reproducible"]

FOLDER = Path(__file__).parent


def good() -> Iterator[Good]:
    """Every document without a fault."""
    yield w3c_faults.good()
    for module in (rdf_faults, jwt_faults, sd_jwt_faults, old_faults, presentation_faults, status_faults):
        yield from module.good()


def faults() -> Iterator[Fault]:
    """Every document with one."""
    yield from w3c_faults.faults()
    for module in (rdf_faults, jwt_faults, sd_jwt_faults, old_faults, presentation_faults, status_faults):
        yield from module.faults()


def files() -> dict[str, str]:
    """The content of every file by its path in this folder, the manifest included."""
    written: dict[str, str] = {}
    manifest: Json = {
        "at": AT,
        "issuers": [ISSUER.did, MINTER.did, PEER.did],
        "audience": AUDIENCE,
        "nonce": NONCE,
        "published": _beside("published", status_faults.published(), written),
        "schemas": _beside("schemas", w3c_faults.SCHEMAS, written),
        "good": [],
        "bad": [],
    }
    answering = {}
    for one in good():
        place = _add(f"good/{one.family}", one.content, written)
        answering[one.family] = one.is_answer
        manifest["good"].append({"file": place, "family": one.family, "challenge": one.is_answer})
    for fault in faults():
        place = _add(f"bad/{fault.family}/{fault.name}", fault.content, written)
        manifest["bad"].append(
            {
                "file": place,
                "family": fault.family,
                "challenge": answering[fault.family],
                "check": fault.check,
                "outcome": fault.outcome,
                "credential": fault.part,
                "also": list(fault.also),
                "exit": fault.exit,
            }
        )
    written["manifest.json"] = strict_json.pretty(manifest) + "\n"
    return written


def is_reproducible(place: str) -> bool:
    """Whether another machine makes the same bytes of a file."""
    if Path(place).stem in status_faults.BOMBS:
        return False
    return ("es256" not in place and "ecdsa" not in place) or _signs_ecdsa_deterministically()


def _signs_ecdsa_deterministically() -> bool:
    return MINTER.key.sign(b"") == MINTER.key.sign(b"")


def _beside(folder: str, contents: dict[str, Json] | dict[str, Json | str], written: dict[str, str]) -> Json:
    """Files that are looked up, by URL."""
    return {
        url: _add(f"{folder}/{url.rpartition('/')[2].removesuffix('.json')}", content, written)
        for url, content in contents.items()
    }


def _add(stem: str, content: Json | str, written: dict[str, str]) -> str:
    is_json = not isinstance(content, str) or content.lstrip()[:1] in ("{", "[")
    place = f"{stem}.json" if is_json else f"{stem}.txt"
    if place in written:
        raise ValueError(f"{place} is there twice")
    written[place] = (content if isinstance(content, str) else strict_json.pretty(content)) + "\n"
    return place


def main() -> None:
    """Write every file, and remove those that are of no fault any more."""
    written = files()
    for folder in ("good", "bad", "published", "schemas"):
        for path in sorted((FOLDER / folder).rglob("*")):
            if path.is_file() and path.relative_to(FOLDER).as_posix() not in written:
                path.unlink()
    for place, text in written.items():
        (FOLDER / place).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / place).write_bytes(text.encode())
    print(f"{len(written)} files")


if __name__ == "__main__":
    main()
