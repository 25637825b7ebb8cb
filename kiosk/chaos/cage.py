"""The cage: mount, process and network namespaces of a torment's own, so that it touches nothing else and leaves nothing behind.

Its network is a loopback that leads nowhere: no address of the machine or beyond can be reached, whatever is configured. Its
ground is a file system in memory that only it can see. When it ends, also by kill -9, the kernel ends every process in it and
takes mounts, loop devices and ground away. Making the namespaces needs root; without it only what needs no cage runs, on
loopback.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk.chaos.kernel import mount

_INSIDE = "MCX_CHAOS_CAGE"
_ROOT = Path(__file__).resolve().parents[2]

GROUND = Path("/mnt")
"""Where the cage's own file system lies; what the machine has there is only out of sight."""

MISSING_VI = {
    "root": "cần quyền root (chạy lại với sudo)",
    "unshare": "thiếu gói util-linux",
    "mkfs.ext4": "thiếu gói e2fsprogs",
    "faketime": "thiếu gói faketime",
    "fuse3": "thiếu gói libfuse3-3",
}


def missing(*needs: str) -> list[str]:
    """What of the named needs is not here, as sentences for people."""
    return [MISSING_VI[need] for need in needs if not _has(need)]


def _has(need: str) -> bool:
    if need == "root":
        return os.geteuid() == 0
    if need == "fuse3":
        return ctypes.util.find_library(need) is not None
    return shutil.which(need) is not None


def inside() -> bool:
    """Whether this process is in a cage already."""
    return _INSIDE in os.environ


def enter(argv: Sequence[str]) -> int:
    """Run the same command inside a cage; its exit code. Whatever ends this process ends the cage. Needs root."""
    apart = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "--")
    command = ["setpriv", "--pdeathsig", "KILL", *apart, sys.executable, "-m", "kiosk.chaos", *argv]
    child = subprocess.Popen(command, env={**os.environ, _INSIDE: "1", "PYTHONPATH": str(_ROOT)})
    # The first process of a namespace hears no polite word.
    signal.signal(signal.SIGTERM, lambda _number, _frame: child.kill())
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.kill()
        raise


def settle() -> Path:
    """Inside: raise the loopback, lay the ground; where it is."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mount("ground", GROUND, "tmpfs", options="mode=0755")
    return GROUND
