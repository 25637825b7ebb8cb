"""The thread of a device: order, messages, and the assertion that nobody else touches it."""

import queue
import threading
from collections.abc import Callable
from functools import partial

import pytest

from devices.worker import DeviceWorker


def unexpected(what: object) -> None:
    """A callback that must not be called."""
    pytest.fail(repr(what))


def on_thread(number: int) -> tuple[int, str]:
    return number, threading.current_thread().name


@pytest.fixture
def worker():
    running = DeviceWorker("printer")
    yield running
    assert running.stop()


def test_acts_run_on_the_named_thread_in_the_order_they_were_asked_for(worker: DeviceWorker) -> None:
    told: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    for number in range(20):
        worker.submit(partial(on_thread, number), told.put, unexpected)
    assert [told.get(timeout=5) for _ in range(20)] == [(number, "device-printer") for number in range(20)]


def test_a_failure_is_a_message_and_the_worker_goes_on(worker: DeviceWorker) -> None:
    told: queue.SimpleQueue[object] = queue.SimpleQueue()

    def fail() -> None:
        raise OSError("unplugged")

    worker.submit(fail, unexpected, told.put)
    worker.submit(lambda: "next", told.put, unexpected)
    assert isinstance(told.get(timeout=5), OSError)
    assert told.get(timeout=5) == "next"


def test_touching_the_device_from_another_thread_is_caught(worker: DeviceWorker) -> None:
    with pytest.raises(RuntimeError, match="touched from thread"):
        worker.assert_on_thread()
    told: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker.submit(worker.assert_on_thread, told.put, told.put)
    assert told.get(timeout=5) is None


def test_messages_go_where_they_are_delivered() -> None:
    mailbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    worker = DeviceWorker("scanner", deliver=mailbox.put)
    told: list[int] = []
    worker.submit(lambda: 7, told.append, unexpected)
    message = mailbox.get(timeout=5)
    assert told == [], "not before the receiver runs it"
    message()
    assert told == [7]
    assert worker.stop()


def test_stopping_lets_queued_acts_finish_and_refuses_new_ones() -> None:
    worker = DeviceWorker("reader")
    told: list[int] = []
    for number in range(5):
        worker.submit(partial(abs, number), told.append, unexpected)
    assert worker.stop()
    assert told == [0, 1, 2, 3, 4]
    assert not worker.alive
    assert worker.stop(), "stopping twice is harmless"
    with pytest.raises(RuntimeError, match="stopped"):
        worker.submit(lambda: 0, told.append, unexpected)


def test_a_callback_that_fails_does_not_stop_the_worker(worker: DeviceWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed: queue.SimpleQueue[object] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", crashed.put)
    told: queue.SimpleQueue[object] = queue.SimpleQueue()

    def break_down(_: object) -> None:
        raise ZeroDivisionError

    worker.submit(lambda: 1, break_down, unexpected)
    worker.submit(lambda: 2, told.put, unexpected)
    assert told.get(timeout=5) == 2
    assert crashed.get(timeout=5).exc_type is ZeroDivisionError  # type: ignore[attr-defined]
