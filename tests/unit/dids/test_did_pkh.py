"""did:pkh: an Ethereum account is named with its chain, and its checksum holds."""

from __future__ import annotations

import pytest

from ipse.dids import did_pkh, resolver
from ipse.dids.verification_methods import SIGNING
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519

ONE = ecdsa.PrivateKey("secp256k1", bytes(31) + b"\x01").public()
PUBLISHED = "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a"

# The examples of EIP-55.
CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


def test_a_key_has_the_address_that_ethereum_gives_it() -> None:
    assert did_pkh.ethereum_address(ONE) == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    assert did_pkh.from_public_key(ONE) == "did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    assert did_pkh.from_public_key(ONE, chain=137).startswith("did:pkh:eip155:137:0x7E5F")


@pytest.mark.parametrize("key", [ed25519.generate().public(), ecdsa.generate("P-256").public()])
def test_a_key_of_another_type_has_no_address(key: ecdsa.PublicKey | ed25519.PublicKey) -> None:
    with pytest.raises(Undetermined, match="no Ethereum address"):
        did_pkh.from_public_key(key)


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_the_checksum_is_that_of_eip_55(address: str) -> None:
    for spelling in (address, address.lower(), "0x" + address[2:].upper()):
        assert did_pkh.checksum_address(spelling) == address


@pytest.mark.parametrize("address", CHECKSUMMED[4:])
def test_a_mixed_case_address_with_a_letter_turned_is_refused(address: str) -> None:
    for place in range(2, 42):
        turned = address[:place] + address[place].swapcase() + address[place + 1 :]
        if turned != address:
            with pytest.raises(MalformedInput, match="checksum"):
                resolver.resolve(f"did:pkh:eip155:1:{turned}")


def test_the_published_document_comes_out() -> None:
    method = f"{PUBLISHED}#blockchainAccountId"
    assert resolver.resolve(PUBLISHED) == {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            {
                "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
                "EcdsaSecp256k1RecoveryMethod2020": "https://identity.foundation/"
                "EcdsaSecp256k1RecoverySignature2020#EcdsaSecp256k1RecoveryMethod2020",
            },
        ],
        "id": PUBLISHED,
        "verificationMethod": [
            {
                "id": method,
                "type": "EcdsaSecp256k1RecoveryMethod2020",
                "controller": PUBLISHED,
                "blockchainAccountId": "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            }
        ],
        **{relationship: [method] for relationship in SIGNING},
    }


def test_two_spellings_of_an_account_are_one_account() -> None:
    spelled = did_pkh.from_address("0xb9c5714089478a327f09197987f16f9e5d936e8a")
    assert spelled != PUBLISHED
    assert did_pkh.account(spelled) == did_pkh.account(PUBLISHED)
    assert did_pkh.account(PUBLISHED)[0] == 1


def test_a_document_is_a_value_of_its_own() -> None:
    resolver.resolve(PUBLISHED)["@context"][1].clear()
    assert resolver.resolve(PUBLISHED)["@context"][1]


def test_an_account_holds_no_public_key() -> None:
    with pytest.raises(Undetermined, match="EcdsaSecp256k1RecoveryMethod2020"):
        resolver.method_key(resolver.resolve(PUBLISHED)["verificationMethod"][0])


@pytest.mark.parametrize("namespace", ["solana", "bip122", "tezos", "eth", "EIP155", "eip1555"])
def test_accounts_of_another_kind_are_undetermined(namespace: str) -> None:
    with pytest.raises(Undetermined, match="not supported"):
        resolver.resolve(f"did:pkh:{namespace}:1:0xb9c5714089478a327f09197987f16f9e5d936e8a")


@pytest.mark.parametrize(
    "rest",
    [
        "eip155:0:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:01:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:-1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:0x1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:x:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:" + "9" * 33 + ":0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:b9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:0Xb9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a0",
        "eip155:1:0xg9c5714089478a327f09197987f16f9e5d936e8a",
        "eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a:1",
        "eip155:1",
        "eip155",
    ],
)
def test_what_is_no_account_is_refused(rest: str) -> None:
    with pytest.raises(MalformedInput):
        resolver.resolve(f"did:pkh:{rest}")
