"""An honest in-memory twin of ``kiosk.services.Services``, and a clock that moves only when told.

It keeps the promises of the Protocol that view models rely on: a filing or acceptance is there when the call returns, a print job
starts queued and ends when the scheduler's time says so, wrong PINs run out of tries, everything behind the PIN is refused after
signing out, and ``on_change`` is told after each change. It does not keep the law: the due time is a fixed simple rule.
Faults are plain attributes a test sets (``paper_out``, ``uncertain_next``, ``refuse_filing`` …).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from devices.barcode import Preview
from devices.idcard import CardPerson, CardReading, CardState
from devices.idcard.facts import Face, Proof
from devices.idcard.stream import done, progressing, waiting
from forms.codes import provisional_code
from forms.dossier import STATUS_NAMES, Person, Status
from forms.procedures.catalogue import load_catalogue
from forms.procedures.menu import Group, ServiceTile
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from forms.text import fold
from kiosk.services import (
    ASKED,
    Accepted,
    CardHints,
    Detail,
    DeviceFact,
    Filed,
    Identified,
    LineState,
    MachineFact,
    Official,
    Place,
    Prepared,
    PrintFact,
    Refused,
    Review,
    Row,
    Tab,
    Waiting,
)

VN = timezone(timedelta(hours=7))
OPENED = datetime(2026, 11, 23, 8, 15, tzinfo=VN)
"""A Monday morning: wall time of the twin when its clock stands at 0."""

BIRTH = "1.001193"
CERTIFIED = "2.000815"
"""Asks about one paper after the other: a repeat."""
TEMPORARY_STAY = "1.004194"
"""The police receive it: only written out here."""
ONLY_PORTAL = "2.000986"
"""Never begins at the kiosk."""
COPY = ", bản in lại"


class _Call:
    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class FakeScheduler:
    """Monotonic time that stands still. ``advance`` moves it and runs what has come due, in order."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._calls: list[tuple[float, int, _Call]] = []

    def now(self) -> float:
        return self._now

    def call_soon(self, act: Callable[[], None]) -> None:
        self.call_later(0, act)

    def call_later(self, seconds: float, act: Callable[[], None]) -> _Call:
        call = _Call(act)
        heapq.heappush(self._calls, (self._now + seconds, next(self._order), call))
        return call

    def advance(self, seconds: float) -> None:
        """Move time forward by ``seconds``; calls made meanwhile run too when they come due before the end."""
        end = self._now + seconds
        while self._calls and self._calls[0][0] <= end + 1e-9:
            when, _, call = heapq.heappop(self._calls)
            self._now = max(self._now, when)
            act, call.act = call.act, None
            if act is not None:
                act()
        self._now = end

    @property
    def waiting(self) -> int:
        """Calls that would still run: what a closed view model left behind shows here."""
        return sum(call.act is not None for _, _, call in self._calls)


APPLICANT = Person("LÝ THỊ MẪU", "004198000001", "1998-03-12")


@dataclass
class _Dossier:
    id: str
    number: int
    code: str
    key: str
    name: str
    procedure_vi: str
    filed: datetime
    answers: Sequence[tuple[str, str, str]]
    papers: Sequence[tuple[str, str]]
    applicant_vi: str
    status: int = Status.NEW
    due: datetime | None = None
    official_code: str = ""
    sent: bool = False
    history: list[str] = field(default_factory=list)
    applicant: Person = APPLICANT


@dataclass
class _Job:
    dossier: str
    title_vi: str
    state: str = "queued"


class _Reading:
    def __init__(self, on_cancel: Callable[[], None] = lambda: None) -> None:
        self.cancelled = False
        self._on_cancel = on_cancel

    def cancel(self) -> None:
        self.cancelled = True
        self._on_cancel()


class _CardWatch(_Reading):
    def __init__(self, known: CardHints, on_state: Callable[[CardState], None]) -> None:
        super().__init__(self._give_up)
        self.known, self.on_state = known, on_state
        self.calls: list[_Call] = []
        self.face = False

    def _give_up(self) -> None:
        for call in self.calls:
            call.cancel()


