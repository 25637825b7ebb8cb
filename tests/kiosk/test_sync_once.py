"""One round by hand, over a real socket to a province in memory: events, then attachments, then what confirms them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.attachments import Paper, attach
from kiosk.file_line import FileLine
from kiosk.machine import Machine
from kiosk.store.blobs import KioskFiles
from kiosk.sync_cli import sync_command
from sync.blob.crossing import Crossing
from sync.blob.ports import Announced, Sender
from sync.blob.receiver import Receiver
from sync.dictionaries import shipped
from sync.intake import handle
from sync.keys import SODIUM
from tests.kiosk.machines import make_machine
from tests.kiosk.province_twin import COMMUNE, DEVICE, SERVER_MS, ProvinceTwin
from tests.kiosk.store.test_journal import file_one
from tests.sync.blob.blobserver import BlobServer
from tests.sync.blob.memory import MemoryProvinceBlobs

SCAN = b"%PDF-1.7".ljust(90_000)


class Office(MemoryProvinceBlobs):
    """Where attachments arrive, and whose feed says so."""

    def __init__(self, twin: ProvinceTwin) -> None:
        super().__init__()
        self.twin = twin

    def finish(self, blob: str) -> bool:
        ok = super().finish(blob)
        with self.twin.journal.atomic():
            self.twin.journal.add_entry(COMMUNE, {"e": "bl", "id": blob, "d": "", "ok": int(ok)}, None)
        return ok

    def answer(self, request: bytes) -> bytes:
        with self.twin.journal.atomic():
            return handle(request, self.twin.journal, self.twin, self.twin.keys, SERVER_MS)


@pytest.fixture
def twin() -> ProvinceTwin:
    twin = ProvinceTwin()
    twin.keys = replace(twin.keys, dictionaries=shipped())
    return twin


@pytest.fixture
def kiosk(twin: ProvinceTwin, tmp_path: Path) -> Machine:
    """With a dossier and a scan of it that nobody has sent."""
    machine = twin.enrol(tmp_path)
    attach(machine, file_one(machine), Paper("giay_chung_sinh", "application/pdf"), SCAN)
    return machine


@pytest.fixture
def server(twin: ProvinceTwin, kiosk: Machine) -> Iterator[BlobServer]:
    office = Office(twin)
    office.senders[DEVICE] = Sender(DEVICE, COMMUNE, (SODIUM.verifier(kiosk.store.identity_or_raise().signing.public),))
    for fact in KioskFiles(kiosk.store).facts():
        office.told[fact.id] = Announced(fact.id, fact.size, bytes(32), COMMUNE)
    with BlobServer(Receiver(office, twin.keys.sign)) as server:
        server.exchange = office.answer
        yield server


def test_one_round_sends_events_then_attachments_and_fetches_what_confirms_them(
    kiosk: Machine, server: BlobServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk.close()
    assert sync_command(["--once", "--json", "--state", str(tmp_path), "--set", f"province.url={server.url}"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["pending_events"], facts["files"]) == (0, [])


def test_one_round_may_leave_attachments_alone(
    kiosk: Machine, server: BlobServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk.close()
    words = ["--once", "--files-for", "0", "--state", str(tmp_path), "--set", f"province.url={server.url}"]
    assert sync_command(words) == 0
    assert "1 giấy tờ chưa tới đủ" in capsys.readouterr().out
    assert server.received == 0


def test_the_exchange_is_told_when_a_file_has_arrived_whole_and_only_then(
    kiosk: Machine, server: BlobServer, tmp_path: Path
) -> None:
    kiosk.close()
    sync_command(["--once", "--files-for", "0", "--state", str(tmp_path), "--set", f"province.url={server.url}"])
    told: list[bool] = []
    machine = make_machine(tmp_path, enrolled=False, sets=(f"province.url={server.url}",))
    line = FileLine(machine, Crossing(), arrived=lambda: told.append(True))
    line.once()
    assert told == [True]
    line.once()
    assert told == [True]
    machine.close()
