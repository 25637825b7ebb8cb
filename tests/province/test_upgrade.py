"""A database of the former shape, one feed entry a field, is carried over: same values, whole chains, a new epoch.

Django has one database per process, so each upgrade runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.province.support import ROOT

_UPGRADE = """
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


def test_a_database_of_one_entry_a_field_is_carried_over_and_every_kiosk_reads_the_feed_again(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _UPGRADE, str(tmp_path / "state")]
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
