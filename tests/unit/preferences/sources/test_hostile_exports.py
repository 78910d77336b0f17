"""Archives and pages made to harm: refused or read in bounds, never written anywhere."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from ipse.errors import InputTooLarge, IpseError, MalformedInput
from ipse.preferences import sources
from ipse.preferences.sources import archive, found, plain_text
from ipse.preferences.sources import tar as tar_reader
from tests.unit.preferences.sources.reading import SAMPLES, read, weights, zipped, zipped_samples

_RATINGS = (SAMPLES / "letterboxd" / "ratings.csv").read_bytes()
_BOOKMARKS = "<!DOCTYPE NETSCAPE-Bookmark-file-1>"


class TestArchives:
    def test_a_member_that_unpacks_beyond_bounds_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "_MAX_MEMBER", 100_000)
        with pytest.raises(InputTooLarge, match=r"'ratings\.csv' in export"):
            read(zipped({"ratings.csv": _RATINGS + b"\n" * 200_000}))

    def test_members_that_unpack_beyond_bounds_together_are_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "_MAX_READ", 100_000)
        with pytest.raises(InputTooLarge, match="unpacks to more"):
            read(zipped({f"{number}.csv": b"\n" * 60_000 for number in range(2)}))

    def test_a_tar_bomb_is_refused_also_in_members_that_nobody_reads(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tar_reader, "MAX_UNPACKED", 1 << 20)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("media/huge.mp4")
            info.size = 1 << 22
            tar.addfile(info, io.BytesIO(bytes(1 << 22)))
        with pytest.raises(InputTooLarge, match="unpacks to more"):
            read(packed.getvalue())

    @pytest.mark.parametrize("kind", ["zip", "tar"])
    def test_too_many_members_are_refused(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "_MAX_MEMBERS", 10)
        packed = io.BytesIO()
        if kind == "tar":
            with tarfile.open(fileobj=packed, mode="w") as tar:
                for number in range(20):
                    tar.addfile(tarfile.TarInfo(f"{number}.png"))
        data = packed.getvalue() if kind == "tar" else zipped({f"{number}.png": "" for number in range(20)})
        with pytest.raises(InputTooLarge, match="more than 10 files"):
            read(data)

    @pytest.mark.parametrize("name", ["../../ratings.csv", "/etc/ratings.csv", "C:\\x\\ratings.csv"])
    def test_a_name_leads_nowhere(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert len(read(zipped({name: _RATINGS})).found) == 3
        assert list(tmp_path.iterdir()) == []

    def test_links_in_a_tar_are_not_followed(self) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            link = tarfile.TarInfo("ratings.csv")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        with pytest.raises(MalformedInput, match="holds nothing"):
            read(packed.getvalue())

    def test_a_locked_archive_is_refused(self) -> None:
        data = bytearray(zipped({"ratings.csv": _RATINGS}))
        data[data.find(b"PK\x01\x02") + 8] |= 1
        with pytest.raises(MalformedInput, match="locked with a passphrase"):
            read(bytes(data))

    def test_a_cut_archive_is_refused_wherever_it_was_cut(self) -> None:
        whole = zipped_samples("letterboxd")
        for end in range(4, len(whole), 97):
            with pytest.raises(MalformedInput):
                read(whole[:end])

    @pytest.mark.parametrize(
        "data",
        [b"PK\x03\x04", b"\x1f\x8b", gzip.compress(b"x" * 600, mtime=0), b"\x1f\x8b" + b"x" * 99],
        ids=["zip", "gzip", "gzip of no tar", "not even gzip"],
    )
    def test_what_only_begins_as_an_archive_is_refused(self, data: bytes) -> None:
        with pytest.raises(MalformedInput, match="broken archive"):
            read(data)

    def test_a_changed_byte_is_refused_or_told(self) -> None:
        whole = zipped_samples("youtube")
        for at in range(0, len(whole), 13):
            changed = bytearray(whole)
            changed[at] ^= 0x55
            with suppress(IpseError):  # nothing else may come out
                read(bytes(changed))

    def test_a_method_that_is_not_known_is_refused(self) -> None:
        data = bytearray(zipped({"ratings.csv": _RATINGS}))
        data[data.find(b"PK\x01\x02") + 10] = 99
        with pytest.raises(MalformedInput, match="broken archive"):
            read(bytes(data))

    def test_the_name_in_an_error_stands_on_one_line(self) -> None:
        with pytest.raises(MalformedInput) as caught:
            read(zipped({"a\nb/ratings.csv": _RATINGS + b"2024-01-01,X,2000,u,9\n"}))
        assert "\n" not in caught.value.message


class TestPages:
    @pytest.mark.sampled(5)
    @pytest.mark.parametrize(
        "piece",
        ["<a ", "<!--", "</", "<![", "<?", '<a href="', "<script>", "<", "<a b=", "&#", "<a/", "<title>",
         "<a '", "<![CDATA[", '<a"', "<dl>", "&", "</dl>", "<h3>", "<textarea>"],
    )  # fmt: skip
    def test_markup_without_an_end_takes_no_longer_than_its_size(self, piece: str) -> None:
        # The standard library's parser alone would take hours for these.
        read(_BOOKMARKS + piece * 200_000)

    @pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#x" + "f" * 5000 + ";", "&#1114112;"])
    def test_a_character_that_there_is_not_is_none(self, reference: str) -> None:
        content = f'{_BOOKMARKS}<a href="https://a.example/{reference}">One{reference}</a>'
        assert [text[:3] for text in weights(read(content))] == ["One"]

    def test_more_tags_than_any_export_has_are_refused(self) -> None:
        with pytest.raises(InputTooLarge, match="tags"):
            read(_BOOKMARKS + "<" * 3_000_001)

    def test_scripts_are_no_text(self) -> None:
        assert plain_text.markup_text("a<script>alert('<b>')</script><style>x{}</style> b").split() == [
            "a",
            "b",
        ]

    @pytest.mark.parametrize(
        ("address", "host"),
        [
            ("https://user:word@www.sea.example:8443/a?b#c", "sea.example"),
            ("https://[::1]/", ""), ("https://[", ""), ("http://10.0.0.1/", ""), ("http://localhost/x", ""),
            ("https://SEA.example", "sea.example"), ("https://a b.example/", ""),
        ],
    )  # fmt: skip
    def test_of_an_address_only_a_public_host_is_kept(self, address: str, host: str) -> None:
        assert plain_text.host_of(address) == host


class TestBounds:
    def test_a_file_beyond_64_mib_is_refused(self) -> None:
        with pytest.raises(InputTooLarge, match="64 MiB"):
            read(bytes(sources.MAX_BYTES + 1))

    def test_more_things_than_a_profile_takes_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(found, "MAX_FOUND", 10)
        with pytest.raises(InputTooLarge, match="more than 10 things"):
            read("title,rating\n" + "".join(f"{number},5\n" for number in range(11)))

    def test_a_zip_with_a_huge_claimed_size_is_read_in_bounds(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("ratings.csv", bytes(70 << 20))
        with pytest.raises(InputTooLarge, match="larger than 64 MiB"):
            read(packed.getvalue())
