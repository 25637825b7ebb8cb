"""All planted bugs: those of the protocol, and those in the rules and stores only this room knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.simulator import plants
from sync.simulator.planting import Plant

_MERGE = "forms.dossier.merge"

PLANTS: Final[Sequence[Plant]] = (
    *plants.PLANTS,
    Plant(
        "conflict_dropped",
        _MERGE,
        (("return (*(_conflict(event, loss) for loss in done.losses), *fields)", "return tuple(fields)"),),
    ),
    Plant(
        "unseen_passes_for_seen",
        _MERGE,
        (("return event.device is None or known.rev <= event.base or known.device == event.device", "return True"),),
    ),
    Plant(
        "kiosk_writes_for_the_province",
        "forms.dossier.fold",
        (("(kind is FieldClass.PROVINCE and self.side is Side.COMMUNE)", "(kind is FieldClass.PROVINCE and self.side is None)"),),
    ),
)
