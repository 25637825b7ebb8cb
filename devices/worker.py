"""One named thread for one device: acts go in, results come back as messages, in the order they were asked for.

A device is touched on its own thread only, so no lock is needed inside a driver and the screen never waits. ``assert_on_thread``
makes the rule testable: a driver calls it first. A failure of an act is a message too; a failure of a *callback* is a defect of
the caller and ends up in ``threading.excepthook``, without stopping the worker.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Act:
    run: Callable[[], Any]
    on_done: Callable[[Any], None]
    on_error: Callable[[Exception], None]


class DeviceWorker:
    """A thread named ``device-NAME`` that runs acts one after the other until :meth:`stop`.

    ``deliver`` carries a message to where callbacks belong, e.g. a scheduler's ``call_soon``; by default they run on the worker's
    thread.
    """

    def __init__(self, name: str, deliver: Callable[[Callable[[], None]], None] | None = None) -> None:
        self.name = name
        self._deliver = deliver or (lambda message: message())
        self._acts: queue.SimpleQueue[_Act | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"device-{name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; a watchdog asks this."""
        return self._thread.is_alive()

    def submit(self, act: Callable[[], T], on_done: Callable[[T], None], on_error: Callable[[Exception], None]) -> None:
        """Queue ``act``; exactly one of the callbacks gets its result or its exception. Raises ``RuntimeError`` after
        :meth:`stop`.
        """
        with self._guard:
            if self._stopped:
                raise RuntimeError(f"worker {self.name} is stopped")
            self._acts.put(_Act(act, on_done, on_error))

    def assert_on_thread(self) -> None:
        """Raises ``RuntimeError`` when called from any other thread: a device was about to be touched from two sides."""
        if threading.current_thread() is not self._thread:
            raise RuntimeError(f"device {self.name} touched from thread {threading.current_thread().name}")

    def stop(self, timeout: float | None = 10.0) -> bool:
        """Let queued acts finish, then end the thread. Returns whether it ended within ``timeout`` seconds. May be called twice."""
        with self._guard:
            if not self._stopped:
                self._stopped = True
                self._acts.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (act := self._acts.get()) is not None:
            try:
                result = act.run()
            except Exception as error:
                self._tell(act.on_error, error)
            else:
                self._tell(act.on_done, result)

    def _tell(self, callback: Callable[[Any], None], what: Any) -> None:
        try:
            self._deliver(lambda: callback(what))
        except Exception:
            kind, error, trace = sys.exc_info()
            assert kind is not None
            threading.excepthook(threading.ExceptHookArgs((kind, error, trace, threading.current_thread())))
