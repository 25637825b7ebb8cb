"""One province in this process, with a clock that stands still, behind a real waitress on a real port and a real SQLite file.

Django has one set of settings per process, so the province is started once; every test begins with empty tables and two quiet
hours later, so no limit remembers the test before. At the end the run says on which databases it ran.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from province.config import Options
from province.runtime import Runtime, start
from tests.province.databases import BACKENDS, Database, describe, open_database
from tests.province.support import UNIT, FakeClock, KioskTwin


@dataclass(frozen=True)
class Site:
    """The province in this process."""

    url: str
    running: Runtime
    clock: FakeClock
    state: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("province") / "state"
    clock = FakeClock()
    options = Options(state=state, port=0, overrides=(f"units.01273={UNIT}",))
    running = start(options, wall_ms=lambda: clock.wall_ms, mono=lambda: clock.mono)
    from province.database import migrate, settle
    from province.server import make_server

    migrate()
    settle(running)
    server = make_server(running)
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.effective_port}", running, clock, state)
    server.task_dispatcher.shutdown()
    server.close()


@pytest.fixture
def site(served: Site) -> Site:
    """The province with empty tables and nothing remembered."""
    from django.core.management.color import no_style
    from django.core.management.sql import sql_flush
    from django.db import connection

    from province.database import settle

    served.clock.rest()
    connection.ops.execute_sql_flush(sql_flush(no_style(), connection, allow_cascade=True))
    (served.state / "keys" / "database-made").unlink(missing_ok=True)
    settle(served.running)
    return served


@pytest.fixture
def people(site: Site) -> Site:
    """lan: official of the whole province; mai: official of 01279; tin: operator; tam: both."""
    from django.contrib.auth.models import User

    from province.models import Official
    from province.writer import writing
    from tests.province.browser import PASSWORD, hashed

    roles = (("lan", "official", ""), ("mai", "official", "01279"), ("tin", "operator", ""), ("tam", "chief", ""))
    with writing():
        for name, role, commune in roles:
            user = User.objects.create(username=name, password=hashed(PASSWORD))
            Official.objects.create(user=user, role=role, commune=commune)
    return site


@pytest.fixture
def enrolled(site: Site) -> Callable[[str], KioskTwin]:
    """Makes an enrolled kiosk in a commune."""
    from province import enrolment

    made: list[KioskTwin] = []

    def make(commune: str = "01273") -> KioskTwin:
        kiosk = KioskTwin(site.url, seed=len(made))
        kiosk.ask(enrolment.make_code(commune, by="test").shown, commune)
        enrolment.confirm(kiosk.ticket, kiosk.words, by="test")
        kiosk.fetch()
        made.append(kiosk)
        return kiosk

    return make


@pytest.fixture
def kiosk(enrolled: Callable[[str], KioskTwin]) -> KioskTwin:
    """A kiosk of phường Thục Phán."""
    return enrolled("01273")


@pytest.fixture(scope="session", params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of each kind this machine has."""
    with open_database(request.param, tmp_path_factory.mktemp("database")) as found:
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"province databases: {describe()}")
