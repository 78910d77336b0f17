"""did:pkh for Ethereum accounts, `did:pkh:eip155:<chain>:<address>` (did:pkh Method Specification).

Such a DID names an account, not a key: its verification method holds no public key, and a signature is
checked by recovering the signer's address from it. Sources beside it: CAIP-2, CAIP-10, EIP-55.
"""

from __future__ import annotations

import re
from typing import Final

from ipse.dids.keccak import keccak256
from ipse.dids.method import Creation, Details, Method
from ipse.dids.verification_methods import SIGNING, refer
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, Undetermined, UsageError
from ipse.keys import key_types
from ipse.keys.key_types import AnyPublicKey, PublicKey

__all__ = [
    "METHOD",
    "PREFIX",
    "account",
    "checksum_address",
    "document",
    "ethereum_address",
    "from_address",
    "from_public_key",
    "verification_method_id",
]

PREFIX: Final = "did:pkh:"
_CONTEXT: Final = (
    "https://www.w3.org/ns/did/v1",
    {
        "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
        "EcdsaSecp256k1RecoveryMethod2020": "https://identity.foundation/EcdsaSecp256k1RecoverySignature2020"
        "#EcdsaSecp256k1RecoveryMethod2020",
    },
)
_ADDRESS: Final = re.compile(r"0x[0-9A-Fa-f]{40}")
_CHAIN: Final = re.compile(r"[1-9][0-9]{0,31}")


def ethereum_address(key: AnyPublicKey) -> str:
    """The Ethereum address of a secp256k1 key, with its EIP-55 checksum.

    Raises Undetermined for a key of another type, which has no Ethereum address.
    """
    if key.key_type != "secp256k1":
        raise Undetermined(f"a {key.key_type} key has no Ethereum address; secp256k1 keys have")
    point = key_types.public_to_jwk(key)
    digest = keccak256(base64url.decode(point["x"]) + base64url.decode(point["y"]))
    return checksum_address("0x" + digest[-20:].hex())


def checksum_address(address: str) -> str:
    """`address` in the one mixed-case spelling of EIP-55.

    An address in lower or in upper case carries no checksum and is taken as it is; in mixed case its
    checksum must be right. Raises MalformedInput.
    """
    if not _ADDRESS.fullmatch(address):
        raise MalformedInput(f"{address[:60]!r} is not an Ethereum address: 0x and 40 hexadecimal digits")
    digits = address[2:].lower()
    digest = keccak256(digits.encode("ascii")).hex()
    spelled = "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(digits, digest, strict=False)
    )
    if address[2:] not in (digits, digits.upper()) and address != spelled:
        raise MalformedInput(f"the checksum of the Ethereum address {address} is wrong")
    return spelled


def from_address(address: str, *, chain: int = 1) -> str:
    """The did:pkh of an Ethereum address on an EVM chain (1 is mainnet). Raises MalformedInput."""
    if not _CHAIN.fullmatch(str(chain)):
        raise MalformedInput(f"{str(chain)[:40]} is not the number of an EVM chain")
    return f"{PREFIX}eip155:{chain}:{checksum_address(address)}"


def from_public_key(key: AnyPublicKey, *, chain: int = 1) -> str:
    """The did:pkh of a secp256k1 key on an EVM chain. Raises MalformedInput, Undetermined."""
    return from_address(ethereum_address(key), chain=chain)


def account(did: str) -> tuple[int, str]:
    """The chain and the checksummed address that `did` names.

    Two spellings of one account are two DIDs; compare accounts to tell whether they are the same person's.
    Raises MalformedInput, and Undetermined for chains other than eip155.
    """
    namespace, _, rest = did.removeprefix(PREFIX).partition(":")
    if namespace != "eip155":
        raise Undetermined(
            f"{did[:100]}: accounts of the kind {namespace[:40]!r} are not supported",
            hint="ipse reads did:pkh:eip155:<chain>:<address>",
        )
    chain, _, address = rest.partition(":")
    if not did.startswith(PREFIX) or not _CHAIN.fullmatch(chain):
        raise MalformedInput(
            f"{did[:100]} is not a did:pkh: {chain[:40]!r} is not the number of an EVM chain"
        )
    try:
        return int(chain), checksum_address(address)
    except MalformedInput as error:
        raise MalformedInput(f"{did[:100]} is not a did:pkh: {error.message}") from error


def verification_method_id(did: str) -> str:
    """The DID URL of the one verification method that a did:pkh has."""
    return f"{did}#blockchainAccountId"


def document(did: str) -> JsonObject:
    """The DID document that `did` stands for. Raises MalformedInput, Undetermined."""
    account(did)
    method = verification_method_id(did)
    content: JsonObject = {
        "@context": [_CONTEXT[0], dict(_CONTEXT[1])],
        "id": did,
        "verificationMethod": [
            {
                "id": method,
                "type": "EcdsaSecp256k1RecoveryMethod2020",
                "controller": did,
                "blockchainAccountId": did.removeprefix(PREFIX),
            }
        ],
    }
    refer(content, method, SIGNING)
    return content


def _identify(key: PublicKey, details: Details) -> str:
    if key.key_type != "secp256k1":
        raise UsageError(f"did:pkh is made from a secp256k1 key, not {key.key_type}")
    return from_public_key(key, chain=details.chain)


METHOD: Final = Method(
    document,
    creation=Creation(
        _identify,
        verification_method_id,
        details=lambda did: Details(chain=account(did)[0]),
        key_type="secp256k1",
    ),
    publishes_keys=False,  # it holds the hash of a key alone
)
