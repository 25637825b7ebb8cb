"""Filing and accepting: what is written, what is printed, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from devices.idcard.facts import Proof
from forms.codes import check_code
from forms.dossier import DossierError, Status
from forms.procedures.catalogue import load_catalogue
from forms.session import FormSession
from kiosk.clock import HANOI
from kiosk.officials import add_official
from kiosk.services import Filed, Identified, Refused
from kiosk.store.connection import StoreError
from kiosk.usecases import accept_dossier, check_can_file, file_dossier, is_holder, reprint
from kiosk.worklist import detail
from sync.clock import ServerMark
from tests.kiosk.machines import (
    ANSWERS,
    MOTHER,
    MOTHERS_CARD,
    PROCEDURE,
    Machine,
    ToldClock,
    card_facts,
    fill,
    filled_session,
    make_machine,
)
from tests.kiosk.store.test_journal import feed_of


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def machine(tmp_path: Path, clock: ToldClock) -> Machine:
    return make_machine(tmp_path, clock)


def file_one(machine: Machine) -> Filed:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)


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
        file_dossier(machine, PROCEDURE, session, MOTHERS_CARD)
    assert caught.value.code == "form_incomplete"
    assert machine.store.current()[1] == 0


def test_typing_instead_of_a_card_files_as_well(machine: Machine) -> None:
    session = fill(filled_session(), ANSWERS)
    filed = file_dossier(machine, PROCEDURE, session, None)
    assert machine.store.fields(filed.dossier)["applicant"]["by"] == "typed"


PROVED = Proof("intact_issuer_unchecked", "active", "issuer_not_installed")
PROVED_CODE = "intact_issuer_unchecked/active/bac/issuer_not_installed"
FALSE = Proof("not_genuine", reason="hash_mismatch")
LONG = "CÔNG TẰNG TÔN NỮ HOÀNG THỊ NGỌC MẪU"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (Identified(MOTHER, PROVED, "pace-mrz"), "chip/intact_issuer_unchecked/active/pace-mrz/issuer_not_installed"),
        (Identified(MOTHER, Proof("issuer_trusted"), "bac"), "chip/issuer_trusted/none/bac"),
        (Identified(replace(MOTHER, source="qr")), "qr"),
        (Identified(replace(MOTHER, number="004190000009"), PROVED, "bac"), "typed"),
        (Identified(replace(MOTHER, name="LỤC THỊ MẪU"), PROVED, "bac"), "typed"),
        (Identified(replace(MOTHER, name="", mrz_name="NONG THI MAU"), PROVED, "bac"), f"chip/{PROVED_CODE}"),
        (Identified(replace(MOTHER, name="", mrz_name="LUC THI MAU"), PROVED, "bac"), "typed"),
        (Identified(replace(MOTHER, name=""), PROVED, "bac"), "typed"),
        (Identified(replace(MOTHER, name="", source="qr")), "qr"),
        (Identified(MOTHER, FALSE, "bac"), "typed/not_genuine///hash_mismatch"),
        (Identified(replace(MOTHER, source="qr"), FALSE, "bac"), "qr/not_genuine///hash_mismatch"),
        (None, "typed"),
    ],
    ids=[
        "chip",
        "trusted",
        "QR",
        "another's card",
        "name changed",
        "no DG13",
        "no DG13, another's name",
        "no name at all",
        "QR by wedge",
        "false chip",
        "QR after a false chip",
        "no card",
    ],
)
def test_how_the_applicant_was_identified_is_written_down(machine: Machine, card: Identified | None, code: str) -> None:
    filed = file_dossier(machine, PROCEDURE, filled_session(), card)
    assert machine.store.fields(filed.dossier)["applicant"]["by"] == code


@pytest.mark.parametrize(
    ("name", "mrz_name", "holder"),
    [
        (LONG, "CONG TANG TON NU HOANG THI NG", True),
        (LONG, "CONG TANG", False),
        ("Ksor H'Mẫu", "KSOR HMAU", True),
        ("ĐÀM THỊ ĐỊNH", "DAM THI DINH", True),
        ("KẺ GIẢ MẠO", "", False),
    ],
)
def test_a_name_is_compared_with_the_mrz_as_the_mrz_writes_it(name: str, mrz_name: str, holder: bool) -> None:
    assert is_holder(MOTHER.number, name, replace(MOTHER, name="", mrz_name=mrz_name)) is holder


def test_the_official_reads_how_the_applicant_was_identified(machine: Machine) -> None:
    filed = file_dossier(machine, PROCEDURE, filled_session(), Identified(MOTHER, PROVED, "bac"))
    told = "Đọc chíp: dữ liệu nguyên vẹn, chưa kiểm tra cơ quan cấp; chưa chắc là chíp gốc"
    assert ("Kiểm tra thẻ", told) in detail(machine, filed.dossier).facts


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
    accepted = accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)
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
    accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)
    with pytest.raises(DossierError) as caught:
        accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)
    assert caught.value.code == "not_new"


def test_every_act_carries_its_actor(machine: Machine) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)
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


def told_by_the_province(machine: Machine, clock: ToldClock) -> None:
    with machine.store.transaction():
        machine.store.learn_time(ServerMark(clock.wall_ms(), clock.mono, clock.boot))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.cure_vi
    return caught.value.code


YEAR = 365 * 24 * 3600


def test_one_filing_with_the_clock_ahead_locks_the_kiosk_only_until_the_province_has_told_the_time(
    machine: Machine, clock: ToldClock
) -> None:
    clock.at += 60 * 24 * 3600
    file_one(machine)
    clock.at -= 60 * 24 * 3600
    assert refusal(lambda: check_can_file(machine)) == "clock_behind"
    told_by_the_province(machine, clock)
    check_can_file(machine)
    file_one(machine)
    clock.mono, clock.boot = 1.0, "boot-2"
    check_can_file(machine)


def test_an_unchecked_clock_more_than_a_year_ahead_of_anything_known_starts_no_filing(machine: Machine, clock: ToldClock) -> None:
    file_one(machine)
    clock.at += YEAR
    check_can_file(machine)
    clock.at += 36 * 24 * 3600
    assert refusal(lambda: check_can_file(machine)) == "clock_ahead"
    told_by_the_province(machine, clock)
    check_can_file(machine)


def test_the_last_time_told_by_the_province_counts_as_known_after_a_restart(machine: Machine, clock: ToldClock) -> None:
    told_by_the_province(machine, clock)
    clock.boot = "boot-2"
    clock.at += 401 * 24 * 3600
    assert refusal(lambda: check_can_file(machine)) == "clock_ahead"


def test_nothing_is_accepted_before_it_was_filed_or_with_a_clock_out_of_reason(machine: Machine, clock: ToldClock) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)

    def accept() -> object:
        return accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)

    clock.at -= 11 * 60
    assert refusal(accept) == "clock_behind"
    machine.store.set_meta("last_filed", None)
    assert refusal(accept) == "clock_behind"
    clock.at += 2 * YEAR
    machine.store.set_meta("last_filed", "2026-11-25T08:15:00+07:00")
    assert refusal(accept) == "clock_ahead"
    assert machine.store.fields(filed.dossier)["status"] == Status.NEW
    clock.at -= 2 * YEAR
    told_by_the_province(machine, clock)
    accept()
    assert machine.store.fields(filed.dossier)["status"] == Status.ACCEPTED


def test_the_law_is_that_of_the_day_of_filing(tmp_path: Path) -> None:
    clock = ToldClock(datetime(2027, 2, 26, 16, 30, tzinfo=HANOI))
    machine = make_machine(tmp_path, clock)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    in_time = file_one(machine)
    clock.advance(4 * 24 * 3600)
    accept_dossier(machine, in_time.dossier, PROCEDURE, official, 0)
    assert refusal(lambda: file_one(machine)) == "procedure_expired"


def test_what_was_filed_under_a_law_no_longer_in_force_is_not_accepted(tmp_path: Path) -> None:
    clock = ToldClock(datetime(2026, 11, 30, 8, 0, tzinfo=HANOI))
    machine = make_machine(tmp_path, clock)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    over = replace(PROCEDURE, valid_to=date(2026, 11, 29))
    assert refusal(lambda: accept_dossier(machine, filed.dossier, over, official, 0)) == "procedure_expired"


def give_code(machine: Machine, dossier: str, code: str) -> None:
    """The province's code for a dossier, as the feed would have left it."""
    with machine.store.transaction():
        machine.store.apply_feed(feed_of({"e": "f", "d": dossier, "w": {"official_code": code}}))


