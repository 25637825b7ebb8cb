"""Databases of former shapes brought to this one. Django has one database per process: each upgrade runs in its own."""

from __future__ import annotations

import json
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

_ONE_ENTRY_A_FIELD = """
import json, sys
from pathlib import Path
from province.config import Options
from province.runtime import start

running = start(Options(state=Path(sys.argv[1]), port=0))
from django.core.management import call_command
from django.db import connection
from province.database import migrate
from sync.envelope import ZERO_HEAD, chain
from sync.feed import encode_entry

call_command("migrate", "province", "0004", verbosity=0)
head = ZERO_HEAD
entries = [
    {"e": "f", "d": "7-1-1", "f": "procedure", "v": "khai-sinh"},
    {"e": "f", "d": "7-1-1", "f": "status", "v": 1},
    {"e": "ack", "dev": 7, "inc": 1, "n": 1, "h": "00" * 8},
    {"e": "f", "d": "7-1-1", "f": "status", "v": 2},
]
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO province_identity (root_key, made_ms, epoch) VALUES (x'00', 1, 1)")
    for seq, entry in enumerate(entries, 1):
        body = encode_entry(entry)
        head = chain(head, body)
        of = (7, 1, 1) if seq < 3 else (None, None, None)
        cursor.execute(
            "INSERT INTO province_feedrow (commune, dossier, seq, body, head, origin_device, origin_incarnation, origin_n, made_ms)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1)", ["01273", entry.get("d", ""), seq, body, head, *of])
    for name, value, rev, of in (("procedure", '"khai-sinh"', 1, (7, 1, 1)), ("status", "2", 4, (None, None, None))):
        cursor.execute(
            "INSERT INTO province_confirmedfield (commune, dossier, field, value, rev, origin_device, origin_incarnation, origin_n)"
            " VALUES ('01273', '7-1-1', %s, %s, %s, %s, %s, %s)", [name, value, rev, *of])
migrate()
from province.models import ConfirmedDossier, FeedRow, Identity
from province.projection import rebuild
from province.verify import check

text = ConfirmedDossier.objects.get().fields
findings = [one.code for one in check().findings]
rebuild()
print(json.dumps({
    "fields": json.loads(text),
    "again": ConfirmedDossier.objects.get().fields == text,
    "findings": findings,
    "epoch": Identity.objects.get().epoch,
    "bodies": [bytes(row.body).decode() for row in FeedRow.objects.order_by("seq")],
}))
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


def test_a_database_of_one_entry_a_field_is_carried_over_and_every_kiosk_reads_the_feed_again(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _ONE_ENTRY_A_FIELD, str(tmp_path / "state")]
    done = json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert done == {
        "fields": [[1, [7, 1, 1], {"procedure": "khai-sinh"}], [4, None, {"status": 2}]],
        "again": True,
        "findings": [],
        "epoch": 2,
        "bodies": [
            '{"e":"f","d":"7-1-1","w":{"procedure":"khai-sinh"}}',
            '{"e":"f","d":"7-1-1","w":{"status":1}}',
            '{"e":"ack","dev":7,"inc":1,"n":1,"h":"0000000000000000"}',
            '{"e":"f","d":"7-1-1","w":{"status":2}}',
        ],
    }
