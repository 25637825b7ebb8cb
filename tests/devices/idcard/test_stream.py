"""The stream of states over a real pcscd: what the screen is told, whatever happens to the card."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from devices.idcard import MrzKey
from devices.idcard.pace_offers import offer
from devices.idcard.pcsc import Line
from devices.idcard.reader import CardReader
from devices.idcard.security_infos import PACE
from devices.idcard.twin import SAMPLES, ChipTwin, Faults, PcscdTwin, Profile, VpcdCard
from tests.devices.idcard.screen import Screen
from tests.devices.idcard.waiting import until

Lay = Callable[[ChipTwin], None]
WOMAN, HUSBAND = SAMPLES[0], SAMPLES[1]
KEYS = (WOMAN.key,)
WRONG = (MrzKey("190000001", "900201", "500201"),)
CHALLENGE, NONCE = bytes.fromhex("0084"), bytes.fromhex("10860000027C00")
KINDS = {
    "basic access and active authentication": Profile(active="ecdsa-p256"),
    "PACE and chip authentication": Profile(pace=(offer(f"{PACE}.2.2", 13),), chip_auth="aes-128"),
}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Profile:
    """How the card opens and proves that it is no copy: between them, every kind of command a reading has."""
    return request.param


@pytest.fixture(scope="module")
def pcscd() -> Iterator[PcscdTwin]:
    """With more readers than a kiosk has, so that what takes its time can be tried on several at once."""
    with PcscdTwin(readers=3) as twin:
        yield twin


def apdus_of_a_reading(reader: CardReader) -> int:
    return reader.read(KEYS).apdus


# --- a card and its keys, whichever comes first ------------------------------------------------------------------------


def test_the_card_is_asked_for_held_and_done(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    reader.watch(KEYS, screen)
    asked = screen.shows("card_absent")
    assert (asked.phase, bool(asked.cure_vi)) == ("waiting", True)
    desk.lay(ChipTwin())
    assert screen.person() == WOMAN.person
    assert screen.codes == ["card_absent", "reading", "done"]
    shares = [state.progress for state in screen.states if state.phase == "reading"]
    assert shares == sorted(shares)
    assert (shares[0], screen.states[-1].progress) == (0.0, 1.0)


def test_the_first_progress_comes_as_soon_as_pcscd_reports_the_card(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    reader.watch(KEYS, screen)
    screen.shows("card_absent")
    with VpcdCard(desk.port) as place, Line() as line:
        slots = line.slots(desk.reader_name)
        laying = threading.Thread(target=lambda: place.lay(ChipTwin()))
        laying.start()
        while not slots[0].card:
            line.wait(slots, 5)
            slots = line.slots(desk.reader_name)
        reported = time.monotonic()
        until(lambda: "reading" in screen.codes)
        assert screen.times[screen.codes.index("reading")] - reported < 0.3
        screen.shows("done")
        laying.join()


def test_keys_may_come_when_the_card_lies_there_already(lay: Lay, reader: CardReader, screen: Screen) -> None:
    lay(ChipTwin())
    reader.watch((), screen)
    assert screen.shows("key_missing").phase == "waiting"
    later = Screen()
    reader.watch(KEYS, later)
    assert later.person() == WOMAN.person
    assert screen.codes == ["key_missing"]


def test_other_keys_need_no_lifting(lay: Lay, reader: CardReader, screen: Screen) -> None:
    lay(ChipTwin())
    reader.watch(WRONG, screen)
    screen.shows("wrong_key")
    later = Screen()
    reader.watch(KEYS, later)
    assert later.person() == WOMAN.person


def test_other_keys_in_the_middle_of_a_reading_end_it(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    desk.lay(ChipTwin(faults=Faults(delay_s=0.02)))
    reader.watch(KEYS, screen)
    until(lambda: bool(screen.states) and screen.states[-1].progress > 0.2)
    later = Screen()
    reader.watch(WRONG, later)
    assert later.shows("wrong_key").phase == "failed"
    assert screen.codes == ["reading"]


def test_a_failure_stays_until_the_card_is_laid_again_which_needs_no_button(
    desk: PcscdTwin, reader: CardReader, screen: Screen
) -> None:
    desk.lay(ChipTwin.foreign())
    reader.watch(KEYS, screen)
    screen.shows("not_cccd")
    desk.lift()
    assert screen.now == "not_cccd"
    desk.lay(ChipTwin())
    screen.shows("done")
    assert screen.codes == ["reading", "not_cccd", "reading", "done"]


def test_a_cancelled_watch_says_nothing_more_and_leaves_the_card_alone(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    chip = ChipTwin(faults=Faults(delay_s=0.02))
    desk.lay(chip)
    watch = reader.watch(KEYS, screen)
    until(lambda: bool(screen.states) and screen.states[-1].progress > 0.2)
    watch.cancel()
    told = len(screen.states)
    chip.faults.delay_s = 0.0
    assert reader.read(KEYS).person == WOMAN.person
    assert len(screen.states) == told


def test_callbacks_are_handed_over_and_dropped_when_cancelled_on_the_way(lay: Lay, screen: Screen) -> None:
    handed: list[Callable[[], None]] = []
    reader = CardReader(soon=handed.append)
    lay(ChipTwin())
    watch = reader.watch((), screen)
    until(lambda: len(handed) >= 2)
    watch.cancel()
    for act in handed:
        act()
    assert screen.states == []
    reader.close()


# --- what happens to the card --------------------------------------------------------------------------------------------


def test_pulled_at_every_single_command_the_next_card_reads(desk: PcscdTwin, reader: CardReader, kind: Profile) -> None:
    desk.lay(ChipTwin(profile=kind))
    every = apdus_of_a_reading(reader)
    desk.lift()
    places = list(desk.ports.items())

    def pull(share: int) -> list[list[str]]:
        """Every so manieth command, on a reader of its own."""
        name, port = places[share]
        driver = CardReader(name)
        seen = []
        with VpcdCard(port) as place:
            for command in range(share, every, len(places)):
                screen = Screen()
                # Before the watch, which would else begin to read the good card that still lies.
                pulled = ChipTwin(profile=kind, faults=Faults(lift_after=command))
                place.swap(pulled) if place.lying else place.lay(pulled)
                driver.watch(KEYS, screen)
                screen.shows("card_removed")
                place.lay(ChipTwin())
                assert screen.person() == WOMAN.person
                seen.append([code for code in screen.codes if code != "card_absent"])
        driver.close()
        return seen

    with ThreadPoolExecutor(len(places)) as pool:
        seen = [codes for share in pool.map(pull, range(len(places))) for codes in share]
    assert len(seen) == every > 12
    assert all(codes == ["reading", "card_removed", "reading", "done"] for codes in seen)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0], ids=["first", "middle", "last"])
def test_a_mute_card_is_told_in_time_and_read_when_laid_again(
    desk: PcscdTwin, reader: CardReader, screen: Screen, share: float
) -> None:
    desk.lay(ChipTwin())
    last = apdus_of_a_reading(reader) - 1
    desk.swap(ChipTwin(faults=Faults(mute_after=round(last * share))))
    began = time.monotonic()
    reader.watch(KEYS, screen)
    screen.shows("card_mute")
    assert time.monotonic() - began < 1.5
    desk.lift()
    desk.lay(ChipTwin())
    screen.shows("done")
    assert screen.codes == ["reading", "card_mute", "reading", "done"]


def test_who_comes_while_a_card_is_mute_is_told_at_once(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    desk.lay(ChipTwin(faults=Faults(mute_after=5)))
    reader.watch(KEYS, screen)
    screen.shows("card_mute")
    later = Screen()
    reader.watch(KEYS, later)
    assert later.codes == ["card_mute"]
    desk.lift()
    desk.lay(ChipTwin())
    later.shows("done")


def test_a_chip_that_answers_late_is_read_all_the_same(lay: Lay, screen: Screen) -> None:
    hasty = CardReader(answer_timeout_s=0.05)
    lay(ChipTwin(faults=Faults(delay_s=0.1)))
    hasty.watch(KEYS, screen)
    screen.shows("done")
    assert screen.codes[:3] == ["reading", "card_mute", "reading"]
    hasty.close()


class Listening(ChipTwin):
    """Writes down what it is asked."""

    def __init__(self, profile: Profile) -> None:
        self.asked: list[bytes] = []
        super().__init__(profile=profile)

    def answer(self, raw: bytes) -> bytes | None:
        self.asked.append(raw)
        return super().answer(raw)


def test_one_damaged_answer_anywhere_costs_a_fresh_start(lay: Lay, reader: CardReader, kind: Profile) -> None:
    chip = Listening(kind)
    lay(chip)
    whole = reader.read(KEYS)
    ends = {}
    for position in range(1, whole.apdus + 1):
        screen = Screen()
        lay(ChipTwin(profile=kind, faults=Faults(flip_in=position)))
        reader.watch(KEYS, screen)
        until(lambda screen=screen: screen.states and screen.states[-1].phase in ("done", "failed"))  # type: ignore[misc]
        ends[position] = screen.now
        reading = screen.states[-1].reading
        assert reading is None or reading.proof.verdict == whole.proof.verdict
    # Nothing protects what the chip gives first, a challenge or a nonce: damaged, it looks like a key that does not fit.
    first = [position for position, raw in enumerate(chip.asked, 1) if raw.startswith((CHALLENGE, NONCE))]
    assert {position: end for position, end in ends.items() if end != "done"} == dict.fromkeys(first, "wrong_key")


class Exchanged(ChipTwin):
    """Another chip lies in its place after so many commands, and stays there."""

    def __init__(self, profile: Profile, after: int, other: ChipTwin) -> None:
        super().__init__(profile=profile)
        self._left, self._other = after, other

    def answer(self, raw: bytes) -> bytes | None:
        self._left -= 1
        return super().answer(raw) if self._left >= 0 else self._other.answer(raw)


def test_the_data_of_two_people_never_mixes_however_their_cards_are_exchanged(lay: Lay, reader: CardReader, kind: Profile) -> None:
    lay(ChipTwin(profile=kind))
    every = apdus_of_a_reading(reader)
    for after in range(every + 1):
        screen = Screen()
        lay(Exchanged(kind, after, ChipTwin(HUSBAND, profile=kind)))
        reader.watch(KEYS, screen)
        until(lambda screen=screen: screen.states and screen.states[-1].phase in ("done", "failed"))  # type: ignore[misc]
        reading = screen.states[-1].reading
        if reading is None:
            assert screen.now == "wrong_key"
            continue
        # All was read before; what could not be finished is the proof that the chip is no copy, and none is claimed.
        assert reading.person == WOMAN.person
        assert (reading.proof.clone_check == "none") == (after < every)


def test_a_chip_that_has_one_try_left_is_not_tried_again_when_it_is_laid_again(
    desk: PcscdTwin, reader: CardReader, screen: Screen
) -> None:
    chip = ChipTwin(profile=Profile(wrong_key_sw=0x63C1))
    desk.lay(chip)
    reader.watch(WRONG, screen)
    screen.shows("key_blocked_soon")
    desk.lift()
    desk.lay(chip)
    asked = chip.answered
    assert reader.state().card
    assert (screen.codes, chip.answered) == (["reading", "key_blocked_soon"], asked)
