"""The kiosk behind the glass: the store, the use cases and the devices, answering what the screens ask (``kiosk.services``).

Everything here runs on the UI thread and is short; devices have threads of their own and report back through the scheduler.
Changes made by the sync process are noticed by the store's data version, looked at twice a second.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from devices.barcode import BarcodeReader, open_barcode
from devices.card import CardPerson, key_candidates, parse_card_qr
from devices.errors import DeviceError
from devices.printer import open_printer
from forms.codes import check_code
from forms.dossier import STATUS_NAMES, DossierError, Role, Status, forbidden
from forms.procedures.catalogue import load_catalogue
from forms.procedures.menu import Group, ServiceTile
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk import mending, usecases
from kiosk.card_desk import CardDesk
from kiosk.clock import HANOI, day_vi, hour_day_vi
from kiosk.device_facts import barcode_fact, disk_fact
from kiosk.history import history_vi
from kiosk.machine import Machine
from kiosk.officials import SignIn
from kiosk.printing import Spooler
from kiosk.services import (
    ASKED,
    Accepted,
    Detail,
    DeviceFact,
    Filed,
    LineState,
    MachineFact,
    Official,
    Place,
    Prepared,
    PrintFact,
    Reading,
    Refused,
    Review,
    Row,
    Scheduler,
    Tab,
    TabKey,
    Waiting,
)
from kiosk.store import outbox
from kiosk.store.connection import StoreError
from kiosk.sync_status import LineFact, read_status, wake

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""How often the store is asked whether the sync process has written."""

CARE_SECONDS = 20.0
"""How often idle devices are looked at."""

LINE_PATIENCE = 25.0
"""Seconds the technician's test of the line waits for one try."""

WARM_SECONDS = 0.3
"""When the catalogue is read after the start: after the first screen stands, before anybody can need it."""

ROWS = 200
"""Longest worklist shown at once."""

_TAB_LABELS: Mapping[TabKey, str] = {
    "new": "Mới",
    "late": "Quá hạn",
    "today": "Hôm nay",
    "open": "Đang xử lý",
    "ready": "Chờ trả",
}
_OPEN = "(2, 4, 5, 6)"


class _Watch:
    def __init__(self, watches: list[_Watch], act: Callable[[], None]) -> None:
        self._watches = watches
        self.act = act
        watches.append(self)

    def cancel(self) -> None:
        if self in self._watches:
            self._watches.remove(self)


class _Listening:
    """A barcode watch that can be taken back; what was on its way to the UI thread is then dropped."""

    def __init__(self, reader: BarcodeReader | None) -> None:
        self._reader = reader
        self.gone = False

    def cancel(self) -> None:
        self.gone = True
        if self._reader is not None:
            self._reader.stop()
            self._reader = None


