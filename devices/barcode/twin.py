"""The hand before the twins ``twin:``, ``twin-wedge:`` and ``twin-camera:``: holds codes before them, from any process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import termios
from pathlib import Path

from PIL import Image

from devices.barcode.errors import barcode_error
from devices.barcode.keys import ENTER, EV_KEY, EV_SYN, EVENT, LETTERS, SHIFT
from devices.errors import DeviceError

_KEY_OF = {letter: (code, bool(place)) for code, both in reversed(LETTERS.items()) for place, letter in enumerate(both)}


class BarcodeTwin:
    """A serial scanner's own end. ``url`` goes into the kiosk's configuration."""

    _scheme = "twin"

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self._path}"

    def scan(self, text: str) -> None:
        """Scan ``text``, ended as a scanner ends it. Raises ``barcode_absent`` when no kiosk listens."""
        self._send(text.encode() + b"\r\n")

    @property
    def listened_to(self) -> bool:
        """A kiosk has the other end open."""
        try:
            self._send(b"")
        except DeviceError:
            return False
        return True

    @property
    def taken(self) -> bool:
        """The kiosk has read everything that was sent."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            waiting = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
        finally:
            os.close(descriptor)
        return not any(waiting)

    def _send(self, data: bytes) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            raise barcode_error("barcode_absent") from None
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def plug(self) -> None:
        """Make the fifo, as when the reader is plugged in before the kiosk starts."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)

    def unplug(self) -> None:
        """Pull the cable: the kiosk loses its reader. It comes back by itself at the next try."""
        self._path.unlink(missing_ok=True)


class WedgeTwin(BarcodeTwin):
    """A wedge's own end: it types what a US keyboard has, and loses the rest."""

    _scheme = "twin-wedge"

    def scan(self, text: str) -> None:
        self.press(*(key for letter in text if letter in _KEY_OF for key in _strokes(*_KEY_OF[letter])), *_stroke(ENTER[0]))

    def type_without_enter(self, text: str) -> None:
        """As a scanner that was set to send no line end."""
        self.press(*(key for letter in text if letter in _KEY_OF for key in _strokes(*_KEY_OF[letter])))

    def press(self, *keys: tuple[int, int]) -> None:
        """Send key events as (code, 1 down or 0 up), each with its report."""
        report = EVENT.pack(0, 0, EV_SYN, 0, 0)
        self._send(b"".join(EVENT.pack(0, 0, EV_KEY, code, value) + report for code, value in keys))


def _stroke(code: int) -> list[tuple[int, int]]:
    return [(code, 1), (code, 0)]


def _strokes(code: int, shifted: bool) -> list[tuple[int, int]]:
    return [(SHIFT[0], 1), *_stroke(code), (SHIFT[0], 0)] if shifted else _stroke(code)


class CameraTwin:
    """Pictures before the eye of ``twin-camera:``, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.plug()

    @property
    def url(self) -> str:
        return f"twin-camera://{self._folder}"

    def show(self, picture: Image.Image, name: str = "picture") -> None:
        """From now the eye sees this picture; pictures of several names take turns. Appears whole."""
        part = self._folder / f".{name}"
        picture.save(part, format="PNG")
        os.replace(part, self._folder / f"{name}.png")

    def clear(self) -> None:
        """Nothing before the eye."""
        for file in self._folder.iterdir():
            file.unlink()

    def plug(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def unplug(self) -> None:
        """Pull the cable."""
        shutil.rmtree(self._folder)
