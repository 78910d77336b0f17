"""Exports of services: what is taken from each, what is left out, and why."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from ipse.errors import MalformedInput
from tests.unit.preferences.sources.reading import (
    SAMPLES,
    read,
    sample,
    weights,
    zipped,
    zipped_samples,
)


class TestBooks:
    def test_goodreads_ratings_shelves_and_reviews(self) -> None:
        reading = sample("goodreads.csv")
        assert reading.format == "goodreads"
        assert weights(reading) == {
            "The Tide Almanac (Coast, #1) by Ines Marrow: Slow and exact. I loved it.": 1.0,
            "Twelve Easy Steps by A. Manager": -0.5,
            "Lighthouse Keeping by Olu Brandt": 0.2,
            "The Endless Meeting by C. Hair": -0.4,
        }
        assert reading.skipped == {"no rating": 1}
        assert reading.fields["rating"] == "My Rating (1 to 5)"

    def test_a_book_is_dated_when_it_was_read_else_when_it_was_added(self) -> None:
        dates = [found.at and found.at.date().isoformat() for found in sample("goodreads.csv").found]
        assert dates == ["2024-03-01", "2023-11-05", "2024-05-02", "2022-02-02"]

    def test_private_notes_stay_where_they_are(self) -> None:
        assert "secret" not in repr(sample("goodreads.csv").found).replace("sensitivity", "")

    def test_storygraph_ratings_in_quarters(self) -> None:
        reading = sample("storygraph.csv")
        assert reading.format == "storygraph"
        assert list(weights(reading).values()) == [0.625, -0.4, 0.2]

    def test_a_rating_beyond_the_stars_is_named_by_its_line(self) -> None:
        content = "Title,Author,My Rating,Exclusive Shelf\nDune,Herbert,6,read\n"
        with pytest.raises(MalformedInput, match="line 2: the rating '6'"):
            read(content)


class TestLetterboxd:
    @pytest.mark.parametrize("under", ["", "letterboxd-kim-2026-01-02/"])
    def test_the_files_are_put_together_by_film(self, under: str) -> None:
        reading = read(zipped_samples("letterboxd", under))
        assert reading.format == "letterboxd"
        assert weights(reading) == {
            "The Lamp Room (1971): Quiet, and wet.": 0.75,
            "Boardroom (2009)": -1.0,
            "Salt and Rope (1994)": 0.6,
            "Only Logged (2020)": 0.5,
            "A Heart Alone (1960)": 0.8,
            "Northern Buoys (2022)": 0.2,
        }
        assert reading.skipped == {"watched, not rated": 1}

    def test_what_the_owner_deleted_there_stays_deleted(self) -> None:
        assert "Taken Back" not in repr(read(zipped_samples("letterboxd")))

    def test_who_the_owner_is_is_not_read(self) -> None:
        assert "example.org" not in repr(read(zipped_samples("letterboxd")))

    @pytest.mark.parametrize(
        ("name", "count"), [("ratings.csv", 3), ("likes/films.csv", 2), ("diary.csv", 2)]
    )
    def test_one_of_the_files_will_do(self, name: str, count: int) -> None:
        assert len(sample(f"letterboxd/{name}").found) == count

    def test_films_that_could_be_watched_liked_or_wished_for_are_not_guessed_at(self) -> None:
        content = (SAMPLES / "letterboxd" / "watchlist.csv").read_bytes()
        with pytest.raises(MalformedInput, match="does not say whether") as caught:
            read(content, name="standard input")
        assert "watchlist.csv" in caught.value.hint


class TestSpotify:
    def test_plays_are_summed_over_the_files_and_the_library_counts(self) -> None:
        reading = read(zipped_samples("spotify", "Spotify Account Data/"))
        assert reading.format == "spotify"
        assert weights(reading) == {
            "Low Water by The Pilots": 0.4755,
            "Drift by Sirens": 0.6,
            "Jingle by Adverts": -0.8,
            "Foghorns by The Pilots": 0.6,
            "music by The Pilots": 0.4983,
            "music by Sirens": 0.6,
            "music by Adverts": -0.8,
            "Rope Radio (podcast)": 0.6,
        }
        assert reading.skipped == {"private session": 1, "no title": 1, "played once at most": 1}

    def test_repeated_skips_are_a_mild_dislike_and_single_ones_nothing(self) -> None:
        found = weights(sample("spotify/Streaming_History_Audio_2024_0.json"))
        assert found["Jingle by Adverts"] == -0.2
        rows = json.loads((SAMPLES / "spotify/Streaming_History_Audio_2024_0.json").read_text())
        skips = [row for row in rows if row["skipped"]][:2]
        assert weights(read(json.dumps(skips))) == {}

    def test_a_private_session_leaves_nothing(self) -> None:
        assert "Hush" not in repr(sample("spotify/Streaming_History_Audio_2024_0.json"))

    def test_a_time_played_that_is_no_number_is_named(self) -> None:
        content = '[{"endTime":"2023-05-05 14:30","artistName":"a","trackName":"b","msPlayed":"x"}]'
        with pytest.raises(MalformedInput, match="entry 1: the time played 'x'"):
            read(content)


class TestMastodon:
    def test_own_posts_are_read_and_follows_are_facts(self) -> None:
        reading = read(zipped_samples("mastodon"))
        assert reading.format == "mastodon"
        assert [(found.text, found.weight, found.kind, found.sensitivity) for found in reading.found] == [
            ("follows lighthouses@sea.example on Mastodon", 0.0, "fact", "private"),
            ("Spring tide & a clear sky See tides.example", 0.2, "opinion", "private"),
            ("unlisted thoughts on knots", 0.2, "opinion", "private"),
            ("for followers only", 0.2, "opinion", "secret"),
            ("film spoilers: the ending of the lamp room", 0.2, "opinion", "private"),
        ]
        assert reading.skipped == {"only a link": 1, "direct message": 1, "boost": 1, "no text": 1}

    @pytest.mark.parametrize("packing", ["w:gz", "w"])
    def test_a_tar_archive_says_the_same(self, packing: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=packing) as archive:  # type: ignore[call-overload]
            archive.add(SAMPLES / "mastodon", arcname=".")
        reading = read(packed.getvalue())
        assert set(reading.found) == set(read(zipped_samples("mastodon")).found)

    @pytest.mark.parametrize(
        "audience", [{}, {"to": []}, {"to": ["https://sea.example/users/lin"]}, {"to": 5}]
    )
    def test_a_post_to_nobody_known_is_a_message_and_left_out(self, audience: dict[str, object]) -> None:
        post = {"type": "Create", "object": {"type": "Note", "content": "between us", **audience}, **audience}
        reading = read(json.dumps({"orderedItems": [post]}))
        assert (reading.found, reading.skipped) == ((), {"direct message": 1})


class TestYouTube:
    def test_watched_subscribed_and_searched(self) -> None:
        reading = read(zipped_samples("youtube", "Takeout/YouTube und YouTube Music/"))
        assert reading.format == "youtube"
        assert weights(reading) == {
            "searched for bowline knot": 0.2,
            "How tides work by Sea School": 0.2377,
            "Knots in ten minutes by Sea School": 0.15,
            "Low Water by The Pilots": 0.15,
            "Rope Radio (YouTube channel)": 0.6,
            "Sea School (YouTube channel)": 0.3,
        }
        assert reading.skipped == {
            "only a video's id": 1, "removed or private video": 2, "advertisement": 1, "not a video": 1,
        }  # fmt: skip

    def test_a_search_is_secret(self) -> None:
        assert [found.sensitivity for found in sample("youtube/search-history.json").found] == ["secret"]

    def test_the_page_says_what_the_json_says(self) -> None:
        reading = sample("watch-history.html")
        assert weights(reading) == {
            "How tides work by Sea School": 0.15,
            "Knots & hitches by Sea School": 0.15,
        }
        assert [found.at and found.at.date().isoformat() for found in reading.found] == [
            "2024-01-05", "2024-02-05",
        ]  # fmt: skip
        assert reading.skipped == {"removed or private video": 1, "advertisement": 1}

    @pytest.mark.parametrize(
        ("before", "after"),
        [("", " angesehen"), ("Has visto ", ""), ("Ви переглянули ", ""), ("", " を視聴しました")],
    )
    def test_the_words_around_a_title_are_taken_off_in_any_language(self, before: str, after: str) -> None:
        titles = ["How tides work", "Knots", "Low water", "Ropes and sails", "A lamp room"]
        history = [
            {
                "header": "YouTube", "title": f"{before}{title}{after}", "products": ["YouTube"],
                "titleUrl": f"https://www.youtube.com/watch?v={number}",
            }
            for number, title in enumerate(titles)
        ]  # fmt: skip
        assert list(weights(read(json.dumps(history)))) == titles


class TestBookmarks:
    def test_pages_are_kept_by_title_folder_and_host(self) -> None:
        reading = sample("bookmarks.html")
        assert weights(reading) == {
            "Tide tables & moons (Sea, tides.example)": 0.4,
            "mail.example": 0.4,
            "The router": 0.4,
            "Rope (rope.example)": 0.4,
        }
        assert reading.skipped == {"not a web page": 1}
        assert [found.at and found.at.year for found in reading.found] == [2023, 2023, None, 2020]

    def test_nothing_of_an_address_but_its_host_enters(self) -> None:
        assert "hunter2" not in repr(sample("bookmarks.html"))
        assert "hunter2" not in repr(read(zipped_samples("mastodon")))

    def test_the_backup_of_firefox_says_the_same(self) -> None:
        assert weights(sample("firefox-backup.json")) == {"Tide tables (Sea, tides.example)": 0.4}

    def test_a_title_in_an_end_tag_that_is_missing_is_kept(self) -> None:
        content = '<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><DT><A HREF="https://a.example">One<DT><A HREF="https://b.example">Two'
        assert list(weights(read(content))) == ["One (a.example)", "Two (b.example)"]


class TestDetection:
    @pytest.mark.parametrize("ending", ["", ".txt", ".bin"])
    def test_a_format_is_known_by_its_content(self, ending: str) -> None:
        for name, form in [
            ("goodreads.csv", "goodreads"),
            ("bookmarks.html", "bookmarks"),
            ("own.ndjson", "ipse"),
        ]:
            assert read((SAMPLES / name).read_bytes(), name=f"export{ending}").format == form

    def test_an_archive_of_two_services_is_not_guessed_at(self) -> None:
        both = {
            "ratings.csv": (SAMPLES / "letterboxd" / "ratings.csv").read_bytes(),
            "YourLibrary.json": (SAMPLES / "spotify" / "YourLibrary.json").read_bytes(),
        }
        with pytest.raises(MalformedInput, match="letterboxd or spotify") as caught:
            read(zipped(both))
        assert "--format" in caught.value.hint
        assert read(zipped(both), format="spotify").format == "spotify"

    @pytest.mark.parametrize("content", ["<html><p>hello", zipped({"photo.json": "{}"}), zipped({})])
    def test_what_is_no_export_is_refused_with_the_formats(self, content: str | bytes) -> None:
        with pytest.raises(MalformedInput) as caught:
            read(content)
        if content != zipped({}):
            assert "goodreads" in caught.value.hint

    def test_a_format_that_is_asked_for_must_be_there(self) -> None:
        with pytest.raises(MalformedInput, match="nothing that goodreads has"):
            read("title,rating\nDune,5\n", format="goodreads")

    def test_a_table_of_a_service_can_be_read_as_any_table(self) -> None:
        content = (SAMPLES / "storygraph.csv").read_bytes()
        assert read(content, format="csv").fields["rating"] == "Star Rating (1 to 5)"