class KioskServices:
    """Fills ``kiosk.services.Services``."""

    def __init__(self, machine: Machine, scheduler: Scheduler) -> None:
        self._machine = machine
        self._store = machine.store
        self._config = machine.config
        self._clock = machine.store.clock
        self._scheduler = scheduler
        self._sign_in = SignIn(machine.store, self._clock)
        self._official: Official | None = None
        self._calls: list[tuple[str, str]] = []
        self._watches: list[_Watch] = []
        self._started = self._clock.monotonic()
        self._version = machine.store.data_version()
        self._line = read_status(machine.config.state)
        self._cards = CardDesk(str(self._config["devices.reader"]), scheduler.call_soon, self._changed)
        url = str(self._config["devices.printer"])
        profile = str(self._config["devices.printer_profile"])
        printer, refused = None, None
        try:
            printer = None if url == "none:" else open_printer(url, profile, lock=self._config.state / "printer.lock")
        except DeviceError as error:
            # A wrong address is a broken printer, not a broken kiosk: filing goes on, the technician sees the sentence.
            refused = error
        width = printer.width_dots if printer is not None else 576
        self._spooler = Spooler(machine.store, printer, width, lambda: scheduler.call_soon(self._changed), refused=refused)
        self._spooler.start()
        self._cards.look()
        self._looking = scheduler.call_later(LOOK_SECONDS, self._look)
        self._caring = scheduler.call_later(CARE_SECONDS, self._care)
        # Read while nobody waits for it, and cached there.
        self._warming = scheduler.call_later(WARM_SECONDS, _warm)

    def close(self) -> None:
        """Stop the timers and the device threads, and close the store."""
        self._looking.cancel()
        self._caring.cancel()
        self._warming.cancel()
        self._spooler.stop()
        self._cards.stop()
        self._store.close()

    # --- changes -----------------------------------------------------------------------------------------------

    def on_change(self, act: Callable[[], None]) -> _Watch:
        return _Watch(self._watches, act)

    def _changed(self) -> None:
        for watch in list(self._watches):
            watch.act()

    def _look(self) -> None:
        """Has another process written, or the line changed?"""
        version, line = self._store.data_version(), read_status(self._config.state)
        told = (version, line.online, line.since_vi, line.failure)
        if told != (self._version, self._line.online, self._line.since_vi, self._line.failure):
            self._changed()
        self._version, self._line = version, line
        self._looking = self._scheduler.call_later(LOOK_SECONDS, self._look)

    def _care(self) -> None:
        self._cards.look()
        self._caring = self._scheduler.call_later(CARE_SECONDS, self._care)

    # --- place and time ----------------------------------------------------------------------------------------

    def place(self) -> Place:
        office = self._machine.office
        return Place(
            office_vi=office.committee_vi,
            province_vi=office.province_vi,
            kiosk_name_vi=f"Máy số {self._config['place.kiosk']}",
            hotline=str(self._config["place.hotline"]),
            version=self._machine.version,
        )

    def clock_vi(self) -> tuple[str, str]:
        now = self._clock.now()
        return day_vi(now), f"{now:%H:%M}"

    # --- citizens ----------------------------------------------------------------------------------------------

    def tiles(self) -> Sequence[ServiceTile]:
        return load_catalogue().services(self._clock.now().date(), ASKED)

    def search(self, words: str) -> Sequence[ServiceTile]:
        return load_catalogue().search(words, self._clock.now().date(), ASKED)

    def groups(self) -> Sequence[Group]:
        return load_catalogue().groups()

    def in_group(self, group: str) -> Sequence[ServiceTile]:
        return load_catalogue().in_group(group, self._clock.now().date(), ASKED)

    def procedure(self, code: str) -> Procedure:
        return load_catalogue().shown(code, self._clock.now().date())

    def line(self) -> LineState:
        now = self._clock.reading()
        if self._line.stale(now.mono, now.boot):
            # Nobody is sending: say so instead of repeating what was true when the process ended.
            self._line = LineFact()
        waiting = int(self._store.rows("SELECT count(*) AS n FROM dossier WHERE pending > 0")[0]["n"])
        quarantined = int(self._store.rows("SELECT count(*) AS n FROM quarantine")[0]["n"])
        since = self._line.since_vi
        if self._line.online is False:
            chip = f"Mất mạng từ {since} – {waiting} hồ sơ chờ gửi" if waiting else f"Mất mạng từ {since}"
        elif waiting:
            chip = f"{waiting} hồ sơ chờ gửi"
        else:
            chip = ""
        return LineState(self._line.online, since, waiting, quarantined, chip)

    def can_file(self) -> None:
        _refusing(lambda: usecases.check_can_file(self._machine))

    def troubles(self) -> Sequence[str]:
        told = []
        if self._spooler.fact.state in ("broken", "absent"):
            told.append("Máy chưa in được phiếu. Bà con vẫn nộp được, nhớ chép lại mã hồ sơ.")
        if self._cards.fact.state == "broken":
            told.append("Đầu đọc thẻ chưa dùng được. Bà con gõ thông tin bằng tay.")
        return told

    def open_form(self, procedure: str) -> FormSession:
        session = FormSession(self.procedure(procedure).form, today=self._clock.now().date())
        session.prefill({"unit.place": self._machine.office.place_vi, "procedure.code": procedure})
        return session

    def watch_barcode(self, on_person: Callable[[CardPerson], None], on_refused: Callable[[Refused], None]) -> Reading:
        def read(text: str) -> None:
            try:
                person = parse_card_qr(text)
            except DeviceError as error:
                on_refused(_refused(error))
            else:
                on_person(person)

        return self._listen(read, lambda error: on_refused(_refused(error)))

    def watch_text(self, on_text: Callable[[str], None]) -> Reading:
        # A scanner that is gone is no obstacle: the code can be typed.
        return self._listen(on_text, lambda _error: None)

    def _listen(self, on_text: Callable[[str], None], on_error: Callable[[DeviceError], None]) -> _Listening:
        """Listen to the scanner; what it says is told on the UI thread."""
        url = str(self._config["devices.barcode"])
        if url == "none:":
            return _Listening(None)
        try:
            reader = open_barcode(url)
        except DeviceError as error:
            raise _refused(error) from None
        listening = _Listening(reader)

        def soon(act: Callable[[], None]) -> None:
            self._scheduler.call_soon(lambda: None if listening.gone else act())

        reader.start(lambda text: soon(lambda: on_text(text)), lambda error: soon(lambda: on_error(error)))
        return listening

    def read_card(
        self,
        person: CardPerson | None,
        mrz_expiry: str,
        on_progress: Callable[[float, str], None],
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
    ) -> Reading:
        keys = key_candidates(person.number, person.birth, person.issued, mrz_expiry) if person is not None else ()
        return self._cards.read(keys, on_progress, on_person, on_refused)

    def submit(self, procedure: Procedure, session: FormSession, card: CardPerson | None) -> Filed:
        filed = _refusing(lambda: usecases.file_dossier(self._machine, procedure, session, card))
        self._spooler.wake()
        self._changed()
        return filed

    def prepare(self, procedure: Procedure, session: FormSession) -> Prepared:
        prepared = _refusing(lambda: usecases.prepare_paper(self._machine, procedure, session))
        self._spooler.wake()
        return prepared

    def print_fact(self, job: int) -> PrintFact:
        found = self._store.print_job(job)
        if found is None:
            return PrintFact("queued", "Không tìm thấy phiếu này.")
        states: Mapping[str, Literal["queued", "printing", "printed", "uncertain"]] = {
            "queued": "queued",
            "sending": "printing",
            "printed": "printed",
            "uncertain": "uncertain",
        }
        text = found.fact or ("Đang in phiếu…" if found.state in ("queued", "sending") else "")
        return PrintFact(states[found.state], text, found.cure)

    def answer_print(self, job: int, came_out: bool) -> None:
        if came_out:
            self._store.set_print_state(job, "printed", "Phiếu đã in xong.")
            self._changed()
        else:
            self.reprint(job)

    def reprint(self, job: int) -> int:
        new = _refusing(lambda: usecases.reprint(self._machine, job))
        self._spooler.wake()
        self._changed()
        return new

    def find(self, code: str) -> Row | None:
        facts = check_code(code)
        found = self._store.rows("SELECT * FROM dossier WHERE code = ? OR official_code = ?", [facts.normalised, facts.normalised])
        return self._row(found[0], show_name=False) if found else None

    # --- calling for help --------------------------------------------------------------------------------------

    def call_help(self, where_vi: str) -> None:
        self._calls.append((f"{self._clock.now():%H:%M}", where_vi))
        self._changed()

    def help_calls(self) -> Sequence[tuple[str, str]]:
        return tuple(self._calls)

    def answer_help(self) -> None:
        self._calls.clear()
        self._changed()

    # --- officials ---------------------------------------------------------------------------------------------

    def sign_in(self, pin: str) -> Official:
        self._official = self._sign_in.try_pin(pin)
        return self._official

    def sign_out(self) -> None:
        self._official = None

    def _signed_in(self) -> Official:
        if self._official is None:
            raise Refused("signed_out", "Cán bộ chưa đăng nhập.", "Nhập mã PIN để tiếp tục.")
        return self._official

    def _official_in(self) -> Official:
        """The signed-in official; a technician keeps the machine alive and sees no dossier."""
        person = self._signed_in()
        if person.role != "official":
            raise Refused("not_official", "Mã PIN này không dùng để xem hồ sơ.", "Cán bộ đăng nhập bằng mã PIN của mình.")
        return person

    def tabs(self) -> Sequence[Tab]:
        self._official_in()
        waiting = int(self._store.rows("SELECT count(*) AS n FROM conflict WHERE NOT resolved")[0]["n"])
        review = [Tab("review", "Cần xem", waiting)] if waiting else []
        return review + [
            Tab(key, label, int(self._store.rows(f"SELECT count(*) AS n FROM dossier WHERE {sql}", given)[0]["n"]))
            for key, label in _TAB_LABELS.items()
            for sql, given in [self._where(key)]
        ]

    def _where(self, tab: str) -> tuple[str, list[Any]]:
        """Condition of a tab. Stored times are ISO in +07:00, so text order is time order."""
        now = self._clock.now()
        tonight = now.replace(hour=23, minute=59, second=59)
        return {
            "new": ("status = 1", []),
            "late": (f"status IN {_OPEN} AND due < ?", [now.isoformat()]),
            "today": (f"status IN {_OPEN} AND due >= ? AND due <= ?", [now.isoformat(), tonight.isoformat()]),
            "open": (f"status IN {_OPEN}", []),
            "ready": ("status = 9", []),
        }[tab]

    def worklist(self, tab: str, query: str = "") -> Sequence[Row]:
        self._official_in()
        if query.strip():
            found = self._store.search(query, ROWS)
            marks = ", ".join("?" for _ in found)
            sql = f"SELECT * FROM dossier WHERE d IN ({marks}) ORDER BY filed_at DESC"
            return [self._row(row) for row in self._store.rows(sql, found)]
        condition, given = self._where(tab)
        order = "filed_at DESC" if tab == "new" else "due, filed_at"
        return [
            self._row(row)
            for row in self._store.rows(f"SELECT * FROM dossier WHERE {condition} ORDER BY {order} LIMIT {ROWS}", given)
        ]

    def _row(self, row: Mapping[str, Any], *, show_name: bool = True) -> Row:
        code = str(row["code"] or "")
        filed = _moment(row["filed_at"])
        due = _moment(row["due"])
        due_vi, kind = self._due(due, int(row["status"] or 0))
        now = self._clock.now()
        when = "" if filed is None else f"{filed:%H:%M}" if filed.date() == now.date() else f"{filed:%d/%m}"
        status = int(row["status"] or 0)
        return Row(
            dossier=row["d"],
            number=_short_number(code),
            code=str(row["official_code"] or code),
            name=str(row["name"] or "") if show_name else "",
            procedure_vi=load_catalogue().title(str(row["procedure"])) or str(row["procedure"]),
            when_vi=when,
            due_vi=due_vi,
            due_kind=kind,
            status=status,
            status_vi=STATUS_NAMES.get(status, "Chưa rõ"),
            sent=int(row["pending"]) == 0,
        )

    def _due(self, due: datetime | None, status: int) -> tuple[str, Literal["none", "late", "today", "soon", "later"]]:
        if due is None or status not in (Status.ACCEPTED, Status.PROCESSING, Status.SUPPLEMENT, Status.PAYMENT):
            return "", "none"
        now = self._clock.now()
        days = (due.date() - now.date()).days
        if due < now:
            return (f"Quá {-days} ngày" if days < 0 else "Quá giờ hẹn"), "late"
        if days == 0:
            return f"Hôm nay {due:%H:%M}", "today"
        return f"Còn {days} ngày", "soon" if days <= 2 else "later"

    def detail(self, dossier: str) -> Detail:
        self._official_in()
        # Before the fields: what arrives in between then counts as not seen.
        seen = self._store.seen()
        found = self._store.rows("SELECT * FROM dossier WHERE d = ?", [dossier])
        if not found:
            raise Refused("dossier_unknown", "Không tìm thấy hồ sơ này.", "Tải lại danh sách.")
        fields = self._store.fields(dossier)
        row = self._row(found[0])
        procedure = load_catalogue().filed(fields)
        applicant = fields.get("applicant")
        name = str(applicant.get("name", "")) if isinstance(applicant, Mapping) else ""
        filed, due = _moment(fields.get("filed_at")), _moment(found[0]["due"])
        facts = [
            ("Mã hồ sơ", row.code),
            *([("Mã tạm", str(fields.get("code")))] if row.code != fields.get("code") else []),
            ("Người nộp", name),
            ("Nộp lúc", hour_day_vi(filed) if filed else ""),
            *([("Hẹn trả", hour_day_vi(due))] if due else []),
            ("Về tỉnh", "Tỉnh đã nhận" if row.sent else "Chờ gửi"),
        ]
        return Detail(
            row=row,
            facts=facts,
            answers=[(one.section, one.label, one.text) for one in usecases.review_rows(procedure, fields)] if procedure else [],
            papers=usecases.paper_states(procedure, fields) if procedure else [],
            history=history_vi(self._store, dossier, self._machine.official_names()),
            can_accept=forbidden(fields, "accept", Role.OFFICIAL) is None,
            official_code=str(fields.get("official_code") or ""),
            seen=seen,
        )

    def accept(self, dossier: str, seen: int) -> Accepted:
        official = self._official_in()
        procedure = load_catalogue().filed(self._store.fields(dossier))
        if procedure is None:
            raise Refused("procedure_unknown", "Máy này chưa có thủ tục của hồ sơ.", "Cập nhật danh mục thủ tục.")
        accepted = _refusing(lambda: usecases.accept_dossier(self._machine, dossier, procedure, official, seen))
        self._spooler.wake()
        self._changed()
        return accepted

    def reviews(self) -> Sequence[Review]:
        self._official_in()
        return [
            Review(
                seq=one.seq,
                dossier=one.dossier if one.code else "",
                code=one.code,
                what_vi=one.what_vi,
                why_vi=one.why_vi,
                kept_vi=_value_vi(one.kept) if one.field else "",
                lost_vi=_value_vi(one.lost) if one.field else "",
                mend=_mend(one),
            )
            for one in mending.reviews(self._machine)
        ]

    def settle(self, seq: int) -> None:
        official = self._official_in()
        _refusing(lambda: mending.settle(self._machine, self._open_review(seq), official))
        self._changed()

    def resend(self, seq: int, text: str | None) -> None:
        official = self._official_in()
        review = self._open_review(seq)
        content = None if text is None else {review.field: text}
        _refusing(lambda: mending.resend(self._machine, review, official, content))
        self._changed()

    def _open_review(self, seq: int) -> mending.Review:
        found = [one for one in mending.reviews(self._machine) if one.seq == seq]
        if not found:
            raise Refused("review_gone", "Việc này đã được xử lý.", "Xem lại danh sách.")
        return found[0]

    def waiting(self) -> Sequence[Waiting]:
        self._signed_in()
        return [self._on_its_way(one) for one in self._store.outbox()]

    def _on_its_way(self, one: outbox.Waiting) -> Waiting:
        upcoming = max(0.0, (one.next_ms - self._clock.wall_ms()) / 1000) if one.next_ms else 0.0
        return Waiting(
            title_vi=one.code or ("Hồ sơ chưa có mã" if one.events else "Bản quét"),
            what_vi=f"{one.events} việc" if one.events else f"bản quét, {one.share:.0%}",
            since_vi=_hour_vi(one.since_ms) or "–",
            tried=one.tried,
            answer_vi=one.answer_vi,
            next_vi=f"thử lại sau {_span_vi(upcoming)}" if upcoming >= 60 else "",
            trouble=bool(one.answer),
        )

    def print_receipt(self, dossier: str) -> int:
        self._official_in()
        found = self._store.rows("SELECT id FROM print_job WHERE d = ? ORDER BY id DESC LIMIT 1", [dossier])
        if not found:
            raise Refused("no_paper", "Hồ sơ này chưa có phiếu nào trên máy này.", "In tại máy đã nhận hồ sơ.")
        return self.reprint(int(found[0]["id"]))

    # --- technicians -------------------------------------------------------------------------------------------

    def devices(self) -> Sequence[DeviceFact]:
        return (
            self._spooler.fact,
            self._cards.fact,
            barcode_fact(str(self._config["devices.barcode"])),
            self._line_fact(),
            self._disk(),
        )

    def _disk(self) -> DeviceFact:
        reserve = self._store.reserve
        return disk_fact(reserve.free(), self._store.room_for_filing())

    def _line_fact(self) -> DeviceFact:
        state = self.line()
        title, icon = "Mạng và gửi hồ sơ", "cloud_upload"
        if self._store.enrolled is None:
            return DeviceFact("line", title, icon, "broken", "Máy chưa được tỉnh ghi danh.", "Chạy «python3 main.py sync enrol».")
        if state.quarantined:
            return DeviceFact("line", title, icon, "broken", f"{state.quarantined} gói bị từ chối, cần xem.", "Gọi tỉnh.")
        if state.online is False:
            return DeviceFact(
                "line", title, icon, "warning", f"{state.chip_vi}. {self._line.failure_vi}".strip(), self._line.cure_vi
            )
        if state.online is None:
            return DeviceFact("line", title, icon, "warning", "Chưa thử gửi lần nào.", "Kiểm tra dịch vụ gửi (sync) có chạy không.")
        return DeviceFact("line", title, icon, "ok", state.chip_vi or "Đã gửi hết", "")

    def machine(self) -> Sequence[MachineFact]:
        disk = shutil.disk_usage(self._config.state)
        total, free = _memory()
        up = self._clock.monotonic() - self._started
        facts = [
            MachineFact("Ổ đĩa", f"{disk.used / 1e9:.0f} / {disk.total / 1e9:.0f} GB", disk.used / max(disk.total, 1)),
            MachineFact(
                "Bộ nhớ", f"{(total - free) / 1e9:.1f} / {total / 1e9:.1f} GB".replace(".", ","), (total - free) / max(total, 1)
            ),
        ]
        heat = _temperature()
        if heat is not None:
            facts.append(MachineFact("Nhiệt độ", f"{heat:.0f} °C", min(heat / 100, 1.0)))
        facts.append(MachineFact("Chạy liên tục", _span_vi(up), min(up / 86400 / 30, 1.0)))
        return facts

    def test_device(self, name: str, on_done: Callable[[DeviceFact], None]) -> None:
        def again() -> None:
            on_done(next(fact for fact in self.devices() if fact.name == name))

        if name == "reader":
            self._cards.look(again)
        elif name == "printer":
            job = usecases.print_test(self._machine)
            self._spooler.wake()
            self._await_print(job, again, self._clock.monotonic() + 20)
        elif name == "line":
            if wake(self._config.state):
                self._await_line(again, self._line.last_try, self._clock.monotonic() + LINE_PATIENCE)
            else:
                self._line = LineFact()
                self._scheduler.call_soon(again)
        else:
            self._scheduler.call_soon(again)

    def _await_line(self, done: Callable[[], None], before: str, deadline: float) -> None:
        """Until the sync process has tried once more, or patience ends."""
        self._line = read_status(self._config.state)
        if self._line.last_try != before or self._clock.monotonic() > deadline:
            done()
        else:
            self._scheduler.call_later(0.2, lambda: self._await_line(done, before, deadline))

    def _await_print(self, job: int, done: Callable[[], None], deadline: float) -> None:
        found = self._store.print_job(job)
        if found is None or found.state in ("printed", "uncertain") or self._clock.monotonic() > deadline:
            done()
        else:
            self._scheduler.call_later(0.2, lambda: self._await_print(job, done, deadline))


