"""A real pcscd with a virtual reader for each module that asks for one.

pcsc-lite fixes its socket at the first PC/SC call of a process, which may be another test's: so this process is pointed at the
twin's socket as soon as these tests are collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from devices.idcard.reader import CardReader
from devices.idcard.twin import ChipTwin, PcscdTwin
from tests.devices.idcard.screen import Screen

PcscdTwin.reserve()


@pytest.fixture(scope="module")
def pcscd() -> Iterator[PcscdTwin]:
    with PcscdTwin() as twin:
        yield twin


@pytest.fixture
def desk(pcscd: PcscdTwin) -> Iterator[PcscdTwin]:
    """The reader, empty before and after the test."""
    pcscd.lift()
    yield pcscd
    pcscd.lift()


@pytest.fixture
def lay(pcscd: PcscdTwin) -> Callable[[ChipTwin], None]:
    """Lays a sound card quickly, for tests that do not care how it came there. It stays."""
    return pcscd.swap


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def reader() -> Iterator[CardReader]:
    """The product's driver, patient for half a second only."""
    driver = CardReader(answer_timeout_s=0.5)
    yield driver
    driver.close()
