"""Starting again without waiting: a process that has read the program already, and becomes any of its commands by a fork.

Most of the time of a kill goes into starting the victim again, and most of that into reading modules. The child is a process of
its own in a session of its own, with nothing open that the command did not open; it runs the same command line as a cold start.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from kiosk.demo.processes import Process

READ = (
    "kiosk.chaos.worker",
    "kiosk.chaos.carrier",
    "kiosk.sync_cli",
    "kiosk.sync_process",
    "province.cli",
    "django.contrib.auth.hashers",
    "django.core.handlers.wsgi",
    "django.core.management",
    "django.db.models",
    "django.template.engine",
    "django.test.signals",
)
"""Modules read before the first fork: those that need no settings yet."""


class WarmStarter:
    """The helper process; :meth:`process` starts a command through it. ``close`` ends the helper, not what it started."""

    def __init__(self, log: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line = ours
        self._guard = threading.Lock()
        with theirs, log.open("ab") as out:
            command = [sys.executable, "-m", "kiosk.chaos.warm", str(theirs.fileno())]
            self._helper = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=out, stderr=out)
        ours.recv(16)

    def process(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> WarmProcess:
        """As :class:`Process`: a command line of this interpreter, its log, what is added to the environment."""
        log.touch(0o600)
        request = {"words": list(command[1:]), "log": str(log), "environment": dict(environment or {})}
        with self._guard:
            self._line.send(json.dumps(request).encode())
            return WarmProcess(name, log, int(self._line.recv(16)))

    def close(self) -> None:
        self._line.close()
        self._helper.wait(10)


class WarmProcess(Process):
    """A command started by the helper."""

    def __init__(self, name: str, log: Path, pid: int) -> None:
        self.name, self.log = name, log
        self._pid = pid
        self._handle = os.pidfd_open(pid)

    @property
    def pid(self) -> int:
        return self._pid

    def running(self) -> bool:
        return not self._ended(0)

    def _ended(self, seconds: float) -> bool:
        """Whether it has ended within so long; its handle is given back at once then, for a torment starts thousands."""
        if self._handle < 0:
            return True
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        if not ended.poll(seconds * 1000):
            return False
        os.close(self._handle)
        self._handle = -1
        return True

    def stop(self, seconds: float = 5.0) -> None:
        self._signal(signal.SIGTERM)
        if not self._ended(seconds):
            self.kill()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._ended(5)

    def _signal(self, number: signal.Signals) -> None:
        if self.running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, number)


def main(line: socket.socket) -> None:
    """The helper: read the program, then fork for every request until the line ends."""
    for module in READ:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    line.send(b"ready")
    while request := line.recv(1 << 20):
        pid = os.fork()
        if pid == 0:
            line.close()
            _become(**json.loads(request))
        line.send(str(pid).encode())


def _become(words: list[str], log: str, environment: dict[str, str]) -> None:
    """Be that command, as far as anybody can tell; never returns."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(environment)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
