"""The example application through `ipse verifier serve`, in a real browser, answered by the real wallet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization

from tests.browser.shop import Page, Reader, copied, served
from tests.browser.webdriver import Browser
from tests.cli.test_vc import did_of, in_process
from tests.cli.verifier_serving import Pki, Serving
from tests.conftest import Ipse, at

pytest.importorskip("pexpect", reason="pexpect is not installed")

_TOKEN = "t" * 43


@pytest.fixture(scope="module")
def pki(owner: Ipse, tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for the verifier, whose authority the owner trusts."""
    made = Pki.make(tmp_path_factory.mktemp("pki"))
    authority = made.folder / "verifiers.pem"
    authority.write_bytes(made.around.verifiers.certificate.public_bytes(serialization.Encoding.PEM))
    in_process(owner)("trust", "add", "--ca", authority, "--for", "verifier")
    return made


@pytest.fixture(scope="module")
def serving(
    pki: Pki,
    owner: Ipse,
    _template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Serving, str]]:
    """A verifier that has a wallet of its own, and where applications ask it."""
    folder = tmp_path_factory.mktemp("verifier")
    (folder / "token").write_text(_TOKEN)
    shop = at(folder / "wallet")
    shutil.copytree(_template, shop.home)
    library = did_of(in_process(owner), "library")
    arguments = [*pki.options(), "--issuer", library, "--api", "0", "--token-file", str(folder / "token")]
    with Serving(shop, *arguments) as started:
        api = urlsplit(started.line("applications ask at ").rpartition(" ")[2]).netloc
        started.line("listening for ")
        yield started, api


@pytest.fixture
def page(browser: Browser, serving: tuple[Serving, str], tmp_path: Path) -> Iterator[Page]:
    with served(copied(tmp_path / "page", verifier="verifier"), (serving[1], _TOKEN)) as address:
        yield from Page(browser, address).fresh()


@pytest.fixture
def reader(owner: Ipse, tmp_path: Path) -> Reader:
    return Reader(owner, tmp_path)


def _answers(reader: Reader, pki: Pki, link: str, decision: str = "yes") -> str:
    trusted = ("--ca-file", str(pki.tls.ca_file), "--allow-loopback")
    return reader.runs("answer", *trusted, link, typed=(decision,), opens=decision == "yes")[0]


def _said(page: Page) -> str:
    page.browser.wait("return !document.getElementById('status').hidden")
    return str(page.browser.run("return document.getElementById('status').innerText"))


def test_an_order_comes_through_the_verifier(page: Page, reader: Reader, pki: Pki) -> None:
    link = page.asks("order")
    assert "request_uri=" in link
    assert len(link) < 500
    shown = _answers(reader, pki, link)
    assert 'certified by "Access authority", which you trust' in shown
    assert _said(page).startswith("This is your shelf.")
    assert not page.browser.run("return document.getElementById('dialog').open")
    titles = page.browser.run(
        "return [...document.querySelectorAll('.book h3')].map(title => title.textContent)"
    )
    told = [line.partition('"')[2].partition(" by ")[0] for line in shown.splitlines() if "[x]" in line]
    assert titles == told
    assert sorted(page.shelf) == sorted(str(number) for number in range(1, 13))


def test_a_card_comes_through_the_verifier(page: Page, reader: Reader, pki: Pki) -> None:
    shown = _answers(reader, pki, page.asks("card"))
    assert "member: true" in shown
    assert '"to give you the price that members of the harbour library pay"' in shown
    assert "for 1 day" in shown
    assert _said(page).startswith("You are a member.")


def test_a_refusal_comes_through_the_verifier(page: Page, reader: Reader, pki: Pki) -> None:
    _answers(reader, pki, page.asks("card"), "no")
    assert _said(page).startswith("Nothing was told. You said no")


def test_who_closes_the_question_is_not_waited_for(page: Page, serving: tuple[Serving, str]) -> None:
    page.asks("card")
    page.browser.run("document.getElementById('dialog').close()")
    page.browser.wait(
        "return performance.getEntriesByType('resource').filter(e => /sessions.+/.test(e.name)).length >= 1"
    )
    page.asks("order")  # another one is asked as before
    page.browser.run("document.getElementById('dialog').close()")
    assert page.browser.run("return document.getElementById('status').hidden")


def test_the_page_knows_no_token(page: Page) -> None:
    names = page.browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    files = "return Promise.all(arguments[0].map(async name => (await fetch(name)).text()))"
    assert not any(_TOKEN in text for text in page.browser.run(files, names))


def test_a_verifier_that_is_not_there_is_said(browser: Browser, tmp_path: Path) -> None:
    with served(copied(tmp_path / "page", verifier="missing")) as address:
        shown = Page(browser, address).opened()
        shown.browser.run("document.getElementById('ask-order').click()")
        assert _said(shown) == "Nothing came of it. Our verifier can not be reached. Nothing was asked."
        browser.log("browser")  # which tells of it as well
