"""Lets the demonstration see the screen: which one it is, where a control lies, what it looks like. It cannot touch anything.

``--control PATH`` opens a Unix socket (mode 0600); a client sends one JSON object per line and gets one back. Touches come from
outside, as real clicks at the places reported here. Requests::

    {"ask": "screen"}        -> {"ok", "id": "question", "overlay": "timeout" or null, "size": [w, h], "question": NAME or null}
    {"find": TEXT}           -> {"ok", "found": [{"id", "text", "x", "y", "w", "h", "enabled"}]}
                                controls with exactly this id, else those whose id or words contain TEXT
    {"keys": true}           -> the same for every key of the keyboard or pad on the screen
    {"all": true}            -> the same for everything that can be touched
    {"texts": true}          -> {"ok", "texts": [line, …]} as they stand on the glass
    {"shot": "/path/x.png"}  -> {"ok", "file": PATH} after the picture is written

Coordinates are window pixels from the top left corner; x and y are the upper left corner of the control. What cannot be
answered comes back as {"ok": false, "error": SENTENCE}.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

from kivy.clock import Clock

from kiosk.touch.controls import Field, Tappable
from kiosk.touch.keyboard import Key
from kiosk.touch.layout import every
from kiosk.touch.picture import save
from kiosk.touch.text import Txt

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 10.0


class Autopilot:
    """The socket and its thread. Questions are answered on the UI thread, between frames."""

    def __init__(self, shell: Shell, path: Path) -> None:
        self.shell, self.path = shell, path
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            self._server.bind(str(path))
        finally:
            os.umask(old)
        self._server.listen(2)
        self._closed = False
        threading.Thread(target=self._serve, name="autopilot", daemon=True).start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._closed = True
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def _serve(self) -> None:
        while not self._closed:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), name="autopilot client", daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, client.makefile("rw", encoding="utf-8") as stream:
            for line in stream:
                try:
                    asked = json.loads(line)
                except ValueError:
                    answer: dict[str, Any] = {"ok": False, "error": "one JSON object per line"}
                else:
                    answer = self._on_ui(partial(self.answer, asked))
                stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
                stream.flush()

    def _on_ui(self, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        done: Queue[dict[str, Any]] = Queue()
        Clock.schedule_once(lambda _dt: done.put(act()), 0)
        try:
            return done.get(timeout=ANSWER_WITHIN_S)
        except Empty:
            return {"ok": False, "error": "the screen did not answer"}

    def answer(self, asked: Any) -> dict[str, Any]:
        """Answer one request; runs on the UI thread."""
        if not isinstance(asked, dict):
            return {"ok": False, "error": "a JSON object is expected"}
        if asked.get("ask") == "screen":
            return {"ok": True, **self.where()}
        if isinstance(asked.get("find"), str):
            return {"ok": True, "found": self.find(asked["find"])}
        if asked.get("keys"):
            return {"ok": True, "found": [placed(part, self.shell.height) for part in self.controls() if isinstance(part, Key)]}
        if asked.get("all"):
            return {"ok": True, "found": [placed(part, self.shell.height) for part in self.controls()]}
        if asked.get("texts"):
            return {"ok": True, "texts": self.texts()}
        if isinstance(asked.get("shot"), str):
            save(Path(asked["shot"]))
            return {"ok": True, "file": asked["shot"]}
        return {"ok": False, "error": "unknown request"}

    def where(self) -> dict[str, Any]:
        """Screen, overlay, size and the name of the question on the screen."""
        shell = self.shell
        overlay = shell.overlay.key.removeprefix("overlay:") if shell.overlay is not None else None
        question = getattr(shell.kiosk.screen, "question", None)
        return {
            "id": shell.screen.id if shell.screen is not None else "",
            "overlay": overlay,
            "size": [round(shell.width), round(shell.height)],
            "question": getattr(question, "name", None),
        }

    def controls(self) -> list[Tappable]:
        """Everything that can be touched now, disabled ones included; below an overlay nothing can."""
        root = self.shell.overlay or self.shell.screen
        if root is None:
            return []
        parts = [part for part in every(root) if isinstance(part, Tappable) and part.opacity > 0]
        return [part for part in parts if part.interactive or isinstance(part, Field)]

    def find(self, wanted: str) -> list[dict[str, Any]]:
        """Controls with exactly this id; if there is none, those whose id or words contain it."""
        controls = self.controls()
        exact = [part for part in controls if part.key == wanted]
        low = wanted.lower()
        found = exact or [part for part in controls if low in part.key.lower() or low in part.label.lower()]
        return [placed(part, self.shell.height) for part in found]

    def texts(self) -> list[str]:
        root = self.shell.overlay or self.shell.screen
        return [] if root is None else [part.text for part in every(root) if isinstance(part, Txt) and part.text]


def placed(part: Tappable, height: float) -> dict[str, Any]:
    """A control as the socket tells it, in window pixels also inside a list that scrolls."""
    left, bottom = part.to_window(part.x, part.y)
    return {
        "id": part.key,
        "text": part.label,
        "x": round(left),
        "y": round(height - bottom - part.height),
        "w": round(part.width),
        "h": round(part.height),
        "enabled": part.enabled,
    }
