"""The thread that sends files: the province's word to wait is kept, whoever nudges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.attachments import Paper, attach
from kiosk.file_line import FileLine
from kiosk.machine import Machine
from kiosk.store.blobs import KioskFiles
from kiosk.usecases import file_dossier
from sync.blob.crossing import Crossing
from sync.blob.ports import Announced, Sender
from sync.blob.receiver import Receiver
from sync.keys import SODIUM
from tests.kiosk.machines import MOTHER, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import COMMUNE, DEVICE, ProvinceTwin
from tests.sync.blob.blobserver import BlobServer
from tests.sync.blob.memory import MemoryProvinceBlobs
from tests.waiting import until

SETS = ("store.scan_free_mb=1", "store.warn_free_mb=1", "sync.timeout=2.0", "sync.retry_first=0.1", "sync.retry_most=1.0")


@pytest.fixture
def blobs() -> MemoryProvinceBlobs:
    return MemoryProvinceBlobs()


@pytest.fixture
def province() -> ProvinceTwin:
    return ProvinceTwin()


@pytest.fixture
def server(blobs: MemoryProvinceBlobs, province: ProvinceTwin) -> Iterator[BlobServer]:
    with BlobServer(Receiver(blobs, province.keys.sign)) as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path, blobs: MemoryProvinceBlobs, province: ProvinceTwin, server: BlobServer) -> Machine:
    """A kiosk with a file whose event the province has taken."""
    province.enrol(tmp_path).close()
    made = make_machine(tmp_path, enrolled=False, sets=(*SETS, f"province.url={server.url}"))
    filed = file_dossier(made, PROCEDURE, filled_session(), MOTHER)
    attach(made, filed.dossier, Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.7".ljust(2000))
    province.settle(made)
    blobs.senders[DEVICE] = Sender(DEVICE, COMMUNE, (SODIUM.verifier(made.keyring.device.sign.public),))
    for file in KioskFiles(made.store).facts():
        blobs.told[file.id] = Announced(file.id, file.size, bytes(32), COMMUNE)
    return made


def test_no_nudge_shortens_a_pause_the_province_asked_for(machine: Machine, blobs: MemoryProvinceBlobs, server: BlobServer) -> None:
    blobs.pause = 600
    line = FileLine(machine, Crossing())
    line.start()
    until("the province has asked to wait", lambda: machine.store.outbox())
    for _ in range(3):
        line.nudge()
    assert not server.over.wait(0.5)
    assert len(server.calls) == 1
    line.stop()


@pytest.mark.parametrize(("fault", "waits_ms"), [("503", 40_000), ("never", 3_600_000)])
def test_an_answer_that_says_when_to_come_again_is_believed_for_files_too_up_to_an_hour(
    machine: Machine, server: BlobServer, fault: str, waits_ms: int
) -> None:
    server.faults.append(fault)
    line = FileLine(machine, Crossing(), uniform=lambda low, high: low)
    error = line.once()
    assert error is not None
    assert error.code == "server_error"
    noted = {row["item"]: row["next_ms"] - row["at_ms"] for row in machine.store.rows("SELECT * FROM attempt WHERE item <> ''")}
    assert list(noted.values()) == [waits_ms]
