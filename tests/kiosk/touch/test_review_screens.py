"""What waits for an official's word, and the technician's queue, under a finger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kiosk.services import Refused, Review, Waiting
from tests.kiosk.services_twin import ServicesTwin
from tests.kiosk.touch.official_glass import LANDSCAPE, PORTRAIT, OfficialGlass, stage

Open = Callable[..., OfficialGlass]
BOTH = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["wide", "tall"])

VALUES = Review(
    7, "d1", "TAM-01-261123-0001K", "Ghi Cách nhận kết quả", "hai bên sửa mà chưa thấy của nhau", "tại xã", "bưu điện", "text"
)
STEP = Review(9, "", "", "tiếp nhận", "hồ sơ đã được tiếp nhận trước đó", "", "", "again")


def with_two(services: ServicesTwin) -> None:
    services.open_reviews = [VALUES, STEP]


def with_one(services: ServicesTwin) -> None:
    services.open_reviews = [VALUES]


@pytest.fixture
def glass() -> Iterator[Open]:
    stage()
    from kiosk.touch.controls import guard

    real_time = guard.now

    def show(prepare: Callable[[ServicesTwin], None], size: tuple[int, int] = LANDSCAPE, role: str = "official") -> OfficialGlass:
        return OfficialGlass(size, role, prepare)

    yield show
    guard.now = real_time
    guard.forget()


@BOTH
def test_the_worklist_counts_what_waits_and_leads_there(glass: Open, size: tuple[int, int]) -> None:
    screen = glass(with_two, size)
    assert ("Cần xem" if size == LANDSCAPE else "2 việc cần xem lại") in screen.words()
    screen.tap("tab:review")
    assert screen.id == "review"
    assert "Ghi Cách nhận kết quả" in screen.words()
    assert "tại xã" in screen.words()
    assert "bưu điện" in screen.words()
    assert "Chưa được tính, vì hai bên sửa mà chưa thấy của nhau." in screen.words()


def test_without_anything_open_there_is_no_such_tab(glass: Open) -> None:
    assert "Cần xem" not in glass(lambda services: None).words()


@BOTH
def test_keeping_closes_the_matter_and_shows_the_next(glass: Open, size: tuple[int, int]) -> None:
    screen = glass(with_two, size)
    screen.tap("tab:review")
    screen.tap("review:keep")
    assert screen.services.review_acts == [("settle", 7)]
    assert "Tiếp nhận" in screen.words()
    screen.tap("review:mend")
    assert screen.services.review_acts[1:] == [("resend", 9, None)]
    assert "Không còn việc nào cần xem lại." in screen.words()


@BOTH
def test_a_text_is_mended_before_it_goes_again(glass: Open, size: tuple[int, int]) -> None:
    screen = glass(with_one, size)
    screen.tap("tab:review")
    screen.tap("review:mend")
    assert not screen.services.review_acts
    screen.page.reviews.typing.type(" xã")
    screen.frames()
    screen.tap("review:send")
    assert screen.services.review_acts == [("resend", 7, "bưu điện xã")]


def test_a_refused_mending_is_told_and_the_text_stays(glass: Open) -> None:
    def refusing(services: ServicesTwin) -> None:
        with_one(services)
        services.refuse_resend = Refused("still_refused", "Gửi lại cũng chưa được tính.", "Sửa nội dung.")

    screen = glass(refusing)
    screen.tap("tab:review")
    screen.tap("review:mend")
    screen.tap("review:send")
    assert "Gửi lại cũng chưa được tính." in screen.words()
    screen.tap("dialog:close")
    assert screen.page.reviews.typing.value == "bưu điện"


def test_the_other_matters_are_one_touch_away(glass: Open) -> None:
    screen = glass(with_two)
    screen.tap("tab:review")
    assert "Việc 1 / 2" in screen.words()
    screen.tap("page:next")
    assert "Việc 2 / 2" in screen.words()
    assert "Tiếp nhận" in screen.words()


def test_a_matter_settled_at_another_counter_is_gone(glass: Open) -> None:
    screen = glass(with_two)
    screen.tap("tab:review")
    screen.services.open_reviews = [STEP]
    screen.services.changed()
    screen.frames()
    assert "Ghi Cách nhận kết quả" not in screen.words()


@BOTH
def test_the_technician_reads_item_by_item_what_waits(glass: Open, size: tuple[int, int]) -> None:
    def waiting(services: ServicesTwin) -> None:
        services.queue = [
            Waiting(f"TAM-01-261123-{n:04d}", "2 việc", "08:00, thứ Hai", n, "Mạng yêu cầu đăng nhập.", "thử lại sau 2 phút", True)
            for n in range(1, 30)
        ]

    screen = glass(waiting, size, role="technician")
    screen.tap("device:line")
    screen.tap("queue")
    assert screen.id == "queue"
    words = screen.words()
    assert "TAM-01-261123-0001" in words
    assert "Chờ từ 08:00, thứ Hai · đã thử 1 lần · thử lại sau 2 phút" in words
    assert "Mạng yêu cầu đăng nhập." in words
    screen.tap("page:next")
    assert "TAM-01-261123-0001" not in screen.words()
    screen.tap("queue:send")
    assert "Đang gửi…" in screen.words()
    screen.clock.advance(5)
    screen.frames()
    assert "Đang gửi…" not in screen.words()


def test_an_empty_queue_says_that_all_has_arrived(glass: Open) -> None:
    screen = glass(lambda services: None, role="technician")
    screen.tap("device:line")
    screen.tap("queue")
    assert "Tỉnh đã nhận hết. Không còn gì chờ gửi." in screen.words()
