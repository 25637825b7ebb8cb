"""``python3 main.py gallery``: every screen with invented content, in both orientations and both letter sizes, as PNG.

The manual's pictures and the layout checks of the tests come from the same scenes. A scene drives the real view models to a place;
nothing is faked but the services behind them (``samples``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from devices.idcard import CardReading, CardState, card_error
from devices.idcard.facts import Proof
from devices.idcard.other_codes import foreign_code
from devices.idcard.stream import done, failed, progressing, waiting
from forms.codes import provisional_code
from kiosk.services import CardHints, Identified, PrintFact, Refused
from kiosk.touch.official_scenes import STAFF
from kiosk.touch.samples import BIRTH, CARD, TODAY, SampleServices, eye
from kiosk.touch.stage import LANDSCAPE, PORTRAIT, Stage
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.attract import Attract
from kiosk.viewmodels.card import CardChoice, CardSeen, ReadChip, ScanQr
from kiosk.viewmodels.card_typing import Digits, TypedDigits, TypedIdentity
from kiosk.viewmodels.check import Check, Saving
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.find import Find
from kiosk.viewmodels.flow import Kiosk, Timeout
from kiosk.viewmodels.services import ServiceGroup, ServiceList, ServiceSearch, Stopped, start
from kiosk.viewmodels.slip import PreparedSlip, Slip

Scene = Callable[[Kiosk, SampleServices], None]

SIZES: Mapping[str, tuple[int, int]] = {"landscape": LANDSCAPE, "portrait": PORTRAIT}

ONLY_PORTAL = "2.000986"
"""Never begins at the kiosk."""
CERTIFIED = "2.000815"
"""Has a repeat."""
TEMPORARY_STAY = "1.004194"
"""Is only prepared here: the police receive it."""

KNOWN = CardHints(CARD)
"""The QR of the sample card was read."""

ANSWERS = {
    "req_phone": "0900000001",
    "child_name": "Nông Thị Mẫu",
    "father_name": "Nông Văn Mẫu",
    "father_number": "004095000001",
    "mother_number": "004198000001",
    "child_facility": "Trạm y tế xã Bản Mẫu, tỉnh Cao Bằng",
    "req_email": "mau@thu.vn",
    "home_hamlet": "Xóm Nà Mẫu",
    "stay_until": "2027-05-31",
    "members[1].name": "Nông Văn Mẫu",
    "members[1].relation": "Con",
}


def filled(services: SampleServices, stop_at: str = "", code: str = BIRTH) -> Filing:
    """A filing with the sample card, answered question by question until ``stop_at`` or the check page."""
    filing = Filing(services, code)
    filing.take_card(Identified(CARD))
    session = filing.session
    for _ in range(100):
        question = session.current
        if question is None or question.name == stop_at:
            break
        if question.type == "text":
            number = question.appearance == "number"
            value = ANSWERS.get(question.name, "004198000001" if number else "Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng")
        elif question.type == "date":
            value = "2026-11-15" if question.name == "child_dob" else ANSWERS.get(question.name, "1995-09-02")
        elif question.type == "integer":
            value = "2"
        elif question.choices:
            value = question.choices[-1 if question.name.endswith("[2]+") else 0].name
        else:
            value = "yes"
        if not session.value(question.name) and question.type != "note":
            session.put(question.name, value)
        session.forward()
    return filing


def asked(name: str, write: Callable[[Asking], None] = lambda page: None, *, card: bool = True) -> Scene:
    """The question ``name``, after ``write`` has written something."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        filing = filled(services, name) if card else Filing(services, BIRTH)
        if not card:
            while filing.session.current is not None and filing.session.current.name != name:
                question = filing.session.current
                filing.session.put(question.name, question.choices[0].name if question.choices else "Lý Thị Mẫu")
                if question.type == "date":
                    filing.session.put(question.name, "1998-03-12")
                filing.session.forward()
        page = Asking(kiosk, filing)
        kiosk.show(page)
        write(page)

    return scene


def typed(text: str) -> Callable[[Asking], None]:
    def write(page: Asking) -> None:
        target = page.typing or page.entry or page.search
        assert target is not None
        target.clear()
        target.type(text)

    return write


def _wrong(page: Asking) -> None:
    assert page.typing is not None
    page.typing.clear()
    page.next()


def _wrong_date(page: Asking) -> None:
    assert page.entry is not None
    page.entry.type("31022026")
    page.next()


def _only_year(page: Asking) -> None:
    assert page.entry is not None
    page.entry.choose("year")


