"""The print spooler: takes queued papers from the store, one at a time, and never prints one twice without a mark.

The rules are those of the careful policy (``docs/printing.md``): SENDING is on disk before the first byte leaves; a job
that cannot start stays queued and says why; anything unclear after the first byte is *uncertain* for ever, and only a copy
marked «BẢN IN LẠI» may follow. A person's answer to «Phiếu đã in ra đủ chưa?» settles an uncertain job. A paper that cannot
be drawn is parked as uncertain and the next one is printed; a fault nobody foresaw ends the process, so that its supervisor
starts it anew instead of a kiosk that looks well and prints nothing.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from PIL import Image

from devices.errors import DeviceError
from devices.printer import Printer, PrinterStatus, open_printer, render, state_after
from devices.printer import paper as blocks
from kiosk.config import Config
from kiosk.device_facts import CLOSED, printer_fact, printer_unasked
from kiosk.services import DeviceFact, PrintFact
from kiosk.store.connection import StoreError
from kiosk.store.papers import PrintJob
from kiosk.store.store import Store
from sync.steps import step

log = logging.getLogger(__name__)

RETRY_SECONDS = 3.0
"""Wait before a printer that was not ready is asked again."""

LOOK_SECONDS = 15.0
"""How often an idle printer is asked how it is."""

UNDRAWABLE_VI = "Phiếu có chữ máy in không in được."
UNDRAWABLE_CURE_VI = "Bà con chép lại mã hồ sơ trên màn hình. Cán bộ gọi kỹ thuật."

PAPER_DOTS = 576
"""Width papers are drawn at while no printer tells its own."""

BROKEN_EXIT = 70
"""Exit code of a process whose printing thread met a fault nobody foresaw."""


def end_process() -> None:
    """Leave at once; the supervisor of the kiosk starts it again, and the store settles what was open."""
    os._exit(BROKEN_EXIT)


_BLOCKS: Mapping[str, Callable[..., Any]] = {
    "line": blocks.Line,
    "pair": blocks.Pair,
    "rule": blocks.Rule,
    "qr": blocks.QrBlock,
    "gap": blocks.Gap,
    "signatures": blocks.Signatures,
    "banner": blocks.Banner,
}


def to_blocks(content: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Blocks of a stored paper for the renderer."""
    return tuple(_BLOCKS[item["block"]](**{k: v for k, v in item.items() if k != "block"}) for item in content)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


