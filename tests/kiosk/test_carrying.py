"""A neighbour's bundles that a kiosk holds go to the province on its stick, and the answers come back over it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.courier_cli import depot_of
from kiosk.machine import Machine
from kiosk.sync_cli import sync_command
from sync import usb
from sync.bundle import Header, Kind, VolumeWriter, Way, preface, province_tag
from sync.bundle_letters import Receipt, write_receipt
from sync.segment import commune_tag
from tests.kiosk.machines import make_machine
from tests.kiosk.province_twin import COMMUNE, DEVICE, ProvinceTwin

NEIGHBOUR = 9


@pytest.fixture
def twin() -> ProvinceTwin:
    return ProvinceTwin()


@pytest.fixture
def state(tmp_path: Path, twin: ProvinceTwin) -> Path:
    """A kiosk that holds one volume of a neighbour."""
    machine = twin.enrol(tmp_path / "state")
    name, body = volume(twin, Way.UP, NEIGHBOUR)
    depot_of(machine).receive(io.BytesIO(body), len(body), name)
    machine.close()
    return tmp_path / "state"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "media" / "USB"
    place.mkdir(parents=True)
    return place


def volume(twin: ProvinceTwin, way: Way, owner: int, *letters: bytes) -> tuple[str, bytes]:
    """Name and bytes."""
    out = io.BytesIO()
    header = Header(way, owner, 1, province_tag(twin.root.public), bytes([owner % 256]) * 16)
    writer = VolumeWriter(out, header, twin.keys.sign)
    for letter in letters:
        writer.add(Kind.LETTER, letter)
    writer.finish()
    return header.name, out.getvalue()


def run(capsys: pytest.CaptureFixture[str], state: Path, *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = sync_command([*words, "--state", str(state), "--json", "--set", f"sync.stick_folders={state.parent / 'media'}"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def held_by(state: Path) -> list[int]:
    machine: Machine = make_machine(state)
    found = [held.header.owner for held in depot_of(machine).held()]
    machine.close()
    return found


def owners(stick: Path) -> list[int]:
    found = []
    for path in usb.volumes(stick):
        with path.open("rb") as source:
            header, _ = preface(source)
        found.append(header.owner)
    return sorted(found)


def test_what_is_held_for_a_neighbour_goes_onto_the_stick_once(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path, twin: ProvinceTwin
) -> None:
    code, facts = run(capsys, state, "export", str(stick))
    assert (code, facts["carried"], facts["carried_left"]) == (0, 1, 0)
    (carried,) = (stick / usb.FOLDER / "courier").iterdir()
    assert carried.read_bytes() == volume(twin, Way.UP, NEIGHBOUR)[1]
    assert run(capsys, state, "export", str(stick))[1]["carried"] == 0
    assert NEIGHBOUR in owners(stick)
    assert held_by(state) == [NEIGHBOUR], "until the province's receipt for it"


def test_an_answer_for_a_neighbour_is_held_and_lets_go_what_has_arrived(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path, twin: ProvinceTwin
) -> None:
    run(capsys, state, "export", str(stick))
    answer(twin, stick)
    code, facts = run(capsys, state, "import", str(stick))
    assert (code, facts["held"], facts["volumes"]) == (0, 1, [])
    assert held_by(state) == [commune_tag("01279")]
    run(capsys, state, "export", str(stick))
    assert NEIGHBOUR not in owners(stick), "it has arrived and leaves the stick"


def test_what_finds_no_room_on_the_stick_is_told(capsys: pytest.CaptureFixture[str], state: Path, stick: Path) -> None:
    code, facts = run(capsys, state, "export", str(stick), "--most-mb", "1")
    assert (code, facts["carried"]) == (0, 1)
    machine = make_machine(state)
    (held,) = depot_of(machine).held()
    machine.close()
    (stick / usb.FOLDER / "courier" / held.name).unlink()
    held.path.write_bytes(held.path.read_bytes() + bytes(2 << 20))
    code, facts = run(capsys, state, "export", str(stick), "--most-mb", "1")
    assert (code, facts["ok"], facts["carried_left"]) == (1, False, 1)


def test_a_bundle_that_rotted_here_is_dropped_and_the_stick_is_not_blamed(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path
) -> None:
    machine = make_machine(state)
    (held,) = depot_of(machine).held()
    machine.close()
    whole = held.path.read_bytes()
    held.path.write_bytes(whole[:-80] + bytes(8) + whole[-72:])
    code, facts = run(capsys, state, "export", str(stick))
    assert (code, facts["carried"], held_by(state)) == (0, 0, [])


def answer(twin: ProvinceTwin, stick: Path) -> None:
    """What the province writes for the neighbour's commune, with its receipt."""
    ident = bytes([NEIGHBOUR]) * 16
    receipt = write_receipt(Receipt(ident, NEIGHBOUR, held={}, complete=0, refused="", at_ms=1), twin.keys.sign)
    name, body = volume(twin, Way.DOWN, commune_tag("01279"), receipt)
    (usb.folder_for(stick, "01279") / name).write_bytes(body)


def test_a_kiosk_taken_out_of_service_reads_so_in_the_answer(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path, twin: ProvinceTwin
) -> None:
    receipt = write_receipt(Receipt(bytes(16), DEVICE, held={}, complete=0, refused="revoked", at_ms=1), twin.keys.sign)
    name, body = volume(twin, Way.DOWN, commune_tag(COMMUNE), receipt)
    (usb.folder_for(stick, COMMUNE) / name).write_bytes(body)
    code, facts = run(capsys, state, "import", str(stick))
    assert (code, facts["volumes"]) == (1, [{"file": name, "error": "refused"}])
    sync_command(["import", str(stick), "--state", str(state)])
    text = capsys.readouterr().out
    assert "đã bị tỉnh thu hồi" in text
    assert "revoked" not in text