def _troubles(kiosk: Kiosk, services: SampleServices) -> None:
    services.sentences = (
        "Hôm nay máy không in được phiếu. Bà con chép lại mã hồ sơ.",
        "Đầu đọc thẻ chưa dùng được. Bà con quét mã QR hoặc tự gõ số.",
    )
    services.offline = True
    kiosk.end()


def _before(kiosk: Kiosk, services: SampleServices) -> None:
    _troubles(kiosk, services)
    assert isinstance(kiosk.screen, Attract)
    kiosk.screen.start()


def _read(state: CardState, known: CardHints = KNOWN) -> Scene:
    """The card on the reader, and how it stands."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.card = state
        kiosk.show(ReadChip(kiosk, Filing(services, BIRTH), known))

    return scene


def _laid_too_soon(kiosk: Kiosk, services: SampleServices) -> None:
    services.card = waiting("key_missing")
    kiosk.show(ScanQr(kiosk, Filing(services, BIRTH), chip=True))


def _not_genuine(kiosk: Kiosk, services: SampleServices) -> None:
    _read(done(CardReading(CARD, "bac", Proof("not_genuine"), 0, 0.0)))(kiosk, services)


def _dates_again(kiosk: Kiosk, services: SampleServices) -> None:
    kiosk.show(TypedIdentity(kiosk, Filing(services, BIRTH), chip=True, missed=KNOWN))


def _digits(kind: Digits, text: str, *, wrong: bool = False) -> Scene:
    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        page = TypedDigits(kiosk, Filing(services, BIRTH), KNOWN, kind)
        kiosk.show(page)
        page.number.type(text)
        if wrong:
            page.next()

    return scene


def _foreign_qr(kiosk: Kiosk, services: SampleServices) -> None:
    page = ScanQr(kiosk, Filing(services, BIRTH), chip=True)
    kiosk.show(page)
    page.refused = Refused(
        "foreign_qr",
        "Mã QR này không phải mã trên thẻ căn cước.",
        "Tìm mã QR in trên thẻ căn cước rồi đưa vào máy quét. Nếu không có, hãy tự nhập thông tin.",
    )
    page.notify()


def _camera(kiosk: Kiosk, services: SampleServices) -> None:
    page = ScanQr(kiosk, Filing(services, BIRTH), chip=False)
    page.preview = eye()
    kiosk.show(page)


def _camera_foreign(kiosk: Kiosk, services: SampleServices) -> None:
    page = ScanQr(kiosk, Filing(services, BIRTH), chip=True)
    page.preview = eye()
    refused = foreign_code("https://motcua.example/h/TAM-1?k=ABC")
    page.refused = Refused(refused.code, refused.message_vi, refused.cure_vi)
    kiosk.show(page)


def _identity(step: str) -> Scene:
    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        page = TypedIdentity(kiosk, Filing(services, BIRTH), chip=True)
        kiosk.show(page)
        page.number.type("00419800" if step == "number" else "004198000001")
        if step == "wrong":
            page.next()
            page.birth.type("1202")
            page.next()
        elif step == "expiry":
            page.next()
            page.birth.type("12031998")
            page.next()

    return scene


def _checked(page_number: int, missing: Sequence[str] = ()) -> Scene:
    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        filing = filled(services)
        for name in missing:
            filing.session.put(name, "")
        filing.check_page = page_number
        kiosk.show(Check(kiosk, filing))

    return scene


def _other(page_number: int, code: str) -> Scene:
    """The check page of another procedure."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        filing = filled(services, code=code)
        filing.check_page = page_number
        kiosk.show(Check(kiosk, filing))

    return scene


