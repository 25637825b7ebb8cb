"""Arithmetic on the standardised curves against a library that knows some of them, and what must not count as a point."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devices.idcard.curves import Curve, Point, Projective, curve
from devices.idcard.domain_parameters import CURVES, PRIME_FIELDS
from devices.idcard.groups import group, random_secret

NUMBERS = sorted(CURVES)
LIBRARY: dict[int, ec.EllipticCurve] = {
    8: ec.SECP192R1(),
    10: ec.SECP224R1(),
    12: ec.SECP256R1(),
    13: ec.BrainpoolP256R1(),
    15: ec.SECP384R1(),
    16: ec.BrainpoolP384R1(),
    17: ec.BrainpoolP512R1(),
    18: ec.SECP521R1(),
}


@pytest.fixture(params=NUMBERS, ids=lambda number: CURVES[number][0])
def known(request: pytest.FixtureRequest) -> Curve:
    return curve(request.param)


@pytest.mark.parametrize("number", LIBRARY)
@pytest.mark.parametrize("secret", [1, 2, 3, 15, 16, 0x1234567890ABCDEF, -1, -2, -5, -16])
def test_public_keys_are_those_of_the_library(number: int, secret: int) -> None:
    ours = curve(number)
    theirs = ec.derive_private_key(secret % ours.order, LIBRARY[number]).public_key().public_numbers()
    assert ours.decode(ours.multiply(ours.generator, secret)) == Point(theirs.x, theirs.y)


@pytest.mark.parametrize("number", LIBRARY)
def test_shared_secrets_are_those_of_the_library(number: int) -> None:
    ours, secret = curve(number), 0x0123456789ABCDEFFEDCBA98765432100123456789ABCDEF % curve(number).order
    other = ec.generate_private_key(LIBRARY[number])
    public = other.public_key().public_numbers()
    expected = ec.derive_private_key(secret, LIBRARY[number]).exchange(ec.ECDH(), other.public_key())
    assert ours.secret(ours.multiply(ours.encode(Point(public.x, public.y)), secret)) == expected


def test_the_generator_is_on_its_curve_and_of_its_order(known: Curve) -> None:
    base = known.generator
    less = known.multiply(base, known.order - 1)
    assert known.decode(less) == Point(known.base.x, known.p - known.base.y)
    with pytest.raises(ValueError, match="infinity"):
        known.combine(less, base)


def test_products_add_up(known: Curve) -> None:
    base = known.generator
    doubled = known.combine(base, base)
    assert doubled == known.multiply(base, 2)
    assert known.combine(doubled, base) == known.multiply(base, known.order + 3)
    assert known.multiply(known.multiply(base, 77), 13) == known.multiply(base, 1001)


def test_what_is_no_point_of_the_curve_is_refused(known: Curve) -> None:
    x, y = known.base
    size = known.size
    good = known.generator
    bad = [
        b"",
        b"\x00",
        bytes(1 + 2 * size),
        b"\x04" + bytes(2 * size),
        b"\x02" + good[1 : 1 + size],
        good[:-1],
        good + b"\x00",
        b"\x05" + good[1:],
        b"\x04" + x.to_bytes(size, "big") + ((y + 1) % known.p).to_bytes(size, "big"),
        good[:-1] + bytes([good[-1] ^ 1]),
    ]
    if (x + known.p).bit_length() <= 8 * size:
        bad.append(b"\x04" + (x + known.p).to_bytes(size, "big") + y.to_bytes(size, "big"))
    for element in bad:
        with pytest.raises(ValueError, match="point"):
            known.multiply(element, 5)
        with pytest.raises(ValueError, match="point"):
            known.combine(good, element)


def test_a_product_of_nothing_is_refused(known: Curve) -> None:
    for factor in (0, known.order, -known.order):
        with pytest.raises(ValueError, match="infinity"):
            known.multiply(known.generator, factor)


def test_every_product_takes_the_same_number_of_additions(known: Curve, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    addition = Curve._sum

    def counting(self: Curve, one: Projective, other: Projective) -> Projective:
        counted.append(1)
        return addition(self, one, other)

    monkeypatch.setattr(Curve, "_sum", counting)
    lengths = set()
    for factor in (1, 2, known.order - 1, known.order // 3):
        counted.clear()
        known.multiply(known.generator, factor)
        lengths.add(len(counted))
    assert len(lengths) == 1


@pytest.mark.parametrize("number", PRIME_FIELDS)
def test_groups_modulo_a_prime_take_only_their_own_elements(number: int) -> None:
    field = group(number)
    one = field.multiply(field.generator, 5)
    assert field.combine(one, field.generator) == field.multiply(field.generator, 6)
    size = len(one)
    for bad in (
        bytes(size),
        (1).to_bytes(size, "big"),
        (field.p - 1).to_bytes(size, "big"),
        b"\xff" * size,
        one[1:],
        b"\x00" + one,
    ):
        with pytest.raises(ValueError, match="element"):
            field.multiply(bad, 5)


def test_secrets_are_drawn_from_the_whole_group_and_never_from_bad_randomness() -> None:
    group_256 = group(12)
    assert random_secret(group_256, lambda count: b"\x00" * (count - 1) + b"\x01") == 1
    draws = iter([b"\xff" * 32, group_256.order.to_bytes(32, "big"), bytes(32), (group_256.order - 1).to_bytes(32, "big")])
    assert random_secret(group_256, lambda count: next(draws)) == group_256.order - 1
    with pytest.raises(ValueError, match="randomness"):
        random_secret(group_256, bytes)
