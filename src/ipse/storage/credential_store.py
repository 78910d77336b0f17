"""The credentials a person holds, as they came."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ipse.errors import AlreadyExists, NotFound, UsageError
from ipse.storage.vault import Vault

__all__ = ["StoredCredential", "add", "every", "find", "note", "remove"]


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential that the owner holds. `document` is the text as received; times are RFC 3339.

    `revocation` is what its status list said against it when it was last `checked`, None for nothing.
    """

    id: str
    document: str
    format: str
    issuer: str
    subject: str | None
    types: tuple[str, ...]
    valid_from: str | None
    valid_until: str | None
    verified: bool
    added: str
    revocation: str | None = None
    checked: str | None = None


def add(vault: Vault, credential: StoredCredential) -> None:
    """Keep a credential. Raises AlreadyExists where its id is taken."""
    with vault.transaction():
        if vault.rows("SELECT 1 FROM credentials WHERE id = ?", (credential.id,)):
            raise AlreadyExists(
                f"the credential {credential.id} is already in the wallet",
                hint=f"`ipse vc show {credential.id}` prints it",
            )
        vault.insert(
            "INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                credential.id,
                credential.document.encode(),
                credential.format,
                credential.issuer,
                credential.subject,
                json.dumps(credential.types),
                credential.valid_from,
                credential.valid_until,
                int(credential.verified),
                credential.added,
                credential.revocation,
                credential.checked,
            ),
        )


def every(vault: Vault) -> list[StoredCredential]:
    """All credentials, oldest first."""
    return [_from_row(row) for row in vault.rows("SELECT * FROM credentials ORDER BY added, rowid")]


def find(vault: Vault, wanted: str) -> StoredCredential:
    """The credential with this id, or the only one whose id starts so. Raises NotFound, UsageError."""
    matches = [held for held in every(vault) if wanted == held.id] or [
        held for held in every(vault) if wanted and held.id.startswith(wanted)
    ]
    if not matches:
        raise NotFound(
            f"no credential in the wallet has the id {wanted!r}", hint="`ipse vc list` shows the ids"
        )
    if len(matches) > 1:
        raise UsageError(
            f"{len(matches)} credentials have an id that starts with {wanted!r}", hint="give more of the id"
        )
    return matches[0]


def note(vault: Vault, identifier: str, *, revocation: str | None, verified: bool, checked: str) -> None:
    """Note what a check of the credential with this whole id found."""
    with vault.transaction():
        vault.change(
            "UPDATE credentials SET standing = ?, verified = ?, checked = ? WHERE id = ?",
            (revocation, int(verified), checked, identifier),
        )


def remove(vault: Vault, identifier: str) -> None:
    """Give up the credential with this whole id. Raises NotFound."""
    with vault.transaction():
        if not vault.change("DELETE FROM credentials WHERE id = ?", (identifier,)):
            raise NotFound(f"no credential in the wallet has the id {identifier!r}")


def _from_row(row: tuple[object, ...]) -> StoredCredential:
    (
        id_,
        document,
        format_,
        issuer,
        subject,
        types,
        valid_from,
        valid_until,
        verified,
        added,
        revocation,
        checked,
    ) = row
    assert isinstance(document, bytes)
    return StoredCredential(
        id=str(id_),
        document=document.decode(),
        format=str(format_),
        issuer=str(issuer),
        subject=None if subject is None else str(subject),
        types=tuple(json.loads(str(types))),
        valid_from=None if valid_from is None else str(valid_from),
        valid_until=None if valid_until is None else str(valid_until),
        verified=bool(verified),
        added=str(added),
        revocation=None if revocation is None else str(revocation),
        checked=None if checked is None else str(checked),
    )