def _entry(*, removing: bool) -> Scene:
    """A question of a repeat's second entry, opened from the check page."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        filing = filled(services, code=CERTIFIED)
        filing.session.go_to("items[2].pages")
        page = Asking(kiosk, filing)
        kiosk.show(page)
        if removing:
            page.ask_removal()

    return scene


def _prepared(paper: PrintFact) -> Scene:
    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.paper = paper
        filing = filled(services, code=TEMPORARY_STAY)
        kiosk.show(PreparedSlip(kiosk, services.prepare(filing.procedure, filing.session)))

    return scene


def _slip(paper: PrintFact, *, offline: bool = False) -> Scene:
    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.paper, services.offline = paper, offline
        kiosk.show(Slip(kiosk, services.submit(services.procedure(BIRTH), services.open_form(BIRTH), None)))

    return scene


def _found(kiosk: Kiosk, services: SampleServices) -> None:
    page = Find(kiosk)
    kiosk.show(page)
    page.typing.replace(provisional_code("01", TODAY, 42))
    page.look()


def _not_found(kiosk: Kiosk, services: SampleServices) -> None:
    page = Find(kiosk)
    kiosk.show(page)
    page.typing.replace("TAM-01-261123-0042A")
    page.look()


def _search(kiosk: Kiosk, services: SampleServices) -> None:
    page = ServiceSearch(kiosk)
    kiosk.show(page)
    page.write()
    page.typing.type("giấy tờ đất")


def _search_none(kiosk: Kiosk, services: SampleServices) -> None:
    _search(kiosk, services)
    assert isinstance(kiosk.screen, ServiceSearch)
    kiosk.screen.typing.replace("xyz")


def _stopped(kiosk: Kiosk, services: SampleServices) -> None:
    refused = Refused(
        "disk_full", "Máy đã đầy bộ nhớ, chưa nhận được hồ sơ mới.", "Cán bộ cần dọn bớt trước. Mời bà con nộp tại quầy."
    )
    kiosk.show(Stopped(kiosk, refused, "Khai sinh", lambda: None))


def _timeout(kiosk: Kiosk, services: SampleServices) -> None:
    asked("child_name", typed("Nông Thị Phượ"))(kiosk, services)
    kiosk.open_overlay(Timeout(kiosk))
    services.scheduler.pass_by(10)
    assert kiosk.overlay is not None
    kiosk.overlay.notify()


def _languages(kiosk: Kiosk, services: SampleServices) -> None:
    kiosk.show(ServiceList(kiosk))
    kiosk.ask_language()


def _help(kiosk: Kiosk, services: SampleServices) -> None:
    asked("parents_married")(kiosk, services)
    kiosk.call_help()


CITIZEN: Mapping[str, Scene] = {
    "attract": lambda kiosk, services: None,
    "attract_troubles": _troubles,
    "before_start": _before,
    "services": lambda kiosk, services: kiosk.show(ServiceList(kiosk)),
    "service_search": _search,
    "search_groups": lambda kiosk, services: kiosk.show(ServiceSearch(kiosk)),
    "search_group": lambda kiosk, services: kiosk.show(ServiceGroup(kiosk, services.groups()[0])),
    "search_none": _search_none,
    "at_counter": lambda kiosk, services: start(kiosk, services.search(ONLY_PORTAL)[0], None),
    "stopped": _stopped,
    "card": lambda kiosk, services: kiosk.show(CardChoice(kiosk, Filing(services, BIRTH))),
    "scan": lambda kiosk, services: kiosk.show(ScanQr(kiosk, Filing(services, BIRTH), chip=True)),
    "scan_error": _foreign_qr,
    "scan_camera": _camera,
    "scan_camera_error": _camera_foreign,
    "scan_laid": _laid_too_soon,
    "read_card": _read(waiting("card_absent")),
    "read_card_progress": _read(progressing(0.45, "Đang đọc thông tin trên thẻ…")),
    "read_card_error": _read(failed(card_error("card_removed"))),
    "read_card_foreign": _read(failed(card_error("not_cccd"))),
    "read_card_damaged": _read(failed(card_error("chip_unreadable"))),
    "read_card_busy": _read(failed(card_error("reader_busy"))),
    "read_card_no_reader": _read(failed(card_error("reader_absent"))),
    "read_card_wrong_key": _read(failed(card_error("wrong_key"))),
    "read_card_typed_wrong": _read(failed(card_error("wrong_key")), CardHints(replace(CARD, source="typed"))),
    "read_card_not_genuine": _not_genuine,
    "typed_number": _identity("number"),
    "typed_birth_error": _identity("wrong"),
    "typed_expiry": _identity("expiry"),
    "typed_expiry_again": _dates_again,
    "typed_back": _digits("back", "3803"),
    "typed_back_error": _digits("back", "3803129", wrong=True),
    "typed_can": _digits("can", "0000"),
    "card_seen": lambda kiosk, services: kiosk.show(CardSeen(kiosk, Filing(services, BIRTH), Identified(CARD))),
    "question": asked("child_name", typed("Nông Thị Phượ")),
    "question_card": asked("req_name", typed("Lý Thị"), card=False),
    "question_hidden_keys": asked("child_name", lambda page: page.toggle_keyboard()),
    "question_signs": asked("child_name", lambda page: page.typing.turn_layer() if page.typing else None),
    "question_error": asked("child_name", _wrong),
    "question_long": asked("child_facility", typed("Bệnh viện Đa khoa tỉnh Mẫu, phường Mẫu, tỉnh Cao Bằng")),
    "choice": asked("parents_married", lambda page: page.choose("paper")),
    "choice_five": asked("req_relation", lambda page: page.choose("mother")),
    "choice_error": asked("child_sex", lambda page: page.next()),
    "choice_search": asked("father_ethnic", lambda page: page.choose("tay")),
    "date": asked("child_dob", typed("1511")),
    "date_error": asked("child_dob", _wrong_date),
    "date_partial": asked("father_dob", typed("0209")),
    "date_year": asked("father_dob", _only_year),
    "number": asked("father_number", typed("00409500")),
    "check": _checked(0),
    "check_last": _checked(99),
    "check_error": _checked(0, ("child_sex", "req_relation")),
    "check_entries": _other(1, CERTIFIED),
    "check_prepared": _other(99, TEMPORARY_STAY),
    "question_entry": _entry(removing=False),
    "removal": _entry(removing=True),
    "saving": lambda kiosk, services: kiosk.show(Saving(kiosk, filled(services))),
    "slip": _slip(PrintFact("printing", "Đang in phiếu…"), offline=True),
    "slip_printed": _slip(PrintFact("printed", "Đã in phiếu ghi nhận.")),
    "slip_uncertain": _slip(PrintFact("uncertain", "Máy in mất liên lạc khi đang in.", "Nhìn khay giấy rồi trả lời câu hỏi.")),
    "slip_no_paper": _slip(PrintFact("queued", "Phiếu chờ in: máy in hết giấy.", "Thay cuộn giấy, máy sẽ tự in tiếp.")),
    "slip_prepared": _prepared(PrintFact("printed", "Đã in tờ khai.")),
    "slip_prepared_uncertain": _prepared(PrintFact("uncertain", "Máy in mất liên lạc khi đang in.", "Nhìn khay giấy.")),
    "find": lambda kiosk, services: kiosk.show(Find(kiosk)),
    "find_error": _not_found,
    "find_result": _found,
    "timeout": _timeout,
    "help": _help,
    "language": _languages,
}
"""Citizens' scenes by name: each drives a fresh kiosk from the attract screen to its place."""


