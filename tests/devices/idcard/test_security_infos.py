"""What a chip says it can do, from EF.CardAccess and DG14; and public keys with their curve named, numbered or written out."""

from __future__ import annotations

import contextlib
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devices.idcard import security_infos, tlv
from devices.idcard.curves import curve
from devices.idcard.public_keys import ec_domain, ec_public_key
from devices.idcard.security_infos import PaceInfo, SecurityInfo, oid_bytes, parse
from tests.devices.idcard import icao

PACE_INFO = bytes.fromhex(icao.VECTORS["pace_ecdh_gm"]["card_access"])
NUMBER_13 = bytes.fromhex("02010D")


def info(oid: str, *parts: bytes) -> bytes:
    return tlv.build(0x30, tlv.build(0x06, oid_bytes(oid)) + b"".join(parts))


def infos(*entries: bytes) -> tuple[SecurityInfo, ...]:
    return parse(tlv.build(0x31, b"".join(entries)))


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_the_example_of_the_standard() -> None:
    found = parse(PACE_INFO)
    assert found == (SecurityInfo("0.4.0.127.0.7.2.2.4.2.2", b"\x02\x01\x02", NUMBER_13),)
    assert security_infos.pace(found) == (PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13),)
    assert oid_bytes(found[0].oid).hex().upper() == icao.VECTORS["pace_ecdh_gm"]["oid"]


def test_each_kind_is_told_from_the_others_and_unknown_ones_are_kept() -> None:
    public = spki(ec.generate_private_key(ec.SECP256R1()))
    version = bytes.fromhex("020101")
    found = infos(
        info("0.4.0.127.0.7.2.2.4.6.2", bytes.fromhex("020102"), NUMBER_13),
        info("0.4.0.127.0.7.2.2.4.2", bytes.fromhex("300506032A0304"), NUMBER_13),
        info("0.4.0.127.0.7.2.2.3.2.2", version, version),
        info("0.4.0.127.0.7.2.2.1.2", public),
        info("0.4.0.127.0.7.2.2.2", version),
        info("2.23.136.1.1.5", version, tlv.build(0x06, oid_bytes("0.4.0.127.0.7.1.1.4.1.3"))),
        info("1.2.3.4", b"\x05\x00"),
        info("2.999.1"),
    )
    assert security_infos.pace(found) == (PaceInfo("0.4.0.127.0.7.2.2.4.6.2", 2, 13),)
    assert [domain.parameter_id for domain in security_infos.pace_domains(found)] == [13]
    assert [(way.oid[-3:], way.key_id) for way in security_infos.chip_authentication(found)] == [("2.2", 1)]
    assert [(key.public_key, key.key_id) for key in security_infos.chip_keys(found)] == [(public, None)]
    assert security_infos.active_authentication(found)[0].signature == "0.4.0.127.0.7.1.1.4.1.3"
    assert [entry.oid for entry in found[-2:]] == ["1.2.3.4", "2.999.1"]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "30",
        "3000",
        "3080",
        "31020500",
        "3104300205003",
        "31043002060",
        "3104300206",
        "310430020600",
        "310530030601FF",
        "31823FFF",
    ],
)
def test_damage_is_a_value_error(data: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the damage decides what is said
        parse(bytes.fromhex(data[: len(data) // 2 * 2]))


def test_every_shortened_and_every_changed_example_is_read_or_refused() -> None:
    for cut in range(len(PACE_INFO)):
        with pytest.raises(ValueError):  # noqa: PT011 - where it is cut decides what is said
            parse(PACE_INFO[:cut])
        for value in range(256):
            changed = PACE_INFO[:cut] + bytes([value]) + PACE_INFO[cut + 1 :]
            try:
                security_infos.pace(parse(changed))
            except ValueError:
                continue


def test_more_than_a_chip_has_reason_to_send_is_refused() -> None:
    one = info("1.2.3", b"\x05\x00")
    assert len(infos(*[one] * 64)) == 64
    with pytest.raises(ValueError, match="list"):
        infos(*[one] * 65)
    with pytest.raises(ValueError, match="more"):
        infos(info("1.2.3", tlv.build(0x04, bytes(20_000))))


@pytest.mark.parametrize("library", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.BrainpoolP256R1(), ec.BrainpoolP512R1()])
def test_public_keys_are_read_with_their_curve_named(library: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(library)
    found, point = ec_public_key(spki(key))
    numbers = key.public_key().public_numbers()
    assert found.name == library.name
    assert found.decode(point) == (numbers.x, numbers.y)


@pytest.mark.parametrize(
    ("name", "number"), [("brainpoolP256r1", 13), ("prime256v1", 12), ("brainpoolP320r1", 14), ("secp521r1", 18)]
)
def test_public_keys_are_read_with_their_curve_written_out(name: str, number: int) -> None:
    made = ["openssl", "ecparam", "-name", name, "-genkey", "-noout", "-param_enc", "explicit"]
    private = subprocess.run(made, check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "ec", "-pubout", "-outform", "DER"], input=private, check=True, capture_output=True).stdout
    found, _ = ec_public_key(public)
    assert found is curve(number)
    for at in range(len(public) // 2):
        changed = public[:at] + bytes([public[at] ^ 1]) + public[at + 1 :]
        with contextlib.suppress(ValueError):
            assert ec_public_key(changed)[0] is curve(number), "only what does not make the curve may differ"


def test_a_curve_may_be_given_by_its_number() -> None:
    algorithm = tlv.build(0x30, tlv.build(0x06, oid_bytes("0.4.0.127.0.7.1.2")) + NUMBER_13)
    assert ec_domain(algorithm) is curve(13)
    with pytest.raises(ValueError, match="curve"):
        ec_domain(algorithm[:-1] + b"\x63")


def test_points_off_the_curve_and_keys_of_other_kinds_are_refused() -> None:
    public = spki(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ValueError, match="point"):
        ec_public_key(public[:-1] + bytes([public[-1] ^ 1]))
    with pytest.raises(ValueError, match="public key"):
        ec_public_key(b"\x30\x00")
    secp256k1 = spki(ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(ValueError, match="standardised"):
        ec_public_key(secp256k1)


@pytest.mark.parametrize("number", ["0201FF", "020180", "0202FF00"])
def test_a_number_below_nothing_is_damage(number: str) -> None:
    """Found by the fuzz: a key number of -1 could not be written back to the chip."""
    info = SecurityInfo(f"{security_infos.CHIP_AUTHENTICATION}.2.2", bytes.fromhex("020101"), bytes.fromhex(number))
    with pytest.raises(ValueError, match="number"):
        security_infos.chip_authentication([info])
