"""The few calls to the Linux kernel that no module of Python offers: mounting, and loop devices that nobody has used before.

A loop device is taken by a number of its own and given back to the kernel afterwards, so no page of an earlier image can be
seen through it. It detaches itself when its last user is gone: a killed torment leaves none behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import random
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

MS_RDONLY, MS_REMOUNT = 1, 32
_MNT_DETACH = 2
_LOOP_CONFIGURE, _LOOP_CTL_ADD, _LOOP_CTL_REMOVE = 0x4C0A, 0x4C80, 0x4C81
_AUTOCLEAR = 4
_FIRST = 1000
"""Loop numbers below are left to people."""


def mount(source: str, target: Path, kind: str, flags: int = 0, options: str = "") -> None:
    """mount(2). Raises OSError."""
    _call(_libc.mount, source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())


def unmount(target: Path, *, at_once: bool = False) -> None:
    """umount(2); ``at_once`` takes it out of sight even while it is in use. Raises OSError."""
    _call(_libc.umount2, os.fsencode(target), _MNT_DETACH if at_once else 0)


def _call(function: ctypes._NamedFuncPointer, *arguments: object) -> None:
    if function(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@contextmanager
def loop(file: Path) -> Iterator[Path]:
    """A fresh loop device over ``file`` for as long as the block lasts, or as long as something is mounted from it."""
    with open("/dev/loop-control", "rb+", buffering=0) as control:
        number = _fresh(control.fileno())
        device = Path(f"/dev/loop{number}")
        try:
            with device.open("rb+", buffering=0) as opened, file.open("rb+", buffering=0) as backing:
                # struct loop_config: fd, block size, loop_info64 with its flags at byte 52, reserved.
                info = bytearray(232)
                struct.pack_into("=I", info, 52, _AUTOCLEAR)
                fcntl.ioctl(opened, _LOOP_CONFIGURE, struct.pack("=II", backing.fileno(), 0) + bytes(info) + bytes(64))
                yield device
        finally:
            with contextlib.suppress(OSError):
                fcntl.ioctl(control, _LOOP_CTL_REMOVE, number)


def _fresh(control: int) -> int:
    while True:
        number = random.randrange(_FIRST, 1 << 19)
        try:
            fcntl.ioctl(control, _LOOP_CTL_ADD, number)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        else:
            return number


@contextmanager
def mounted(image: Path, place: Path, options: str = "") -> Iterator[Path]:
    """The ext4 in an image file, mounted at ``place`` on a fresh loop device for as long as the block lasts."""
    place.mkdir(exist_ok=True)
    with loop(image) as device:
        mount(str(device), place, "ext4", options=options)
        try:
            yield place
        finally:
            unmount(place)


def make_ext4(image: Path, mebibytes: int) -> None:
    """An empty ext4 in a file, written to its end at once: nothing is initialised later in the background."""
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    at_once = "lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-E", at_once, str(image)], check=True, capture_output=True)


def break_ext4(place: Path) -> None:
    """Let the ext4 mounted at ``place`` find an error in itself; with ``errors=remount-ro`` it is read-only from then on."""
    device = os.stat(place).st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("torment", encoding="ascii")
