"""Staff scenes for the gallery and the layout checks: real view models behind the PIN, driven to each state worth a picture.

Every scene starts at the attract screen and goes in by a PIN, as a person does. What a scene needs from outside (paper, calls)
is an attribute of the sample services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kiosk.services import PrintFact
from kiosk.touch.samples import REVIEWS, SampleServices
from kiosk.viewmodels.base import ViewModel
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
