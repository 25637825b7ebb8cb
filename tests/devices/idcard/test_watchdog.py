"""The watchdog: it is told in time that a call does not come back, and the call goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from devices.idcard.watchdog import Watchdog


class Kennel:
    """A watchdog and what it told."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.dog = Watchdog("card-test", self.told.put)


@pytest.fixture
def kennel() -> Iterator[Kennel]:
    kennel = Kennel()
    yield kennel
    kennel.dog.close()


def test_an_act_that_ends_in_time_is_not_told(kennel: Kennel) -> None:
    for _ in range(1000):
        kennel.dog.begin("card_mute", 60)
        assert not kennel.dog.end()
    assert kennel.told.empty()


def test_an_act_that_does_not_end_is_told_once_by_its_code(kennel: Kennel) -> None:
    kennel.dog.begin("card_mute", 60)
    kennel.dog.end()
    kennel.dog.begin("reader_busy", 0.01)
    assert kennel.told.get(timeout=5) == "reader_busy"
    assert kennel.dog.end()
    kennel.dog.begin("card_mute", 60)
    assert not kennel.dog.end()
    assert kennel.told.empty()


def test_an_act_ends_only_after_it_has_been_told() -> None:
    order: list[str] = []
    telling, go_on = threading.Event(), threading.Event()

    def tell(code: str) -> None:
        telling.set()
        go_on.wait(5)
        order.append(code)

    dog = Watchdog("card-test", tell)
    dog.begin("card_mute", 0.0)
    telling.wait(5)
    threading.Timer(0.02, go_on.set).start()
    assert dog.end()
    order.append("ended")
    assert order == ["card_mute", "ended"]
    dog.close()