SAMPLE_ANSWERS: tuple[tuple[str, str, str], ...] = (
    ("Người yêu cầu", "Họ, chữ đệm, tên", "LÝ THỊ MẪU"),
    ("Người yêu cầu", "Số định danh cá nhân", "004198000001"),
    ("Người yêu cầu", "Nơi cư trú", "Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng"),
    ("Người yêu cầu", "Quan hệ với người được khai sinh", "Mẹ"),
    ("Cháu bé", "Họ, chữ đệm, tên", "NÔNG THỊ MẪU"),
    ("Cháu bé", "Ngày, tháng, năm sinh", "15/11/2026"),
    ("Cháu bé", "Ghi bằng chữ", "Ngày mười lăm tháng mười một năm hai nghìn không trăm hai mươi sáu"),
    ("Cháu bé", "Giới tính", "Nữ"),
    ("Cháu bé", "Dân tộc", "Tày"),
    ("Cháu bé", "Quốc tịch", "Việt Nam"),
    ("Cháu bé", "Nơi sinh", "Trạm y tế xã Bản Mẫu, tỉnh Cao Bằng"),
    ("Cháu bé", "Quê quán", "Xã Bản Mẫu, tỉnh Cao Bằng"),
    ("Mẹ", "Họ, chữ đệm, tên", "LÝ THỊ MẪU"),
    ("Mẹ", "Năm sinh", "1998"),
    ("Mẹ", "Dân tộc", "Nùng"),
    ("Mẹ", "Nơi cư trú", "Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng"),
    ("Cha", "Họ, chữ đệm, tên", "NÔNG VĂN MẪU"),
    ("Cha", "Năm sinh", "1995"),
    ("Cha", "Dân tộc", "Tày"),
    ("Cha", "Nơi cư trú", "Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng"),
)
"""Answers of an invented birth registration, (section, label, text)."""

DEVICES: tuple[DeviceFact, ...] = (
    DeviceFact("printer", "Máy in phiếu", "print", "ok", "Sẵn sàng, đủ giấy", ""),
    DeviceFact("reader", "Đầu đọc thẻ căn cước", "contactless", "ok", "Sẵn sàng", ""),
    DeviceFact("barcode", "Đầu quét mã QR", "qr_code_scanner", "ok", "Sẵn sàng", ""),
    DeviceFact("clock", "Đồng hồ máy", "schedule", "ok", "Đúng giờ", ""),
)


