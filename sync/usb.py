"""How files get onto a stick and off it: FAT32's weaknesses, and what is done about each.

A stick may be full, locked, pulled at any moment, or lie about what it wrote; a rename on FAT32 is not atomic in a power cut. So a
volume is written under a temporary name, flushed, renamed, its folder flushed, and then *read back from the medium* and verified
whole; only what verified counts. Reading trusts nothing about names: regular files only, no links followed, a bounded number.
Nothing is ever written outside the stick's own folder. Operating-system errors become named ones that say what to do.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from sync.bundle import SUFFIX
from sync.bundle_errors import BundleDamaged, BundleError, StickFull, StickGone, StickOutside, StickReadOnly, StickUnreliable
from sync.durable import to_disk

FOLDER: Final = "HSB"
"""Folder of the bundles on a stick, with one folder per commune in it."""
MOST_FILES: Final = 4096
"""Volumes looked at on one stick."""
MARGIN: Final = 256 * 1024
"""Bytes left free on a stick for its own tables; of one that is nearly full a quarter, and a cluster at least."""
_TEMPORARY: Final = ".tmp"
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LOCKED: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


def folder_for(root: Path, commune: str) -> Path:
    """The folder of a commune's volumes on a stick, made when it is missing.

    Raises:
        StickOutside: a link leads out of the stick, or the commune's code is none.
        StickReadOnly, StickFull, StickGone: it cannot be made.
    """
    if not re.fullmatch(r"[0-9A-Za-z]{1,16}", commune):
        raise StickOutside("not the code of a commune")
    folder = root / FOLDER / commune
    with named():
        if not folder.resolve().is_relative_to(root.resolve()):
            raise StickOutside("a link on the stick leads out of it")
        if not root.is_dir():
            raise StickGone("the stick's folder is not there")
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def volumes(place: Path) -> list[Path]:
    """The volumes at a place, oldest counter first: a file itself, or those in a stick's ``HSB`` folders and beside them."""
    with named():
        if place.is_file():
            return [place]
        folders = [place, place / FOLDER, *sorted(islice((place / FOLDER).glob("*"), MOST_FILES))]
        found = list(islice((path for folder in folders for path in _files(folder)), MOST_FILES))
    return sorted(found, key=lambda path: path.name.lower())


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def free(folder: Path) -> int:
    """Bytes a volume may still take on this stick."""
    with named():
        facts = os.statvfs(folder)
    room = facts.f_bavail * facts.f_frsize
    return max(0, room - min(MARGIN, max(facts.f_frsize, room // 4)))


def put(folder: Path, name: str, fill: Callable[[BinaryIO], None], verify: Callable[[BinaryIO], object]) -> Path:
    """Write a volume so that it is there whole and verified, or not at all.

    Raises:
        StickFull, StickReadOnly, StickGone: the stick does not let us.
        StickUnreliable: what was read back does not verify; it was removed.
    """
    path, temporary = folder / name, folder / (name + _TEMPORARY)
    with named():
        with suppress(FileNotFoundError):
            temporary.unlink()
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            os.fchmod(handle, 0o644)  # whatever the umask: the machine at the other end has another user
            with os.fdopen(handle, "wb", buffering=256 * 1024) as out:
                fill(out)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        to_disk(folder)
        _read_back(path, verify)
    return path


def _read_back(path: Path, verify: Callable[[BinaryIO], object]) -> None:
    with path.open("rb") as source:
        # Forget the pages just written, so that the reading is of the medium.
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        try:
            verify(source)
        except BundleDamaged as error:
            path.unlink()
            raise StickUnreliable(f"read back: {error}") from error


def is_taken(folder: Path, name: str) -> bool:
    """Whether anything bears this name."""
    with named():
        return os.path.lexists(folder / name)


def remove(path: Path) -> None:
    """Take a volume off the stick."""
    with named():
        path.unlink(missing_ok=True)
        to_disk(path.parent)


def sweep(folder: Path) -> None:
    """Remove what an interrupted export left under temporary names."""
    with named():
        for path in folder.glob(f"*{SUFFIX}{_TEMPORARY}"):
            path.unlink(missing_ok=True)


@contextmanager
def named() -> Iterator[None]:
    """What the operating system says, by a name people can act on."""
    try:
        yield
    except BundleError:
        raise
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, "EIO")
        if error.errno in _FULL:
            raise StickFull(reason) from None
        if error.errno in _LOCKED:
            raise StickReadOnly(reason) from None
        raise StickGone(reason) from None


# --- where sticks are -----------------------------------------------------------------------------------------------

MOUNTS: Final = Path("/proc/self/mountinfo")


def mounted(roots: Sequence[Path], mounts: Path = MOUNTS) -> list[Path]:
    """Mount points below the folders in which sticks are mounted, each once."""
    points = (_unescaped(line.split(" ")[4]) for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines() if line)
    return sorted({Path(point) for point in points if _below(Path(point), roots)})


def inside(target: Path, roots: Sequence[Path]) -> Path:
    """``target`` resolved, when it lies below one of the folders in which sticks are mounted.

    Raises:
        StickOutside: it does not.
    """
    with named():
        resolved = target.resolve()
    if not _below(resolved, [root.resolve() for root in roots]):
        raise StickOutside("not below a folder for sticks")
    return resolved


def _below(path: Path, roots: Sequence[Path]) -> bool:
    return any(path != root and path.is_relative_to(root) for root in roots)


def _unescaped(text: str) -> str:
    """mountinfo writes blank, tab, line feed and backslash in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
