"""``sync export``, ``import``, ``status`` and ``courier`` on a real store, with folders as sticks."""

from __future__ import annotations

import fcntl
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.attachments import Paper, attach
from kiosk.courier_cli import depot_of, offer_own, own_addresses, take_own
from kiosk.machine import Machine, key_file
from kiosk.progress import bar_line
from kiosk.rotation import rotate
from kiosk.stick import Waybook, export_to, keep_receipts, receipt_vi
from kiosk.store_cli import store_command
from kiosk.sync_cli import sync_command
from kiosk.sync_status import LineFact, lock_file, write_status
from kiosk.usecases import file_dossier
from sync import usb
from sync.blob.ranges import Ranges
from sync.bundle import Header, VolumeWriter, Way, preface, province_tag
from sync.bundle_letters import Place, Receipt
from sync.courier import Courier, CourierServer
from sync.keys import SigningKey
from sync.loading import Record
from sync.receiving import Office, receive, write_return
from sync.segment import commune_tag
from sync.unloading import Unloaded
from tests.kiosk.machines import MOTHER, MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import COMMUNE, SERVER_MS, ProvinceTwin
from tests.sync.blob.memory import MemoryProvinceBlobs

Answer = tuple[int, dict[str, Any]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    machine = make_machine(tmp_path / "state")
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    machine.close()
    return tmp_path / "state"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "media" / "USB"
    place.mkdir(parents=True)
    return place


def run(capsys: pytest.CaptureFixture[str], state: Path, *words: str) -> Answer:
    capsys.readouterr()
    code = sync_command([*words, "--state", str(state), "--json", "--set", f"sync.stick_folders={state.parent / 'media'}"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_what_waits_goes_onto_the_stick_and_no_name_can_be_read_there(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path
) -> None:
    code, facts = run(capsys, state, "export", str(stick))
    assert (code, len(facts["files"])) == (0, 1)
    (path,) = usb.volumes(stick)
    with path.open("rb") as source:
        assert preface(source)[0].way is Way.UP
    assert MOTHER.name.encode() not in path.read_bytes()


def test_a_folder_that_is_no_stick_is_refused(capsys: pytest.CaptureFixture[str], state: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, facts = run(capsys, state, "export", str(elsewhere))
    assert (code, facts["error"]["code"]) == (1, "stick_outside")
    assert list(elsewhere.iterdir()) == []


def test_without_a_stick_it_says_so(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    code, facts = run(capsys, state, "export")
    assert (code, facts["error"]["code"]) == (1, "stick_missing")


def test_a_stick_with_nothing_for_this_kiosk_says_so(capsys: pytest.CaptureFixture[str], state: Path, stick: Path) -> None:
    run(capsys, state, "export", str(stick))
    code, facts = run(capsys, state, "import", str(stick))
    assert (code, facts["volumes"]) == (1, [])


def test_a_damaged_file_is_refused_by_name(capsys: pytest.CaptureFixture[str], state: Path, stick: Path) -> None:
    broken = stick / "p123-000001.hsb"
    broken.write_bytes(b"HSB1 and nothing more")
    code, facts = run(capsys, state, "import", str(stick))
    assert (code, facts["volumes"]) == (1, [{"file": broken.name, "error": "bundle_damaged"}])


def test_a_second_export_replaces_the_first(capsys: pytest.CaptureFixture[str], state: Path, stick: Path) -> None:
    run(capsys, state, "export", str(stick))
    _, facts = run(capsys, state, "export", str(stick))
    assert (facts["removed"], facts["replaced"]) == (0, 1)
    assert [path.name for path in usb.volumes(stick)] == facts["files"]


def test_a_kept_store_puts_its_own_attachments_on_a_stick(
    capsys: pytest.CaptureFixture[str], state: Path, stick: Path, tmp_path: Path
) -> None:
    scan = with_scan(state)
    assert store_command(["backup", str(tmp_path / "b.mcb"), "--state", str(state)]) == 0
    newer = with_scan(state)
    assert store_command(["restore", str(tmp_path / "b.mcb"), "--state", str(state)]) == 0
    code, facts = run(capsys, state, "export", str(stick), "--set", "store.file=kiosk.db.before-restore-1")
    assert (code, facts["unread"]) == (0, 0)
    assert facts["attachment_bytes"] == sum(
        (state / "blobs.before-restore-1" / one[:2] / one).stat().st_size for one in (scan, newer)
    )


def test_a_file_that_is_gone_is_told_by_the_export(capsys: pytest.CaptureFixture[str], state: Path, stick: Path) -> None:
    scan = with_scan(state)
    (state / "blobs" / scan[:2] / scan).unlink()
    code, facts = run(capsys, state, "export", str(stick))
    assert (code, facts["ok"], facts["unread"]) == (1, False, 1)


def with_scan(state: Path) -> str:
    """Attach one more scan to the dossier; its name."""
    machine = make_machine(state)
    (row, *_) = machine.store.rows("SELECT d FROM dossier")
    scan = attach(machine, row["d"], Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.7").blob
    machine.close()
    return scan


def test_the_status_tells_each_item(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    run(capsys, state, "--once", "--set", "province.url=http://127.0.0.1:9")
    _, facts = run(capsys, state, "status")
    (dossier,) = [item for item in facts["items"] if item["code"]]
    assert dossier["tried"] == 1
    assert dossier["answer"] == "offline"
    assert dossier["since_ms"] > 0
    assert dossier["next_ms"] >= dossier["last_ms"] > 0


def test_the_status_in_words_names_no_person(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    capsys.readouterr()
    sync_command(["status", "--state", str(state)])
    text = capsys.readouterr().out
    assert "Chờ gửi: 2 sự kiện của 1 hồ sơ" in text
    assert "chưa thử gửi" in text
    assert MOTHER.name not in text


def test_a_watch_ends_when_nothing_waits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_machine(tmp_path / "state").close()
    code, facts = run(capsys, tmp_path / "state", "watch", "--until-empty")
    assert (code, facts["pending_events"]) == (0, 0)


def test_volumes_are_remembered_over_a_restart(state: Path) -> None:
    machine = make_machine(state)
    record = Record({7: 3}, {"ab" * 32: Ranges.of([(0, 5)])})
    Waybook(machine.store).note(b"i" * 16, "m1-000001.hsb", record)
    machine.close()
    machine = make_machine(state)
    assert Waybook(machine.store).written() == {b"i" * 16: record}
    machine.close()


def test_no_receipt_is_told_before_the_first(state: Path) -> None:
    machine = make_machine(state)
    assert receipt_vi(machine.store) == ""
    machine.close()


def test_the_province_that_answers_a_stick_knows_the_keys_it_was_signed_with(state: Path, stick: Path) -> None:
    """GIVEN new keys and no line WHEN the receipt for the volume with their letter comes THEN they may be replaced again."""
    machine = make_machine(state)
    rotate(machine)
    machine.close()
    machine = make_machine(state)
    (volume,) = export_to(machine, stick).volumes
    with volume.open("rb") as source:
        header, _ = preface(source)
    device = machine.store.identity_or_raise().device
    for refused, waits in (("revoked", True), ("gap", False)):
        keep_receipts(machine, Unloaded(header, receipts=[Receipt(header.ident, device, {}, 0, refused, 1)]))
        assert bool(key_file(machine.config).change(lambda held: held).rotation) is waits
    machine.close()


def test_a_receipt_for_an_older_volume_says_nothing_of_the_new_keys(state: Path, stick: Path) -> None:
    machine = make_machine(state)
    (volume,) = export_to(machine, stick).volumes
    with volume.open("rb") as source:
        header, _ = preface(source)
    rotate(machine)
    machine.close()
    machine = make_machine(state)
    device = machine.store.identity_or_raise().device
    keep_receipts(machine, Unloaded(header, receipts=[Receipt(header.ident, device, {}, 0, "", 1)]))
    assert key_file(machine.config).change(lambda held: held).rotation
    machine.close()


def test_a_path_that_is_not_there_is_no_pulled_stick(capsys: pytest.CaptureFixture[str], state: Path, tmp_path: Path) -> None:
    code, facts = run(capsys, state, "import", str(tmp_path / "typo"))
    assert (code, facts["error"]["code"]) == (1, "file")
    assert "typo" in facts["error"]["message"]


def test_the_last_answer_is_still_told_after_a_process_that_got_none(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    write_status(state, LineFact(online=True, last_answer="2026-11-24T20:24:31+07:00"))
    run(capsys, state, "--once", "--set", "province.url=http://127.0.0.1:9")
    _, facts = run(capsys, state, "status")
    assert facts["line"]["failure"] == "offline"
    assert facts["line"]["last_answer"] == "2026-11-24T20:24:31+07:00"


def test_the_status_says_whether_the_sync_process_runs(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    assert run(capsys, state, "status")[1]["running"] is False
    sync_command(["status", "--state", str(state)])
    text = capsys.readouterr().out
    assert "Tiến trình đồng bộ không chạy" in text
    assert "Lần thử tới" not in text
    with lock_file(state).open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(capsys, state, "status")[1]["running"] is True


def test_a_file_that_waits_says_since_when_and_of_which_dossier(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    machine = make_machine(state)
    row = machine.store.rows("SELECT d, code FROM dossier")[0]
    attach(machine, row["d"], Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.7")
    machine.close()
    (file,) = run(capsys, state, "status")[1]["files"]
    assert (file["code"], file["since_ms"] > 0) == (row["code"], True)
    sync_command(["files", "pause", "--state", str(state)])
    sync_command(["status", "--state", str(state)])
    text = capsys.readouterr().out
    assert f"giấy tờ của {row['code']}" in text
    assert "sync files resume" in text


def office_of(twin: ProvinceTwin) -> Office:
    """The province's desk for sticks."""

    @contextmanager
    def recording() -> Iterator[tuple[Any, Any]]:
        with twin.journal.atomic():
            yield twin.journal, twin

    @contextmanager
    def reading() -> Iterator[Any]:
        yield twin.journal

    return Office(twin.root.public, twin.keys, recording, reading, MemoryProvinceBlobs(), lambda: SERVER_MS, os.urandom)


def answered(twin: ProvinceTwin, machine: Machine, stick: Path, seen: int = 0) -> Path:
    """What the province writes when a dossier comes on a stick of a kiosk that stands at ``seen`` in the feed."""
    stick.mkdir()
    office = office_of(twin)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    (volume,) = export_to(machine, stick).volumes
    with volume.open("rb") as source:
        came = receive(source, office)
    feed = twin.journal.state.feeds[COMMUNE]
    place = Place(twin.journal.state.epoch, seen, feed[seen - 1].head[:8] if seen else bytes(8))
    came.manifest = replace(came.manifest, feed=place)
    return write_return(stick, COMMUNE, [came], office)[0]


def test_an_answer_a_courier_brings_too_early_waits_for_the_one_before_it(tmp_path: Path) -> None:
    twin = ProvinceTwin()
    machine = twin.enrol(tmp_path / "state")
    first = answered(twin, machine, tmp_path / "a")
    second = answered(twin, machine, tmp_path / "b", len(twin.journal.state.feeds[COMMUNE]))
    depot = depot_of(machine)
    depot.offer(second)
    assert [one.error.code for one in take_own(machine, depot) if one.error] == ["feed_gap"]
    assert len(depot.held()) == 1
    depot.offer(first)
    assert [one.error for one in take_own(machine, depot)] == [None, None]
    assert depot.held() == []
    assert machine.store.waiting() == 0
    machine.close()


def test_an_answer_whose_reader_is_stopped_is_held_until_it_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = ProvinceTwin()
    machine = twin.enrol(tmp_path / "state")
    depot = depot_of(machine)
    depot.offer(answered(twin, machine, tmp_path / "a"))
    with monkeypatch.context() as stopped:
        stopped.setattr(sys, "executable", "/bin/true")
        assert [one.error.code for one in take_own(machine, depot) if one.error] == ["bundle_unreadable"]
    assert len(depot.held()) == 1
    assert [one.error for one in take_own(machine, depot)] == [None]
    assert depot.held() == []
    machine.close()


def test_a_forged_answer_is_dropped_and_one_of_another_province_left_alone(tmp_path: Path) -> None:
    twin = ProvinceTwin()
    machine = twin.enrol(tmp_path / "state")
    depot = depot_of(machine)
    for root in (twin.root.public, b"another"):
        out = io.BytesIO()
        VolumeWriter(out, Header(Way.DOWN, commune_tag(COMMUNE), 1, province_tag(root), bytes(16)), SigningKey.generate()).finish()
        depot.receive(io.BytesIO(out.getvalue()), len(out.getvalue()), "p.hsb")
    assert [one.error.code for one in take_own(machine, depot) if one.error] == ["bundle_forged"]
    assert [held.header.province for held in depot.held()] == [province_tag(b"another")]
    machine.close()


@pytest.mark.parametrize("act", ["send", "fetch"])
def test_a_courier_that_is_away_is_not_taken_for_the_province(capsys: pytest.CaptureFixture[str], state: Path, act: str) -> None:
    code, facts = run(capsys, state, "courier", act, "http://127.0.0.1:9", "--code", "ABCD2345")
    assert (code, facts["error"]["code"]) == (1, "courier_away")


def test_the_address_shown_is_the_one_that_is_listened_at() -> None:
    assert own_addresses("127.0.0.1") == ["127.0.0.1"]


def test_a_courier_is_offered_the_newest_bundle_only(state: Path) -> None:
    machine: Machine = make_machine(state)
    depot = depot_of(machine)
    offer_own(machine, depot)
    (first,) = depot.held()
    offer_own(machine, depot)
    assert [held.header.ident for held in depot.held()] == [first.header.ident], "nothing new, no new volume"
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    offer_own(machine, depot)
    (second,) = depot.held()
    assert first.header.ident != second.header.ident
    machine.close()


def test_a_machines_own_volume_is_not_held_for_others(capsys: pytest.CaptureFixture[str], state: Path) -> None:
    machine = make_machine(state)
    offer_own(machine, depot_of(machine))
    machine.close()
    assert run(capsys, state, "courier", "list")[1]["volumes"] == []
    assert run(capsys, state, "courier", "clear")[1]["removed"] == 0


def test_two_kiosks_hand_bundles_over_the_local_network(capsys: pytest.CaptureFixture[str], state: Path, tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "neighbour")
    depot = depot_of(machine)
    server = CourierServer(depot, Courier(7, SigningKey(b"c" * 32), lambda: 1), "ABCD2345", ("127.0.0.1", 0))
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    code, facts = run(capsys, state, "courier", "send", url, "--code", "ABCD2345")
    assert (code, facts["sent"], len(depot.held())) == (0, 1, 1)
    code, facts = run(capsys, state, "courier", "send", url, "--code", "ABCD2345")
    assert code == 0
    code, facts = run(capsys, state, "courier", "fetch", url, "--code", "WRONG234")
    assert (code, facts["error"]["code"]) == (1, "courier_refused")
    code, facts = run(capsys, state, "courier", "list")
    assert code == 0
    server.stop()
    machine.close()


def test_the_bar_shows_its_share() -> None:
    assert bar_line("Đang ghi", 5_000_000, 10_000_000) == f"Đang ghi [{'█' * 16}{'·' * 16}]  50% 5,0/10,0 MB"