@pytest.mark.parametrize("code", ["H14.99-261125-0001", "H14/TTHC.2026-7"])
def test_a_copy_of_mau_01_carries_the_official_code_that_came_since(machine: Machine, clock: ToldClock, code: str) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    accepted = accept_dossier(machine, filed.dossier, PROCEDURE, official, 0)
    first = machine.store.print_job(accepted.job)
    assert first is not None
    clock.advance(7 * 24 * 3600)
    give_code(machine, filed.dossier, code)
    copy = machine.store.print_job(reprint(machine, accepted.job))
    assert copy is not None
    text = json.dumps(copy.content, ensure_ascii=False)
    assert code in text
    assert f"Mã tạm: {filed.code}" in text
    assert "sẽ thay bằng mã chính thức" not in text
    assert copy.content[0] == {**copy.content[0], "block": "banner", "text": "BẢN IN LẠI · LẦN 1"}
    said = [block for block in copy.content if block["block"] in ("pair", "qr")]
    assert said == [block for block in first.content if block["block"] in ("pair", "qr")]


def test_a_copy_of_a_slip_stays_the_slip_it_was(machine: Machine) -> None:
    filed = file_one(machine)
    give_code(machine, filed.dossier, "H14.99-261125-0001")
    assert "H14.99" not in paper_text(machine, reprint(machine, filed.job))


