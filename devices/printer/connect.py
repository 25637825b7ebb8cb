"""Printer addresses to lines: the connectors of python-escpos behind one small port with time-outs, and failures told apart.

Used are only its connectors (open, raw write, raw read, close); pictures, status and policy are ours, because python-escpos
reports a job as done that never came out. A line is opened for one job and closed after it. What the connectors lack is added
here: short USB writes are continued, serial writes time out, a device file is opened for reading too, the cause of a failed
opening is kept.
"""

from __future__ import annotations

import errno
import os
import select
import shutil
import stat
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from devices.errors import DeviceError
from devices.printer import status as facts
from devices.printer.profiles import TIME_OUTS, Profile
from devices.printer.status import PrinterStatus


class LineBroken(Exception):
    """The line ended or stalled while bytes were on it. Internal to this package: the driver turns it into an outcome."""


class CannotOpen(Exception):
    """The line could not be opened; ``status`` says why in words. Internal to this package."""

    def __init__(self, status: PrinterStatus) -> None:
        super().__init__(status.code)
        self.status = status


class Line(Protocol):
    """An open line to a printer."""

    answers: bool
    """Whether anything can come back on it."""

    def send(self, data: bytes) -> None:
        """Send all of ``data``. Raises :class:`LineBroken`, and then nobody knows how much arrived."""
        ...

    def receive(self, timeout: float) -> bytes:
        """What has arrived, waiting up to ``timeout`` seconds for a first byte; empty when nothing came. Raises
        :class:`LineBroken`.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    """A printer address, taken apart. ``where`` is host, USB ids, device file or queue; ``options`` what stands behind the «?»."""

    scheme: str
    where: str
    port: int
    options: Mapping[str, str]


OPTIONS = frozenset(("profile", "baud", "flow", *TIME_OUTS))
SCHEMES = ("network", "usb", "serial", "file", "cups", "twin")


def parse_address(url: str) -> Address:
    """Take a printer address apart. Raises :class:`DeviceError` ``printer_address`` when it is none."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        port = parts.port or 9100 if parts.scheme == "network" else 0
        int(options.get("baud", "9600"))
        if not options.keys() <= OPTIONS:
            raise ValueError("unknown option")
    except ValueError:
        raise not_an_address(url) from None
    where = {
        "network": parts.hostname or "",
        "usb": parts.netloc,
        "cups": unquote(parts.netloc),
        "twin": unquote(parts.netloc + parts.path),
    }.get(parts.scheme, unquote(parts.path))
    if parts.scheme not in SCHEMES or (not where and parts.scheme != "twin"):
        raise not_an_address(url)
    if parts.scheme == "usb":
        _usb_ids(url, where)
    return Address(parts.scheme, where, port, options)


def open_line(address: Address, profile: Profile) -> Line:
    """Open the line for one job. Raises :class:`CannotOpen`."""
    match address.scheme:
        case "network":
            return _NetworkLine(address, profile)
        case "usb":
            return _UsbLine(address, profile)
        case "serial":
            return _SerialLine(address, profile)
        case "cups":
            return _CupsLine(address, profile)
        case _:
            return _FileLine(address, profile)


def not_an_address(url: str) -> DeviceError:
    return DeviceError(
        "printer_address",
        f"«{url}» không phải là địa chỉ máy in.",
        "Viết như network://192.0.2.10:9100, usb://04b8:0e15, serial:///dev/ttyUSB0?baud=115200 hoặc file:///dev/usb/lp0.",
    )


def _usb_ids(url: str, where: str) -> tuple[int, int]:
    vendor, _, product = where.partition(":")
    try:
        return int(vendor, 16), int(product, 16)
    except ValueError:
        raise not_an_address(url) from None


def _connectors() -> Any:
    """python-escpos, loaded when the first printer is opened: it reads a database on import and leaves a folder behind."""
    import escpos.capabilities
    import escpos.printer

    shutil.rmtree(escpos.capabilities.pickle_dir, ignore_errors=True)
    return escpos.printer


