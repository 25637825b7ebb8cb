"""Staff scenes for the gallery and the layout checks: real view models behind the PIN, driven to each state worth a picture.

Every scene starts at the attract screen and goes in by a PIN, as a person does. What a scene needs from outside (paper, calls)
is an attribute of the sample services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from devices.idcard import CardPerson, CardReading, CardState, card_error
from devices.idcard.facts import Face, Proof
from devices.idcard.stream import done, failed, progressing, waiting
from devices.idcard.twin.files import draw_face
from devices.idcard.twin.people import SAMPLES
from kiosk.services import PrintFact
from kiosk.touch.samples import CARD, REVIEWS, SampleServices
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.compare import ComparePage
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import DetailPart, SignIn
from kiosk.viewmodels.official_flow import DossierPage, ReviewPage, TechnicianPage, TouchTestPage, WorklistPage

Scene = Callable[[Kiosk, SampleServices], None]
Page = TypeVar("Page", bound=ViewModel)

OFFICIAL = "246810"
TECHNICIAN = "135790"


def on(kiosk: Kiosk, kind: type[Page]) -> Page:
    """The page on the glass, which must be of ``kind``."""
    assert isinstance(kiosk.screen, kind)
    return kiosk.screen


def pin(digits: str) -> Scene:
    """The PIN pad after ``digits``; six or more are tried."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        kiosk.open_staff()
        pad = on(kiosk, SignIn)
        for digit in digits:
            pad.press(digit)
        if pad.ready:
            pad.submit()

    return scene


def worklist(act: Callable[[WorklistPage], None] = lambda page: None, paper: PrintFact | None = None) -> Scene:
    """The worklist with the line down, after ``act``."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.offline = True
        services.paper = paper or services.paper
        pin(OFFICIAL)(kiosk, services)
        act(on(kiosk, WorklistPage))

    return scene


def choose(page: WorklistPage) -> None:
    page.choose("d42", whole=False)


def ask(page: WorklistPage) -> None:
    choose(page)
    page.desk.ask_accept()


def accepted(page: WorklistPage) -> None:
    ask(page)
    page.desk.confirm_accept()


def printed_again(page: WorklistPage) -> None:
    choose(page)
    page.desk.print_again()


def search(page: WorklistPage) -> None:
    page.open_search()
    page.type("nong")


def closing(page: WorklistPage) -> None:
    choose(page)
    page.session.closing = 20
    page.session.notify()


def call(kiosk: Kiosk, services: SampleServices) -> None:
    services.call_help("Đăng ký khai sinh, câu 3 / 9")
    worklist(choose)(kiosk, services)


def dossier(part: DetailPart = "answers") -> Scene:
    """The dossier as a page of its own."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        worklist(lambda page: page.choose("d42", whole=True))(kiosk, services)
        on(kiosk, DossierPage).desk.show(part)

    return scene


def review(act: Callable[[ReviewPage], None] = lambda page: None, *, worklist_only: bool = False) -> Scene:
    """Two matters that wait for a word, or the worklist that tells of them."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.open_reviews = list(REVIEWS)
        worklist()(kiosk, services)
        if not worklist_only:
            on(kiosk, WorklistPage).choose_tab("review")
            act(on(kiosk, ReviewPage))

    return scene


def queue(kiosk: Kiosk, services: SampleServices) -> None:
    services.offline = True
    pin(TECHNICIAN)(kiosk, services)
    on(kiosk, TechnicianPage).open_queue()


def sheet(name: str) -> Scene:
    """The technician's page with the whole text of one device."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.offline = True
        pin(TECHNICIAN)(kiosk, services)
        on(kiosk, TechnicianPage).open_sheet(name)

    return scene


def touch_test(kiosk: Kiosk, services: SampleServices) -> None:
    pin(TECHNICIAN)(kiosk, services)
    on(kiosk, TechnicianPage).open_touch_test()
    on(kiosk, TouchTestPage)


def compare(state: CardState, act: Callable[[ComparePage], None] = lambda page: None) -> Scene:
    """The applicant's card on the reader, beside the dossier, as ``state`` has it."""

    def scene(kiosk: Kiosk, services: SampleServices) -> None:
        services.card = state
        dossier()(kiosk, services)
        on(kiosk, DossierPage).compare()
        act(on(kiosk, ComparePage))

    return scene


OWN = replace(CARD, source="chip")
"""What the chip of the dossier's own applicant says."""


def card_read(proof: Proof, person: CardPerson = OWN, *, face: bool = True) -> CardState:
    """A card was read."""
    width, height, jpeg = draw_face(SAMPLES[0])
    return done(CardReading(person, "pace-mrz", proof, 0, 0.0, face=Face(jpeg, width, height) if face else None))


def type_expiry(page: ComparePage) -> None:
    page.type_expiry()
    assert page.expiry is not None
    page.expiry.type("1203")


def time_up(page: ComparePage) -> None:
    page.seen, page.forgotten = None, True
    page.notify()


SURE = Proof("issuer_trusted", "active")
UNCHECKED = Proof("intact_issuer_unchecked", "none", "issuer_not_installed")
UNCLEAR = PrintFact("uncertain", "Máy in mất liên lạc khi đang in.", "Nhìn khay giấy rồi trả lời câu hỏi.")
NO_PAPER = PrintFact("queued", "Giấy chờ in: máy in hết giấy.", "Thay cuộn giấy, máy sẽ tự in tiếp.")

STAFF: Mapping[str, Scene] = {
    "sign_in": pin("2468"),
    "sign_in_wrong": pin("111222"),
    "worklist": worklist(choose),
    "worklist_none": worklist(),
    "worklist_call": call,
    "worklist_search": worklist(search),
    "worklist_paper": worklist(printed_again, NO_PAPER),
    "worklist_unclear": worklist(printed_again, UNCLEAR),
    "worklist_closing": worklist(closing),
    "accept": worklist(ask),
    "accepted": worklist(accepted),
    "accepted_unclear": worklist(accepted, UNCLEAR),
    "dossier": dossier(),
    "dossier_papers": dossier("papers"),
    "dossier_history": dossier("history"),
    "compare_waiting": compare(waiting("card_absent")),
    "compare_reading": compare(progressing(0.45, "Đang đọc thông tin trên thẻ…")),
    "compare_done": compare(card_read(SURE)),
    "compare_differs": compare(card_read(UNCHECKED, replace(OWN, name="LÝ THỊ MẬU", number="001198000001"))),
    "compare_no_face": compare(card_read(UNCHECKED, replace(OWN, name=""), face=False)),
    "compare_not_genuine": compare(card_read(Proof("not_genuine", "none", "hash_mismatch"))),
    "compare_gone": compare(card_read(SURE), time_up),
    "compare_wrong_key": compare(failed(card_error("wrong_key"))),
    "compare_lifted": compare(failed(card_error("card_removed"))),
    "compare_expiry": compare(failed(card_error("wrong_key")), type_expiry),
    "worklist_review": review(worklist_only=True),
    "review": review(),
    "review_step": review(lambda page: page.reviews.turn(1)),
    "review_mend": review(lambda page: page.reviews.mend()),
    "technician": pin(TECHNICIAN),
    "technician_queue": queue,
    "technician_line": sheet("line"),
    "technician_sheet": sheet("printer"),
    "touch_test": touch_test,
}
"""Scenes by name, as ``gallery.CITIZEN``."""
