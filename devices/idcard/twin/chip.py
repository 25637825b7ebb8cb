"""The software chip.

An application of ICAO Doc 9303 with basic access and triple-DES secure messaging, and switches for its faults.

It answers APDUs and knows nothing of readers. Both its sides of the cryptography are held against the worked examples of the
standard and against a reader written by others. ``Profile`` is how this kind of card behaves; ``Faults`` is what goes wrong
with this one today and may be changed while it lies on the reader.
"""

from __future__ import annotations

import functools
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.bac import access_keys
from devices.idcard.channel import CipherSuite, TripleDesSuite
from devices.idcard.crypto import decrypt_3des, derive_3des, encrypt_3des, pad, retail_mac, unpad
from devices.idcard.facts import CardPerson, MrzKey
from devices.idcard.twin.files import Wrapping, build_com, build_dg1, build_dg2, build_dg13
from devices.idcard.twin.issuer import TwinIssuer
from devices.idcard.twin.people import SAMPLES, Citizen

AID = bytes.fromhex("A0000002471001")
ATR = bytes.fromhex("3B80800101")
_COM, _SOD, _CARD_ACCESS = 0x011E, 0x011D, 0x011C


@dataclass(frozen=True, slots=True)
class Profile:
    """How this kind of card behaves. Status words are what it answers where real cards were seen to differ."""

    application: bool = True
    """``False``: some other ISO card, without the eID application."""
    select_mf_sw: int = 0x6D00
    card_access: bytes = b""
    """EF.CardAccess; empty: the chip has none."""
    card_access_sw: int = 0x6A82
    wrong_key_sw: int = 0x6300
    short_only: bool = True
    """Refuses extended length with 6700, as cheap readers and chips do."""
    dg13: Wrapping = "set"
    sod: bool = True


@dataclass(slots=True)
class Faults:
    """What goes wrong, counted in commands since power-on; ``None`` is never."""

    answer_with: int | None = None
    """Answer every command with this status word."""
    mute_after: int | None = None
    lift_after: int | None = None
    """The card is lifted while this many commands have been answered (obeyed by whoever holds the card on the reader)."""
    flip_in: int | None = None
    """One bit of the answer to this command (1 is the first) turns over; happens once."""
    delay_s: float = 0.0
    """Thinking time before each answer."""
    dead: bool = False
    """No answer even to power: the reader feels a card, but there is no ATR."""
    tamper_dg13: bool = False
    """DG13 as written differs from what the issuer signed."""


