"""Basic access and secure messaging against the worked example of ICAO Doc 9303-11, byte for byte, from both sides."""

from __future__ import annotations

import pytest

from devices.idcard.apdu import Answer, Command
from devices.idcard.bac import access_keys, authenticate
from devices.idcard.channel import ChannelBroken, SecureMessaging, TripleDesSuite
from devices.idcard.crypto import encrypt_3des, retail_mac
from devices.idcard.facts import MrzKey
from devices.idcard.mrz import mrz_information
from devices.idcard.refusals import KeyRefused
from devices.idcard.twin import ChipTwin, Faults, Profile
from tests.devices.idcard import icao
from tests.devices.idcard.lines import Chip, Tape, scripted

KEY = MrzKey(icao.BAC_DOCUMENT, icao.BAC_BIRTH, icao.BAC_EXPIRY)
SELECT = "00A4040C07A0000002471001"


def example_chip() -> ChipTwin:
    chip = ChipTwin(key=KEY, random=scripted(icao.RND_IC, icao.K_IC))
    chip.files[0x011E] = bytes.fromhex(icao.EF_COM)
    return chip


def test_the_access_keys_are_those_of_the_example() -> None:
    assert mrz_information(KEY) == icao.BAC_INFORMATION
    assert access_keys(KEY) == (bytes.fromhex(icao.K_ENC), bytes.fromhex(icao.K_MAC))


def test_the_terminal_plays_the_whole_example() -> None:
    conversation = [
        ("0084000008", icao.RND_IC + "9000"),
        (icao.EXTERNAL_AUTHENTICATE, icao.EXTERNAL_AUTHENTICATE_ANSWER),
        *((protected, answer) for _, protected, answer, _ in icao.SESSION),
    ]
    session = authenticate(Tape(conversation), KEY, scripted(icao.RND_IFD, icao.K_IFD))
    for plain, _, _, data in icao.SESSION:
        assert session.send(Command.decode(bytes.fromhex(plain))) == Answer(bytes.fromhex(data), 0x9000)


def test_the_chip_plays_the_whole_example() -> None:
    chip = example_chip()
    chip.answer(bytes.fromhex(SELECT))
    assert chip.answer(bytes.fromhex("0084000008")) == bytes.fromhex(icao.RND_IC + "9000")
    assert chip.answer(bytes.fromhex(icao.EXTERNAL_AUTHENTICATE)) == bytes.fromhex(icao.EXTERNAL_AUTHENTICATE_ANSWER)
    for _, protected, answer, _ in icao.SESSION:
        assert chip.answer(bytes.fromhex(protected)) == bytes.fromhex(answer)


def opened(chip: ChipTwin) -> SecureMessaging:
    line = Chip(chip)
    line.transmit(bytes.fromhex(SELECT))
    return authenticate(line, chip.key, lambda count: bytes(range(count)))


def read_com(session: SecureMessaging) -> Answer:
    session.send(Command(0, 0xA4, 2, 0x0C, b"\x01\x1e"))
    return session.send(Command(0, 0xB0, 0, 0, b"", 4))


def test_a_wrong_key_is_refused_not_taken() -> None:
    line = Chip(ChipTwin())
    line.transmit(bytes.fromhex(SELECT))
    with pytest.raises(KeyRefused):
        authenticate(line, KEY, lambda count: bytes(count))


@pytest.mark.parametrize("bit", range(0, 27 * 8, 7))
def test_any_bit_that_turns_over_ends_the_session(bit: int) -> None:
    _, protected, answer, _ = icao.SESSION[1]
    damaged = bytearray(bytes.fromhex(answer))
    damaged[bit // 8] ^= 1 << bit % 8
    session = SecureMessaging(
        Tape([(icao.SESSION[0][1], icao.SESSION[0][2]), (protected, damaged.hex())]),
        TripleDesSuite(bytes.fromhex(icao.KS_ENC), bytes.fromhex(icao.KS_MAC)),
        bytes.fromhex(icao.SSC),
    )
    session.send(Command.decode(bytes.fromhex(icao.SESSION[0][0])))
    with pytest.raises(ChannelBroken):
        session.send(Command.decode(bytes.fromhex(icao.SESSION[1][0])))


@pytest.mark.parametrize("answer", ["6982", "6F00", "9000", "6282"])
def test_an_unprotected_answer_ends_the_session(answer: str) -> None:
    session = SecureMessaging(
        Tape([(icao.SESSION[0][1], answer)]),
        TripleDesSuite(bytes.fromhex(icao.KS_ENC), bytes.fromhex(icao.KS_MAC)),
        bytes.fromhex(icao.SSC),
    )
    with pytest.raises(ChannelBroken):
        session.send(Command.decode(bytes.fromhex(icao.SESSION[0][0])))


def test_the_chip_forgets_the_session_at_a_command_in_the_clear() -> None:
    chip = ChipTwin()
    session = opened(chip)
    assert read_com(session).ok
    assert chip.answer(bytes.fromhex("00B0000004")) == bytes.fromhex("6982")
    with pytest.raises(ChannelBroken):
        read_com(session)


def test_a_replayed_command_is_refused_by_the_chip() -> None:
    chip = ChipTwin()
    session = opened(chip)
    again = session.wrap(Command(0, 0xA4, 2, 0x0C, b"\x01\x1e"))
    assert chip.answer(again) is not None
    assert chip.answer(again) == bytes.fromhex("6988")


def test_files_can_be_read_short_by_identifier_and_far_with_the_odd_instruction() -> None:
    chip = ChipTwin()
    session = opened(chip)
    photo = chip.files[0x0102]
    by_short_id = session.send(Command(0, 0xB0, 0x82, 0, b"", 223))
    assert by_short_id.data == photo[:223]
    far = session.send(Command(0, 0xB1, 0, 0, bytes.fromhex("54020400"), 104))
    assert far.data == b"\x53\x64" + photo[0x400 : 0x400 + 100]


def test_a_short_chip_refuses_a_long_command_and_a_long_one_takes_it() -> None:
    long_select = bytes.fromhex("00B00000000800")
    assert ChipTwin().answer(long_select) == bytes.fromhex("6700")
    assert ChipTwin(profile=Profile(short_only=False)).answer(long_select) == bytes.fromhex("6982")


def test_a_flipped_bit_happens_once() -> None:
    chip = ChipTwin(faults=Faults(flip_in=1))
    first, second = chip.answer(bytes.fromhex(SELECT)), chip.answer(bytes.fromhex(SELECT))
    assert (first, second) == (bytes.fromhex("9010"), bytes.fromhex("9000"))


class Liar(Chip):
    """Plays the chip, but changes its proof of the key in ``how``."""

    def __init__(self, chip: ChipTwin, how: str) -> None:
        super().__init__(chip)
        self._how = how

    def transmit(self, apdu: bytes) -> bytes:
        answer = super().transmit(apdu)
        if apdu[1] != 0x82:
            return answer
        k_enc, k_mac = access_keys(self.chip.key)
        if self._how == "wrong MAC":
            return answer[:39] + bytes([answer[39] ^ 1]) + answer[40:]
        replayed = encrypt_3des(k_enc, bytes(32))
        return replayed + retail_mac(k_mac, replayed) + b"\x90\x00"


@pytest.mark.parametrize("how", ["wrong MAC", "another challenge"])
def test_a_chip_that_cannot_prove_the_key_is_not_believed(how: str) -> None:
    line = Liar(ChipTwin(), how)
    line.transmit(bytes.fromhex(SELECT))
    with pytest.raises(ChannelBroken):
        authenticate(line, line.chip.key, lambda count: b"\x01" * count)
