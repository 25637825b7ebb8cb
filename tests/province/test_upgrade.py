"""A database of the first release, with a working kiosk in it, brought to this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.province.databases import BACKENDS, open_database
from tests.province.support import ROOT, cli

_FIRST_RELEASE = """
import sys
from pathlib import Path

from province.config import Options
from province.runtime import start

start(Options(state=Path(sys.argv[1]), database=sys.argv[2]))

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sync.envelope import ZERO_HEAD, Event, chain, encode, event_id
from sync.feed import ack_entry, next_entry

call_command("migrate", "province", "0001_initial", verbosity=0)
old = MigrationExecutor(connection).loader.project_state([("province", "0001_initial")]).apps
make = lambda name, **facts: old.get_model("province", name).objects.create(**facts)

device = make("Device", number=1 << 20, commune="01273", verify_key=bytes(32), seal_key=bytes(32), enrolled_ms=1)
make("CommuneKey", commune="01273", secret=b"s" * 32)
code = make("EnrolmentCode", selector="AAA", secret_hash=bytes(32), commune="01273", made_by="", made_ms=1, expires_ms=2)
facts = {"commune": "01273", "operator": "", "request": b"", "request_hash": bytes(32), "words": "", "state": "confirmed"}
make("Enrolment", id="f" * 32, code=code, device=device, asked_ms=1, **facts)
line = encode(Event(1, "", "sys", {}, 0, 1, 0, "", 1))
head, identity = chain(ZERO_HEAD, line), event_id(device.number, 5, line)
place = {"device": device.number, "incarnation": 5, "n": 1, "head": head}
make("EventRow", body=line, event_id=identity, commune="01273", dossier="", received_ms=1, **place)
make("Position", **place)
entry = next_entry(0, ZERO_HEAD, ack_entry(device.number, 5, 1, head))
make("FeedRow", commune="01273", dossier="", seq=1, body=entry.body, head=entry.head, made_ms=1)
"""


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_database_of_the_first_release_is_brought_here_with_everything_in_it(tmp_path: Path, kind: str) -> None:
    state = tmp_path / "state"
    with open_database(kind, tmp_path) as database:
        subprocess.run([sys.executable, "-c", _FIRST_RELEASE, str(state), database.url], cwd=ROOT, check=True, timeout=60)
        code, listed = cli("device-list", state=state, database=database.url)
        assert code == 0
        unknown = {"revoked_ms": None, "last_contact_ms": None}
        assert listed["devices"] == [{"number": 1 << 20, "commune": "01273", "generation": 1, "lost": False, **unknown}]
        _, asked = cli("enrol-list", state=state, database=database.url)
        assert [(one["state"], one["device"], one["former"]) for one in asked["enrolments"]] == [("confirmed", 1 << 20, 0)]
        _, checked = cli("check", state=state, database=database.url)
        assert (checked["events"], checked["entries"]) == (1, 1)
        assert [one["code"] for one in checked["findings"]] == ["unproven"], "until the kiosk is heard again"