class _Refuse(Exception):
    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class ChipTwin:
    """One card. ``answer`` maps a command to the answer's bytes, or ``None`` for a chip that has gone mute.

    ``key`` replaces the one printed on the card; ``random(n)`` gives the chip's random bytes; give your own to replay an
    example. ``csca_pem`` is the authority to trust.
    """

    def __init__(
        self,
        citizen: Citizen = SAMPLES[0],
        *,
        profile: Profile = Profile(),
        faults: Faults | None = None,
        issuer: TwinIssuer | None = None,
        key: MrzKey | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.citizen = citizen
        self.profile = profile
        self.faults = faults or Faults()
        self.issuer = issuer or _shared_issuer()
        self.key = key or citizen.key
        self._random = random
        self.files = self._personalise()
        self.power_on()

    @classmethod
    def foreign(cls) -> ChipTwin:
        """A card that is no identity card."""
        return cls(profile=Profile(application=False))

    @property
    def qr_text(self) -> str:
        """The QR on the face of this card."""
        return self.citizen.qr_text

    @property
    def person(self) -> CardPerson:
        """What a faithful reading gives."""
        return self.citizen.person

    def _personalise(self) -> dict[int, bytes]:
        groups = {1: build_dg1(self.citizen), 2: build_dg2(self.citizen), 13: build_dg13(self.citizen, self.profile.dg13)}
        files = {0x0100 + number: data for number, data in groups.items()}
        files[_COM] = build_com(list(groups))
        if self.profile.sod:
            files[_SOD] = self.issuer.security_object(groups)
        if self.faults.tamper_dg13:
            other = replace(self.citizen, residence=self.citizen.residence.replace("Mẫu", "Giả"))
            files[0x010D] = build_dg13(other, self.profile.dg13)
        return files

    def power_on(self) -> None:
        """Forget session, selection and count, as at a reset."""
        self._selected = False
        self._file = b""
        self._challenge = b""
        self._session: _Session | None = None
        self._count = 0

    def answer(self, raw: bytes) -> bytes | None:
        """The answer to the APDU ``raw``, faults applied."""
        self._count += 1
        faults = self.faults
        if faults.mute_after is not None and self._count > faults.mute_after:
            return None
        if faults.answer_with is not None:
            return faults.answer_with.to_bytes(2, "big")
        answer = self._answer(raw)
        if faults.flip_in == self._count:
            faults.flip_in = None
            middle = len(answer) // 2
            answer = answer[:middle] + bytes([answer[middle] ^ 0x10]) + answer[middle + 1 :]
        return answer

    @property
    def answered(self) -> int:
        """Commands since power-on."""
        return self._count

    def _answer(self, raw: bytes) -> bytes:
        session, self._session = self._session, None
        try:
            command = Command.decode(raw)
            if self.profile.short_only and command.extended:
                raise _Refuse(0x6700)
            if not command.cla & 0x0C:
                # A command in the clear ends the session: it stays forgotten.
                answer = self._plain(command)
                return answer.data + answer.sw.to_bytes(2, "big")
            if session is None:
                raise _Refuse(0x6982)
            protected = session.answer(command, self._protected)
        except _Refuse as refusal:
            return refusal.sw.to_bytes(2, "big")
        except ValueError:
            return bytes.fromhex("6700")
        self._session = session
        return protected

    def _plain(self, command: Command) -> Answer:
        if command.ins == 0xA4:
            return self._select(command)
        if command.ins == 0xB0 and not self._selected and self._file:
            return self._read(command)
        if command.ins in (0xA4, 0xB0, 0xB1):
            raise _Refuse(0x6982)
        if command.ins == 0x84 and self._selected:
            self._challenge = self._random(8)
            return Answer(self._challenge, 0x9000)
        if command.ins == 0x82 and self._selected:
            return self._authenticate(command)
        raise _Refuse(0x6D00)

    def _select(self, command: Command) -> Answer:
        if command.p1 == 0x04:
            if not self.profile.application or command.data != AID:
                raise _Refuse(0x6A82)
            self._selected, self._file = True, b""
            return Answer(b"", 0x9000)
        if command.p1 == 0x00:
            raise _Refuse(self.profile.select_mf_sw)
        if self._selected:
            raise _Refuse(0x6982)
        if command.data == _CARD_ACCESS.to_bytes(2, "big") and self.profile.card_access:
            self._file = self.profile.card_access
            return Answer(b"", 0x9000)
        raise _Refuse(self.profile.card_access_sw)

    def _authenticate(self, command: Command) -> Answer:
        challenge, self._challenge = self._challenge, b""
        if not challenge or len(command.data) != 40:
            raise _Refuse(0x6985)
        k_enc, k_mac = access_keys(self.key)
        if not hmac.compare_digest(retail_mac(k_mac, command.data[:32]), command.data[32:]):
            raise _Refuse(self.profile.wrong_key_sw)
        plain = decrypt_3des(k_enc, command.data[:32])
        if plain[8:16] != challenge:
            raise _Refuse(self.profile.wrong_key_sw)
        rnd_ifd, k_ifd, k_ic = plain[:8], plain[16:], self._random(16)
        proof = encrypt_3des(k_enc, challenge + rnd_ifd + k_ic)
        seed = bytes(a ^ b for a, b in zip(k_ifd, k_ic, strict=True))
        self._session = _Session(TripleDesSuite(derive_3des(seed, 1), derive_3des(seed, 2)), challenge[4:] + rnd_ifd[4:])
        return Answer(proof + retail_mac(k_mac, proof), 0x9000)

    def _protected(self, command: Command) -> Answer:
        if command.ins == 0xA4 and command.p1 == 0x02:
            file = self.files.get(int.from_bytes(command.data, "big"))
            if file is None:
                return Answer(b"", 0x6A82)
            self._file = file
            return Answer(b"", 0x9000)
        if command.ins == 0xB0:
            return self._read(command)
        if command.ins == 0xB1:
            return self._read_far(command)
        return Answer(b"", 0x6D00)

    def _read(self, command: Command) -> Answer:
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            file = self.files.get(0x0100 | command.p1 & 0x1F)
            if file is None:
                return Answer(b"", 0x6A82)
            self._file, offset = file, command.p2
        return self._slice(offset, command.le or 0)

    def _read_far(self, command: Command) -> Answer:
        """Odd INS: the offset in DO 54, the data in DO 53, whose header counts towards Le."""
        answer = self._slice(int.from_bytes(tlv.find(command.data, 0x54), "big"), max((command.le or 0) - 4, 0))
        return Answer(tlv.build(0x53, answer.data), answer.sw)

    def _slice(self, offset: int, count: int) -> Answer:
        if not self._file:
            return Answer(b"", 0x6986)
        if offset >= len(self._file):
            return Answer(b"", 0x6B00)
        data = self._file[offset : offset + count]
        return Answer(data, 0x9000 if len(data) == count else 0x6282)


class _Session:
    """Secure messaging from the chip's side."""

    def __init__(self, suite: CipherSuite, ssc: bytes) -> None:
        self._suite = suite
        self._ssc = int.from_bytes(ssc, "big")
        self._width = len(ssc)

    def _step(self) -> bytes:
        self._ssc = (self._ssc + 1) % (1 << 8 * self._width)
        return self._ssc.to_bytes(self._width, "big")

    def answer(self, command: Command, act: Callable[[Command], Answer]) -> bytes:
        """Check and open ``command``, let ``act`` answer it, protect the answer. Raises ``_Refuse(6988)`` for wrong protection."""
        ssc = self._step()
        objects = dict(tlv.parse(command.data))
        covered = b"".join(tlv.build(tag, objects[tag]) for tag in (0x85, 0x87, 0x97) if tag in objects)
        mac = self._suite.mac(ssc + pad(command.header, self._suite.block) + covered)
        if not hmac.compare_digest(mac, objects.get(0x8E, b"")):
            raise _Refuse(0x6988)
        wanted = objects.get(0x97)
        plain = Command(
            command.cla & 0xF3,
            command.ins,
            command.p1,
            command.p2,
            self._open(ssc, objects),
            None if wanted is None else int.from_bytes(wanted, "big") or 256 ** len(wanted),
        )
        return self._protect(act(plain))

    def _open(self, ssc: bytes, objects: dict[int, bytes]) -> bytes:
        if 0x87 in objects:
            return unpad(self._suite.decrypt(ssc, objects[0x87][1:]))
        return unpad(self._suite.decrypt(ssc, objects[0x85])) if 0x85 in objects else b""

    def _protect(self, answer: Answer) -> bytes:
        ssc = self._step()
        body = tlv.build(0x87, b"\x01" + self._suite.encrypt(ssc, pad(answer.data, self._suite.block))) if answer.data else b""
        body += tlv.build(0x99, answer.sw.to_bytes(2, "big"))
        return body + tlv.build(0x8E, self._suite.mac(ssc + body)) + b"\x90\x00"


@functools.cache
def _shared_issuer() -> TwinIssuer:
    return TwinIssuer()
