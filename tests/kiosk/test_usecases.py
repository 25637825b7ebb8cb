"""Filing and accepting: what is written, what is printed, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from forms.codes import check_code
from forms.dossier import DossierError, Status
from kiosk.clock import HANOI
from kiosk.officials import add_official
from kiosk.services import Filed, Refused
from kiosk.store.connection import StoreError
from kiosk.usecases import accept_dossier, check_can_file, file_dossier, reprint
from tests.kiosk.machines import ANSWERS, BIRTH, MOTHER, Machine, ToldClock, fill, filled_session, load_catalogue, make_machine

PROCEDURE = load_catalogue()[BIRTH]


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def machine(tmp_path: Path, clock: ToldClock) -> Machine:
    return make_machine(tmp_path, clock)


def file_one(machine: Machine) -> Filed:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHER)


def paper_text(machine: Machine, job: int) -> str:
    found = machine.store.print_job(job)
    assert found is not None
    return json.dumps(found.content, ensure_ascii=False)


def test_a_filing_is_status_one_with_a_sound_provisional_code(machine: Machine) -> None:
    filed = file_one(machine)
    fields = machine.store.fields(filed.dossier)
    assert fields["status"] == Status.NEW
    assert check_code(filed.code).valid
    assert check_code(filed.code).kind == "provisional"
    assert fields["filed_at"] == "2026-11-25T08:15:00+07:00"
    assert fields["unit"] == "01290"


def test_the_slip_waits_in_the_same_store_and_promises_nothing(machine: Machine) -> None:
    filed = file_one(machine)
    text = paper_text(machine, filed.job)
    assert "PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK" in text
    assert "Chưa phải giấy tiếp nhận" in text
    assert filed.code in text
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ" not in text
    assert "Thời gian trả kết quả" not in text
    assert "004190000001" not in text


def test_the_qr_holds_code_and_random_key_and_no_person(machine: Machine) -> None:
    first, second = file_one(machine), file_one(machine)
    assert first.qr.startswith(f"https://tinh.example/h/{first.code}?k=")
    assert first.qr.split("k=")[1] != second.qr.split("k=")[1]
    for secret in ("004190000001", "Nông", "N%C3%B4ng", "nong"):
        assert secret not in first.qr


def test_an_incomplete_form_is_refused_and_leaves_nothing(machine: Machine) -> None:
    session = filled_session()
    session.put("child_name", "")
    with pytest.raises(Refused) as caught:
        file_dossier(machine, PROCEDURE, session, MOTHER)
    assert caught.value.code == "form_incomplete"
    assert machine.store.current()[1] == 0


def test_typing_instead_of_a_card_files_as_well(machine: Machine) -> None:
    session = fill(filled_session(), ANSWERS)
    filed = file_dossier(machine, PROCEDURE, session, None)
    assert machine.store.fields(filed.dossier)["applicant"]["by"] == "typed"


def test_an_unenrolled_kiosk_files_nothing(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, enrolled=False)
    with pytest.raises(StoreError) as caught:
        check_can_file(machine)
    assert caught.value.code == "not_enrolled"


def test_a_clock_behind_the_last_filing_issues_no_code(machine: Machine, clock: ToldClock) -> None:
    file_one(machine)
    clock.advance(-9 * 60)
    check_can_file(machine)
    clock.advance(-2 * 60)
    with pytest.raises(Refused) as caught:
        check_can_file(machine)
    assert caught.value.code == "clock_behind"


def test_a_clock_of_1970_issues_no_code(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, ToldClock(datetime(1970, 1, 1, tzinfo=HANOI)))
    with pytest.raises(Refused) as caught:
        check_can_file(machine)
    assert caught.value.code == "clock_behind"


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (datetime(2026, 11, 25, 8, 15, tzinfo=HANOI), "2026-11-25T17:00:00+07:00"),
        (datetime(2026, 11, 25, 15, 30, tzinfo=HANOI), "2026-11-26T17:00:00+07:00"),
        (datetime(2026, 11, 27, 15, 30, tzinfo=HANOI), "2026-11-30T17:00:00+07:00"),
    ],
)
def test_acceptance_freezes_a_due_time_by_the_law(tmp_path: Path, received: datetime, due: str) -> None:
    machine = make_machine(tmp_path, ToldClock(received))
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    accepted = accept_dossier(machine, filed.dossier, PROCEDURE, official)
    fields = machine.store.fields(filed.dossier)
    assert fields["status"] == Status.ACCEPTED
    assert fields["receipt.due"] == due
    assert fields["receipt.calendar"]
    text = paper_text(machine, accepted.job)
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ" in text
    assert "Cán bộ Mẫu" in text


def test_a_dossier_is_accepted_once(machine: Machine) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    accept_dossier(machine, filed.dossier, PROCEDURE, official)
    with pytest.raises(DossierError) as caught:
        accept_dossier(machine, filed.dossier, PROCEDURE, official)
    assert caught.value.code == "not_new"


def test_every_act_carries_its_actor(machine: Machine) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    accept_dossier(machine, filed.dossier, PROCEDURE, official)
    inc = machine.store.current()[0]
    actors = [json.loads(line.body)["a"] for line in machine.store.lines(inc, 0, 10)]
    assert actors == ["citizen", "citizen", official.id]


def test_reprints_are_marked_and_counted(machine: Machine) -> None:
    filed = file_one(machine)
    first = reprint(machine, filed.job)
    second = reprint(machine, first)
    marks: list[Any] = []
    for job in (first, second):
        found = machine.store.print_job(job)
        assert found is not None
        marks.append([block["text"] for block in found.content if block["block"] == "banner"])
    assert marks == [["BẢN IN LẠI · LẦN 1"], ["BẢN IN LẠI · LẦN 2"]]
