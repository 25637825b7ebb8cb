"""Reading a card through a real pcscd: the whole way from the QR in the hand to the person, and all that can go wrong on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from devices.errors import DeviceError
from devices.idcard import keys_from_qr, open_card_reader, parse_card_qr
from devices.idcard.access import MAX_KEYS
from devices.idcard.facts import MrzKey
from devices.idcard.pcsc import Connection, Line
from devices.idcard.reader import CardReader
from devices.idcard.twin import SAMPLES, ChipTwin, Citizen, Faults, PcscdTwin, Profile, VpcdCard
from tests.devices.idcard.waiting import settled, until

Lay = Callable[[ChipTwin], None]
PACE_INFO = bytes.fromhex("31143012060A04007F0007020204020202010202010D")


def refused(reader: CardReader, keys: tuple[MrzKey, ...]) -> str:
    with pytest.raises(DeviceError) as caught:
        reader.read(keys)
    assert caught.value.message_vi
    assert caught.value.cure_vi
    return caught.value.code


@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_the_qr_in_the_hand_opens_the_chip(lay: Lay, reader: CardReader, citizen: Citizen) -> None:
    lay(ChipTwin(citizen))
    reading = reader.read(keys_from_qr(parse_card_qr(citizen.qr_text)))
    assert reading.person == citizen.person
    assert (reading.access, reading.proof.verdict, reading.proof.clone_check) == ("bac", "intact_issuer_unchecked", "none")
    assert 0 < reading.apdus < 30
    assert 0 < reading.seconds < 2


def test_progress_is_told_from_nothing_to_all(lay: Lay, reader: CardReader) -> None:
    chip = ChipTwin()
    lay(chip)
    told: list[tuple[float, str]] = []
    reader.read((chip.key,), progress=lambda share, sentence: told.append((share, sentence)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(shares) > 8
    assert all(sentence for _, sentence in told)


def test_the_same_card_can_be_read_again_and_by_a_reader_named_in_the_address(lay: Lay) -> None:
    chip = ChipTwin()
    lay(chip)
    for url in ("pcsc:", "pcsc:Kiosk%20twin", "pcsc:twin reader 00 00"):
        named = open_card_reader(url)
        assert named.read((chip.key,)).person == chip.person
        named.close()


def test_the_state_follows_the_card(desk: PcscdTwin, reader: CardReader) -> None:
    assert (reader.state().present, reader.state().card) == (True, False)
    desk.lay(ChipTwin())
    assert reader.state().card
    assert reader.state().name == desk.reader_name
    desk.lift()
    assert not reader.state().card


@pytest.mark.parametrize(
    "profile",
    [
        Profile(card_access_sw=0x6982),
        Profile(card_access_sw=0x6985, select_mf_sw=0x6A86),
        Profile(card_access=PACE_INFO),
        Profile(card_access=b"\x31\x02\x30\x00"),
        Profile(dg13="oid"),
        Profile(dg13="bare", sod=False),
        Profile(short_only=False),
    ],
    ids=["6982", "6985", "offers PACE", "empty CardAccess", "DG13 in octets", "no SOD", "long commands"],
)
def test_cards_that_differ_are_read_all_the_same(lay: Lay, reader: CardReader, profile: Profile) -> None:
    chip = ChipTwin(profile=profile)
    lay(chip)
    assert reader.read((chip.key,)).person == chip.person


def test_the_second_key_opens_when_the_first_does_not_fit(lay: Lay, reader: CardReader) -> None:
    chip = ChipTwin()
    lay(chip)
    assert reader.read((MrzKey("190000001", "900201", "500201"), chip.key)).person == chip.person


class Watched(ChipTwin):
    """Writes down what it answers."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.answers: list[bytes] = []
        super().__init__(faults=faults)

    def answer(self, raw: bytes) -> bytes | None:
        answer = super().answer(raw)
        self.answers.append(answer or b"")
        return answer


def test_no_answer_is_longer_than_the_weakest_reader_passes(lay: Lay, reader: CardReader) -> None:
    chip = Watched()
    lay(chip)
    reader.read((chip.key,))
    assert max(map(len, chip.answers)) <= 256 + 2