class Spooler:
    """One thread that drives the printer. ``changed`` is called (on that thread) whenever a job's state moves.

    ``end`` is called, on that thread, when it meets a fault nobody foresaw; by default it ends the process. ``refused`` says
    why there is no printer although one is configured.
    """

    def __init__(
        self,
        store: Store,
        printer: Printer | None,
        width: int,
        changed: Callable[[], None],
        end: Callable[[], None] = end_process,
        refused: DeviceError | None = None,
    ) -> None:
        self._store = store
        self._printer = printer
        self._width = width
        self._changed = changed
        self._end = end
        self._unsettled = False
        self._refused = refused
        self._fact = printer_fact(refused) if printer is None else printer_unasked()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)

    def start(self) -> None:
        """Settle what a crash left open, then print what is queued."""
        self._store.doubt_unfinished_prints()
        self._thread.start()

    def wake(self) -> None:
        """A paper has been queued, or a person has mended the printer."""
        self._wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout)

    @property
    def fact(self) -> DeviceFact:
        """Last known state of the printer."""
        return self._fact

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            if self._stop.is_set():
                log.warning("printing ended while stopping: %s", type(error).__name__)
                return
            # The text of an error may hold words of a paper, so only its kind and place are told.
            log.critical("printing is broken: %s at %s", type(error).__name__, _place(error))
            self._end()

    def _work(self) -> None:
        while not self._stop.is_set():
            pause = self._turn()
            if pause:
                self._wake.wait(pause)
                self._wake.clear()

    def _turn(self) -> float:
        """Print one paper or look at the printer; seconds to wait before the next turn.

        A store that cannot note what happens (disk full, held by another process) holds printing up but does not end it.
        """
        try:
            if self._unsettled:
                self._store.with_reserve(self._store.doubt_unfinished_prints)
                self._unsettled = False
                self._changed()
            if self._store.forget_unfetched():
                self._changed()
            job = self._store.next_print_job()
            if job is None:
                self._look()
                return LOOK_SECONDS
            return 0.0 if self._print(job) else RETRY_SECONDS
        except StoreError as error:
            self._unsettled = True
            self._know(printer_fact(DeviceError(error.code, error.message_vi, error.cure_vi)))
            return RETRY_SECONDS

    def _look(self) -> PrinterStatus | None:
        """Ask the printer how it is and remember it; ``None`` when it cannot be asked."""
        if self._printer is None:
            self._know(printer_fact(self._refused))
            return None
        try:
            status = self._printer.status()
        except DeviceError as error:
            self._know(printer_fact(error))
            return None
        self._know(printer_fact(status))
        return status

    def _know(self, fact: DeviceFact) -> None:
        if fact != self._fact:
            self._fact = fact
            self._changed()

    def _print(self, job: PrintJob) -> bool:
        """Print one job; false when the printer was not ready and must be asked again later."""
        status = self._look()
        if self._printer is None or status is None or status.state in CLOSED:
            self._note(job, "queued", self._fact.fact_vi, self._fact.cure_vi)
            return False
        image = self._drawn(job)
        if image is None:
            self._note(job, "uncertain", UNDRAWABLE_VI, UNDRAWABLE_CURE_VI)
            return True
        with step("print.sending"):
            self._note(job, "sending", "Đang in phiếu…", "")
        with step("print.bytes"):
            try:
                outcome = self._printer.print(image)
            except DeviceError as error:
                self._note(job, "uncertain", error.message_vi, error.cure_vi)
                return True
        with step("print.settle"):
            self._note(job, state_after(outcome), outcome.fact_vi, outcome.cure_vi)
        return outcome.state != "not_started"

    def _drawn(self, job: PrintJob) -> Image.Image | None:
        """The picture of a paper; ``None`` when it holds something no printer of ours can draw."""
        try:
            return render(to_blocks(job.content), self._width)
        except DeviceError as error:
            log.error("print job %d cannot be drawn: %s", job.id, error.code)
        except (KeyError, TypeError, ValueError) as error:
            log.error("print job %d cannot be read: %s", job.id, type(error).__name__)
        return None

    def _note(self, job: PrintJob, state: str, fact: str, cure: str) -> None:
        now = self._store.print_job(job.id)
        if now is not None and (now.state, now.fact, now.cure) != (state, fact, cure):
            log.info("print job %d: %s", job.id, state)
            self._store.with_reserve(lambda: self._store.set_print_state(job.id, state, fact, cure))
            self._changed()


def open_spooler(store: Store, config: Config, on_change: Callable[[], None]) -> Spooler:
    """The spooler of the configured printer, not yet started."""
    url, printer, refused = str(config["devices.printer"]), None, None
    try:
        if url != "none:":
            printer = open_printer(url, str(config["devices.printer_profile"]), lock=config.state / "printer.lock")
    except DeviceError as error:
        # A wrong address is a broken printer, not a broken kiosk: filing goes on, the technician sees the sentence.
        refused = error
    width = printer.width_dots if printer is not None else PAPER_DOTS
    return Spooler(store, printer, width, on_change, refused=refused)


_SHOWN: Final[Mapping[str, Literal["queued", "printing", "printed", "uncertain"]]] = {
    "queued": "queued",
    "sending": "printing",
    "printed": "printed",
    "uncertain": "uncertain",
}


def print_fact(store: Store, job: int) -> PrintFact:
    """How a paper stands, for the person who waits for it."""
    found = store.print_job(job)
    if found is None:
        return PrintFact("queued", "Không tìm thấy phiếu này.")
    text = found.fact or ("Đang in phiếu…" if found.state in ("queued", "sending") else "")
    return PrintFact(_SHOWN[found.state], text, found.cure)


def print_ended(store: Store, job: int) -> bool:
    """Whether nothing more will happen to a paper by itself."""
    found = store.print_job(job)
    return found is None or found.state in ("printed", "uncertain")
