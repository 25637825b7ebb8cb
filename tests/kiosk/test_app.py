"""The services behind the glass on real parts: a real pcscd with a software chip, a printer twin, a barcode fifo, real threads.

What goes wrong with a device comes to the screen as a sentence with a cure, and the filing itself stays possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from devices.barcode import Preview
from devices.barcode.twin import BarcodeTwin, CameraTwin, WedgeTwin
from devices.errors import DeviceError
from devices.idcard import CardPerson, CardState
from devices.idcard.twin import SAMPLES, ChipTwin, Faults, PcscdTwin
from devices.printer.twin import PrinterTwin
from kiosk.app import KioskServices
from kiosk.demo.loop import LoopScheduler
from kiosk.officials import add_official
from kiosk.services import CardHints, Identified, Refused
from kiosk.sync_status import LineFact, write_status
from tests.devices.barcode.drawn import View, frame
from tests.kiosk.machines import ANSWERS, BIRTH, MOTHER, MOTHERS_CARD, Clock, card_facts, fill, make_machine
from tests.kiosk.viewmodels.house import faces
from tests.waiting import until

T = TypeVar("T")


class Kiosk:
    """Services on a temporary state, and the loop that runs what comes back to the UI thread."""

    def __init__(self, state: Path, *sets: str) -> None:
        self.machine = make_machine(state, Clock(), sets=sets)
        self.loop = LoopScheduler()
        self.services = KioskServices(self.machine, self.loop)

    def until(self, what: str, test: Callable[[], T], seconds: float = 10.0) -> T:
        end = self.loop.now() + seconds
        while self.loop.now() < end:
            value = test()
            if value:
                return value
            self.loop.turn(0.02)
        raise AssertionError(f"waited in vain for: {what}")

    def file(self, card: Identified | None = MOTHERS_CARD) -> str:
        session = self.services.open_form(BIRTH)
        session.prefill(card_facts(MOTHER))
        return self.services.submit(self.services.procedure(BIRTH), fill(session, ANSWERS), card).code

    def read(self, person: CardPerson | None = MOTHER) -> list[CardPerson | Refused]:
        """Start a reading; the list fills with the person or the refusal."""
        said: list[CardPerson | Refused] = []

        def tell(state: CardState) -> None:
            if state.reading is not None:
                said.append(state.reading.person)
            elif state.phase == "failed":
                said.append(Refused(state.code, state.message_vi, state.cure_vi))

        self.services.read_card(CardHints(person), tell)
        return said


@pytest.fixture
def reader() -> Iterator[PcscdTwin]:
    with PcscdTwin() as twin:
        yield twin


@pytest.fixture
def kiosk(tmp_path: Path, reader: PcscdTwin) -> Iterator[Kiosk]:
    with PrinterTwin(tmp_path / "paper") as printer:
        barcode = BarcodeTwin(tmp_path / "fifo")
        barcode.plug()
        opened = Kiosk(tmp_path / "state", f"devices.printer={printer.url}", f"devices.barcode={barcode.url}")
        yield opened
        opened.services.close()


def test_the_chip_s_facts_reach_the_form(kiosk: Kiosk, reader: PcscdTwin) -> None:
    said = kiosk.read(ChipTwin().person)
    reader.lay(ChipTwin())
    kiosk.until("the card", lambda: said)
    person = said[0]
    assert isinstance(person, CardPerson)
    assert (person.name, person.number, person.source) == ("NÔNG THỊ MẪU", "004190000001", "chip")


@pytest.mark.parametrize(
    ("chip", "code"),
    [
        (ChipTwin.foreign, "not_cccd"),
        (lambda: ChipTwin(faults=Faults(lift_after=9)), "card_removed"),
        (lambda: ChipTwin(faults=Faults(answer_with=0x6F00)), "chip_unreadable"),
    ],
)
def test_a_card_that_fails_is_told_with_a_way_on(kiosk: Kiosk, reader: PcscdTwin, chip: Callable[[], ChipTwin], code: str) -> None:
    said = kiosk.read(ChipTwin().person)
    reader.lay(chip())
    kiosk.until("the refusal", lambda: said)
    refused = said[0]
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert refused.message_vi
    assert refused.cure_vi
    assert kiosk.file(None).startswith("TAM-")


def test_a_reader_that_was_pulled_is_told_and_comes_back_by_itself(kiosk: Kiosk, reader: PcscdTwin) -> None:
    kiosk.until("the reader", lambda: kiosk.services.devices()[1].state == "ok")
    reader.unplug_reader()
    kiosk.until("the trouble", lambda: any("Đầu đọc thẻ" in one for one in kiosk.services.troubles()))
    reader.plug_reader()
    kiosk.until("the cure", lambda: not any("Đầu đọc thẻ" in one for one in kiosk.services.troubles()))
    assert [fact.state for fact in kiosk.services.devices() if fact.name == "reader"] == ["ok"]


def test_without_pcscd_typing_and_filing_go_on(kiosk: Kiosk, reader: PcscdTwin) -> None:
    reader.stop()
    kiosk.services.test_device("reader", lambda _fact: None)
    fact = kiosk.until(
        "the broken reader", lambda: next((f for f in kiosk.services.devices() if (f.name, f.state) == ("reader", "broken")), None)
    )
    assert fact.cure_vi
    assert kiosk.file(None).startswith("TAM-")


def test_a_cancelled_reading_says_nothing_more(kiosk: Kiosk, reader: PcscdTwin) -> None:
    said: list[CardState] = []
    reading = kiosk.services.read_card(CardHints(ChipTwin().person), said.append)
    kiosk.until("the first state", lambda: said)
    reading.cancel()
    reader.lay(ChipTwin())
    kiosk.loop.turn(1.0)
    assert [state.code for state in said] == ["card_absent"]


def test_a_card_that_lay_there_first_is_read_when_its_qr_comes(kiosk: Kiosk, reader: PcscdTwin) -> None:
    reader.lay(ChipTwin())
    said: list[CardState] = []
    kiosk.services.read_card(CardHints(), said.append)
    kiosk.until("the card to be seen", lambda: said and said[-1].code == "key_missing")
    read = kiosk.read(ChipTwin().person)
    assert kiosk.until("the card", lambda: read)[0] == ChipTwin().person


def test_the_digits_on_the_back_open_the_card_of_an_old_man(kiosk: Kiosk, reader: PcscdTwin) -> None:
    chip = ChipTwin(SAMPLES[2])
    reader.lay(chip)
    said: list[CardState] = []
    zone = chip.citizen.mrz
    kiosk.services.read_card(CardHints(chip.person, mrz_expiry=zone[38:45]), said.append)
    assert kiosk.until("the card", lambda: next((one.reading for one in said if one.reading), None)).person == chip.person


def test_a_card_qr_is_a_person_and_a_foreign_one_is_refused(kiosk: Kiosk, tmp_path: Path) -> None:
    said: list[CardPerson | Refused] = []
    listening = kiosk.services.watch_barcode(said.append, said.append, lambda _preview: None)
    hand = BarcodeTwin(tmp_path / "fifo")

    def scan(text: str) -> bool:
        try:
            hand.scan(text)
        except DeviceError:
            return False
        return True

    kiosk.until("the reader to listen", lambda: scan("https://example.com/ma-la"))
    kiosk.until("the refusal", lambda: said)
    scan(ChipTwin().qr_text)
    kiosk.until("the person", lambda: len(said) > 1)
    listening.cancel()
    assert isinstance(said[0], Refused)
    assert said[0].code == "foreign_qr"
    assert isinstance(said[1], CardPerson)
    assert said[1].number == "004190000001"


def test_a_wedge_gives_a_person_without_a_name_and_a_camera_the_whole(tmp_path: Path) -> None:
    wedge, camera = WedgeTwin(tmp_path / "wedge"), CameraTwin(tmp_path / "eye")
    lone = Kiosk(tmp_path / "state", "devices.printer=none:", "devices.reader=none:", f"devices.barcode={wedge.url} {camera.url}")
    said: list[CardPerson | Refused] = []
    seen: list[Preview] = []
    lone.services.watch_barcode(said.append, said.append, seen.append)
    lone.until("the camera's picture", lambda: seen and wedge.listened_to)
    wedge.scan(ChipTwin().qr_text)
    lone.until("the digits", lambda: said)
    camera.show(frame(View(), SAMPLES[1].qr_text))
    lone.until("the whole", lambda: len(said) > 1)
    assert [(one.name, one.number) for one in said if isinstance(one, CardPerson)] == [
        ("", "004190000001"),
        (SAMPLES[1].name, SAMPLES[1].number),
    ]
    lone.services.close()


def test_a_slip_out_of_paper_is_told_before_the_next_citizen_starts(kiosk: Kiosk, tmp_path: Path) -> None:
    kiosk.file()
    kiosk.until("the first slip", lambda: list((tmp_path / "paper").glob("slip-*.png")))
    from devices.printer.twin import flip

    flip(tmp_path / "paper" / "printer.json", paper_out=True)
    kiosk.services.test_device("printer", lambda _fact: None)
    kiosk.until("the trouble", lambda: any("in được phiếu" in one for one in kiosk.services.troubles()))
    assert kiosk.file().startswith("TAM-")


def test_the_official_finds_accepts_and_prints(kiosk: Kiosk) -> None:
    add_official(kiosk.machine.store, "Cán bộ Mẫu", "135790", "official")
    code = kiosk.file()
    kiosk.services.sign_in("135790")
    assert [tab.count for tab in kiosk.services.tabs()] == [1, 0, 0, 0, 0]
    (row,) = kiosk.services.worklist("new", "nong van thu")
    assert (row.code, row.due_vi, row.sent) == (code, "", False)
    detail = kiosk.services.detail(row.dossier)
    assert detail.can_accept
    assert ("Người nộp", "NÔNG THỊ MẪU") in detail.facts
    assert any(label == "Giới tính của cháu" and text == "Nam" for _, label, text in detail.answers)
    accepted = kiosk.services.accept(row.dossier, kiosk.services.detail(row.dossier).seen)
    assert "giờ" in accepted.due_vi
    assert kiosk.services.worklist("new") == []
    kiosk.until("Mẫu 01", lambda: kiosk.services.print_fact(accepted.job).state == "printed")


def test_the_official_compares_the_face_on_the_chip_and_nothing_keeps_it(kiosk: Kiosk, reader: PcscdTwin) -> None:
    add_official(kiosk.machine.store, "Cán bộ Mẫu", "135790", "official")
    kiosk.file()
    kiosk.services.sign_in("135790")
    (row,) = kiosk.services.worklist("new")
    applicant = kiosk.services.detail(row.dossier).applicant
    chip = ChipTwin()
    assert (applicant.name, applicant.number, applicant.birth) == (chip.person.name, chip.person.number, chip.person.birth)
    sizes: list[tuple[int, int]] = []

    def tell(state: CardState) -> None:
        if state.reading is not None and state.reading.face is not None:
            sizes.append((state.reading.face.width, state.reading.face.height))

    known = CardPerson(applicant.number, applicant.name, applicant.birth)
    reading = kiosk.services.compare_card(CardHints(known), tell)
    reader.lay(chip)
    assert kiosk.until("the face", lambda: sizes) == [(240, 320)]
    reading.cancel()
    del reading
    awaited: list[str] = []
    kiosk.services.read_card(CardHints(), lambda state: awaited.append(state.code))
    kiosk.until("the card that still lies there", lambda: awaited == ["key_missing"])
    assert faces() == 0
    reader.lift()
    kiosk.until("the lifting", lambda: awaited[-1] == "card_absent")
    reader.lay(chip)
    kiosk.until("another laying", lambda: awaited[-1] == "key_missing")


def test_nobody_but_a_signed_in_official_sees_the_face_on_a_chip(kiosk: Kiosk) -> None:
    add_official(kiosk.machine.store, "Kỹ thuật Mẫu", "246800", "technician")
    with pytest.raises(Refused) as caught:
        kiosk.services.compare_card(CardHints(MOTHER), lambda _state: None)
    assert caught.value.code == "signed_out"
    kiosk.services.sign_in("246800")
    with pytest.raises(Refused) as caught:
        kiosk.services.compare_card(CardHints(MOTHER), lambda _state: None)
    assert caught.value.code == "not_official"


def test_behind_the_pin_everything_is_refused_without_it(kiosk: Kiosk) -> None:
    kiosk.file()
    for act in (kiosk.services.tabs, lambda: kiosk.services.worklist("new"), lambda: kiosk.services.detail("x")):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "signed_out"


def test_a_citizen_s_look_up_shows_the_state_and_no_name(kiosk: Kiosk) -> None:
    code = kiosk.file()
    row = kiosk.services.find(code.lower())
    assert row is not None
    assert (row.status_vi, row.name) == ("Mới đăng ký", "")
    assert kiosk.services.find("TAM-7-261125-0001X") is None


def test_an_uncertain_slip_that_came_out_is_settled_by_a_person(kiosk: Kiosk) -> None:
    kiosk.file()
    store = kiosk.machine.store
    kiosk.until("the slip", lambda: kiosk.services.print_fact(1).state == "printed")
    store.set_print_state(1, "uncertain", "Chưa rõ.", "")
    kiosk.services.answer_print(1, True)
    assert kiosk.services.print_fact(1).state == "printed"
    store.set_print_state(1, "uncertain", "Chưa rõ.", "")
    kiosk.services.answer_print(1, False)
    kiosk.until("the marked copy", lambda: kiosk.services.print_fact(2).state == "printed")


def test_a_lost_line_is_told_with_what_waits(kiosk: Kiosk, tmp_path: Path) -> None:
    kiosk.file()
    told: list[bool] = []
    kiosk.services.on_change(lambda: told.append(True))
    now = kiosk.machine.store.clock.reading()
    fact = LineFact(online=False, since_vi="07:40", failure="offline", written_mono=now.mono, boot=now.boot)
    write_status(tmp_path / "state", fact)
    kiosk.until("the news", lambda: kiosk.services.line().online is False)
    assert kiosk.services.line().chip_vi == "Mất mạng từ 07:40 – 1 hồ sơ chờ gửi"
    assert told


def test_a_call_for_help_reaches_the_officials_screen_at_once(kiosk: Kiosk) -> None:
    told: list[bool] = []
    watch = kiosk.services.on_change(lambda: told.append(True))
    kiosk.services.call_help("Khai sinh: câu 3")
    assert told
    assert kiosk.services.help_calls()[0][1] == "Khai sinh: câu 3"
    kiosk.services.answer_help()
    assert kiosk.services.help_calls() == ()
    watch.cancel()


def test_a_sync_process_that_fell_silent_is_not_called_healthy(kiosk: Kiosk, tmp_path: Path) -> None:
    now = kiosk.machine.store.clock.reading()
    fact = LineFact(online=True, since_vi="07:40", next_try_s=1.0, written_mono=now.mono, boot=now.boot)
    write_status(tmp_path / "state", fact)
    kiosk.until("the line", lambda: kiosk.services.line().online)
    write_status(tmp_path / "state", replace(fact, boot="an earlier boot"))
    kiosk.until("the doubt", lambda: kiosk.services.line().online is None)
    line = next(one for one in kiosk.services.devices() if one.name == "line")
    assert line.state == "warning"


def test_a_technician_sees_and_settles_no_dossier(kiosk: Kiosk) -> None:
    add_official(kiosk.machine.store, "Kỹ thuật Mẫu", "864209", "technician")
    kiosk.file()
    dossier = kiosk.machine.store.rows("SELECT d FROM dossier")[0]["d"]
    kiosk.services.sign_in("864209")
    for act in (kiosk.services.tabs, lambda: kiosk.services.detail(dossier), lambda: kiosk.services.accept(dossier, 0)):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "not_official"


def test_a_question_hears_any_code(kiosk: Kiosk, tmp_path: Path) -> None:
    said: list[str] = []
    listening = kiosk.services.watch_text(said.append)
    hand = BarcodeTwin(tmp_path / "fifo")

    def scanned() -> bool:
        try:
            hand.scan("VN-123/4")
        except DeviceError:
            return False
        return True

    kiosk.until("the reader to take it", scanned)
    kiosk.until("the code", lambda: said)
    listening.cancel()
    assert said == ["VN-123/4"]


def test_a_scanner_with_a_wrong_address_is_told_as_a_refusal(tmp_path: Path) -> None:
    lone = Kiosk(tmp_path / "state", "devices.printer=none:", "devices.barcode=serial://")
    with pytest.raises(Refused) as caught:
        lone.services.watch_text(lambda _text: None)
    assert caught.value.code == "barcode_address_invalid"
    lone.services.close()


def test_residence_is_printed_and_then_known_to_nobody(kiosk: Kiosk) -> None:
    session = kiosk.services.open_form("1.004194")
    session.prefill(card_facts(MOTHER))
    fill(session, {"is_head": "yes", "has_members": "no"})
    told = kiosk.services.prepare(kiosk.services.procedure("1.004194"), session)
    kiosk.until("the paper", lambda: kiosk.services.print_fact(told.job).state == "printed")
    assert kiosk.machine.store.rows("SELECT content FROM print_job") == [{"content": "[]"}]
    with pytest.raises(Refused):
        kiosk.services.reprint(told.job)


def test_people_s_words_and_groups_lead_to_procedures(kiosk: Kiosk) -> None:
    assert kiosk.services.search("đẻ")[0].code == BIRTH
    groups = kiosk.services.groups()
    assert BIRTH in [tile.code for tile in kiosk.services.in_group(groups[0].id)]


def test_a_code_scanned_as_the_person_walks_away_is_dropped(kiosk: Kiosk, tmp_path: Path) -> None:
    said: list[object] = []
    listening = kiosk.services.watch_barcode(said.append, said.append, lambda _preview: None)
    hand = BarcodeTwin(tmp_path / "fifo")

    def scanned() -> bool:
        try:
            hand.scan(ChipTwin().qr_text)
        except DeviceError:
            return False
        return True

    until("the reader to take it", scanned)
    until("the code to be on its way to the screen", lambda: kiosk.loop.waiting)
    listening.cancel()
    kiosk.loop.turn(0.3)
    assert said == []


def test_a_wrong_printer_address_is_a_broken_printer_and_no_broken_kiosk(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "state", "devices.printer=foo:bar", "devices.reader=none:")
    fact = next(one for one in kiosk.services.devices() if one.name == "printer")
    assert (fact.state, bool(fact.cure_vi)) == ("broken", True)
    assert kiosk.file(None).startswith("TAM-")
    kiosk.services.close()
