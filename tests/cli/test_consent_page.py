"""A person at a real terminal reads the consent page and decides."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.preferences.feedback import PASSED_OVER
from ipse.storage import topic_store
from ipse.storage.places import Places
from ipse.wallet import state
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.wallet import Wallet
from tests.conftest import EXAMPLES, PASSPHRASE, Ipse, Preparation
from tests.waiting import PATIENCE

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")

_CANDIDATES = EXAMPLES / "candidates.txt"
_ORIGIN = "https://shop.example"
_NOTHING = "send this answer that says nothing? type yes or no: "
_TICK = "numbers tick or untick, yes sends what is ticked, no refuses: "
_ARRANGE = "numbers tick or untick, move 3 1 moves, yes sends, no refuses: "
_KEEP = "k lets your profile learn from what you ticked and unticked, Enter does not: "
_MARK = '"'
"""What each line of a candidate begins with."""
_ITEM = re.compile(r"( *\d+ \[[x ]\] )(.*)")
_SENTENCES = (
    "quiet novels about the sea and sailors",
    "long novels set on sailing ships at sea",
    "sea novels in which sailors meet a storm",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody before `ipse dapp answer` at a terminal; stdout goes to the file `out`."""

    child: Any
    out: Path
    seen: io.StringIO

    def reads(self, prompt: str) -> str:
        """What is shown up to the prompt."""
        self.child.expect_exact(prompt)
        return str(self.child.before)

    def types(self, text: str) -> None:
        """Keys, return included where there is one."""
        self.child.send(text)

    def sends(self, *, keep: bool | None = False) -> str:
        """Say yes, and whether the profile may learn from it, None where that is not asked; what is shown."""
        self.types("yes\r")
        if keep is not None:
            self.reads(_KEEP)
            self.types("k\r" if keep else "\r")
        return self.leaves(0)

    def leaves(self, code: int) -> str:
        """What is shown to the end; the program must end with `code`."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == code, self.child.before
        return str(self.child.before)


def _before(ipse: Ipse, request: Path, *options: str, columns: int = 80) -> Person:
    out = ipse.home.parent / f"{ipse.home.name}.out"
    command = " ".join([sys.executable, "-m ipse dapp answer", str(request), *options, ">", str(out)])
    child = pexpect.spawn(
        "bash",
        ["-c", command],
        env=ipse.variables,
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(24, columns),
    )
    child.logfile_read = seen = io.StringIO()
    return Person(child, out, seen)


def _request(ipse: Ipse, *options: str | Path, purpose: str = "to show you three books") -> Path:
    file = ipse.home.parent / "request"
    ipse("dapp", "request", "--audience", _ORIGIN, "--purpose", purpose, "-o", file, "--force", *options)
    return file


def _log(ipse: Ipse) -> Any:
    return ipse("log", "list", "--json").json["disclosures"]


def _payload(answer: str) -> Any:
    return json.loads(base64url.decode(answer.split(".")[1]))


def _files(ipse: Ipse) -> set[Path]:
    return {path.relative_to(ipse.home) for path in ipse.home.rglob("*") if path.is_file()}


def _twin(ipse: Ipse, name: str) -> Ipse:
    """The same wallet in another place: it can be asked the same request, and answers as the same DID."""
    twin = Ipse(ipse.home.parent / name, ipse.environment)
    shutil.copytree(ipse.home, twin.home)
    return twin


def _flat(page: str) -> str:
    return " ".join(page.split())


def _listed(page: str) -> list[tuple[bool, str]]:
    """The items of the last list on a page, each with whether it is ticked, their broken lines joined."""
    found: list[tuple[bool, str]] = []
    indent = ""
    for line in page.splitlines():
        if item := _ITEM.fullmatch(line):
            indent = " " * len(item[1])
            if item[1].split()[0] == "1":
                found = []
            found.append(("[x]" in item[1], item[2]))
        elif indent and line.startswith(indent) and "for you said: " not in line:
            ticked, text = found.pop()
            found.append((ticked, f"{text} {line.strip().removeprefix(_MARK)}"))
        else:
            indent = ""
    return [(ticked, text.strip('"')) for ticked, text in found]


def _ticked(page: str) -> list[str]:
    return [text for ticked, text in _listed(page) if ticked]


def _ranked(ipse: Ipse) -> list[str]:
    """The candidates as `profile rank` orders them."""
    return [row["text"] for row in ipse("profile", "rank", _CANDIDATES, "--json").json["ranking"]]


def _statements(ipse: Ipse) -> list[tuple[str, float]]:
    return [(row["text"], row["weight"]) for row in ipse("profile", "list", "--json").json["statements"]]


def _taste(ipse: Ipse) -> None:
    ipse("profile", "like", "science fiction about other planets", "-q")
    ipse("profile", "dislike", "business books and management advice", "-q")
    with Wallet(Places(ipse.home, ipse.home / "cache"), lambda: PASSPHRASE) as wallet:
        with wallet.vault.transaction():
            for topic in access_by_topic(wallet):  # sensitive ones are closed at first
                topic_store.set_access(wallet.vault, topic, True)
        state.settle(wallet)


@pytest.fixture
def choosing(taught_after: Callable[[Preparation], Ipse]) -> tuple[Ipse, Path]:
    """A wallet with a taste, and a request for three of twenty books."""
    taught = taught_after(_taste)
    return taught, _request(taught, "--candidates", _CANDIDATES, "--top", "3")


@pytest.fixture
def ordering(taught_after: Callable[[Preparation], Ipse]) -> tuple[Ipse, Path]:
    """The same wallet, and a request for the order of the twenty books."""
    taught = taught_after(_taste)
    return taught, _request(taught, "--level", "order", "--candidates", _CANDIDATES)


def _sea(ipse: Ipse) -> None:
    for text in _SENTENCES:
        ipse("profile", "like", text, "-q")
    ipse("profile", "like", "secret novels about sailors and the sea", "--sensitivity", "secret", "-q")


@pytest.fixture
def sentences(taught_after: Callable[[Preparation], Ipse]) -> tuple[Ipse, Path]:
    """A wallet with three sentences about the sea, one of them secret beside, and a request for such."""
    taught = taught_after(_sea)
    about = "novels about sailors and the sea"
    return taught, _request(taught, "--level", "statements", "--about", about, "--limit", "5")


def test_what_is_accepted_leaves_and_is_logged(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    page = person.reads(_TICK)
    for part in (_ORIGIN, "to show you three books", "nothing proves", "would leave", "gives away", "stays"):
        assert part in page
    assert len(page.partition("  1 [")[0].strip().splitlines()) <= 24
    shown = _ticked(page)
    person.sends()
    answer = person.out.read_text()
    (entry,) = _log(ipse)
    assert entry["released"] == answer.strip()
    assert (entry["consent"], entry["method"], entry["edited"]) == ("owner", "owner", False)
    assert (_payload(answer)["method"], "window" in _payload(answer)) == ("owner", False)
    told = ipse("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert sorted(told) == sorted(shown)
    assert len(shown) == 3


def test_candidates_come_as_they_are_ranked_with_what_speaks_for_them_and_the_best_are_ticked(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    page = person.reads(_TICK)
    person.types("no\r")
    person.leaves(7)
    ranked = _ranked(ipse)
    assert [text for _, text in _listed(page)] == ranked[:12]
    assert _ticked(page) == ranked[:3]
    assert "ticked: 3 of 20, at most 3 can be" in page
    reasons = re.findall(r"for you said: (.*)", page)
    assert len(reasons) == 3
    assert {reason.strip() for reason in reasons} <= {text for text, _ in _statements(ipse)}


def test_what_is_about_a_closed_topic_comes_last_and_only_the_owner_ticks_it(
    ordering: tuple[Ipse, Path],
) -> None:
    ipse, request = ordering
    ipse("profile", "topics", "close", "self-help")
    person = _before(ipse, request)
    assert "and 2 more: type more" in person.reads(_ARRANGE)
    person.types("more\r")
    page = person.reads(_ARRANGE)
    ticks = [ticked for ticked, _ in _listed(page)]
    kept = [text for ticked, text in _listed(page) if not ticked]
    assert ticks == sorted(ticks, reverse=True)
    assert sorted(text.partition(" by ")[0] for text in kept) == ["Atomic Habits", "Awaken the Giant Within"]
    person.types("20\r")
    page = person.reads(_ARRANGE)
    assert _ticked(page)[-1] == kept[-1]
    person.sends(keep=None)
    told = ipse("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert told == _ticked(page)


def test_what_the_owner_unticks_stays_and_what_is_ticked_instead_leaves(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    first = person.reads(_TICK)
    person.types("7\r")
    assert "they ask for at most 3; nothing is changed" in person.reads(_TICK)
    person.types("1 7\r")
    page = person.reads(_TICK)
    offered = [text for _, text in _listed(first)]
    assert _ticked(page) == [offered[1], offered[2], offered[6]]
    person.sends()
    told = ipse("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert sorted(told) == sorted(_ticked(page))
    (entry,) = _log(ipse)
    assert entry["edited"]


def test_more_shows_more_and_what_is_not_shown_can_not_be_ticked(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    page = person.reads(_TICK)
    assert "and 8 more: type more" in page
    person.types("3 15\r")
    page = person.reads(_TICK)
    assert "there is no 15 in this list; nothing is changed; type more to see more" in _flat(page)
    assert "ticked: 3 of 20" in page
    person.types("more\r")
    page = person.reads(_TICK)
    assert [text for _, text in _listed(page)] == _ranked(ipse)
    assert "type more" not in page
    person.types("3 15\r")
    page = person.reads(_TICK)
    assert _listed(page)[14][0]
    person.sends()
    told = ipse("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert sorted(told) == sorted(_ticked(page))


def test_an_order_leaves_as_the_owner_arranged_it(ordering: tuple[Ipse, Path]) -> None:
    ipse, request = ordering
    person = _before(ipse, request)
    page = person.reads(_ARRANGE)
    assert "in which order you like its 20 candidates" in page
    assert "what is ticked below, in this order" in _flat(page)
    ranked = _ranked(ipse)
    assert _ticked(page) == ranked
    person.types("move 5 1\r")
    arranged = [ranked[4], *ranked[:4], *ranked[5:]]
    assert _ticked(person.reads(_ARRANGE)) == arranged
    for keys, why in (("move 21 1\r", "there is no 21"), ("move 1\r", "only numbers, `yes` and `no`")):
        person.types(keys)
        page = person.reads(_ARRANGE)
        assert why in page
        assert _ticked(page) == arranged
    person.types("2 20\r")
    person.reads(_ARRANGE)
    person.sends(keep=None)
    told = ipse("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert told == [arranged[0], *arranged[2:19]]
    (entry,) = _log(ipse)
    assert (entry["level"], entry["edited"]) == ("order", True)


def test_a_choice_is_not_moved(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    before = _listed(person.reads(_TICK))
    person.types("move 3 1\r")
    page = person.reads(_TICK)
    assert "only numbers, `yes` and `no` are taken" in page
    assert _listed(page) == before
    person.types("no\r")
    person.leaves(7)


@pytest.mark.parametrize("keep", [True, False], ids=["k", "return"])
def test_the_profile_learns_from_the_ticks_where_the_owner_says_so(
    keep: bool, choosing: tuple[Ipse, Path]
) -> None:
    ipse, request = choosing
    before = _statements(ipse)
    person = _before(ipse, request)
    offered = [text for _, text in _listed(person.reads(_TICK))]
    person.types("1 7\r")
    person.reads(_TICK)
    person.sends(keep=keep)
    learned = {text: weight for text, weight in _statements(ipse) if (text, weight) not in before}
    if not keep:
        assert learned == {}
        return
    assert {text for text, weight in learned.items() if weight > 0} == {offered[1], offered[2], offered[6]}
    assert {text for text, weight in learned.items() if weight < PASSED_OVER} == {offered[0]}
    assert set(learned) == {offered[0], offered[1], offered[2], offered[6]}, "nothing of what was passed over"


def test_an_interrupt_before_it_is_said_what_is_kept_leaves_nothing_behind(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    before = _files(ipse)
    person = _before(ipse, request)
    person.reads(_TICK)
    person.types("yes\r")
    person.reads(_KEEP)
    person.types("\x03")
    person.leaves(130)
    assert person.out.read_text() == ""
    assert _log(ipse) == []
    assert _files(ipse) == before


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="at once"),
        pytest.param(["\r", "y\r", "n\r", "NO\r"], id="after what is no answer", marks=pytest.mark.slow),
        pytest.param(["yes please\r", "all\r"], id="after yes and more"),
    ],
)
def test_only_no_is_a_refusal_and_an_answer_that_says_nothing(
    before: list[str], choosing: tuple[Ipse, Path]
) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    for keys in (*before, "no\r"):
        person.reads(_TICK)
        person.types(keys)
    assert "error: the answer says nothing" in person.leaves(7)
    refused = person.out.read_text()
    assert _payload(refused)["choices"] == []
    (entry,) = _log(ipse)
    assert (entry["released"], entry["consent"]) == (refused.strip(), "refused")


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("\x04", id="end of input"),
        pytest.param("yes\x04\x04", id="end of input after yes"),
        pytest.param("no\x04\x04", id="end of input after no", marks=pytest.mark.slow),
        pytest.param("\x03", id="interrupt", marks=pytest.mark.slow),
    ],
)
def test_the_end_of_input_is_an_interrupt_and_the_request_can_be_answered_afterwards(
    typed: str, choosing: tuple[Ipse, Path]
) -> None:
    ipse, request = choosing
    before = _files(ipse)
    person = _before(ipse, request)
    person.reads(_TICK)
    person.types(typed)
    assert "interrupted" in person.leaves(130)
    assert person.out.read_text() == ""
    assert _files(ipse) == before
    assert _log(ipse) == []
    person = _before(ipse, request)
    person.reads(_TICK)
    person.sends()


def test_the_question_is_asked_a_few_times_and_then_counts_as_interrupted(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    for keys in ("\r", "y\r", "YES\r", "oui\r", "1.\r"):
        person.reads(_TICK)
        person.types(keys)
    shown = person.leaves(130)
    assert "only numbers, `yes` and `no` are taken; nothing is decided" in shown
    assert person.out.read_text() == ""
    assert _log(ipse) == []


def test_what_was_typed_before_the_question_came_again_is_no_answer_to_it(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    person.reads(_TICK)
    person.types("what?\ryes\r")
    person.reads(_TICK)
    person.types("no\r")
    person.leaves(7)
    assert _payload(person.out.read_text())["choices"] == []


def test_a_refusal_has_the_size_and_the_sender_of_the_answer_that_it_refuses(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    answers = []
    for wallet in (_twin(ipse, "willing"), ipse):
        person = _before(wallet, request)
        person.reads(_TICK)
        if wallet is ipse:
            person.types("no\r")
            person.leaves(7)
        else:
            person.sends()
        answers.append(person.out.read_bytes())
        ipse("dapp", "verify", person.out, "--request", request)
    told, refused = (_payload(answer.decode()) for answer in answers)
    assert (len(told["choices"]), len(refused["choices"])) == (3, 0)
    assert len(answers[0]) == len(answers[1])
    assert told["iss"] == refused["iss"]
    assert told.keys() == refused.keys()


def test_ticked_sentences_leave_and_no_others(sentences: tuple[Ipse, Path]) -> None:
    ipse, request = sentences
    person = _before(ipse, request)
    page = person.reads(_TICK)
    assert "secret novels" not in page
    lines = [line for line in page.splitlines() if "[ ]" in line]
    listed = [line.split("] ", 1)[1] for line in lines]
    assert sorted(listed) == sorted(_SENTENCES)
    assert "ticked: 0 of 3" in page
    person.types("1 2,3\r")
    page = person.reads(_TICK)
    assert page.count("[x]") == 3
    person.types("2\r")
    page = person.reads(_TICK)
    assert f"  2 [ ] {listed[1]}" in page
    assert "ticked: 2 of 3" in page
    person.types("yes\r")
    person.leaves(0)
    answer = person.out.read_text().strip()
    assert _payload(answer)["statements"] == [listed[0], listed[2]]
    (entry,) = _log(ipse)
    assert entry["released"] == answer
    told = ipse("dapp", "verify", person.out, "--request", request)
    assert told.out.splitlines() == [listed[0], listed[2]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (["yes\r"], "nothing is ticked"),
        (["1\r", "1\r", "yes\r"], "nothing is ticked"),
        (["1\r"], ""),
        (["1 2\r", "\r"], "only numbers, `yes` and `no` are taken"),
        (["1\r", "all\r"], "only numbers, `yes` and `no` are taken"),
        (["1\r", "yes 1\r"], "only numbers, `yes` and `no` are taken"),
    ],
    ids=["none ticked", "unticked again", "no", "return", "a word", "yes and more"],
)
def test_without_a_tick_and_a_yes_no_sentence_leaves(
    typed: list[str], why: str, sentences: tuple[Ipse, Path]
) -> None:
    ipse, request = sentences
    person = _before(ipse, request)
    shown = ""
    for keys in (*typed, "no\r"):
        shown += person.reads(_TICK)
        person.types(keys)
    assert why in shown
    person.leaves(7)
    assert _payload(person.out.read_text())["statements"] == []
    (entry,) = _log(ipse)
    assert entry["released"] == person.out.read_text().strip()
    assert not any(text in person.out.read_text() for text in _SENTENCES)


def test_a_number_that_is_not_listed_changes_nothing(sentences: tuple[Ipse, Path]) -> None:
    ipse, request = sentences
    person = _before(ipse, request)
    for keys in ("2\r", "1 4\r", "0\r"):
        person.reads(_TICK)
        person.types(keys)
    page = person.reads(_TICK)
    assert "there is no 0 in this list; nothing is changed" in page
    assert "ticked: 1 of 3" in page
    person.types("no\r")
    person.leaves(7)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["interrupt", "end of input"])
@pytest.mark.parametrize("ticked", [False, True], ids=["at the page", "after a tick"])
def test_an_interrupt_leaves_nothing_behind(keys: str, ticked: bool, sentences: tuple[Ipse, Path]) -> None:
    ipse, request = sentences
    assert _log(ipse) == []
    before = _files(ipse)
    person = _before(ipse, request)
    person.reads(_TICK)
    if ticked:
        person.types("1\r")
        person.reads(_TICK)
    person.types(keys)
    person.leaves(130)
    assert person.out.read_text() == ""
    assert _log(ipse) == []
    assert _files(ipse) == before


def test_a_yes_typed_before_the_page_is_there_is_no_answer_to_it(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    person.types("yes\r")
    person.reads(_TICK)
    person.types("no\r")
    person.leaves(7)
    assert _payload(person.out.read_text())["choices"] == []


def test_the_page_is_the_same_under_quiet_and_json_and_the_facts_are_on_stdout(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    person = _before(ipse, request, "--json", "-q")
    assert "would leave" in person.reads(_TICK)
    person.types("no\r")
    shown = person.leaves(7)
    facts = json.loads(person.out.read_text())
    assert (facts["said"], facts["entry"]) == (False, 1)
    assert json.loads(shown.strip().splitlines()[-1])["error"]["code"] == "consent-refused"


def test_a_request_may_come_through_stdin_while_the_person_types_at_the_terminal(
    choosing: tuple[Ipse, Path],
) -> None:
    ipse, request = choosing
    person = _before(ipse, Path("-"), "<", str(request))
    person.reads(_TICK)
    person.sends()
    assert _log(ipse)[0]["released"] == person.out.read_text().strip()


def test_no_input_never_asks(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request, "--no-input")
    assert _TICK not in person.leaves(7)
    assert person.out.read_text() == ""
    assert _log(ipse) == []


def test_an_unknown_application_and_a_verified_one_do_not_look_alike(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    person = _before(ipse, request)
    unknown = _flat(person.reads(_TICK))
    person.types("\x03")
    person.leaves(130)
    did = ipse("did", "show", "university", "--json").json["did"]
    signed = _request(ipse, "--candidates", _CANDIDATES, "--top", "3", "--as", "university")
    person = _before(ipse, signed)
    verified = _flat(person.reads(_TICK))
    person.sends()
    assert f"who asks: {_ORIGIN} nothing proves that they ask" in unknown
    assert "verified" not in unknown
    assert f"who asks: {did} verified: that DID signed the request" in verified
    assert f"the answer goes to {_ORIGIN}; nothing proves that it is theirs" in verified
    for page in (unknown, verified):
        assert "it asks for the first time" in page
    again = _request(ipse, "--level", "topics", "--topics", "hiking", "--as", "university", purpose="to plan")
    person = _before(ipse, again)
    page = _flat(person.reads("type yes or no: "))
    assert "answered once before: 20" in page
    assert 'choose "to show you three books"' in page
    person.types("no\r")
    person.leaves(7)


def test_an_answer_that_would_say_nothing_says_why_and_is_asked_about_too(taught: Ipse) -> None:
    request = _request(taught, "--level", "statements", "--about", "the history of trains")
    person = _before(taught, request)
    page = _flat(person.reads(_NOTHING))
    assert "would leave: an answer that says nothing: " in page
    person.types("yes\r")
    person.leaves(7)
    assert _payload(person.out.read_text())["statements"] == []
    assert len(_log(taught)) == 1


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("level", ["choose", "order"])
def test_nothing_is_wider_than_the_terminal_whatever_the_application_writes(
    level: str, columns: int, taught: Ipse, tmp_path: Path
) -> None:
    from ipse.cli.commands.dapp.layout import cells

    taught("profile", "like", "science fiction about other planets " * 5, "-q")
    candidates = tmp_path / "candidates.txt"
    hebrew = "\u05e1\u05e4\u05e8 " * 40
    texts = ["x" * 300, "\u4e2d\u6587" * 150, hebrew.strip(), "word " * 59 + "end"]
    candidates.write_text("\n".join(texts))
    purpose = "\u05e9\u05dc\u05d5\u05dd " * 50
    options = ("--top", "3") if level == "choose" else ()
    request = _request(taught, "--level", level, "--candidates", candidates, *options, purpose=purpose)
    person = _before(taught, request, columns=columns)
    page = person.reads("refuses: ")
    person.types("1\r")
    person.reads("refuses: ")
    person.types("nothing\r")
    person.reads("refuses: ")
    person.types("yes\r")
    if level == "choose":
        person.reads("not: ")
        person.types("\r")
    person.leaves(0)
    lines = person.seen.getvalue().splitlines()
    assert max(map(cells, lines)) <= columns
    assert not any(line.startswith(" ") and not line.strip() for line in lines), "a line of spaces alone"
    bare = "".join(page.split()).replace("\u2068", "").replace("\u2069", "").replace(_MARK, "")
    told = taught("dapp", "verify", person.out, "--request", request).out.splitlines()
    assert len(told) == (2 if level == "choose" else 3)
    assert all("".join(text.split()) in bare for text in texts)


def test_a_narrow_terminal_shows_the_same_words(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    shown = []
    for columns in (80, 40):
        person = _before(ipse, request, columns=columns)
        page = person.reads("refuses: ")
        person.types("\x03")
        person.leaves(130)
        shown.append(page)
    wide, narrow = (re.sub(r"\s+", " ", page.replace(_MARK, "")).strip() for page in shown)
    assert wide == narrow
    assert [text for _, text in _listed(shown[1])] == [text for _, text in _listed(shown[0])]
    lines = shown[1].splitlines()
    for label in ("who asks", "purpose", "question", "would leave", "gives away", "how long", "stays here"):
        assert f"  {label}:" in lines


def test_control_characters_never_reach_the_terminal(choosing: tuple[Ipse, Path]) -> None:
    ipse, request = choosing
    content = json.loads(request.read_text())
    question = json.loads(base64url.decode(content["transaction_data"][0]))
    for purpose in ("\x1b[2Jcleared", "two\nlines", "re\u202eversed", "x" * 10_000):
        question["purpose"] = purpose
        content["transaction_data"] = [base64url.encode(json.dumps(question).encode())]
        request.write_text(json.dumps(content))
        person = _before(ipse, request)
        shown = person.leaves(6)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert person.out.read_text() == ""
    assert _log(ipse) == []