class Aloud:
    """A speaker that is there, so that the listen buttons are drawn; it says nothing."""

    available = True

    def say(self, sentences: object, language: str) -> None:
        """Silent."""

    def hush(self) -> None:
        """Silent already."""


def kiosk_for(scene: Scene, *, large: bool, language: str = "vi") -> Kiosk:
    """A fresh kiosk driven to ``scene``."""
    from kiosk.touch.app import make_kiosk

    services = SampleServices()
    kiosk = make_kiosk(services, services.scheduler)
    scene(kiosk, services)
    kiosk.large = large
    if language != "vi":
        kiosk.set_language(language)
    return kiosk


def draw(out: Path, names: Sequence[str] = (), *, language: str = "vi") -> Iterator[Path]:
    """Draw the scenes (all, or those named) into ``out`` as ``NAME-landscape.png``, ``NAME-portrait-large.png`` …"""
    stage = Stage()
    scenes = {**CITIZEN, **STAFF}
    for name in names or scenes:
        for shape, size in SIZES.items():
            for large in (False, True) if name in CITIZEN else (False,):
                stage.play(kiosk_for(scenes[name], large=large, language=language), size, speaker=Aloud())
                file = out / f"{name}-{shape}{'-large' if large else ''}.png"
                stage.picture(file)
                yield file
    stage.clear()


def gallery_command(argv: Sequence[str]) -> int:
    """Draw the gallery; 0 when every screen was drawn, 2 for a scene that does not exist."""
    parser = argparse.ArgumentParser(prog="main.py gallery", description="Vẽ mọi màn hình ra tệp ảnh.")
    parser.add_argument("--out", type=Path, default=Path("gallery"), help="thư mục ảnh (folder for the pictures)")
    parser.add_argument("--language", default="vi", help="mã tiếng, ví dụ en (language code)")
    parser.add_argument("names", nargs="*", help="tên màn hình; không ghi là vẽ tất cả (scenes; default all)")
    given = parser.parse_args(argv)
    unknown = [name for name in given.names if name not in CITIZEN and name not in STAFF]
    if unknown:
        sys.stderr.write(f"Không có màn hình tên {', '.join(unknown)}. Có: {', '.join([*CITIZEN, *STAFF])}\n")
        return 2
    count = 0
    for file in draw(given.out, given.names, language=given.language):
        count += 1
        sys.stderr.write(f"\r{count} {file.name:<60}")
    sys.stderr.write(f"\nĐã vẽ {count} ảnh vào {given.out}.\n")
    return 0
