"""The page of the example application by itself: how it looks, what it asks, and what it believes.

Its answers here are forged in the page with the library that it verifies with: an honest one is believed, and
each other differs from it in one thing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.browser.shop import DAPP, Page, copied, served
from tests.browser.test_map import _BOXES, _CONTRASTS
from tests.browser.webdriver import Browser

_LOOKS = pytest.mark.parametrize(
    ("scheme", "width"), [("light", 360), ("light", 1400), ("dark", 360), ("dark", 1400)]
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(copied(tmp_path_factory.mktemp("dapp") / "page")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from Page(browser, address).fresh()


@pytest.fixture
def verifier(browser: Browser, address: str) -> Page:
    """The page for what its modules verify alone, not loaded anew for each test."""
    return Page(browser, address).kept()


def test_nothing_is_asked_of_any_other_server(page: Page) -> None:
    page.asks("order")
    page.browser.run("document.getElementById('dialog-help').open = true")
    asked = page.requested()
    assert asked
    assert all(url.startswith(page.address) for url in asked), asked


def test_the_policy_allows_nothing_but_the_pages_own_files() -> None:
    html = (DAPP / "index.html").read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    (imports,) = re.findall(r'<script type="importmap">(.*?)</script>', html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed.pop("default-src") == "'none'"
    assert allowed.pop("script-src") == f"'self' 'sha256-{digest}'"
    assert set(allowed.values()) == {"'self'", "'none'"}
    assert not re.search(r"<script(?! type)|\son\w+=|style=|https?://", html)


def test_every_library_that_is_imported_is_pinned() -> None:
    html = (DAPP / "index.html").read_text()
    (imports,) = re.findall(r'<script type="importmap">(.*?)</script>', html, re.DOTALL)
    locked = json.loads((DAPP / "package-lock.json").read_text())["packages"]
    for name, path in json.loads(imports)["imports"].items():
        assert path.startswith(f"./node_modules/{name}/")
        assert locked[f"node_modules/{name}"]["integrity"].startswith("sha512-")
    wanted = json.loads((DAPP / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


@_LOOKS
def test_everything_is_legible_and_within_the_window(page: Page, scheme: str, width: int) -> None:
    browser = page.browser
    browser.look(scheme=scheme, width=width, height=900)
    browser.wait(f"return innerWidth === {width} && matchMedia('(prefers-color-scheme: {scheme})').matches")
    for open_dialog in (False, True):
        if open_dialog:
            page.asks("order")
            browser.run("document.getElementById('dialog-help').open = true")
        lowest = browser.run(_CONTRASTS)
        assert lowest[0][0] >= 4.5, lowest
        assert browser.run("return document.documentElement.scrollWidth") <= width
        boxes = browser.run(_BOXES, "dialog, .book" if not open_dialog else "dialog")
        assert all(0 <= box["left"] < box["right"] <= width for box in boxes)


def test_the_keyboard_alone_asks_and_gives_up(page: Page) -> None:
    focused = "return document.activeElement.id"
    tab, enter, escape = "\ue004", "\ue007", "\ue00c"
    page.browser.press(tab, tab)
    assert page.browser.run(focused) == "ask-order"
    page.browser.press(enter)
    assert page.browser.run(focused) == "dialog-link"
    page.browser.press(escape)
    assert not page.browser.run("return document.getElementById('dialog').open")
    assert page.browser.run(focused) == "ask-order"


def test_everything_has_a_name_for_who_does_not_see_it(page: Page) -> None:
    page.asks("order")
    unnamed = "return [...document.querySelectorAll('a, button, dialog, svg, section')]"
    unnamed += ".filter(e => !(e.getAttribute('aria-label') ?? document.getElementById("
    unnamed += (
        "e.getAttribute('aria-labelledby'))?.textContent ?? e.textContent).trim()).map(e => e.outerHTML)"
    )
    assert page.browser.run(unnamed) == []
    assert page.browser.run("return document.documentElement.lang") == "en"
    levels = page.browser.run("return [...document.querySelectorAll('h1, h2, h3')].map(e => e.tagName)")
    assert levels[:3] == ["H1", "H2", "H3"]


def _parameters(link: str) -> dict[str, Any]:
    assert link.startswith("openid4vp://?")
    found = {name: values[0] for name, values in parse_qs(link.partition("?")[2]).items()}
    return {name: json.loads(value) if value[0] in "{[" else value for name, value in found.items()}


@pytest.mark.parametrize("what", ["order", "card"])
def test_a_link_asks_for_one_thing_and_never_with_the_same_nonce(page: Page, what: str) -> None:
    from ipse.protocols.openid4vp.links import parse_link

    first, second = (_parameters(page.asks(what)) for _ in range(2))
    assert first["client_id"] == f"redirect_uri:{page.address}"
    assert first["redirect_uri"] == page.address
    assert first["nonce"] != second["nonce"]
    assert first["state"] != second["state"]
    assert len(first["dcql_query"]["credentials"]) == len(first["transaction_data"]) == 1
    assert parse_link(page.asks(what)).request_uri is None


def test_the_code_on_the_page_is_the_link(page: Page, tmp_path: Path) -> None:
    pytest.importorskip("zxingcpp", reason="the qr extra is not installed")
    from ipse.cli import qr

    page.browser.look(scheme="dark", width=1400, height=1000)
    link = page.asks("order")
    page.browser.run("document.getElementById('dialog-help').open = true")
    page.browser.screenshot(tmp_path / "screenshot.png")
    assert qr.texts((tmp_path / "screenshot.png").read_bytes(), what="it") == [link]


_FORGE = (Path(__file__).parent / "forge.js").read_text()


def _forged(page: Page, kind: str, change: str = "") -> Any:
    """What the page makes of a forged answer: {"believed": …} or {"reason": …}."""
    script = _FORGE.replace("'KIND'", f"'{kind}'").replace("// CHANGE", change)
    return page.browser.run(f"return (async () => {{\n{script}\n}})()")


def test_an_honest_answer_is_believed(verifier: Page) -> None:
    assert _forged(verifier, "order") == {"believed": ["3", "1", "12"]}
    assert _forged(verifier, "order", "payload.order = []") == {"believed": []}
    assert _forged(verifier, "card") == {"believed": True}
    assert _forged(verifier, "card", "payload.member = false") == {"believed": False}
    assert _forged(verifier, "card", "payload.member = 'true'") == {"believed": False}


_BOTH = {
    "a replayed nonce": ("binding.nonce = 'x'.repeat(22)", "Nonce"),
    "another page": ("binding.aud = 'redirect_uri:https://other.example/'", "made for another page"),
    "our page in another spelling": ("binding.aud = request.redirect_uri", "made for another page"),
    "another question": ("binding.transaction_data_hashes = ['x']", "answers another question"),
    "no question": ("delete binding.transaction_data_hashes", "answers another question"),
    "one question more": ("binding.transaction_data_hashes.push('x')", "answers another question"),
    "an old answer": ("binding.iat -= 601", "not made just now"),
    "an answer of tomorrow": ("binding.iat += 86400", "not made just now|not yet valid"),
    "a credential that expired": ("payload.exp = now - 61", "expired"),
    "a credential of tomorrow": ("payload.nbf = now + 86400", "not yet valid"),
    "another type": ("payload.vct = 'urn:ipse:preferences:bands:1'", "another kind of credential"),
    "no type": ("delete payload.vct", "another kind of credential"),
    "another kind of token": ("header.typ = 'JWT'", "of the type JWT"),
    "another kind of binding": ("bindingHeader.typ = 'JWT'", "Key Binding"),
    "a signature by another key": ("parts.signer = other.privateKey", "signature is wrong"),
    "a binding by another key": ("parts.binder = other.privateKey", "signature is wrong"),
    "no key for the binding": ("delete payload.cnf", "key|holder"),
    "another hash": ("binding.sd_hash = 'x'", "sd_hash"),
    "no binding": (
        "parts.wrap = (_, alone) => JSON.stringify({[query]: [alone]})",
        "Key Binding JWT not exist",
    ),
    "two presentations": (
        "parts.wrap = made => JSON.stringify({[query]: [made, made]})",
        "not one presentation",
    ),
    "another query": ("parts.query = 'other'", "not one presentation"),
    "no presentation": ("parts.wrap = () => '{}'", "not one presentation"),
    "an object": ("parts.wrap = () => JSON.stringify({[query]: [{}]})", "not one presentation"),
    "no JSON": ("parts.wrap = () => 'x'", "not JSON"),
    "null": ("parts.wrap = () => 'null'", "not one presentation"),
    "no token": ("parts.wrap = () => null", "not one presentation"),
    "no SD-JWT": ("parts.wrap = () => JSON.stringify({[query]: ['x.y.z~']})", "."),
    "a refusal": ("parts.error = 'access_denied'", "^access_denied$"),
}
_ORDER = {
    "another level": ("payload.level = 'choose'", "another kind of question"),
    "another purpose": ("payload.terms.purpose = 'to sell it'", "another purpose"),
    "another time": ("payload.terms.retention = 1", "another time"),
    "no terms": ("delete payload.terms", "another purpose"),
    "a book that is not ours": ("payload.order.push('13')", "not ours"),
    "a book twice": ("payload.order.push('3')", "a book twice"),
    "no list": ("payload.order = '3'", "not ours"),
    "somebody else's name": (
        "payload.iss = didKey(await exportJWK(other.publicKey))",
        "not signed by its holder",
    ),
    "another subject": ("payload.sub = 'did:key:z6Mk'", "not signed by its holder"),
    "another holder": ("payload.cnf = {jwk: await exportJWK(other.publicKey)}", "not signed by its holder"),
}
_CARD = {
    "an unknown issuer": ("parts.issuers = []", "nobody we know"),
    "an issuer that is only named": (
        "parts.issuers = [payload.iss = didJwk(await exportJWK(other.publicKey))]",
        "signature is wrong",
    ),
    "a status": ("payload.status = {status_list: {idx: 0, uri: 'https://a.example'}}", "can be revoked"),
    "another holder": ("payload.cnf = {jwk: await exportJWK(other.publicKey)}", "signature is wrong"),
}


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        pytest.param(kind, *fault, id=f"{kind}: {name}")
        for kind, faults in (("order", {**_BOTH, **_ORDER}), ("card", {**_BOTH, **_CARD}))
        for name, fault in faults.items()
    ],
)
def test_an_answer_that_differs_in_one_thing_is_not_believed(
    verifier: Page, kind: str, change: str, reason: str
) -> None:
    found = _forged(verifier, kind, change)
    assert "believed" not in found
    assert not found["reason"].startswith("not ours"), found
    assert re.search(reason, found["reason"]), found


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256"])
def test_no_other_algorithm_is_taken(verifier: Page, alg: str) -> None:
    """A header that was changed after signing: the algorithm is refused before the signature."""
    change = (
        "parts.wrap = made => { const [, ...rest] = made.split('.');"
        f"const header = btoa(JSON.stringify({{typ: 'dc+sd-jwt', alg: '{alg}'}})).replaceAll('=', '');"
        "return JSON.stringify({[query]: [[header, ...rest].join('.')]}); }"
    )
    assert re.search("signed by|signature", _forged(verifier, "order", change)["reason"])


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("vp_token={}&state=unknown", "Not ours."),
        ("vp_token={}", "Not ours."),
        ("error=access_denied&state=<img src=x onerror=alert(1)>", "Not ours."),
    ],
)
def test_an_answer_that_nobody_asked_for_changes_nothing(page: Page, fragment: str, said: str) -> None:
    assert page.hears(f"{page.address}#{fragment}").startswith(said)
    assert page.opened().shelf == [str(number) for number in range(1, 13)]


def test_a_refusal_is_taken_as_one_and_once(page: Page) -> None:
    state = _parameters(page.asks("card"))["state"]
    refusal = f"{page.address}#error=access_denied&state={state}"
    assert page.hears(refusal).startswith("Nothing was told.")
    assert page.hears(refusal).startswith("Not ours.")


def test_an_error_in_markup_is_shown_as_text(page: Page) -> None:
    state = _parameters(page.asks("card"))["state"]
    said = page.hears(f"{page.address}#error=%3Cb%20id%3Dx%3Ebold&state={state}")
    assert "<b id=x>bold" in said


def test_an_ordinary_fragment_is_left_alone(page: Page) -> None:
    page.browser.open(f"{page.address}#shelf")
    assert page.browser.run("return location.hash") == "#shelf"
    assert page.browser.run("return document.getElementById('status').hidden")
