"""Starts pcscd on a listening socket it is handed and ends it when the parent is gone. Run as a program, never imported.

Arguments: number of the socket, configuration folder, program. pcscd takes the socket as a service manager would hand it over
(descriptor 3, ``LISTEN_FDS``), so that it listens where we want and not in ``/run/pcscd``. Where the kernel allows, it gets a
``/run/pcscd`` of its own, so that it does not touch the pid file of the machine's real pcscd. Standard library only. A
byte on standard input ends pcscd; end of file means that the parent is gone, and its folder goes too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys

_NEW_MOUNTS, _NEW_USER, _PRIVATE_TREE = 0x00020000, 0x10000000, 0x44000
_DEATH_SIGNAL = 1
_RUN = "/run/pcscd"


def _own_run_folder() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.makedirs(_RUN, exist_ok=True)
        if libc.unshare(_NEW_MOUNTS) != 0:
            return
        target = _RUN
    else:
        uid, gid = os.geteuid(), os.getegid()
        if libc.unshare(_NEW_USER | _NEW_MOUNTS) != 0:
            return
        with contextlib.suppress(OSError):
            for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
                with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                    file.write(text)
        # An ordinary user may not make the folder, but may lay an empty file system over its parent.
        target = _RUN if os.path.isdir(_RUN) else os.path.dirname(_RUN)
    libc.mount(b"none", b"/", None, _PRIVATE_TREE, None)
    libc.mount(b"tmpfs", target.encode(), b"tmpfs", 0, b"mode=0755")


def _become_pcscd(listener: int, folder: str, program: str) -> None:
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)
    _own_run_folder()
    os.dup2(listener, 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(program, [program, "--foreground", "--config", folder])


def main() -> int:
    listener, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    child = os.fork()
    if child == 0:
        try:
            _become_pcscd(listener, folder, program)
        finally:
            os._exit(127)
    os.close(listener)

    def ended(*_: object) -> None:
        # The signal also comes when pcscd is only frozen.
        if os.waitpid(child, os.WNOHANG)[0]:
            os._exit(1)

    signal.signal(signal.SIGCHLD, ended)
    ended()
    asked = os.read(0, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    if not asked:
        shutil.rmtree(os.path.dirname(folder), ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
