"""The technician's side without a screen: summary, device tests, the line, the touch test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.services import DeviceFact, Refused
from kiosk.viewmodels.technician import REFRESH_S, Technician, TouchTest
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin


@pytest.fixture
def clock() -> FakeScheduler:
    return FakeScheduler()


@pytest.fixture
def services(clock: FakeScheduler) -> ServicesTwin:
    return ServicesTwin(clock)


def break_printer(services: ServicesTwin) -> DeviceFact:
    fact = DeviceFact("printer", "Máy in phiếu", "print", "broken", "Không trả lời từ 07:52", "Xem dây nguồn rồi bật lại máy in.")
    services.device_facts["printer"] = fact
    return fact


class TestSummary:
    def test_all_well_is_one_green_sentence(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        summary = Technician(services, clock).summary
        assert (summary.tone, summary.title_vi) == ("green", "Mọi thiết bị đều tốt")
        assert summary.text_vi == "Máy vẫn nhận hồ sơ của bà con."

    def test_broken_and_doubtful_parts_are_counted(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        break_printer(services)
        services.online, services.since_vi = False, "07:40"
        summary = Technician(services, clock).summary
        assert (summary.tone, summary.title_vi) == ("red", "1 thiết bị hỏng, 1 việc cần để ý")

    def test_a_machine_that_takes_no_filings_says_so_first(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        services.refuse_filing = Refused("disk_full", "Ổ đĩa đã đầy.", "Gọi kỹ thuật của tỉnh.")
        summary = Technician(services, clock).summary
        assert summary.tone == "red"
        assert summary.title_vi.startswith("Máy đang không nhận hồ sơ")
        assert summary.text_vi == "Ổ đĩa đã đầy. Gọi kỹ thuật của tỉnh."


class TestDevices:
    def test_a_card_shows_the_test_and_then_its_answer(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        services.test_results["printer"] = break_printer(services)
        technician.test("printer")
        assert technician.cards[0].mark.text_vi == "Đang thử"
        clock.advance(2)
        assert technician.cards[0].mark.text_vi == "Hỏng"
        assert technician.cards[0].fact.cure_vi == "Xem dây nguồn rồi bật lại máy in."

    def test_a_device_under_test_is_not_tested_again(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        technician.test("printer")
        technician.test("printer")
        assert services.tested == ["printer"]

    def test_test_all_goes_one_by_one(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        technician.test_all()
        technician.test_all()
        assert services.tested == ["printer"]
        clock.advance(1.5)
        assert services.tested == ["printer", "reader"]
        clock.advance(10)
        assert services.tested == [fact.name for fact in technician.devices]
        assert not technician.busy

    def test_an_answer_after_leaving_is_dropped(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        told: list[str] = []
        technician.test_all()
        technician.watch(lambda: told.append("changed"))
        technician.close()
        services.changed()
        clock.advance(30)
        assert told == []
        assert services.tested == ["printer"]
        assert clock.waiting == 0

    def test_facts_are_read_again_by_themselves(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        services.machine_facts[0] = replace(services.machine_facts[0], text_vi="119 / 120 GB", share=0.99)
        clock.advance(REFRESH_S + 0.1)
        assert technician.machine[0].text_vi == "119 / 120 GB"


class TestLine:
    def test_the_line_is_a_card_like_the_others(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        services.online, services.since_vi = False, "07:40"
        services.put()
        card = Technician(services, clock).cards[-1]
        assert (card.fact.name, card.mark.text_vi) == ("line", "Để ý")
        assert card.fact.fact_vi == "Mất mạng từ 07:40 – 1 hồ sơ chờ gửi"

    @pytest.mark.parametrize(("online", "words"), [(True, "Có mạng"), (False, "Mất mạng từ 07:40"), (None, "Chưa thử lần nào")])
    def test_its_queue_and_what_is_held_back_are_counted(
        self, services: ServicesTwin, clock: FakeScheduler, online: bool | None, words: str
    ) -> None:
        services.online, services.since_vi = online, "07:40" if online is False else ""
        services.quarantined = 2
        services.put()
        facts = dict(Technician(services, clock).facts_of("line"))
        assert facts == {"Đường truyền": words, "Hồ sơ chờ gửi": "1", "Gói bị giữ lại": "2"}

    def test_a_tested_device_says_when(self, services: ServicesTwin, clock: FakeScheduler) -> None:
        technician = Technician(services, clock)
        technician.test("line")
        clock.advance(60)
        assert technician.cards[-1].tested_vi == "08:15"


class TestTouchPanel:
    def panel(self, clock: FakeScheduler) -> TouchTest:
        test = TouchTest(clock, lambda: None)
        test.lay(0, 0, 1280, 800)
        return test

    def press_all(self, test: TouchTest, clock: FakeScheduler, off: float = 0.0) -> None:
        for cross in test.crosses:
            test.down(cross.x + off, cross.y)
            clock.advance(0.5)

    def test_nine_good_touches_make_a_good_panel(self, clock: FakeScheduler) -> None:
        test = self.panel(clock)
        assert len(test.crosses) == 9
        self.press_all(test, clock, off=3.0)
        assert (test.hit, test.doubles, test.misses) == (9, 0, 0)
        assert test.verdict.text_vi == "Màn hình tốt"

    def test_a_tap_reported_twice_is_a_double_event(self, clock: FakeScheduler) -> None:
        test = self.panel(clock)
        cross = test.crosses[0]
        test.down(cross.x, cross.y)
        clock.advance(0.01)
        test.down(cross.x + 2, cross.y)
        assert (test.touches, test.doubles) == (1, 1)
        assert test.verdict.tone == "red"

    def test_two_quick_taps_of_a_person_are_not(self, clock: FakeScheduler) -> None:
        test = self.panel(clock)
        test.down(100, 100)
        clock.advance(0.15)
        test.down(100, 100)
        assert test.doubles == 0

    def test_a_skewed_panel_is_told_with_its_distance(self, clock: FakeScheduler) -> None:
        test = self.panel(clock)
        self.press_all(test, clock, off=30.0)
        assert test.worst == pytest.approx(30.0)
        assert test.verdict.text_vi == "Chạm lệch, cần căn lại"

    def test_a_touch_far_from_every_cross_is_a_miss(self, clock: FakeScheduler) -> None:
        test = self.panel(clock)
        test.down(300, 250)
        assert (test.hit, test.misses) == (0, 1)
