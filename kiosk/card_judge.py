"""What a chip's data is worth on this machine: the certificates in its folder, and its clock as far as it can be believed.

The card reader's thread asks for each card, the UI thread says beforehand whether the clock has been checked; the folder is looked
at again each time, so a certificate just installed counts for the next card.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devices.idcard.certificates import Moment
from devices.idcard.passive import PassiveProof, authenticate
from devices.idcard.trust_folder import TrustFolder
from kiosk.clock import RELEASED_MS, Clock


def moment(clock: Clock, *, sure: bool) -> Moment:
    """Now, and whether to believe it: never before the day this software was made."""
    return Moment(clock.now(), sure and clock.wall_ms() >= RELEASED_MS)


class CardJudge:
    """Judges one card after the other. ``sure``: the clock was checked against the province; set it before a reading."""

    def __init__(self, folder: Path, clock: Clock, *, sure: bool = False) -> None:
        self._folder = TrustFolder(folder)
        self._clock = clock
        self.sure = sure

    def __call__(self, sod: bytes | None, groups: Mapping[int, bytes]) -> PassiveProof:
        now = moment(self._clock, sure=self.sure)
        return authenticate(sod, groups, self._folder.store(now), now)
