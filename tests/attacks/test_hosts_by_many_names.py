"""One host that asks as many applications.

The attacker had one server and wrote its address in many ways: budgets, grants, pairwise identities and the
log go by the party, so that each spelling got a budget of its own. It cannot come back because a party has
one spelling: `parties` brings to it what is equal by definition (letter case, the default port, the form of
an IPv6 address) and refuses the rest with `host-spelling`, wherever an address or a DID comes in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipse.errors import IpseError, MalformedInput
from ipse.protocols.openid4vp import parse_request
from ipse.protocols.parties import origin_of, party_of
from tests.cli.test_vc import in_process
from tests.conftest import Ipse
from tests.unit.protocols.test_openid4vp import addressed, built

_SPELLINGS = (
    "127.1", "127.0.1", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "2130706433", "017700000001", "0177.0.0.1",
    "0177.0x0.0.01", "127.0.0.01", "127.0.0.0x1", "127.00.0.1", "0x7f.0.1", "127.0.0.256", "1.2.3.4.5",
    "127.0.0.1.", "0x", "shop.0x10", "shop.1", "256.256.256.256", "4294967296", "08.1.1.1",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:FFFF:7F00:0001]", "[::127.0.0.1]", "[::7f00:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[::]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
)  # fmt: skip


@pytest.mark.parametrize("host", _SPELLINGS)
@pytest.mark.parametrize("form", ["https://{}", "https://{}:8443/x", "https://{}/?a=b"])
def test_another_spelling_of_an_ipv4_address_is_refused(host: str, form: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        origin_of(form.format(host))
    assert host.endswith(".") or caught.value.code == "host-spelling"
    with pytest.raises(MalformedInput):
        party_of(form.format(host))


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("HTTPS://192.0.2.1:443/x", "https://192.0.2.1"),
        ("https://192.0.2.1:00443", "https://192.0.2.1"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]"),
        ("https://[2001:db8:0000::0001]:443", "https://[2001:db8::1]"),
        ("https://0x7f.example", "https://0x7f.example"),
        ("https://1.2.3.4.example", "https://1.2.3.4.example"),
        ("https://127-1.example", "https://127-1.example"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
    ],
)
def test_what_is_equal_by_definition_is_one_party(address: str, origin: str) -> None:
    assert origin_of(address) == party_of(address) == origin


@given(st.integers(0, 2**32 - 1))
@example(0)
@example(1)
def test_whatever_the_address_only_four_decimal_numbers_name_it(number: int) -> None:
    parts = number.to_bytes(4, "big")
    one = ".".join(map(str, parts))
    assert origin_of(f"https://{one}") == f"https://{one}"
    low = int.from_bytes(parts[1:], "big")
    for other in (
        str(number), hex(number), f"0{number:o}", f"{parts[0]}.{low}", f"{parts[0]:#x}.{low:#x}",
        ".".join(map(hex, parts)), ".".join(f"{part:04o}" for part in parts), f"{one}.",
        f"[::ffff:{one}]", f"[64:ff9b::{one}]",
        *([] if number == 1 else [f"[::{one}]"]),  # that one is loopback by definition, whoever writes it so
    ):  # fmt: skip
        with pytest.raises(MalformedInput):
            origin_of(f"https://{other}")


@pytest.mark.parametrize(
    "host",
    [
        "xn--shop-.example",
        "xn--.example",
        "xn--0.example",
        "xn--bcher-kva-.example",
        "shop.xn--99999999999",
        "xn--" + "\uff33hop".encode("punycode").decode(),
        "xn--" + "ⅷ".encode("punycode").decode() + ".example",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "bücher.example",
    ],
)
def test_a_name_in_another_script_has_one_form(host: str) -> None:
    with pytest.raises(MalformedInput):
        origin_of(f"https://{host}")


@pytest.mark.parametrize(
    "did",
    [
        "did:web:127.1",
        "did:web:0x7f.1",
        "did:web:2130706433",
        "did:web:127.0.0.1",
        "did:web:shop.example.",
        "did:web:xn--shop-.example",
        "did:web:shop.example:%61lice",
        "did:web:shop.example:a%2dlice",
        "did:web:shop.example:%c3%a4",
    ],
)
def test_a_did_of_such_a_host_or_with_an_idle_escape_is_no_party(did: str) -> None:
    with pytest.raises(IpseError):
        party_of(did)


def test_a_did_with_the_default_port_is_the_one_without() -> None:
    assert party_of("did:web:shop.example%3A443:alice") == party_of("did:web:SHOP.example:alice")
    assert party_of("did:web:shop.example%3A8443:alice") == party_of("did:web:shop.example%3a8443:alice")
    assert party_of("did:web:shop.example:%C3%A4") == "did:web:shop.example:%C3%A4"


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_no_request_is_read_or_built_and_no_grant_given_under_such_a_name(
    host: str, ipse: Ipse, tmp_path: Path
) -> None:
    address = f"https://{host}/answers"
    with pytest.raises(MalformedInput) as caught:
        parse_request(addressed(address))
    assert caught.value.code == "host-spelling"
    with pytest.raises(MalformedInput):
        built(address=address)
    here = in_process(ipse)
    for words in (
        ("dapp", "grant", address, "--level", "choose"),
        (
            "dapp",
            "request",
            "--audience",
            address,
            "--purpose",
            "p",
            "--level",
            "topics",
            "--topics",
            "hiking",
        ),
    ):
        assert here(*words, "--json", code=6).error["code"] == "host-spelling"
    file = tmp_path / "request"
    request: dict[str, Any] = addressed(address)
    file.write_text(json.dumps(request))
    assert here("dapp", "answer", file, "--json", code=6).error["code"] == "host-spelling"
    assert here("log", "list", "--json").json["disclosures"] == []
