"""A kiosk whose forms are older than the province takes: everything written goes up, only new dossiers wait for the update.

The province says so with each answer (SYNC design 1.14); its operator sets the floor when the time to update is over. The word is
kept with the version it was said to: a machine updated since, by a stick and without a line, begins dossiers again at once.
"""

from __future__ import annotations

import json

from forms.dossier import SCHEMA
from kiosk.services import Refused
from kiosk.store.store import Store

SCHEMAS = (1, SCHEMA)
"""Versions of events this machine reads and writes."""
_KEY = "upload_only"


def note_upload_only(store: Store, code: str) -> None:
    """Keep what the last answer said; ``code`` is empty when new dossiers may begin. Writes only what is new."""
    told = json.dumps([code, SCHEMA])
    if store.meta(_KEY, json.dumps(["", SCHEMA])) != told:
        with store.transaction():
            store.set_meta(_KEY, told)


def check_may_begin(store: Store) -> None:
    """Raises Refused ``update_needed``."""
    code, schema = json.loads(store.meta(_KEY, json.dumps(["", SCHEMA])))
    if code and schema == SCHEMA:
        raise Refused(
            "update_needed",
            "Phần mềm của máy này đã cũ: tỉnh chưa nhận hồ sơ mới từ máy.",
            "Bà con nộp tại quầy. Kỹ thuật: cập nhật phần mềm; hồ sơ đã nộp vẫn gửi bình thường.",
        )
