"""``main.py sync`` on a real store: enrolment over a line that loses answers, what waits, one process at a time."""

from __future__ import annotations

import fcntl
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kiosk.config import load
from kiosk.machine import Machine, open_machine
from kiosk.officials import add_official
from kiosk.store.blobs import KioskFiles
from kiosk.store.outbox import Answer
from kiosk.sync_cli import BUSY, sync_command
from kiosk.sync_report import report_of, report_vi
from kiosk.sync_status import lock_file, wake
from kiosk.usecases import accept_dossier, file_dossier
from sync.blob.ports import Lane
from sync.blob.ranges import Ranges
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, ToldClock, filled_session, make_machine
from tests.kiosk.store.province import Province


def test_a_file_sent_whole_has_no_next_try_and_a_province_restored_holds_nothing_of_it(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    files = KioskFiles(machine.store)
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    with machine.store.transaction():
        blob = files.add(files.make(io.BytesIO(b"a scan")), dossier, Lane.FULL)
    files.set_have(blob.id, Ranges.whole(blob.size))
    machine.store.note_attempt(blob.id, Answer("", "", 0.0))
    line = next(line for line in told(machine) if blob.id[:8] in line)
    assert "đã gửi 100%" in line
    assert line.endswith("tỉnh đã nhận, chờ xác nhận.")
    with machine.store.transaction():
        machine.store.reset_feed(2)
    line = next(line for line in told(machine) if blob.id[:8] in line)
    assert "đã gửi 0%" in line
    assert "tỉnh đã nhận" not in line


def told(machine: Machine) -> list[str]:
    """What the report says while a sync process is at work."""
    return report_vi(replace(report_of(machine), running=True)).splitlines()


class Office:
    """A province's enrolment desk: notes every request, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.lose_next = False
        self.decision = 202
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                office.asked.append(json.loads(body))
                if office.lose_next:
                    office.lose_next = False
                    self.connection.close()
                    return
                self._say(202, {"id": f"E-{len(office.asked)}"})

            def do_GET(self) -> None:
                self._say(office.decision, {"error": "enrolment_refused"} if office.decision == 403 else {})

            def _say(self, status: int, facts: dict[str, Any]) -> None:
                body = json.dumps(facts).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def office() -> Iterator[Office]:
    desk = Office()
    yield desk
    desk.close()


def enrol(state: Path, office: Office, code: str = "ABC-12345") -> int:
    words = ["enrol", "--state", str(state), "--code", code, "--operator", "Mẫu", "--wait", "0", "--json"]
    return sync_command([*words, "--set", f"province.url={office.url}", "--set", "sync.timeout=2.0", "--set", "store.reserve_mb=1"])


def test_a_lost_answer_is_repaired_by_the_same_request(tmp_path: Path, office: Office) -> None:
    office.lose_next = True
    assert enrol(tmp_path, office) == 1
    assert enrol(tmp_path, office) == 1
    sent = {asked["request"] for asked in office.asked}
    assert len(office.asked) >= 2
    assert len(sent) == 1


def test_a_denied_request_is_forgotten_so_that_a_new_code_can_be_tried(tmp_path: Path, office: Office) -> None:
    assert enrol(tmp_path, office) == 1
    office.decision = 403
    assert enrol(tmp_path, office) == 1
    office.decision = 202
    before = len(office.asked)
    assert enrol(tmp_path, office, "XYZ-67890") == 1
    assert len(office.asked) == before + 1
    assert office.asked[-1]["code"] == "XYZ-67890"
    assert office.asked[-1]["request"] != office.asked[0]["request"]


def test_the_status_counts_what_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = make_machine(tmp_path)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    machine.close()
    assert sync_command(["status", "--state", str(tmp_path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["pending"] == {"dossiers": 1, "events": 2, "previews": 0, "scans": 0}
    assert facts["quarantined"] == 0
    assert facts["last_ack"] == 0


def test_two_never_sync_one_store(tmp_path: Path) -> None:
    make_machine(tmp_path).close()
    with lock_file(tmp_path).open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert sync_command(["--once", "--state", str(tmp_path), "--set", "province.url=http://127.0.0.1:9"]) == BUSY


def test_without_a_line_one_round_says_so_and_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = make_machine(tmp_path)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    machine.close()
    words = ["--once", "--json", "--state", str(tmp_path), "--set", "province.url=http://127.0.0.1:9"]
    assert sync_command(words) == 1
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["ok"], facts["pending_events"]) == (False, 3), "two of the filing, one of this boot"


def test_nobody_is_woken_where_no_process_runs(tmp_path: Path) -> None:
    assert wake(tmp_path) is False
    lock_file(tmp_path).write_text("1", encoding="ascii")
    assert wake(tmp_path) is False


def test_what_was_put_aside_is_told_with_its_reason(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    with machine.store.transaction():
        for body in (b"one", b"two"):
            machine.store.quarantine("feed", "feed_gap", body)
        machine.store.quarantine("province", "province_lost_safe", b"{}")
    report = report_of(machine)
    assert [(one["source"], one["reason"], one["count"]) for one in report.facts()["refused"]] == [
        ("feed", "feed_gap", 2),
        ("province", "province_lost_safe", 1),
    ]
    assert "bản tin của tỉnh, lý do feed_gap: 2, gần nhất 08:15:00 25/11/2026" in report_vi(report)


def test_what_waits_is_as_old_as_its_oldest_event_not_as_its_dossier(tmp_path: Path) -> None:
    clock = ToldClock()
    machine = make_machine(tmp_path, clock)
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    Province(machine).acknowledge()
    clock.advance(86_400)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    accept_dossier(machine, filed.dossier, PROCEDURE, official, machine.store.seen())
    clock.advance(60)
    assert report_of(machine).oldest_seconds == pytest.approx(60)
    machine.close()


def test_a_machine_nobody_enrolled_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_machine(load(tmp_path, overrides=("store.reserve_mb=1",))).close()
    assert sync_command(["status", "--state", str(tmp_path), "--set", "store.reserve_mb=1"]) == 0
    assert "sync enrol" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["status"], ["watch", "--until-empty"], ["files"], ["courier", "list"], ["keys", "show"], ["import"]]
)
def test_a_wrong_state_folder_is_named_and_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    wrong = tmp_path / "wrong"
    assert sync_command([*words, "--state", str(wrong), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "state_missing"
    assert not wrong.exists()


def test_a_file_as_state_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    for state in (tmp_path / "file", tmp_path / "file" / "x"):
        assert sync_command(["--once", "--state", str(state), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "state_unusable"


@pytest.mark.parametrize("words", [["watch", "--every", "inf"], ["watch", "--every", "1e20"], ["--once", "--files-for", "nan"]])
def test_seconds_that_never_end_are_a_wrong_call(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        sync_command(words)
    assert ended.value.code == 2
