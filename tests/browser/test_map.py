"""The picture of the interests in a real browser: quiet, legible and within the window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from ipse.preferences.picture import Dot, Lane
from tests.browser.webdriver import Browser
from tests.unit.preferences.picture import material
from tests.unit.preferences.picture.material import FORMS, HOSTILE, NOW, sixty

_TAB, _RIGHT = "\ue004", "\ue014"
_WIDTHS = (360, 1400)
_SCHEMES = ("light", "dark")
_EVERY_LOOK = pytest.mark.parametrize(
    ("scheme", "width"), [(scheme, width) for scheme in _SCHEMES for width in _WIDTHS]
)

_BOXES = """
return [...document.querySelectorAll(arguments[0])].filter(e => e.getClientRects().length).map(e => {
  const box = e.getBoundingClientRect();
  return {left: box.left, top: box.top, right: box.right, bottom: box.bottom, text: e.textContent};
});
"""

# The lowest contrast of any text with what lies under it (WCAG 2.2, relative luminance).
_CONTRASTS = """
const parts = colour => colour.match(/[\\d.]+/g).map(Number);
const luminance = colour => parts(colour).slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = element => {
  for (let e = element; e; e = e.parentElement) {
    const rect = e.querySelector(':scope > rect');
    const colour = rect ? getComputedStyle(rect).fill : getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
};
const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
const found = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const e = node.parentElement;
  if (!node.data.trim() || e.closest('style, title, desc, head')) continue;
  const colour = e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color;
  const [dark, light] = [luminance(colour), luminance(ground(e))].sort((a, b) => a - b);
  found.push([(light + 0.05) / (dark + 0.05), node.data]);
}
return found.sort((a, b) => a[0] - b[0]).slice(0, 3);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files: sixty statements over six years, a hostile profile, and one of a single day."""
    folder = tmp_path_factory.mktemp("pictures")
    hostile = [
        Lane(
            text,
            text,
            1 - place / 6,
            730.0,
            (Dot(text, 0.5, NOW), Dot(text, -0.5, NOW.replace(year=2020 + place % 5))),
        )
        for place, text in enumerate(HOSTILE)
    ]
    of_one_day = material.lane("sea", *((0.001 * place, place / 10 - 1) for place in range(21)))
    for form, make in FORMS.items():
        for name, lanes in (("sixty", sixty()), ("hostile", hostile), ("day", [of_one_day])):
            document = make(lanes, now=NOW, title=HOSTILE[0] if name == "hostile" else "Interests")
            (folder / f"{name}.{form}").write_text(document, encoding="utf-8")
    return folder


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Browser]:
    """The page of sixty statements, just opened; nothing may have gone wrong in it by the end."""
    browser.log("browser"), browser.log("performance")
    browser.open((folder / "sixty.html").as_uri())
    yield browser
    assert browser.log("browser") == []


def _apart(boxes: list[dict[str, Any]]) -> bool:
    return all(
        one["right"] <= other["left"] + 0.5
        or other["right"] <= one["left"] + 0.5
        or one["bottom"] <= other["top"] + 0.5
        or other["bottom"] <= one["top"] + 0.5
        for one, other in combinations(boxes, 2)
    )


def _look(browser: Browser, scheme: str, width: int, height: int = 1800) -> None:
    browser.look(scheme=scheme, width=width, height=height)
    browser.wait(f"return innerWidth === {width} && matchMedia('(prefers-color-scheme: {scheme})').matches")


@_EVERY_LOOK
def test_every_interest_is_in_sight_and_none_lies_over_another(
    page: Browser, scheme: str, width: int
) -> None:
    _look(page, scheme, width)
    labels = page.run(_BOXES, ".label h2")
    assert sorted(label["text"] for label in labels) == sorted(lane.name for lane in sixty())
    for label in labels:
        assert 0 <= label["left"] < label["right"] <= width
        assert 0 <= label["top"] < label["bottom"] <= 1800
    assert _apart(page.run(_BOXES, ".label, .plot, h1, .summary, .legend, .axis, figcaption, details"))
    assert page.run("return document.documentElement.scrollWidth") <= width


@_EVERY_LOOK
def test_the_dates_do_not_run_into_each_other(page: Browser, scheme: str, width: int) -> None:
    _look(page, scheme, width)
    dates = page.run(_BOXES, ".axis:first-child span")
    assert 3 <= len(dates) <= 9
    assert _apart(dates)
    assert all(date["left"] >= 0 and date["right"] <= width for date in dates)


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_all_text_has_a_contrast_of_4_5(page: Browser, scheme: str) -> None:
    _look(page, scheme, 1400)
    page.run("document.querySelector('details').open = true")
    lowest = page.run(_CONTRASTS)
    assert lowest[0][0] >= 4.5, lowest
    ground = page.run("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(252, 251, 248)", "dark": "rgb(20, 22, 26)"}[scheme]


@pytest.mark.parametrize("width", _WIDTHS)
def test_the_keyboard_reaches_every_interest_and_reads_its_statements(page: Browser, width: int) -> None:
    _look(page, "light", width)
    lanes = sorted(sixty(), key=lambda lane: (-lane.affinity, lane.name))
    for lane in lanes:
        page.press(_TAB)
        for dot in lane.dots[:3]:
            focused = page.run("return document.activeElement.labels[0].innerText")
            assert focused.endswith(dot.text)
            [note] = page.run(_BOXES, "input:focus + .note")
            assert 0 <= note["left"] < note["right"] <= width
            assert (
                page.run("return getComputedStyle(document.querySelector('input:focus + .note')).opacity")
                == "1"
            )
            page.press(_RIGHT)
    assert page.run("return document.documentElement.scrollWidth") <= width


def test_the_pointer_shows_a_statement_and_only_that_one(page: Browser) -> None:
    _look(page, "dark", 1400)
    page.press(_TAB)
    page.hover(".lane:nth-child(2) .mark:nth-of-type(5) input")
    shown = "return [...document.querySelectorAll('.lane:nth-child(2) .note')]"
    shown += ".filter(e => getComputedStyle(e).opacity === '1').map(e => e.innerText)"
    page.wait(f"return (() => {{ {shown} }})().length === 1")
    name = sorted(sixty(), key=lambda lane: (-lane.affinity, lane.name))[1].name
    assert page.run(shown)[0].splitlines()[-1].startswith(name)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["sixty", "hostile", "day"])
def test_nothing_is_asked_of_any_network_and_nothing_goes_wrong(
    browser: Browser, folder: Path, name: str, form: str
) -> None:
    browser.log("browser"), browser.log("performance")
    address = (folder / f"{name}.{form}").as_uri()
    browser.open(address)
    _look(browser, "dark", 1400)
    browser.wait("return document.readyState === 'complete'")
    assert browser.log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and not event["params"]["documentURL"].startswith("chrome://")  # the browser's own first page
    ]
    assert asked == [address]


@pytest.mark.parametrize("width", _WIDTHS)
def test_a_hostile_profile_stays_within_its_lines(browser: Browser, folder: Path, width: int) -> None:
    browser.open((folder / "hostile.html").as_uri())
    _look(browser, "light", width, 6000)
    assert browser.run("return document.scripts.length") == 0
    assert browser.run("return document.title") == HOSTILE[0]
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert _apart(browser.run(_BOXES, ".label, .plot, h1, .summary, .legend, .axis, figcaption, details"))


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_the_drawing_is_legible_and_its_labels_keep_to_themselves(
    browser: Browser, folder: Path, scheme: str
) -> None:
    browser.open((folder / "sixty.svg").as_uri())
    _look(browser, scheme, 1400)
    lowest = browser.run(_CONTRASTS)
    assert lowest[0][0] >= 4.5, lowest
    texts = [box for box in browser.run(_BOXES, "text") if box["text"]]
    in_sight = browser.run(
        "return [...document.querySelectorAll('text')].map(e => getComputedStyle(e).visibility === 'visible')"
    )
    shown = [text for text, visible in zip(texts, in_sight, strict=True) if visible]
    assert {lane.name for lane in sixty()} <= {text["text"] for text in shown} | {
        "number theory, proofs and the history of primes"
    }
    assert _apart(shown)
    assert all(text["left"] >= 0 and text["right"] <= 1400 for text in shown)


def test_the_drawing_shows_a_statement_to_the_keyboard(browser: Browser, folder: Path) -> None:
    browser.open((folder / "sixty.svg").as_uri())
    _look(browser, "light", 1400)
    browser.press(_TAB)
    note = "getComputedStyle(document.activeElement.querySelector('.note')).visibility"
    browser.wait(f"return document.activeElement.matches('.mark') && {note} === 'visible'")
    assert browser.run("return document.querySelectorAll('.mark').length") == 60


def test_the_page_prints_without_its_notes(browser: Browser, folder: Path) -> None:
    browser.open((folder / "sixty.html").as_uri())
    browser.look(scheme="dark", width=800, medium="print")
    browser.wait("return matchMedia('print').matches")
    assert browser.run("return getComputedStyle(document.querySelector('.note')).display") == "none"
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(252, 251, 248)"
