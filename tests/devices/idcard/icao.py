"""Worked examples of ICAO Doc 9303 (parts 3, 5 and 11), as published. All byte strings in hex.

``VECTORS`` holds them all; the names below are those of the check digits, of basic access and of its secure messaging.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("icao9303.json").read_text(encoding="utf-8"))

_MRZ, _BAC, _MESSAGING = VECTORS["mrz"], VECTORS["bac"], VECTORS["secure_messaging_3des"]

CHECK_DIGITS = [(field, digit) for field, digit in _MRZ["check_digit"]]
TD1 = "".join(_MRZ["td1_lines"])
TD1_LONG_NUMBER = "".join(_MRZ["td1_long_number_lines"])
TD1_LONG_NUMBER_INFORMATION = _MRZ["td1_long_number_mrz_information"]

BAC_DOCUMENT, BAC_BIRTH, BAC_EXPIRY = _BAC["document_number"], _BAC["birth"], _BAC["expiry"]
BAC_INFORMATION = _BAC["mrz_information"]
K_ENC, K_MAC = _BAC["k_enc"], _BAC["k_mac"]
RND_IC, RND_IFD = _BAC["rnd_ic"], _BAC["rnd_ifd"]
K_IFD, K_IC = _BAC["k_ifd"], _BAC["k_ic"]
EXTERNAL_AUTHENTICATE = _BAC["external_authenticate"]
EXTERNAL_AUTHENTICATE_ANSWER = _BAC["e_ic"] + _BAC["m_ic"] + "9000"

KS_ENC, KS_MAC, SSC = _MESSAGING["ks_enc"], _MESSAGING["ks_mac"], _MESSAGING["ssc"]
EF_COM = _MESSAGING["ef_com"]


def _plain(command: dict[str, Any]) -> str:
    head = bytes(command[name] for name in ("cla", "ins", "p1", "p2")).hex().upper()
    data = command["data"]
    return head + (f"{len(data) // 2:02X}{data}" if data else "") + ("" if command["le"] is None else f"{command['le']:02X}")


SESSION = [(_plain(step["plain"]), step["command"], step["response"], step["data"]) for step in _MESSAGING["steps"]]
"""(plain command, protected command, protected answer, plain data) of reading EF.COM, in order."""
