"""The issuer's lists: an entry is given out once, whoever asks at the same time, and never guessable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.errors import AlreadyExists, MalformedInput, NotFound, UsageError
from ipse.storage import status_lists
from ipse.storage.status_lists import MAX_SIZE, MIN_SIZE, CachedList, ListEntry, ListRecord
from ipse.storage.vault import Vault
from tests.faults.processes import Process, Report, at_every, kill_at_line, needs_fork, together
from tests.made import empty_vault, schema
from tests.waiting import be_patient

NOW, LATER = "2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z"
RECORD = ListRecord(
    "degrees", "revocation", "w3c", "https://issuer.example/status/1", MIN_SIZE, 1, "did:example:1", NOW
)
OTHER = ListRecord(
    "badges", "suspension", "token", "https://issuer.example/status/2", MIN_SIZE, 2, "did:example:1", LATER
)
FIRST = "urn:uuid:00000000-0000-4000-8000-000000000001"
KEY = bytes(32)


def ids(count: int, start: int = 0) -> list[str]:
    return [f"urn:uuid:00000000-0000-4000-8000-{number:012}" for number in range(start, start + count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A vault with two empty lists."""
    made = tmp_path / "vault.db"
    with empty_vault(made, KEY) as vault:
        status_lists.add(vault, RECORD)
        status_lists.add(vault, OTHER)
    return made


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    with Vault.open(path, KEY) as opened:
        yield opened


class TestLists:
    def test_lists_are_kept_oldest_first(self, vault: Vault) -> None:
        assert status_lists.every(vault) == [RECORD, OTHER]
        assert status_lists.find(vault, "badges") == OTHER

    def test_an_unknown_list_is_not_found(self, vault: Vault) -> None:
        for ask in (status_lists.find, status_lists.statuses):
            with pytest.raises(NotFound, match="no status list 'nothing'"):
                ask(vault, "nothing")
        with pytest.raises(NotFound):
            status_lists.allocate(vault, "nothing", FIRST, now=NOW)

    @pytest.mark.parametrize(("name", "url"), [("degrees", "https://x.example/9"), ("new", RECORD.url)])
    def test_a_name_and_a_url_are_taken_once(self, vault: Vault, name: str, url: str) -> None:
        taken = ListRecord(name, "revocation", "w3c", url, MIN_SIZE, 1, "did:example:1", NOW)
        with pytest.raises(AlreadyExists):
            status_lists.add(vault, taken)
        assert len(status_lists.every(vault)) == 2

    @pytest.mark.parametrize("size", [0, -1, 1, MIN_SIZE - 1, MAX_SIZE + 1])
    def test_a_list_is_no_smaller_than_the_crowd_to_hide_in(self, vault: Vault, size: int) -> None:
        with pytest.raises(UsageError, match=f"a status list of {size} entries"):
            status_lists.add(
                vault, ListRecord("new", "revocation", "w3c", "https://x.example", size, 1, "did:x:1", NOW)
            )