def _why(error: BaseException) -> PrinterStatus:
    """The fact behind a connector's exception, from the system error it wraps."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ImportError | RuntimeError) or type(cause).__name__ == "NoBackendError":
            return facts.NO_DRIVER
        number = getattr(cause, "errno", None)
        if number == errno.ECONNREFUSED:
            return facts.REFUSED
        if number in (errno.EACCES, errno.EPERM):
            return facts.DENIED
        if number == errno.EBUSY:
            return facts.BUSY
        if number == errno.ECONNRESET:
            return facts.LOST
        cause = cause.__cause__ or cause.__context__
    return facts.ABSENT


def _write_all(handle: int, data: bytes, patience: float) -> None:
    """Write to a file descriptor that does not block; :class:`LineBroken` when it takes nothing for ``patience`` seconds."""
    until = time.monotonic() + patience
    while data:
        left = until - time.monotonic()
        if left <= 0 or not select.select([], [handle], [], left)[1]:
            raise LineBroken("no more bytes are taken")
        try:
            written = os.write(handle, data)
        except BlockingIOError:
            continue
        except OSError as error:
            raise LineBroken(str(error)) from error
        data = data[written:]
        until = time.monotonic() + patience


class _NetworkLine:
    def __init__(self, address: Address, profile: Profile) -> None:
        self.answers = profile.status != "no"
        self._printer = _connectors().Network(address.where, address.port, timeout=profile.connect_s)
        try:
            self._printer.open()
        except Exception as error:
            raise CannotOpen(_why(error)) from error
        self._printer.device.settimeout(profile.write_s)

    def send(self, data: bytes) -> None:
        try:
            self._printer._raw(data)
        except OSError as error:
            raise LineBroken(str(error)) from error

    def receive(self, timeout: float) -> bytes:
        try:
            if not select.select([self._printer.device], [], [], timeout)[0]:
                return b""
            data: bytes = self._printer._read()
        except OSError as error:
            raise LineBroken(str(error)) from error
        if not data:
            raise LineBroken("closed by the printer")
        return data

    def close(self) -> None:
        self._printer.close()


class _UsbLine:
    """USB printer class (7) through pyusb; end points are read from the device, not assumed."""

    def __init__(self, address: Address, profile: Profile) -> None:
        vendor, product = _usb_ids(address.where, address.where)
        self._timeout_ms = round(profile.write_s * 1000)
        try:
            self._printer = _connectors().Usb(vendor, product, timeout=self._timeout_ms)
            self._printer.open()
            self._in, self._out = self._end_points()
        except Exception as error:
            raise CannotOpen(_why(error)) from error
        self.answers = profile.status != "no" and self._in is not None

    def _end_points(self) -> tuple[int | None, int]:
        for configuration in self._printer.device:
            for interface in configuration:
                if interface.bInterfaceClass == 7:
                    addresses = [point.bEndpointAddress for point in interface]
                    outward = [point for point in addresses if not point & 0x80]
                    inward = [point for point in addresses if point & 0x80]
                    if outward:
                        return (inward[0] if inward else None), outward[0]
        raise LookupError("no printer interface")

    def send(self, data: bytes) -> None:
        import usb.core

        while data:
            try:
                written = self._printer.device.write(self._out, data, self._timeout_ms)
            except (usb.core.USBError, OSError) as error:
                raise LineBroken(str(error)) from error
            if written <= 0:
                raise LineBroken("nothing written")
            data = data[written:]

    def receive(self, timeout: float) -> bytes:
        import usb.core

        if self._in is None:
            return b""
        try:
            return bytes(self._printer.device.read(self._in, 64, max(1, round(timeout * 1000))))
        except usb.core.USBTimeoutError:
            return b""
        except (usb.core.USBError, OSError) as error:
            raise LineBroken(str(error)) from error

    def close(self) -> None:
        self._printer.close()


class _SerialLine:
    def __init__(self, address: Address, profile: Profile) -> None:
        self.answers = profile.status != "no"
        baud = int(address.options.get("baud", "9600"))
        hardware = address.options.get("flow", "none") == "dsrdtr"
        try:
            self._printer = _connectors().Serial(address.where, baudrate=baud, timeout=profile.write_s, dsrdtr=hardware)
            self._printer.open()
        except Exception as error:
            raise CannotOpen(_why(error)) from error
        self._seconds_per_byte = 10 / baud
        self._patience = profile.write_s

    def send(self, data: bytes) -> None:
        import serial

        port = self._printer.device
        try:
            port.write_timeout = self._patience + len(data) * self._seconds_per_byte
            self._printer._raw(data)
            port.flush()
        except (serial.SerialException, OSError) as error:
            raise LineBroken(str(error)) from error

    def receive(self, timeout: float) -> bytes:
        import serial

        port = self._printer.device
        try:
            port.timeout = timeout
            data: bytes = port.read(1)
            if data:
                data += port.read(port.in_waiting)
        except (serial.SerialException, OSError) as error:
            raise LineBroken(str(error)) from error
        return data

    def close(self) -> None:
        self._printer.close()


class _FileLine:
    """A device file of the kernel (``/dev/usb/lp0``), which can answer, or a plain file or pipe, which cannot."""

    def __init__(self, address: Address, profile: Profile) -> None:
        path = Path(address.where)
        self._printer = _connectors().File(address.where, auto_flush=False)
        self._patience = profile.write_s
        try:
            device = path.exists() and stat.S_ISCHR(path.stat().st_mode)
            flags = os.O_RDWR | os.O_NOCTTY if device else os.O_WRONLY | os.O_APPEND | (0 if path.exists() else os.O_CREAT)
            self._handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotOpen(_why(error)) from error
        self._printer.device = os.fdopen(self._handle, "wb", buffering=0)
        self.answers = device and profile.status != "no"

    def send(self, data: bytes) -> None:
        _write_all(self._handle, data, self._patience)

    def receive(self, timeout: float) -> bytes:
        if not self.answers:
            return b""
        try:
            if not select.select([self._handle], [], [], timeout)[0]:
                return b""
            return os.read(self._handle, 64)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LineBroken(str(error)) from error

    def close(self) -> None:
        self._printer.close()


class _CupsLine:
    """A raw CUPS queue through ``lp``: a last resort, for nothing comes back and «completed» means nothing."""

    answers = False

    def __init__(self, address: Address, profile: Profile) -> None:
        self._printer = _connectors().LP(address.where)
        self._patience = profile.write_s
        try:
            self._printer.open(job_name="slip")
            os.set_blocking(self._printer.device.stdin.fileno(), False)
        except Exception as error:
            raise CannotOpen(_why(error)) from error

    def send(self, data: bytes) -> None:
        _write_all(self._printer.device.stdin.fileno(), data, self._patience)

    def receive(self, timeout: float) -> bytes:
        return b""

    def close(self) -> None:
        spooler = self._printer.device
        spooler.stdin.close()
        try:
            spooler.wait(self._patience)
        except subprocess.TimeoutExpired:
            spooler.kill()
            spooler.wait()
        self._printer._flushed = True
        self._printer.close()
