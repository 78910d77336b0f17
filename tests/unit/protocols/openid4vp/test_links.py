"""Links: the three ways in which they carry a request, and what is refused in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ipse.encoding import strict_json
from ipse.errors import InputTooLarge, IpseError, MalformedInput, Undetermined
from ipse.protocols.openid4vp.forms import MAX_LENGTH, encode_form, parse_form
from ipse.protocols.openid4vp.links import Invitation, build_link, is_link, parse_link

CLIENT = "redirect_uri:https://shop.example/answer"
QUERY = {"credentials": [{"id": "c", "format": "dc+sd-jwt", "meta": {}}]}


def link(start: str = "openid4vp://", **parameters: str) -> str:
    return f"{start}?{encode_form({'client_id': CLIENT, **parameters})}"


class TestGood:
    @pytest.mark.parametrize(
        "start",
        [
            "openid4vp://",
            "openid4vp:",
            "openid4vp://authorize",
            "OPENID4VP://",
            "haip-vp://",
            "haip://",
            "eu-eaap://",
            "https://wallet.example/universal-link",
            "https://wallet.example",
        ],
    )
    def test_each_scheme_is_read(self, start: str) -> None:
        invitation = parse_link(link(start, nonce="n"))
        assert (invitation.client_id, invitation.parameters["nonce"]) == (CLIENT, "n")
        assert is_link(link(start))

    def test_a_request_by_value_has_its_json_read(self) -> None:
        text = strict_json.canonical(QUERY).decode()
        invitation = parse_link(
            link(dcql_query=text, client_metadata="{}", transaction_data='["e30"]', iat="17", state="17")
        )
        assert invitation.value == {
            "client_id": CLIENT,
            "dcql_query": QUERY,
            "client_metadata": {},
            "transaction_data": ["e30"],
            "iat": 17,
            "state": "17",
        }

    def test_a_request_object_by_value(self) -> None:
        invitation = parse_link(link(request="a.b.c"))
        assert (invitation.request, invitation.request_uri, invitation.value) == ("a.b.c", None, "a.b.c")

    @pytest.mark.parametrize(
        ("parameters", "method"),
        [
            ({}, "get"),
            ({"request_uri_method": "post"}, "post"),
            ({"request_uri_method": "get"}, "get"),
        ],
    )
    def test_a_request_by_reference(self, parameters: dict[str, str], method: str) -> None:
        invitation = parse_link(link(request_uri="https://shop.example/r?a=b&c", **parameters))
        assert (invitation.request_uri, invitation.request_uri_method) == (
            "https://shop.example/r?a=b&c",
            method,
        )
        assert invitation.value is None

    def test_white_space_around_it_and_unknown_parameters_are_passed_over(self) -> None:
        assert parse_link(f"\n {link(zzz='1')} \n").client_id == CLIENT

    def test_a_parameter_without_a_value_is_left_out(self) -> None:
        assert parse_link(link(request="", request_uri="https://shop.example/r")).request is None

    @pytest.mark.parametrize("address", ["http://localhost:8080/r", "http://127.0.0.1/r", "http://[::1]:1/r"])
    def test_the_machine_itself_may_be_reached_without_tls(self, address: str) -> None:
        assert parse_link(link(request_uri=address)).request_uri == address

    @pytest.mark.parametrize(
        "request_", [{"client_id": CLIENT, "nonce": "a b&c=d", "dcql_query": QUERY, "iat": 5}, "a.b.c"]
    )
    def test_what_is_built_reads_back(self, request_: Any) -> None:
        assert parse_link(build_link(CLIENT, request=request_)).value == request_
        built = build_link(CLIENT, scheme="https://wallet.example/x", request_uri="https://shop.example/r")
        assert built.startswith("https://wallet.example/x?client_id=")
        assert parse_link(built) == Invitation(
            CLIENT,
            {"client_id": CLIENT, "request_uri": "https://shop.example/r"},
            None,
            "https://shop.example/r",
            "get",
        )


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "is not a link"),
            ("shop", "is not a link"),
            ("http://wallet.example?client_id=x", "is not a link"),
            ("mailto:a@b.example?client_id=x", "is not a link"),
            ("javascript:alert(1)", "is not a link"),
            ("openid4vp://", "has no parameters"),
            ("openid4vp://?", "has no parameters"),
            ("openid4vp://?nonce=x", "no client_id"),
            ("openid4vp://?client_id=", "no client_id"),
            (link() + "#x", "fragment"),
            (link() + "&client_id=x", "'client_id' twice"),
            (link(nonce="a") + "&nonce=a", "'nonce' twice"),
            (link() + "&%6eonce=a&nonce=b", "'nonce' twice"),
            (link(request="a.b.c", request_uri="https://shop.example/r"), "both request and request_uri"),
            (link(request_uri="ftp://shop.example/r"), "request_uri 'ftp://shop.example/r' is not an https"),
            (link(request_uri="http://shop.example/r"), "is not an https address"),
            (link(request_uri="https://user@shop.example/r"), "is not an https address"),
            (link(request_uri="https://shop.example/r#x"), "has a fragment"),
            (link(request_uri="file:///etc/passwd"), "is not an https address"),
            (link(request_uri="data:,x"), "is not an https address"),
            (link(request_uri_method="post"), "no request_uri that it is for"),
            (link(request="a.b.c", request_uri_method="get"), "no request_uri that it is for"),
            (link(dcql_query="{"), "dcql_query is not JSON"),
            (link(dcql_query="[]"), "dcql_query is a JSON array"),
            (link(dcql_query='{"a":1,"a":2}'), "appears twice"),
            (link(client_metadata="x"), "client_metadata is not JSON"),
            (link(transaction_data="{}"), "transaction_data is a JSON object, not an array"),
            (link(dcql_query='{"a":' * 200 + "1" + "}" * 200), "nested deeper"),
            (link() + "&a=%", "percent-encoded"),
            (link() + "&a=%2", "percent-encoded"),
            (link() + "&a=%zz", "percent-encoded"),
            (link() + "&a=%ff", "not UTF-8"),
            (link() + "&a=%ed%a0%80", "not UTF-8"),
            (link() + "&a=\u00e9", "percent-encoded"),
            (link() + "&a= b", "percent-encoded"),
            (link() + "&a=\x00", "percent-encoded"),
            ("https://user@wallet.example?client_id=x", "is not the address"),
        ],
    )  # fmt: skip
    def test_each_fault_is_told_exactly(self, text: str, reason: str) -> None:
        with pytest.raises(MalformedInput, match=reason) as caught:
            parse_link(text)
        error = caught.value
        assert (error.error_code, error.reply) == ("invalid_request", None)
        assert len(error.message) < 500
        assert error.message.isprintable()

    @pytest.mark.parametrize("method", ["GET", "Post", "put", "get "])
    def test_another_method_has_a_code_of_its_own(self, method: str) -> None:
        with pytest.raises(MalformedInput, match="not get or post") as caught:
            parse_link(link(request_uri="https://shop.example/r", request_uri_method=method))
        assert caught.value.error_code == "invalid_request_uri_method"

    @pytest.mark.parametrize(
        "client_id",
        [
            "shop",
            "invalid_scheme:shop.example",
            "https://shop.example",
            "openid_federation:https://a.example",
        ],
    )
    def test_a_client_that_is_not_known_by_a_prefix_is_undetermined_and_told_as_invalid(
        self, client_id: str
    ) -> None:
        with pytest.raises(Undetermined, match="client_id") as caught:
            parse_link(
                f"openid4vp://?client_id={quote(client_id, safe='')}&request_uri=https://shop.example/r"
            )
        assert caught.value.error_code == "invalid_request"

    def test_the_prefix_of_browsers_is_refused(self) -> None:
        with pytest.raises(MalformedInput, match="reserved"):
            parse_link("openid4vp://?client_id=origin:https://shop.example")

    def test_too_long_a_link_is_refused_unread(self) -> None:
        with pytest.raises(InputTooLarge):
            parse_link("openid4vp://?client_id=" + "x" * MAX_LENGTH)

    def test_too_many_parameters_are_refused(self) -> None:
        with pytest.raises(InputTooLarge, match="more than 64"):
            parse_link(link(**{f"p{number}": "x" for number in range(70)}))
        with pytest.raises(IpseError):
            parse_link(link() + "&" * 100_000 + "x=y")


class TestForms:
    @pytest.mark.parametrize(
        "fields",
        [{}, {"a": "b"}, {"state": "a&b=c#d%e+f g\r\n", "\u00e9": "\u4e2d\U0001f600"}, {"a&vp_token": "x=y"}],
    )
    def test_nothing_in_a_field_ends_it_or_adds_another(self, fields: dict[str, str]) -> None:
        text = encode_form(fields)
        assert parse_form(text) == fields
        assert text.isascii()
        assert text.count("=") == len(fields)

    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ("", {}),
            ("a=1&&b=2&", {"a": "1", "b": "2"}),
            ("a=1+2%2B3", {"a": "1 2+3"}),
            ("a", {}),
            ("a=b=c", {"a": "b=c"}),
        ],
    )
    def test_it_is_read_as_browsers_write_it(self, text: str, fields: dict[str, str]) -> None:
        assert parse_form(text) == fields