class TestAllocation:
    def test_an_entry_is_found_by_its_credential(self, vault: Vault) -> None:
        index = status_lists.allocate(vault, "degrees", FIRST, now=NOW)
        second = status_lists.allocate(vault, "badges", FIRST, now=LATER)
        assert status_lists.entries_of_credential(vault, FIRST) == [
            (OTHER, ListEntry("badges", second, FIRST, 0, LATER)),
            (RECORD, ListEntry("degrees", index, FIRST, 0, NOW)),
        ]
        assert status_lists.entries_of_credential(vault, "urn:uuid:other") == []

    def test_a_credential_has_one_entry_in_a_list(self, vault: Vault) -> None:
        status_lists.allocate(vault, "degrees", FIRST, now=NOW)
        for more in ([FIRST], ["new", FIRST], [*ids(100, 7), FIRST]):
            with pytest.raises(AlreadyExists, match="has an entry in the status list 'degrees' already"):
                status_lists.allocate_many(vault, "degrees", more, now=NOW)
        assert status_lists.count_used(vault, "degrees") == 1

    @pytest.mark.parametrize("count", [2, 100])
    def test_a_credential_is_named_once(self, vault: Vault, count: int) -> None:
        with pytest.raises(UsageError, match="named twice"):
            status_lists.allocate_many(vault, "degrees", ["same"] * count, now=NOW)
        assert status_lists.count_used(vault, "degrees") == 0

    def test_nobody_asking_gets_nothing(self, vault: Vault) -> None:
        assert status_lists.allocate_many(vault, "degrees", [], now=NOW) == []

    def test_indexes_are_all_different_and_follow_no_order(self, vault: Vault) -> None:
        indexes = status_lists.allocate_many(vault, "degrees", ids(1000), now=NOW)
        indexes += [status_lists.allocate(vault, "degrees", owner, now=NOW) for owner in ids(50, 1000)]
        assert len(set(indexes)) == 1050
        assert all(0 <= index < MIN_SIZE for index in indexes)
        assert indexes != sorted(indexes)
        kept = {
            owner: index
            for index, owner in vault.rows(
                "SELECT idx, credential_id FROM status_entries WHERE list = 'degrees'"
            )
        }
        assert kept == dict(zip(ids(1050), indexes, strict=True))

    @pytest.mark.parametrize(
        "owner", ['"', "\\", "\\u0041", "a\nb", "太郎", "{}", "'; DROP TABLE credentials; --", "%", ""]
    )
    def test_an_id_is_kept_as_it_is(self, vault: Vault, owner: str) -> None:
        index = status_lists.allocate_many(vault, "degrees", ["x", owner], now=NOW)[1]
        assert status_lists.entries_of_credential(vault, owner) == [
            (RECORD, ListEntry("degrees", index, owner, 0, NOW))
        ]

    def test_an_id_that_is_no_text_is_refused(self, vault: Vault) -> None:
        with pytest.raises(MalformedInput):
            status_lists.allocate(vault, "degrees", "\ud800", now=NOW)

    @pytest.mark.slow
    def test_a_list_is_given_out_to_the_last_entry_and_not_beyond(self, vault: Vault) -> None:
        first = status_lists.allocate_many(vault, "degrees", ids(MIN_SIZE - 21), now=NOW)
        with pytest.raises(UsageError, match="has 21 of 131072 entries left, 22 are needed") as caught:
            status_lists.allocate_many(vault, "degrees", ids(22, MIN_SIZE), now=NOW)
        assert caught.value.hint == "make another status list for them"
        assert status_lists.count_used(vault, "degrees") == MIN_SIZE - 21
        last = status_lists.allocate_many(vault, "degrees", ids(20, MIN_SIZE), now=NOW)
        last.append(status_lists.allocate(vault, "degrees", FIRST + "0", now=NOW))
        assert sorted([*first, *last]) == list(range(MIN_SIZE))
        with pytest.raises(UsageError, match="has 0 of 131072 entries left"):
            status_lists.allocate(vault, "degrees", "one more", now=NOW)

    @needs_fork
    def test_processes_that_allocate_at_once_get_different_entries(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        be_patient(monkeypatch)

        def work(number: int) -> list[str]:
            return ids(60, 1000 * number)

        def allocating(number: int, report: Report) -> None:
            with Vault.open(path, KEY) as opened:
                for owner in work(number)[:30]:
                    report(str(status_lists.allocate(opened, "degrees", owner, now=NOW)))
                for index in status_lists.allocate_many(opened, "degrees", work(number)[30:], now=NOW):
                    report(str(index))

        reported = together(
            lambda report: allocating(1, report),
            lambda report: allocating(2, report),
            lambda report: allocating(3, report),
        )
        indexes = [index for lines in reported for index in lines]
        assert len(indexes) == len(set(indexes)) == 180
        with Vault.open(path, KEY) as opened:
            assert status_lists.count_used(opened, "degrees") == 180

    @needs_fork
    @at_every(7)
    def test_a_process_killed_anywhere_has_taken_an_entry_or_none_and_shares_it_with_nobody(
        self, path: Path, step: int
    ) -> None:
        def work(report: Report) -> None:
            with Vault.open(path, KEY) as opened:
                report(str(status_lists.allocate(opened, "degrees", f"urn:uuid:{number}", now=NOW)))

        given: list[int] = []
        for number in range(1, 4000, step):
            was_killed, reported = kill_at_line(number, work)
            given += map(int, reported)
            if not was_killed:
                break
        else:
            pytest.fail("allocating takes more lines than were tried")
        with Vault.open(path, KEY) as opened:
            indexes = [row[0] for row in opened.rows("SELECT idx FROM status_entries")]
            assert len(indexes) == len(set(indexes))
            assert set(given) <= set(indexes)
            status_lists.allocate(opened, "degrees", "after all that", now=NOW)

    @needs_fork
    def test_two_processes_do_not_make_the_same_list(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        be_patient(monkeypatch)
        record = ListRecord("new", "revocation", "w3c", "https://x.example", MIN_SIZE, 1, "did:x:1", NOW)

        def work(report: Report) -> None:
            with Vault.open(path, KEY) as opened:
                try:
                    status_lists.add(opened, record)
                    report("made")
                except AlreadyExists:
                    report("taken")

        processes = [Process(work) for _ in range(3)]
        ends = [process.end() for process in processes]
        assert sorted(line for _, lines in ends for line in lines) == ["made", "taken", "taken"]


class TestStatuses:
    def test_the_whole_list_has_one_byte_for_each_entry(self, vault: Vault) -> None:
        indexes = status_lists.allocate_many(vault, "badges", ids(3), now=NOW)
        for owner, status in zip(ids(3), (0, 1, 2), strict=True):
            ((_, entry),) = status_lists.entries_of_credential(vault, owner)
            status_lists.set_status(vault, entry, status, now=LATER)
        whole = status_lists.statuses(vault, "badges")
        assert len(whole) == MIN_SIZE
        assert [whole[index] for index in indexes] == [0, 1, 2]
        assert whole.count(0) == MIN_SIZE - 2
        assert status_lists.statuses(vault, "degrees") == bytes(MIN_SIZE)

    def test_a_change_is_dated(self, vault: Vault) -> None:
        index = status_lists.allocate(vault, "badges", FIRST, now=NOW)
        ((_, entry),) = status_lists.entries_of_credential(vault, FIRST)
        status_lists.set_status(vault, entry, 2, now=LATER)
        ((_, changed),) = status_lists.entries_of_credential(vault, FIRST)
        assert changed == ListEntry("badges", index, FIRST, 2, LATER)

    def test_an_entry_that_nobody_has_is_not_changed(self, vault: Vault) -> None:
        with pytest.raises(NotFound, match="entry 7 of the status list 'degrees' is nobody's"):
            status_lists.set_status(vault, ListEntry("degrees", 7, FIRST, 0, NOW), 1, now=LATER)


class TestCache:
    HELD = CachedList("https://x.example/1", b"\x00\xffbody", "application/jwt", NOW, LATER)

    def test_a_list_is_there_while_it_is_fresh(self, vault: Vault) -> None:
        status_lists.keep_cached(vault, self.HELD)
        assert status_lists.cached(vault, self.HELD.url, now=NOW) == self.HELD
        assert status_lists.cached(vault, self.HELD.url, now="2026-02-01T11:59:59Z") == self.HELD
        assert status_lists.cached(vault, self.HELD.url, now=LATER) is None
        assert status_lists.cached(vault, "https://x.example/2", now=NOW) is None

    def test_a_list_from_the_future_is_not_used(self, vault: Vault) -> None:
        status_lists.keep_cached(vault, self.HELD)
        assert status_lists.cached(vault, self.HELD.url, now="2026-01-31T11:59:59Z") is None

    def test_a_newer_one_takes_its_place_and_stale_ones_go(self, vault: Vault) -> None:
        status_lists.keep_cached(vault, self.HELD)
        stale = CachedList("https://x.example/2", b"x", "application/jwt", NOW, NOW)
        status_lists.keep_cached(vault, stale)
        newer = CachedList(self.HELD.url, b"newer", "application/jwt", LATER, "2026-02-02T12:00:00Z")
        status_lists.keep_cached(vault, newer)
        assert vault.rows("SELECT url, body FROM status_cache") == [(self.HELD.url, b"newer")]

    def test_only_so_many_are_kept(self, vault: Vault) -> None:
        for second in range(99):
            fetched = f"2026-01-31T12:{second // 60:02}:{second % 60:02}Z"
            held = CachedList(f"https://x.example/{second}", b"x", "application/jwt", fetched, LATER)
            status_lists.keep_cached(vault, held)
        kept = {row[0] for row in vault.rows("SELECT url FROM status_cache")}
        assert kept == {f"https://x.example/{second}" for second in range(35, 99)}

    def test_a_list_is_forgotten(self, vault: Vault) -> None:
        status_lists.keep_cached(vault, self.HELD)
        status_lists.forget_cached(vault, "https://x.example/2")
        status_lists.forget_cached(vault, self.HELD.url)
        assert status_lists.cached(vault, self.HELD.url, now=NOW) is None


def test_an_earlier_vault_gets_the_tables_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with schema(1), Vault.create(path, KEY) as earlier:
        earlier.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (1, b"entry", b"digest"))
    with Vault.open(path, KEY) as opened:
        status_lists.add(opened, RECORD)
        assert opened.rows("SELECT * FROM disclosures") == [(1, b"entry", b"digest")]
        opened.insert("INSERT INTO trusted_issuers VALUES (?, ?, ?)", ("did:example:1", "Degree", NOW))
        assert opened.rows("SELECT type FROM trusted_issuers WHERE did = 'did:example:1'") == [("Degree",)]
