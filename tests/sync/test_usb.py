"""Sticks as they are: full, locked, pulled, lying, with links on them; and where they are mounted."""

from __future__ import annotations

import errno
import os
import random
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from sync import usb
from sync.bundle_errors import BundleDamaged, StickFull, StickGone, StickOutside, StickReadOnly, StickUnreliable
from sync.loading import Limits
from tests.sync.sticks import make


def fill(out: BinaryIO) -> None:
    out.write(b"a whole volume")


def good(source: BinaryIO) -> None:
    if source.read() != b"a whole volume":
        raise BundleDamaged("not what was written")


def test_what_was_put_is_there_under_its_name_and_nothing_else(tmp_path: Path) -> None:
    usb.put(tmp_path, "v.hsb", fill, good)
    assert [path.name for path in tmp_path.iterdir()] == ["v.hsb"]


def test_a_stick_that_reads_back_something_else_is_not_trusted(tmp_path: Path) -> None:
    def bad(source: BinaryIO) -> None:
        raise BundleDamaged("rot")

    with pytest.raises(StickUnreliable):
        usb.put(tmp_path, "v.hsb", fill, bad)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, StickFull), (errno.EROFS, StickReadOnly), (errno.EIO, StickGone), (errno.ENODEV, StickGone)],
)
def test_what_the_system_says_has_a_name_and_leaves_nothing_half_written(
    tmp_path: Path, number: int, error: type[Exception]
) -> None:
    def breaks(out: BinaryIO) -> None:
        out.write(b"half")
        raise OSError(number, "")

    with pytest.raises(error):
        usb.put(tmp_path, "v.hsb", breaks, good)
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_export_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "v.hsb.tmp").write_bytes(b"half")
    (tmp_path / "mine.tmp").write_bytes(b"not ours")
    usb.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.tmp"]


def test_a_link_on_the_stick_leads_nowhere(tmp_path: Path) -> None:
    stick, outside = tmp_path / "stick", tmp_path / "outside"
    stick.mkdir()
    outside.mkdir()
    (stick / "HSB").symlink_to(outside)
    with pytest.raises(StickOutside):
        usb.folder_for(stick, "01273")
    (outside / "v.hsb").write_bytes(b"")
    (stick / "w.hsb").symlink_to(outside / "v.hsb")
    assert usb.volumes(stick) == []


@pytest.mark.parametrize("commune", ["../..", "", "01273/..", "a b"])
def test_a_commune_is_a_code_and_no_path(tmp_path: Path, commune: str) -> None:
    with pytest.raises(StickOutside):
        usb.folder_for(tmp_path, commune)


def test_a_stick_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StickGone):
        usb.folder_for(tmp_path / "none", "01273")


def test_only_below_the_folders_for_sticks_is_a_stick(tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "USB").mkdir(parents=True)
    (media / "trick").symlink_to(tmp_path)
    assert usb.inside(media / "USB", [media]) == media / "USB"
    for wrong in (media, tmp_path, media / "USB" / ".." / "..", media / "trick"):
        with pytest.raises(StickOutside):
            usb.inside(wrong, [media])


def test_mounted_sticks_are_found_also_with_blanks_in_their_names(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n"
        "40 22 8:17 / /media/xa/USB\\040XANH rw,nosuid - vfat /dev/sdb1 rw\n"
        "41 22 8:33 / /home rw - ext4 /dev/sdc1 rw\n",
        encoding="utf-8",
    )
    assert usb.mounted([Path("/media"), Path("/run/media")], table) == [Path("/media/xa/USB XANH")]


# --- a medium that really ends ------------------------------------------------------------------------------------------


@pytest.fixture
def ends_after_64_kib() -> Iterator[None]:
    """No file of this process grows further; the system says so as it does of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("ends_after_64_kib")
def test_a_stick_that_ends_while_a_volume_is_written_keeps_the_volumes_before(tmp_path: Path) -> None:
    (tmp_path / "v.hsb").write_bytes(b"before")

    def endless(out: BinaryIO) -> None:
        while True:
            out.write(bytes(1024 * 1024))

    with pytest.raises(StickFull):
        usb.put(tmp_path, "w.hsb", endless, good)
    assert [path.name for path in tmp_path.iterdir()] == ["v.hsb"]


@pytest.mark.usefixtures("ends_after_64_kib")
def test_an_export_that_finds_no_room_says_so_and_moves_nothing(tmp_path: Path) -> None:
    sender, _ = make()
    sender.write("a")
    sender.add_file(bytes(200 * 1024))
    kept = sender.kiosk.journal.state.copy()
    with pytest.raises(StickFull):
        sender.export(tmp_path / "stick")
    assert usb.volumes(tmp_path / "stick") == []
    assert sender.log.records == {}
    assert sender.kiosk.journal.state == kept


def test_a_stick_with_room_for_events_alone_takes_them(tmp_path: Path) -> None:
    sender, _ = make()
    sender.write("a")
    sender.add_file(random.Random(1).randbytes(200 * 1024))
    loaded = sender.export(tmp_path / "stick", Limits(stick=12 * 1024))
    assert len(loaded.volumes) == 1
    assert next(iter(sender.log.records.values())).logs
    assert loaded.left_bytes


def test_a_stick_that_is_nearly_full_gives_most_of_its_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = os.statvfs(tmp_path)
    free = {"bytes": 16 * 1024}

    def statvfs(_: object) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 10**6, 10**6, free["bytes"] // 4096, *tuple(told)[5:]))

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert usb.free(tmp_path) == 12 * 1024
    free["bytes"] = 1 << 30
    assert usb.free(tmp_path) == (1 << 30) - usb.MARGIN
    free["bytes"] = 0
    assert usb.free(tmp_path) == 0