def _warm() -> None:
    load_catalogue()


def _refusing(act: Callable[[], T]) -> T:
    """Run an act of the house; its expected failures become sentences for the glass."""
    try:
        return act()
    except (StoreError, DossierError) as error:
        raise Refused(error.code, error.message_vi, getattr(error, "cure_vi", "")) from None


def _refused(error: DeviceError) -> Refused:
    return Refused(error.code, error.message_vi, error.cure_vi)


def _value_vi(value: Any) -> str:
    """A value of a field for people; a person is shown by name."""
    if isinstance(value, Mapping):
        return str(value.get("name") or json.dumps(value, ensure_ascii=False))
    return "" if value is None else str(value)


def _mend(review: mending.Review) -> Literal["text", "again", "no"]:
    if review.content is None or not review.dossier:
        return "no"
    return "text" if review.field and isinstance(review.lost, str) else "again"


def _hour_vi(wall_ms: int) -> str:
    return hour_day_vi(datetime.fromtimestamp(wall_ms / 1000, HANOI)) if wall_ms else ""


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def _short_number(code: str) -> str:
    """The running number inside a provisional code, four digits and its check sign left off."""
    last = code.rsplit("-", 1)[-1]
    return last[:-1][-4:] if len(last) > 4 else last


def _memory() -> tuple[int, int]:
    """(total, available) bytes of the machine."""
    facts = {}
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        facts[name] = int(rest.split()[0]) * 1024
    return facts["MemTotal"], facts["MemAvailable"]


def _temperature() -> float | None:
    """Hottest sensor in °C; ``None`` where the machine tells none."""
    heats = []
    for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            heats.append(int(zone.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(heats, default=None)


def _span_vi(seconds: float) -> str:
    if seconds < 3600:
        return f"{int(seconds // 60)} phút"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} giờ"
    return f"{int(seconds // 86400)} ngày"
