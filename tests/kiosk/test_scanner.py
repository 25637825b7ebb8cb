"""The desk of the code readers: held from start to end, heard while watched, told on the UI thread, the screen never waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.barcode import Preview, Scan
from devices.barcode.twin import BarcodeTwin, CameraTwin, WedgeTwin
from devices.errors import DeviceError
from kiosk.demo.loop import LoopScheduler
from kiosk.scanner import Newest, ScannerDesk
from tests.devices.barcode.drawn import CARD, View, frame
from tests.waiting import until


class Watched:
    """A desk, the loop of the UI thread, and what was said on it."""

    def __init__(self, addresses: str) -> None:
        self.loop = LoopScheduler()
        self.desk = ScannerDesk(addresses, self.loop)
        self.said: list[Scan | DeviceError] = []
        self.seen: list[Preview] = []

    def watch(self) -> Any:
        return self.desk.listen(self.said.append, self.said.append, self.seen.append)

    def until(self, what: str, test: Callable[[], object]) -> None:
        def turned() -> object:
            self.loop.turn(0.01)
            return test()

        until(what, turned)


@pytest.fixture
def open_desk() -> Iterator[Callable[[str], Watched]]:
    opened: list[Watched] = []

    def open_it(addresses: str) -> Watched:
        opened.append(Watched(addresses))
        return opened[-1]

    yield open_it
    for one in opened:
        one.desk.stop()


OpenDesk = Callable[[str], Watched]


def scanned(hand: BarcodeTwin, text: str) -> None:
    until("the kiosk to hold the reader", lambda: hand.listened_to)
    hand.scan(text)


def test_a_scan_is_told_on_the_ui_thread_and_not_before(open_desk: OpenDesk, tmp_path: Path) -> None:
    hand = BarcodeTwin(tmp_path / "scanner")
    kiosk = open_desk(hand.url)
    kiosk.watch()
    scanned(hand, CARD)
    until("the scan to wait for the screen", lambda: kiosk.loop.waiting)
    assert kiosk.said == []
    kiosk.until("the scan", lambda: kiosk.said)
    assert kiosk.said == [Scan(CARD)]


def test_what_a_wedge_types_while_nobody_watches_goes_nowhere(open_desk: OpenDesk, tmp_path: Path) -> None:
    hand = WedgeTwin(tmp_path / "wedge")
    kiosk = open_desk(hand.url)
    scanned(hand, "11111")
    until("the keys to be swallowed", lambda: hand.taken)
    watching = kiosk.watch()
    kiosk.until("the watch", lambda: kiosk.desk.heard)
    scanned(hand, "22222")
    kiosk.until("the scan", lambda: kiosk.said)
    watching.cancel()
    assert kiosk.said == [Scan("22222", typed=True)]
    assert hand.listened_to


def test_a_new_watch_ends_the_one_before(open_desk: OpenDesk, tmp_path: Path) -> None:
    hand = BarcodeTwin(tmp_path / "scanner")
    kiosk = open_desk(hand.url)
    first: list[Scan] = []
    kiosk.desk.listen(first.append, lambda _error: None)
    old = kiosk.watch()
    kiosk.watch()
    old.cancel()
    kiosk.until("the watch", lambda: kiosk.desk.heard)
    scanned(hand, CARD)
    kiosk.until("the scan", lambda: kiosk.said)
    assert (first, kiosk.said) == ([], [Scan(CARD)])


def test_what_the_watch_before_heard_is_dropped_on_its_way_to_the_screen(open_desk: OpenDesk, tmp_path: Path) -> None:
    hand = BarcodeTwin(tmp_path / "scanner")
    kiosk = open_desk(hand.url)
    first: list[Scan] = []
    before = kiosk.desk.listen(first.append, lambda _error: None)
    scanned(hand, CARD)
    until("the scan to wait for the screen", lambda: kiosk.loop.waiting)
    kiosk.watch()
    kiosk.loop.turn(0.01)
    assert (first, before.gone) == ([], True)


def test_a_camera_is_watched_and_let_go(open_desk: OpenDesk, tmp_path: Path) -> None:
    hand = CameraTwin(tmp_path / "eye")
    hand.show(frame(View(), CARD))
    kiosk = open_desk(hand.url)
    watching = kiosk.watch()
    kiosk.until("both", lambda: kiosk.said and kiosk.seen)
    watching.cancel()
    seen = len(kiosk.seen)
    kiosk.until("the camera to be let go", lambda: not kiosk.desk.heard)
    assert (kiosk.said, len(kiosk.seen)) == ([Scan(CARD)], seen)


def test_of_a_camera_s_pictures_only_the_newest_waits_for_the_screen() -> None:
    acts: list[Callable[[], None]] = []
    seen: list[Preview] = []
    newest = Newest(acts.append, seen.append)
    pictures = [Preview(1, 1, bytes([grey])) for grey in range(4)]
    for one in pictures[:3]:
        newest(one)
    (act,) = acts
    act()
    newest(pictures[3])
    acts[1]()
    assert seen == pictures[2:]


def test_a_wrong_address_is_told_to_who_watches(open_desk: OpenDesk) -> None:
    kiosk = open_desk("scanner 1")
    with pytest.raises(DeviceError, match="barcode_address_invalid"):
        kiosk.watch()
