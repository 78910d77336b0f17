"""Random changes that keep an input readable, so that it gets past the first check of its parser.

Everything here is decided by the `Random` that is handed in: the same one makes the same input.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

from ipse.encoding import base64url
from ipse.errors import IpseError

__all__ = ["Vocabulary", "changed", "changed_text", "changed_value", "vocabulary_of"]

Json: TypeAlias = Any

_VALUES: Final[tuple[Json, ...]] = (
    None, True, False, 0, 1, -1, 2, 8, 255, 1.5, -0.0, 1e-7, 1e300,
    2**31, 2**53 - 1, -(2**53) + 1, 253402300800,
    "", " ", "a", "0", "-1", "z", "u", "did:", "urn:a", "https://[", "https://a.example",
    "\0", "\u202e", "\u00e9", "\U0001f600", "\u0661", "1e400", "//", "#", "@type", "...",
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
    [], {}, [[]], [{}], [None], {"": None}, {"id": 1}, {"@id": []}, {"@value": "x"}, ["a", "a"],
)  # fmt: skip
_CHARACTERS: Final = (
    "\0\t\n\r !\"#%&'()*+,-./0129:;<=>?@AZ[\\]^_`az{|}~\x7f\x85"
    "\u00a0\u0130\u0661\u200b\u2028\ufeff\uffff\U0001f600"
)
_MAX_STEPS: Final = 4
_DEEP: Final = 140
_WIDE: Final = 300


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The member names and strings of the good documents of a target."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


def vocabulary_of(documents: Iterable[bytes]) -> Vocabulary:
    """The words in `documents`, tokens opened."""
    names: dict[str, None] = {}
    texts: dict[str, None] = {}
    for document in documents:
        for value in _opened(document.decode("utf-8", "replace")):
            for name, item in _members(value):
                names.setdefault(name)
                if isinstance(item, str) and len(item) < 200:
                    texts.setdefault(item)
    return Vocabulary(tuple(names) or ("id",), tuple(texts) or ("a",))


def changed(data: bytes, random: Random, words: Vocabulary) -> bytes:
    """`data` with one to four changes, in whichever form it is."""
    if random.random() < 0.02:
        return data[: random.randrange(len(data) + 1)]
    if _is_cbor(data):
        return _changed_cbor(data, random, words)
    text = data.decode("utf-8", "surrogateescape")
    return _encoded_text(changed_text(text, random, words))


def changed_text(text: str, random: Random, words: Vocabulary) -> str:
    """`text` with a change inside what it encodes: JSON, a token, a data: URL, base64url; or characters."""
    start = text[:1]
    if random.random() < 0.06:
        return _other_characters(text, random, words)
    if start in ("{", "[") and (value := _json_in(text)) is not None:
        return _written(changed_value(value, random, words), random)
    if "~" in text and "." in text:
        return _changed_sd_jwt(text, random, words)
    if text.count(".") == 2 and text.startswith("eyJ"):
        return _changed_jws(text, random, words)
    if text.startswith("data:") and "," in text:
        head, _, tail = text.partition(",")
        return f"{head},{changed_text(tail, random, words)}"
    if start in ("e", "W") and (value := _json_in(_decoded(text))) is not None:
        return _encoded(changed_value(value, random, words))
    return _other_characters(text, random, words)


def changed_value(value: Json, random: Random, words: Vocabulary) -> Json:
    """A JSON value with one to four changes; `value` itself may be altered."""
    holder = [value]
    for _ in range(random.randint(1, _MAX_STEPS)):
        places = list(_places(holder))
        where, step = random.choice(places)
        _change_at(where, step, places, random, words)
    return holder[0]


def _change_at(
    where: Json, step: Any, places: list[tuple[Json, Any]], random: Random, words: Vocabulary
) -> None:
    value = where[step]
    match random.randrange(12):
        case 0 | 1:
            where[step] = _copy(random.choice(_VALUES))
        case 2:
            where[step] = random.choice(words.texts)
        case 3:
            other, at = random.choice(places)
            where[step] = _copy(other[at])
        case 4 if step is not None and len(where) > 1 and len(places) > 1 and where is not places[0][0]:
            del where[step]
        case 5 if isinstance(where, list) and where is not places[0][0]:
            where.insert(random.randrange(len(where) + 1), _copy(value))
        case 5 if isinstance(where, dict):
            where[random.choice(words.names)] = where.pop(step)
        case 6:
            where[step] = [value]
        case 7 if isinstance(value, list) and value:
            where[step] = random.choice(value)
        case 7 | 8 if isinstance(value, dict):
            other, at = random.choice(places)
            value[random.choice(words.names)] = _copy(other[at])
            if random.random() < 0.7:
                value[random.choice(words.names)] = _copy(random.choice(_VALUES))
        case 8 if isinstance(value, list):
            value.append(_copy(random.choice(_VALUES)))
        case 9 if isinstance(value, (int, float)) and not isinstance(value, bool):
            where[step] = random.choice((value + 1, -value, value * 2, value / 3, str(value), bool(value)))
        case 10 if random.random() < 0.1:
            where[step] = _nested(value, random)
        case 11 if random.random() < 0.1:
            where[step] = [_copy(value) for _ in range(random.choice((2, 17, _WIDE)))]
        case _:
            if isinstance(value, str):
                where[step] = changed_text(value, random, words)


def _changed_sd_jwt(text: str, random: Random, words: Vocabulary) -> str:
    """A change in the JWT, in a disclosure (its digest is made to fit, mostly), or to the list of them."""
    parts = text.split("~")
    at = random.randrange(len(parts))
    old = parts[at]
    match random.randrange(8):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, old)
        case 2:
            random.shuffle(parts)
        case _ if "." in old:
            parts[at] = _changed_jws(old, random, words)
        case _:
            parts[at] = changed_text(old, random, words)
            if random.random() < 0.8:
                parts[0] = _with_digest(parts[0], old, parts[at])
    return "~".join(parts)


def _with_digest(jwt: str, old: str, new: str) -> str:
    header, _, rest = jwt.partition(".")
    body, _, signature = rest.partition(".")
    was, now = (
        base64url.encode(hashlib.sha256(one.encode("utf-8", "replace")).digest()) for one in (old, new)
    )
    payload = _decoded(body).replace(was, now)
    return f"{header}.{base64url.encode(payload.encode('utf-8', 'replace'))}.{signature}"


def _changed_jws(text: str, random: Random, words: Vocabulary) -> str:
    parts = text.split(".")
    at = random.choice((0, 1, 1, 1, random.randrange(len(parts)))) % len(parts)
    if (value := _json_in(_decoded(parts[at]))) is None:
        parts[at] = _other_characters(parts[at], random, words)
    else:
        parts[at] = _encoded(changed_value(value, random, words))
    return ".".join(parts)


def _other_characters(text: str, random: Random, words: Vocabulary) -> str:
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 1, 1, 2, 8, 40)))
        new = random.choice(
            (
                "",
                random.choice(_CHARACTERS),
                random.choice(words.texts),
                text[start:end] * 2,
                text[start:end].swapcase(),
            )
        )
        text = text[:start] + new + text[end:]
    return text


def _changed_cbor(data: bytes, random: Random, words: Vocabulary) -> bytes:
    """A change to a COSE_Sign1: to one of its headers, its claims, or the parts themselves."""
    import cbor2

    prefix = data[: data.index(b"\x84")]
    try:
        parts = cbor2.loads(data[len(prefix) :])
        at = random.randrange(4)
        if at in (0, 2) and isinstance(parts[at], bytes):
            inner = cbor2.loads(parts[at])
            parts[at] = cbor2.dumps(_changed_map(inner, random, words))
        else:
            parts = _changed_map(parts, random, words)
        return prefix + cbor2.dumps(parts)
    except Exception:
        at = random.randrange(len(data))
        return data[:at] + random.randbytes(random.randrange(4)) + data[at + random.randrange(3) :]


def _changed_map(value: Any, random: Random, words: Vocabulary) -> Any:
    holder = [value]
    places = list(_places(holder))
    where, step = random.choice(places)
    match random.randrange(6):
        case 0:
            where[step] = random.choice(
                (b"", b"\x78\x9c\x03\x00\x00\x00\x00\x01", float("nan"), float("inf"), -(2**64), 2**64)
            )
        case 1 if isinstance(where[step], dict):
            where[step][random.choice((1, 2, 4, 5, 6, 16, 65533, 65534, 65535, True, "a"))] = random.choice(
                _VALUES
            )
        case 2 if isinstance(where[step], bytes):
            where[step] = where[step][: random.randrange(len(where[step]) + 1)] + random.randbytes(
                random.randrange(3)
            )
        case _:
            _change_at(where, step, places, random, words)
    return holder[0]


def _is_cbor(data: bytes) -> bool:
    return data[:1] in (b"\x84", b"\xd2", b"\xd8") and b"\x84" in data[:4]


def _opened(text: str) -> Iterator[Json]:
    """The JSON values in a document: itself, or those in its tokens."""
    for piece in (text, *map(_decoded, text.replace("~", ".").split(".")[:64])):
        if (value := _json_in(piece)) is not None:
            yield value


def _members(value: Json) -> Iterator[tuple[str, Json]]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from found.items()
            waiting.extend(found.values())
        elif isinstance(found, list):
            yield from (("id", item) for item in found)
            waiting.extend(found)


def _places(holder: list[Json]) -> Iterator[tuple[Json, Any]]:
    """Every container with the step to each of its values, without recursion."""
    waiting: list[Json] = [holder]
    while waiting:
        where = waiting.pop()
        for step, value in list(where.items()) if isinstance(where, dict) else enumerate(where):
            yield where, step
            if isinstance(value, (dict, list)):
                waiting.append(value)


def _copy(value: Json) -> Json:
    return json.loads(json.dumps(value)) if isinstance(value, (dict, list)) and _plain(value) else value


def _plain(value: Json) -> bool:
    try:
        return bool(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return False


def _nested(value: Json, random: Random) -> Json:
    for _ in range(random.choice((3, 20, 70, _DEEP))):
        value = [value] if random.random() < 0.5 else {"a": value}
    return value


def _json_in(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _encoded_text(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _written(value: Json, random: Random) -> str:
    try:
        return json.dumps(value, ensure_ascii=random.random() < 0.3)
    except (TypeError, ValueError, RecursionError):
        return "{}"


def _decoded(text: str) -> str:
    try:
        return base64url.decode(text).decode("utf-8", "replace")
    except IpseError:
        return ""


def _encoded(value: Json) -> str:
    try:
        return base64url.encode(json.dumps(value).encode("utf-8", "replace"))
    except RecursionError:
        return ""
