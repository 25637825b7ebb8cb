"""What the technician sees first: which part is broken, since when, and what to touch; without a line of Kivy.

Guarantees: the summary is computed from the same facts as the cards, so they cannot disagree; a device under test is never
tested twice at once; «test all» runs one device after the other (they share power and bus). The touch test counts what a finger
does: nine crosses, the worst distance, and double events of a badly set-up panel. Assumes the UI thread; answers that arrive
after the screen was left are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kiosk.services import Cancel, DeviceFact, LineState, MachineFact, Refused, Scheduler, Services, Waiting
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.official import Mark

REFRESH_S: Final = 5.0
"""How often disk, memory, temperature and line are read again while the screen is open."""

STATE_MARKS: Final[dict[str, Mark]] = {
    "ok": Mark("green", "check_circle", "Tốt"),
    "warning": Mark("gold", "warning", "Để ý"),
    "broken": Mark("red", "error", "Hỏng"),
    "absent": Mark("grey", "power_off", "Chưa lắp"),
    "testing": Mark("blue", "sync", "Đang thử"),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """First line of the screen: tone, headline, and what that means for citizens."""

    tone: Literal["green", "gold", "red"]
    icon: str
    title_vi: str
    text_vi: str


@dataclass(frozen=True, slots=True)
class Card:
    """One card: what the device says, its mark, whether it is under test, and the hour of its last test («» if none)."""

    fact: DeviceFact
    mark: Mark
    testing: bool
    tested_vi: str


class Technician(ViewModel):
    """Device cards, machine facts and the line. ``close`` it when the screen is left."""

    def __init__(self, services: Services, scheduler: Scheduler) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self._testing: set[str] = set()
        self._tested: dict[str, str] = {}
        self._queue: list[str] = []
        self._closed = False
        self._timer: Cancel | None = None
        self.devices: Sequence[DeviceFact] = ()
        self.machine: Sequence[MachineFact] = ()
        self.line: LineState = services.line()
        self._filing: Refused | None = None
        self._watch = services.on_change(self.refresh)
        self._load()
        self._tick()

    def refresh(self) -> None:
        """Read all facts again."""
        if self._closed:
            return
        self._load()
        self.notify()

    @property
    def cards(self) -> Sequence[Card]:
        """One card per device, in the kiosk's order; the line to the province is one of them (``line``)."""
        return tuple(self._card(fact) for fact in self.devices)

    def facts_of(self, name: str) -> Sequence[tuple[str, str]]:
        """What more there is to say about a device, as (label, text): last test, and for the line its queue."""
        facts: list[tuple[str, str]] = []
        if name == "line":
            online = {True: "Có mạng", False: f"Mất mạng từ {self.line.since_vi}".removesuffix(" từ "), None: "Chưa thử lần nào"}
            facts.append(("Đường truyền", online[self.line.online]))
            facts.append(("Hồ sơ chờ gửi", str(self.line.pending)))
            facts.append(("Gói bị giữ lại", str(self.line.quarantined)))
        if name in self._tested:
            facts.append(("Thử lần cuối", self._tested[name]))
        return tuple(facts)

    @property
    def summary(self) -> Summary:
        """Counts of what is broken and what needs an eye, and whether citizens can still file."""
        broken = sum(fact.state == "broken" for fact in self.devices)
        eye = sum(fact.state == "warning" for fact in self.devices)
        text = f"{self._filing.message_vi} {self._filing.cure_vi}".strip() if self._filing else "Máy vẫn nhận hồ sơ của bà con."
        parts = [f"{broken} thiết bị hỏng"] if broken else []
        parts += [f"{eye} việc cần để ý"] if eye else []
        if self._filing is not None:
            return Summary("red", "error", ", ".join(["Máy đang không nhận hồ sơ", *parts]), text)
        if not parts:
            return Summary("green", "check_circle", "Mọi thiết bị đều tốt", text)
        return Summary("red" if broken else "gold", "error" if broken else "warning", ", ".join(parts), text)

    @property
    def busy(self) -> bool:
        """Whether a test is under way."""
        return bool(self._testing or self._queue)

    def test(self, name: str) -> None:
        """Test one device now; its card shows «Đang thử» until the answer comes."""
        if name in self._testing or self._closed:
            return
        self._testing.add(name)
        self.notify()
        self._services.test_device(name, lambda fact: self._done(name, fact))

    def test_all(self) -> None:
        """Test every device, one after the other. Ignored while tests run."""
        if self.busy or self._closed:
            return
        self._queue = [fact.name for fact in self.devices]
        self._next()

    def close(self) -> None:
        """Stop watching; late answers are dropped."""
        super().close()
        self._closed = True
        self._queue = []
        self._watch.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _card(self, fact: DeviceFact) -> Card:
        testing = fact.name in self._testing
        return Card(fact, STATE_MARKS["testing" if testing else fact.state], testing, self._tested.get(fact.name, ""))

    def _next(self) -> None:
        if self._queue:
            self.test(self._queue.pop(0))

    def _done(self, name: str, fact: DeviceFact) -> None:
        self._testing.discard(name)
        self._tested[name] = self._services.clock_vi()[1]
        self.devices = tuple(fact if old.name == name else old for old in self.devices)
        self._next()
        self.notify()

    def _load(self) -> None:
        self.devices = tuple(self._services.devices())
        self.machine = tuple(self._services.machine())
        self.line = self._services.line()
        try:
            self._services.can_file()
        except Refused as refused:
            self._filing = refused
        else:
            self._filing = None

    def _tick(self) -> None:
        self._timer = self._scheduler.call_later(REFRESH_S, self._again)

    def _again(self) -> None:
        self.refresh()
        self._tick()


