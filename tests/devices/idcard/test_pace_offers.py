"""Which way of PACE is taken of those a chip offers."""

from __future__ import annotations

import pytest

from devices.idcard import security_infos, tlv
from devices.idcard.curves import curve
from devices.idcard.pace_offers import offer, strongest
from devices.idcard.security_infos import PACE
from devices.idcard.twin.pace import build_card_access


def test_the_strongest_way_we_know_is_taken() -> None:
    def best(*ways: tuple[str, int]) -> str:
        chosen = strongest(security_infos.parse(build_card_access([offer(f"{PACE}.{arcs}", group) for arcs, group in ways])))
        return f"{chosen.oid[len(PACE) + 1 :]} {chosen.number}" if chosen else ""

    assert best(("2.1", 12), ("2.2", 12), ("1.4", 0)) == "1.4 0"
    assert best(("2.2", 12), ("2.4", 12), ("2.3", 15)) == "2.4 12"
    assert best(("2.2", 12), ("2.2", 16), ("2.2", 13)) == "2.2 16"
    assert best(("2.4", 16), ("6.2", 12)) == "6.2 12"
    assert best(("4.2", 12), ("2.2", 12)) == "2.2 12"


def info(oid: str, *parts: bytes) -> bytes:
    return tlv.build(0x30, tlv.build(0x06, security_infos.oid_bytes(oid)) + b"".join(parts))


VERSION = bytes.fromhex("020102")


@pytest.mark.parametrize(
    "entry",
    [
        info(f"{PACE}.2.2", bytes.fromhex("020101"), bytes.fromhex("02010C")),
        info(f"{PACE}.2.5", VERSION, bytes.fromhex("02010C")),
        info(f"{PACE}.5.2", VERSION, bytes.fromhex("02010C")),
        info(f"{PACE}.2.2", VERSION, bytes.fromhex("020113")),
        info(f"{PACE}.2.2", VERSION, bytes.fromhex("020100")),
        info(f"{PACE}.1.2", VERSION, bytes.fromhex("02010C")),
        info(f"{PACE}.4.2", VERSION, bytes.fromhex("02010A")),
        info(f"{PACE}.6.1", VERSION, bytes.fromhex("02010C")),
        info(f"{PACE}.2.2", VERSION),
    ],
    ids=["version 1", "cipher", "mapping", "number", "DH group", "curve for DH", "P-224 integrated", "CAM with 3DES", "no number"],
)
def test_ways_we_do_not_know_are_left_aside(entry: bytes) -> None:
    assert strongest(security_infos.parse(tlv.build(0x31, entry))) is None
    known = info(f"{PACE}.2.2", VERSION, bytes.fromhex("02010D"))
    chosen = strongest(security_infos.parse(tlv.build(0x31, entry + known)))
    assert chosen == offer(f"{PACE}.2.2", 13)


def test_a_chip_may_number_a_standard_curve_its_own_way() -> None:
    domain = tlv.build(0x30, tlv.build(0x06, security_infos.oid_bytes("0.4.0.127.0.7.1.2")) + bytes.fromhex("02010D"))
    entries = info(f"{PACE}.2", domain, bytes.fromhex("020121")) + info(f"{PACE}.2.2", VERSION, bytes.fromhex("020121"))
    chosen = strongest(security_infos.parse(tlv.build(0x31, entries)))
    assert chosen is not None
    assert (chosen.number, chosen.group) == (0x21, curve(13))