class ServicesTwin:
    """Services in memory. Construct with the scheduler the view models get, so that print jobs and readings answer by its time."""

    def __init__(self, scheduler: FakeScheduler | None = None) -> None:
        self.scheduler: Any = scheduler or FakeScheduler()
        self.officials: dict[str, Official] = {
            "246810": Official("cb01", "Nông Văn Mẫu", "official"),
            "135790": Official("kt01", "Lý Kỹ Thuật", "technician"),
        }
        self.official: Official | None = None
        self.tries_left = 3
        self.wait_s = 0
        self.online: bool | None = True
        self.since_vi = ""
        self.quarantined = 0
        self.paper_out = False
        self.uncertain_next = False
        self.print_seconds = 2.0
        self.refuse_filing: Refused | None = None
        self.refuse_reprint: Refused | None = None
        self.trouble_sentences: list[str] = []
        self.device_facts: dict[str, DeviceFact] = {fact.name: fact for fact in DEVICES}
        self.test_results: dict[str, DeviceFact] = {}
        self.test_seconds = 1.0
        self.tested: list[str] = []
        self.machine_facts: list[MachineFact] = [
            MachineFact("Ổ đĩa", "38 / 120 GB", 0.32),
            MachineFact("Bộ nhớ", "1,1 / 4 GB", 0.28),
            MachineFact("Nhiệt độ", "58 °C", 0.58),
            MachineFact("Chạy liên tục", "12 ngày", 0.4),
        ]
        self.calls: list[tuple[str, str]] = []
        self.card_on_reader: CardPerson | Refused | None = None
        self.card_seconds = 3.0
        self.proof = Proof()
        self.face_on_chip: Callable[[], Face | None] = lambda: None
        """The face in DG2, read only for the official's comparison."""
        self.can_place = ""
        self._watch: _CardWatch | None = None
        self.dossiers: dict[str, _Dossier] = {}
        self.jobs: dict[int, _Job] = {}
        self.answered: list[tuple[int, bool]] = []
        self.filings: list[tuple[FormSession, Identified | None]] = []
        self.procedures: dict[str, Procedure] = {}
        """Procedures a test puts in place of the catalogue's."""
        self.prepared: list[dict[str, Any]] = []
        self.open_reviews: list[Review] = []
        self.review_acts: list[tuple[object, ...]] = []
        self.refuse_resend: Refused | None = None
        self.queue: list[Waiting] = []
        self._barcode: list[tuple[Callable[[CardPerson], None], Callable[[Refused], None], _Reading]] = []
        self._eyes: list[tuple[Callable[[Preview], None], _Reading]] = []
        self._texts: list[tuple[Callable[[str], None], _Reading]] = []
        self._watchers: list[tuple[Callable[[], None], _Call]] = []
        self._numbers = itertools.count(1)

    # --- time and place ------------------------------------------------------------------------------------------------

    def wall(self) -> datetime:
        """Wall time: :data:`OPENED` plus the scheduler's seconds."""
        return OPENED + timedelta(seconds=self.scheduler.now())

    def place(self) -> Place:
        return Place("Ủy ban nhân dân xã Bản Mẫu", "Tỉnh Cao Bằng", "Máy số 1", "0206 000 000", "0.1.0")

    def clock_vi(self) -> tuple[str, str]:
        now = self.wall()
        day = ("Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy")
        name = f"Thứ {day[now.weekday()]}" if now.weekday() < 6 else "Chủ Nhật"
        return f"{name}, {now:%d/%m/%Y}", f"{now:%H:%M}"

    def line(self) -> LineState:
        pending = sum(not dossier.sent for dossier in self.dossiers.values())
        chip = ""
        if self.online is False:
            chip = f"Mất mạng từ {self.since_vi}"
            chip += f" – {pending} hồ sơ chờ gửi" if pending else ""
        elif pending:
            chip = f"{pending} hồ sơ chờ gửi"
        return LineState(self.online, self.since_vi, pending, self.quarantined, chip)

    # --- citizens ------------------------------------------------------------------------------------------------------

    def tiles(self) -> Sequence[ServiceTile]:
        return load_catalogue().services(self.wall().date(), ASKED)

    def search(self, words: str) -> Sequence[ServiceTile]:
        return load_catalogue().search(words, self.wall().date(), ASKED)

    def groups(self) -> Sequence[Group]:
        return load_catalogue().groups()

    def in_group(self, group: str) -> Sequence[ServiceTile]:
        return load_catalogue().in_group(group, self.wall().date(), ASKED)

    def procedure(self, code: str) -> Procedure:
        return self.procedures.get(code) or load_catalogue().shown(code, self.wall().date())

    def can_file(self) -> None:
        if self.refuse_filing is not None:
            raise self.refuse_filing

    def troubles(self) -> Sequence[str]:
        return tuple(self.trouble_sentences)

    def open_form(self, procedure: str) -> FormSession:
        session = FormSession(self.procedure(procedure).form, today=self.wall().date())
        session.prefill({"procedure.code": procedure})
        return session

    def watch_barcode(
        self,
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
        on_preview: Callable[[Preview], None],
    ) -> _Reading:
        reading = _Reading()
        self._barcode.append((on_person, on_refused, reading))
        self._eyes.append((on_preview, reading))
        return reading

    def see(self, preview: Preview) -> None:
        """The camera sees this."""
        for on_preview, reading in list(self._eyes):
            if not reading.cancelled:
                on_preview(preview)

    def watch_text(self, on_text: Callable[[str], None]) -> _Reading:
        reading = _Reading()
        self._texts.append((on_text, reading))
        return reading

    def scan_text(self, text: str) -> None:
        """Any code passes under the barcode reader."""
        for on_text, reading in list(self._texts):
            if not reading.cancelled:
                on_text(text)

    def scan(self, what: CardPerson | Refused) -> None:
        """A QR passes under the barcode reader: whoever listens hears it."""
        for on_person, on_refused, reading in list(self._barcode):
            if reading.cancelled:
                continue
            if isinstance(what, Refused):
                on_refused(what)
            else:
                on_person(what)

    def read_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> _Reading:
        watch = self._watch = _CardWatch(known, on_state)
        lies = self.card_on_reader is not None
        first = waiting("key_missing" if lies and known == CardHints() else "card_absent")
        watch.calls.append(self.scheduler.call_later(0, lambda: on_state(first)))
        if known != CardHints():
            self.lay(self.card_on_reader)
        return watch

    def compare_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> _Reading:
        self._must_be_signed_in()
        self.read_card(known, on_state)
        assert self._watch is not None
        self._watch.face = True
        return self._watch

    def lay(self, card: CardPerson | Refused | None) -> None:
        """A card is laid on the reader (``None``: lifted): whoever watches with a key sees what comes of it."""
        self.card_on_reader = card
        watch = self._watch
        if watch is None or watch.cancelled:
            return
        if watch.known == CardHints():
            state = waiting("card_absent" if card is None else "key_missing")
            watch.calls.append(self.scheduler.call_later(0, lambda: watch.on_state(state)))
            return
        if card is None:
            return
        tell, half = watch.on_state, self.card_seconds / 2

        def finish() -> None:
            if isinstance(card, Refused):
                tell(CardState("failed", card.code, card.message_vi, card.cure_vi))
            else:
                face = self.face_on_chip() if watch.face else None
                tell(done(CardReading(card, "bac", self.proof, 22, 0.5, face=face)))

        watch.calls.append(self.scheduler.call_later(half, lambda: tell(progressing(0.5, "Đang đọc thẻ"))))
        watch.calls.append(self.scheduler.call_later(2 * half, finish))

    def can_place_vi(self) -> str:
        return self.can_place

    def submit(self, procedure: Procedure, session: FormSession, card: Identified | None) -> Filed:
        self.can_file()
        if session.problems():
            raise Refused("incomplete", "Còn câu chưa trả lời.", "Chạm “Sửa” ở câu có dấu đỏ.")
        self.filings.append((session, card))
        answers = tuple((row.section, row.label, row.text) for row in session.review())
        name = next((text for _, label, text in answers if "tên" in label.lower()), "")
        dossier = self.put(name=name, answers=answers)
        job = self._queue(dossier.id, "Phiếu ghi nhận")
        self._changed()
        return Filed(
            dossier.id,
            dossier.code,
            dossier.procedure_vi,
            dossier.name,
            f"{dossier.filed:%H:%M}, {dossier.filed:%d/%m/%Y}",
            "Cán bộ sẽ xem và báo giờ hẹn trả.",
            f"https://mau.example/h/{dossier.code}?k={dossier.key}",
            job,
        )

    def prepare(self, procedure: Procedure, session: FormSession) -> Prepared:
        if session.problems():
            raise Refused("form_incomplete", "Còn câu chưa trả lời.", "Chạm “Sửa” ở câu có dấu đỏ.")
        self.prepared.append(session.answers())
        job = self._queue("", "Tờ khai")
        return Prepared(procedure.short_vi, "Bà con mang tờ này đến Công an xã, phường.", job)

    def find(self, code: str) -> Row | None:
        wanted = code.strip().upper()
        for dossier in self.dossiers.values():
            if wanted in (dossier.code, dossier.official_code):
                return replace(self._row(dossier), name="")
        return None

    def call_help(self, where_vi: str) -> None:
        self.calls.append((f"{self.wall():%H:%M}", where_vi))
        self._changed()

    # --- paper ---------------------------------------------------------------------------------------------------------

    def print_fact(self, job: int) -> PrintFact:
        state = self.jobs[job].state
        title = self.jobs[job].title_vi
        if state == "queued" and self.paper_out:
            return PrintFact("queued", f"{title} chờ in: máy in hết giấy.", "Thay cuộn giấy, máy sẽ tự in tiếp.")
        if state == "queued":
            return PrintFact("queued", f"{title} đang chờ in.")
        if state == "printing":
            return PrintFact("printing", f"Đang in {title[0].lower()}{title[1:]}…")
        if state == "uncertain":
            return PrintFact("uncertain", "Máy in mất liên lạc khi đang in.", "Nhìn khay giấy rồi trả lời câu hỏi.")
        return PrintFact("printed", f"Đã in {title[0].lower()}{title[1:]}.")

    def answer_print(self, job: int, came_out: bool) -> None:
        self.answered.append((job, came_out))
        if came_out:
            self.jobs[job].state = "printed"
            self._changed()
        else:
            self.reprint(job)

    def reprint(self, job: int) -> int:
        if self.refuse_reprint is not None:
            raise self.refuse_reprint
        old = self.jobs[job]
        return self._queue(old.dossier, f"{old.title_vi.removesuffix(COPY)}{COPY}")

    def load_paper(self) -> None:
        """Someone puts a new roll in: waiting jobs start."""
        self.paper_out = False
        for number, job in self.jobs.items():
            if job.state == "queued":
                self._start(number)
        self._changed()

    # --- officials -----------------------------------------------------------------------------------------------------

    def help_calls(self) -> Sequence[tuple[str, str]]:
        return tuple(self.calls)

    def answer_help(self) -> None:
        self.calls.clear()
        self._changed()

    def sign_in(self, pin: str) -> Official:
        if self.wait_s:
            raise Refused("pin_wait", "Đã nhập sai mã PIN nhiều lần.", f"Chờ {self.wait_s} giây rồi thử lại.")
        official = self.officials.get(pin)
        if official is None:
            self.tries_left -= 1
            if self.tries_left <= 0:
                self.wait_s = 30
                raise Refused("wrong_pin", "Mã PIN chưa đúng.", f"Chờ {self.wait_s} giây rồi thử lại.")
            raise Refused("wrong_pin", "Mã PIN chưa đúng.", f"Còn {self.tries_left} lần thử.")
        self.tries_left = 3
        self.official = official
        return official

    def sign_out(self) -> None:
        self.official = None

    def reviews(self) -> Sequence[Review]:
        self._must_be_signed_in()
        return tuple(self.open_reviews)

    def settle(self, seq: int) -> None:
        self._close_review(seq, ("settle", seq))

    def resend(self, seq: int, text: str | None) -> None:
        if self.refuse_resend is not None:
            raise self.refuse_resend
        self._close_review(seq, ("resend", seq, text))

    def _close_review(self, seq: int, act: tuple[object, ...]) -> None:
        self._must_be_signed_in()
        self.review_acts.append(act)
        self.open_reviews = [one for one in self.open_reviews if one.seq != seq]
        self.changed()

    def waiting(self) -> Sequence[Waiting]:
        return tuple(self.queue)

    def tabs(self) -> Sequence[Tab]:
        self._must_be_signed_in()
        review = [Tab("review", "Cần xem", len(self.open_reviews))] if self.open_reviews else []
        labels = {"new": "Mới", "late": "Quá hạn", "today": "Hôm nay", "open": "Đang xử lý", "ready": "Chờ trả"}
        return review + [Tab(key, label, len(self._of(key))) for key, label in labels.items()]  # type: ignore[arg-type]

    def worklist(self, tab: str, query: str = "") -> Sequence[Row]:
        self._must_be_signed_in()
        chosen = self._of(tab)
        if query:
            wanted = fold(query)
            chosen = [
                d
                for d in self._sorted()
                if any(wanted in fold(text) for text in (d.name, d.code, d.official_code, f"{d.number:04d}"))
            ]
        return tuple(self._row(dossier) for dossier in chosen[:200])

    def detail(self, dossier: str) -> Detail:
        self._must_be_signed_in()
        found = self._dossier(dossier)
        facts = [("Mã tạm", found.code)]
        if found.official_code:
            facts.insert(0, ("Mã hồ sơ", found.official_code))
        facts += [("Người nộp", found.applicant_vi), ("Nộp lúc", f"{found.filed:%H:%M}, {found.filed:%d/%m/%Y}, tại máy số 1")]
        if found.due is not None:
            facts.append(("Hẹn trả", f"{found.due:%H:%M}, {found.due:%d/%m/%Y}"))
        return Detail(
            self._row(found),
            tuple(facts),
            tuple(found.answers),
            tuple(found.papers),
            tuple(found.history),
            found.status == Status.NEW,
            found.official_code,
            applicant=found.applicant,
        )

    def accept(self, dossier: str, seen: int) -> Accepted:
        self._must_be_signed_in()
        found = self._dossier(dossier)
        if found.status != Status.NEW:
            raise Refused("not_new", "Hồ sơ này không còn ở trạng thái chờ tiếp nhận.", "Xem lịch sử hồ sơ.")
        assert self.official is not None
        now = self.wall()
        found.status = Status.ACCEPTED
        found.due = now.replace(hour=17, minute=0) + timedelta(days=0 if now.hour < 15 else 1)
        found.sent = False
        found.history.append(f"{now:%H:%M %d/%m/%Y}: {self.official.name_vi} tiếp nhận hồ sơ, hẹn trả {found.due:%H:%M %d/%m/%Y}.")
        job = self._queue(dossier, "Giấy tiếp nhận (Mẫu 01)")
        self._changed()
        return Accepted(f"{found.due:%H:%M}, ngày {found.due:%d/%m/%Y}", job)

    def print_receipt(self, dossier: str) -> int:
        self._must_be_signed_in()
        if self.refuse_reprint is not None:
            raise self.refuse_reprint
        new = self._dossier(dossier).status == Status.NEW
        return self._queue(dossier, ("Phiếu ghi nhận" if new else "Giấy tiếp nhận (Mẫu 01)") + COPY)

    # --- technician ------------------------------------------------------------------------------------------------------

    def devices(self) -> Sequence[DeviceFact]:
        return (*self.device_facts.values(), self._line_fact())

    def _line_fact(self) -> DeviceFact:
        line = self.line()
        if self.quarantined:
            state, fact, cure = "warning", f"{self.quarantined} gói bị từ chối, cần xem.", "Gọi tỉnh."
        elif line.online:
            state, fact, cure = "ok", line.chip_vi or "Đã gửi hết", ""
        else:
            state, fact, cure = "warning", line.chip_vi or "Chưa thử gửi lần nào.", "Kiểm tra dây mạng và bộ phát."
        return DeviceFact("line", "Mạng và gửi hồ sơ", "cloud_upload", state, fact, cure)  # type: ignore[arg-type]

    def machine(self) -> Sequence[MachineFact]:
        return tuple(self.machine_facts)

    def test_device(self, name: str, on_done: Callable[[DeviceFact], None]) -> None:
        self.tested.append(name)

        def finish() -> None:
            if name in self.test_results:
                self.device_facts[name] = self.test_results[name]
            on_done(next(fact for fact in self.devices() if fact.name == name))

        self.scheduler.call_later(self.test_seconds, finish)

    def on_change(self, act: Callable[[], None]) -> _Call:
        call = _Call(act)
        self._watchers.append((act, call))
        return call

    # --- hands of the test -------------------------------------------------------------------------------------------------

    def put(
        self,
        *,
        name: str = "NÔNG THỊ MẪU",
        procedure_vi: str = "Đăng ký khai sinh",
        status: int = Status.NEW,
        filed: datetime | None = None,
        due: datetime | None = None,
        answers: Sequence[tuple[str, str, str]] = SAMPLE_ANSWERS,
        papers: Sequence[tuple[str, str]] = (("Giấy chứng sinh", "Nộp bản chính tại quầy"),),
        applicant_vi: str = "LÝ THỊ MẪU (mẹ)",
        official_code: str = "",
        sent: bool = False,
    ) -> _Dossier:
        """Lay a dossier into the store as if it had been filed; tell nobody."""
        number = next(self._numbers)
        when = filed or self.wall()
        code = provisional_code("01", when.date(), number)
        dossier = _Dossier(
            f"d{number:04d}",
            number,
            code,
            f"KEY{number:010d}",
            name,
            procedure_vi,
            when,
            answers,
            papers,
            applicant_vi,
            status,
            due,
            official_code,
            sent,
            [f"{when:%H:%M %d/%m/%Y}: bà con nộp hồ sơ tại máy số 1."],
        )
        self.dossiers[dossier.id] = dossier
        return dossier

    def acknowledge(self) -> None:
        """The province confirms everything there is."""
        for dossier in self.dossiers.values():
            dossier.sent = True
        self._changed()

    def changed(self) -> None:
        """Tell the watchers, as after a change made by hand."""
        self._changed()

    # --- inside --------------------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._watchers = [(act, call) for act, call in self._watchers if call.act is not None]
        for act, call in list(self._watchers):
            if call.act is not None:
                act()

    def _must_be_signed_in(self) -> None:
        if self.official is None:
            raise Refused("signed_out", "Cán bộ chưa đăng nhập.", "Nhập mã PIN.")

    def _dossier(self, dossier: str) -> _Dossier:
        found = self.dossiers.get(dossier)
        if found is None:
            raise Refused("unknown_dossier", "Không tìm thấy hồ sơ này.", "Tải lại danh sách.")
        return found

    def _sorted(self) -> list[_Dossier]:
        return sorted(self.dossiers.values(), key=lambda d: -d.number)

    def _of(self, tab: str) -> list[_Dossier]:
        today = self.wall().date()
        late = [d for d in self._sorted() if d.due is not None and d.due < self.wall() and d.status < Status.DONE]
        chosen = {
            "new": lambda d: d.status == Status.NEW,
            "late": lambda d: d in late,
            "today": lambda d: d.due is not None and d.due.date() == today and d.status < Status.DONE,
            "open": lambda d: d.status in (Status.ACCEPTED, Status.PROCESSING, Status.SUPPLEMENT, Status.PAYMENT),
            "ready": lambda d: d.status == Status.DONE,
        }[tab]
        return [d for d in self._sorted() if chosen(d)]

    def _row(self, dossier: _Dossier) -> Row:
        due_vi, due_kind = "", "none"
        if dossier.due is not None and dossier.status != Status.NEW:
            days = (dossier.due.date() - self.wall().date()).days
            if dossier.due < self.wall():
                due_vi, due_kind = (f"Quá {-days} ngày" if days < 0 else f"Quá từ {dossier.due:%H:%M}"), "late"
            elif days == 0:
                due_vi, due_kind = f"{dossier.due:%H:%M} hôm nay", "today"
            else:
                due_vi, due_kind = f"Còn {days} ngày", "soon" if days <= 2 else "later"
        filed_today = dossier.filed.date() == self.wall().date()
        return Row(
            dossier.id,
            f"{dossier.number:04d}",
            dossier.official_code or dossier.code,
            dossier.name,
            dossier.procedure_vi,
            f"{dossier.filed:%H:%M}" if filed_today else f"{dossier.filed:%d/%m}",
            due_vi,
            due_kind,  # type: ignore[arg-type]
            dossier.status,
            STATUS_NAMES[dossier.status],
            dossier.sent,
        )

    def _queue(self, dossier: str, title_vi: str) -> int:
        number = len(self.jobs) + 1
        self.jobs[number] = _Job(dossier, title_vi)
        if not self.paper_out:
            self._start(number)
        return number

    def _start(self, number: int) -> None:
        job = self.jobs[number]
        ends = "uncertain" if self.uncertain_next else "printed"
        self.uncertain_next = False

        def begin() -> None:
            job.state = "printing"
            self._changed()

        def finish() -> None:
            job.state = ends
            self._changed()

        self.scheduler.call_later(self.print_seconds / 4, begin)
        self.scheduler.call_later(self.print_seconds, finish)
