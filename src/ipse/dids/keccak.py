"""Keccak-256 with the padding of the original submission, which Ethereum kept.

Of the standard libraries' hashes, SHA-3 is the same permutation and rate with another padding byte, so
a test holds this module to hashlib's sha3_256. What is hashed here is public; time tells nothing.
Source: the Keccak reference, version 3.0; FIPS 202 for the permutation.
"""

from __future__ import annotations

from typing import Final

__all__ = ["keccak256", "sponge256"]

_RATE: Final = 136
"""Bytes per block: 1600 bits less twice the 256 of the digest."""
_LANES: Final = 25
_WORD: Final = (1 << 64) - 1


def _constants() -> tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]]:
    """The round constants (iota), and for rho and pi: from which lane, turned how far, to which lane."""
    register, rounds = 1, []
    for _ in range(24):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register >> 7 else 0)
        rounds.append(constant)
    moves, x, y = [(0, 0, 0)], 1, 0
    for step in range(24):
        target_x, target_y = y, (2 * x + 3 * y) % 5
        moves.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64, target_x + 5 * target_y))
        x, y = target_x, target_y
    return tuple(rounds), tuple(moves)


_ROUND_CONSTANTS, _MOVES = _constants()


def _turn(lane: int, places: int) -> int:
    return (lane << places | lane >> (64 - places)) & _WORD


def _permute(lanes: list[int]) -> list[int]:
    for constant in _ROUND_CONSTANTS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        parity = [columns[x - 1] ^ _turn(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * _LANES
        for source, places, target in _MOVES:
            moved[target] = _turn(lanes[source] ^ parity[source % 5], places)
        lanes = [
            moved[row + x] ^ (~moved[row + (x + 1) % 5] & moved[row + (x + 2) % 5])
            for row in range(0, _LANES, 5)
            for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes


def sponge256(message: bytes, domain: int) -> bytes:
    """32 bytes of Keccak[512] over `message`; `domain` is the first padding byte: 1 Keccak, 6 SHA-3."""
    padded = bytearray(message) + bytes(_RATE - len(message) % _RATE)
    padded[len(message)] ^= domain
    padded[-1] ^= 0x80
    lanes = [0] * _LANES
    for start in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            place = start + 8 * index
            lanes[index] ^= int.from_bytes(padded[place : place + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def keccak256(message: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of `message`."""
    return sponge256(message, 0x01)
