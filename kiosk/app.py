"""The kiosk behind the glass: the store, the use cases and the devices, answering what the screens ask (``kiosk.services``).

Everything here runs on the UI thread and is short; devices have threads of their own and report back through the scheduler.
Changes made by the sync process are noticed by the store's data version, looked at twice a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from devices.barcode import Preview, Scan
from devices.errors import DeviceError
from devices.idcard import CardPerson, CardState, parse_card_qr, parse_wedge
from forms.codes import check_code
from forms.dossier import DossierError
from forms.procedures.catalogue import load_catalogue
from forms.procedures.menu import Group, ServiceTile
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk import mending, usecases, worklist
from kiosk.card_desk import CardDesk
from kiosk.card_judge import CardJudge
from kiosk.clock import day_vi
from kiosk.copied import is_copy
from kiosk.device_facts import barcode_fact, copy_fact, disk_fact, line_fact, line_state, troubles_vi
from kiosk.machine import Machine
from kiosk.machine_facts import machine_facts
from kiosk.officials import SignIn
from kiosk.printing import open_spooler, print_ended, print_fact
from kiosk.scanner import ScannerDesk
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
    Reading,
    Refused,
    Review,
    Row,
    Scheduler,
    Tab,
    Waiting,
)
from kiosk.store.connection import StoreError
from kiosk.sync_status import LineFact, read_status, wake
from sync.clock import CHECKED

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""How often the store is asked whether the sync process has written."""

CARE_SECONDS = 20.0
"""How often idle devices are looked at."""

LINE_PATIENCE = 25.0
"""Seconds the technician's test of the line waits for one try."""

PRINT_PATIENCE = 20.0
"""Seconds it waits for a test paper."""

WARM_SECONDS = 0.3
"""When the catalogue is read after the start: after the first screen stands, before anybody can need it."""


class _Watch:
    def __init__(self, watches: list[_Watch], act: Callable[[], None]) -> None:
        self._watches = watches
        self.act = act
        watches.append(self)

    def cancel(self) -> None:
        if self in self._watches:
            self._watches.remove(self)


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
        self._judge = CardJudge(self._config.path("devices.trust"), self._clock)
        self._cards = CardDesk(str(self._config["devices.reader"]), scheduler.call_soon, self._changed, self._judge)
        self._scanner = ScannerDesk(str(self._config["devices.barcode"]), scheduler)
        self._spooler = open_spooler(machine.store, machine.config, lambda: scheduler.call_soon(self._changed))
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
        self._scanner.stop()
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
        return line_state(self._store, self._line)

    def can_file(self) -> None:
        _refusing(lambda: usecases.check_can_file(self._machine))

    def troubles(self) -> Sequence[str]:
        return troubles_vi(self._spooler.fact, self._cards.fact)

    def open_form(self, procedure: str) -> FormSession:
        session = FormSession(self.procedure(procedure).form, today=self._clock.now().date())
        session.prefill({"unit.place": self._machine.office.place_vi, "procedure.code": procedure})
        return session

    def watch_barcode(
        self,
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
        on_preview: Callable[[Preview], None],
    ) -> Reading:
        def read(scan: Scan) -> None:
            try:
                person = parse_wedge(scan.text) if scan.typed else parse_card_qr(scan.text)
            except DeviceError as error:
                on_refused(_refused(error))
            else:
                on_person(person)

        return self._listen(read, lambda error: on_refused(_refused(error)), on_preview)

    def watch_text(self, on_text: Callable[[str], None]) -> Reading:
        # A scanner that is gone is no obstacle: the code can be typed.
        return self._listen(lambda scan: on_text(scan.text), lambda _error: None)

    def _listen(
        self,
        on_scan: Callable[[Scan], None],
        on_error: Callable[[DeviceError], None],
        on_preview: Callable[[Preview], None] | None = None,
    ) -> Reading:
        try:
            return self._scanner.listen(on_scan, on_error, on_preview)
        except DeviceError as error:
            raise _refused(error) from None

    def read_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> Reading:
        return self._read_card(known, on_state, face=False)

    def compare_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> Reading:
        self._official_in()
        return self._read_card(known, on_state, face=True)

    def _read_card(self, known: CardHints, on_state: Callable[[CardState], None], *, face: bool) -> Reading:
        self._judge.sure = self._store.clock_quality() == CHECKED
        try:
            return self._cards.read(known, on_state, face=face)
        except DeviceError as error:
            raise _refused(error) from None

    def can_place_vi(self) -> str:
        return str(self._config["devices.can"])

    def submit(self, procedure: Procedure, session: FormSession, card: Identified | None) -> Filed:
        filed = _refusing(lambda: usecases.file_dossier(self._machine, procedure, session, card))
        self._spooler.wake()
        self._changed()
        return filed

    def prepare(self, procedure: Procedure, session: FormSession) -> Prepared:
        prepared = _refusing(lambda: usecases.prepare_paper(self._machine, procedure, session))
        self._spooler.wake()
        return prepared

    def print_fact(self, job: int) -> PrintFact:
        return print_fact(self._store, job)

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
        return worklist.find(self._store, check_code(code).normalised)

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
        return worklist.tabs(self._store)

    def worklist(self, tab: str, query: str = "") -> Sequence[Row]:
        self._official_in()
        return worklist.worklist(self._store, tab, query)

    def detail(self, dossier: str) -> Detail:
        self._official_in()
        return worklist.detail(self._machine, dossier)

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
        return worklist.reviews(self._machine)

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
        return worklist.waiting(self._store)

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
            copy_fact() if is_copy(self._store) else line_fact(self.line(), self._line, self._store.enrolled is not None),
            disk_fact(self._store.reserve.free(), self._store.room_for_filing()),
        )

    def machine(self) -> Sequence[MachineFact]:
        return machine_facts(self._config.state, self._clock.monotonic() - self._started)

    def test_device(self, name: str, on_done: Callable[[DeviceFact], None]) -> None:
        def again() -> None:
            on_done(next(fact for fact in self.devices() if fact.name == name))

        if name == "reader":
            self._cards.look(again)
        elif name == "printer":
            job = usecases.print_test(self._machine)
            self._spooler.wake()
            self._await(lambda: print_ended(self._store, job), again, self._clock.monotonic() + PRINT_PATIENCE)
        elif name == "line":
            if wake(self._config.state):
                before = self._line.last_try
                self._await(lambda: self._tried_since(before), again, self._clock.monotonic() + LINE_PATIENCE)
            else:
                self._line = LineFact()
                self._scheduler.call_soon(again)
        else:
            self._scheduler.call_soon(again)

    def _await(self, ended: Callable[[], bool], done: Callable[[], None], deadline: float) -> None:
        """Until it has ended, or patience does."""
        if ended() or self._clock.monotonic() > deadline:
            done()
        else:
            self._scheduler.call_later(0.2, lambda: self._await(ended, done, deadline))

    def _tried_since(self, before: str) -> bool:
        """Has the sync process tried the line once more?"""
        self._line = read_status(self._config.state)
        return self._line.last_try != before


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