def test_a_fresh_start_tries_only_the_key_that_fitted(lay: Lay, reader: CardReader) -> None:
    chip = Watched(faults=Faults(flip_in=12))
    lay(chip)
    wrong = MrzKey("190000001", "900201", "500201")
    assert reader.read((wrong, chip.key)).person == chip.person
    assert chip.answers.count(bytes.fromhex("6300")) == 1


def test_data_that_is_not_what_was_signed_is_not_genuine(lay: Lay, reader: CardReader) -> None:
    chip = ChipTwin(faults=Faults(tamper_dg13=True))
    lay(chip)
    assert reader.read((chip.key,)).proof.verdict == "not_genuine"


def test_no_card(desk: PcscdTwin, reader: CardReader) -> None:
    assert refused(reader, (SAMPLES[0].key,)) == "card_absent"
    assert reader.apdus == 0


def test_no_key(reader: CardReader) -> None:
    assert refused(reader, ()) == "key_missing"


def test_wrong_keys_are_given_up_after_few(lay: Lay, reader: CardReader) -> None:
    lay(ChipTwin())
    keys = tuple(MrzKey("190000001", "900201", f"{year}0201") for year in range(40, 60))
    assert refused(reader, keys) == "wrong_key"
    tries = (reader.apdus - 1) // 3
    assert tries == MAX_KEYS


def test_a_card_that_is_no_identity_card(lay: Lay, reader: CardReader) -> None:
    lay(ChipTwin.foreign())
    assert refused(reader, (SAMPLES[0].key,)) == "not_cccd"


@pytest.mark.parametrize(
    "faults", [Faults(answer_with=0x6F00), Faults(dead=True)], ids=["6F00 to everything", "no answer to power"]
)
def test_a_broken_chip(desk: PcscdTwin, reader: CardReader, faults: Faults) -> None:
    desk.lay(ChipTwin(faults=faults))
    assert refused(reader, (SAMPLES[0].key,)) == "chip_unreadable"


@pytest.mark.parametrize("after", [0, 3, 8, 11])
def test_a_card_lifted_in_the_middle_and_laid_again(desk: PcscdTwin, reader: CardReader, after: int) -> None:
    chip = ChipTwin(faults=Faults(lift_after=after))
    desk.lay(chip)
    assert refused(reader, (chip.key,)) == "card_removed"
    chip.faults.lift_after = None
    desk.lay(chip)
    assert reader.read((chip.key,)).person == chip.person


def test_a_lifted_card_is_told_from_a_stuttering_one_before_anything_is_tried_again(desk: PcscdTwin) -> None:
    desk.lay(ChipTwin(faults=Faults(lift_after=0)))
    with Line() as line:
        connection = Connection(line, desk.reader_name)
        connection.open()
        with pytest.raises(DeviceError) as caught:
            connection.transmit(bytes.fromhex("0084000008"))
        connection.close()
    assert caught.value.code == "card_removed"


@pytest.mark.parametrize(("apdu", "asked"), [("00A4020C02011C", 1), ("00B0000000", 2)], ids=["wants nothing", "wants bytes"])
def test_a_command_is_asked_again_for_fewer_bytes_only_where_it_wants_some(desk: PcscdTwin, apdu: str, asked: int) -> None:
    chip = ChipTwin(faults=Faults(answer_with=0x6C1E))
    desk.lay(chip)
    with Line() as line:
        connection = Connection(line, desk.reader_name)
        connection.open()
        assert connection.transmit(bytes.fromhex(apdu)) == b"\x6c\x1e"
        assert chip.answered == asked
        connection.close()


@pytest.mark.parametrize("at", [5, 7, 13])
def test_one_damaged_answer_costs_a_fresh_start_and_nothing_else(lay: Lay, reader: CardReader, at: int) -> None:
    chip = ChipTwin(faults=Faults(flip_in=at))
    lay(chip)
    reading = reader.read((MrzKey("190000001", "900201", "500201"), chip.key)) if at > 7 else reader.read((chip.key,))
    assert reading.person == chip.person
    assert reading.apdus > 15


