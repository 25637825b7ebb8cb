"""Parts of the tests: a kiosk with the real engine and bearer, a province served by a process of its own.

The kiosk's journal is the one in memory that the tests of ``sync`` use; keys, segments, HTTP and enrolment are the product's.
Sample people are invented, and so is the unit code ``H14.999``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sync.engine import Engine, EngineKeys, ReplyOutcome
from sync.enrol import make_request, open_bundle, request_words
from sync.envelope import Origin
from sync.http import HttpBearer
from sync.keys import DeviceKeys
from sync.simulator.memory import MemoryKiosk

ROOT = Path(__file__).resolve().parents[2]
UNIT = "H14.999"
"""Obviously invented: the real identifier codes are not known."""
WALL_MS = 1_764_551_000_000
"""The fake wall clock begins beside the time that the kiosk in memory writes: 08:03 on Monday 1 December 2025 in Vietnam."""
FILED_AT = "2025-12-01T08:00:00+07:00"
ACCEPTED_AT = "2025-12-01T08:02:00+07:00"
NAME = "NÔNG THỊ MẪU"
NUMBER = "004190009876"
KEY = "0123456789abcdef"


class FakeClock:
    """Wall and monotonic time that move only when told."""

    def __init__(self) -> None:
        self.wall_ms = WALL_MS
        self.mono = 1000.0

    def rest(self) -> None:
        """Hours without a request: no limit remembers anything, and the wall clock is back at its beginning."""
        self.wall_ms = WALL_MS
        self.mono += 7200

    def forward(self, seconds: float) -> None:
        self.wall_ms += int(seconds * 1000)
        self.mono += seconds


class KioskTwin:
    """A kiosk as the province meets it."""

    def __init__(self, url: str, seed: int = 1) -> None:
        self.bearer = HttpBearer(url)
        self.own = DeviceKeys.generate()
        self.rng = random.Random(seed)
        self.journal: MemoryKiosk
        self.engine: Engine
        self.keys: EngineKeys
        self.request = b""
        self.ticket = ""

    @property
    def words(self) -> str:
        """What the technician reads from the kiosk's screen."""
        return " ".join(request_words(self.request))

    def ask(self, code: str, commune: str = "01273") -> str:
        """Hand in the enrolment request."""
        self.request = self.request or make_request(self.own, commune, "Nông Văn Lắp", bytes(16))
        self.ticket = self.bearer.post_enrolment(code, self.request)
        return self.ticket

    def fetch(self) -> int:
        """Take the bundle and become a device; returns its number."""
        bundle = self.bearer.poll_enrolment(self.ticket)
        assert bundle is not None
        enrolment = open_bundle(bundle, [self.own.seal], self.request)
        self.journal = MemoryKiosk(enrolment.device, self.rng)
        self.keys = enrolment.engine_keys(self.own)
        self.restart()
        return enrolment.device

    def twin_of(self, url: str) -> KioskTwin:
        """The same enrolled machine with an empty journal, at another address: for tests that start from one enrolment."""
        twin = KioskTwin(url)
        twin.own, twin.keys, twin.rng = self.own, self.keys, random.Random(7)
        twin.journal = MemoryKiosk(self.journal.device, twin.rng)
        twin.restart()
        return twin

    def restart(self, url: str | None = None) -> None:
        """A new engine on the same journal, as after a start; ``url`` when the province came back elsewhere."""
        self.engine = Engine(self.journal, self.keys, random_bytes=self.rng.randbytes)
        if url is not None:
            self.bearer.close()
            self.bearer = HttpBearer(url)

    def exchange(self) -> ReplyOutcome:
        """One round over HTTP."""
        return self.engine.on_reply(self.bearer.exchange(self.engine.make_request(0.0, WALL_MS)), 0.5)

    def settle(self, rounds: int = 20) -> None:
        """Rounds until nothing moves."""
        for _ in range(rounds):
            if not self.exchange().moved:
                return
        raise AssertionError("the kiosk and the province did not settle")

    # --- acts at the counter

    def file(
        self,
        code: str = "TAM-K1-251201-0001A",
        name: str = NAME,
        key: str = KEY,
        form: str = "1",
        by: str = "typed",
        **answers: Any,
    ) -> str:
        """File a birth registration; returns the dossier's id."""
        content = {
            "procedure": "1.001193",
            "form": form,
            "code": code,
            "key": key,
            "unit": "01273",
            "channel": 1,
            "at": FILED_AT,
            "applicant": {"name": name, "number": NUMBER, "by": by},
        }
        dossier = self.journal.dossier_at(self.journal.write("", "new", content))
        given = {"req_name": name, "req_number": NUMBER, "child_name": "NÔNG VĂN MẪU", **answers}
        self.journal.write(dossier, "f", {f"a.{field}": value for field, value in given.items()})
        return dossier

    def accept(self, dossier: str, at: str = ACCEPTED_AT) -> Origin:
        """Accept it, as the official does."""
        receipt = {"receipt.due": "2025-12-02T17:00:00+07:00", "receipt.received_by": "Lý Văn Mẫu"}
        return self.step(dossier, 1, 2, at, receipt)

    def step(self, dossier: str, came: int, to: int, at: str = ACCEPTED_AT, extra: Mapping[str, Any] | None = None) -> Origin:
        base = self.journal.feed_position()[0]
        return self.journal.write(dossier, "st", {"from": came, "to": to, "at": at, "set": dict(extra or {})}, base=base)

    def act(self, dossier: str, name: str, came: int, to: int, at: str, **sets: Any) -> Origin:
        """An official's act as version 2 writes it."""
        by = {"role": "official", "name": "Lý Văn Mẫu"}
        content = {"act": name, "from": came, "to": to, "at": at, "by": by, "set": sets}
        return self.journal.write(dossier, "st", content, base=self.journal.feed_position()[0])

    def confirmed(self, dossier: str) -> dict[str, Any]:
        """What the feed told this kiosk about a dossier."""
        return dict(self.journal.state.confirmed.get(dossier, {}))


def cli(*words: str, state: Path, database: str = "", stdin: str = "") -> tuple[int, Any]:
    """Run an act of ``main.py province`` with ``--json``: (exit code, answer)."""
    more = ["--database", database] if database else []
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words, "--state", str(state), *more, "--json"],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


_RUN = "import sys; from province.cli import province_command; sys.exit(province_command(sys.argv[1:]))"


class ServedProvince:
    """``main.py province`` in a process of its own, on a free port."""

    def __init__(self, state: Path, *words: str, code: str = _RUN) -> None:
        self.state = state
        self._child = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--state", str(state), "--port", "0", "--set", f"units.01273={UNIT}", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line.startswith("listening on "):
            self._child.kill()
            raise AssertionError(f"the province did not start: {line}{self._child.communicate()[1]}")
        self.url = line.removeprefix("listening on ").strip()

    def wait(self, seconds: float = 20.0) -> int:
        """Exit code, once it has ended."""
        return self._child.wait(seconds)

    def terminate(self) -> int:
        self._child.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()
        self._child.wait(10)

    def __enter__(self) -> ServedProvince:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self.kill()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()


def enrol(kiosk: KioskTwin, state: Path, database: str = "") -> int:
    """The whole enrolment through the operator's command line; returns the device number."""
    _, made = cli("enrol-code", "--commune", "01273", state=state, database=database)
    kiosk.ask(made["code"])
    code, done = cli("enrol-confirm", kiosk.ticket, "--words", kiosk.words, state=state, database=database)
    assert code == 0, done
    assert kiosk.fetch() == done["device"]
    return int(done["device"])
