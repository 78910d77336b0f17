"""How close the vectors of one embedder are to those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Embedder, Vectors

__all__ = ["ENOUGH", "SENTENCES", "Parity", "measure"]

ENOUGH: Final = 0.985
"""The mean cosine under which a compiled model isn't used."""

SENTENCES: Final = (
    "Yes.",
    "a",
    "...",
    "coffee",
    "I like long walks in the mountains.",
    "I don't like long walks in the mountains!",
    "Jazz from the 1950s, above all Coltrane and Monk.",
    "Never recommend horror films to me, please…",
    "vegan; gluten-free; no peanuts (allergy)",
    "What is the capital of Australia?",
    "WHY IS EVERYTHING IN CAPITALS???",
    "the meeting is on 2024-03-17 at 14:35 in room B-204",
    "3.14159, 2.71828, 1.41421",
    "€49.99 + 19% VAT = €59.49",
    "https://example.com/path?query=1&other=two#part",
    "def add(a: int, b: int) -> int: return a + b",
    "Ich trinke morgens am liebsten einen starken Kaffee ohne Zucker.",
    "Me encanta cocinar paella los domingos con mi familia.",
    "J'ai horreur des voyages organisés, mais j'adore le train de nuit.",
    "Я люблю читать русскую классику по вечерам.",
    "私は静かな図書館で本を読むのが好きです。",
    "我喜欢在周末去爬山。",
    "أحب القهوة العربية مع التمر",
    "मुझे क्रिकेट देखना पसंद है",
    "나는 매운 음식을 좋아해요.",
    "🎸🔥 best gig ever 🎉",
    "antidisestablishmentarianism, floccinaucinihilipilification",
    "Privacy matters more to me than convenience, so I host my own calendar and pay in cash where I can.",
    (
        'He said "I\'d rather read a book" -- and then, of course, watched television (again) until 2 a.m.; '
        "nobody was surprised."
    ),
    (
        "The restaurant on the corner serves the best noodles in town, the queue is long on Fridays, the "
        "owner knows every guest by name, and yet it is the small courtyard behind the kitchen, with its two "
        "lemon trees and the old radio playing tango, that makes people come back."
    ),
    (
        "I grew up in a small harbour town where the ferries left at six. To this day I wake before the sun, "
        "make tea, and read the shipping forecast aloud: Viking, North Utsire, South Utsire, Forties, "
        "Cromarty, Forth, Tyne, Dogger. My children know it by heart, and none of them has ever been to sea."
    ),
    (
        "Please show me second-hand film cameras under 200 euros, ideally with a light meter that works, a "
        "50 mm lens and a strap; no listings without photographs, nothing 'for parts', and nobody who asks "
        "to be paid outside of the platform, however friendly the message is."
    ),
)
"""Short, long, loud, foreign, numeric; none longer than 128 tokens for the default model."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Mean and least cosine between two embedders over SENTENCES."""

    mean: float
    least: float


def measure(embedder: Embedder, expected: Vectors) -> Parity:
    """Compare with `expected`, the vectors of SENTENCES, unit length."""
    cosines = (embedder.embed(SENTENCES) * expected).sum(axis=1)
    return Parity(float(cosines.mean()), float(cosines.min()))
