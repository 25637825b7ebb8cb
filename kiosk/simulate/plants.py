"""All planted bugs: those of the protocol, and those in the rules and stores only this room knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.simulator import plants
from sync.simulator.planting import Plant

_MERGE, _STORE = "forms.dossier.merge", "kiosk.store.journal"

PLANTS: Final[Sequence[Plant]] = (
    *plants.PLANTS,
    Plant(
        "conflict_dropped",
        _MERGE,
        (("lost = tuple(_conflict(event, loss) for loss in done.losses)", "lost = ()"),),
    ),
    Plant(
        "kiosk_writes_for_the_province",
        "forms.dossier.fold",
        (("(kind is FieldClass.PROVINCE and self.side is Side.COMMUNE)", "(kind is FieldClass.PROVINCE and self.side is None)"),),
    ),
    Plant(
        "numbers_begin_again_after_a_restore",
        "kiosk.store.store",
        (('max(int(self.meta("number", 0)), self.ledger.below - 1)', 'int(self.meta("number", 0))'),),
    ),
    Plant(
        "strange_value_stops_the_row",
        "kiosk.store.projections",
        (("return value if isinstance(value, str) else None\n", "return value\n"),),
    ),
    Plant(
        "malformed_entry_ends_the_process", _STORE, (("except _CONTENT_ERRORS as error:", "except ZeroDivisionError as error:"),)
    ),
    Plant("numbers_never_set_aside", "kiosk.store.store", (("        self._store.ledger.set_aside(number)\n", ""),)),
    Plant("store_reset_keeps_the_feed", _STORE, (('        self._write("DELETE FROM feed")\n', ""),)),
    Plant(
        "store_forgets_what_it_was_told",
        _STORE,
        (('        self._write("UPDATE incarnation SET told = ? WHERE inc = ?", n, incarnation)\n', "        pass\n"),),
    ),
)
