"""``device card`` as a program sees it: keys, masking, exit codes, errors with a cure."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from devices.idcard.cli import card_command, mask
from devices.idcard.pace_offers import offer
from devices.idcard.security_infos import PACE
from devices.idcard.twin import SAMPLES, ChipTwin, Citizen, PcscdTwin, Profile

WOMAN = SAMPLES[0]
KEYS = {"ok", "access", "verdict", "clone_check", "apdus", "seconds", "person", "error", "reason", "timings", "reader"}
PERSON = {"number", "name", "birth", "sex", "residence", "origin", "ethnicity", "issued", "expires"}
TODAY = date(2026, 11, 24)
BY_QR = ["--qr", WOMAN.qr_text]


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, dict[str, Any]]:
    code = card_command(["--json", *argv], TODAY)
    answer = json.loads(capsys.readouterr().out)
    assert answer.keys() == KEYS
    return code, answer


@pytest.fixture
def card(lay: Callable[[ChipTwin], None]) -> None:
    lay(ChipTwin())


@pytest.mark.parametrize(
    "way",
    [
        BY_QR,
        ["--mrz", WOMAN.mrz],
        ["--mrz", WOMAN.mrz, "--can", "000001"],
        [*BY_QR, "--expires", "01/02/2030"],
        ["--number", "004 190 000 001", "--birth", "01/02/1990"],
        ["--number", WOMAN.number, "--birth", "1990-02-01", "--issued", "15/04/2021"],
        ["--number", WOMAN.number, "--birth", "1990-02-01", "--expires", "2030-02-01"],
    ],
    ids=["qr", "mrz", "mrz and access number", "qr and expiry", "number with blanks and birth", "and issue", "and expiry"],
)
def test_each_way_to_the_key_reads_the_card(card: None, capsys: pytest.CaptureFixture[str], way: list[str]) -> None:
    code, answer = run(capsys, "--show", *way)
    assert (code, answer["ok"], answer["access"], answer["error"]) == (0, True, "bac", None)
    assert answer["person"] == {field: getattr(WOMAN, field) for field in PERSON}
    assert (answer["verdict"], answer["clone_check"]) == ("intact_issuer_unchecked", "none")
    assert answer["apdus"] > 0


def test_without_show_nothing_tells_who_it_is(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, *BY_QR)
    assert code == 0
    person = answer["person"]
    assert person.keys() == PERSON
    assert (person["number"], person["name"], person["birth"]) == ("●●●●●●●●0001", "N●●● T●● M●●", "1990-●●-●●")
    assert all("●" in value for value in person.values())


def test_a_false_card_is_told_first_and_with_what_to_do(
    lay: Callable[[ChipTwin], None], capsys: pytest.CaptureFixture[str]
) -> None:
    lay(ChipTwin(profile=Profile(sod=False)))
    code, answer = run(capsys, *BY_QR)
    assert (code, answer["ok"], answer["verdict"]) == (0, True, "not_genuine")
    card_command(BY_QR, TODAY)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("CẢNH BÁO")
    assert "Gọi cán bộ" in first


def test_a_card_past_its_date_is_told(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    for today, told in ((date(2030, 2, 1), False), (date(2030, 2, 2), True), (None, False)):
        assert card_command(BY_QR, today) == 0
        assert ("Thẻ đã hết hạn." in capsys.readouterr().out) == told


def test_dates_and_times_are_written_as_people_write_them(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    card_command([*BY_QR, "--show"], TODAY)
    printed = capsys.readouterr().out
    assert "Ngày cấp: 15/04/2021" in printed
    assert not {"connect", "proofs", " ms"} & set(printed.split())


def test_two_ways_to_the_key_are_not_taken_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert card_command(["--qr", "https://example.org", "--number", WOMAN.number, "--birth", "1990"], TODAY) == 2
    assert "--number" in capsys.readouterr().err


def test_people_get_lines_not_json(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert card_command(BY_QR, TODAY) == 0
    printed = capsys.readouterr().out
    assert "Họ và tên: N●●● T●● M●●" in printed
    assert "chưa kiểm tra được cơ quan cấp" in printed


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--can", "000001"], "card_absent"),
        (["--can", "12345"], "can_invalid"),
        (["--can", "١٢٣٤٥٦"], "can_invalid"),
        ([], "key_missing"),
        (["--number", WOMAN.number], "key_missing"),
        (["--number", "123", "--birth", "1990"], "number_invalid"),
        (["--number", WOMAN.number, "--birth", "31/02/1990"], "date_invalid"),
        (["--number", WOMAN.number, "--birth", "2090"], "date_invalid"),
        (["--number", WOMAN.number, "--birth", "1990", "--expires", "01/02/1980"], "date_invalid"),
        (["--qr", WOMAN.qr_text.replace("15042021", "15042090")], "date_invalid"),
        (["--mrz", "IDVNM"], "mrz_invalid"),
        (["--qr", "https://example.org"], "foreign_qr"),
        ([*BY_QR, "--reader", "tcp:nowhere"], "address_invalid"),
        ([*BY_QR, "--reader", "pcsc:ACS"], "reader_absent"),
        ([*BY_QR, "--reader", "none:"], "reader_none"),
        (BY_QR, "card_absent"),
    ],
)
def test_a_failure_has_a_code_a_sentence_and_a_cure(
    pcscd: PcscdTwin, capsys: pytest.CaptureFixture[str], argv: list[str], error: str
) -> None:
    pcscd.lift()
    code, answer = run(capsys, *argv)
    assert (code, answer["ok"], answer["person"]) == (1, False, None)
    assert answer["error"]["code"] == error
    assert answer["error"]["message"]
    assert answer["error"]["cure"]


@pytest.mark.parametrize("rest", [[], BY_QR, ["--number", WOMAN.number, "--birth", "01/02/1990"]], ids=["alone", "qr", "number"])
def test_the_access_number_opens_a_chip_with_pace(
    lay: Callable[[ChipTwin], None], capsys: pytest.CaptureFixture[str], rest: list[str]
) -> None:
    lay(ChipTwin(profile=Profile(pace=(offer(f"{PACE}.2.2", 13),))))
    code, answer = run(capsys, "--can", "000001", *rest)
    assert (code, answer["access"], answer["error"]) == (0, "pace-can", None)


def test_the_access_number_alone_does_not_open_a_chip_without_pace(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "--can", "000001")
    assert (code, answer["error"]["code"]) == (1, "pace_unavailable")


def test_the_key_of_another_card(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run(capsys, "--qr", SAMPLES[1].qr_text)
    assert (code, answer["error"]["code"]) == (1, "wrong_key")
    assert answer["apdus"] > 0


def test_it_says_where_the_time_went_and_on_which_reader(pcscd: PcscdTwin, card: None, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = run(capsys, *BY_QR)
    steps = list(answer["timings"])
    assert (steps[:3], steps[-1]) == (["connect", "access", "sod"], "proofs")
    assert {"dg1", "dg13"} < set(steps)
    assert sum(answer["timings"].values()) == pytest.approx(answer["seconds"], abs=0.01)
    assert answer["reader"] == pcscd.reader_name


def test_watching_tells_each_state_on_a_line_and_waits_for_the_right_card(
    pcscd: PcscdTwin, capsys: pytest.CaptureFixture[str]
) -> None:
    pcscd.lift()
    pcscd.lay(ChipTwin.foreign())
    changing = threading.Timer(0.1, lambda: pcscd.lay(ChipTwin()))
    changing.start()
    assert card_command(["--json", "--watch", *BY_QR], TODAY) == 0
    changing.join()
    *states, answer = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [state["code"] for state in states if state["code"] != "reading"] == ["not_cccd", "done"]
    assert all(state.keys() == {"phase", "code", "progress", "message", "cure"} for state in states)
    assert answer.keys() == KEYS


def test_the_configured_reader_is_used_unless_another_is_named(card: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert card_command(["--json", *BY_QR], TODAY, "pcsc:ACS") == 1
    assert card_command(["--json", *BY_QR, "--reader", "pcsc:"], TODAY, "pcsc:ACS") == 0
    capsys.readouterr()


def test_wrong_arguments_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert card_command(["--nonsense"], TODAY) == 2
    assert card_command(["--help"], TODAY) == 0
    assert "--qr" in capsys.readouterr().out


@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_masking_leaves_no_value_whole(citizen: Citizen) -> None:
    for field in PERSON:
        value = getattr(citizen, field)
        assert mask(field, value) != value or len(value) <= 4
