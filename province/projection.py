"""From the feed to what people look at: confirmed fields, one index row per dossier, the conflicts nobody has decided.

Every entry of the feed is projected in the transaction that appends it, and :func:`rebuild` gives the same tables from the
feed alone. Contents come from devices and may be of any shape: whatever does not fit a column is shown empty, never an error,
because the feed must go on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from forms.dossier import conflict_of
from province import confirmed
from province.errors import ProvinceError
from province.index import COLUMNS, Indexed, read_indexed, shown, write_indexed
from province.models import Attachment, ConfirmedDossier, Conflict, DossierIndex, FeedRow
from province.rows import Entry, insert, select
from province.writer import writing
from sync.blob.cipher import KEY, MAX_SIZE, TAG
from sync.blob.wire import is_blob_name
from sync.envelope import Origin, write

_DECIDED: Final = "decided."
_ATTACHED: Final = "at."
_DETACHED: Final = "rm.at."
_OTHERS: Final = (_DECIDED, _ATTACHED, _DETACHED)
"""Beginnings of the fields that tables beside the index follow."""
_Key = tuple[str, str]
"""(commune, dossier or blob)"""
_TOGETHER: Final = 2000
"""Entries written together by a rebuild."""


def json_line(value: Any) -> str:
    """JSON as it stands in a column.

    Raises:
        ValueError: not finite numbers, lone surrogates, or nested too deeply: it cannot be written as UTF-8 JSON.
    """
    try:
        text = write(value)
        text.encode("utf-8")
    except (RecursionError, UnicodeEncodeError, TypeError) as error:
        raise ValueError(f"not writable as JSON: {error}") from None
    return text


class Projection:
    """The projections as one transaction sees them: rows are read once, changed in memory and written together by :meth:`flush`."""

    def __init__(self) -> None:
        self._fields: dict[_Key, confirmed.Fields] = {}
        self._changed: set[_Key] = set()
        self._index: dict[_Key, Indexed] = {}
        self._attachments: list[Attachment] = []
        self._complete: dict[_Key, bool] = {}
        self._removed: list[tuple[str, str, str]] = []
        self._moved: set[_Key] = set()
        self._conflicts: list[tuple[str, Conflict]] = []

    def confirmed(self, commune: str, dossier: str) -> confirmed.Fields:
        """The confirmed fields of a dossier, with what this transaction changed."""
        key = commune, dossier
        if key not in self._fields:
            self.expect(commune, (dossier,))
        return self._fields[key]

    def expect(self, commune: str, dossiers: Collection[str]) -> None:
        """Read the confirmed fields of dossiers, and their rows of the index, together."""
        asked = [dossier for dossier in dossiers if (commune, dossier) not in self._fields]
        found = dict(select(ConfirmedDossier, ("dossier", "fields"), "dossier", asked, commune=commune))
        for dossier in asked:
            self._fields[commune, dossier] = confirmed.read(found[dossier]) if dossier in found else confirmed.Fields()
        unknown = [dossier for dossier in dossiers if (commune, dossier) not in self._index]
        for indexed in read_indexed(commune, unknown):
            self._index[commune, indexed.dossier] = indexed

    def project(self, row: Entry, entry: Mapping[str, Any], origin: Origin | None) -> bool:
        """Follow one entry of the feed, and the event it follows from. Whether it says anew something of a dossier that has left
        the kiosks.
        """
        kind = entry.get("e")
        if kind == "f":
            return self._project_fields(row, entry, origin).dropped
        if kind == "bl":
            self._complete[row.commune, str(entry["id"])] = entry.get("ok") == 1
        elif kind == "drop":
            self._project_drop(row, str(entry["d"]))
        elif kind in ("cf", "na"):
            self._conflicts.append((conflict_of(entry).id, _conflict(row, kind, entry)))
            return bool(row.dossier) and self._known((row.commune, row.dossier)).dropped
        return False

    def flush(self) -> None:
        """Write everything changed since the last time."""
        changed = [(*key, self._fields[key].write()) for key in self._changed]
        insert(ConfirmedDossier, ("commune", "dossier", "fields"), changed, key=("commune", "dossier"))
        write_indexed(self._index[key] for key in self._moved)
        Conflict.objects.bulk_create(conflict for _, conflict in self._conflicts)
        Attachment.objects.bulk_create(self._attachments, ignore_conflicts=True)
        for (commune, blob), complete in self._complete.items():
            Attachment.objects.filter(commune=commune, blob=blob).update(complete=complete)
        for commune, dossier, blob in self._removed:
            Attachment.objects.filter(commune=commune, dossier=dossier, blob=blob).update(removed=True)
        self._changed, self._moved, self._conflicts = set(), set(), []
        self._attachments, self._complete, self._removed = [], {}, []

    def _settle(self, commune: str, dossier: str, conflict: str) -> None:
        """A decided conflict leaves the list; what it was and who decided stay in the feed and the events."""
        self._conflicts = [one for one in self._conflicts if one[0] != conflict]
        waiting = Conflict.objects.filter(commune=commune, dossier=dossier).values_list("seq", flat=True)
        for row in FeedRow.objects.filter(commune=commune, seq__in=waiting):
            if conflict_of(read_entry(row)).id == conflict:
                Conflict.objects.filter(commune=commune, seq=row.seq).delete()

    def _project_fields(self, row: Entry, entry: Mapping[str, Any], origin: Origin | None) -> Indexed:
        dossier, values = str(entry["d"]), entry["w"]
        key = row.commune, dossier
        fields = self._fields.get(key)
        if fields is None:
            fields = self.confirmed(*key)
        fields.follow(entry, row.body, row.seq, origin)
        self._changed.add(key)
        index = self._row(key)
        for name in values.keys() & COLUMNS.keys():
            COLUMNS[name](index, values)
        index.seq, index.changed_ms = row.seq, row.made_ms
        for name in [name for name in values if name.startswith(_OTHERS)]:
            if name.startswith(_DECIDED):
                self._settle(row.commune, dossier, name.removeprefix(_DECIDED))
            elif name.startswith(_ATTACHED):
                self._attachments += attachment(row, dossier, name.removeprefix(_ATTACHED), values[name])
            else:
                self._removed.append((row.commune, dossier, name.removeprefix(_DETACHED)))
        return index

    def _project_drop(self, row: Entry, dossier: str) -> None:
        self._row((row.commune, dossier)).dropped = True

    def _row(self, key: _Key) -> Indexed:
        """The index row of a dossier, to be changed."""
        self._moved.add(key)
        return self._known(key)

    def _known(self, key: _Key) -> Indexed:
        """The index row of a dossier, asked for once; a fresh one for a dossier nobody has written of."""
        if key not in self._index:
            self._index[key] = next(iter(read_indexed(key[0], key[1:])))
        return self._index[key]


def attachment(row: Entry, dossier: str, blob: str, told: Any) -> list[Attachment]:
    """The row of an attachment; none when what a device told of it could not be a file of ours."""
    if not (isinstance(told, Mapping) and is_blob_name(blob)):
        return []
    try:
        key = base64.b64decode(str(told.get("key")), validate=True)
    except ValueError:
        return []
    pages = told.get("pages", 1)
    size, role, of = told.get("size"), shown(told.get("role")), shown(told.get("of"))
    if not isinstance(size, int) or isinstance(size, bool) or not TAG <= size <= MAX_SIZE:
        return []
    if len(key) != KEY or role not in ("full", "preview"):
        return []
    return [
        Attachment(
            blob=blob,
            commune=row.commune,
            dossier=dossier,
            size=size,
            key=key,
            role=role,
            of=of if is_blob_name(of) else "",
            name=shown(told.get("name"))[:200],
            mime=shown(told.get("mime"))[:80],
            pages=min(max(pages, 1), 999) if isinstance(pages, int) else 1,
            seq=row.seq,
        )
    ]


def _conflict(row: Entry, kind: str, entry: Mapping[str, Any]) -> Conflict:
    device = entry.get("dev")
    return Conflict(
        commune=row.commune,
        seq=row.seq,
        kind=kind,
        dossier=shown(entry.get("d"))[:64],
        field=shown(entry.get("f"))[:200],
        kept=json_line(entry.get("kept")) if kind == "cf" else "",
        lost=json_line(entry.get("lost")) if kind == "cf" else "",
        why=shown(entry.get("why"))[:64],
        device=device if isinstance(device, int) else None,
        made_ms=row.made_ms,
    )


def rebuild() -> int:
    """Drop the projections and make them again from the feed, in one transaction. Returns the entries read."""
    count, made = 0, Projection()
    with writing():
        for model in (ConfirmedDossier, DossierIndex, Conflict, Attachment):
            model.objects.all().delete()
        rows = FeedRow.objects.order_by("commune", "seq").values_list(*Entry._fields)
        for row in map(Entry._make, rows.iterator(chunk_size=_TOGETHER)):
            made.project(row, read_entry(row), row.origin)
            count += 1
            if count % _TOGETHER == 0:
                made.flush()
                made = Projection()
        made.flush()
    return count


def read_entry(row: FeedRow | Entry) -> Mapping[str, Any]:
    """The entry of a stored row.

    Raises:
        ProvinceError: ``feed_damaged``.
    """
    try:
        entry = json.loads(bytes(row.body))
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise ProvinceError(
            "feed_damaged", f"Dòng {row.seq} trong luồng của {row.commune} không đọc được.", "Khôi phục từ bản sao lưu."
        )
    return entry
