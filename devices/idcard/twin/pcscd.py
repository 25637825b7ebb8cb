"""A pcscd of our own with a virtual reader, beside whatever runs on the machine.

Needs no root, no service manager, no settings.

pcscd is handed a listening socket in a private folder, and clients find it through ``PCSCLITE_CSOCK_NAME``, which this class
sets for this process and those it starts. pcsc-lite reads that variable once per process, so start the twin before the first
PC/SC call; every twin of one process uses the same socket, one at a time. The reader listens on free TCP ports, and pcscd ends
with this process even when that is killed.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import smartcard.scard as pcsc

from devices.errors import DeviceError
from devices.idcard.pcsc import Line
from devices.idcard.twin.chip import ChipTwin
from devices.idcard.twin.vpcd import VpcdCard

VARIABLE = "PCSCLITE_CSOCK_NAME"
READER = "Kiosk twin reader"
_SLOTS = 2
_DRIVERS = ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so")
_one_at_a_time = threading.Lock()


@functools.cache
def _folder() -> Path:
    """Where this process keeps its twin's socket. The name stays, the folder lives as long as a twin does."""
    return Path(tempfile.gettempdir()) / f"card-twin-{secrets.token_hex(8)}"


def _socket_path() -> str:
    return str(_folder() / "pcscd.comm")


def _unavailable(reason_vi: str) -> DeviceError:
    return DeviceError(
        "twin_unavailable",
        f"Không mở được đầu đọc thẻ mẫu: {reason_vi}",
        "Cài các gói pcscd và vsmartcard-vpcd (apt-get install pcscd vsmartcard-vpcd), hoặc dùng đầu đọc thẻ thật.",
    )


def _programs() -> tuple[str, str]:
    daemon = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    driver = next((path for path in _DRIVERS if Path(path).exists()), "")
    if not daemon or not driver:
        raise _unavailable("máy chưa cài pcscd hoặc vsmartcard-vpcd.")
    return daemon, driver


def _free_ports() -> int:
    """A port that is free together with the next one, which is the driver's second slot."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _friendly(number: int) -> str:
    return f"{READER} {number + 1}" if number else READER


def _settings(driver: str, number: int, port: int) -> str:
    """Reader ``number`` in pcscd's configuration, with its own copy of the driver, which keeps slots in global variables."""
    own = _folder() / f"driver-{number}.so"
    shutil.copyfile(driver, own)
    return f'FRIENDLYNAME "{_friendly(number)}"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {own}\nCHANNELID 0x{port:X}\n'


