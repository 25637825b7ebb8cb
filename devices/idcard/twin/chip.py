"""The software chip: an application of ICAO Doc 9303 that opens by PACE or basic access, and switches for its faults.

It answers APDUs and knows nothing of readers. Selecting and reading files is done here; every protocol is a part of its own
(``plain_parts`` in the clear, ``secure_parts`` under secure messaging) that is asked in turn. The chip is held against the worked
examples of the standard and against terminals written by others. ``Profile`` is how this kind of card behaves; ``Faults`` is what
goes wrong with this one today and may be changed while it lies on the reader.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from devices.idcard import tlv
from devices.idcard.apdu import Command
from devices.idcard.curves import Curve
from devices.idcard.facts import Can, CardPerson, MrzKey
from devices.idcard.groups import Random
from devices.idcard.pace_keys import CAN_PASSWORD, MRZ_PASSWORD, password
from devices.idcard.pace_offers import PaceOffer
from devices.idcard.twin.bac import EXTERNAL_AUTHENTICATE, GET_CHALLENGE, ChipBac
from devices.idcard.twin.files import Picture, Wrapping, build_com, build_dg1, build_dg2, build_dg13
from devices.idcard.twin.issuer import TwinIssuer
from devices.idcard.twin.pace import ChipPace, Secret, build_card_access
from devices.idcard.twin.people import SAMPLES, Citizen
from devices.idcard.twin.proofs import ActiveKind, ChipKind, ChipProofs, Keys
from devices.idcard.twin.session import ChipSession, Part, Refuse, Reply
from devices.idcard.twin.tries import Tries

AID = bytes.fromhex("A0000002471001")
ATR = bytes.fromhex("3B80800101")
SELECT, READ, READ_FAR, GET_RESPONSE = 0xA4, 0xB0, 0xB1, 0xC0
_COM, _SOD, _CARD_ACCESS = 0x011E, 0x011D, 0x011C


@dataclass(frozen=True, slots=True)
class Profile:
    """How this kind of card behaves. Status words are what it answers where real cards were seen to differ."""

    application: bool = True
    """``False``: some other ISO card, without the eID application."""
    bac: bool = True
    """Opens by basic access; newer chips may know PACE only."""
    pace: tuple[PaceOffer, ...] = ()
    """The ways of PACE it offers in EF.CardAccess."""
    pace_refusal: tuple[int, int] | None = None
    """The step of PACE (0 MSE:Set AT, 1–4 the commands after it) at which it always stops, and the status word it stops with."""
    select_mf_sw: int = 0x6D00
    card_access: bytes = b""
    """EF.CardAccess when it is not the one that ``pace`` gives; both empty: the chip has none."""
    card_access_sw: int = 0x6A82
    """How it refuses EF.CardAccess when it has none."""
    card_access_in_mf: bool = False
    """EF.CardAccess is found only after the master file has been selected."""
    card_access_read_sw: int | None = None
    """Lets EF.CardAccess be selected, but answers reading it with this."""
    wrong_key_sw: int = 0x6300
    tries: int | None = None
    """How often each secret may be tried before the chip blocks it; then a wrong one is answered with 63Cx."""
    short_only: bool = True
    """Refuses extended length with 6700, as cheap readers and chips do."""
    short_id_sw: int | None = None
    """Refuses short file identifiers with this."""
    past_end_sw: int | None = None
    """Gives nothing, but this, when more is read than there is; otherwise what there is, and 6282."""
    dg13: Wrapping = "set"
    sod: bool = True
    face: Picture = "jpeg"
    face_bytes: int = 0
    """Least size of the picture in DG2."""
    active: ActiveKind = ""
    """How it signs for active authentication, if at all."""
    chip_auth: ChipKind = ""
    """How it agrees on keys for chip authentication, if at all."""
    mapping_in_dg14: bool = True
    """``False``: the key of chip-authentication mapping stands in EF.CardSecurity alone and is another than those of DG14."""


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
    cloned: bool = False
    """A copy: every file is there, but the private keys are not those of the original."""
    strip: bool = False
    """A copy that hides DG14 and DG15, which would give it away."""


class ChipTwin:
    """One card. ``answer`` maps a command to the answer's bytes, or ``None`` for a chip that has gone mute.

    ``key`` and ``can`` replace those printed on the card; ``random(n)`` gives the chip's random bytes; give your own to replay an
    example. ``keys`` are those it proves with that it is no copy.
    """

    def __init__(
        self,
        citizen: Citizen = SAMPLES[0],
        *,
        profile: Profile = Profile(),
        faults: Faults | None = None,
        issuer: TwinIssuer | None = None,
        key: MrzKey | None = None,
        can: Can | None = None,
        random: Random = secrets.token_bytes,
    ) -> None:
        self.citizen = citizen
        self.profile = profile
        self.faults = faults or Faults()
        self.issuer = issuer or shared_issuer()
        self.key = key or citizen.key
        self.can = can or Can(citizen.number[-6:])
        mapped = _mapped_curves(profile.pace) if profile.mapping_in_dg14 else ()
        self.keys = Keys.of(profile.active, profile.chip_auth, mapped)
        self.files = self._personalise()
        if self.faults.cloned:
            self.keys = Keys.of(profile.active, profile.chip_auth, mapped)
        self.card_access = profile.card_access or (build_card_access(profile.pace) if profile.pace else b"")
        self.plain_parts, self.secure_parts = self._parts(random)
        self.power_on()

    def _parts(self, random: Random) -> tuple[Sequence[Part], Sequence[Part]]:
        """The protocols it speaks in the clear, and those under secure messaging."""
        profile = self.profile
        mrz, can = Tries(profile.tries, profile.wrong_key_sw), Tries(profile.tries, profile.wrong_key_sw)
        passwords = {MRZ_PASSWORD: Secret(password(self.key), mrz), CAN_PASSWORD: Secret(password(self.can), can)}
        mapping = self.keys if profile.mapping_in_dg14 else Keys.of("", "")
        pace = ChipPace(profile.pace, passwords, random, private_key=mapping.secret, refuses=profile.pace_refusal)
        return [pace, *([ChipBac(self.key, mrz, random)] if profile.bac else [])], [ChipProofs(self.keys, random)]

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
        profile = self.profile
        groups = {
            1: build_dg1(self.citizen),
            2: build_dg2(self.citizen, profile.face, profile.face_bytes),
            13: build_dg13(self.citizen, profile.dg13),
            **self.keys.groups(),
        }
        files = {0x0100 + number: data for number, data in groups.items()}
        files[_COM] = build_com(list(groups))
        if self.profile.sod:
            files[_SOD] = self.issuer.security_object(groups)
        if self.faults.tamper_dg13:
            other = replace(self.citizen, residence=self.citizen.residence.replace("Mẫu", "Giả"))
            files[0x010D] = build_dg13(other, self.profile.dg13)
        hidden = (0x010E, 0x010F) if self.faults.strip else ()
        return {identifier: file for identifier, file in files.items() if identifier not in hidden}

    def power_on(self) -> None:
        """Forget session, selection and count, as at a reset."""
        self._selected = False
        self._in_mf = False
        self._file = b""
        self._rest = b""
        self._session: ChipSession | None = None
        self._count = 0
        for part in (*self.plain_parts, *self.secure_parts):
            part.power_on()

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
        """A long answer to a short command is given in parts (ISO/IEC 7816-4, 5.3.4)."""
        if raw[:2] == bytes([0x00, GET_RESPONSE]) and self._rest:
            whole = self._rest
        else:
            whole = self._whole(raw)
            if len(whole) <= 258 or Command.decode(raw).extended:
                return whole
        self._rest = whole[256:] if len(whole) > 258 else b""
        return whole[:256] + bytes([0x61, min(len(self._rest) - 2, 256) & 0xFF]) if self._rest else whole

    def _whole(self, raw: bytes) -> bytes:
        # A command in the clear, and one that is wrongly protected, end the session: it stays forgotten.
        session, self._session = self._session, None
        try:
            command = Command.decode(raw)
            if self.profile.short_only and command.extended:
                raise Refuse(0x6700)
            if command.cla & 0x0C:
                if session is None:
                    raise Refuse(0x6982)
                protected, self._session = session.answer(command, self._protected)
                return protected
            reply = self._plain(command)
        except Refuse as refusal:
            return refusal.sw.to_bytes(2, "big")
        except ValueError:
            return bytes.fromhex("6700")
        self._session = reply.session
        return reply.answer.data + reply.answer.sw.to_bytes(2, "big")

    def _plain(self, command: Command) -> Reply:
        if command.ins == SELECT:
            return self._select_application(command) if command.p1 == 0x04 else self._select_outside(command)
        if command.ins == READ and not self._selected and self._file:
            if self.profile.card_access_read_sw:
                raise Refuse(self.profile.card_access_read_sw)
            return self._read(command)
        if command.ins in (READ, READ_FAR):
            raise Refuse(0x6982)
        if command.ins in (GET_CHALLENGE, EXTERNAL_AUTHENTICATE) and not self._selected:
            raise Refuse(0x6D00)
        return _first_reply(self.plain_parts, command)

    def _select_application(self, command: Command) -> Reply:
        if not self.profile.application or command.data != AID:
            raise Refuse(0x6A82)
        self._selected, self._file = True, b""
        return Reply.of()

    def _select_outside(self, command: Command) -> Reply:
        """The master file and EF.CardAccess, which needs no session."""
        if command.p1 == 0x00:
            self._in_mf = self.profile.select_mf_sw == 0x9000
            if self._in_mf:
                self._selected = False
            return Reply.of(sw=self.profile.select_mf_sw)
        if self._selected:
            raise Refuse(0x6982)
        found = self._in_mf or not self.profile.card_access_in_mf
        if found and command.data == _CARD_ACCESS.to_bytes(2, "big") and self.card_access:
            self._file = self.card_access
            return Reply.of()
        raise Refuse(self.profile.card_access_sw)

    def _protected(self, command: Command) -> Reply:
        if command.ins == SELECT and command.p1 == 0x04:
            return self._select_application(command)
        if command.ins in (SELECT, READ, READ_FAR) and not self._selected:
            raise Refuse(0x6982)
        if command.ins == SELECT and command.p1 == 0x02:
            self._file = self._file_with(int.from_bytes(command.data, "big"))
            return Reply.of()
        if command.ins == READ:
            return self._read(command)
        if command.ins == READ_FAR:
            return self._read_far(command)
        return _first_reply(self.secure_parts, command)

    def _file_with(self, identifier: int) -> bytes:
        file = self.files.get(identifier)
        if file is None:
            raise Refuse(0x6A82)
        return file

    def _read(self, command: Command) -> Reply:
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            if self.profile.short_id_sw:
                raise Refuse(self.profile.short_id_sw)
            self._file, offset = self._file_with(0x0100 | command.p1 & 0x1F), command.p2
        return self._slice(offset, command.le or 0)

    def _read_far(self, command: Command) -> Reply:
        """Odd INS: the offset in DO 54, the data in DO 53, whose header counts towards Le."""
        answer = self._slice(int.from_bytes(tlv.find(command.data, 0x54), "big"), max((command.le or 0) - 4, 0)).answer
        return Reply.of(tlv.build(0x53, answer.data), answer.sw)

    def _slice(self, offset: int, count: int) -> Reply:
        if not self._file:
            raise Refuse(0x6986)
        if offset >= len(self._file):
            raise Refuse(0x6B00)
        data = self._file[offset : offset + count]
        if self.profile.past_end_sw and len(data) < count:
            raise Refuse(self.profile.past_end_sw | len(data) if self.profile.past_end_sw == 0x6C00 else self.profile.past_end_sw)
        return Reply.of(data, 0x9000 if len(data) == count else 0x6282)


def _mapped_curves(offers: Sequence[PaceOffer]) -> Sequence[Curve]:
    """The curves on which chip-authentication mapping needs a key in DG14."""
    groups = {offer.group for offer in offers if offer.mapping == "chip-authentication"}
    return [one for one in groups if isinstance(one, Curve)]


def _first_reply(parts: Sequence[Part], command: Command) -> Reply:
    for part in parts:
        reply = part.answer(command)
        if reply is not None:
            return reply
    raise Refuse(0x6D00)


@functools.cache
def shared_issuer() -> TwinIssuer:
    return TwinIssuer()
