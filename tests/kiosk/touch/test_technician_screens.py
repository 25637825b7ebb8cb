"""The technician's screens under a finger: summary, device cards, tests, the sheet, the touch test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kiosk.services import DeviceFact
from tests.kiosk.services_twin import ServicesTwin
from tests.kiosk.touch.official_glass import LANDSCAPE, PORTRAIT, OfficialGlass, stage

Open = Callable[..., OfficialGlass]
BOTH = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["wide", "tall"])
CURE = "Kiểm tra dây của máy quét mã, rút ra, chờ mười giây rồi cắm lại; nếu vẫn hỏng, thay máy dự phòng trong tủ."


@pytest.fixture
def glass() -> Iterator[Open]:
    stage()
    from kiosk.touch.controls import guard

    real_time = guard.now

    def show(
        size: tuple[int, int] = LANDSCAPE, role: str = "technician", prepare: Callable[[ServicesTwin], None] | None = None
    ) -> OfficialGlass:
        return OfficialGlass(size, role, prepare)

    yield show
    guard.now = real_time
    guard.forget()


def broken(services: ServicesTwin) -> None:
    services.device_facts["barcode"] = DeviceFact(
        "barcode", "Máy quét mã QR", "qr_code_scanner", "broken", "Không thấy máy quét.", CURE
    )


@BOTH
def test_what_is_broken_stands_first(glass: Open, size: tuple[int, int]) -> None:
    screen = glass(size, prepare=broken)
    assert screen.id == "technician"
    assert "1 thiết bị hỏng" in screen.words()
    assert "Máy vẫn nhận hồ sơ của bà con." in screen.words()
    assert "Hỏng" in screen.words()


def test_a_test_says_it_runs_and_then_what_came_of_it(glass: Open) -> None:
    screen = glass(prepare=broken)
    screen.services.test_results["barcode"] = DeviceFact("barcode", "Máy quét mã QR", "qr_code_scanner", "ok", "Sẵn sàng", "")
    screen.tap("test:barcode")
    assert "Đang thử" in screen.words()
    screen.clock.advance(2)
    screen.frames()
    assert "Mọi thiết bị đều tốt" in screen.words()
    assert "thử lúc 08:15" in screen.words()


def test_test_all_tests_all(glass: Open) -> None:
    screen = glass()
    screen.tap("test_all")
    assert not screen.has("test_all")
    screen.clock.advance(20)
    screen.frames()
    assert screen.services.tested == ["printer", "reader", "barcode", "clock", "line"]
    assert screen.has("test_all")


@BOTH
def test_touching_a_card_shows_its_cure_uncut(glass: Open, size: tuple[int, int]) -> None:
    from kiosk.touch.widgets import Txt, every

    screen = glass(size, prepare=broken)
    screen.tap("device:barcode")
    shown = [part for part in every(screen.shell) if isinstance(part, Txt) and part.text == CURE]
    assert any(not part.cut for part in shown)
    screen.tap("dialog:close")
    assert not screen.has("dialog:close")


def test_the_line_card_tells_queue_and_quarantine(glass: Open) -> None:
    def line(services: ServicesTwin) -> None:
        services.put()
        services.quarantined = 2

    screen = glass(prepare=line)
    screen.tap("device:line")
    words = screen.words()
    assert "Hồ sơ chờ gửi" in words
    assert "Gói bị giữ lại" in words


def test_a_driver_may_name_an_icon_the_font_lacks(glass: Open) -> None:
    def odd(services: ServicesTwin) -> None:
        services.device_facts["disk"] = DeviceFact("disk", "Ổ đĩa", "no_such_icon", "ok", "Còn trống 82 GB", "")

    assert "Còn trống 82 GB" in glass(prepare=odd).words()


def test_a_technician_has_no_way_to_dossiers(glass: Open) -> None:
    screen = glass()
    assert not screen.has("back")
    screen.tap("lock")
    assert screen.id == "attract"


def test_an_official_comes_from_the_worklist_and_goes_back(glass: Open) -> None:
    screen = glass(role="official")
    screen.tap("technician")
    assert screen.id == "technician"
    screen.tap("back")
    assert screen.id == "worklist"


class TestTouchTest:
    @BOTH
    def test_nine_touches_give_a_verdict(self, glass: Open, size: tuple[int, int]) -> None:
        screen = glass(size)
        screen.tap("touch_test")
        test = screen.page.test
        assert len(test.crosses) == 9
        for cross in list(test.crosses):
            screen.clock.advance(1)
            screen.press(cross.x + 2, cross.y)
        assert "9 / 9" in screen.words()
        assert "Màn hình tốt" in screen.words()
        screen.tap("touch_test:done")
        assert screen.id == "technician"

    def test_crosses_reach_the_corners_of_the_glass_and_stay_above_the_foot(self, glass: Open) -> None:
        screen = glass(LANDSCAPE)
        screen.tap("touch_test")
        crosses = screen.page.test.crosses
        assert min(c.x for c in crosses) < 100
        assert max(c.x for c in crosses) > 1180
        foot = screen.found("touch_test:done")[0]
        assert min(c.y for c in crosses) > foot.top + 40

    def test_one_finger_reported_twice_is_counted(self, glass: Open) -> None:
        screen = glass()
        screen.tap("touch_test")
        cross = screen.page.test.crosses[0]
        screen.press(cross.x, cross.y)
        screen.press(cross.x + 1, cross.y)
        assert screen.page.test.doubles == 1
        assert "Màn hình báo chạm hai lần" in screen.words()

    def test_again_starts_from_nothing(self, glass: Open) -> None:
        screen = glass()
        screen.tap("touch_test")
        cross = screen.page.test.crosses[0]
        screen.press(cross.x, cross.y)
        screen.tap("touch_test:again")
        assert screen.page.test.hit == 0
        assert "0 / 9" in screen.words()
