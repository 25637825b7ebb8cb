"""What the commune official (cán bộ Một cửa) sees and does at the kiosk, without a line of Kivy.

Guarantees: a PIN is never readable from outside and is wiped at every attempt; everything behind the PIN is dropped when the
official leaves, locks or is idle for five minutes; a dossier is accepted at most once per confirmation; no print is repeated by
itself, an uncertain one asks a person. Assumes that all methods are called on the UI thread and that ``Services`` answers from a
durable store. Expected refusals are kept as values for the screen to show; anything else crashes into the supervisor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from kiosk.services import Accepted, Cancel, Detail, LineState, Official, PrintFact, Refused, Row, Scheduler, Services, Tab
from kiosk.viewmodels.base import ViewModel

IDLE_S: Final = 300.0
"""Seconds without a touch after which the official is signed out."""

WARN_S: Final = 30.0
"""The last seconds before that, counted down on the screen."""

PIN_IDLE_S: Final = 45.0
"""A PIN pad nobody touches gives the screen back to the citizens."""

PIN_MIN: Final = 6
PIN_MAX: Final = 12
"""Digits a PIN may have (``kiosk.officials``)."""

_POLL_S: Final = 0.5
_DEBOUNCE_S: Final = 0.12

Tone = Literal["blue", "green", "gold", "red", "grey"]
"""Ground and ink of a chip; never the only sign, each chip has its icon and word."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A chip: tone, name of an icon, word."""

    tone: Tone
    icon: str
    text_vi: str


_STATES: Final[dict[int, tuple[Tone, str, str]]] = {
    1: ("blue", "inbox", "Mới"),
    2: ("grey", "assignment_turned_in", "Đã tiếp nhận"),
    3: ("grey", "block", "Không nhận"),
    4: ("grey", "sync", "Đang xử lý"),
    5: ("red", "attach_file", "Chờ bổ sung"),
    6: ("gold", "payments", "Chờ nộp tiền"),
    7: ("grey", "undo", "Xin rút"),
    8: ("grey", "block", "Đã dừng"),
    9: ("green", "done_all", "Chờ trả"),
    10: ("green", "check_circle", "Đã trả"),
}


def state_mark(row: Row) -> Mark:
    """Chip of the state: short word for the list; an unknown code keeps the sentence the kiosk gave."""
    tone, icon, text = _STATES.get(row.status, ("grey", "help", row.status_vi))
    return Mark(tone, icon, text)


_DUE: Final[dict[str, tuple[Tone, str]]] = {
    "late": ("red", "error"),
    "today": ("gold", "schedule"),
    "soon": ("gold", "event"),
    "later": ("green", "event"),
}


def due_mark(row: Row) -> Mark | None:
    """Chip of the due time, or ``None``: a dossier nobody has accepted has no due time (TT 03/2025, Mẫu 01)."""
    if row.due_kind == "none" or not row.due_vi:
        return None
    tone, icon = _DUE[row.due_kind]
    return Mark(tone, icon, row.due_vi)


def print_mark(fact: PrintFact) -> Mark:
    """Chip of a print job."""
    return {
        "queued": Mark("gold", "schedule", "Chờ in"),
        "printing": Mark("blue", "print", "Đang in…"),
        "printed": Mark("green", "check_circle", "Đã in xong"),
        "uncertain": Mark("gold", "warning", "Chưa rõ đã in đủ"),
    }[fact.state]


T = TypeVar("T")


def paginate(items: Iterable[T], height: Callable[[T, bool], float], room: float) -> list[list[T]]:
    """Cut ``items`` into pages no higher than ``room``; an item higher than the room stands alone.

    ``height`` gets an item and whether it is the first on its page, and answers in the unit of ``room``. Every item of the input is
    on exactly one page, in order. There is always at least one page.
    """
    pages: list[list[T]] = [[]]
    used = 0.0
    for item in items:
        need = height(item, not pages[-1])
        if pages[-1] and used + need > room:
            pages.append([])
            used, need = 0.0, height(item, True)
        pages[-1].append(item)
        used += need
    return pages


