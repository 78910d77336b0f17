"""The example application in a real browser, answered by the real wallet with its owner at a terminal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.browser.shop import Page, Reader, copied, served
from tests.browser.webdriver import Browser
from tests.cli.test_vc import did_of, in_process
from tests.conftest import Ipse

pytest.importorskip("pexpect", reason="pexpect is not installed")

_OURS = [str(number) for number in range(1, 13)]


@pytest.fixture(scope="module")
def address(owner: Ipse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    library = did_of(in_process(owner), "library")
    with served(copied(tmp_path_factory.mktemp("dapp") / "page", library)) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from Page(browser, address).fresh()


@pytest.fixture
def reader(owner: Ipse, tmp_path: Path) -> Reader:
    return Reader(owner, tmp_path)


def _told(opened: str) -> Any:
    """The claims that the issuer signed of the one presentation in an address."""
    token = json.loads(parse_qs(opened.partition("#")[2])["vp_token"][0])
    ((presented,),) = token.values()
    payload = presented.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_the_shelf_is_put_in_the_order_that_the_wallet_tells(page: Page, reader: Reader) -> None:
    assert page.shelf == _OURS
    shown, opened = reader.answers(page.asks("order"), "yes")
    assert page.address.rstrip("/") in shown
    order = _told(opened)["order"]
    assert sorted(order) == sorted(_OURS)
    assert order != _OURS
    assert page.hears(opened).startswith("This is your shelf.")
    page.browser.wait(f"return document.querySelector('.book').dataset.id === {order[0]!r}")
    assert page.shelf == order, "the tab that asked does not know what another tab heard"
    assert page.opened().shelf == order
    page.browser.run("document.getElementById('forget').click()")
    page.browser.wait("return document.getElementById('status').innerText.startsWith('Forgotten.')")
    assert page.opened().shelf == _OURS


def test_an_order_is_told_as_far_as_its_owner_ticks_it(page: Page, reader: Reader) -> None:
    shown, opened = reader.answers(page.asks("order"), "2 3 4 5 6 7 8 9 10 11 12", "yes")
    assert "[ ]" in shown
    (first,) = _told(opened)["order"]
    assert page.hears(opened).startswith("This is your shelf. You placed 1 of 12")
    assert page.opened().shelf == [first, *(book for book in _OURS if book != first)]


def test_a_card_shows_that_its_holder_is_a_member_and_nothing_else(page: Page, reader: Reader) -> None:
    shown, opened = reader.answers(page.asks("card"), "yes")
    assert "member: true" in shown
    token = json.loads(parse_qs(opened.partition("#")[2])["vp_token"][0])
    _, *disclosures, _ = token["card"][0].split("~")
    assert [json.loads(base64.urlsafe_b64decode(each + "=="))[1:] for each in disclosures] == [
        ["member", True]
    ]
    assert page.hears(opened).startswith("You are a member.")
    assert "€11.90" in page.opened().browser.run("return document.querySelector('.price').innerText")


def test_a_screenshot_of_the_page_is_answered_as_its_link(page: Page, reader: Reader, tmp_path: Path) -> None:
    pytest.importorskip("zxingcpp", reason="the qr extra is not installed")
    page.browser.look(scheme="dark", width=1200, height=1000)
    page.asks("card")
    page.browser.run("document.getElementById('dialog-help').open = true")
    page.browser.screenshot(tmp_path / "screenshot.png")
    _, opened = reader.runs("answer", str(tmp_path / "screenshot.png"), typed=("yes",))
    assert page.hears(opened).startswith("You are a member.")


def test_an_answer_is_good_once(page: Page, reader: Reader) -> None:
    _, opened = reader.answers(page.asks("card"), "yes")
    assert page.hears(opened).startswith("You are a member.")
    assert page.hears(opened).startswith("Not ours.")


def test_an_answer_to_one_question_is_not_taken_for_another(page: Page, reader: Reader) -> None:
    """The state is not signed: with the state of another question, it is the nonce that tells them apart."""
    _, opened = reader.answers(page.asks("card"), "yes")
    state = parse_qs(page.asks("card").partition("?")[2])["state"][0]
    swapped = opened.partition("&state=")[0] + f"&state={state}"
    said = page.hears(swapped)
    assert said.startswith("We do not believe it.")
    assert "Nonce" in said
