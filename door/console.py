"""What a person sees while set-up works, and how set-up runs other programs.

A child's output goes to a log file, never to a pipe: if the door is killed, a half-done apt-get is not torn down with it. Progress
is read back from files. On a terminal one line is redrawn; elsewhere a line is written every few seconds. Everything goes to
standard error, so that a command's ``--json`` output stays clean.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from door import stamp
from door.errors import DiskFull, DoorError, NoNetwork, NoRights, SetupFailed, WrongFile

WORK = os.path.join(stamp.ROOT, ".setup")
_REDRAW_SECONDS = 0.2
_PLAIN_SECONDS = 10.0
_BAR = 24
_FULL_BYTES = 8_000_000
_CURES: tuple[tuple[type[DoorError], str, str, str, tuple[str, ...]], ...] = (
    (
        WrongFile,
        "Một thư viện tải về không đúng mã băm đã khóa, nên không được cài.",
        "thử lại qua một mạng khác; nếu vẫn vậy, báo cho người phát hành chương trình.",
        "a downloaded library does not have the hash of the lock and was refused",
        ("DO NOT MATCH THE HASHES",),
    ),
    (
        DiskFull,
        "Ổ đĩa hết chỗ trong lúc chuẩn bị.",
        "xóa bớt tệp (cần khoảng 1,5 GB trống) rồi chạy lại; phần dở dang sẽ được làm lại.",
        "the disk is full",
        ("No space left on device", "You don't have enough free space", "Errno 28"),
    ),
    (
        NoNetwork,
        "Lần chuẩn bị đầu tiên cần mạng, nhưng không tải được.",
        "kiểm tra dây mạng hoặc proxy rồi chạy lại; sau lần đầu không cần mạng nữa. Máy không có mạng: xem deploy/README.md.",
        "the first set-up needs the network and could not fetch",
        (
            "Temporary failure",
            "Name or service not known",
            "NewConnectionError",
            "Could not resolve",
            "Could not connect",
            "Network is unreachable",
            "Connection refused",
            "ReadTimeoutError",
            "ConnectTimeoutError",
            "Unable to fetch some archives",
            "Failed to fetch",
            # pip, when no index answered at all; a version that was withdrawn is told with the versions that are there
            "(from versions: none)",
        ),
    ),
    (
        NoRights,
        "Không có quyền ghi vào thư mục chương trình.",
        "chạy lại bằng tài khoản sở hữu thư mục này (hoặc root) một lần để chuẩn bị.",
        "no right to write here",
        ("Permission denied", "Read-only file system"),
    ),
)


_inherited: set[int] = set()


def inherit(fd: int) -> None:
    """Let every program started from now on hold this descriptor: a lock then lasts as long as any of them lives."""
    _inherited.add(fd)


def disinherit(fd: int) -> None:
    """Take :func:`inherit` back."""
    _inherited.discard(fd)


class Step:
    """One step of set-up on the screen: "[2/4] what it is doing", a bar when the share done is known, seconds elapsed."""

    def __init__(self, number: int, count: int, vi: str, en: str) -> None:
        self._title = f"[{number}/{count}] {vi} ({en})"
        self._began = time.monotonic()
        self._drawn = -1e9
        self._logs: dict[str, int] = {}
        self._screen = sys.stderr
        self._redraws = self._screen.isatty()

    def __enter__(self) -> Step:
        self._screen.write(self._title + ("" if self._redraws else "\n"))
        self._screen.flush()
        self._drawn = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        seconds = time.monotonic() - self._began
        mark = "xong" if kind is None else "chưa xong"
        start = f"\r\033[K{self._title}:" if self._redraws else "     "
        self._screen.write(f"{start} {mark}, {seconds:.0f} s\n")
        self._screen.flush()

    def began_at(self, path: str) -> int:
        """Byte offset in a log where this step's part of it starts: what failed later may have been said by an earlier program."""
        return self._logs.setdefault(path, os.path.getsize(path) if os.path.exists(path) else 0)

    def show(self, share: float | None) -> None:
        """Redraw with the share done (0 to 1, or None when nobody knows), no oftener than a reader can follow."""
        now = time.monotonic()
        if now - self._drawn < (_REDRAW_SECONDS if self._redraws else _PLAIN_SECONDS):
            return
        self._drawn = now
        bar = ""
        if share is not None:
            full = round(min(max(share, 0.0), 1.0) * _BAR)
            bar = f" {'█' * full}{'░' * (_BAR - full)} {share:4.0%}"
        seconds = now - self._began
        self._screen.write(f"\r\033[K{self._title}{bar} {seconds:.0f} s" if self._redraws else f"     {bar} {seconds:.0f} s\n")
        self._screen.flush()


def run(
    command: Sequence[str],
    step: Step,
    *,
    log: str,
    env: dict[str, str] | None = None,
    keep: tuple[int, ...] = (),
    measure: Callable[[], float | None] = lambda: None,
) -> None:
    """Run a program to its end with its output in ``.setup/LOG``, showing progress. Raises a named error when it fails."""
    os.makedirs(WORK, exist_ok=True)
    path = os.path.join(WORK, log)
    begin = step.began_at(path)
    with open(path, "ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, pass_fds=(*keep, *_inherited)
        )
        while child.poll() is None:
            step.show(measure())
            try:
                child.wait(timeout=_REDRAW_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    if child.returncode != 0:
        raise explain(tail(path, begin), path)


def tail(path: str, begin: int) -> str:
    """What a log holds from a byte offset on."""
    with open(path, "rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", "replace")


def explain(output: str, path: str) -> DoorError:
    """The named error for a program's failed output. Some programs keep a full disk to themselves, so the disk is looked at too."""
    full = shutil.disk_usage(stamp.ROOT).free < _FULL_BYTES
    for kind, vi, cure, english, signs in _CURES:
        if any(sign in output for sign in signs) or (full and kind is DiskFull):
            return kind(vi, cure, f"{english}; log: {path}")
    last = [line.strip() for line in output.splitlines() if line.strip()][-3:]
    return SetupFailed(
        "Một bước chuẩn bị không thành công: " + " | ".join(last),
        f"xem {path}, rồi chạy lại: python3 main.py setup --again",
        f"a step of set-up failed; log: {path}",
    )