class OfficialSession(ViewModel):
    """Who is signed in, and the clock that signs them out.

    ``on_locked`` is called once per session, after the official has been signed out, whatever the reason.
    """

    def __init__(self, services: Services, scheduler: Scheduler, on_locked: Callable[[], None]) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self._on_locked = on_locked
        self._timer: Cancel | None = None
        self._touched = scheduler.now()
        self.official: Official | None = None
        self.closing: int | None = None
        """Seconds left once the warning shows, else ``None``."""

    def begin(self, official: Official) -> None:
        """Start the idle clock for ``official``."""
        self.official = official
        self.touched()
        self._arm(IDLE_S - WARN_S)

    def touched(self) -> None:
        """A finger or key anywhere behind the PIN: the idle clock starts again."""
        self._touched = self._scheduler.now()
        if self.closing is not None:
            self.closing = None
            self._arm(IDLE_S - WARN_S)
            self.notify()

    def lock(self) -> None:
        """Sign out at once. Does nothing when nobody is signed in."""
        if self.official is None:
            return
        self._disarm()
        self.official = None
        self.closing = None
        self._services.sign_out()
        self._on_locked()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self._scheduler.call_later(seconds, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.official is None:
            return
        left = IDLE_S - (self._scheduler.now() - self._touched)
        if left <= 0.01:
            self.lock()
        elif left > WARN_S + 0.01:
            self._arm(left - WARN_S)
        else:
            self.closing = max(1, round(left))
            self._arm(min(1.0, left))
            self.notify()


class SignIn(ViewModel):
    """The PIN pad. The digits stay inside; the screen only learns how many there are.

    ``on_signed_in`` gets the official; ``on_cancel`` is called by the back button and when nobody touches the pad for
    :data:`PIN_IDLE_S` seconds.
    """

    def __init__(
        self,
        services: Services,
        scheduler: Scheduler,
        on_signed_in: Callable[[Official], None],
        on_cancel: Callable[[], None],
    ) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self._on_signed_in = on_signed_in
        self._on_cancel = on_cancel
        self._pin = ""
        self._closed = False
        self.refusal: Refused | None = None
        self._timer: Cancel | None = None
        self._rearm()

    def touched(self) -> None:
        """A finger or key anywhere on the pad: somebody is here."""
        self._rearm()

    @property
    def count(self) -> int:
        """How many digits have been typed."""
        return len(self._pin)

    @property
    def ready(self) -> bool:
        """Whether enough digits stand to try."""
        return len(self._pin) >= PIN_MIN

    def press(self, digit: str) -> None:
        """Type one digit; more than :data:`PIN_MAX` and anything that is no digit is ignored."""
        self._rearm()
        if len(digit) == 1 and digit in "0123456789" and len(self._pin) < PIN_MAX:
            self._pin += digit
            self.refusal = None
            self.notify()

    def erase(self) -> None:
        """Take the last digit back."""
        self._rearm()
        self._pin = self._pin[:-1]
        self.notify()

    def submit(self) -> None:
        """Try the PIN. A wrong one leaves ``refusal`` with tries left or the wait, and an empty field."""
        self._rearm()
        if not self.ready:
            return
        pin, self._pin = self._pin, ""
        try:
            official = self._services.sign_in(pin)
        except Refused as refused:
            self.refusal = refused
            self.notify()
            return
        self.close()
        self._on_signed_in(official)

    def cancel(self) -> None:
        """Leave without signing in."""
        self.close()
        self._on_cancel()

    def close(self) -> None:
        """Forget the digits and stop the clock."""
        super().close()
        self._closed = True
        self._pin = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rearm(self) -> None:
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scheduler.call_later(PIN_IDLE_S, self.cancel)


class PrintWatch(ViewModel):
    """Follows one print job until it is printed or asks for a person; polls twice a second while paper may be moving."""

    def __init__(self, services: Services, scheduler: Scheduler, job: int) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self._timer: Cancel | None = None
        self.job = job
        self.fact = services.print_fact(job)
        self._arm()

    def look(self) -> None:
        """Ask for the state now."""
        fact = self._services.print_fact(self.job)
        changed = fact != self.fact
        self.fact = fact
        self._arm()
        if changed:
            self.notify()

    def answer(self, came_out: bool) -> None:
        """A person's answer to the uncertain question; «no» queues a copy marked BẢN IN LẠI and follows that one.

        Raises Refused when no copy can be queued; the question stays.
        """
        if self.fact.state != "uncertain":
            return
        if came_out:
            self._services.answer_print(self.job, True)
        else:
            self.job = self._services.reprint(self.job)
        self.fact = self._services.print_fact(self.job)
        self._arm()
        self.notify()

    def close(self) -> None:
        super().close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.fact.state in ("queued", "printing"):
            self._timer = self._scheduler.call_later(_POLL_S, self.look)


Stage = Literal["", "ask", "done", "refused"]
DetailPart = Literal["answers", "papers", "history"]


class Desk(ViewModel):
    """The official's desk: worklist, search, the dossier in hand, acceptance, printing, calls for help.

    One per sign-in, shared by the worklist and the dossier page, so going back finds the list as it was left.
    ``selected`` follows the store: when the projection changes, the dossier in hand is read again.
    """

    def __init__(self, services: Services, scheduler: Scheduler, session: OfficialSession) -> None:
        super().__init__()
        self._services = services
        self._scheduler = scheduler
        self.session = session
        self.tab: str = "new"
        self.query = ""
        self.searching = False
        """The search field is open (its keyboard may be hidden)."""
        self.selected: Detail | None = None
        self.stage: Stage = ""
        self.accepted: Accepted | None = None
        self.refusal: Refused | None = None
        self.part: DetailPart = "answers"
        self._debounce: Cancel | None = None
        self._prints: dict[str, PrintWatch] = {}
        self.tabs: Sequence[Tab] = ()
        self.rows: Sequence[Row] = ()
        self.calls: Sequence[tuple[str, str]] = ()
        self.line: LineState = services.line()
        self._watch = services.on_change(self.refresh)
        self._load()

    # --- the list ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read everything shown again; the choice, the tab and the search stay. Deaf once nobody is signed in."""
        if self.session.official is None:
            return
        self._load()
        self.notify()

    def choose_tab(self, key: str) -> None:
        """Show another tab; a search ends with it."""
        self.tab = key
        self._drop_search()
        self._load()
        self.notify()

    def open_search(self) -> None:
        """Open the search field, over all dossiers."""
        self.searching = True
        self.notify()

    def search(self, text: str) -> None:
        """Look for ``text`` (name without accents, code, number) shortly after the last key. Empty text shows the tab again."""
        self.query = text
        if self._debounce is not None:
            self._debounce.cancel()
        self._debounce = self._scheduler.call_later(_DEBOUNCE_S, self._search_now)

    def close_search(self) -> None:
        """Leave the search and show the tab again."""
        self._drop_search()
        self._load()
        self.notify()

    @property
    def empty_vi(self) -> str:
        """What to say when the list has no rows."""
        if self.query.strip():
            return "Không thấy hồ sơ nào khớp. Thử gõ ít chữ hơn, hoặc gõ mã trên phiếu."
        return {
            "new": "Chưa có hồ sơ mới.",
            "late": "Không có hồ sơ quá hạn.",
            "today": "Hôm nay không có hồ sơ đến hạn.",
            "open": "Không có hồ sơ đang xử lý.",
            "ready": "Không có hồ sơ chờ trả.",
        }.get(self.tab, "Không có hồ sơ.")

    # --- the dossier in hand -------------------------------------------------------------------------------------------

    def choose(self, dossier: str) -> None:
        """Take a dossier in hand. A refusal (it vanished) is shown and nothing is in hand."""
        self.stage = ""
        self.accepted = None
        self.refusal = None
        self.part = "answers"
        self.selected = self._read(dossier)
        self.notify()

    def put_back(self) -> None:
        """Nothing in hand any more."""
        self.selected = None
        self.stage = ""
        self.refusal = None
        self.notify()

    def show(self, part: DetailPart) -> None:
        """Show answers, papers or history of the dossier in hand."""
        self.part = part
        self.notify()

    def ask_accept(self) -> None:
        """Ask for confirmation before accepting."""
        if self.selected is not None and self.selected.can_accept:
            self.stage = "ask"
            self.accepted = None
            self.refusal = None
            self.notify()

    def confirm_accept(self) -> None:
        """Accept the dossier in hand: durable on return, Mẫu 01 queued. Only from the question: a second tap does nothing."""
        if self.stage != "ask" or self.selected is None:
            return
        dossier = self.selected.row.dossier
        try:
            self.accepted = self._services.accept(dossier, self.selected.seen)
        except Refused as refused:
            self.stage = "refused"
            self.refusal = refused
        else:
            self.stage = "done"
            self._follow(dossier, self.accepted.job)
        self._load()
        self.notify()

    def close_dialog(self) -> None:
        """Leave the question, or the outcome, or a refusal."""
        self.stage = ""
        self.refusal = None
        self.notify()

    # --- paper ---------------------------------------------------------------------------------------------------------

    def print_again(self) -> None:
        """Print the paper of the dossier in hand again, marked BẢN IN LẠI. Ignored while one is still on its way."""
        if self.selected is None:
            return
        dossier = self.selected.row.dossier
        running = self._prints.get(dossier)
        if running is not None and running.fact.state in ("queued", "printing"):
            return
        try:
            job = self._services.print_receipt(dossier)
        except Refused as refused:
            self.refusal = refused
            self.stage = "refused"
        else:
            self._follow(dossier, job)
        self.notify()

    @property
    def print_fact(self) -> PrintFact | None:
        """Print state of the dossier in hand, as far as it was printed since sign-in."""
        watch = self._current_print()
        return watch.fact if watch is not None else None

    def answer_print(self, came_out: bool) -> None:
        """Answer «Phiếu đã in ra đủ chưa?» for the dossier in hand."""
        watch = self._current_print()
        if watch is None:
            return
        try:
            watch.answer(came_out)
        except Refused as refused:
            self.stage = "refused"
            self.refusal = refused
            self.notify()

    # --- calls and leaving -----------------------------------------------------------------------------------------------

    @property
    def call_vi(self) -> str:
        """Sentence of the banner, empty when nobody calls."""
        if not self.calls:
            return ""
        hour, where = self.calls[0]
        more = f" và {len(self.calls) - 1} lần gọi nữa" if len(self.calls) > 1 else ""
        return f"Bà con gọi giúp lúc {hour}: {where}{more}"

    def answer_help(self) -> None:
        """The official goes to help: open calls are answered."""
        self._services.answer_help()
        self.calls = self._services.help_calls()
        self.notify()

    def close(self) -> None:
        """Stop watching and forget every dossier."""
        super().close()
        self._watch.cancel()
        if self._debounce is not None:
            self._debounce.cancel()
        for watch in self._prints.values():
            watch.close()
        self._prints.clear()
        self.rows = ()
        self.selected = None
        self.query = ""

    # --- inside ------------------------------------------------------------------------------------------------------------

    def _drop_search(self) -> None:
        if self._debounce is not None:
            self._debounce.cancel()
            self._debounce = None
        self.query = ""
        self.searching = False

    def _search_now(self) -> None:
        self._debounce = None
        self.refresh()

    def _load(self) -> None:
        self.tabs = self._services.tabs()
        self.rows = self._services.worklist(self.tab, self.query.strip())
        self.calls = self._services.help_calls()
        self.line = self._services.line()
        if self.selected is not None:
            self.selected = self._read(self.selected.row.dossier)

    def _read(self, dossier: str) -> Detail | None:
        try:
            return self._services.detail(dossier)
        except Refused as refused:
            self.refusal = refused
            return None

    def _current_print(self) -> PrintWatch | None:
        return self._prints.get(self.selected.row.dossier) if self.selected is not None else None

    def _follow(self, dossier: str, job: int) -> None:
        old = self._prints.pop(dossier, None)
        if old is not None:
            old.close()
        watch = PrintWatch(self._services, self._scheduler, job)
        watch.watch(self.notify)
        self._prints[dossier] = watch
