"""Presenting credentials to a verifier: what is asked for, bound to its challenge, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ipse.credentials import formats
from ipse.credentials.formats.format import Selection, SigningKey
from ipse.credentials.policy import Challenge
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, UsageError
from ipse.keys import key_types
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.storage.manifest import DidRecord
from ipse.wallet import disclosure_log, identities, state
from ipse.wallet.wallet import Wallet

__all__ = ["Prepared", "prepare", "release"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would leave, to be looked at first.

    - `format`: the name of the format of all the credentials
    - `selection`: what the verifier gets to read, and what stays at home
    - `holder`: the DID that signs, None for a bearer credential
    """

    format: str
    credentials: tuple[StoredCredential, ...] = field(repr=False)
    selection: Selection = field(repr=False)
    holder: DidRecord | None


def prepare(
    wallet: Wallet, identifiers: Sequence[str], *, disclose: Sequence[str] = (), holder: str | None = None
) -> Prepared:
    """Look at what presenting these credentials would reveal. Nothing is signed.

    `disclose` are the claims of an SD-JWT that are shown, as paths, or `all`; no others are. `holder` is a
    name or DID of the owner's, by default the subject of the credentials.

    Raises NotFound, UsageError for credentials that can't go into one presentation.
    """
    held = tuple(credential_store.find(wallet.vault, identifier) for identifier in identifiers)
    if len({credential.id for credential in held}) != len(held):
        raise UsageError("the same credential is named twice", hint="name each once")
    names = {credential.format for credential in held}
    if len(names) != 1:
        raise UsageError(
            f"{' and '.join(sorted(names))} credentials can't go into one presentation",
            hint="present each format on its own",
        )
    form = formats.named(names.pop())
    selection = form.select([credential.document for credential in held], disclose)
    if selection.binds_key:
        party = _bound_to(wallet, selection.confirmation, holder)
    else:
        party = _holder_of(wallet, held, holder)
    return Prepared(form.name, held, selection, party)


def release(wallet: Wallet, prepared: Prepared, challenge: Challenge, *, now: datetime) -> JsonObject | str:
    """The presentation, signed for the challenge and entered in the disclosure log before it is returned.

    Raises KeystoreError, MalformedInput, MissingFeature (didkit for w3c-1.1), VerificationFailed where the
    log is broken.
    """
    if prepared.holder is None:
        raise UsageError(
            "the credential is bound to no key, so nothing would answer the challenge",
            hint="`ipse vc show` prints it; whoever has it can use it",
        )
    record, place, key = identities.signing_key(wallet, prepared.holder.name)
    signing_key = SigningKey(record.did, place.id, key)
    form = formats.named(prepared.format)
    made = form.present(prepared.selection, signing_key, challenge, now=now)
    text = made if isinstance(made, str) else strict_json.canonical(made).decode()
    with wallet.vault.transaction():
        disclosure_log.record(
            wallet,
            {
                "application": challenge.audience,
                "address": challenge.audience,
                "purpose": "presentation of credentials",
                "level": "credentials",
                "request": hashlib.sha256(challenge.nonce.encode()).hexdigest(),
                "consent": "owner",
                "grant": None,
                "said": True,
                "credentials": [credential.id for credential in prepared.credentials],
                "released": text,
            },
            now=now,
        )
    state.settle(wallet)
    return made


def _bound_to(wallet: Wallet, cnf: JsonObject | None, holder: str | None) -> DidRecord | None:
    """The owner's DID whose key the credential is bound to; None for a bearer credential.

    Raises NotFound where it is bound to a key that is not in this wallet.
    """
    if cnf is None:
        return None
    candidates = wallet.manifest.dids if holder is None else (wallet.manifest.find(holder),)
    for record in candidates:
        if cnf.get("kid") == record.current.id:
            return record
        if (
            "jwk" in cnf
            and key_types.to_multikey(key_types.public_from_jwk(cnf["jwk"])) == record.current.public
        ):
            return record
    if holder is not None:
        raise UsageError(
            f"the credential is bound to another key than that of {holder!r}", hint="leave --holder out"
        )
    raise NotFound(
        "the credential is bound to a key that is not in this wallet",
        hint="only who holds that key can present it",
    )


def _holder_of(wallet: Wallet, held: Sequence[StoredCredential], holder: str | None) -> DidRecord:
    """Who presents: the DID that was named, or the one subject of the credentials, or the default DID."""
    if holder is not None:
        return wallet.manifest.find(holder)
    subjects = {credential.subject for credential in held if credential.subject is not None}
    if len(subjects) > 1:
        raise UsageError("the credentials are about several subjects", hint="say who presents with --holder")
    for subject in subjects:
        for record in wallet.manifest.dids:
            if record.did == subject:
                return record
        raise UsageError(
            f"the credential is about {subject}, which is none of your DIDs",
            hint="a verifier would refuse it; --holder NAME presents it all the same",
        )
    return identities.default(wallet)
