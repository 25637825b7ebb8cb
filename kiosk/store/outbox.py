"""What waits and why: for every dossier with unacknowledged events, and every file on its way, the facts a technician asks for.

The sync process notes each try that ended (:func:`note_attempt`): one small row for the line of events, one for each file. How
often a dossier was tried is not counted dossier by dossier: every unit of work carries the count that stood when it was written, so
a try costs one row however long the queue is. Times here are for people; nothing decides by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kiosk.store.rows import Rows
from sync.blob.ranges import Ranges

EVENTS: Final = ""
"""Item of all events together; they go in the order of the log, so they share one line. Any other item is the id of a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended: ``code`` is empty when the province took it; ``next_s`` is the wait until the next try."""

    code: str = ""
    told_vi: str = ""
    next_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing on its way: a dossier (``item`` is its id) or a file."""

    item: str
    code: str
    """Code of the dossier, for people."""
    events: int
    since_ms: int
    """When the oldest of it was written, by the kiosk's clock."""
    tried: int
    answer: str
    """Code of the last answer, empty before the first and when it was good."""
    answer_vi: str
    last_ms: int
    next_ms: int
    """When the last try was and the next will be, by the kiosk's clock; 0 = not yet."""
    share: float = 0.0
    """Of a file: how much of it the province said it holds."""


class Outbox(Rows):
    """Tries and what waits."""

    def tries(self) -> int:
        """How often events were tried so far."""
        row = self._one("SELECT tried FROM attempt WHERE item = ?", EVENTS)
        return int(row[0]) if row else 0

    def note_attempt(self, item: str, answer: Answer) -> None:
        """Count a try of :data:`EVENTS` or of a file and keep how it ended; durable on return."""
        now = self.clock.wall_ms()
        with self.transaction():
            self._write(
                "INSERT INTO attempt (item, tried, code, told_vi, at_ms, next_ms) VALUES (?, 1, ?, ?, ?, ?)"
                " ON CONFLICT (item) DO UPDATE SET tried = tried + 1, code = excluded.code, told_vi = excluded.told_vi,"
                " at_ms = excluded.at_ms, next_ms = excluded.next_ms",
                *(item, answer.code, answer.told_vi, now, now + round(answer.next_s * 1000)),
            )

    def forget_arrived(self) -> None:
        """Forget the tries of files that have arrived or are sent no more; writes only when there are any."""
        arrived = self.rows(
            "SELECT t.item FROM attempt t LEFT JOIN blob_answer a ON a.id = t.item LEFT JOIN blob b ON b.id = t.item"
            " WHERE a.ok OR b.aside > 0"
        )
        if arrived:
            with self.transaction():
                for row in arrived:
                    self._write("DELETE FROM attempt WHERE item = ?", row["item"])

    def outbox(self) -> list[Waiting]:
        """Dossiers with events that are not acknowledged, oldest first, then files that were tried."""
        line = self.rows("SELECT * FROM attempt WHERE item = ?", [EVENTS])
        last: dict[str, Any] = line[0] if line else {"tried": 0, "code": "", "told_vi": "", "at_ms": 0, "next_ms": 0}
        dossiers = self.rows(
            "SELECT l.d AS item, coalesce(d.code, '') AS code, count(*) AS events, min(l.n) AS n,"
            " min(json_extract(CAST(l.body AS TEXT), '$.t')) AS since, min(s.tried) AS tried"
            " FROM incarnation i JOIN log l ON l.inc = i.inc AND l.n > i.acked LEFT JOIN dossier d ON d.d = l.d"
            " LEFT JOIN segment s ON s.inc = l.inc AND s.n = (SELECT min(n) FROM segment WHERE inc = l.inc AND n >= l.n)"
            " WHERE l.d <> '' AND NOT l.sealed GROUP BY l.d ORDER BY min(i.ordinal), min(l.n)"
        )
        found = []
        for row in dossiers:
            tried = last["tried"] - int(row["tried"] or 0)
            facts = (last["code"], last["told_vi"], last["at_ms"], last["next_ms"]) if tried > 0 else ("", "", 0, 0)
            found.append(Waiting(row["item"], row["code"], row["events"], int(row["since"] or 0), max(tried, 0), *facts))
        return found + self._files()

    def _files(self) -> list[Waiting]:
        rows = self.rows(
            "SELECT t.*, b.size, b.have, b.epoch, coalesce(d.official_code, d.code, '') AS of,"
            " (SELECT min(json_extract(CAST(l.body AS TEXT), '$.t')) FROM log l"
            " WHERE l.d = b.d AND NOT l.sealed AND instr(l.body, CAST(b.id AS BLOB))) AS since"
            " FROM attempt t LEFT JOIN blob b ON b.id = t.item LEFT JOIN dossier d ON d.d = b.d WHERE t.item <> ? ORDER BY t.item",
            [EVENTS],
        )
        present = int(self.meta("epoch", 0))
        found = []
        for row in rows:
            held = Ranges.decode(bytes(row["have"])).held_bytes(row["size"]) if row["size"] and row["epoch"] == present else 0
            facts = (row["tried"], row["code"], row["told_vi"], row["at_ms"], row["next_ms"])
            found.append(Waiting(row["item"], row["of"], 0, int(row["since"] or 0), *facts, held / row["size"] if held else 0.0))
        return found
