"""The technician's ``store`` commands answer in JSON, exit 0 only when all is well, and never harm a running kiosk."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.attachments import Paper, attach
from kiosk.config import load
from kiosk.machine import Machine, open_machine
from kiosk.officials import SignIn, add_official
from kiosk.services import Refused
from kiosk.store.blobs import KioskFiles
from kiosk.store_cli import store_command
from kiosk.tidying import tidy_daily
from kiosk.usecases import accept_dossier, file_dossier
from tests.forms.pdf_text import pdf_text, squeezed
from tests.kiosk.machines import MOTHER, MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import feed_of

SMALL = ("--set", "store.reserve_mb=1", "--set", "store.least_free_mb=1")


class Desk:
    """Runs commands on one kiosk's state folder and reads their JSON."""

    def __init__(self, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state = state
        self._capsys = capsys

    def machine(self) -> Machine:
        return make_machine(self.state)

    def file_one(self) -> str:
        machine = self.machine()
        try:
            return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code
        finally:
            machine.close()

    def accept_one(self) -> str:
        machine = self.machine()
        try:
            filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
            accept_dossier(machine, filed.dossier, PROCEDURE, add_official(machine.store, "Cán bộ Mẫu", "135790", "official"), 0)
            return filed.code
        finally:
            machine.close()

    def say(self, *words: str) -> tuple[int, str]:
        code = store_command([*words, "--state", str(self.state), *SMALL])
        return code, self._capsys.readouterr().out

    def ask(self, *words: str) -> tuple[int, dict[str, Any]]:
        code, text = self.say(*words, "--json")
        return code, json.loads(text)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path / "state", capsys)
    desk.machine().close()
    return desk


def test_list_shows_codes_and_heads_but_no_names(desk: Desk) -> None:
    code = desk.file_one()
    result, answer = desk.ask("list")
    assert (result, answer["ok"]) == (0, True)
    assert [row["code"] for row in answer["dossiers"]] == [code]
    assert len(answer["heads"]) == 1
    assert MOTHER.name not in json.dumps(answer, ensure_ascii=False)
    assert code in desk.say("list")[1]


def test_check_says_what_it_walked_and_fails_on_damage(desk: Desk) -> None:
    desk.file_one()
    result, answer = desk.ask("check")
    assert (result, answer["ok"], answer["events"], answer["dossiers"]) == (0, True, 2, 1)
    machine = desk.machine()
    machine.store.db.execute("UPDATE dossier_search SET text = 'khac'")
    machine.close()
    result, answer = desk.ask("check")
    assert (result, answer["ok"]) == (1, False)
    assert answer["findings"][0]["where"].startswith("dossier_search ")
    assert "SAI: dossier_search" in desk.say("check")[1]


def test_rebuild_mends_what_check_found(desk: Desk) -> None:
    desk.file_one()
    machine = desk.machine()
    machine.store.db.execute("DELETE FROM dossier_search")
    machine.close()
    assert desk.ask("check")[0] == 1
    assert desk.ask("rebuild") == (0, {"ok": True, "dossiers": 1})
    assert desk.ask("check")[0] == 0


def test_a_backup_is_restored_and_the_replaced_store_is_named(desk: Desk, tmp_path: Path) -> None:
    backup = str(tmp_path / "b.db")
    first = desk.file_one()
    result, answer = desk.ask("backup", backup)
    assert (result, answer["bytes"]) == (0, (tmp_path / "b.db").stat().st_size)
    desk.file_one()
    result, answer = desk.ask("restore", backup)
    assert (result, answer["ok"], answer["kept"]) == (0, True, "kiosk.db.before-restore-1")
    assert [row["code"] for row in desk.ask("list")[1]["dossiers"]] == [first]
    assert desk.ask("check")[0] == 0
    assert "kiosk.db.before-restore-2" in desk.say("restore", backup)[1]


def test_restore_is_refused_while_a_kiosk_runs_and_its_promises_stand(desk: Desk, tmp_path: Path) -> None:
    desk.ask("backup", str(tmp_path / "b.db"))
    running = desk.machine()
    result, answer = desk.ask("restore", str(tmp_path / "b.db"))
    assert (result, answer["error"]["code"]) == (1, "store_in_use")
    assert "Dừng kiosk" in answer["error"]["message"]
    code = file_dossier(running, PROCEDURE, filled_session(), MOTHERS_CARD).code
    running.close()
    assert [row["code"] for row in desk.ask("list")[1]["dossiers"]] == [code]


def test_a_backup_that_is_not_there_is_an_answer_not_a_crash(desk: Desk, tmp_path: Path) -> None:
    result, answer = desk.ask("restore", str(tmp_path / "absent.db"))
    assert (result, answer["error"]["code"]) == (1, "backup_failed")
    assert "Không có tệp" in answer["error"]["message"]
    assert str(tmp_path) not in answer["error"]["message"]


