"""DG1: the machine readable zone, as printed on the card (ICAO Doc 9303-10, 4.7.1). Believed only with right check digits."""

from __future__ import annotations

from devices.idcard import tlv
from devices.idcard.mrz import Td1, parse_td1


def parse_dg1(dg1: bytes) -> Td1:
    """The zone in DG1. ``ValueError`` for damage, ``mrz_invalid`` for wrong check digits."""
    return parse_td1(tlv.find(dg1, 0x61, 0x5F1F).decode("ascii"))
