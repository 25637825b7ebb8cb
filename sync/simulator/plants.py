"""The planted bugs: each one text of the product's own source, replaced. All of them must be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.simulator.planting import Plant

_ENGINE, _INTAKE, _MEMORY = "sync.engine", "sync.intake", "sync.simulator.memory"

PLANTS: Final[Sequence[Plant]] = (
    Plant("no_event_id", _INTAKE, "known = self._journal.has_event(arrival.identity)", "known = False"),
    Plant("fork_ignored", _ENGINE, "self._take_fork(ack, last, request, gain)", "pass"),
    Plant("stale_reply_moves_back", _ENGINE, "            n = max(n, told)\n", "            pass\n"),
    Plant("trim_on_reply_ack", _MEMORY, "        return self.acked(incarnation)\n", "        return self.told(incarnation)\n"),
    Plant("not_durable", "sync.simulator.disk", "        self._loose.clear()\n", "        pass\n"),
)
