"""Presenting credentials to a verifier: what is asked for, bound to its challenge, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ipse.credentials import formats
from ipse.credentials.formats.format import Selection
from ipse.credentials.policy import Challenge
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import NotFound, UsageError
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.wallet import disclosure_log, holder_keys, identities, state
from ipse.wallet.holder_keys import Holder, HolderKeys
from ipse.wallet.wallet import Wallet

__all__ = ["Prepared", "binds_data", "holder_of", "prepare", "prepare_paths", "release", "sign"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would leave, to be looked at first.

    - `format`: the name of the format of all the credentials
    - `selection`: what the verifier gets to read, and what stays at home
    - `holder`: who signs, None for a bearer credential
    """

    format: str
    credentials: tuple[StoredCredential, ...] = field(repr=False)
    selection: Selection = field(repr=False)
    holder: Holder | None


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
    party = holder_of(wallet, HolderKeys(wallet), selection, held, holder)
    return Prepared(form.name, held, selection, party)


def prepare_paths(
    wallet: Wallet,
    keys: HolderKeys,
    credential: StoredCredential,
    paths: Sequence[tuple[str | int, ...]],
    *,
    bound: bool,
) -> Prepared:
    """Look at what presenting the claims at `paths` would reveal; with `bound`, its holder is found too.

    Raises NotFound for a path to nothing, and where it is bound to a key that is not here; UsageError.
    """
    selection = formats.named(credential.format).select_paths(credential.document, paths)
    party = holder_of(wallet, keys, selection, [credential], None) if bound else None
    return Prepared(credential.format, (credential,), selection, party)


def sign(
    wallet: Wallet,
    prepared: Prepared,
    challenge: Challenge | None,
    *,
    now: datetime,
    bound_data: Mapping[str, Json] | None = None,
) -> JsonObject | str:
    """The presentation, signed for the challenge; without one, the credential with the selected claims.

    Nothing is logged: the caller does that before it leaves. Raises UsageError where nobody can sign,
    KeystoreError, MalformedInput, MissingFeature (didkit for w3c-1.1).
    """
    form = formats.named(prepared.format)
    if challenge is None:
        return form.present_unbound(prepared.selection)
    if prepared.holder is None:
        raise UsageError(
            "the credential is bound to no key, so nothing would answer the challenge",
            hint="`ipse vc show` prints it; whoever has it can use it",
        )
    key = holder_keys.signing_key(wallet, prepared.holder)
    return form.present(prepared.selection, key, challenge, now=now, bound_data=bound_data)


def binds_data(prepared: Prepared) -> bool:
    """Whether its presentation can bind data of a transaction."""
    return formats.named(prepared.format).binds_data


def release(wallet: Wallet, prepared: Prepared, challenge: Challenge, *, now: datetime) -> JsonObject | str:
    """The presentation, signed for the challenge and entered in the disclosure log before it is returned.

    Raises KeystoreError, MalformedInput, MissingFeature (didkit for w3c-1.1), VerificationFailed where the
    log is broken.
    """
    made = sign(wallet, prepared, challenge, now=now)
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


def holder_of(
    wallet: Wallet,
    keys: HolderKeys,
    selection: Selection,
    held: Sequence[StoredCredential],
    name: str | None,
) -> Holder | None:
    """Who presents a selection of these credentials; None for a bearer credential.

    `name` is a name or DID of the owner's, None for the one that the credentials are bound to or about.
    Raises NotFound where they are bound to a key that is not in this wallet, UsageError.
    """
    if selection.binds_key:
        return _bound_to(wallet, keys, selection.confirmation, name)
    return _subject_of(wallet, keys, held, name)


def _bound_to(wallet: Wallet, keys: HolderKeys, cnf: JsonObject | None, name: str | None) -> Holder | None:
    named = None if name is None else holder_keys.of_name(wallet, keys, name)
    if cnf is None:
        return None
    found = keys.bound(cnf)
    if named is not None and found != named:
        raise UsageError(
            f"the credential is bound to another key than that of {name!r}", hint="leave --holder out"
        )
    if found is None:
        raise NotFound(
            "the credential is bound to a key that is not in this wallet",
            hint="only who holds that key can present it",
        )
    return found


def _subject_of(
    wallet: Wallet, keys: HolderKeys, held: Sequence[StoredCredential], name: str | None
) -> Holder:
    """Who presents: the DID that was named, or the one subject of the credentials, or the default DID."""
    if name is not None:
        return holder_keys.of_name(wallet, keys, name)
    subjects = {credential.subject for credential in held if credential.subject is not None}
    if len(subjects) > 1:
        raise UsageError("the credentials are about several subjects", hint="say who presents with --holder")
    for subject in subjects:
        found = keys.named(subject)
        if found is None:
            raise UsageError(
                f"the credential is about {subject}, which is none of your DIDs",
                hint="a verifier would refuse it; --holder NAME presents it all the same",
            )
        return found
    return Holder(identities.default(wallet))
