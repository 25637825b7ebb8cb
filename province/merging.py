"""The merge as the province does it: ``forms.dossier.merge`` decides, then the province adds what only it may write.

Those are ``province_received_at`` (the first time anything of a dossier arrives) and ``official_code`` (when the step to
«Được tiếp nhận» is merged), both in the transaction that stores the event. Contents come from devices: nothing in here may
raise on any of them, else one bad line would stop a kiosk for good; what cannot be merged is answered as not applied and put
into quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from forms.dossier import Status, step_of
from forms.dossier.merge import Writing, merge_into
from province.clock import moment
from province.config import Config
from province.confirmed import Fields
from province.index import NO_UNIT
from province.journal import OrmJournal, recording
from province.models import DossierIndex, EventRow
from province.official_codes import acceptance_day
from sync.envelope import Event, Origin, decode, encode
from sync.feed import fields_entry, not_applied
from sync.ports import Confirmed, Effect

_LONGEST_FIELD: Final = 200


class ProvinceMerge:
    """Fills :class:`sync.ports.MergePort` for one transaction."""

    def __init__(self, journal: OrmJournal, config: Config) -> None:
        self._journal = journal
        self._config = config

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        writing = _writing(event, origin)
        if not isinstance(confirmed, Fields):
            raise TypeError("the province merges into the fields of its own journal")
        entries = merge_into(confirmed.plain, confirmed.stamps, writing)
        if not all(map(_fits, entries)):
            self._journal.quarantine(origin.device, "content_unreadable", encode(event))
            return Effect([not_applied(event.dossier, origin, "content_unreadable")])
        if not entries or entries[-1]["e"] != "f":
            return Effect(entries)
        written = entries[-1]["w"]
        own: dict[str, str] = {}
        if "province_received_at" not in confirmed.plain:
            own["province_received_at"] = moment(received_ms).isoformat(timespec="seconds")
        if "status" in written and "official_code" not in confirmed.plain and _accepts(event):
            device = self._journal.device(origin.device)
            unit = self._config.units.get(device.commune) if device is not None else None
            if unit is not None:
                day = acceptance_day(event.content.get("at"), event.quality, received_ms)
                own["official_code"] = self._journal.codes.following(unit, day)
        return Effect((*entries[:-1], fields_entry(event.dossier, {**written, **own})) if own else entries)


def _accepts(event: Event) -> bool:
    """Whether an event is the step to «Được tiếp nhận» by acceptance; others come back to that state or stay in it."""
    step = step_of(event.kind, event.content)
    return step is not None and step[1] == Status.ACCEPTED and event.content.get("act", "accept") == "accept"


def _writing(event: Event, origin: Origin) -> Writing:
    return tuple.__new__(Writing, (*origin, event.dossier, event.kind, event.content, event.base))


def _fits(entry: Mapping[str, Any]) -> bool:
    """Whether a field's name has a place in the tables; that its value can be written again was seen when the event was read."""
    names = "".join(entry["w"]) if "w" in entry else str(entry.get("f", ""))
    return "\x00" not in names and (len(names) <= _LONGEST_FIELD or max(map(len, entry.get("w", (names,)))) <= _LONGEST_FIELD)


def assign_missing(config: Config, now_ms: int) -> int:
    """Give a code to every accepted dossier that waited for its unit to be configured; returns how many. Run at every start."""
    given = 0
    with recording(now_ms) as journal:
        for index in DossierIndex.objects.filter(code_missing=NO_UNIT).order_by("changed_ms", "pk"):
            unit = config.units.get(index.commune)
            if unit is not None:
                code = journal.codes.following(unit, _accepted_on(index))
                journal.add_entry(index.commune, fields_entry(index.dossier, {"official_code": code}), None)
                given += 1
    return given


def _accepted_on(index: DossierIndex) -> date:
    for row in EventRow.objects.filter(commune=index.commune, dossier=index.dossier).order_by("-received_ms", "-n"):
        event = decode(bytes(row.body))
        if _accepts(event):
            return acceptance_day(event.content.get("at"), event.quality, row.received_ms)
    return moment(index.changed_ms).date()
