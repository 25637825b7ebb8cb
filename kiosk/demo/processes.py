"""Child processes of the demonstration: started with the product's own commands, watched, and always ended.

A process that ends by itself before it is stopped is a failure with the tail of its log as the reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

MAIN = Path(__file__).resolve().parents[2] / "main.py"


class DemoError(Exception):
    """A step of the demonstration that did not happen, with what was seen instead."""


def wait_for(what: str, test: Callable[[], Any], seconds: float = 20.0, every: float = 0.05) -> Any:
    """Poll until ``test`` gives something true; its value.

    Raises:
        DemoError: nothing true within ``seconds``.
    """
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise DemoError(f"waited {seconds:.0f} s in vain for: {what}")
        time.sleep(every)


class Process:
    """One running command with its log file."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        self._file = log.open("ab")
        self._child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def running(self) -> bool:
        return self._child.poll() is None

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def expect(self, text: str, seconds: float = 30.0) -> str:
        """Wait for a line that contains ``text`` in the log; the line."""

        def line() -> str:
            for one in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
                if text in one:
                    return one
            if not self.running():
                raise DemoError(f"{self.name} ended before «{text}»:\n{self.tail()}")
            return ""

        return str(wait_for(f"{self.name} to say «{text}»", line, seconds))

    def stop(self, seconds: float = 5.0) -> None:
        """End it politely, then surely."""
        if self.running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGTERM)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._file.close()

    def kill(self) -> None:
        """kill -9, as a power cut of this process would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(5)


def product(*words: str) -> list[str]:
    """The command line of a product command with the running interpreter."""
    return [sys.executable, str(MAIN), *words]
