"""PACE from the chip's side (ICAO Doc 9303-11, 4.4): nonce, mapping, agreement, tokens, and the file that says what is on offer.

Four GENERAL AUTHENTICATE commands after MSE:Set AT, in order; any mistake starts over. The steps are written apart from the
terminal's and share only the arithmetic with them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import session_suite
from devices.idcard.crypto import ENCRYPTION, KEY_BYTES, derive_key, encrypt
from devices.idcard.groups import Group, Random, random_secret
from devices.idcard.pace_keys import nonce_bytes, password_key, pseudo_random, seal_chip_data, token
from devices.idcard.pace_offers import PaceOffer
from devices.idcard.security_infos import oid_bytes
from devices.idcard.twin.session import ChipSession, Refuse, Reply
from devices.idcard.twin.tries import Tries

MANAGE_ENVIRONMENT, GENERAL_AUTHENTICATE = 0x22, 0x86


def build_card_access(offers: Sequence[PaceOffer]) -> bytes:
    """EF.CardAccess that offers each of ``offers`` (PACEInfo)."""
    parts = (
        tlv.build(0x06, oid_bytes(offer.oid)) + tlv.build(0x02, b"\x02") + tlv.build(0x02, bytes([offer.number]))
        for offer in offers
    )
    return tlv.build(0x31, b"".join(tlv.build(0x30, part) for part in parts))


@dataclass(frozen=True, slots=True)
class Secret:
    """A password the chip knows: its bytes, and the tries left for it."""

    value: bytes
    tries: Tries


@dataclass(slots=True)
class _Run:
    """One run of the protocol, as far as it has come."""

    offer: PaceOffer
    secret: Secret
    step: int = 0
    nonce: bytes = b""
    generator: bytes = b""
    mapping_secret: int = 0
    shared: bytes = b""
    theirs: bytes = b""
    ours: bytes = b""

    @property
    def group(self) -> Group:
        return self.offer.group


class ChipPace:
    """Opens to who knows one of ``secrets`` (by number: 1 MRZ, 2 CAN) in one of the ways of ``offers``.

    ``private_key`` is what chip-authentication mapping proves. ``refuses``: step (0 MSE:Set AT, 1–4 the commands after it) and the
    status word with which this chip always stops there.
    """

    def __init__(
        self,
        offers: Sequence[PaceOffer],
        secrets: Mapping[int, Secret],
        random: Random,
        *,
        private_key: int = 1,
        refuses: tuple[int, int] | None = None,
    ) -> None:
        self._offers = offers
        self._secrets = secrets
        self._random = random
        self._private_key = private_key
        self._refuses = refuses
        self.power_on()

    def power_on(self) -> None:
        self._run: _Run | None = None

    def answer(self, command: Command) -> Reply | None:
        if command.ins == MANAGE_ENVIRONMENT and (command.p1, command.p2) == (0xC1, 0xA4):
            self._run = None
            return self._choose(dict(tlv.parse(command.data)))
        if command.ins != GENERAL_AUTHENTICATE or (command.p1, command.p2) != (0, 0):
            return None
        run, self._run = self._run, None
        if run is None:
            raise Refuse(0x6985)
        run.step += 1
        self._maybe_refuse(run.step)
        if bool(command.cla & 0x10) != (run.step < 4):
            raise Refuse(0x6883)
        reply = self._step(run, dict(tlv.parse(tlv.find(command.data, 0x7C))))
        self._run = run if run.step < 4 else None
        return reply

    def _maybe_refuse(self, step: int) -> None:
        if self._refuses and self._refuses[0] == step:
            raise Refuse(self._refuses[1])

    def _choose(self, wanted: dict[int, bytes]) -> Reply:
        self._maybe_refuse(0)
        ways = [offer for offer in self._offers if oid_bytes(offer.oid) == wanted.get(0x80)]
        if 0x84 in wanted:
            ways = [offer for offer in ways if bytes([offer.number]) == wanted[0x84]]
        secret = self._secrets.get(int.from_bytes(wanted.get(0x83, b""), "big"))
        if not ways or secret is None:
            raise Refuse(0x6A88)
        self._run = _Run(ways[0], secret)
        return Reply.of(sw=secret.tries.warning)

    def _step(self, run: _Run, given: dict[int, bytes]) -> Reply:
        if run.step == 1:
            return self._give_nonce(run)
        if run.step == 2:
            return self._map(run, given[0x81]) if 0x81 in given else self._incomplete()
        if run.step == 3:
            return self._agree(run, given[0x83]) if 0x83 in given else self._incomplete()
        return self._judge(run, given.get(0x85, b""))

    @staticmethod
    def _incomplete() -> Reply:
        raise Refuse(0x6A80)

    def _give_nonce(self, run: _Run) -> Reply:
        cipher = run.offer.cipher
        run.nonce = self._random(nonce_bytes(cipher) if run.offer.mapping == "integrated" else 16)
        return _data(0x80, encrypt(cipher, password_key(cipher, run.secret.value), run.nonce))

    def _map(self, run: _Run, given: bytes) -> Reply:
        group, cipher = run.group, run.offer.cipher
        if run.offer.mapping == "integrated":
            if len(given) != KEY_BYTES[cipher]:
                raise Refuse(0x6A80)
            run.generator = group.element_from(pseudo_random(cipher, run.nonce, given, group.p))
            return _data(0x82, b"")
        run.mapping_secret = random_secret(group, self._random)
        common = group.multiply(given, run.mapping_secret)
        blinded = group.multiply(group.generator, int.from_bytes(run.nonce, "big"))
        run.generator = group.combine(blinded, common)
        return _data(0x82, group.multiply(group.generator, run.mapping_secret))

    def _agree(self, run: _Run, given: bytes) -> Reply:
        secret = random_secret(run.group, self._random)
        run.theirs, run.ours = given, run.group.multiply(run.generator, secret)
        if run.theirs == run.ours:
            raise Refuse(0x6A80)
        run.shared = run.group.secret(run.group.multiply(given, secret))
        return _data(0x84, run.ours)

    def _judge(self, run: _Run, given: bytes) -> Reply:
        run.secret.tries.begin()
        offer = run.offer
        if not hmac.compare_digest(token(offer.oid, offer.cipher, run.group, run.shared, run.ours), given):
            raise run.secret.tries.failed()
        run.secret.tries.succeeded()
        proof = tlv.build(0x86, token(offer.oid, offer.cipher, run.group, run.shared, run.theirs))
        if offer.mapping == "chip-authentication":
            proof += tlv.build(0x8A, self._chip_data(run))
        session = ChipSession(session_suite(offer.cipher, run.shared))
        return Reply(Answer(tlv.build(0x7C, proof), 0x9000), session)

    def _chip_data(self, run: _Run) -> bytes:
        """The secret of the mapping divided by the private key, encrypted (Doc 9303-11, 4.4.3.5)."""
        order = run.group.order
        data = run.mapping_secret * pow(self._private_key, -1, order) % order
        return seal_chip_data(
            derive_key(run.offer.cipher, run.shared, ENCRYPTION), data.to_bytes((order.bit_length() + 7) // 8, "big")
        )


def _data(tag: int, value: bytes) -> Reply:
    return Reply.of(tlv.build(0x7C, tlv.build(tag, value)))
