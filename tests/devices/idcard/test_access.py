"""Opening a chip: which way, with which key, what is done when it refuses, and when to leave it alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.errors import DeviceError
from devices.idcard import pace
from devices.idcard.access import MAX_KEYS, PAUSES_S, Opened, open_chip, pace_offer
from devices.idcard.apdu import read_binary, select_file
from devices.idcard.channel import ChannelBroken
from devices.idcard.facts import Can, Key, MrzKey
from devices.idcard.pace_offers import offer
from devices.idcard.security_infos import PACE
from devices.idcard.twin import ChipTwin, Profile
from tests.devices.idcard.lines import Changed, Chip

GENERIC = offer(f"{PACE}.2.2", 13)
CAM = offer(f"{PACE}.6.2", 13)
WRONG_CAN = Can("123456")
WRONG = MrzKey("190000001", "900201", "500201")
MSE, GENERAL, CHALLENGE, EXTERNAL = 0x22, 0x86, 0x84, 0x82


@dataclass
class Desk:
    """A chip on the desk, what was said to it, and how long it was left in peace between."""

    chip: ChipTwin
    line: Chip = field(init=False)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Chip(self.chip)

    def open(self, *keys: Key) -> Opened:
        self.pauses.clear()
        return open_chip(self.line, keys, lambda count: bytes([7]) * count, self.pauses.append)

    def refuses(self, *keys: Key) -> str:
        with pytest.raises(DeviceError) as caught:
            self.open(*keys)
        assert caught.value.cure_vi
        return caught.value.code

    @property
    def judged(self) -> int:
        """How often the chip was asked to judge a key."""
        return sum(apdu[1] == EXTERNAL or apdu[:2] == b"\x00\x86" for apdu, _ in self.line.log)


def desk(**profile: Any) -> Desk:
    return Desk(ChipTwin(profile=Profile(**profile)))


def reads(opened: Opened, chip: ChipTwin) -> bool:
    return opened.channel.send(select_file(0x0101)).ok and opened.channel.send(read_binary(0, 95)).data == chip.files[0x0101]


def test_a_chip_that_offers_pace_is_opened_by_pace_with_the_zone() -> None:
    one = desk(pace=(GENERIC,))
    opened = one.open(one.chip.key)
    assert (opened.access, opened.key, opened.cam) == ("pace-mrz", one.chip.key, None)
    assert reads(opened, one.chip)
    assert CHALLENGE not in one.line.instructions


def test_the_access_number_goes_first_and_the_zone_is_not_spent() -> None:
    one = desk(pace=(GENERIC,))
    opened = one.open(one.chip.key, one.chip.can)
    assert (opened.access, opened.key) == ("pace-can", one.chip.can)
    assert reads(opened, one.chip)
    assert one.judged == 1


def test_a_wrong_access_number_gives_way_to_the_zone() -> None:
    one = desk(pace=(GENERIC,))
    assert one.open(WRONG_CAN, one.chip.key).access == "pace-mrz"
    assert one.judged == 2
    assert one.pauses == [PAUSES_S[0]]


def test_chip_authentication_mapping_leaves_its_evidence() -> None:
    one = desk(pace=(GENERIC, CAM))
    opened = one.open(one.chip.can)
    assert opened.cam is not None
    assert opened.cam.group is CAM.group
    assert isinstance(opened.cam, pace.CamEvidence)


def test_a_chip_without_pace_is_opened_by_basic_access() -> None:
    one = desk()
    opened = one.open(one.chip.can, one.chip.key)
    assert (opened.access, opened.key) == ("bac", one.chip.key)
    assert one.judged == 1
    assert one.pauses == []


@pytest.mark.parametrize("mf_sw", [0x6D00, 0x6982, 0x6A82, 0x6A86, 0x6985, 0x9000])
@pytest.mark.parametrize("sw", [0x6D00, 0x6982, 0x6A82, 0x6A86, 0x6985])
def test_every_refusal_of_card_access_means_basic_access(sw: int, mf_sw: int) -> None:
    refusing = desk(card_access_sw=sw, select_mf_sw=mf_sw)
    assert refusing.open(refusing.chip.key).access == "bac"
    shy = desk(pace=(GENERIC,), card_access_read_sw=sw, select_mf_sw=mf_sw)
    assert shy.open(shy.chip.key).access == "bac"


def test_card_access_may_be_found_in_the_master_file_only() -> None:
    one = desk(pace=(GENERIC,), card_access_in_mf=True, select_mf_sw=0x9000)
    assert one.open(one.chip.key).access == "pace-mrz"


@pytest.mark.parametrize("card_access", ["30", "31023000", "310430020600", "3182FFFF", "FF" * 300, "31143012"])
def test_a_damaged_card_access_means_basic_access(card_access: str) -> None:
    one = desk(card_access=bytes.fromhex(card_access))
    assert one.open(one.chip.key).access == "bac"
    assert len(one.line.log) < 20


@pytest.mark.parametrize(
    "crumbs", [b"\x30\x90\x00", b"\x30\x61\x01", b"\x61\x01"], ids=["byte by byte", "in parts", "never a byte"]
)
def test_a_card_access_in_crumbs_is_given_up_in_bounded_time(crumbs: bytes) -> None:
    class Miser:
        asked = 0

        def transmit(self, apdu: bytes) -> bytes:
            self.asked += 1
            if apdu[1] == 0xA4:
                return b"\x90\x00"
            return bytes.fromhex("31820FF09000") if self.asked == 2 else crumbs

    miser = Miser()
    assert pace_offer(miser) is None
    assert miser.asked < 100


def test_a_long_card_access_is_read_to_its_end() -> None:
    ways = tuple(offer(f"{PACE}.2.{cipher}", group) for cipher in (1, 2, 3, 4) for group in range(8, 19))
    one = desk(pace=ways)
    chosen = pace_offer(one.line)
    assert chosen is not None
    assert (chosen.cipher, chosen.number) == ("aes-256", 18)


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("sw", [0x6A80, 0x6A86, 0x6A88, 0x6D00, 0x6985])
def test_a_chip_that_stumbles_over_pace_is_opened_by_basic_access_with_the_same_key(step: int, sw: int) -> None:
    one = desk(pace=(GENERIC,), pace_refusal=(step, sw))
    opened = one.open(one.chip.key)
    assert opened.access == "bac"
    assert reads(opened, one.chip)
    assert one.pauses == []


@pytest.mark.parametrize("at", range(3, 9))
def test_pace_that_is_damaged_on_the_way_is_followed_by_basic_access(at: int) -> None:
    chip = ChipTwin(profile=Profile(pace=(GENERIC,)))
    line = Changed(chip, at, lambda apdu, answer: b"\x6f\x00")
    assert open_chip(line, (chip.key,), lambda count: bytes([7]) * count, lambda seconds: None).access == "bac"


def test_pace_with_an_access_number_that_is_damaged_is_worth_a_fresh_start_unless_the_zone_is_there() -> None:
    chip = ChipTwin(profile=Profile(pace=(GENERIC,)))

    def damaged() -> Changed:
        return Changed(chip, 5, lambda apdu, answer: answer[:9] + b"\x00" + answer[10:])

    with pytest.raises(ChannelBroken):
        open_chip(damaged(), (chip.can,), pause=lambda seconds: None)
    assert open_chip(damaged(), (chip.can, chip.key), pause=lambda seconds: None).access == "bac"


def test_an_access_number_alone_needs_pace() -> None:
    assert desk().refuses(Can("000001")) == "pace_unavailable"
    assert desk(pace=(GENERIC,), pace_refusal=(0, 0x6A88)).refuses(Can("000001")) == "pace_unavailable"
    assert desk(application=False).refuses(Can("000001")) == "not_cccd"


def test_a_wrong_access_number_alone_is_a_wrong_key() -> None:
    one = desk(pace=(GENERIC,))
    assert one.refuses(WRONG_CAN) == "wrong_key"
    assert one.judged == 1


@pytest.mark.parametrize("ways", [(), (GENERIC,)], ids=["basic access", "PACE"])
def test_few_keys_are_tried_with_growing_pauses(ways: tuple[object, ...]) -> None:
    one = desk(pace=ways)
    wrong = [MrzKey("190000001", "900201", f"{year}0201") for year in range(40, 60)]
    assert one.refuses(*wrong) == "wrong_key"
    assert one.judged == MAX_KEYS
    assert one.pauses == sorted(one.pauses)
    assert one.pauses == list(PAUSES_S)
    assert one.pauses[0] < one.pauses[-1]


@pytest.mark.parametrize("sw", [0x6300, 0x6982, 0x6988, 0x63C2])
@pytest.mark.parametrize("ways", [(), (GENERIC,)], ids=["basic access", "PACE"])
def test_chips_say_in_many_ways_that_a_key_is_wrong(ways: tuple[object, ...], sw: int) -> None:
    one = desk(pace=ways, wrong_key_sw=sw)
    wrong = [MrzKey("190000001", "900201", f"{year}0201") for year in range(40, 60)]
    assert one.refuses(*wrong) == "wrong_key"
    assert len(one.pauses) == MAX_KEYS - 1


def test_access_numbers_and_zones_share_the_tries() -> None:
    one = desk(pace=(GENERIC,))
    wrong = [MrzKey("190000001", "900201", f"{year}0201") for year in range(40, 60)]
    assert one.refuses(*wrong, WRONG_CAN, Can("654321")) == "wrong_key"
    assert one.judged == MAX_KEYS


@pytest.mark.parametrize("ways", [(), (GENERIC,)], ids=["basic access", "PACE"])
def test_a_key_given_twice_is_tried_once(ways: tuple[object, ...]) -> None:
    one = desk(pace=ways)
    assert one.refuses(WRONG, WRONG, WRONG) == "wrong_key"
    assert one.judged == 1


def test_a_key_that_pace_has_refused_is_not_tried_by_basic_access() -> None:
    one = desk(pace=(GENERIC,))
    assert one.refuses(WRONG) == "wrong_key"
    assert EXTERNAL not in one.line.instructions


@pytest.mark.parametrize("ways", [(), (GENERIC,)], ids=["basic access", "PACE"])
def test_a_chip_with_one_try_left_is_left_alone(ways: tuple[object, ...]) -> None:
    one = desk(pace=ways, tries=3)
    other = MrzKey("190000001", "900201", "510201")
    assert one.refuses(WRONG, other, one.chip.key) == "key_blocked_soon"
    assert one.judged == 2


def test_a_chip_that_says_so_before_pace_is_left_alone_at_once() -> None:
    one = desk(pace=(GENERIC,), tries=2)
    assert one.refuses(WRONG_CAN) == "key_blocked_soon"
    asked = one.judged
    assert one.refuses(WRONG_CAN) == "key_blocked_soon"
    assert one.judged == asked


def test_a_chip_that_knows_pace_only_is_opened_and_its_stumbling_is_no_wrong_key() -> None:
    modern = desk(pace=(GENERIC,), bac=False)
    assert reads(modern.open(modern.chip.key), modern.chip)
    broken = desk(pace=(GENERIC,), bac=False, pace_refusal=(2, 0x6A80))
    assert broken.refuses(broken.chip.key) == "chip_unreadable"


def test_a_card_without_the_application_is_no_identity_card() -> None:
    assert desk(application=False).refuses(WRONG) == "not_cccd"
    passport = desk(application=False, pace=(GENERIC,))
    assert passport.refuses(passport.chip.key) == "not_cccd"


def test_files_stay_shut_between_pace_and_the_application() -> None:
    chip = ChipTwin(profile=Profile(pace=(GENERIC,)))
    session, _ = pace.authenticate(Chip(chip), GENERIC, chip.can, lambda count: bytes([7]) * count)
    assert session.send(select_file(0x0101)).sw == 0x6982
