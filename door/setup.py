"""Make the environment stand: Debian packages, ``.venv``, the locked libraries, bytecode, the stamp.

Safe to be killed at any moment: the stamp goes first and comes back last; an environment without a stamp is thrown away and made
anew. Two set-ups never work at once: a file lock is held by this process and by every program it starts, so an orphaned pip still
keeps the next set-up waiting. Libraries come only from a lock with the hash of every file, sources are built with a build tool that
came the same way, and nothing is looked up on the side.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time

from door import console, debian, stamp
from door.errors import DiskFull, NoRights, SetupBusy

_ROOM_BYTES = 900_000_000
_WAIT_SECONDS = 1800.0
_BUILD_LOCK = os.path.join(stamp.ROOT, "requirements-build.lock")
# Settings of the caller's shell that would send files elsewhere or bring in foreign modules.
_FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIRE_VIRTUALENV",
)


def make_stand(lock: str, groups: tuple[str, ...], *, again: bool = False) -> None:
    """Do what is missing for a command that needs this lock and these package groups; ``again`` starts from nothing.

    Raises a DoorError. Idempotent: when another set-up finished in the meantime, nothing is left to do.
    """
    try:
        os.makedirs(console.WORK, exist_ok=True)
        descriptor = os.open(os.path.join(console.WORK, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _rights(error) from error
    try:
        _wait_for(descriptor)
        console.inherit(descriptor)
        if not again and stamp.stands(lock, groups):
            return
        try:
            _make(lock, groups, again)
        except OSError as error:
            raise _rights(error) from error
    finally:
        console.disinherit(descriptor)
        os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                sys.stderr.write("Một lần chuẩn bị khác đang chạy; đang chờ… (Another set-up is running; waiting…)\n")
                told = True
            if time.monotonic() > deadline:
                raise SetupBusy(
                    "Một lần chuẩn bị khác chạy quá lâu.",
                    "xem tiến trình pip hoặc apt-get còn treo, rồi chạy lại.",
                    "set-up lock is held",
                ) from None
            time.sleep(0.2)
        else:
            return


def _make(lock: str, groups: tuple[str, ...], again: bool) -> None:
    python_is_right = _environment_usable() and not again
    libraries_stand = python_is_right and stamp.read().get(f"lock.{lock}") == stamp.digest(stamp.LOCKS[lock])
    count = 1 if libraries_stand else 4
    lacking = debian.missing(groups if libraries_stand else (*groups, "build"))
    with console.Step(1, count, f"Gói Debian: cài {len(lacking)}" if lacking else "Gói Debian: đủ", "Debian packages") as step:
        if lacking:
            debian.install(lacking, step)
    facts = stamp.read() if python_is_right else {}
    if not libraries_stand:
        _libraries(lock, count, fresh=not python_is_right)
        facts[f"lock.{lock}"] = stamp.digest(stamp.LOCKS[lock])
        if lock == "dev":
            facts["lock.run"] = stamp.digest(stamp.LOCKS["run"])
    facts.update(stamp.wanted(lock, groups))
    stamp.write(facts)


def _environment_usable() -> bool:
    """Whether ``.venv`` was finished once and its interpreter is still the one it was made from."""
    said = stamp.read()
    return bool(said) and all(value and said.get(key) == value for key, value in stamp.interpreter_facts().items())


def _libraries(lock: str, count: int, *, fresh: bool) -> None:
    free = shutil.disk_usage(stamp.ROOT).free
    if free < _ROOM_BYTES:
        raise DiskFull(
            f"Ổ đĩa chỉ còn {free // 1_000_000} MB trống; cần {_ROOM_BYTES // 1_000_000} MB.",
            "xóa bớt tệp rồi chạy lại.",
            "not enough free space for the environment",
        )
    env = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    env.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PYTHONUTF8="1")
    stamp.remove()
    with console.Step(2, count, "Tạo môi trường Python", "making the Python environment") as step:
        if fresh:
            shutil.rmtree(stamp.VENV, ignore_errors=True)
            console.run([sys.executable, "-m", "venv", stamp.VENV], step, log="pip.log", env=env)
    with console.Step(3, count, "Cài thư viện đã khóa phiên bản", "installing the locked libraries") as step:
        pip = [stamp.PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile", "--progress-bar", "off"]
        console.run([*pip, "-r", _BUILD_LOCK], step, log="pip.log", env=env)
        progress = _PipProgress(stamp.LOCKS[lock])
        console.run([*pip, "--no-build-isolation", "-r", stamp.LOCKS[lock]], step, log="pip.log", env=env, measure=progress.share)
    with console.Step(4, count, "Biên dịch sẵn", "compiling bytecode"):
        _compile(os.path.join(stamp.VENV, "lib"))
        compile_rooms()


def compile_rooms() -> None:
    """Compile the program's own modules: after an update a kiosk's account could not keep what it compiles at each start."""
    _compile(*(place.path for place in os.scandir(stamp.ROOT) if os.path.exists(os.path.join(place.path, "__init__.py"))))


def _compile(*places: str) -> None:
    # Some libraries ship templates that are no valid Python; a failed file only costs its own first start.
    subprocess.run([stamp.PYTHON, "-m", "compileall", "-q", "-j", "0", *places], capture_output=True)


class _PipProgress:
    """Share done, read from pip's log: one line "Collecting" for each package, then one "Installing collected packages"."""

    def __init__(self, lock: str) -> None:
        with open(lock, encoding="utf-8") as file:
            self._count = sum(1 for line in file if re.match(r"[A-Za-z0-9]", line)) or 1
        self._log = os.path.join(console.WORK, "pip.log")
        self._begin = os.path.getsize(self._log)

    def share(self) -> float:
        """0 to 1; fetching counts for nine tenths."""
        said = console.tail(self._log, self._begin)
        seen = len(re.findall(r"^(?:Collecting|Requirement already satisfied)", said, re.MULTILINE))
        return min(seen / self._count, 1.0) * 0.8 + (0.1 if "Installing collected packages" in said else 0.0)


def _rights(error: OSError) -> DiskFull | NoRights:
    if error.errno == 28:
        return DiskFull("Ổ đĩa hết chỗ.", "xóa bớt tệp rồi chạy lại.", f"{error}")
    return NoRights(
        f"Không ghi được vào thư mục chương trình ({error.strerror}).",
        "chạy lại bằng tài khoản sở hữu thư mục này (hoặc root) một lần để chuẩn bị.",
        f"{error}",
    )
