"""The plain way: one POST of JSON for each event, one PUT for each file, tried again until answered. A server and a client.

The server stores each body before it answers: events with SQLite, WAL and FULL, a file when all of it has come. The client is
``requests`` with a time-out, nothing else.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import requests

TIMEOUT: Final = 60.0
PIECE: Final = 8192
CHANGE: Final = {"k": "st", "c": {"act": "start", "from": 2, "to": 4}}


def serve(folder: str, address: str, port: str) -> None:
    """Store every body in ``folder`` until killed."""
    path = Path(folder) / "rest.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB)")

    def keep_event(name: str, body: bytes) -> None:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("INSERT OR REPLACE INTO event VALUES (?, ?)", (name, body))

    def keep_file(name: str, body: bytes) -> None:
        (Path(folder) / "file").write_bytes(body)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._take(keep_event)

        def do_PUT(self) -> None:
            self._take(keep_file)

        def _take(self, keep: Callable[[str, bytes], None]) -> None:
            size = int(self.headers["Content-Length"])
            body = self.rfile.read(size)
            if len(body) < size:
                self.close_connection = True
                return
            keep(self.path, body)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((address, int(port)), Handler)
    say({"listening": True})
    server.serve_forever()


def push(documents: str, url: str) -> None:
    """Words on standard input: ``push`` (all events one by one), ``change`` (one more event), ``put FILE`` (meanwhile)."""
    events = json.loads(Path(documents).read_text(encoding="utf-8"))
    session, sent = requests.Session(), 0
    say({"ready": len(events)})
    for line in sys.stdin:
        word, _, path = line.strip().partition(" ")
        if word == "put":
            threading.Thread(target=_put, args=(url, Path(path)), daemon=True).start()
            continue
        for event in events if word == "push" else [CHANGE]:
            _until_done(session.post, f"{url}/events/{sent}", json.dumps(event))
            sent += 1
            say({"done": sent})


def _put(url: str, path: Path) -> None:
    _until_done(requests.put, f"{url}/file", _Pieces(path.read_bytes()))
    say({"done": 1})


class _Pieces:
    """A body handed out in pieces: the time-out of a socket is for each of them."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        return (self._body[at : at + PIECE] for at in range(0, len(self._body), PIECE))


def _until_done(call: Callable[..., requests.Response], url: str, body: object) -> None:
    while True:
        try:
            call(url, data=body, timeout=TIMEOUT).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(1.0)


def say(facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        push(*sys.argv[2:])
