"""The loop of the sync process on a clock of its own: when it tries, how it waits, what it reports, what it survives."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import pytest

from sync.envelope import MAX_LINE
from sync.errors import BearerError, CaptivePortal, Offline, Refused, ServerError, TimedOut
from sync.http import HttpBearer, Waits
from sync.intake import Policy, handle
from sync.simulator.world import SERVER_MS, Kiosk, World
from sync.worker import Nudge, Pace, SyncStatus, drain, run
from tests.sync.faultserver import FaultServer
from tests.sync.loopback import PORTAL

PACE = Pace(idle=30.0, watch=1.0, first=2.0, most=300.0)


class Time:
    """A clock that only moves when somebody sleeps; ``at`` runs acts when their moment comes. The wall clock is wild on purpose."""

    def __init__(self, end: float) -> None:
        self.now = 0.0
        self.end = end
        self.at: deque[tuple[float, Callable[[], bool]]] = deque()

    def mono(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return int(1_764_550_000_000 - self.now * 977)

    def sleep(self, seconds: float) -> bool:
        assert seconds > 0
        if self.at and self.at[0][0] <= self.now + seconds:
            moment, act = self.at.popleft()
            self.now = max(self.now, moment)
            return act()
        self.now += seconds
        return False

    def stop(self) -> bool:
        return self.now >= self.end


class Line:
    """A line to the province in this process: fails as told, once per name, then works."""

    def __init__(self, world: World, time: Time) -> None:
        self.world = world
        self.time = time
        self.faults: deque[BearerError | bytes] = deque()
        self.tried: list[float] = []
        self.always: BearerError | None = None
        self.hedged_s = 0.0

    def exchange(self, request: bytes, hedge_after_s: float) -> bytes:
        self.tried.append(self.time.now)
        assert len(self.tried) < 500, "the loop runs hot"
        fault = self.faults.popleft() if self.faults else self.always
        if isinstance(fault, BearerError):
            raise fault
        return fault if fault is not None else self.world.answer(request)


class Story:
    """A kiosk, its line, its clock, and every status that was reported."""

    def __init__(self, end: float = 100.0) -> None:
        self.world = World()
        self.kiosk: Kiosk = self.world.kiosk()
        self.time = Time(end)
        self.line = Line(self.world, self.time)
        self.heard: list[SyncStatus] = []

    def tell(
        self,
        uniform: Callable[[float, float], float] = lambda low, high: high,
        busy: Callable[[bool], None] = lambda waiting: None,
        sleep: Callable[[float], bool] | None = None,
        spend: Callable[[], None] = lambda: None,
    ) -> None:
        run(
            self.kiosk.engine,
            self.line,
            self.heard.append,
            self.time,
            sleep or self.time.sleep,
            self.time.stop,
            pace=PACE,
            uniform=uniform,
            busy=busy,
            spend=spend,
        )

    def cut(self) -> bool:
        self.line.faults.append(Offline(""))
        return False

    def stall(self) -> bool:
        self.line.faults.extend([TimedOut(""), TimedOut("")])
        return False

    def write(self) -> bool:
        self.kiosk.journal.write("", "tag", {"tag": str(self.time.now)})
        return False


def test_with_nothing_to_send_it_asks_for_the_feed_every_so_often() -> None:
    story = Story(end=65.0)
    story.tell()
    assert story.line.tried == [0.0, 30.0, 60.0]


def test_a_nudge_during_an_exchange_that_goes_well_costs_no_second_one() -> None:
    story, nudge = Story(end=25.0), Nudge()
    answer = story.world.answer

    def nudged(request: bytes) -> bytes:
        nudge.nudge()
        return answer(request)

    story.world.answer = nudged  # type: ignore[method-assign]
    story.write()
    story.tell(sleep=lambda seconds: story.time.sleep(seconds) or nudge.wait(0), spend=nudge.spend)
    assert story.line.tried == [0.0]


def test_a_new_event_is_sent_at_the_next_look() -> None:
    story = Story(end=20.0)
    story.time.at.append((10.4, story.write))
    story.tell()
    assert story.line.tried == [0.0, 10.4]
    assert story.kiosk.engine.pending() == 0
    assert story.heard[-1].pending == 0
    outcome = story.heard[-1].outcome
    assert outcome is not None
    assert outcome.acked == 1


def test_failures_double_the_wait_up_to_the_ceiling_and_new_events_wait_too() -> None:
    story = Story(end=1200.0)
    story.line.always = Offline("no route")
    story.time.at.append((1.0, story.write))
    story.tell()
    waits = [later - earlier for earlier, later in zip(story.line.tried, story.line.tried[1:], strict=False)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0][: len(waits)]
    assert [status.failures for status in story.heard[:3]] == [1, 2, 3]
    assert story.heard[-1].pending == 1


def test_the_wait_is_a_random_part_of_its_ceiling() -> None:
    story = Story(end=30.0)
    story.line.always = Offline("")
    asked: list[tuple[float, float]] = []
    story.tell(uniform=lambda low, high: asked.append((low, high)) or high / 2)  # type: ignore[func-returns-value]
    assert asked[:3] == [(0.0, 2.0), (0.0, 4.0), (0.0, 8.0)]
    assert story.line.tried[:3] == [0.0, 1.0, 3.0]


def test_a_nudge_ends_the_wait_and_starts_the_waits_afresh() -> None:
    story = Story(end=100.0)
    story.line.always = Offline("")
    story.time.at.append((20.0, lambda: True))
    story.tell()
    assert story.line.tried == [0.0, 2.0, 6.0, 14.0, 20.0, 22.0, 26.0, 34.0, 50.0, 82.0]


def test_a_line_that_stalls_is_tried_again_at_once_a_few_times() -> None:
    story = Story(end=1.0)
    story.line.always = TimedOut("")
    story.tell()
    assert story.line.tried == [0.0, 0.0, 0.0]
    assert [status.next_try_s for status in story.heard] == [0.0, 0.0, 8.0]


def test_an_answer_between_stalls_makes_the_next_one_the_first() -> None:
    story = Story(end=60.0)
    story.line.faults.extend([TimedOut(""), TimedOut("")])
    story.time.at.append((10.0, story.stall))
    story.tell()
    assert story.line.tried == [0.0, 0.0, 0.0, 30.0, 30.0, 30.0]


def test_an_answer_to_a_hedge_counts_from_the_hedge() -> None:
    story = Story(end=500.0)
    story.line.hedged_s = 20.0
    carried = story.line.exchange

    def late(request: bytes, hedge_after_s: float) -> bytes:
        story.time.now += 20.5
        return carried(request, hedge_after_s)

    story.line.exchange = late  # type: ignore[method-assign]
    story.tell()
    assert story.kiosk.engine.hedge_after(300) == pytest.approx(1.0)
    assert story.heard[-1].round_trip_s == 0.5


def test_attachments_yield_while_events_wait_and_have_the_line_afterwards() -> None:
    story = Story(end=40.0)
    told: list[tuple[float, bool]] = []
    story.time.at.append((10.0, story.write))
    story.tell(busy=lambda waiting: told.append((story.time.now, waiting)))
    assert told == [(0.0, True), (0.0, False), (10.0, True), (10.0, False), (40.0, True), (40.0, False)][: len(told)]
    assert (10.0, True) in told


def test_a_line_that_is_down_for_events_is_left_to_attachments_to_find_out() -> None:
    story = Story(end=1.0)
    story.write()
    story.line.always = Offline("")
    told: list[bool] = []
    story.tell(busy=told.append)
    assert told[-1] is False


def test_after_the_line_is_back_the_next_failure_starts_small() -> None:
    story = Story(end=50.0)
    story.line.faults.extend([Offline(""), Offline("")])
    story.time.at.append((10.0, story.cut))
    story.tell()
    assert story.line.tried == [0.0, 2.0, 6.0, 36.0, 38.0]
    assert story.heard[3].failures == 1


def test_retry_after_is_honoured_on_top_of_the_jitter() -> None:
    story = Story(end=70.0)
    story.line.faults.append(ServerError("503", retry_after_s=60.0))
    story.tell()
    assert story.line.tried == [0.0, 62.0]


def paused(story: Story, seconds: int) -> None:
    """The province asks with every answer for so long a pause."""
    world = story.world

    def answer(request: bytes) -> bytes:
        with world.province.atomic():
            return handle(request, world.province, world.merge, world.keys, SERVER_MS, Policy(pause_s=seconds))

    world.answer = answer  # type: ignore[method-assign]


def test_a_pause_puts_off_the_next_look_at_the_feed_but_no_event() -> None:
    story = Story(end=70.0)
    paused(story, 60)
    story.time.at.append((5.0, story.write))
    story.tell()
    assert story.line.tried == [0.0, 5.0, 67.0]


def test_a_pause_without_measure_ends_after_a_quarter_of_an_hour() -> None:
    story = Story(end=1000.0)
    paused(story, 2**31)
    story.tell()
    assert story.line.tried == [0.0, 902.0]


def test_a_portal_is_reported_with_its_sentence_and_its_cure() -> None:
    story = Story(end=1.0)
    story.line.faults.append(CaptivePortal("200", "http://wifi.example/login"))
    story.tell()
    status = story.heard[0]
    assert status.portal == "http://wifi.example/login"
    assert status.failure == "captive_portal"
    assert status.failure_vi == "Mạng yêu cầu đăng nhập."
    assert status.cure_vi
    assert status.last_answer_ms == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [(PORTAL, "not_our_protocol"), (b"MCX1", "bad_frame"), (b"MCX1" + bytes(100), "bad_frame"), (b"", "not_our_protocol")],
)
def test_a_bad_answer_never_ends_the_loop(answer: bytes, code: str) -> None:
    story = Story(end=20.0)
    story.write()
    story.line.faults.append(answer)
    story.tell()
    assert story.heard[0].failure == code
    assert story.heard[-1].failure == ""
    assert story.kiosk.engine.pending() == 0


def test_a_refusal_tells_people_its_own_reason_and_cure() -> None:
    reasons = ("protocol_unsupported", "unknown_device", "bad_signature", "revoked", "former_key", "of a later version")
    assert len({Refused(reason).message_vi for reason in reasons}) == len(reasons)
    story = Story()
    story.world.revoke(story.kiosk)
    story.tell()
    assert {status.failure_vi for status in story.heard} == {Refused("revoked").message_vi}


def test_a_refused_device_keeps_its_events_and_backs_off() -> None:
    story = Story(end=60.0)
    story.write()
    story.world.province.devices.clear()
    story.tell()
    assert {status.failure for status in story.heard} == {"refused"}
    assert len(story.line.tried) < 7
    assert story.kiosk.engine.pending() == 1


def test_a_segment_in_quarantine_is_tried_again_slowly() -> None:
    story = Story(end=60.0)
    with story.kiosk.journal.atomic():
        story.kiosk.journal._add(story.kiosk.journal.identity()[1], b"x" * (MAX_LINE + 1))
    story.tell()
    assert [status.failure for status in story.heard] == ["segment_refused"] * len(story.heard)
    assert len(story.line.tried) < 7
    assert len(story.world.province.state.quarantined) == 1, "a repeat is the same lines"


def test_a_silent_line_makes_the_next_segments_smaller_and_a_busy_server_does_not() -> None:
    story = Story(end=1.0)
    start = story.kiosk.engine.target
    story.line.always = ServerError("500")
    story.tell()
    assert story.kiosk.engine.target == start
    story = Story(end=1.0)
    story.line.faults.append(TimedOut(""))
    story.tell()
    assert story.kiosk.engine.target == start // 2


def test_a_defect_is_not_swallowed() -> None:
    story = Story()

    def broken(request: bytes, hedge_after_s: float) -> bytes:
        raise ZeroDivisionError

    story.line.exchange = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        story.tell()


def test_no_wait_reads_the_wall_clock() -> None:
    quiet, wild = Story(end=500.0), Story(end=500.0)
    wild.time.wall_ms = lambda: (-1) ** int(wild.time.now) * 10**15  # type: ignore[method-assign]
    for story in (quiet, wild):
        story.line.faults.extend([Offline(""), TimedOut(""), CaptivePortal("")])
        story.time.at.extend([(40.0, story.write), (90.0, story.write)])
        story.tell()
    assert quiet.line.tried == wild.line.tried
    assert quiet.kiosk.journal.view() == wild.kiosk.journal.view()


def test_drain_exchanges_until_nothing_is_left_or_a_try_fails() -> None:
    story = Story()
    for _ in range(3):
        story.write()
    assert drain(story.kiosk.engine, story.line, story.time).failure == ""
    assert story.kiosk.engine.pending() == 0
    story.write()
    story.line.always = Offline("")
    assert drain(story.kiosk.engine, story.line, story.time).failure == "offline"


def test_the_loop_on_real_sockets_gets_through_a_storm_and_stops_when_told() -> None:
    world = World()
    kiosk = world.kiosk()
    for number in range(5):
        kiosk.journal.write("", "tag", {"tag": str(number)})
    nudge, over = Nudge(), threading.Event()
    heard: list[SyncStatus] = []

    class Real:
        def mono(self) -> float:
            return time.monotonic()

        def wall_ms(self) -> int:
            return time.time_ns() // 1_000_000

    def notify(status: SyncStatus) -> None:
        heard.append(status)
        if status.pending == 0 and not status.failure:
            over.set()

    with FaultServer(world.answer) as server:
        server.faults.extend(["500", "portal", "drop", "lost", "hang", "altered", "truncated", "302", "404"])
        bearer = HttpBearer(server.url, waits=Waits(connect=2.0, read=0.8, whole=2.0))
        pace = Pace(idle=1.0, watch=0.01, first=0.01, most=0.02)
        loop = threading.Thread(
            target=run, args=(kiosk.engine, bearer, notify, Real(), nudge.wait, over.is_set), kwargs={"pace": pace}
        )
        loop.start()
        assert over.wait(30)
        nudge.nudge()
        loop.join(10)
        assert not loop.is_alive()
        bearer.close()
    seen = [status.failure for status in heard]
    for code in ("server_error", "captive_portal", "offline", "timeout", "bad_signature", "wrong_answer"):
        assert code in seen
    assert set(world.province.view("01273").values()) == {1}
    assert len(world.province.view("01273")) == 5
