"""Basic access control from the chip's side (ICAO Doc 9303-11, 4.3): challenge, proof, counter-proof, session."""

from __future__ import annotations

import hashlib
import hmac

from devices.idcard.apdu import Command
from devices.idcard.channel import session_suite
from devices.idcard.crypto import ENCRYPTION, MAC, decrypt_3des, derive_key, encrypt_3des, retail_mac
from devices.idcard.facts import MrzKey
from devices.idcard.groups import Random
from devices.idcard.mrz import mrz_information
from devices.idcard.twin.session import ChipSession, Refuse, Reply
from devices.idcard.twin.tries import Tries

GET_CHALLENGE, EXTERNAL_AUTHENTICATE = 0x84, 0x82


class ChipBac:
    """Opens to who knows ``key``. ``tries`` counts the failures and says how a wrong key is answered."""

    def __init__(self, key: MrzKey, tries: Tries, random: Random) -> None:
        seed = hashlib.sha1(mrz_information(key).encode("ascii"), usedforsecurity=False).digest()[:16]
        self._enc, self._mac = derive_key("3des", seed, ENCRYPTION), derive_key("3des", seed, MAC)
        self._tries = tries
        self._random = random
        self.power_on()

    def power_on(self) -> None:
        self._challenge = b""

    def answer(self, command: Command) -> Reply | None:
        if command.ins == GET_CHALLENGE:
            self._challenge = self._random(8)
            return Reply.of(self._challenge)
        return self._authenticate(command.data) if command.ins == EXTERNAL_AUTHENTICATE else None

    def _authenticate(self, data: bytes) -> Reply:
        challenge, self._challenge = self._challenge, b""
        if not challenge or len(data) != 40:
            raise Refuse(0x6985)
        self._tries.begin()
        token, mac = data[:32], data[32:]
        if not hmac.compare_digest(retail_mac(self._mac, token), mac) or decrypt_3des(self._enc, token)[8:16] != challenge:
            raise self._tries.failed()
        self._tries.succeeded()
        plain = decrypt_3des(self._enc, token)
        rnd_ifd, k_ifd, k_ic = plain[:8], plain[16:], self._random(16)
        proof = encrypt_3des(self._enc, challenge + rnd_ifd + k_ic)
        seed = bytes(a ^ b for a, b in zip(k_ifd, k_ic, strict=True))
        session = ChipSession(session_suite("3des", seed), challenge[4:] + rnd_ifd[4:])
        return Reply(Reply.of(proof + retail_mac(self._mac, proof)).answer, session)
