"""Once per boot the journal says by which clocks it goes: boot id, monotonic time, the last signed time of the province and the
offset.

Whichever process of the kiosk starts first writes it, before it does anything else. The event belongs to no dossier; with it the
province can tell when the events of a boot were written even where the wall clock was dead. Whoever holds only the log can do the
same.
"""

from __future__ import annotations

from forms.dossier import Draft
from kiosk.machine import Machine

KIOSK = "kiosk"
"""Actor of what the machine says of itself."""


def note_boot(machine: Machine) -> bool:
    """Write this boot's ``sys`` event unless it stands there; true when it was written.

    A machine that is not enrolled writes none, and one without room for a filing does not spend its last bytes on it.

    Raises:
        StoreError: ``store_busy``.
    """
    store, now = machine.store, machine.store.clock.reading()
    if machine.enrolment is None or store.meta("boot") == now.boot or not store.room_for_filing():
        return False
    with store.work(KIOSK) as work:
        if store.meta("boot") == now.boot:
            return False
        known = store.server_mark()
        facts = {
            "boot": now.boot,
            "mono_ms": round(now.mono * 1000),
            "server_ms": known.server_ms if known is not None else None,
            "offset_ms": store.offset_ms(),
            "version": machine.version,
        }
        work.append([Draft("", "sys", facts)])
        store.set_meta("boot", now.boot)
    return True
