"""Time-outs for calls that have none. A card that goes mute blocks its PC/SC call until it is lifted.

Nobody else may wait for that.

Calls run one after the other on one named thread. A call that does not come back in time leaves the watchdog *stuck*: further
calls are refused at once until it does come back, and clean-up posted meanwhile runs right after it. The thread is a daemon: it
cannot keep the process alive.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Job(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._results: list[T] = []
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # handed to the caller, who decides
            self._error = error
        self.done.set()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]


class Watchdog:
    """Runs calls on a thread called ``name``. For one caller at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._overdue: _Job[Any] | None = None

    @property
    def stuck(self) -> bool:
        """A call that ran out of time has still not come back."""
        return self._overdue is not None and not self._overdue.done.is_set()

    def run(self, call: Callable[[], T], timeout_s: float) -> T:
        """The result of ``call``, or what it raises.

        ``TimeoutError`` after ``timeout_s``, and at once while an earlier call is stuck.
        """
        if self.stuck:
            raise TimeoutError(self._name)
        job = _Job(call)
        self._put(job)
        if not job.done.wait(timeout_s):
            self._overdue = job
            raise TimeoutError(self._name)
        return job.result()

    def post(self, call: Callable[[], object]) -> None:
        """Run ``call`` after everything before it, without waiting; what it raises is dropped."""
        self._put(_Job(call))

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let the thread end after its last call; also done when nobody holds the watchdog any more."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _put(self, job: _Job[Any]) -> None:
        if self._thread is None:
            self._jobs = queue.SimpleQueue()
            self._thread = threading.Thread(target=_serve, args=(self._jobs,), name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)


def _serve(jobs: queue.SimpleQueue[_Job[Any] | None]) -> None:
    while (job := jobs.get()) is not None:
        job.run()
        # What it called may hold the watchdog itself.
        del job
