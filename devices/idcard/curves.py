"""Arithmetic on the standardised elliptic curves, because no Python library adds points on them (Doc 9303-11, 4.4.3 and 9.5).

Points enter and leave as bytes, uncompressed (``04 ‖ x ‖ y``, TR-03111, 3.2.1), and each one that enters is checked to lie on the
curve; all curves here have prime order, so such a point generates the whole group. There is one formula for every addition,
complete on curves of odd order (Renes, Costello and Batina, 2015, algorithm 1), so neither doubling nor infinity is a case of its
own, and a product is always the same number of additions, whatever its factor. That is constant in structure, which is all Python
can promise: its integers take time by their size. Secrets live for one session beside a card, which bounds what timing could tell.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

from devices.idcard.domain_parameters import CURVES

_WINDOW = 4


class Point(NamedTuple):
    """A point in affine coordinates."""

    x: int
    y: int


Projective = tuple[int, int, int]
_INFINITY: Projective = (0, 1, 0)


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b modulo ``p``, with a ``base`` point of the prime ``order``."""

    name: str
    p: int
    a: int
    b: int
    base: Point
    order: int

    token_tag = 0x86
    """Tag of a public point in what authentication tokens are computed over (TR-03110-3, D.3.3)."""

    @property
    def bits(self) -> int:
        """Strength against the best known attack."""
        return self.order.bit_length() // 2

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    @property
    def generator(self) -> bytes:
        return self.encode(self.base)

    def encode(self, point: Point) -> bytes:
        return b"\x04" + point.x.to_bytes(self.size, "big") + point.y.to_bytes(self.size, "big")

    def decode(self, element: bytes) -> Point:
        """The point in ``element``. ``ValueError`` unless it is one of the curve; infinity has no such form."""
        if len(element) != 1 + 2 * self.size or element[0] != 0x04:
            raise ValueError("not an uncompressed point of this curve")
        x, y = (int.from_bytes(half, "big") for half in (element[1 : 1 + self.size], element[1 + self.size :]))
        if x >= self.p or y >= self.p or (y * y - self._right_side(x)) % self.p:
            raise ValueError("not a point of the curve")
        return Point(x, y)

    def multiply(self, element: bytes, factor: int) -> bytes:
        """``factor`` times ``element``. ``ValueError`` for what is no point, and for infinity as a result."""
        point = self.decode(element)
        table = [_INFINITY, (point.x, point.y, 1)]
        while len(table) < 1 << _WINDOW:
            table.append(self._sum(table[-1], table[1]))
        factor %= self.order
        result = _INFINITY
        for shift in range(self.order.bit_length() // _WINDOW * _WINDOW, -1, -_WINDOW):
            for _ in range(_WINDOW):
                result = self._sum(result, result)
            result = self._sum(result, table[factor >> shift & (1 << _WINDOW) - 1])
        return self._leave(result)

    def combine(self, one: bytes, other: bytes) -> bytes:
        """The sum of both points. ``ValueError`` for what is no point, and for infinity as a result."""
        first, second = self.decode(one), self.decode(other)
        return self._leave(self._sum((*first, 1), (*second, 1)))

    def secret(self, element: bytes) -> bytes:
        """What two sides share when they share this point: its first coordinate."""
        return element[1 : 1 + self.size]

    def element_from(self, number: int) -> bytes:
        """The point that ``number`` (below ``p``) stands for: simplified SWU encoding (Doc 9303-11, appendix B.1)."""
        p = self.p
        if p % 4 != 3:
            raise ValueError("no encoding for this curve")
        alpha = -number * number % p
        x2 = -self.b * pow(self.a, -1, p) * (1 + pow(alpha + alpha * alpha, -1, p)) % p
        h2 = self._right_side(x2)
        root = pow(h2, p - 1 - (p + 1) // 4, p)
        if root * root * h2 % p == 1:
            return self.encode(Point(x2, root * h2 % p))
        return self.encode(Point(alpha * x2 % p, root * pow(number, 3, p) * h2 % p))

    def _right_side(self, x: int) -> int:
        return (x * x * x + self.a * x + self.b) % self.p

    def _sum(self, one: Projective, other: Projective) -> Projective:
        p, a, b3 = self.p, self.a, 3 * self.b
        (x1, y1, z1), (x2, y2, z2) = one, other
        xx, yy, zz = x1 * x2 % p, y1 * y2 % p, z1 * z2 % p
        xy = ((x1 + y1) * (x2 + y2) - xx - yy) % p
        xz = ((x1 + z1) * (x2 + z2) - xx - zz) % p
        yz = ((y1 + z1) * (y2 + z2) - yy - zz) % p
        azz = a * zz % p
        cross = (a * xz + b3 * zz) % p
        less, more = yy - cross, yy + cross
        tangent = 3 * xx + azz
        rest = (b3 * xz + a * (xx - azz)) % p
        return ((xy * less - yz * rest) % p, (more * less + tangent * rest) % p, (yz * more + xy * tangent) % p)

    def _leave(self, point: Projective) -> bytes:
        x, y, z = point
        if not z:
            raise ValueError("the point at infinity")
        inverse = pow(z, -1, self.p)
        return self.encode(Point(x * inverse % self.p, y * inverse % self.p))


@functools.cache
def curve(number: int) -> Curve:
    """The curve with this number in Doc 9303-11, table 6. ``KeyError`` when there is none."""
    name, values = CURVES[number]
    return Curve(name, values["p"], values["a"], values["b"], Point(values["x"], values["y"]), values["n"])
