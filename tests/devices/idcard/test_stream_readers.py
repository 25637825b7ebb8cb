"""The stream of states over a real pcscd: what the screen is told, whatever happens to readers, daemon and the thread itself."""

from __future__ import annotations

import gc
import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from devices.idcard import CardState
from devices.idcard.passive import PassiveProof
from devices.idcard.pcsc import Line
from devices.idcard.reader import CardReader
from devices.idcard.reading import without_trust
from devices.idcard.twin import SAMPLES, ChipTwin, Faults, PcscdTwin, VpcdCard
from tests.devices.idcard.screen import Screen
from tests.devices.idcard.waiting import until

Lay = Callable[[ChipTwin], None]
WOMAN = SAMPLES[0]
KEYS = (WOMAN.key,)


@pytest.fixture(scope="module")
def pcscd() -> Iterator[PcscdTwin]:
    with PcscdTwin(readers=2) as twin:
        yield twin


@pytest.fixture
def restored(desk: PcscdTwin) -> Iterator[PcscdTwin]:
    yield desk
    desk.plug_reader()


@pytest.mark.parametrize("end", ["stop", "unplug_reader"])
def test_daemon_or_reader_go_in_the_middle_and_come_back(restored: PcscdTwin, reader: CardReader, screen: Screen, end: str) -> None:
    restored.lay(ChipTwin(faults=Faults(delay_s=0.02)))
    reader.watch(KEYS, screen)
    until(lambda: bool(screen.states) and screen.states[-1].progress > 0.2)
    getattr(restored, end)()
    screen.shows("pcscd_absent" if end == "stop" else "reader_absent")
    restored.plug_reader()
    screen.shows("card_absent")
    restored.lay(ChipTwin())
    assert screen.person() == WOMAN.person


def test_a_daemon_that_hangs_is_told_and_waited_for(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    reader.watch((), Screen())
    assert reader.state().present
    with desk.frozen():
        reader.watch(KEYS, screen)
        screen.shows("pcscd_absent")
        assert reader.state().name == desk.reader_name, "as it was last seen, without waiting"
    screen.shows("card_absent")
    desk.lay(ChipTwin())
    screen.shows("done")


@pytest.mark.parametrize("locked", [True, False], ids=["for itself alone", "in a transaction"])
def test_a_card_held_by_another_program_is_told_and_read_when_it_lets_go(
    desk: PcscdTwin, reader: CardReader, screen: Screen, locked: bool
) -> None:
    desk.lay(ChipTwin())
    with desk.held(locked=locked):
        reader.watch(KEYS, screen)
        screen.shows("reader_busy")
    screen.shows("done")
    assert screen.codes == ["reading", "reader_busy", "reading", "done"]


def test_the_card_is_found_on_whichever_reader_it_lies(desk: PcscdTwin, reader: CardReader, screen: Screen) -> None:
    name, port = list(desk.ports.items())[-1]
    reader.watch(KEYS, screen)
    with VpcdCard(port) as place:
        place.lay(ChipTwin())
        reading = screen.shows("done").reading
        assert reading is not None
        assert reading.reader == name
        states = reader.states()
        assert [state.name for state in states] == list(desk.ports)
        assert [state.name for state in states if state.card] == [name]


def test_a_foreign_card_on_one_reader_does_not_keep_the_identity_card_on_another_from_being_read(
    desk: PcscdTwin, reader: CardReader, screen: Screen
) -> None:
    desk.lay(ChipTwin.foreign())
    with VpcdCard(list(desk.ports.values())[1]) as place:
        place.lay(ChipTwin())
        reader.watch(KEYS, screen)
        assert screen.person() == WOMAN.person


def test_only_the_reader_of_the_configured_name_is_looked_at(desk: PcscdTwin, screen: Screen) -> None:
    named = CardReader(list(desk.ports)[1])
    desk.lay(ChipTwin())
    named.watch(KEYS, screen)
    screen.shows("card_absent")
    assert len(named.states()) == 1
    named.close()


def test_a_card_that_comes_and_goes_is_noticed_without_being_asked(desk: PcscdTwin) -> None:
    changes = threading.Semaphore(0)
    reader = CardReader(changed=changes.release)
    assert not reader.state().card
    assert changes.acquire(timeout=5)
    desk.lay(ChipTwin())
    assert changes.acquire(timeout=5)
    desk.lift()
    assert changes.acquire(timeout=5)
    reader.close()


def test_waking_the_thread_again_and_again_loses_nothing(lay: Lay, reader: CardReader, screen: Screen) -> None:
    lay(ChipTwin())
    for _ in range(100):
        reader.watch((), Screen())
        reader.states()
    reader.watch(KEYS, screen)
    assert screen.person() == WOMAN.person


def test_pcsc_is_touched_on_its_own_thread_only(pcscd: PcscdTwin) -> None:
    with Line() as line, ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="touched from thread"):
        pool.submit(line.slots, "").result()


def test_however_often_it_is_asked_while_the_daemon_hangs_one_thread_wakes_it(desk: PcscdTwin, reader: CardReader) -> None:
    reader.watch((), Screen())
    assert reader.state().present
    with desk.frozen():
        reader.states()
        before = threading.active_count()
        for _ in range(30):
            reader.states()
        assert threading.active_count() <= before


# --- what happens to the thread and to what it was given -----------------------------------------------------------------


class Page:
    """What holds a citizen's answers while she waits."""

    def told(self, state: CardState) -> None:
        """Nothing is of interest here."""


@pytest.mark.parametrize("other", [False, True], ids=["cancelled", "another watch came"])
def test_nothing_of_the_citizen_is_kept_when_her_wait_has_ended(desk: PcscdTwin, reader: CardReader, other: bool) -> None:
    page = Page()
    left = weakref.ref(page)
    watch = reader.watch(KEYS, page.told)
    assert reader.state().present
    reader.watch((), Screen()) if other else watch.cancel()
    del page
    gc.collect()
    assert left() is None
    assert watch.keys == ()


def test_a_defect_is_told_and_logged_and_the_next_citizen_is_read(
    lay: Lay, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: queue.SimpleQueue[threading.ExceptHookArgs] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", logged.put)
    broken = [True]

    def judge(sod: bytes | None, groups: Mapping[int, bytes]) -> PassiveProof:
        if broken:
            raise LookupError(broken.pop())
        return without_trust(sod, groups)

    reader = CardReader(judge=judge)
    lay(ChipTwin())
    reader.watch(KEYS, screen)
    told = screen.shows("reading_broke")
    assert (told.phase, bool(told.cure_vi)) == ("failed", True)
    assert logged.get(timeout=5).exc_type is LookupError
    later = Screen()
    reader.watch(KEYS, later)
    assert later.person() == WOMAN.person
    assert screen.now == "reading_broke"
    reader.close()
