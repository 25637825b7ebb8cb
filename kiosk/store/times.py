"""Which time is believed, and when something was really written (SYNC design 1.12).

Wall time is evidence with a quality beside it; no decision reads it. Each boot is known by its id, and each unit of work is stamped
with the boot and the clock that never jumps, so a signed server time of that boot, whenever it comes, tells when the unit was
written, however wrong the wall clock was then or however it was set meanwhile. Stored times are never changed: what is corrected is
shown.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from kiosk.clock import RELEASED_MS
from kiosk.store.rows import Rows
from sync.clock import UNKNOWN, Reading, ServerMark, plausible_at_start, quality, server_now_ms, server_then_ms

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event was written: ms since the epoch, and whether a signed server time of its boot says so."""

    ms: int
    corrected: bool
    quality: int

    @property
    def sure(self) -> bool:
        """Whether it may be shown without «giờ chưa xác minh»."""
        return self.corrected or self.quality > UNKNOWN


class Times(Rows):
    """Clock marks, boots and corrected times."""

    def clock_quality(self) -> int:
        """2, 1 or 0: how far the wall clock may be trusted now (SYNC design 1.12).

        A signed server time of this boot rules; without one, the last own event counts as something that certainly happened.
        """
        known, now = self.server_mark(), self.clock.reading()
        ruled = known is not None and server_now_ms(known, now) is not None
        return quality(known, now, newest_ms=RELEASED_MS if ruled else self._newest_ms(known))

    def server_mark(self) -> ServerMark | None:
        """The newest signed server time, of this boot or an earlier one."""
        row = self.meta("server_mark")
        return ServerMark(**json.loads(row)) if row else None

    def _newest_ms(self, known: ServerMark | None) -> int:
        return max(RELEASED_MS, int(self.meta("last_event_ms", 0)), known.server_ms if known else 0)

    def note_event_time(self) -> None:
        """Keep the moment of an own event as one that certainly happened. Inside a transaction.

        A signed server time of this boot is taken instead of the wall clock, also backwards; without one, only a plausible wall
        time counts, so an event written with the clock far ahead does not make every right time look wrong.
        """
        known, now = self.server_mark(), self.clock.reading()
        server = server_now_ms(known, now) if known is not None else None
        newest = self._newest_ms(known)
        if server is not None:
            self.set_meta("last_event_ms", server)
        elif now.wall_ms > newest and plausible_at_start(now.wall_ms, newest):
            self.set_meta("last_event_ms", now.wall_ms)

    def learn_time(self, mark: ServerMark) -> None:
        """Remember a signed server time against this boot's monotonic clock. Inside a transaction."""
        self.set_meta("server_mark", json.dumps(asdict(mark)))
        self._write(
            "INSERT INTO boot (id, server_ms, mono_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET server_ms = excluded.server_ms, mono_ms = excluded.mono_ms",
            mark.boot,
            mark.server_ms,
            round(mark.mono * 1000),
        )
        self._note_day(mark.server_ms // DAY_MS)
        if int(self.meta("last_event_ms", 0)) > mark.server_ms:
            self.set_meta("last_event_ms", mark.server_ms)

    def server_day(self) -> int | None:
        """The newest day the province has told, counted from the epoch; ``None`` when it never told the time."""
        known = self.server_mark()
        if known is None:
            return None
        now_ms = server_now_ms(known, self.clock.reading())
        return (known.server_ms if now_ms is None else now_ms) // DAY_MS

    def _note_day(self, day: int) -> None:
        """The first signed answer of a day: note how far everything has come (``kiosk.store.retention``). A later day than the
        province now tells was a mistake of its clock."""
        self._write("DELETE FROM milestone WHERE day > ?", day)
        seq = "coalesce((SELECT max(seq) FROM feed), (SELECT json_extract(v, '$[0]') FROM meta WHERE k = 'feed_base'), 0)"
        job, refused = (f"coalesce((SELECT max(id) FROM {table}), 0)" for table in ("print_job", "quarantine"))
        self._write(
            f"INSERT INTO milestone (day, inc, n, acked, seq, job, refused) SELECT ?, inc, n, acked, {seq}, {job}, {refused}"
            " FROM incarnation WHERE NOT EXISTS (SELECT 1 FROM milestone WHERE day = ?)",
            *(day, day),
        )

    def forget_milestones(self, days: int) -> None:
        """Keep those of the last ``days`` days and the one before them. Inside a transaction."""
        day = (self.server_day() or 0) - days
        self._write("DELETE FROM milestone WHERE day < (SELECT max(day) FROM milestone WHERE day <= ?)", day)

    def offset_ms(self) -> int | None:
        """What must be added to the wall clock to have the province's; ``None`` before a signed time of this boot."""
        known, now = self.server_mark(), self.clock.reading()
        server = server_now_ms(known, now) if known is not None else None
        return None if server is None else server - now.wall_ms

    def moment(self, incarnation: int, n: int, wall_ms: int, quality: int) -> Moment:
        """When line ``n`` was written; its own wall time and quality where no signed time of its boot is known."""
        row = self._one(
            "SELECT s.mono_ms, b.server_ms, b.mono_ms, s.boot FROM segment s JOIN boot b ON b.id = s.boot"
            " WHERE s.inc = ? AND s.n >= ? AND s.first <= ? AND b.server_ms IS NOT NULL ORDER BY s.n LIMIT 1",
            incarnation,
            n,
            n,
        )
        if row is None:
            return Moment(wall_ms, False, quality)
        mono_ms, server_ms, mark_ms, boot = row
        then = Reading(wall_ms, mono_ms / 1000, boot)
        return Moment(server_then_ms(ServerMark(server_ms, mark_ms / 1000, boot), then), True, quality)
