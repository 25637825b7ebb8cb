"""``forms deadline|fee|code|name|calendar``: the same facts for programs and for reading aloud, and refusals with their cure."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forms.deadlines.holidays import proposal
from kiosk.forms_cli import forms_command

BIRTH = "1.001193"
CERTIFIED = "2.000815"


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*words: str) -> tuple[int, Any]:
        code = forms_command([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*words: str) -> list[str]:
        forms_command(words)
        return capsys.readouterr().out.splitlines()

    return ask


def test_a_due_date_comes_with_every_day_and_its_reason(asked: Any) -> None:
    code, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-23T15:01")
    assert (code, facts["due"], facts["duration"], facts["calendar"]) == (
        0,
        "2026-11-25T17:00:00+07:00",
        "Trong ngày làm việc tiếp theo",
        "vn-2026.1",
    )
    assert facts["days"] == [
        {"date": "2026-11-23", "counted": False, "why": "Nhận sau 15 giờ"},
        {"date": "2026-11-24", "counted": False, "why": "Ngày Văn hóa Việt Nam"},
        {"date": "2026-11-25", "counted": True, "why": "Ngày làm việc tiếp theo"},
    ]


def test_the_due_date_is_read_aloud(said: Any) -> None:
    lines = said("deadline", "--procedure", f"{BIRTH}.000.00.00.H14", "--received", "2026-11-23T15:01")
    assert lines[1] == "Nhận lúc 15:01, Thứ Hai 23/11/2026."
    assert lines[2] == "Hẹn trả kết quả: 17:00, Thứ Tư 25/11/2026 (Trong ngày làm việc tiếp theo)."
    assert "- Thứ Ba 24/11: không tính (Ngày Văn hóa Việt Nam)." in lines
    assert "- Thứ Tư 25/11: tính, ngày thứ 1 (Ngày làm việc tiếp theo)." in lines


def test_ordinary_days_are_read_without_repeating_their_name(said: Any) -> None:
    lines = said("deadline", "--procedure", BIRTH, "--received", "2026-11-27T16:00")
    assert lines[4:] == [
        "- Thứ Sáu 27/11: không tính (Nhận sau 15 giờ).",
        "- Thứ Bảy 28/11: không tính (nghỉ cuối tuần).",
        "- Chủ Nhật 29/11: không tính (nghỉ cuối tuần).",
        "- Thứ Hai 30/11: tính, ngày thứ 1 (Ngày làm việc tiếp theo).",
        "Lịch làm việc: bản vn-2026.1.",
    ]


def test_a_moment_may_carry_another_zone(asked: Any) -> None:
    _, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-25T08:01:00+00:00")
    assert (facts["received"], facts["due"]) == ("2026-11-25T15:01:00+07:00", "2026-11-26T17:00:00+07:00")


def test_a_day_without_an_hour_is_answered_and_said_to_be_so(asked: Any) -> None:
    notes = {
        text: asked("deadline", "--procedure", BIRTH, "--received", text)[1]["notes"] for text in ("2026-11-20", "2026-11-20T00:00")
    }
    assert "chưa ghi giờ nhận" in notes["2026-11-20"][0]
    assert notes["2026-11-20T00:00"] == []


def test_hours_and_pauses_change_the_due_date(asked: Any) -> None:
    _, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--hours", "08:00-12:00,13:00-16:30")
    assert facts["due"] == "2026-11-25T16:30:00+07:00"
    waited = "2026-11-25T10:00/2026-11-27T15:00"
    _, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--paused", waited)
    assert facts["due"] == "2026-11-27T17:00:00+07:00"


def test_a_clock_that_stands_gives_no_date(asked: Any) -> None:
    code, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--paused", "2026-11-25T10:00/")
    assert (code, facts["error"]["code"]) == (1, "clock_stands")


def test_a_year_waiting_for_its_decision_is_said(said: Any) -> None:
    lines = said("deadline", "--procedure", BIRTH, "--received", "2027-01-04T09:00")
    assert lines[-1] == "Lưu ý: lịch nghỉ lễ năm 2027 mới là tạm tính, chưa có quyết định; hạn có thể thay đổi."


def calendar_file(folder: Path, last: str) -> str:
    """The year 2026 by law and moon, without its Culture Day."""
    days = [day for day in proposal(2026) if day.day < date(2026, 11, 1)]
    rows = [{"date": day.day.isoformat(), "name": day.name_vi, "kind": day.kind, "status": day.status} for day in days]
    file = folder / "lich.json"
    table = {"version": "thu-1", "first": "2026-01-01", "last": last, "holidays": rows}
    file.write_text(json.dumps(table, ensure_ascii=False), "utf-8")
    return str(file)


def test_another_calendar_can_be_tried_and_its_doubts_are_said(asked: Any, tmp_path: Path) -> None:
    file = calendar_file(tmp_path, "2026-12-31")
    code, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-23T15:01", "--calendar", file)
    assert (code, facts["due"], facts["calendar"]) == (0, "2026-11-24T17:00:00+07:00", "thu-1")
    missing = "Năm 2026 thiếu ngày nghỉ Ngày Văn hóa Việt Nam (24/11)."
    assert missing in facts["notes"]
    code, facts = asked("calendar", "--calendar", file)
    assert (code, facts["doubts"]) == (1, [missing])


def test_outside_the_calendar_the_rules_give_no_answer(asked: Any, tmp_path: Path) -> None:
    file = calendar_file(tmp_path, "2026-11-23")
    code, facts = asked("deadline", "--procedure", BIRTH, "--received", "2026-11-23T15:01", "--calendar", file)
    assert (code, facts["error"]["code"]) == (1, "calendar_missing")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("deadline", "--procedure", "9.999999", "--received", "2026-11-25T09:00"), "unknown_procedure"),
        (("deadline", "--procedure", "khai sinh", "--received", "2026-11-25T09:00"), "unknown_procedure"),
        (("deadline", "--procedure", BIRTH, "--received", "hôm nay"), "bad_time"),
        (("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--hours", "8-12"), "bad_hours"),
        (("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--paused", "2026-11-25T10:00"), "bad_pause"),
        (("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--calendar", "/nowhere.json"), "no_calendar"),
        (("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--calendar", __file__), "calendar_file"),
        (("fee", "--procedure", BIRTH, "--event", "1/11/2026"), "bad_date"),
        (("fee", "--procedure", BIRTH, "--copies", "hai"), "bad_number"),
        (("fee", "--procedure", BIRTH, "--items", "5x"), "bad_items"),
        (("fee", "--procedure", BIRTH, "--items", "5", "--pages", "5"), "bad_items"),
        (("fee", "--procedure", BIRTH, "--exempt", "khong_co"), "unknown_exemption"),
        (("fee", "--procedure", BIRTH, "--received", "2026-11-23T10:00", "--event", "2026-11-24"), "bad_event"),
        (("fee", "--procedure", CERTIFIED, "--pages", "0"), "bad_number"),
        (("fee", "--procedure", CERTIFIED, "--pages", "3", "--copies", "0"), "bad_number"),
        (("fee", "--procedure", CERTIFIED, "--items", "5x0"), "bad_items"),
        (("fee", "--procedure", CERTIFIED, "--items", "5x2,"), "bad_items"),
        (("fee", "--procedure", CERTIFIED, "--items", "5x2", "--copies", "3"), "bad_items"),
        (("deadline", "--procedure", BIRTH, "--received", "9999-12-31T23:59-12:00"), "bad_time"),
        (("deadline", "--procedure", BIRTH, "--received", "0001-01-01T00:00+14:00"), "bad_time"),
        (("deadline", "--procedure", BIRTH, "--received", "2025-01-01T09:00"), "not_in_force"),
        (("name", " "), "no_name"),
        (("calendar", "--propose", ""), "bad_number"),
        (("calendar", "--propose", "1990"), "bad_year"),
    ],
)
def test_a_wrong_question_is_a_named_error_with_a_cure(asked: Any, words: tuple[str, ...], error: str) -> None:
    code, facts = asked(*words)
    assert (code, facts["error"]["code"]) == (2, error)
    assert facts["error"]["message"]
    assert facts["error"]["cure"]


def test_a_pause_that_ends_before_it_begins_is_refused(asked: Any) -> None:
    words = ("deadline", "--procedure", BIRTH, "--received", "2026-11-25T09:00", "--paused", "2026-11-26T10:00/2026-11-25T10:00")
    assert asked(*words)[1]["error"]["code"] == "bad_pause"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "không phải là JSON"),
        ('{"version": "a", "first": "2026-01-01", "last": "9999-12-31", "holidays": []}', "2000–2100"),
        ('{"version": "a", "first": "0001-01-01", "last": "2026-12-31", "holidays": []}', "2000–2100"),
        ('{"version": "a", "first": "2028-01-01", "last": "2026-12-31", "holidays": []}', "đứng trước"),
    ],
)
def test_a_calendar_that_cannot_be_is_told_and_never_a_traceback(asked: Any, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "lich.json"
    file.write_text(text, "utf-8")
    code, facts = asked("calendar", "--calendar", str(file))
    assert (code, facts["error"]["code"]) == (2, "calendar_file")
    assert told in facts["error"]["message"]


def test_years_the_wrong_way_round_are_told_once_and_not_for_every_day(asked: Any, tmp_path: Path) -> None:
    days = [{"date": "2026-01-01", "name": "Tết Dương lịch", "kind": "statutory", "status": "official"}]
    file = tmp_path / "lich.json"
    file.write_text(json.dumps({"version": "a", "first": "2028-12-31", "last": "2026-01-01", "holidays": days}), "utf-8")
    assert asked("calendar", "--calendar", str(file))[1]["error"]["message"].count("\n- ") == 1


def test_a_procedure_not_in_force_is_told_with_the_days_it_is(asked: Any) -> None:
    cure = asked("deadline", "--procedure", BIRTH, "--received", "2025-01-01T09:00")[1]["error"]["cure"]
    assert "từ 01/" in cure


def test_who_is_exempt_is_not_called_the_ground_of_an_unknown_fee(said: Any) -> None:
    lines = said("fee", "--procedure", BIRTH, "--received", "2026-11-23T10:00", "--event", "2026-01-01")
    assert lines[-1].startswith("Được miễn nếu là: ")


def test_a_refusal_is_read_aloud_with_its_cure(said: Any) -> None:
    assert said("deadline", "--procedure", BIRTH, "--received", "x") == [
        "bad_time: «x» không phải là một lúc có thật.",
        "Cách xử lý: Ghi như 2026-11-24T15:01.",
    ]


def test_a_fee_comes_with_words_and_lines(asked: Any) -> None:
    code, facts = asked("fee", "--procedure", BIRTH, "--received", "2026-11-23T10:00", "--event", "2026-11-01")
    assert (code, facts["amount_vnd"], facts["words"], facts["lines"]) == (0, 0, "Không đồng", [])


def test_a_late_registration_is_not_given_an_invented_amount(asked: Any, said: Any) -> None:
    late = ("fee", "--procedure", BIRTH, "--received", "2026-11-23T10:00", "--event", "2026-01-01")
    _, facts = asked(*late)
    assert (facts["amount_vnd"], facts["words"]) == (None, "")
    assert said(*late)[1] == "Chưa tính được số tiền: Theo nghị quyết HĐND tỉnh."


def test_codes_of_all_kinds_are_recognised(asked: Any) -> None:
    code, facts = asked("code", "tam-k01-261124-0007d")
    assert (code, facts["kind"], facts["normalised"], facts["valid"]) == (0, "provisional", "TAM-K01-261124-0007D", True)
    code, facts = asked("code", "000.00.00.H14-240115-0001")
    assert (code, facts["kind"], facts["parts"]["unit"], facts["parts"]["order"]) == (0, "official", "H14.00.00.000", "leaf_first")
    code, facts = asked("code", "1.001193.H14")
    assert (code, facts["kind"], facts["normalised"], facts["parts"]["agency"]) == (0, "procedure", BIRTH, "H14")


def test_a_wrong_code_is_told_where_it_is_wrong(asked: Any, said: Any) -> None:
    code, facts = asked("code", "H14.40-261124-007")
    assert (code, facts["valid"], "Phần số thứ tự «007»" in facts["why"]) == (1, False, True)
    assert said("code", "H14.40-261124-007")[1].startswith("Mã viết sai: Phần số thứ tự")


def test_a_name_is_given_in_every_form(asked: Any, said: Any) -> None:
    _, facts = asked("name", "lý thị hòa")
    assert (facts["normal"], facts["folded"]) == ("Lý Thị Hoà", "ly thi hoa")
    assert facts["sort_key"] < asked("name", "Nông Thị Mẫu")[1]["sort_key"]
    assert said("name", "lý thị hòa")[-1] == "Xếp danh sách theo tên «Hoà», rồi đến «Lý Thị»."
    assert said("name", "Pá")[-1] == "Xếp danh sách theo tên «Pá»."


def test_the_calendar_is_checked_and_a_year_proposed(asked: Any, said: Any) -> None:
    assert asked("calendar") == (0, {"calendar": "vn-2026.1", "provisional_years": [2027, 2028], "doubts": []})
    _, facts = asked("calendar", "--propose", "2030")
    assert {"date": "2030-02-02", "name": "Tết Nguyên đán", "kind": "statutory", "status": "provisional"} in facts["holidays"]
    assert "Thứ Bảy 02/02/2030: Tết Nguyên đán (chờ quyết định)." in said("calendar", "--propose", "2030")
