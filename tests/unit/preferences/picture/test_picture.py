"""The picture: well-formed, self-contained, bounded and readable, whatever the statements hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from xml.etree import ElementTree

import pytest

from ipse.preferences.picture import Dot, Lane, html
from ipse.preferences.picture.style import DARK, LIGHT, Palette
from tests.unit.preferences.picture.material import FORMS, HOSTILE, NOW, lane, sixty

Make = Callable[..., str]
_FORM = pytest.mark.parametrize("make", FORMS.values(), ids=FORMS.keys())
_MEGABYTE = 1_000_000


def _tree(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document.encode())


def _local(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _text(document: str) -> str:
    return "\n".join(_tree(document).itertext())


@_FORM
def test_the_picture_names_every_interest_and_says_every_statement(make: Make) -> None:
    said = _text(make(sixty(), now=NOW, title="Mine"))
    for drawn in sixty():
        assert drawn.name in said
        for dot in drawn.dots:
            assert dot.text in said
    assert "60 statements in 6 interests" in said


@_FORM
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_markup_or_breaks_the_document(make: Make, text: str) -> None:
    dots = (Dot(text, 1.0, NOW), Dot(text, -1.0, NOW - timedelta(days=400)), Dot(text, 0.0, NOW))
    hostile = make([Lane(text, text, 0.5, 730.0, dots)], now=NOW, title=text)
    tame = tuple(replace(dot, text="plain") for dot in dots)
    plain = make([Lane("plain", "plain", 0.5, 730.0, tame)], now=NOW, title="plain")
    shapes = [
        [(_local(element), sorted(element.attrib)) for element in _tree(document).iter()]
        for document in (hostile, plain)
    ]
    # A blank text leaves its line out; nothing ever adds an element or an attribute.
    assert shapes[0] == shapes[1] or (not text.strip() and len(shapes[0]) < len(shapes[1]))
    hidden = set(
        re.findall(
            r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe]",
            hostile,
        )
    )
    assert hidden == set()


@_FORM
def test_hidden_characters_are_spelled_out(make: Make) -> None:
    document = make(
        [Lane("\u202egnp.exe", "a\0b", 0.5, 730.0, (Dot("x\x1b[31m", 1.0, NOW),))], now=NOW, title="t"
    )
    for spelled in (r"\u202egnp.exe", r"a\x00b", r"x\x1b[31m"):
        assert spelled in document


@_FORM
def test_a_huge_text_is_cut_with_an_ellipsis(make: Make) -> None:
    document = make(
        [Lane("W" * 4000, "W" * 4000, 0.5, 730.0, (Dot("W" * 4000, 1.0, NOW),))], now=NOW, title="W" * 9
    )
    assert "W…" in document
    assert max(map(len, re.findall("W+", document))) < 150


@_FORM
def test_the_picture_has_no_script_and_refers_to_nothing_outside(make: Make) -> None:
    document = make(sixty(), now=NOW, title="Mine")
    tree = _tree(document)
    names = {_local(element) for element in tree.iter()}
    assert not names & {
        "script", "link", "img", "image", "iframe", "object", "embed", "use", "a", "foreignObject",
        "form", "base", "audio", "video", "animate", "set",
    }  # fmt: skip
    attributes = {name.rsplit("}", 1)[-1] for element in tree.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"href", "src", "srcset"}
    addresses = set(re.findall(r"https?://[^\"' ]+", document))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
    assert set(re.findall(r"url\(([^)]*)\)", document)) <= {"#hatch", "#labels", "#strips"}
    assert "@import" not in document


def test_the_page_forbids_everything_but_its_own_style() -> None:
    policy = re.search(
        r'http-equiv="Content-Security-Policy" content="([^"]*)"', html(sixty(), now=NOW, title="m")
    )
    assert policy is not None
    assert policy[1] == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@pytest.mark.slow
@_FORM
def test_a_hundred_thousand_statements_stay_under_two_megabytes(make: Make) -> None:
    worst = "&" * 4000
    lanes = [
        Lane(
            f"{number}{worst}", worst, number / 25, 730.0,
            tuple(
                Dot(worst, (step * 37 % 201 - 100) / 100, NOW - timedelta(hours=step * 17 + number))
                for step in range(4000)
            ),
        )
        for number in range(25)
    ]  # fmt: skip
    document = make(lanes, now=NOW, title=worst)
    assert len(document.encode()) < 2 * _MEGABYTE
    said = _text(document)
    assert "96,000 statements in 24 interests" in said
    assert "4,000 statements of smaller interests are not shown" in " ".join(said.split())


@pytest.mark.slow
@_FORM
def test_as_many_in_the_longest_script_stay_under_two_megabytes(make: Make) -> None:
    dots = tuple(
        Dot("\U00010330" * 4000, (step % 41 - 20) / 20, NOW - timedelta(days=step)) for step in range(3000)
    )
    lanes = [Lane("\U00010330" * 99, "\U00010330" * 999, 0.1, 730.0, dots) for _ in range(24)]
    assert len(make(lanes, now=NOW, title="x").encode()) < 2 * _MEGABYTE


@_FORM
def test_statements_of_one_day_are_laid_out_by_weight_and_the_caption_says_so(make: Make) -> None:
    document = make(
        [lane("sea", *((0.001 * place, place / 10 - 1) for place in range(21)))], now=NOW, title="m"
    )
    said = " ".join(_text(document).split())
    assert "All statements fall within a day" in said
    assert all(word in said for word in ("disliked", "neutral", "liked"))
    assert "2025" not in said


@_FORM
def test_nothing_to_draw_is_said(make: Make) -> None:
    for lanes in ([], [Lane("empty", "", 0.0, 730.0, ())]):
        assert "Nothing to show yet" in _text(make(lanes, now=NOW, title="m"))


@_FORM
@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf"), 0.0, -5.0, 1e300])
def test_numbers_that_are_none_do_not_reach_the_picture(make: Make, odd: float) -> None:
    drawn = Lane("a", "b", odd, odd, (Dot("c", odd, NOW), Dot("d", 1.0, NOW - timedelta(days=9))))
    document = make([drawn], now=NOW, title="m")
    _tree(document)
    assert not re.search(r"\b(nan|inf)\b", document)


@_FORM
def test_any_date_can_be_drawn(make: Make) -> None:
    dates = (datetime.min.replace(tzinfo=UTC), NOW, datetime.max.replace(tzinfo=UTC))
    for first, last in combinations(dates, 2):
        _tree(
            make(
                [Lane("a", "b", 0.5, 730.0, (Dot("c", 1.0, first), Dot("d", -1.0, last)))], now=NOW, title="m"
            )
        )


@_FORM
def test_the_most_liked_interest_is_at_the_top_and_the_rest_at_the_bottom(make: Make) -> None:
    lanes = [
        lane("middle", (10, 0.2), affinity=0.2),
        replace(lane("others", (9, 1.0), affinity=0.9), rest=True),
        lane("worst", (12, -1.0), affinity=-1.0),
        lane("best", (30, 1.0), affinity=1.0),
    ]
    document = make(lanes, now=NOW, title="m")
    places = [document.index(f">{name}<") for name in ("best", "middle", "worst", "others")]
    assert places == sorted(places)
    assert "4 statements in 3 interests" in document


@_FORM
def test_the_same_profile_gives_the_same_bytes(make: Make) -> None:
    assert make(sixty(), now=NOW, title="m") == make(sixty(), now=NOW, title="m")


@_FORM
def test_what_was_taken_back_says_until_when(make: Make) -> None:
    taken_back = Dot("once", 0.8, NOW - timedelta(days=900), until=NOW - timedelta(days=300))
    document = make([Lane("a", "b", 0.5, 730.0, (taken_back, Dot("now", -0.8, NOW)))], now=NOW, title="m")
    assert "liked +0.80 · until 26 Jan 2026" in document
    assert "2 statements (1 of them taken back since)" in document


def test_liked_disliked_and_neutral_differ_in_shape_not_in_colour_alone() -> None:
    drawn = [lane("a", (100, 1.0), (50, -1.0), (1, 0.0))]
    svg = FORMS["svg"](drawn, now=NOW, title="m")
    assert re.findall(r'<(?:circle|path) class="(liked|disliked|neutral)"', svg)[-3:] == [
        "liked",
        "disliked",
        "neutral",
    ]
    assert svg.count('<path class="neutral"') == 2, "a diamond in the legend and one for the statement"
    assert svg.count('class="disliked"') == 2
    ring = re.search(r"\.disliked\{fill:(#\w+);stroke:(#\w+)\}", svg)
    assert ring is not None
    assert ring[1] == LIGHT.ground != ring[2]


def test_every_statement_on_the_page_has_a_label_and_a_row_in_the_table() -> None:
    tree = _tree(html(sixty(), now=NOW, title="m"))
    labels = [element for element in tree.iter() if _local(element) == "label"]
    rows = [element for element in tree.iter() if _local(element) == "td" and element.get("class") == "date"]
    assert len(labels) == len(rows) == 60
    for label in labels:
        assert [_local(child) for child in label] == ["input", "span"]
        assert "".join(label.itertext()).strip()


def test_every_stream_is_an_image_with_a_title_and_a_description() -> None:
    tree = _tree(html(sixty(), now=NOW, title="m"))
    images = [element for element in tree.iter() if element.get("role") == "img"]
    assert len(images) == 6
    identifiers = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(set(identifiers)) == len(identifiers)
    for image in images:
        assert set(str(image.get("aria-labelledby")).split()) <= set(identifiers)
        assert [_local(child) for child in image][:2] == ["title", "desc"]


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_4_5_and_marks_of_3(palette: Palette) -> None:
    for ground in (palette.ground, palette.raised):
        assert _contrast(palette.ink, ground) >= 4.5
        assert _contrast(palette.quiet, ground) >= 4.5
    for ground in (palette.ground, palette.liked_tint):
        assert _contrast(palette.liked, ground) >= 3
    for ground in (palette.ground, palette.disliked_tint):
        assert _contrast(palette.disliked, ground) >= 3
    assert _contrast(palette.neutral, palette.ground) >= 3


@_FORM
def test_both_colour_schemes_are_in_the_file(make: Make) -> None:
    document = make(sixty(), now=NOW, title="m")
    dark = document.index("prefers-color-scheme:dark")
    for palette, part in ((LIGHT, document[:dark]), (DARK, document[dark:])):
        assert set(asdict(palette).values()) <= set(re.findall(r"#[0-9a-f]{6}\b", part))