def test_what_is_no_backup_is_told_in_plain_words(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_bytes(b"something else")
    _, answer = desk.ask("restore", str(tmp_path / "b.db"))
    assert answer["error"]["message"].startswith("backup_failed: Không khôi phục được. Tệp sao lưu hỏng")


def test_a_key_file_that_others_read_or_that_is_wrapped_otherwise_says_what_to_do(desk: Desk) -> None:
    file = desk.state / "keys" / "kiosk.key"
    file.chmod(0o644)
    assert "chmod 600" in desk.ask("list")[1]["error"]["message"]
    file.chmod(0o600)
    wrapped = json.loads(file.read_text())
    file.write_text(json.dumps({**wrapped, "wrap": "tpm"}))
    assert "store wrap-key" in desk.ask("list")[1]["error"]["message"]


def test_a_scan_of_a_paper_the_procedure_does_not_have_is_refused_with_those_it_has(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    code = desk.file_one()
    _, answer = desk.ask("attach", code, str(tmp_path / "a.pdf"), "--paper", "giay_la")
    assert answer["error"]["code"] == "paper_unknown"
    assert "giay_chung_sinh" in answer["error"]["message"]
    assert desk.ask("attach", code, str(tmp_path / "a.pdf"), "--paper", "giay_chung_sinh")[0] == 0


def test_a_person_is_registered_listed_and_withdrawn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("135790\n"))
    result, added = desk.ask("add-official", "--name", "Bế Thị Mẫu", "--role", "technician", "--pin-stdin")
    assert (result, added["ok"]) == (0, True)
    listed = desk.ask("list-officials")
    assert listed == (0, {"ok": True, "officials": [{"id": added["id"], "name": "Bế Thị Mẫu", "role": "technician"}]})
    assert "kỹ thuật  Bế Thị Mẫu" in desk.say("list-officials")[1]
    running = desk.machine()
    sign_in = SignIn(running.store, running.store.clock)
    assert sign_in.try_pin("135790").id == added["id"]
    assert desk.ask("remove-official", added["id"]) == (0, {"ok": True, "id": added["id"]})
    with pytest.raises(Refused) as caught:
        sign_in.try_pin("135790")
    assert caught.value.code == "no_officials"
    assert running.official_names() == {added["id"]: "Bế Thị Mẫu"}
    running.close()
    assert desk.ask("list-officials")[1]["officials"] == []
    result, answer = desk.ask("remove-official", added["id"])
    assert (result, answer["error"]["code"]) == (1, "no_such_official")


def test_the_papers_of_a_dossier_are_written_for_its_owner_under_its_code_alone(desk: Desk, tmp_path: Path) -> None:
    code, out = desk.accept_one(), tmp_path / "out"
    (out / f"{code}-mau_01.pdf").parent.mkdir()
    (out / f"{code}-mau_01.pdf").symlink_to(tmp_path / "elsewhere")
    result, answer = desk.ask("papers", code.lower(), "--out", str(out))
    names = [f"{code}-{paper}.pdf" for paper in ("mau_01", "mau_06", "to_khai_dang_ky_khai_sinh")]
    assert (result, sorted(answer["files"])) == (0, names)
    assert not (tmp_path / "elsewhere").exists()
    for name in names:
        assert (out / name).read_bytes().startswith(b"%PDF")
        assert (out / name).stat().st_mode & 0o777 == 0o600
    text = pdf_text((out / names[0]).read_bytes())
    assert squeezed("Ông (Bà)/Tổ chức: NÔNG THỊ MẪU") in text
    assert squeezed(f"Số định danh cá nhân/tổ chức: {MOTHER.number}") in text


def test_only_the_papers_asked_for_are_written(desk: Desk, tmp_path: Path) -> None:
    code = desk.accept_one()
    result, answer = desk.ask("papers", code, "--out", str(tmp_path / "out"), "--kind", "mau_06")
    assert (result, answer["files"]) == (0, [f"{code}-mau_06.pdf"])
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_dossier_is_found_by_the_code_of_the_province(desk: Desk, tmp_path: Path) -> None:
    desk.accept_one()
    machine = desk.machine()
    with machine.store.transaction():
        dossier = machine.store.rows("SELECT d FROM dossier")[0]["d"]
        machine.store.apply_feed(feed_of({"e": "f", "d": dossier, "w": {"official_code": "H14.99-261125-0001"}}))
    machine.close()
    answer = desk.ask("papers", "h14.99-261125-0001", "--out", str(tmp_path / "out"), "--kind", "mau_01")[1]
    assert answer["files"] == ["H14-99-261125-0001-mau_01.pdf"]


def test_papers_that_are_not_there_are_told_with_what_to_do(desk: Desk, tmp_path: Path) -> None:
    code, out = desk.file_one(), str(tmp_path / "out")
    result, answer = desk.ask("papers", code, "--out", out, "--kind", "mau_01")
    assert (result, answer["error"]["code"]) == (1, "nothing_to_print")
    assert "Giấy đã có: to_khai_dang_ky_khai_sinh." in answer["error"]["message"]
    assert desk.ask("papers", "TAM-7-261125-9999", "--out", out)[1]["error"]["code"] == "dossier_unknown"
    assert not (tmp_path / "out").exists()


def test_a_dossier_of_a_procedure_this_machine_does_not_know_is_told_so(desk: Desk, tmp_path: Path) -> None:
    code, machine = desk.file_one(), desk.machine()
    machine.store.db.execute("UPDATE dossier SET fields = json_set(fields, '$.form', '1999010101')")
    machine.close()
    result, answer = desk.ask("papers", code, "--out", str(tmp_path))
    assert (result, answer["error"]["code"]) == (1, "procedure_unknown")
    assert "Cập nhật" in answer["error"]["message"]


def test_a_folder_that_cannot_be_written_to_is_an_answer(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result, answer = desk.ask("papers", desk.file_one(), "--out", str(tmp_path / "file"))
    assert (result, answer["error"]["code"]) == (1, "file")
    assert "«file»: Đã có tệp mang tên này; cần một thư mục." in answer["error"]["message"]


def test_the_register_lists_what_was_received_in_its_days(desk: Desk, tmp_path: Path) -> None:
    code, filed, file = desk.accept_one(), desk.file_one(), tmp_path / "so.pdf"
    asked = ("register", "--from", "2026-11-25", "--to", "2026-11-25", "--out", str(file))
    assert desk.ask(*asked) == (0, {"ok": True, "dossiers": 1})
    text = pdf_text(file.read_bytes())
    assert code in text
    assert filed not in text
    assert squeezed("Thủ tục đăng ký khai sinh NÔNG THỊ MẪU") in text
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("first", "last", "code"), [("2026-11-26", "2026-11-30", "nothing_to_print"), ("2026-11-26", "2026-11-25", "wrong_period")]
)
def test_a_register_without_lines_is_told_and_not_written(desk: Desk, tmp_path: Path, first: str, last: str, code: str) -> None:
    desk.accept_one()
    result, answer = desk.ask("register", "--from", first, "--to", last, "--out", str(tmp_path / "so.pdf"))
    assert (result, answer["error"]["code"]) == (1, code)
    assert not (tmp_path / "so.pdf").exists()


def test_a_day_that_is_none_is_told_with_how_to_write_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        desk.say("register", "--from", "01/11/2026", "--to", "2026-11-30", "--out", "so.pdf")
    assert left.value.code == 2
    assert "«01/11/2026» không phải là ngày có thật; ghi như 2026-11-24" in capsys.readouterr().err


def test_a_weak_pin_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("123456\n"))
    result, answer = desk.ask("add-official", "--name", "Bế Thị Mẫu", "--pin-stdin")
    assert (result, answer["error"]["code"]) == (1, "pin_weak")


