"""What a hub is asked, and what of its answers is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipse.errors import InputTooLarge, IpseError, MalformedInput, NotFound, UsageError
from ipse.preferences.embedding import hub

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_MODULES = json.dumps(
    [
        {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
).encode()


def small(path: str, size: int = 10, **more: Any) -> dict[str, Any]:
    return {"rfilename": path, "size": size, "blobId": "a" * 40, **more}


def large(path: str, size: int = 1000) -> dict[str, Any]:
    return small(path, size, lfs={"sha256": "b" * 64, "size": size, "pointerSize": 130})


NEEDED = ("modules.json", "config.json", "tokenizer.json", "1_Pooling/config.json")


def listing(*entries: dict[str, Any], **members: Any) -> bytes:
    """A listing of the files that a model has to have, with `entries` beside them."""
    siblings = [*map(small, NEEDED), large("model.safetensors"), *entries]
    return json.dumps({"sha": COMMIT, "siblings": siblings, **members}).encode()


def paths(*entries: dict[str, Any], modules: bytes = _MODULES) -> list[str]:
    """The files that are fetched."""
    read = hub.read_listing(listing(*entries), "a/b")
    return [file.path for file in hub.needed(read, modules)]


def test_the_addresses_are_those_of_the_hub_and_name_the_commit() -> None:
    assert hub.HUB == "https://huggingface.co"
    asked = hub.listing_url(hub.HUB, "a/b", "refs/pr/1")
    assert asked == "https://huggingface.co/api/models/a/b/revision/refs%2Fpr%2F1?blobs=true"
    read = hub.read_listing(listing(), "a/b")
    address = hub.file_url("https://hub.example/", read, read.file("1_Pooling/config.json"))
    assert address == f"https://hub.example/a/b/resolve/{COMMIT}/1_Pooling/config.json"


@pytest.mark.parametrize("name", ["gpt2", "a/b", "sentence-transformers/all-MiniLM-L6-v2", "A_1/b.c-2"])
def test_a_name_is_taken_as_hubs_write_it(name: str) -> None:
    assert hub.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "a/b/c", "../a", "a/..", "a/b?x", "a/b#x", "a b", "a/b\n", "a%2fb", "a\\b", "a/b.git",
     "a--b/c", "-a/b", ".a/b", "a" * 97, "https://hub.example/a/b", "a/b\x1b[31m", "ä/b"],
)  # fmt: skip
def test_what_is_no_name_is_refused_before_anybody_is_asked(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        hub.check_name(name)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("revision", ["", "..", "a/../b", "/main", "a?b", "a b", "x" * 129, "a//b", "a\n"])
def test_what_is_no_revision_is_refused_before_anybody_is_asked(revision: str) -> None:
    with pytest.raises(UsageError):
        hub.check_revision(revision)


def test_what_the_model_reads_is_fetched_small_files_first_and_nothing_else() -> None:
    others = ("README.md", "train.py", "pytorch_model.bin", "tf_model.h5", "model.ot", ".gitattributes",
              "onnx/model.onnx", "onnx/config.json", "openvino/x.json", "eval/scores.json", ".hidden/a.json",
              "2_Elsewhere/config.json")  # fmt: skip
    wanted = ("config_sentence_transformers.json", "sentence_bert_config.json", "tokenizer_config.json",
              "special_tokens_map.json", "vocab.txt", "sentencepiece.bpe.model")  # fmt: skip
    found = paths(*map(small, (*others, *wanted)))
    assert sorted(found) == sorted((*NEEDED, *wanted, "model.safetensors"))
    assert found[-1] == "model.safetensors"


def test_weights_in_several_files_are_fetched_with_their_index() -> None:
    parts = [large(f"model-0000{i}-of-00002.safetensors") for i in (1, 2)]
    found = paths(*parts, small("model.safetensors.index.json"))
    assert {entry["rfilename"] for entry in parts} | {"model.safetensors.index.json"} <= set(found)


def test_large_files_are_held_to_a_sha256_and_others_to_the_name_of_their_blob() -> None:
    read = hub.read_listing(listing(), "a/b")
    assert read.file("model.safetensors") == hub.HubFile("model.safetensors", 1000, "sha256", "b" * 64)
    assert read.file("config.json") == hub.HubFile("config.json", 10, "git-sha1", "a" * 40)


def test_what_the_card_says_is_read_and_what_it_should_not_say_is_not() -> None:
    card = {"license": "apache-2.0", "language": ["en", "de", "zh-Hans", "\x1b[31m", 5, "en", "x" * 99]}
    read = hub.read_listing(listing(cardData=card), "a/b")
    assert (read.licence, read.languages) == ("apache-2.0", ("en", "de", "zh-Hans"))
    odds: list[Any] = [None, [], "x", {"license": ["mit"], "language": {"a": 1}}, {"license": "a\nb"}]
    for odd in odds:
        read = hub.read_listing(listing(cardData=odd), "a/b")
        assert (read.licence, read.languages) == ("not stated", ())
    assert hub.read_listing(listing(cardData={"language": "fr"}), "a/b").languages == ("fr",)


@pytest.mark.parametrize(
    ("card", "languages"),
    [
        ("---\nlanguage: en\n---\n", ("en",)),
        ("---\nlicense: mit\nlanguage: [en, 'de', \"fr\"]\ntags: []\n---\n", ("en", "de", "fr")),
        ("---\r\nlanguage:\r\n  - en\r\n  - zh-Hans\r\ntags:\r\n- de\r\n---\r\n", ("en", "zh-Hans")),
        ("---\nlanguage:\n- en\n- multilingual\n- not a language\n---\n", ("en", "multilingual")),
        ("---\ntags:\n- en\n---\nlanguage: fr\n---\n", ()),
        ("# language: en", ()),
        ("---\nlanguage: en\n", ()),
        ("", ()),
    ],
)
def test_the_head_of_a_model_card_names_languages(card: str, languages: tuple[str, ...]) -> None:
    assert hub.languages_of_card(card) == languages


@pytest.mark.parametrize(
    "path",
    ["../../x.json", "/etc/x.json", "a/../x.json", "./x.json", "a//x.json", "..\\x.json", "C:\\x.json",
     "c:x.json", "x.json\0", "a\0b.txt", "x.json/", "", "a/", "\x1b]0;x\x07.json", "x\u202e.json", "x\n.txt",
     "../x.py"],
)  # fmt: skip
def test_a_file_that_would_lie_elsewhere_condemns_the_listing(path: str) -> None:
    with pytest.raises(MalformedInput, match="would lie elsewhere") as caught:
        hub.read_listing(listing(small(path)), "a/b")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "path",
    ["NUL.json", "aux.txt", "com1.model", "1_Pooling/LPT9.json", "a b.json", "ü.json",
     "~x.json", "-x.json", "1_Pooling/a/b/c/d.json", "x" * 129 + ".json", "$(id).json",
     "1_Pooling/x./a.json", "1_Pooling/CON/a.json", "COM1.safetensors"],
)  # fmt: skip
def test_a_file_of_the_model_with_a_name_that_some_system_reads_otherwise_is_refused(path: str) -> None:
    with pytest.raises(MalformedInput, match="not taken") as caught:
        paths(small(path))
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("path", ["Config.json", "MODEL.safetensors", "1_pooling/config.json", "config.json"])
def test_names_that_differ_in_case_alone_are_refused(path: str) -> None:
    modules = [*json.loads(_MODULES), {"path": "1_pooling", "type": "sentence_transformers.models.Pooling"}]
    with pytest.raises(MalformedInput, match="upper and lower case"):
        paths(small(path), modules=json.dumps(modules).encode())


@pytest.mark.parametrize(
    "entry",
    [
        {"rfilename": "x.json", "blobId": "a" * 40},
        small("x.json", -1),
        small("x.json", True),
        {**small("x.json"), "size": "10"},
        {**small("x.json"), "size": 1.5},
        {**small("x.json"), "size": None},
        {"rfilename": "x.json", "size": 10},
        small("x.json", blobId="A" * 40),
        small("x.json", blobId="a" * 39),
        small("x.json", lfs={}),
        small("x.json", lfs=[]),
        small("x.json", lfs={"sha256": "a" * 40}),
        {"size": 10, "blobId": "a" * 40},
        {**small("x.json"), "rfilename": 5},
    ],
)
def test_a_file_without_a_usable_size_and_hash_condemns_the_listing(entry: dict[str, Any]) -> None:
    merged = {**entry, **({"blobId": entry["blobId"]} if "blobId" in entry else {})}
    with pytest.raises(MalformedInput):
        hub.read_listing(listing(merged), "a/b")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"{}", b"<html>", b'{"sha": "x", "siblings": []}', b"\xff", b"[" * 100_000,
     json.dumps({"sha": COMMIT, "siblings": {}}).encode(),
     json.dumps({"sha": COMMIT, "siblings": [5]}).encode(),
     b'{"sha": "a", "sha": "b"}'],
)  # fmt: skip
def test_what_is_no_listing_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        hub.read_listing(data, "a/b")


def test_a_listing_has_its_bounds() -> None:
    with pytest.raises(InputTooLarge, match="lists 10001 files"):
        hub.read_listing(listing(*(small(f"f{i}") for i in range(10_001 - 5))), "a/b")
    with pytest.raises(InputTooLarge, match="at most 256"):
        paths(*(small(f"f{i}.json") for i in range(300)))
    with pytest.raises(InputTooLarge, match="at most 8589 MB"):
        paths(large("other.safetensors", 8 * 1024**3))
    with pytest.raises(InputTooLarge, match="no weights"):
        paths(small("tokenizer.json.txt", 10**9))


@pytest.mark.parametrize(
    "member", [{"gated": "auto"}, {"gated": "manual"}, {"gated": True}, {"private": True}]
)
def test_a_model_that_needs_an_account_is_not_found(member: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="account"):
        hub.read_listing(listing(**member), "a/b")


def test_a_model_without_modules_is_none_of_sentence_transformers() -> None:
    data = json.dumps({"sha": COMMIT, "siblings": [large("model.safetensors")]}).encode()
    with pytest.raises(NotFound, match=r"no modules\.json"):
        hub.needed(hub.read_listing(data, "a/b"), _MODULES)


def test_pickled_weights_are_never_fetched() -> None:
    siblings = [*map(small, NEEDED), large("pytorch_model.bin")]
    data = json.dumps({"sha": COMMIT, "siblings": siblings}).encode()
    with pytest.raises(MalformedInput, match="no safetensors"):
        hub.needed(hub.read_listing(data, "a/b"), _MODULES)
    dense = [*json.loads(_MODULES), {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
    with pytest.raises(MalformedInput, match="pickled weights in 2_Dense"):
        paths(large("2_Dense/pytorch_model.bin"), modules=json.dumps(dense).encode())


def test_every_error_of_a_hub_is_one_printable_line() -> None:
    for data in (listing(small("\x1b[2J/../x")), listing(small("ok.json", blobId="\x1b[2J"))):
        with pytest.raises(IpseError) as caught:
            hub.read_listing(data, "a/b")
        assert caught.value.message.isprintable()
