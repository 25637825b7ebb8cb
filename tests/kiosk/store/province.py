"""The other end of a store under test: entries of a feed, in one chain, and signed days, as the sync process would bring them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forms.dossier import Status
from kiosk.clock import HANOI
from kiosk.machine import Machine
from sync.clock import ServerMark
from sync.feed import ack_entry, fields_entry, next_entry

FIRST_DAY = datetime(2026, 11, 25, 8, 15, tzinfo=HANOI)
DAY_S = 86_400


class Province:
    """Tells one kiosk things."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.store = machine.store

    def tell(self, *entries: Mapping[str, Any]) -> None:
        with self.store.transaction():
            made, (seq, head) = [], self.store.feed_position()
            for entry in entries:
                made.append(next_entry(seq, head, entry))
                seq, head = made[-1].seq, made[-1].head
            self.store.apply_feed(made)

    def confirm(self, dossier: str, **fields: Any) -> None:
        """All that the kiosk shows of a dossier, and these fields, become the confirmed state."""
        told = {**self.store.fields(dossier), **fields}
        if told:
            self.tell(fields_entry(dossier, told))

    def acknowledge(self) -> None:
        """Merge what waits, and say so."""
        for row in self.store.rows("SELECT d FROM dossier WHERE pending > 0"):
            self.confirm(row["d"])
        device = self.store.identity_or_raise().device
        for inc in self.store.incarnations():
            self.tell(ack_entry(device, inc, *self.store.last(inc)))

    def back_up(self) -> None:
        """An off-site backup of all that was acknowledged."""
        device = self.store.identity_or_raise().device
        for inc in self.store.incarnations():
            self.tell({"e": "safe", "dev": device, "inc": inc, "n": self.store.acked(inc), "h": ""})

    def day(self, day: int) -> None:
        """The first signed answer of the ``day``-th day after :data:`FIRST_DAY`."""
        now = self.store.clock.reading()
        server_ms = int(FIRST_DAY.timestamp() + day * DAY_S) * 1000
        with self.store.transaction():
            self.store.learn_time(ServerMark(server_ms, now.mono, now.boot))

    def end(self, dossier: str) -> None:
        """The dossier is done and its result was handed over; all of it is confirmed and acknowledged."""
        self.confirm(dossier, status=Status.RETURNED, official_code="H14.99-261125-0001")
        self.acknowledge()
