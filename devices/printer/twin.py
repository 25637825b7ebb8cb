"""The printer twin: a receipt printer on a TCP port whose paper is a PNG per cut, with faults a person or a test can flip while
it runs.

It behaves as real printers do where it matters: one connection at a time, real-time status answered even when printing stands
still, everything else in its turn, a swallowed job printed when paper comes back even if the sender has long gone, half a picture
waiting for the rest. Faults are set from code (:meth:`PrinterTwin.set`) or by any program through the control file
``printer.json`` (:func:`flip`) in the paper folder.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from devices.printer.profiles import Profile, profile
from devices.printer.twin_bytes import Order, PaperRoll, Reader

TICK_S = 0.02
BUFFER_BYTES = 256 * 1024
CONTROL_FILE = "printer.json"


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the printer. All off is a healthy one.

    ``paper_out``, ``paper_low``, ``cover``, ``cutter``: as the words say. ``paper_out_after_rows``: so many more rows, then the
    paper is out. ``reset_after``: the connection breaks once after so many bytes of it. ``silent``: prints, answers nothing.
    ``stuck``: accepts a connection and never reads. ``refuse``: no connection at all. ``deaf_in_raster``: takes status requests
    inside a picture for picture data.
    """

    paper_out: bool = False
    paper_low: bool = False
    cover: bool = False
    cutter: bool = False
    paper_out_after_rows: int | None = None
    reset_after: int | None = None
    silent: bool = False
    stuck: bool = False
    refuse: bool = False
    deaf_in_raster: bool = False


def flip(control_file: Path, **changes: Any) -> Faults:
    """Change faults of a twin through its control file, from any process. Returns the faults now wanted. Unknown names raise
    ``TypeError``.
    """
    faults = replace(_read_faults(control_file), **changes)
    _write_faults(control_file, faults)
    return faults


