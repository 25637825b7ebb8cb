"""The real screen for a demonstration without a display: an X server of our own, real clicks, and the app's own account of itself.

Touches are X pointer events sent by xdotool; the control socket of the touch app only *tells* where things are and takes pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.demo.processes import DemoError, Process, wait_for

REST_SECONDS = 0.55
"""The app ignores a second tap on the same control for half a second, as it must for trembling hands; a person is slower anyway."""


class VirtualScreen:
    """An Xvfb of ``width`` × ``height`` on a free display number; ``environment`` points programs at it."""

    def __init__(self, width: int, height: int, log: Path) -> None:
        for tool in ("Xvfb", "xdotool"):
            if shutil.which(tool) is None:
                raise DemoError(f"{tool} is not installed: apt-get install -y xvfb xdotool")
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"]
        self._file = log.open("ab")
        self._child = subprocess.Popen(command, stdout=self._file, stderr=self._file, pass_fds=(writing,), start_new_session=True)
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise DemoError(f"Xvfb did not start:\n{log.read_text(errors='replace')[-500:]}")
        # The driver is named because a caller may have chosen another one, and a window drawn elsewhere feels no touch here.
        self.environment: Mapping[str, str] = {
            "DISPLAY": f":{number}",
            "SDL_VIDEODRIVER": "x11",
            "SDL_MOUSE_FOCUS_CLICKTHROUGH": "1",
        }
        given = {**os.environ, **self.environment}
        self._hand = subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, stderr=self._file, text=True, env=given)

    def tap(self, x: float, y: float) -> None:
        """One touch at window pixels, origin top left."""
        if self._hand.poll() is not None or self._hand.stdin is None:
            raise DemoError("xdotool has ended")
        self._hand.stdin.write(f"mousemove {round(x)} {round(y)} click 1\n")
        self._hand.stdin.flush()

    def close(self) -> None:
        self._hand.kill()
        self._hand.wait(5)
        self._child.terminate()
        self._child.wait(5)
        self._file.close()


class Glass:
    """Questions to the touch app over its control socket: what is shown, where a thing is, a picture of it."""

    def __init__(self, path: Path, app: Process, screen: VirtualScreen) -> None:
        self._app = app
        self._screen = screen
        self._tapped: dict[str, float] = {}
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        wait_for("the control socket of the kiosk", lambda: self._alive() and self._connected(path), 60)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def _connected(self, path: Path) -> bool:
        try:
            self._socket.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def _alive(self) -> bool:
        if not self._app.running():
            raise DemoError(f"the kiosk ended:\n{self._app.tail(30)}")
        return True

    def ask(self, question: Mapping[str, Any]) -> Any:
        """One question, one answer, as JSON lines."""
        self._alive()
        self._socket.sendall((json.dumps(question) + "\n").encode())
        answer = self._lines.readline()
        if not answer:
            raise DemoError(f"the kiosk closed its control socket:\n{self._app.tail(30)}")
        return json.loads(answer)

    def screen(self) -> Mapping[str, Any]:
        """What is on the glass: ``id``, ``overlay``, ``question`` (name of the question shown)."""
        return dict(self.ask({"ask": "screen"}))

    def wait_screen(self, *wanted: str, seconds: float = 20.0) -> Mapping[str, Any]:
        """Wait until one of the screens is shown."""

        def shown() -> Mapping[str, Any] | None:
            now = self.screen()
            return now if now["id"] in wanted else None

        try:
            return dict(wait_for(f"screen {' or '.join(wanted)}", shown, seconds))
        except DemoError as error:
            raise DemoError(f"{error}; the glass shows {self.screen()}") from None

    def find(self, name: str) -> Mapping[str, Any] | None:
        """An enabled widget by id, or by the text on it."""
        found = self.ask({"find": name}).get("found", [])
        return next((one for one in found if one.get("enabled", True)), None)

    def tap(self, name: str, seconds: float = 10.0) -> None:
        """Touch a widget where it really is, as soon as it is there."""
        self.rest(name)
        place = wait_for(f"something to touch called «{name}» on {self.screen()['id']}", lambda: self.find(name), seconds)
        self.touch(place)
        self._tapped[name] = time.monotonic()

    def rest(self, name: str) -> None:
        """Wait until a control that was just tapped listens again."""
        left = self._tapped.get(name, 0.0) + REST_SECONDS - time.monotonic()
        if left > 0 and not name.startswith(("key:", "pin:")):
            time.sleep(left)

    def acted(self, name: str) -> None:
        """A control has just been seen to act; its deaf time may have begun as late as now."""
        self._tapped[name] = time.monotonic()

    def touch(self, place: Mapping[str, Any]) -> None:
        """Touch the middle of a widget that was just found."""
        self._screen.tap(place["x"] + place["w"] / 2, place["y"] + place["h"] / 2)

    def shot(self, path: Path) -> None:
        """Save a picture of the glass."""
        answer = self.ask({"shot": str(path)})
        if not path.exists():
            raise DemoError(f"no picture was taken: {answer}")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
