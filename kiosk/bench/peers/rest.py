"""The plain way: one POST of JSON for each event over a kept connection, tried again until it is answered. A server and a client.

The server stores each body with SQLite, WAL and FULL, before it answers. The client is ``requests`` with a time-out, nothing else.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import requests

TIMEOUT: Final = 60.0


def serve(folder: str, address: str, port: str) -> None:
    """Store every body in ``folder`` until killed."""
    path = Path(folder) / "rest.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB)")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA synchronous=FULL")
                db.execute("INSERT OR REPLACE INTO event VALUES (?, ?)", (self.path, body))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((address, int(port)), Handler)
    say({"listening": True})
    server.serve_forever()


def push(folder: str, documents: str, url: str) -> None:
    """Words on standard input: ``push`` (all events one by one), ``change`` (one more)."""
    events = json.loads(Path(documents).read_text(encoding="utf-8"))
    session, sent = requests.Session(), 0
    say({"ready": len(events)})
    for word in sys.stdin:
        for event in events if word.strip() == "push" else [{**events[-1], "k": "st", "c": {"act": "start", "from": 2, "to": 4}}]:
            _post(session, f"{url}/events/{sent}", event)
            sent += 1
            say({"done": sent})


def _post(session: requests.Session, url: str, event: object) -> None:
    while True:
        try:
            session.post(url, json=event, timeout=TIMEOUT).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(1.0)


def say(facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"serve": serve, "push": push}[sys.argv[1]](*sys.argv[2:])
