"""The technician's ``store`` commands answer in JSON, exit 0 only when all is well, and never harm a running kiosk."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.machine import Machine
from kiosk.officials import SignIn
from kiosk.services import Refused
from kiosk.store_cli import store_command
from kiosk.usecases import file_dossier
from tests.kiosk.machines import MOTHER, PROCEDURE, filled_session, make_machine

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
            return file_dossier(machine, PROCEDURE, filled_session(), MOTHER).code
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
    code = file_dossier(running, PROCEDURE, filled_session(), MOTHER).code
    running.close()
    assert [row["code"] for row in desk.ask("list")[1]["dossiers"]] == [code]


def test_a_backup_that_is_not_there_is_an_answer_not_a_crash(desk: Desk, tmp_path: Path) -> None:
    result, answer = desk.ask("restore", str(tmp_path / "absent.db"))
    assert (result, answer["error"]["code"]) == (1, "backup_failed")


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
        file_dossier(machine, PROCEDURE, filled_session(), MOTHER)
    machine.close()
    file = tmp_path / "kiosk.db"
    data = bytearray(file.read_bytes())
    for place in range(9000, len(data), 4096):
        data[place] ^= 0xFF
    file.write_bytes(bytes(data))
    assert store_command(["check", "--state", str(tmp_path), "--json", "--set", "store.reserve_mb=1"]) == 1
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["error"]["code"] in ("store_damaged", "store_key")