def test_a_withdrawn_pin_may_be_given_to_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(name: str) -> dict[str, Any]:
        monkeypatch.setattr("sys.stdin", io.StringIO("135790\n"))
        return desk.ask("add-official", "--name", name, "--pin-stdin")[1]

    first = add("Bế Thị Mẫu")
    assert add("Lý Văn Mẫu")["error"]["code"] == "pin_taken"
    desk.ask("remove-official", first["id"])
    assert add("Lý Văn Mẫu")["ok"]


def test_a_damaged_file_is_named_and_never_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = make_machine(tmp_path)
    for _ in range(5):
        file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    machine.close()
    file = tmp_path / "kiosk.db"
    data = bytearray(file.read_bytes())
    for place in range(9000, len(data), 4096):
        data[place] ^= 0xFF
    file.write_bytes(bytes(data))
    assert store_command(["check", "--state", str(tmp_path), "--json", "--set", "store.reserve_mb=1"]) == 1
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["error"]["code"] in ("store_damaged", "store_key")


def ended(desk: Desk, day: int) -> Machine:
    """A kiosk whose first dossier has ended long since, as the province told ``day`` days later."""
    machine = desk.machine()
    told = Province(machine)
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    machine.store.set_print_state(machine.store.next_print_job().id, "printed")
    told.end(dossier)
    told.day(0)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    told.acknowledge()
    told.back_up()
    told.day(day)
    return machine


def test_a_tidying_is_shown_before_it_is_done(desk: Desk) -> None:
    ended(desk, 100).close()
    code, shown = desk.ask("tidy", "--dry-run")
    assert (code, shown["done"]) == (0, False)
    code, done = desk.ask("tidy")
    assert (code, done["done"], done["rows"]) == (0, True, shown["rows"])
    assert done["rows"][0][:2] == ["Hồ sơ niêm phong", 1]
    assert desk.ask("tidy", "--compact")[1]["rows"][0][1] == 0
    assert desk.ask("check")[1]["sealed"] == 2


