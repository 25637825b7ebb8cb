"""The groups two sides agree on a secret in: curves and integers modulo a prime behind one face (Doc 9303-11, table 6).

An element travels as the bytes that go over the line, and whoever computes with it checks it first. So the protocols read the
same for both kinds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devices.idcard.curves import curve
from devices.idcard.domain_parameters import CURVES, PRIME_FIELDS

Random = Callable[[int], bytes]
"""``random(n)`` gives ``n`` bytes nobody can foresee."""


class Group(Protocol):
    """A group of prime ``order`` in which logarithms are hard. Operations raise ``ValueError`` for foreign and neutral elements."""

    @property
    def order(self) -> int: ...

    @property
    def p(self) -> int: ...

    @property
    def bits(self) -> int: ...

    @property
    def generator(self) -> bytes: ...

    @property
    def token_tag(self) -> int: ...

    def multiply(self, element: bytes, factor: int) -> bytes: ...

    def combine(self, one: bytes, other: bytes) -> bytes: ...

    def secret(self, element: bytes) -> bytes: ...

    def element_from(self, number: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PrimeField:
    """The subgroup of the prime ``order`` modulo ``p`` (RFC 5114). «Multiply» is a power here, «combine» a product.

    Elements travel in as few bytes as they need (TR-03110-3, D.2.1.1).
    """

    name: str
    p: int
    order: int
    base: int

    token_tag = 0x84

    @property
    def bits(self) -> int:
        """Strength against the best known attack, the number field sieve."""
        return 80 if self.p.bit_length() < 2048 else 112

    @property
    def size(self) -> int:
        return (self.p.bit_length() + 7) // 8

    @property
    def generator(self) -> bytes:
        return self._encode(self.base)

    def multiply(self, element: bytes, factor: int) -> bytes:
        return self._encode(pow(self._decode(element), factor % self.order, self.p))

    def combine(self, one: bytes, other: bytes) -> bytes:
        return self._encode(self._decode(one) * self._decode(other) % self.p)

    def secret(self, element: bytes) -> bytes:
        return element.rjust(self.size, b"\x00")

    def element_from(self, number: int) -> bytes:
        """The element that ``number`` stands for (Doc 9303-11, appendix B.2)."""
        return self._encode(pow(number, (self.p - 1) // self.order, self.p))

    def _decode(self, element: bytes) -> int:
        number = int.from_bytes(element, "big")
        if len(element) > self.size or not 1 < number < self.p - 1 or pow(number, self.order, self.p) != 1:
            raise ValueError("not an element of the group")
        return number

    def _encode(self, number: int) -> bytes:
        if number < 2:
            raise ValueError("the neutral element")
        return number.to_bytes((number.bit_length() + 7) // 8, "big")


@functools.cache
def group(number: int) -> Group:
    """The group with this number in Doc 9303-11, table 6. ``KeyError`` when there is none."""
    if number in CURVES:
        return curve(number)
    name, values = PRIME_FIELDS[number]
    return PrimeField(name, values["p"], values["q"], values["g"])


def random_secret(group: Group, random: Random) -> int:
    """A number from 1 to below the group's order, all equally likely. ``ValueError`` when ``random`` gives none."""
    bits = group.order.bit_length()
    for _ in range(128):
        number = int.from_bytes(random((bits + 7) // 8), "big") & (1 << bits) - 1
        if 0 < number < group.order:
            return number
    raise ValueError("randomness that is none")