class PcscdTwin:
    """Context manager: pcscd with the reader «Kiosk twin reader 00 00», and «Kiosk twin reader 2 00 00» … up to ``readers``.

    Each has two slots. ``port`` is where :class:`VpcdCard` can lay a card on the first one, from any process; ``ports`` has all.

    Raises ``twin_unavailable`` when pcscd or its virtual reader is not installed or does not start. ``environment`` is what
    another program needs to find this pcscd.
    """

    def __init__(self, *, readers: int = 1, start_timeout_s: float = 10.0) -> None:
        self._timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._slot: VpcdCard | None = None
        self._events = -1
        self._before: str | None = None
        self._bases = [_free_ports() for _ in range(readers)]

    @staticmethod
    def reserve() -> None:
        """Point this process at the twin's socket now, for a process that may use PC/SC before its twin is started."""
        os.environ[VARIABLE] = _socket_path()

    @property
    def port(self) -> int:
        return self._bases[0]

    @property
    def ports(self) -> dict[str, int]:
        """Where to lay a card, by the name of the reader."""
        slots = range(_SLOTS)
        return {f"{_friendly(n)} 00 {slot:02X}": base + slot for n, base in enumerate(self._bases) for slot in slots}

    @property
    def socket_path(self) -> str:
        return _socket_path()

    @property
    def environment(self) -> dict[str, str]:
        return {VARIABLE: self.socket_path}

    @property
    def reader_name(self) -> str:
        return f"{READER} 00 00"

    def __enter__(self) -> PcscdTwin:
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("this process has a card twin already")
        self._before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = self.socket_path
        try:
            _folder().mkdir(mode=0o700)
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._leave()

    def _leave(self) -> None:
        if self._before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = self._before
        shutil.rmtree(_folder(), ignore_errors=True)
        _one_at_a_time.release()

    def start(self) -> None:
        """Start pcscd and wait until it shows its reader. Called by ``with``.

        Call it again after :meth:`stop` to play a restart.
        """
        daemon, driver = _programs()
        self._launch(daemon, "\n".join(_settings(driver, n, base) for n, base in enumerate(self._bases)))
        self._slot = VpcdCard(self.port)
        self._await_reader()

    def unplug_reader(self) -> None:
        """pcscd goes on without any reader; :meth:`plug_reader` brings it back."""
        self.stop()
        self._launch(_programs()[0], "")

    def plug_reader(self) -> None:
        """The reader is there again."""
        self.stop()
        self.start()

    @contextlib.contextmanager
    def held(self, *, locked: bool = False) -> Iterator[None]:
        """Another program holds the card: for itself alone when ``locked``, else in a transaction, which makes others wait."""
        with Line() as line:
            share = pcsc.SCARD_SHARE_EXCLUSIVE if locked else pcsc.SCARD_SHARE_SHARED
            result, card, _ = pcsc.SCardConnect(line.handle, self.reader_name, share, pcsc.SCARD_PROTOCOL_T1)
            if result != pcsc.SCARD_S_SUCCESS or pcsc.SCardBeginTransaction(card) != pcsc.SCARD_S_SUCCESS:
                raise OSError("the card cannot be held")
            try:
                yield
            finally:
                pcsc.SCardDisconnect(card, pcsc.SCARD_LEAVE_CARD)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """pcscd is there and answers nothing."""
        (daemon,) = self._daemons()
        os.kill(daemon, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(daemon, signal.SIGCONT)

    def kill(self) -> None:
        """pcscd dies without a word."""
        (daemon,) = self._daemons()
        os.kill(daemon, signal.SIGKILL)

    def clients(self) -> int:
        """Threads pcscd runs just now: one for each context a program holds, and a few of its own."""
        return sum(len(list(Path(f"/proc/{daemon}/task").iterdir())) for daemon in self._daemons())

    def _daemons(self) -> list[int]:
        """The processes the warden looks after."""
        if self._process is None:
            return []
        return [int(pid) for pid in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()]

    def _launch(self, daemon: str, settings: str) -> None:
        readers, none = _folder() / "readers", _folder() / "no-usb-drivers"
        readers.mkdir(exist_ok=True)
        none.mkdir(exist_ok=True)
        (readers / "twin").write_text(settings, encoding="ascii")
        Path(self.socket_path).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, self._log.open("wb") as log:
            listener.bind(self.socket_path)
            listener.listen(16)
            warden = str(Path(__file__).with_name("warden.py"))
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", warden, str(listener.fileno()), str(readers), daemon],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[listener.fileno()],
                # Real USB readers stay with the machine's own pcscd.
                env={**os.environ, "PCSCLITE_HP_DROPDIR": str(none)},
                start_new_session=True,
            )

    @property
    def _log(self) -> Path:
        return _folder() / "pcscd.log"

    def _await_reader(self) -> None:
        names: list[str] = []
        asking = threading.Thread(target=lambda: names.extend(_readers()), name="card-twin", daemon=True)
        asking.start()
        asking.join(self._timeout_s)
        # pcscd also lists a reader whose driver did not start, but then without the driver's second slot.
        slots = [name for name in names if name.startswith(READER)]
        if len(slots) == _SLOTS * len(self._bases):
            return
        log = self._log.read_text(errors="replace").strip().splitlines()
        self.stop()
        if names and not slots:
            raise RuntimeError("PC/SC was used in this process before the card twin was started; start the twin first")
        raise _unavailable(f"pcscd không khởi động ({log[-1] if log else 'không rõ lý do'}).")

    def ended(self, within_s: float | None) -> bool:
        """Wait so long, or for ever, for pcscd to end by itself."""
        assert self._process is not None, "the twin is not started"
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Lift the card and end pcscd. Clients then see no daemon, until :meth:`start`."""
        if self._slot is not None:
            self._slot.lift()
        self._events = -1
        process, self._process = self._process, None
        if process is not None:
            # One byte tells the warden that we are still here and mean only the daemon.
            process.communicate(b".")
        Path(self.socket_path).unlink(missing_ok=True)

    def lay(self, chip: ChipTwin, wait_s: float = 5.0) -> None:
        """Lay ``chip`` on the reader, in place of any card there; returns when PC/SC shows it."""
        assert self._slot is not None, "the twin is not started"
        self.lift(wait_s)
        self._slot.lay(chip, wait_s)
        self._events = self._await_card(True, -1, wait_s)

    def swap(self, chip: ChipTwin) -> None:
        """Lay ``chip`` at once, without the second that lifting and laying take to be noticed, if a card is lying.

        Else :meth:`lay` it.
        """
        assert self._slot is not None, "the twin is not started"
        if self._slot.lying:
            self._slot.swap(chip)
        else:
            self.lay(chip)

    def lift(self, wait_s: float = 5.0) -> None:
        """Take the card off; returns when PC/SC shows the reader empty."""
        assert self._slot is not None, "the twin is not started"
        self._slot.lift()
        if self._events >= 0:
            self._await_card(False, self._events, wait_s)
            self._events = -1

    def _await_card(self, card: bool, after: int, wait_s: float) -> int:
        """Wait until PC/SC shows ``card`` in an event later than number ``after``, and give that event's number.

        The number matters: a failed reset also shows an empty reader, before pcscd has noticed that the card is gone, and a
        card laid then is not noticed either.
        """
        with Line() as line:
            known = pcsc.SCARD_STATE_UNAWARE
            for _ in range(50):
                result, states = pcsc.SCardGetStatusChange(line.handle, int(wait_s * 1000), [(self.reader_name, known)])
                if result != pcsc.SCARD_S_SUCCESS:
                    break
                known = states[0][1] & ~pcsc.SCARD_STATE_CHANGED
                if bool(known & pcsc.SCARD_STATE_PRESENT) == card and known >> 16 > after:
                    return int(known >> 16)
        raise OSError("the virtual reader does not notice its card")


def _readers() -> list[str]:
    try:
        with Line() as line:
            return [slot.name for slot in line.slots("")]
    except DeviceError:
        return []