class Queue(ViewModel):
    """What is on its way to the province, item by item; read again while the screen is open. «Gửi ngay» wakes the sync process."""

    def __init__(self, services: Services, scheduler: Scheduler) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self._timer: Cancel | None = None
        self.sending = False
        """A try asked for here has not ended yet."""
        self.items: Sequence[Waiting] = ()
        self.line: LineState = services.line()
        self._watch = services.on_change(self.refresh)
        self._load()
        self._tick()

    def refresh(self) -> None:
        """Read the queue again."""
        self._load()
        self.notify()

    def send_now(self) -> None:
        """Try now, whatever the wait was."""
        if not self.sending:
            self.sending = True
            self._services.test_device("line", self._tried)
            self.notify()

    def close(self) -> None:
        super().close()
        self._watch.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _tried(self, _: DeviceFact) -> None:
        self.sending = False
        self.refresh()

    def _load(self) -> None:
        self.items = tuple(self._services.waiting())
        self.line = self._services.line()

    def _tick(self) -> None:
        self._timer = self._scheduler.call_later(REFRESH_S, self._again)

    def _again(self) -> None:
        self.refresh()
        self._tick()


DOUBLE_S: Final = 0.08
"""Two touches nearer in time than this are one finger reported twice; a person needs longer than 80 ms to tap again."""

DOUBLE_PX: Final = 24.0
HIT_PX: Final = 60.0
"""How far from a cross a touch still counts for it (about 16 mm on the 15.6-inch panel)."""

GOOD_PX: Final = 15.0
"""About 4 mm: a well calibrated panel stays below."""


@dataclass(frozen=True, slots=True)
class Cross:
    """A target at ``x``, ``y`` (px, origin bottom left); ``off`` is the distance of the touch that hit it, ``None`` before."""

    x: float
    y: float
    off: float | None = None


class TouchTest(ViewModel):
    """Nine crosses and a counter of double events (probesysfs beside the window system reports every tap twice)."""

    def __init__(self, scheduler: Scheduler, on_leave: Callable[[], None]) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._on_leave = on_leave
        self._last: tuple[float, float, float] | None = None
        self.crosses: tuple[Cross, ...] = ()
        self.touches = 0
        self.doubles = 0
        self.misses = 0

    def lay(self, left: float, bottom: float, width: float, height: float, margin: float = 70.0) -> None:
        """Lay the nine crosses over a field, corners ``margin`` px inside; counters start again."""
        xs = (left + margin, left + width / 2, left + width - margin)
        ys = (bottom + height - margin, bottom + height / 2, bottom + margin)
        self.crosses = tuple(Cross(x, y) for y in ys for x in xs)
        self._last = None
        self.touches = self.doubles = self.misses = 0
        self.notify()

    def down(self, x: float, y: float) -> None:
        """A touch begins at ``x``, ``y``."""
        now = self._scheduler.now()
        last, self._last = self._last, (now, x, y)
        if last is not None and now - last[0] < DOUBLE_S and math.hypot(x - last[1], y - last[2]) < DOUBLE_PX:
            self.doubles += 1
            self.notify()
            return
        self.touches += 1
        near = min(self.crosses, key=lambda cross: math.hypot(x - cross.x, y - cross.y), default=None)
        off = math.hypot(x - near.x, y - near.y) if near is not None else math.inf
        if near is None or off > HIT_PX:
            self.misses += 1
        else:
            self.crosses = tuple(Cross(c.x, c.y, off) if c is near else c for c in self.crosses)
        self.notify()

    @property
    def hit(self) -> int:
        """How many crosses have been touched."""
        return sum(cross.off is not None for cross in self.crosses)

    @property
    def worst(self) -> float:
        """Greatest distance so far, px."""
        return max((cross.off for cross in self.crosses if cross.off is not None), default=0.0)

    @property
    def verdict(self) -> Mark:
        """Word on the panel: what to do next, or what is wrong with it."""
        if self.doubles:
            return Mark("red", "error", "Màn hình báo chạm hai lần")
        if self.hit < len(self.crosses) or not self.crosses:
            return Mark("blue", "touch_app", f"Còn {len(self.crosses) - self.hit} dấu")
        if self.worst > GOOD_PX:
            return Mark("gold", "warning", "Chạm lệch, cần căn lại")
        return Mark("green", "check_circle", "Màn hình tốt")

    def leave(self) -> None:
        """Back to the technician's screen."""
        self.close()
        self._on_leave()
