"""Killed at the worst moments: what was answered stays, what was not answered is simply sent again, nothing is doubled."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sync.errors import BearerError
from tests.province.databases import Database
from tests.province.support import KEY, ROOT, UNIT, KioskTwin, ServedProvince, cli, enrol

KILLED_BEFORE_THE_ANSWER = """
import os, signal, sys
from province import server
from province.cli import province_command

plain = server.make_server

def wrapped(running, wrap=lambda app: app):
    def layer(app):
        def dying(environ, start_response):
            answer = app(environ, start_response)
            if environ["PATH_INFO"] == "/v1/x":
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
        return dying
    return plain(running, layer)

server.make_server = wrapped
sys.exit(province_command(sys.argv[1:]))
"""
"""The whole service, killed after it committed an exchange and before a byte of the answer left."""

KILLED_BEFORE_THE_COMMIT = """
import os, signal, sys
from sync import steps
from province.cli import province_command

class Strike:
    def entered(self, name):
        if name == "province.commit" and os.path.exists(sys.argv[-1] + "/strike"):
            os.kill(os.getpid(), signal.SIGKILL)
    def left(self, name):
        pass

steps.watch(Strike())
sys.exit(province_command([w for w in sys.argv[1:-1]]))
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KioskTwin]:
    """A state folder with one enrolled kiosk, made once."""
    state = tmp_path_factory.mktemp("first") / "state"
    with ServedProvince(state) as province:
        kiosk = KioskTwin(province.url)
        enrol(kiosk, state)
        assert province.terminate() == 0
    return state, kiosk


@pytest.fixture
def state(first: tuple[Path, KioskTwin], tmp_path: Path) -> Path:
    """A copy of that folder."""
    shutil.copytree(first[0], tmp_path / "state")
    return tmp_path / "state"


def test_killed_between_commit_and_answer_a_resend_doubles_nothing(first: tuple[Path, KioskTwin], state: Path) -> None:
    with ServedProvince(state, code=KILLED_BEFORE_THE_ANSWER) as province:
        kiosk = first[1].twin_of(province.url)
        dossier = kiosk.file()
        kiosk.accept(dossier)
        with pytest.raises(BearerError):
            kiosk.exchange()
        assert province.wait() == -signal.SIGKILL
    assert cli("check", state=state)[1]["events"] == 3
    with ServedProvince(state) as province:
        kiosk.restart(province.url)
        kiosk.settle()
    code, report = cli("check", state=state)
    assert (code, report["events"], report["dossiers"]) == (0, 3, 1)
    assert kiosk.confirmed(dossier)["official_code"].endswith("-0001")


def test_killed_before_the_commit_nothing_of_the_exchange_is_there(
    first: tuple[Path, KioskTwin], state: Path, tmp_path: Path
) -> None:
    with ServedProvince(state, str(tmp_path), code=KILLED_BEFORE_THE_COMMIT) as province:
        kiosk = first[1].twin_of(province.url)
        dossier = kiosk.file()
        (tmp_path / "strike").touch()
        with pytest.raises(BearerError):
            kiosk.exchange()
        assert province.wait() == -signal.SIGKILL
    report = cli("check", state=state)[1]
    assert (report["ok"], report["events"], report["entries"]) == (True, 0, 0)
    with ServedProvince(state) as province:
        kiosk.restart(province.url)
        kiosk.settle()
    assert kiosk.confirmed(dossier)["status"] == 1


def test_a_second_server_on_the_same_state_is_refused(state: Path) -> None:
    with ServedProvince(state):
        code, answer = cli("serve", "--port", "0", state=state)
        assert (code, answer["error"]["code"]) == (1, "already_serving")


def test_a_taken_port_is_a_sentence_and_not_a_trace(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, answer = cli("serve", "--port", str(taken.getsockname()[1]), state=state)
        assert (code, answer["error"]["code"]) == (1, "port_taken")


def test_the_door_serves_too(state: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "main.py", "province", "--state", str(state), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline().startswith("listening on http://127.0.0.1:")
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


def test_the_whole_way_on_every_database(database: Database, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ServedProvince(state, "--database", database.url) as province:
        kiosk = KioskTwin(province.url)
        enrol(kiosk, state, database.url)
        dossiers = [kiosk.file(code=f"TAM-K{n}-251201-0001A") for n in range(3)]
        for dossier in dossiers:
            kiosk.accept(dossier)
        kiosk.journal.write(dossiers[0], "f", {"official_code": "H14.1-251201-0001", "a.y": "\x00"})
        kiosk.journal.write(dossiers[0], "f", {"a.x\x00": "\x00"})
        kiosk.journal.write(dossiers[0], "f", {"a." + "x" * 5000: "y"})
        kiosk.journal.write(
            "", "new", {"procedure": "p" * 900, "code": "\x00" * 300, "applicant": {"name": "\x00" * 900}, "at": "t" * 90}
        )
        kiosk.settle()
        assert re.fullmatch(rf"{UNIT}-[0-9]{{6}}-0003", kiosk.confirmed(dossiers[2])["official_code"])
        assert KEY in requests.get(f"{province.url}/h/TAM-K0-251201-0001A", params={"k": KEY + "x"}, timeout=10).text
        assert requests.get(f"{province.url}/h/TAM-K0-251201-0001A", params={"k": KEY}, timeout=10).status_code == 200
        province.kill()
    entries = cli("rebuild", state=state, database=database.url)[1]["entries"]
    code, report = cli("check", state=state, database=database.url)
    assert (code, report["events"], report["entries"], report["dossiers"]) == (0, 13, entries, 4)
    (tmp_path / "stick").mkdir()
    code, written = cli("bundle-export", str(tmp_path / "stick"), "--commune", "01273", state=state, database=database.url)
    assert (code, len(written["files"])) == (0, 1)
