"""What a hostile or damaged chip may try at each step of PACE, and how it is refused; and the chip a hostile terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.idcard import pace, tlv
from devices.idcard.apdu import Command
from devices.idcard.channel import ChannelBroken, SecureMessaging
from devices.idcard.curves import curve
from devices.idcard.pace_offers import PaceOffer, offer
from devices.idcard.refusals import AccessRefused, KeyRefused
from devices.idcard.security_infos import PACE
from devices.idcard.twin import ChipTwin, Profile
from tests.devices.idcard.lines import Changed

WAY = offer(f"{PACE}.2.2", 12)
CAM_WAY = offer(f"{PACE}.6.2", 12)


def chip_with(way: PaceOffer) -> ChipTwin:
    return ChipTwin(profile=Profile(pace=(way,)))


def opened(line: Changed, way: PaceOffer = WAY) -> SecureMessaging:
    return pace.authenticate(line, way, line.chip.can, lambda count: bytes([7]) * count)[0]


GROUP = WAY.group
OFF_CURVE = GROUP.generator[:-1] + bytes([GROUP.generator[-1] ^ 1])


def mirrored(apdu: bytes, answer: bytes) -> bytes:
    ours = tlv.parse(tlv.find(Command.decode(apdu).data, 0x7C))
    tag, value = next(iter(ours))
    return tlv.build(0x7C, tlv.build(tag + 1, value)) + b"\x90\x00"


def says(tag: int, value: bytes) -> Callable[[bytes, bytes], bytes]:
    return lambda apdu, answer: tlv.build(0x7C, tlv.build(tag, value)) + b"\x90\x00"


def raw(text: str) -> Callable[[bytes, bytes], bytes]:
    return lambda apdu, answer: bytes.fromhex(text)


def ask(body: str) -> str:
    return f"10860000{len(body) // 2:02X}{body}00"


def data(tag: int, value: str) -> str:
    return tlv.build(0x7C, tlv.build(tag, bytes.fromhex(value))).hex()


LIES: dict[str, tuple[int, Callable[[bytes, bytes], bytes]]] = {
    "no nonce": (2, raw("7C009000")),
    "half a nonce": (2, says(0x80, bytes(7))),
    "an empty nonce": (2, says(0x80, b"")),
    "nothing at all": (2, raw("9000")),
    "not even a status word": (2, raw("90")),
    "an object cut off": (2, raw("7C1280109000")),
    "an oversized answer": (2, says(0x80, bytes(60_000))),
    "mapping key off the curve": (3, says(0x82, OFF_CURVE)),
    "mapping key at infinity": (3, says(0x82, b"\x00")),
    "mapping key of zeros": (3, says(0x82, b"\x04" + bytes(64))),
    "mapping key of another curve": (3, says(0x82, curve(13).generator)),
    "compressed mapping key": (3, says(0x82, b"\x02" + GROUP.generator[1:33])),
    "our mapping key sent back": (3, mirrored),
    "key off the curve": (4, says(0x84, OFF_CURVE)),
    "key at infinity": (4, says(0x84, b"\x00")),
    "our key sent back": (4, mirrored),
    "no key": (4, raw("7C009000")),
    "wrong token": (5, says(0x86, bytes(8))),
    "short token": (5, says(0x86, b"")),
    "no token": (5, raw("7C009000")),
}
"""The command whose answer is another (1 is MSE:Set AT), and what is answered."""


@pytest.mark.parametrize("lie", LIES)
def test_a_hostile_chip_is_refused(lie: str) -> None:
    at, change = LIES[lie]
    chip = chip_with(WAY)
    line = Changed(chip, at, change)
    with pytest.raises(ChannelBroken):
        opened(line)
    assert len(line.log) == at, "nothing more is sent"


@pytest.mark.parametrize("sw", [0x6100, 0x6110, 0x61FF, 0x6C10])
@pytest.mark.parametrize("at", range(1, 6))
def test_a_chip_that_always_has_more_to_say_is_not_listened_to(at: int, sw: int) -> None:
    chip = chip_with(WAY)
    line = Changed(chip, at, lambda apdu, answer: sw.to_bytes(2, "big"))
    with pytest.raises(AccessRefused):
        opened(line)
    assert len(line.log) == at


def test_proof_of_the_chips_key_may_not_be_missing_or_damaged() -> None:
    chip = chip_with(CAM_WAY)

    def without(apdu: bytes, answer: bytes) -> bytes:
        return tlv.build(0x7C, tlv.build(0x86, tlv.find(answer[:-2], 0x7C, 0x86))) + b"\x90\x00"

    def damaged(apdu: bytes, answer: bytes) -> bytes:
        sealed = tlv.find(answer[:-2], 0x7C, 0x8A)
        other = tlv.build(0x86, tlv.find(answer[:-2], 0x7C, 0x86)) + tlv.build(0x8A, sealed[:-1])
        return tlv.build(0x7C, other) + b"\x90\x00"

    for change in (without, damaged):
        with pytest.raises(ChannelBroken):
            opened(Changed(chip, 5, change), CAM_WAY)


@pytest.mark.parametrize("at", range(1, 6))
def test_no_bit_that_turns_over_goes_unnoticed(at: int) -> None:
    chip = chip_with(WAY)
    for bit in range(0, 24 if at == 1 else 176, 11):

        def flip(apdu: bytes, answer: bytes, bit: int = bit) -> bytes:
            place = bit // 8 % len(answer)
            return answer[:place] + bytes([answer[place] ^ 1 << bit % 8]) + answer[place + 1 :]

        with pytest.raises((ChannelBroken, KeyRefused, AccessRefused)):
            opened(Changed(chip, at, flip))


def test_the_chip_refuses_what_no_honest_terminal_sends() -> None:
    chip = chip_with(WAY)
    chosen = bytes.fromhex("0022C1A412800A04007F0007020204020283010184010C")

    def said(*commands: str) -> str:
        chip.answer(chosen)
        return [(chip.answer(bytes.fromhex(command)) or b"").hex().upper() for command in commands][-1]

    nonce = ask("7C00")
    good = ask(data(0x81, GROUP.generator.hex()))
    assert said("0086000000") == "6883", "chaining is wanted until the last"
    assert said(nonce, ask(data(0x81, OFF_CURVE.hex()))) == "6700"
    assert said(nonce, ask("7C00")) == "6A80"
    assert said(nonce, good, ask(data(0x83, "00"))) == "6700"
    assert said(nonce, good, good) == "6A80"
    chip.power_on()
    assert chip.answer(bytes.fromhex(nonce)) == bytes.fromhex("6985")