@pytest.mark.parametrize("after", [0, 3, 9])
def test_a_mute_card_is_reported_in_time_and_the_next_card_is_read(desk: PcscdTwin, reader: CardReader, after: int) -> None:
    chip = ChipTwin(faults=Faults(mute_after=after))
    desk.lay(chip)
    began = time.monotonic()
    assert refused(reader, (chip.key,)) == "card_mute"
    assert time.monotonic() - began < 2

    assert reader.state().card, "the reader can still be asked"
    assert refused(reader, (chip.key,)) == "card_mute"

    desk.lift()
    chip.faults.mute_after = None
    desk.lay(chip)
    assert reader.read((chip.key,)).person == chip.person


def test_a_card_laid_in_the_same_moment_as_the_mute_one_is_lifted_is_read(desk: PcscdTwin, reader: CardReader) -> None:
    mute = ChipTwin(faults=Faults(mute_after=9))
    with VpcdCard(desk.port) as place:
        place.lay(mute)
        until(lambda: reader.state().card)
        assert refused(reader, (mute.key,)) == "card_mute"
        place.lay(ChipTwin())
        until(lambda: opens(reader, mute.key))
    until(lambda: not reader.state().card)


def opens(reader: CardReader, key: MrzKey) -> bool:
    try:
        return reader.read((key,)).access == "bac"
    except DeviceError:
        return False


def test_a_mute_card_leaves_no_connection_behind_in_the_daemon(desk: PcscdTwin, reader: CardReader) -> None:
    reader.state()
    before = settled(desk.clients)
    chip = ChipTwin(faults=Faults(mute_after=3))
    desk.lay(chip)
    assert refused(reader, (chip.key,)) == "card_mute"
    desk.lift()
    until(lambda: desk.clients() <= before)


def test_another_program_finds_the_reader_busy_while_a_card_is_mute(desk: PcscdTwin, reader: CardReader) -> None:
    chip = ChipTwin(faults=Faults(mute_after=2))
    desk.lay(chip)
    assert refused(reader, (chip.key,)) == "card_mute"
    second = CardReader(answer_timeout_s=0.3)
    assert refused(second, (chip.key,)) == "reader_busy"
    desk.lift()
    chip.faults.mute_after = None
    desk.lay(chip)
    assert second.read((chip.key,)).person == chip.person
    second.close()


def test_threads_end_with_the_readers_they_served(desk: PcscdTwin) -> None:
    def helpers() -> int:
        return sum(thread.name.startswith("card-") for thread in threading.enumerate())

    before = helpers()
    for _ in range(5):
        opened = open_card_reader("pcsc:")
        opened.state()
        opened.close()
    until(lambda: helpers() <= before)
    assert helpers() <= before


def test_only_pcsc_addresses_are_taken() -> None:
    with pytest.raises(DeviceError, match="address_invalid"):
        open_card_reader("usb://072f:223b")


@pytest.mark.parametrize(
    ("profile", "check"),
    [
        (Profile(active="rsa"), "active"),
        (Profile(active="ecdsa-brainpool"), "active"),
        (Profile(chip_auth="aes-256"), "chip"),
        (Profile(chip_auth="dh-aes-128", short_only=False), "chip"),
        (Profile(active="rsa", short_id_sw=0x6A86), "active"),
        (Profile(chip_auth="3des", past_end_sw=0x6C00), "chip"),
        (Profile(past_end_sw=0x6700), "none"),
    ],
    ids=["RSA in parts", "ECDSA", "AES", "long commands", "no short identifiers", "says how much", "nothing past the end"],
)
def test_a_chip_proves_through_the_daemon_that_it_is_no_copy(lay: Lay, reader: CardReader, profile: Profile, check: str) -> None:
    chip = ChipTwin(profile=profile)
    lay(chip)
    reading = reader.read((chip.key,))
    assert reading.person == chip.person
    assert (reading.proof.clone_check, reading.proof.verdict) == (check, "intact_issuer_unchecked")


@pytest.mark.parametrize("short_only", [False, True], ids=["it takes them", "it breaks off"])
def test_long_answers_are_asked_for_where_the_technician_says_so_and_a_chip_may_refuse_them(lay: Lay, short_only: bool) -> None:
    chip = ChipTwin(profile=Profile(short_only=short_only, face_bytes=20_000))
    lay(chip)
    reader = open_card_reader("pcsc:?long")
    reading = reader.read((chip.key,), face=True)
    reader.close()
    assert reading.person == chip.person
    assert reading.face is not None
    assert (reading.apdus < 30) is not short_only