class PrinterTwin:
    """A printer on ``127.0.0.1``; a context manager. Papers are ``out_dir/slip-0001.png`` …, continued after those already there;
    a strip without ink is ``blank-0001.png``.

    ``port`` 0 takes a free one. ``rows_per_s`` makes it as slow as a real one (about 1200); ``None`` is as fast as it can.
    """

    def __init__(self, out_dir: Path, port: int = 0, *, profile_name: str = "generic80", rows_per_s: float | None = None) -> None:
        self.out_dir = out_dir
        self.profile: Profile = profile(profile_name)
        self.control_file = out_dir / CONTROL_FILE
        self.unknown: list[bytes] = []
        """Orders the twin does not know, as they came."""
        self._wanted_port = port
        self._rows_per_s = rows_per_s
        self._faults = Faults()
        self._guard = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._roll = PaperRoll(self.profile.width_dots, self.profile.feed_units_per_dot)
        self._reader = Reader(self._realtime)
        self._orders: deque[Order] = deque()
        self._buffered = 0
        self._listener: socket.socket | None = None
        self._line: socket.socket | None = None
        self._line_bytes = 0
        self._to_send = b""
        self._asb = False
        self._control_stamp: tuple[int, int] | None = None
        self._rows_due = 0.0
        self._drop_line = False

    def __enter__(self) -> PrinterTwin:
        self.out_dir.mkdir(parents=True, exist_ok=True)
        _write_faults(self.control_file, self._faults)
        self._control_stamp = self._stamp()
        self._listen()
        self._thread = threading.Thread(target=self._run, name="printer-twin", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        for end in (self._line, self._listener):
            if end:
                end.close()
        self._line = self._listener = None

    @property
    def port(self) -> int:
        return self._wanted_port

    @property
    def url(self) -> str:
        """Address for ``open_printer``, profile included."""
        return f"network://127.0.0.1:{self.port}?profile={self.profile.name}"

    @property
    def faults(self) -> Faults:
        with self._guard:
            return self._faults

    @property
    def stray_realtime(self) -> int:
        """Real-time requests that stood inside picture data: a correct job has none."""
        return self._reader.stray

    @property
    def waiting_for_picture(self) -> bool:
        """Whether a broken-off picture would swallow the next bytes."""
        return self._reader.waiting_for_picture

    def set(self, **changes: Any) -> None:
        """Change faults, e.g. ``set(paper_out=True)``; in force when this returns. Unknown names raise ``TypeError``."""
        with self._guard:
            self._apply(replace(self._faults, **changes))

    def slips(self) -> list[Path]:
        """The papers cut off so far, oldest first."""
        return sorted(self.out_dir.glob("slip-*.png"))

    def wait_for_slips(self, count: int, timeout: float = 5.0) -> list[Path]:
        """The papers, as soon as there are ``count``. Raises ``TimeoutError``."""
        until = time.monotonic() + timeout
        while len(found := self.slips()) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} of {count} slips after {timeout} s")
            time.sleep(TICK_S / 2)
        return found

    def hanging(self) -> Image.Image | None:
        """The paper that hangs out uncut, or ``None``."""
        with self._guard:
            return self._roll.hanging(self.profile.paper_dots)

    def power_cycle(self) -> None:
        """Off and on again: what was not printed is gone, the connection too; paper that hangs out stays."""
        with self._guard:
            self._orders.clear()
            self._buffered = 0
            self._reader.clear()
            self._drop_line = True
        while self._drop_line and self._thread and self._thread.is_alive():
            time.sleep(TICK_S / 4)

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            with self._guard:
                self._read_control_file()
                self._open_or_refuse()
                watched = self._watched()
            with selectors.DefaultSelector() as selector:
                for end in watched:
                    selector.register(end, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in selector.select(TICK_S)] if watched else []
            if not watched:
                self._stop.wait(TICK_S)
            now = time.monotonic()
            with self._guard:
                if self._drop_line:
                    self._hang_up(reset=True)
                    self._drop_line = False
                if self._line and self._line in ready:
                    self._hear()
                if self._listener and self._listener in ready and not self._line:
                    self._accept()
                self._work(now - last)
                self._answer()
            last = now

    def _watched(self) -> list[socket.socket]:
        if self._line:
            readable = not self._faults.stuck and self._buffered < BUFFER_BYTES
            return [self._line] if readable else []
        return [self._listener] if self._listener else []

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._wanted_port))
        listener.listen(5)
        self._wanted_port = listener.getsockname()[1]
        self._listener = listener

    def _open_or_refuse(self) -> None:
        if self._faults.refuse and self._listener:
            self._listener.close()
            self._listener = None
        elif not self._faults.refuse and not self._listener:
            self._listen()

    def _accept(self) -> None:
        assert self._listener
        self._line, _ = self._listener.accept()
        self._line.setblocking(False)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line_bytes = 0
        self._to_send = b""
        self._asb = False

    def _hang_up(self, *, reset: bool = False) -> None:
        if self._line:
            if reset:
                self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._line.close()
        self._line = None
        self._to_send = b""

    def _hear(self) -> None:
        assert self._line
        limit = self._faults.reset_after
        most = 4096 if limit is None else max(1, min(4096, limit - self._line_bytes))
        try:
            data = self._line.recv(most)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        self._line_bytes += len(data)
        self._reader.deaf_in_raster = self._faults.deaf_in_raster
        for order in self._reader.feed(data):
            self._orders.append(order)
            self._buffered += order.size
        if limit is not None and self._line_bytes >= limit:
            self._apply(replace(self._faults, reset_after=None))
            self._hang_up(reset=True)

    def _realtime(self, request: bytes) -> None:
        if request[0] == 0x04 and 1 <= request[1] <= 4:
            self._say(bytes((self._realtime_status(request[1]),)))
        elif request == b"\x14\x08" and self.profile.clear == "dle_dc4_8":
            self._orders.clear()
            self._buffered = 0
            self._say(b"\x37\x25\x00")

    def _realtime_status(self, which: int) -> int:
        faults = self._faults
        bits = {
            1: 0x08 if self._stopped() else 0,
            2: (0x04 if faults.cover else 0) | (0x20 if faults.paper_out else 0) | (0x40 if faults.cutter else 0),
            3: 0x08 if faults.cutter else 0,
            4: (0x0C if faults.paper_low or faults.paper_out else 0) | (0x60 if faults.paper_out else 0),
        }
        return 0x12 | bits[which]

    def _automatic_status(self) -> bytes:
        faults = self._faults
        head = 0x10 | (0x08 if self._stopped() else 0) | (0x20 if faults.cover else 0)
        return bytes((head, 0x08 if faults.cutter else 0, self._paper_bits(), 0))

    def _paper_bits(self) -> int:
        return (0x03 if self._faults.paper_low or self._faults.paper_out else 0) | (0x0C if self._faults.paper_out else 0)

    def _stopped(self) -> bool:
        return self._faults.paper_out or self._faults.cover or self._faults.cutter

    def _say(self, data: bytes) -> None:
        if self._line and not self._faults.silent:
            self._to_send += data

    def _answer(self) -> None:
        if not (self._line and self._to_send):
            return
        with suppress(BlockingIOError):
            try:
                sent = self._line.send(self._to_send)
            except (BrokenPipeError, ConnectionResetError):
                self._hang_up()
                return
            self._to_send = self._to_send[sent:]

    def _work(self, elapsed: float) -> None:
        """Carry out orders while paper and cover allow, as many rows as the speed allows."""
        if self._rows_per_s:
            self._rows_due = min(self._rows_due + elapsed * self._rows_per_s, self._rows_per_s)
        while self._orders and not self._stopped() and (not self._rows_per_s or self._rows_due > 0):
            order = self._orders.popleft()
            self._buffered -= order.size
            before = len(self._roll.rows)
            self._carry_out(order)
            self._used_rows(max(0, len(self._roll.rows) - before))

    def _used_rows(self, rows: int) -> None:
        self._rows_due -= rows
        left = self._faults.paper_out_after_rows
        if left is None or not rows:
            return
        if rows >= left:
            self._apply(replace(self._faults, paper_out=True, paper_out_after_rows=None))
        else:
            self._faults = replace(self._faults, paper_out_after_rows=left - rows)

    def _carry_out(self, order: Order) -> None:
        match order.kind:
            case "row":
                self._roll.row(order.data)
            case "feed":
                self._roll.feed_units(order.data[0])
            case "newline":
                self._roll.feed_rows(self._roll.line_rows * (order.data[0] if order.data else 1))
            case "spacing":
                self._roll.line_rows = order.data[0] // self._roll.feed_units_per_dot if order.data else 30
            case "cut":
                self._roll.feed_units(order.data[0] if order.data else 0)
                self._cut()
            case "reset":
                self._roll.line_rows = 30
            case "fence":
                self._say(bytes((self._paper_bits() if order.data in (b"\x01", b"1") else 0,)))
            case "asb":
                self._asb = order.data != b"\0"
                self._say(self._automatic_status() if self._asb else b"")
            case "identity":
                self._say(self._identity(order.data[0]))
            case "process_id":
                self._say(b"\x37\x22" + order.data + b"\0")
            case "unknown" | "text":
                self.unknown.append(order.data)
            case "ignored":
                pass

    def _identity(self, which: int) -> bytes:
        words = {65: "1.0", 66: "Mot Cua Xa", 67: f"Twin {self.profile.name}", 68: "0000"}
        return b"_" + words[which].encode() + b"\0" if which in words else b"\x20"

    def _cut(self) -> None:
        picture = self._roll.cut(self.profile.paper_dots)
        if picture is None:
            return
        kind = "slip" if 0 in picture.getextrema() else "blank"
        number = sum(1 for _ in self.out_dir.glob(f"{kind}-*.png")) + 1
        path = self.out_dir / f"{kind}-{number:04d}.png"
        hidden = path.with_suffix(".part")
        picture.save(hidden, format="PNG", dpi=(self.profile.dpi, self.profile.dpi))
        hidden.rename(path)

    def _apply(self, faults: Faults) -> None:
        self._take(faults)
        _write_faults(self.control_file, faults)
        self._control_stamp = self._stamp()

    def _take(self, faults: Faults) -> None:
        changed = faults != self._faults
        self._faults = faults
        if changed and self._asb:
            self._say(self._automatic_status())

    def _read_control_file(self) -> None:
        stamp = self._stamp()
        if stamp != self._control_stamp:
            self._control_stamp = stamp
            self._take(_read_faults(self.control_file))

    def _stamp(self) -> tuple[int, int] | None:
        try:
            facts = self.control_file.stat()
        except FileNotFoundError:
            return None
        return facts.st_mtime_ns, facts.st_ino


def _read_faults(control_file: Path) -> Faults:
    """Faults of a control file; what is missing or not understood is off."""
    try:
        raw = json.loads(control_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return Faults()
    known = {field.name for field in fields(Faults)}
    return Faults(**{name: value for name, value in raw.items() if name in known}) if isinstance(raw, dict) else Faults()


def _write_faults(control_file: Path, faults: Faults) -> None:
    handle, hidden = tempfile.mkstemp(dir=control_file.parent, prefix=".printer-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(faults), file, indent=1)
    Path(hidden).replace(control_file)


_shared: dict[tuple[str, str], PrinterTwin] = {}
_shared_guard = threading.Lock()


def shared_twin(folder: str, profile_: Profile) -> PrinterTwin:
    """The twin behind ``twin:FOLDER``, one per folder and process, started on first use; without a folder its paper goes to a
    temporary one.
    """
    with _shared_guard:
        key = (folder, profile_.name)
        if key not in _shared:
            out = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="printer-twin-"))
            _shared[key] = PrinterTwin(out, profile_name=profile_.name).__enter__()
        return _shared[key]
