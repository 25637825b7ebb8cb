"""What a citizen sees while her card is read: the states of a stream, in order."""

from __future__ import annotations

import time

from devices.idcard import CardPerson, CardState
from tests.devices.idcard.waiting import until


class Screen:
    """Pass it as ``on_state``."""

    def __init__(self) -> None:
        self.states: list[CardState] = []
        self.times: list[float] = []

    def __call__(self, state: CardState) -> None:
        self.times.append(time.monotonic())
        self.states.append(state)

    @property
    def now(self) -> str:
        """Code of the last state, empty before the first."""
        return self.states[-1].code if self.states else ""

    @property
    def codes(self) -> list[str]:
        """The codes in order, one for states that differ in progress only."""
        codes = [state.code for state in self.states]
        return [code for code, before in zip(codes, ["", *codes], strict=False) if code != before]

    def shows(self, code: str) -> CardState:
        """Wait until the last state is ``code``."""
        until(lambda: self.now == code)
        return self.states[-1]

    def person(self) -> CardPerson:
        """Wait until a card was read."""
        reading = self.shows("done").reading
        assert reading is not None
        return reading.person
