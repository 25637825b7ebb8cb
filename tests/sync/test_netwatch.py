"""When the network is said to have come up, read from a folder like the kernel's."""

from __future__ import annotations

import threading
from pathlib import Path

from sync.netwatch import NetworkWatch, interfaces_up


def interface(system: Path, name: str, state: str, carrier: str | None) -> None:
    folder = system / name
    folder.mkdir(exist_ok=True)
    (folder / "operstate").write_text(state + "\n", encoding="ascii")
    (folder / "carrier").unlink(missing_ok=True)
    if carrier is not None:
        (folder / "carrier").write_text(carrier + "\n", encoding="ascii")


def test_an_interface_counts_with_a_carrier_and_the_loopback_never(tmp_path: Path) -> None:
    interface(tmp_path, "lo", "unknown", "1")
    interface(tmp_path, "eth0", "down", None)
    interface(tmp_path, "wlan0", "up", "1")
    interface(tmp_path, "wwan0", "unknown", "1")
    interface(tmp_path, "eth1", "unknown", "0")
    assert interfaces_up(tmp_path) == {"wlan0", "wwan0"}


def test_a_machine_without_the_folder_has_no_interface(tmp_path: Path) -> None:
    assert interfaces_up(tmp_path / "none") == frozenset()


def test_only_the_coming_is_told_once(tmp_path: Path) -> None:
    interface(tmp_path, "eth0", "up", "1")
    told: list[str] = []
    watch = NetworkWatch(lambda: told.append("up"), tmp_path)
    watch.look()
    assert told == []
    interface(tmp_path, "eth0", "down", None)
    watch.look()
    assert told == []
    interface(tmp_path, "eth0", "up", "1")
    watch.look()
    watch.look()
    assert told == ["up"]


def test_the_watch_runs_until_it_is_stopped(tmp_path: Path) -> None:
    came = threading.Event()
    watch = NetworkWatch(came.set, tmp_path, seconds=0.01)
    watch.start()
    interface(tmp_path, "wwan0", "unknown", "1")
    assert came.wait(5)
    watch.stop()