def test_a_kiosk_the_province_never_told_the_time_says_so(desk: Desk) -> None:
    desk.file_one()
    assert "chưa báo ngày giờ" in desk.say("tidy")[1]


def test_the_daily_turn_is_taken_once_on_each_day_of_the_province(desk: Desk) -> None:
    machine = ended(desk, 100)
    first = tidy_daily(machine)
    assert first is not None
    assert len(first.closing) == 1
    assert tidy_daily(machine) is None
    Province(machine).day(101)
    assert tidy_daily(machine) is not None


def test_a_day_the_province_told_by_mistake_does_not_end_the_daily_turns(desk: Desk) -> None:
    machine = ended(desk, 100)
    Province(machine).day(20_000)
    assert tidy_daily(machine) is not None
    Province(machine).day(101)
    assert tidy_daily(machine) is not None


def test_check_names_a_file_that_is_gone(desk: Desk) -> None:
    machine = make_machine(desk.state, sets=("store.scan_free_mb=1", "store.warn_free_mb=1"))
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    attach(machine, dossier, Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.4 invented")
    files = KioskFiles(machine.store)
    blob = files.facts()[0].id
    machine.close()
    assert desk.ask("check")[0] == 0
    files.path(blob).unlink()
    code, told = desk.ask("check")
    assert (code, [one["where"] for one in told["findings"]]) == (1, [f"blob {blob}"])


def test_a_backup_moves_to_a_new_machine_with_its_passphrase(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, backup = desk.file_one(), str(tmp_path / "backup")
    monkeypatch.setattr("sys.stdin", io.StringIO("ngắn\n"))
    assert desk.ask("backup", backup, "--passphrase-stdin")[1]["error"]["code"] == "passphrase_short"
    monkeypatch.setattr("sys.stdin", io.StringIO("mật khẩu sao lưu mẫu\n" * 2))
    assert desk.ask("backup", backup, "--passphrase-stdin")[0] == 0
    other = Desk(tmp_path / "other", capsys)
    assert other.ask("restore", backup, "--passphrase-stdin") == (0, {"ok": True, "kept": None, "enrol_again": True})
    assert [row["code"] for row in open_machine(load(other.state)).store.rows("SELECT code FROM dossier")] == [code]


@pytest.mark.parametrize("words", [["check"], ["list"], ["papers", "1", "--out", "x"], ["tidy", "--dry-run"], ["start-anew"]])
def test_a_wrong_state_folder_is_named_and_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    wrong = tmp_path / "wrong"
    assert store_command([*words, "--state", str(wrong), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "state_missing"
    assert not wrong.exists()


def test_a_pin_asked_for_without_a_terminal_says_how_to_give_it(tmp_path: Path) -> None:
    command = [sys.executable, "main.py", "store", "add-official", "--name", "Lý Văn Mẫu", "--state", str(tmp_path), "--json"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True, timeout=60)
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"]["code"] == "no_terminal"
    assert "GetPassWarning" not in ended.stderr


def test_a_file_that_is_no_store_of_ours_leaves_nothing_beside_it(desk: Desk, tmp_path: Path) -> None:
    letter = tmp_path / "away" / "letter"
    letter.parent.mkdir()
    letter.write_text("dear reader", encoding="utf-8")
    code, told = desk.ask("check", "--set", f"store.file={letter}")
    assert (code, told["error"]["code"]) == (1, "store_key")
    assert list(letter.parent.iterdir()) == [letter]


def test_a_refused_restore_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.mcb").write_bytes(b"MCB1 and nothing more")
    assert store_command(["restore", str(tmp_path / "b.mcb"), "--state", str(tmp_path / "new" / "state")]) == 1
    assert not (tmp_path / "new").exists()


def test_a_lost_key_file_names_the_way_that_works(desk: Desk) -> None:
    (desk.state / "keys" / "kiosk.key").write_bytes(b"")
    (desk.state / "keys" / "kiosk.key").chmod(0o600)
    assert "«store restore»" in desk.ask("check")[1]["error"]["message"]
    (desk.state / "keys" / "kiosk.key").unlink()
    assert "«store restore»" in desk.ask("check")[1]["error"]["message"]


def test_a_store_that_is_there_is_not_begun_anew(desk: Desk) -> None:
    before = sorted(desk.state.iterdir())
    code, told = desk.ask("start-anew")
    assert (code, told["error"]["code"]) == (1, "store_there")
    assert sorted(desk.state.iterdir()) == before


def test_the_help_names_every_act(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        store_command(["--help"])
    assert "attach" in capsys.readouterr().out