def test_a_code_no_paper_can_carry_is_a_refusal_that_leaves_nothing_and_never_stops_a_copy(machine: Machine) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    first, second = file_one(machine), file_one(machine)
    job = accept_dossier(machine, first.dossier, PROCEDURE, official, 0).job
    with machine.store.transaction():
        told = [{"e": "f", "d": one.dossier, "w": {"official_code": "中" * 40}} for one in (first, second)]
        machine.store.apply_feed(feed_of(*told))
    assert refusal(lambda: accept_dossier(machine, second.dossier, PROCEDURE, official, 0)) == "wrong_code"
    assert machine.store.fields(second.dossier)["status"] == Status.NEW
    assert "BẢN IN LẠI" in paper_text(machine, reprint(machine, job))


def test_mau_01_says_who_checks_the_papers_what_replaces_them_and_where_it_was_made(machine: Machine) -> None:
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    filed = file_one(machine)
    text = paper_text(machine, accept_dossier(machine, filed.dossier, PROCEDURE, official, 0).job)
    assert "theo tờ khai, cán bộ đối chiếu" in text
    assert "không cần nếu tra được" in text
    place = machine.office.place_vi
    assert f"{place[0].upper()}{place[1:]}, ngày 25 tháng 11 năm 2026" in text


def test_a_forged_card_with_letters_no_paper_can_carry_files_nothing(machine: Machine) -> None:
    session = FormSession(PROCEDURE.form, today=date(2026, 11, 25))
    session.prefill(card_facts(replace(MOTHER, name="NÔNG 中 MẪU", source="qr")))
    session.put("child_name", "Nông Văn Thử")
    assert "req_name" in [question.name for question in session.visible()]
    assert refusal(lambda: file_dossier(machine, PROCEDURE, session, MOTHERS_CARD)) == "form_incomplete"
    filed = file_dossier(machine, PROCEDURE, fill(session, {**ANSWERS, "req_name": "Nông Thị Mẫu"}), MOTHERS_CARD)
    assert "中" not in json.dumps(machine.store.fields(filed.dossier), ensure_ascii=False)


def test_whose_dossier_it_is_stands_beside_who_files_when_they_are_two(machine: Machine) -> None:
    procedure = load_catalogue().shown("2.000635", date(2026, 11, 25))

    def file_for(whom: str, **answers: str) -> dict[str, Any]:
        session = FormSession(procedure.form, today=date(2026, 11, 25))
        session.prefill(card_facts(MOTHER))
        filed = file_dossier(machine, procedure, fill(session, {"req_relation": whom, **answers}), MOTHERS_CARD)
        return dict(machine.store.fields(filed.dossier))

    other = file_for("kin", s_name="Nông Văn Thử", s_number="")
    assert (other["applicant"]["name"], other["owner"]["name"]) == (MOTHER.name, "Nông Văn Thử")
    assert "owner" not in file_for("self")
