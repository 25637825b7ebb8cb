"""A program of others at both ends of a link: a server, and a client that is told what to do by words."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

from kiosk.chaos.link import Link, Side


class Peer:
    """The client says how much is ``ready``, then after each word how much of it is ``done``, as lines of JSON."""

    def __init__(self, link: Link, server: Sequence[str], client: Sequence[str]) -> None:
        self._server = _talking(link.inside(Side.PROVINCE, server))
        _line(self._server, "listening", 60)
        self._client = _talking(link.inside(Side.KIOSK, client))
        self.ready = int(json.loads(_line(self._client, "ready", 60))["ready"])
        self.asked = self.done = 0
        self._said: queue.Queue[int] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def tell(self, word: str) -> None:
        """A word, without waiting for anything."""
        assert self._client.stdin is not None
        self._client.stdin.write(word + "\n")
        self._client.stdin.flush()

    def after(self, word: str, more: int, limit: float) -> float | None:
        """Seconds from a word until so much more is done; ``None`` when it was not in time."""
        started = time.monotonic()
        self.asked += more
        self.tell(word)
        while self.done < self.asked:
            try:
                self.done = self._said.get(timeout=max(0.0, limit - (time.monotonic() - started)))
            except queue.Empty:
                return None
        return time.monotonic() - started

    def stop(self) -> None:
        for one in (self._client, self._server):
            one.kill()
            one.wait(10)

    def _listen(self) -> None:
        assert self._client.stdout is not None
        for line in self._client.stdout:
            facts: dict[str, Any] = json.loads(line)
            if "done" in facts:
                self._said.put(int(facts["done"]))


def _talking(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _line(process: subprocess.Popen[str], word: str, seconds: float) -> str:
    """The first line with a word in it."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if word in line:
                return line
    finally:
        timer.cancel()
    raise RuntimeError(f"a peer ended before it said «{word}»")
